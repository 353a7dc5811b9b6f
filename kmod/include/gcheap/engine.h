/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between the core and an engine
 *
 * The core owns names, configuration, frames, tables, cycles and statistics; an
 * engine owns objects. Core calls an engine through the functions below only,
 * and an engine calls the core only through what this header declares.
 *
 * Sections
 *
 * Each call of a mutator is one section: preemption is off and the CPU's
 * sequence is odd. gch_handshake() returns once every CPU that mutators of the heap
 * use has been seen outside a section, so what was published before it is seen by
 * every later section. Locks taken inside a section are raw spinlocks; nothing there
 * sleeps, takes or frees pages, or runs for longer than a bounded step. A function that
 * cannot go on inside a section sets &gch_mutator.wait and returns -EAGAIN; the core
 * leaves the section, calls &gch_engine_ops.wait and repeats the call from its start.
 *
 * Lock order
 *
 *	registry lock (core/heap.c)
 *	  gch_heap.cycle_lock, that of a table that grows (core/table.c), or
 *	  gch_heap.type_lock
 *	    gch_heap.lock
 *	      locks of the engine that may sleep
 *	        cpu hotplug lock (handshakes, workers)
 *	          raw spinlocks of the engine
 */
#ifndef _GCHEAP_ENGINE_H
#define _GCHEAP_ENGINE_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>
#include <gcheap/barrier.h>
#include <gcheap/gcheap.h>
#include <gcheap/hash.h>
#include <gcheap/hist.h>

struct gch_engine_ops;
struct gch_finals;
struct gch_snapshot;
struct gch_worker_item;

/* ---- sections and handshakes (core/section.c) ---- */

DECLARE_PER_CPU_ALIGNED(unsigned int, gch_section_seq);

/*
 * The store of the sequence is not ordered against the loads of the section by
 * the CPU that enters: the barrier is paid by gch_handshake(), which sends it
 * by interrupt to the CPUs of the heap. A section that no mutator makes is not one of
 * those that a handshake waits for, unless its CPU is in &gch_heap.cpus.
 */
static __always_inline unsigned int *gch_section_enter(void)
{
	unsigned int *seq;

	preempt_disable();
	seq = this_cpu_ptr(&gch_section_seq);
	WRITE_ONCE(*seq, *seq + 1);
	barrier();
	return seq;
}

/* @seq is what gch_section_enter() returned. */
static __always_inline void gch_section_leave(unsigned int *seq)
{
	/* Whoever sees it even sees what the section wrote. */
	gch_store_release(seq, *seq + 1);
	preempt_enable();
}

void gch_handshake(struct gch_heap *heap);
void gch_handshake_cpu(struct gch_heap *heap, unsigned int cpu);
void gch_cpus_renew(struct gch_heap *heap);

/*
 * May the page allocator be asked here, whatever the flags? Not in sections: with
 * PREEMPT_RT its locks sleep. Without a count of preemption a task keeps its CPU.
 */
static inline bool gch_may_take_memory(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
		return preemptible();
	return !(raw_cpu_read(gch_section_seq) & 1);
}

/* ---- heaps ---- */

/* Why a mark worker marks: &gch_stats.mark_dedicated_ns and so on. */
#define GCH_MARK_MODES	3

/*
 * What one CPU did, each as in &struct gch_stats. Written inside sections or with
 * preemption off, summed on reading.
 */
struct gch_cpu_stats {
	u64 allocs;
	u64 alloc_bytes;
	u64 large_allocs;
	u64 freed_count;
	u64 freed_cycle;
	u64 freed_explicit;
	u64 freed_bytes;
	u64 stores;
	u64 barriers;
	u64 counts;
	u64 cpu_ns;
	u64 mark_ns[GCH_MARK_MODES];
	u64 marked;
	u64 assist_bytes;
	u64 swept_bytes;
};

/* Adds to a counter of the CPU, heap->cpu->something; preemption is off. */
#define gch_count(counter, n)	__this_cpu_add(counter, n)

/*
 * Adds to a counter that nobody else writes meanwhile, but others may read: they
 * see it as it was before or as it is after.
 */
#define gch_tally(counter, n)	((void)data_race((counter) += (n)))

/**
 * struct gch_over - what a heap has held beyond its soft limit
 * @since: when it passed the limit, by ktime_get_ns(); 0 if it is not beyond it
 * @times: how often it has passed it
 * @ns: for how long, up to @since
 */
struct gch_over {
	u64 since;
	u64 times;
	u64 ns;
};

