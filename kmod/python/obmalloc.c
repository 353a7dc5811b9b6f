// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks, pools and arenas (CPython's Objects/obmalloc.c)
 *
 * A pool is in one of three states. A used pool has free blocks and is in the list of
 * its class. A full pool has none and is in no list. An empty pool is back in its
 * arena and has no class. Blocks are carved from a pool one at a time, so that memory
 * is not touched before it is needed.
 *
 * CPython keeps arenas in one list, ordered by the number of their free pools, and an
 * index of that list. Here each number has its own list, and a bitmap says which
 * lists are not empty. Both take the arena with the fewest free pools first, in
 * constant time, so the emptiest can become free. One free arena is kept until an
 * allocation fails.
 *
 * Everything here is protected by ownership of the heap, see python.h.
 */
#include "obmalloc.h"

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "core/delay.h"
#include "layout.h"
#include "python.h"

#define POISON	0x6b

/**
 * gch_py_pool_shape - lays out a pool's blocks
 * @h: the heap
 * @class: its size class
 * @first: the pool is the first of its arena
 * @base: set to the offset of the first block
 * @nr_blocks: set to their number
 *
 * Context: any.
 */
void gch_py_pool_shape(const struct gch_py_heap *h, unsigned int class,
		       bool first, u16 *base, u16 *nr_blocks)
{
	u32 size = gch_py_class_size(class), room = h->pool_size, start, nr;

	if (first)
		room -= ALIGN(sizeof(struct gch_py_arena), GCH_PY_ALIGN);
	nr = (room - sizeof(struct gch_py_pool)) / (size + sizeof(u32));
	for (;; nr--) {
		start = ALIGN(sizeof(struct gch_py_pool) + nr * sizeof(u32),
			      GCH_PY_ALIGN);
		if (start + nr * size <= room)
			break;
	}
	*base = start;
	*nr_blocks = nr;
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_pool_shape);

/**
 * gch_py_obmalloc_init - sets up the lists of a heap
 * @h: the heap, its tunables set
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int gch_py_obmalloc_init(struct gch_py_heap *h)
{
	size_t arena = PAGE_SIZE << gch_val(&h->heap, GCH_KEY_ARENA_ORDER);
	unsigned int i;

	h->nr_buckets = arena / h->pool_size + 1;
	h->buckets = kvcalloc(h->nr_buckets, sizeof(*h->buckets),
			      GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	h->bucket_map = bitmap_zalloc(h->nr_buckets, GFP_KERNEL_ACCOUNT);
	if (!h->buckets || !h->bucket_map) {
		kvfree(h->buckets);
		bitmap_free(h->bucket_map);
		return -ENOMEM;
	}
	for (i = 0; i < h->nr_buckets; i++)
		INIT_LIST_HEAD(&h->buckets[i]);
	for (i = 0; i < GCH_PY_CLASSES; i++)
		INIT_LIST_HEAD(&h->used[i]);
	INIT_LIST_HEAD(&h->gens[0]);
	INIT_LIST_HEAD(&h->gens[1]);
	INIT_LIST_HEAD(&h->arenas);
	for (i = 0; i < GCH_PY_GENS; i++)
		INIT_LIST_HEAD(&h->large[i]);
	return 0;
}

/**
 * gch_py_obmalloc_exit - frees all arenas, with their contents
 * @h: the heap, without mutators
 *
 * Context: process context, may sleep.
 */
void gch_py_obmalloc_exit(struct gch_py_heap *h)
{
	struct gch_py_arena *arena, *next;

	list_for_each_entry_safe(arena, next, &h->arenas, node) {
		gch_arena_put(&h->heap, arena->pools, arena->order);
		cond_resched();
	}
	kvfree(h->buckets);
	bitmap_free(h->bucket_map);
}

/* ---- arenas ---- */

static void bucket_leave(struct gch_py_heap *h, struct gch_py_arena *arena)
{
	list_del(&arena->bucket);
	if (list_empty(&h->buckets[arena->nr_free]))
		__clear_bit(arena->nr_free, h->bucket_map);
}

static void bucket_join(struct gch_py_heap *h, struct gch_py_arena *arena)
{
	if (!arena->nr_free)
		return;
	list_add(&arena->bucket, &h->buckets[arena->nr_free]);
	__set_bit(arena->nr_free, h->bucket_map);
}

/* Failing allocations read it without the lock. */
static void count_idle(struct gch_py_heap *h, int by)
{
	WRITE_ONCE(h->nr_idle, h->nr_idle + by);
}

/**
 * gch_py_arena_add - adds pages to the heap as an arena
 * @h: the heap
 * @base: the pages, aligned to their size
 * @order: their order, at least that of a pool
 *
 * Context: the caller owns the heap.
 */
