/* SPDX-License-Identifier: GPL-2.0 */
/* What core and engine share of a mutator. */
#ifndef _GCHEAP_MUTATOR_H
#define _GCHEAP_MUTATOR_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <gcheap/gcheap.h>

struct gch_cpu_stats;
struct gch_engine_ops;

/**
 * enum gch_wait - why a call left its section
 * @GCH_WAIT_NONE: it did not
 * @GCH_WAIT_MEMORY: the engine needs @gch_mutator.want bytes
 * @GCH_WAIT_EXCLUSIVE: somebody else has the heap to himself
 * @GCH_WAIT_COLLECT: a collection is due before the call can go on
 * @GCH_WAIT_WORKERS: mark workers need the CPU more
 * @GCH_WAIT_SUPPLY: later sections need memory that this one has used up
 */
enum gch_wait {
	GCH_WAIT_NONE,
	GCH_WAIT_MEMORY,
	GCH_WAIT_EXCLUSIVE,
	GCH_WAIT_COLLECT,
	GCH_WAIT_WORKERS,
	GCH_WAIT_SUPPLY,
};

/**
 * struct gch_mutator - one task's access to one heap
 * @kind: which engine
 * @ops: the engine
 * @heap: its heap
 * @frame: its slots
 * @nr_slots: their number
 * @cpu: where its last section was, and so will be the next, mostly; with
 *	%GCH_CPU_CHECKED if its calls look for misuse; UINT_MAX if it is to add its CPU
 *	to &gch_heap.cpus: see gch_mutator_cpu()
 * @seq: sequence of @cpu
 * @stats: &gch_heap.cpu of @cpu
 * @cache: &gch_heap.cache of @cpu
 * @pending: the engine has work of this mutator left: see
 *	&gch_engine_ops.settle
 * @wait: why the last call left its section
 * @want: bytes that the last call lacked
 * @tries: how often the present call has waited for memory
 * @patient: the present call waits although its task has been killed: what it does
 *	must not be left undone
 * @watch: see gch_mutator_watch()
 * @watch_arg: for @watch
 * @task: whose calls these are, while the heap is checked; NULL before the first
 * @pinned: the heap's maker, if it is pinned for this mutator, or NULL
 * @aside: a root that it writes and that is in no frame and no table, or NULL
 * @node: in the heap's list
 *
 * An engine embeds it at offset 0 of its own mutator.
 */
struct gch_mutator {
	enum gcheap_engine kind;
	const struct gch_engine_ops *ops;
	struct gch_heap *heap;
	void **frame;
	unsigned int nr_slots;
	unsigned int cpu;
	unsigned int *seq;
	struct gch_cpu_stats *stats;
	void *cache;
	bool pending;
	enum gch_wait wait;
	size_t want;
	unsigned int tries;
	bool patient;
	gch_pause_fn watch;
	void *watch_arg;
	struct task_struct *task;
	struct module *pinned;
	void **aside;
	struct list_head node;
};

/* In &gch_mutator.cpu; there are fewer CPUs than that. */
#define GCH_CPU_CHECKED		BIT(31)

/* Where a mutator's last section was; UINT_MAX if it is to say so once more. */
static inline unsigned int gch_mutator_cpu(const struct gch_mutator *m)
{
	unsigned int cpu = READ_ONCE(m->cpu);

	return cpu == UINT_MAX ? cpu : cpu & ~(unsigned int)GCH_CPU_CHECKED;
}

/* How the present call of a mutator sleeps: unless it has to go on, SIGKILL ends it. */
static inline unsigned int gch_sleep_state(const struct gch_mutator *m)
{
	return m->patient ? TASK_UNINTERRUPTIBLE : TASK_KILLABLE;
}

/* The same for a mutex. Returns 0, or -EINTR without it. */
static inline int gch_lock(const struct gch_mutator *m, struct mutex *lock)
{
	if (!m->patient)
		return mutex_lock_killable(lock);
	mutex_lock(lock);
	return 0;
}

#endif /* _GCHEAP_MUTATOR_H */
