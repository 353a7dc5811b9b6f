// SPDX-License-Identifier: GPL-2.0
/*
 * The Python engine: its operations for the core, its settings, and the waits of a
 * call outside its section
 */
#include "python.h"

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/netlink.h>

#include "compat.h"
#include "core/delay.h"
#include "gc.h"
#include "generated/settings.h"
#include "gil.h"
#include "obmalloc.h"
#include "debug_views.h"
#include "validate.h"

static_assert(GCH_PY_ORDER_MAX == MAX_ARENA_ORDER);
static_assert(GCH_PY_SMALL_MIN == MIN_SMALL_MAX && GCH_PY_SMALL_MAX == MAX_SMALL_MAX);
static_assert(GCH_PY_POOL_MIN == MIN_POOL_SIZE && GCH_PY_POOL_MAX == MAX_POOL_SIZE);

static int check_settings(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	size_t arena = PAGE_SIZE << gch_val(heap, GCH_KEY_ARENA_ORDER);

	if (gch_val(heap, GCH_KEY_SMALL_MAX) % GCH_PY_ALIGN) {
		NL_SET_ERR_MSG_FMT(extack, "small-max must be a multiple of %u",
				   GCH_PY_ALIGN);
		return -EINVAL;
	}
	if (arena < gch_val(heap, GCH_KEY_POOL_SIZE)) {
		NL_SET_ERR_MSG_FMT(extack, "arena-order is too small for a pool of %llu bytes",
				   gch_val(heap, GCH_KEY_POOL_SIZE));
		return -EINVAL;
	}
	return 0;
}

static void tuned(struct gch_heap *heap, enum gch_key key)
{
	if (key == GCH_KEY_GCTRACE)
		WRITE_ONCE(heap->reports, gch_val(heap, GCH_KEY_GCTRACE));
}

static int heap_init(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	struct gch_py_heap *h = gch_py_heap(heap);
	int ret;

	ret = check_settings(heap, extack);
	if (ret)
		return ret;
	heap->arena_order = gch_val(heap, GCH_KEY_ARENA_ORDER);
	tuned(heap, GCH_KEY_GCTRACE);
	h->pool_size = gch_val(heap, GCH_KEY_POOL_SIZE);
	h->pool_mask = h->pool_size - 1;
	h->small_max = gch_val(heap, GCH_KEY_SMALL_MAX);
	h->gc_bits = GCH_PY_GC_BITS;
	h->step_ns = GCH_PY_STEP_NS;
	gch_py_gil_init(h);
	return gch_py_obmalloc_init(h);
}

static void heap_exit(struct gch_heap *heap)
{
	struct gch_py_heap *h = gch_py_heap(heap);
	struct gch_py_large *large, *next;
	unsigned int gen;

	gch_py_reap(h);
	for (gen = 0; gen < GCH_PY_GENS; gen++) {
		list_for_each_entry_safe(large, next, &h->large[gen], node) {
			gch_py_large_free(h, large);
			cond_resched();
		}
	}
	gch_py_obmalloc_exit(h);
	mutex_destroy(&h->gil);
}

static int mutator_init(struct gch_mutator *m)
{
	return 0;
}

static void free_stash(struct gch_py_heap *h, struct gch_py_mutator *pm)
{
	if (pm->large)
		gch_py_large_free(h, pm->large);
	pm->large = NULL;
}

static void mutator_exit(struct gch_mutator *m)
{
	struct gch_py_mutator *pm = gch_py_mutator(m);
	struct gch_py_heap *h = gch_py_heap(m->heap);

	if (pm->dying) {
		gch_py_stop(h);
		gch_py_bury_all(h, &pm->dying);
		gch_py_resume(h);
	}
	gch_py_gil_leave(h, m);
	free_stash(h, pm);
	gch_py_reap(h);
}

/* An idle mutator drops the lock, so others need not wait for the switch interval. */
static void give_way(struct gch_mutator *m)
{
	gch_py_gil_drop(gch_py_heap(m->heap), m);
}

/* ---- waiting ---- */

static int choose_due(struct gch_heap *heap, void *arg)
{
	return gch_py_generation_due(gch_py_heap(heap));
}

/*
 * Only a fatal signal ends an allocation; any other error of the collection is
 * ignored.
 */
static int killed(struct gch_py_mutator *pm, int ret)
{
	if (ret != -EINTR)
		return 0;
	pm->collected = false;
	return ret;
}

static int collect_due(struct gch_py_heap *h, struct gch_mutator *m)
{
	struct gch_py_mutator *pm = gch_py_mutator(m);

	/*
	 * The allocation does not wait for a second collection, whatever this one
	 * does.
	 */
	pm->collected = true;
	if (gch_py_generation_due(h) < 0)
		return 0;
	gch_py_gil_drop(h, m);
	return killed(pm, gch_cycle_choose(&h->heap, choose_due, NULL));
}

/* Another mutator may have added an arena meanwhile; then this one is given back. */
static bool add_arena(struct gch_py_heap *h, struct gch_mutator *m)
{
	unsigned int order = UINT_MAX;
	void *base = gch_arena_get(&h->heap, get_order(h->pool_size), &order);
	bool add;

	if (!base)
		return false;
	if (gch_py_stop_others(h, m)) {
		gch_arena_put(&h->heap, base, order);
		return false;
	}
	add = bitmap_empty(h->bucket_map, h->nr_buckets);
	if (add)
		gch_py_arena_add(h, base, order);
	gch_py_resume(h);
	if (!add)
		gch_arena_put(&h->heap, base, order);
	return true;
}

