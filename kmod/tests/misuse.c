// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that a heap with checks refuses: where the caller cannot sleep, and from a
 * task that does not own the mutator. Test heaps run with verify on, which enables
 * the checks.
 */
#include "tests.h"

#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

static bool checked;
module_param(checked, bool, 0444);
MODULE_PARM_DESC(checked, "checks are on: expect refusals without verify too");

struct misuse {
	struct gch_test_env *env;
	struct gch_type *type;
	struct completion done;
	struct irq_work irq;
	int ret;
};

static void check_atomic(struct misuse *c)
{
	static DEFINE_RAW_SPINLOCK(lock);
	struct gch_mutator *m = c->env->m;
	int ret, copied;
	void *data;

	MUST(c->env, gch_alloc(m, 0, c->type));
	raw_spin_lock(&lock);
	ret = gch_alloc(m, 1, c->type);
	data = gch_data(m, 0, NULL);
	raw_spin_unlock(&lock);
	REFUSED(c->env, ret, EINVAL);
	CHECK(c->env, !data, "data under a spinlock");
	CHECK(c->env, gch_is_null(m, 1), "a refused allocation filled its slot");
	local_irq_disable();
	copied = gch_copy(m, 1, 0);
	local_irq_enable();
	if (!REFUSED(c->env, copied, EINVAL))
		return;
	/* The mutator stays attached and owned by the task. */
	preempt_disable();
	gch_mutator_yield(m);
	gch_mutator_detach(m);
	preempt_enable();
	MUST(c->env, gch_copy(m, 1, 0));
	CHECK(c->env, gch_same(m, 0, 1), "a call after refused ones does nothing");
}

static void call_in_interrupt(struct irq_work *irq)
{
	struct misuse *c = container_of(irq, struct misuse, irq);

	c->ret = gch_copy(c->env->m, 2, 0);
	complete(&c->done);
}

/* An interrupt outside and inside sections: both calls are refused. */
static void check_interrupt(struct misuse *c)
{
	unsigned int i;

	c->irq = IRQ_WORK_INIT_HARD(call_in_interrupt);
	for (i = 0; i < 20; i++) {
		reinit_completion(&c->done);
		irq_work_queue(&c->irq);
		while (!completion_done(&c->done))
			if (!MUST(c->env, gch_copy(c->env->m, 1, 0)))
				break;
		gch_test_wait(&c->done);
		irq_work_sync(&c->irq);
		REFUSED(c->env, c->ret, EINVAL);
	}
	CHECK(c->env, gch_is_null(c->env->m, 2), "an interrupt wrote to a slot");
}

static int call_in_thread(void *arg)
{
	struct misuse *c = arg;

	c->ret = gch_clear(c->env->m, 1);
	gch_mutator_yield(c->env->m);
	complete(&c->done);
	return 0;
}

static int other_task(struct misuse *c)
{
	struct task_struct *task;

	reinit_completion(&c->done);
	task = kthread_run(call_in_thread, c, "gch_test_misuse");
	if (!CHECK(c->env, !IS_ERR(task), "no thread"))
		return -ENOMEM;
	gch_test_wait(&c->done);
	return c->ret;
}

static int detach_in_thread(void *arg)
{
	struct misuse *c = arg;

	gch_mutator_detach(c->env->m);
	complete(&c->done);
	return 0;
}

static void check_tasks(struct misuse *c)
{
	struct gch_mutator *m = c->env->m;
	struct task_struct *task;

	REFUSED(c->env, other_task(c), EPERM);
	CHECK(c->env, !gch_is_null(m, 1), "another task has cleared a slot");
	/* The refused rest did not hand the mutator over either. */
	MUST(c->env, gch_copy(m, 1, 0));
	gch_mutator_yield(m);
	MUST(c->env, other_task(c));
	CHECK(c->env, gch_is_null(m, 1), "a task that may has cleared nothing");
	MUST(c->env, gch_copy(m, 1, 0));
	/* A task may detach a mutator that another task attached. */
	reinit_completion(&c->done);
	task = kthread_run(detach_in_thread, c, "gch_test_misuse");
	if (!CHECK(c->env, !IS_ERR(task), "no thread"))
		return;
	gch_test_wait(&c->done);
	m = gch_mutator_attach(c->env->heap, GCH_TEST_SLOTS);
	c->env->m = IS_ERR(m) ? NULL : m;
	CHECK(c->env, c->env->m, "no mutator");
}

static int copy_without_preemption(struct gch_mutator *m)
{
	int ret;

	preempt_disable();
	ret = gch_copy(m, 1, 0);
	preempt_enable();
	return ret;
}

/*
 * Switches the checks while a mutator is attached; without them nothing is refused.
 */
static void check_switch(struct misuse *c)
{
	struct gch_heap *heap = c->env->heap;
	struct gch_mutator *m = c->env->m;
	int want = checked ? -EINVAL : 0, ret;

	MUST(c->env, gch_heap_tune(heap, GCH_KEY_VERIFY, 0, NULL));
	MUST(c->env, gch_copy(m, 1, 0));
	ret = copy_without_preemption(m);
	CHECK(c->env, ret == want, "unverified, a call returns %d, not %d", ret,
	      want);
	MUST(c->env, gch_heap_tune(heap, GCH_KEY_VERIFY, 1, NULL));
	REFUSED(c->env, copy_without_preemption(m), EINVAL);
	MUST(c->env, gch_copy(m, 1, 0));
}

/**
 * gch_test_misuse - a heap with checks refuses calls from a wrong context
 * @env: the test
 */
void gch_test_misuse(struct gch_test_env *env)
{
	struct misuse c = { .env = env };

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT)) {
		env->skipped = "this kernel does not count preemption";
		return;
	}
	init_completion(&c.done);
	if (!gch_test_open(env, NULL))
		return;
	c.type = gch_test_type(env, "node", 32, 1, 0);
	if (!c.type)
		return;
	check_atomic(&c);
	check_interrupt(&c);
	check_switch(&c);
	check_tasks(&c);
	if (gch_test_reclaims(env, GCHEAP_RECLAIM_EXPLICIT))
		gch_free(env->m, 0);
}
