// SPDX-License-Identifier: GPL-2.0
/*
 * The interpreter lock of the Python engine, and the cost to others of revoking it
 *
 * A bystander is in a section on a CPU on which it has used the heap, but does not
 * own the lock. Revoking the lock does not wait for it.
 */
#include "tests.h"

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <gcheap/engine.h>

/* Time after which the bystander leaves anyway: a failure. */
#define PATIENCE_NS	(2 * NSEC_PER_SEC)

/**
 * struct stage - shared state of owner and bystander
 * @env: the test
 * @ready: the bystander has used the heap
 * @go: the owner has the lock
 * @inside: the bystander is in its section
 * @release: tells the bystander to leave
 * @gave_up: it left without being told
 * @done: both have ended
 */
struct stage {
	struct gch_test_env *env;
	struct completion ready;
	struct completion go;
	bool inside;
	bool release;
	bool gave_up;
	struct completion done[2];
};

static void stand_by(struct stage *s)
{
	u64 end = ktime_get_ns() + PATIENCE_NS;
	unsigned int *seq = gch_section_enter();

	WRITE_ONCE(s->inside, true);
	while (!READ_ONCE(s->release) && !s->gave_up) {
		cpu_relax();
		s->gave_up = ktime_get_ns() > end;
	}
	gch_section_leave(seq);
}

static int bystander(void *arg)
{
	struct stage *s = arg;
	struct gch_mutator *m = gch_mutator_attach(s->env->heap, 1);

	if (CHECK(s->env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m))) {
		MUST(s->env, gch_clear(m, 0));
		gch_mutator_yield(m);
	}
	complete(&s->ready);
	wait_for_completion(&s->go);
	stand_by(s);
	if (!IS_ERR(m))
		gch_mutator_detach(m);
	complete(&s->done[0]);
	return 0;
}

static int owner(void *arg)
{
	struct stage *s = arg;
	struct gch_mutator *m = gch_mutator_attach(s->env->heap, 1);

	wait_for_completion(&s->ready);
	if (CHECK(s->env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m)))
		MUST(s->env, gch_clear(m, 0));
	complete(&s->go);
	while (!READ_ONCE(s->inside))
		usleep_range(100, 200);
	MUST(s->env, gch_collect(s->env->heap, 0));
	WRITE_ONCE(s->release, true);
	if (!IS_ERR(m))
		gch_mutator_detach(m);
	complete(&s->done[1]);
	return 0;
}

static void play(struct gch_test_env *env, struct stage *s)
{
	unsigned int here = cpumask_first(cpu_online_mask);
	unsigned int there = cpumask_next(here, cpu_online_mask);
	struct task_struct *task[2];
	unsigned int i;

	task[0] = kthread_create_on_cpu(bystander, s, there, "gch_test_by/%u");
	task[1] = kthread_create_on_cpu(owner, s, here, "gch_test_own/%u");
	for (i = 0; i < ARRAY_SIZE(task); i++)
		CHECK(env, !IS_ERR(task[i]), "no thread: %ld",
		      PTR_ERR(task[i]));
	if (IS_ERR(task[0]) || IS_ERR(task[1])) {
		for (i = 0; i < ARRAY_SIZE(task); i++)
			if (!IS_ERR(task[i]))
				kthread_stop(task[i]);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(task); i++)
		wake_up_process(task[i]);
	for (i = 0; i < ARRAY_SIZE(task); i++)
		gch_test_wait(&s->done[i]);
	CHECK(env, !s->gave_up, "a CPU was waited for that was not the owner's");
}

/**
 * gch_test_switch - revoking the interpreter lock waits only for its owner
 * @env: the test
 */
void gch_test_switch(struct gch_test_env *env)
{
	struct stage s = { .env = env };

	if (num_online_cpus() < 2) {
		env->skipped = "there is one CPU";
		return;
	}
	init_completion(&s.ready);
	init_completion(&s.go);
	init_completion(&s.done[0]);
	init_completion(&s.done[1]);
	if (!gch_test_open(env, NULL))
		return;
	/* With verify on, sections of all CPUs may be waited for. */
	if (MUST(env, gch_heap_tune(env->heap, GCH_KEY_VERIFY, 0, NULL)))
		play(env, &s);
}
