/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Micro benchmarks: declarations shared by the files of gcheap_bench
 *
 * A benchmark is one kind of work on one heap, or with the kernel's own allocator
 * instead. It runs in kthreads bound to CPUs and records one value per metric and
 * repetition.
 */
#ifndef _GCHEAP_BENCH_H
#define _GCHEAP_BENCH_H

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/wait.h>
#include <gcheap/gcheap.h>

/* Most metrics of one benchmark, ... */
#define GCH_BENCH_METRICS	8
/* ... repetitions, ... */
#define GCH_BENCH_REPS		100
/* ... and threads. */
#define GCH_BENCH_CPUS		64

/* For memory that may be large: the caller reports a failure. */
#define GCH_BENCH_GFP		(GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

/**
 * enum gch_bench_on - engine or allocator of a benchmark
 * @GCH_BENCH_GO: a heap of the Go engine; the first three are as in &enum
 *	gcheap_engine
 * @GCH_BENCH_PYTHON: a heap of the Python engine
 * @GCH_BENCH_SLAB: a heap of the baseline engine: the same calls, no collector
 * @GCH_BENCH_CACHE: no heap: a cache of kmem_cache_create()
 * @GCH_BENCH_KMALLOC: no heap: kmalloc() and kfree()
 * @GCH_BENCH_PLAIN: no heap: the equivalent in plain C
 * @GCH_BENCH_OTHER: a heap of an engine of another module: see &gch_bench.engine
 */
enum gch_bench_on {
	GCH_BENCH_GO,
	GCH_BENCH_PYTHON,
	GCH_BENCH_SLAB,
	GCH_BENCH_CACHE,
	GCH_BENCH_KMALLOC,
	GCH_BENCH_PLAIN,
	GCH_BENCH_OTHER,
};

#define GCH_BENCH_HEAPS		(BIT(GCH_BENCH_GO) | BIT(GCH_BENCH_PYTHON) | \
				 BIT(GCH_BENCH_SLAB))
#define GCH_BENCH_COLLECTED	(BIT(GCH_BENCH_GO) | BIT(GCH_BENCH_PYTHON))
#define GCH_BENCH_KERNEL	(BIT(GCH_BENCH_CACHE) | BIT(GCH_BENCH_KMALLOC))

/* What runs on all three engines also runs on others. */
static inline bool gch_bench_on_heap(u64 on)
{
	return on == GCH_BENCH_OTHER || BIT(on) & GCH_BENCH_HEAPS;
}

/* In the order of the words in args.c. */
enum gch_bench_graph {
	GCH_BENCH_TREE24,
	GCH_BENCH_TREE64,
	GCH_BENCH_GRAPH64,
	GCH_BENCH_LIST24,
	GCH_BENCH_LIST64,
	GCH_BENCH_PAIRS24,
	GCH_BENCH_RING24,
	GCH_BENCH_GRAPHS
};

enum gch_bench_pattern {
	GCH_BENCH_LIFO,
	GCH_BENCH_ORDER,
	GCH_BENCH_RANDOM,
};

/* In the order of the table in args.c. */
enum gch_bench_param {
	GCH_BENCH_P_ON,
	GCH_BENCH_P_SIZE,
	GCH_BENCH_P_SCAN,
	GCH_BENCH_P_CPUS,
	GCH_BENCH_P_OBJECTS,
	GCH_BENCH_P_LIVE,
	GCH_BENCH_P_GRAPH,
	GCH_BENCH_P_NODES,
	GCH_BENCH_P_WORKERS,
	GCH_BENCH_P_PATTERN,
	GCH_BENCH_P_MS,
	GCH_BENCH_P_REPS,
	GCH_BENCH_P_BARRIER,
	GCH_BENCH_P_MARKER,
	GCH_BENCH_PARAMS
};

struct gch_bench;
struct gch_bench_thread;
struct seq_file;

/**
 * struct gch_bench_metric - a metric of a benchmark
 * @name: its name
 * @unit: "ps" for a mean in picoseconds, or "ns"
 */
struct gch_bench_metric {
	const char *name;
	const char *unit;
};

/**
 * struct gch_bench_kind - a kind of benchmark
 * @name: its name
 * @on: bit per &enum gch_bench_on that it can run on
 * @params: bit per &enum gch_bench_param that it takes besides on, ms and reps
 * @metrics: its metrics, terminated by one without a name
 * @init: sets up shared data of the threads; optional
 * @thread: runs each thread. Returns 0, -ECANCELED if it was stopped, or an error.
 * @exit: undoes @init, also after it failed; optional
 */
struct gch_bench_kind {
	const char *name;
	u32 on;
	u32 params;
	const struct gch_bench_metric *metrics;
	int (*init)(struct gch_bench *b);
	int (*thread)(struct gch_bench_thread *t);
	void (*exit)(struct gch_bench *b);
};

/**
 * struct gch_bench_thread - one thread of a benchmark
 * @bench: its benchmark
 * @task: its kthread
 * @m: its mutator, if there is a heap
 * @index: its number
 * @err: result of the thread
 * @rnd: its random number generator, with the same seed in every run
 * @reps: repetitions measured, per metric
 * @value: the measured values
 */
struct gch_bench_thread {
	struct gch_bench *bench;
	struct task_struct *task;
	struct gch_mutator *m;
	unsigned int index;
	int err;
	u64 rnd;
	unsigned int reps[GCH_BENCH_METRICS];
	u64 value[GCH_BENCH_METRICS][GCH_BENCH_REPS];
};

