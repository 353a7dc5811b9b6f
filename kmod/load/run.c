// SPDX-License-Identifier: GPL-2.0
/*
 * Runs: their registry, their threads, their end
 *
 * Lock order
 *
 *	runs_lock: which runs exist; taken by every task that closes a generic netlink
 *	           socket, so no task waits under it for threads
 *	  gch_load_run.lock: state and result of a run
 *
 * The registry and each task that uses a run hold a reference. The task that takes a
 * run out of the registry is responsible for waiting for its threads: run-del waits
 * itself, because they have nothing left to do; all other tasks queue the reaper. A
 * thread leaves because of gch_load_run.stop, not kthread_stop(): before the thread's
 * function has begun that would prevent it, and the run would never end.
 */
#include "load.h"

#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#define ALONE	"a verifying replay requires exclusive use of the heap"
/* A heap with less room than this below its limit may have met it. */
#define LIMIT_NEAR	SZ_8M

static const struct gch_load_workload *const workloads[] = {
	[GCHEAP_LOAD_WORKLOAD_REPLAY] = &gch_load_replay,
	[GCHEAP_LOAD_WORKLOAD_BINARY_TREES] = &gch_load_trees,
	[GCHEAP_LOAD_WORKLOAD_LRU] = &gch_load_lru,
	[GCHEAP_LOAD_WORKLOAD_CYCLES] = &gch_load_cycles,
	[GCHEAP_LOAD_WORKLOAD_ALLOC] = &gch_load_alloc,
	[GCHEAP_LOAD_WORKLOAD_CHURN] = &gch_load_churn,
	[GCHEAP_LOAD_WORKLOAD_LARSON] = &gch_load_larson,
	[GCHEAP_LOAD_WORKLOAD_MSTRESS] = &gch_load_mstress,
};

static DEFINE_MUTEX(runs_lock);
static DEFINE_XARRAY_ALLOC1(runs);
static u32 runs_last;
static unsigned int nr_runs;
static unsigned int runs_seq = 1;
static struct workqueue_struct *reaper;

static void run_free(struct kref *ref)
{
	struct gch_load_run *run = container_of(ref, struct gch_load_run, ref);

	if (run->workload->exit)
		run->workload->exit(run);
	/* This may be the heap's last reference, and the caller a netlink handler. */
	if (run->heap)
		gch_heap_put_later(run->heap);
	mutex_destroy(&run->lock);
	kvfree(run);
}

/**
 * gch_load_run_put - drop a reference to a run
 * @run: the run
 *
 * Context: may sleep.
 */
void gch_load_run_put(struct gch_load_run *run)
{
	kref_put(&run->ref, run_free);
}

/**
 * gch_load_run_find - find a run
 * @id: its number
 *
 * Context: may sleep.
 * Return: the run with a reference, NULL if there is none of that number.
 */
struct gch_load_run *gch_load_run_find(u32 id)
{
	struct gch_load_run *run;

	mutex_lock(&runs_lock);
	run = xa_load(&runs, id);
	if (run)
		kref_get(&run->ref);
	mutex_unlock(&runs_lock);
	return run;
}

/**
 * gch_load_run_next - walk the runs in the order of their numbers
 * @after: number of the previous run, 0 for the first
 *
 * Context: may sleep.
 * Return: the run with a reference, NULL after the last.
 */
struct gch_load_run *gch_load_run_next(u32 after)
{
	unsigned long id = after;
	struct gch_load_run *run;

	mutex_lock(&runs_lock);
	run = xa_find_after(&runs, &id, ULONG_MAX, XA_PRESENT);
	if (run)
		kref_get(&run->ref);
	mutex_unlock(&runs_lock);
	return run;
}

/**
 * gch_load_runs_seq - sequence number of the set of runs
 *
 * Context: any.
 * Return: a number that changes with the set and is never 0.
 */
unsigned int gch_load_runs_seq(void)
{
	return READ_ONCE(runs_seq);
}

static void runs_changed(void)
{
	lockdep_assert_held(&runs_lock);
	WRITE_ONCE(runs_seq, runs_seq + 1 ? : 1);
}

/**
 * gch_load_fail - record the error of a run, and stop it
 * @run: the run
 * @err: negative error number
 * @fmt: the message; only a run's first error is kept
 *
 * Context: may sleep.
 */
void gch_load_fail(struct gch_load_run *run, int err, const char *fmt, ...)
{
	va_list args;

	mutex_lock(&run->lock);
	if (!run->error) {
		run->error = err;
		va_start(args, fmt);
		vscnprintf(run->message, sizeof(run->message), fmt, args);
		va_end(args);
	}
	mutex_unlock(&run->lock);
	gch_load_run_stop(run);
}

