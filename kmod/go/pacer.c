// SPDX-License-Identifier: GPL-2.0
/*
 * The pacer: when a cycle starts, and how much mutators assist
 *
 * It works as Go's does since 1.19 (mgcpacer.go; design 44167, "GC pacer redesign").
 * The goal is the bytes that the last cycle left alive, plus GOGC percent of those and
 * of the roots; or less, if the soft limit leaves less room. A cycle starts early
 * enough for marking to finish before the goal. The pacer predicts that from the
 * expected work and from the rate of the last cycles: cons/mark, the bytes allocated
 * per byte marked. If the workers are too slow, mutators mark in proportion to what
 * they allocate.
 *
 * This file looks at no heap, takes no lock and cannot fail. Live bytes and marked
 * bytes both include objects without references.
 */
#include "pacer.h"

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/overflow.h>

#include "compat.h"

/*
 * Bounds of the trigger, as parts of the way from marked bytes to goal: 0.7 and 0.95.
 */
#define TRIGGER_LEAST	45
#define TRIGGER_MOST	61
#define TRIGGER_PARTS	64
/* Minimum distance of a goal: the sweep has to end before the next cycle. */
#define SWEEP_DISTANCE	SZ_1M
/* The same for the limit's goal. */
#define LIMIT_DISTANCE	SZ_256K
/* Minimum distance of the goal when a cycle begins. */
#define MIN_RUNWAY	SZ_64K
/* Headroom below the limit: percent, and minimum bytes. */
#define HEADROOM_PERCENT	3
#define HEADROOM_LEAST	SZ_1M
/* Default and maximum share of all CPUs for marking, in thousandths. */
#define MARK_SHARE	250
#define SHARE_MOST	950
/* GOGC of a forced cycle while GOGC is off. */
#define GOGC_OFF	100000
/* Minimum of the work that is assumed to be left, bytes. */
#define WORK_LEAST	1000
/* How far a heap may grow past its goal: a tenth of it. */
#define OVERSHOOT_PART	10
/*
 * Memory kept beyond the expected need: a tenth; and its maximum, percent of the limit.
 */
#define RETAIN_PART	10
#define RETAIN_PERCENT	95
/* The largest rate: no heap is that large. */
#define RATE_MAX	BIT_ULL(40)

/**
 * gch_go_scale - computes @a * @b / @c without overflow
 * @a: a number
 * @b: a number
 * @c: a number; 0 counts as 1
 *
 * Context: any.
 * Return: the quotient, with less precision if the product overflows; U64_MAX if the
 * quotient does.
 */
u64 gch_go_scale(u64 a, u64 b, u64 c)
{
	u64 product;

	if (!c)
		c = 1;
	while (check_mul_overflow(a, b, &product)) {
		if (c == 1)
			return U64_MAX;
		if (a < b)
			b >>= 1;
		else
			a >>= 1;
		c >>= 1;
	}
	return div64_u64(product, c);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_scale);

static u64 add(u64 a, u64 b)
{
	u64 sum;

	return check_add_overflow(a, b, &sum) ? U64_MAX : sum;
}

static u64 less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/**
 * gch_go_pacer_gogc_goal - computes the goal that GOGC sets
 * @p: the pacer
 *
 * Context: any.
 * Return: live bytes; U64_MAX for no goal.
 */
u64 gch_go_pacer_gogc_goal(const struct gch_go_pacer *p)
{
	u64 goal;

	if (!p->gogc)
		return U64_MAX;
	goal = add(p->marked, gch_go_scale(add(p->marked, p->roots), p->gogc,
					   100));
	goal = max(goal, gch_go_scale(GCH_GO_MIN_HEAP, p->gogc, 100));
	return max(goal, add(p->marked, SWEEP_DISTANCE));
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_gogc_goal);

/**
 * gch_go_pacer_limit_goal - computes the goal that the soft limit sets
 * @p: the pacer
 *
 * Memory that is held but neither free nor allocated to objects is subtracted from the
 * limit, and so is memory held beyond the limit. The result is right after marking and
 * before the sweep, when there is little room between objects. Most of the room that
 * the sweep makes is used again.
 *
 * Context: any.
 * Return: live bytes; U64_MAX for no goal.
 */
u64 gch_go_pacer_limit_goal(const struct gch_go_pacer *p)
{
	u64 other = less(p->held, add(p->free, p->allocated));
	u64 least = add(p->marked, LIMIT_DISTANCE);
	u64 goal, headroom;

	if (!p->limit)
		return U64_MAX;
	goal = less(p->limit, add(other, less(p->held, p->limit)));
	headroom = max_t(u64, goal / 100 * HEADROOM_PERCENT, HEADROOM_LEAST);
	goal = max(less(goal, headroom), headroom);
	return max(goal, least);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_limit_goal);

static unsigned int mark_share(const struct gch_go_pacer *p)
{
	return min_t(unsigned int, p->share ?: MARK_SHARE, SHARE_MOST);
}

static u64 used(const struct gch_go_pacer *p)
{
	return less(p->held, p->free);
}

