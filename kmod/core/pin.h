/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Preemption off, and the CPU's number, for the calls of mutators
 *
 * Where the present task and the CPU cost an instruction, this is what it always
 * is. User-mode Linux calls a function for either, every time: as much as the rest
 * of a short call of a mutator. So the task is looked up once, and the number of
 * its CPU is taken from it, which cannot change while preemption is off.
 */
#ifndef _GCH_CORE_PIN_H
#define _GCH_CORE_PIN_H

#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/smp.h>

#if defined(CONFIG_UML) && defined(CONFIG_PREEMPTION) && defined(CONFIG_SMP) && \
	!defined(CONFIG_DEBUG_PREEMPT) && !defined(CONFIG_TRACE_PREEMPT_TOGGLE) && \
	!defined(CONFIG_PREEMPT_DYNAMIC)

static __always_inline struct thread_info *gch_pin(unsigned int *cpu)
{
	struct thread_info *ti = current_thread_info();

	ti->preempt_count++;
	barrier();
	*cpu = READ_ONCE(ti->cpu);
	return ti;
}

static __always_inline void gch_unpin(struct thread_info *ti)
{
	barrier();
	if (unlikely(!--ti->preempt_count &&
		     test_ti_thread_flag(ti, TIF_NEED_RESCHED)))
		preempt_schedule();
}

#else

/* Returns what gch_unpin() is given. */
static __always_inline struct thread_info *gch_pin(unsigned int *cpu)
{
	preempt_disable();
	*cpu = smp_processor_id();
	return NULL;
}

static __always_inline void gch_unpin(struct thread_info *ti)
{
	preempt_enable();
}

#endif

#endif /* _GCH_CORE_PIN_H */
