// SPDX-License-Identifier: GPL-2.0
/*
 * How much of the processors marking takes
 *
 * As Go's since 1.5 (its mgcpacer.go): a goal of GCH_KEY_GC_PERCENT_CPU of all CPUs,
 * for which some workers are dedicated, who mark until there is nothing left. What
 * whole workers do not make up, if it is too much to be left out, each of the others
 * does for a fraction of the time. And whoever finds its CPU idle but for itself
 * marks, whatever the goal.
 *
 * A worker asks between slices of some hundred objects. One that may not go on
 * hands over what it has, so that nobody waits for it, and asks again when it has
 * slept for a while.
 *
 * Where others want the CPU nobody keeps it for long, neither for his fraction nor
 * to sweep, for which there is no goal: the scheduler alone would let both run for a
 * tick in turns, and so long a mutator would wait.
 */
#include "share.h"

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>

#include "compat.h"
#include "go.h"

#define PERCENT		100U
/* What the background takes at a time of a CPU that others want. */
#define TURN_NS		(50 * NSEC_PER_USEC)
/* Whole workers may miss the goal by so much of it: 0.3. */
#define MISS_PERCENT	30U

/**
 * gch_go_share - makes workers of a goal
 * @percent: of all CPUs
 * @cpus: their number
 * @fraction: set to percent of a CPU that each of the others is to have
 *
 * Context: any.
 * Return: how many workers are dedicated.
 */
unsigned int gch_go_share(unsigned int percent, unsigned int cpus,
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
EXPORT_SYMBOL_IF_KUNIT(gch_go_share);

/**
 * gch_go_share_begin - a cycle begins
 * @h: the heap
 *
 * While mutators are stopped nobody else needs the processors.
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_share_begin(struct gch_go_heap *h)
{
	unsigned int percent = gch_val(&h->base, GCH_KEY_GC_PERCENT_CPU);
	unsigned int cpu;

	if (h->stw == GCHEAP_STW_ALL)
		percent = PERCENT;
	h->mark.dedicated = gch_go_share(percent, num_online_cpus(), &h->mark.fraction);
	for_each_possible_cpu(cpu)
		per_cpu_ptr(h->mcache, cpu)->mark_ns = 0;
	atomic64_set(&h->mark.shared_ns, 0);
}

/**
 * gch_go_share_reset - no worker has begun to mark
 * @h: the heap
 *
 * Context: process context; under &gch_heap.cycle_lock, no worker marks.
 */
void gch_go_share_reset(struct gch_go_heap *h)
{
	unsigned int cpu;

	atomic_set(&h->mark.joined, 0);
	for_each_possible_cpu(cpu)
		per_cpu_ptr(h->mcache, cpu)->share.joined = false;
}

/**
 * gch_go_share_join - a worker begins to mark
 * @h: the heap
 * @s: its share
 *
 * Context: kthread bound to a CPU.
 */
void gch_go_share_join(struct gch_go_heap *h, struct gch_go_share *s)
{
	s->joined = true;
	s->dedicated = atomic_inc_return(&h->mark.joined) <= h->mark.dedicated;
	s->mode = s->dedicated ? GCH_GO_DEDICATED : GCH_GO_IDLE;
	s->since = ktime_get_ns();
	s->woke = s->since;
}

/**
 * gch_go_share_due - is a worker late for its fraction?
 * @all: time since the cycle began
 * @fraction: percent of it that each worker is to have
 * @cpus: number of CPUs
 * @own: time that it has marked
 * @shared: time that all workers but the dedicated ones have marked
 *
 * What others do on CPUs that are idle nobody need be kept waiting for.
 *
 * Context: any.
 * Return: whether it is, and they have not done its part.
 */
bool gch_go_share_due(u64 all, unsigned int fraction, unsigned int cpus,
		      u64 own, u64 shared)
{
	return own * PERCENT < all * fraction &&
	       shared * PERCENT < all * fraction * cpus;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_share_due);

/**
 * gch_go_share_turn - is a worker's turn over?
 * @s: its share; if so, it rests before the next
 *
 * A fraction that it was late for is not taken at once.
 *
 * Context: kthread bound to a CPU.
 * Return: whether it is.
 */
bool gch_go_share_turn(const struct gch_go_share *s)
{
	return s->mode == GCH_GO_FRACTIONAL && s->since - s->woke >= TURN_NS;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_share_turn);

/* May it begin another slice, and as what? */
static bool choose(struct gch_go_heap *h, struct gch_go_share *s, u64 now)
{
	if (s->dedicated)
		return true;
	s->mode = GCH_GO_IDLE;
	if (single_task_running())
		return true;
	s->mode = GCH_GO_FRACTIONAL;
	return gch_go_share_due(now - h->mark.start, h->mark.fraction,
				num_online_cpus(),
				READ_ONCE(raw_cpu_ptr(h->mcache)->mark_ns),
				atomic64_read(&h->mark.shared_ns));
}

/**
 * gch_go_share_allows - may a worker begin a turn?
 * @h: the heap
 * @s: its share
 *
 * Context: kthread bound to a CPU.
 * Return: whether it may; if not, it rests before it asks again.
 */
bool gch_go_share_allows(struct gch_go_heap *h, struct gch_go_share *s)
{
	s->since = ktime_get_ns();
	s->woke = s->since;
	return choose(h, s, s->since);
}

/**
 * gch_go_share_next - may a worker that has marked for a slice go on?
 * @h: the heap
 * @s: its share
 *
 * Lets other tasks run.
 *
 * Context: kthread bound to a CPU, may sleep.
 * Return: whether it may.
 */
bool gch_go_share_next(struct gch_go_heap *h, struct gch_go_share *s)
{
	gch_go_share_end(h, s);
	if (!choose(h, s, s->since))
		return false;
	if (gch_go_share_turn(s))
		return false;
	cond_resched();
	s->since = ktime_get_ns();
	return true;
}

/**
 * gch_go_share_end - a worker has marked for a slice, or less
 * @h: the heap
 * @s: its share
 *
 * Context: kthread bound to a CPU.
 */
void gch_go_share_end(struct gch_go_heap *h, struct gch_go_share *s)
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
 * gch_go_share_leaves - is a worker that sweeps to leave the CPU to others?
 * @since: when its turn began, by ktime_get_ns()
 *
 * Context: process context, may sleep.
 * Return: whether it is; if not, it has let them run.
 */
bool gch_go_share_leaves(u64 since)
{
	cond_resched();
	return !single_task_running() && ktime_get_ns() - since >= TURN_NS;
}
