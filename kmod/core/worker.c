// SPDX-License-Identifier: GPL-2.0
/*
 * Mark workers: one kthread bound to each CPU, shared by all heaps
 *
 * A job is offered to the workers, which take turns at it. A turn is short and hands
 * back all of its work. Between turns a worker serves other heaps, sleeps, or parks
 * if its CPU goes down. So neither another heap nor a CPU that goes down waits for a
 * whole job.
 *
 * A job depends on no particular worker. It is over when a turn finds no work left;
 * the items of workers that have not begun, or are between turns, are then withdrawn.
 * A worker that is kept off its CPU therefore delays a job only if that happens
 * during a turn. If no worker takes a turn, the task that waits for the job takes
 * turns itself. It does the same if all turns are %GCH_TURN_HELD: the dedicated
 * workers may have lost their CPUs.
 *
 * Workers avoid isolated CPUs. A job is offered first to the CPUs that mutators of
 * its heap use.
 *
 * An idle worker has the highest priority (lowest nice value), so that a busy CPU
 * runs it at once. During a turn it competes for the CPU like any task.
 *
 * queue.lock of a CPU protects its list and the items on it. It is taken with
 * interrupts on, in process context only.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/smpboot.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "delay.h"
#include "worker.h"

/* Maximum duration of a turn while another heap waits. */
#define TURN_NS		(500 * NSEC_PER_USEC)
/* Time that a job waits for a worker's turn before its own task takes one. */
#define PATIENCE_MS	5U

/**
 * struct gch_job - a job of gch_workers_run()
 * @heap: its heap
 * @fn: takes one turn
 * @arg: first argument of @fn
 * @left: items offered and not returned, plus one
 * @turns: turns that have ended without %GCH_TURN_HELD
 * @active: turns in progress
 * @over: no work is left
 * @ended: completed when @over is set
 * @back: completed when all items have been returned
 */
struct gch_job {
	struct gch_heap *heap;
	gch_worker_fn fn;
	void *arg;
	atomic_t left;
	atomic_t turns;
	atomic_t active;
	bool over;
	struct completion ended;
	struct completion back;
};

struct queue {
	spinlock_t lock;		/* protects items */
	struct list_head items;
};

static DEFINE_PER_CPU(struct queue, queues);
static DEFINE_PER_CPU(struct task_struct *, workers);
/* Processor time of the worker at the end of its last turn. */
static DEFINE_PER_CPU(u64, counted);

static void end_job(struct gch_job *job)
{
	WRITE_ONCE(job->over, true);
	complete(&job->ended);
}

/* Returns an item. The job may be gone afterwards. */
static void item_back(struct gch_job *job)
{
	if (atomic_dec_and_test(&job->left))
		complete(&job->back);
}

/* The first item whose rest is over, or NULL and the shortest remaining rest. */
static struct gch_worker_item *take(struct queue *q, u64 *rest_ns)
{
	struct gch_worker_item *item, *found = NULL;
	u64 now = ktime_get_ns();

	*rest_ns = U64_MAX;
	spin_lock(&q->lock);
	list_for_each_entry(item, &q->items, node) {
		if (item->until <= now) {
			found = item;
			list_del_init(&item->node);
			break;
		}
		*rest_ns = min(*rest_ns, item->until - now);
	}
	spin_unlock(&q->lock);
	return found;
}

static int should_run(unsigned int cpu)
{
	return !list_empty_careful(&per_cpu_ptr(&queues, cpu)->items);
}

/**
 * gch_worker_wanted - should a worker end its turn early?
 * @cpu: the CPU argument of its &gch_worker_fn
 * @since: start of the turn, by ktime_get_ns()
 *
 * Context: called by a &gch_worker_fn.
 * Return: true if its CPU goes down, or another heap waits and the turn has used its
 * time.
 */
