// SPDX-License-Identifier: GPL-2.0
/*
 * What the family gcheap refuses: every attribute missing, out of bounds or
 * malformed; names that are taken, unknown or no names; callers without the
 * capability. A refusal says why in words, points at the attribute, and has
 * changed nothing. And what it must not do: lose heaps in a dump, or hide that
 * a dump is inconsistent.
 */
#define _GNU_SOURCE
#include "genl.h"
#include "need.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/gcheap.h>

#include "kselftest.h"

#define HEAP	"t-netlink"
/* Enough for a dump of several parts. */
#define MANY	600

/* Where an attribute's value is a number. */
enum form { NONE, U32, U64, STRING, RAW };

struct attr {
	int type;
	enum form form;
	uint64_t num;
	const char *text;	/* of RAW: @num bytes */
};

/**
 * struct refusal - a request that must be refused
 * @what: what is wrong with it
 * @cmd: its command
 * @attrs: its attributes
 * @err: the errno
 * @bad: attribute that must be pointed at, or 0
 * @missing: attribute that must be reported as missing, or 0
 * @text: part of the message, or NULL
 */
struct refusal {
	const char *what;
	int cmd;
	struct attr attrs[4];
	int err;
	int bad;
	int missing;
	const char *text;
};

#define A(name)		GCHEAP_A_HEAP_##name
#define E(name)		GCHEAP_A_ENGINE_##name
#define NAME(v)		{ A(NAME), STRING, 0, v }
#define ENGINE(v)	{ A(ENGINE), U32, GCHEAP_ENGINE_##v, NULL }
#define TEXT(name, v)	{ A(name), STRING, 0, v }
#define NUM(name, v)	{ A(name), U32, v, NULL }
#define WIDE(name, v)	{ A(name), U64, v, NULL }
#define BYTES(name, n)	{ A(name), RAW, n, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }

#define NEW	GCHEAP_CMD_HEAP_NEW
#define SET	GCHEAP_CMD_HEAP_SET

#define LONG31	"abcdefghijklmnopqrstuvwxyz01234"

