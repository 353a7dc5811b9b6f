// SPDX-License-Identifier: GPL-2.0
/*
 * The objects of allocation benchmarks
 *
 * On a heap they have one type: either every word is a reference, or none is. A heap
 * zeroes its memory always; the kernel's counterpart is zeroed only if the object has
 * references.
 */
#include "bench.h"

#include <linux/slab.h>

/**
 * gch_bench_object_init - registers the type, or makes the cache
 * @b: the run
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative error.
 */
int gch_bench_object_init(struct gch_bench *b)
{
	u32 size = b->arg[GCH_BENCH_P_SIZE];
	bool scan = b->arg[GCH_BENCH_P_SCAN];
	struct gch_type_desc desc = {
		.name = "object",
		.bytes = size,
		.nr_refs = scan ? size / sizeof(void *) : 0,
		.flags = scan ? 0 : GCH_TYPE_UNTRACKED,
	};

	if (b->arg[GCH_BENCH_P_ON] == GCH_BENCH_CACHE) {
		b->cache = kmem_cache_create("gcheap_bench", size, 0, 0, NULL);
		return b->cache ? 0 : -ENOMEM;
	}
	if (!b->heap)
		return 0;
	/* Above the maximum of a fixed type, the allocation gives the sizes. */
	if (size > GCH_FIXED_MAX) {
		desc.bytes = 0;
		desc.nr_refs = 0;
		desc.flags |= GCH_TYPE_VAR;
	}
	b->type = gch_type_register(b->heap, &desc, NULL);
	return PTR_ERR_OR_ZERO(b->type);
}

/**
 * gch_bench_object_exit - undoes gch_bench_object_init()
 * @b: the run
 *
 * Context: process context, may sleep.
 */
void gch_bench_object_exit(struct gch_bench *b)
{
	kmem_cache_destroy(b->cache);
	b->cache = NULL;
}

static int fill_large(struct gch_bench_thread *t, u32 nr, u32 mask)
{
	struct gch_type *type = t->bench->type;
	u32 size = gch_bench_arg(t, GCH_BENCH_P_SIZE);
	u32 refs = gch_bench_arg(t, GCH_BENCH_P_SCAN) ? size / sizeof(void *) : 0;
	u32 bytes = size - refs * sizeof(void *), i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = gch_alloc_var(t->m, i & mask, type, refs, bytes);
	return err;
}

/**
 * gch_bench_fill - allocates objects into slots, round robin
 * @t: the thread
 * @nr: number of objects
 * @mask: number of slots minus one, a mask
 *
 * Context: the thread, may sleep.
 * Return: 0 or a negative error.
 */
int gch_bench_fill(struct gch_bench_thread *t, u32 nr, u32 mask)
{
	struct gch_type *type = t->bench->type;
	struct gch_mutator *m = t->m;
	int err = 0;
	u32 i;

	if (gch_bench_arg(t, GCH_BENCH_P_SIZE) > GCH_FIXED_MAX)
		return fill_large(t, nr, mask);
	for (i = 0; i < nr && !err; i++)
		err = gch_alloc(m, i & mask, type);
	return err;
}

/**
 * gch_bench_drop - drops an object; frees it where that is explicit
 * @t: the thread
 * @slot: its slot
 *
 * Context: the thread, may sleep.
 * Return: 0 or a negative error.
 */
int gch_bench_drop(struct gch_bench_thread *t, unsigned int slot)
{
	if (gch_bench_frees(t))
		return gch_free(t->m, slot);
	return gch_clear(t->m, slot);
}
