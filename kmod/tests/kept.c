// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a heap besides its objects is charged to its limit, refused at the limit,
 * and given back.
 */
#include "tests.h"

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#define LIMIT		SZ_8M
/* More of each than fits the limit. */
#define TABLES		64U
#define ENTRIES		SZ_64K
#define TYPES		8192U
#define MUTATORS	2048U

static u64 held_now(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	CHECK(env, stats.peak_held_bytes <= LIMIT,
	      "%llu bytes held, the limit is %u", stats.peak_held_bytes, LIMIT);
	return stats.held_bytes;
}

static void check_full(struct gch_test_env *env, const char *what,
		       unsigned int nr, long err)
{
	CHECK(env, err == -ENOMEM, "%u %s, then %ld", nr, what, err);
	CHECK(env, held_now(env) > LIMIT - SZ_1M, "%u %s, and %llu bytes are held",
	      nr, what, held_now(env));
}

static void fill_with_tables(struct gch_test_env *env)
{
	static struct gch_roots *roots[TABLES];
	u64 before = held_now(env);
	unsigned int nr;
	long err = 0;

	for (nr = 0; nr < TABLES; nr++) {
		roots[nr] = gch_roots_create(env->heap, ENTRIES);
		err = PTR_ERR_OR_ZERO(roots[nr]);
		if (err)
			break;
	}
	check_full(env, "tables", nr, err);
	if (nr)
		REFUSED(env, gch_roots_grow(roots[0], GCH_TABLE_MAX), ENOMEM);
	while (nr--)
		MUST(env, gch_roots_destroy(env->m, roots[nr]));
	CHECK(env, held_now(env) == before, "%llu bytes held, %llu before tables",
	      held_now(env), before);
}

static void fill_with_mutators(struct gch_test_env *env)
{
	struct gch_mutator **m;
	u64 before = held_now(env);
	unsigned int nr;
	long err = 0;

	m = kcalloc(MUTATORS, sizeof(*m), GFP_KERNEL);
	for (nr = 0; m && nr < MUTATORS; nr++) {
		m[nr] = gch_mutator_attach(env->heap, GCH_FRAME_MAX);
		err = PTR_ERR_OR_ZERO(m[nr]);
		if (err)
			break;
		cond_resched();
	}
	check_full(env, "mutators", nr, err);
	while (m && nr--)
		gch_mutator_detach(m[nr]);
	kfree(m);
	CHECK(env, held_now(env) == before, "%llu bytes held, %llu before mutators",
	      held_now(env), before);
}

/* Types live as long as the heap. */
static void fill_with_types(struct gch_test_env *env)
{
	struct gch_type_desc desc = { .bytes = SZ_16K, .nr_refs = SZ_16K / 8 };
	char name[GCH_NAME_SIZE];
	unsigned int nr;
	long err = 0;

	desc.name = name;
	for (nr = 0; nr < TYPES && !err; nr++) {
		scnprintf(name, sizeof(name), "type%u", nr);
		err = PTR_ERR_OR_ZERO(gch_type_register(env->heap, &desc, NULL));
		cond_resched();
	}
	check_full(env, "types", nr, err);
}

static void clean(void *arg)
{
}

static void fill_with_cleanups(struct gch_test_env *env, struct gch_type *type)
{
	unsigned int nr;
	u64 id = 0;
	int err = 0;

	if (env->engine != GCHEAP_ENGINE_GO ||
	    !MUST(env, gch_alloc(env->m, 0, type)))
		return;
	for (nr = 0; nr < GCH_FINALS_MAX && !err; nr++) {
		err = gch_cleanup_add(env->m, 0, clean, NULL, &id);
		cond_resched();
	}
	check_full(env, "cleanups", nr, err);
	MUST(env, gch_clear(env->m, 0));
	MUST(env, gch_collect(env->heap, 2));
	gch_finals_wait(env->heap);
	CHECK(env, held_now(env) < LIMIT / 2, "%u cleanups have run, %llu bytes held",
	      nr, held_now(env));
}

/* A heap full of garbage must not refuse a table. */
static void trade_garbage(struct gch_test_env *env, struct gch_type *type)
{
	struct gch_roots *roots;
	unsigned int i;

	if (!gch_test_collects(env))
		return;
	for (i = 0; i < LIMIT / SZ_64K - 16; i++)
		if (!MUST(env, gch_alloc_var(env->m, 0, type, 0, SZ_64K - 256)))
			return;
	MUST(env, gch_clear(env->m, 0));
	roots = gch_roots_create(env->heap, LIMIT / 16);
	if (CHECK(env, !IS_ERR(roots), "no table in place of garbage: %d",
		  PTR_ERR_OR_ZERO(roots)))
		MUST(env, gch_roots_destroy(env->m, roots));
}

/* Requests more than fits, again and again. */
static int greedy_main(void *arg)
{
	struct gch_test_env *env = arg;

	while (!kthread_should_stop()) {
		void *much = gch_memory_get(env->heap, LIMIT);

		CHECK(env, !much, "a heap in use has room for all of its limit");
		gch_memory_put(env->heap, much, LIMIT);
		cond_resched();
	}
	return 0;
}

/**
 * gch_test_near_limit - requests that fit succeed beside requests that do not
 * @env: the test
 */
void gch_test_near_limit(struct gch_test_env *env)
{
	struct gch_config cfg = { .set = BIT(GCH_KEY_LIMIT) };
	struct task_struct *greedy;
	unsigned long i;
	void *little;

	cfg.val[GCH_KEY_LIMIT] = LIMIT;
	if (!gch_test_open(env, &cfg))
		return;
	greedy = kthread_run(greedy_main, env, "gch_test_greedy");
	if (!CHECK(env, !IS_ERR(greedy), "no thread: %ld", PTR_ERR(greedy)))
		return;
	for (i = 0; i < env->rounds && !env->failures; i++) {
		little = gch_memory_get(env->heap, 64);
		CHECK(env, little, "64 bytes refused, with the limit far away");
		gch_memory_put(env->heap, little, 64);
		cond_resched();
	}
	kthread_stop(greedy);
}

/**
 * gch_test_kept - tables, mutators, types and finalizers count against the limit
 * @env: the test
 */
void gch_test_kept(struct gch_test_env *env)
{
	struct gch_config cfg = { .set = BIT(GCH_KEY_LIMIT) };
	struct gch_type *type, *var;
	void *own;

	cfg.val[GCH_KEY_LIMIT] = LIMIT;
	if (!gch_test_open(env, &cfg))
		return;
	type = gch_test_type(env, "node", 32, 1, 0);
	var = gch_test_type(env, "var", 0, 0, GCH_TYPE_VAR);
	if (!type || !var)
		return;
	own = gch_memory_get(env->heap, LIMIT);
	CHECK(env, !own, "a heap with a type in it has room for all of its limit");
	own = gch_memory_get(env->heap, SZ_1M);
	CHECK(env, own && held_now(env) >= SZ_1M, "%llu bytes held with a client's",
	      held_now(env));
	gch_memory_put(env->heap, own, SZ_1M);
	trade_garbage(env, var);
	MUST(env, gch_collect(env->heap, 2));
	fill_with_tables(env);
	fill_with_mutators(env);
	fill_with_cleanups(env, type);
	fill_with_types(env);
}