/**
 * struct gch_heap - what core and engine share of a heap
 * @ops: the engine
 * @name: unique
 * @id: unique, ascending, never used twice
 * @maker: the module that made it; NULL if that is gone, or none; under @lock
 * @born: when it was made, by ktime_get_ns()
 * @ref: references; the registry holds one until the heap is deleted
 * @release_work: puts the last one where that cannot be done at once
 * @node: in the registry
 * @checked: calls of mutators look for misuse: see core/check.c
 * @dying: deleted; no mutator may attach; written under @lock
 * @val: tunables, read with READ_ONCE()
 * @cpu: statistics per CPU
 * @cache: what else the engine has per CPU, for &gch_mutator.cache; may be NULL
 * @set_lock: makes a change of several settings one step
 * @checks_lock: held while @checked changes
 * @lock: protects the lists, @dying and the number of mutators; held over a
 *	scan of frames and tables
 * @mutators: attached mutators
 * @nr_mutators: their number
 * @tables: root and weak tables
 * @types: registered types
 * @type_lock: protects @by_name, and orders who adds types
 * @by_name: the same by their names
 * @nr_types: their number
 * @cycle_lock: one collection at a time
 * @cycle_work: runs requested collections
 * @interval_work: runs one, %GCH_KEY_INTERVAL_MS after the one before has ended
 * @period_work: requests one GCH_KEY_PERIOD_MS after the last
 * @cycle_want: oldest generation requested and not yet begun
 * @forced_want: one of the requests came from outside
 * @forced: so did that for the present collection, or the last; under
 *	@cycle_lock
 * @requests: collections requested
 * @requests_ended: how many of @requests a collection begun later has served
 * @cycles_started: collections begun
 * @cycles_ended: collections ended
 * @cycles_gen: ended, by generation
 * @cycle_ns: wall time of all
 * @mark_ns: time from the beginning of marking to its end, added by the engine
 * @stopped_ns: time that mutators were stopped for, added by the engine
 * @garbage_max: see &gch_stats.garbage_max_bytes
 * @held: bytes of memory held, or about to be: what the limit is compared with
 * @kept: how much of @held is in no page that the engine has for objects: see
 *	gch_memory_get()
 * @peak_held: highest @held since anybody began or ended to watch: see peaks.c;
 *	so are @garbage_max and @peak_live
 * @peak_live: highest live bytes seen
 * @peaks_lock: protects @watchers, @peaks and @reachable
 * @watchers: who watches the peaks
 * @peaks: those of the heap's life, without the present ones
 * @reachable: what the last collection left, %GCH_UNKNOWN before the first
 * @over_lock: protects @over
 * @over: how often and how long more was held than the soft limit: see over.c
 * @over_max: by how much at most
 * @limit_hits: allocations that met the limit
 * @limit_waits: those that waited at the soft limit
 * @alloc_failures: allocations that failed
 * @handshakes: their number
 * @interrupts: CPUs that they have interrupted
 * @verify_errors: disagreements found by verification
 * @arenas: arenas held
 * @pause: what mutators were held up for
 * @assist: what mutators spent on helping the collector
 * @handshake: what handshakes took
 * @hold: what mutators waited for %GCH_WAIT_EXCLUSIVE
 * @items: a job's entry in each worker's queue
 * @cpus: CPUs that mutators have been on since gch_cpus_renew()
 * @cpus_before: CPUs that they had been on before, for as long as a section there may
 *	have found its CPU in the other
 * @cpus_cookie: of the grace period after which none does
 * @cpus_hand: for gch_handshake() and gch_workers_run()
 * @finals: its finalizers and cleanups; NULL until there is one
 * @finals_off: there are to be none any more; under @lock
 * @memcg: charged for the heap's memory: that of its creator
 * @dbg: debugfs directory
 * @owner: netlink socket that it belongs to, 0 for none
 * @owned_node: among the heaps that belong to one
 * @orphan: that is closed: no mutator may attach, and the heap is deleted when
 *	the last one has left; written once, before @orphan_work is queued
 * @orphan_work: deletes it
 * @claimed: others than the claimant are refused; written under @lock
 * @claimant: who that is, for people
 */
struct gch_heap {
	const struct gch_engine_ops *ops;
	char name[GCH_NAME_SIZE];
	u32 id;
	struct module *maker;
	u64 born;
	struct kref ref;
	struct work_struct release_work;
	struct list_head node;
	bool checked;
	bool dying;
	u64 val[GCH_KEY_NR];
	struct gch_cpu_stats __percpu *cpu;
	void __percpu *cache;

	struct mutex set_lock;		/* see above */
	struct mutex checks_lock;	/* see above */
	struct mutex lock;		/* see above */
	struct list_head mutators;
	unsigned int nr_mutators;
	struct list_head tables;
	struct list_head types;
	struct mutex type_lock;		/* see above */
	struct gch_hash by_name;
	unsigned int nr_types;

	struct mutex cycle_lock;	/* see above */
	struct work_struct cycle_work;
	struct delayed_work interval_work;
	struct delayed_work period_work;
	atomic_t cycle_want;
	atomic_t forced_want;
	bool forced;
	atomic64_t requests;
	atomic64_t requests_ended;
	atomic64_t cycles_started;
	atomic64_t cycles_ended;
	atomic64_t cycles_gen[3];
	atomic64_t cycle_ns;
	atomic64_t mark_ns;
	atomic64_t stopped_ns;
	atomic64_t garbage_max;

