// SPDX-License-Identifier: GPL-2.0
/*
 * Random requests to both netlink families, for every command and attribute
 * that the kernel says it takes: what is asked for its policies, so nothing is
 * forgotten here that is added there. Requests are right but for one thing, or
 * right altogether, or have bytes changed; they come one at a time, when it is
 * looked at what each did, and from several processes at once, with sockets
 * closed half way through a dump or too small for the replies.
 *
 * A refusal says why in words, and has changed nothing. Limits are learnt from
 * what refusals say, and tried.
 */
#include "fuzz.h"
#include "fuzz_end.h"
#include "fuzz_policy.h"

/* What a heap that was made here may hold, and a number of a run may be. */
#define LIMIT_TAME	(24U << 20)
#define NUMBER_TAME	3000
#define MUTATORS_TAME	4
#define INTERVAL_TAME	50
#define PROCESSES	4

/**
 * struct message - a request that was made up
 * @req: the request
 * @c: its command
 * @wrong: what is wrong with it, NULL if nothing needs to be
 */
struct message {
	struct genl_request req;
	struct command *c;
	const char *wrong;
};

/* Settings of a heap: what the kernel takes in heap-set. */
struct settings {
	bool exists;
	uint64_t val[GENL_ATTRS];
};

static struct message msg;
static struct genl_reply rep;
static uint32_t last_run;

/* ---- requests made up ---- */

static const char *some_name(bool for_run)
{
	static char name[40];
	uint32_t i, n = fuzz_below(100);

	if (n < 90) {
		snprintf(name, sizeof(name), FUZZ_PREFIX "%c%u",
			 for_run ? 'r' : "rs"[fuzz_below(2)], fuzz_below(2));
	} else if (n < 92) {
		snprintf(name, sizeof(name), FUZZ_PREFIX "s%u", fuzz_below(9));
	} else {
		/* Right or wrong, of any length, and of any bytes. */
		n = fuzz_below(34);
		snprintf(name, sizeof(name), "%s", FUZZ_PREFIX);
		for (i = 3; i < n; i++)
			name[i] = (char)(fuzz_chance(80) ?
					 'a' + (int)fuzz_below(26) :
					 1 + (int)fuzz_below(255));
		name[i] = '\0';
		if (fuzz_chance(10))
			name[0] = '\0';
	}
	return name;
}

static uint64_t some_number(const struct attr *a)
{
	switch (fuzz_below(30)) {
	case 0:
		return a->min;
	case 1:
		return a->min - 1;
	case 2:
		return a->bounded ? a->max : UINT32_MAX;
	case 3:
		return a->bounded ? a->max + 1 : UINT32_MAX;
	case 4:
		return fuzz_below(4);
	case 5:
		return 1ULL << fuzz_below(64);
	case 6:
		return fuzz_next() >> fuzz_below(64);
	default:
		return a->bounded && a->max - a->min < UINT32_MAX ?
		       a->min + fuzz_below((uint32_t)(a->max - a->min) + 1) :
		       fuzz_below(1000);
	}
}

static bool is_name(const struct attr *a)
{
	return a->type == NL_ATTR_TYPE_NUL_STRING ||
	       a->type == NL_ATTR_TYPE_STRING;
}

/* Integers of 4 or 8 bytes look like bytes to kernels before 6.7. */
static bool is_wide(const struct command *c, int type)
{
	const struct attr *a = &c->attr[type];

	return a->type == TYPE_UINT || a->type == TYPE_SINT ||
	       (a->type == NL_ATTR_TYPE_BINARY && c->family == fuzz_gcheap);
}