static const struct refusal refusals[] = {
	{ "new: no name", NEW, { ENGINE(GO) }, EINVAL, 0, A(NAME), "name" },
	{ "new: no engine", NEW, { NAME("t-x") }, EINVAL, 0, A(ENGINE_NAME),
	  "engine" },
	{ "new: engine twice", NEW, { NAME("t-x"), ENGINE(GO),
	  TEXT(ENGINE_NAME, "go") }, EINVAL, A(ENGINE_NAME), 0, "exclude" },
	{ "new: engine of no module", NEW, { NAME("t-x"),
	  TEXT(ENGINE_NAME, "t-none") }, EOPNOTSUPP, A(ENGINE_NAME), 0,
	  "no engine" },
	{ "new: engine that is no name", NEW, { NAME("t-x"),
	  TEXT(ENGINE_NAME, "../x") }, EOPNOTSUPP, A(ENGINE_NAME), 0,
	  "no engine" },
	{ "new: engine of 32", NEW, { NAME("t-x"),
	  TEXT(ENGINE_NAME, LONG31 "5") }, EINVAL, A(ENGINE_NAME), 0, NULL },
	{ "new: own key of another engine", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(OWN0, 1) }, EOPNOTSUPP, A(OWN0), 0, "does not apply" },
	{ "new: unknown engine", NEW, { NAME("t-x"), NUM(ENGINE, 3) }, ERANGE,
	  A(ENGINE), 0, NULL },
	{ "new: empty name", NEW, { NAME(""), ENGINE(GO) }, EINVAL, A(NAME), 0,
	  "1 to 31" },
	{ "new: name of 32", NEW, { NAME(LONG31 "5"), ENGINE(GO) }, EINVAL,
	  A(NAME), 0, NULL },
	{ "new: name without end", NEW, { BYTES(NAME, 31), ENGINE(GO) }, EINVAL,
	  A(NAME), 0, NULL },
	{ "new: name with a slash", NEW, { NAME("t/x"), ENGINE(GO) }, EINVAL,
	  A(NAME), 0, "letters" },
	{ "new: name with a newline", NEW, { NAME("t\nx"), ENGINE(GO) }, EINVAL,
	  A(NAME), 0, "letters" },
	{ "new: name that is a folder", NEW, { NAME(".."), ENGINE(GO) }, EINVAL,
	  A(NAME), 0, "begin with" },
	{ "new: name that is taken", NEW, { NAME(HEAP), ENGINE(SLAB) }, EEXIST,
	  A(NAME), 0, HEAP },
	{ "new: short engine", NEW, { NAME("t-x"), BYTES(ENGINE, 2) }, EINVAL,
	  A(ENGINE), 0, NULL },
	{ "new: limit of 3 bytes", NEW, { NAME("t-x"), ENGINE(GO),
	  BYTES(LIMIT, 3) }, EINVAL, A(LIMIT), 0, "length" },
	{ "new: limit too high", NEW, { NAME("t-x"), ENGINE(GO),
	  WIDE(LIMIT, ~0ULL) }, ERANGE, A(LIMIT), 0, "limit must be" },
	{ "new: arena-order too high", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(ARENA_ORDER, 99) }, ERANGE, A(ARENA_ORDER), 0,
	  "arena-order must be" },
	{ "new: verify 2", NEW, { NAME("t-x"), ENGINE(GO), NUM(VERIFY, 2) },
	  ERANGE, A(VERIFY), 0, "verify must be 0 to 1" },
	{ "new: poison 2", NEW, { NAME("t-x"), ENGINE(PYTHON), NUM(POISON, 2) },
	  ERANGE, A(POISON), 0, "poison must be 0 to 1" },
	{ "new: interval-ms too long", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(INTERVAL_MS, ~0U) }, ERANGE, A(INTERVAL_MS), 0,
	  "interval-ms must be" },
	{ "new: gogc too high", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(GOGC, ~0U) }, ERANGE, A(GOGC), 0, "gogc must be" },
	{ "new: gogc of python", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(GOGC, 100) }, EOPNOTSUPP, A(GOGC), 0, "gogc does not apply" },
	{ "new: small-max of go", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(SMALL_MAX, 512) }, EOPNOTSUPP, A(SMALL_MAX), 0,
	  "small-max does not apply" },
	{ "new: small-max too high", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(SMALL_MAX, ~0U) }, ERANGE, A(SMALL_MAX), 0, "small-max must be" },
	{ "new: pool-size of odd size", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(POOL_SIZE, 12288) }, EINVAL, A(POOL_SIZE), 0,
	  "pool-size must be a power of two" },
	{ "new: pool-size too small", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(POOL_SIZE, 1) }, ERANGE, A(POOL_SIZE), 0, "pool-size must be" },
	{ "new: small-max of odd size", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(SMALL_MAX, 260) }, EINVAL, 0, 0, "small-max must be a multiple" },
	{ "new: pool larger than an arena", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(POOL_SIZE, 16384), NUM(ARENA_ORDER, 0) }, EINVAL, 0, 0,
	  "arena-order is too small" },
	{ "new: threshold0 too high", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(THRESHOLD0, ~0U) }, ERANGE, A(THRESHOLD0), 0,
	  "threshold0 must be" },
	{ "new: threshold1 too high", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(THRESHOLD1, ~0U) }, ERANGE, A(THRESHOLD1), 0,
	  "threshold1 must be" },
	{ "new: threshold2 too high", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(THRESHOLD2, ~0U) }, ERANGE, A(THRESHOLD2), 0,
	  "threshold2 must be" },
	{ "new: switch-us too long", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(SWITCH_US, ~0U) }, ERANGE, A(SWITCH_US), 0,
	  "switch-us must be" },
	{ "new: workers of python", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(WORKERS, 1) }, EOPNOTSUPP, A(WORKERS), 0,
	  "workers does not apply" },
	{ "new: too many workers", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(WORKERS, 65537) }, ERANGE, A(WORKERS), 0,
	  "workers must be" },
	{ "new: barrier of python", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(BARRIER, GCHEAP_BARRIER_YUASA) }, EOPNOTSUPP, A(BARRIER), 0,
	  "barrier does not apply" },
	{ "new: unknown barrier", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(BARRIER, 3) }, ERANGE, A(BARRIER), 0, NULL },
	{ "new: stw of python", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(STW, GCHEAP_STW_ON) }, EOPNOTSUPP, A(STW), 0,
	  "stw does not apply" },
	{ "new: unknown stw", NEW, { NAME("t-x"), ENGINE(GO), NUM(STW, 3) },
	  ERANGE, A(STW), 0, NULL },
	{ "new: no time to mark", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(GC_PERCENT_CPU, 0) }, ERANGE, A(GC_PERCENT_CPU), 0,
	  "gc-percent-cpu must be 1 to 100" },
	{ "new: gc-percent-cpu of slab", NEW, { NAME("t-x"), ENGINE(SLAB),
	  NUM(GC_PERCENT_CPU, 25) }, EOPNOTSUPP, A(GC_PERCENT_CPU), 0,
	  "gc-percent-cpu does not apply" },
	{ "new: unknown marker", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(MARKER, 3) }, ERANGE, A(MARKER), 0, NULL },
	{ "new: marker of python", NEW, { NAME("t-x"), ENGINE(PYTHON),
	  NUM(MARKER, 1) }, EOPNOTSUPP, A(MARKER), 0,
	  "marker does not apply" },
	{ "new: switch-us of slab", NEW, { NAME("t-x"), ENGINE(SLAB),
	  NUM(SWITCH_US, 5000) }, EOPNOTSUPP, A(SWITCH_US), 0,
	  "switch-us does not apply" },
	{ "new: attribute of replies", NEW, { NAME("t-x"), ENGINE(GO),
	  NUM(MUTATORS, 1) }, EINVAL, A(MUTATORS), 0, NULL },
	{ "new: unknown attribute", NEW, { NAME("t-x"), ENGINE(GO),
	  { 200, U32, 1, NULL } }, EINVAL, 200, 0, NULL },

	{ "set: no name", SET, { NUM(VERIFY, 1) }, EINVAL, 0, A(NAME), "name" },
	{ "set: unknown heap", SET, { NAME("t-x"), NUM(VERIFY, 1) }, ENOENT,
	  A(NAME), 0, "no such heap" },
	{ "set: engine", SET, { NAME(HEAP), ENGINE(SLAB) }, EINVAL, A(ENGINE),
	  0, NULL },
	{ "set: fixed when created", SET, { NAME(HEAP), NUM(ARENA_ORDER, 9) },
	  EBUSY, A(ARENA_ORDER), 0, "arena-order is fixed" },
	{ "set: of another engine", SET, { NAME(HEAP), NUM(THRESHOLD0, 1) },
	  EOPNOTSUPP, A(THRESHOLD0), 0, "threshold0 does not apply" },
	{ "set: out of bounds", SET, { NAME(HEAP), NUM(VERIFY, 7) }, ERANGE,
	  A(VERIFY), 0, "verify must be 0 to 1" },

	{ "del: no name", GCHEAP_CMD_HEAP_DEL, { { 0 } }, EINVAL, 0, A(NAME),
	  "name" },
	{ "del: unknown heap", GCHEAP_CMD_HEAP_DEL, { NAME("t-x") }, ENOENT,
	  A(NAME), 0, "no such heap" },
	{ "get: no name", GCHEAP_CMD_HEAP_GET, { { 0 } }, EINVAL, 0, A(NAME),
	  "name" },
	{ "get: unknown heap", GCHEAP_CMD_HEAP_GET, { NAME("t-x") }, ENOENT,
	  A(NAME), 0, "no such heap" },
	{ "engine: no name", GCHEAP_CMD_ENGINE_GET, { { 0 } }, EINVAL, 0,
	  E(NAME), "name" },
	{ "engine: unknown", GCHEAP_CMD_ENGINE_GET,
	  { { E(NAME), STRING, 0, "t-none" } }, ENOENT, E(NAME), 0,
	  "no engine" },
	{ "keys: no name", GCHEAP_CMD_KEY_GET, { { 0 } }, EINVAL, 0, E(HEAP),
	  "name" },
	{ "keys: unknown heap", GCHEAP_CMD_KEY_GET,
	  { { E(HEAP), STRING, 0, "t-x" } }, ENOENT, E(HEAP), 0, "no such heap" },
	{ "collect: no name", GCHEAP_CMD_COLLECT, { { 0 } }, EINVAL, 0, A(NAME),
	  "name" },
	{ "collect: unknown heap", GCHEAP_CMD_COLLECT, { NAME("t-x") }, ENOENT,
	  A(NAME), 0, "no such heap" },
	{ "collect: generation 3", GCHEAP_CMD_COLLECT, { NAME(HEAP),
	  NUM(GENERATION, 3) }, ERANGE, A(GENERATION), 0, "0 to 2" },
	{ "stats: no name", GCHEAP_CMD_STATS_GET, { { 0 } }, EINVAL, 0,
	  GCHEAP_A_STATS_NAME, "name" },
	{ "stats: unknown heap", GCHEAP_CMD_STATS_GET,
	  { { GCHEAP_A_STATS_NAME, STRING, 0, "t-x" } }, ENOENT,
	  GCHEAP_A_STATS_NAME, 0, "no such heap" },
	{ "unknown command", 100, { { 0 } }, EOPNOTSUPP, 0, 0, NULL },
};

