/* SPDX-License-Identifier: GPL-2.0 */
/* Statistics of a heap, for kernel code that uses heaps: see gcheap.h. */
#ifndef _GCHEAP_STATS_H
#define _GCHEAP_STATS_H

#include <linux/list.h>
#include <linux/types.h>

struct gch_heap;

/**
 * struct gch_hist_summary - summary of a log-linear histogram
 * @count: number of values
 * @sum_ns: their sum
 * @max_ns: the largest value, exact
 * @p50_ns: median; each percentile is an upper bound, at most 12.5 % high
 * @p99_ns: 99th percentile
 * @p999_ns: 99.9th percentile
 * @p9999_ns: 99.99th percentile
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

/* An unknown value. */
#define GCH_UNKNOWN	U64_MAX

/**
 * struct gch_stats - statistics of a heap
 * @allocs: objects allocated
 * @alloc_bytes: their bytes as the engine rounds them
 * @large_allocs: how many of @allocs were above the size classes
 * @freed_count: objects freed by reference count
 * @freed_cycle: objects freed by a collection
 * @freed_explicit: objects freed by gch_free()
 * @freed_bytes: bytes of all three
 * @stores: references written to slots, tables and objects
 * @barriers: how many of @stores ran an active write barrier
 * @counts: reference counts raised and lowered
 * @live_objects: @allocs minus freed objects
 * @live_bytes: their bytes
 * @reachable_bytes: how many of @live_bytes are reachable, as far as the engine
 *	knows: what the last collection left; all of them if the engine frees dead
 *	objects without a collection; %GCH_UNKNOWN before the first collection
 * @waiting_bytes: the rest: dead, or allocated since that collection; %GCH_UNKNOWN if
 *	only the next collection will tell
 * @peak_live_bytes: highest live bytes, as seen at refills and cycles, or now
 * @held_bytes: memory held
 * @peak_held_bytes: highest @held_bytes
 * @returned_bytes: bytes of pages given back while the heap exists
 * @classes: size classes of the engine
 * @page_groups: spans or pools in use
 * @arenas: arenas held
 * @large_objects: live objects above the size classes
 * @cycles: collections ended
 * @cycles_gen: collections ended, by generation; a tracing engine counts all in
 *	generation 2
 * @cycle_ns: wall time of collections, including the sweep
 * @mark_ns: the part of @cycle_ns in which a tracing engine marked
 * @stopped_ns: the part of @cycle_ns for which mutators were stopped
 * @cpu_ns: processor time of mark workers and sweepers; without workers, of
 *	collections
 * @mark_dedicated_ns: marking time of dedicated mark workers
 * @mark_fraction_ns: marking time of other workers for their fraction of a CPU
 * @mark_idle_ns: marking time of other workers on idle CPUs
 * @marked: objects marked or visited by all cycles
 * @assist_bytes: bytes marked by assists
 * @swept_bytes: bytes of spans that mutators swept ahead of need
 * @garbage_max_bytes: most bytes that one cycle found dead
 * @goal_bytes: live bytes before which the next cycle should end, 0 for none
 * @limit_hits: allocations that met the hard limit, each counted once
 * @limit_waits: allocations that waited for a collection instead of passing the soft
 *	limit
 * @limiter_on: times that collections reached half of the processor time and were
 *	throttled
 * @limiter_ns: total time of throttling
 * @over_limit: times that @held_bytes passed the soft limit
 * @over_limit_ns: total time beyond the soft limit
 * @over_limit_max_bytes: largest excess over the soft limit
 * @alloc_failures: allocations that failed with -ENOMEM
 * @handshakes: handshakes with the CPUs that the heap's mutators use
 * @interrupts: CPUs that handshakes interrupted
 * @verify_errors: errors that verification found
 * @finalizers_queued: objects with a finalizer found unreachable
 * @finalizers_run: how many of their finalizers have been called
 * @cleanups_queued: cleanups of freed objects
 * @cleanups_run: how many of them have been called
 * @pause: pauses of mutators
 * @assist: time of each assist
 * @handshake: time of each handshake
 * @exclusive_wait: the pauses in which another task had exclusive use of the heap
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
	u64 page_groups;
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
	struct gch_hist_summary exclusive_wait;
};

void gch_heap_stats(struct gch_heap *heap, struct gch_stats *stats);
u64 gch_heap_live_objects(struct gch_heap *heap);

/**
 * struct gch_census - composition of a heap at one instant
 * @held_bytes: memory held
 * @live_bytes: objects allocated and not freed
 * @reachable_bytes: how many of @live_bytes the collection left; %GCH_UNKNOWN without
 *	one
 */
struct gch_census {
	u64 held_bytes;
	u64 live_bytes;
	u64 reachable_bytes;
};

/**
 * struct gch_peaks - peaks of a heap while it was watched
 * @node: the core's link
 * @held_bytes: most memory held
 * @live_bytes: most bytes of objects not freed, as seen at refills and cycles
 * @garbage_bytes: most bytes that one collection found dead
 * @census: the census of the collection at which the heap held most
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

#endif /* _GCHEAP_STATS_H */
