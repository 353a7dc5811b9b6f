// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail, or that request a collection in several mutators at once:
 * one collection serves all of them, and another runs only if it can help.
 */
#include "tests.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sizes.h>
#include <gcheap/engine.h>

#define LIMIT		SZ_1M
#define FAILURES	20U
#define THREADS		3U
/* A size with a reference that fits no free block. */
#define WANT		400U
#define THRESHOLD	100U

static u64 cycles(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	return stats.cycles;
}

/* Makes a chain: each object is in slot 0 and refers to the one before. */
static int fill(struct gch_test_env *env, struct gch_type *type)
{
	int ret;

	do {
		ret = gch_alloc_var(env->m, 1, type, 2, WANT) ?:
		      gch_store(env->m, 1, 0, 0) ?:
		      gch_store(env->m, 1, 1, 1) ?:
		      gch_copy(env->m, 0, 1);
	} while (!ret);
	return ret;
}

struct caller {
	struct gch_test_env *env;
	struct gch_type *type;
	struct completion done;
};

static int caller_main(void *arg)
{
	struct caller *f = arg;
	struct gch_mutator *m = gch_mutator_attach(f->env->heap, 1);
	unsigned int i;

	for (i = 0; !IS_ERR(m) && i < FAILURES; i++)
		REFUSED(f->env, gch_alloc_var(m, 0, f->type, 2, WANT), ENOMEM);
	if (CHECK(f->env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m)))
		gch_mutator_detach(m);
	complete(&f->done);
	return 0;
}

static void fail_together(struct gch_test_env *env, struct gch_type *type)
{
	struct caller f[THREADS];
	struct task_struct *task;
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		f[i].env = env;
		f[i].type = type;
		init_completion(&f[i].done);
		task = kthread_run(caller_main, &f[i], "gch_test_fail/%u", i);
		if (!CHECK(env, !IS_ERR(task), "no thread: %ld", PTR_ERR(task)))
			complete(&f[i].done);
	}
	for (i = 0; i < THREADS; i++)
		gch_test_wait(&f[i].done);
}

/**
 * gch_test_exhausted - allocations that fail at the limit
 * @env: the test
 *
 * However many fail, a collection that found nothing is not repeated. After a
 * reference was dropped, which makes all objects garbage, it is.
 */
void gch_test_exhausted(struct gch_test_env *env)
{
	struct gch_config cfg = {
		.set = BIT(GCH_KEY_LIMIT) | BIT(GCH_KEY_ARENA_ORDER) |
		       BIT(GCH_KEY_THRESHOLD0),
		.val[GCH_KEY_LIMIT] = LIMIT,
		.val[GCH_KEY_ARENA_ORDER] = 4,
	};
	struct gch_type *type;
	u64 before;

	if (!gch_test_open(env, &cfg))
		return;
	type = gch_test_type(env, "node", 0, 0, GCH_TYPE_VAR);
	if (!type)
		return;
	REFUSED(env, fill(env, type), ENOMEM);
	before = cycles(env);
	fail_together(env, type);
	CHECK(env, cycles(env) <= before + 1,
	      "%u failed allocations were %llu collections",
	      THREADS * FAILURES, cycles(env) - before);
	MUST(env, gch_clear(env->m, 1));
	MUST(env, gch_clear(env->m, 0));
	MUST(env, gch_alloc_var(env->m, 0, type, 2, WANT));
	MUST(env, gch_clear(env->m, 0));
}

struct asker {
	struct gch_test_env *env;
	struct gch_type *type;
	unsigned int nr;
	struct completion done;
};

/* Allocates enough to make one collection due, and one object that waits for it. */
static int asker_main(void *arg)
{
	struct asker *a = arg;
	struct gch_mutator *m = gch_mutator_attach(a->env->heap, 1);
	unsigned int i;

	for (i = 0; !IS_ERR(m) && i < a->nr; i++)
		MUST(a->env, gch_alloc_refs(m, 0, a->type, 0, 1));
	if (CHECK(a->env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m)))
		gch_mutator_detach(m);
	complete(&a->done);
	return 0;
}

static void ask(struct gch_test_env *env, struct asker *a, unsigned int nr)
{
	struct task_struct *task;

	a->nr = nr;
	init_completion(&a->done);
	task = kthread_run(asker_main, a, "gch_test_ask");
	if (!CHECK(env, !IS_ERR(task), "no thread: %ld", PTR_ERR(task)))
		complete(&a->done);
	/*
	 * Time to begin waiting; if a task is slower, the test passes without a
	 * check.
	 */
	msleep(50);
}

/**
 * gch_test_served - two mutators for which the same collection is due
 * @env: the test
 */
void gch_test_served(struct gch_test_env *env)
{
	struct gch_config cfg = {
		.set = BIT(GCH_KEY_THRESHOLD0),
		.val[GCH_KEY_THRESHOLD0] = THRESHOLD,
	};
	struct asker a[2] = {};
	u64 before;

	if (!gch_test_open(env, &cfg))
		return;
	a[0].env = env;
	a[0].type = gch_test_type(env, "node", 32, 1, 0);
	if (!a[0].type)
		return;
	a[1] = a[0];
	before = cycles(env);
	mutex_lock(&env->heap->cycle_lock);
	ask(env, &a[0], THRESHOLD + 1);
	ask(env, &a[1], 1);
	mutex_unlock(&env->heap->cycle_lock);
	gch_test_wait(&a[0].done);
	gch_test_wait(&a[1].done);
	CHECK(env, cycles(env) == before + 1,
	      "two that asked for one collection got %llu",
	      cycles(env) - before);
}
