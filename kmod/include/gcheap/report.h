/* SPDX-License-Identifier: GPL-2.0 */
/* Reports of collections (core/report.c). */
#ifndef _GCHEAP_REPORT_H
#define _GCHEAP_REPORT_H

#include <linux/types.h>

struct gch_heap;

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

#endif /* _GCHEAP_REPORT_H */
