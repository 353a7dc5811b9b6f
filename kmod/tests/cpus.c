// SPDX-License-Identifier: GPL-2.0
/*
 * The CPUs of a heap are those that its mutators use. Handshakes interrupt no other
 * CPU, and a collection makes progress while a task monopolizes another CPU.
 */
#include "tests.h"

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <gcheap/engine.h>

#define CYCLES		5U
#define OBJECTS		100U
/* The hog ends by itself, so that a failure can be reported. */
#define HOG_MAX		(20 * HZ)

static bool use_heap(struct gch_test_env *env)
{
	struct gch_type *type = gch_test_type(env, "node", 24, 1, 0);
	unsigned int i;

	for (i = 0; type && i < OBJECTS; i++)
		if (!MUST(env, gch_alloc(env->m, 0, type)))
			return false;
	return type;
}

/* Binds the task and its mutator to one CPU; returns false if there is no other. */
static bool stay_on_first(struct gch_test_env *env)
{
	if (num_online_cpus() == 1) {
		env->skipped = "there is one CPU";
		return false;
	}
	set_cpus_allowed_ptr(current,
			     cpumask_of(cpumask_first(cpu_online_mask)));
	return true;
}

static void leave_first(void)
{
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static u64 interrupts(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	return stats.interrupts;
}

static void check_quiet(struct gch_test_env *env)
{
	unsigned int i;
	u64 before;

	if (!use_heap(env))
		return;
	/* Lets the heap forget the mutator's earlier CPUs. */
	for (i = 0; i < CYCLES; i++) {
		MUST(env, gch_collect(env->heap, 2));
		synchronize_rcu();
	}
	before = interrupts(env);
	for (i = 0; i < CYCLES && use_heap(env); i++)
		MUST(env, gch_collect(env->heap, 2));
	CHECK(env, interrupts(env) == before,
	      "%llu CPUs were interrupted that the heap does not use",
	      interrupts(env) - before);
}

/**
 * gch_test_quiet - handshakes of a heap used on one CPU
 * @env: the test
 */
void gch_test_quiet(struct gch_test_env *env)
{
	if (!gch_test_open(env, NULL) || !stay_on_first(env))
		return;
	check_quiet(env);
	leave_first();
}

struct hog {
	bool spins;
	bool stop;
};

static int hog_main(void *arg)
{
	unsigned long end = jiffies + HOG_MAX;
	struct hog *hog = arg;

	sched_set_fifo(current);
	WRITE_ONCE(hog->spins, true);
	/* Only a task of higher priority gets the CPU. */
	while (!READ_ONCE(hog->stop) && time_before(jiffies, end))
		cond_resched();
	WRITE_ONCE(hog->spins, false);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void collect_beside(struct gch_test_env *env, struct hog *hog)
{
	unsigned int i;

	while (!READ_ONCE(hog->spins))
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < CYCLES && use_heap(env); i++)
		MUST(env, gch_collect(env->heap, 2));
	CHECK(env, READ_ONCE(hog->spins),
	      "collections have waited for a CPU that the heap does not use");
	WRITE_ONCE(hog->stop, true);
}

/**
 * gch_test_hog - collections while a task monopolizes a CPU
 * @env: the test
 *
 * It is meaningful only if real-time tasks are not throttled.
 */
void gch_test_hog(struct gch_test_env *env)
{
	struct task_struct *task;
	struct hog hog = {};

	if (!gch_test_open(env, NULL) || !stay_on_first(env))
		return;
	task = kthread_create(hog_main, &hog, "gch_test_hog");
	if (IS_ERR(task)) {
		gch_test_fail(env, "no thread: %ld", PTR_ERR(task));
	} else {
		kthread_bind(task, cpumask_last(cpu_online_mask));
		wake_up_process(task);
		collect_beside(env, &hog);
		kthread_stop(task);
	}
	leave_first();
}
