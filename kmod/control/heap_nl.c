// SPDX-License-Identifier: GPL-2.0
/*
 * heap-get, heap-new, heap-set, heap-del and collect
 *
 * gch_heap.set_lock makes heap-set atomic: no other request can change a setting that
 * a failed one restores. Handlers never free a heap: that can take seconds, and no
 * family can register while a handler runs. So they use gch_heap_put_later().
 */
#include "control.h"

#include <linux/err.h>
#include <linux/mutex.h>
#include <net/genetlink.h>
#include <gcheap/gcheap.h>

#include "compat.h"
#include "core/heap.h"
#include "generated/netlink.h"

#define GENERATION_MAX	2U

/* The attribute of each setting. */
static const int setting_attr[] = {
	[GCH_KEY_LIMIT]		= GCHEAP_A_HEAP_LIMIT,
	[GCH_KEY_ARENA_ORDER]	= GCHEAP_A_HEAP_ARENA_ORDER,
	[GCH_KEY_VERIFY]	= GCHEAP_A_HEAP_VERIFY,
	[GCH_KEY_POISON]	= GCHEAP_A_HEAP_POISON,
	[GCH_KEY_INTERVAL_MS]	= GCHEAP_A_HEAP_INTERVAL_MS,
	[GCH_KEY_GOGC]		= GCHEAP_A_HEAP_GOGC,
	[GCH_KEY_MEMORY_LIMIT]	= GCHEAP_A_HEAP_MEMORY_LIMIT,
	[GCH_KEY_ASSIST_US]	= GCHEAP_A_HEAP_ASSIST_US,
	[GCH_KEY_PERIOD_MS]	= GCHEAP_A_HEAP_PERIOD_MS,
	[GCH_KEY_SMALL_MAX]	= GCHEAP_A_HEAP_SMALL_MAX,
	[GCH_KEY_POOL_SIZE]	= GCHEAP_A_HEAP_POOL_SIZE,
	[GCH_KEY_THRESHOLD0]	= GCHEAP_A_HEAP_THRESHOLD0,
	[GCH_KEY_THRESHOLD1]	= GCHEAP_A_HEAP_THRESHOLD1,
	[GCH_KEY_THRESHOLD2]	= GCHEAP_A_HEAP_THRESHOLD2,
	[GCH_KEY_SWITCH_US]	= GCHEAP_A_HEAP_SWITCH_US,
	[GCH_KEY_WORKERS]	= GCHEAP_A_HEAP_WORKERS,
	[GCH_KEY_TRACE]		= GCHEAP_A_HEAP_TRACE,
	[GCH_KEY_BARRIER]	= GCHEAP_A_HEAP_BARRIER,
	[GCH_KEY_STW]		= GCHEAP_A_HEAP_STW,
	[GCH_KEY_GC_PERCENT_CPU] = GCHEAP_A_HEAP_GC_PERCENT_CPU,
	[GCH_KEY_MARKER]	= GCHEAP_A_HEAP_MARKER,
};

static_assert(ARRAY_SIZE(setting_attr) == GCH_KEY_NR);
/* All others are 32 bits wide. Later settings are at the end of the enumeration. */
static_assert(GCHEAP_A_HEAP_WORKERS - GCHEAP_A_HEAP_LIMIT + 1 +
	      GCHEAP_A_HEAP_MARKER - GCHEAP_A_HEAP_REQUESTS_ENDED == GCH_KEY_NR);

/* Settings other than limits are 32 bits wide; the policies allow no larger value. */
static int put_setting(struct sk_buff *skb, enum gch_key key, u64 value)
{
	if (key == GCH_KEY_LIMIT || key == GCH_KEY_MEMORY_LIMIT)
		return nla_put_uint(skb, setting_attr[key], value);
	return nla_put_u32(skb, setting_attr[key], value);
}

static int fill_heap(struct sk_buff *skb, struct gch_heap *heap)
{
	enum gch_key key;

	if (nla_put_u32(skb, GCHEAP_A_HEAP_ID, gch_heap_id(heap)) ||
	    nla_put_string(skb, GCHEAP_A_HEAP_NAME, gch_heap_name(heap)) ||
	    nla_put_u32(skb, GCHEAP_A_HEAP_ENGINE, gch_heap_engine(heap)))
		return -EMSGSIZE;
	for (key = 0; key < GCH_KEY_NR; key++) {
		if (!gch_heap_accepts(heap, key))
			continue;
		if (put_setting(skb, key, gch_heap_tunable(heap, key)))
			return -EMSGSIZE;
	}
	if (nla_put_u32(skb, GCHEAP_A_HEAP_MUTATORS,
			gch_heap_mutators(heap)) ||
	    nla_put_uint(skb, GCHEAP_A_HEAP_CYCLES,
			 gch_cycles_ended(heap)) ||
	    nla_put_uint(skb, GCHEAP_A_HEAP_REQUESTS_ENDED,
			 gch_requests_ended(heap)))
		return -EMSGSIZE;
	return 0;
}

int gcheap_nl_heap_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_heap *heap = gch_nl_find(info, GCHEAP_A_HEAP_NAME);
	int err;

	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = gch_nl_reply(info, heap, fill_heap);
	gch_heap_put_later(heap);
	return err;
}