static struct genl_request req;
static struct genl_reply rep;
static int fd, family;

static void put_attr(const struct attr *a)
{
	switch (a->form) {
	case NONE:
		break;
	case U32:
		genl_put_u32(&req, a->type, (uint32_t)a->num);
		break;
	case U64:
		genl_put_u64(&req, a->type, a->num);
		break;
	case STRING:
		genl_put_str(&req, a->type, a->text);
		break;
	case RAW:
		genl_put(&req, a->type, a->text, a->num);
		break;
	}
}

static int request(int cmd, const struct attr *attrs, size_t nr)
{
	size_t i;

	genl_begin(&req, family, cmd, 0);
	for (i = 0; i < nr; i++)
		put_attr(&attrs[i]);
	genl_do(fd, &req, &rep);
	return rep.err;
}

static int named(int cmd, const char *name)
{
	struct attr attr = NAME(name);

	return request(cmd, &attr, 1);
}

static int create(const char *name, uint32_t engine)
{
	const struct attr attrs[] = { NAME(name), NUM(ENGINE, engine) };

	return request(NEW, attrs, 2);
}

static uint32_t count_heaps(void)
{
	request(GCHEAP_CMD_MODULE_GET, NULL, 0);
	return (uint32_t)genl_num(&rep, GCHEAP_A_MODULE_HEAPS);
}