static void put_good(struct message *m, int type)
{
	const struct attr *a = &m->c->attr[type];
	uint8_t bytes[64];
	unsigned int i, n;
	uint64_t v;

	if (is_name(a)) {
		genl_put_str(&m->req, type, some_name(m->c->family == fuzz_load));
	} else if (a->type == NL_ATTR_TYPE_FLAG) {
		genl_put(&m->req, type, NULL, 0);
	} else if (m->c->family == fuzz_load && type == R(ID)) {
		genl_put_u32(&m->req, type, fuzz_chance(95) ?
			     last_run - fuzz_below(2) : (uint32_t)fuzz_next());
	} else if (is_wide(m->c, type)) {
		v = some_number(a);
		if (v > UINT32_MAX || fuzz_chance(50))
			genl_put_u64(&m->req, type, v);
		else
			genl_put_u32(&m->req, type, (uint32_t)v);
	} else if (a->type == NL_ATTR_TYPE_BINARY) {
		n = fuzz_below(sizeof(bytes));
		for (i = 0; i < n; i++)
			bytes[i] = (uint8_t)fuzz_below(fuzz_chance(80) ? 9 : 256);
		genl_put(&m->req, type, bytes, n);
	} else {
		genl_put_u32(&m->req, type, (uint32_t)some_number(a));
	}
}

static int some_attr(const struct command *c)
{
	int type = 1 + (int)fuzz_below(GENL_ATTRS - 1), i;

	for (i = 0; i < GENL_ATTRS; i++, type = type % (GENL_ATTRS - 1) + 1)
		if (c->attr[type].known)
			return type;
	return 0;
}

/* Makes one thing wrong that no kernel may take. */
static void put_wrong(struct message *m)
{
	static const uint8_t lengths[] = { 0, 1, 2, 3, 5, 6, 7, 9, 12, 16, 200 };
	static const char junk[256] = { 't', '-', 'f' };
	char full[300];
	int type = some_attr(m->c);
	const struct attr *a = &m->c->attr[type];

	memset(full, 'x', sizeof(full));
	if (!type || fuzz_chance(20)) {
		do
			type = (int)fuzz_below(fuzz_chance(80) ? 70 : 16384);
		while (type < GENL_ATTRS && m->c->attr[type].known);
		genl_put_u32(&m->req, type, fuzz_below(3));
		m->wrong = "an attribute that it does not have";
	} else if (fuzz_chance(15)) {
		put_good(m, type);
		m->req.nlh.nlmsg_len += 1 + fuzz_below(3);
		m->wrong = "bytes at its end";
	} else if (fuzz_chance(15)) {
		if (is_name(a))
			genl_put_str(&m->req, type | NLA_F_NESTED, "t-f");
		else
			genl_put_u32(&m->req, type | NLA_F_NESTED, 1);
		m->wrong = "an attribute said to be nested";
	} else if (is_name(a)) {
		genl_put(&m->req, type, full, fuzz_chance(20) ? 0 :
			 fuzz_chance(50) ? 32 + fuzz_below(200) :
			 1 + fuzz_below(31));
		m->wrong = "a name without an end";
	} else if (a->type == NL_ATTR_TYPE_FLAG) {
		genl_put_u32(&m->req, type, 1);
		m->wrong = "a flag with a value";
	} else if (a->type == NL_ATTR_TYPE_BINARY && !is_wide(m->c, type)) {
		static char large[GCHEAP_LOAD_CHUNK_MAX + 1];

		genl_put(&m->req, type, large, sizeof(large));
		m->wrong = "a chunk that is too large";
	} else {
		genl_put(&m->req, type, junk,
			 lengths[fuzz_below(sizeof(lengths))]);
		m->wrong = "a number of odd length";
	}
}

/* Nearly always there: without it a request does not get far. */
static bool is_vital(const struct command *c, int type)
{
	if (c->family == fuzz_gcheap)
		return type == H(NAME) || type == H(ENGINE);
	return type == R(ID) || type == R(HEAP) || type == R(WORKLOAD);
}

