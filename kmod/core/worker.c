// SPDX-License-Identifier: GPL-2.0
/*
 * Mark workers: one kthread bound to each CPU, shared by all heaps
 *
 * A job is offered to the workers. A worker takes turns at it: a turn is short, and
 * leaves nothing in the worker's hands. Between turns the worker does those of other
 * heaps, sleeps, or parks, if its CPU goes down. So heaps do not wait for each other,
 * nor a CPU that goes down for any of them.
 *
 * A job depends on no worker in particular. It is over when a turn has found that
 * nothing is left; the workers that have not begun, or are between turns, are then
 * told no more of it. A worker that is kept off its CPU thus delays a job only if that
 * happens within its turn. If none comes to a turn, the task that waits for the job
 * takes them. So it does if none may do anything: the dedicated ones may have lost their
 * CPUs.
 *
 * Workers keep off isolated CPUs, and a job is offered first to the CPUs that mutators
 * of its heap use.
 *
 * A worker that has nothing to do has the highest nice level, so that a busy CPU lets it
 * in at once. In a turn it competes for the CPU as any task does.
 *
 * queue.lock of a CPU protects its list, and the items that are in it. It is taken with
 * interrupts on, in process context only.
 */
#include <gcheap/engine.h>

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

/* How long a turn may last where another heap waits. */
#define TURN_NS		(500 * NSEC_PER_USEC)
/* How long a job waits for a turn of a worker before its own task takes one. */
#define PATIENCE_MS	5U

/**
 * struct gch_job - what gch_workers_run() waits for
 * @heap: whose it is
 * @fn: does a turn
 * @arg: its first argument
 * @left: items that have been handed out and not come back, and one more
 * @turns: turns that have ended and were not held
 * @active: turns that go on
 * @over: nothing is left to be done
 * @ended: likewise
 * @back: all items have come back
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
/* Processor time that a worker had used when it last ended a turn. */
static DEFINE_PER_CPU(u64, counted);

static void end_job(struct gch_job *job)
{
	WRITE_ONCE(job->over, true);
	complete(&job->ended);
}

/* The job may be gone afterwards. */
static void item_back(struct gch_job *job)
{
	if (atomic_dec_and_test(&job->left))
		complete(&job->back);
}

/* The first item whose rest is over; or how long the first of them still rests. */
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
 * gch_worker_wanted - is a worker to end its turn early?
 * @cpu: what its function was given
 * @since: when the turn began, by ktime_get_ns()
 *
 * Context: called by a &gch_worker_fn.
 * Return: whether its CPU goes down, or another heap has waited for long enough.
 */
bool gch_worker_wanted(unsigned int cpu, u64 since)
{
	if (cpu == GCH_CPU_NONE)
		return false;
	return kthread_should_park() ||
	       (should_run(cpu) && ktime_get_ns() - since > TURN_NS);
}

static void setup(unsigned int cpu)
{
	set_user_nice(current, MIN_NICE);
	*per_cpu_ptr(&counted, cpu) = 0;
}

/* Not the time since the turn began: others have had the CPU meanwhile. */
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

/* Queues an item for its next turn, unless the job needs none any more. */
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
		/* An item that has come and gone again leaves nothing to wait for. */
		if (rest_ns != U64_MAX)
			rest(rest_ns);
		return;
	}
	set_user_nice(current, 0);
	turn = take_turn(item->job, cpu);
	/* Brings the time that the task has run up to date. */
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

/* To as many workers as the heap may have, those of its own CPUs first. */
static void offer_all(struct gch_job *job)
{
	struct gch_heap *heap = job->heap;
	unsigned int max = gch_val(heap, GCH_KEY_WORKERS) ?: UINT_MAX, cpu;
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

/* Takes back what no worker works on right now. */
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

/* A turn of the task that waits for the job; its time is not a worker's. */
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

/* Waits until the job is over. If no worker takes turns, this task does. */
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
 * gch_workers_run - has the mark workers do a job
 * @heap: whose job it is; it has one at a time
 * @fn: does a turn of it
 * @arg: its first argument
 *
 * Returns when a turn has found nothing left to be done, and no turn goes on.
 *
 * Context: process context, may sleep; takes the CPU hotplug lock for a moment.
 */
void gch_workers_run(struct gch_heap *heap, gch_worker_fn fn, void *arg)
{
	struct gch_job job = { .heap = heap, .fn = fn, .arg = arg };

	/* One more, so that the job does not end while it is handed out. */
	atomic_set(&job.left, 1);
	init_completion(&job.ended);
	init_completion(&job.back);
	offer_all(&job);
	wait_until_over(&job);
	withdraw(&job);
	item_back(&job);
	wait_for_completion(&job.back);
}
EXPORT_SYMBOL_IF_KUNIT(gch_workers_run);

/**
 * gch_items_init - sets up what a heap's jobs are handed out by
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
 * gch_workers_exit - stops the workers; no heap exists any more
 *
 * Context: module exit.
 */
void gch_workers_exit(void)
{
	smpboot_unregister_percpu_thread(&worker_threads);
}
