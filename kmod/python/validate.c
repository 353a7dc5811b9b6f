// SPDX-License-Identifier: GPL-2.0
/*
 * Checks every invariant of a heap, with the heap stopped
 *
 * First the structure: free lists, lists of pools, and all totals. If that is sound,
 * every reference is looked up before it is followed; the references to each object
 * are counted in its meta word and compared with its reference count.
 *
 * Lock order: gch_heap.lock, for frames and tables; then the heap is stopped.
 */
#include "validate.h"

#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "core/delay.h"
#include "gc.h"
#include "gil.h"
#include "layout.h"
#include "obmalloc.h"
#include "python.h"
#include "weak.h"

/* Violations that are printed. */
#define PRINT_MAX	32
/* Spare ranges, for arenas and large objects added before the heap is stopped. */
#define ROOM_LEAST	1024U
/* Attempts, if mutators have added more ranges than that. */
#define TRIES_MAX	8U
/* Ranges compared or listed between two calls of cond_resched(). */
#define BREATH		4096U

/**
 * struct extent - an address range of objects
 * @start: address of an arena or a large object
 * @arena: the arena, NULL for a large object
 */
struct extent {
	unsigned long start;
	struct gch_py_arena *arena;
};

/**
 * struct check - one validation
 * @h: the heap
 * @errors: violations found
 * @ranges: arenas and large objects, sorted by address
 * @nr_ranges: number of ranges
 * @room: capacity of @ranges
 * @steps: steps of listing and sorting the ranges
 * @listed: pools found in the lists of their classes
 * @unfull: pools with free blocks, which belong there
 * @aged: pools found in the lists of generations
 * @pools: pools in use
 * @live_bytes: bytes of all objects
 */
struct check {
	struct gch_py_heap *h;
	int errors;
	struct extent *ranges;
	size_t nr_ranges;
	size_t room;
	unsigned int steps;
	u64 listed;
	u64 unfull;
	u64 aged;
	u64 pools;
	u64 live_bytes;
};

static __printf(2, 3) void violation(struct check *v, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (v->errors++ >= PRINT_MAX)
		return;
	va_start(args, fmt);
	vaf.va = &args;
	pr_err("heap %s: %pV\n", v->h->heap.name, &vaf);
	va_end(args);
}

/* ---- structure ---- */

static void check_free_blocks(struct check *v, struct gch_py_pool *pool)
{
	unsigned int nr = 0, i, size = gch_py_class_size(pool->class);
	void *block = pool->freeblock, *first = gch_py_block(pool, 0);

	/* A longer list has a loop. */
	for (; block && nr <= pool->carved; nr++, block = *(void **)block) {
		i = gch_py_index(pool, block);
		if (block < first || (block - first) % size ||
		    i >= pool->carved) {
			violation(v, "a free list of class %u leaves its pool",
				  pool->class);
			return;
		}
		if (pool->meta[i] & GCH_PY_META_USED)
			violation(v, "a block of class %u is both free and in use",
				  pool->class);
	}
	if (nr != pool->carved - pool->used)
		violation(v, "a pool of class %u has %u free blocks, expected %u",
			  pool->class, nr, pool->carved - pool->used);
}

static void check_blocks(struct check *v, struct gch_py_pool *pool)
{
	unsigned int i, gen, used = 0, nr[4] = {};
	struct gch_py_object *obj;

	for (i = 0; i < pool->carved; i++) {
		u32 meta = pool->meta[i];

		if (!(meta & GCH_PY_META_USED))
			continue;
		used++;
		gen = gch_py_gen(meta);
		nr[gen]++;
		if (gen < 2 && !(pool->map[gen] & BIT_ULL(i / GCH_PY_GROUP)))
			violation(v, "an object of class %u is not in the map of its generation",
				  pool->class);
		obj = gch_py_block(pool, i);
		if (!obj->refcnt || obj->type->heap != &v->h->heap)
			violation(v, "a block of class %u in use has no valid object",
				  pool->class);
		if (meta & (GCH_PY_META_COLLECTING | GCH_PY_META_REACHED))
			violation(v, "an object of type %s has a stale collection state",
				  obj->type->name);
	}
	v->live_bytes += (u64)used * gch_py_class_size(pool->class);
	if (used != pool->used)
		violation(v, "a pool of class %u has %u blocks in use, expected %u",
			  pool->class, used, pool->used);
	for (gen = 0; gen < 3; gen++)
		if (nr[gen] != pool->nr[gen])
			violation(v, "a pool of class %u has %u objects in gen %u, expected %u",
				  pool->class, nr[gen], gen, pool->nr[gen]);
}