/* Seldom there: nearly every request with one of these is refused. */
static bool is_rare(const struct command *c, int type)
{
	return c->family == fuzz_gcheap &&
	       (c->cmd == GCHEAP_CMD_HEAP_NEW || c->cmd == GCHEAP_CMD_HEAP_SET) &&
	       type >= H(ENGINE_NAME) && type <= H(OWN7);
}

static const struct nlattr *last_of(const struct genl_request *req, int type)
{
	const char *p = req->buf + NLMSG_HDRLEN + GENL_HDRLEN;
	int left = (int)req->nlh.nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	const struct nlattr *found = NULL, *attr;

	while ((attr = genl_find(p, left, type))) {
		int step = (int)((const char *)attr - p) +
			   NLA_ALIGN(attr->nla_len);

		found = attr;
		if (step >= left)
			break;
		p += step;
		left -= step;
	}
	return found;
}

static uint64_t value_of(const struct nlattr *attr)
{
	uint64_t wide = 0;

	memcpy(&wide, attr + 1, attr->nla_len - NLA_HDRLEN == 8 ? 8 : 4);
	return wide;
}

static void tame_name(struct nlattr *attr)
{
	if (attr->nla_len > NLA_HDRLEN + 3)
		memcpy(attr + 1, FUZZ_PREFIX, strlen(FUZZ_PREFIX));
}

static void tame_number(const struct command *c, int type, struct nlattr *attr)
{
	uint64_t max = type == R(MUTATORS) ? MUTATORS_TAME : NUMBER_TAME, v;
	int len = attr->nla_len - NLA_HDRLEN;
	const struct attr *a = &c->attr[type];

	if (len != 4 && len != 8)
		return;
	v = value_of(attr);
	/* What is refused, or would be, may stay. */
	if (a->bounded ? v > a->max : v >= 1ULL << 41)
		return;
	if (c->family == fuzz_load && v > max)
		v = 1 + v % max;
	else if (c->family == fuzz_gcheap && type == H(LIMIT) &&
		 (!v || v > LIMIT_TAME))
		v = 1 + v % LIMIT_TAME;
	else if (c->family == fuzz_gcheap && type == H(INTERVAL_MS) &&
		 v && v < INTERVAL_TAME)
		v = INTERVAL_TAME;
	memcpy(attr + 1, &v, (size_t)len);
}

/*
 * What is asked for stays within what a small machine can do in a moment, and
 * whatever comes into being can be told from what others have.
 */
static void tame(struct message *m)
{
	const struct genlmsghdr *ghdr = NLMSG_DATA(&m->req.nlh);
	bool makes_heap = m->c->family == fuzz_gcheap &&
			  (ghdr->cmd == GCHEAP_CMD_HEAP_NEW ||
			   ghdr->cmd == GCHEAP_CMD_HEAP_SET);
	bool makes_run = m->c->family == fuzz_load &&
			 ghdr->cmd == GCHEAP_LOAD_CMD_RUN_NEW;
	int at = NLMSG_HDRLEN + GENL_HDRLEN;
	struct nlattr *attr;

	while ((makes_heap || makes_run) &&
	       at + NLA_HDRLEN <= (int)m->req.nlh.nlmsg_len) {
		int type;

		attr = (void *)(m->req.buf + at);
		type = attr->nla_type & NLA_TYPE_MASK;
		if (attr->nla_len < NLA_HDRLEN ||
		    at + attr->nla_len > (int)m->req.nlh.nlmsg_len)
			break;
		if (makes_heap && type == H(NAME))
			tame_name(attr);
		else if (type < GENL_ATTRS && type != (int)R(WORKLOAD))
			tame_number(m->c, type, attr);
		at += NLA_ALIGN(attr->nla_len);
	}
}

static bool is_end(const struct command *c)
{
	return c->cmd == (c->family == fuzz_gcheap ?
			  (int)GCHEAP_CMD_HEAP_DEL : (int)GCHEAP_LOAD_CMD_RUN_DEL);
}