/**
 * gch_load_mismatch - count a mismatch between a trace and a heap
 * @run: the replay
 * @kind: kind of mismatch
 * @line: line of the trace
 * @object: number in the trace
 *
 * Context: may sleep.
 */
void gch_load_mismatch(struct gch_load_run *run,
		       enum gcheap_load_mismatch_kind kind, u64 line,
		       u32 object)
{
	struct gch_load_mismatch *mismatch;

	mutex_lock(&run->lock);
	if (run->mismatches < GCH_LOAD_MISMATCHES) {
		mismatch = &run->mismatch[run->mismatches];
		mismatch->kind = kind;
		mismatch->line = line;
		mismatch->object = object;
	}
	run->mismatches++;
	mutex_unlock(&run->lock);
}

/**
 * gch_load_run_stop - tell the threads of a run to leave, without waiting
 * @run: the run
 *
 * Context: any.
 */
void gch_load_run_stop(struct gch_load_run *run)
{
	WRITE_ONCE(run->stop, true);
	wake_up_all(&run->wait);
}

static void set_deadline(struct gch_load_run *run)
{
	WRITE_ONCE(run->deadline,
		   jiffies + (unsigned long)run->args.seconds * HZ);
}

/**
 * gch_load_ready - wait until all threads of a run have set up
 * @t: one of them, which calls it once
 *
 * The run's time begins when all have called it.
 *
 * Context: may sleep.
 * Return: 0, or -ECANCELED if the run was stopped before it began.
 */
int gch_load_ready(struct gch_load_thread *t)
{
	struct gch_load_run *run = t->run;

	/* Each thread sets it, so the last one determines it. */
	set_deadline(run);
	if (atomic_dec_and_test(&run->unready)) {
		wake_up_all(&run->wait);
	} else {
		gch_mutator_yield(t->m);
		wait_event_idle(run->wait, !atomic_read(&run->unready) ||
				READ_ONCE(run->stop));
	}
	return READ_ONCE(run->stop) ? -ECANCELED : 0;
}

/**
 * gch_load_found - record the live objects at the end
 * @run: the run
 * @expected: expected number
 * @found: number found
 *
 * Each mutator may call it for its part; the numbers are added up.
 *
 * Context: may sleep.
 * Return: 0, or -EUCLEAN if they differ; then the run has failed.
 */
int gch_load_found(struct gch_load_run *run, u64 expected, u64 found)
{
	mutex_lock(&run->lock);
	run->live_expected += expected;
	run->live_found += found;
	run->counted = true;
	mutex_unlock(&run->lock);
	if (found == expected)
		return 0;
	gch_load_fail(run, -EUCLEAN, "%llu objects are alive, expected %llu", found,
		      expected);
	return -EUCLEAN;
}

static u64 limit_hits(struct gch_heap *heap)
{
	struct gch_stats stats;

	gch_heap_stats(heap, &stats);
	return stats.limit_hits;
}

/* Reports a run without operations. */
static void note_idleness(struct gch_load_run *run)
{
	unsigned int i;

	lockdep_assert_held(&run->lock);
	if (run->args.workload == GCHEAP_LOAD_WORKLOAD_REPLAY)
		return;
	for (i = 0; i < run->args.mutators; i++)
		if (run->thread[i].operations)
			return;
	snprintf(run->message, sizeof(run->message),
		 "no operation completed within %u s", run->args.seconds);
}

/* The last thread that leaves ends the run. */
static void finish(struct gch_load_run *run)
{
	if (run->workload->finish)
		run->workload->finish(run);
	gch_peaks_end(run->heap, &run->peaks);
	/* The run has nothing left in the heap, so the heap may be deleted. */
	gch_heap_put(run->heap);
	run->heap = NULL;

	mutex_lock(&run->lock);
	run->end_ns = ktime_get_ns();
	if (run->error || run->mismatches)
		run->state = GCHEAP_LOAD_STATE_FAILED;
	else if (run->stop)
		run->state = GCHEAP_LOAD_STATE_STOPPED;
	else
		run->state = GCHEAP_LOAD_STATE_DONE;
	if (run->state == GCHEAP_LOAD_STATE_DONE)
		note_idleness(run);
	mutex_unlock(&run->lock);
	complete_all(&run->done);
}

/**
 * gch_load_fail_memory - record that a run failed without memory
 * @run: the run
 * @line: line of the trace, 0 for none
 *
 * Context: may sleep.
 */
