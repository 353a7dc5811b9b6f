// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that wait end with -EINTR when their task is killed
 *
 * The victim is a thread that allows SIGKILL. The event it waits for does not happen
 * before its call has returned: the end of a collection that is blocked by another
 * one, or that is held while it has stopped the heap; or the interpreter lock.
 */
#include "tests.h"

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <gcheap/engine.h>

/* Timeout for a killed call, so that a failure is not a hang. */
#define LONG		(10 * HZ)
#define LIMIT_BYTES	SZ_8M
#define OBJECT_BYTES	SZ_256K
/* Time after which the owner of the interpreter lock leaves its section anyway. */
#define PATIENCE_NS	(2 * NSEC_PER_SEC)

/**
 * struct victim - a task that is killed during one call
 * @env: the test
 * @type: type of objects with one reference and data
 * @call: the call
 * @m: its mutator
 * @task: the thread
 * @ready: it has attached, or has failed to
 * @go: it may make the call
 * @called: the call has returned, or waiting for it has ended
 * @ret: result of the call
 * @done: it has detached and ended
 */
struct victim {
	struct gch_test_env *env;
	struct gch_type *type;
	int (*call)(struct victim *v);
	struct gch_mutator *m;
	struct task_struct *task;
	struct completion ready;
	struct completion go;
	struct completion called;
	int ret;
	struct completion done;
};

static int call_clear(struct victim *v)
{
	return gch_clear(v->m, 0);
}

static int call_collect(struct victim *v)
{
	return gch_collect(v->env->heap, 2);
}

/* Grows a list until the heap is full. */
static int call_alloc(struct victim *v)
{
	struct gch_mutator *m = v->m;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 2 * LIMIT_BYTES / OBJECT_BYTES && !ret; i++)
		ret = gch_alloc_var(m, 1, v->type, 1, OBJECT_BYTES) ?:
		      gch_store(m, 1, 0, 0) ?: gch_copy(m, 0, 1);
	return ret;
}

/* Creates a table that the heap has no room for. */
static int call_table(struct victim *v)
{
	struct gch_roots *roots;

	roots = gch_roots_create(v->env->heap,
				 2 * LIMIT_BYTES / sizeof(void *));
	if (IS_ERR(roots))
		return PTR_ERR(roots);
	return gch_roots_destroy(v->m, roots);
}

static int victim_main(void *arg)
{
	struct victim *v = arg;

	allow_signal(SIGKILL);
	v->m = gch_mutator_attach(v->env->heap, 2);
	complete(&v->ready);
	gch_test_wait(&v->go);
	v->ret = PTR_ERR_OR_ZERO(v->m) ?: v->call(v);
	complete(&v->called);
	if (!IS_ERR(v->m))
		gch_mutator_detach(v->m);
	kthread_complete_and_exit(&v->done, 0);
}

static bool victim_start(struct victim *v, struct gch_test_env *env,
			 struct gch_type *type, int (*call)(struct victim *v))
{
	*v = (struct victim){ .env = env, .type = type, .call = call };
	init_completion(&v->ready);
	init_completion(&v->go);
	init_completion(&v->called);
	init_completion(&v->done);
	v->task = kthread_create(victim_main, v, "gch_test_victim");
	if (!CHECK(env, !IS_ERR(v->task), "no thread"))
		return false;
	get_task_struct(v->task);
	wake_up_process(v->task);
	gch_test_wait(&v->ready);
	return true;
}

/*
 * The awaited event is held back; the victim is killed before it waits, or soon
 * after.
 */
static void kill_it(struct victim *v, bool before)
{
	if (before)
		send_sig(SIGKILL, v->task, 1);
	complete(&v->go);
	if (before)
		return;
	msleep(20);
	send_sig(SIGKILL, v->task, 1);
}

