/* SPDX-License-Identifier: GPL-2.0 */
/* Statistics of a heap, for kernel code that uses heaps: see gcheap.h. */
#ifndef _GCHEAP_STATS_H
#define _GCHEAP_STATS_H

#include <linux/list.h>
#include <linux/types.h>

struct gch_heap;

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

#endif /* _GCHEAP_STATS_H */