static void make_message(struct message *m)
{
	int type = 1 + (int)fuzz_below(GENL_ATTRS - 1), i;
	unsigned int many = fuzz_chance(30) ? 30 : 4;

	m->c = &commands[fuzz_below(nr_commands)];
	/* More of what brings something into being than of what ends it. */
	if (fuzz_chance(25) || (is_end(m->c) && fuzz_chance(70)))
		m->c = fuzz_chance(50) ?
		       find_command(fuzz_gcheap, GCHEAP_CMD_HEAP_NEW) :
		       find_command(fuzz_load, GCHEAP_LOAD_CMD_RUN_NEW);
	m->wrong = NULL;
	genl_begin(&m->req, m->c->family, m->c->cmd, 0);
	/* A heap that may take half of the memory would. */
	if (m->c->cmd == GCHEAP_CMD_HEAP_NEW && m->c->family == fuzz_gcheap)
		genl_put_u32(&m->req, H(LIMIT), LIMIT_TAME);
	for (i = 1; i < GENL_ATTRS; i++, type = type % (GENL_ATTRS - 1) + 1) {
		if (!m->c->attr[type].known)
			continue;
		if (!fuzz_chance(is_vital(m->c, type) ? 96 :
				 is_rare(m->c, type) ? 1 : many))
			continue;
		put_good(m, type);
		while (fuzz_chance(5))
			put_good(m, type);
	}
	if (fuzz_chance(20))
		put_wrong(m);
	tame(m);
}

/* ---- what requests did ---- */

static void read_settings(const char *name, struct settings *s)
{
	int type;

	memset(s, 0, sizeof(*s));
	if (fuzz_heap_request(GCHEAP_CMD_HEAP_GET, name))
		return;
	s->exists = true;
	for (type = 1; type < GENL_ATTRS; type++)
		if (heap_set->attr[type].known && type != H(NAME))
			s->val[type] = genl_num(&fuzz_rep, type);
}

/* The words of a refusal, and what they say: a limit that was passed. */
static bool refusal_is_good(const struct message *m)
{
	const struct nlattr *attr = rep.bad ? last_of(&m->req, rep.bad) : NULL;
	const char *to = strstr(rep.text, " to ");
	unsigned long long min, max;
	char word[WORD];
	struct attr *a;
	int n;

	if (!rep.text[0]) {
		ksft_print_msg("command %d of %d: errno %d without a word\n",
			       m->c->cmd, m->c->family, rep.err);
		return false;
	}
	if (rep.err != ERANGE || !to || !attr || rep.bad >= GENL_ATTRS)
		return true;
	while (to > rep.text && to[-1] >= '0' && to[-1] <= '9')
		to--;
	a = &m->c->attr[rep.bad];
	n = (int)strcspn(rep.text, " :");
	snprintf(word, sizeof(word), "%.*s", n, rep.text);
	if (sscanf(to, "%llu to %llu", &min, &max) != 2)
		return true;
	if (a->word[0] && strcmp(a->word, word)) {
		ksft_print_msg("attribute %d of command %d is called %s, then %s\n",
			       rep.bad, m->c->cmd, a->word, word);
		return false;
	}
	snprintf(a->word, sizeof(a->word), "%s", word);
	a->min = min;
	a->max = max;
	a->bounded = true;
	return true;
}

/* What was accepted is what was asked for. */
static bool is_set(const struct message *m, const struct settings *now)
{
	const struct nlattr *attr;
	int type;

	for (type = 1; type < GENL_ATTRS; type++) {
		attr = last_of(&m->req, type);
		if (!attr || !heap_set->attr[type].known || type == H(NAME))
			continue;
		if (value_of(attr) == now->val[type])
			continue;
		ksft_print_msg("attribute %d set to %llu reads %llu\n", type,
			       (unsigned long long)value_of(attr),
			       (unsigned long long)now->val[type]);
		return false;
	}
	return true;
}