static void test_refusal(const struct refusal *r)
{
	uint32_t before = count_heaps();
	bool good;

	request(r->cmd, r->attrs, 4);
	good = rep.err == r->err && rep.bad == r->bad &&
	       rep.missing == r->missing &&
	       (!r->text || strstr(rep.text, r->text));
	if (!good)
		ksft_print_msg("errno %d, attribute %d, missing %d, \"%s\"\n",
			       rep.err, rep.bad, rep.missing, rep.text);
	if (count_heaps() != before) {
		ksft_print_msg("the number of heaps has changed\n");
		good = false;
	}
	ksft_test_result(good, "%s\n", r->what);
}

/* What is good at the head of a refused request is undone. */
static void test_all_or_none(void)
{
	const struct attr attrs[] = { NAME(HEAP), NUM(VERIFY, 1),
				      NUM(INTERVAL_MS, 1000),
				      NUM(GOGC, ~0U) };
	bool good;

	request(SET, attrs, 4);
	good = rep.err == ERANGE && rep.bad == A(GOGC);
	named(GCHEAP_CMD_HEAP_GET, HEAP);
	good = good && genl_num(&rep, A(VERIFY)) == 0 &&
	       genl_num(&rep, A(INTERVAL_MS)) == 0 &&
	       genl_num(&rep, A(GOGC)) == 100;
	ksft_test_result(good, "set: all or none\n");

	request(SET, attrs, 3);
	good = !rep.err;
	named(GCHEAP_CMD_HEAP_GET, HEAP);
	good = good && genl_num(&rep, A(VERIFY)) == 1 &&
	       genl_num(&rep, A(INTERVAL_MS)) == 1000;
	ksft_test_result(good, "set: several at once\n");
}

static void test_limit_widths(void)
{
	const struct attr narrow[] = { NAME(HEAP), NUM(LIMIT, 64 << 20) };
	const struct attr wide[] = { NAME(HEAP), WIDE(LIMIT, 8ULL << 30) };
	bool good;

	good = !request(SET, narrow, 2);
	named(GCHEAP_CMD_HEAP_GET, HEAP);
	good = good && genl_num(&rep, A(LIMIT)) == 64 << 20;
	good = good && !request(SET, wide, 2);
	named(GCHEAP_CMD_HEAP_GET, HEAP);
	good = good && genl_num(&rep, A(LIMIT)) == 8ULL << 30;
	ksft_test_result(good, "limit: 4 and 8 bytes\n");
}

