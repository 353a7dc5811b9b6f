/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: /sys/kernel/tracing/events/gcheap/ */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gcheap

#if !defined(_GCH_CORE_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _GCH_CORE_EVENTS_H

#include <linux/string.h>
#include <linux/tracepoint.h>
#include <gcheap/engine.h>

/* A collection begins. */
TRACE_EVENT(gcheap_cycle_begin,
	    TP_PROTO(const struct gch_heap *heap, const struct gch_report *r),
	    TP_ARGS(heap, r),
	    TP_STRUCT__entry(__field(u32, id)
			     __array(char, heap, GCH_NAME_SIZE)
			     __field(u32, engine)
			     __field(u64, cycle)
			     __field(u32, generation)
			     __field(u32, forced)),
	    TP_fast_assign(__entry->id = heap->id;
			   strscpy(__entry->heap, heap->name, GCH_NAME_SIZE);
			   __entry->engine = heap->ops->kind;
			   __entry->cycle = r->cycle;
			   __entry->generation = r->generation;
			   __entry->forced = r->forced;),
	    TP_printk("heap=%s id=%u engine=%u cycle=%llu generation=%u forced=%u",
		      __entry->heap, __entry->id, __entry->engine,
		      __entry->cycle, __entry->generation, __entry->forced)
);

/* A collection has marked (go) or ended; see &struct gch_report. */
TRACE_EVENT(gcheap_cycle_end,
	    TP_PROTO(const struct gch_heap *heap, const struct gch_report *r),
	    TP_ARGS(heap, r),
	    TP_STRUCT__entry(__field(u32, id)
			     __array(char, heap, GCH_NAME_SIZE)
			     __field(u32, engine)
			     __field(u64, cycle)
			     __field(u32, generation)
			     __field(u32, forced)
			     __field(u64, begin_ns)
			     __field(u64, duration_ns)
			     __field(u32, cpus)
			     __field(u32, cpu_percent)
			     __field(u64, sync_ns)
			     __field(u64, mark_ns)
			     __field(u64, term_ns)
			     __field(u64, assist_ns)
			     __field(u64, worker_ns)
			     __field(u64, stopped_ns)
			     __field(u64, live_begin_bytes)
			     __field(u64, live_end_bytes)
			     __field(u64, marked_bytes)
			     __field(u64, goal_bytes)
			     __field(u64, frame_bytes)
			     __field(u64, table_bytes)
			     __field(u64, candidates)
			     __field(u64, collected)
			     __field(u64, uncollectable)),
	    TP_fast_assign(__entry->id = heap->id;
			   strscpy(__entry->heap, heap->name, GCH_NAME_SIZE);
			   __entry->engine = heap->ops->kind;
			   __entry->cycle = r->cycle;
			   __entry->generation = r->generation;
			   __entry->forced = r->forced;
			   __entry->begin_ns = r->start_ns - heap->born;
			   __entry->duration_ns = r->end_ns - r->start_ns;
			   __entry->cpus = r->cpus;
			   __entry->cpu_percent = r->cpu_percent;
			   __entry->sync_ns = r->sync_ns;
			   __entry->mark_ns = r->mark_ns;
			   __entry->term_ns = r->term_ns;
			   __entry->assist_ns = r->assist_ns;
			   __entry->worker_ns = r->worker_ns;
			   __entry->stopped_ns = r->stopped_ns;
			   __entry->live_begin_bytes = r->live_begin_bytes;
			   __entry->live_end_bytes = r->live_end_bytes;
			   __entry->marked_bytes = r->marked_bytes;
			   __entry->goal_bytes = r->goal_bytes;
			   __entry->frame_bytes = r->frame_bytes;
			   __entry->table_bytes = r->table_bytes;
			   __entry->candidates = r->candidates;
			   __entry->collected = r->collected;
			   __entry->uncollectable = r->uncollectable;),
	    TP_printk("heap=%s id=%u engine=%u cycle=%llu generation=%u forced=%u begin_ns=%llu duration_ns=%llu sync_ns=%llu mark_ns=%llu term_ns=%llu stopped_ns=%llu live_begin_bytes=%llu live_end_bytes=%llu marked_bytes=%llu goal_bytes=%llu candidates=%llu collected=%llu",
		      __entry->heap, __entry->id, __entry->engine,
		      __entry->cycle, __entry->generation, __entry->forced,
		      __entry->begin_ns, __entry->duration_ns,
		      __entry->sync_ns, __entry->mark_ns, __entry->term_ns,
		      __entry->stopped_ns, __entry->live_begin_bytes,
		      __entry->live_end_bytes, __entry->marked_bytes,
		      __entry->goal_bytes, __entry->candidates,
		      __entry->collected)
);

#endif /* _GCH_CORE_EVENTS_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH core
#define TRACE_INCLUDE_FILE events
#include <trace/define_trace.h>
