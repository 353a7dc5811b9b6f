/* SPDX-License-Identifier: GPL-2.0 */
/* Heap state that the core and engines share. */
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

/* Modes of mark workers: see &gch_stats.mark_dedicated_ns and the next two. */
#define GCH_MARK_MODES	3

/*
 * Statistics of one CPU; see &struct gch_stats for each field. Written inside
 * sections or with preemption off, summed by readers.
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

/* Adds to a counter of this CPU, heap->cpu->counter; preemption is off. */
#define gch_count(counter, n)	__this_cpu_add(counter, n)

/*
 * Adds to a counter that has no other concurrent writer but may have readers: they
 * see the old or the new value.
 */
#define gch_tally(counter, n)	((void)data_race((counter) += (n)))

/**
 * struct gch_over - use of memory beyond a heap's soft limit
 * @since: when the heap passed the limit, by ktime_get_ns(); 0 while it is within it
 * @times: number of times it passed the limit
 * @ns: total time beyond the limit, up to @since
 */
struct gch_over {
	u64 since;
	u64 times;
	u64 ns;
};

/**
 * struct gch_heap - heap state that the core and engines share
 * @ops: the engine
 * @name: unique name
 * @id: unique id, ascending, never reused
 * @maker: the module that created it; NULL if that module is gone, or none; under
 *	@lock
 * @born: creation time, by ktime_get_ns()
 * @ref: reference count; the registry holds a reference until the heap is deleted
 * @release_work: frees the heap where the last reference cannot be put directly
 * @node: link in the registry
 * @checked: calls of mutators are checked for misuse: see core/check.c
 * @dying: deleted; no mutator may attach; written under @lock
 * @val: settings, read with READ_ONCE()
 * @soft_limit: soft limit of @held, 0 for none; set by gch_soft_limit_set()
 * @period_ms: longest time between two collections, 0 for no limit; written by the
 *	engine
 * @workers_max: maximum number of concurrent workers, 0 for one per CPU; written by
 *	the engine
 * @arena_order: usual order of an arena; written by the engine before first use
 * @reports: the observer wants reports of collections; written by the engine
 * @cpu: statistics per CPU
 * @cache: the engine's other per-CPU data, for &gch_mutator.cache; may be NULL
 * @set_lock: makes a change of several settings atomic
 * @checks_lock: held while @checked changes
 * @lock: protects the lists, @dying and the number of mutators; held over a scan of
 *	frames and tables
 * @mutators: attached mutators
 * @nr_mutators: their number
 * @tables: root and weak tables
 * @types: registered types
 * @type_lock: protects @by_name and serializes registrations of types
 * @by_name: registered types by name
 * @nr_types: number of registered types
 * @cycle_lock: serializes collections
 * @cycle_work: runs requested collections
 * @interval_work: runs a collection %GCH_KEY_INTERVAL_MS after the end of its last
 *	one
 * @period_work: requests a collection @period_ms after the last one
 * @cycle_want: oldest generation requested and not yet begun
 * @forced_want: a pending request is from outside the engine
 * @forced: the current or last collection served such a request; under @cycle_lock
 * @requests: collections requested
 * @requests_ended: number of @requests that a later collection has served
 * @cycles_started: collections begun
 * @cycles_ended: collections ended
 * @cycles_gen: collections ended, by generation
 * @cycle_ns: wall time of all collections
 * @mark_ns: time from start to end of marking, added by the engine
 * @stopped_ns: time for which mutators were stopped, added by the engine
 * @garbage_max: see &gch_stats.garbage_max_bytes
 * @held: bytes of memory held or reserved; compared with the limit
 * @kept: the part of @held outside the engine's pages for objects: see
 *	gch_memory_get()
 * @peak_held: highest @held since the set of watchers last changed: see peaks.c; the
 *	same holds for @garbage_max and @peak_live
 * @peak_live: highest live bytes seen
 * @peaks_lock: protects @watchers, @peaks and @reachable
 * @watchers: watchers of the peaks
 * @peaks: peaks of the heap's life, without the current maxima
 * @reachable: bytes that the last collection left, %GCH_UNKNOWN before the first
 * @over_lock: protects @over
 * @over: number and duration of excursions beyond the soft limit: see over.c
 * @over_max: largest excess over the soft limit, bytes
 * @limit_hits: allocations that met the limit
 * @limit_waits: allocations that waited at the soft limit
 * @alloc_failures: allocations that failed
 * @handshakes: number of handshakes
 * @interrupts: CPUs that handshakes interrupted
 * @verify_errors: errors that verification found
 * @arenas: arenas held
 * @pause: pauses of mutators
 * @assist: time that mutators spent on assists
 * @handshake: duration of handshakes
 * @exclusive_wait: waits of mutators for %GCH_WAIT_EXCLUSIVE
 * @items: a job's entry in each worker's queue
 * @cpus: CPUs that mutators have used since gch_cpus_renew()
 * @cpus_before: CPUs that mutators used before that, kept while a section there may
 *	have found its CPU in the old @cpus
 * @cpus_cookie: RCU grace period after which no such section is left
 * @cpus_hand: scratch mask for gch_handshake() and gch_workers_run()
 * @finals: finalizers and cleanups; NULL before the first
 * @finals_off: no new finalizers or cleanups; under @lock
 * @memcg: memory cgroup of the creator, charged for the heap's memory
 * @dbg: debugfs directory
 * @owner: netlink socket that owns the heap, 0 for none
 * @owned_node: link in the list of heaps with an owner
 * @orphan: the owning socket is closed: no mutator may attach, and the heap is
 *	deleted when the last one has detached; written once, before @orphan_work is
 *	queued
 * @orphan_work: deletes an orphan
 * @claimed: only the claimant may use the heap; written under @lock
 * @claimant: name of the claimant, for error messages
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
	u64 soft_limit;
	unsigned int period_ms;
	unsigned int workers_max;
	unsigned int arena_order;
	bool reports;
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
	struct gch_hist exclusive_wait;
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