static void victim_end(struct victim *v, const char *what, bool called)
{
	gch_test_wait(&v->done);
	put_task_struct(v->task);
	CHECK(v->env, called, "%s goes on waiting when its task is killed", what);
	if (called)
		CHECK(v->env, v->ret == -EINTR, "%s of a killed task returned %d",
		      what, v->ret);
}

/* Kills it during a collection, as far as others can tell. */
static void kill_before_cycle(struct gch_test_env *env, struct gch_type *type,
			      int (*call)(struct victim *v), const char *what)
{
	unsigned int before;
	struct victim v;
	bool called;

	for (before = 0; before < 2; before++) {
		if (!victim_start(&v, env, type, call))
			return;
		mutex_lock(&env->heap->cycle_lock);
		kill_it(&v, before);
		called = wait_for_completion_timeout(&v.called, LONG);
		mutex_unlock(&env->heap->cycle_lock);
		victim_end(&v, what, called);
	}
}

/*
 * Kills it during a collection that has stopped the heap and waits for the lock of
 * frames.
 */
static void kill_in_stop(struct gch_test_env *env, struct gch_type *type,
			 int (*call)(struct victim *v), const char *what)
{
	bool called = false;
	struct victim v;
	u64 ticket;

	if (!victim_start(&v, env, type, call))
		return;
	mutex_lock(&env->heap->lock);
	if (gch_test_cycle_begin(env, &ticket)) {
		kill_it(&v, false);
		called = wait_for_completion_timeout(&v.called, LONG);
	}
	mutex_unlock(&env->heap->lock);
	complete(&v.go);
	victim_end(&v, what, called);
	while (gch_requests_ended(env->heap) < ticket)
		usleep_range(1000, 2000);
}

/*
 * The owner makes no call, so it keeps the lock for its switch interval of a second.
 */
static void kill_before_switch(struct gch_test_env *env)
{
	struct victim v;
	bool called;

	if (!victim_start(&v, env, NULL, call_clear))
		return;
	MUST(env, gch_clear(env->m, 0));
	kill_it(&v, true);
	called = wait_for_completion_timeout(&v.called, LONG);
	gch_mutator_yield(env->m);
	victim_end(&v, "a call without the interpreter lock", called);
}

/**
 * struct scene - a task that stops the heap waits for the lock's owner
 * @env: the test
 * @v: the victim, which waits for that task
 * @inside: the owner is in a section
 * @gave_up: the owner left without being told
 * @done: the two threads besides the victim have ended
 */
struct scene {
	struct gch_test_env *env;
	struct victim v;
	bool inside;
	bool gave_up;
	struct completion done[2];
};

static int stopper(void *arg)
{
	struct scene *s = arg;

	MUST(s->env, gch_collect(s->env->heap, 2));
	complete(&s->done[0]);
	return 0;
}

static int killer(void *arg)
{
	struct scene *s = arg;
	struct task_struct *task;

	while (!READ_ONCE(s->inside))
		usleep_range(100, 200);
	task = kthread_run(stopper, s, "gch_test_stop");
	if (!CHECK(s->env, !IS_ERR(task), "no thread"))
		complete(&s->done[0]);
	msleep(20);
	kill_it(&s->v, false);
	complete(&s->done[1]);
	return 0;
}

/* Runs in the test's own task, which must not sleep here. */
static void stay_inside(struct scene *s)
{
	unsigned int *seq;
	u64 end;

	migrate_disable();
	MUST(s->env, gch_clear(s->env->m, 0));
	seq = gch_section_enter();
	end = ktime_get_ns() + PATIENCE_NS;
	WRITE_ONCE(s->inside, true);
	while (!completion_done(&s->v.called) && !s->gave_up) {
		cpu_relax();
		s->gave_up = ktime_get_ns() > end;
	}
	gch_section_leave(seq);
	migrate_enable();
}

