// SPDX-License-Identifier: GPL-2.0
/*
 * Mark workers and their share: what is marked, and as what. A cycle ends also
 * where no worker has a CPU to itself.
 */
#include "tests.h"

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#define NODES		20000U
#define CYCLES		3U
#define BUSY_MAX	16U

/* On fewer CPUs than that no worker is dedicated for the sake of 5 percent. */
#define PERCENT_FEW	5U
#define CPUS_MANY	16U

static bool make_list(struct gch_test_env *env)
{
	struct gch_type *type = gch_test_type(env, "node", 24, 1, 0);
	unsigned int i;

	for (i = 0; type && i < NODES; i++)
		if (!MUST(env, gch_alloc(env->m, 1, type)) ||
		    !MUST(env, gch_store(env->m, 1, 0, 0)) ||
		    !MUST(env, gch_copy(env->m, 0, 1)))
			return false;
	return type;
}

static int be_busy(void *unused)
{
	/* Others have their turn, and this task is never asleep. */
	while (!kthread_should_stop()) {
		cpu_relax();
		schedule();
	}
	return 0;
}

/* One task for each CPU; returns how many there are. */
static unsigned int make_busy(struct gch_test_env *env,
			      struct task_struct **tasks)
{
	unsigned int cpu, n = 0;

	for_each_online_cpu(cpu) {
		if (n == BUSY_MAX)
			break;
		tasks[n] = kthread_create(be_busy, NULL, "gch_test_busy");
		if (IS_ERR(tasks[n])) {
			gch_test_fail(env, "no thread: %ld",
				      PTR_ERR(tasks[n]));
			break;
		}
		kthread_bind(tasks[n], cpu);
		wake_up_process(tasks[n++]);
	}
	return n;
}

static void collect_busy(struct gch_test_env *env)
{
	struct task_struct *tasks[BUSY_MAX];
	unsigned int i, n;

	n = make_busy(env, tasks);
	for (i = 0; i < CYCLES; i++)
		MUST(env, gch_collect(env->heap, 2));
	while (n)
		kthread_stop(tasks[--n]);
}

static void mark_with(struct gch_test_env *env, u64 percent)
{
	struct gch_config cfg = { .set = BIT(GCH_KEY_GC_PERCENT_CPU) };
	bool all = percent == 100;
	struct gch_stats stats;
	u64 others;

	cfg.val[GCH_KEY_GC_PERCENT_CPU] = percent;
	if (!gch_test_open(env, &cfg))
		return;
	if (make_list(env))
		collect_busy(env);
	gch_heap_stats(env->heap, &stats);
	others = stats.mark_fraction_ns + stats.mark_idle_ns;
	CHECK(env, !stats.mark_dedicated_ns == !all && !others == all,
	      "%llu percent: marked for %llu ns dedicated, %llu ns otherwise",
	      percent, stats.mark_dedicated_ns, others);
	CHECK(env, stats.marked >= (u64)CYCLES * NODES,
	      "%llu percent: %llu objects marked", percent, stats.marked);
	MUST(env, gch_clear(env->m, 0));
	MUST(env, gch_clear(env->m, 1));
	gch_test_close(env);
}

/**
 * gch_test_workers - cycles on busy CPUs, with all workers dedicated and with none
 * @env: the test
 */
void gch_test_workers(struct gch_test_env *env)
{
	mark_with(env, 100);
	if (num_online_cpus() < CPUS_MANY)
		mark_with(env, PERCENT_FEW);
}
