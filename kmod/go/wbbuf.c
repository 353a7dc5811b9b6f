// SPDX-License-Identifier: GPL-2.0
/*
 * The buffers of shaded objects, one a CPU
 *
 * A shaded object goes to a buffer of its CPU, as Go's wbBuf, marked or not: a store
 * does not wait for its mark. When the buffer is full, what is in it is marked, and
 * becomes work if it was not. Before the workers begin, the collector makes work of what
 * is in the buffers of all CPUs, where it is: no CPU has to come for that. An unmarked
 * object in a buffer is gray like one in the marker's hands. The end of marking is found
 * by looking at the buffers, and then at what each CPU counts, which is raised before a
 * section marks any of its own: an unmarked object is seen in its buffer, or in the
 * count.
 */
#include "wbbuf.h"

#include <linux/cpumask.h>

#include "go.h"
#include "markbits.h"

/**
 * gch_go_shaded_flush - marks what a CPU has shaded
 * @h: the heap
 * @c: the CPU's cache
 * @m: whose section it is
 *
 * Context: in a section on that CPU.
 */
void gch_go_shaded_flush(struct gch_go_heap *h, struct gch_go_mcache *c,
			 struct gch_mutator *m)
{
	unsigned int i, nr = 0;
	bool counted = false;

	for (i = 0; i < c->nr_shaded; i++) {
		unsigned long ref = c->shaded[i];

		if (gch_go_is_marked(ref))
			continue;
		if (!counted) {
			WRITE_ONCE(c->shades, c->shades + 1);
			/* The count before the mark: gch_go_is_shaded(). */
			smp_wmb();
			counted = true;
		}
		/* Who looks at the entries finds those not yet marked in place. */
		if (gch_go_mark(ref))
			WRITE_ONCE(c->shaded[nr++], ref | REF_GRAY);
	}
	/*
	 * They are marked: scanning all that is finds them again. Their marks before
	 * the flag, which gch_go_mark_drain() takes by an operation with full order.
	 */
	if (nr && !gch_go_work_add(h, c->shaded, nr))
		atomic_set_release(&h->mark.overflow, 1);
	WRITE_ONCE(c->nr_shaded, 0);
	if (gch_go_bufs_low(c))
		m->pending = true;
}

/**
 * gch_go_shaded_visit - visits what CPUs have shaded and is not marked
 * @h: the heap
 * @fn: called with a reference to each
 * @arg: its first argument
 *
 * The entries stay where they are. A CPU that marks them right then, or shades more
 * instead, does no harm: whatever is read has been shaded in this cycle.
 *
 * Context: under &gch_heap.cycle_lock, between SYNC and FLUSH.
 */
void gch_go_shaded_visit(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg)
{
	const struct gch_go_mcache *c;
	unsigned long ref;
	unsigned int cpu;
	u32 i, nr;

	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(h->mcache, cpu);
		nr = gch_load_acquire(&c->nr_shaded);
		for (i = 0; i < nr; i++) {
			ref = READ_ONCE(c->shaded[i]) & ~(unsigned long)REF_GRAY;
			if (!gch_go_is_marked(ref))
				fn(arg, ref);
		}
	}
}

/**
 * gch_go_shaded_drop - forgets what all CPUs have shaded
 * @h: the heap; all that can be reached is marked, and no section shades any more
 *
 * Context: process context.
 */
void gch_go_shaded_drop(struct gch_go_heap *h)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(h->mcache, cpu)->nr_shaded, 0);
}

/**
 * gch_go_shades - how often sections on all CPUs have marked, or taken work, so far
 * @h: the heap
 *
 * Context: after a handshake it includes every section before.
 * Return: the sum.
 */
u64 gch_go_shades(struct gch_go_heap *h)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(h->mcache, cpu)->shades);
	return sum;
}

static bool has_gray(const struct gch_go_mcache *c)
{
	u32 i, nr = gch_load_acquire(&c->nr_shaded);

	for (i = 0; i < nr; i++)
		if (!gch_go_is_marked(READ_ONCE(c->shaded[i])))
			return true;
	return false;
}

/**
 * gch_go_is_shaded - has any CPU shaded an object that is not marked?
 * @h: the heap
 *
 * Its section may mark it right now: the caller reads gch_go_shades() afterwards.
 *
 * Context: under &gch_heap.cycle_lock, between SYNC and FLUSH.
 * Return: whether one has.
 */
bool gch_go_is_shaded(struct gch_go_heap *h)
{
	bool gray = false;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		gray = gray || has_gray(per_cpu_ptr(h->mcache, cpu));
	/* Pairs with the one in gch_go_shaded_flush(). */
	smp_rmb();
	return gray;
}
