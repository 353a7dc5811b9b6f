// SPDX-License-Identifier: GPL-2.0
/* What netlink says without having been asked: group "events" of the family. */
#include "control.h"

#include <net/genetlink.h>
#include <gcheap/gcheap.h>

#include "compat.h"
#include "generated/netlink.h"

static int fill_trace(struct sk_buff *skb, struct gch_heap *heap,
		      const char *line)
{
	void *hdr = genlmsg_put(skb, 0, 0, &gcheap_nl_family, 0,
				GCHEAP_CMD_GCTRACE);

	if (!hdr || nla_put_u32(skb, GCHEAP_A_TRACE_ID, gch_heap_id(heap)) ||
	    nla_put_string(skb, GCHEAP_A_TRACE_NAME, gch_heap_name(heap)) ||
	    nla_put_string(skb, GCHEAP_A_TRACE_LINE, line))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * gch_nl_trace - tells all who listen of a collection
 * @heap: the heap
 * @line: what there is to say
 *
 * It is lost where there is no memory for it.
 *
 * Context: process context, may sleep.
 */
void gch_nl_trace(struct gch_heap *heap, const char *line)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&gcheap_nl_family, &init_net,
				GCHEAP_NLGRP_EVENTS))
		return;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	if (fill_trace(skb, heap, line))
		nlmsg_free(skb);
	else
		genlmsg_multicast(&gcheap_nl_family, skb, 0,
				  GCHEAP_NLGRP_EVENTS, GFP_KERNEL);
}
