/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gcheap - garbage-collected heaps for kernel code
 *
 * A heap is a set of objects that is collected by an engine. A mutator is one
 * task's access to one heap; it names objects by the slots of its frame, never
 * by address. Every point between two calls is a safepoint: no call leaves a
 * reference anywhere but in a slot, in a table or in an object.
 *
 * All functions that take a mutator are called by the task that owns it, in
 * process context, without spin locks held, with preemption enabled.
 */
#ifndef _GCHEAP_GCHEAP_H
#define _GCHEAP_GCHEAP_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <uapi/linux/gcheap.h>

struct gch_heap;
struct gch_mutator;
struct gch_roots;
struct gch_type;
struct gch_weaks;
struct mem_cgroup;
struct netlink_ext_ack;

/* Longest name of a heap or type, the terminating NUL included. */
#define GCH_NAME_SIZE		32
/* Most slots in one frame. */
#define GCH_FRAME_MAX		1024U
/* Most references that one call takes along. */
#define GCH_REFS_MAX		64U
/* Largest object, in bytes, references included. */
#define GCH_OBJECT_MAX		(SZ_4M - SZ_4K)
/* Largest object of a fixed type, in bytes. */
#define GCH_FIXED_MAX		SZ_32K
/* Most types of one heap. */
#define GCH_TYPES_MAX		65536U
/* Most entries of one root table or weak table. */
#define GCH_TABLE_MAX		BIT(24)
/* Most finalizers and cleanups of one heap that have not run. */
#define GCH_FINALS_MAX		BIT(20)
/* Slots of the mutator that a finalizer gets. */
#define GCH_FINALIZER_SLOTS	16U
/* Most mutators of one heap. */
#define GCH_MUTATORS_MAX	4096U

/**
 * enum gch_key - what can be set on a heap
 * @GCH_KEY_LIMIT: hard limit of the memory the heap holds, bytes, 0 for
 *	none; half of the memory unless it is set
 * @GCH_KEY_ARENA_ORDER: order of the page blocks that arenas are made of
 * @GCH_KEY_VERIFY: 1 checks every cycle by a second exclusive mark and walks
 *	the invariants after it
 * @GCH_KEY_POISON: 1 clobbers what is freed
 * @GCH_KEY_INTERVAL_MS: forces a full cycle so long after the end of the one forced
 *	before, 0 for never
 * @GCH_KEY_GOGC: growth in percent that starts a cycle, 0 for off (go)
 * @GCH_KEY_MEMORY_LIMIT: soft limit of the memory the heap holds, bytes, 0 for none:
 *	cycles start early enough to stay below it, as long as they do not take half
 *	of the processor time (go)
 * @GCH_KEY_ASSIST_US: longest that a mutator marks or sweeps at a time to make up
 *	for what it allocates, microseconds, 0 for never (go)
 * @GCH_KEY_PERIOD_MS: a cycle starts when the last one is so long ago, 0 for
 *	never (go)
 * @GCH_KEY_SMALL_MAX: largest request served from pools, bytes (python)
 * @GCH_KEY_POOL_SIZE: bytes of a pool (python)
 * @GCH_KEY_THRESHOLD0: allocations less deaths of tracked objects that start
 *	a young collection, 0 for no automatic collection (python)
 * @GCH_KEY_THRESHOLD1: young collections before one of generation 1 (python)
 * @GCH_KEY_THRESHOLD2: collections of generation 1 before a full one (python)
 * @GCH_KEY_SWITCH_US: how long a mutator may keep the interpreter lock while
 *	another waits for it, microseconds (python)
 * @GCH_KEY_WORKERS: most mark workers at a time, 0 for one each CPU (go)
 * @GCH_KEY_TRACE: 1 reports every cycle to who listens by netlink (go, python)
 * @GCH_KEY_BARRIER: write barrier, &enum gcheap_barrier, from the next cycle on
 *	(go)
 * @GCH_KEY_STW: when cycles stop mutators, &enum gcheap_stw, from the next cycle
 *	on (go)
 * @GCH_KEY_GC_PERCENT_CPU: percent of all CPUs that marking may take from mutators
 *	(go)
 * @GCH_KEY_MARKER: how they mark, an &enum gcheap_marker (go)
 * @GCH_KEY_NR: their number
 */
