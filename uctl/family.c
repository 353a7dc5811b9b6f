// SPDX-License-Identifier: GPL-2.0
/*
 * The two generic netlink families of the modules: their names and ids, and why one
 * is missing.
 */
#include "family.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/genetlink.h>
#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "gcctl.h"
#include "generated/keys.h"
#include "out.h"

/* Requests for engines have the attributes of requests for heaps: see below. */
static const char *const heap_attrs[GNL_ATTRS] = {
	[GCHEAP_A_ENGINE_NAME] = "engine",
	[GCHEAP_A_HEAP_NAME] = "name",
	[GCHEAP_A_HEAP_ENGINE] = "engine",
	[GCHEAP_A_HEAP_ENGINE_NAME] = "engine",
	[GCHEAP_A_HEAP_GENERATION] = "generation",
	[GCHEAP_A_HEAP_OWNED] = "owned",
	HEAP_KEY_ATTRS
};

static const char *const run_attrs[GNL_ATTRS] = {
	[GCHEAP_LOAD_A_RUN_ID] = "id",
	[GCHEAP_LOAD_A_RUN_HEAP] = "heap",
	[GCHEAP_LOAD_A_RUN_WORKLOAD] = "workload",
	[GCHEAP_LOAD_A_RUN_MUTATORS] = "mutators",
	[GCHEAP_LOAD_A_RUN_SECONDS] = "seconds",
	[GCHEAP_LOAD_A_RUN_MAX_OPERATIONS] = "max-operations",
	[GCHEAP_LOAD_A_RUN_DEPTH] = "depth",
	[GCHEAP_LOAD_A_RUN_ENTRIES] = "entries",
	[GCHEAP_LOAD_A_RUN_SIZE] = "size",
	[GCHEAP_LOAD_A_RUN_VERIFY] = "verify",
	[GCHEAP_LOAD_A_RUN_CHUNK] = "chunk",
	[GCHEAP_LOAD_A_RUN_LAST] = "last",
	[GCHEAP_LOAD_A_RUN_LIVE] = "live",
	[GCHEAP_LOAD_A_RUN_BLOCKS] = "blocks",
	[GCHEAP_LOAD_A_RUN_MIN_SIZE] = "min-size",
	[GCHEAP_LOAD_A_RUN_MAX_SIZE] = "max-size",
	[GCHEAP_LOAD_A_RUN_ROUNDS] = "rounds",
	[GCHEAP_LOAD_A_RUN_SCALE] = "scale",
};

/* Requests for statistics have only a name; heaps and engines one attribute each. */
_Static_assert((int)GCHEAP_A_STATS_NAME == (int)GCHEAP_A_HEAP_NAME &&
	       (int)GCHEAP_A_ENGINE_HEAP == (int)GCHEAP_A_HEAP_NAME &&
	       (int)GCHEAP_A_ENGINE_NAME == (int)GCHEAP_A_HEAP_ID,
	       "heap_attrs serves all sets");
_Static_assert(ARRAY_SIZE(heap_attrs) > GCHEAP_A_STATS_MAX &&
	       ARRAY_SIZE(run_attrs) > GCHEAP_LOAD_A_RUN_MAX, "all are read");

static struct family families[GNL_FAMILIES] = {
	[GNL_GCHEAP] = {
		.name = GCHEAP_FAMILY_NAME,
		.module = "gcheap",
		.version = GCHEAP_FAMILY_VERSION,
		.attrs = heap_attrs,
	},
	[GNL_LOAD] = {
		.name = GCHEAP_LOAD_FAMILY_NAME,
		.module = "gcheap_load",
		.version = GCHEAP_LOAD_FAMILY_VERSION,
		.attrs = run_attrs,
	},
};

/* The kernel's reply about a family. */
struct answer {
	const char *group;	/* group whose id is requested, or NULL */
	uint32_t group_id;	/* 0 without such a group */
	uint64_t id;
};

static void read_groups(struct nlattr *groups, struct answer *a)
{
	struct nlattr *group, *attrs[CTRL_ATTR_MCAST_GRP_MAX + 1];
	int left;

	nla_for_each_nested(group, groups, left) {
		if (nla_parse_nested(attrs, CTRL_ATTR_MCAST_GRP_MAX, group,
				     NULL) ||
		    !attrs[CTRL_ATTR_MCAST_GRP_NAME] ||
		    !attrs[CTRL_ATTR_MCAST_GRP_ID])
			continue;
		if (!nla_strcmp(attrs[CTRL_ATTR_MCAST_GRP_NAME], a->group))
			a->group_id = nla_get_u32(attrs[CTRL_ATTR_MCAST_GRP_ID]);
	}
}

static void read_family(struct gnl_reply *reply, void *arg)
{
	struct answer *a = arg;

	if (reply->attrs[CTRL_ATTR_FAMILY_ID])
		a->id = nla_get_u16(reply->attrs[CTRL_ATTR_FAMILY_ID]);
	if (a->group && reply->attrs[CTRL_ATTR_MCAST_GROUPS])
		read_groups(reply->attrs[CTRL_ATTR_MCAST_GROUPS], a);
}

