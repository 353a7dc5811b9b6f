// SPDX-License-Identifier: GPL-2.0
/*
 * A run of a benchmark: its heap, its threads, its end
 *
 * gch_bench.stop tells threads to leave, not kthread_stop(), which could come before
 * a thread's function has begun. All timed work runs in threads bound to the first
 * CPUs; the task that started the run waits.
 */
#include "bench.h"

#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/overflow.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/stdarg.h>

#define HEAP_NAME	"bench"

const struct gch_bench_kind * const gch_bench_kinds[] = {
	&gch_bench_loop,
	&gch_bench_path,
	&gch_bench_steady,
	&gch_bench_mark,
	&gch_bench_store,
	&gch_bench_pattern,
	&gch_bench_count,
	&gch_bench_death,
	&gch_bench_garbage,
	&gch_bench_young,
	&gch_bench_build,
	&gch_bench_refill,
};

const unsigned int gch_bench_nr_kinds = ARRAY_SIZE(gch_bench_kinds);

/**
 * gch_bench_new - allocates a run
 *
 * Context: process context, may sleep.
 * Return: the run, or NULL.
 */
struct gch_bench *gch_bench_new(void)
{
	struct gch_bench *b;

	b = kvzalloc(struct_size(b, thread, GCH_BENCH_CPUS), GCH_BENCH_GFP);
	if (!b)
		return NULL;
	init_completion(&b->done);
	spin_lock_init(&b->meet_lock);
	init_waitqueue_head(&b->meet);
	return b;
}

/**
 * gch_bench_free - frees a run and its results
 * @b: the run, which has ended; or NULL
 *
 * Context: process context, may sleep.
 */
void gch_bench_free(struct gch_bench *b)
{
	kvfree(b);
}

/**
 * gch_bench_fail - records why a run fails
 * @b: the run
 * @err: negative error
 * @fmt: the message; only the first is kept
 *
 * Context: the only thread of the run, or before and after its threads.
 * Return: @err.
 */
int gch_bench_fail(struct gch_bench *b, int err, const char *fmt, ...)
{
	va_list args;

	if (b->message[0])
		return err;
	va_start(args, fmt);
	vscnprintf(b->message, sizeof(b->message), fmt, args);
	va_end(args);
	return err;
}

/**
 * gch_bench_record - records a value
 * @t: the thread that measured it
 * @metric: its metric
 * @value: the value of the next repetition
 *
 * Context: the thread.
 */
void gch_bench_record(struct gch_bench_thread *t, unsigned int metric, u64 value)
{
	if (t->reps[metric] < GCH_BENCH_REPS)
		t->value[metric][t->reps[metric]++] = value;
}

static void stop(struct gch_bench *b)
{
	WRITE_ONCE(b->stop, true);
	wake_up_all(&b->meet);
}

/**
 * gch_bench_meet - waits for the other threads of a run
 * @t: the thread
 *
 * Context: the thread, may sleep.
 * Return: 0, or -ECANCELED if the run was stopped.
 */
int gch_bench_meet(struct gch_bench_thread *t)
{
	struct gch_bench *b = t->bench;
	unsigned int round;

	/* A waiting thread must not delay a handshake or the interpreter lock. */
	if (t->m)
		gch_mutator_yield(t->m);
	spin_lock(&b->meet_lock);
	round = b->meet_round;
	if (++b->meet_here == b->nr_threads) {
		b->meet_here = 0;
		WRITE_ONCE(b->meet_round, round + 1);
		wake_up_all(&b->meet);
	}
	spin_unlock(&b->meet_lock);
	wait_event_idle(b->meet, READ_ONCE(b->meet_round) != round ||
			READ_ONCE(b->stop));
	return READ_ONCE(b->stop) ? -ECANCELED : 0;
}

/**
 * gch_bench_collection - switches automatic collection on or off
 * @b: the run
 * @on: true for the engine's defaults
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative error.
 */
int gch_bench_collection(struct gch_bench *b, bool on)
{
	switch (b->arg[GCH_BENCH_P_ON]) {
	case GCH_BENCH_GO:
		return gch_heap_tune(b->heap, GCH_KEY_GOGC, on ? 100 : 0, NULL);
	case GCH_BENCH_PYTHON:
		return gch_heap_tune(b->heap, GCH_KEY_THRESHOLD0,
				     on ? 2000 : 0, NULL);
	}
	return 0;
}

/*
 * A heap still in use by others when its benchmark ends stays until the next
 * benchmark, or until the module is unloaded; under run_lock of main.c.
 */
static struct gch_heap *left;

static int drop_left(void)
{
	int err = left ? gch_heap_delete(left, NULL) : 0;

	if (err == -EBUSY)
		return err;
	/* Also if another module has deleted it. */
	gch_heap_put(left);
	left = NULL;
	return 0;
}

