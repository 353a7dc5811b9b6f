// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of the baseline's objects, charged to the heap's limit
 *
 * gch_pages_get() charges pages. Slab memory is charged here, with the size of the
 * slab object, through per-CPU credit: a counter shared by all CPUs would cost more
 * than the allocation. Credit counts as held, so the limit is never exceeded.
 */
#include "slab.h"

#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"

static bool hold(struct gch_slab_heap *h, size_t bytes)
{
	u64 held;

	if (!gch_charge(&h->heap, bytes))
		return false;
	held = gch_held_by_engine(&h->heap);
	/*
	 * An estimate: it includes unused credit, and other CPUs may charge in
	 * between.
	 */
	gch_max(&h->heap.peak_live, held - min_t(u64, held, bytes));
	return true;
}

static bool charge(struct gch_slab_heap *h, size_t bytes)
{
	bool ok = true;
	s64 *credit;

	preempt_disable();
	credit = this_cpu_ptr(h->credit);
	if (unlikely(*credit < (s64)bytes)) {
		if (hold(h, GCH_SLAB_BATCH))
			*credit += GCH_SLAB_BATCH;
		else if (hold(h, bytes - *credit))
			*credit = bytes;
		else
			ok = false;
	}
	if (ok)
		*credit -= bytes;
	preempt_enable();
	return ok;
}

static void uncharge(struct gch_slab_heap *h, size_t bytes)
{
	s64 *credit;

	preempt_disable();
	credit = this_cpu_ptr(h->credit);
	*credit += bytes;
	if (unlikely(*credit > 2 * GCH_SLAB_BATCH)) {
		*credit -= GCH_SLAB_BATCH;
		gch_uncharge(&h->heap, GCH_SLAB_BATCH);
	}
	preempt_enable();
}

/**
 * gch_slab_credit_return - takes back the credit of all CPUs
 * @h: the heap, without mutators
 *
 * Context: process context.
 */
void gch_slab_credit_return(struct gch_slab_heap *h)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		s64 *credit = per_cpu_ptr(h->credit, cpu);

		gch_uncharge(&h->heap, *credit);
		*credit = 0;
	}
}

static struct gch_slab_object *get_slab(struct gch_slab_heap *h, size_t bytes,
					gfp_t gfp)
{
	struct gch_slab_object *obj;
	struct mem_cgroup *old;

	bytes = kmalloc_size_roundup(bytes);
	if (!charge(h, bytes))
		return NULL;
	old = gch_memcg_enter(&h->heap);
	/* The allocation fails rather than invoke the OOM killer. */
	obj = kzalloc(bytes, gfp | __GFP_ACCOUNT | __GFP_NOWARN |
		      __GFP_RETRY_MAYFAIL);
	gch_memcg_leave(old);
	if (!obj) {
		uncharge(h, bytes);
		return NULL;
	}
	obj->charge = bytes;
	return obj;
}

static struct gch_slab_object *get_pages(struct gch_slab_heap *h, size_t bytes,
					 gfp_t gfp)
{
	unsigned int order = get_order(bytes);
	struct gch_slab_object *obj;

	obj = gch_pages_get(&h->heap, order, gfp | __GFP_ZERO);
	if (!obj)
		return NULL;
	obj->charge = PAGE_SIZE << order;
	obj->info = GCH_SLAB_PAGES;
	return obj;
}

/**
 * gch_slab_charge - charge of an object to the heap's limit
 * @bytes: size of the object, its hidden header and weak head included
 *
 * Context: any.
 * Return: the charge in bytes.
 */
size_t gch_slab_charge(size_t bytes)
{
	return bytes > GCH_SLAB_KMALLOC_MAX ? PAGE_SIZE << get_order(bytes) :
					      kmalloc_size_roundup(bytes);
}

/**
 * gch_slab_memory_get - takes memory for an object
 * @h: the heap
 * @bytes: size of the object, its hidden header and weak head included
 * @gfp: GFP_KERNEL; GFP_NOWAIT in a section
 *
 * Context: may sleep if @gfp allows it.
 * Return: zeroed memory with the charge in its header, or NULL without memory or at
 * the heap's limit.
 */
struct gch_slab_object *gch_slab_memory_get(struct gch_slab_heap *h,
					    size_t bytes, gfp_t gfp)
{
	return bytes > GCH_SLAB_KMALLOC_MAX ? get_pages(h, bytes, gfp) :
					      get_slab(h, bytes, gfp);
}

/**
 * gch_slab_memory_put - frees memory of an object
 * @h: the heap
 * @obj: the memory; it is in no list
 *
 * Context: outside sections; also in one, for slab memory on a kernel without
 * PREEMPT_RT.
 */
void gch_slab_memory_put(struct gch_slab_heap *h, struct gch_slab_object *obj)
{
	size_t bytes = obj->charge;

	if (gch_val(&h->heap, GCH_KEY_POISON))
		memset(obj + 1, POISON_FREE, bytes - sizeof(*obj));
	if (obj->info & GCH_SLAB_PAGES) {
		gch_pages_put(&h->heap, obj, get_order(bytes));
		return;
	}
	kfree(obj);
	uncharge(h, bytes);
}
