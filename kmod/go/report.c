// SPDX-License-Identifier: GPL-2.0
/*
 * Report of a cycle: the figures of Go's gctrace=1 (runtime/mgc.go, gcMarkTermination),
 * which gcctl prints as the same line
 *
 * Go stops the world before and after marking. Here mutators run on: the first and the
 * last time are those of SYNC and of TERM to OFF, on the one CPU that changes the
 * phases. Frames stand for stacks, root tables for globals.
 */
#include "report.h"

#include <linux/cpumask.h>
#include <linux/ktime.h>

#include "go.h"

/*
 * Percentage of all processor time that collecting has taken since the heap was made.
 */
static unsigned int percent(struct gch_go_heap *h, u64 now, unsigned int cpus)
{
	return gch_go_scale(gch_go_time(h), 100, (now - h->born) * cpus);
}

static u64 stopped(struct gch_go_heap *h)
{
	return atomic64_read(&h->base.stopped_ns);
}

static u64 assisted(struct gch_go_heap *h)
{
	return atomic64_read(&h->base.assist.sum);
}

/**
 * gch_go_trace_begin - starts the report of a cycle
 * @h: the heap
 * @t: times of the cycle, filled in
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_trace_begin(struct gch_go_heap *h, struct gch_go_times *t)
{
	gch_report_begin(&h->base, &t->report, 2);
	t->start = t->report.start_ns;
	t->gc = gch_go_time(h);
	t->assist = assisted(h);
	t->stopped = stopped(h);
}

/**
 * gch_go_trace_end - reports a cycle that has marked, if a client asks for reports
 * @h: the heap, paced
 * @t: times of the cycle; totals are replaced by differences
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_trace_end(struct gch_go_heap *h, struct gch_go_times *t)
{
	struct gch_report *r = &t->report;

	if (!gch_report_wanted(&h->base))
		return;
	/*
	 * assist before gc, which includes it: mutators may be sweeping, which raises
	 * both.
	 */
	t->assist = assisted(h) - t->assist;
	t->gc = gch_go_time(h) - t->gc;
	r->end_ns = t->end;
	r->cpus = num_online_cpus();
	r->cpu_percent = percent(h, t->end, r->cpus);
	r->sync_ns = t->mark - t->start;
	r->mark_ns = t->term - t->mark;
	r->term_ns = t->end - t->term;
	r->assist_ns = t->assist;
	r->worker_ns = t->gc - t->assist;
	r->stopped_ns = stopped(h) - t->stopped;
	r->live_begin_bytes = h->gcc.pacer.triggered;
	r->live_end_bytes = h->gcc.last_live;
	r->marked_bytes = h->gcc.pacer.marked;
	r->goal_bytes = h->gcc.last_goal;
	r->frame_bytes = h->gcc.frame_bytes;
	r->table_bytes = h->gcc.pacer.roots - h->gcc.frame_bytes;
	gch_report_end(&h->base, r);
}
