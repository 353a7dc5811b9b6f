/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control: generic netlink and debugfs. It maps attributes and files to calls of the
 * core and holds no policy.
 */
#ifndef _GCHEAP_CONTROL_H
#define _GCHEAP_CONTROL_H

#include <linux/types.h>

struct genl_info;
struct gch_heap;
struct gch_report;
struct netlink_callback;
struct sk_buff;

int gch_nl_init(void);
void gch_nl_exit(void);

void gch_nl_report(struct gch_heap *heap, const struct gch_report *r);

void gch_dbg_init(void);
void gch_dbg_exit(void);
void gch_dbg_heap_add(struct gch_heap *heap);
void gch_dbg_heap_del(struct gch_heap *heap);

/* ---- shared by the files of this folder ---- */

/**
 * struct gch_stats_field - location and name of a counter
 * @name: its name in the netlink specification
 * @attr: its attribute
 * @offset: its offset in &struct gch_stats
 */
struct gch_stats_field {
	const char *name;
	u16 attr;
	u16 offset;
};

#define GCH_STATS_FIELDS	53
extern const struct gch_stats_field gch_stats_fields[GCH_STATS_FIELDS];

/**
 * typedef gch_nl_fill_fn - adds a heap's attributes to a message
 * @skb: the message
 * @heap: the heap
 *
 * Return: 0 or -EMSGSIZE.
 */
typedef int (*gch_nl_fill_fn)(struct sk_buff *skb, struct gch_heap *heap);

int gch_nl_put_engine(struct sk_buff *skb, const struct gch_heap *heap, int number,
		      int name);
int gch_nl_check_admin(struct sk_buff *skb, struct genl_info *info);
struct gch_heap *gch_nl_find(struct genl_info *info, int attr);
int gch_nl_reply(struct genl_info *info, struct gch_heap *heap,
		 gch_nl_fill_fn fill);
int gch_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
		gch_nl_fill_fn fill);

#endif /* _GCHEAP_CONTROL_H */
