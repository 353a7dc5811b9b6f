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

/**
 * struct gch_pin - a CPU that is kept
 * @ti: the present task's
 * @count: its preemption count before
 */
struct gch_pin {
	struct thread_info *ti;
	int count;
};

static __always_inline struct gch_pin gch_pin(unsigned int *cpu)
{
	struct thread_info *ti = current_thread_info();
	struct gch_pin pin = { .ti = ti, .count = ti->preempt_count };

	ti->preempt_count = pin.count + 1;
	barrier();
	*cpu = READ_ONCE(ti->cpu);
	return pin;
}

/*
 * Whatever has interrupted has left the count as it found it: it need not be read
 * again, which would wait for the store in gch_pin().
 */
static __always_inline void gch_unpin(struct gch_pin pin)
{
	barrier();
	pin.ti->preempt_count = pin.count;
	barrier();
	if (unlikely(test_ti_thread_flag(pin.ti, TIF_NEED_RESCHED)) &&
	    !pin.count)
		preempt_schedule();
}

#else

struct gch_pin {
};

/* Returns what gch_unpin() is given. */
static __always_inline struct gch_pin gch_pin(unsigned int *cpu)
{
	preempt_disable();
	*cpu = smp_processor_id();
	return (struct gch_pin) {};
}

static __always_inline void gch_unpin(struct gch_pin pin)
{
	preempt_enable();
}

#endif

#endif /* _GCH_CORE_PIN_H */
