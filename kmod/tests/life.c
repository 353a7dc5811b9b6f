// SPDX-License-Identifier: GPL-2.0
/*
 * Object lifetime: an object does not die before its last reference is dropped, and
 * not much later than the engine promises. Weak tables show it.
 */
#include "tests.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/sched.h>

#define WEAKS		1000U
#define RING		50U
#define RINGS		40U
#define CHAIN		300000U
/*
 * Rounds between two objects that are dropped and held again, and longest time
 * between.
 */
#define HOLD_EVERY	256U
#define HOLD_DELAY_US	293U

/* References of a node, before two words of payload. */
#define REFS		2U
#define NODE_BYTES	((REFS + 2) * 8)

static bool counts(const struct gch_test_env *env)
{
	return env->engine == GCHEAP_ENGINE_PYTHON;
}

static struct gch_type *node_type(struct gch_test_env *env)
{
	return gch_test_type(env, "node", NODE_BYTES, REFS, GCH_TYPE_WEAK);
}

static u64 live_objects(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	return stats.live_objects;
}

static void check_weak(struct gch_test_env *env, struct gch_weaks *weaks,
		       u32 i, bool alive)
{
	CHECK(env, gch_weak_alive(env->m, weaks, i) == alive,
	      "object %u is %s", i, alive ? "dead" : "alive");
	if (!MUST(env, gch_weak_get(env->m, 0, weaks, i)))
		return;
	if (alive)
		CHECK(env, gch_test_payload_is(env->m, 0, REFS, i),
		      "object %u is not what it was", i);
	else
		CHECK(env, gch_is_null(env->m, 0),
		      "object %u is dead and can be had", i);
	MUST(env, gch_clear(env->m, 0));
}

static bool make_weaks(struct gch_test_env *env, struct gch_roots *roots,
		       struct gch_weaks *weaks)
{
	struct gch_type *type = node_type(env);
	u32 i;

	for (i = 0; type && i < WEAKS; i++) {
		if (!MUST(env, gch_alloc(env->m, 0, type)) ||
		    !MUST(env, gch_weak_set(env->m, weaks, i, 0)) ||
		    !MUST(env, gch_root_set(env->m, roots, i, 0)))
			return false;
		gch_test_payload_set(env->m, 0, REFS, i);
	}
	return type && MUST(env, gch_clear(env->m, 0));
}

static void drop_weaks(struct gch_test_env *env, struct gch_roots *roots,
		       struct gch_weaks *weaks)
{
	u32 i;

	for (i = 0; i < WEAKS; i++)
		check_weak(env, weaks, i, true);
	for (i = 0; i < WEAKS; i += 2)
		MUST(env, gch_root_clear(env->m, roots, i));
	for (i = 0; counts(env) && i < WEAKS; i++)
		check_weak(env, weaks, i, i % 2);
	MUST(env, gch_collect(env->heap, 2));
	for (i = 0; i < WEAKS; i++)
		check_weak(env, weaks, i, i % 2);
	CHECK(env, live_objects(env) == WEAKS / 2, "%llu objects live, not %u",
	      live_objects(env), WEAKS / 2);
	/* Two entries for one object, and a reused entry. */
	if (MUST(env, gch_root_get(env->m, 1, roots, 1)) &&
	    MUST(env, gch_weak_set(env->m, weaks, 0, 1)) &&
	    MUST(env, gch_weak_get(env->m, 0, weaks, 0)))
		CHECK(env, gch_same(env->m, 0, 1), "not the object it names");
	MUST(env, gch_weak_clear(env->m, weaks, 1));
	MUST(env, gch_clear(env->m, 0));
	MUST(env, gch_clear(env->m, 1));
	CHECK(env, gch_weak_alive(env->m, weaks, 1) == 0, "cleared, but alive");
	CHECK(env, gch_weak_alive(env->m, weaks, 0) == 1, "held, but dead");
	MUST(env, gch_root_clear(env->m, roots, 1));
	MUST(env, gch_collect(env->heap, 2));
	check_weak(env, weaks, 0, false);
}

/**
 * gch_test_weak - weak tables name live objects only
 * @env: the test
 */
