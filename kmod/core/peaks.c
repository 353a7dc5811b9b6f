// SPDX-License-Identifier: GPL-2.0
/*
 * Peaks: the most that a heap has held since some moment, and what it consisted of
 *
 * Where memory is taken, one maximum is raised: &gch_heap.peak_held and its like.
 * They are the most since the last time that anybody began or ended to watch. Then
 * they are folded into what each watcher has, into the heap's own total, and begin
 * anew. So any number may watch over spans of time that overlap, and the path that
 * takes memory knows of none of them.
 *
 * A census is what an engine knows of its heap at one instant: when it has marked,
 * or before it frees what a collection found. Each watcher keeps that of the
 * instant at which most was held.
 *
 * Lock order: peaks_lock is a leaf. It protects the list of watchers, what they
 * have gathered, and the total.
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
 * Hands on the maxima, and lets them begin anew: held with what is there now; live
 * with nothing, for what a watcher has summed may be older than this span of time.
 */
static void fold(struct gch_heap *heap)
{
	u64 live = atomic64_xchg(&heap->peak_live, 0);
	u64 garbage = atomic64_xchg(&heap->garbage_max, 0);
	u64 held = atomic64_xchg(&heap->peak_held, 0);
	struct gch_peaks *p;

	lockdep_assert_held(&heap->peaks_lock);
	/* After the exchange: who has raised held by now may not tell again. */
	gch_max(&heap->peak_held, atomic64_read(&heap->held));
	raise(&heap->peaks, held, live, garbage);
	list_for_each_entry(p, &heap->watchers, node)
		raise(p, held, live, garbage);
}

/**
 * gch_peaks_total - the peaks of a heap's life
 * @heap: the heap
 * @total: filled in, but for its node
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
EXPORT_SYMBOL_IF_KUNIT(gch_peaks_total);

/**
 * gch_peaks_begin - begins to watch the most that a heap holds
 * @heap: the heap, which stays until gch_peaks_end()
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

/* There was no collection to count it. */
static void assume(const struct gch_heap *heap, struct gch_peaks *p)
{
	p->census.held_bytes = p->held_bytes;
	p->census.live_bytes = min(p->live_bytes, p->held_bytes);
	if (!heap->ops->traces)
		p->census.reachable_bytes = p->census.live_bytes;
}

/**
 * gch_peaks_end - ends watching the most that a heap holds
 * @heap: the heap
 * @peaks: what gch_peaks_begin() was given; the caller's again, complete
 *
 * Without a collection meanwhile the census is made of the peaks, and what is
 * reachable is not known of an engine that traces.
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
 * gch_census - what a heap consists of, at a collection
 * @heap: the heap
 * @live: bytes allocated and not freed; what is beyond the bytes held is not counted
 * @reachable: how many of them the collection leaves
 *
 * For engines, once a collection, before it gives memory back.
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_census(struct gch_heap *heap, u64 live, u64 reachable)
{
	struct gch_census c = { .held_bytes = atomic64_read(&heap->held) };
	struct gch_peaks *p;

	/* The engine counted at other instants. */
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
EXPORT_SYMBOL_IF_KUNIT(gch_census);