void gch_py_arena_add(struct gch_py_heap *h, void *base, unsigned int order)
{
	struct gch_py_arena *arena = gch_py_arena(h, base);

	memset(arena, 0, sizeof(*arena));
	arena->pools = base;
	arena->id = h->next_arena++;
	arena->order = order;
	arena->nr_pools = (PAGE_SIZE << order) / h->pool_size;
	arena->nr_free = arena->nr_pools;
	list_add_tail(&arena->node, &h->arenas);
	bucket_join(h, arena);
	count_idle(h, 1);
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_arena_add);

static void arena_retire(struct gch_py_heap *h, struct gch_py_arena *arena)
{
	bucket_leave(h, arena);
	list_del(&arena->node);
	count_idle(h, -1);
	/* gch_py_reap() may free it as soon as it is in the list. */
	atomic_long_add(PAGE_SIZE << arena->order, &h->retired_bytes);
	llist_add(&arena->retired, &h->retired_arenas);
	gch_delay();
}

/**
 * gch_py_release_idle - retires all arenas without a pool in use
 * @h: the heap
 *
 * Otherwise one is kept, so that a heap about the size of its arenas does not
 * allocate and free one repeatedly.
 *
 * Context: the caller has stopped the heap; may sleep.
 */
void gch_py_release_idle(struct gch_py_heap *h)
{
	struct gch_py_arena *arena, *next;

	list_for_each_entry_safe(arena, next, &h->arenas, node) {
		if (!h->nr_idle)
			return;
		if (arena->nr_free == arena->nr_pools)
			arena_retire(h, arena);
		cond_resched();
	}
}

/**
 * gch_py_reap - frees retired arenas and large objects
 * @h: the heap
 *
 * Sections never free pages or slab memory, because a kernel with PREEMPT_RT could
 * not do that there.
 *
 * Context: process context outside sections, may sleep.
 */