	atomic64_t held;
	atomic64_t kept;
	atomic64_t peak_held;
	atomic64_t peak_live;
	spinlock_t peaks_lock;		/* see above */
	struct list_head watchers;
	struct gch_peaks peaks;
	u64 reachable;
	raw_spinlock_t over_lock;	/* see above */
	struct gch_over over;
	atomic64_t over_max;
	atomic64_t limit_hits;
	atomic64_t limit_waits;
	atomic64_t alloc_failures;
	atomic64_t handshakes;
	atomic64_t interrupts;
	atomic64_t verify_errors;
	atomic64_t arenas;
	struct gch_hist pause;
	struct gch_hist assist;
	struct gch_hist handshake;
	struct gch_hist hold;
	struct gch_worker_item __percpu *items;
	cpumask_var_t cpus;
	cpumask_var_t cpus_before;
	unsigned long cpus_cookie;
	cpumask_var_t cpus_hand;
	struct gch_finals *finals;
	bool finals_off;
	struct mem_cgroup *memcg;
	struct dentry *dbg;

	u32 owner;
	struct list_head owned_node;
	bool orphan;
	struct work_struct orphan_work;

	bool claimed;
	char claimant[48];
};

static inline u64 gch_val(const struct gch_heap *heap, enum gch_key key)
{
	return READ_ONCE(heap->val[key]);
}

/* Bytes of pages that the engine holds for objects. */
static inline u64 gch_held_by_engine(const struct gch_heap *heap)
{
	s64 kept = atomic64_read(&heap->kept);

	return max_t(s64, atomic64_read(&heap->held) - kept, 0);
}

/* Raises a maximum kept in an atomic. */
static inline void gch_max(atomic64_t *max, u64 value)
{
	s64 old = atomic64_read(max);

	while (value > (u64)old && !atomic64_try_cmpxchg(max, &old, value))
		;
}

/**
 * struct gch_type - a registered type
 * @heap: its heap
 * @node: in the heap's list
 * @named: in its hash of names
 * @name: for people
 * @id: dense from 0
 * @bytes: size of an object without an engine's own header; 0 if variable
 * @nr_refs: reference words
 * @flags: &enum gch_type_flags
 * @unit: the engine's own
 * @first_words: the first 64 words' references, bit per word
 * @leading: the references are the first @nr_refs words
 * @refs: their word numbers, ascending (unused if @leading)
 */
struct gch_type {
	struct gch_heap *heap;
	struct list_head node;
	struct gch_hash_node named;
	char name[GCH_NAME_SIZE];
	u32 id;
	u32 bytes;
	u32 nr_refs;
	u32 flags;
	u32 unit;
	u64 first_words;
	bool leading;
	u16 refs[];
};

bool gch_type_search(const struct gch_type *type, u32 word);

/* Is a word of the objects of a fixed type a reference? */
static inline bool gch_type_is_ref(const struct gch_type *type, u32 word)
{
	if (type->leading)
		return word < type->nr_refs;
	if (word < 64)
		return type->first_words & BIT_ULL(word);
	return gch_type_search(type, word);
}

/* Which word of the objects of a fixed type its reference @i is. */
static inline u32 gch_type_word(const struct gch_type *type, u32 i)
{
	return type->leading ? i : type->refs[i];
}

/**
 * enum gch_wait - why a call left its section
 * @GCH_WAIT_NONE: it did not
 * @GCH_WAIT_MEMORY: the engine needs @gch_mutator.want bytes
 * @GCH_WAIT_EXCLUSIVE: somebody else has the heap to himself
 * @GCH_WAIT_COLLECT: a collection is due before the call can go on
 * @GCH_WAIT_WORKERS: mark workers need the CPU more
 * @GCH_WAIT_SUPPLY: later sections need memory that this one has used up
 */
enum gch_wait {
	GCH_WAIT_NONE,
	GCH_WAIT_MEMORY,
	GCH_WAIT_EXCLUSIVE,
	GCH_WAIT_COLLECT,
	GCH_WAIT_WORKERS,
	GCH_WAIT_SUPPLY,
};