bool gch_worker_wanted(unsigned int cpu, u64 since)
{
	if (cpu == GCH_CPU_NONE)
		return false;
	return kthread_should_park() ||
	       (should_run(cpu) && ktime_get_ns() - since > TURN_NS);
}
EXPORT_SYMBOL_GPL(gch_worker_wanted);

static void setup(unsigned int cpu)
{
	set_user_nice(current, MIN_NICE);
	*per_cpu_ptr(&counted, cpu) = 0;
}

/* Counts processor time, not wall time: other tasks may have had the CPU. */
static void count_time(struct gch_heap *heap, u64 *counted)
{
	u64 now = READ_ONCE(current->se.sum_exec_runtime);

	preempt_disable();
	gch_count(heap->cpu->cpu_ns, now - *counted);
	preempt_enable();
	*counted = now;
}

static enum gch_turn take_turn(struct gch_job *job, unsigned int cpu)
{
	enum gch_turn turn;

	atomic_inc(&job->active);
	turn = job->fn(job->arg, cpu);
	if (turn != GCH_TURN_HELD)
		atomic_inc(&job->turns);
	atomic_dec(&job->active);
	return turn;
}

/* Queues an item for its next turn, or returns it if the job is over. */
static void requeue(struct queue *q, struct gch_worker_item *item, u64 rest_ns)
{
	struct gch_job *job = item->job;
	bool over;

	item->until = ktime_get_ns() + rest_ns;
	spin_lock(&q->lock);
	over = READ_ONCE(job->over);
	if (!over)
		list_add_tail(&item->node, &q->items);
	spin_unlock(&q->lock);
	if (over)
		item_back(job);
}

static void rest(u64 ns)
{
	unsigned int us = div_u64(ns, NSEC_PER_USEC) + 1;

	usleep_range(us, us + us / 4 + 1);
}

static void run_one(unsigned int cpu)
{
	struct queue *q = per_cpu_ptr(&queues, cpu);
	struct gch_worker_item *item;
	enum gch_turn turn;
	u64 rest_ns;

	item = take(q, &rest_ns);
	if (!item) {
		/* If the item was withdrawn meanwhile, there is nothing to wait for. */
		if (rest_ns != U64_MAX)
			rest(rest_ns);
		return;
	}
	set_user_nice(current, 0);
	turn = take_turn(item->job, cpu);
	/* Also updates the task's run time. */
	set_user_nice(current, MIN_NICE);
	count_time(item->job->heap, per_cpu_ptr(&counted, cpu));
	gch_delay();
	if (turn == GCH_TURN_DONE) {
		end_job(item->job);
		item_back(item->job);
	} else {
		requeue(q, item, turn == GCH_TURN_IDLE ?
				 GCH_IDLE_US * NSEC_PER_USEC :
				 GCH_REST_US * NSEC_PER_USEC);
	}
}

static void drop_all(unsigned int cpu)
{
	struct queue *q = per_cpu_ptr(&queues, cpu);
	struct gch_worker_item *item, *next;
	LIST_HEAD(items);

	spin_lock(&q->lock);
	list_splice_init(&q->items, &items);
	list_for_each_entry_safe(item, next, &items, node) {
		list_del_init(&item->node);
		item_back(item->job);
	}
	spin_unlock(&q->lock);
}

static struct smp_hotplug_thread worker_threads = {
	.store			= &workers,
	.setup			= setup,
	.thread_should_run	= should_run,
	.thread_fn		= run_one,
	.park			= drop_all,
	.thread_comm		= "gcheap/%u",
};

static void offer(struct gch_job *job, unsigned int cpu)
{
	struct gch_worker_item *item = per_cpu_ptr(job->heap->items, cpu);
	struct queue *q = per_cpu_ptr(&queues, cpu);

	item->job = job;
	item->until = 0;
	atomic_inc(&job->left);
	spin_lock(&q->lock);
	list_add_tail(&item->node, &q->items);
	spin_unlock(&q->lock);
	wake_up_process(per_cpu(workers, cpu));
}