static void show(const struct message *m)
{
	unsigned int i;

	ksft_print_msg("command %d of %d, errno %d, \"%s\":", m->c->cmd,
		       m->c->family, rep.err, rep.text);
	for (i = 16; i < m->req.nlh.nlmsg_len && i < 300; i++)
		printf(" %02x", (uint8_t)m->req.buf[i]);
	printf("\n");
}

/* Most runs end at once: those that go on leave little time to others. */
static void keep_run(uint32_t id)
{
	last_run = id;
	if (fuzz_chance(70))
		fuzz_del_run(id);
}

/* Sends what was made up. */
static bool send_message(struct message *m)
{
	bool good;

	genl_do(fuzz_fd, &m->req, &rep);
	if (rep.err) {
		good = refusal_is_good(m);
	} else {
		good = !m->wrong;
		if (!good)
			ksft_print_msg("accepted with %s\n", m->wrong);
		if (m->c->family == fuzz_load &&
		    m->c->cmd == GCHEAP_LOAD_CMD_RUN_NEW)
			keep_run((uint32_t)genl_num(&rep, R(ID)));
	}
	if (!good)
		show(m);
	return good;
}

/* The name of the heap that a request may change, or NULL. */
static const char *changes(const struct message *m)
{
	const struct nlattr *attr;
	const char *name;

	if (m->c->family != fuzz_gcheap || m->wrong)
		return NULL;
	if (m->c->cmd != GCHEAP_CMD_HEAP_NEW &&
	    m->c->cmd != GCHEAP_CMD_HEAP_SET &&
	    m->c->cmd != GCHEAP_CMD_HEAP_DEL)
		return NULL;
	attr = last_of(&m->req, H(NAME));
	name = attr ? (const char *)(attr + 1) : NULL;
	/* A replay changes settings of its heap for a while. */
	if (!name || !memcmp(name, FUZZ_PREFIX "r", 4))
		return NULL;
	return name;
}

static bool one_at_a_time(void)
{
	static struct settings before, after;
	const char *name;
	bool good;

	make_message(&msg);
	name = changes(&msg);
	if (!name)
		return send_message(&msg);
	read_settings(name, &before);
	good = send_message(&msg);
	read_settings(name, &after);
	if (rep.err)
		good = !memcmp(&before, &after, sizeof(before)) && good;
	else if (msg.c->cmd == GCHEAP_CMD_HEAP_DEL)
		good = before.exists && !after.exists && good;
	else
		good = after.exists && is_set(&msg, &after) && good;
	if (!good) {
		ksft_print_msg("heap %s\n", name);
		show(&msg);
	}
	return good;
}

/* Settings of a heap that is not there are in no way. */
static void test_one_at_a_time(void)
{
	unsigned int i, rounds = fuzz_rounds(2500, 4), refused = 0;
	bool good = true;

	for (i = 0; i < rounds && good && !fuzz_is_late(); i++) {
		good = one_at_a_time();
		refused += !!rep.err;
		if (i % 25 == 24)
			fuzz_clean_runs();
		if (i % 400 == 399)
			fuzz_clean_heaps();
	}
	fuzz_clean_runs();
	ksft_test_result(good && refused > i / 10 &&
			 refused < i / 10 * 9,
			 "%u requests one at a time, %u of them refused\n", i,
			 refused);
}

/* ---- bytes changed ---- */

static void change_bytes(struct message *m)
{
	unsigned int from = fuzz_chance(20) ? 4 : 16, n = 1 + fuzz_below(4);
	uint32_t len = m->req.nlh.nlmsg_len;
	uint16_t type = m->req.nlh.nlmsg_type;

	while (n--) {
		unsigned int at = from + fuzz_below(len - from);

		if (fuzz_chance(50))
			m->req.buf[at] = (char)fuzz_below(256);
		else
			m->req.buf[at] ^= (char)(1 << fuzz_below(8));
	}
	/* To no other family: those mean what they do. */
	m->req.nlh.nlmsg_type = type;
	if (fuzz_chance(80))
		m->req.nlh.nlmsg_flags |= NLM_F_REQUEST;
	tame(m);
}

