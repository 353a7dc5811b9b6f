// SPDX-License-Identifier: GPL-2.0
/* stats-get, and the table of counters shared by netlink and debugfs */
#include "control.h"

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/stddef.h>
#include <net/genetlink.h>
#include <gcheap/gcheap.h>

#include "compat.h"
#include "core/heap.h"
#include "generated/netlink.h"

#define FIELD(text, id, member) {				\
	.name = text,						\
	.attr = GCHEAP_A_STATS_##id,				\
	.offset = offsetof(struct gch_stats, member),		\
}

const struct gch_stats_field gch_stats_fields[GCH_STATS_FIELDS] = {
	FIELD("allocs", ALLOCS, allocs),
	FIELD("alloc-bytes", ALLOC_BYTES, alloc_bytes),
	FIELD("large-allocs", LARGE_ALLOCS, large_allocs),
	FIELD("freed-count", FREED_COUNT, freed_count),
	FIELD("freed-cycle", FREED_CYCLE, freed_cycle),
	FIELD("freed-explicit", FREED_EXPLICIT, freed_explicit),
	FIELD("freed-bytes", FREED_BYTES, freed_bytes),
	FIELD("stores", STORES, stores),
	FIELD("barriers", BARRIERS, barriers),
	FIELD("counts", COUNTS, counts),
	FIELD("live-objects", LIVE_OBJECTS, live_objects),
	FIELD("live-bytes", LIVE_BYTES, live_bytes),
	FIELD("reachable-bytes", REACHABLE_BYTES, reachable_bytes),
	FIELD("waiting-bytes", WAITING_BYTES, waiting_bytes),
	FIELD("peak-live-bytes", PEAK_LIVE_BYTES, peak_live_bytes),
	FIELD("held-bytes", HELD_BYTES, held_bytes),
	FIELD("peak-held-bytes", PEAK_HELD_BYTES, peak_held_bytes),
	FIELD("returned-bytes", RETURNED_BYTES, returned_bytes),
	FIELD("classes", CLASSES, classes),
	FIELD("page-groups", PAGE_GROUPS, page_groups),
	FIELD("arenas", ARENAS, arenas),
	FIELD("large-objects", LARGE_OBJECTS, large_objects),
	FIELD("cycles", CYCLES, cycles),
	FIELD("cycles-gen0", CYCLES_GEN0, cycles_gen[0]),
	FIELD("cycles-gen1", CYCLES_GEN1, cycles_gen[1]),
	FIELD("cycles-gen2", CYCLES_GEN2, cycles_gen[2]),
	FIELD("cycle-ns", CYCLE_NS, cycle_ns),
	FIELD("mark-ns", MARK_NS, mark_ns),
	FIELD("stopped-ns", STOPPED_NS, stopped_ns),
	FIELD("cpu-ns", CPU_NS, cpu_ns),
	FIELD("mark-dedicated-ns", MARK_DEDICATED_NS, mark_dedicated_ns),
	FIELD("mark-fraction-ns", MARK_FRACTION_NS, mark_fraction_ns),
	FIELD("mark-idle-ns", MARK_IDLE_NS, mark_idle_ns),
	FIELD("marked", MARKED, marked),
	FIELD("assist-bytes", ASSIST_BYTES, assist_bytes),
	FIELD("swept-bytes", SWEPT_BYTES, swept_bytes),
	FIELD("garbage-max-bytes", GARBAGE_MAX_BYTES, garbage_max_bytes),
	FIELD("goal-bytes", GOAL_BYTES, goal_bytes),
	FIELD("limit-hits", LIMIT_HITS, limit_hits),
	FIELD("limit-waits", LIMIT_WAITS, limit_waits),
	FIELD("limiter-on", LIMITER_ON, limiter_on),
	FIELD("limiter-ns", LIMITER_NS, limiter_ns),
	FIELD("over-limit", OVER_LIMIT, over_limit),
	FIELD("over-limit-ns", OVER_LIMIT_NS, over_limit_ns),
	FIELD("over-limit-max-bytes", OVER_LIMIT_MAX_BYTES,
	      over_limit_max_bytes),
	FIELD("alloc-failures", ALLOC_FAILURES, alloc_failures),
	FIELD("handshakes", HANDSHAKES, handshakes),
	FIELD("interrupts", INTERRUPTS, interrupts),
	FIELD("verify-errors", VERIFY_ERRORS, verify_errors),
	FIELD("finalizers-queued", FINALIZERS_QUEUED, finalizers_queued),
	FIELD("finalizers-run", FINALIZERS_RUN, finalizers_run),
	FIELD("cleanups-queued", CLEANUPS_QUEUED, cleanups_queued),
	FIELD("cleanups-run", CLEANUPS_RUN, cleanups_run),
};

