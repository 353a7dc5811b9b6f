/* SPDX-License-Identifier: GPL-2.0 */
/* Helpers for the loops of a run's mutators. Included by load.h. */
#ifndef _GCHEAP_LOAD_THREAD_H
#define _GCHEAP_LOAD_THREAD_H

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched.h>

/* Returns true if the mutator should abort its current operation. */
static inline bool gch_load_break(const struct gch_load_thread *t)
{
	const struct gch_load_run *run = t->run;

	cond_resched();
	return READ_ONCE(run->stop) ||
	       (run->args.seconds &&
		time_after_eq(jiffies, READ_ONCE(run->deadline)));
}

/* Returns true if the mutator should begin another operation. */
static inline bool gch_load_more(const struct gch_load_thread *t)
{
	u32 max = t->run->args.max_operations;

	return (!max || t->operations < max) && !gch_load_break(t);
}

/*
 * As gch_load_break(), but for setup and checks, which the deadline does not cover.
 */
static inline bool gch_load_stopped(const struct gch_load_thread *t)
{
	cond_resched();
	return READ_ONCE(t->run->stop);
}

/* As gch_load_more(), but checks stop and deadline only every 64 operations. */
static inline bool gch_load_more_often(const struct gch_load_thread *t)
{
	u32 max = t->run->args.max_operations;

	return t->operations & 63 ? !max || t->operations < max :
				    gch_load_more(t);
}

/* Takes a lock that another mutator of the heap may hold. */
static inline void gch_load_lock(struct gch_load_thread *t, struct mutex *lock)
{
	if (mutex_trylock(lock))
		return;
	gch_mutator_yield(t->m);
	mutex_lock(lock);
}

/* Counts operations. */
static inline void gch_load_did(struct gch_load_thread *t, u64 nr)
{
	WRITE_ONCE(t->operations, t->operations + nr);
}

/* Clears a slot; on slab, frees its object. */
static inline int gch_load_drop(struct gch_load_thread *t, unsigned int slot)
{
	if (gch_load_frees(t->run) && !gch_is_null(t->m, slot))
		return gch_free(t->m, slot);
	return gch_clear(t->m, slot);
}

#endif /* _GCHEAP_LOAD_THREAD_H */
