/* SPDX-License-Identifier: GPL-2.0 */
/* Report of a cycle; see report.c. */
#ifndef _GCH_GO_REPORT_H
#define _GCH_GO_REPORT_H

#include <gcheap/engine.h>

struct gch_go_heap;

/**
 * struct gch_go_times - times of a cycle, in nanoseconds
 * @start: when it began, by ktime_get_ns()
 * @mark: when barriers were on everywhere
 * @term: when the last attempt to terminate marking began
 * @end: when the sweep generation changed
 * @gc: processor time of workers and assists
 * @assist: the part of @gc that assists had
 * @stopped: how long mutators were stopped
 * @report: the report
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

#endif /* _GCH_GO_REPORT_H */