/* Takes memory for the repeated call. */
static bool get_memory(struct gch_py_heap *h, struct gch_mutator *m)
{
	struct gch_py_mutator *pm = gch_py_mutator(m);

	free_stash(h, pm);
	if (m->want <= h->small_max)
		return add_arena(h, m);
	pm->large = gch_py_large_get(h, m->want, GFP_KERNEL);
	gch_delay();
	return pm->large;
}

/* Idle arenas, and objects on the dying stacks of mutators. */
static bool has_room(struct gch_py_heap *h)
{
	struct gch_mutator *m;

	if (READ_ONCE(h->nr_idle))
		return true;
	list_for_each_entry(m, &h->heap.mutators, node)
		if (READ_ONCE(gch_py_mutator(m)->dying))
			return true;
	return false;
}

/* Buries dying objects and frees idle arenas. Returns true if there were any. */
static bool make_room(struct gch_py_heap *h, struct gch_mutator *m)
{
	bool room;

	if (gch_lock(m, &h->heap.lock))
		return false;
	room = has_room(h) && !gch_py_stop_others(h, m);
	if (room) {
		gch_py_bury_mutators(h);
		gch_py_release_idle(h);
		gch_py_resume(h);
	}
	mutex_unlock(&h->heap.lock);
	if (room)
		gch_py_reap(h);
	return room;
}

/* The least that the heap takes to serve @want, as charged to its limit. */
static size_t least_pages(struct gch_py_heap *h, size_t want)
{
	if (want > h->small_max)
		return gch_py_large_charge(want);
	return PAGE_SIZE << get_order(h->pool_size);
}

/* Full collections of other mutators that one allocation waits for. */
#define TRIES_MAX	3U

/**
 * struct need - an allocation that needs a full collection
 * @seen: &gch_py_heap.nr_full when the allocation ran out of memory
 * @served: another full collection has begun since
 */
struct need {
	u64 seen;
	bool served;
};

static int choose_full(struct gch_heap *heap, void *arg)
{
	struct gch_py_heap *h = gch_py_heap(heap);
	struct need *need = arg;

	/* No store since the last full collection, so there is no new garbage. */
	if (!gch_py_written_since_full(h))
		return -1;
	need->served = h->nr_full != need->seen;
	return need->served ? -1 : 2;
}

/*
 * At the limit, or without memory, an allocation runs one full collection and fails
 * if that frees too little. It runs none if no reference was written since the last
 * full collection, because its survivors are still live. So one collection serves
 * many allocations that fail together.
 */
static int wait_memory(struct gch_py_heap *h, struct gch_mutator *m)
{
	struct need need = { .seen = READ_ONCE(h->nr_full) };
	struct gch_heap *heap = &h->heap;
	bool room;
	int ret;

	gch_py_reap(h);
	if (!m->want || get_memory(h, m))
		return 0;
	room = make_room(h, m);
	if (room && get_memory(h, m))
		return 0;
	if (m->tries >= TRIES_MAX) {
		/* Burying the dying objects may have freed a block. */
		if (room && m->tries++ < 2 * TRIES_MAX)
			return 0;
		atomic64_inc(&heap->alloc_failures);
		return -ENOMEM;
	}
	if (!m->tries++ && !gch_limit_allows(heap, least_pages(h, m->want)))
		atomic64_inc(&heap->limit_hits);
	gch_py_gil_drop(h, m);
	ret = killed(gch_py_mutator(m), gch_cycle_choose(heap, choose_full, &need));
	/*
	 * Retry after a collection of another mutator: others may have used up the
	 * memory.
	 */
	if (!need.served)
		m->tries = TRIES_MAX;
	return ret;
}

static int wait_for(struct gch_mutator *m)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);

	switch (m->wait) {
	case GCH_WAIT_EXCLUSIVE:
		return gch_py_gil_take(h, m);
	case GCH_WAIT_COLLECT:
		return collect_due(h, m);
	case GCH_WAIT_MEMORY:
		return wait_memory(h, m);
	default:
		return 0;
	}
}

static void stats(struct gch_heap *heap, struct gch_stats *stats)
{
	struct gch_py_heap *h = gch_py_heap(heap);

	stats->classes = h->small_max / GCH_PY_ALIGN;
	stats->page_groups = READ_ONCE(h->nr_pools);
	stats->large_objects = READ_ONCE(h->nr_large);
}

const struct gch_engine_ops gch_py_ops = {
	.kind = GCHEAP_ENGINE_PYTHON,
	.name = "python",
	.page_groups = "pools",
	.heap_bytes = sizeof(struct gch_py_heap),
	.mutator_bytes = sizeof(struct gch_py_mutator),
	.reclaim = GCHEAP_RECLAIM_COUNTING,
	.settings = settings,
	.nr_settings = ARRAY_SIZE(settings),

	.heap_init = heap_init,
	.tuned = tuned,
	.heap_exit = heap_exit,
	.typed = gch_py_typed,
	.mutator_init = mutator_init,
	.mutator_exit = mutator_exit,

	.alloc = gch_py_alloc,
	.alloc_refs = gch_py_alloc_refs,
	.assign = gch_py_assign,
	.fetch = gch_py_fetch,
	.ref = gch_py_ref,
	.data = gch_py_data,
	.free = gch_py_free,
	.weak_set = gch_py_weak_set,
	.weak_get = gch_py_weak_get,
	.weak_alive = gch_py_weak_alive,
	.settle = gch_py_settle,
	.wait = wait_for,
	.yield = give_way,

	.collect = gch_py_collect,
	.stats = stats,
	.validate = gch_py_validate,
	.show = gch_py_show,
};