void gch_load_fail_memory(struct gch_load_run *run, u64 line)
{
	u64 limit = gch_heap_tunable(run->heap, GCH_KEY_LIMIT);
	char text[24], where[32] = "";
	struct gch_stats stats;

	if (line)
		snprintf(where, sizeof(where), "line %llu: ", line);
	gch_heap_stats(run->heap, &stats);
	/* A heap far below its limit met it earlier; now the system has no memory. */
	if (limit && stats.limit_hits > run->limit_hits &&
	    stats.held_bytes + LIMIT_NEAR > limit) {
		string_get_size(limit, 1, STRING_UNITS_2, text, sizeof(text));
		gch_load_fail(run, -ENOMEM, "%sthe heap reached its limit of %s",
			      where, text);
	} else {
		gch_load_fail(run, -ENOMEM, "%sout of memory for the heap",
			      where);
	}
}

static void work(struct gch_load_thread *t)
{
	struct gch_load_run *run = t->run;
	u64 start = ktime_get_ns();
	int err;

	err = run->workload->thread(t);
	/* Threads that wait or set up have measured their own work. */
	if (!t->work_ns)
		WRITE_ONCE(t->work_ns, ktime_get_ns() - start);
	if (err == -ENOMEM)
		gch_load_fail_memory(run, READ_ONCE(run->lines));
	gch_mutator_detach(t->m);
	t->m = NULL;
	if (err == -ENOMEM)
		return;
	if (err && err != -ECANCELED)
		gch_load_fail(run, err, "mutator %u: a heap operation failed",
			      t->index);
}

static int thread_main(void *arg)
{
	struct gch_load_thread *t = arg;
	struct gch_load_run *run = t->run;
	struct mem_cgroup *old;

	/* All allocations of the thread are charged to the heap's memory cgroup. */
	old = gch_memcg_enter(run->heap);
	work(t);
	gch_memcg_leave(old);
	if (atomic_dec_and_test(&run->running))
		finish(run);
	return 0;
}

/* For threads that were never woken. */
static void detach_mutators(struct gch_load_run *run)
{
	unsigned int i;

	for (i = 0; i < run->args.mutators && run->thread[i].m; i++) {
		gch_mutator_detach(run->thread[i].m);
		run->thread[i].m = NULL;
	}
}

/* From here on the heap is in use until the run is over. */
static int attach_mutators(struct gch_load_run *run,
			   struct netlink_ext_ack *extack)
{
	struct gch_mutator *m;
	unsigned int i;

	for (i = 0; i < run->args.mutators; i++) {
		m = gch_mutator_attach(run->heap, run->workload->slots);
		if (IS_ERR(m))
			break;
		run->thread[i].m = m;
	}
	if (i == run->args.mutators)
		return 0;
	detach_mutators(run);
	switch (PTR_ERR(m)) {
	case -EBUSY:
		NL_SET_ERR_MSG(extack, ALONE);
		break;
	case -ENODEV:
		NL_SET_ERR_MSG(extack, "the heap is being deleted");
		break;
	case -ENOSPC:
		NL_SET_ERR_MSG(extack, "too many mutators are attached to the heap");
		break;
	default:
		NL_SET_ERR_MSG(extack, "out of memory for the mutators");
		break;
	}
	return PTR_ERR(m);
}

static int create_threads(struct gch_load_run *run)
{
	struct gch_load_thread *t;
	struct task_struct *task;
	unsigned int i;
	int cpu = -1;

	for (i = 0; i < run->args.mutators; i++) {
		t = &run->thread[i];
		t->run = run;
		t->index = i;
		prandom_seed_state(&t->rnd, i + 1);
		task = kthread_create(thread_main, t, "gch_load/%u:%u",
				      run->id, i);
		if (IS_ERR(task))
			return PTR_ERR(task);
		get_task_struct(task);
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		kthread_bind(task, cpu);
		t->task = task;
	}
	return 0;
}

/* The threads have left, or were never woken. */
static void reap_threads(struct gch_load_run *run)
{
	unsigned int i;

	for (i = 0; i < run->args.mutators; i++) {
		struct task_struct *task = run->thread[i].task;

		if (!task)
			break;
		kthread_stop(task);
		put_task_struct(task);
	}
}

static void start_threads(struct gch_load_run *run)
{
	unsigned int i;

	gch_peaks_begin(run->heap, &run->peaks);
	run->start_ns = ktime_get_ns();
	set_deadline(run);
	atomic_set(&run->running, run->args.mutators);
	atomic_set(&run->unready, run->args.mutators);
	for (i = 0; i < run->args.mutators; i++)
		wake_up_process(run->thread[i].task);
}

