/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: /sys/kernel/tracing/events/gcheap/ */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gcheap

#if !defined(_GCH_CORE_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _GCH_CORE_EVENTS_H

#include <linux/string.h>
#include <linux/tracepoint.h>
#include <gcheap/engine.h>

/* A collection of a heap whose GCH_KEY_TRACE is 1. */
TRACE_EVENT(gcheap_gctrace,
	    TP_PROTO(const struct gch_heap *heap, const char *line),
	    TP_ARGS(heap, line),
	    TP_STRUCT__entry(__field(u32, id)
			     __array(char, heap, GCH_NAME_SIZE)
			     __array(char, line, GCH_TRACE_SIZE)),
	    TP_fast_assign(__entry->id = heap->id;
			   strscpy(__entry->heap, heap->name, GCH_NAME_SIZE);
			   strscpy(__entry->line, line, GCH_TRACE_SIZE);),
	    TP_printk("%s: %s", __entry->heap, __entry->line)
);

#endif /* _GCH_CORE_EVENTS_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH core
#define TRACE_INCLUDE_FILE events
#include <trace/define_trace.h>
