// SPDX-License-Identifier: GPL-2.0
/*
 * Spans that are put into use while the heap is walked
 *
 * A thread makes garbage of one size after the other, so that each sweep frees spans
 * and their pages are reused for spans of other sizes. Meanwhile snapshots walk all
 * spans. A span that is visible before it is completely set up leads them astray. The
 * window is narrow: selftests/spans.sh widens it by delay points.
 */
#include "tests.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <gcheap/engine.h>
#include <gcheap/snapshot.h>

#define SNAPSHOTS_MIN	8U
#define SNAPSHOTS_MAX	100U
/* Objects of one size before the next size. */
#define ROW		2000U

/*
 * Sizes of spans whose marks are found through their pages, with one page or several.
 */
static const u32 sizes[] = { 1024, 4, 5376, 600, 20480, 2048, 9472 };

struct spans_test {
	struct gch_test_env *env;
	struct gch_type *type;
	unsigned long objects;
	bool stop;
	struct completion done;
};

static bool make_one(struct spans_test *t, struct gch_mutator *m)
{
	u32 size = sizes[t->objects / ROW % ARRAY_SIZE(sizes)];
	struct gch_test_env *env = t->env;

	if (!MUST(env, gch_alloc_var(m, 1, t->type, size > 8, size)))
		return false;
	/* Some objects stay alive for a while and refer to one another. */
	if (size > 8 && t->objects % 16)
		return MUST(env, gch_store(m, 1, 0, 0)) &&
		       MUST(env, gch_copy(m, 0, 1));
	return t->objects % ROW || MUST(env, gch_clear(m, 0));
}

static int maker_main(void *arg)
{
	struct spans_test *t = arg;
	struct gch_mutator *m = gch_mutator_attach(t->env->heap, 2);
	bool good = CHECK(t->env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m));

	while (good && !READ_ONCE(t->stop)) {
		good = make_one(t, m);
		t->objects++;
		cond_resched();
	}
	if (!IS_ERR(m))
		gch_mutator_detach(m);
	kthread_complete_and_exit(&t->done, 0);
}

static void walk(struct spans_test *t)
{
	unsigned int i, nr = clamp_t(unsigned long, t->env->rounds / 5000,
				     SNAPSHOTS_MIN, SNAPSHOTS_MAX);
	struct gch_snapshot *sn;

	for (i = 0; i < nr && !t->env->failures; i++) {
		sn = gch_snapshot_take(t->env->heap, true);
		if (CHECK(t->env, !IS_ERR(sn), "no snapshot: %ld", PTR_ERR(sn)))
			gch_snapshot_free(sn);
		cond_resched();
	}
	gch_test_note(t->env, "%lu objects beside %u snapshots",
		      READ_ONCE(t->objects), nr);
}

/**
 * gch_test_spans - snapshots while spans are put into use
 * @env: the test
 */
void gch_test_spans(struct gch_test_env *env)
{
	struct spans_test t = { .env = env };
	struct task_struct *task;

	if (!gch_test_open(env, NULL))
		return;
	t.type = gch_test_type(env, "any", 0, 0, GCH_TYPE_VAR);
	if (!t.type)
		return;
	init_completion(&t.done);
	task = kthread_run(maker_main, &t, "gch_test_spans");
	if (!CHECK(env, !IS_ERR(task), "no thread: %ld", PTR_ERR(task)))
		return;
	walk(&t);
	WRITE_ONCE(t.stop, true);
	gch_test_wait(&t.done);
}
