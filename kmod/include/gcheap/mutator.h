/* SPDX-License-Identifier: GPL-2.0 */
/* Mutator state that the core and engines share. */
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
 * @GCH_WAIT_EXCLUSIVE: another task has exclusive use of the heap
 * @GCH_WAIT_COLLECT: the call needs a collection first
 * @GCH_WAIT_WORKERS: mark workers need the CPU
 * @GCH_WAIT_SUPPLY: the section used up memory reserved for sections; refill it
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
 * @kind: kind of its engine
 * @ops: the engine
 * @heap: its heap
 * @frame: its slots
 * @nr_slots: number of slots
 * @cpu: CPU of its last section, and mostly of the next; has %GCH_CPU_CHECKED set if
 *	its calls are checked for misuse; UINT_MAX if it must add its CPU to
 *	&gch_heap.cpus: see gch_mutator_cpu()
 * @seq: sequence number of @cpu
 * @stats: &gch_heap.cpu of @cpu
 * @cache: &gch_heap.cache of @cpu
 * @pending: the engine has unfinished work for this mutator: see
 *	&gch_engine_ops.settle
 * @wait: why the last call left its section
 * @want: bytes that the last call lacked
 * @tries: number of times that the current call has waited for memory
 * @patient: the current call must complete: it waits even if its task was killed
 * @on_pause: see gch_mutator_on_pause()
 * @on_pause_arg: for @on_pause
 * @task: the task that makes the calls, while the heap is checked; NULL before the
 *	first
 * @pinned: the heap's maker, if it is pinned for this mutator, or NULL
 * @extra_root: a root that the mutator writes outside frames and tables, or NULL
 * @node: link in the heap's list
 *
 * The engine's mutator embeds it at offset 0.
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
	gch_pause_fn on_pause;
	void *on_pause_arg;
	struct task_struct *task;
	struct module *pinned;
	void **extra_root;
	struct list_head node;
};

/* Flag in &gch_mutator.cpu; CPU numbers are smaller. */
#define GCH_CPU_CHECKED		BIT(31)

/* CPU of a mutator's last section; UINT_MAX if the mutator must add its CPU again. */
static inline unsigned int gch_mutator_cpu(const struct gch_mutator *m)
{
	unsigned int cpu = READ_ONCE(m->cpu);

	return cpu == UINT_MAX ? cpu : cpu & ~(unsigned int)GCH_CPU_CHECKED;
}

/* Sleep state of the current call: SIGKILL ends it unless it must complete. */
static inline unsigned int gch_sleep_state(const struct gch_mutator *m)
{
	return m->patient ? TASK_UNINTERRUPTIBLE : TASK_KILLABLE;
}

/* Takes a mutex in that state. Returns 0, or -EINTR without the mutex. */
static inline int gch_lock(const struct gch_mutator *m, struct mutex *lock)
{
	if (!m->patient)
		return mutex_lock_killable(lock);
	mutex_lock(lock);
	return 0;
}

#endif /* _GCHEAP_MUTATOR_H */
