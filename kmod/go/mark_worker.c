// SPDX-License-Identifier: GPL-2.0
/*
 * How much of the processors marking takes
 *
 * As in Go since 1.5 (mgcpacer.go) there is a goal, GCH_KEY_GC_PERCENT_CPU of all CPUs.
 * Some workers are dedicated and mark until no work is left. If whole workers miss the
 * goal by over 30 %, each of the others marks for a fraction of the time. A worker on
 * an otherwise idle CPU marks regardless of the goal.
 *
 * A worker asks between slices of some hundred objects. If it may not continue, it
 * lists its work, so that no other worker waits for it, sleeps for a while, and asks
 * again.
 *
 * A worker leaves a CPU that other tasks want after a short turn, whether it marks for
 * its fraction or sweeps, for which there is no goal. The scheduler alone would
 * alternate them in ticks, and a mutator would wait for a tick.
 */
#include "mark_worker.h"

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>

#include "compat.h"
#include "go.h"

#define PERCENT		100U
/* Longest turn of background work on a CPU that other tasks want. */
#define TURN_NS		(50 * NSEC_PER_USEC)
/* Whole workers may miss the goal by this percentage of it. */
#define MISS_PERCENT	30U

/**
 * gch_go_mark_worker_split - splits the CPU goal into dedicated workers and a fraction
 * @percent: the goal, percent of all CPUs
 * @cpus: number of CPUs
 * @fraction: set to percent of a CPU for each other worker
 *
 * Context: any.
 * Return: number of dedicated workers.
 */
unsigned int gch_go_mark_worker_split(unsigned int percent, unsigned int cpus,
				      unsigned int *fraction)
{
	unsigned int goal = percent * cpus;
	unsigned int whole = (goal + PERCENT / 2) / PERCENT;
	int miss = (int)(whole * PERCENT) - (int)goal;

	*fraction = 0;
	if (abs(miss) * PERCENT <= MISS_PERCENT * goal)
		return whole;
	if (miss > 0)
		whole--;
	*fraction = (goal - whole * PERCENT) / cpus;
	return whole;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_mark_worker_split);

/**
 * gch_go_mark_worker_begin - sets the shares for a cycle that begins
 * @h: the heap
 *
 * With stw all, marking gets all CPUs.
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_mark_worker_begin(struct gch_go_heap *h)
{
	unsigned int percent = gch_val(&h->base, GCH_KEY_GC_PERCENT_CPU);
	unsigned int cpu;

	if (h->stw == GCHEAP_STW_ALL)
		percent = PERCENT;
	h->mark.dedicated = gch_go_mark_worker_split(percent, num_online_cpus(),
						     &h->mark.fraction);
	for_each_possible_cpu(cpu)
		per_cpu_ptr(h->mcache, cpu)->mark_ns = 0;
	atomic64_set(&h->mark.shared_ns, 0);
}

/**
 * gch_go_mark_worker_reset - resets the workers before they start to mark
 * @h: the heap
 *
 * Context: process context; under &gch_heap.cycle_lock, no worker marks.
 */
void gch_go_mark_worker_reset(struct gch_go_heap *h)
{
	unsigned int cpu;

	atomic_set(&h->mark.joined, 0);
	for_each_possible_cpu(cpu)
		per_cpu_ptr(h->mcache, cpu)->worker.joined = false;
}

/**
 * gch_go_mark_worker_join - adds a worker that starts to mark
 * @h: the heap
 * @s: its share
 *
 * Context: kthread bound to a CPU.
 */
void gch_go_mark_worker_join(struct gch_go_heap *h, struct gch_go_mark_worker *s)
{
	s->joined = true;
	s->dedicated = atomic_inc_return(&h->mark.joined) <= h->mark.dedicated;
	s->mode = s->dedicated ? GCH_GO_DEDICATED : GCH_GO_IDLE;
	s->since = ktime_get_ns();
	s->woke = s->since;
}

