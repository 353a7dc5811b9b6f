// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite: waiters for finalizers are woken, whatever happens to the finalizers.
 */
#include "kunit.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "compat.h"
#include "core/finalizer.h"

#define PATIENCE	(10 * HZ)

struct waiter {
	struct gch_heap *heap;
	struct task_struct *task;
	bool woken;
	struct completion gone;
};

static void never(struct gch_mutator *m, void *arg)
{
}

static int wait_for_finals(void *arg)
{
	struct waiter *w = arg;

	gch_finals_wait(w->heap);
	WRITE_ONCE(w->woken, true);
	kthread_complete_and_exit(&w->gone, 0);
}

/* Starts a waiter, before there is a finalizer to wait for. */
static bool start_waiter(struct kunit *test, struct waiter *w)
{
	unsigned int i;

	init_completion(&w->gone);
	w->task = kthread_run(wait_for_finals, w, "gch_kunit");
	if (!GCH_EXPECT(test, !IS_ERR(w->task), "no thread"))
		return false;
	for (i = 0; i < 1000 && !wq_has_sleeper(&w->heap->finals->end_wait); i++)
		schedule_timeout_idle(1);
	return GCH_EXPECT(test, !READ_ONCE(w->woken),
			  "what was queued is not waited for");
}

/* A finalizer is dropped while a collection has queued it but not handed it over. */
static void test_dropped(struct kunit *test)
{
	static const struct gch_type_desc desc = {
		.name = "node", .bytes = 32, .nr_refs = 1,
	};
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_GO };
	struct waiter w = { .heap = gch_kunit_heap(test, &cfg) };
	struct gch_mutator *m = gch_kunit_mutator(test, w.heap, 1);
	struct gch_type *type = gch_type_register(w.heap, &desc, NULL);
	struct gch_finals *fs;
	unsigned long end;

	KUNIT_ASSERT_FALSE(test, IS_ERR(type));
	GCH_MUST(test, gch_alloc(m, 0, type));
	GCH_MUST(test, gch_finalizer_set(m, 0, never, NULL));
	GCH_MUST(test, gch_finalizer_set(m, 0, NULL, NULL));
	GCH_MUST(test, gch_clear(m, 0));
	gch_mutator_detach(m);
	fs = w.heap->finals;
	mutex_lock(&fs->lock);
	fs->finalizers_queued++;
	mutex_unlock(&fs->lock);
	if (start_waiter(test, &w)) {
		gch_finals_stop(w.heap);
		end = jiffies + PATIENCE;
		while (!READ_ONCE(w.woken) && time_before(jiffies, end))
			schedule_timeout_idle(1);
		GCH_EXPECT(test, READ_ONCE(w.woken),
			   "it is waited for, though it is never called");
	}
	mutex_lock(&fs->lock);
	fs->finalizers_queued--;
	fs->nr_ended++;
	mutex_unlock(&fs->lock);
	wake_up_all(&fs->end_wait);
	if (!IS_ERR(w.task))
		wait_for_completion(&w.gone);
	gch_kunit_heap_end(test, w.heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_dropped),
	{}
};

struct kunit_suite gch_kunit_final = {
	.name = "gcheap_final",
	.test_cases = cases,
};
