// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: registration, code shared by its commands, and
 * module-get. Commands run in parallel; the core does the locking.
 */
#include "control.h"

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <gcheap/gcheap.h>

#include "compat.h"
#include "core/arena.h"
#include "core/heap.h"
#include "generated/netlink.h"

/**
 * gch_nl_check_admin - may the sender make changes?
 * @skb: the request
 * @info: the request's parsed form
 *
 * Commands that make changes require CAP_NET_ADMIN by their flags. They affect memory
 * of the whole host, so this check also requires CAP_SYS_ADMIN.
 *
 * Return: 0 or -EPERM.
 */
int gch_nl_check_admin(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "CAP_SYS_ADMIN is required");
	return -EPERM;
}

/**
 * gch_nl_find - finds the heap that a request names
 * @info: the request
 * @attr: the attribute with the name
 *
 * Return: the heap, with a reference for the caller, or an ERR_PTR(): -EINVAL without
 * the attribute, -ENOENT if no heap has the name.
 */
struct gch_heap *gch_nl_find(struct genl_info *info, int attr)
{
	struct gch_heap *heap;

	if (GENL_REQ_ATTR_CHECK(info, attr)) {
		NL_SET_ERR_MSG(info->extack, "the name of a heap is missing");
		return ERR_PTR(-EINVAL);
	}
	heap = gch_heap_find(nla_data(info->attrs[attr]));
	if (!heap) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "no such heap");
		return ERR_PTR(-ENOENT);
	}
	return heap;
}

/**
 * gch_nl_reply - replies to a request about one heap
 * @info: the request
 * @heap: the heap
 * @fill: adds the attributes
 *
 * Return: 0 or a negative errno.
 */
int gch_nl_reply(struct genl_info *info, struct gch_heap *heap,
		 gch_nl_fill_fn fill)
{
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &gcheap_nl_family, 0,
				info->genlhdr->cmd);
	err = hdr ? fill(msg, heap) : -EMSGSIZE;
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int dump_heap(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
		     struct gch_heap *heap, gch_nl_fill_fn fill)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &gcheap_nl_family,
				NLM_F_MULTI, cmd);
	int err;

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	err = fill(skb, heap);
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* Position of a dump. Ids ascend, so the dump continues even if the heap is deleted. */
struct dump_ctx {
	u32 after;
};

static_assert(sizeof(struct dump_ctx) <=
	      sizeof_field(struct netlink_callback, ctx));

/**
 * gch_nl_dump - fills one part of a dump of all heaps
 * @skb: buffer for messages
 * @cb: the dump; marked as inconsistent if heaps were added or deleted since its
 *	start
 * @cmd: command of the messages
 * @fill: adds the attributes of each heap
 *
 * Return: length of the part, 0 at the end, or a negative errno.
 */
int gch_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
		gch_nl_fill_fn fill)
{
	struct dump_ctx *ctx = (void *)cb->ctx;
	struct gch_heap *heap;
	int err;

	cb->seq = gch_heap_generation();
	while ((heap = gch_heap_next(ctx->after))) {
		u32 id = gch_heap_id(heap);

		err = dump_heap(skb, cb, cmd, heap, fill);
		gch_heap_put_later(heap);
		if (err)
			return skb->len ? : err;
		ctx->after = id;
	}
	return skb->len;
}

/* module-get is not about a heap. */
static int fill_module(struct sk_buff *skb, struct gch_heap *unused)
{
	u64 taken, returned;

	gch_pages_total(&taken, &returned);
	if (nla_put_string(skb, GCHEAP_A_MODULE_VERSION, GCH_VERSION) ||
	    nla_put_u32(skb, GCHEAP_A_MODULE_HEAPS, gch_heap_count()) ||
	    nla_put_uint(skb, GCHEAP_A_MODULE_PAGES_TAKEN, taken) ||
	    nla_put_uint(skb, GCHEAP_A_MODULE_PAGES_RETURNED, returned) ||
	    nla_put_u32(skb, GCHEAP_A_MODULE_HEAPS_ENDING, gch_heaps_ending()))
		return -EMSGSIZE;
	return 0;
}

int gcheap_nl_module_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return gch_nl_reply(info, NULL, fill_module);
}

/* Called for each socket that is closed. */
static int socket_closed(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC &&
	    net_eq(notify->net, &init_net))
		gch_owner_gone(notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = socket_closed,
};

/**
 * gch_nl_init - registers the netlink family
 *
 * Return: 0 or a negative errno.
 */
int gch_nl_init(void)
{
	int err;

	/*
	 * Heaps belong to the host, not to a network namespace: accept requests from
	 * the initial one only.
	 */
	gcheap_nl_family.netnsok = false;
	err = netlink_register_notifier(&socket_notifier);
	if (err)
		return err;
	err = genl_register_family(&gcheap_nl_family);
	if (err)
		netlink_unregister_notifier(&socket_notifier);
	return err;
}

/**
 * gch_nl_exit - unregisters the netlink family; no request runs afterwards
 */
void gch_nl_exit(void)
{
	genl_unregister_family(&gcheap_nl_family);
	netlink_unregister_notifier(&socket_notifier);
}

MODULE_ALIAS_GENL_FAMILY(GCHEAP_FAMILY_NAME);
