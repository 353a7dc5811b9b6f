// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA: an allocation comes from the node of its CPU
 *
 * One thread per node allocates at the same time, on a heap that has not been
 * collected, with enough memory. And if a node has no memory left, allocations of its
 * CPUs come from other nodes, and are packed as densely as usual.
 */
#include "tests.h"

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/gfp.h>
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
	kthread_complete_and_exit(&d->done, 0);
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
 * gch_test_nodes - objects are on the node of the allocating CPU
 * @env: the test
 */
void gch_test_nodes(struct gch_test_env *env)
{
	/* No collection may free memory that any node could reuse. */
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

/* ---- a full node ---- */

/* Live objects, and the memory that the heap may hold for them. */
#define FULL_OBJECTS	16000U
#define FULL_SIZE	1000U
#define FULL_MAX	(3ULL * FULL_OBJECTS * FULL_SIZE)
#define HOG_ORDER	9

/* Takes all free memory of a node and puts it on the list. */
static void hog(int nid, struct list_head *pages)
{
	gfp_t gfp = GFP_NOWAIT | __GFP_THISNODE | __GFP_NOWARN |
		    __GFP_NOMEMALLOC;
	int order = HOG_ORDER;
	struct page *page;

	while (order >= 0) {
		page = alloc_pages_node(nid, gfp, order);
		if (!page) {
			order--;
			continue;
		}
		set_page_private(page, order);
		list_add(&page->lru, pages);
		cond_resched();
	}
}

static void unhog(struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru) {
		unsigned int order = page_private(page);

		list_del(&page->lru);
		set_page_private(page, 0);
		__free_pages(page, order);
		cond_resched();
	}
}

/**
 * struct crowd - a thread that fills the heap on a CPU of a full node
 * @env: the test
 * @type: type of its objects
 * @nid: the node
 * @far: objects on other nodes
 * @held: bytes held by the heap with all objects
 * @done: it has ended
 */
struct crowd {
	struct gch_test_env *env;
	struct gch_type *type;
	int nid;
	unsigned int far;
	u64 held;
	struct completion done;
};

static void fill(struct crowd *c, struct gch_mutator *m)
{
	struct gch_stats stats;
	unsigned int i;

	for (i = 0; i < FULL_OBJECTS; i++) {
		if (!MUST(c->env, gch_alloc_var(m, 1, c->type, 1,
						FULL_SIZE - 8)) ||
		    !MUST(c->env, gch_store(m, 1, 0, 0)) ||
		    !MUST(c->env, gch_copy(m, 0, 1)))
			return;
		c->far += node_of(m, 1) != c->nid;
		cond_resched();
	}
	gch_heap_stats(c->env->heap, &stats);
	c->held = stats.held_bytes;
}

static int crowd_main(void *arg)
{
	struct crowd *c = arg;
	struct gch_mutator *m = gch_mutator_attach(c->env->heap, 2);

	if (CHECK(c->env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m))) {
		fill(c, m);
		gch_mutator_detach(m);
	}
	complete(&c->done);
	return 0;
}

static void check_held(const struct crowd *c)
{
	gch_test_note(c->env, "%u of %u objects are elsewhere, %llu KiB held",
		      c->far, FULL_OBJECTS, c->held / SZ_1K);
	CHECK(c->env, c->far, "memory of the node was used");
	CHECK(c->env, c->held <= FULL_MAX, "%llu bytes held for %u",
	      c->held, FULL_OBJECTS * FULL_SIZE);
}

static void crowd_out(struct gch_test_env *env, struct gch_type *type,
		      unsigned int cpu)
{
	struct crowd c = { .env = env, .type = type, .nid = cpu_to_mem(cpu) };
	struct task_struct *task;
	LIST_HEAD(pages);

	init_completion(&c.done);
	task = kthread_create(crowd_main, &c, "gch_test_full");
	if (!CHECK(env, !IS_ERR(task), "no thread: %ld", PTR_ERR(task)))
		return;
	kthread_bind(task, cpu);
	hog(c.nid, &pages);
	wake_up_process(task);
	gch_test_wait(&c.done);
	unhog(&pages);
	check_held(&c);
}

static struct gch_type *open_wide(struct gch_test_env *env)
{
	struct gch_config cfg = {
		.set = BIT(GCH_KEY_GOGC) | BIT(GCH_KEY_PERIOD_MS),
	};

	if (num_online_nodes() < 2) {
		env->skipped = "there is one NUMA node";
		return NULL;
	}
	if (!gch_test_open(env, &cfg))
		return NULL;
	return gch_test_type(env, "any", 0, 0, GCH_TYPE_VAR);
}

/**
 * gch_test_full_node - a full node does not waste memory of other nodes
 * @env: the test
 */
void gch_test_full_node(struct gch_test_env *env)
{
	struct gch_type *type = open_wide(env);

	if (type)
		crowd_out(env, type, cpumask_last(cpu_online_mask));
}

/**
 * gch_test_other_node - a task whose memory policy excludes its CPU's node
 * @env: the test
 *
 * selftests/numa.sh sets the policy when it loads the module.
 */
void gch_test_other_node(struct gch_test_env *env)
{
	struct crowd c = { .env = env, .type = open_wide(env) };

	if (!c.type)
		return;
	c.nid = numa_mem_id();
	fill(&c, env->m);
	check_held(&c);
	MUST(env, gch_clear(env->m, 0));
	MUST(env, gch_clear(env->m, 1));
}