/* Sends as many bytes as it likes, of a message as long as it says. */
static void send_bytes(int fd, struct message *m)
{
	static char bytes[2 * GENL_REQUEST_MAX];
	uint32_t len = m->req.nlh.nlmsg_len, sent = len;

	memcpy(bytes, m->req.buf, len);
	memset(bytes + len, 0, 256);
	switch (fuzz_below(6)) {
	case 0:
		sent = fuzz_below(len + 1);
		break;
	case 1:
		sent = len + fuzz_below(200);
		break;
	case 2:
		/* Two at once. */
		memcpy(bytes + NLMSG_ALIGN(len), m->req.buf, len);
		sent = NLMSG_ALIGN(len) + len;
		break;
	case 3:
		((struct nlmsghdr *)bytes)->nlmsg_len = fuzz_chance(50) ?
			fuzz_below(len + 20) : (uint32_t)fuzz_next();
		break;
	}
	if (send(fd, bytes, sent, MSG_DONTWAIT) < 0)
		return;
	/* All of it, some of it, or a little of each. */
	if (fuzz_chance(70))
		while (recv(fd, bytes, fuzz_chance(80) ? sizeof(bytes) : 20,
			    MSG_DONTWAIT) > 0)
			;
}

static void test_bytes(void)
{
	unsigned int i, rounds = fuzz_rounds(2500, 4);
	int fd = genl_open();

	for (i = 0; i < rounds && !fuzz_is_late(); i++) {
		make_message(&msg);
		change_bytes(&msg);
		send_bytes(fd, &msg);
		if (i % 30 == 29) {
			close(fd);
			fd = genl_open();
			fuzz_clean_runs();
		}
		if (i % 300 == 299)
			fuzz_clean_heaps();
	}
	close(fd);
	ksft_test_result(!fuzz_heap_request(GCHEAP_CMD_HEAP_NEW, "") ||
			 fuzz_rep.err == EINVAL,
			 "%u requests with bytes changed\n", i);
}

/* ---- sockets that are no good ---- */

static void leave_dump(void)
{
	static char buf[16384];
	unsigned int parts = fuzz_below(4);
	int fd = genl_open();

	genl_begin(&fuzz_req, fuzz_chance(50) ? fuzz_gcheap : fuzz_load,
		   fuzz_chance(50) ? GCHEAP_CMD_HEAP_GET :
		   GCHEAP_CMD_STATS_GET, NLM_F_DUMP);
	send(fd, fuzz_req.buf, fuzz_req.nlh.nlmsg_len, 0);
	if (fuzz_chance(20))
		send(fd, fuzz_req.buf, fuzz_req.nlh.nlmsg_len, 0);
	while (parts--)
		recv(fd, buf, fuzz_chance(50) ? sizeof(buf) : 1 + fuzz_below(99),
		     MSG_DONTWAIT);
	close(fd);
}

