// SPDX-License-Identifier: GPL-2.0
/*
 * What a heap reports of its collections: to the kernel's tracing, where it has that,
 * and to who listens by netlink
 *
 * An engine fills in what it knows. To enable a tracepoint is enough for it; netlink
 * gets reports of heaps whose GCH_KEY_TRACE is 1.
 */
#include <gcheap/engine.h>

#include <linux/ktime.h>

#define CREATE_TRACE_POINTS
#include "events.h"
#include "observer.h"

/**
 * gch_report_begin - a collection begins
 * @heap: the heap
 * @r: set up
 * @generation: oldest that is collected
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_report_begin(struct gch_heap *heap, struct gch_report *r,
		      unsigned int generation)
{
	*r = (struct gch_report){
		.start_ns = ktime_get_ns(),
		.cycle = atomic64_read(&heap->cycles_started),
		.generation = generation,
		.forced = heap->forced,
		.goal_bytes = U64_MAX,
	};
	trace_gcheap_cycle_begin(heap, r);
}

/**
 * gch_report_wanted - is there anything to report to?
 * @heap: the heap
 *
 * Context: any.
 * Return: whether it is worth while to fill in a report.
 */
bool gch_report_wanted(const struct gch_heap *heap)
{
	return trace_gcheap_cycle_end_enabled() ||
	       gch_val(heap, GCH_KEY_TRACE);
}

/**
 * gch_report_end - reports a collection
 * @heap: the heap
 * @r: what there is to say
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_report_end(struct gch_heap *heap, struct gch_report *r)
{
	trace_gcheap_cycle_end(heap, r);
	if (gch_val(heap, GCH_KEY_TRACE))
		gch_observe_report(heap, r);
}
