// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a heap's statistics does not change them: a reader that shares the CPU of a
 * mutator, and may be preempted between any two counters, sees no more live memory
 * than ever existed, and does not raise a peak.
 */
#include "tests.h"

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

/* At most two objects of this size are live, plus their containers. */
#define BYTES		400U
#define LIVE_MAX	SZ_16K
/* Least reads; a short test would be too short for the reader. */
#define READS_LEAST	20000UL

struct reader {
	struct gch_test_env *env;
	struct completion done;
};

/* Makes objects that die when the next one is made. */
static int breed_main(void *arg)
{
	struct gch_test_env *env = arg;
	struct gch_mutator *m = gch_mutator_attach(env->heap, 1);
	struct gch_type *type = gch_test_type(env, "short", BYTES, 0, 0);

	while (!kthread_should_stop() && !env->failures && !IS_ERR(m) && type) {
		MUST(env, gch_alloc(m, 0, type));
		cond_resched();
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	if (CHECK(env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m)))
		gch_mutator_detach(m);
	return 0;
}

static void check_peaks(struct gch_test_env *env, const struct gch_peaks *peaks)
{
	CHECK(env, peaks->live_bytes <= LIVE_MAX, "%llu bytes live at most",
	      peaks->live_bytes);
	CHECK(env, peaks->census.live_bytes <= peaks->census.held_bytes &&
	      peaks->census.held_bytes <= peaks->held_bytes,
	      "%llu bytes live of %llu, %llu held at most",
	      peaks->census.live_bytes, peaks->census.held_bytes,
	      peaks->held_bytes);
}

static int read_main(void *arg)
{
	struct reader *r = arg;
	struct gch_test_env *env = r->env;
	unsigned long i, reads = max(env->rounds, READS_LEAST);
	struct gch_peaks peaks;
	struct gch_stats stats;

	for (i = 0; i < reads && !env->failures; i++) {
		gch_peaks_begin(env->heap, &peaks);
		gch_heap_stats(env->heap, &stats);
		gch_peaks_end(env->heap, &peaks);
		check_peaks(env, &peaks);
		CHECK(env, stats.peak_live_bytes <= LIVE_MAX,
		      "%llu bytes live at most, in the heap's life",
		      stats.peak_live_bytes);
		cond_resched();
	}
	complete(&r->done);
	return 0;
}

/* Binds the task to one CPU, so that reader and mutator preempt each other. */
static struct task_struct *start(struct gch_test_env *env, int (*fn)(void *),
				 void *arg)
{
	struct task_struct *task = kthread_create(fn, arg, "gch_test_readers");

	if (!CHECK(env, !IS_ERR(task), "no thread: %ld", PTR_ERR(task)))
		return NULL;
	kthread_bind(task, cpumask_first(cpu_online_mask));
	wake_up_process(task);
	return task;
}

/**
 * gch_test_readers - statistics and peaks while objects are made and dropped
 * @env: the test
 */
void gch_test_readers(struct gch_test_env *env)
{
	struct gch_config cfg = {};
	struct reader r = { .env = env };
	struct task_struct *breeder;

	init_completion(&r.done);
	if (!gch_test_open(env, &cfg))
		return;
	breeder = start(env, breed_main, env);
	if (!breeder)
		return;
	if (start(env, read_main, &r))
		gch_test_wait(&r.done);
	kthread_stop(breeder);
}