/**
 * struct gch_mutator - one task's access to one heap
 * @kind: which engine
 * @ops: the engine
 * @heap: its heap
 * @frame: its slots
 * @nr_slots: their number
 * @cpu: where its last section was, and so will be the next, mostly; with
 *	%GCH_CPU_CHECKED if its calls look for misuse; UINT_MAX if it is to add its CPU
 *	to &gch_heap.cpus: see gch_mutator_cpu()
 * @seq: sequence of @cpu
 * @stats: &gch_heap.cpu of @cpu
 * @cache: &gch_heap.cache of @cpu
 * @pending: the engine has work of this mutator left: see
 *	&gch_engine_ops.settle
 * @wait: why the last call left its section
 * @want: bytes that the last call lacked
 * @tries: how often the present call has waited for memory
 * @patient: the present call waits although its task has been killed: what it does
 *	must not be left undone
 * @watch: see gch_mutator_watch()
 * @watch_arg: for @watch
 * @task: whose calls these are, while the heap is checked; NULL before the first
 * @pinned: the heap's maker, if it is pinned for this mutator, or NULL
 * @aside: a root that it writes and that is in no frame and no table, or NULL
 * @node: in the heap's list
 *
 * An engine embeds it at offset 0 of its own mutator.
 */
struct gch_mutator {
	enum gcheap_engine kind;
	const struct gch_engine_ops *ops;
	struct gch_heap *heap;
	void **frame;
	unsigned int nr_slots;
	unsigned int cpu;
	unsigned int *seq;
	struct gch_cpu_stats *stats;
	void *cache;
	bool pending;
	enum gch_wait wait;
	size_t want;
	unsigned int tries;
	bool patient;
	gch_pause_fn watch;
	void *watch_arg;
	struct task_struct *task;
	struct module *pinned;
	void **aside;
	struct list_head node;
};

/* In &gch_mutator.cpu; there are fewer CPUs than that. */
#define GCH_CPU_CHECKED		BIT(31)

/* Where a mutator's last section was; UINT_MAX if it is to say so once more. */
static inline unsigned int gch_mutator_cpu(const struct gch_mutator *m)
{
	unsigned int cpu = READ_ONCE(m->cpu);

	return cpu == UINT_MAX ? cpu : cpu & ~(unsigned int)GCH_CPU_CHECKED;
}

/* How the present call of a mutator sleeps: unless it has to go on, SIGKILL ends it. */
static inline unsigned int gch_sleep_state(const struct gch_mutator *m)
{
	return m->patient ? TASK_UNINTERRUPTIBLE : TASK_KILLABLE;
}

/* The same for a mutex. Returns 0, or -EINTR without it. */
static inline int gch_lock(const struct gch_mutator *m, struct mutex *lock)
{
	if (!m->patient)
		return mutex_lock_killable(lock);
	mutex_lock(lock);
	return 0;
}

/**
 * struct gch_weak - one entry of a weak table
 * @ref: the object, or NULL
 * @next: the engine's; links the entries that name one object
 * @pprev: the engine's
 */
struct gch_weak {
	void *ref;
	struct gch_weak *next;
	struct gch_weak **pprev;
};

/* ---- tables, for engines that scan them (core/table.c) ---- */

/*
 * A table is an array of chunks that is only ever enlarged, so a chunk's
 * entries stay where they are for as long as the table lives.
 */
#define GCH_CHUNK_BYTES		PAGE_SIZE
#define GCH_ROOTS_PER_CHUNK	(GCH_CHUNK_BYTES / sizeof(void *))
#define GCH_WEAKS_PER_CHUNK	(GCH_CHUNK_BYTES / sizeof(struct gch_weak))

/**
 * typedef gch_roots_fn - called with the places of root references
 * @arg: the caller's
 * @places: an array of them
 * @nr: their number
 */
typedef void (*gch_roots_fn)(void *arg, void **places, unsigned int nr);

/**
 * typedef gch_tables_fn - called with entries of a root table
 * @arg: the caller's
 * @table: number of the table
 * @first: number of the first entry
 * @places: an array of them
 * @nr: their number
 */
typedef void (*gch_tables_fn)(void *arg, u32 table, u32 first, void **places,
			      unsigned int nr);

/**
 * typedef gch_weaks_fn - called with weak entries
 * @arg: the caller's
 * @entries: an array of them
 * @nr: their number
 */
typedef void (*gch_weaks_fn)(void *arg, struct gch_weak *entries,
			     unsigned int nr);

void gch_visit_frames(struct gch_heap *heap, gch_roots_fn fn, void *arg);
void gch_visit_roots(struct gch_heap *heap, gch_roots_fn fn, void *arg);
void gch_visit_tables(struct gch_heap *heap, gch_tables_fn fn, void *arg);
void gch_visit_weaks(struct gch_heap *heap, gch_weaks_fn fn, void *arg);

/* ---- finalizers and cleanups, for engines that have them (core/final.c) ---- */

/**
 * typedef gch_finals_fn - called with an object that has a finalizer or cleanups
 * @arg: the caller's
 * @ref: the object
 * @finalizer: it has a finalizer
 */
typedef void (*gch_finals_fn)(void *arg, void *ref, bool finalizer);

/* Is the object @ref dead? @arg is the caller's. */
typedef bool (*gch_is_dead_fn)(void *arg, void *ref);

