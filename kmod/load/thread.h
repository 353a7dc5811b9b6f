/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a mutator of a run calls all the time. Included by load.h.
 */
#ifndef _GCHEAP_LOAD_THREAD_H
#define _GCHEAP_LOAD_THREAD_H

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched.h>

/* Says whether to give up what has been begun. */
static inline bool gch_load_break(const struct gch_load_thread *t)
{
	const struct gch_load_run *run = t->run;

	cond_resched();
	return READ_ONCE(run->stop) ||
	       (run->args.seconds &&
		time_after_eq(jiffies, READ_ONCE(run->deadline)));
}

/* Says whether to begin another operation. */
static inline bool gch_load_more(const struct gch_load_thread *t)
{
	u32 max = t->run->args.max_operations;

	return (!max || t->operations < max) && !gch_load_break(t);
}

/* The time of a run that gets ready first does not pass while it does. */
static inline bool gch_load_stopped(const struct gch_load_thread *t)
{
	cond_resched();
	return READ_ONCE(t->run->stop);
}

/* As gch_load_more(), but looks at the clock now and then only. */
static inline bool gch_load_more_often(const struct gch_load_thread *t)
{
	u32 max = t->run->args.max_operations;

	return t->operations & 63 ? !max || t->operations < max :
				    gch_load_more(t);
}

/* Takes a lock that another mutator of the heap may have. */
static inline void gch_load_lock(struct gch_load_thread *t, struct mutex *lock)
{
	if (mutex_trylock(lock))
		return;
	gch_mutator_rest(t->m);
	mutex_lock(lock);
}

/* Counts an operation. */
static inline void gch_load_did(struct gch_load_thread *t, u64 nr)
{
	WRITE_ONCE(t->operations, t->operations + nr);
}

/* Frees what is in a slot where nobody else would, and clears the slot. */
static inline int gch_load_drop(struct gch_load_thread *t, unsigned int slot)
{
	if (gch_load_on_slab(t->run) && !gch_is_null(t->m, slot))
		return gch_free(t->m, slot);
	return gch_clear(t->m, slot);
}

#endif /* _GCHEAP_LOAD_THREAD_H */
