// SPDX-License-Identifier: GPL-2.0
/*
 * The pacer: when a cycle starts, and what mutators owe it
 *
 * As Go's since 1.19 (its mgcpacer.go; design 44167, "GC pacer redesign"). The
 * goal is what the last cycle left alive, enlarged by GOGC percent of that and of
 * the roots, or what the soft limit leaves room for. The cycle starts as long
 * before the goal as it takes to mark what is expected, at the rate of the last
 * cycles: cons/mark, the bytes allocated for each byte marked. Should it not get
 * there by itself, mutators mark in proportion to what they allocate.
 *
 * Nothing here looks at a heap, takes a lock or can fail. Bytes are those of
 * objects, with references or not, both in what is live and in what is marked.
 */
#include "pacer.h"

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/overflow.h>

#include "compat.h"

/* A cycle starts between these fractions of the way to its goal: 0.7, 0.95. */
#define TRIGGER_LEAST	45
#define TRIGGER_MOST	61
#define TRIGGER_PARTS	64
/* A goal is this far off at least: sweeping has to end before it begins anew. */
#define SWEEP_DISTANCE	SZ_1M
/* The same where the limit is near. */
#define LIMIT_DISTANCE	SZ_256K
/* A cycle has this far to go when it begins. */
#define MIN_RUNWAY	SZ_64K
/* The limit's goal stays below it: percent, and bytes at least. */
#define HEADROOM_PERCENT	3
#define HEADROOM_LEAST	SZ_1M
/* The share of all CPUs that marking has if nothing else is said, in thousandths. */
#define MARK_SHARE	250
#define SHARE_MOST	950
/* GOGC that a forced cycle goes by when it is off. */
#define GOGC_OFF	100000
/* Scan work that is always taken to be left. */
#define WORK_LEAST	1000
/* What past its goal a heap may grow by: a tenth. */
#define OVERSHOOT_PART	10
/* What a heap keeps beside what it will need: a tenth; of the limit, percent. */
#define RETAIN_PART	10
#define RETAIN_PERCENT	95
/* The largest rate: no heap is as large. */
#define RATE_MAX	BIT_ULL(40)

/**
 * gch_go_scale - multiplies and divides
 * @a: a number
 * @b: a number
 * @c: a number; 0 counts as 1
 *
 * Context: any.
 * Return: @a * @b / @c; with less precision where the product is too large, and
 * U64_MAX if the result is.
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
 * gch_go_pacer_gogc_goal - the goal that GOGC sets
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
 * gch_go_pacer_limit_goal - the goal that the soft limit sets
 * @p: the pacer
 *
 * Of the limit, what is held and neither free nor an object cannot be used, and
 * what is held beyond it has to be made up for. That is right when a cycle has marked
 * and nothing is swept: the room between objects is little then. Most of what is swept
 * will be used again.
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

/* Bytes that mutators allocate while what is expected is marked. */
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
 * gch_go_pacer_trigger - when to start a cycle that is to end at a goal
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
	/* A large heap need not start early for the sake of a fraction. */
	most = max(most, less(goal, GCH_GO_MIN_HEAP));
	return clamp(less(goal, runway(p)), least, most);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_trigger);

/**
 * gch_go_pacer_commit - decides on goal and trigger
 * @p: the pacer
 *
 * Context: any; the caller keeps others from doing so.
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
 * gch_go_pacer_commit_used - decides on what may be used until a cycle starts
 * @p: the pacer; what was found dead is swept
 *
 * Room for an object that was swept may be of no use to the next, if that is of another
 * size. So the limit bounds what is in use: what is held and in no free page. It grows
 * only where a span of pages is taken. The way to the goal is divided as in
 * gch_go_pacer_trigger().
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
 * gch_go_pacer_begin - a cycle begins
 * @p: the pacer
 * @live: live bytes
 * @used: bytes held that are in no free page
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
 * gch_go_pacer_end - learns from a cycle whose marking has ended
 * @p: the pacer
 * @live: live bytes then, before those that were not marked are subtracted
 * @work: bytes marked
 * @assist: share of all CPUs that mutators marked with, in thousandths
 *
 * What mutators marked themselves is taken into account so that the next cycle
 * begins early enough to do without.
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
 * gch_go_pacer_owed - what is to be marked for what was allocated
 * @p: the pacer
 * @live: live bytes
 * @done: bytes that this cycle has marked
 * @bytes: bytes allocated
 *
 * What is left to mark goes to what is left to allocate. When more had to be
 * marked than expected, everything that was alive is, and the goal moves in
 * proportion; when live bytes are past it, another tenth is what is left.
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
 * gch_go_pacer_worst - what live bytes should never exceed
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
 * gch_go_pacer_retain - memory that a heap keeps for its next cycle
 * @p: the pacer, committed
 * @in_use: bytes in use when the last cycle had marked
 * @last_goal: the goal of that cycle
 * @limit: soft limit, 0 for none
 *
 * What was needed then is needed again, in proportion to the goals, and a tenth
 * more; as Go's scavenger has it.
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
 * gch_go_pacer_sweep_way - what may be allocated until all has to be swept
 * @p: the pacer
 *
 * Context: any.
 * Return: bytes; U64_MAX if there is no hurry.
 */
u64 gch_go_pacer_sweep_way(const struct gch_go_pacer *p)
{
	u64 way = less(p->trigger, p->marked);

	if (p->trigger == U64_MAX)
		return U64_MAX;
	/* A margin: whoever counts pages and bytes does so a little late. */
	return max_t(u64, less(way, SWEEP_DISTANCE), SZ_8K);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_sweep_way);

/**
 * gch_go_pacer_sweep_owed - what is to be swept for what was allocated
 * @pages: pages in use when sweeping began
 * @swept: those swept since
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
 * gch_go_pacer_taken - processor time that collecting takes from mutators
 * @assists: what they have spent on marking and sweeping
 * @workers: what mark workers have used
 * @idle: how much of it they used because a CPU had nothing else to do
 * @stalled: what mutators have not used since they waited for the collector
 *
 * Context: any; the values may be those of different moments.
 * Return: the time.
 */
u64 gch_go_pacer_taken(u64 assists, u64 workers, u64 idle, u64 stalled)
{
	return add(add(assists, stalled), less(workers, idle));
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pacer_taken);

/**
 * gch_go_limiter_add - counts processor time
 * @l: the limiter
 * @gc: taken by collecting
 * @mutators: left to mutators meanwhile
 * @capacity: how much more collecting may have taken
 *
 * A leaky bucket, as in Go's mgclimit.go: in the long run collecting has half.
 *
 * Context: any; the caller keeps others from doing so.
 */
void gch_go_limiter_add(struct gch_go_limiter *l, u64 gc, u64 mutators,
			u64 capacity)
{
	l->fill = min(less(add(l->fill, gc), mutators), capacity);
	WRITE_ONCE(l->on, l->fill == capacity);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_limiter_add);
