// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/gcheap_load.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink.h"

#include <uapi/linux/gcheap_load.h>

/* GCHEAP_LOAD_CMD_RUN_NEW - do */
static const struct nla_policy gcheap_load_run_new_nl_policy[GCHEAP_LOAD_A_RUN_SCALE + 1] = {
	[GCHEAP_LOAD_A_RUN_HEAP] = { .type = NLA_NUL_STRING, .len = 31, },
	[GCHEAP_LOAD_A_RUN_WORKLOAD] = NLA_POLICY_MAX(NLA_U32, 7),
	[GCHEAP_LOAD_A_RUN_MUTATORS] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_SECONDS] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_MAX_OPERATIONS] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_DEPTH] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_ENTRIES] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_SIZE] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_VERIFY] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_LIVE] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_BLOCKS] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_MIN_SIZE] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_MAX_SIZE] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_ROUNDS] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_SCALE] = { .type = NLA_U32, },
};

/* GCHEAP_LOAD_CMD_RUN_GET - do */
static const struct nla_policy gcheap_load_run_get_nl_policy[GCHEAP_LOAD_A_RUN_ID + 1] = {
	[GCHEAP_LOAD_A_RUN_ID] = { .type = NLA_U32, },
};

/* GCHEAP_LOAD_CMD_RUN_STOP - do */
static const struct nla_policy gcheap_load_run_stop_nl_policy[GCHEAP_LOAD_A_RUN_ID + 1] = {
	[GCHEAP_LOAD_A_RUN_ID] = { .type = NLA_U32, },
};

/* GCHEAP_LOAD_CMD_RUN_DEL - do */
static const struct nla_policy gcheap_load_run_del_nl_policy[GCHEAP_LOAD_A_RUN_ID + 1] = {
	[GCHEAP_LOAD_A_RUN_ID] = { .type = NLA_U32, },
};

/* GCHEAP_LOAD_CMD_RUN_FEED - do */
static const struct nla_policy gcheap_load_run_feed_nl_policy[GCHEAP_LOAD_A_RUN_LAST + 1] = {
	[GCHEAP_LOAD_A_RUN_ID] = { .type = NLA_U32, },
	[GCHEAP_LOAD_A_RUN_CHUNK] = { .type = NLA_BINARY, },
	[GCHEAP_LOAD_A_RUN_LAST] = { .type = NLA_FLAG, },
};

/* Ops table for gcheap_load */
static const struct genl_split_ops gcheap_load_nl_ops[] = {
	{
		.cmd		= GCHEAP_LOAD_CMD_RUN_NEW,
		.doit		= gcheap_load_nl_run_new_doit,
		.policy		= gcheap_load_run_new_nl_policy,
		.maxattr	= GCHEAP_LOAD_A_RUN_SCALE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= GCHEAP_LOAD_CMD_RUN_GET,
		.doit		= gcheap_load_nl_run_get_doit,
		.policy		= gcheap_load_run_get_nl_policy,
		.maxattr	= GCHEAP_LOAD_A_RUN_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= GCHEAP_LOAD_CMD_RUN_GET,
		.dumpit	= gcheap_load_nl_run_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= GCHEAP_LOAD_CMD_RUN_STOP,
		.doit		= gcheap_load_nl_run_stop_doit,
		.policy		= gcheap_load_run_stop_nl_policy,
		.maxattr	= GCHEAP_LOAD_A_RUN_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= GCHEAP_LOAD_CMD_RUN_DEL,
		.doit		= gcheap_load_nl_run_del_doit,
		.policy		= gcheap_load_run_del_nl_policy,
		.maxattr	= GCHEAP_LOAD_A_RUN_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= GCHEAP_LOAD_CMD_RUN_FEED,
		.doit		= gcheap_load_nl_run_feed_doit,
		.policy		= gcheap_load_run_feed_nl_policy,
		.maxattr	= GCHEAP_LOAD_A_RUN_LAST,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

struct genl_family gcheap_load_nl_family __ro_after_init = {
	.name		= GCHEAP_LOAD_FAMILY_NAME,
	.version	= GCHEAP_LOAD_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= gcheap_load_nl_ops,
	.n_split_ops	= ARRAY_SIZE(gcheap_load_nl_ops),
};
