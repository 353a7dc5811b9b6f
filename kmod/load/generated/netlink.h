/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/gcheap_load.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_GCHEAP_LOAD_GEN_H
#define _LINUX_GCHEAP_LOAD_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/gcheap_load.h>

int gcheap_load_nl_run_new_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_load_nl_run_get_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_load_nl_run_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int gcheap_load_nl_run_stop_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_load_nl_run_del_doit(struct sk_buff *skb, struct genl_info *info);
int gcheap_load_nl_run_feed_doit(struct sk_buff *skb, struct genl_info *info);

extern struct genl_family gcheap_load_nl_family;

#endif /* _LINUX_GCHEAP_LOAD_GEN_H */
