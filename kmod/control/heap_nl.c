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
#include "core/engine.h"
#include "core/heap.h"
#include "generated/netlink.h"
#include "generated/settings.h"

#define GENERATION_MAX	2U

/* Settings other than limits are 32 bits wide; the policies allow no larger value. */
static int put_setting(struct sk_buff *skb, enum gch_key key, u64 value)
{
	if (setting_attrs[key].wide)
		return nla_put_uint(skb, setting_attrs[key].attr, value);
	return nla_put_u32(skb, setting_attrs[key].attr, value);
}

static int fill_heap(struct sk_buff *skb, struct gch_heap *heap)
{
	enum gch_key key;

	if (nla_put_u32(skb, GCHEAP_A_HEAP_ID, gch_heap_id(heap)) ||
	    nla_put_string(skb, GCHEAP_A_HEAP_NAME, gch_heap_name(heap)) ||
	    gch_nl_put_engine(skb, heap, GCHEAP_A_HEAP_ENGINE,
			      GCHEAP_A_HEAP_ENGINE_NAME))
		return -EMSGSIZE;
	for (key = 0; key < GCH_KEY_NR; key++) {
		if (!gch_setting_find(heap->ops, key))
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
static int read_settings(struct genl_info *info, struct gch_config *cfg,
			 const struct gch_engine_ops *ops)
{
	struct nlattr *attr;
	enum gch_key key;
	int err;

	for (key = 0; key < GCH_KEY_NR; key++) {
		attr = info->attrs[setting_attrs[key].attr];
		if (!attr)
			continue;
		cfg->val[key] = nla_get_uint(attr);
		cfg->set |= BIT(key);
		err = gch_config_check(ops, key, cfg->val[key], info->extack);
		if (err) {
			NL_SET_BAD_ATTR(info->extack, attr);
			return err;
		}
	}
	return 0;
}

/* Reads the engine, by name or number; a name may load a module. */
static int read_engine(struct genl_info *info, struct gch_config *cfg)
{
	struct nlattr *name = info->attrs[GCHEAP_A_HEAP_ENGINE_NAME];
	struct nlattr *number = info->attrs[GCHEAP_A_HEAP_ENGINE];
	int kind;

	if (name && number) {
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "engine and engine-name exclude each other");
		return -EINVAL;
	}
	if (number) {
		cfg->engine = nla_get_u32(number);
		return 0;
	}
	if (GENL_REQ_ATTR_CHECK(info, GCHEAP_A_HEAP_ENGINE_NAME)) {
		NL_SET_ERR_MSG(info->extack, "the engine is missing");
		return -EINVAL;
	}
	kind = gch_engine_kind(nla_data(name));
	if (kind < 0) {
		NL_SET_ERR_MSG_ATTR(info->extack, name, "no engine has this name");
		return -EOPNOTSUPP;
	}
	cfg->engine = kind;
	return 0;
}

static int read_config(struct genl_info *info, struct gch_config *cfg)
{
	const struct gch_engine_ops *ops;
	int err;

	err = read_engine(info, cfg);
	if (err)
		return err;
	ops = gch_engine_get(cfg->engine);
	if (!ops) {
		NL_SET_ERR_MSG(info->extack, "no such engine");
		return -EOPNOTSUPP;
	}
	err = read_settings(info, cfg, ops);
	gch_engine_put(ops);
	return err;
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
		struct nlattr *attr = info->attrs[setting_attrs[key].attr];

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
		if (info->attrs[setting_attrs[key].attr])
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
