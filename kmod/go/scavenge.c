// SPDX-License-Identifier: GPL-2.0
/*
 * The scavenger: gives empty arenas back
 *
 * A heap keeps the memory that its next cycle will need, and a tenth more: see
 * gch_go_pacer_retain(). The rest is freed in the background, in at most a hundredth of
 * one CPU's time, as by Go's scavenger. Near a limit it is freed at once. So it is
 * under memory pressure: the shrinker frees empty arenas and starts a cycle, which then
 * keeps no empty arena.
 *
 * cycle_lock is held to free arenas, which keeps walks over them away.
 */
#include "scavenge.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "go.h"

/* Time of one slice, and time between slices. */
#define SLICE_NS	NSEC_PER_MSEC
#define EVERY_MS	100U
/* Arenas to free between checks of the clock. */
#define BATCH		4U
/* Minimum garbage, in pages, for a cycle under memory pressure. */
#define GARBAGE_LEAST	(SZ_1M / PAGE_SIZE)

static bool has_too_much(struct gch_go_heap *h)
{
	return gch_held_by_engine(&h->base) > READ_ONCE(h->scavenge.retain) &&
	       READ_ONCE(h->mheap.empty_pages);
}

/* Frees empty arenas while the heap holds more than @keep bytes. */
static u64 release(struct gch_go_heap *h, u64 keep, u64 max_pages, u64 deadline)
{
	u64 pages = 0, n;

	while (gch_held_by_engine(&h->base) > keep && pages < max_pages &&
	       ktime_get_ns() < deadline) {
		n = gch_go_arenas_trim(h, BATCH);
		if (!n)
			break;
		pages += n;
		cond_resched();
	}
	h->scavenge.returned += pages << GCH_GO_PAGE_SHIFT;
	return pages;
}

static void scavenge(struct work_struct *work)
{
	struct gch_go_heap *h = container_of(to_delayed_work(work),
					     struct gch_go_heap, scavenge.work);

	/* Does nothing while a cycle runs. */
	if (mutex_trylock(&h->base.cycle_lock)) {
		release(h, READ_ONCE(h->scavenge.retain), U64_MAX,
			ktime_get_ns() + SLICE_NS);
		mutex_unlock(&h->base.cycle_lock);
	}
	if (has_too_much(h))
		gch_defer(&h->scavenge.work, EVERY_MS);
}

/**
 * gch_go_scavenge_init - initializes a heap's scavenger
 * @h: the heap
 *
 * Context: any.
 */
void gch_go_scavenge_init(struct gch_go_heap *h)
{
	h->scavenge.retain = U64_MAX;
	INIT_DELAYED_WORK(&h->scavenge.work, scavenge);
}

/**
 * gch_go_scavenge_exit - stops a heap's scavenger
 * @h: the heap, no longer in use
 *
 * Context: process context, may sleep.
 */
void gch_go_scavenge_exit(struct gch_go_heap *h)
{
	cancel_delayed_work_sync(&h->scavenge.work);
}

/*
 * Bytes that the engine may hold if @more bytes are to fit below the soft limit, which
 * is set.
 */
static u64 below_soft(struct gch_go_heap *h, size_t more)
{
	u64 soft = gch_val(&h->base, GCH_KEY_MEMORY_LIMIT);
	u64 other = atomic64_read(&h->base.kept) + more;

	return soft > other ? soft - other : 0;
}

/**
 * gch_go_release_for - frees empty arenas to make room below the soft limit
 * @h: the heap
 * @bytes: how much memory is to be taken outside arenas
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock, no cycle runs.
 */
void gch_go_release_for(struct gch_go_heap *h, size_t bytes)
{
	release(h, below_soft(h, bytes), U64_MAX, U64_MAX);
}

/**
 * gch_go_scavenge - sets how much memory a heap keeps after a cycle
 * @h: the heap, swept
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_scavenge(struct gch_go_heap *h)
{
	u64 limit = gch_val(&h->base, GCH_KEY_MEMORY_LIMIT);
	u64 keep = gch_go_pacer_retain(&h->gcc.pacer, h->gcc.in_use, h->gcc.last_goal,
				       limit);

	if (xchg(&h->scavenge.shrink_requested, false))
		keep = 0;
	WRITE_ONCE(h->scavenge.retain, keep);
	if (!keep || !gch_limit_allows(&h->base, SZ_2M))
		release(h, 0, U64_MAX, U64_MAX);
	else if (!gch_soft_allows(&h->base, 0))
		release(h, below_soft(h, 0), U64_MAX, U64_MAX);
	if (has_too_much(h))
		gch_defer(&h->scavenge.work, EVERY_MS);
}

/* Pages that a cycle might free; 0 if too few for a cycle. */
static u64 garbage_pages(struct gch_go_heap *h)
{
	u64 live = atomic64_read(&h->live), marked = READ_ONCE(h->gcc.pacer.marked);
	u64 pages = live > marked ? (live - marked) / PAGE_SIZE : 0;

	return pages < GARBAGE_LEAST ? 0 : pages;
}

/**
 * gch_go_shrink_count - estimates the memory that a heap can give back
 * @heap: the heap
 *
 * Context: any.
 * Return: pages.
 */
u64 gch_go_shrink_count(struct gch_heap *heap)
{
	struct gch_go_heap *h = to_go(heap);

	return (READ_ONCE(h->mheap.empty_pages) << GCH_GO_PAGE_SHIFT >> PAGE_SHIFT) +
	       garbage_pages(h);
}

/**
 * gch_go_shrink - gives back memory that a heap does not need
 * @heap: the heap
 * @pages: number of pages wanted
 *
 * Frees empty arenas at once. Starts a collection, once a second at most, and does not
 * wait for it: the caller is waiting for memory.
 *
 * Context: process context, as the page allocator may call it, may sleep.
 * Return: pages freed.
 */
u64 gch_go_shrink(struct gch_heap *heap, u64 pages)
{
	struct gch_go_heap *h = to_go(heap);
	u64 freed;

	if (!mutex_trylock(&heap->cycle_lock))
		return 0;
	pages = min_t(u64, pages, totalram_pages()) << PAGE_SHIFT;
	freed = release(h, 0, DIV_ROUND_UP_ULL(pages, GCH_GO_PAGE_SIZE), U64_MAX);
	mutex_unlock(&heap->cycle_lock);
	if (garbage_pages(h) &&
	    time_after_eq(jiffies, READ_ONCE(h->scavenge.shrink_requested_at) + HZ)) {
		WRITE_ONCE(h->scavenge.shrink_requested_at, jiffies);
		WRITE_ONCE(h->scavenge.shrink_requested, true);
		gch_cycle_suggest(heap, 2);
	}
	return freed << GCH_GO_PAGE_SHIFT >> PAGE_SHIFT;
}
