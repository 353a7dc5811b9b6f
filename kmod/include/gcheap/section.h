/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sections and handshakes (core/section.c)
 *
 * Each call of a mutator is one section: preemption is off and the CPU's
 * sequence is odd. gch_handshake() returns once every CPU that mutators of the heap
 * use has been seen outside a section, so what was published before it is seen by
 * every later section. Locks taken inside a section are raw spinlocks; nothing there
 * sleeps, takes or frees pages, or runs for longer than a bounded step.
 */
#ifndef _GCHEAP_SECTION_H
#define _GCHEAP_SECTION_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <gcheap/barrier.h>

struct gch_heap;

DECLARE_PER_CPU_ALIGNED(unsigned int, gch_section_seq);

/*
 * The store of the sequence is not ordered against the loads of the section by
 * the CPU that enters: the barrier is paid by gch_handshake(), which sends it
 * by interrupt to the CPUs of the heap. A section that no mutator makes is not one of
 * those that a handshake waits for, unless its CPU is in &gch_heap.cpus.
 */
static __always_inline unsigned int *gch_section_enter(void)
{
	unsigned int *seq;

	preempt_disable();
	seq = this_cpu_ptr(&gch_section_seq);
	WRITE_ONCE(*seq, *seq + 1);
	barrier();
	return seq;
}

/* @seq is what gch_section_enter() returned. */
static __always_inline void gch_section_leave(unsigned int *seq)
{
	/* Whoever sees it even sees what the section wrote. */
	gch_store_release(seq, *seq + 1);
	preempt_enable();
}

void gch_handshake(struct gch_heap *heap);
void gch_handshake_cpu(struct gch_heap *heap, unsigned int cpu);
void gch_cpus_renew(struct gch_heap *heap);

/*
 * May the page allocator be asked here, whatever the flags? Not in sections: with
 * PREEMPT_RT its locks sleep. Without a count of preemption a task keeps its CPU.
 */
static inline bool gch_may_take_memory(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
		return preemptible();
	return !(raw_cpu_read(gch_section_seq) & 1);
}

#endif /* _GCHEAP_SECTION_H */