static void test_ticket(void)
{
	uint64_t ticket;
	int i;

	named(GCHEAP_CMD_COLLECT, HEAP);
	ticket = genl_num(&rep, A(TICKET));
	for (i = 0; !rep.err && i < 1000; i++) {
		named(GCHEAP_CMD_HEAP_GET, HEAP);
		if (genl_num(&rep, A(REQUESTS_ENDED)) >= ticket)
			break;
		usleep(10000);
	}
	ksft_test_result(!rep.err && ticket != ~0ULL && i < 1000 &&
			 genl_num(&rep, A(CYCLES)) >= 1,
			 "collect: the ticket is served\n");
}

static void test_names(void)
{
	bool good;

	good = !create(LONG31, GCHEAP_ENGINE_SLAB) &&
	       !named(GCHEAP_CMD_HEAP_GET, LONG31) &&
	       !strcmp(genl_data(&rep, A(NAME)), LONG31) &&
	       !named(GCHEAP_CMD_HEAP_DEL, LONG31) &&
	       named(GCHEAP_CMD_HEAP_GET, LONG31) == ENOENT;
	ksft_test_result(good, "a name of 31 characters\n");
}

/* The setting of a name in a reply; NULL if it is not there. */
static const struct nlattr *find_key(const char *name)
{
	const char *p = rep.buf, *end = rep.buf + rep.len;
	const struct nlattr *key, *attr;

	while ((key = genl_find(p, (int)(end - p), E(KEY)))) {
		attr = genl_find((const char *)(key + 1),
				 key->nla_len - NLA_HDRLEN,
				 GCHEAP_A_KEY_NAME);
		if (attr && !strcmp((const char *)(attr + 1), name))
			return key;
		p = (const char *)key + NLA_ALIGN(key->nla_len);
		if (p >= end)
			break;
	}
	return NULL;
}

/* A number of a setting, which has 4 or 8 bytes; ~0 without one. */
static uint64_t key_number(const struct nlattr *key, int type)
{
	const struct nlattr *attr;
	uint64_t wide = 0;

	attr = !key ? NULL : genl_find((const char *)(key + 1),
				       key->nla_len - NLA_HDRLEN, type);
	if (!attr)
		return ~0ULL;
	memcpy(&wide, attr + 1, attr->nla_len - NLA_HDRLEN == 8 ? 8 : 4);
	return wide;
}

static bool gogc_is(const struct nlattr *gogc)
{
	return key_number(gogc, GCHEAP_A_KEY_ATTRIBUTE) == A(GOGC) &&
	       key_number(gogc, GCHEAP_A_KEY_UNIT) == GCHEAP_UNIT_PERCENT &&
	       key_number(gogc, GCHEAP_A_KEY_MIN_VALUE) == 0 &&
	       key_number(gogc, GCHEAP_A_KEY_MAX_VALUE) == 100000 &&
	       key_number(gogc, GCHEAP_A_KEY_DEFAULT) == 100;
}

static bool text_is(int type, const char *text)
{
	const char *is = genl_data(&rep, type);

	return is && !strcmp(is, text);
}

static void test_engine(void)
{
	const struct attr go = { E(NAME), STRING, 0, "go" };
	bool good;

	good = !request(GCHEAP_CMD_ENGINE_GET, &go, 1) &&
	       text_is(E(NAME), "go") && text_is(E(MODULE), "gcheap") &&
	       text_is(E(PAGE_GROUPS), "spans") && genl_data(&rep, E(FINALIZERS)) &&
	       genl_num(&rep, E(RECLAIM)) == GCHEAP_RECLAIM_TRACING;
	good = good && gogc_is(find_key("gogc")) && find_key("limit") &&
	       !find_key("threshold0") &&
	       key_number(find_key("gogc"), GCHEAP_A_KEY_CURRENT) == ~0ULL;
	ksft_test_result(good, "an engine and its settings\n");
}

static void test_keys(void)
{
	const struct attr set[] = { NAME(HEAP), NUM(GOGC, 50) };
	const struct attr heap = { E(HEAP), STRING, 0, HEAP };
	bool good;

	good = !request(SET, set, 2) && !request(GCHEAP_CMD_KEY_GET, &heap, 1) &&
	       text_is(E(NAME), "go") && text_is(E(HEAP), HEAP) &&
	       gogc_is(find_key("gogc")) &&
	       key_number(find_key("gogc"), GCHEAP_A_KEY_CURRENT) == 50;
	ksft_test_result(good, "the settings of a heap and their values\n");
}