void gch_py_reap(struct gch_py_heap *h)
{
	struct gch_py_arena *arena, *next_arena;
	struct gch_py_large *large, *next_large;
	struct llist_node *list;

	list = llist_del_all(&h->retired_arenas);
	llist_for_each_entry_safe(arena, next_arena, list, retired) {
		atomic_long_sub(PAGE_SIZE << arena->order, &h->retired_bytes);
		gch_arena_put(&h->heap, arena->pools, arena->order);
		cond_resched();
	}
	list = llist_del_all(&h->retired_large);
	llist_for_each_entry_safe(large, next_large, list, retired) {
		atomic_long_sub(large->charge, &h->retired_bytes);
		gch_py_large_free(h, large);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_reap);

/* ---- pools ---- */

static struct gch_py_pool *pool_take(struct gch_py_heap *h,
				     struct gch_py_arena *arena)
{
	struct gch_py_pool *pool = arena->free;

	bucket_leave(h, arena);
	if (arena->nr_free == arena->nr_pools)
		count_idle(h, -1);
	arena->nr_free--;
	if (pool)
		arena->free = pool->next;
	else
		pool = gch_py_nth_pool(h, arena, arena->carved++);
	bucket_join(h, arena);
	return pool;
}

/* Carves the next block, if the pool has one; a full pool leaves its list. */
static void pool_extend(struct gch_py_pool *pool)
{
	void **block;

	if (pool->carved == pool->nr_blocks) {
		list_del_init(&pool->node);
		return;
	}
	block = (void **)gch_py_block(pool, pool->carved);
	pool->meta[pool->carved++] = 0;
	*block = NULL;
	pool->freeblock = block;
}

static struct gch_py_pool *pool_get(struct gch_py_heap *h, unsigned int class)
{
	unsigned long bucket = find_first_bit(h->bucket_map, h->nr_buckets);
	struct gch_py_arena *arena;
	struct gch_py_pool *pool;

	if (bucket >= h->nr_buckets)
		return NULL;
	gch_max(&h->heap.peak_live, h->live_bytes);
	arena = list_first_entry(&h->buckets[bucket], struct gch_py_arena,
				 bucket);
	pool = pool_take(h, arena);
	memset(pool, 0, sizeof(*pool));
	pool->arena = arena;
	pool->class = class;
	pool->recip = 65536 / (class + 1) + 1;
	gch_py_pool_shape(h, class, pool == arena->pools, &pool->base,
			  &pool->nr_blocks);
	INIT_LIST_HEAD(&pool->gen_node);
	list_add(&pool->node, &h->used[class]);
	pool_extend(pool);
	WRITE_ONCE(h->nr_pools, h->nr_pools + 1);
	return pool;
}

static void pool_put(struct gch_py_heap *h, struct gch_py_pool *pool)
{
	struct gch_py_arena *arena = pool->arena;

	list_del_init(&pool->node);
	list_del_init(&pool->gen_node);
	pool->class = GCH_PY_NO_CLASS;
	WRITE_ONCE(h->nr_pools, h->nr_pools - 1);
	if (arena->nr_free)
		bucket_leave(h, arena);
	pool->next = arena->free;
	arena->free = pool;
	arena->nr_free++;
	bucket_join(h, arena);
	if (arena->nr_free < arena->nr_pools)
		return;
	count_idle(h, 1);
	if (h->nr_idle > 1)
		arena_retire(h, arena);
}

/**
 * gch_py_release_emptied - returns the pools that a collection emptied
 * @h: the heap
 *
 * Context: the caller has stopped the heap; may sleep.
 */
void gch_py_release_emptied(struct gch_py_heap *h)
{
	struct gch_py_pool *pool, *next;

	for (pool = h->emptied; pool; pool = next) {
		next = pool->next;
		pool_put(h, pool);
		cond_resched();
	}
	h->emptied = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_release_emptied);

/* ---- blocks ---- */

static void poison(struct gch_py_object *block, u32 size)
{
	/* The first word links free blocks. */
	memset((void *)block + sizeof(void *), POISON, size - sizeof(void *));
}

static void check_poison(struct gch_py_heap *h, struct gch_py_object *block,
			 u32 size)
{
	if (!memchr_inv((void *)block + sizeof(void *), POISON,
			size - sizeof(void *)))
		return;
	atomic64_inc(&h->heap.verify_errors);
	pr_err_ratelimited("heap %s: a free block of %u bytes was written to\n",
			   h->heap.name, size);
}

/* A map has enough bits for the smallest blocks. */
static_assert(GCH_PY_POOL_MAX / (GCH_PY_ALIGN + sizeof(u32)) <=
	      64 * GCH_PY_GROUP);

static __always_inline void track(struct gch_py_heap *h,
				  struct gch_py_pool *pool, unsigned int i,
				  unsigned int gen)
{
	if (gen == GCH_PY_UNTRACKED)
		return;
	pool->nr[gen]++;
	if (unlikely(!pool->map[0]))
		list_move(&pool->gen_node, &h->gens[0]);
	gch_py_map(pool, 0, i);
}

/**
 * gch_py_block_get - takes a block
 * @h: the heap
 * @class: its size class
 * @gen: 0, or GCH_PY_UNTRACKED
 *
 * Context: the caller owns the heap.
 * Return: the block, with undefined contents, or NULL if no arena has a free pool.
 */
struct gch_py_object *gch_py_block_get(struct gch_py_heap *h,
				       unsigned int class, unsigned int gen)
{
	struct gch_py_pool *pool;
	unsigned int i;
	void *block;
	u32 *meta;

	pool = list_first_entry_or_null(&h->used[class], struct gch_py_pool,
					node);
	if (unlikely(!pool)) {
		pool = pool_get(h, class);
		if (!pool)
			return NULL;
	}
	block = pool->freeblock;
	pool->freeblock = *(void **)block;
	pool->used++;
	i = gch_py_index(pool, block);
	meta = &pool->meta[i];
	if (unlikely(*meta & GCH_PY_META_POISONED))
		check_poison(h, block, gch_py_class_size(class));
	*meta = gch_py_with_gen(GCH_PY_META_USED, gen);
	track(h, pool, i, gen);
	if (!pool->freeblock)
		pool_extend(pool);
	return block;
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_block_get);

/**
 * gch_py_block_put - returns a block
 * @h: the heap
 * @obj: the object in it, dead
 *
 * Context: the caller owns the heap.
 */
void gch_py_block_put(struct gch_py_heap *h, struct gch_py_object *obj)
{
	struct gch_py_pool *pool = gch_py_pool(h, obj);
	u32 *meta = &pool->meta[gch_py_index(pool, obj)];
	unsigned int gen = gch_py_gen(*meta);
	bool was_full = !pool->freeblock;

	if (gen != GCH_PY_UNTRACKED)
		pool->nr[gen]--;
	*meta = 0;
	if (unlikely(gch_val(&h->heap, GCH_KEY_POISON))) {
		poison(obj, gch_py_class_size(pool->class));
		*meta = GCH_PY_META_POISONED;
	}
	*(void **)obj = pool->freeblock;
	pool->freeblock = obj;
	if (unlikely(!--pool->used)) {
		if (!h->collecting) {
			pool_put(h, pool);
			return;
		}
		pool->next = h->emptied;
		h->emptied = pool;
	}
	if (unlikely(was_full))
		list_add(&pool->node, &h->used[pool->class]);
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_block_put);
