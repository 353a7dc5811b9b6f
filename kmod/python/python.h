/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Python engine: counted objects in pools, and a generational cycle
 * collector, as CPython's default build has them (Objects/obmalloc.c,
 * Include/refcount.h, Python/gc.c)
 *
 * Memory
 *
 *	arena	a naturally aligned block of pages, cut into pools
 *	pool	blocks of one size class, found from a block by masking
 *
 *	pool:	| header | meta word per block | blocks ...               |
 *
 *	The first pool of an arena is shorter: the arena's own data are at its
 *	end. What is larger than the largest class has a hidden header instead
 *	of a pool, and an address that is 8 modulo 16; blocks are 16-aligned.
 *
 *	block:	| count, info | type | payload ...           | weak head |
 *
 * The collector's data of an object are in its meta word, not in the object: a
 * pass over the heap reads them densely and in the order of addresses.
 *
 * Who protects what
 *
 *	Everything below in &struct gch_py_heap, and every object, belongs to
 *	whoever has the heap: the mutator that owns the interpreter lock, in a
 *	section, or the task that has stopped the heap with gch_py_stop(). The
 *	lock itself is described in gil.c. The lists of what is retired are
 *	lock-free, because they are emptied outside sections.
 */
#ifndef _GCH_PY_PYTHON_H
#define _GCH_PY_PYTHON_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/time64.h>
#include <linux/wait.h>
#include <gcheap/engine.h>

/* ---- tunables that are fixed when a heap is created ---- */

#define GCH_PY_SMALL_MIN	256U
#define GCH_PY_SMALL_MAX	512U
#define GCH_PY_POOL_MIN		SZ_4K
#define GCH_PY_POOL_MAX		SZ_16K
#define GCH_PY_ORDER_MAX	GCH_ORDER(SZ_4M)

#define GCH_PY_ALIGN		16U
#define GCH_PY_CLASSES		(GCH_PY_SMALL_MAX / GCH_PY_ALIGN)
/* Class of a pool that has none. */
#define GCH_PY_NO_CLASS		0xff

/* ---- objects ---- */

/**
 * struct gch_py_object - header of every object, 16 bytes as PyObject's
 * @refcnt: references to it; immortal from 2^31 on
 * @info: reference words still to be dropped, and GCH_PY_WEAK, GCH_PY_SPARSE,
 *	GCH_PY_REST
 * @type: its type
 */
struct gch_py_object {
	u32 refcnt;
	u32 info;
	struct gch_type *type;
};

#define GCH_PY_REFS	GENMASK(19, 0)
/* While references are counted: what the meta word has no room for. */
#define GCH_PY_REST	GENMASK(29, 20)
#define GCH_PY_REST_ONE	BIT(20)
/* It has a list of weak entries: the last word of its block. */
#define GCH_PY_WEAK	BIT(31)
/* Its references are where the type says, not the leading words. */
#define GCH_PY_SPARSE	BIT(30)

/* ---- meta words ---- */

#define GCH_PY_META_USED	BIT(0)
#define GCH_PY_META_GEN		GENMASK(2, 1)
#define GCH_PY_META_GEN_SHIFT	1
/* A candidate of the collection that is going on. */
#define GCH_PY_META_COLLECTING	BIT(3)
/* A candidate that was found reachable. */
#define GCH_PY_META_REACHED	BIT(4)
/* A free block that was filled with the pattern. */
#define GCH_PY_META_POISONED	BIT(5)
/* gc_refs while references are subtracted, a link in a queue at other times. */
#define GCH_PY_META_SHIFT	6
#define GCH_PY_META_VALUE	GENMASK(31, GCH_PY_META_SHIFT)
#define GCH_PY_META_MAX		(GCH_PY_META_VALUE >> GCH_PY_META_SHIFT)
/* Bits of gc_refs that fit; the others are in GCH_PY_REST. */
#define GCH_PY_GC_BITS	(32 - GCH_PY_META_SHIFT)