/**
 * struct gch_bench - a run of a benchmark
 * @kind: its kind
 * @arg: arguments by &enum gch_bench_param
 * @engine: number of the engine, if it runs on a heap
 * @heap: its heap, collection off; NULL without one
 * @type: type of the objects it measures
 * @node: type of the nodes of its graph
 * @cache: the kernel's counterpart of @type
 * @priv: data of the benchmark
 * @stop: tells its threads to leave
 * @running: threads that have not left
 * @done: all threads have left
 * @meet_lock: protects @meet_here and @meet_round
 * @meet_here: threads waiting in gch_bench_meet()
 * @meet_round: number of completed meetings
 * @meet: wait queue of these threads
 * @message: error message, or ""
 * @nr_threads: number of threads
 * @thread: its threads
 */
struct gch_bench {
	const struct gch_bench_kind *kind;
	u64 arg[GCH_BENCH_PARAMS];
	u32 engine;
	struct gch_heap *heap;
	struct gch_type *type;
	struct gch_type *node;
	struct kmem_cache *cache;
	void *priv;
	bool stop;
	atomic_t running;
	struct completion done;
	spinlock_t meet_lock;		/* protects @meet_here and @meet_round */
	unsigned int meet_here;
	unsigned int meet_round;
	wait_queue_head_t meet;
	char message[80];
	unsigned int nr_threads;
	struct gch_bench_thread thread[];
};

/*
 * The frame of every mutator. The benchmark uses the first GCH_BENCH_HELD slots to
 * hold objects.
 */
enum {
	GCH_BENCH_HELD		= 960,
	GCH_BENCH_SLOT_ROOT	= GCH_BENCH_HELD,
	GCH_BENCH_SLOT_A,
	GCH_BENCH_SLOT_B,
	GCH_BENCH_SLOT_SHAPE,
	GCH_BENCH_SLOTS		= 1024,
};

/* args.c */
int gch_bench_parse(struct gch_bench *b, char *words);
void gch_bench_list(struct seq_file *seq);

/* run.c */
extern const struct gch_bench_kind * const gch_bench_kinds[];
extern const unsigned int gch_bench_nr_kinds;
struct gch_bench *gch_bench_new(void);
void gch_bench_free(struct gch_bench *b);
void gch_bench_heap_exit(void);
int gch_bench_run(struct gch_bench *b);
int gch_bench_meet(struct gch_bench_thread *t);
void gch_bench_record(struct gch_bench_thread *t, unsigned int metric, u64 value);
__printf(3, 4)
int gch_bench_fail(struct gch_bench *b, int err, const char *fmt, ...);
int gch_bench_collection(struct gch_bench *b, bool on);

/* shape.c */
u32 gch_bench_node_bytes(enum gch_bench_graph graph);
int gch_bench_shape_type(struct gch_bench *b, enum gch_bench_graph graph);
int gch_bench_shape(struct gch_bench_thread *t, enum gch_bench_graph graph,
		    u32 nodes, unsigned int dst);
struct gch_roots *gch_bench_live(struct gch_bench_thread *t, u32 mib);

/* object.c */
int gch_bench_object_init(struct gch_bench *b);
void gch_bench_object_exit(struct gch_bench *b);
int gch_bench_fill(struct gch_bench_thread *t, u32 nr, u32 mask);
int gch_bench_drop(struct gch_bench_thread *t, unsigned int slot);

static inline u64 gch_bench_arg(const struct gch_bench_thread *t,
				enum gch_bench_param param)
{
	return t->bench->arg[param];
}

static inline bool gch_bench_stopped(const struct gch_bench_thread *t)
{
	cond_resched();
	return READ_ONCE(t->bench->stop);
}

/* Is each object freed explicitly? */
static inline bool gch_bench_frees(const struct gch_bench_thread *t)
{
	return t->bench->heap &&
	       gch_heap_reclaim(t->bench->heap) == GCHEAP_RECLAIM_EXPLICIT;
}

/* GFP flags for the kernel's counterpart of an object. */
static inline gfp_t gch_bench_gfp(const struct gch_bench_thread *t)
{
	return GFP_KERNEL | __GFP_NOWARN |
	       (gch_bench_arg(t, GCH_BENCH_P_SCAN) ? __GFP_ZERO : 0);
}

/* Is @ns long enough for a repetition? */
static inline bool gch_bench_enough(const struct gch_bench_thread *t, u64 ns)
{
	return ns >= gch_bench_arg(t, GCH_BENCH_P_MS) * NSEC_PER_MSEC;
}

/* Records a mean in picoseconds. */
static inline void gch_bench_mean(struct gch_bench_thread *t,
				  unsigned int metric, u64 ns, u64 nr)
{
	gch_bench_record(t, metric, div64_u64(ns * 1000, max_t(u64, nr, 1)));
}

/* Benchmarks */
extern const struct gch_bench_kind gch_bench_loop;
extern const struct gch_bench_kind gch_bench_path;
extern const struct gch_bench_kind gch_bench_steady;
extern const struct gch_bench_kind gch_bench_pattern;
extern const struct gch_bench_kind gch_bench_mark;
extern const struct gch_bench_kind gch_bench_garbage;
extern const struct gch_bench_kind gch_bench_young;
extern const struct gch_bench_kind gch_bench_build;
extern const struct gch_bench_kind gch_bench_store;
extern const struct gch_bench_kind gch_bench_count;
extern const struct gch_bench_kind gch_bench_death;
extern const struct gch_bench_kind gch_bench_refill;

#endif /* _GCHEAP_BENCH_H */