void gch_test_weak(struct gch_test_env *env)
{
	struct gch_roots *roots;
	struct gch_weaks *weaks;

	if (!gch_test_open(env, NULL))
		return;
	roots = gch_roots_create(env->heap, WEAKS);
	weaks = gch_weaks_create(env->heap, WEAKS);
	if (IS_ERR(roots) || IS_ERR(weaks))
		gch_test_fail(env, "no tables");
	else if (make_weaks(env, roots, weaks))
		drop_weaks(env, roots, weaks);
	if (!IS_ERR(weaks))
		gch_weaks_destroy(env->m, weaks);
	if (!IS_ERR(roots))
		gch_roots_destroy(env->m, roots);
}

static bool name_it(struct gch_test_env *env, struct gch_weaks *weaks)
{
	struct gch_type *type = node_type(env);
	u32 i;

	if (!type || !MUST(env, gch_alloc(env->m, 0, type)))
		return false;
	for (i = 0; i < WEAKS; i++)
		if (!MUST(env, gch_weak_set(env->m, weaks, i, 0)))
			return false;
	return true;
}

static void check_crowd(struct gch_test_env *env, struct gch_weaks *weaks, u32 i)
{
	if (gch_test_reclaims(env, GCHEAP_RECLAIM_NEVER))
		CHECK(env, gch_weak_alive(env->m, weaks, i) == 1,
		      "entry %u: a heap that never frees has lost its object", i);
	else
		check_weak(env, weaks, i, false);
}

/**
 * gch_test_weak_crowd - death of an object with more entries than a section clears
 * @env: the test
 */
void gch_test_weak_crowd(struct gch_test_env *env)
{
	struct gch_weaks *weaks;
	struct gch_stats stats;
	u32 i;

	if (!gch_test_open(env, NULL))
		return;
	weaks = gch_weaks_create(env->heap, WEAKS);
	if (IS_ERR(weaks)) {
		gch_test_fail(env, "no table: %ld", PTR_ERR(weaks));
		return;
	}
	if (name_it(env, weaks)) {
		MUST(env, gch_free(env->m, 0));
		MUST(env, gch_collect(env->heap, 2));
		for (i = 0; i < WEAKS; i++)
			check_crowd(env, weaks, i);
	}
	gch_heap_stats(env->heap, &stats);
	CHECK(env, env->engine != GCHEAP_ENGINE_SLAB || !stats.exclusive_wait.count,
	      "a call waited for others, who do not exist");
	gch_weaks_destroy(env->m, weaks);
}

/* Reads the entry of a dying object until it is dead; then it must stay so. */
static bool ask(struct gch_test_env *env, struct gch_weaks *weaks, u64 number)
{
	unsigned int i, gone = 0;

	for (i = 0; i < 20; i++) {
		if (!MUST(env, gch_weak_get(env->m, 0, weaks, 0)))
			return false;
		if (gch_is_null(env->m, 0)) {
			gone = 1;
			continue;
		}
		if (!CHECK(env, !gone, "object %llu came back", number) ||
		    !CHECK(env, gch_test_payload_is(env->m, 0, REFS, number),
			   "object %llu is not what it was", number) ||
		    !MUST(env, gch_clear(env->m, 0)))
			return false;
	}
	return true;
}

/*
 * An object that only the weak table has named for a while, perhaps since before it
 * was to be marked, is held again until that cycle has ended.
 */
static bool hold(struct gch_test_env *env, struct gch_weaks *weaks, u64 number)
{
	unsigned long until = jiffies + HZ / 10;
	u64 ended;

	udelay(number % HOLD_DELAY_US);
	if (!MUST(env, gch_weak_get(env->m, 0, weaks, 0)))
		return false;
	if (gch_is_null(env->m, 0))
		return true;
	ended = gch_cycles_ended(env->heap);
	while (gch_cycles_ended(env->heap) == ended &&
	       time_before(jiffies, until))
		cond_resched();
	return CHECK(env, gch_test_payload_is(env->m, 0, REFS, number),
		     "object %llu, held again, is lost", number) &&
	       MUST(env, gch_clear(env->m, 0));
}

