/* SPDX-License-Identifier: GPL-2.0 */
/* What core and engine share of a heap. */
#ifndef _GCHEAP_HEAP_H
#define _GCHEAP_HEAP_H

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <gcheap/gcheap.h>
#include <gcheap/hash.h>
#include <gcheap/hist.h>

struct gch_engine_ops;
struct gch_finals;
struct gch_worker_item;

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

#endif /* _GCHEAP_HEAP_H */
