// SPDX-License-Identifier: GPL-2.0
/*
 * Collections that stop mutators: never, at both ends of marking, or throughout
 *
 * The test holds the lock that the collector needs to mark frames. The modes differ
 * in whether a call of another task completes meanwhile.
 */
#include "tests.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <gcheap/engine.h>

/* Timeout for a call that completes, and for one that must not. */
#define LONG	(10 * HZ)
#define BRIEF	(HZ / 20 + 1)
/* Tries until the collector waits for the lock: ten seconds. */
#define TRIES	10000

/**
 * struct caller - a task that makes one call
 * @env: the test
 * @ready: it has attached, or has failed to
 * @go: it may make the call
 * @called: the call has returned
 * @done: it has ended
 */
struct caller {
	struct gch_test_env *env;
	struct completion ready;
	struct completion go;
	struct completion called;
	struct completion done;
};

static int caller_main(void *arg)
{
	struct caller *c = arg;
	struct gch_mutator *m = gch_mutator_attach(c->env->heap, 1);

	complete(&c->ready);
	wait_for_completion(&c->go);
	if (IS_ERR(m)) {
		gch_test_fail(c->env, "no mutator: %ld", PTR_ERR(m));
	} else {
		MUST(c->env, gch_clear(m, 0));
		complete(&c->called);
		gch_mutator_detach(m);
	}
	kthread_complete_and_exit(&c->done, 0);
}

static struct gch_stats stats_of(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	return stats;
}

/**
 * gch_test_cycle_begin - requests a collection, which the caller blocks
 * @env: the test; the caller holds the lock of its heap
 * @ticket: ticket of the collection
 *
 * Return: true if it has begun: the first handshake is over, and the heap is stopped
 * if this mode stops it.
 */
bool gch_test_cycle_begin(struct gch_test_env *env, u64 *ticket)
{
	u64 handshakes = stats_of(env).handshakes;
	unsigned int tries = TRIES;

	*ticket = gch_cycle_request(env->heap, 2);
	while (stats_of(env).handshakes == handshakes && --tries)
		usleep_range(1000, 2000);
	return CHECK(env, tries, "the collection does not begin");
}

static void call_while_held(struct caller *c, u64 stw)
{
	struct gch_test_env *env = c->env;
	bool all = stw == GCHEAP_STW_ALL;
	u64 ticket, called = all;

	mutex_lock(&env->heap->lock);
	if (gch_test_cycle_begin(env, &ticket)) {
		complete(&c->go);
		called = wait_for_completion_timeout(&c->called,
						     all ? BRIEF : LONG);
	}
	mutex_unlock(&env->heap->lock);
	complete(&c->go);
	wait_for_completion(&c->done);
	CHECK(env, all ? !called : called, "stw %llu: a call %s", stw,
	      called ? "went on" : "was held");
	while (gch_requests_ended(env->heap) < ticket)
		usleep_range(1000, 2000);
}

static void check_stats(struct gch_test_env *env, u64 stw)
{
	struct gch_stats stats = stats_of(env);

	CHECK(env, !stats.stopped_ns == !stw, "stw %llu: stopped for %llu ns",
	      stw, stats.stopped_ns);
	CHECK(env, !stats.barriers == (stw == GCHEAP_STW_ALL),
	      "stw %llu: %llu write barriers", stw, stats.barriers);
	CHECK(env, stw != GCHEAP_STW_ALL ||
	      (stats.exclusive_wait.count == 1 && stats.pause.count &&
	       stats.exclusive_wait.max_ns <= stats.pause.max_ns),
	      "held %llu times, %llu pauses", stats.exclusive_wait.count,
	      stats.pause.count);
}

static void stop_with(struct gch_test_env *env, u64 stw)
{
	struct caller c = { .env = env };
	struct gch_config cfg = {
		.set = BIT(GCH_KEY_STW),
		.val[GCH_KEY_STW] = stw,
	};
	struct task_struct *task;

	if (!gch_test_open(env, &cfg))
		return;
	/* Verification stops mutators too. */
	MUST(env, gch_heap_tune(env->heap, GCH_KEY_VERIFY, 0, NULL));
	init_completion(&c.ready);
	init_completion(&c.go);
	init_completion(&c.called);
	init_completion(&c.done);
	task = kthread_run(caller_main, &c, "gch_test_call");
	if (IS_ERR(task)) {
		gch_test_fail(env, "no thread: %ld", PTR_ERR(task));
		return;
	}
	wait_for_completion(&c.ready);
	call_while_held(&c, stw);
	check_stats(env, stw);
	gch_test_close(env);
}

/**
 * gch_test_stw - calls of mutators while a collection marks
 * @env: the test
 */
void gch_test_stw(struct gch_test_env *env)
{
	u64 stw;

	for (stw = GCHEAP_STW_OFF; stw <= GCHEAP_STW_ALL; stw++)
		stop_with(env, stw);
}