/* A heap says its engine by name, too. */
static void test_engine_name(void)
{
	const struct attr attrs[] = { NAME("t-named"), TEXT(ENGINE_NAME, "python") };
	bool good;

	good = !request(NEW, attrs, 2) && text_is(A(ENGINE_NAME), "python") &&
	       genl_num(&rep, A(ENGINE)) == GCHEAP_ENGINE_PYTHON;
	good = !named(GCHEAP_CMD_HEAP_DEL, "t-named") && good;
	ksft_test_result(good, "an engine by name\n");
}

#define AGAIN		"t-again"
#define ROUNDS		1000
/* So often it may be there still: a deletion that fails is no wait without end. */
#define TRIES		100000

/* Deletes the heap whenever it is told to. */
static void delete_again(int from)
{
	char c;

	fd = genl_open();
	while (read(from, &c, 1) == 1)
		named(GCHEAP_CMD_HEAP_DEL, AGAIN);
	_exit(0);
}

/* Made as soon as its name is free, it is as visible as any other. */
static void test_name_again(void)
{
	const char *view = "/sys/kernel/debug/gcheap/" AGAIN "/stats";
	const char *what = "a heap of the name of one that goes has its views";
	int i, tries, told[2], lost = 0;
	pid_t pid;

	if (!need_here(!access("/sys/kernel/debug/gcheap", F_OK), "no debugfs",
		       what))
		return;
	if (pipe(told))
		ksft_exit_fail_msg("pipe: %s\n", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(told[1]);
		delete_again(told[0]);
	}
	create(AGAIN, GCHEAP_ENGINE_SLAB);
	for (i = 0; pid > 0 && i < ROUNDS && !lost; i++) {
		if (write(told[1], "d", 1) != 1)
			break;
		for (tries = 0; tries < TRIES; tries++)
			if (create(AGAIN, GCHEAP_ENGINE_SLAB) != EEXIST)
				break;
		lost = tries == TRIES || access(view, F_OK);
	}
	close(told[1]);
	close(told[0]);
	waitpid(pid, NULL, 0);
	named(GCHEAP_CMD_HEAP_DEL, AGAIN);
	ksft_test_result(i == ROUNDS && !lost, "%s\n", what);
}

/* One part of a dump: ids must ascend. False at its end. */
static bool read_part(uint32_t *last, unsigned int *nr, bool *interrupted)
{
	static char buf[65536];
	struct nlmsghdr *nlh;
	int len = (int)recv(fd, buf, sizeof(buf), 0);

	if (len < 0)
		ksft_exit_fail_msg("dump: %s\n", strerror(errno));
	for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
	     nlh = NLMSG_NEXT(nlh, len)) {
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return false;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			ksft_exit_fail_msg("dump: error\n");
		rep.len = (int)nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
		memcpy(rep.buf, (char *)NLMSG_DATA(nlh) + GENL_HDRLEN,
		       (size_t)rep.len);
		if (genl_num(&rep, A(ID)) <= *last)
			ksft_exit_fail_msg("dump: ids do not ascend\n");
		*last = (uint32_t)genl_num(&rep, A(ID));
		(*nr)++;
	}
	return true;
}

static void take_dump(int cmd, int other, unsigned int *nr,
		      bool *interrupted)
{
	unsigned int parts = 0;
	uint32_t last = 0;

	*nr = 0;
	*interrupted = false;
	genl_begin(&req, family, cmd, NLM_F_DUMP);
	genl_send(fd, &req);
	while (read_part(&last, nr, interrupted)) {
		/* From another socket, with the dump under way. */
		if (!parts++ && other >= 0) {
			int self = fd;

			fd = other;
			create("t-late", GCHEAP_ENGINE_SLAB);
			fd = self;
		}
	}
	if (parts < 2)
		ksft_exit_fail_msg("a dump of %u came in one part\n", *nr);
}

