/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The baseline: the kernel's allocator behind the contract of the engines
 *
 * Objects come from kmalloc(), above two pages from the page allocator, and
 * gch_free() frees them. A reference is a plain word: a mutator that follows a
 * reference to a freed object reads freed memory, as everywhere in the kernel. Only
 * weak entries are safe: gch_free() clears them.
 *
 * Cost on top of kmalloc() and kfree()
 *
 *	A hidden header of 32 bytes, and a lock and unlock of the allocating
 *	CPU's shard at birth and at death, because heap_exit() has to find
 *	objects that were not freed. That is some 5 to 10 ns for an object that
 *	dies on its CPU. The heap's limit costs an addition to per-CPU credit.
 *
 * What protects what
 *
 *	&gch_slab_shard.lock	its list and counters
 *	&gch_slab_heap.weak_lock	every weak entry, and the lists of them
 *	preemption off		the CPU's credit
 *
 *	The two locks are raw and never held together.
 */
#ifndef _GCH_SLAB_SLAB_H
#define _GCH_SLAB_SLAB_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <gcheap/engine.h>

#include "ops.h"

#define GCH_SLAB_SHARDS		64U
/* Objects are counted by the logarithm of their size; the largest has 4 MiB. */
#define GCH_SLAB_SIZES		24U
/* A CPU takes credit in batches of this size, and keeps at most two batches. */
#define GCH_SLAB_BATCH		SZ_32K
/* Larger objects come in pages. */
#define GCH_SLAB_KMALLOC_MAX	(2 * PAGE_SIZE)
/* Larger objects are not allocated, and cleared, in a section. */
#define GCH_SLAB_CLEAR_MAX	SZ_8K

/**
 * struct gch_slab_object - hidden header of an object
 * @node: in its shard's list, or in &gch_slab_mutator.dead
 * @type: its type
 * @charge: bytes of the allocation
 * @info: reference words, shard, GCH_SLAB_PAGES
 */
struct gch_slab_object {
	struct list_head node;
	struct gch_type *type;
	u32 charge;
	u32 info;
};

#define GCH_SLAB_REFS		GENMASK(19, 0)
#define GCH_SLAB_SHARD		GENMASK(25, 20)
#define GCH_SLAB_SHARD_SHIFT	20
/* It has pages of its own. */
#define GCH_SLAB_PAGES		BIT(31)

/**
 * struct gch_slab_shard - objects that were allocated on some CPUs
 * @lock: protects the other members
 * @objects: the objects, youngest first
 * @changes: births and deaths
 * @nr: objects by the logarithm of their size
 * @nr_pages: objects with pages of their own
 */
struct gch_slab_shard {
	raw_spinlock_t lock;
	struct list_head objects;
	u64 changes;
	u32 nr[GCH_SLAB_SIZES];
	u32 nr_pages;
} ____cacheline_aligned_in_smp;

/**
 * struct gch_slab_heap - a heap
 * @heap: the core's part
 * @weak_lock: protects weak entries; one per heap, because neighbours in an object's
 *	list may belong to different mutators
 * @credit: per CPU: bytes charged to the limit and not allocated
 * @shards: its objects
 */
struct gch_slab_heap {
	struct gch_heap heap;
	raw_spinlock_t weak_lock;
	s64 __percpu *credit;
	struct gch_slab_shard shards[GCH_SLAB_SHARDS];
};

/**
 * struct gch_slab_mutator - a mutator
 * @m: the core's part
 * @taken: memory that was taken outside a section for the current allocation
 * @dead: freed objects whose memory cannot be freed in a section
 */
struct gch_slab_mutator {
	struct gch_mutator m;
	struct gch_slab_object *taken;
	struct list_head dead;
};

static inline struct gch_slab_heap *gch_slab_heap(struct gch_heap *heap)
{
	return container_of(heap, struct gch_slab_heap, heap);
}

static inline struct gch_slab_mutator *gch_slab_mutator(struct gch_mutator *m)
{
	return container_of(m, struct gch_slab_mutator, m);
}

static inline struct gch_slab_shard *
gch_slab_shard(struct gch_slab_heap *h, const struct gch_slab_object *obj)
{
	return &h->shards[(obj->info & GCH_SLAB_SHARD) >> GCH_SLAB_SHARD_SHIFT];
}

/*
 * Head of the list of weak entries that name the object: the last word of its memory.
 */
static inline struct gch_weak **gch_slab_weak_head(struct gch_slab_object *obj)
{
	return (void *)obj + obj->charge - sizeof(struct gch_weak *);
}

/* memory.c */
size_t gch_slab_charge(size_t bytes);
struct gch_slab_object *gch_slab_memory_get(struct gch_slab_heap *h,
					    size_t bytes, gfp_t gfp);
void gch_slab_memory_put(struct gch_slab_heap *h, struct gch_slab_object *obj);
void gch_slab_credit_return(struct gch_slab_heap *h);

/* weak.c */
bool gch_slab_weak_forget(struct gch_slab_heap *h, struct gch_slab_object *obj);

#endif /* _GCH_SLAB_SLAB_H */