enum gch_key {
	GCH_KEY_LIMIT,
	GCH_KEY_ARENA_ORDER,
	GCH_KEY_VERIFY,
	GCH_KEY_POISON,
	GCH_KEY_INTERVAL_MS,
	GCH_KEY_GOGC,
	GCH_KEY_MEMORY_LIMIT,
	GCH_KEY_ASSIST_US,
	GCH_KEY_PERIOD_MS,
	GCH_KEY_SMALL_MAX,
	GCH_KEY_POOL_SIZE,
	GCH_KEY_THRESHOLD0,
	GCH_KEY_THRESHOLD1,
	GCH_KEY_THRESHOLD2,
	GCH_KEY_SWITCH_US,
	GCH_KEY_WORKERS,
	GCH_KEY_TRACE,
	GCH_KEY_BARRIER,
	GCH_KEY_STW,
	GCH_KEY_GC_PERCENT_CPU,
	GCH_KEY_MARKER,
	GCH_KEY_NR
};

/**
 * struct gch_config - settings of a heap to be
 * @engine: which engine collects it
 * @set: bit per &enum gch_key that @val has a value for; the others take the
 *	engine's default
 * @val: the values
 */
struct gch_config {
	enum gcheap_engine engine;
	unsigned long set;
	u64 val[GCH_KEY_NR];
};

struct gch_heap *__gch_heap_create(const char *name,
				   const struct gch_config *cfg,
				   struct netlink_ext_ack *extack,
				   struct module *maker);
int gch_heap_delete(struct gch_heap *heap, struct netlink_ext_ack *extack);

/* See __gch_heap_create(). */
#define gch_heap_create(name, cfg, extack)				\
	__gch_heap_create(name, cfg, extack, THIS_MODULE)

struct gch_heap *gch_heap_find(const char *name);
struct gch_heap *gch_heap_next(u32 after);
void gch_heap_put(struct gch_heap *heap);
void gch_heap_put_later(struct gch_heap *heap);
int gch_heap_tune(struct gch_heap *heap, enum gch_key key, u64 value,
		  struct netlink_ext_ack *extack);
u64 gch_heap_tunable(const struct gch_heap *heap, enum gch_key key);
const char *gch_heap_name(const struct gch_heap *heap);
u32 gch_heap_id(const struct gch_heap *heap);
enum gcheap_engine gch_heap_engine(const struct gch_heap *heap);
int gch_heap_validate(struct gch_heap *heap);

/* Memory of a heap's clients that counts against its limit */
void *gch_memory_get(struct gch_heap *heap, size_t bytes);
void gch_memory_put(struct gch_heap *heap, void *addr, size_t bytes);
bool gch_memory_room(struct gch_heap *heap, size_t bytes, unsigned int *tries);

/* Cycles */
u64 gch_cycle_request(struct gch_heap *heap, unsigned int generation);
u64 gch_requests_ended(const struct gch_heap *heap);
u64 gch_cycles_started(const struct gch_heap *heap);
u64 gch_cycles_ended(const struct gch_heap *heap);
int gch_collect(struct gch_heap *heap, unsigned int generation);

/* A heap for one user alone */
int gch_heap_claim(struct gch_heap *heap, const char *who,
		   unsigned int nr_mutators, struct netlink_ext_ack *extack);
void gch_heap_unclaim(struct gch_heap *heap);
void gch_claimed_wait(struct gch_heap *heap);
int gch_claimed_tune(struct gch_heap *heap, enum gch_key key, u64 value);
int gch_claimed_collect(struct gch_heap *heap, unsigned int generation);

/* What a heap's user allocates beside it, charged to the heap's cgroup */
struct mem_cgroup *gch_memcg_enter(struct gch_heap *heap);
void gch_memcg_leave(struct mem_cgroup *old);

/**
 * enum gch_type_flags - properties of a type
 * @GCH_TYPE_VAR: objects differ in size: reference words first, then bytes,
 *	both counts given at allocation
 * @GCH_TYPE_WEAK: its objects may be named by weak tables; costs an engine
 *	that counts one hidden word an object
 * @GCH_TYPE_UNTRACKED: never part of a cycle: an engine with a cycle
 *	collector leaves its objects out; only for types without references
 */
enum gch_type_flags {
	GCH_TYPE_VAR		= BIT(0),
	GCH_TYPE_WEAK		= BIT(1),
	GCH_TYPE_UNTRACKED	= BIT(2),
};

