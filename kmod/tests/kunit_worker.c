// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs of the mark workers while the workers can do nothing, and requests for memory
 * at a heap's limit: both must end. When the next forced cycle is due.
 */
#include "kunit.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>
#include <gcheap/engine.h>

/* Turns after which a job without progress is ended: seconds. */
#define TURNS_MAX	50000
/* Tries at the limit that gch_memory_room() allows; and a few more. */
#define ROOM_TRIES	3U
#define ROOM_MAX	8U
/* Milliseconds at least for a forced cycle to come. */
#define INTERVAL_TRIES	10000U

/**
 * struct held - a job whose workers make no progress
 * @task: the task that waits for it
 * @turns: turns of the workers
 * @helped: the task has taken a turn
 */
struct held {
	struct task_struct *task;
	atomic_t turns;
	bool helped;
};

static enum gch_turn held_turn(void *arg, unsigned int cpu)
{
	struct held *w = arg;

	if (current == w->task) {
		w->helped = true;
		return GCH_TURN_DONE;
	}
	return atomic_inc_return(&w->turns) < TURNS_MAX ? GCH_TURN_HELD :
							 GCH_TURN_DONE;
}

/*
 * Dedicated workers have work that the others may not do, but have lost their CPUs
 * between two turns: the waiting task does it.
 */
static void test_held(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_GO };
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	struct held w = { .task = current };

	mutex_lock(&heap->cycle_lock);
	gch_workers_run(heap, held_turn, &w);
	mutex_unlock(&heap->cycle_lock);
	GCH_EXPECT(test, w.helped, "%d turns, and nothing was done",
		   atomic_read(&w.turns));
	gch_kunit_heap_end(test, heap);
}

/* Retries end even if others always take the freed memory; here the test takes it. */
static void test_room(struct kunit *test)
{
	static const struct gch_type_desc desc = {
		.name = "large", .flags = GCH_TYPE_VAR,
	};
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO, .set = BIT(GCH_KEY_GOGC),
	};
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	struct gch_mutator *m = gch_kunit_mutator(test, heap, 1);
	struct gch_type *type = gch_type_register(heap, &desc, NULL);
	unsigned int tries = 0, n = 0;

	while (GCH_EXPECT(test, !IS_ERR(type), "no type") && n < ROOM_MAX) {
		if (!GCH_MUST(test, gch_alloc_var(m, 0, type, 0, SZ_1M)) ||
		    !GCH_MUST(test, gch_clear(m, 0)) ||
		    !gch_memory_room(heap, SZ_1M, &tries))
			break;
		n++;
	}
	GCH_EXPECT(test, n == ROOM_TRIES, "room was made %u times for one request",
		   n);
	gch_mutator_detach(m);
	gch_kunit_heap_end(test, heap);
}

static bool is_running(struct gch_heap *heap)
{
	return work_busy(&heap->interval_work.work) == WORK_BUSY_RUNNING;
}

/* Forced cycles that take long would leave mutators no time otherwise. */
static void test_interval(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_GO };
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	unsigned int i;

	/* The cycle has to wait, as if it took long. */
	mutex_lock(&heap->cycle_lock);
	GCH_MUST(test, gch_heap_tune(heap, GCH_KEY_INTERVAL_MS, 1, NULL));
	for (i = 0; i < INTERVAL_TRIES && !is_running(heap); i++)
		usleep_range(1000, 2000);
	GCH_EXPECT(test, is_running(heap), "no cycle was forced");
	GCH_EXPECT(test, !delayed_work_pending(&heap->interval_work),
		   "the interval begins with the start of a cycle");
	mutex_unlock(&heap->cycle_lock);
	for (i = 0; i < INTERVAL_TRIES && gch_cycles_ended(heap) < 2; i++)
		usleep_range(1000, 2000);
	GCH_EXPECT(test, gch_cycles_ended(heap) >= 2, "no cycle followed");
	GCH_MUST(test, gch_heap_tune(heap, GCH_KEY_INTERVAL_MS, 0, NULL));
	gch_kunit_heap_end(test, heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_held),
	KUNIT_CASE(test_room),
	KUNIT_CASE(test_interval),
	{}
};

struct kunit_suite gch_kunit_worker = {
	.name = "gcheap_worker",
	.test_cases = cases,
};
