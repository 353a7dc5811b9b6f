/* SPDX-License-Identifier: GPL-2.0 */
/* Declarations shared by the tests of gcheap_selftest.ko. */
#ifndef _GCHEAP_TESTS_H
#define _GCHEAP_TESTS_H

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <gcheap/gcheap.h>

/* Slots of each test's frame. */
#define GCH_TEST_SLOTS		128

#define GCH_TEST_GO		BIT(GCHEAP_ENGINE_GO)
#define GCH_TEST_PYTHON		BIT(GCHEAP_ENGINE_PYTHON)
#define GCH_TEST_SLAB		BIT(GCHEAP_ENGINE_SLAB)
#define GCH_TEST_COLLECTED	(GCH_TEST_GO | GCH_TEST_PYTHON)
#define GCH_TEST_ALL		(GCH_TEST_COLLECTED | GCH_TEST_SLAB)

/**
 * struct gch_test_env - environment of a test
 * @engine: the engine under test
 * @rounds: rounds of tests with a variable length
 * @seed: seed of random tests, never 0
 * @heap: heap of the test, made by gch_test_open()
 * @m: the test's mutator of @heap
 * @failures: number of failures; changed by gch_test_fail() only
 * @skipped: reason why the test was skipped
 */
struct gch_test_env {
	u32 engine;
	unsigned long rounds;
	u32 seed;
	struct gch_heap *heap;
	struct gch_mutator *m;
	unsigned int failures;
	const char *skipped;
};

/**
 * struct gch_test - a test
 * @name: its name
 * @engines: bit per engine that it applies to
 * @run: the test; it opens the heap, main.c closes it
 * @named: it is run only by its name
 */
struct gch_test {
	const char *name;
	unsigned long engines;
	void (*run)(struct gch_test_env *env);
	bool named;
};

bool gch_test_marker(const struct gch_test_env *env, struct gch_config *cfg);
bool gch_test_open(struct gch_test_env *env, struct gch_config *cfg);
void gch_test_close(struct gch_test_env *env);
struct gch_type *gch_test_type(struct gch_test_env *env, const char *name,
			       u32 bytes, u32 nr_refs, u32 flags);
bool gch_test_payload_set(struct gch_mutator *m, unsigned int slot, u32 refs,
			  u64 value);
bool gch_test_payload_is(struct gch_mutator *m, unsigned int slot, u32 refs,
			 u64 value);
struct task_struct *gch_test_collector_start(struct gch_test_env *env);
void gch_test_collector_stop(struct task_struct *collector);
bool gch_test_cycle_begin(struct gch_test_env *env, u64 *ticket);

static inline bool gch_test_reclaims(const struct gch_test_env *env,
				     enum gcheap_reclaim reclaim)
{
	return gch_heap_reclaim(env->heap) == reclaim;
}

/* Does a collection free garbage? */
static inline bool gch_test_collects(const struct gch_test_env *env)
{
	return gch_test_reclaims(env, GCHEAP_RECLAIM_TRACING) ||
	       gch_test_reclaims(env, GCHEAP_RECLAIM_COUNTING);
}

/*
 * Makes the n-th allocation of the calling task from here on fail, if the kernel
 * supports that; 0 for none.
 */
static inline void gch_test_fault_arm(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, nth);
#endif
}

/* Allocations until that fault; 0 if it has occurred, or is not armed. */
static inline unsigned int gch_test_fault_ahead(void)
{
#ifdef CONFIG_FAULT_INJECTION
	return READ_ONCE(current->fail_nth);
#else
	return 0;
#endif
}

/* Disarms the fault. */
static inline void gch_test_fault_disarm(void)
{
	gch_test_fault_arm(0);
}

/* In intervals, because a thread may take longer than the hung-task timeout. */
static inline void gch_test_wait(struct completion *done)
{
	while (!wait_for_completion_timeout(done, HZ))
		;
}

bool gch_test_faults_work(struct gch_test_env *env);

__printf(2, 3)
void gch_test_fail(struct gch_test_env *env, const char *fmt, ...);
__printf(2, 3)
void gch_test_note(struct gch_test_env *env, const char *fmt, ...);

/*
 * Counts a failure with a message unless the condition holds; yields the condition.
 */
