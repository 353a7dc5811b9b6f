// SPDX-License-Identifier: GPL-2.0
/*
 * The pacer: cycles start in time; if they are late, mutators are held back in small
 * steps.
 *
 * The test holds the lock that the collector needs to mark frames, so it knows the
 * phase without a clock.
 */
#include "tests.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/sizes.h>
#include <gcheap/engine.h>

#define NODE_BYTES	64U
#define NODES		20000U
/* Bytes that one assist marks at most, with some slack. */
#define PAYMENT_MAX	(SZ_128K)
/* The minimum goal plus a tenth, and memory cached by CPUs. */
#define WORST		(SZ_4M + SZ_4M / 10)
#define CACHED		SZ_512K
/* Tries until the collector has acted: ten seconds. */
#define TRIES		10000
/* Entries of a table of the last allocations, and bytes to allocate. */
#define KEPT		4096U
#define CHURN_BYTES	SZ_64M
#define SOFT_LIMIT	SZ_8M

enum {
	SLOT_LIST,
	SLOT_WALK,
	SLOT_NEW,
};

static struct gch_stats stats_of(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	return stats;
}

static bool open(struct gch_test_env *env, enum gch_key key, u64 value,
		 u64 gogc, struct gch_type **type)
{
	struct gch_config cfg = {
		.set = BIT(key) | BIT(GCH_KEY_GOGC),
	};

	cfg.val[key] = value;
	cfg.val[GCH_KEY_GOGC] = gogc;
	if (!gch_test_open(env, &cfg))
		return false;
	*type = gch_test_type(env, "node", NODE_BYTES, 1, 0);
	return *type;
}

static bool make_list(struct gch_test_env *env, struct gch_type *type)
{
	unsigned int i;

	for (i = 0; i < NODES; i++)
		if (!MUST(env, gch_alloc(env->m, SLOT_NEW, type)) ||
		    !MUST(env, gch_store(env->m, SLOT_NEW, 0, SLOT_LIST)) ||
		    !MUST(env, gch_copy(env->m, SLOT_LIST, SLOT_NEW)))
			return false;
	return true;
}

static bool wait_for(u64 (*value)(const struct gch_heap *heap),
		     struct gch_test_env *env, u64 least)
{
	unsigned int tries = TRIES;

	while (value(env->heap) < least && --tries)
		usleep_range(1000, 2000);
	return tries;
}

/* Starts a cycle that stops before it marks frames. */
static bool hold_cycle(struct gch_test_env *env)
{
	u64 started = gch_cycles_started(env->heap);
	u64 handshakes = stats_of(env).handshakes;
	unsigned int tries = TRIES;

	mutex_lock(&env->heap->lock);
	gch_cycle_request(env->heap, 2);
	if (!CHECK(env, wait_for(gch_cycles_started, env, started + 1),
		   "no cycle starts"))
		return false;
	/* Waits for the handshake that ends phase SYNC. */
	do {
		usleep_range(1000, 2000);
	} while (stats_of(env).handshakes == handshakes && --tries);
	return CHECK(env, tries, "no barrier comes on");
}

/* And collections requested meanwhile. */
static void let_cycle_go(struct gch_test_env *env)
{
	mutex_unlock(&env->heap->lock);
	CHECK(env, wait_for(gch_requests_ended, env,
			    gch_cycle_request(env->heap, 2)),
	      "the cycle does not end");
}

/* Walks the list: each object read is shaded, so there is work. */
static void walk_and_owe(struct gch_test_env *env, struct gch_type *type)
{
	u64 marked = stats_of(env).assist_bytes, now;
	unsigned int i;

	MUST(env, gch_copy(env->m, SLOT_WALK, SLOT_LIST));
	for (i = 0; i < NODES / 2 && !env->failures; i++) {
		if (!MUST(env, gch_load(env->m, SLOT_WALK, SLOT_WALK, 0)) ||
		    !MUST(env, gch_alloc(env->m, SLOT_NEW, type)))
			return;
		now = stats_of(env).assist_bytes;
		CHECK(env, now - marked <= PAYMENT_MAX,
		      "%llu bytes marked in one call", now - marked);
		marked = now;
	}
}

/**
 * gch_test_assist - mutators assist in proportion to their allocation
 * @env: the test
 */
