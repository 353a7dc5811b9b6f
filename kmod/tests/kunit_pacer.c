// SPDX-License-Identifier: GPL-2.0
/*
 * When a cycle of the Go engine starts: the pacer's arithmetic, including overflow.
 */
#include "kunit.h"

#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "go/go.h"

#define MB(n)	((u64)(n) << 20)

static void test_scale(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gch_go_scale(6, 7, 3), 14);
	KUNIT_EXPECT_EQ(test, gch_go_scale(7, 1, 2), 3);
	KUNIT_EXPECT_EQ(test, gch_go_scale(5, 5, 0), 25);
	KUNIT_EXPECT_EQ(test, gch_go_scale(0, U64_MAX, 1), 0);
	KUNIT_EXPECT_EQ(test, gch_go_scale(U64_MAX, 1, 1), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_scale(U64_MAX, 2, 1), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_scale(U64_MAX, U64_MAX, 1), U64_MAX);
	KUNIT_EXPECT_GT(test, gch_go_scale(U64_MAX, 1024, 1024),
			U64_MAX - (U64_MAX >> 8));
}

static u64 goal(u64 marked, u64 roots, u32 gogc)
{
	struct gch_go_pacer p = {
		.marked = marked,
		.roots = roots,
		.gogc = gogc,
	};

	return gch_go_pacer_gogc_goal(&p);
}

static void test_goal(struct kunit *test)
{
	/* The minimum heap, then GOGC percent more than the live heap. */
	KUNIT_EXPECT_EQ(test, goal(0, 0, 100), SZ_4M);
	KUNIT_EXPECT_EQ(test, goal(0, 0, 50), SZ_2M);
	KUNIT_EXPECT_EQ(test, goal(0, 0, 1000), 10 * SZ_4M);
	KUNIT_EXPECT_EQ(test, goal(SZ_2M, 0, 100), SZ_4M);
	KUNIT_EXPECT_EQ(test, goal(SZ_2M + 1, 0, 100), SZ_4M + 2);
	KUNIT_EXPECT_EQ(test, goal(1000000000, 0, 50), 1500000000);
	KUNIT_EXPECT_EQ(test, goal(1000000000, 50000000, 50), 1525000000);
	KUNIT_EXPECT_EQ(test, goal(1000000000, 0, GCH_GO_GOGC_MAX),
			1001000000000);
	/* A minimum distance leaves room for sweeping. */
	KUNIT_EXPECT_EQ(test, goal(SZ_4M, 0, 1), SZ_4M + SZ_1M);
	/* An overflow must not yield a small goal. */
	KUNIT_EXPECT_EQ(test, goal(0, 0, 0), U64_MAX);
	KUNIT_EXPECT_EQ(test, goal(U64_MAX, 0, 1), U64_MAX);
	KUNIT_EXPECT_EQ(test, goal(U64_MAX / 2, U64_MAX, 100), U64_MAX);
}

/* Subtracts unusable memory, overshoot and headroom from a limit. */
static void test_limit(struct kunit *test)
{
	struct gch_go_pacer p = {
		.limit = MB(200),
		.held = MB(60),
		.free = MB(20),
		.allocated = MB(40),
		.marked = MB(30),
	};

	KUNIT_EXPECT_EQ(test, gch_go_pacer_limit_goal(&p),
			MB(200) - MB(200) / 100 * 3);
	p.allocated = MB(30);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_limit_goal(&p),
			MB(190) - MB(190) / 100 * 3);
	p.limit = MB(40);
	/* 10 MiB unusable and 20 MiB overshoot; then headroom of 1 MiB. */
	KUNIT_EXPECT_EQ(test, gch_go_pacer_limit_goal(&p), MB(30) + SZ_256K);
	p.marked = MB(2);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_limit_goal(&p), MB(9));
	p.held = U64_MAX;
	KUNIT_EXPECT_EQ(test, gch_go_pacer_limit_goal(&p), MB(2) + SZ_256K);
	p.limit = 0;
	KUNIT_EXPECT_EQ(test, gch_go_pacer_limit_goal(&p), U64_MAX);

	gch_go_pacer_commit(&p);
	KUNIT_EXPECT_EQ(test, p.goal, U64_MAX);
	KUNIT_EXPECT_EQ(test, p.trigger, U64_MAX);
}

