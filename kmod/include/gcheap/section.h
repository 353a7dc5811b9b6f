/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sections and handshakes (core/section.c)
 *
 * Each call of a mutator is one section: preemption is off and the CPU's sequence
 * number is odd. gch_handshake() returns once it has seen every CPU that the heap's
 * mutators use outside a section, so every later section sees what was published
 * before the handshake. A section takes raw spinlocks only. It does not sleep, takes
 * and frees no pages, and does one bounded step.
 */
#ifndef _GCHEAP_SECTION_H
#define _GCHEAP_SECTION_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <gcheap/ordering.h>

struct gch_heap;

DECLARE_PER_CPU_ALIGNED(unsigned int, gch_section_seq);

/*
 * The entering CPU does not order its store of the sequence number before the loads
 * of the section. gch_handshake() supplies that barrier by interrupting the heap's
 * CPUs. It does not wait for a section entered without a mutator, unless the CPU is
 * in &gch_heap.cpus.
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

/* @seq is the return value of gch_section_enter(). */
static __always_inline void gch_section_leave(unsigned int *seq)
{
	/* A reader that sees the even number also sees the section's writes. */
	gch_store_release(seq, *seq + 1);
	preempt_enable();
}

void gch_handshake(struct gch_heap *heap);
void gch_handshake_cpu(struct gch_heap *heap, unsigned int cpu);
void gch_cpus_renew(struct gch_heap *heap);

/*
 * May the page allocator be called here, with any flags? Not in sections: its locks
 * sleep on PREEMPT_RT. Without a preemption count a task keeps its CPU, so the
 * sequence number tells.
 */
static inline bool gch_may_take_memory(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
		return preemptible();
	return !(raw_cpu_read(gch_section_seq) & 1);
}

#endif /* _GCHEAP_SECTION_H */
