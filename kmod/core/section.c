// SPDX-License-Identifier: GPL-2.0
/*
 * Sections and the handshake with all of them
 *
 * A section is marked by a sequence of its CPU, odd inside, written with plain
 * stores. What a section needs in order to see everything published before a
 * handshake is a full barrier between its first store and its first load; the
 * handshake pays for it with an interrupt. After it a CPU is either outside, or
 * entered later and has seen what was published, or its sequence is odd and is
 * waited for.
 *
 * A handshake concerns the CPUs in gch_heap.cpus, those on which mutators of the heap
 * have been. A mutator adds its CPU before its first section there, and orders that
 * addition before the loads of the section by a barrier of its own. Thus a handshake
 * that does not find the CPU in the mask is seen by the section.
 *
 * A collection renews the mask, under gch_heap.cycle_lock and gch_heap.lock: every
 * mutator is made to add its CPU again. A mutator that has found its CPU added may just
 * then be about to enter its section, so the CPUs of before stay, in
 * gch_heap.cpus_before, until a grace period of RCU has passed: what looks at the CPU and
 * the section itself are one RCU reader. Until then there is no other renewal.
 *
 * The hotplug lock keeps the set of CPUs: one that comes up later orders itself,
 * one that is down is in no section.
 */
#include <gcheap/engine.h>

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>

#include "mutator.h"

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

/* How many of the CPUs of a mask are interrupted; preemption is off. */
static unsigned int count_others(const struct cpumask *mask)
{
	unsigned int cpu, n = 0;

	for_each_cpu_and(cpu, mask, cpu_online_mask)
		n += cpu != smp_processor_id();
	return n;
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
	atomic64_add(count_others(mask), &heap->interrupts);
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
 * gch_handshake - sees every CPU of a heap once outside a section
 * @heap: the heap; it has one handshake of this kind at a time
 *
 * What the caller wrote before is seen by every section of the heap that is entered
 * after; every section entered before has ended, and what it wrote is seen by the
 * caller.
 *
 * Context: process context, outside sections, may sleep; takes the CPU hotplug
 * lock.
 */
void gch_handshake(struct gch_heap *heap)
{
	/* What was published, before the mask is read: gch_cpus_add(). */
	smp_mb();
	cpumask_or(heap->cpus_hand, heap->cpus, heap->cpus_before);
	handshake(heap, heap->cpus_hand);
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

/**
 * gch_cpus_add - a mutator comes to a CPU
 * @m: the mutator
 * @cpu: the CPU
 * @mark: 0 or %GCH_CPU_CHECKED
 *
 * Context: preemption is off, before the section.
 */
void gch_cpus_add(struct gch_mutator *m, unsigned int cpu, unsigned int mark)
{
	struct gch_heap *heap = m->heap;

	WRITE_ONCE(m->cpu, cpu | mark);
	/* Either the renewal reads this CPU, or the mask is read as it left it. */
	smp_mb();
	if (!cpumask_test_cpu(cpu, heap->cpus))
		cpumask_set_cpu(cpu, heap->cpus);
	/* Either a handshake finds the CPU, or the section what it published. */
	smp_mb();
}

static void renew(struct gch_heap *heap)
{
	struct gch_mutator *m;
	unsigned int cpu;

	list_for_each_entry(m, &heap->mutators, node)
		WRITE_ONCE(m->cpu, UINT_MAX);
	/* One by one: a CPU that is added meanwhile stays, or is kept in the other. */
	for_each_possible_cpu(cpu)
		if (cpumask_test_and_clear_cpu(cpu, heap->cpus))
			cpumask_set_cpu(cpu, heap->cpus_before);
	/* Pairs with the first barrier in gch_cpus_add(). */
	smp_mb();
	list_for_each_entry(m, &heap->mutators, node) {
		cpu = gch_mutator_cpu(m);
		if (cpu != UINT_MAX)
			cpumask_set_cpu(cpu, heap->cpus);
	}
}

/**
 * gch_cpus_renew - begins to forget the CPUs that mutators are not on any more
 * @heap: the heap
 *
 * They are forgotten by a later call, after a grace period.
 *
 * Context: process context; under &gch_heap.cycle_lock and &gch_heap.lock.
 */
void gch_cpus_renew(struct gch_heap *heap)
{
	lockdep_assert_held(&heap->cycle_lock);
	lockdep_assert_held(&heap->lock);
	if (!cpumask_empty(heap->cpus_before)) {
		if (!poll_state_synchronize_rcu(heap->cpus_cookie))
			return;
		cpumask_clear(heap->cpus_before);
	}
	renew(heap);
	heap->cpus_cookie = start_poll_synchronize_rcu();
}