/* The dead object @ref lives on, for its finalizer. @arg is the caller's. */
typedef void (*gch_revive_fn)(void *arg, void *ref);

void gch_visit_finals(struct gch_heap *heap, gch_finals_fn fn, void *arg);
void gch_visit_finalizing(struct gch_heap *heap, gch_roots_fn fn, void *arg);
bool gch_finals_find(struct gch_heap *heap, gch_is_dead_fn is_dead, void *arg);
void gch_finals_revive(struct gch_heap *heap, gch_revive_fn revive, void *arg);
void gch_finals_release(struct gch_heap *heap);

/* ---- pages (core/arena.c) ---- */

/* The order of a block of so many bytes, a constant power of two; at least a page. */
#define GCH_ORDER(bytes)	(const_ilog2((bytes) | PAGE_SIZE) - PAGE_SHIFT)

/* Beyond the soft limit an arena is no larger, unless it has to be. */
#define GCH_SOFT_PIECE	SZ_256K

bool gch_reserve(struct gch_heap *heap, size_t bytes);
void gch_taken(struct gch_heap *heap);
bool gch_hold(struct gch_heap *heap, size_t bytes);
void gch_unhold(struct gch_heap *heap, size_t bytes);
void *gch_pages_get(struct gch_heap *heap, unsigned int order, gfp_t gfp);
bool gch_pages_come_zeroed(void);
void gch_pages_put(struct gch_heap *heap, void *addr, unsigned int order);
void *gch_arena_get(struct gch_heap *heap, unsigned int min_order,
		    unsigned int *order);
void *gch_arena_get_near(struct gch_heap *heap, int nid, unsigned int min_order,
			 unsigned int *order);
void gch_arena_put(struct gch_heap *heap, void *addr, unsigned int order);

/* Other memory: as gch_memory_get() (core/memory.c) */
size_t gch_memory_size(const void *addr, size_t bytes);
void *gch_memory_page(struct gch_heap *heap, gfp_t gfp);
void gch_memory_page_put(struct gch_heap *heap, void *page);
bool gch_limit_allows(struct gch_heap *heap, size_t bytes);
bool gch_soft_allows(const struct gch_heap *heap, size_t bytes);

/* ---- collections (core/cycle.c) ---- */

int gch_cycle_run(struct gch_heap *heap, unsigned int generation);
int gch_cycle_since(struct gch_heap *heap, unsigned int generation,
		    u64 started);
int gch_cycle_await(struct gch_heap *heap);

/**
 * typedef gch_choose_fn - says what is to be collected
 * @heap: the heap, in no collection
 * @arg: the caller's
 *
 * Context: process context, under &gch_heap.cycle_lock.
 * Return: the oldest generation, or less than 0 for none.
 */
typedef int (*gch_choose_fn)(struct gch_heap *heap, void *arg);

int gch_cycle_choose(struct gch_heap *heap, gch_choose_fn choose, void *arg);
u64 gch_cycle_suggest(struct gch_heap *heap, unsigned int generation);

void gch_defer(struct delayed_work *work, unsigned int ms);

/* ---- what a heap consists of (core/peaks.c, core/stats.c) ---- */

void gch_census(struct gch_heap *heap, u64 live, u64 reachable);
void gch_peaks_total(struct gch_heap *heap, struct gch_peaks *total);
u64 gch_live_bytes(struct gch_heap *heap);

/* ---- reports of collections (core/report.c) ---- */

/**
 * struct gch_report - what an engine says of a collection
 * @start_ns: when it began, by ktime_get_ns()
 * @end_ns: when it had marked, or ended
 * @cycle: number of it in its heap
 * @generation: oldest that it collected
 * @forced: it was asked for from outside
 * @cpus: online
 * @cpu_percent: of all processor time, since the heap was made, that collecting took
 * @sync_ns: until barriers were on everywhere
 * @mark_ns: marking
 * @term_ns: from when all was taken to be marked until the sweep could begin
 * @assist_ns: processor time of mutators that helped
 * @worker_ns: processor time of mark workers
 * @stopped_ns: how long mutators were stopped
 * @live_begin_bytes: live when it began
 * @live_end_bytes: live at its end, with what was allocated meanwhile
 * @marked_bytes: of what was marked
 * @goal_bytes: that it should have ended before, %U64_MAX for none
 * @frame_bytes: of slots
 * @table_bytes: of entries of root tables
 * @candidates: objects that were looked at
 * @collected: of which so many were garbage
 * @uncollectable: and so many could not be collected
 */
struct gch_report {
	u64 start_ns;
	u64 end_ns;
	u64 cycle;
	u32 generation;
	u32 forced;
	u32 cpus;
	u32 cpu_percent;
	u64 sync_ns;
	u64 mark_ns;
	u64 term_ns;
	u64 assist_ns;
	u64 worker_ns;
	u64 stopped_ns;
	u64 live_begin_bytes;
	u64 live_end_bytes;
	u64 marked_bytes;
	u64 goal_bytes;
	u64 frame_bytes;
	u64 table_bytes;
	u64 candidates;
	u64 collected;
	u64 uncollectable;
};

