// SPDX-License-Identifier: GPL-2.0
/*
 * Forced cycles: they come one after another while GCH_KEY_INTERVAL_MS is set, and no
 * longer. That the interval begins with the end of a cycle is a matter of KUnit.
 */
#include "tests.h"

#include <linux/delay.h>
#include <linux/jiffies.h>

#define INTERVAL_MS	1U
#define CYCLES		4U

/**
 * gch_test_interval - cycles are forced while an interval is set
 * @env: the test
 */
void gch_test_interval(struct gch_test_env *env)
{
	unsigned long until = jiffies + 60 * HZ;
	u64 before, after;

	if (!gch_test_open(env, NULL))
		return;
	before = gch_cycles_ended(env->heap);
	MUST(env, gch_heap_tune(env->heap, GCH_KEY_INTERVAL_MS, INTERVAL_MS, NULL));
	do {
		usleep_range(1000, 2000);
		after = gch_cycles_ended(env->heap);
	} while (after - before < CYCLES && time_before(jiffies, until));
	CHECK(env, after - before >= CYCLES, "cycles were not forced");
	MUST(env, gch_heap_tune(env->heap, GCH_KEY_INTERVAL_MS, 0, NULL));
	/* One may be running. */
	MUST(env, gch_collect(env->heap, 2));
	before = gch_cycles_ended(env->heap);
	msleep(20 * INTERVAL_MS);
	CHECK(env, gch_cycles_ended(env->heap) == before,
	      "cycles are forced without an interval");
}
