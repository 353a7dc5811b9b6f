// SPDX-License-Identifier: GPL-2.0
/*
 * Collections: one at a time per heap
 *
 * A collection runs in the task that calls gch_cycle_run(): a kernel user, a mutator
 * that needs memory, or the workqueue for requests from atomic context. cycle_lock
 * serializes them.
 *
 * A request is served by a collection that begins after it. Requests are counted; the
 * work reads the count before its collection and publishes it afterwards.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "heap.h"

struct workqueue_struct *gch_wq;

static void verify(struct gch_heap *heap)
{
	int errors;

	if (!gch_val(heap, GCH_KEY_VERIFY))
		return;
	errors = heap->ops->validate(heap);
	if (errors > 0)
		atomic64_add(errors, &heap->verify_errors);
}

static void restart_period(struct gch_heap *heap)
{
	unsigned int ms = READ_ONCE(heap->period_ms);

	if (ms)
		mod_delayed_work(gch_wq, &heap->period_work,
				 msecs_to_jiffies(ms));
}

/* One whole collection, and a snapshot if @sn is set. */
static int run_locked(struct gch_heap *heap, unsigned int generation,
		      bool forced, struct gch_snapshot *sn)
{
	u64 start;
	int ret;

	lockdep_assert_held(&heap->cycle_lock);
	heap->forced = forced;
	atomic64_inc(&heap->cycles_started);
	start = ktime_get_ns();
	if (sn)
		ret = heap->ops->snapshot(heap, sn);
	else
		ret = heap->ops->collect(heap, generation);
	atomic64_add(ktime_get_ns() - start, &heap->cycle_ns);
	verify(heap);
	/* A tracing engine always collects all generations. */
	if (heap->ops->reclaim == GCHEAP_RECLAIM_TRACING)
		generation = 2;
	atomic64_inc(&heap->cycles_gen[generation]);
	atomic64_inc(&heap->cycles_ended);
	restart_period(heap);
	return ret;
}

/* A killed task neither waits for a collection nor begins one. */
static int lock_cycle(struct gch_heap *heap)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	return mutex_lock_killable(&heap->cycle_lock);
}

static int run(struct gch_heap *heap, unsigned int generation, bool forced)
{
	int ret = lock_cycle(heap);

	if (ret)
		return ret;
	ret = run_locked(heap, generation, forced, NULL);
	mutex_unlock(&heap->cycle_lock);
	return ret;
}

/**
 * gch_cycle_run - collects a heap on behalf of its engine
 * @heap: the heap
 * @generation: oldest generation to collect, 0 to 2
 *
 * Context: process context outside sections, may sleep for the time of this
 * collection and those before it; takes &gch_heap.cycle_lock.
 * Return: 0; -EINTR if the task was killed before the collection began; or the
 * engine's error.
 */
int gch_cycle_run(struct gch_heap *heap, unsigned int generation)
{
	return run(heap, generation, false);
}
EXPORT_SYMBOL_GPL(gch_cycle_run);

/**
 * gch_cycle_since - collects a heap unless another task has
 * @heap: the heap
 * @generation: oldest generation to collect, 0 to 2
 * @started: gch_cycles_started() when the caller decided that it needs a collection
 *
 * Many mutators may meet the limit at once; one collection serves them all.
 *
 * Context: as gch_cycle_run().
 * Return: as gch_cycle_run(); 0 if another collection has started since.
 */
