// SPDX-License-Identifier: GPL-2.0
/*
 * The basic guarantee: after a handshake, no running section has missed what was
 * published before it.
 *
 * An actor on each CPU enters one section after the other, reads the phase and
 * lingers. The test changes the phase, and after a handshake has returned, records
 * the phase as done. A section that uses a phase older than the one it sees done was
 * missed.
 */
#include "tests.h"

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <gcheap/engine.h>

#define ACTORS		4U
/* Rounds of the test per phase, and least number of phases. */
#define ROUNDS_PER_PHASE	100U
#define PHASES_MIN	300U
/* Most loop iterations that an actor lingers. */
#define LINGER		2000U

/**
 * struct stage - shared state of actors and test
 * @phase: published before each handshake
 * @done: the phase whose handshake has returned
 * @missed: sections that acted on an older phase than that
 * @sections: all sections
 */
struct stage {
	unsigned int phase;
	unsigned int done;
	atomic_t missed;
	atomic_t sections;
};

static void act(struct stage *s, unsigned int linger)
{
	unsigned int *seq = gch_section_enter();
	unsigned int phase = READ_ONCE(s->phase);

	while (linger--)
		cpu_relax();
	if (READ_ONCE(s->done) > phase)
		atomic_inc(&s->missed);
	gch_section_leave(seq);
	atomic_inc(&s->sections);
}

static int actor(void *arg)
{
	unsigned int n = 0;

	while (!kthread_should_stop()) {
		act(arg, n++ * 37 % LINGER);
		cond_resched();
	}
	return 0;
}

static unsigned int start_actors(struct gch_test_env *env, struct stage *s,
				 struct task_struct **tasks)
{
	unsigned int cpu, n = 0;

	for_each_online_cpu(cpu) {
		if (n == ACTORS)
			break;
		tasks[n] = kthread_create_on_cpu(actor, s, cpu,
						 "gch_test_act/%u");
		if (IS_ERR(tasks[n])) {
			gch_test_fail(env, "no thread: %ld",
				      PTR_ERR(tasks[n]));
			break;
		}
		wake_up_process(tasks[n++]);
	}
	return n;
}

/**
 * gch_test_section - handshakes with CPUs that are in sections
 * @env: the test
 */
void gch_test_section(struct gch_test_env *env)
{
	struct task_struct *tasks[ACTORS];
	struct stage stage = {};
	unsigned int i, n, phases = max_t(unsigned int, PHASES_MIN,
					  env->rounds / ROUNDS_PER_PHASE);

	if (!gch_test_open(env, NULL))
		return;
	/* Actors are not mutators, which would add their CPUs themselves. */
	cpumask_copy(env->heap->cpus, cpu_online_mask);
	n = start_actors(env, &stage, tasks);
	for (i = 1; i <= phases; i++) {
		WRITE_ONCE(stage.phase, i);
		gch_handshake(env->heap);
		WRITE_ONCE(stage.done, i);
		if (i % 16 == 0)
			usleep_range(100, 200);
	}
	for (i = 0; i < n; i++)
		kthread_stop(tasks[i]);
	gch_test_note(env, "%d sections, %u handshakes",
		      atomic_read(&stage.sections), phases);
	CHECK(env, !atomic_read(&stage.missed),
	      "%d sections were missed by a handshake",
	      atomic_read(&stage.missed));
}
