// SPDX-License-Identifier: GPL-2.0
/* Sums of the counters of all CPUs. */
#include "heapstat.h"

#include <linux/cpumask.h>

#include "go.h"
#include "sizeclass.h"

#include "compat.h"

static u64 sum(const u64 __percpu *count)
{
	unsigned int cpu;
	u64 n = 0;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(*per_cpu_ptr(count, cpu));
	return n;
}

/**
 * gch_go_freed - counts the objects found dead so far
 * @h: the heap
 * @class: their span class
 *
 * Context: any.
 * Return: their number; never above gch_go_allocs() if read before it, with smp_rmb()
 * between.
 */
u64 gch_go_freed(struct gch_go_heap *h, unsigned int class)
{
	return sum(&h->mcache->freed[class]);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_freed);

/**
 * gch_go_allocs - counts the objects allocated so far
 * @h: the heap
 * @class: their span class
 *
 * Context: any.
 * Return: their number.
 */
u64 gch_go_allocs(struct gch_go_heap *h, unsigned int class)
{
	return sum(&h->mcache->allocs[class]);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_allocs);

/**
 * gch_go_alloc_bytes - counts the bytes allocated so far, large objects included
 * @h: the heap
 *
 * Context: any.
 * Return: bytes.
 */
u64 gch_go_alloc_bytes(struct gch_go_heap *h)
{
	u64 bytes = sum(&h->base.cpu->alloc_bytes);
	unsigned int i;

	for (i = 2; i < GCH_GO_SPAN_CLASSES; i++)
		bytes += gch_go_allocs(h, i) * gch_go_class_size[i >> 1];
	return bytes;
}

/**
 * gch_go_black - counts the bytes that all CPUs have allocated black so far
 * @h: the heap
 *
 * Context: any.
 * Return: bytes.
 */
u64 gch_go_black(struct gch_go_heap *h)
{
	return sum(&h->mcache->black);
}