void gch_test_assist(struct gch_test_env *env)
{
	struct gch_type *type;
	u64 marked;

	/* Long enough that an assist ends because of its work. */
	if (!open(env, GCH_KEY_ASSIST_US, 10000, 100, &type) ||
	    !make_list(env, type) || !MUST(env, gch_collect(env->heap, 2)))
		return;
	if (hold_cycle(env))
		walk_and_owe(env, type);
	let_cycle_go(env);
	marked = stats_of(env).assist_bytes;
	CHECK(env, marked, "nothing marked by the mutator");
	CHECK(env, stats_of(env).assist.count, "no assist recorded");

	MUST(env, gch_heap_tune(env->heap, GCH_KEY_ASSIST_US, 0, NULL));
	if (hold_cycle(env))
		walk_and_owe(env, type);
	let_cycle_go(env);
	CHECK(env, stats_of(env).assist_bytes == marked,
	      "the mutator marked although it should not");
	gch_test_note(env, "%llu bytes marked by the mutator", marked);
}

static u64 pauses(struct gch_test_env *env)
{
	return stats_of(env).pause.count;
}

/* Allocates until a call that takes no memory is delayed. */
static bool allocate_until_late(struct gch_test_env *env,
				struct gch_type *type)
{
	u64 before, bytes = 0;
	unsigned int i;

	while (bytes < WORST + CACHED + SZ_1M) {
		/* Reading all counters is expensive. */
		for (i = 0; i < 16; i++) {
			if (!MUST(env, gch_alloc(env->m, SLOT_NEW, type)))
				return false;
			bytes += NODE_BYTES;
		}
		before = pauses(env);
		gch_clear(env->m, SLOT_NEW);
		if (pauses(env) != before)
			break;
	}
	CHECK(env, bytes > SZ_4M, "held back after %llu bytes", bytes);
	return CHECK(env, bytes <= WORST + CACHED,
		     "not held back after %llu bytes", bytes);
}

/**
 * gch_test_late - a heap stays near its goal even if the collector is late
 * @env: the test
 */
void gch_test_late(struct gch_test_env *env)
{
	struct gch_type *type;
	unsigned int i;
	u64 before;

	if (!open(env, GCH_KEY_ASSIST_US, 50, 100, &type))
		return;
	if (hold_cycle(env) && allocate_until_late(env, type)) {
		before = pauses(env);
		for (i = 0; i < 100; i++)
			gch_clear(env->m, SLOT_NEW);
		CHECK(env, pauses(env) - before == 100,
		      "%llu of 100 calls held up", pauses(env) - before);
	}
	let_cycle_go(env);
	/* One more call may find that no assist is needed. */
	gch_clear(env->m, SLOT_NEW);
	before = pauses(env);
	for (i = 0; i < 100; i++)
		gch_clear(env->m, SLOT_NEW);
	CHECK(env, pauses(env) == before, "held up without need");
}

static void churn(struct gch_test_env *env, struct gch_type *type)
{
	struct gch_roots *roots = gch_roots_create(env->heap, KEPT);
	unsigned int i;

	if (IS_ERR(roots)) {
		gch_test_fail(env, "no table: %ld", PTR_ERR(roots));
		return;
	}
	for (i = 0; i < CHURN_BYTES / NODE_BYTES; i++) {
		if (!MUST(env, gch_alloc(env->m, SLOT_NEW, type)) ||
		    !MUST(env, gch_root_set(env->m, roots, i % KEPT, SLOT_NEW)))
			break;
		cond_resched();
	}
	gch_roots_destroy(env->m, roots);
}

/**
 * gch_test_soft_limit - the soft limit triggers collections with GOGC off
 * @env: the test
 */
void gch_test_soft_limit(struct gch_test_env *env)
{
	struct gch_stats stats;
	struct gch_type *type;

	if (!open(env, GCH_KEY_MEMORY_LIMIT, SOFT_LIMIT, 0, &type))
		return;
	churn(env, type);
	stats = stats_of(env);
	CHECK(env, stats.cycles >= 2, "%llu cycles", stats.cycles);
	CHECK(env, !stats.limit_hits, "the hard limit was met");
	/*
	 * How far a soft limit is exceeded depends on how soon workers get a CPU.
	 * Without the limit all allocated memory would be held.
	 */
	CHECK(env, stats.peak_held_bytes < CHURN_BYTES / 2, "%llu bytes held",
	      stats.peak_held_bytes);
	gch_test_note(env, "%llu bytes held, %llu cycles, held back %llu times",
		      stats.peak_held_bytes, stats.cycles, stats.limiter_on);
}

/**
 * gch_test_period - periodic cycles
 * @env: the test
 */
void gch_test_period(struct gch_test_env *env)
{
	struct gch_type *type;

	if (!open(env, GCH_KEY_PERIOD_MS, 20, 100, &type))
		return;
	CHECK(env, wait_for(gch_cycles_ended, env, 3), "no cycles");
	MUST(env, gch_heap_tune(env->heap, GCH_KEY_PERIOD_MS, 0, NULL));
}
