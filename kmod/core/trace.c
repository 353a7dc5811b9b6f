// SPDX-License-Identifier: GPL-2.0
/*
 * What a heap reports of a collection, in a line: to the kernel's tracing, where
 * it has that, and to whoever listens by netlink
 */
#include <gcheap/engine.h>

#define CREATE_TRACE_POINTS
#include "events.h"

#include "control/control.h"

/**
 * gch_trace_line - reports a collection
 * @heap: the heap
 * @line: what there is to say, without a line's end; %GCH_TRACE_SIZE at most
 *
 * Context: process context, may sleep.
 */
void gch_trace_line(struct gch_heap *heap, const char *line)
{
	trace_gcheap_gctrace(heap, line);
	gch_nl_trace(heap, line);
}