/**
 * gch_go_mark_worker_due - is a worker behind its fraction?
 * @all: time since the cycle began
 * @fraction: percent of it for each worker
 * @cpus: number of CPUs
 * @own: time that this worker has marked
 * @shared: time that all workers but the dedicated ones have marked
 *
 * Time that other workers mark on idle CPUs counts for it, so that no mutator waits
 * needlessly.
 *
 * Context: any.
 * Return: true if it is, and if the other workers have not made up for it.
 */
bool gch_go_mark_worker_due(u64 all, unsigned int fraction, unsigned int cpus,
			    u64 own, u64 shared)
{
	return own * PERCENT < all * fraction &&
	       shared * PERCENT < all * fraction * cpus;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_mark_worker_due);

/**
 * gch_go_mark_worker_turn - is a worker's turn over?
 * @s: its share; if the turn is over it rests before the next
 *
 * A worker that is behind its fraction does not catch up in one turn.
 *
 * Context: kthread bound to a CPU.
 * Return: true if it is.
 */
bool gch_go_mark_worker_turn(const struct gch_go_mark_worker *s)
{
	return s->mode == GCH_GO_FRACTIONAL && s->since - s->woke >= TURN_NS;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_mark_worker_turn);

/* May the worker begin another slice? Sets its mode. */
static bool choose(struct gch_go_heap *h, struct gch_go_mark_worker *s, u64 now)
{
	if (s->dedicated)
		return true;
	s->mode = GCH_GO_IDLE;
	if (single_task_running())
		return true;
	s->mode = GCH_GO_FRACTIONAL;
	return gch_go_mark_worker_due(now - h->mark.start, h->mark.fraction,
				num_online_cpus(),
				READ_ONCE(raw_cpu_ptr(h->mcache)->mark_ns),
				atomic64_read(&h->mark.shared_ns));
}

/**
 * gch_go_mark_worker_allows - may a worker begin a turn?
 * @h: the heap
 * @s: its share
 *
 * Context: kthread bound to a CPU.
 * Return: true if it may; if not it rests before it asks again.
 */
bool gch_go_mark_worker_allows(struct gch_go_heap *h, struct gch_go_mark_worker *s)
{
	s->since = ktime_get_ns();
	s->woke = s->since;
	return choose(h, s, s->since);
}

/**
 * gch_go_mark_worker_next - may a worker continue after a slice?
 * @h: the heap
 * @s: its share
 *
 * Reschedules if it may.
 *
 * Context: kthread bound to a CPU, may sleep.
 * Return: true if it may.
 */
bool gch_go_mark_worker_next(struct gch_go_heap *h, struct gch_go_mark_worker *s)
{
	gch_go_mark_worker_end(h, s);
	if (!choose(h, s, s->since))
		return false;
	if (gch_go_mark_worker_turn(s))
		return false;
	cond_resched();
	s->since = ktime_get_ns();
	return true;
}

/**
 * gch_go_mark_worker_end - counts the time of a slice
 * @h: the heap
 * @s: its share
 *
 * Context: kthread bound to a CPU.
 */
void gch_go_mark_worker_end(struct gch_go_heap *h, struct gch_go_mark_worker *s)
{
	u64 now = ktime_get_ns();

	preempt_disable();
	gch_count(h->base.cpu->mark_ns[s->mode], now - s->since);
	__this_cpu_add(h->mcache->mark_ns, now - s->since);
	preempt_enable();
	if (!s->dedicated)
		atomic64_add(now - s->since, &h->mark.shared_ns);
	s->since = now;
}

/**
 * gch_go_mark_worker_leaves - has a sweeping worker to leave its CPU to other tasks?
 * @since: when its turn began, by ktime_get_ns()
 *
 * Reschedules first.
 *
 * Context: process context, may sleep.
 * Return: true if other tasks want the CPU and the turn is over.
 */
bool gch_go_mark_worker_leaves(u64 since)
{
	cond_resched();
	return !single_task_running() && ktime_get_ns() - since >= TURN_NS;
}
