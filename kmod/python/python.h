/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Python engine: reference-counted objects in pools, and a generational cycle
 * collector, modelled on CPython's default build (Objects/obmalloc.c,
 * Include/refcount.h, Python/gc.c)
 *
 * Memory
 *
 *	arena	a naturally aligned block of pages, cut into pools
 *	pool	blocks of one size class, found from a block by masking
 *
 *	pool:	| header | meta word per block | blocks ...               |
 *
 *	The first pool of an arena is shorter: the arena's header is at its end.
 *	An object larger than the largest class has a hidden header instead of
 *	a pool, and an address that is 8 modulo 16; blocks are 16-aligned.
 *
 *	block:	| count, info | type | payload ...           | weak head |
 *
 * The collector's data of an object are in its meta word, not in the object: a pass
 * over the heap reads them densely and in address order.
 *
 * What protects what
 *
 *	A task owns the heap if its mutator owns the interpreter lock and it is
 *	in a section, or if it has stopped the heap with gch_py_stop(). Only
 *	the heap's owner uses the fields below in &struct gch_py_heap, and
 *	objects. gil.c describes the lock itself. The lists of retired memory
 *	are lock-free, because they are emptied outside sections.
 */
#ifndef _GCH_PY_PYTHON_H
#define _GCH_PY_PYTHON_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <gcheap/engine.h>

#include "large.h"
#include "object.h"
#include "ops.h"
#include "pool.h"

/**
 * struct gch_py_heap - a heap
 * @heap: the core's part
 * @pool_size: bytes of a pool
 * @pool_mask: @pool_size - 1
 * @small_max: largest block
 * @used: pools with free blocks, per class
 * @arenas: all arenas
 * @buckets: arenas with free pools, indexed by the number of those
 * @bucket_map: bit per bucket that is not empty
 * @nr_buckets: number of buckets, including that for no free pools
 * @nr_idle: arenas without a pool in use
 * @next_arena: id of the next one
 * @nr_pools: pools in use
 * @large: large objects per generation
 * @nr_large: their number
 * @gens: pools by the generation, 0 or 1, of their youngest objects
 * @count: CPython's counts of the three generations
 * @long_lived_total: survivors of the last full collection
 * @long_lived_pending: objects that reached generation 2 since
 * @looked_at: blocks and large objects visited by the passes of the last collection
 * @gc_bits: bits of gc_refs in a meta word: GCH_PY_GC_BITS, or fewer in a test
 * @nr_full: full collections begun; under &gch_heap.cycle_lock
 * @full_writes: increments and decrements of counts, as in the statistics, when the
 *	last full collection ended; under &gch_heap.cycle_lock
 * @live_bytes: bytes of live objects
 * @step_ns: approximate time limit for deaths in one section; less in a test
 * @deaths: deaths not yet added to the statistics
 * @dead_bytes: their bytes
 * @counted: decrements by deaths, not yet added to the statistics
 * @collecting: a collection frees garbage: deaths are charged to it, and empty pools
 *	keep their class
 * @emptied: pools that this collection emptied
 * @condemned: unreachable objects that the collection has not freed yet
 * @retired_arenas: arenas that gch_py_reap() frees
 * @retired_large: large objects that gch_py_reap() frees
 * @retired_bytes: bytes of both
 * @gil: protects @owner, except that the owner may clear it itself; held by a task
 *	that has stopped the heap
 * @owner: the mutator that may use the heap
 * @switches: how often the lock was granted
 * @gil_wait: mutators that wait for the lock
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
 * @dying: stack of dying objects: their count is zero, but their references are not
 *	dropped yet
 * @collected: the current allocation has already waited for a collection
 * @large: memory of a large object, taken for the current allocation
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

#endif /* _GCH_PY_PYTHON_H */