static void check_pool(struct check *v, struct gch_py_arena *arena,
		       struct gch_py_pool *pool)
{
	u16 base, nr_blocks;

	if (pool->arena != arena ||
	    pool->class >= v->h->small_max / GCH_PY_ALIGN) {
		violation(v, "a pool of arena %u has a bad header", arena->id);
		return;
	}
	gch_py_pool_shape(v->h, pool->class, pool == arena->pools, &base,
			  &nr_blocks);
	if (pool->base != base || pool->nr_blocks != nr_blocks ||
	    pool->carved > nr_blocks || !pool->used ||
	    pool->used > pool->carved || pool->queue) {
		violation(v, "a pool of class %u has a bad header",
			  pool->class);
		return;
	}
	v->pools++;
	v->unfull += !!pool->freeblock;
	v->aged += !list_empty(&pool->gen_node);
	if (!!pool->freeblock == list_empty(&pool->node))
		violation(v, "a pool of class %u is in the wrong list",
			  pool->class);
	if ((pool->map[0] || pool->map[1]) == list_empty(&pool->gen_node))
		violation(v, "a pool of class %u is in the wrong generation",
			  pool->class);
	check_free_blocks(v, pool);
	check_blocks(v, pool);
}

static void check_arena(struct check *v, struct gch_py_arena *arena)
{
	unsigned int i, in_use = 0, freed = 0;
	struct gch_py_pool *pool;

	for (i = 0; i < arena->carved; i++) {
		pool = gch_py_nth_pool(v->h, arena, i);
		if (pool->class == GCH_PY_NO_CLASS)
			continue;
		in_use++;
		check_pool(v, arena, pool);
		cond_resched();
	}
	for (pool = arena->free; pool && freed <= arena->carved; freed++)
		pool = pool->next;
	if (in_use + arena->nr_free != arena->nr_pools ||
	    in_use + freed != arena->carved)
		violation(v, "arena %u has %u pools in use and %u free, expected %u and %u",
			  arena->id, in_use, freed,
			  arena->nr_pools - arena->nr_free,
			  arena->carved - in_use);
	if (arena->nr_free &&
	    (list_empty(&v->h->buckets[arena->nr_free]) ||
	     !test_bit(arena->nr_free, v->h->bucket_map)))
		violation(v, "arena %u with free pools is missing from its bucket",
			  arena->id);
}

/* Checks the lists' lengths, against loops and foreign pools. */
static void check_lists(struct check *v)
{
	struct gch_py_pool *pool;
	unsigned int i;
	u64 aged = 0;

	for (i = 0; i < GCH_PY_CLASSES; i++) {
		list_for_each_entry(pool, &v->h->used[i], node) {
			if (pool->class != i || ++v->listed > v->unfull)
				break;
			cond_resched();
		}
	}
	for (i = 0; i < ARRAY_SIZE(v->h->gens); i++) {
		list_for_each_entry(pool, &v->h->gens[i], gen_node) {
			if (!!pool->map[0] != !i || ++aged > v->aged)
				break;
			cond_resched();
		}
	}
	if (v->listed != v->unfull)
		violation(v, "%llu pools are listed by class, expected %llu",
			  v->listed, v->unfull);
	if (aged != v->aged)
		violation(v, "%llu pools are listed by generation, expected %llu",
			  aged, v->aged);
}

static void check_large(struct check *v, struct gch_py_large *large,
			unsigned int gen)
{
	if (!gch_py_is_large(&large->obj) || !large->obj.refcnt ||
	    !(large->meta & GCH_PY_META_USED) ||
	    large->obj.type->heap != &v->h->heap)
		violation(v, "a large object has a bad header");
	if (gch_py_gen(large->meta) != gen)
		violation(v, "a large object is in the wrong generation");
}

static void check_all_large(struct check *v)
{
	struct gch_py_large *large;
	unsigned int gen;
	u64 nr = 0;

	for (gen = 0; gen < GCH_PY_GENS; gen++) {
		list_for_each_entry(large, &v->h->large[gen], node) {
			v->live_bytes += large->charge;
			nr++;
			check_large(v, large, gen);
			cond_resched();
		}
	}
	if (nr != v->h->nr_large)
		violation(v, "%llu large objects are listed, expected %llu", nr,
			  v->h->nr_large);
}