/* Memory in use bounds the goal below a limit, live or not. */
static void test_used(struct kunit *test)
{
	struct gch_go_pacer p = {
		.limit = MB(64),
		.held = MB(40),
		.free = MB(8),
		.marked = MB(100),
	};
	u64 goal = MB(64) - MB(64) / 100 * 3, part = (goal - MB(32)) / 64;

	gch_go_pacer_commit_used(&p);
	KUNIT_EXPECT_EQ(test, p.used_goal, goal);
	KUNIT_EXPECT_EQ(test, p.used_trigger, goal - 3 * part);
	/* After a cycle that ended far too late, at 0.7 of the way. */
	gch_go_pacer_end(&p, MB(400), MB(100), 0);
	gch_go_pacer_commit_used(&p);
	KUNIT_EXPECT_EQ(test, p.used_trigger, goal - 19 * part);
	/* Assists are paced by the rest of the way, or by GOGC if that is shorter. */
	gch_go_pacer_begin(&p, MB(150), MB(50));
	KUNIT_EXPECT_EQ(test, p.goal, MB(150) + goal - MB(50));
	gch_go_pacer_begin(&p, MB(150), MB(80));
	KUNIT_EXPECT_EQ(test, p.goal, MB(150) + SZ_64K);
	p.gogc = 51;
	gch_go_pacer_begin(&p, MB(150), MB(50));
	KUNIT_EXPECT_EQ(test, p.goal, MB(151));
	/* Headroom is at least 1 MiB. */
	p.limit = MB(16);
	p.held = MB(10);
	gch_go_pacer_commit_used(&p);
	KUNIT_EXPECT_EQ(test, p.used_goal, MB(15));
	/*
	 * A heap beyond its limit keeps running, with a small distance to the goal.
	 */
	p.held = MB(70);
	p.free = 0;
	gch_go_pacer_commit_used(&p);
	KUNIT_EXPECT_EQ(test, p.used_goal, MB(70) + SZ_256K);
	KUNIT_EXPECT_EQ(test, p.used_trigger, MB(70) + SZ_256K / 64 * 45);
	p.limit = 0;
	gch_go_pacer_commit_used(&p);
	KUNIT_EXPECT_EQ(test, p.used_goal, U64_MAX);
	KUNIT_EXPECT_EQ(test, p.used_trigger, U64_MAX);
	p.gogc = 0;
	gch_go_pacer_begin(&p, MB(150), MB(50));
	KUNIT_EXPECT_EQ(test, p.goal, U64_MAX);
}

static u64 trigger_after(struct gch_go_pacer *p, u64 live, u64 work,
			 unsigned int assist)
{
	gch_go_pacer_end(p, live, work, assist);
	gch_go_pacer_commit(p);
	return p->trigger;
}

/* A cycle starts early enough for marking to finish before the goal. */
static void test_trigger(struct kunit *test)
{
	struct gch_go_pacer p = { .gogc = 100, .marked = MB(100) };
	u64 least = MB(100) + MB(100) / 64 * 45, usual;
	unsigned int i;

	gch_go_pacer_commit(&p);
	/*
	 * 4 MiB before the goal for a large heap, a twentieth of the way for a small
	 * one.
	 */
	KUNIT_EXPECT_EQ(test, p.trigger, MB(200) - SZ_4M);
	p.marked = SZ_1M;
	gch_go_pacer_commit(&p);
	KUNIT_EXPECT_EQ(test, p.trigger, SZ_1M + 3 * SZ_1M / 64 * 61);

	p.marked = MB(100);
	p.triggered = MB(150);
	usual = trigger_after(&p, MB(170), MB(100), 0);
	KUNIT_EXPECT_GE(test, usual, MB(180));
	KUNIT_EXPECT_LE(test, usual, MB(180) + SZ_64K);
	/* A cycle with assists makes the next one start earlier, ... */
	KUNIT_EXPECT_LT(test, trigger_after(&p, MB(170), MB(100), 100), usual);
	/* ... and one that ended far too late, at 0.7 of the way. */
	KUNIT_EXPECT_EQ(test, trigger_after(&p, MB(400), MB(100), 0), least);
	KUNIT_EXPECT_EQ(test, trigger_after(&p, U64_MAX, 1, 1000), least);
	/* That is remembered for four cycles. */
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, trigger_after(&p, MB(170), MB(100), 0),
				least);
	KUNIT_EXPECT_EQ(test, trigger_after(&p, MB(170), MB(100), 0), usual);
}

