// SPDX-License-Identifier: GPL-2.0
/*
 * Sections and handshakes
 *
 * Each CPU marks a section by a sequence number, odd inside, written with plain
 * stores. To see everything published before a handshake, a section needs a full
 * barrier between its first store and its first load. The handshake supplies it by an
 * interrupt. After the interrupt, a CPU is outside sections; or it entered later and
 * sees what was published; or its number is odd and the handshake waits for it.
 *
 * A handshake covers the CPUs in gch_heap.cpus, which mutators of the heap have used.
 * Before its first section on a CPU, a mutator adds the CPU and executes a full
 * barrier before the loads of the section. So if a handshake does not find the CPU in
 * the mask, the section sees what the handshake published.
 *
 * A collection renews the mask, under gch_heap.cycle_lock and gch_heap.lock: every
 * mutator must add its CPU again. A mutator that has just found its CPU present may
 * be about to enter its section, so the old CPUs stay in gch_heap.cpus_before for an
 * RCU grace period: the test of the CPU and the section form one RCU reader. There is
 * no other renewal until then.
 *
 * The hotplug lock keeps the set of CPUs stable: a CPU that comes up later orders
 * itself, and one that is down is in no section.
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

/* Sleep after this many spins: the vCPU may be descheduled. */
#define SPIN_MAX	4096

static void full_barrier(void *unused)
{
	/* Orders the store of the sequence number before the section's loads. */
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

/* Counts the CPUs of a mask that are interrupted; preemption is off. */
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
	/* Orders published data before loads of the numbers; also for this CPU. */
	smp_mb();
	smp_call_function_many(mask, full_barrier, NULL, true);
	atomic64_add(count_others(mask), &heap->interrupts);
	preempt_enable();
	for_each_cpu_and(cpu, mask, cpu_online_mask)
		wait_outside(cpu);
	cpus_read_unlock();
	/* Orders the loads of even numbers before the caller's later accesses. */
	smp_mb();
	atomic64_inc(&heap->handshakes);
	gch_hist_add(&heap->handshake, ktime_get_ns() - start);
}

/**
 * gch_handshake - waits until every CPU of a heap has been outside a section
 * @heap: the heap; it has one handshake of this kind at a time
 *
 * Every section of the heap that is entered later sees the caller's earlier writes.
 * Every section entered earlier has ended, and the caller sees its writes.
 *
 * Context: process context, outside sections, may sleep; takes the CPU hotplug lock.
 */
void gch_handshake(struct gch_heap *heap)
{
	/* Orders published data before the loads of the mask; see gch_cpus_add(). */
	smp_mb();
	cpumask_or(heap->cpus_hand, heap->cpus, heap->cpus_before);
	handshake(heap, heap->cpus_hand);
}
EXPORT_SYMBOL_GPL(gch_handshake);

/**
 * gch_handshake_cpu - waits until one CPU has been outside a section
 * @heap: the heap whose statistics count the handshake
 * @cpu: the CPU; it may be offline
 *
 * As gch_handshake(), for sections on @cpu only. Several tasks may call it at once.
 *
 * Context: as gch_handshake().
 */
void gch_handshake_cpu(struct gch_heap *heap, unsigned int cpu)
{
	handshake(heap, cpumask_of(cpu));
}
EXPORT_SYMBOL_GPL(gch_handshake_cpu);

/**
 * gch_cpus_add - adds a mutator's CPU to its heap's mask
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
	/* Either the renewal reads this CPU, or this reads the renewed mask. */
	smp_mb();
	if (!cpumask_test_cpu(cpu, heap->cpus))
		cpumask_set_cpu(cpu, heap->cpus);
	/* Either a handshake finds the CPU, or the section sees the published data. */
	smp_mb();
}

static void renew(struct gch_heap *heap)
{
	struct gch_mutator *m;
	unsigned int cpu;

	list_for_each_entry(m, &heap->mutators, node)
		WRITE_ONCE(m->cpu, UINT_MAX);
	/* One by one: a concurrently added CPU stays, or moves to cpus_before. */
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
 * gch_cpus_renew - starts to drop CPUs that mutators no longer use
 * @heap: the heap
 *
 * A later call drops them, after a grace period.
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
EXPORT_SYMBOL_GPL(gch_cpus_renew);