static void check_structure(struct check *v)
{
	struct gch_py_arena *arena;
	unsigned int idle = 0;

	list_for_each_entry(arena, &v->h->arenas, node) {
		idle += arena->nr_free == arena->nr_pools;
		check_arena(v, arena);
	}
	check_lists(v);
	check_all_large(v);
	if (idle != v->h->nr_idle)
		violation(v, "%u arenas are free, expected %u", idle, v->h->nr_idle);
	if (v->pools != v->h->nr_pools)
		violation(v, "%llu pools are in use, expected %llu", v->pools,
			  v->h->nr_pools);
	if (v->live_bytes != v->h->live_bytes)
		violation(v, "objects have %llu bytes, expected %llu",
			  v->live_bytes, v->h->live_bytes);
}

/* ---- references ---- */

static void breathe(struct check *v)
{
	if (!(++v->steps % BREATH))
		cond_resched();
}

static int compare(const void *a, const void *b, const void *arg)
{
	const struct extent *x = a, *y = b;

	/* sort_r() has no cond_resched() in all kernels. */
	breathe((struct check *)arg);
	return x->start < y->start ? -1 : x->start > y->start;
}

/*
 * Allocates the ranges before the heap is stopped, because that may take long.
 * list_ranges() finds out whether they suffice.
 */
static int ranges_get(struct check *v)
{
	struct gch_heap *heap = &v->h->heap;
	size_t nr = READ_ONCE(v->h->nr_large) + atomic64_read(&heap->arenas);
	struct mem_cgroup *old;

	v->room = nr + nr / 8 + ROOM_LEAST;
	old = gch_memcg_enter(heap);
	v->ranges = kvmalloc_array(v->room, sizeof(*v->ranges),
				   GFP_KERNEL_ACCOUNT | __GFP_NOWARN |
				   __GFP_RETRY_MAYFAIL);
	gch_memcg_leave(old);
	return v->ranges ? 0 : -ENOMEM;
}

/* Returns 0, or -EAGAIN if there is no room for all. */
static int list_ranges(struct check *v)
{
	struct gch_py_arena *arena;
	struct gch_py_large *large;
	size_t nr = v->h->nr_large, n = 0;
	unsigned int gen;

	list_for_each_entry(arena, &v->h->arenas, node)
		nr++;
	if (nr > v->room)
		return -EAGAIN;
	list_for_each_entry(arena, &v->h->arenas, node) {
		v->ranges[n].start = (unsigned long)arena->pools;
		v->ranges[n++].arena = arena;
		breathe(v);
	}
	for (gen = 0; gen < GCH_PY_GENS; gen++) {
		list_for_each_entry(large, &v->h->large[gen], node) {
			v->ranges[n].start = (unsigned long)&large->obj;
			v->ranges[n++].arena = NULL;
			breathe(v);
		}
	}
	v->nr_ranges = n;
	sort_r(v->ranges, n, sizeof(*v->ranges), compare, NULL, v);
	return 0;
}