static void kill_before_stop(struct gch_test_env *env)
{
	struct scene s = { .env = env };
	struct task_struct *task;
	unsigned int i;

	if (num_online_cpus() < 2 ||
	    !victim_start(&s.v, env, NULL, call_clear))
		return;
	for (i = 0; i < ARRAY_SIZE(s.done); i++)
		init_completion(&s.done[i]);
	task = kthread_run(killer, &s, "gch_test_kill");
	if (CHECK(env, !IS_ERR(task), "no thread")) {
		stay_inside(&s);
		gch_mutator_yield(env->m);
		for (i = 0; i < ARRAY_SIZE(s.done); i++)
			gch_test_wait(&s.done[i]);
	}
	complete(&s.v.go);
	victim_end(&s.v, "a call while another stops the heap", !s.gave_up);
}

static int rival(void *arg)
{
	struct gch_test_env *env = arg;
	struct gch_mutator *m = gch_mutator_attach(env->heap, 1);

	CHECK(env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m));
	while (!kthread_should_stop()) {
		if (!IS_ERR(m)) {
			MUST(env, gch_clear(m, 0));
			gch_mutator_yield(m);
		}
		usleep_range(20, 50);
	}
	if (!IS_ERR(m))
		gch_mutator_detach(m);
	return 0;
}

/* Unused memory of a killed call must not serve a larger request. */
static int call_twice(struct victim *v)
{
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		usleep_range(10, 20);
		if (gch_alloc_var(v->m, 0, v->type, 0, OBJECT_BYTES / 4) != -EINTR ||
		    gch_alloc_var(v->m, 1, v->type, 0, OBJECT_BYTES))
			continue;
		if (!CHECK(v->env, gch_data(v->m, 1, &bytes) &&
			   bytes >= OBJECT_BYTES, "an object of %zu bytes", bytes))
			break;
	}
	return -EINTR;
}

/*
 * The victim loses the interpreter lock while it takes memory, and must not wait for
 * it.
 */
static void kill_with_memory(struct gch_test_env *env, struct gch_type *type)
{
	struct task_struct *task;
	struct victim v;

	MUST(env, gch_heap_tune(env->heap, GCH_KEY_SWITCH_US, 100, NULL));
	task = kthread_run(rival, env, "gch_test_rival");
	if (!CHECK(env, !IS_ERR(task), "no thread"))
		return;
	if (victim_start(&v, env, type, call_twice)) {
		kill_it(&v, true);
		victim_end(&v, "an allocation", true);
	}
	kthread_stop(task);
}

static void kill_with(struct gch_test_env *env, struct gch_type *type)
{
	kill_before_cycle(env, type, call_collect, "a collection");
	kill_before_cycle(env, type, call_alloc, "an allocation at the limit");
	kill_before_cycle(env, type, call_table, "a table at the limit");
	if (env->engine == GCHEAP_ENGINE_PYTHON) {
		kill_before_switch(env);
		kill_before_stop(env);
		kill_with_memory(env, type);
		return;
	}
	kill_in_stop(env, type, call_clear, "a call while the heap is stopped");
	kill_in_stop(env, type, call_collect, "a collection behind another");
}

/**
 * gch_test_killed - a waiting task can be killed
 * @env: the test
 */
void gch_test_killed(struct gch_test_env *env)
{
	struct gch_config cfg = {
		.set = BIT(GCH_KEY_LIMIT),
		.val[GCH_KEY_LIMIT] = LIMIT_BYTES,
	};
	struct gch_type *type;

	if (env->engine == GCHEAP_ENGINE_GO) {
		cfg.set |= BIT(GCH_KEY_STW);
		cfg.val[GCH_KEY_STW] = GCHEAP_STW_ALL;
	} else {
		cfg.set |= BIT(GCH_KEY_SWITCH_US);
		cfg.val[GCH_KEY_SWITCH_US] = USEC_PER_SEC;
	}
	if (!gch_test_open(env, &cfg))
		return;
	type = gch_test_type(env, "list", 0, 0, GCH_TYPE_VAR);
	if (!type)
		return;
	gch_mutator_yield(env->m);
	kill_with(env, type);
}