/* Generation of what no cycle can contain. */
#define GCH_PY_UNTRACKED	3U
/* Generations, that of the untracked included. */
#define GCH_PY_GENS		4U
/* Blocks that a bit of &gch_py_pool.map stands for: a cache line of meta words. */
#define GCH_PY_GROUP		16U

static inline unsigned int gch_py_gen(u32 meta)
{
	return (meta & GCH_PY_META_GEN) >> GCH_PY_META_GEN_SHIFT;
}

static inline u32 gch_py_value(u32 meta)
{
	return meta >> GCH_PY_META_SHIFT;
}

static inline u32 gch_py_with_value(u32 meta, u32 value)
{
	return (meta & ~GCH_PY_META_VALUE) | value << GCH_PY_META_SHIFT;
}

static inline u32 gch_py_with_gen(u32 meta, unsigned int gen)
{
	return (meta & ~GCH_PY_META_GEN) | gen << GCH_PY_META_GEN_SHIFT;
}

/* ---- pools, arenas, large objects ---- */

struct gch_py_arena;

/**
 * struct gch_py_pool - a pool: blocks of one size
 * @freeblock: list of free blocks, linked by their first words; NULL when full
 * @node: in &gch_py_heap.used unless it is full
 * @recip: multiplies an offset in units of 16 bytes to divide it by the size
 * @base: where its blocks begin
 * @used: blocks in use
 * @carved: blocks that have been in use at least once, or are on @freeblock
 * @nr_blocks: how many it can have
 * @queue: block that is first in the pool's part of a collection's queue, plus one;
 *	0: none
 * @class: size class, GCH_PY_NO_CLASS while it is free
 * @nr: tracked objects by generation
 * @map: groups of blocks that may have objects of generation 0, and 1
 * @gen_node: in &gch_py_heap.gens, the list of its youngest objects
 * @next: next pool in a queue, or in a list of free ones
 * @arena: what it is part of
 * @meta: a word per block
 */
struct gch_py_pool {
	void *freeblock;
	struct list_head node;
	u32 recip;
	u16 base;
	u16 used;
	u16 carved;
	u16 nr_blocks;
	u16 queue;
	u8 class;
	u16 nr[3];
	u64 map[2];
	struct list_head gen_node;
	struct gch_py_pool *next;
	struct gch_py_arena *arena;
	u32 meta[];
};

/**
 * struct gch_py_arena - an arena; at the end of its first pool
 * @retired: in &gch_py_heap.retired
 * @node: in &gch_py_heap.arenas
 * @bucket: in &gch_py_heap.buckets while it has free pools
 * @pools: its first pool, which is where it begins
 * @free: pools that were in use and are free
 * @id: for people
 * @order: of its block of pages
 * @nr_pools: pools it is cut into
 * @nr_free: how many of them are free
 * @carved: how many have been in use
 */
struct gch_py_arena {
	struct llist_node retired;
	struct list_head node;
	struct list_head bucket;
	struct gch_py_pool *pools;
	struct gch_py_pool *free;
	u32 id;
	u16 order;
	u16 nr_pools;
	u16 nr_free;
	u16 carved;
};

/* Order of a large object that came from kmalloc(). */
#define GCH_PY_KMALLOC	0xff

/**
 * struct gch_py_large - hidden header of a large object
 * @node: in &gch_py_heap.large of its generation
 * @next: next in a queue
 * @retired: in &gch_py_heap.retired
 * @meta: as a block's
 * @charge: bytes of the whole allocation, as charged to the heap
 * @order: of its pages, or GCH_PY_KMALLOC
 * @obj: the object; 8 modulo 16
 */
struct gch_py_large {
	struct list_head node;
	union {
		struct gch_py_large *next;
		struct llist_node retired;
	};
	u32 meta;
	u32 charge;
	u64 order;
	struct gch_py_object obj;
};

