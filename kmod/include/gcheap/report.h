/* SPDX-License-Identifier: GPL-2.0 */
/* Reports of collections (core/report.c). */
#ifndef _GCHEAP_REPORT_H
#define _GCHEAP_REPORT_H

#include <linux/types.h>

struct gch_heap;

/**
 * struct gch_report - an engine's report of one collection
 * @start_ns: start, by ktime_get_ns()
 * @end_ns: end of marking, or of the collection
 * @cycle: its number in the heap
 * @generation: oldest generation collected
 * @forced: requested from outside the engine
 * @cpus: online CPUs
 * @cpu_percent: share of all processor time since the heap's creation that
 *	collections took
 * @sync_ns: time until barriers were on everywhere
 * @mark_ns: time of marking
 * @term_ns: time from the presumed end of marking to the start of the sweep
 * @assist_ns: processor time of assists
 * @worker_ns: processor time of mark workers
 * @stopped_ns: time for which mutators were stopped
 * @live_begin_bytes: live bytes at the start
 * @live_end_bytes: live bytes at the end, including new objects
 * @marked_bytes: bytes of marked objects
 * @goal_bytes: live bytes before which it should have ended, %U64_MAX for none
 * @frame_bytes: bytes of slots
 * @table_bytes: bytes of entries of root tables
 * @candidates: objects examined
 * @collected: how many of @candidates were garbage
 * @uncollectable: how many of @candidates could not be collected
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

#endif /* _GCHEAP_REPORT_H */
