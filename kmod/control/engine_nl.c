// SPDX-License-Identifier: GPL-2.0
/* engine-get and key-get: engines, and the settings of their heaps. */
#include "control.h"

#include <linux/err.h>
#include <linux/module.h>
#include <net/genetlink.h>
#include <gcheap/engine.h>

#include "compat.h"
#include "core/engine.h"
#include "core/heap.h"
#include "generated/netlink.h"
#include "generated/settings.h"

/*
 * Room for %GCH_KEY_NR settings: some 250 bytes each, and 700 for each of an engine of
 * another module, which has more words and a longer description.
 */
#define REPLY_BYTES	SZ_16K

/**
 * gch_nl_put_engine - adds the engine of a heap to a message
 * @skb: the message
 * @heap: the heap
 * @number: attribute for the number, which only engines of this module have
 * @name: attribute for the name
 *
 * Return: 0 or -EMSGSIZE.
 */
int gch_nl_put_engine(struct sk_buff *skb, const struct gch_heap *heap, int number,
		      int name)
{
	if (!heap->ops->owner && nla_put_u32(skb, number, heap->ops->kind))
		return -EMSGSIZE;
	return nla_put_string(skb, name, heap->ops->name);
}

static int put_words(struct sk_buff *skb, const char * const *words)
{
	for (; words && *words; words++)
		if (nla_put_string(skb, GCHEAP_A_KEY_CHOICE, *words))
			return -EMSGSIZE;
	return 0;
}

static int put_facts(struct sk_buff *skb, const struct gch_setting *s)
{
	if (nla_put_string(skb, GCHEAP_A_KEY_NAME, s->name) ||
	    nla_put_u32(skb, GCHEAP_A_KEY_ATTRIBUTE, setting_attrs[s->key].attr) ||
	    nla_put_u32(skb, GCHEAP_A_KEY_UNIT, s->unit) ||
	    nla_put_uint(skb, GCHEAP_A_KEY_MIN_VALUE, s->min) ||
	    nla_put_uint(skb, GCHEAP_A_KEY_MAX_VALUE, s->max) ||
	    nla_put_uint(skb, GCHEAP_A_KEY_DEFAULT, gch_setting_default(s)) ||
	    nla_put_string(skb, GCHEAP_A_KEY_DOC, s->doc))
		return -EMSGSIZE;
	if ((s->zero && nla_put_string(skb, GCHEAP_A_KEY_ZERO, s->zero)) ||
	    (s->live && nla_put_flag(skb, GCHEAP_A_KEY_LIVE)) ||
	    (s->pow2 && nla_put_flag(skb, GCHEAP_A_KEY_POWER_OF_TWO)))
		return -EMSGSIZE;
	return put_words(skb, s->words);
}

static int put_setting(struct sk_buff *skb, const struct gch_setting *s,
		       const struct gch_heap *heap)
{
	struct nlattr *nest = nla_nest_start(skb, GCHEAP_A_ENGINE_KEY);

	if (!nest || put_facts(skb, s))
		return -EMSGSIZE;
	if (heap && nla_put_uint(skb, GCHEAP_A_KEY_CURRENT, gch_val(heap, s->key)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* The settings of an engine, with their values if @heap is set. */
static int put_settings(struct sk_buff *skb, const struct gch_engine_ops *ops,
			const struct gch_heap *heap)
{
	const struct gch_setting *s;
	enum gch_key key;

	for (key = 0; key < GCH_KEY_NR; key++) {
		s = gch_setting_find(ops, key);
		if (s && put_setting(skb, s, heap))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_engine(struct sk_buff *skb, const struct gch_engine_ops *ops)
{
	const char *module = module_name(ops->owner ? : THIS_MODULE);

	if (nla_put_string(skb, GCHEAP_A_ENGINE_NAME, ops->name) ||
	    nla_put_string(skb, GCHEAP_A_ENGINE_MODULE, module) ||
	    nla_put_string(skb, GCHEAP_A_ENGINE_PAGE_GROUPS, ops->page_groups) ||
	    nla_put_u32(skb, GCHEAP_A_ENGINE_RECLAIM, ops->reclaim) ||
	    (ops->finalizers && nla_put_flag(skb, GCHEAP_A_ENGINE_FINALIZERS)))
		return -EMSGSIZE;
	return 0;
}

/* Replies with @ops, or with the settings of @heap, which has that engine. */
static int reply(struct genl_info *info, const struct gch_engine_ops *ops,
		 const struct gch_heap *heap)
{
	struct sk_buff *msg = genlmsg_new(REPLY_BYTES, GFP_KERNEL);
	void *hdr;
	int err;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &gcheap_nl_family, 0,
				info->genlhdr->cmd);
	err = !hdr ? -EMSGSIZE :
	      !heap ? put_engine(msg, ops) :
	      nla_put_string(msg, GCHEAP_A_ENGINE_NAME, ops->name) ? :
	      nla_put_string(msg, GCHEAP_A_ENGINE_HEAP, heap->name);
	if (!err)
		err = put_settings(msg, ops, heap);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int gcheap_nl_engine_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[GCHEAP_A_ENGINE_NAME];
	const struct gch_engine_ops *ops;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, GCHEAP_A_ENGINE_NAME)) {
		NL_SET_ERR_MSG(info->extack, "the name of an engine is missing");
		return -EINVAL;
	}
	ops = gch_engine_get_named(nla_data(name));
	if (!ops) {
		NL_SET_ERR_MSG_ATTR(info->extack, name, "no engine has this name");
		return -ENOENT;
	}
	err = reply(info, ops, NULL);
	gch_engine_put(ops);
	return err;
}

static int dump_engine(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct gch_engine_ops *ops)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &gcheap_nl_family,
				NLM_F_MULTI, GCHEAP_CMD_ENGINE_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (put_engine(skb, ops)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* The position of the dump, in args, is the smallest number not yet dumped. */
int gcheap_nl_engine_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct gch_engine_ops *ops;
	int err = 0;

	while (!err && (ops = gch_engine_get_next(cb->args[0]))) {
		err = dump_engine(skb, cb, ops);
		if (!err)
			cb->args[0] = ops->kind + 1;
		gch_engine_put(ops);
	}
	return skb->len ? : err;
}

int gcheap_nl_key_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_heap *heap = gch_nl_find(info, GCHEAP_A_ENGINE_HEAP);
	int err;

	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = reply(info, heap->ops, heap);
	gch_heap_put_later(heap);
	return err;
}