/**
 * struct gch_py_heap - a heap
 * @heap: the core's part
 * @pool_size: bytes of a pool
 * @pool_mask: @pool_size - 1
 * @small_max: largest block
 * @used: pools with free blocks, by class
 * @arenas: all arenas
 * @buckets: arenas with free pools, by their number
 * @bucket_map: bit per bucket that is not empty
 * @nr_buckets: buckets, that of no free pools included
 * @nr_idle: arenas without a pool in use
 * @next_arena: id of the next one
 * @nr_pools: pools in use
 * @large: large objects by generation
 * @nr_large: their number
 * @gens: pools by the generation, 0 or 1, of their youngest objects
 * @count: CPython's counts of the three generations
 * @long_lived_total: survivors of the last full collection
 * @long_lived_pending: objects that came to generation 2 since
 * @looked_at: blocks and large objects that the passes of the last collection looked at
 * @gc_bits: bits of gc_refs in a meta word: GCH_PY_GC_BITS, or less in a test
 * @nr_full: full collections begun; under &gch_heap.cycle_lock
 * @full_writes: counts that had been raised and lowered when the last one ended, as
 *	statistics have it; likewise
 * @live_bytes: bytes of live objects
 * @step_ns: about how long objects may die in one section; less in a test
 * @deaths: objects that died, not yet in the statistics
 * @dead_bytes: their bytes
 * @counted: counts lowered by deaths, likewise
 * @collecting: deaths are a collection's, and pools stay where they are
 * @emptied: pools that became empty meanwhile
 * @condemned: objects that the collection found unreachable and has yet to free
 * @retired_arenas: arenas to be freed outside sections
 * @retired_large: large objects likewise
 * @retired_bytes: bytes of both
 * @gil: protects changes of @owner but for a mutator's own leaving; held by who
 *	has stopped the heap
 * @owner: the mutator that may use the heap
 * @switches: how often @owner got it
 * @gil_wait: mutators waiting for it
 */
struct gch_py_heap {
	struct gch_heap heap;

	u32 pool_size;
	u32 pool_mask;
	u32 small_max;
	struct list_head used[GCH_PY_CLASSES];
	struct list_head arenas;
	struct list_head *buckets;
	unsigned long *bucket_map;
	unsigned int nr_buckets;
	unsigned int nr_idle;
	u32 next_arena;
	u64 nr_pools;
	struct list_head large[GCH_PY_GENS];
	u64 nr_large;

	struct list_head gens[2];
	unsigned int count[3];
	u64 long_lived_total;
	u64 long_lived_pending;
	u64 looked_at;
	unsigned int gc_bits;
	u64 nr_full;
	u64 full_writes;

	u64 live_bytes;
	u64 step_ns;
	u64 deaths;
	u64 dead_bytes;
	u64 counted;
	bool collecting;
	struct gch_py_pool *emptied;
	u64 condemned;

	struct llist_head retired_arenas;
	struct llist_head retired_large;
	atomic_long_t retired_bytes;

	/* Protects @owner, see gil.c. */
	struct mutex gil;
	struct gch_mutator *owner;
	u64 switches;
	wait_queue_head_t gil_wait;
};

/**
 * struct gch_py_mutator - a mutator
 * @m: the core's part
 * @dying: objects that it has to let die: their count is zero, references are still to
 *	be dropped
 * @collected: its present allocation has waited for a collection
 * @large: block taken for its present allocation
 */
struct gch_py_mutator {
	struct gch_mutator m;
	struct gch_py_object *dying;
	bool collected;
	struct gch_py_large *large;
};

static inline struct gch_py_heap *gch_py_heap(struct gch_heap *heap)
{
	return container_of(heap, struct gch_py_heap, heap);
}

static inline struct gch_py_mutator *gch_py_mutator(struct gch_mutator *m)
{
	return container_of(m, struct gch_py_mutator, m);
}

/* ---- from an object to what describes it ---- */

static __always_inline bool gch_py_is_large(const struct gch_py_object *obj)
{
	return (unsigned long)obj & 8;
}

static __always_inline struct gch_py_large *
gch_py_large(struct gch_py_object *obj)
{
	return container_of(obj, struct gch_py_large, obj);
}

