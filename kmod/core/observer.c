// SPDX-License-Identifier: GPL-2.0
/*
 * The observer of heaps: what shows them to users
 *
 * There is one, named when the module is loaded, before there can be a heap.
 */
#include "observer.h"

#include <linux/cache.h>
#include <linux/init.h>

static const struct gch_observer *observer __ro_after_init;

/**
 * gch_observe - names the observer
 * @o: the observer
 *
 * Context: module init.
 */
void __init gch_observe(const struct gch_observer *o)
{
	observer = o;
}

/**
 * gch_observe_added - a heap has been made
 * @heap: the heap
 *
 * Context: process context, may sleep.
 */
void gch_observe_added(struct gch_heap *heap)
{
	observer->added(heap);
}

/**
 * gch_observe_removed - a heap goes
 * @heap: the heap
 *
 * Context: process context, may sleep.
 */
void gch_observe_removed(struct gch_heap *heap)
{
	observer->removed(heap);
}

/**
 * gch_observe_report - a heap has reported a collection
 * @heap: the heap
 * @r: what it has to say
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_observe_report(struct gch_heap *heap, const struct gch_report *r)
{
	observer->reported(heap, r);
}
