// SPDX-License-Identifier: GPL-2.0
/*
 * The observer, which shows heaps to users
 *
 * There is one. It is set when the module is loaded, before any heap exists.
 */
#include "observer.h"

#include <linux/cache.h>
#include <linux/init.h>

static const struct gch_observer *observer __ro_after_init;

/**
 * gch_observe - sets the observer
 * @o: the observer
 *
 * Context: module init.
 */
void __init gch_observe(const struct gch_observer *o)
{
	observer = o;
}

/**
 * gch_observe_added - tells the observer of a new heap
 * @heap: the heap
 *
 * Context: process context, may sleep.
 */
void gch_observe_added(struct gch_heap *heap)
{
	observer->added(heap);
}

/**
 * gch_observe_removed - tells the observer that a heap will be freed
 * @heap: the heap
 *
 * Context: process context, may sleep.
 */
void gch_observe_removed(struct gch_heap *heap)
{
	observer->removed(heap);
}

/**
 * gch_observe_report - gives the observer a report of a collection
 * @heap: the heap
 * @r: the report
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_observe_report(struct gch_heap *heap, const struct gch_report *r)
{
	observer->reported(heap, r);
}