static void test_dumps(void)
{
	uint32_t before = count_heaps();
	int other = genl_open();
	bool interrupted;
	unsigned int nr, i;
	char name[32];

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "t-%u", i);
		create(name, GCHEAP_ENGINE_SLAB);
	}
	take_dump(GCHEAP_CMD_HEAP_GET, -1, &nr, &interrupted);
	ksft_test_result(nr == before + MANY && !interrupted,
			 "a dump of %u heaps has %u\n", before + MANY, nr);
	take_dump(GCHEAP_CMD_STATS_GET, -1, &nr, &interrupted);
	ksft_test_result(nr == before + MANY && !interrupted,
			 "a dump of statistics has %u\n", nr);
	take_dump(GCHEAP_CMD_STATS_GET, other, &nr, &interrupted);
	ksft_test_result(interrupted, "a heap made meanwhile interrupts it\n");
	named(GCHEAP_CMD_HEAP_DEL, "t-late");
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "t-%u", i);
		named(GCHEAP_CMD_HEAP_DEL, name);
	}
	close(other);
	ksft_test_result(count_heaps() == before, "all are deleted again\n");
}

static void drop_capabilities(uint64_t but)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)but, .permitted = (uint32_t)but },
		{ .effective = but >> 32, .permitted = but >> 32 },
	};

	if (syscall(SYS_capset, &hdr, data))
		exit(2);
}

/* 0 if all that changes is refused and all that reads is not. */
static int try_without(uint64_t but, const char *text)
{
	drop_capabilities(but);
	fd = genl_open();
	if (create("t-x", GCHEAP_ENGINE_GO) != EPERM ||
	    (text && !strstr(rep.text, text)))
		return 1;
	if (named(GCHEAP_CMD_HEAP_DEL, HEAP) != EPERM ||
	    named(GCHEAP_CMD_HEAP_SET, HEAP) != EPERM ||
	    named(GCHEAP_CMD_COLLECT, HEAP) != EPERM)
		return 2;
	if (named(GCHEAP_CMD_HEAP_GET, HEAP) ||
	    request(GCHEAP_CMD_MODULE_GET, NULL, 0))
		return 3;
	genl_begin(&req, family, GCHEAP_CMD_STATS_GET, 0);
	genl_put_str(&req, GCHEAP_A_STATS_NAME, HEAP);
	genl_do(fd, &req, &rep);
	return rep.err ? 4 : 0;
}

/* A socket opened with the capability is no good to one who lacks it. */
static int try_inherited(uint64_t unused, const char *unused_text)
{
	(void)unused;
	(void)unused_text;
	drop_capabilities(1ULL << CAP_NET_ADMIN);
	return create("t-x", GCHEAP_ENGINE_GO) != EPERM;
}

static int try_namespace(uint64_t unused, const char *unused_text)
{
	(void)unused;
	(void)unused_text;
	if (unshare(CLONE_NEWNET))
		return -KSFT_SKIP;
	return genl_family(genl_open(), GCHEAP_FAMILY_NAME) != 0;
}

static void in_child(const char *what, int (*fn)(uint64_t, const char *),
		     uint64_t caps, const char *text)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(fn(caps, text) & 0xff);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		status = -1;
	else
		status = WEXITSTATUS(status);
	if (status == (-KSFT_SKIP & 0xff)) {
		ksft_test_result_skip("%s\n", what);
		return;
	}
	if (status)
		ksft_print_msg("step %d\n", status);
	ksft_test_result(!status, "%s\n", what);
}

int main(void)
{
	size_t i;

	ksft_print_header();
	fd = genl_open();
	family = genl_family(fd, GCHEAP_FAMILY_NAME);
	need(family, "gcheap is not loaded");
	ksft_set_plan(ARRAY_SIZE(refusals) + 17);
	if (create(HEAP, GCHEAP_ENGINE_GO))
		ksft_exit_fail_msg("heap not created: %d %s\n", rep.err,
				   rep.text);

	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		test_refusal(&refusals[i]);
	test_all_or_none();
	test_limit_widths();
	test_ticket();
	test_engine();
	test_keys();
	test_engine_name();
	test_names();
	test_name_again();
	test_dumps();
	in_child("no capability", try_without, 0, NULL);
	in_child("CAP_NET_ADMIN alone", try_without, 1ULL << CAP_NET_ADMIN,
		 "CAP_SYS_ADMIN");
	in_child("CAP_SYS_ADMIN lost with the socket open", try_inherited, 0,
		 NULL);
	in_child("another network namespace", try_namespace, 0, NULL);
	if (named(GCHEAP_CMD_HEAP_DEL, HEAP))
		ksft_exit_fail_msg("heap not deleted: %d %s\n", rep.err,
				   rep.text);
	ksft_finished();
}
