// SPDX-License-Identifier: GPL-2.0
/*
 * Several references in one call, while marking never pauses
 *
 * One object holds all the others. Again and again its references are loaded into
 * slots right after a cycle, and it is dropped. When the next cycle has just begun, a
 * new object is made with all the references in it: unmarked objects of the slots go
 * into an object that is not scanned, and the slots are cleared before they are
 * scanned. No reference is loaded before that cycle has ended, because the load would
 * mark its object.
 */
#include "tests.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#define REFS		8U
/* Longest time that the references stay in slots. */
#define SHELF_TIME	(HZ / 10 + 1)
/*
 * Rounds of the test per repetition, which takes longer than a move in other tests.
 */
#define ROUNDS_PER_MOVE	250U

enum { HOLDER, SPARE, SHELF };

/* Checks that all objects in the slots are unchanged. */
static bool all_there(struct gch_test_env *env)
{
	u32 i;

	for (i = 0; i < REFS; i++)
		if (!CHECK(env, gch_test_payload_is(env->m, SHELF + i, 0, i + 1),
			   "object %u is lost", i))
			return false;
	return true;
}

static bool clear_shelf(struct gch_test_env *env)
{
	u32 i;

	for (i = 0; i < REFS; i++)
		if (!MUST(env, gch_clear(env->m, SHELF + i)))
			return false;
	return true;
}

static bool begin(struct gch_test_env *env, struct gch_type *leaf,
		  struct gch_type *holder)
{
	u32 i;

	for (i = 0; i < REFS; i++)
		if (!MUST(env, gch_alloc(env->m, SHELF + i, leaf)) ||
		    !gch_test_payload_set(env->m, SHELF + i, 0, i + 1))
			return false;
	return MUST(env, gch_alloc_refs(env->m, HOLDER, holder, SHELF, REFS)) &&
	       clear_shelf(env);
}

/* Waits until a cycle has ended, with a time limit. */
static bool cycle_over(struct gch_test_env *env)
{
	u64 before = gch_cycles_ended(env->heap);
	unsigned long until = jiffies + 60 * HZ;

	while (gch_cycles_ended(env->heap) == before) {
		if (!CHECK(env, time_before(jiffies, until),
			   "no cycle ends"))
			return false;
		usleep_range(10, 20);
	}
	return true;
}

static u64 barriers(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	return stats.barriers;
}

/* Waits until a store runs the write barrier; frames are not scanned before. */
static bool cycle_begun(struct gch_test_env *env)
{
	unsigned long until = jiffies + SHELF_TIME;
	u64 before = barriers(env);

	while (barriers(env) == before && time_before(jiffies, until))
		if (!MUST(env, gch_clear(env->m, SPARE)))
			return false;
	return true;
}

static bool pass_on(struct gch_test_env *env, struct gch_type *holder)
{
	if (!MUST(env, gch_load_refs(env->m, SHELF, HOLDER, 0, REFS)) ||
	    !all_there(env) || !MUST(env, gch_clear(env->m, HOLDER)) ||
	    !cycle_begun(env))
		return false;
	return MUST(env, gch_alloc_refs(env->m, HOLDER, holder, SHELF, REFS)) &&
	       clear_shelf(env) && cycle_over(env);
}

static void pass_on_and_on(struct gch_test_env *env, u64 barrier)
{
	struct gch_config cfg = { .set = BIT(GCH_KEY_BARRIER) };
	struct gch_type *leaf, *holder;
	struct task_struct *collector;
	unsigned long i;

	cfg.val[GCH_KEY_BARRIER] = barrier;
	if (!gch_test_open(env, &cfg))
		goto out;
	leaf = gch_test_type(env, "leaf", 2 * 8, 0, 0);
	holder = gch_test_type(env, "holder", REFS * 8, REFS, 0);
	if (!leaf || !holder || !begin(env, leaf, holder))
		goto out;
	collector = gch_test_collector_start(env);
	for (i = 0; collector && i < env->rounds / ROUNDS_PER_MOVE; i++) {
		if (!pass_on(env, holder))
			break;
		cond_resched();
	}
	gch_test_collector_stop(collector);
	CHECK(env, gch_cycles_ended(env->heap) >= 10,
	      "too few collections to say anything");
out:
	gch_test_close(env);
}

/**
 * gch_test_refs - several references in one call, with each write barrier
 * @env: the test
 */
void gch_test_refs(struct gch_test_env *env)
{
	u64 barrier;

	for (barrier = 0; barrier <= GCHEAP_BARRIER_DIJKSTRA; barrier++)
		pass_on_and_on(env, barrier);
}
