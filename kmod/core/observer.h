/* SPDX-License-Identifier: GPL-2.0 */
/* The observer of heaps and of their reports; see observer.c. */
#ifndef _GCH_CORE_OBSERVER_H
#define _GCH_CORE_OBSERVER_H

struct gch_heap;
struct gch_report;

/**
 * struct gch_observer - shows heaps to users
 * @added: a heap was created. May sleep.
 * @removed: a heap will be freed; must not be used after this call. May sleep.
 * @reported: a heap reports a collection. Under &gch_heap.cycle_lock, may sleep.
 */
struct gch_observer {
	void (*added)(struct gch_heap *heap);
	void (*removed)(struct gch_heap *heap);
	void (*reported)(struct gch_heap *heap, const struct gch_report *r);
};

void gch_observe(const struct gch_observer *o);
void gch_observe_added(struct gch_heap *heap);
void gch_observe_removed(struct gch_heap *heap);
void gch_observe_report(struct gch_heap *heap, const struct gch_report *r);

#endif /* _GCH_CORE_OBSERVER_H */
