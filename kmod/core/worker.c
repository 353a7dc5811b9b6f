// SPDX-License-Identifier: GPL-2.0
/*
 * Mark workers: one kthread bound to each CPU, shared by all heaps
 *
 * A job is offered to the worker of every CPU that is online; each runs the
 * job's function once. What a worker does not do the others do: a function works
 * on shared queues, and its caller repeats the job until nothing is left. So a
 * worker whose CPU goes down drops its items.
 *
 * A worker begins a job at the highest nice level, so that a busy CPU lets it in at
 * once: what only it can do for its CPU is short, and the whole job waits for it.
 * Then, by gch_worker_settle(), it competes for the CPU as any task does.
 *
 * queue.lock of a CPU protects its list. It is taken with interrupts on, in
 * process context only.
 */
#include <gcheap/engine.h>

#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/sched.h>
#include <linux/smpboot.h>
#include <linux/spinlock.h>

#include "worker.h"

/* What gch_workers_run() waits for. */
struct gch_job {
	struct gch_heap *heap;
	gch_worker_fn fn;
	void *arg;
	atomic_t left;
	struct completion done;
};

struct queue {
	spinlock_t lock;		/* protects items */
	struct list_head items;
};

static DEFINE_PER_CPU(struct queue, queues);
static DEFINE_PER_CPU(struct task_struct *, workers);
/* Processor time that a worker had used when it last ended a job. */
static DEFINE_PER_CPU(u64, counted);

static void job_put(struct gch_job *job)
{
	if (atomic_dec_and_test(&job->left))
		complete(&job->done);
}

static struct gch_job *take(struct queue *q)
{
	struct gch_worker_item *item;

	spin_lock(&q->lock);
	item = list_first_entry_or_null(&q->items, struct gch_worker_item, node);
	if (item)
		list_del_init(&item->node);
	spin_unlock(&q->lock);
	return item ? item->job : NULL;
}

static int should_run(unsigned int cpu)
{
	return !list_empty_careful(&per_cpu_ptr(&queues, cpu)->items);
}

/**
 * gch_worker_settle - ends the urgent part of a worker's share
 * @heap: whose job it is
 *
 * Context: called once by a &gch_worker_fn.
 * Return: whether to go on: the heap's %GCH_KEY_WORKERS leaves room for it.
 */
bool gch_worker_settle(struct gch_heap *heap)
{
	unsigned int max = gch_val(heap, GCH_KEY_WORKERS);

	if (max && atomic_inc_return(&heap->enlisted) > max)
		return false;
	set_user_nice(current, 0);
	return true;
}

static void setup(unsigned int cpu)
{
	set_user_nice(current, MIN_NICE);
	*per_cpu_ptr(&counted, cpu) = 0;
}

/* Not the time since the job began: others have had the CPU meanwhile. */
static void count_time(struct gch_heap *heap, u64 *counted)
{
	u64 now = READ_ONCE(current->se.sum_exec_runtime);

	preempt_disable();
	gch_count(heap->cpu->cpu_ns, now - *counted);
	preempt_enable();
	*counted = now;
}

static void run_one(unsigned int cpu)
{
	struct gch_job *job = take(per_cpu_ptr(&queues, cpu));

	if (!job)
		return;
	job->fn(job->arg, cpu);
	/* Brings the time that the task has run up to date. */
	set_user_nice(current, MIN_NICE);
	count_time(job->heap, per_cpu_ptr(&counted, cpu));
	job_put(job);
}

static void drop_all(unsigned int cpu)
{
	struct gch_job *job;

	while ((job = take(per_cpu_ptr(&queues, cpu))))
		job_put(job);
}

static struct smp_hotplug_thread worker_threads = {
	.store			= &workers,
	.setup			= setup,
	.thread_should_run	= should_run,
	.thread_fn		= run_one,
	.park			= drop_all,
	.thread_comm		= "gcheap/%u",
};

/**
 * gch_workers_run - runs a function on the worker of every online CPU
 * @heap: whose job it is; it has one at a time
 * @fn: the function
 * @arg: its argument
 *
 * Returns when all have ended. A CPU that goes offline meanwhile may not have
 * run @fn.
 *
 * Context: process context, may sleep; takes the CPU hotplug lock.
 */
void gch_workers_run(struct gch_heap *heap, gch_worker_fn fn, void *arg)
{
	struct gch_job job = { .heap = heap, .fn = fn, .arg = arg };
	unsigned int cpu;

	/* One more, so that the job does not end while it is handed out. */
	atomic_set(&job.left, 1);
	atomic_set(&heap->enlisted, 0);
	init_completion(&job.done);

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct gch_worker_item *item = per_cpu_ptr(heap->items, cpu);
		struct queue *q = per_cpu_ptr(&queues, cpu);

		item->job = &job;
		atomic_inc(&job.left);
		spin_lock(&q->lock);
		list_add_tail(&item->node, &q->items);
		spin_unlock(&q->lock);
		wake_up_process(per_cpu(workers, cpu));
	}
	cpus_read_unlock();

	job_put(&job);
	wait_for_completion(&job.done);
}

/**
 * gch_workers_init - starts the workers
 *
 * Context: module init.
 * Return: 0 or a negative error.
 */
int gch_workers_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		spin_lock_init(&per_cpu_ptr(&queues, cpu)->lock);
		INIT_LIST_HEAD(&per_cpu_ptr(&queues, cpu)->items);
	}
	return smpboot_register_percpu_thread(&worker_threads);
}

/**
 * gch_workers_exit - stops the workers; no heap exists any more
 *
 * Context: module exit.
 */
void gch_workers_exit(void)
{
	smpboot_unregister_percpu_thread(&worker_threads);
}