/**
 * struct gch_type_desc - a type to be registered
 * @name: for people; unique in its heap
 * @bytes: size of an object; 0 for %GCH_TYPE_VAR
 * @nr_refs: how many words of an object are references
 * @refs: the words that are references, ascending; NULL for the first @nr_refs
 * @flags: &enum gch_type_flags
 */
struct gch_type_desc {
	const char *name;
	u32 bytes;
	u32 nr_refs;
	const u16 *refs;
	u32 flags;
};

struct gch_type *gch_type_register(struct gch_heap *heap,
				   const struct gch_type_desc *desc,
				   struct netlink_ext_ack *extack);

/**
 * typedef gch_pause_fn - told of each pause of a mutator, right after it
 * @arg: the caller's
 * @start_ns: when it began, by ktime_get_ns()
 * @end_ns: when it ended
 *
 * Context: the mutator's task, outside sections; makes no call of the heap.
 */
typedef void (*gch_pause_fn)(void *arg, u64 start_ns, u64 end_ns);

/* Mutators: one task's access to one heap */
struct gch_mutator *__gch_mutator_attach(struct gch_heap *heap,
					 unsigned int nr_slots,
					 struct module *user);
void gch_mutator_detach(struct gch_mutator *m);
void gch_mutator_rest(struct gch_mutator *m);
void gch_mutator_watch(struct gch_mutator *m, gch_pause_fn fn, void *arg);
struct gch_heap *gch_mutator_heap(const struct gch_mutator *m);

/* See __gch_mutator_attach(). */
#define gch_mutator_attach(heap, nr_slots)				\
	__gch_mutator_attach(heap, nr_slots, THIS_MODULE)

int gch_alloc(struct gch_mutator *m, unsigned int dst, struct gch_type *type);
int gch_alloc_var(struct gch_mutator *m, unsigned int dst,
		  struct gch_type *type, u32 nr_refs, u32 bytes);
int gch_alloc_refs(struct gch_mutator *m, unsigned int dst,
		   struct gch_type *type, unsigned int src, unsigned int nr);
int gch_load(struct gch_mutator *m, unsigned int dst, unsigned int src, u32 i);
int gch_load_refs(struct gch_mutator *m, unsigned int dst, unsigned int src,
		  u32 i, unsigned int nr);
int gch_store(struct gch_mutator *m, unsigned int dst, u32 i, unsigned int src);
int gch_store_null(struct gch_mutator *m, unsigned int dst, u32 i);
int gch_copy(struct gch_mutator *m, unsigned int dst, unsigned int src);
int gch_clear(struct gch_mutator *m, unsigned int dst);
int gch_free(struct gch_mutator *m, unsigned int src);
bool gch_is_null(const struct gch_mutator *m, unsigned int src);
bool gch_same(const struct gch_mutator *m, unsigned int a, unsigned int b);
void *gch_data(struct gch_mutator *m, unsigned int src, size_t *bytes);

/* Root tables: references from outside the heap */
struct gch_roots *__gch_roots_create(struct gch_heap *heap, u32 nr,
				     struct module *user);
int gch_roots_grow(struct gch_roots *roots, u32 nr);
int gch_roots_destroy(struct gch_mutator *m, struct gch_roots *roots);
int gch_root_set(struct gch_mutator *m, struct gch_roots *roots, u32 i,
		 unsigned int src);
int gch_root_clear(struct gch_mutator *m, struct gch_roots *roots, u32 i);
int gch_root_get(struct gch_mutator *m, unsigned int dst,
		 struct gch_roots *roots, u32 i);

/* See __gch_roots_create(). */
#define gch_roots_create(heap, nr)					\
	__gch_roots_create(heap, nr, THIS_MODULE)

/* Weak tables: references that keep nothing alive */
struct gch_weaks *__gch_weaks_create(struct gch_heap *heap, u32 nr,
				     struct module *user);
int gch_weaks_grow(struct gch_weaks *weaks, u32 nr);
int gch_weaks_destroy(struct gch_mutator *m, struct gch_weaks *weaks);
int gch_weak_set(struct gch_mutator *m, struct gch_weaks *weaks, u32 i,
		 unsigned int src);
int gch_weak_clear(struct gch_mutator *m, struct gch_weaks *weaks, u32 i);
int gch_weak_get(struct gch_mutator *m, unsigned int dst,
		 struct gch_weaks *weaks, u32 i);