static void race(struct gch_test_env *env, struct gch_weaks *weaks,
		 unsigned long rounds)
{
	struct gch_type *type = node_type(env);
	unsigned long i;

	for (i = 0; type && i < rounds; i++) {
		if (!MUST(env, gch_alloc(env->m, 0, type)))
			return;
		gch_test_payload_set(env->m, 0, REFS, i);
		if (!MUST(env, gch_weak_set(env->m, weaks, 0, 0)) ||
		    !MUST(env, gch_clear(env->m, 0)) ||
		    (i % HOLD_EVERY == 0 && !hold(env, weaks, i)) ||
		    !ask(env, weaks, i))
			return;
		cond_resched();
	}
}

static void race_with(struct gch_test_env *env, struct gch_config *cfg,
		      unsigned long rounds)
{
	struct task_struct *collector;
	struct gch_weaks *weaks;

	if (!gch_test_open(env, cfg))
		return;
	weaks = gch_weaks_create(env->heap, 1);
	if (IS_ERR(weaks)) {
		gch_test_fail(env, "no table: %ld", PTR_ERR(weaks));
		return;
	}
	collector = gch_test_collector_start(env);
	if (collector)
		race(env, weaks, rounds);
	gch_test_collector_stop(collector);
	gch_weaks_destroy(env->m, weaks);
	gch_test_close(env);
}

/**
 * gch_test_weak_race - reads weak references while cycles clear them
 * @env: the test
 *
 * On the Go engine it runs with each write barrier.
 */
void gch_test_weak_race(struct gch_test_env *env)
{
	struct gch_config cfg = { .set = BIT(GCH_KEY_BARRIER) };
	unsigned long rounds = env->rounds / 20;
	u64 *barrier = &cfg.val[GCH_KEY_BARRIER];

	if (counts(env)) {
		race_with(env, NULL, rounds);
		return;
	}
	for (; *barrier <= GCHEAP_BARRIER_DIJKSTRA; (*barrier)++)
		race_with(env, &cfg, rounds / 3);
}

/* Makes a ring of nodes; slot 0 and weak entry @i refer to its first node. */
static bool make_ring(struct gch_test_env *env, struct gch_weaks *weaks, u32 i)
{
	struct gch_type *type = node_type(env);
	unsigned int n;

	if (!type || !MUST(env, gch_alloc(env->m, 0, type)) ||
	    !MUST(env, gch_weak_set(env->m, weaks, i, 0)) ||
	    !MUST(env, gch_copy(env->m, 1, 0)))
		return false;
	gch_test_payload_set(env->m, 0, REFS, i);
	for (n = 1; n < RING; n++)
		if (!MUST(env, gch_alloc(env->m, 2, type)) ||
		    !MUST(env, gch_store(env->m, 2, 0, 1)) ||
		    !MUST(env, gch_store(env->m, 1, 1, 2)) ||
		    !MUST(env, gch_copy(env->m, 1, 2)))
			return false;
	return MUST(env, gch_store(env->m, 0, 0, 1)) &&
	       MUST(env, gch_store(env->m, 1, 1, 0)) &&
	       MUST(env, gch_clear(env->m, 1)) &&
	       MUST(env, gch_clear(env->m, 2));
}

static void drop_rings(struct gch_test_env *env, struct gch_roots *roots,
		       struct gch_weaks *weaks)
{
	u32 i;

	for (i = 0; i < RINGS; i++)
		if (!make_ring(env, weaks, i) ||
		    !MUST(env, gch_root_set(env->m, roots, i, 0)))
			return;
	MUST(env, gch_clear(env->m, 0));
	MUST(env, gch_collect(env->heap, 2));
	CHECK(env, live_objects(env) == RINGS * RING, "%llu objects live, not %u",
	      live_objects(env), RINGS * RING);
	for (i = 0; i < RINGS; i += 2)
		MUST(env, gch_root_clear(env->m, roots, i));
	/* No count in a ring falls to zero, so only the collector frees it. */
	CHECK(env, live_objects(env) == RINGS * RING || !counts(env),
	      "a ring was freed by its counts");
	MUST(env, gch_collect(env->heap, 2));
	for (i = 0; i < RINGS; i++)
		check_weak(env, weaks, i, i % 2);
	CHECK(env, live_objects(env) == RINGS / 2 * RING,
	      "%llu objects live, not %u", live_objects(env),
	      RINGS / 2 * RING);
}

