/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Workloads on heaps: declarations shared by the files of gcheap_load
 *
 * A run is one workload on one heap. Its mutators are kthreads bound to CPUs.
 */
#ifndef _GCHEAP_LOAD_H
#define _GCHEAP_LOAD_H

#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <gcheap/gcheap.h>
#include <uapi/linux/gcheap_load.h>

/* Runs that may exist at a time. */
#define GCH_LOAD_RUNS_MAX	64
/* Mismatches with details; further ones are only counted. */
#define GCH_LOAD_MISMATCHES	10
/* Longest message of a failed run, the terminating NUL included. */
#define GCH_LOAD_MESSAGE_SIZE	128
/* Results of a mutator: see alloc.c. */
#define GCH_LOAD_FIGURES	3
/* Window widths for utilisation: see meter.c. */
#define GCH_LOAD_WINDOWS	3
/* Most mutators of a run. */
#define GCH_LOAD_MUTATORS_MAX	64U
/* Most live bytes of a churn. */
#define GCH_LOAD_LIVE_MAX	SZ_2G
/* Most blocks per array of larson. */
#define GCH_LOAD_BLOCKS_MAX	100000U
/* Largest scale of mstress: hundreds of items of the first mutator. */
#define GCH_LOAD_SCALE_MAX	500U

/*
 * For memory that may be large: the allocation fails rather than invoke the OOM
 * killer, and the run reports the failure.
 */
#define GCH_LOAD_GFP		(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | \
				 __GFP_RETRY_MAYFAIL)

struct gch_load_run;

/**
 * struct gch_load_args - arguments of a run
 * @workload: the workload
 * @mutators: number of threads
 * @seconds: ends after this time, 0 for never
 * @max_operations: ends after this many operations per mutator, 0 for never
 * @depth: depth of trees
 * @entries: entries of a cache or links of a ring
 * @size: bytes of data in an object
 * @live: live bytes of a churn
 * @blocks: blocks per array
 * @min_size: bytes of the smallest block
 * @max_size: bytes of the largest block
 * @rounds: rounds over an array before it is handed over
 * @scale: hundreds of items in a round
 * @verify: a replay checks death records
 */
struct gch_load_args {
	enum gcheap_load_workload workload;
	u32 mutators;
	u32 seconds;
	u32 max_operations;
	u32 depth;
	u32 entries;
	u32 size;
	u32 live;
	u32 blocks;
	u32 min_size;
	u32 max_size;
	u32 rounds;
	u32 scale;
	bool verify;
};

/**
 * struct gch_load_thread - one mutator of a run
 * @run: its run
 * @task: its kthread
 * @m: its mutator
 * @index: its number in the run
 * @operations: operations done; written by the thread, read by any task
 * @work_ns: time at work; written by the thread, read by any task
 * @figure: its results; read after the run has ended
 * @rnd: its random number generator, with the same seed in every run
 */
struct gch_load_thread {
	struct gch_load_run *run;
	struct task_struct *task;
	struct gch_mutator *m;
	unsigned int index;
	u64 operations;
	u64 work_ns;
	u64 figure[GCH_LOAD_FIGURES];
	struct rnd_state rnd;
};

/**
 * struct gch_load_workload - operations of a workload
 * @slots: size of a mutator's frame
 * @max_mutators: most threads
 * @init: sets up &gch_load_run.priv; optional
 * @thread: runs each mutator until gch_load_more() is false. Returns 0, -ECANCELED if
 *	gch_load_break() was true, or an error.
 * @finish: called once, when the last thread has left; optional
 * @exit: undoes @init when no task uses the run any more; optional
 */
struct gch_load_workload {
	unsigned int slots;
	unsigned int max_mutators;
	int (*init)(struct gch_load_run *run, struct netlink_ext_ack *extack);
	int (*thread)(struct gch_load_thread *t);
	void (*finish)(struct gch_load_run *run);
	void (*exit)(struct gch_load_run *run);
};

/**
 * struct gch_load_mismatch - a mismatch between a trace and its heap
 * @kind: kind of mismatch
 * @line: line of the trace
 * @object: number in the trace
 */
struct gch_load_mismatch {
	enum gcheap_load_mismatch_kind kind;
	u64 line;
	u32 object;
};