int gch_weak_alive(struct gch_mutator *m, struct gch_weaks *weaks, u32 i);

/* See __gch_weaks_create(). */
#define gch_weaks_create(heap, nr)					\
	__gch_weaks_create(heap, nr, THIS_MODULE)

/**
 * typedef gch_finalizer_fn - called with an object that is out of reach
 * @m: a mutator; the object is in slot 0, the other slots are empty
 * @arg: the caller's
 *
 * Context: a kthread, may sleep; holds up the other finalizers and cleanups of the
 * heap. It cannot delete the heap.
 */
typedef void (*gch_finalizer_fn)(struct gch_mutator *m, void *arg);

/**
 * typedef gch_cleanup_fn - called when an object is gone
 * @arg: the caller's
 *
 * Context: as &gch_finalizer_fn.
 */
typedef void (*gch_cleanup_fn)(void *arg);

/* Finalizers and cleanups */
int __gch_finalizer_set(struct gch_mutator *m, unsigned int src,
			gch_finalizer_fn fn, void *arg, struct module *owner);
int __gch_cleanup_add(struct gch_mutator *m, unsigned int src,
		      gch_cleanup_fn fn, void *arg, u64 *id,
		      struct module *owner);
int gch_cleanup_stop(struct gch_heap *heap, u64 id);
void gch_finals_wait(struct gch_heap *heap);
void gch_finals_stop(struct gch_heap *heap);

/* See __gch_finalizer_set(). */
#define gch_finalizer_set(m, src, fn, arg)				\
	__gch_finalizer_set(m, src, fn, arg, THIS_MODULE)
/* See __gch_cleanup_add(). */
#define gch_cleanup_add(m, src, fn, arg, id)				\
	__gch_cleanup_add(m, src, fn, arg, id, THIS_MODULE)

/**
 * gch_keep_alive - an object is alive up to here
 * @m: the mutator
 * @src: slot that refers to it
 *
 * A slot is a root until something else is written to it, whether or not it is
 * used again, so it costs nothing to keep an object: this says to the reader, and to
 * the compiler, that what gch_data() gave is not used any more after it. An object
 * whose slot is cleared or written before may be finalized, even while a method of
 * it goes on.
 */
static inline void gch_keep_alive(const struct gch_mutator *m, unsigned int src)
{
	barrier();
}

/**
 * struct gch_hist_summary - what a log-linear histogram says
 * @count: values recorded
 * @sum_ns: their sum
 * @max_ns: the largest, exact
 * @p50_ns: median; like the others an upper bound, at most 12.5 % high
 * @p99_ns: 99 %
 * @p999_ns: 99.9 %
 * @p9999_ns: 99.99 %
 */
struct gch_hist_summary {
	u64 count;
	u64 sum_ns;
	u64 max_ns;
	u64 p50_ns;
	u64 p99_ns;
	u64 p999_ns;
	u64 p9999_ns;
};

/* A figure that is not known. */
#define GCH_UNKNOWN	U64_MAX