/**
 * gch_bench_heap_exit - deletes the heap that a benchmark may have left
 *
 * Context: module exit: a user of the heap would hold a reference to the module.
 */
void gch_bench_heap_exit(void)
{
	drop_left();
	gch_heap_put(left);
}

static int open_heap(struct gch_bench *b)
{
	struct gch_config cfg = { .engine = b->engine };
	int err;

	if (!gch_bench_on_heap(b->arg[GCH_BENCH_P_ON]))
		return 0;
	if (drop_left())
		return gch_bench_fail(b, -EEXIST, "heap %s is in use",
				      HEAP_NAME);
	b->heap = gch_heap_create(HEAP_NAME, &cfg, NULL);
	if (IS_ERR(b->heap)) {
		err = PTR_ERR(b->heap);
		b->heap = NULL;
		return gch_bench_fail(b, err, "cannot create heap %s: error %d",
				      HEAP_NAME, err);
	}
	return gch_bench_collection(b, false);
}

/* Use of the heap by others is no error of this run. */
static void close_heap(struct gch_bench *b)
{
	if (!b->heap)
		return;
	left = b->heap;
	b->heap = NULL;
	drop_left();
}

static int work(struct gch_bench_thread *t)
{
	struct gch_bench *b = t->bench;
	int err;

	if (b->heap) {
		t->m = gch_mutator_attach(b->heap, GCH_BENCH_SLOTS);
		if (IS_ERR(t->m))
			return PTR_ERR(t->m);
	}
	err = gch_bench_meet(t) ? : b->kind->thread(t);
	gch_mutator_detach(t->m);
	return err;
}

static int thread_main(void *arg)
{
	struct gch_bench_thread *t = arg;
	struct gch_bench *b = t->bench;

	t->err = work(t);
	if (t->err)
		stop(b);
	if (atomic_dec_and_test(&b->running))
		complete(&b->done);
	return 0;
}

static int create_threads(struct gch_bench *b)
{
	unsigned int i, cpu = cpumask_first(cpu_online_mask);

	for (i = 0; i < b->nr_threads; i++) {
		struct gch_bench_thread *t = &b->thread[i];
		struct task_struct *task;

		t->bench = b;
		t->index = i;
		t->rnd = 88172645463325252ULL + i;
		task = kthread_create(thread_main, t, "gch_bench/%u", i);
		if (IS_ERR(task))
			return PTR_ERR(task);
		get_task_struct(task);
		kthread_bind(task, cpu);
		t->task = task;
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	return 0;
}

/* The threads have left, or were never woken. */
static void reap_threads(struct gch_bench *b)
{
	unsigned int i;

	for (i = 0; i < b->nr_threads && b->thread[i].task; i++) {
		kthread_stop(b->thread[i].task);
		put_task_struct(b->thread[i].task);
		b->thread[i].task = NULL;
	}
}

/* The first error other than -ECANCELED, which only follows another thread's. */
static int first_error(struct gch_bench *b)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < b->nr_threads; i++)
		if (b->thread[i].err && (!err || err == -ECANCELED))
			err = b->thread[i].err;
	return err;
}

static int run_threads(struct gch_bench *b)
{
	unsigned int i;
	int err;

	err = create_threads(b);
	if (!err) {
		atomic_set(&b->running, b->nr_threads);
		for (i = 0; i < b->nr_threads; i++)
			wake_up_process(b->thread[i].task);
		if (wait_for_completion_interruptible(&b->done)) {
			stop(b);
			wait_for_completion(&b->done);
		}
	}
	reap_threads(b);
	err = err ? : first_error(b);
	if (err == -ECANCELED)
		return gch_bench_fail(b, -EINTR, "interrupted");
	return err ? gch_bench_fail(b, err, "failed with error %d", err) : 0;
}

/**
 * gch_bench_run - runs a benchmark
 * @b: the run, after gch_bench_parse()
 *
 * Context: process context, may sleep; a signal ends it early.
 * Return: 0, -EINTR, or another error.
 */
int gch_bench_run(struct gch_bench *b)
{
	int err;

	if (b->arg[GCH_BENCH_P_CPUS] > num_online_cpus())
		return gch_bench_fail(b, -ERANGE, "cpus must be at most %u",
				      num_online_cpus());
	b->nr_threads = b->arg[GCH_BENCH_P_CPUS];
	err = open_heap(b);
	if (!err && b->kind->init) {
		err = b->kind->init(b);
		if (err)
			gch_bench_fail(b, err, "set-up failed with error %d", err);
	}
	if (!err)
		err = run_threads(b);
	if (b->kind->exit)
		b->kind->exit(b);
	close_heap(b);
	return err;
}