void gch_report_begin(struct gch_heap *heap, struct gch_report *r,
		      unsigned int generation);
bool gch_report_wanted(const struct gch_heap *heap);
void gch_report_end(struct gch_heap *heap, struct gch_report *r);

/* ---- mark workers (core/worker.c) ---- */

/* As the CPU of a turn that no worker takes. */
#define GCH_CPU_NONE	UINT_MAX

/* How long a worker rests, or waits for work of others, between two turns. */
#define GCH_REST_US	100U
#define GCH_IDLE_US	20U

/**
 * enum gch_turn - what comes after a turn
 * @GCH_TURN_DONE: nothing; the job is over when all turns that go on have ended
 * @GCH_TURN_IDLE: another one soon; there was nothing to do
 * @GCH_TURN_REST: another one, when others have had the CPU
 * @GCH_TURN_HELD: likewise; nothing was done, nor may the worker do anything before
 *	others leave the CPU
 */
enum gch_turn {
	GCH_TURN_DONE,
	GCH_TURN_IDLE,
	GCH_TURN_REST,
	GCH_TURN_HELD,
};

/**
 * typedef gch_worker_fn - a turn of a job
 * @arg: the caller's
 * @cpu: the CPU that the calling worker is bound to, or %GCH_CPU_NONE
 *
 * A turn leaves nothing in its caller's hands: another worker can go on. It ends soon
 * after gch_worker_wanted() has said so.
 *
 * Context: process context, may sleep; a kthread bound to @cpu, unless that is
 * %GCH_CPU_NONE.
 * Return: see &enum gch_turn.
 */
typedef enum gch_turn (*gch_worker_fn)(void *arg, unsigned int cpu);

bool gch_worker_wanted(unsigned int cpu, u64 since);
void gch_workers_run(struct gch_heap *heap, gch_worker_fn fn, void *arg);

/* ---- engines ---- */

/**
 * struct gch_tunable - a setting that an engine accepts
 * @key: which
 * @def: default
 * @min: least value
 * @max: largest value
 * @live: may change while the heap exists
 * @pow2: must be a power of two
 */
struct gch_tunable {
	enum gch_key key;
	u64 def;
	u64 min;
	u64 max;
	bool live;
	bool pow2;
};

/**
 * enum gch_view - what debugfs shows of a heap
 * @GCH_VIEW_ARENAS: a line an arena
 * @GCH_VIEW_UNITS: a line a size class: spans or pools, objects, occupancy
 */
enum gch_view {
	GCH_VIEW_ARENAS,
	GCH_VIEW_UNITS,
};

/**
 * struct gch_engine_ops - what an engine does
 * @kind: which engine this is
 * @name: as users write it
 * @units: what its size classes consist of: "spans", "pools", "objects"
 * @heap_bytes: size of its heap, which embeds &struct gch_heap at offset 0
 * @mutator_bytes: size of its mutator, which embeds &struct gch_mutator likewise
 * @finalizers: it has finalizers and cleanups
 * @traces: what is dead it finds in a collection only
 * @tunables: what can be set, beside the core's own keys
 * @nr_tunables: their number
 * @init: called once, at registration; may be NULL
 * @heap_init: sets up a zeroed heap. May sleep.
 * @tuned: a setting has changed; may be NULL. Under &gch_heap.lock.
 * @heap_exit: frees every object and page, live or not; nobody uses the heap
 *	any more. May sleep.
 * @typed: sets &gch_type.unit of a type that nobody uses yet; may be NULL. May
 *	sleep.
 * @mutator_init: sets up a zeroed mutator. May sleep.
 * @mutator_exit: after the frame was cleared. May sleep.
 * @alloc: *@place = a new object, zeroed, of @bytes bytes in all of which the
 *	type or @nr_refs leading words are references. In a section. -EAGAIN.
 * @assign: *@place = @ref; @place is a slot, a table entry or a reference in an
 *	object of the heap, @ref an object that a slot of @m refers to, or NULL.
 *	In a section. -EAGAIN.
 * @fetch: *@place = *@from, where others may write *@from too; @place is a slot.
 *	In a section. -EAGAIN.
 * @ref: the place of reference word @i of @obj, NULL if that word is none. In
 *	a section.
 * @data: first byte of @obj, and its usable size. In a section.
 * @free: frees the object in *@place and clears *@place, for an engine that
 *	needs to be told; others clear *@place. In a section. -EAGAIN.
 * @weak_set: @w names @ref from now on (NULL: nothing). In a section. -EAGAIN.
 * @weak_get: *@place = the object that @w names, NULL if it is dead. In a
 *	section. -EAGAIN.
 * @weak_alive: 1 if @w names a live object, else 0; keeps nothing alive. In a
 *	section. -EAGAIN.
 * @settle: goes on with what set &gch_mutator.pending, for a bounded step;
 *	clears it when all is done. In a section. -EAGAIN; 1 if the mutator may
 *	leave the rest to its next call.
 * @rest: the mutator will make no call for a while; may be NULL. May sleep.
 * @wait: what &gch_mutator.wait asks for. May sleep, as gch_sleep_state() says. 0 to
 *	repeat the call, or the error to return from it: -EINTR if the task was killed.
 * @collect: one collection of @generation and younger. Under
 *	&gch_heap.cycle_lock, may sleep.
 * @snapshot: the same of all generations, and fills a snapshot: with what can be
 *	reached at one instant, and nothing younger; may be NULL
 * @shrink_count: pages that memory pressure could get out of the heap; may be
 *	NULL. In any context.
 * @shrink: gives back at most so many pages at once, or a few more, and returns
 *	how many; goes with @shrink_count. May be called by whoever waits for
 *	memory, so it waits for no lock and no collection.
 * @stats: fills in classes, units, large_objects; adds what it allocates and does
 *	not count in &gch_heap.cpu to allocs, alloc_bytes. May sleep.
 * @validate: walks every invariant, reports each violation with pr_err() and
 *	returns their number. Under &gch_heap.cycle_lock; may sleep.
 * @show: prints a view. May sleep.
 */
