/* SPDX-License-Identifier: GPL-2.0 */
/* What is reported of a cycle; see trace.c. */
#ifndef _GCH_GO_TRACE_H
#define _GCH_GO_TRACE_H

#include <gcheap/engine.h>

struct gch_go_heap;

/**
 * struct gch_go_times - what a cycle took
 * @start: when it began, by ktime_get_ns()
 * @mark: when barriers were on
 * @term: when all was taken to be marked, the last time
 * @end: when the sweep generation changed
 * @gc: processor time of workers and assists
 * @assist: how much of it assists had
 * @stopped: how long mutators were stopped
 * @report: what is reported of it
 */
struct gch_go_times {
	u64 start;
	u64 mark;
	u64 term;
	u64 end;
	u64 gc;
	u64 assist;
	u64 stopped;
	struct gch_report report;
};

void gch_go_trace_begin(struct gch_go_heap *h, struct gch_go_times *t);
void gch_go_trace_end(struct gch_go_heap *h, struct gch_go_times *t);

#endif /* _GCH_GO_TRACE_H */
