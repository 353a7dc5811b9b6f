// SPDX-License-Identifier: GPL-2.0
/*
 * The interpreter lock: one mutator at a time uses a heap (CPython's
 * Python/ceval_gil.c, take_gil() and drop_gil())
 *
 * The owner keeps the lock between its calls; each call begins with one load that
 * checks whether it still has it. So the lock is revoked, not released: a task that
 * wants it clears @owner under the mutex, then waits, by a handshake with the owner's
 * CPU, for the section that may have read the old @owner. Other CPUs are not
 * interrupted. Only the owner may clear @owner without the mutex, and only outside
 * its sections; then there is no section to wait for. That is why the fast path needs
 * no atomic instruction.
 *
 * A mutator that wants the lock waits for one switch interval. If the lock did not
 * change hands meanwhile, the mutator takes it.
 *
 * A task that stops the heap holds the mutex for the whole stop, with no owner, and
 * every mutator waits for it. A mutator sleeps for the switch interval without the
 * mutex, so it never delays a collection.
 *
 * Lock order: the mutex is one of the engine's locks of the order in engine.h.
 * gch_handshake_cpu() is called under it.
 */
#include "gil.h"

#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>

#include "compat.h"
#include "python.h"

/**
 * gch_py_gil_init - sets up the lock, without an owner
 * @h: the heap
 *
 * Context: process context.
 */
void gch_py_gil_init(struct gch_py_heap *h)
{
	mutex_init(&h->gil);
	init_waitqueue_head(&h->gil_wait);
}

/*
 * After it, no section that began as the owner's is still running. Such a section is
 * on the CPU that the owner has recorded. An owner that migrates records the new CPU
 * first and reads @owner after a full barrier: either it finds the lock gone, or this
 * function finds its new CPU.
 */
static void revoke(struct gch_py_heap *h)
{
	struct gch_mutator *owner;
	unsigned int cpu;

	lockdep_assert_held(&h->gil);
	/* Pairs with the release by an owner that dropped the lock. */
	owner = gch_load_acquire(&h->owner);
	if (!owner)
		return;
	WRITE_ONCE(h->owner, NULL);
	/* Pairs with the first barrier in gch_cpus_add(). */
	smp_mb();
	cpu = gch_mutator_cpu(owner);
	if (cpu < nr_cpu_ids)
		gch_handshake_cpu(&h->heap, cpu);
	else
		gch_handshake(&h->heap);
}

static void grant(struct gch_py_heap *h, struct gch_mutator *m)
{
	lockdep_assert_held(&h->gil);
	h->switches++;
	WRITE_ONCE(h->owner, m);
}

/*
 * Returns 0, -ETIME if the switch interval has passed, or -ERESTARTSYS if the task
 * was killed. There is no wait_event_killable_hrtimeout(). __no_kcsan: the macro
 * reads the timer's task, which the timer clears concurrently by design; accesses to
 * the lock's owner are marked.
 */
static __no_kcsan int wait_interval(struct gch_py_heap *h, struct gch_mutator *m)
{
	u64 us = gch_val(&h->heap, GCH_KEY_SWITCH_US);

	might_sleep();
	if (!READ_ONCE(h->owner))
		return 0;
	return __wait_event_hrtimeout(h->gil_wait, !READ_ONCE(h->owner),
				      ns_to_ktime(us * NSEC_PER_USEC),
				      gch_sleep_state(m));
}

/**
 * gch_py_gil_take - waits for the interpreter lock
 * @h: the heap
 * @m: the mutator; it may already own the lock
 *
 * Context: process context outside sections, may sleep as gch_sleep_state() says.
 * Return: 0; -EINTR, without the lock, if the task was killed.
 */
int gch_py_gil_take(struct gch_py_heap *h, struct gch_mutator *m)
{
	int waited = 0;
	u64 seen = 0;

	for (;;) {
		if (gch_lock(m, &h->gil))
			return -EINTR;
		if (READ_ONCE(h->owner) == m)
			break;
		if (!READ_ONCE(h->owner) ||
		    (waited == -ETIME && h->switches == seen)) {
			revoke(h);
			grant(h, m);
			break;
		}
		seen = h->switches;
		mutex_unlock(&h->gil);
		waited = wait_interval(h, m);
		if (waited == -ERESTARTSYS)
			return -EINTR;
	}
	mutex_unlock(&h->gil);
	return 0;
}

/**
 * gch_py_gil_drop - releases the interpreter lock
 * @h: the heap
 * @m: the mutator, called by its own task; it need not own the lock
 *
 * Context: process context outside sections.
 */
void gch_py_gil_drop(struct gch_py_heap *h, struct gch_mutator *m)
{
	if (READ_ONCE(h->owner) == m && cmpxchg(&h->owner, m, NULL) == m)
		wake_up(&h->gil_wait);
}

/**
 * gch_py_gil_leave - a mutator drops the interpreter lock before it exits
 * @h: the heap
 * @m: the mutator; it may be freed afterwards
 *
 * Context: as gch_py_gil_take().
 */
void gch_py_gil_leave(struct gch_py_heap *h, struct gch_mutator *m)
{
	gch_py_gil_drop(h, m);
	/* A task that revokes the lock may still read this mutator's CPU. */
	mutex_lock(&h->gil);
	mutex_unlock(&h->gil);
}

/**
 * gch_py_stop - stops every mutator
 * @h: the heap
 *
 * Context: process context outside sections, may sleep; the caller owns the heap and
 * holds its lock until gch_py_resume().
 */
void gch_py_stop(struct gch_py_heap *h)
{
	mutex_lock(&h->gil);
	revoke(h);
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_stop);

/**
 * gch_py_stop_others - stops every mutator but one
 * @h: the heap
 * @m: the calling task's mutator, which is not stopped; it keeps the lock if it owns
 *	it
 *
 * Context: as gch_py_stop(); for a call of @m.
 * Return: 0; -EINTR, without a stop, if the task was killed.
 */
int gch_py_stop_others(struct gch_py_heap *h, struct gch_mutator *m)
{
	int ret = gch_lock(m, &h->gil);

	if (!ret && READ_ONCE(h->owner) != m)
		revoke(h);
	return ret;
}

/**
 * gch_py_resume - ends a stop of the heap
 * @h: the heap
 *
 * Context: process context, after gch_py_stop() or gch_py_stop_others().
 */
void gch_py_resume(struct gch_py_heap *h)
{
	mutex_unlock(&h->gil);
	wake_up(&h->gil_wait);
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_resume);