/**
 * struct gch_stats - what a heap has done and holds
 * @allocs: objects allocated
 * @alloc_bytes: their bytes as the engine rounds them
 * @large_allocs: how many of @allocs went past the size classes
 * @freed_count: objects freed by reference count
 * @freed_cycle: objects freed by a collector
 * @freed_explicit: objects freed by gch_free()
 * @freed_bytes: bytes of all three
 * @stores: references written to slots, tables and objects
 * @barriers: how many of @stores ran an active write barrier
 * @counts: reference counts raised and lowered
 * @live_objects: @allocs less what was freed
 * @live_bytes: their bytes
 * @reachable_bytes: how many of them can be reached, as far as the engine knows:
 *	what the last collection left, or all of them where what is dead is freed
 *	without; %GCH_UNKNOWN before a first collection
 * @waiting_bytes: the rest: dead, or allocated since that collection;
 *	%GCH_UNKNOWN where only the next collection will tell
 * @peak_live_bytes: highest live bytes, as seen at refills and cycles, or now
 * @held_bytes: memory held
 * @peak_held_bytes: highest @held_bytes
 * @returned_bytes: pages given back while the heap lived
 * @classes: size classes of the engine
 * @units: spans or pools in use
 * @arenas: arenas held
 * @large_objects: live objects past the size classes
 * @cycles: collections ended
 * @cycles_gen: by generation; a tracing engine counts all in generation 2
 * @cycle_ns: wall time in collections, sweeping included
 * @mark_ns: how much of it a tracing engine marked
 * @stopped_ns: how much of it mutators were stopped for
 * @cpu_ns: processor time of mark workers and sweepers; on an engine without, of
 *	collections
 * @mark_dedicated_ns: time that dedicated mark workers marked
 * @mark_fraction_ns: time that others marked for their fraction of a CPU
 * @mark_idle_ns: time that others marked because their CPU was idle
 * @marked: objects marked or visited by all cycles
 * @assist_bytes: bytes that mutators marked themselves
 * @swept_bytes: bytes of spans that mutators swept ahead of need
 * @garbage_max_bytes: most bytes that one cycle found dead
 * @goal_bytes: live bytes that the next cycle is to end before, 0 for none
 * @limit_hits: allocations that met the hard limit, each once
 * @limit_waits: allocations that waited for a collection rather than pass the soft limit
 * @limiter_on: times that collecting took half of the processor time and was held back
 * @limiter_ns: how long it was
 * @over_limit: times that what is held passed the soft limit
 * @over_limit_ns: how long it was beyond it
 * @over_limit_max_bytes: by how much at most
 * @alloc_failures: allocations that failed with -ENOMEM
 * @handshakes: with the CPUs that mutators of the heap use
 * @interrupts: CPUs that they have interrupted
 * @verify_errors: disagreements that verification found
 * @finalizers_queued: objects found out of reach that had one
 * @finalizers_run: how many of them have been called
 * @cleanups_queued: those of objects that are gone
 * @cleanups_run: how many of them have been called
 * @pause: what mutators were held up for, each time
 * @assist: what they spent on helping the collector, each time
 * @handshake: what a handshake took
 * @hold: those of @pause in which somebody else had the heap to himself
 */
struct gch_stats {
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
	u64 live_objects;
	u64 live_bytes;
	u64 reachable_bytes;
	u64 waiting_bytes;
	u64 peak_live_bytes;
	u64 held_bytes;
	u64 peak_held_bytes;
	u64 returned_bytes;
	u64 classes;
	u64 units;
	u64 arenas;
	u64 large_objects;
	u64 cycles;
	u64 cycles_gen[3];
	u64 cycle_ns;
	u64 mark_ns;
	u64 stopped_ns;
	u64 cpu_ns;
	u64 mark_dedicated_ns;
	u64 mark_fraction_ns;
	u64 mark_idle_ns;
	u64 marked;
	u64 assist_bytes;
	u64 swept_bytes;
	u64 garbage_max_bytes;
	u64 goal_bytes;
	u64 limit_hits;
	u64 limit_waits;
	u64 limiter_on;
	u64 limiter_ns;
	u64 over_limit;
	u64 over_limit_ns;
	u64 over_limit_max_bytes;
	u64 alloc_failures;
	u64 handshakes;
	u64 interrupts;
	u64 verify_errors;
	u64 finalizers_queued;
	u64 finalizers_run;
	u64 cleanups_queued;
	u64 cleanups_run;
	struct gch_hist_summary pause;
	struct gch_hist_summary assist;
	struct gch_hist_summary handshake;
	struct gch_hist_summary hold;
};

void gch_heap_stats(struct gch_heap *heap, struct gch_stats *stats);
u64 gch_heap_live_objects(struct gch_heap *heap);

/**
 * struct gch_census - what a heap consisted of at one instant
 * @held_bytes: memory held
 * @live_bytes: objects allocated and not freed
 * @reachable_bytes: how many of these a collection then left; %GCH_UNKNOWN if there
 *	was none
 */
struct gch_census {
	u64 held_bytes;
	u64 live_bytes;
	u64 reachable_bytes;
};

/**
 * struct gch_peaks - the most that a heap held while it was watched
 * @node: the core's
 * @held_bytes: most memory held
 * @live_bytes: most bytes of objects not freed, as seen at refills and cycles
 * @garbage_bytes: most that one collection found dead
 * @census: at that collection at which most was held
 */
struct gch_peaks {
	struct list_head node;
	u64 held_bytes;
	u64 live_bytes;
	u64 garbage_bytes;
	struct gch_census census;
};

void gch_peaks_begin(struct gch_heap *heap, struct gch_peaks *peaks);
void gch_peaks_end(struct gch_heap *heap, struct gch_peaks *peaks);

#endif /* _GCHEAP_GCHEAP_H */
