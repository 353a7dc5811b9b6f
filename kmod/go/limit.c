// SPDX-License-Identifier: GPL-2.0
/*
 * The soft limit: waiting before memory is taken beyond it
 *
 * A heap with memory-limit is collected before its pages run short: see pacer.c. If
 * that is too late, an allocation that needs memory beyond the limit waits for the end
 * of the running collection, whose last step is the sweep, or runs one in its own task.
 * So the limit is kept even if the workqueue gets no CPU. If a collection made no room,
 * or collecting takes too much processor time, the heap grows past the limit, and the
 * core counts that: see core/over.c.
 *
 * The limiter counts these waits as processor time that collecting takes.
 */
#include "limit.h"

#include <linux/ktime.h>
#include <linux/nodemask.h>

#include "go.h"

/* Does the page heap, on any node, have the pages that the call needs? */
static bool has_pages(struct gch_go_heap *h, const struct gch_go_mutator *gm)
{
	return !gm->want_large &&
	       READ_ONCE(h->mheap.free_pages) >= gm->base.want >> GCH_GO_PAGE_SHIFT;
}

/**
 * gch_go_to_take - computes the memory to take for a call that finds no free pages
 * @gm: the mutator
 * @least: minimum size of an arena, bytes
 *
 * Context: any.
 * Return: bytes, including the arena or large object's descriptor.
 */
size_t gch_go_to_take(const struct gch_go_mutator *gm, size_t least)
{
	size_t want = gm->base.want;

	if (gm->want_large)
		return (PAGE_SIZE << get_order(want)) +
		       gch_memory_size(NULL, sizeof(struct gch_go_large));
	return gch_go_arena_charge(max(want, least) >> GCH_GO_PAGE_SHIFT);
}

/* Gives empty arenas back to make room for a large object, unless a collection runs. */
static void make_room(struct gch_go_heap *h, size_t bytes)
{
	if (!READ_ONCE(h->mheap.empty_pages) ||
	    !mutex_trylock(&h->base.cycle_lock))
		return;
	gch_go_release_for(h, bytes);
	mutex_unlock(&h->base.cycle_lock);
}

/* Waits for the running collection, or runs one. */
static int collect(struct gch_go_heap *h, struct gch_go_mutator *gm, u64 started)
{
	u64 start = ktime_get_ns();
	int ret;

	if (!gm->limit_waits++ && mutex_is_locked(&h->base.cycle_lock)) {
		ret = gch_cycle_await(&h->base);
	} else {
		gm->limit_waits = GCH_GO_LIMIT_WAITS;
		ret = gch_cycle_since(&h->base, 2, started);
	}
	gch_go_stalled(h, ktime_get_ns() - start);
	return ret;
}

/**
 * gch_go_limit_wait - makes a call wait rather than pass the soft limit
 * @h: the heap
 * @gm: the mutator whose call needs memory
 * @started: gch_cycles_started() when the call found that it needs memory
 *
 * A call waits twice at most; then it takes the memory.
 *
 * Context: process context outside sections, may sleep for as long as a collection
 * takes.
 * Return: 0 if the call may take the memory; 1 if it has to be repeated first; -EINTR
 * if the task was killed; or the engine's error.
 */
int gch_go_limit_wait(struct gch_go_heap *h, struct gch_go_mutator *gm, u64 started)
{
	size_t bytes = gch_go_to_take(gm, GCH_SOFT_PIECE) +
		       GCH_GO_SOFT_RESERVE;

	if (gch_soft_allows(&h->base, bytes))
		return 0;
	/* Another node has pages; after its first wait a call may use them. */
	if (gm->base.tries == 1 && num_online_nodes() > 1 && has_pages(h, gm))
		return 1;
	if (gm->want_large) {
		make_room(h, bytes);
		if (gch_soft_allows(&h->base, bytes))
			return 0;
	}
	if (gm->limit_waits == GCH_GO_LIMIT_WAITS || gch_go_limiter_holds(h))
		return 0;
	if (!gm->limit_waits)
		atomic64_inc(&h->base.limit_waits);
	return collect(h, gm, started) ?: 1;
}
