// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA: what is allocated on a CPU lies on the node of that CPU
 *
 * A thread on a CPU of each node, all at the same time, on a heap that has not been
 * collected and has memory enough.
 */
#include "tests.h"

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/topology.h>

#define THREADS		8U
#define OBJECTS		6000U
#define SIZES		6U

struct dweller {
	struct gch_test_env *env;
	struct gch_type *type;
	unsigned int cpu;
	unsigned int far;
	struct completion go;
	struct completion done;
};

static int node_of(struct gch_mutator *m, unsigned int slot)
{
	return page_to_nid(virt_to_page(gch_data(m, slot, NULL)));
}

static void dwell(struct dweller *d, struct gch_mutator *m)
{
	static const u32 sizes[SIZES] = { 8, 24, 100, 480, 3000, SZ_64K };
	unsigned int i, size;

	for (i = 0; i < OBJECTS; i++) {
		size = sizes[i % 64 ? i % (SIZES - 1) : SIZES - 1];
		if (!MUST(d->env, gch_alloc_var(m, 0, d->type, i % 2, size)))
			return;
		if (node_of(m, 0) != cpu_to_mem(d->cpu))
			d->far++;
		cond_resched();
	}
}

static int dweller_main(void *arg)
{
	struct dweller *d = arg;
	struct gch_mutator *m = gch_mutator_attach(d->env->heap, 1);

	wait_for_completion(&d->go);
	if (CHECK(d->env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m))) {
		dwell(d, m);
		gch_mutator_detach(m);
	}
	complete(&d->done);
	return 0;
}

static bool dweller_start(struct gch_test_env *env, struct dweller *d,
			  struct gch_type *type, unsigned int cpu)
{
	struct task_struct *task;

	d->env = env;
	d->type = type;
	d->cpu = cpu;
	init_completion(&d->go);
	init_completion(&d->done);
	task = kthread_create(dweller_main, d, "gch_test_node/%u", cpu);
	if (!CHECK(env, !IS_ERR(task), "no thread: %ld", PTR_ERR(task)))
		return false;
	kthread_bind(task, cpu);
	wake_up_process(task);
	return true;
}

static void dwell_everywhere(struct gch_test_env *env, struct gch_type *type)
{
	struct dweller dwellers[THREADS] = {};
	unsigned int cpu, i, n = 0;
	int nid;

	for_each_online_node(nid) {
		cpu = cpumask_first_and(cpumask_of_node(nid), cpu_online_mask);
		if (cpu >= nr_cpu_ids || n == THREADS)
			continue;
		if (!dweller_start(env, &dwellers[n], type, cpu))
			break;
		n++;
	}
	for (i = 0; i < n; i++)
		complete(&dwellers[i].go);
	for (i = 0; i < n; i++) {
		gch_test_wait(&dwellers[i].done);
		CHECK(env, !dwellers[i].far,
		      "%u of %u objects of CPU %u are not on its node",
		      dwellers[i].far, OBJECTS, dwellers[i].cpu);
	}
}

/**
 * gch_test_nodes - objects are on the node of the CPU that allocates them
 * @env: the test
 */
void gch_test_nodes(struct gch_test_env *env)
{
	/* No collection gives back what may be used on any node. */
	struct gch_config cfg = {
		.set = BIT(GCH_KEY_GOGC) | BIT(GCH_KEY_PERIOD_MS),
	};
	struct gch_type *type;

	if (num_online_nodes() < 2) {
		env->skipped = "there is one NUMA node";
		return;
	}
	if (!gch_test_open(env, &cfg))
		return;
	type = gch_test_type(env, "any", 0, 0, GCH_TYPE_VAR);
	if (type)
		dwell_everywhere(env, type);
}
