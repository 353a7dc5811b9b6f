/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that knows kernel versions
 *
 * The code is written for the newest kernel. This file supplies features that older
 * kernels lack, one section per feature. It detects macro features by name, because
 * distributions backport them, and other features by version.
 */
#ifndef _GCHEAP_COMPAT_H
#define _GCHEAP_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "gcheap needs Linux 6.1 or newer"
#endif

#include "layout.h"

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/mmzone.h>
#include <linux/netlink.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/netlink.h>

/*
 * Formatted extack messages (6.2). An older extack has no room for the text and can
 * only point to it, so texts live in a ring. The netlink core copies the text when
 * the handler has returned, long before the ring wraps.
 */
#ifndef NL_SET_ERR_MSG_FMT
#define GCH_COMPAT_TEXTS	32
#define GCH_COMPAT_TEXT_BYTES	80

static inline char *gch_compat_text(void)
{
	static char ring[GCH_COMPAT_TEXTS][GCH_COMPAT_TEXT_BYTES];
	static atomic_t next;

	return ring[(unsigned int)atomic_inc_return(&next) % GCH_COMPAT_TEXTS];
}

#define NL_SET_ERR_MSG_FMT(extack, fmt, args...) do {			\
	struct netlink_ext_ack *__ack = (extack);			\
									\
	if (__ack) {							\
		char *__text = gch_compat_text();			\
									\
		snprintf(__text, GCH_COMPAT_TEXT_BYTES, fmt, ##args);	\
		__ack->_msg = __text;					\
	}								\
} while (0)
#endif

#ifndef NL_SET_ERR_MSG_ATTR_FMT
#define NL_SET_ERR_MSG_ATTR_FMT(extack, attr, fmt, args...) do {	\
	struct netlink_ext_ack *__attr_ack = (extack);			\
									\
	NL_SET_ERR_MSG_FMT(__attr_ack, fmt, ##args);			\
	NL_SET_BAD_ATTR(__attr_ack, attr);				\
} while (0)
#endif

/*
 * Integers of 4 or 8 bytes on the wire (6.7). NLA_UINT must work in generated
 * policies, in "{ .type = NLA_UINT, }".
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline int gch_compat_check_uint(const struct nlattr *attr,
					struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) || nla_len(attr) == sizeof(u64))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "invalid attribute length");
	return -EINVAL;
}

#define NLA_UINT	NLA_BINARY,					\
			.validation_type = NLA_VALIDATE_FUNCTION,	\
			.validate = gch_compat_check_uint

static inline u64 nla_get_uint(const struct nlattr *attr)
{
	if (nla_len(attr) == sizeof(u32))
		return nla_get_u32(attr);
	return nla_get_u64(attr);
}

static inline int nla_put_uint(struct sk_buff *skb, int type, u64 value)
{
	if (value > U32_MAX)
		return nla_put(skb, type, sizeof(value), &value);
	return nla_put_u32(skb, type, value);
}
#endif

/*
 * Split operations (6.2): a generated family has one entry each for the do and the
 * dump of a command. Older kernels have one entry with one policy per command. There
 * the generated tables are tables of struct genl_ops, and the registration merges the
 * entries of a command.
 *
 * Files that register and unregister generated families must include this header, and
 * specs must have no pre and post hooks.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define genl_split_ops	genl_ops
#define split_ops	ops
#define n_split_ops	n_ops

static inline void gch_compat_genl_free(struct genl_family *family)
{
	unsigned int i;

	for (i = 0; i < family->n_ops; i++)
		kfree(family->ops[i].policy);
	kfree(family->ops);
}

static inline int gch_compat_genl_merge(struct genl_ops *to,
					const struct genl_ops *from)
{
	unsigned int i, max = max(to->maxattr, from->maxattr);
	struct nla_policy *policy = NULL;

	/* Without a policy the netlink core rejects all attributes. */
	if (max) {
		policy = kcalloc(max + 1, sizeof(*policy), GFP_KERNEL);
		if (!policy)
			return -ENOMEM;
	}
	for (i = 1; to->policy && i <= to->maxattr; i++)
		memcpy(&policy[i], &to->policy[i], sizeof(*policy));
	for (i = 1; from->policy && i <= from->maxattr; i++)
		if (from->policy[i].type != NLA_UNSPEC)
			memcpy(&policy[i], &from->policy[i], sizeof(*policy));
	kfree(to->policy);

	to->cmd = from->cmd;
	to->flags |= from->flags;
	to->validate |= from->validate;
	to->policy = policy;
	to->maxattr = max;
	if (from->doit)
		to->doit = from->doit;
	if (from->dumpit) {
		to->start = from->start;
		to->dumpit = from->dumpit;
		to->done = from->done;
	}
	return 0;
}

