/* SPDX-License-Identifier: GPL-2.0 */
/* Which attributes each command takes, as the kernel says of its policies. */
#ifndef FUZZ_POLICY_H
#define FUZZ_POLICY_H

#include "fuzz.h"
#include "fuzz_end.h"

#define COMMANDS	32
#define WORD		24
/* As in linux/netlink.h, where not all systems have the last two. */
#define TYPE_SINT	16
#define TYPE_UINT	17

/**
 * struct attr - an attribute that a command takes
 * @known: it does
 * @type: NL_ATTR_TYPE_*
 * @bounded: limits are known
 * @min: least value
 * @max: highest
 * @word: how refusals call it, if one did
 */
struct attr {
	bool known;
	uint32_t type;
	bool bounded;
	uint64_t min;
	uint64_t max;
	char word[WORD];
};

struct command {
	int family;
	int cmd;
	struct attr attr[GENL_ATTRS];
};

static struct command commands[COMMANDS];
static unsigned int nr_commands;
static struct command *heap_set;

static struct command *find_command(int family, int cmd)
{
	unsigned int i;

	for (i = 0; i < nr_commands; i++)
		if (commands[i].family == family && commands[i].cmd == cmd)
			return &commands[i];
	return NULL;
}

static void add_commands(int family, int first, int last)
{
	int cmd;

	for (cmd = first; cmd <= last && nr_commands < COMMANDS; cmd++) {
		commands[nr_commands].family = family;
		commands[nr_commands++].cmd = cmd;
	}
}

/* Calls @fn for each attribute in @attr, a nest. */
static void each(const struct nlattr *attr,
		 void (*fn)(const struct nlattr *attr, void *arg), void *arg)
{
	const char *p = (const char *)(attr + 1);
	int left = attr->nla_len - NLA_HDRLEN;

	while (left >= NLA_HDRLEN) {
		const struct nlattr *inner = (const void *)p;

		fn(inner, arg);
		p += NLA_ALIGN(inner->nla_len);
		left -= NLA_ALIGN(inner->nla_len);
	}
}

static uint64_t number_in(const struct nlattr *nest, int type, uint64_t none)
{
	const struct nlattr *attr;
	uint64_t wide = none;
	uint32_t narrow;

	attr = genl_find((const char *)(nest + 1), nest->nla_len - NLA_HDRLEN,
			 type);
	if (attr && attr->nla_len >= NLA_HDRLEN + sizeof(wide)) {
		memcpy(&wide, attr + 1, sizeof(wide));
	} else if (attr) {
		memcpy(&narrow, attr + 1, sizeof(narrow));
		wide = narrow;
	}
	return wide;
}

/* Which policy each command has, by its number in the dump. */
struct policies {
	int family;
	uint32_t of[256];
	uint32_t at;
};

static void read_op(const struct nlattr *op, void *arg)
{
	struct policies *p = arg;

	if ((op->nla_type & NLA_TYPE_MASK) < 256)
		p->of[op->nla_type & NLA_TYPE_MASK] =
			(uint32_t)number_in(op, CTRL_ATTR_POLICY_DO, ~0U);
}

static void read_attr(const struct nlattr *attr, void *arg)
{
	const struct policies *p = arg;
	unsigned int type = attr->nla_type & NLA_TYPE_MASK, i;

	for (i = 0; i < nr_commands && type < GENL_ATTRS; i++) {
		struct attr *a = &commands[i].attr[type];

		if (commands[i].family != p->family ||
		    p->of[commands[i].cmd] != p->at)
			continue;
		a->type = (uint32_t)number_in(attr, NL_POLICY_TYPE_ATTR_TYPE,
					      NL_ATTR_TYPE_INVALID);
		a->known = a->type != NL_ATTR_TYPE_INVALID;
		a->min = number_in(attr, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 0);
		a->max = number_in(attr, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, ~0ULL);
		a->bounded = a->max < UINT32_MAX;
	}
}

static void read_policy(const struct nlattr *policy, void *arg)
{
	struct policies *p = arg;

	p->at = policy->nla_type & NLA_TYPE_MASK;
	each(policy, read_attr, p);
}

static void read_part(const struct genl_reply *part, void *arg)
{
	const struct nlattr *attr;

	attr = genl_find(part->buf, part->len, CTRL_ATTR_OP_POLICY);
	if (attr)
		each(attr, read_op, arg);
	attr = genl_find(part->buf, part->len, CTRL_ATTR_POLICY);
	if (attr)
		each(attr, read_policy, arg);
}

static void read_policies(int family)
{
	struct policies p = { .family = family };
	uint16_t id = (uint16_t)family;

	memset(p.of, 0xff, sizeof(p.of));
	genl_begin(&fuzz_req, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, NLM_F_DUMP);
	genl_put(&fuzz_req, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
	fuzz_take_dump(read_part, &p);
}

static void test_policies(void)
{
	unsigned int i, j, nr = 0;

	/* What follows is what the module says unasked. */
	add_commands(fuzz_gcheap, 1, GCHEAP_CMD_STATS_GET);
	add_commands(fuzz_gcheap, GCHEAP_CMD_ENGINE_GET, GCHEAP_CMD_MAX);
	add_commands(fuzz_load, 1, GCHEAP_LOAD_CMD_MAX);
	read_policies(fuzz_gcheap);
	read_policies(fuzz_load);
	for (i = 0; i < nr_commands; i++)
		for (j = 0; j < GENL_ATTRS; j++)
			nr += commands[i].attr[j].known;
	heap_set = find_command(fuzz_gcheap, GCHEAP_CMD_HEAP_SET);
	ksft_test_result(heap_set && heap_set->attr[H(NAME)].known &&
			 heap_set->attr[H(VERIFY)].known && nr > 30,
			 "%u commands with %u attributes in all\n", nr_commands,
			 nr);
}

#endif /* FUZZ_POLICY_H */
