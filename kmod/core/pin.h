/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Preemption off, and the CPU number, for calls of mutators
 *
 * Most architectures get the current task and the CPU in one instruction each, and
 * use the generic versions. User-mode Linux calls a function for either, which costs
 * as much as the rest of a short call. So it looks up the task once and takes the CPU
 * number from its thread_info; it cannot change while preemption is off.
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
 * struct gch_pin - a pinned CPU
 * @ti: thread_info of the current task
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
 * Interrupts restore the count, so it need not be read again. Reading it would wait
 * for the store in gch_pin().
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

/* Returns the argument for gch_unpin(). */
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
