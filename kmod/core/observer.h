/* SPDX-License-Identifier: GPL-2.0 */
/* Who is told of heaps and of what they report; see observer.c. */
#ifndef _GCH_CORE_OBSERVER_H
#define _GCH_CORE_OBSERVER_H

struct gch_heap;
struct gch_report;

/**
 * struct gch_observer - what shows heaps to users
 * @added: a heap has been made. May sleep.
 * @removed: it will be freed; nothing may look at it afterwards. May sleep.
 * @reported: it has reported a collection. Under &gch_heap.cycle_lock, may sleep.
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