/* @p points anywhere into the pool. */
static __always_inline struct gch_py_pool *
gch_py_pool(const struct gch_py_heap *h, const void *p)
{
	return (void *)((unsigned long)p & ~(unsigned long)h->pool_mask);
}

/* A block of the generation @gen, 0 or 1, is to be found by its pool's map. */
static __always_inline void gch_py_map(struct gch_py_pool *pool,
				       unsigned int gen, unsigned int i)
{
	pool->map[gen] |= BIT_ULL(i / GCH_PY_GROUP);
}

/*
 * gc_refs, in two parts: the lower one in the meta word, what is above it in the
 * object, where only objects have anything that are referred to 2^26 times.
 */
static __always_inline u32 gch_py_gc_lower(const struct gch_py_heap *h,
					   u32 gc_refs)
{
	return gc_refs & (BIT(h->gc_bits) - 1);
}

static __always_inline u32 gch_py_gc_rest(const struct gch_py_heap *h,
					  u32 gc_refs)
{
	return gc_refs >> h->gc_bits;
}

static __always_inline u32 gch_py_class_size(unsigned int class)
{
	return (class + 1) * GCH_PY_ALIGN;
}

static __always_inline struct gch_py_object *
gch_py_block(struct gch_py_pool *pool, unsigned int i)
{
	return (void *)pool + pool->base + i * gch_py_class_size(pool->class);
}

/* Offsets are below 1024 units and sizes at most 32, so this is exact. */
static __always_inline unsigned int gch_py_index(const struct gch_py_pool *pool,
						 const void *block)
{
	u32 units = (block - (void *)pool - pool->base) / GCH_PY_ALIGN;

	return (units * pool->recip) >> 16;
}

static __always_inline u32 *gch_py_meta(const struct gch_py_heap *h,
					struct gch_py_object *obj)
{
	struct gch_py_pool *pool;

	if (unlikely(gch_py_is_large(obj)))
		return &gch_py_large(obj)->meta;
	pool = gch_py_pool(h, obj);
	return &pool->meta[gch_py_index(pool, obj)];
}

/* Bytes of an object, its header and its weak head included. */
static inline u32 gch_py_bytes(const struct gch_py_heap *h,
			       struct gch_py_object *obj)
{
	if (gch_py_is_large(obj))
		return gch_py_large(obj)->charge -
		       offsetof(struct gch_py_large, obj);
	return gch_py_class_size(gch_py_pool(h, obj)->class);
}

/* Bytes that it takes, in statistics. */
static inline u32 gch_py_footprint(const struct gch_py_heap *h,
				   struct gch_py_object *obj)
{
	if (gch_py_is_large(obj))
		return gch_py_large(obj)->charge;
	return gch_py_class_size(gch_py_pool(h, obj)->class);
}

/* Place of the @i-th reference, counted without gaps. */
static __always_inline struct gch_py_object **
gch_py_place(struct gch_py_object *obj, u32 i)
{
	struct gch_py_object **words = (void *)(obj + 1);

	if (unlikely(obj->info & GCH_PY_SPARSE))
		i = obj->type->refs[i];
	return &words[i];
}

static __always_inline bool gch_py_immortal(const struct gch_py_object *obj)
{
	return (s32)obj->refcnt < 0;
}

/* Increments stop when they have made an object immortal. */
static __always_inline void gch_py_raise(struct gch_py_object *obj)
{
	if (likely(!gch_py_immortal(obj)))
		obj->refcnt++;
}

/* ---- gil.c ---- */

static __always_inline bool gch_py_owns(const struct gch_py_heap *h,
					const struct gch_mutator *m)
{
	return likely(READ_ONCE(h->owner) == m);
}

/* In a section: the call has to wait for the lock. */
static inline int gch_py_want_gil(struct gch_mutator *m)
{
	m->wait = GCH_WAIT_EXCLUSIVE;
	return -EAGAIN;
}