static void test_owed(struct kunit *test)
{
	struct gch_go_pacer p = {
		.gogc = 100,
		.goal = MB(200),
		.triggered = MB(150),
		.work = MB(100),
	};

	/* 100 MiB to mark, 50 MiB to allocate. */
	KUNIT_EXPECT_EQ(test, gch_go_pacer_owed(&p, MB(150), 0, 8192), 16384);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_owed(&p, MB(150), MB(50), 8192),
			8192);
	/*
	 * More to mark than expected: assume that everything lives, and raise the
	 * goal in proportion.
	 */
	KUNIT_EXPECT_EQ(test, gch_go_pacer_owed(&p, MB(175), MB(110), 8192),
			8192ULL * 40 / 50);
	/* Past the goal: a tenth more is left, ... */
	KUNIT_EXPECT_EQ(test, gch_go_pacer_owed(&p, MB(210), MB(50), 8192),
			81920);
	/* ... and past that the whole debt is due at once, and no more. */
	KUNIT_EXPECT_EQ(test, gch_go_pacer_owed(&p, MB(500), MB(50), 8192),
			MB(100));
	KUNIT_EXPECT_EQ(test, gch_go_pacer_worst(&p), MB(220));
	p.goal = U64_MAX;
	KUNIT_EXPECT_EQ(test, gch_go_pacer_owed(&p, MB(500), 0, 8192), 0);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_worst(&p), U64_MAX);
	/* A cycle always has some distance to its goal. */
	p.goal = MB(10);
	gch_go_pacer_begin(&p, MB(20), 0);
	KUNIT_EXPECT_EQ(test, p.goal, MB(20) + SZ_64K);
}

static void test_sweep(struct kunit *test)
{
	struct gch_go_pacer p = { .marked = MB(10), .trigger = MB(15) };

	KUNIT_EXPECT_EQ(test, gch_go_pacer_sweep_way(&p), MB(4));
	p.trigger = MB(10);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_sweep_way(&p), SZ_8K);
	p.trigger = U64_MAX;
	KUNIT_EXPECT_EQ(test, gch_go_pacer_sweep_way(&p), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_sweep_owed(100, 0, 1000, 500), 50);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_sweep_owed(100, 60, 1000, 500), 0);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_sweep_owed(100, 60, 1000, 5000), 40);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_sweep_owed(100, 0, U64_MAX, MB(1)),
			0);
}

static void test_limiter(struct kunit *test)
{
	struct gch_go_limiter l = {};

	gch_go_limiter_add(&l, 500, 500, 1000);
	KUNIT_EXPECT_FALSE(test, l.on);
	gch_go_limiter_add(&l, 900, 0, 1000);
	KUNIT_EXPECT_FALSE(test, l.on);
	gch_go_limiter_add(&l, 900, 100, 1000);
	KUNIT_EXPECT_TRUE(test, l.on);
	gch_go_limiter_add(&l, 0, 1, 1000);
	KUNIT_EXPECT_FALSE(test, l.on);
	gch_go_limiter_add(&l, U64_MAX, 0, 1000);
	KUNIT_EXPECT_TRUE(test, l.on);
	gch_go_limiter_add(&l, 0, U64_MAX, 1000);
	KUNIT_EXPECT_EQ(test, l.fill, 0);
}

/* CPU time taken from mutators; work on idle CPUs does not count. */
static void test_taken(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gch_go_pacer_taken(5, 100, 30, 7), 82);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_taken(5, 100, 100, 7), 12);
	/* Idle time is read before the worker's. */
	KUNIT_EXPECT_EQ(test, gch_go_pacer_taken(5, 100, 130, 7), 12);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_taken(U64_MAX, 1, 0, 1), U64_MAX);
}