/**
 * struct gch_load_run - a workload on a heap
 * @id: number, never used twice
 * @portid: netlink socket that it belongs to
 * @ref: references; the registry holds one until the run is forgotten
 * @reap: work item that waits for its threads and forgets it
 * @args: its arguments
 * @workload: operations of its workload
 * @priv: the workload's data
 * @heap: its heap; NULL once it has ended
 * @heap_name: name of @heap
 * @reclaim: how the engine of @heap frees objects
 * @claimed: the run has claimed @heap
 * @limit_hits: limit hits of @heap before the run
 * @wait: where its threads wait
 * @stop: tells its threads to leave
 * @running: threads that have not left
 * @unready: threads that gch_load_ready() waits for
 * @done: all threads have left
 * @start_ns: start time
 * @deadline: end time in jiffies, if &gch_load_args.seconds
 * @lock: protects the members from here to @mismatch, and those below that say so
 * @state: state of the run
 * @end_ns: end time
 * @error: first error, negative
 * @message: message of the first error
 * @mismatches: number of mismatches
 * @mismatch: the first mismatches
 * @lines: lines replayed; this and the next members are written by one thread and
 *	read by any task
 * @checks: lookups of objects by a replay to compare deaths
 * @own_bytes: peak memory of a replay outside the heap
 * @counted: live objects were counted at the end; this and the next two under @lock
 * @live_expected: expected live objects at the end
 * @live_found: live objects found
 * @skipped: records skipped because the heap had rightly freed the object
 * @handed_over: arrays or items that mutators got from others; under @lock
 * @peaks: peaks of the heap; complete once the run has ended
 * @latency: times of operations; set once the run has ended
 * @pause: pauses of the mutators; set once the run has ended
 * @mmu: minimum mutator utilisation per window width in parts per million, U32_MAX if
 *	unknown; set once the run has ended
 * @figure: medians over the threads, once the run has ended
 * @thread: its threads
 */
struct gch_load_run {
	u32 id;
	u32 portid;
	struct kref ref;
	struct work_struct reap;
	struct gch_load_args args;
	const struct gch_load_workload *workload;
	void *priv;
	struct gch_heap *heap;
	char heap_name[GCH_NAME_SIZE];
	enum gcheap_reclaim reclaim;
	bool claimed;
	u64 limit_hits;

	wait_queue_head_t wait;
	bool stop;
	atomic_t running;
	atomic_t unready;
	struct completion done;
	u64 start_ns;
	unsigned long deadline;

	struct mutex lock; /* state and result */
	enum gcheap_load_state state;
	u64 end_ns;
	int error;
	char message[GCH_LOAD_MESSAGE_SIZE];
	u64 mismatches;
	struct gch_load_mismatch mismatch[GCH_LOAD_MISMATCHES];

	u64 lines;
	u64 checks;
	u64 own_bytes;
	bool counted;
	u64 live_expected;
	u64 live_found;
	u64 skipped;
	u64 handed_over;
	struct gch_peaks peaks;
	struct gch_hist_summary latency;
	struct gch_hist_summary pause;
	u32 mmu[GCH_LOAD_WINDOWS];
	u64 figure[GCH_LOAD_FIGURES];
	struct gch_load_thread thread[];
};

/* run.c */
int gch_load_runs_init(void);
void gch_load_runs_exit(void);
struct gch_load_run *gch_load_run_new(const char *heap,
				      const struct gch_load_args *args,
				      u32 portid,
				      struct netlink_ext_ack *extack);
struct gch_load_run *gch_load_run_find(u32 id);
struct gch_load_run *gch_load_run_next(u32 after);
unsigned int gch_load_runs_seq(void);
void gch_load_run_put(struct gch_load_run *run);
void gch_load_run_stop(struct gch_load_run *run);
int gch_load_ready(struct gch_load_thread *t);
int gch_load_found(struct gch_load_run *run, u64 expected, u64 found);
int gch_load_run_delete(u32 id);
void gch_load_run_abandon(struct gch_load_run *run);
void gch_load_unclaim(struct gch_load_run *run);
void gch_load_fail_memory(struct gch_load_run *run, u64 line);

void gch_load_mismatch(struct gch_load_run *run,
		       enum gcheap_load_mismatch_kind kind, u64 line,
		       u32 object);
__printf(3, 4)
void gch_load_fail(struct gch_load_run *run, int err, const char *fmt, ...);

/* Deaths are compared one by one, so no other user may collect the heap. */
static inline bool gch_load_counts_deaths(const struct gch_load_run *run)
{
	return run->args.workload == GCHEAP_LOAD_WORKLOAD_REPLAY &&
	       run->args.verify && run->reclaim == GCHEAP_RECLAIM_COUNTING;
}

static inline bool gch_load_frees(const struct gch_load_run *run)
{
	return run->reclaim == GCHEAP_RECLAIM_EXPLICIT;
}

/* Workloads */
extern const struct gch_load_workload gch_load_replay;
extern const struct gch_load_workload gch_load_trees;
extern const struct gch_load_workload gch_load_lru;
extern const struct gch_load_workload gch_load_cycles;
extern const struct gch_load_workload gch_load_alloc;
extern const struct gch_load_workload gch_load_churn;
extern const struct gch_load_workload gch_load_larson;
extern const struct gch_load_workload gch_load_mstress;

/* own.c */
void *gch_load_own_get(struct gch_load_run *run, u64 line, size_t bytes);
void gch_load_own_put(void *mem, size_t bytes);

/* replay.c */
int gch_load_replay_feed(struct gch_load_run *run, const void *data, u32 len,
			 bool last, struct netlink_ext_ack *extack);

#include "thread.h"

#endif /* _GCHEAP_LOAD_H */
