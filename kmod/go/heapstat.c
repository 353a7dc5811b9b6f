// SPDX-License-Identifier: GPL-2.0
/* What the CPUs of a heap have counted, as a sum. */
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
 * gch_go_freed - objects found dead so far
 * @h: the heap
 * @class: their span class
 *
 * Context: any.
 * Return: their number; read before gch_go_allocs() never more than that.
 */
u64 gch_go_freed(struct gch_go_heap *h, unsigned int class)
{
	return sum(&h->mcache->freed[class]);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_freed);

/**
 * gch_go_allocs - objects allocated so far
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
 * gch_go_alloc_bytes - bytes allocated so far, large objects included
 * @h: the heap
 *
 * Context: any.
 * Return: their number.
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
 * gch_go_black - bytes allocated black by all CPUs so far
 * @h: the heap
 *
 * Context: any.
 * Return: the sum.
 */
u64 gch_go_black(struct gch_go_heap *h)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(h->mcache, cpu)->black);
	return sum;
}