static int ask(enum gnl_family family, struct answer *a)
{
	static const struct family control = {
		.id = GENL_ID_CTRL,
		.version = 1,
	};
	struct nl_msg *msg;
	int err;

	err = gnl_connect();
	if (err)
		return err;
	msg = gnl_new_to(&control, CTRL_CMD_GETFAMILY, 128);
	gnl_put_name(msg, CTRL_ATTR_FAMILY_NAME, families[family].name);
	err = gnl_do(msg, read_family, a);
	return err ? err : a->id ? 0 : -ENOENT;
}

static const struct family *family_of(enum gnl_family family)
{
	return &families[family];
}

/**
 * gnl_find() - finds a family; the kernel may load its module
 * @family: the family
 *
 * Return: 0, -ENOENT if there is none, or another negative errno that gnl_fail() can
 * explain.
 */
int gnl_find(enum gnl_family family)
{
	struct answer a = { 0 };
	int err;

	if (families[family].id)
		return 0;
	err = ask(family, &a);
	if (!err)
		families[family].id = (int)a.id;
	return err;
}

/*
 * Returns the id of a multicast group, or a negative errno that gnl_fail() can
 * explain.
 */
static int family_group(enum gnl_family family, const char *group)
{
	struct answer a = { .group = group };
	int err = ask(family, &a);

	return err ? err : a.group_id ? (int)a.group_id : -ENOENT;
}

/**
 * gnl_state() - state of a family's module
 * @family: the family
 *
 * The families are visible only in the initial network namespace.
 *
 * Return: "loaded", "not loaded", "hidden", or that the module is being loaded or
 * unloaded.
 */
const char *gnl_state(enum gnl_family family)
{
	char path[64], state[16] = "";
	FILE *file;

	if (!gnl_find(family))
		return "loaded";
	snprintf(path, sizeof(path), "/sys/module/%s/initstate",
		 families[family].module);
	file = fopen(path, "re");
	if (!file)
		return "not loaded";
	if (!fgets(state, sizeof(state), file))
		state[0] = '\0';
	fclose(file);
	if (!strcmp(state, "coming\n"))
		return "being loaded";
	if (!strcmp(state, "going\n"))
		return "being unloaded";
	/* The module may have been loaded since the first attempt. */
	return gnl_find(family) ? "hidden" : "loaded";
}

/**
 * gnl_open() - finds a family, or reports why it is missing
 * @family: the family
 *
 * Return: %STATUS_OK, or another exit status with the reason printed.
 */
int gnl_open(enum gnl_family family)
{
	const char *module = families[family].module, *state;
	int err = gnl_find(family);
	char hint[64];

	if (!err)
		return STATUS_OK;
	if (err != -ENOENT)
		return gnl_fail(err);
	state = gnl_state(family);
	if (!strcmp(state, "loaded"))
		return STATUS_OK;
	if (!strcmp(state, "hidden"))
		return out_error(STATUS_REFUSED, ENOENT,
				 "run gcctl in the initial network namespace: nsenter -t 1 -n gcctl ...",
				 "module %s is not accessible from this network namespace",
				 module);
	snprintf(hint, sizeof(hint), "modprobe %s", module);
	return out_error(STATUS_MISSING, ENOENT,
			 strcmp(state, "not loaded") ? "try again" : hint,
			 "module %s is %s", module, state);
}

/**
 * gnl_new() - gnl_new_to() by name
 * @family: family that was found by gnl_open()
 * @cmd: its command
 * @payload: bytes of the attributes, at most
 *
 * Return: the message, which gnl_do() consumes.
 */
struct nl_msg *gnl_new(enum gnl_family family, int cmd, size_t payload)
{
	return gnl_new_to(family_of(family), cmd, payload);
}

/**
 * gnl_dump() - dumps all objects of a kind
 * @family: family that was found by gnl_open()
 * @cmd: its command
 * @restart: discards the results of @fn, because the dump restarts
 * @fn: called for each object
 * @arg: for both
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int gnl_dump(enum gnl_family family, int cmd, void (*restart)(void *arg),
	     gnl_reply_fn fn, void *arg)
{
	return gnl_dump_to(family_of(family), cmd, restart, fn, arg);
}

/**
 * gnl_listen() - starts to listen to notifications of a family
 * @family: family that was found by gnl_open()
 * @group: its multicast group
 *
 * Return: %STATUS_OK, or another exit status with the reason printed.
 */
int gnl_listen(enum gnl_family family, const char *group)
{
	int id = family_group(family, group);

	if (id == -ENOENT)
		return out_error(STATUS_MISSING, ENOENT,
				 "compare the versions of gcctl and the module: gcctl version",
				 "the module sends no events");
	if (id < 0)
		return gnl_fail(id);
	return gnl_join(id);
}
