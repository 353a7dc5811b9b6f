// SPDX-License-Identifier: GPL-2.0
/*
 * Forced cycles that take long: the interval counts from the end of one to the start
 * of the next, not from start to start. Otherwise mutators that a collection stops
 * would never run.
 *
 * The intervals between the cycles, and the time of the cycles, must fit into the
 * elapsed time. The length of a cycle depends on the machine.
 */
#include "tests.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>

#define INTERVAL_MS	60U
/* Ticks may be coarse or late, so only half of the interval is required. */
#define LEAST_NS	(INTERVAL_MS / 2 * NSEC_PER_MSEC)
#define CYCLES		4U
/* Objects are added until a cycle takes this long, or up to this number. */
#define CYCLE_NS	(40 * NSEC_PER_MSEC)
#define OBJECTS		8192U
#define OBJECTS_MAX	BIT(19)

enum { HEAD, NEW };

static struct gch_stats stats_of(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	return stats;
}

static bool grow(struct gch_test_env *env, struct gch_type *type, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!MUST(env, gch_alloc(env->m, NEW, type)) ||
		    !MUST(env, gch_store(env->m, NEW, 0, HEAD)) ||
		    !MUST(env, gch_copy(env->m, HEAD, NEW)))
			return false;
		cond_resched();
	}
	return true;
}

static bool fill(struct gch_test_env *env, struct gch_type *type)
{
	u32 nr = OBJECTS;
	u64 before;

	if (!grow(env, type, nr))
		return false;
	for (; nr < OBJECTS_MAX; nr *= 2) {
		before = stats_of(env).cycle_ns;
		if (!MUST(env, gch_collect(env->heap, 2)))
			return false;
		if (stats_of(env).cycle_ns - before >= CYCLE_NS)
			break;
		if (!grow(env, type, nr))
			return false;
	}
	return true;
}

static void force(struct gch_test_env *env)
{
	struct gch_stats before = stats_of(env), after;
	unsigned long until = jiffies + 60 * HZ;
	u64 start = ktime_get_ns(), begun, passed, ran;

	MUST(env, gch_heap_tune(env->heap, GCH_KEY_INTERVAL_MS, INTERVAL_MS, NULL));
	do {
		usleep_range(1000, 2000);
		begun = gch_cycles_started(env->heap);
		after = stats_of(env);
		passed = ktime_get_ns() - start;
		/* The time of a running cycle may be counted before the cycle is. */
	} while ((after.cycles - before.cycles < CYCLES ||
		  after.cycles != begun) && time_before(jiffies, until));
	MUST(env, gch_heap_tune(env->heap, GCH_KEY_INTERVAL_MS, 0, NULL));
	ran = after.cycle_ns - before.cycle_ns;
	gch_test_note(env, "%llu cycles of %llu us in %llu us",
		      after.cycles - before.cycles,
		      ran / CYCLES / NSEC_PER_USEC, passed / NSEC_PER_USEC);
	CHECK(env, after.cycles - before.cycles >= CYCLES, "cycles were not forced");
	CHECK(env, passed >= (after.cycles - before.cycles) * LEAST_NS + ran,
	      "no interval between cycles");
}

/**
 * gch_test_interval - forced cycles that take long leave time between them
 * @env: the test
 */
void gch_test_interval(struct gch_test_env *env)
{
	struct gch_type *type;

	/* Verification would take longer than the cycle itself. */
	if (!gch_test_open(env, NULL) ||
	    !MUST(env, gch_heap_tune(env->heap, GCH_KEY_VERIFY, 0, NULL)))
		return;
	type = gch_test_type(env, "link", 2 * 8, 1, 0);
	if (type && fill(env, type))
		force(env);
}
