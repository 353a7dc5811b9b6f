// SPDX-License-Identifier: GPL-2.0
/* When a cycle of the Go engine starts: the arithmetic, also where it ends. */
#include "kunit.h"

#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/sizes.h>

#include "go/go.h"

static void test_known(struct kunit *test)
{
	/* The minimum heap, then GOGC percent more than what lives. */
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(0, 100), SZ_4M);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(0, 50), SZ_2M);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(0, 1000), 10 * SZ_4M);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(SZ_2M, 100), SZ_4M);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(SZ_2M + 1, 100), SZ_4M + 2);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(1000000000, 100), 2000000000);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(1000000000, 50), 1500000000);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(1000000000, 1), 1010000000);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(99999999, 1), 100999998);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(1000000000, GCH_GO_GOGC_MAX),
			1001000000000);

	KUNIT_EXPECT_EQ(test, gch_go_trigger(0, SZ_4M), SZ_4M / 5 * 4 + 3);
	KUNIT_EXPECT_EQ(test, gch_go_trigger(1000, 2000), 1800);
	KUNIT_EXPECT_EQ(test, gch_go_trigger(1000, 1000), 1000);
}

static void test_off(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(0, 0), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(SZ_1G, 0), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(U64_MAX, 0), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_trigger(0, U64_MAX), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_trigger(SZ_1G, U64_MAX), U64_MAX);
}

/* What does not fit is no goal: it must not come out small. */
static void test_overflow(struct kunit *test)
{
	const u64 half = U64_MAX / 2, huge = U64_MAX / (GCH_GO_GOGC_MAX / 100);

	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(half, 100), U64_MAX - 1);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(half + 1, 100), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(U64_MAX, 1), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(huge, GCH_GO_GOGC_MAX), U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_go_heap_goal(huge + 1, GCH_GO_GOGC_MAX),
			U64_MAX);
	KUNIT_EXPECT_GT(test, gch_go_trigger(0, U64_MAX - 1), U64_MAX / 4 * 3);
	KUNIT_EXPECT_EQ(test, gch_go_trigger(U64_MAX - 6, U64_MAX - 1),
			U64_MAX - 2);
}

/*
 * Of heaps and settings of all magnitudes: the next cycle starts between what
 * lives and the goal, nearer to the goal, and no earlier for more that lives or
 * for a larger GOGC.
 */
static void test_monotonic(struct kunit *test)
{
	unsigned int i, n = gch_kunit_rounds(200000);
	struct gch_kunit_random r;

	gch_kunit_seed(test, &r);
	for (i = 0; i < n; i++) {
		u64 live = gch_kunit_random(&r) >> gch_kunit_below(&r, 64);
		u64 gogc = 1 + gch_kunit_below(&r, GCH_GO_GOGC_MAX) /
			       (1 + gch_kunit_below(&r, 2000));
		u64 goal = gch_go_heap_goal(live, gogc);
		u64 trigger = gch_go_trigger(live, goal);
		u64 more = live + (live >> 5) + 1;

		if (!GCH_EXPECT(test, goal >= live &&
				goal >= SZ_4M / 100 * gogc,
				"%llu live, gogc %llu: goal %llu", live, gogc,
				goal) ||
		    !GCH_EXPECT(test, trigger >= live && trigger <= goal &&
				trigger - live >= (goal - live) / 5 * 4,
				"%llu live, goal %llu: trigger %llu", live,
				goal, trigger))
			return;
		if (!GCH_EXPECT(test, gch_go_heap_goal(live, gogc + 1) >= goal,
				"%llu live: goal lower for gogc %llu than below",
				live, gogc + 1))
			return;
		if (more <= live)
			continue;
		if (!GCH_EXPECT(test, gch_go_heap_goal(more, gogc) >= goal &&
				gch_go_trigger(more, gch_go_heap_goal(more, gogc)) >=
				trigger,
				"gogc %llu: starts earlier with %llu live than with %llu",
				gogc, more, live))
			return;
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_known),
	KUNIT_CASE(test_off),
	KUNIT_CASE(test_overflow),
	KUNIT_CASE(test_monotonic),
	{}
};

struct kunit_suite gch_kunit_pacer = {
	.name = "gcheap_pacer",
	.test_cases = cases,
};