int gch_cycle_since(struct gch_heap *heap, unsigned int generation, u64 started)
{
	int ret = lock_cycle(heap);

	if (ret)
		return ret;
	if (atomic64_read(&heap->cycles_started) == started)
		ret = run_locked(heap, generation, false, NULL);
	mutex_unlock(&heap->cycle_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_cycle_since);

/**
 * gch_cycle_await - waits for the current collection
 * @heap: the heap
 *
 * Context: as gch_cycle_run().
 * Return: 0, or -EINTR if the task was killed.
 */
int gch_cycle_await(struct gch_heap *heap)
{
	int ret = lock_cycle(heap);

	if (!ret)
		mutex_unlock(&heap->cycle_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_cycle_await);

/**
 * gch_cycle_choose - runs the collection that an engine chooses
 * @heap: the heap
 * @choose: called while no collection runs; returns the oldest generation to collect,
 *	or a negative value for none
 * @arg: argument of @choose
 *
 * If several tasks want the same collection, the first runs it, and @choose tells the
 * others that it is done.
 *
 * Context: as gch_cycle_run().
 * Return: as gch_cycle_run().
 */
int gch_cycle_choose(struct gch_heap *heap, gch_choose_fn choose, void *arg)
{
	int generation, ret = lock_cycle(heap);

	if (ret)
		return ret;
	generation = choose(heap, arg);
	if (generation >= 0)
		ret = run_locked(heap, generation, false, NULL);
	mutex_unlock(&heap->cycle_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_cycle_choose);

/**
 * gch_collect - collects a heap and waits for it
 * @heap: the heap
 * @generation: oldest generation to collect, 0 to 2; an engine without
 *	generations collects everything
 *
 * A collection that has begun completes, even if the task is killed.
 *
 * Context: process context outside sections, may sleep.
 * Return: 0; -EINVAL for a generation above 2; -EBUSY for a claimed heap; -EINTR if
 * the task was killed before the collection began; -ENOMEM.
 */
int gch_collect(struct gch_heap *heap, unsigned int generation)
{
	int ret;

	if (generation > 2)
		return -EINVAL;
	ret = lock_cycle(heap);
	if (ret)
		return ret;
	ret = READ_ONCE(heap->claimed) ? -EBUSY :
					 run_locked(heap, generation, true, NULL);
	mutex_unlock(&heap->cycle_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_collect);

/**
 * gch_claimed_collect - collects a heap that the caller has claimed
 * @heap: the heap
 * @generation: oldest generation to collect, 0 to 2
 *
 * Context: process context outside sections, may sleep.
 * Return: 0; -EINVAL for a generation above 2; -EINTR as gch_collect(); -ENOMEM.
 */
int gch_claimed_collect(struct gch_heap *heap, unsigned int generation)
{
	if (generation > 2)
		return -EINVAL;
	return run(heap, generation, true);
}
EXPORT_SYMBOL_GPL(gch_claimed_collect);

/**
 * gch_cycle_snapshot - collects a heap and fills a snapshot
 * @heap: the heap; its engine has snapshots
 * @sn: the snapshot
 * @wait: wait for a running collection
 *
 * Context: as gch_cycle_run(); a fatal signal ends the wait.
 * Return: 0; -EAGAIN if a collection runs and @wait is false; -EINTR; -EBUSY for a
 * claimed heap; or the engine's error.
 */
int gch_cycle_snapshot(struct gch_heap *heap, struct gch_snapshot *sn,
		       bool wait)
{
	int ret;

	if (fatal_signal_pending(current))
		return -EINTR;
	if (wait)
		ret = mutex_lock_killable(&heap->cycle_lock);
	else
		ret = mutex_trylock(&heap->cycle_lock) ? 0 : -EAGAIN;
	if (ret)
		return ret;
	ret = READ_ONCE(heap->claimed) ? -EBUSY :
					 run_locked(heap, 2, true, sn);
	mutex_unlock(&heap->cycle_lock);
	return ret;
}

static void run_requested(struct work_struct *work)
{
	struct gch_heap *heap = container_of(work, struct gch_heap, cycle_work);
	u64 served = atomic64_read(&heap->requests);
	unsigned int generation;

	/* Read the count first: a request after the xchg must not count as served. */
	smp_mb();
	generation = atomic_xchg(&heap->cycle_want, 0);
	run(heap, generation, atomic_xchg(&heap->forced_want, 0));
	atomic64_set(&heap->requests_ended, served);
	if (atomic64_read(&heap->requests) != served)
		queue_work(gch_wq, &heap->cycle_work);
}

/**
 * gch_cycle_suggest - requests a collection on the heap's own initiative
 * @heap: the heap
 * @generation: oldest generation to collect, 0 to 2
 *
 * For code that decides by itself when to collect. The collection is not marked as
 * forced.
 *
 * Context: any but NMI; allowed in a section.
 * Return: as gch_cycle_request().
 */
u64 gch_cycle_suggest(struct gch_heap *heap, unsigned int generation)
{
	int old = atomic_read(&heap->cycle_want);
	u64 ticket;

	while (old < (int)generation &&
	       !atomic_try_cmpxchg(&heap->cycle_want, &old, generation))
		;
	ticket = atomic64_inc_return(&heap->requests);
	queue_work(gch_wq, &heap->cycle_work);
	return ticket;
}
EXPORT_SYMBOL_GPL(gch_cycle_suggest);

/**
 * gch_cycle_request - requests a collection without waiting
 * @heap: the heap
 * @generation: oldest generation to collect, 0 to 2
 *
 * Context: any but NMI; allowed in a section.
 * Return: a ticket, which is served once gch_requests_ended() has reached it; 0,
 * which is always served, for a claimed heap or a generation above 2.
 */
u64 gch_cycle_request(struct gch_heap *heap, unsigned int generation)
{
	if (generation > 2 || READ_ONCE(heap->claimed))
		return 0;
	atomic_set(&heap->forced_want, 1);
	return gch_cycle_suggest(heap, generation);
}
EXPORT_SYMBOL_GPL(gch_cycle_request);

/**
 * gch_cycle_ask - requests a collection, or reports why it cannot
 * @heap: the heap
 * @generation: oldest generation to collect, 0 to 2
 * @ticket: set to the return value of gch_cycle_request()
 * @extack: error message
 *
 * Context: process context, may sleep.
 * Return: 0 or -EBUSY for a claimed heap.
 */
int gch_cycle_ask(struct gch_heap *heap, unsigned int generation, u64 *ticket,
		  struct netlink_ext_ack *extack)
{
	int ret;

	mutex_lock(&heap->lock);
	ret = gch_claim_refuses(heap, extack);
	if (!ret)
		*ticket = gch_cycle_request(heap, generation);
	mutex_unlock(&heap->lock);
	return ret;
}

/**
 * gch_claimed_wait - waits for collections requested before the claim
 * @heap: the heap, claimed by the caller
 *
 * Context: process context outside sections, may sleep for the time of these
 * collections.
 */
void gch_claimed_wait(struct gch_heap *heap)
{
	cancel_delayed_work_sync(&heap->interval_work);
	cancel_delayed_work_sync(&heap->period_work);
	flush_work(&heap->cycle_work);
	/* A later owner of the lock sees the claim. */
	mutex_lock(&heap->cycle_lock);
	mutex_unlock(&heap->cycle_lock);
	/* The last collection may have rearmed it. */
	cancel_delayed_work_sync(&heap->period_work);
}
EXPORT_SYMBOL_GPL(gch_claimed_wait);

/**
 * gch_requests_ended - returns how many requested collections have been served
 * @heap: the heap
 *
 * Context: any.
 * Return: the highest ticket served.
 */
u64 gch_requests_ended(const struct gch_heap *heap)
{
	return atomic64_read(&heap->requests_ended);
}
EXPORT_SYMBOL_GPL(gch_requests_ended);

/**
 * gch_cycles_started - counts collections begun, requested or not
 * @heap: the heap
 *
 * Context: any.
 * Return: their number.
 */
u64 gch_cycles_started(const struct gch_heap *heap)
{
	return atomic64_read(&heap->cycles_started);
}
EXPORT_SYMBOL_GPL(gch_cycles_started);

/**
 * gch_cycles_ended - counts collections ended, requested or not
 * @heap: the heap
 *
 * Context: any.
 * Return: their number.
 */
u64 gch_cycles_ended(const struct gch_heap *heap)
{
	return atomic64_read(&heap->cycles_ended);
}
EXPORT_SYMBOL_GPL(gch_cycles_ended);

/**
 * gch_defer - runs an engine's work in the background
 * @work: the work
 * @ms: delay in milliseconds
 *
 * Context: any but NMI.
 */
void gch_defer(struct delayed_work *work, unsigned int ms)
{
	queue_delayed_work(gch_wq, work, msecs_to_jiffies(ms));
}
EXPORT_SYMBOL_GPL(gch_defer);

static void run_interval(struct work_struct *work)
{
	struct gch_heap *heap = container_of(to_delayed_work(work),
					     struct gch_heap, interval_work);
	unsigned int ms = gch_val(heap, GCH_KEY_INTERVAL_MS);

	if (!ms || READ_ONCE(heap->claimed))
		return;
	run(heap, 2, true);
	/* Rearm from the end of the collection, however long it took. */
	ms = gch_val(heap, GCH_KEY_INTERVAL_MS);
	if (ms)
		gch_defer(&heap->interval_work, ms);
}

static void run_period(struct work_struct *work)
{
	struct gch_heap *heap = container_of(to_delayed_work(work),
					     struct gch_heap, period_work);

	if (READ_ONCE(heap->period_ms) && !READ_ONCE(heap->claimed))
		gch_cycle_suggest(heap, 2);
}

/**
 * gch_cycle_retime - starts both timers anew
 * @heap: the heap
 *
 * Context: process context.
 */
void gch_cycle_retime(struct gch_heap *heap)
{
	unsigned int ms = gch_val(heap, GCH_KEY_INTERVAL_MS);

	if (ms)
		mod_delayed_work(gch_wq, &heap->interval_work,
				 msecs_to_jiffies(ms));
	else
		cancel_delayed_work(&heap->interval_work);
	restart_period(heap);
}

/**
 * gch_cycle_init - sets up a heap's collections
 * @heap: the heap, zeroed
 *
 * Context: process context.
 */
void gch_cycle_init(struct gch_heap *heap)
{
	mutex_init(&heap->cycle_lock);
	INIT_WORK(&heap->cycle_work, run_requested);
	INIT_DELAYED_WORK(&heap->interval_work, run_interval);
	INIT_DELAYED_WORK(&heap->period_work, run_period);
}

/**
 * gch_cycle_stop - stops a heap's collections for good
 * @heap: the heap; it has no users
 *
 * Context: process context, may sleep.
 */
void gch_cycle_stop(struct gch_heap *heap)
{
	WRITE_ONCE(heap->val[GCH_KEY_INTERVAL_MS], 0);
	WRITE_ONCE(heap->period_ms, 0);
	cancel_delayed_work_sync(&heap->interval_work);
	cancel_delayed_work_sync(&heap->period_work);
	/* The work may have requeued itself; there is no other source of requests. */
	atomic64_set(&heap->requests, atomic64_read(&heap->requests_ended));
	cancel_work_sync(&heap->cycle_work);
	/* The last collection may have rearmed it. */
	cancel_delayed_work_sync(&heap->period_work);
}