static void leave_run(void)
{
	int fd = genl_open(), mine = fuzz_fd;

	fuzz_fd = fd;
	genl_begin(&fuzz_req, fuzz_load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
	genl_put_str(&fuzz_req, R(HEAP), some_name(true));
	genl_put_u32(&fuzz_req, R(WORKLOAD), fuzz_below(5));
	genl_do(fd, &fuzz_req, &fuzz_rep);
	if (!fuzz_rep.err && fuzz_chance(50))
		fuzz_run_request(fuzz_chance(50) ? GCHEAP_LOAD_CMD_RUN_STOP :
				 GCHEAP_LOAD_CMD_RUN_GET,
				 (uint32_t)genl_num(&fuzz_rep, R(ID)));
	close(fd);
	fuzz_fd = mine;
}

#define UNREAD	64

/* Which of the heaps were told to the socket. */
static void read_answers(int fd, bool answered[UNREAD])
{
	static struct genl_reply part;
	static char buf[65536];
	struct nlmsghdr *nlh;
	unsigned int nr;
	int len;

	for (;;) {
		len = (int)recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		/* Once it is told that something was lost. */
		if (len < 0 && errno == ENOBUFS)
			continue;
		if (len <= 0)
			break;
		for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			const char *name;

			if (nlh->nlmsg_type != fuzz_gcheap)
				continue;
			part.len = (int)nlh->nlmsg_len - NLMSG_HDRLEN -
				   GENL_HDRLEN;
			memcpy(part.buf, (char *)NLMSG_DATA(nlh) + GENL_HDRLEN,
			       (size_t)part.len);
			name = genl_data(&part, H(NAME));
			if (name && sscanf(name, FUZZ_PREFIX "u%u", &nr) == 1 &&
			    nr < UNREAD)
				answered[nr] = true;
		}
	}
}

/* What could not be answered is undone: nobody knows of it. */
static void test_unread(void)
{
	bool answered[UNREAD] = { false }, good = true;
	unsigned int i, nr = 0;
	int fd = genl_open(), size = 1;
	char name[32];

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (i = 0; i < UNREAD; i++) {
		snprintf(name, sizeof(name), FUZZ_PREFIX "u%u", i);
		genl_begin(&fuzz_req, fuzz_gcheap, GCHEAP_CMD_HEAP_NEW, 0);
		genl_put_str(&fuzz_req, H(NAME), name);
		genl_put_u32(&fuzz_req, H(ENGINE), fuzz_below(3));
		send(fd, fuzz_req.buf, fuzz_req.nlh.nlmsg_len, 0);
	}
	read_answers(fd, answered);
	for (i = 0; i < UNREAD; i++) {
		snprintf(name, sizeof(name), FUZZ_PREFIX "u%u", i);
		good = !fuzz_heap_request(GCHEAP_CMD_HEAP_GET, name) ==
			answered[i] && good;
		nr += answered[i];
	}
	close(fd);
	fuzz_clean_heaps();
	ksft_test_result(good && nr && nr < UNREAD,
			 "%u heaps made by one who reads %u answers\n", nr, nr);
}

/* ---- all at once ---- */

static int one_of_many(unsigned int rounds)
{
	unsigned int i;

	fuzz_open();
	for (i = 0; i < rounds && !fuzz_is_late(); i++) {
		switch (fuzz_below(20)) {
		case 0:
			leave_dump();
			break;
		case 1:
			leave_run();
			break;
		case 2:
			make_message(&msg);
			change_bytes(&msg);
			send_bytes(fuzz_fd, &msg);
			close(fuzz_fd);
			fuzz_open();
			break;
		default:
			make_message(&msg);
			if (!send_message(&msg))
				return 1;
		}
		if (i % 25 == 24)
			fuzz_clean_runs();
	}
	return 0;
}

static void test_many(void)
{
	unsigned int i, rounds = fuzz_rounds(800, 4);
	bool good = true;
	int status;

	fflush(stdout);
	for (i = 0; i < PROCESSES; i++) {
		uint64_t seed = fuzz_next();

		if (fork())
			continue;
		fuzz_state = seed;
		status = one_of_many(rounds);
		fflush(stdout);
		_exit(status);
	}
	for (i = 0; i < PROCESSES; i++)
		good = wait(&status) > 0 && !status && good;
	ksft_test_result(good, "up to %u requests from each of %u processes\n",
			 rounds, PROCESSES);
}

int main(void)
{
	struct fuzz_totals before;

	fuzz_begin(5 + FUZZ_END_TESTS, &before);
	test_policies();
	if (!ksft_get_fail_cnt()) {
		test_one_at_a_time();
		test_bytes();
		test_unread();
		test_many();
	}
	fuzz_end(&before);
}