/* Bytes that mutators are expected to allocate during marking. */
static u64 runway(const struct gch_go_pacer *p)
{
	unsigned int i, share = mark_share(p);
	u64 rate = 0;

	for (i = 0; i < GCH_GO_PACER_CYCLES; i++)
		rate = max(rate, p->rate[i]);
	rate = gch_go_scale(rate, 1000 - share, share);
	return gch_go_scale(rate, p->work, BIT_ULL(GCH_GO_RATE_SHIFT));
}

/**
 * gch_go_pacer_trigger - computes when to start a cycle that is to end at a goal
 * @p: the pacer
 * @goal: the goal
 *
 * Context: any.
 * Return: live bytes; U64_MAX for never.
 */
u64 gch_go_pacer_trigger(const struct gch_go_pacer *p, u64 goal)
{
	u64 part, least, most;

	if (goal == U64_MAX)
		return U64_MAX;
	if (goal <= p->marked)
		return goal;
	part = (goal - p->marked) / TRIGGER_PARTS;
	least = p->marked + part * TRIGGER_LEAST;
	most = p->marked + part * TRIGGER_MOST;
	/* The fraction alone would start the cycle of a large heap too early. */
	most = max(most, less(goal, GCH_GO_MIN_HEAP));
	return clamp(less(goal, runway(p)), least, most);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_trigger);

/**
 * gch_go_pacer_commit - sets goal and trigger
 * @p: the pacer
 *
 * Context: any; the caller serializes changes of the pacer.
 */
void gch_go_pacer_commit(struct gch_go_pacer *p)
{
	u64 gogc = gch_go_pacer_gogc_goal(p);
	u64 goal = min(gogc, gch_go_pacer_limit_goal(p));

	WRITE_ONCE(p->goal, goal);
	WRITE_ONCE(p->gogc_trigger, gch_go_pacer_trigger(p, gogc));
	WRITE_ONCE(p->trigger, gch_go_pacer_trigger(p, goal));
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_commit);

/**
 * gch_go_pacer_commit_used - sets the limit's goal and trigger for memory in use
 * @p: the pacer; dead objects have been swept
 *
 * The room of a swept object may not fit the next one. So the limit bounds memory in
 * use, which is all memory held except for free pages, and which grows only when a span
 * takes pages. The trigger is clamped as in gch_go_pacer_trigger().
 *
 * Context: as gch_go_pacer_commit().
 */
void gch_go_pacer_commit_used(struct gch_go_pacer *p)
{
	u64 in_use = used(p), goal, part, way;

	if (!p->limit) {
		WRITE_ONCE(p->used_goal, U64_MAX);
		WRITE_ONCE(p->used_trigger, U64_MAX);
		return;
	}
	goal = less(p->limit, max_t(u64, p->limit / 100 * HEADROOM_PERCENT,
				    HEADROOM_LEAST));
	goal = max(goal, add(in_use, LIMIT_DISTANCE));
	part = (goal - in_use) / TRIGGER_PARTS;
	way = clamp(runway(p), part * (TRIGGER_PARTS - TRIGGER_MOST),
		    part * (TRIGGER_PARTS - TRIGGER_LEAST));
	WRITE_ONCE(p->used_goal, goal);
	WRITE_ONCE(p->used_trigger, goal - way);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_commit_used);

/**
 * gch_go_pacer_begin - sets the goal of a cycle that begins
 * @p: the pacer
 * @live: live bytes
 * @used: bytes held, except for free pages
 *
 * Context: as gch_go_pacer_commit().
 */
void gch_go_pacer_begin(struct gch_go_pacer *p, u64 live, u64 used)
{
	u64 goal = gch_go_pacer_gogc_goal(p);

	if (p->used_goal != U64_MAX)
		goal = min(goal, add(live, less(p->used_goal, used)));
	WRITE_ONCE(p->triggered, live);
	WRITE_ONCE(p->goal, max(goal, add(live, MIN_RUNWAY)));
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_begin);

/**
 * gch_go_pacer_end - updates work and rate when marking has ended
 * @p: the pacer
 * @live: live bytes, including the objects that were not marked
 * @work: bytes marked
 * @assist: share of all CPUs that assists had, in thousandths
 *
 * The rate includes assists, so that the next cycle begins early enough to need none.
 *
 * Context: as gch_go_pacer_commit().
 */
void gch_go_pacer_end(struct gch_go_pacer *p, u64 live, u64 work,
		      unsigned int assist)
{
	unsigned int share = min_t(unsigned int, mark_share(p) + assist,
				   SHARE_MOST);
	u64 rate;

	p->work = work;
	if (!work)
		return;
	rate = gch_go_scale(less(live, p->triggered), share, 1000 - share);
	rate = gch_go_scale(rate, BIT_ULL(GCH_GO_RATE_SHIFT), work);
	p->rate[p->next] = min_t(u64, rate, RATE_MAX);
	p->next = (p->next + 1) % GCH_GO_PACER_CYCLES;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_end);