static const struct extent *find_range(const struct check *v, unsigned long addr)
{
	size_t low = 0, high = v->nr_ranges, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (v->ranges[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? &v->ranges[low - 1] : NULL;
}

static bool is_block(const struct check *v, struct gch_py_arena *arena,
		     struct gch_py_object *obj)
{
	struct gch_py_pool *pool = gch_py_pool(v->h, obj);
	unsigned int nr = (void *)pool - (void *)arena->pools;
	unsigned int i;

	nr /= v->h->pool_size;
	if (nr >= arena->carved || pool->class == GCH_PY_NO_CLASS ||
	    (void *)obj < (void *)pool + pool->base)
		return false;
	i = gch_py_index(pool, obj);
	return i < pool->carved && gch_py_block(pool, i) == obj &&
	       (pool->meta[i] & GCH_PY_META_USED);
}

static bool is_object(const struct check *v, struct gch_py_object *obj)
{
	unsigned long addr = (unsigned long)obj;
	const struct extent *r = find_range(v, addr);

	if (!r)
		return false;
	if (!r->arena)
		return r->start == addr;
	return addr - r->start < PAGE_SIZE << r->arena->order &&
	       is_block(v, r->arena, obj);
}

static void count_place(struct check *v, struct gch_py_object *target)
{
	u32 *meta, refs;

	if (!is_object(v, target)) {
		violation(v, "a reference does not point to an object");
		return;
	}
	meta = gch_py_meta(v->h, target);
	refs = gch_py_gc_lower(v->h, gch_py_value(*meta) + 1);
	*meta = gch_py_with_value(*meta, refs);
	/* The count of an immortal object is not exact, so do not overflow. */
	if (!refs && (target->info & GCH_PY_REST) != GCH_PY_REST)
		WRITE_ONCE(target->info, target->info + GCH_PY_REST_ONE);
}

static void count_roots(void *arg, void **places, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (places[i])
			count_place(arg, places[i]);
}

static void count_weaks(void *arg, struct gch_weak *entries, unsigned int nr)
{
	struct check *v = arg;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct gch_py_object *obj = entries[i].ref;

		if (!obj)
			continue;
		if (!is_object(v, obj) || !(obj->info & GCH_PY_WEAK))
			violation(v, "a weak entry does not point to an object");
		else if (!entries[i].pprev || *entries[i].pprev != &entries[i])
			violation(v, "a weak entry is missing from the list of its object");
	}
}

static void reset_object(struct check *v, struct gch_py_object *obj, u32 *meta)
{
	*meta = gch_py_with_value(*meta, 0);
}

static void count_object(struct check *v, struct gch_py_object *obj, u32 *meta)
{
	u32 i, nr = obj->info & GCH_PY_REFS;
	struct gch_py_object *target;

	if ((u64)nr * sizeof(void *) > gch_py_bytes(v->h, obj) - sizeof(*obj)) {
		violation(v, "an object of type %s is too small for its %u references",
			  obj->type->name, nr);
		return;
	}
	for (i = 0; i < nr; i++) {
		target = *gch_py_place(obj, i);
		if (target)
			count_place(v, target);
		if (!(i % 4096))
			cond_resched();
	}
}

static void compare_object(struct check *v, struct gch_py_object *obj,
			   u32 *meta)
{
	u32 rest = (obj->info & GCH_PY_REST) / GCH_PY_REST_ONE;
	u64 refs = (u64)rest << v->h->gc_bits | gch_py_value(*meta);

	if (refs != obj->refcnt && !gch_py_immortal(obj))
		violation(v, "an object of type %s has count %u, but %llu references point to it",
			  obj->type->name, obj->refcnt, refs);
	*meta = gch_py_with_value(*meta, 0);
	if (rest)
		WRITE_ONCE(obj->info, obj->info & ~GCH_PY_REST);
}

typedef void (*object_fn)(struct check *v, struct gch_py_object *obj,
			  u32 *meta);

static void each_in_pool(struct check *v, struct gch_py_pool *pool,
			 object_fn fn)
{
	unsigned int i;

	if (pool->class == GCH_PY_NO_CLASS)
		return;
	for (i = 0; i < pool->carved; i++)
		if (pool->meta[i] & GCH_PY_META_USED)
			fn(v, gch_py_block(pool, i), &pool->meta[i]);
	/* Lets tests slow down a validation. */
	gch_delay();
	cond_resched();
}

static void each_object(struct check *v, object_fn fn)
{
	struct gch_py_arena *arena;
	struct gch_py_large *large;
	unsigned int i;

	list_for_each_entry(arena, &v->h->arenas, node)
		for (i = 0; i < arena->carved; i++)
			each_in_pool(v, gch_py_nth_pool(v->h, arena, i), fn);
	for (i = 0; i < GCH_PY_GENS; i++) {
		list_for_each_entry(large, &v->h->large[i], node) {
			fn(v, &large->obj, &large->meta);
			cond_resched();
		}
	}
}

static int check_references(struct check *v)
{
	struct gch_heap *heap = &v->h->heap;
	int ret;

	ret = list_ranges(v);
	if (ret)
		return ret;
	each_object(v, reset_object);
	each_object(v, count_object);
	gch_visit_frames(heap, count_roots, v);
	gch_visit_roots(heap, count_roots, v);
	gch_visit_weaks(heap, count_weaks, v);
	each_object(v, compare_object);
	return 0;
}

/* Stops the heap. */
static int check_heap(struct check *v)
{
	struct gch_heap *heap = &v->h->heap;
	int ret = 0;

	mutex_lock(&heap->lock);
	gch_py_stop(v->h);
	gch_py_bury_mutators(v->h);
	check_structure(v);
	if (!v->errors)
		ret = check_references(v);
	gch_py_resume(v->h);
	mutex_unlock(&heap->lock);
	return ret;
}

/**
 * gch_py_validate - &gch_engine_ops.validate
 * @heap: the heap
 *
 * Context: process context, may sleep for long; under &gch_heap.cycle_lock. Stops the
 * heap.
 * Return: the number of violations, or -ENOMEM, also if mutators kept adding more
 * ranges than there was room for.
 */
int gch_py_validate(struct gch_heap *heap)
{
	unsigned int tries = 0;
	struct check v;
	int ret;

	do {
		v = (struct check){ .h = gch_py_heap(heap) };
		ret = ranges_get(&v);
		if (ret)
			return ret;
		gch_delay();
		ret = check_heap(&v);
		kvfree(v.ranges);
	} while (ret == -EAGAIN && ++tries < TRIES_MAX);
	return ret == -EAGAIN ? -ENOMEM : ret ?: v.errors;
}
