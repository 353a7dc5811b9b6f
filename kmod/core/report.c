// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of collections: to tracepoints, if the kernel has them, and to netlink
 * listeners
 *
 * Engines fill in the values that they know. An enabled tracepoint gets reports of
 * all heaps; netlink gets those of heaps whose @reports is set.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/ktime.h>

#define CREATE_TRACE_POINTS
#include "events.h"
#include "observer.h"

/**
 * gch_report_begin - begins the report of a collection
 * @heap: the heap
 * @r: initialized
 * @generation: oldest generation that is collected
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
EXPORT_SYMBOL_GPL(gch_report_begin);

/**
 * gch_report_wanted - does anything receive reports of this heap?
 * @heap: the heap
 *
 * Context: any.
 * Return: true if the engine should fill in a report.
 */
bool gch_report_wanted(const struct gch_heap *heap)
{
	return trace_gcheap_cycle_end_enabled() ||
	       READ_ONCE(heap->reports);
}
EXPORT_SYMBOL_GPL(gch_report_wanted);

/**
 * gch_report_end - sends the report of a collection
 * @heap: the heap
 * @r: the report
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_report_end(struct gch_heap *heap, struct gch_report *r)
{
	trace_gcheap_cycle_end(heap, r);
	if (READ_ONCE(heap->reports))
		gch_observe_report(heap, r);
}
EXPORT_SYMBOL_GPL(gch_report_end);
