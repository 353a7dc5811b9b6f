// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/gcheap.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink.h"

#include <uapi/linux/gcheap.h>

/* GCHEAP_CMD_HEAP_GET - do */
static const struct nla_policy gcheap_heap_get_nl_policy[GCHEAP_A_HEAP_NAME + 1] = {
	[GCHEAP_A_HEAP_NAME] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
};

/* GCHEAP_CMD_HEAP_NEW - do */
static const struct nla_policy gcheap_heap_new_nl_policy[GCHEAP_A_HEAP_OWN7 + 1] = {
	[GCHEAP_A_HEAP_NAME] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
	[GCHEAP_A_HEAP_ENGINE] = NLA_POLICY_MAX(NLA_U32, 2),
	[GCHEAP_A_HEAP_LIMIT] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_ARENA_ORDER] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_VERIFY] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_POISON] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_INTERVAL_MS] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_GOGC] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_MEMORY_LIMIT] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_ASSIST_US] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_PERIOD_MS] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_SMALL_MAX] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_POOL_SIZE] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_THRESHOLD0] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_THRESHOLD1] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_THRESHOLD2] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_SWITCH_US] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_WORKERS] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_GCTRACE] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_BARRIER] = NLA_POLICY_MAX(NLA_U32, 2),
	[GCHEAP_A_HEAP_STW] = NLA_POLICY_MAX(NLA_U32, 2),
	[GCHEAP_A_HEAP_GC_PERCENT_CPU] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_MARKER] = NLA_POLICY_MAX(NLA_U32, 2),
	[GCHEAP_A_HEAP_OWNED] = { .type = NLA_FLAG, },
	[GCHEAP_A_HEAP_ENGINE_NAME] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
	[GCHEAP_A_HEAP_OWN0] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN1] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN2] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN3] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN4] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN5] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN6] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN7] = { .type = NLA_UINT, },
};

/* GCHEAP_CMD_HEAP_SET - do */
static const struct nla_policy gcheap_heap_set_nl_policy[GCHEAP_A_HEAP_OWN7 + 1] = {
	[GCHEAP_A_HEAP_NAME] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
	[GCHEAP_A_HEAP_LIMIT] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_ARENA_ORDER] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_VERIFY] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_POISON] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_INTERVAL_MS] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_GOGC] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_MEMORY_LIMIT] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_ASSIST_US] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_PERIOD_MS] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_SMALL_MAX] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_POOL_SIZE] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_THRESHOLD0] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_THRESHOLD1] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_THRESHOLD2] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_SWITCH_US] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_WORKERS] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_GCTRACE] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_BARRIER] = NLA_POLICY_MAX(NLA_U32, 2),
	[GCHEAP_A_HEAP_STW] = NLA_POLICY_MAX(NLA_U32, 2),
	[GCHEAP_A_HEAP_GC_PERCENT_CPU] = { .type = NLA_U32, },
	[GCHEAP_A_HEAP_MARKER] = NLA_POLICY_MAX(NLA_U32, 2),
	[GCHEAP_A_HEAP_OWN0] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN1] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN2] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN3] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN4] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN5] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN6] = { .type = NLA_UINT, },
	[GCHEAP_A_HEAP_OWN7] = { .type = NLA_UINT, },
};

/* GCHEAP_CMD_HEAP_DEL - do */
static const struct nla_policy gcheap_heap_del_nl_policy[GCHEAP_A_HEAP_NAME + 1] = {
	[GCHEAP_A_HEAP_NAME] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
};

/* GCHEAP_CMD_COLLECT - do */
static const struct nla_policy gcheap_collect_nl_policy[GCHEAP_A_HEAP_GENERATION + 1] = {
	[GCHEAP_A_HEAP_NAME] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
	[GCHEAP_A_HEAP_GENERATION] = { .type = NLA_U32, },
};

/* GCHEAP_CMD_STATS_GET - do */
static const struct nla_policy gcheap_stats_get_nl_policy[GCHEAP_A_STATS_NAME + 1] = {
	[GCHEAP_A_STATS_NAME] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
};

/* GCHEAP_CMD_ENGINE_GET - do */
static const struct nla_policy gcheap_engine_get_nl_policy[GCHEAP_A_ENGINE_NAME + 1] = {
	[GCHEAP_A_ENGINE_NAME] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
};

/* GCHEAP_CMD_KEY_GET - do */
static const struct nla_policy gcheap_key_get_nl_policy[GCHEAP_A_ENGINE_HEAP + 1] = {
	[GCHEAP_A_ENGINE_HEAP] = { .type = NLA_NUL_STRING, .len = GCHEAP_NAME_MAX, },
};

/* Ops table for gcheap */
static const struct genl_split_ops gcheap_nl_ops[] = {
	{
		.cmd	= GCHEAP_CMD_MODULE_GET,
		.doit	= gcheap_nl_module_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= GCHEAP_CMD_HEAP_GET,
		.doit		= gcheap_nl_heap_get_doit,
		.policy		= gcheap_heap_get_nl_policy,
		.maxattr	= GCHEAP_A_HEAP_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= GCHEAP_CMD_HEAP_GET,
		.dumpit	= gcheap_nl_heap_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= GCHEAP_CMD_HEAP_NEW,
		.doit		= gcheap_nl_heap_new_doit,
		.policy		= gcheap_heap_new_nl_policy,
		.maxattr	= GCHEAP_A_HEAP_OWN7,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= GCHEAP_CMD_HEAP_SET,
		.doit		= gcheap_nl_heap_set_doit,
		.policy		= gcheap_heap_set_nl_policy,
		.maxattr	= GCHEAP_A_HEAP_OWN7,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= GCHEAP_CMD_HEAP_DEL,
		.doit		= gcheap_nl_heap_del_doit,
		.policy		= gcheap_heap_del_nl_policy,
		.maxattr	= GCHEAP_A_HEAP_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= GCHEAP_CMD_COLLECT,
		.doit		= gcheap_nl_collect_doit,
		.policy		= gcheap_collect_nl_policy,
		.maxattr	= GCHEAP_A_HEAP_GENERATION,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= GCHEAP_CMD_STATS_GET,
		.doit		= gcheap_nl_stats_get_doit,
		.policy		= gcheap_stats_get_nl_policy,
		.maxattr	= GCHEAP_A_STATS_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= GCHEAP_CMD_STATS_GET,
		.dumpit	= gcheap_nl_stats_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= GCHEAP_CMD_ENGINE_GET,
		.doit		= gcheap_nl_engine_get_doit,
		.policy		= gcheap_engine_get_nl_policy,
		.maxattr	= GCHEAP_A_ENGINE_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= GCHEAP_CMD_ENGINE_GET,
		.dumpit	= gcheap_nl_engine_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= GCHEAP_CMD_KEY_GET,
		.doit		= gcheap_nl_key_get_doit,
		.policy		= gcheap_key_get_nl_policy,
		.maxattr	= GCHEAP_A_ENGINE_HEAP,
		.flags		= GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group gcheap_nl_mcgrps[] = {
	[GCHEAP_NLGRP_EVENTS] = { "events", },
};

struct genl_family gcheap_nl_family __ro_after_init = {
	.name		= GCHEAP_FAMILY_NAME,
	.version	= GCHEAP_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= gcheap_nl_ops,
	.n_split_ops	= ARRAY_SIZE(gcheap_nl_ops),
	.mcgrps		= gcheap_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(gcheap_nl_mcgrps),
};
