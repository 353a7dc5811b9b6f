// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of shaded objects, one for each CPU
 *
 * The barrier puts a shaded object, marked or not, into its CPU's buffer, as in Go's
 * wbBuf: a store does not wait for a mark to be read. A full buffer is flushed: its
 * unmarked objects are marked and become work. Before the workers start, the collector
 * lists the buffers' unmarked objects as work and leaves them in place: no CPU has to
 * run for that. An unmarked object in a buffer is gray, like one in a marker's queue.
 *
 * To find the end of marking, the collector looks at the buffers and then at a count of
 * each CPU. A section raises that count before it marks an object of its buffer. So the
 * collector sees an unmarked object in its buffer, or sees the count change.
 */
#include "wbbuf.h"

#include <linux/cpumask.h>

#include "go.h"
#include "markbits.h"

/**
 * gch_go_wbbuf_flush - marks the objects that a CPU has shaded
 * @h: the heap
 * @c: the CPU's cache
 * @m: the mutator whose section it is
 *
 * Context: in a section on that CPU.
 */
void gch_go_wbbuf_flush(struct gch_go_heap *h, struct gch_go_mcache *c,
			struct gch_mutator *m)
{
	unsigned int i, nr = 0;
	bool counted = false;

	for (i = 0; i < c->nr_wbbuf; i++) {
		unsigned long ref = c->wbbuf[i];

		if (gch_go_is_marked(ref))
			continue;
		if (!counted) {
			WRITE_ONCE(c->shade_count, c->shade_count + 1);
			/* The count before the mark: gch_go_is_shaded(). */
			smp_wmb();
			counted = true;
		}
		/*
		 * In place: the collector still finds the entries that are not marked
		 * yet.
		 */
		if (gch_go_mark(ref))
			WRITE_ONCE(c->wbbuf[nr++], ref | REF_GRAY);
	}
	/*
	 * They are marked, so a rescan of all marked objects finds them. Release orders
	 * the marks before the flag, which gch_go_mark_drain() takes by a fully ordered
	 * operation.
	 */
	if (nr && !gch_go_work_add(h, c->wbbuf, nr))
		atomic_set_release(&h->mark.overflow, 1);
	WRITE_ONCE(c->nr_wbbuf, 0);
	if (gch_go_bufs_low(c))
		m->pending = true;
}

/**
 * gch_go_wbbuf_visit - visits the unmarked objects that CPUs have shaded
 * @h: the heap
 * @fn: called with a reference to each
 * @arg: first argument of @fn
 *
 * The entries stay in place. A CPU may mark or replace them meanwhile, which is
 * harmless: every entry that is read was shaded in this cycle.
 *
 * Context: under &gch_heap.cycle_lock, between SYNC and FLUSH.
 */
void gch_go_wbbuf_visit(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg)
{
	const struct gch_go_mcache *c;
	unsigned long ref;
	unsigned int cpu;
	u32 i, nr;

	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(h->mcache, cpu);
		nr = gch_load_acquire(&c->nr_wbbuf);
		for (i = 0; i < nr; i++) {
			ref = READ_ONCE(c->wbbuf[i]) & ~(unsigned long)REF_GRAY;
			if (!gch_go_is_marked(ref))
				fn(arg, ref);
		}
	}
}

/**
 * gch_go_wbbuf_drop - empties the buffers of all CPUs
 * @h: the heap; every reachable object is marked, and no section shades any more
 *
 * Context: process context.
 */
void gch_go_wbbuf_drop(struct gch_go_heap *h)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(h->mcache, cpu)->nr_wbbuf, 0);
}

/**
 * gch_go_shade_count - sums how often sections have marked shaded objects or taken work
 * @h: the heap
 *
 * Context: any; after a handshake the sum includes every earlier section.
 * Return: the sum.
 */
u64 gch_go_shade_count(struct gch_go_heap *h)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(h->mcache, cpu)->shade_count);
	return sum;
}

static bool has_gray(const struct gch_go_mcache *c)
{
	u32 i, nr = gch_load_acquire(&c->nr_wbbuf);

	for (i = 0; i < nr; i++)
		if (!gch_go_is_marked(READ_ONCE(c->wbbuf[i])))
			return true;
	return false;
}

/**
 * gch_go_is_shaded - has any CPU shaded an object that is not marked?
 * @h: the heap
 *
 * A section may mark the object concurrently: the caller reads gch_go_shade_count()
 * afterwards.
 *
 * Context: under &gch_heap.cycle_lock, between SYNC and FLUSH.
 * Return: true if one has.
 */
bool gch_go_is_shaded(struct gch_go_heap *h)
{
	bool gray = false;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		gray = gray || has_gray(per_cpu_ptr(h->mcache, cpu));
	/* Pairs with smp_wmb() in gch_go_wbbuf_flush(). */
	smp_rmb();
	return gray;
}