/**
 * gch_go_pacer_owed - computes the debt for an allocation
 * @p: the pacer
 * @live: live bytes
 * @done: bytes that this cycle has marked
 * @bytes: bytes allocated
 *
 * Spreads the work that is left over the bytes that may be allocated before the goal.
 * If more has been marked than expected, expects all bytes that were live at the
 * trigger to be marked, and moves the goal in proportion, by at most GOGC percent. If
 * live bytes are past the goal, moves the goal by a tenth.
 *
 * Context: any; the values may be those of different moments.
 * Return: bytes to mark.
 */
u64 gch_go_pacer_owed(const struct gch_go_pacer *p, u64 live, u64 done,
		      u64 bytes)
{
	u64 goal = READ_ONCE(p->goal), triggered = READ_ONCE(p->triggered);
	u64 expected = READ_ONCE(p->work), left, far;
	u32 gogc = READ_ONCE(p->gogc) ?: GOGC_OFF;

	if (goal == U64_MAX)
		return 0;
	if (done > expected) {
		far = add(triggered, gch_go_scale(less(goal, triggered),
						  triggered, expected));
		goal = min(far, add(goal, gch_go_scale(goal, gogc, 100)));
		expected = triggered;
	}
	if (live > goal) {
		goal = add(goal, goal / OVERSHOOT_PART);
		expected = triggered;
	}
	left = max_t(u64, less(expected, done), WORK_LEAST);
	return min(gch_go_scale(bytes, left, less(goal, live)), left);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_owed);

/**
 * gch_go_pacer_worst - computes the bound of live bytes: the goal and a tenth
 * @p: the pacer
 *
 * Context: any.
 * Return: bytes.
 */
u64 gch_go_pacer_worst(const struct gch_go_pacer *p)
{
	u64 goal = READ_ONCE(p->goal);

	return add(goal, goal / OVERSHOOT_PART);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_worst);

/**
 * gch_go_pacer_retain - computes the memory that a heap keeps for its next cycle
 * @p: the pacer, committed
 * @in_use: bytes in use when the last cycle had marked
 * @last_goal: the goal of that cycle
 * @limit: soft limit, 0 for none
 *
 * The use of the last cycle, in proportion to the goals, and a tenth more, as Go's
 * scavenger keeps it.
 *
 * Context: any.
 * Return: bytes.
 */
u64 gch_go_pacer_retain(const struct gch_go_pacer *p, u64 in_use, u64 last_goal,
			u64 limit)
{
	u64 keep = in_use;

	if (p->goal != U64_MAX && last_goal != U64_MAX)
		keep = gch_go_scale(in_use, p->goal, last_goal);
	keep = add(keep, keep / RETAIN_PART);
	return limit ? min(keep, limit / 100 * RETAIN_PERCENT) : keep;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_retain);

/**
 * gch_go_pacer_sweep_way - computes the bytes to allocate before all has to be swept
 * @p: the pacer
 *
 * Context: any.
 * Return: bytes; U64_MAX without a trigger.
 */
u64 gch_go_pacer_sweep_way(const struct gch_go_pacer *p)
{
	u64 way = less(p->trigger, p->marked);

	if (p->trigger == U64_MAX)
		return U64_MAX;
	/* The margin covers counters that are updated late. */
	return max_t(u64, less(way, SWEEP_DISTANCE), SZ_8K);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_sweep_way);

/**
 * gch_go_pacer_sweep_owed - computes how far sweeping is behind
 * @pages: pages in use when sweeping began
 * @swept: pages swept since
 * @way: from gch_go_pacer_sweep_way()
 * @grown: bytes allocated since
 *
 * Context: any.
 * Return: pages to sweep.
 */
u64 gch_go_pacer_sweep_owed(u64 pages, u64 swept, u64 way, u64 grown)
{
	u64 due = min(gch_go_scale(pages, grown, way), pages);

	return less(due, swept);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_sweep_owed);

/**
 * gch_go_pacer_taken - computes the processor time that collecting takes from mutators
 * @assists: time that mutators have spent on marking and sweeping
 * @workers: time that workers have used
 * @idle: the part of @workers on CPUs that were idle otherwise
 * @stalled: processor time that mutators lost by waiting for the collector
 *
 * Context: any; the values may be those of different moments.
 * Return: the time, in the unit of the arguments.
 */
u64 gch_go_pacer_taken(u64 assists, u64 workers, u64 idle, u64 stalled)
{
	return add(add(assists, stalled), less(workers, idle));
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_taken);

/**
 * gch_go_limiter_add - adds processor time to the limiter
 * @l: the limiter
 * @gc: time that collecting has taken
 * @mutators: time that was left to mutators
 * @capacity: capacity of the bucket
 *
 * A leaky bucket, as in Go's mgclimit.go: in the long run collecting gets half of the
 * time.
 *
 * Context: any; the caller serializes changes of the limiter.
 */
void gch_go_limiter_add(struct gch_go_limiter *l, u64 gc, u64 mutators,
			u64 capacity)
{
	l->fill = min(less(add(l->fill, gc), mutators), capacity);
	WRITE_ONCE(l->on, l->fill == capacity);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_limiter_add);