void gch_py_gil_init(struct gch_py_heap *h);
int gch_py_gil_take(struct gch_py_heap *h, struct gch_mutator *m);
void gch_py_gil_drop(struct gch_py_heap *h, struct gch_mutator *m);
void gch_py_gil_leave(struct gch_py_heap *h, struct gch_mutator *m);
void gch_py_stop(struct gch_py_heap *h);
int gch_py_stop_others(struct gch_py_heap *h, struct gch_mutator *m);
void gch_py_resume(struct gch_py_heap *h);

/* ---- obmalloc.c ---- */

int gch_py_obmalloc_init(struct gch_py_heap *h);
void gch_py_obmalloc_exit(struct gch_py_heap *h);
void gch_py_arena_add(struct gch_py_heap *h, void *base, unsigned int order);
struct gch_py_object *gch_py_block_get(struct gch_py_heap *h,
				       unsigned int class, unsigned int gen);
void gch_py_block_put(struct gch_py_heap *h, struct gch_py_object *obj);
void gch_py_pool_shape(const struct gch_py_heap *h, unsigned int class,
		       bool first, u16 *base, u16 *nr_blocks);
void gch_py_release_idle(struct gch_py_heap *h);
void gch_py_release_emptied(struct gch_py_heap *h);
void gch_py_reap(struct gch_py_heap *h);

static inline struct gch_py_arena *gch_py_arena(const struct gch_py_heap *h,
						void *base)
{
	return base + h->pool_size - sizeof(struct gch_py_arena);
}

static inline struct gch_py_pool *gch_py_nth_pool(const struct gch_py_heap *h,
						  struct gch_py_arena *arena,
						  unsigned int i)
{
	return (void *)arena->pools + (size_t)i * h->pool_size;
}

/* Bytes that may wait to be freed outside a section. */
#define GCH_PY_RETIRED_MAX	SZ_256K

/* ---- large.c ---- */

struct gch_py_large *gch_py_large_get(struct gch_py_heap *h, size_t bytes,
				      gfp_t gfp);
void gch_py_large_free(struct gch_py_heap *h, struct gch_py_large *large);
void gch_py_large_use(struct gch_py_heap *h, struct gch_py_large *large,
		      unsigned int gen);
void gch_py_large_retire(struct gch_py_heap *h, struct gch_py_large *large);
size_t gch_py_large_charge(size_t bytes);
bool gch_py_large_sleeps(size_t bytes);

/* ---- object.c ---- */

/* What one section may spend on deaths: references, weak entries, objects. */
#define GCH_PY_CALL_BUDGET	64U
#define GCH_PY_SETTLE_BUDGET	1024U
/* And how long, about. */
#define GCH_PY_STEP_NS		(20 * NSEC_PER_USEC)

void gch_py_typed(struct gch_type *type);
void gch_py_lower(struct gch_py_heap *h, struct gch_py_object **dying,
		  struct gch_py_object *obj);
bool gch_py_bury(struct gch_py_heap *h, struct gch_py_object **dying,
		 unsigned int budget);
void gch_py_swap(struct gch_py_heap *h, struct gch_mutator *m, void **place,
		 struct gch_py_object *ref);
int gch_py_settle(struct gch_mutator *m);

/* ---- weak.c ---- */

struct gch_weak **gch_py_weak_head(struct gch_py_heap *h,
				   struct gch_py_object *obj);
bool gch_py_weak_forget(struct gch_py_heap *h, struct gch_py_object *obj,
			unsigned int *budget);

/* ---- gc.c ---- */

void gch_py_bury_all(struct gch_py_heap *h, struct gch_py_object **dying);
void gch_py_bury_mutators(struct gch_py_heap *h);
bool gch_py_written_since_full(const struct gch_py_heap *h);
int gch_py_generation_due(struct gch_py_heap *h);
int gch_py_collect(struct gch_heap *heap, unsigned int generation);

/* ---- validate.c, show.c ---- */

int gch_py_validate(struct gch_heap *heap);
void gch_py_show(struct gch_heap *heap, struct seq_file *seq,
		 enum gch_view view);

#endif /* _GCH_PY_PYTHON_H */
