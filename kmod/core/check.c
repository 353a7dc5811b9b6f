// SPDX-License-Identifier: GPL-2.0
/*
 * Checks for misuse of the API: calls where the task cannot sleep, and mutators
 * shared between tasks
 *
 * Calls seldom sleep, so a client may run for long before a call under a spinlock
 * meets a collection. Calls of a checked heap test for this each time and fail. The
 * module parameter checks turns the checks on for all heaps, the setting verify for
 * one heap. Each mutator of a checked heap has %GCH_CPU_CHECKED set in its CPU, so
 * each of its calls takes the slow path of a changed CPU, gch_mutator_move(), which
 * does the checks. Calls of other heaps pay nothing.
 *
 * A refused call writes nothing: it may run in an interrupt in the middle of a
 * section, or while another task is in one.
 *
 * gch_heap.checks_lock serializes changes of gch_heap.checked.
 */
#include "mutator.h"

#include <linux/hardirq.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "heap.h"

static bool checks;

/* @pinned: the caller's own contribution to the preemption count. */
static bool can_sleep(int pinned)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		pinned = 0;
	return preempt_count() == pinned && !irqs_disabled() &&
	       !rcu_preempt_depth();
}

/* Claims the mutator for the current task if no task owns it. */
static int look(struct gch_mutator *m, int pinned)
{
	struct task_struct *task;

	if (!can_sleep(pinned))
		return -EINVAL;
	task = READ_ONCE(m->task) ?: cmpxchg(&m->task, NULL, current);
	return !task || task == current ? 0 : -EPERM;
}

/**
 * gch_check - may the current task call this mutator here?
 * @m: the mutator
 *
 * Context: any; preemption has been disabled once, for a section.
 * Return: true if the task can sleep and no other task uses the mutator.
 */
bool gch_check(struct gch_mutator *m)
{
	return !look(m, 1);
}

static void report(const struct gch_mutator *m, unsigned long ip,
		   const char *what)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, 2);

	if (__ratelimit(&limit))
		pr_err("heap %s: %pS called a mutator %s: %s/%d\n",
		       m->heap->name, (void *)ip, what, current->comm,
		       task_pid_nr(current));
}

/**
 * gch_mutator_misuse - reports the misuse in a call
 * @m: the mutator, which was refused a section
 * @ip: address of the caller
 *
 * Context: any.
 * Return: the error of the call: -EINVAL if the task cannot sleep; -EPERM if another
 * task uses the mutator.
 */
int gch_mutator_misuse(struct gch_mutator *m, unsigned long ip)
{
	if (!can_sleep(0)) {
		report(m, ip, "in a context that cannot sleep");
		return -EINVAL;
	}
	report(m, ip, "that another task uses");
	return -EPERM;
}

/**
 * gch_check_call - may the current task make a call beyond a single section?
 * @m: the mutator
 * @ip: address of the caller
 *
 * Context: any.
 * Return: 0 or an error of gch_mutator_misuse().
 */
int gch_check_call(struct gch_mutator *m, unsigned long ip)
{
	if (likely(!READ_ONCE(m->heap->checked)) || !look(m, 0))
		return 0;
	return gch_mutator_misuse(m, ip);
}

/**
 * gch_check_detach - may a mutator be detached here?
 * @m: the mutator; released by its task on success
 * @ip: address of the caller
 *
 * Context: any.
 * Return: 0, or -EINVAL if the task cannot sleep.
 */
int gch_check_detach(struct gch_mutator *m, unsigned long ip)
{
	if (READ_ONCE(m->heap->checked) && !can_sleep(0))
		return gch_mutator_misuse(m, ip);
	gch_check_forget(m);
	return 0;
}

static bool are_wanted(const struct gch_heap *heap)
{
	return READ_ONCE(checks) || gch_val(heap, GCH_KEY_VERIFY);
}

/**
 * gch_checks_init - enables the checks of a new heap if they are wanted
 * @heap: the heap, not in the registry yet
 *
 * Context: process context.
 */
void gch_checks_init(struct gch_heap *heap)
{
	heap->checked = are_wanted(heap);
}

static void mark(struct gch_mutator *m)
{
	unsigned int cpu = READ_ONCE(m->cpu);

	/* A concurrent call of the mutator itself stores the mark, too. */
	if (cpu != UINT_MAX)
		cmpxchg(&m->cpu, cpu, cpu | GCH_CPU_CHECKED);
}

/* Waits for calls that read checked as false; then makes all calls check. */
static void begin(struct gch_heap *heap)
{
	struct gch_mutator *m;

	synchronize_rcu();
	mutex_lock(&heap->lock);
	list_for_each_entry(m, &heap->mutators, node) {
		gch_check_forget(m);
		mark(m);
	}
	mutex_unlock(&heap->lock);
}

/**
 * gch_checks_update - enables or disables the checks of a heap as they are wanted
 * @heap: the heap
 *
 * Context: process context, may sleep.
 */
void gch_checks_update(struct gch_heap *heap)
{
	bool on;

	mutex_lock(&heap->checks_lock);
	on = are_wanted(heap);
	if (on != heap->checked) {
		WRITE_ONCE(heap->checked, on);
		if (on)
			begin(heap);
	}
	mutex_unlock(&heap->checks_lock);
}

static int set_checks(const char *text, const struct kernel_param *kp)
{
	int ret = param_set_bool(text, kp);
	struct gch_heap *heap;
	u32 id = 0;

	while (!ret && (heap = gch_heap_next(id))) {
		id = gch_heap_id(heap);
		gch_checks_update(heap);
		gch_heap_put(heap);
	}
	return ret;
}

static const struct kernel_param_ops checks_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_checks,
	.get = param_get_bool,
};
module_param_cb(checks, &checks_ops, &checks, 0644);
MODULE_PARM_DESC(checks, "detect and refuse misuse of the API in every call");