int gcheap_nl_heap_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return gch_nl_dump(skb, cb, GCHEAP_CMD_HEAP_GET, fill_heap);
}

/* Checks each setting separately, so that an error names the attribute. */
static int read_config(struct genl_info *info, struct gch_config *cfg)
{
	struct nlattr *attr = info->attrs[GCHEAP_A_HEAP_ENGINE];
	enum gch_key key;
	int err;

	cfg->engine = nla_get_u32(attr);
	for (key = 0; key < GCH_KEY_NR; key++) {
		attr = info->attrs[setting_attr[key]];
		if (!attr)
			continue;
		cfg->val[key] = nla_get_uint(attr);
		cfg->set |= BIT(key);
		err = gch_config_check(cfg->engine, key, cfg->val[key],
				       info->extack);
		if (err) {
			NL_SET_BAD_ATTR(info->extack, attr);
			return err;
		}
	}
	return 0;
}

int gcheap_nl_heap_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_config cfg = {};
	struct gch_heap *heap;
	struct nlattr *name;
	int err;

	err = gch_nl_check_admin(skb, info);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, GCHEAP_A_HEAP_NAME)) {
		NL_SET_ERR_MSG(info->extack, "the name of a heap is missing");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, GCHEAP_A_HEAP_ENGINE)) {
		NL_SET_ERR_MSG(info->extack, "the engine is missing");
		return -EINVAL;
	}
	name = info->attrs[GCHEAP_A_HEAP_NAME];
	err = gch_name_check(nla_data(name), info->extack);
	if (err) {
		NL_SET_BAD_ATTR(info->extack, name);
		return err;
	}
	err = read_config(info, &cfg);
	if (err)
		return err;
	heap = gch_heap_create(nla_data(name), &cfg, info->extack);
	if (IS_ERR(heap)) {
		if (PTR_ERR(heap) == -EEXIST)
			NL_SET_BAD_ATTR(info->extack, name);
		return PTR_ERR(heap);
	}
	if (info->attrs[GCHEAP_A_HEAP_OWNED])
		gch_owner_set(heap, info->snd_portid);
	err = gch_nl_reply(info, heap, fill_heap);
	if (err)
		gch_heap_remove(heap, NULL);
	gch_heap_put_later(heap);
	return err;
}

/* Applies all settings of the request, or none. */
static int tune(struct gch_heap *heap, struct genl_info *info)
{
	u64 old[GCH_KEY_NR];
	enum gch_key key;
	int err;

	for (key = 0; key < GCH_KEY_NR; key++) {
		struct nlattr *attr = info->attrs[setting_attr[key]];

		if (!attr)
			continue;
		old[key] = gch_heap_tunable(heap, key);
		err = gch_heap_tune(heap, key, nla_get_uint(attr),
				    info->extack);
		if (err) {
			NL_SET_BAD_ATTR(info->extack, attr);
			goto undo;
		}
	}
	return 0;

undo:
	while (key--)
		if (info->attrs[setting_attr[key]])
			gch_heap_tune(heap, key, old[key], NULL);
	return err;
}

int gcheap_nl_heap_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_heap *heap;
	int err;

	err = gch_nl_check_admin(skb, info);
	if (err)
		return err;
	heap = gch_nl_find(info, GCHEAP_A_HEAP_NAME);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	mutex_lock(&heap->set_lock);
	err = tune(heap, info);
	mutex_unlock(&heap->set_lock);
	gch_heap_put_later(heap);
	return err;
}

int gcheap_nl_heap_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_heap *heap;
	int err;

	err = gch_nl_check_admin(skb, info);
	if (err)
		return err;
	heap = gch_nl_find(info, GCHEAP_A_HEAP_NAME);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = gch_heap_remove(heap, info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, info->attrs[GCHEAP_A_HEAP_NAME]);
	gch_heap_put_later(heap);
	return err;
}

static int collect(struct gch_heap *heap, unsigned int generation,
		   struct genl_info *info)
{
	struct sk_buff *msg;
	u64 ticket;
	void *hdr;
	int err;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = gch_cycle_ask(heap, generation, &ticket, info->extack);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	hdr = genlmsg_put_reply(msg, info, &gcheap_nl_family, 0,
				GCHEAP_CMD_COLLECT);
	if (!hdr ||
	    nla_put_uint(msg, GCHEAP_A_HEAP_TICKET, ticket) ||
	    nla_put_uint(msg, GCHEAP_A_HEAP_REQUESTS_ENDED,
			 gch_requests_ended(heap))) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int gcheap_nl_collect_doit(struct sk_buff *skb, struct genl_info *info)
{
	unsigned int generation = GENERATION_MAX;
	struct gch_heap *heap;
	struct nlattr *attr;
	int err;

	err = gch_nl_check_admin(skb, info);
	if (err)
		return err;
	attr = info->attrs[GCHEAP_A_HEAP_GENERATION];
	if (attr)
		generation = nla_get_u32(attr);
	if (generation > GENERATION_MAX) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, attr,
					"generation must be 0 to %u",
					GENERATION_MAX);
		return -ERANGE;
	}
	heap = gch_nl_find(info, GCHEAP_A_HEAP_NAME);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = collect(heap, generation, info);
	gch_heap_put_later(heap);
	return err;
}