static bool is_isolated(unsigned int cpu)
{
	return !housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN) ||
	       !housekeeping_test_cpu(cpu, HK_TYPE_KTHREAD);
}

/* Offers a job to as many workers as allowed, those on the heap's CPUs first. */
static void offer_all(struct gch_job *job)
{
	struct gch_heap *heap = job->heap;
	unsigned int max = READ_ONCE(heap->workers_max) ?: UINT_MAX, cpu;
	bool own = true;

	cpumask_clear(heap->cpus_hand);
	cpus_read_lock();
	do {
		for_each_online_cpu(cpu) {
			if (!max || is_isolated(cpu) ||
			    cpumask_test_cpu(cpu, heap->cpus_hand) ||
			    (own && !cpumask_test_cpu(cpu, heap->cpus)))
				continue;
			cpumask_set_cpu(cpu, heap->cpus_hand);
			offer(job, cpu);
			max--;
		}
		own = !own;
	} while (!own);
	cpus_read_unlock();
}

/* Withdraws all items that are not in a turn. */
static void withdraw(struct gch_job *job)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct gch_worker_item *item = per_cpu_ptr(job->heap->items,
							   cpu);
		struct queue *q = per_cpu_ptr(&queues, cpu);

		spin_lock(&q->lock);
		if (!list_empty(&item->node)) {
			list_del_init(&item->node);
			item_back(job);
		}
		spin_unlock(&q->lock);
	}
}

/* Takes a turn in the task that waits for the job; counts wall time. */
static void help(struct gch_job *job)
{
	u64 start = ktime_get_ns();
	enum gch_turn turn;

	turn = take_turn(job, GCH_CPU_NONE);
	preempt_disable();
	gch_count(job->heap->cpu->cpu_ns, ktime_get_ns() - start);
	preempt_enable();
	if (turn == GCH_TURN_DONE)
		end_job(job);
	else
		rest(GCH_IDLE_US * NSEC_PER_USEC);
}

/* Waits until the job is over. Takes turns itself if no worker does. */
static void wait_until_over(struct gch_job *job)
{
	int turns, seen = -1;

	while (!READ_ONCE(job->over)) {
		if (atomic_read(&job->left) == 1) {
			help(job);
			continue;
		}
		if (wait_for_completion_timeout(&job->ended,
						msecs_to_jiffies(PATIENCE_MS)))
			break;
		turns = atomic_read(&job->turns);
		if (turns == seen && !atomic_read(&job->active))
			help(job);
		seen = atomic_read(&job->turns);
	}
}

/**
 * gch_workers_run - runs a job on the mark workers
 * @heap: the heap of the job; it has one job at a time
 * @fn: takes one turn
 * @arg: first argument of @fn
 *
 * Returns when a turn has found no work left and no turn is in progress.
 *
 * Context: process context, may sleep; takes the CPU hotplug lock for a moment.
 */
void gch_workers_run(struct gch_heap *heap, gch_worker_fn fn, void *arg)
{
	struct gch_job job = { .heap = heap, .fn = fn, .arg = arg };

	/* One extra, so that @back does not complete while items are offered. */
	atomic_set(&job.left, 1);
	init_completion(&job.ended);
	init_completion(&job.back);
	offer_all(&job);
	wait_until_over(&job);
	withdraw(&job);
	item_back(&job);
	wait_for_completion(&job.back);
}
EXPORT_SYMBOL_GPL(gch_workers_run);

/**
 * gch_items_init - sets up a heap's items for the workers' queues
 * @heap: the heap
 *
 * Context: process context.
 */
void gch_items_init(struct gch_heap *heap)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		INIT_LIST_HEAD(&per_cpu_ptr(heap->items, cpu)->node);
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
 * gch_workers_exit - stops the workers; no heap exists
 *
 * Context: module exit.
 */
void gch_workers_exit(void)
{
	smpboot_unregister_percpu_thread(&worker_threads);
}