struct gch_engine_ops {
	enum gcheap_engine kind;
	const char *name;
	const char *units;
	size_t heap_bytes;
	size_t mutator_bytes;
	bool finalizers;
	bool traces;
	const struct gch_tunable *tunables;
	unsigned int nr_tunables;

	int (*init)(void);
	int (*heap_init)(struct gch_heap *heap, struct netlink_ext_ack *extack);
	void (*tuned)(struct gch_heap *heap, enum gch_key key);
	void (*heap_exit)(struct gch_heap *heap);
	void (*typed)(struct gch_type *type);
	int (*mutator_init)(struct gch_mutator *m);
	void (*mutator_exit)(struct gch_mutator *m);

	int (*alloc)(struct gch_mutator *m, void **place, struct gch_type *type,
		     u32 nr_refs, u32 bytes);
	int (*assign)(struct gch_mutator *m, void **place, void *ref);
	int (*fetch)(struct gch_mutator *m, void **place, void **from);
	void **(*ref)(struct gch_mutator *m, void *obj, u32 i);
	void *(*data)(struct gch_mutator *m, void *obj, size_t *bytes);
	int (*free)(struct gch_mutator *m, void **place);
	int (*weak_set)(struct gch_mutator *m, struct gch_weak *w, void *ref);
	int (*weak_get)(struct gch_mutator *m, void **place,
			struct gch_weak *w);
	int (*weak_alive)(struct gch_mutator *m, struct gch_weak *w);
	int (*settle)(struct gch_mutator *m);
	void (*rest)(struct gch_mutator *m);
	int (*wait)(struct gch_mutator *m);

	int (*collect)(struct gch_heap *heap, unsigned int generation);
	int (*snapshot)(struct gch_heap *heap, struct gch_snapshot *sn);
	u64 (*shrink_count)(struct gch_heap *heap);
	u64 (*shrink)(struct gch_heap *heap, u64 pages);
	void (*stats)(struct gch_heap *heap, struct gch_stats *stats);
	int (*validate)(struct gch_heap *heap);
	void (*show)(struct gch_heap *heap, struct seq_file *seq,
		     enum gch_view view);
};

int gch_engine_register(const struct gch_engine_ops *ops);
void gch_engine_unregister(const struct gch_engine_ops *ops);
const struct gch_engine_ops *gch_engine_find(enum gcheap_engine kind);

/* The functions of the hot path, so that they are called directly. */
#define GCH_DECLARE_ENGINE(p)						\
	extern const struct gch_engine_ops gch_##p##_ops;		\
	int gch_##p##_alloc(struct gch_mutator *m, void **place,	\
			    struct gch_type *type, u32 nr_refs,		\
			    u32 bytes);					\
	int gch_##p##_assign(struct gch_mutator *m, void **place,	\
			     void *ref);				\
	int gch_##p##_fetch(struct gch_mutator *m, void **place,	\
			    void **from);				\
	void **gch_##p##_ref(struct gch_mutator *m, void *obj, u32 i);	\
	void *gch_##p##_data(struct gch_mutator *m, void *obj,		\
			     size_t *bytes);				\
	int gch_##p##_free(struct gch_mutator *m, void **place);	\
	int gch_##p##_weak_set(struct gch_mutator *m,			\
			       struct gch_weak *w, void *ref);		\
	int gch_##p##_weak_get(struct gch_mutator *m, void **place,	\
			       struct gch_weak *w);			\
	int gch_##p##_weak_alive(struct gch_mutator *m,			\
				 struct gch_weak *w)