/**
 * gch_test_rings - cyclic garbage is freed, live cycles are not
 * @env: the test
 */
void gch_test_rings(struct gch_test_env *env)
{
	struct gch_config cfg = {};
	struct gch_roots *roots;
	struct gch_weaks *weaks;

	/* Only the test itself runs collections. */
	if (counts(env))
		cfg.set = BIT(GCH_KEY_THRESHOLD0);
	if (!gch_test_open(env, &cfg))
		return;
	roots = gch_roots_create(env->heap, RINGS);
	weaks = gch_weaks_create(env->heap, RINGS);
	if (IS_ERR(roots) || IS_ERR(weaks))
		gch_test_fail(env, "no tables");
	else
		drop_rings(env, roots, weaks);
	if (!IS_ERR(weaks))
		gch_weaks_destroy(env->m, weaks);
	if (!IS_ERR(roots))
		gch_roots_destroy(env->m, roots);
}

/* Makes a ring that survives @age collections, then drops it. */
static void outgrow(struct gch_test_env *env, struct gch_weaks *weaks,
		    unsigned int age)
{
	unsigned int g;

	if (!make_ring(env, weaks, 0))
		return;
	for (g = 0; g < age; g++)
		MUST(env, gch_collect(env->heap, g));
	MUST(env, gch_clear(env->m, 0));
	for (g = 0; g < age; g++) {
		MUST(env, gch_collect(env->heap, g));
		CHECK(env, gch_weak_alive(env->m, weaks, 0) == 1,
		      "generation %u freed what is in %u", g, age);
	}
	MUST(env, gch_collect(env->heap, age));
	CHECK(env, gch_weak_alive(env->m, weaks, 0) == 0,
	      "generation %u did not free what is in it", age);
}

/**
 * gch_test_generations - a collection frees its generation and younger ones only
 * @env: the test
 */
void gch_test_generations(struct gch_test_env *env)
{
	struct gch_config cfg = { .set = BIT(GCH_KEY_THRESHOLD0) };
	struct gch_weaks *weaks;
	struct gch_stats stats;
	unsigned int age;

	if (!gch_test_open(env, &cfg))
		return;
	weaks = gch_weaks_create(env->heap, 1);
	if (IS_ERR(weaks)) {
		gch_test_fail(env, "no table: %ld", PTR_ERR(weaks));
		return;
	}
	for (age = 0; age < 3; age++)
		outgrow(env, weaks, age);
	gch_weaks_destroy(env->m, weaks);
	gch_heap_stats(env->heap, &stats);
	CHECK(env, stats.cpu_ns, "collections took no processor time");
}

/**
 * gch_test_deep - the death of a long chain does not need a deep stack
 * @env: the test
 */
void gch_test_deep(struct gch_test_env *env)
{
	struct gch_config cfg = {};
	struct gch_type *type;
	unsigned int i;

	/* Young collections of a growing chain only take time. */
	if (counts(env))
		cfg.set = BIT(GCH_KEY_THRESHOLD0);
	if (!gch_test_open(env, &cfg))
		return;
	type = node_type(env);
	for (i = 0; type && i < CHAIN; i++) {
		if (!MUST(env, gch_alloc(env->m, 1, type)) ||
		    !MUST(env, gch_store(env->m, 1, 0, 0)) ||
		    !MUST(env, gch_copy(env->m, 0, 1)))
			return;
		cond_resched();
	}
	MUST(env, gch_clear(env->m, 1));
	MUST(env, gch_collect(env->heap, 2));
	CHECK(env, live_objects(env) == CHAIN, "%llu objects live, not %u",
	      live_objects(env), CHAIN);
	MUST(env, gch_clear(env->m, 0));
	CHECK(env, !counts(env) || !live_objects(env),
	      "%llu objects live after the last reference",
	      live_objects(env));
	MUST(env, gch_collect(env->heap, 2));
	CHECK(env, !live_objects(env), "%llu objects live after a collection",
	      live_objects(env));
}