/* The table lacks id, name, the engine twice and the histograms. */
static_assert(GCH_STATS_FIELDS + 8 == GCHEAP_A_STATS_MAX);
static_assert(GCH_STATS_FIELDS * sizeof(u64) +
	      4 * sizeof(struct gch_hist_summary) == sizeof(struct gch_stats));
static_assert(sizeof(struct gch_hist_summary) ==
	      GCHEAP_A_HIST_MAX * sizeof(u64));

static int put_hist(struct sk_buff *skb, int attr,
		    const struct gch_hist_summary *sum)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_uint(skb, GCHEAP_A_HIST_COUNT, sum->count) ||
	    nla_put_uint(skb, GCHEAP_A_HIST_SUM_NS, sum->sum_ns) ||
	    nla_put_uint(skb, GCHEAP_A_HIST_MAX_NS, sum->max_ns) ||
	    nla_put_uint(skb, GCHEAP_A_HIST_P50_NS, sum->p50_ns) ||
	    nla_put_uint(skb, GCHEAP_A_HIST_P99_NS, sum->p99_ns) ||
	    nla_put_uint(skb, GCHEAP_A_HIST_P999_NS, sum->p999_ns) ||
	    nla_put_uint(skb, GCHEAP_A_HIST_P9999_NS, sum->p9999_ns))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_stats(struct sk_buff *skb, struct gch_heap *heap)
{
	struct gch_stats stats = {};
	unsigned int i;

	gch_heap_stats(heap, &stats);
	if (nla_put_u32(skb, GCHEAP_A_STATS_ID, gch_heap_id(heap)) ||
	    nla_put_string(skb, GCHEAP_A_STATS_NAME, gch_heap_name(heap)) ||
	    gch_nl_put_engine(skb, heap, GCHEAP_A_STATS_ENGINE,
			      GCHEAP_A_STATS_ENGINE_NAME))
		return -EMSGSIZE;
	for (i = 0; i < GCH_STATS_FIELDS; i++) {
		const struct gch_stats_field *f = &gch_stats_fields[i];
		const u64 *value = (void *)&stats + f->offset;

		if (*value != GCH_UNKNOWN &&
		    nla_put_uint(skb, f->attr, *value))
			return -EMSGSIZE;
	}
	if (put_hist(skb, GCHEAP_A_STATS_PAUSE, &stats.pause) ||
	    put_hist(skb, GCHEAP_A_STATS_ASSIST, &stats.assist) ||
	    put_hist(skb, GCHEAP_A_STATS_HANDSHAKE, &stats.handshake) ||
	    put_hist(skb, GCHEAP_A_STATS_EXCLUSIVE_WAIT, &stats.exclusive_wait))
		return -EMSGSIZE;
	return 0;
}

int gcheap_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_heap *heap = gch_nl_find(info, GCHEAP_A_STATS_NAME);
	int err;

	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = gch_nl_reply(info, heap, fill_stats);
	gch_heap_put_later(heap);
	return err;
}

int gcheap_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return gch_nl_dump(skb, cb, GCHEAP_CMD_STATS_GET, fill_stats);
}