static struct gch_load_run *run_alloc(const struct gch_load_args *args,
				      u32 portid)
{
	struct gch_load_run *run;

	run = kvzalloc(struct_size(run, thread, args->mutators),
		       GCH_LOAD_GFP);
	if (!run)
		return NULL;
	run->portid = portid;
	run->args = *args;
	run->workload = workloads[args->workload];
	kref_init(&run->ref);
	mutex_init(&run->lock);
	init_waitqueue_head(&run->wait);
	init_completion(&run->done);
	return run;
}

static void run_destroy(struct gch_load_run *run)
{
	gch_load_run_stop(run);
	wait_for_completion(&run->done);
	reap_threads(run);
	gch_load_run_put(run);
}

static void run_reap(struct work_struct *work)
{
	run_destroy(container_of(work, struct gch_load_run, reap));
}

static bool wants_heap_alone(const struct gch_load_run *run)
{
	return run->args.workload == GCHEAP_LOAD_WORKLOAD_REPLAY &&
	       run->args.verify;
}

/* A replay that checks deaths would count those of another run. */
static bool heap_is_taken(const struct gch_load_run *run)
{
	struct gch_load_run *other;
	unsigned long id;

	lockdep_assert_held(&runs_lock);
	xa_for_each(&runs, id, other) {
		if (completion_done(&other->done) ||
		    strcmp(other->heap_name, run->heap_name))
			continue;
		if (wants_heap_alone(run) || wants_heap_alone(other))
			return true;
	}
	return false;
}

/*
 * The claim refuses other users, whose deaths would confuse a replay that counts
 * them.
 */
static int claim_heap(struct gch_load_run *run, struct netlink_ext_ack *extack)
{
	int err;

	if (!gch_load_counts_deaths(run))
		return 0;
	err = gch_heap_claim(run->heap, "a verifying replay",
			     run->args.mutators, extack);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, ALONE);
	run->claimed = !err;
	return err;
}

/**
 * gch_load_unclaim - end the claim of a run on its heap
 * @run: the run; one of its mutators is attached
 *
 * Context: may sleep.
 */
void gch_load_unclaim(struct gch_load_run *run)
{
	if (run->claimed)
		gch_heap_unclaim(run->heap);
	run->claimed = false;
}

/* Reserves a number; the run cannot be found by it yet. */
static int run_reserve(struct gch_load_run *run, struct netlink_ext_ack *extack)
{
	int err = -ENOSPC;

	mutex_lock(&runs_lock);
	if (nr_runs >= GCH_LOAD_RUNS_MAX)
		NL_SET_ERR_MSG(extack, "too many runs: the maximum is 64");
	else
		err = xa_alloc_cyclic(&runs, &run->id, NULL,
				      XA_LIMIT(1, INT_MAX), &runs_last,
				      GFP_KERNEL_ACCOUNT);
	if (err >= 0)
		nr_runs++;
	mutex_unlock(&runs_lock);
	return min(err, 0);
}

static void run_unregister(struct gch_load_run *run)
{
	lockdep_assert_held(&runs_lock);
	xa_erase(&runs, run->id);
	nr_runs--;
	runs_changed();
}

static int run_register(struct gch_load_run *run,
			struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&runs_lock);
	if (heap_is_taken(run)) {
		NL_SET_ERR_MSG(extack, ALONE);
		return -EBUSY;
	}
	/* This takes no memory, because the entry is reserved. */
	xa_store(&runs, run->id, run, GFP_KERNEL_ACCOUNT);
	runs_changed();
	return 0;
}

/* Registers a run and wakes its threads. */
static int run_launch(struct gch_load_run *run, struct netlink_ext_ack *extack)
{
	int err;

	err = run_reserve(run, extack);
	if (err)
		return err;
	err = create_threads(run);
	mutex_lock(&runs_lock);
	if (!err)
		err = run_register(run, extack);
	if (!err) {
		kref_get(&run->ref);
		start_threads(run);
	} else {
		run_unregister(run);
	}
	mutex_unlock(&runs_lock);
	return err;
}

static int run_start(struct gch_load_run *run, struct netlink_ext_ack *extack)
{
	int err;

	/* First, because this fails if another user has claimed the heap. */
	err = attach_mutators(run, extack);
	if (err)
		return err;
	if (run->workload->init)
		err = run->workload->init(run, extack);
	if (!err)
		err = claim_heap(run, extack) ? : run_launch(run, extack);
	if (err) {
		reap_threads(run);
		gch_load_unclaim(run);
		detach_mutators(run);
	}
	return err;
}

/**
 * gch_load_run_new - start a workload on a heap
 * @heap: name of the heap
 * @args: its arguments, within their limits
 * @portid: netlink socket that the run belongs to
 * @extack: reports the reason of a refusal
 *
 * Context: may sleep.
 * Return: the run with a reference, or an error pointer.
 */
