// SPDX-License-Identifier: GPL-2.0
/*
 * The soft limit where memory is taken
 *
 * A heap with memory-limit is collected before its pages run short: see pacer.c. Where
 * that comes too late nevertheless, an allocation that would have to take memory beyond
 * the limit waits: for the end of the collection that is under way, which sweeps last,
 * or for one that its own task runs. So the limit is kept even if the workqueue gets no
 * CPU. If a collection has made no room, or collecting takes too much processor time, the
 * heap grows past the limit instead, and the core counts that: see core/over.c.
 *
 * What mutators wait here counts for the limiter as time that collecting takes.
 */
#include "limit.h"

#include <linux/ktime.h>
#include <linux/nodemask.h>

#include "go.h"

/* Has the page heap, on whatever node, what the call needs? */
static bool has_pages(struct gch_go_heap *h, const struct gch_go_mutator *gm)
{
	return !gm->want_large &&
	       READ_ONCE(h->mheap.free_pages) >= gm->base.want >> GCH_GO_PAGE_SHIFT;
}

/**
 * gch_go_to_take - how much memory a call has to take that finds no pages
 * @gm: the mutator
 * @least: of an arena, bytes
 *
 * Context: any.
 * Return: bytes, with what describes them.
 */
size_t gch_go_to_take(const struct gch_go_mutator *gm, size_t least)
{
	size_t want = gm->base.want;

	if (gm->want_large)
		return (PAGE_SIZE << get_order(want)) +
		       gch_memory_size(NULL, sizeof(struct gch_go_large));
	return gch_go_arena_charge(max(want, least) >> GCH_GO_PAGE_SHIFT);
}

/* Gives empty arenas back for a large object, unless a collection runs. */
static void make_room(struct gch_go_heap *h, size_t bytes)
{
	if (!READ_ONCE(h->mheap.empty_pages) ||
	    !mutex_trylock(&h->base.cycle_lock))
		return;
	gch_go_release_for(h, bytes);
	mutex_unlock(&h->base.cycle_lock);
}

/* Waits for the collection that is under way, or else runs one. */
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
 * gch_go_limit_wait - lets a call wait rather than pass the soft limit
 * @h: the heap
 * @gm: the mutator, whose call needs memory
 * @started: gch_cycles_started() when it found that it does
 *
 * At most twice in a call: then it takes the memory.
 *
 * Context: process context outside sections, may sleep for as long as a collection
 * takes.
 * Return: 0 if it is to take memory; 1 if it is to be repeated before; -EINTR if the
 * task was killed; or the engine's error.
 */
int gch_go_limit_wait(struct gch_go_heap *h, struct gch_go_mutator *gm, u64 started)
{
	size_t bytes = gch_go_to_take(gm, GCH_SOFT_PIECE) +
		       GCH_GO_SOFT_RESERVE;

	if (gch_soft_allows(&h->base, bytes))
		return 0;
	/* On another node, which the call may look at from now on. */
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
