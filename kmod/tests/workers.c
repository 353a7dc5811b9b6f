// SPDX-License-Identifier: GPL-2.0
/*
 * Mark workers and their CPU share: the work they do, and in which mode. A cycle ends
 * even without a dedicated worker, and does not wait for that of another heap.
 */
#include "tests.h"

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#define NODES		20000U
#define CYCLES		3U
#define BUSY_MAX	16U

/* On fewer CPUs a goal of 5 percent yields no dedicated worker. */
#define PERCENT_FEW	5U
#define CPUS_MANY	16U

static bool make_list(struct gch_test_env *env, unsigned int nodes)
{
	struct gch_type *type = gch_test_type(env, "node", 24, 1, 0);
	unsigned int i;

	for (i = 0; type && i < nodes; i++)
		if (!MUST(env, gch_alloc(env->m, 1, type)) ||
		    !MUST(env, gch_store(env->m, 1, 0, 0)) ||
		    !MUST(env, gch_copy(env->m, 0, 1)))
			return false;
	return type;
}

static int be_busy(void *unused)
{
	/* Yields to other tasks, but never sleeps. */
	while (!kthread_should_stop()) {
		cpu_relax();
		schedule();
	}
	return 0;
}

/* Starts one task per CPU; returns their number. */
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
	if (make_list(env, NODES))
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

/*
 * Makes a cycle long enough for the turns below; half a second at one percent of busy
 * CPUs.
 */
#define SLOW_NODES	100000U
/* Collections of one heap during one of another. */
#define OVERTAKEN	3U
#define SLOW_TRIES	5U

/*
 * Opens a heap whose collections take long, because its workers have little CPU time.
 */
static bool open_slow(struct gch_test_env *env)
{
	struct gch_config cfg = {
		.set = BIT(GCH_KEY_GC_PERCENT_CPU) |
		       BIT(GCH_KEY_PERIOD_MS) | BIT(GCH_KEY_GOGC),
		.val[GCH_KEY_GC_PERCENT_CPU] = 1,
		.val[GCH_KEY_GOGC] = 1000,
	};

	return gch_test_open(env, &cfg) && make_list(env, SLOW_NODES);
}

/* Requests a collection of the slow heap and waits until it has begun. */
static u64 begin_slow(struct gch_test_env *env)
{
	u64 started = gch_cycles_started(env->heap);

	gch_cycle_request(env->heap, 2);
	while (gch_cycles_started(env->heap) == started)
		usleep_range(100, 200);
	return started;
}

static struct gch_heap *open_quick(struct gch_test_env *env)
{
	struct gch_config cfg = { .engine = env->engine };
	struct gch_heap *heap = gch_heap_create("quick", &cfg, NULL);

	CHECK(env, !IS_ERR(heap), "no second heap: %d", PTR_ERR_OR_ZERO(heap));
	return heap;
}

static void overtake(struct gch_test_env *env, struct gch_heap *quick)
{
	unsigned int most = 0, n, try;
	u64 ended;

	for (try = 0; try < SLOW_TRIES && most < OVERTAKEN; try++) {
		ended = begin_slow(env);
		n = 0;
		while (gch_cycles_ended(env->heap) == ended && n < OVERTAKEN) {
			MUST(env, gch_collect(quick, 2));
			n++;
		}
		/*
		 * The last one may have waited for the end of the other collection.
		 */
		if (gch_cycles_ended(env->heap) != ended && n)
			n--;
		most = max(most, n);
		while (gch_cycles_ended(env->heap) == ended)
			usleep_range(100, 200);
	}
	CHECK(env, most >= OVERTAKEN,
	      "%u collections of a heap during one of another", most);
}

/**
 * gch_test_turns - collections of a heap while another one marks
 * @env: the test
 */
void gch_test_turns(struct gch_test_env *env)
{
	struct task_struct *tasks[BUSY_MAX];
	struct gch_heap *quick;
	unsigned int n;

	if (!open_slow(env))
		return;
	quick = open_quick(env);
	if (IS_ERR(quick))
		return;
	n = make_busy(env, tasks);
	overtake(env, quick);
	while (n)
		kthread_stop(tasks[--n]);
	MUST(env, gch_heap_delete(quick, NULL));
	gch_heap_put(quick);
}

/* Only the worker of the CPU to unplug marks. */
static bool open_on(struct gch_test_env *env, unsigned int cpu)
{
	struct gch_config cfg = {
		.set = BIT(GCH_KEY_WORKERS) | BIT(GCH_KEY_PERIOD_MS) |
		       BIT(GCH_KEY_GOGC),
		.val[GCH_KEY_WORKERS] = 1,
		.val[GCH_KEY_GOGC] = 1000,
	};
	bool made;

	if (!gch_test_open(env, &cfg))
		return false;
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	made = make_list(env, SLOW_NODES);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	return made;
}

/**
 * gch_test_unplug - a CPU goes down while its worker marks
 * @env: the test
 *
 * It is meaningful only if delay points slow down marking.
 */
void gch_test_unplug(struct gch_test_env *env)
{
	unsigned int cpu = cpumask_last(cpu_online_mask);
	u64 ended;
	int ret;

	if (num_online_cpus() == 1 || !IS_ENABLED(CONFIG_HOTPLUG_CPU)) {
		env->skipped = "no CPU can go down";
		return;
	}
	if (!open_on(env, cpu))
		return;
	ended = begin_slow(env);
	ret = remove_cpu(cpu);
	CHECK(env, gch_cycles_ended(env->heap) == ended,
	      "the CPU has waited for the end of the collection");
	if (ret)
		env->skipped = "the CPU does not go down";
	else
		MUST(env, add_cpu(cpu));
}
