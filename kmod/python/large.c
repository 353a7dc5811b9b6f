// SPDX-License-Identifier: GPL-2.0
/*
 * Objects larger than the largest size class: from kmalloc() up to two pages, in
 * pages of their own above
 *
 * Both are charged to the heap's limit: pages by gch_pages_get(), slab memory here,
 * with the size of the slab object. The hidden header records the charge, which is
 * taken off when the object is freed, so the two always balance.
 */
#include "large.h"

#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "core/delay.h"
#include "layout.h"
#include "python.h"

#define KMALLOC_LIMIT	(2 * PAGE_SIZE)
/* Larger objects are not allocated, and cleared, in a section. */
#define CLEAR_MAX	SZ_8K

static_assert(offsetof(struct gch_py_large, obj) % GCH_PY_ALIGN == 8);

static struct gch_py_large *get_slab(struct gch_py_heap *h, size_t bytes,
				     gfp_t gfp)
{
	struct gch_py_large *large;
	struct mem_cgroup *old;

	bytes = kmalloc_size_roundup(bytes);
	if (!gch_reserve(&h->heap, bytes))
		return NULL;
	old = gch_memcg_enter(&h->heap);
	/* The allocation fails rather than invoke the OOM killer. */
	large = kzalloc(bytes, gfp | __GFP_ACCOUNT | __GFP_NOWARN |
			__GFP_RETRY_MAYFAIL);
	gch_memcg_leave(old);
	if (!large) {
		gch_uncharge(&h->heap, bytes);
		return NULL;
	}
	gch_taken(&h->heap);
	large->charge = bytes;
	large->order = GCH_PY_KMALLOC;
	return large;
}

static struct gch_py_large *get_pages(struct gch_py_heap *h, size_t bytes,
				      gfp_t gfp)
{
	unsigned int order = get_order(bytes);
	struct gch_py_large *large;

	large = gch_pages_get(&h->heap, order, gfp | __GFP_ZERO);
	if (!large)
		return NULL;
	large->charge = PAGE_SIZE << order;
	large->order = order;
	return large;
}

/**
 * gch_py_large_charge - charge of a large object to the heap's limit
 * @bytes: size of the object, its header and weak head included
 *
 * Context: any.
 * Return: the charge in bytes.
 */
size_t gch_py_large_charge(size_t bytes)
{
	bytes += offsetof(struct gch_py_large, obj);
	return bytes > KMALLOC_LIMIT ? PAGE_SIZE << get_order(bytes) :
				       kmalloc_size_roundup(bytes);
}

/**
 * gch_py_large_sleeps - must a large object be allocated outside a section?
 * @bytes: size of the object, its header and weak head included
 *
 * Clearing much memory takes too long for a section, and a kernel with PREEMPT_RT
 * does not allocate in one.
 *
 * Context: any.
 * Return: true if it must.
 */
bool gch_py_large_sleeps(size_t bytes)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) ||
	       bytes + offsetof(struct gch_py_large, obj) > CLEAR_MAX;
}

/**
 * gch_py_large_get - takes memory for a large object
 * @h: the heap
 * @bytes: size of the object, its header and weak head included
 * @gfp: GFP_KERNEL; GFP_NOWAIT in a section, if gch_py_large_sleeps() allows it
 *
 * Context: may sleep if @gfp allows it. The caller need not own the heap.
 * Return: zeroed memory with its hidden header set, or NULL without memory or at the
 * heap's limit.
 */
struct gch_py_large *gch_py_large_get(struct gch_py_heap *h, size_t bytes,
				      gfp_t gfp)
{
	bytes += offsetof(struct gch_py_large, obj);
	return bytes > KMALLOC_LIMIT ? get_pages(h, bytes, gfp) :
				       get_slab(h, bytes, gfp);
}

/**
 * gch_py_large_free - frees memory of a large object
 * @h: the heap
 * @large: the memory; it no longer holds an object
 *
 * Context: process context outside sections. The caller need not own the heap.
 */
void gch_py_large_free(struct gch_py_heap *h, struct gch_py_large *large)
{
	size_t bytes = large->charge;

	if (gch_val(&h->heap, GCH_KEY_POISON))
		memset(&large->obj, POISON_FREE,
		       bytes - offsetof(struct gch_py_large, obj));
	if (large->order != GCH_PY_KMALLOC) {
		gch_pages_put(&h->heap, large, large->order);
		return;
	}
	kfree(large);
	gch_uncharge(&h->heap, bytes);
}

/**
 * gch_py_large_use - adds a large object to the heap
 * @h: the heap
 * @large: its memory
 * @gen: 0, or GCH_PY_UNTRACKED
 *
 * Context: the caller owns the heap.
 */
void gch_py_large_use(struct gch_py_heap *h, struct gch_py_large *large,
		      unsigned int gen)
{
	large->meta = gch_py_with_gen(GCH_PY_META_USED, gen);
	list_add_tail(&large->node, &h->large[gen]);
	WRITE_ONCE(h->nr_large, h->nr_large + 1);
	gch_max(&h->heap.peak_live, h->live_bytes + large->charge);
}

/**
 * gch_py_large_retire - queues a dead large object for gch_py_reap()
 * @h: the heap
 * @large: its memory
 *
 * Context: the caller owns the heap.
 */
void gch_py_large_retire(struct gch_py_heap *h, struct gch_py_large *large)
{
	list_del(&large->node);
	WRITE_ONCE(h->nr_large, h->nr_large - 1);
	large->meta = 0;
	/* gch_py_reap() may free it as soon as it is in the list. */
	atomic_long_add(large->charge, &h->retired_bytes);
	llist_add(&large->retired, &h->retired_large);
	gch_delay();
}
