// SPDX-License-Identifier: GPL-2.0
/*
 * Peaks: the most that a heap has held over a period, and its composition then
 *
 * Code that takes memory raises one maximum each: &gch_heap.peak_held, peak_live or
 * garbage_max. These cover the time since the set of watchers last changed. When a
 * watcher begins or ends, the maxima are folded into each watcher's data and into the
 * heap's total, and start anew. So any number of watchers may cover overlapping
 * periods, and the allocation path knows none of them.
 *
 * A census is the composition that an engine knows at one instant: when it has
 * marked, or before it frees what a collection found dead. Each watcher keeps the
 * census of the instant at which the heap held most.
 *
 * Lock order: peaks_lock is a leaf. It protects the list of watchers, their data, and
 * the total.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "heap.h"

static void raise(struct gch_peaks *p, u64 held, u64 live, u64 garbage)
{
	p->held_bytes = max(p->held_bytes, held);
	p->live_bytes = max(p->live_bytes, live);
	p->garbage_bytes = max(p->garbage_bytes, garbage);
}

/*
 * Folds the maxima into the watchers and the total, and restarts them: held at its
 * current value, live at 0, since a concurrent sum of live bytes may predate the new
 * period.
 */
static void fold(struct gch_heap *heap)
{
	u64 live = atomic64_xchg(&heap->peak_live, 0);
	u64 garbage = atomic64_xchg(&heap->garbage_max, 0);
	u64 held = atomic64_xchg(&heap->peak_held, 0);
	struct gch_peaks *p;

	lockdep_assert_held(&heap->peaks_lock);
	/*
	 * After the exchange: a task that raised held before it does not raise the
	 * peak again.
	 */
	gch_max(&heap->peak_held, atomic64_read(&heap->held));
	raise(&heap->peaks, held, live, garbage);
	list_for_each_entry(p, &heap->watchers, node)
		raise(p, held, live, garbage);
}

/**
 * gch_peaks_total - returns the peaks of a heap's life
 * @heap: the heap
 * @total: filled in, except for its node
 *
 * Context: process context.
 */
void gch_peaks_total(struct gch_heap *heap, struct gch_peaks *total)
{
	spin_lock(&heap->peaks_lock);
	*total = heap->peaks;
	raise(total, atomic64_read(&heap->peak_held),
	      atomic64_read(&heap->peak_live),
	      atomic64_read(&heap->garbage_max));
	spin_unlock(&heap->peaks_lock);
}
EXPORT_SYMBOL_GPL(gch_peaks_total);

/**
 * gch_peaks_begin - begins to watch a heap's peaks
 * @heap: the heap, which must exist until gch_peaks_end()
 * @peaks: used by the core until then
 *
 * Context: process context, may sleep.
 */
void gch_peaks_begin(struct gch_heap *heap, struct gch_peaks *peaks)
{
	*peaks = (struct gch_peaks){
		.live_bytes = gch_live_bytes(heap),
		.census.reachable_bytes = GCH_UNKNOWN,
	};
	spin_lock(&heap->peaks_lock);
	fold(heap);
	list_add(&peaks->node, &heap->watchers);
	spin_unlock(&heap->peaks_lock);
}
EXPORT_SYMBOL_GPL(gch_peaks_begin);

/* No collection took a census: derive one from the peaks. */
static void assume(const struct gch_heap *heap, struct gch_peaks *p)
{
	p->census.held_bytes = p->held_bytes;
	p->census.live_bytes = min(p->live_bytes, p->held_bytes);
	if (heap->ops->reclaim == GCHEAP_RECLAIM_COUNTING ||
	    heap->ops->reclaim == GCHEAP_RECLAIM_EXPLICIT)
		p->census.reachable_bytes = p->census.live_bytes;
}

/**
 * gch_peaks_end - ends a watch of a heap's peaks
 * @heap: the heap
 * @peaks: the argument of gch_peaks_begin(); complete on return
 *
 * Without a collection in the period, the census is derived from the peaks; for a
 * tracing engine its reachable bytes are unknown.
 *
 * Context: process context, may sleep.
 */
void gch_peaks_end(struct gch_heap *heap, struct gch_peaks *peaks)
{
	u64 live = gch_live_bytes(heap);

	spin_lock(&heap->peaks_lock);
	fold(heap);
	raise(peaks, 0, live, 0);
	list_del(&peaks->node);
	spin_unlock(&heap->peaks_lock);
	if (!peaks->census.held_bytes)
		assume(heap, peaks);
}
EXPORT_SYMBOL_GPL(gch_peaks_end);

/**
 * gch_take_census - records the composition of a heap at a collection
 * @heap: the heap
 * @live: bytes allocated and not freed; capped at the bytes held
 * @reachable: how many of these the collection leaves
 *
 * Engines call it once per collection, before they give memory back.
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_take_census(struct gch_heap *heap, u64 live, u64 reachable)
{
	struct gch_census c = { .held_bytes = atomic64_read(&heap->held) };
	struct gch_peaks *p;

	/* The engine counted at other instants, so cap the values. */
	c.live_bytes = min(live, c.held_bytes);
	c.reachable_bytes = min(reachable, c.live_bytes);
	gch_max(&heap->garbage_max, c.live_bytes - c.reachable_bytes);
	spin_lock(&heap->peaks_lock);
	WRITE_ONCE(heap->reachable, c.reachable_bytes);
	list_for_each_entry(p, &heap->watchers, node)
		if (c.held_bytes > p->census.held_bytes ||
		    (c.held_bytes == p->census.held_bytes &&
		     c.live_bytes > p->census.live_bytes))
			p->census = c;
	spin_unlock(&heap->peaks_lock);
}
EXPORT_SYMBOL_GPL(gch_take_census);
