// SPDX-License-Identifier: GPL-2.0
/*
 * Sections and the handshake with all of them
 *
 * A section is marked by a sequence of its CPU, odd inside, written with plain
 * stores. What a section needs in order to see everything published before a
 * handshake is a full barrier between its first store and its first load; the
 * handshake pays for it with an interrupt to all CPUs. After it a CPU is either
 * outside, or entered later and has seen what was published, or its sequence is
 * odd and is waited for.
 *
 * The hotplug lock keeps the set of CPUs: one that comes up later orders itself,
 * one that is down is in no section.
 */
#include <gcheap/engine.h>

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/smp.h>

DEFINE_PER_CPU_ALIGNED(unsigned int, gch_section_seq);
EXPORT_PER_CPU_SYMBOL_GPL(gch_section_seq);

/* Loops before a wait sleeps: a CPU without a processor of its own needs one. */
#define SPIN_MAX	4096

static void full_barrier(void *unused)
{
	/* Orders the sequence's store before the section's loads. */
	smp_mb();
}

static void wait_outside(unsigned int cpu)
{
	unsigned int *seq = per_cpu_ptr(&gch_section_seq, cpu);
	unsigned int seen = READ_ONCE(*seq), spins = 0;

	if (!(seen & 1))
		return;
	/* Pairs with the release in gch_section_leave(). */
	while (gch_load_acquire(seq) == seen) {
		if (++spins < SPIN_MAX)
			cpu_relax();
		else
			usleep_range(10, 50);
	}
}

static void handshake(struct gch_heap *heap, const struct cpumask *mask)
{
	u64 start = ktime_get_ns();
	unsigned int cpu;

	cpus_read_lock();
	preempt_disable();
	/* What was published, before the sequences are read; and for this CPU. */
	smp_mb();
	smp_call_function_many(mask, full_barrier, NULL, true);
	preempt_enable();
	for_each_cpu_and(cpu, mask, cpu_online_mask)
		wait_outside(cpu);
	cpus_read_unlock();

	/* Also orders what follows after the sequences read even. */
	smp_mb();
	atomic64_inc(&heap->handshakes);
	gch_hist_add(&heap->handshake, ktime_get_ns() - start);
}

/**
 * gch_handshake - sees every CPU once outside a section
 * @heap: whose statistics count it
 *
 * What the caller wrote before is seen by every section that is entered after;
 * every section entered before has ended, and what it wrote is seen by the
 * caller.
 *
 * Context: process context, outside sections, may sleep; takes the CPU hotplug
 * lock.
 */
void gch_handshake(struct gch_heap *heap)
{
	handshake(heap, cpu_online_mask);
}
EXPORT_SYMBOL_GPL(gch_handshake);

/**
 * gch_handshake_cpu - sees one CPU outside a section
 * @heap: whose statistics count it
 * @cpu: the CPU; it may be offline
 *
 * As gch_handshake(), for sections on @cpu alone. Several tasks may do so at once.
 *
 * Context: as gch_handshake().
 */
void gch_handshake_cpu(struct gch_heap *heap, unsigned int cpu)
{
	handshake(heap, cpumask_of(cpu));
}