/*
 * A heap that exceeds its limit, sampled every 10 ms on two CPUs: mutators that
 * assist all the time are released after two seconds, and from then on half of the
 * time.
 */
static void test_limiter_share(struct kunit *test)
{
	const u64 all = 20 * NSEC_PER_MSEC, capacity = 2 * NSEC_PER_SEC;
	struct gch_go_limiter l = {};
	unsigned int i, on = 0;
	u64 taken;

	for (i = 0; !l.on && i < 1000; i++)
		gch_go_limiter_add(&l, gch_go_pacer_taken(0, 0, 0, all), 0,
				   capacity);
	KUNIT_EXPECT_EQ(test, i, 100);
	for (i = 0; i < 1000; i++) {
		taken = l.on ? 0 : all;
		on += l.on;
		gch_go_limiter_add(&l, taken, all - taken, capacity);
	}
	KUNIT_EXPECT_EQ(test, on, 500);
}

static void test_retain(struct kunit *test)
{
	struct gch_go_pacer p = { .goal = 200 };

	KUNIT_EXPECT_EQ(test, gch_go_pacer_retain(&p, 100, 100, 0), 220);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_retain(&p, 100, 400, 0), 55);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_retain(&p, 100, 100, 100), 95);
	KUNIT_EXPECT_EQ(test, gch_go_pacer_retain(&p, 100, U64_MAX, 0), 110);
	p.goal = U64_MAX;
	KUNIT_EXPECT_EQ(test, gch_go_pacer_retain(&p, 100, 5, 0), 110);
}

static u64 any(struct gch_kunit_random *r)
{
	return gch_kunit_random(r) >> gch_kunit_below(r, 64);
}

/*
 * Heaps of all magnitudes: the next cycle starts between live heap and goal, nearer
 * to the goal, and a debt never exceeds the remaining work.
 */
static void test_random(struct kunit *test)
{
	unsigned int i, n = gch_kunit_rounds(200000);
	struct gch_kunit_random r;
	struct gch_go_pacer p;
	u64 owed, in_use;

	gch_kunit_seed(test, &r);
	memset(&p, 0, sizeof(p));
	for (i = 0; i < n; i++) {
		p.gogc = gch_kunit_below(&r, GCH_GO_GOGC_MAX + 1) >>
			 gch_kunit_below(&r, 18);
		p.limit = gch_kunit_below(&r, 2) ? any(&r) : 0;
		p.held = any(&r);
		p.free = any(&r);
		p.allocated = any(&r);
		p.marked = any(&r);
		p.roots = any(&r);
		gch_go_pacer_commit(&p);
		gch_go_pacer_commit_used(&p);
		in_use = p.held > p.free ? p.held - p.free : 0;
		if (!GCH_EXPECT(test, p.used_trigger >= in_use &&
				p.used_trigger <= p.used_goal,
				"%llu in use, limit %llu: from %llu to %llu",
				in_use, p.limit, p.used_trigger, p.used_goal))
			return;
		if (!GCH_EXPECT(test, p.goal >= p.marked &&
				p.trigger >= p.marked && p.trigger <= p.goal &&
				(p.goal == U64_MAX || p.trigger - p.marked >=
				 (p.goal - p.marked) / 64 * 45),
				"%llu live, gogc %u, limit %llu: goal %llu, trigger %llu",
				p.marked, p.gogc, p.limit, p.goal, p.trigger) ||
		    !GCH_EXPECT(test, p.gogc_trigger >= p.trigger ||
				p.limit, "later for no limit"))
			return;
		gch_go_pacer_begin(&p, any(&r), any(&r));
		owed = gch_go_pacer_owed(&p, any(&r), any(&r), SZ_8K);
		if (!GCH_EXPECT(test, owed <= max3(p.work, p.triggered, 1000ULL),
				"%llu owed of %llu", owed, p.work))
			return;
		gch_go_pacer_end(&p, any(&r), any(&r),
				 gch_kunit_below(&r, 1001));
	}
}