static inline int gch_compat_genl_register(struct genl_family *family)
{
	const struct genl_ops *split = family->ops;
	unsigned int i, j, n = 0, n_split = family->n_ops;
	struct genl_ops *ops;
	int err = 0;

	ops = kcalloc(n_split, sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	for (i = 0; i < n_split && !err; i++) {
		for (j = 0; j < n && ops[j].cmd != split[i].cmd; j++)
			;
		err = gch_compat_genl_merge(&ops[j], &split[i]);
		n = max(n, j + 1);
	}
	family->ops = ops;
	family->n_ops = n;
	if (!err)
		err = (genl_register_family)(family);
	if (err) {
		gch_compat_genl_free(family);
		family->ops = split;
		family->n_ops = n_split;
	}
	return err;
}

static inline int gch_compat_genl_unregister(struct genl_family *family)
{
	int err = (genl_unregister_family)(family);

	if (!err)
		gch_compat_genl_free(family);
	return err;
}

#else

/*
 * If a split operation has no attributes, the netlink core (6.12, for example)
 * accepts any attribute without looking at it. Such operations get a policy that
 * rejects all.
 */
static inline int gch_compat_genl_register(struct genl_family *family)
{
	static const struct nla_policy none[] = {
		{ .type = NLA_REJECT }, { .type = NLA_REJECT },
	};
	const struct genl_split_ops *given = family->split_ops;
	struct genl_split_ops *ops;
	unsigned int i;
	int err;

	ops = kmemdup(given, family->n_split_ops * sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	/* The family is read-only after init; kmemleak does not scan it. */
	kmemleak_not_leak(ops);
	for (i = 0; i < family->n_split_ops; i++) {
		if (ops[i].policy)
			continue;
		ops[i].policy = none;
		ops[i].maxattr = ARRAY_SIZE(none) - 1;
	}
	family->split_ops = ops;
	err = (genl_register_family)(family);
	if (err) {
		family->split_ops = given;
		kfree(ops);
	}
	return err;
}

static inline int gch_compat_genl_unregister(struct genl_family *family)
{
	int err = (genl_unregister_family)(family);

	if (!err)
		kfree(family->split_ops);
	return err;
}
#endif

#define genl_register_family(family)	gch_compat_genl_register(family)
#define genl_unregister_family(family)	gch_compat_genl_unregister(family)

/*
 * Allocated shrinkers (6.7), whose registration cannot fail. Older kernels register
 * memory of the caller, which the caller also frees.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline struct shrinker *gch_compat_shrinker_alloc(void)
{
	return kzalloc(sizeof(struct shrinker), GFP_KERNEL);
}

static inline int gch_compat_shrinker_register(struct shrinker *shrinker)
{
	return register_shrinker(shrinker, "gcheap");
}

static inline void shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}
#else
#define gch_compat_shrinker_alloc()		shrinker_alloc(0, "gcheap")
#define gch_compat_shrinker_register(shrinker)	(shrinker_register(shrinker), 0)
#endif

/* Order of the largest block of pages: exclusive before 6.4, renamed in 6.8. */
#if defined(MAX_PAGE_ORDER)
#define GCH_MAX_PAGE_ORDER	MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define GCH_MAX_PAGE_ORDER	MAX_ORDER
#else
#define GCH_MAX_PAGE_ORDER	(MAX_ORDER - 1)
#endif

/* Symbols for KUnit tests only (6.2). Since 6.13 the namespace is a string. */
#if !IS_ENABLED(CONFIG_KUNIT)
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	static_assert(true, #symbol)
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#include <kunit/visibility.h>
#else
#define EXPORT_SYMBOL_IF_KUNIT(symbol)					\
	EXPORT_SYMBOL_NS(symbol, EXPORTED_FOR_KUNIT_TESTING)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define GCH_KUNIT_NS	"EXPORTED_FOR_KUNIT_TESTING"
#else
#define GCH_KUNIT_NS	EXPORTED_FOR_KUNIT_TESTING
#endif

#endif /* _GCHEAP_COMPAT_H */
