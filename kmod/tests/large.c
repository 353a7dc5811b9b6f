// SPDX-License-Identifier: GPL-2.0
/*
 * Large objects made and dropped while cycles begin and end. An object born between
 * the end of marking and the sweep is not marked and must not be swept.
 */
#include "tests.h"

#include <linux/sched.h>
#include <linux/sizes.h>

#define SLOTS	16U
#define ROUNDS	4000U
#define BYTES	(40 * SZ_1K)

static bool renew(struct gch_test_env *env, struct gch_type *type,
		  unsigned int round)
{
	unsigned int slot = round % SLOTS;

	/* The slot has held the previous object since SLOTS rounds ago. */
	if (round >= SLOTS &&
	    !CHECK(env, gch_test_payload_is(env->m, slot, 1, round - SLOTS),
		   "round %u: a large object is not what it was", round))
		return false;
	if (!MUST(env, gch_alloc_var(env->m, slot, type, 1, BYTES)))
		return false;
	return CHECK(env, gch_test_payload_set(env->m, slot, 1, round),
		     "a large object has no room");
}

/**
 * gch_test_large - large objects born during cycles
 * @env: the test
 */
void gch_test_large(struct gch_test_env *env)
{
	struct task_struct *collector;
	struct gch_type *type;
	unsigned int i;

	if (!gch_test_open(env, NULL))
		return;
	type = gch_test_type(env, "large", 0, 0, GCH_TYPE_VAR);
	collector = type ? gch_test_collector_start(env) : NULL;
	if (!collector)
		return;
	for (i = 0; i < ROUNDS && renew(env, type, i); i++)
		cond_resched();
	gch_test_collector_stop(collector);
	for (i = 0; i < SLOTS; i++)
		MUST(env, gch_clear(env->m, i));
}