/* As many whole workers as fit the CPU goal, and fractional ones for the rest. */
static void test_share(struct kunit *test)
{
	static const struct {
		unsigned int percent, cpus, dedicated, fraction;
	} known[] = {
		{ 25, 1, 0, 25 }, { 25, 2, 0, 25 }, { 25, 3, 0, 25 },
		{ 25, 4, 1, 0 }, { 25, 5, 1, 0 }, { 25, 6, 1, 8 },
		{ 25, 7, 2, 0 }, { 25, 8, 2, 0 }, { 25, 64, 16, 0 },
		{ 1, 2, 0, 1 }, { 50, 2, 1, 0 }, { 100, 1, 1, 0 },
		{ 100, 64, 64, 0 },
	};
	unsigned int i, percent, cpus, dedicated, fraction;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		dedicated = gch_go_mark_worker_split(known[i].percent, known[i].cpus,
						     &fraction);
		GCH_EXPECT(test, dedicated == known[i].dedicated &&
			   fraction == known[i].fraction,
			   "%u percent of %u CPUs: %u dedicated, %u percent",
			   known[i].percent, known[i].cpus, dedicated, fraction);
	}
	for (i = 0; i < 100 * 64; i++) {
		percent = i % 100 + 1;
		cpus = i / 100 + 1;
		dedicated = gch_go_mark_worker_split(percent, cpus, &fraction);
		if (!GCH_EXPECT(test, dedicated <= cpus && fraction < 100 &&
				(dedicated || fraction) &&
				(!fraction || dedicated * 100 + fraction * cpus <=
				 percent * cpus),
				"%u percent of %u CPUs: %u dedicated, %u percent",
				percent, cpus, dedicated, fraction))
			return;
	}
}

/* A worker is due if it is behind its share, and all workers together are. */
static void test_due(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, gch_go_mark_worker_due(1000, 25, 2, 249, 249));
	KUNIT_EXPECT_FALSE(test, gch_go_mark_worker_due(1000, 25, 2, 250, 250));
	KUNIT_EXPECT_TRUE(test, gch_go_mark_worker_due(1000, 25, 2, 0, 499));
	KUNIT_EXPECT_FALSE(test, gch_go_mark_worker_due(1000, 25, 2, 0, 500));
	KUNIT_EXPECT_FALSE(test, gch_go_mark_worker_due(1000, 0, 2, 0, 0));
	KUNIT_EXPECT_FALSE(test, gch_go_mark_worker_due(0, 25, 2, 0, 0));
}

/* A fractional worker stops after 50 us, whether or not it is behind. */
static void test_turn(struct kunit *test)
{
	struct gch_go_mark_worker s = {
		.mode = GCH_GO_FRACTIONAL,
		.woke = NSEC_PER_SEC,
		.since = NSEC_PER_SEC + NSEC_PER_USEC,
	};

	KUNIT_EXPECT_FALSE(test, gch_go_mark_worker_turn(&s));
	s.since = NSEC_PER_SEC + NSEC_PER_MSEC;
	KUNIT_EXPECT_TRUE(test, gch_go_mark_worker_turn(&s));
	s.mode = GCH_GO_IDLE;
	KUNIT_EXPECT_FALSE(test, gch_go_mark_worker_turn(&s));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_scale),
	KUNIT_CASE(test_goal),
	KUNIT_CASE(test_limit),
	KUNIT_CASE(test_trigger),
	KUNIT_CASE(test_owed),
	KUNIT_CASE(test_sweep),
	KUNIT_CASE(test_used),
	KUNIT_CASE(test_taken),
	KUNIT_CASE(test_limiter),
	KUNIT_CASE(test_limiter_share),
	KUNIT_CASE(test_retain),
	KUNIT_CASE(test_share),
	KUNIT_CASE(test_due),
	KUNIT_CASE(test_turn),
	KUNIT_CASE(test_random),
	{}
};

struct kunit_suite gch_kunit_pacer = {
	.name = "gcheap_pacer",
	.test_cases = cases,
};
