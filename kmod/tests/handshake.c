// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes with CPUs that enter and leave sections all the time: every collection
 * must end, and every handshake must be counted.
 */
#include "tests.h"

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define COLLECTIONS	40U
#define THREADS		4U

/* Enters sections in a tight loop. */
static int hammer(void *arg)
{
	struct gch_test_env *env = arg;
	struct gch_mutator *m = gch_mutator_attach(env->heap, 2);
	unsigned int i;

	if (IS_ERR(m))
		gch_test_fail(env, "no mutator: %ld", PTR_ERR(m));
	while (!kthread_should_stop()) {
		for (i = 0; !IS_ERR(m) && i < 1000; i++)
			gch_copy(m, 0, 1);
		cond_resched();
	}
	if (!IS_ERR(m))
		gch_mutator_detach(m);
	return 0;
}

static void collect(struct gch_test_env *env)
{
	struct gch_stats before, after;
	unsigned int i;

	gch_heap_stats(env->heap, &before);
	for (i = 0; i < COLLECTIONS; i++)
		if (!MUST(env, gch_collect(env->heap, 2)))
			return;
	gch_heap_stats(env->heap, &after);
	CHECK(env, after.cycles_gen[2] - before.cycles_gen[2] == COLLECTIONS,
	      "%u collections asked for, %llu counted", COLLECTIONS,
	      after.cycles_gen[2] - before.cycles_gen[2]);
	CHECK(env, after.handshake.count == after.handshakes,
	      "%llu handshakes, %llu in the histogram", after.handshakes,
	      after.handshake.count);
	if (env->engine == GCHEAP_ENGINE_GO)
		CHECK(env, after.handshakes - before.handshakes >=
		      2 * COLLECTIONS,
		      "only %llu handshakes in %u cycles",
		      after.handshakes - before.handshakes, COLLECTIONS);
}

/**
 * gch_test_handshake - collections while all CPUs use the heap
 * @env: the test
 */
void gch_test_handshake(struct gch_test_env *env)
{
	struct task_struct *task[THREADS];
	unsigned int i, n;

	if (!gch_test_open(env, NULL))
		return;
	for (n = 0; n < min(THREADS, num_online_cpus()); n++) {
		task[n] = kthread_run(hammer, env, "gch_test_hammer/%u", n);
		if (IS_ERR(task[n])) {
			gch_test_fail(env, "no thread: %ld", PTR_ERR(task[n]));
			break;
		}
	}
	collect(env);
	for (i = 0; i < n; i++)
		kthread_stop(task[i]);
}