GCH_DECLARE_ENGINE(go);
GCH_DECLARE_ENGINE(py);
GCH_DECLARE_ENGINE(slab);

/*
 * What most calls of mutators are, each as one function, for an engine to whom that
 * makes a difference: @alloc of a fixed type, @ref and @fetch, and @ref and
 * @assign of a reference in an object. -ERANGE if there is no reference @i.
 *
 * @alloc_refs gives the object its first @nr references, of which @place may be
 * one, before it is known anywhere; @load_refs reads @nr from word @i on of the
 * object in the slot @src, which may be among @places, or none. Both read state
 * once, and return -EAGAIN before they have done anything or not at all.
 */
int gch_go_alloc_fixed(struct gch_mutator *m, void **place,
		       struct gch_type *type);
int gch_go_alloc_refs(struct gch_mutator *m, void **place,
		      struct gch_type *type, void **from, u32 nr);
int gch_go_load(struct gch_mutator *m, void **place, void *obj, u32 i);
int gch_go_load_refs(struct gch_mutator *m, void **places, void **src, u32 i,
		     u32 nr);
int gch_go_store(struct gch_mutator *m, void *obj, u32 i, void *ref);
int gch_py_alloc_refs(struct gch_mutator *m, void **place,
		      struct gch_type *type, void **from, u32 nr);
int gch_slab_alloc_refs(struct gch_mutator *m, void **place,
			struct gch_type *type, void **from, u32 nr);

/* The same in steps, for the other engines. */
#define GCH_ENGINE_IN_STEPS(p)						\
static __always_inline int						\
gch_##p##_alloc_fixed(struct gch_mutator *m, void **place,		\
		      struct gch_type *type)				\
{									\
	return gch_##p##_alloc(m, place, type, type->nr_refs, type->bytes); \
}									\
									\
static __always_inline int						\
gch_##p##_load(struct gch_mutator *m, void **place, void *obj, u32 i)	\
{									\
	void **from = gch_##p##_ref(m, obj, i);				\
									\
	if (unlikely(!from))						\
		return -ERANGE;						\
	gch_tally(m->stats->stores, 1);					\
	return gch_##p##_fetch(m, place, from);				\
}									\
									\
/* The slot that keeps the object is written last. */			\
static __always_inline int						\
gch_##p##_load_refs(struct gch_mutator *m, void **places, void **src,	\
		    u32 i, u32 nr)					\
{									\
	void *obj = *src;						\
	u32 n, last = nr;						\
	int ret = 0;							\
									\
	for (n = 0; n < nr; n++)					\
		if (unlikely(!gch_##p##_ref(m, obj, i + n)))		\
			return -ERANGE;					\
	for (n = 0; n < nr && !ret; n++) {				\
		if (unlikely(places + n == src))			\
			last = n;					\
		else							\
			ret = gch_##p##_load(m, places + n, obj, i + n); \
	}								\
	if (last < nr && !ret)						\
		ret = gch_##p##_load(m, src, obj, i + last);		\
	return ret;							\
}									\
									\
static __always_inline int						\
gch_##p##_store(struct gch_mutator *m, void *obj, u32 i, void *ref)	\
{									\
	void **place = gch_##p##_ref(m, obj, i);			\
									\
	if (unlikely(!place))						\
		return -ERANGE;						\
	gch_tally(m->stats->stores, 1);					\
	return gch_##p##_assign(m, place, ref);				\
}

GCH_ENGINE_IN_STEPS(py)
GCH_ENGINE_IN_STEPS(slab)

/* All of them, for the module's init. */
static inline const struct gch_engine_ops *gch_engine_builtin(unsigned int i)
{
	switch (i) {
	case 0:
		return &gch_go_ops;
	case 1:
		return &gch_py_ops;
	case 2:
		return &gch_slab_ops;
	default:
		return NULL;
	}
}

/*
 * Calls a function of the hot path without an indirect branch. The kinds are
 * compared, not the functions: that spares the load of the pointer too. The one with
 * the shortest calls is where a branch not taken leads.
 */
#define gch_call(m, fn, ...) ({						\
	struct gch_mutator *__cm = (m);					\
	typeof(gch_go_##fn(__cm, ##__VA_ARGS__)) __cret;		\
									\
	if (likely(__cm->kind == GCHEAP_ENGINE_GO))			\
		__cret = gch_go_##fn(__cm, ##__VA_ARGS__);		\
	else if (__cm->kind == GCHEAP_ENGINE_PYTHON)			\
		__cret = gch_py_##fn(__cm, ##__VA_ARGS__);		\
	else								\
		__cret = gch_slab_##fn(__cm, ##__VA_ARGS__);		\
	__cret;								\
})

#endif /* _GCHEAP_ENGINE_H */
