// SPDX-License-Identifier: GPL-2.0
/* Netlink notifications: group "events" of the family. */
#include "control.h"

#include <linux/stddef.h>
#include <net/genetlink.h>
#include <gcheap/engine.h>

#include "compat.h"
#include "generated/netlink.h"

/* Location of a report's number, and which kinds of engines fill it in. */
struct field {
	u16 attr;
	u16 offset;
	u8 bytes;
	u8 reclaims;
};

#define TRACING		BIT(GCHEAP_RECLAIM_TRACING)
#define COUNTING	BIT(GCHEAP_RECLAIM_COUNTING)
#define BOTH		(TRACING | COUNTING)

#define FIELD(id, member, type, of) {				\
	.attr = GCHEAP_A_CYCLE_##id,				\
	.offset = offsetof(struct gch_report, member),		\
	.bytes = sizeof(type),					\
	.reclaims = (of),					\
}

static const struct field fields[] = {
	FIELD(CYCLE, cycle, u64, BOTH),
	FIELD(GENERATION, generation, u32, BOTH),
	FIELD(FORCED, forced, u32, BOTH),
	FIELD(CPUS, cpus, u32, TRACING),
	FIELD(CPU_PERCENT, cpu_percent, u32, TRACING),
	FIELD(SYNC_NS, sync_ns, u64, TRACING),
	FIELD(MARK_NS, mark_ns, u64, TRACING),
	FIELD(TERM_NS, term_ns, u64, TRACING),
	FIELD(ASSIST_NS, assist_ns, u64, TRACING),
	FIELD(WORKER_NS, worker_ns, u64, TRACING),
	FIELD(STOPPED_NS, stopped_ns, u64, BOTH),
	FIELD(LIVE_BEGIN_BYTES, live_begin_bytes, u64, BOTH),
	FIELD(LIVE_END_BYTES, live_end_bytes, u64, BOTH),
	FIELD(MARKED_BYTES, marked_bytes, u64, TRACING),
	FIELD(FRAME_BYTES, frame_bytes, u64, TRACING),
	FIELD(TABLE_BYTES, table_bytes, u64, TRACING),
	FIELD(CANDIDATES, candidates, u64, COUNTING),
	FIELD(COLLECTED, collected, u64, COUNTING),
	FIELD(UNCOLLECTABLE, uncollectable, u64, COUNTING),
};

/* The table lacks id, name, the engine twice, two times and the goal. */
static_assert(ARRAY_SIZE(fields) + 7 == GCHEAP_A_CYCLE_MAX);

static int put_field(struct sk_buff *skb, const struct field *f,
		     const struct gch_report *r)
{
	const void *value = (const void *)r + f->offset;

	return f->bytes == sizeof(u32) ?
		nla_put_u32(skb, f->attr, *(const u32 *)value) :
		nla_put_uint(skb, f->attr, *(const u64 *)value);
}

static int fill_fields(struct sk_buff *skb, const struct gch_heap *heap,
		       const struct gch_report *r)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if ((fields[i].reclaims & BIT(heap->ops->reclaim)) &&
		    put_field(skb, &fields[i], r))
			return -EMSGSIZE;
	if (r->goal_bytes != U64_MAX &&
	    nla_put_uint(skb, GCHEAP_A_CYCLE_GOAL_BYTES, r->goal_bytes))
		return -EMSGSIZE;
	return 0;
}

static int fill_report(struct sk_buff *skb, const struct gch_heap *heap,
		       const struct gch_report *r)
{
	void *hdr = genlmsg_put(skb, 0, 0, &gcheap_nl_family, 0,
				GCHEAP_CMD_CYCLE);

	if (!hdr || nla_put_u32(skb, GCHEAP_A_CYCLE_ID, heap->id) ||
	    nla_put_string(skb, GCHEAP_A_CYCLE_NAME, heap->name) ||
	    gch_nl_put_engine(skb, heap, GCHEAP_A_CYCLE_ENGINE,
			      GCHEAP_A_CYCLE_ENGINE_NAME) ||
	    nla_put_uint(skb, GCHEAP_A_CYCLE_BEGIN_NS,
			 r->start_ns - heap->born) ||
	    nla_put_uint(skb, GCHEAP_A_CYCLE_DURATION_NS,
			 r->end_ns - r->start_ns) ||
	    fill_fields(skb, heap, r))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * gch_nl_report - multicasts a report of a collection
 * @heap: the heap
 * @r: the report
 *
 * Drops the report if there are no listeners or no memory.
 *
 * Context: process context, may sleep.
 */
void gch_nl_report(struct gch_heap *heap, const struct gch_report *r)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&gcheap_nl_family, &init_net,
				GCHEAP_NLGRP_EVENTS))
		return;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	if (fill_report(skb, heap, r))
		nlmsg_free(skb);
	else
		genlmsg_multicast(&gcheap_nl_family, skb, 0,
				  GCHEAP_NLGRP_EVENTS, GFP_KERNEL);
}