struct gch_load_run *gch_load_run_new(const char *heap,
				      const struct gch_load_args *args,
				      u32 portid,
				      struct netlink_ext_ack *extack)
{
	struct mem_cgroup *old;
	struct gch_load_run *run;
	int err;

	run = run_alloc(args, portid);
	if (!run) {
		NL_SET_ERR_MSG(extack, "out of memory for the run");
		return ERR_PTR(-ENOMEM);
	}
	INIT_WORK(&run->reap, run_reap);
	run->heap = gch_heap_find(heap);
	if (!run->heap) {
		NL_SET_ERR_MSG(extack, "no such heap");
		err = -ENOENT;
		goto err_put;
	}
	strscpy(run->heap_name, gch_heap_name(run->heap),
		sizeof(run->heap_name));
	run->reclaim = gch_heap_reclaim(run->heap);
	run->limit_hits = limit_hits(run->heap);

	old = gch_memcg_enter(run->heap);
	err = run_start(run, extack);
	gch_memcg_leave(old);
	if (!err)
		return run;
	if (err == -ENOMEM && extack && !extack->_msg)
		NL_SET_ERR_MSG(extack, "out of memory for the run, or the heap limit is too low");

err_put:
	gch_load_run_put(run);
	return ERR_PTR(err);
}

static bool is_running(struct gch_load_run *run)
{
	bool running;

	mutex_lock(&run->lock);
	running = run->state == GCHEAP_LOAD_STATE_RUNNING;
	mutex_unlock(&run->lock);
	return running;
}

/**
 * gch_load_run_delete - forget a run that has ended, stop one that has not
 * @id: its number
 *
 * The run's threads free its objects in the heap, which may take seconds. This
 * function does not wait for that.
 *
 * Context: may sleep, but does not wait for the run's workload.
 * Return: 0; -ENOENT if there is no such run; -EAGAIN if it was stopped but has not
 * ended: it exists until another call deletes it, or its socket is closed.
 */
int gch_load_run_delete(u32 id)
{
	struct gch_load_run *run;
	int ret = 0;

	mutex_lock(&runs_lock);
	run = xa_load(&runs, id);
	if (!run) {
		ret = -ENOENT;
	} else if (is_running(run)) {
		gch_load_run_stop(run);
		ret = -EAGAIN;
	} else {
		run_unregister(run);
	}
	mutex_unlock(&runs_lock);
	if (!ret)
		run_destroy(run);
	return ret;
}

/* Queues the reaper, which waits for the threads. */
static void run_abandon(struct gch_load_run *run)
{
	run_unregister(run);
	gch_load_run_stop(run);
	queue_work(reaper, &run->reap);
}

/**
 * gch_load_run_abandon - stop and forget a run asynchronously
 * @run: the run
 *
 * Context: may sleep, but does not wait for the run.
 */
void gch_load_run_abandon(struct gch_load_run *run)
{
	mutex_lock(&runs_lock);
	if (xa_load(&runs, run->id) == run)
		run_abandon(run);
	mutex_unlock(&runs_lock);
}

/* Closing a socket must not wait for its runs. */
static int socket_notify(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	struct netlink_notify *notify = data;
	struct gch_load_run *run;
	unsigned long id;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC ||
	    !net_eq(notify->net, &init_net))
		return NOTIFY_DONE;

	mutex_lock(&runs_lock);
	xa_for_each(&runs, id, run)
		if (run->portid == notify->portid)
			run_abandon(run);
	mutex_unlock(&runs_lock);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = socket_notify,
};

/**
 * gch_load_runs_init - set up the registry
 *
 * Context: may sleep; module init.
 * Return: 0 or an error.
 */
int gch_load_runs_init(void)
{
	int err;

	reaper = alloc_workqueue("gcheap_load", WQ_UNBOUND, 0);
	if (!reaper)
		return -ENOMEM;
	err = netlink_register_notifier(&socket_notifier);
	if (err)
		destroy_workqueue(reaper);
	return err;
}

/**
 * gch_load_runs_exit - stop and forget all runs
 *
 * Context: may sleep; the netlink family is gone.
 */
void gch_load_runs_exit(void)
{
	struct gch_load_run *run;
	unsigned long id;

	netlink_unregister_notifier(&socket_notifier);
	mutex_lock(&runs_lock);
	xa_for_each(&runs, id, run)
		run_abandon(run);
	mutex_unlock(&runs_lock);
	/* Waits for all reapers. */
	destroy_workqueue(reaper);
	xa_destroy(&runs);
}
