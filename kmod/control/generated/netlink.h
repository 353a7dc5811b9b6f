/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/gcheap.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_GCHEAP_GEN_H
#define _LINUX_GCHEAP_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/gcheap.h>

int gcheap_nl_module_get_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_nl_heap_get_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_nl_heap_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int gcheap_nl_heap_new_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_nl_heap_set_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_nl_heap_del_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_nl_collect_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_nl_stats_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int gcheap_nl_engine_get_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_nl_engine_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int gcheap_nl_key_get_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	GCHEAP_NLGRP_EVENTS,
};

extern struct genl_family gcheap_nl_family;

#endif /* _LINUX_GCHEAP_GEN_H */