#define CHECK(env, cond, fmt, args...) ({				\
	bool __ok = (cond);						\
									\
	if (!__ok)							\
		gch_test_fail((env), fmt, ##args);			\
	__ok;								\
})

/* A call that must return 0. */
#define MUST(env, call) ({						\
	int __ret = (call);						\
									\
	if (__ret)							\
		gch_test_fail((env), "%s returned %d", #call, __ret);	\
	!__ret;								\
})

/* A call that must be refused with exactly this error. */
#define REFUSED(env, call, error) ({					\
	long __ret = (call), __want = -(error);				\
									\
	if (__ret != __want)						\
		gch_test_fail((env), "%s returned %ld, not %ld",	\
			      #call, __ret, __want);			\
	__ret == __want;						\
})

void gch_test_classes(struct gch_test_env *env);
void gch_test_shapes(struct gch_test_env *env);
void gch_test_barrier(struct gch_test_env *env);
void gch_test_barriers(struct gch_test_env *env);
void gch_test_refs(struct gch_test_env *env);
void gch_test_stw(struct gch_test_env *env);
void gch_test_workers(struct gch_test_env *env);
void gch_test_turns(struct gch_test_env *env);
void gch_test_unplug(struct gch_test_env *env);
void gch_test_quiet(struct gch_test_env *env);
void gch_test_hog(struct gch_test_env *env);
void gch_test_snapshot(struct gch_test_env *env);
void gch_test_snapshot_much(struct gch_test_env *env);
void gch_test_spans(struct gch_test_env *env);
void gch_test_nodes(struct gch_test_env *env);
void gch_test_full_node(struct gch_test_env *env);
void gch_test_other_node(struct gch_test_env *env);
void gch_test_handshake(struct gch_test_env *env);
void gch_test_weak(struct gch_test_env *env);
void gch_test_weak_crowd(struct gch_test_env *env);
void gch_test_weak_race(struct gch_test_env *env);
void gch_test_rings(struct gch_test_env *env);
void gch_test_generations(struct gch_test_env *env);
void gch_test_deep(struct gch_test_env *env);
void gch_test_limit(struct gch_test_env *env);
void gch_test_exhausted(struct gch_test_env *env);
void gch_test_served(struct gch_test_env *env);
void gch_test_switch(struct gch_test_env *env);
void gch_test_engine(struct gch_test_env *env);
void gch_test_large(struct gch_test_env *env);
void gch_test_section(struct gch_test_env *env);
void gch_test_refused(struct gch_test_env *env);
void gch_test_assist(struct gch_test_env *env);
void gch_test_late(struct gch_test_env *env);
void gch_test_soft_limit(struct gch_test_env *env);
void gch_test_period(struct gch_test_env *env);
void gch_test_claim(struct gch_test_env *env);
void gch_test_interval(struct gch_test_env *env);
void gch_test_finalizers(struct gch_test_env *env);
void gch_test_finalizer_order(struct gch_test_env *env);
void gch_test_resurrection(struct gch_test_env *env);
void gch_test_cleanups(struct gch_test_env *env);
void gch_test_finals_dropped(struct gch_test_env *env);
void gch_test_finals_refused(struct gch_test_env *env);
void gch_test_finals_many(struct gch_test_env *env);
void gch_test_finals_race(struct gch_test_env *env);
void gch_test_final_end(struct gch_test_env *env);
void gch_test_final_stop(struct gch_test_env *env);
void gch_test_final_self(struct gch_test_env *env);
void gch_test_final_again(struct gch_test_env *env);
void gch_test_final_crowd(struct gch_test_env *env);
void gch_test_final_foreign(struct gch_test_env *env);
void gch_test_misuse(struct gch_test_env *env);
void gch_test_killed(struct gch_test_env *env);
void gch_test_kept(struct gch_test_env *env);
void gch_test_near_limit(struct gch_test_env *env);
void gch_test_readers(struct gch_test_env *env);
void gch_test_poison(struct gch_test_env *env);
void gch_test_explicit(struct gch_test_env *env);
void gch_test_mirror(struct gch_test_env *env);
void gch_test_mirror_threads(struct gch_test_env *env);
void gch_test_mirror_faults(struct gch_test_env *env);
void gch_test_faults(struct gch_test_env *env);

#endif /* _GCHEAP_TESTS_H */
