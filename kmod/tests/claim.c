// SPDX-License-Identifier: GPL-2.0
/* A heap claimed by one user: what other users are refused, and until when. */
#include "tests.h"

#include <linux/err.h>

static bool attaches(struct gch_test_env *env)
{
	struct gch_mutator *m = gch_mutator_attach(env->heap, 1);

	if (IS_ERR(m))
		return false;
	gch_mutator_detach(m);
	return true;
}

/* An attach without memory must not collect a claimed heap. */
static void check_full(struct gch_test_env *env)
{
	u64 cycles = gch_cycles_started(env->heap);

	MUST(env, gch_claimed_tune(env->heap, GCH_KEY_LIMIT, 1));
	CHECK(env, !attaches(env), "a mutator attached to a claimed heap");
	CHECK(env, gch_cycles_started(env->heap) == cycles,
	      "a mutator that is refused collects a claimed heap");
}

static void check_claimed(struct gch_test_env *env)
{
	struct gch_heap *heap = env->heap;
	u64 cycles = gch_cycles_started(heap);

	REFUSED(env, gch_heap_claim(heap, "another", 1, NULL), EBUSY);
	REFUSED(env, gch_heap_tune(heap, GCH_KEY_LIMIT, SZ_64M, NULL), EBUSY);
	REFUSED(env, gch_collect(heap, 2), EBUSY);
	CHECK(env, !attaches(env), "a mutator attached to a claimed heap");
	CHECK(env, gch_cycle_request(heap, 2) == 0,
	      "a claimed heap gave a ticket");
	CHECK(env, gch_cycles_started(heap) == cycles,
	      "others collected a claimed heap");
	check_full(env);
	MUST(env, gch_claimed_tune(heap, GCH_KEY_LIMIT, SZ_128M));
	MUST(env, gch_claimed_collect(heap, 2));
	CHECK(env, gch_cycles_started(heap) == cycles + 1,
	      "%llu collections, one was asked for",
	      gch_cycles_started(heap) - cycles);
}

/* The claim ends an earlier request. */
static void check_requested(struct gch_test_env *env)
{
	u64 ticket = gch_cycle_request(env->heap, 2);

	if (!MUST(env, gch_heap_claim(env->heap, "the test", 1, NULL)))
		return;
	gch_claimed_wait(env->heap);
	CHECK(env, gch_requests_ended(env->heap) >= ticket,
	      "a collection that was asked for before the claim has not ended");
	gch_heap_unclaim(env->heap);
}

/**
 * gch_test_claim - a claimed heap refuses other users until the claim ends
 * @env: the test
 */
void gch_test_claim(struct gch_test_env *env)
{
	struct gch_heap *heap;
	struct gch_stats stats;

	if (!gch_test_open(env, NULL))
		return;
	heap = env->heap;
	REFUSED(env, gch_heap_claim(heap, "the test", 0, NULL), EBUSY);
	REFUSED(env, gch_heap_claim(heap, "the test", 2, NULL), EBUSY);
	if (!MUST(env, gch_heap_claim(heap, "the test", 1, NULL)))
		return;
	check_claimed(env);
	gch_heap_unclaim(heap);

	CHECK(env, attaches(env), "no mutator attaches after the claim");
	MUST(env, gch_heap_tune(heap, GCH_KEY_LIMIT, SZ_64M, NULL));
	MUST(env, gch_collect(heap, 2));
	check_requested(env);
	gch_heap_stats(heap, &stats);
	CHECK(env, gch_heap_live_objects(heap) == stats.live_objects,
	      "%llu live objects, %llu by the statistics",
	      gch_heap_live_objects(heap), stats.live_objects);
}
