// SPDX-License-Identifier: GPL-2.0
/*
 * Chunks of a replay as gcctl would never send them: every kind of record broken
 * in every way, handed to the kernel directly. The replay must end as failed,
 * say what is wrong and in which line, and leave the heap as good as before.
 * Then the protocol of feeding, out of order, and who may do what.
 */
#define _GNU_SOURCE
#include "genl.h"
#include "need.h"

#include <ctype.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "kselftest.h"

#define HEAP	"t-feed"
#define A(name)	GCHEAP_LOAD_A_RUN_##name

/*
 * Records are written here as words: a number becomes LEB128, xNN is a byte,
 * 'text its letters. Type 0 holds references, type 1 does not; objects 1 and 2
 * are of them, and held.
 */
#define BEFORE	"1 1 1 1 'n  1 1 0 1 'p  2 1 1 0 32 2  2 1 1 1 16 0 "
#define BEFORE_LINES	4

/**
 * struct broken - records that must not pass
 * @what: what is wrong
 * @records: what follows %BEFORE
 * @line: in which line it is wrong
 * @text: part of the message
 */
struct broken {
	const char *what;
	const char *records;
	unsigned int line;
	const char *text;
};

static const struct broken broken[] = {
	{ "record 0", "x00 1 1", 4, "unknown record" },
	{ "record 9", "x09 1 1", 4, "unknown record" },
	{ "record 255", "xff 1 1", 4, "unknown record" },

	{ "type: gc is 2", "1 1 2 1 'q", 5, "gc" },
	{ "type: name of 256", "1 1 1 256", 5, "exceeds 255" },
	{ "type: name past the end", "1 1 1 9 'short", 5, "truncated" },

	{ "alloc: unknown type", "2 1 1 2 16 0", 5, "type 2 is unknown" },
	{ "alloc: type of 32 bits", "2 1 1 4294967295 16 0", 5, "is unknown" },
	{ "alloc: number used twice", "2 1 0 0 16 0", 5, "number" },
	{ "alloc: highest number", "2 1 4294967295 0 16 0", 5, "number" },
	{ "alloc: slots in a plain type", "2 1 1 1 32 2", 5, "no references" },
	{ "alloc: no room for slots", "2 1 1 0 31 2", 5, "too few" },
	{ "alloc: no room for a header", "2 1 1 0 15 0", 5, "too few" },
	{ "alloc: slots that overflow", "2 1 1 0 64 4294967295", 5,
	  "too few" },
	{ "alloc: too large", "2 1 1 0 4294967295 0", 5, "at most" },
	{ "alloc: too large by a page", "2 1 1 1 4194304 0", 5, "at most" },

	{ "store: object 0", "3 1 0 0 2", 5, "object 0 is unknown" },
	{ "store: unknown object", "3 1 3 0 2", 5, "object 3 is unknown" },
	{ "store: unknown target", "3 1 1 0 3", 5, "object 3 is unknown" },
	{ "store: slot 2 of 2", "3 1 1 2 2", 5, "slot 2 of object 1" },
	{ "store: highest slot", "3 1 1 4294967295 2", 5, "slot 4294967295" },
	{ "store: object without slots", "3 1 2 0 1", 5, "slot 0 of object 2" },
	{ "store: into the dead", "5 1 2 7 1 2 3 1 2 0 1", 7,
	  "object 2 is unknown" },
	{ "store: of the dead", "5 1 2 7 1 2 3 1 1 0 2", 7,
	  "object 2 is unknown" },

	{ "hold: unknown", "4 1 9", 5, "object 9 is unknown" },
	{ "hold: twice", "4 1 1", 5, "object 1 is already held" },
	{ "hold: the dead", "5 1 2 7 1 2 4 1 2", 7, "object 2 is unknown" },
	{ "drop: unknown", "5 1 9", 5, "object 9 is unknown" },
	{ "drop: twice", "5 1 1 5 1 1", 6, "object 1 is" },
	{ "collect: generation 3", "6 1 3", 5, "generation is 3" },
	{ "collect: highest", "6 1 4294967295", 5, "generation is 4294967295" },
	{ "dead: unknown", "7 1 9", 5, "object 9 is unknown" },
	{ "dead: twice", "5 1 2 7 1 2 7 1 2", 7, "object 2 is unknown" },
	{ "dead: object 0", "7 1 0", 5, "object 0 is unknown" },
	{ "cyclic: unknown", "8 1 9", 5, "object 9 is unknown" },
	{ "cyclic: twice", "5 1 2 8 1 2 8 1 2", 7, "object 2 is unknown" },
};

/* Good records, one of each kind, for cutting and stretching. */
static const char * const kinds[] = {
	"1 1 1 1 'q", "2 1 1 0 32 2", "3 1 1 0 2", "4 1 2", "5 1 2", "6 1 2",
	"7 1 2", "8 1 2",
};

struct bytes {
	uint8_t data[GCHEAP_LOAD_CHUNK_MAX + 16];
	size_t len;
};

static struct genl_request req;
static struct genl_reply rep;
static int fd, gcheap, load;

static void add_number(struct bytes *b, uint64_t v)
{
	do {
		b->data[b->len++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		v >>= 7;
	} while (v);
}

/* The word @nr of @text, if it is a number, becomes one of 33 bits. */
static bool add_words(struct bytes *b, const char *text, int nr)
{
	bool replaced = false;
	char *end;
	int i;

	for (i = 0; *text; i++) {
		if (*text == 'x') {
			b->data[b->len++] = (uint8_t)strtoul(text + 1, &end, 16);
			text = end;
		} else if (*text == '\'') {
			for (text++; *text && *text != ' '; text++)
				b->data[b->len++] = (uint8_t)*text;
		} else if (i == nr) {
			add_number(b, 1ULL << 32);
			strtoul(text, &end, 10);
			text = end;
			replaced = true;
		} else {
			add_number(b, strtoul(text, &end, 10));
			text = end;
		}
		while (isspace((unsigned char)*text))
			text++;
	}
	return replaced;
}

static int heap_request(int cmd)
{
	genl_begin(&req, gcheap, cmd, 0);
	genl_put_str(&req, GCHEAP_A_HEAP_NAME, HEAP);
	if (cmd == GCHEAP_CMD_HEAP_NEW)
		genl_put_u32(&req, GCHEAP_A_HEAP_ENGINE, GCHEAP_ENGINE_PYTHON);
	genl_do(fd, &req, &rep);
	return rep.err;
}

static uint32_t new_run(int workload)
{
	genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
	genl_put_str(&req, A(HEAP), HEAP);
	genl_put_u32(&req, A(WORKLOAD), (uint32_t)workload);
	genl_do(fd, &req, &rep);
	if (rep.err)
		ksft_exit_fail_msg("run-new: %d %s\n", rep.err, rep.text);
	return (uint32_t)genl_num(&rep, A(ID));
}

static int run_request(int cmd, uint32_t id)
{
	genl_begin(&req, load, cmd, 0);
	genl_put_u32(&req, A(ID), id);
	genl_do(fd, &req, &rep);
	return rep.err;
}

/* A run that has not ended is stopped, and has to be asked for again. */
static int del_run(uint32_t id)
{
	int i;

	for (i = 0; i < 10000; i++) {
		if (run_request(GCHEAP_LOAD_CMD_RUN_DEL, id) != EAGAIN)
			break;
		usleep(2000);
	}
	return rep.err;
}

static int feed(uint32_t id, const void *data, size_t len, bool last)
{
	int i;

	for (i = 0; i < 1000; i++) {
		genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_FEED, 0);
		genl_put_u32(&req, A(ID), id);
		if (data)
			genl_put(&req, A(CHUNK), data, len);
		if (last)
			genl_put(&req, A(LAST), NULL, 0);
		genl_do(fd, &req, &rep);
		if (rep.err != EAGAIN)
			break;
		usleep(2000);
	}
	return rep.err;
}

/* The state at the end; what there is to read stays in @rep. */
static uint32_t end_state(uint32_t id)
{
	uint64_t state = ~0ULL;
	int i;

	for (i = 0; i < 2000; i++) {
		if (run_request(GCHEAP_LOAD_CMD_RUN_GET, id))
			break;
		state = genl_num(&rep, A(STATE));
		if (state != GCHEAP_LOAD_STATE_RUNNING)
			break;
		usleep(5000);
	}
	return (uint32_t)state;
}

static const char *message(void)
{
	const char *text = genl_data(&rep, A(MESSAGE));

	return text ? text : "";
}

/* A replay of these bytes: must it fail, with this in its message? */
static bool replay(const struct bytes *b, const char *line, const char *text)
{
	uint32_t id = new_run(GCHEAP_LOAD_WORKLOAD_REPLAY), state;
	bool good;

	/* The replay may be over before it is told that this was all. */
	if (feed(id, b->data, b->len, true))
		ksft_exit_fail_msg("run-feed: %d %s\n", rep.err, rep.text);
	state = end_state(id);
	if (!text)
		good = state == GCHEAP_LOAD_STATE_DONE;
	else
		good = state == GCHEAP_LOAD_STATE_FAILED &&
		       genl_num(&rep, A(ERROR)) == EINVAL &&
		       strstr(message(), line) && strstr(message(), text);
	if (!good)
		ksft_print_msg("state %u, errno %lld, \"%s\"\n", state,
			       (long long)genl_num(&rep, A(ERROR)), message());
	del_run(id);
	return good;
}

static void test_broken(const struct broken *c)
{
	struct bytes b = { .len = 0 };
	char line[32];

	snprintf(line, sizeof(line), "line %u:", c->line);
	add_words(&b, BEFORE, -1);
	add_words(&b, c->records, -1);
	ksft_test_result(replay(&b, line, c->text), "%s\n", c->what);
}

/* Each kind, cut off after each of its bytes. */
static void test_cut(const char *record)
{
	struct bytes b = { .len = 0 };
	size_t from, to;
	bool good = true;

	add_words(&b, BEFORE, -1);
	from = b.len;
	add_words(&b, record, -1);
	to = b.len;
	for (b.len = from + 1; b.len < to; b.len++)
		good = replay(&b, "line ", "truncated") && good;
	ksft_test_result(good, "record %c cut off\n", record[0]);
}

/* Each kind, with each of its numbers too large. */
static void test_wide(const char *record)
{
	bool good = true, replaced = true;
	int i;

	for (i = 1; replaced; i++) {
		struct bytes b = { .len = 0 };

		add_words(&b, BEFORE, -1);
		replaced = add_words(&b, record, i);
		if (replaced)
			good = replay(&b, "line ", "exceeds 32 bits") && good;
	}
	ksft_test_result(good && i > 2, "record %c with numbers of 33 bits\n",
			 record[0]);
}

/* A number that never ends, and one that is longer than it needs to be. */
static void test_long(void)
{
	struct bytes b = { .len = 0 };

	add_words(&b, BEFORE, -1);
	add_words(&b, "4 xff xfe xff xfe xff xfe xff xfe xff x01 1", -1);
	ksft_test_result(replay(&b, "line 4:", "exceeds 32 bits"),
			 "a number of ten bytes\n");
	b.len = 0;
	add_words(&b, BEFORE, -1);
	add_words(&b, "5 1 x82 x80 x80 x80 x00 7 1 2", -1);
	ksft_test_result(replay(&b, NULL, NULL), "a number written long\n");
}

static void test_types(void)
{
	uint32_t id = new_run(GCHEAP_LOAD_WORKLOAD_REPLAY);
	struct bytes b = { .len = 0 };
	bool good;
	int i;

	for (i = 0; i < 4097; i++)
		add_words(&b, "1 1 1 1 'n", -1);
	feed(id, b.data, b.len, true);
	good = end_state(id) == GCHEAP_LOAD_STATE_FAILED &&
	       strstr(message(), "line 4097:") && strstr(message(), "4096");
	del_run(id);
	ksft_test_result(good, "4097 types\n");
}

static void check(const char *what, int err, int bad, const char *text)
{
	bool good = rep.err == err && rep.bad == bad &&
		    (!text || strstr(rep.text, text));

	if (!good)
		ksft_print_msg("errno %d, attribute %d, \"%s\"\n", rep.err,
			       rep.bad, rep.text);
	ksft_test_result(good, "%s\n", what);
}

static void test_protocol(void)
{
	uint32_t id = new_run(GCHEAP_LOAD_WORKLOAD_REPLAY), other;
	struct bytes b = { .len = 0 };

	feed(id, NULL, 0, false);
	check("feed: neither chunk nor end", EINVAL, 0, "chunk");
	memset(b.data, 0, sizeof(b.data));
	feed(id, b.data, GCHEAP_LOAD_CHUNK_MAX + 1, false);
	check("feed: chunk of 32769 bytes", EINVAL, A(CHUNK), "32768");
	feed(id + 1000, "", 1, true);
	check("feed: unknown run", ENOENT, A(ID), "no such run");

	add_words(&b, BEFORE, -1);
	feed(id, b.data, b.len, false);
	feed(id, NULL, 0, true);
	check("feed: the end by itself", 0, 0, NULL);
	end_state(id);
	feed(id, b.data, b.len, false);
	ksft_test_result(rep.err == ESHUTDOWN || rep.err == EINVAL,
			 "feed: after the end: %s\n", rep.text);
	ksft_test_result(end_state(id) == GCHEAP_LOAD_STATE_DONE,
			 "the replay is done all the same\n");
	del_run(id);
	run_request(GCHEAP_LOAD_CMD_RUN_GET, id);
	check("get: a run that was deleted", ENOENT, A(ID), "no such run");

	other = new_run(GCHEAP_LOAD_WORKLOAD_LRU);
	feed(other, b.data, b.len, true);
	check("feed: no replay", EINVAL, A(ID), "not a replay");
	run_request(GCHEAP_LOAD_CMD_RUN_STOP, other);
	ksft_test_result(end_state(other) == GCHEAP_LOAD_STATE_STOPPED,
			 "a run that was stopped\n");
	del_run(other);
}

/* Limits of the numbers of run-new. */
static void test_numbers(void)
{
	static const struct {
		const char *what;
		int workload, attr;
		uint32_t value;
		int err;
		const char *text;
	} wrong[] = {
		{ "no mutators", 1, A(MUTATORS), 0, ERANGE, "mutators" },
		{ "65 mutators", 1, A(MUTATORS), 65, ERANGE, "1 to 64" },
		{ "9 mutators in a replay", 0, A(MUTATORS), 9, EINVAL,
		  "1 to 8" },
		{ "no seconds", 1, A(SECONDS), 0, ERANGE, "seconds" },
		{ "seconds of a replay", 0, A(SECONDS), 5, EINVAL, "seconds" },
		{ "depth 25", 1, A(DEPTH), 25, ERANGE, "1 to 24" },
		{ "depth of lru", 2, A(DEPTH), 5, EINVAL, "depth" },
		{ "no entries", 2, A(ENTRIES), 0, ERANGE, "entries" },
		{ "size of 65537", 2, A(SIZE), 65537, ERANGE, "65536" },
		{ "verify 2", 0, A(VERIFY), 2, EINVAL, "verify" },
		{ "unknown workload", 99, A(WORKLOAD), 99, ERANGE, NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
		genl_put_str(&req, A(HEAP), HEAP);
		genl_put_u32(&req, A(WORKLOAD), (uint32_t)wrong[i].workload);
		if (wrong[i].attr != A(WORKLOAD))
			genl_put_u32(&req, wrong[i].attr, wrong[i].value);
		genl_do(fd, &req, &rep);
		check(wrong[i].what, wrong[i].err, wrong[i].attr,
		      wrong[i].text);
	}
}

/* From the moment that a run was accepted, and not only when its threads came. */
static void test_in_use(void)
{
	bool good = true;
	uint32_t id;
	int i;

	for (i = 0; good && i < 30; i++) {
		id = new_run(GCHEAP_LOAD_WORKLOAD_LRU);
		good = heap_request(GCHEAP_CMD_HEAP_DEL) == EBUSY;
		del_run(id);
	}
	ksft_test_result(good, "the heap of a run is in use at once\n");
}

static bool run_is_gone(uint32_t id)
{
	int i;

	for (i = 0; i < 2000; i++) {
		if (run_request(GCHEAP_LOAD_CMD_RUN_GET, id) == ENOENT)
			return true;
		usleep(5000);
	}
	return false;
}

/* A run that its socket took along may still have something in the heap. */
static bool heap_is_idle(void)
{
	int i;

	for (i = 0; i < 2000; i++) {
		if (!heap_request(GCHEAP_CMD_HEAP_GET) &&
		    !genl_num(&rep, GCHEAP_A_HEAP_MUTATORS))
			return true;
		usleep(5000);
	}
	return false;
}

/* A child asks for the end of a run, its parent's or its own, and goes. */
static uint32_t delete_and_go(uint32_t id)
{
	int ends[2], status = 1;
	pid_t pid;

	if (pipe(ends))
		ksft_exit_fail_msg("pipe: %s\n", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		fd = genl_open();
		if (!id)
			id = new_run(GCHEAP_LOAD_WORKLOAD_BINARY_TREES);
		status = run_request(GCHEAP_LOAD_CMD_RUN_DEL, id) != EAGAIN;
		if (write(ends[1], &id, sizeof(id)) != sizeof(id))
			status = 1;
		_exit(status);
	}
	if (pid < 0 || read(ends[0], &id, sizeof(id)) != sizeof(id) ||
	    waitpid(pid, &status, 0) != pid || status)
		id = 0;
	close(ends[0]);
	close(ends[1]);
	return id;
}

/* What a run has in the heap takes its time: run-del does not wait for that. */
static void test_delete(void)
{
	uint32_t id = new_run(GCHEAP_LOAD_WORKLOAD_BINARY_TREES), gone;

	run_request(GCHEAP_LOAD_CMD_RUN_DEL, id);
	check("del: a run that goes on", EAGAIN, 0, "try again");
	ksft_test_result(!del_run(id) && run_is_gone(id),
			 "del: it has ended and is forgotten\n");

	id = new_run(GCHEAP_LOAD_WORKLOAD_BINARY_TREES);
	gone = delete_and_go(id);
	ksft_test_result(gone == id &&
			 end_state(id) == GCHEAP_LOAD_STATE_STOPPED &&
			 !del_run(id),
			 "del: by another, who does not ask again\n");

	gone = delete_and_go(0);
	ksft_test_result(gone && run_is_gone(gone) && heap_is_idle(),
			 "del: by its owner, who does not ask again\n");
}

#define MANY	60000

/* Feeds what there is if another record may not have room. */
static int feed_full(uint32_t id, struct bytes *b)
{
	int err = 0;

	if (b->len > GCHEAP_LOAD_CHUNK_MAX - 64) {
		err = feed(id, b->data, b->len, false);
		b->len = 0;
	}
	return err;
}

/*
 * Numbers whose lower half, folded with the upper one, is always the same. If that
 * leaves them in one list, each record takes a walk over tens of thousands.
 */
static void test_numbers_alike(void)
{
	uint32_t id = new_run(GCHEAP_LOAD_WORKLOAD_REPLAY);
	struct bytes b = { .len = 0 };
	bool good;
	int i, err = 0;

	add_words(&b, "1 1 1 1 'n", -1);
	for (i = 0; i < MANY && !err; i++) {
		add_words(&b, "2 1 65537 0 32 2", -1);
		err = feed_full(id, &b);
	}
	for (i = 0; i < MANY && !err; i++) {
		add_words(&b, "3 1 65537 0 131074", -1);
		err = feed_full(id, &b);
	}
	if (!err)
		err = feed(id, b.data, b.len, true);
	good = !err && end_state(id) == GCHEAP_LOAD_STATE_DONE;
	if (!good)
		ksft_print_msg("feed %d, \"%s\"\n", err, message());
	del_run(id);
	ksft_test_result(good, "%u numbers that are alike\n", MANY);
}

/* Without CAP_SYS_ADMIN for now, or with all there is again. */
static void set_admin(bool on)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &hdr, data))
		ksft_exit_fail_msg("capget: errno %d\n", errno);
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	if (on)
		data[0].effective |= data[0].permitted;
	if (syscall(SYS_capset, &hdr, data))
		ksft_exit_fail_msg("capset: errno %d\n", errno);
}

/* One who has it must not do so for one who has not, through his socket. */
static void test_opener(void)
{
	int all = fd;

	set_admin(false);
	fd = genl_open();
	set_admin(true);
	genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
	genl_put_str(&req, A(HEAP), HEAP);
	genl_put_u32(&req, A(WORKLOAD), GCHEAP_LOAD_WORKLOAD_LRU);
	genl_do(fd, &req, &rep);
	check("a socket opened without CAP_SYS_ADMIN", EPERM, 0,
	      "CAP_SYS_ADMIN");
	close(fd);
	fd = all;
}

/* The cache that was stopped has left cycles behind. */
static bool collected(void)
{
	uint64_t ticket;
	int i;

	heap_request(GCHEAP_CMD_COLLECT);
	ticket = genl_num(&rep, GCHEAP_A_HEAP_TICKET);
	for (i = 0; !rep.err && i < 1000; i++) {
		heap_request(GCHEAP_CMD_HEAP_GET);
		if (genl_num(&rep, GCHEAP_A_HEAP_REQUESTS_ENDED) >= ticket)
			return true;
		usleep(10000);
	}
	return false;
}

/* Nothing of all that may have kept the heap, or an object in it. */
static void test_heap_is_good(void)
{
	struct bytes b = { .len = 0 };
	bool good;

	add_words(&b, BEFORE "3 1 1 0 2  5 1 1  7 1 1", -1);
	good = replay(&b, NULL, NULL);
	ksft_test_result(good, "the heap still takes a good trace\n");
	if (!collected())
		ksft_print_msg("no collection: %d %s\n", rep.err, rep.text);
	genl_begin(&req, gcheap, GCHEAP_CMD_STATS_GET, 0);
	genl_put_str(&req, GCHEAP_A_STATS_NAME, HEAP);
	genl_do(fd, &req, &rep);
	ksft_test_result(genl_num(&rep, GCHEAP_A_STATS_LIVE_OBJECTS) == 0,
			 "no object is left\n");
	ksft_test_result(!heap_request(GCHEAP_CMD_HEAP_DEL),
			 "it can be deleted\n");
}

int main(void)
{
	size_t i;

	ksft_print_header();
	fd = genl_open();
	gcheap = genl_family(fd, GCHEAP_FAMILY_NAME);
	load = genl_family(fd, GCHEAP_LOAD_FAMILY_NAME);
	need(gcheap && load, "gcheap and gcheap_load are not loaded");
	ksft_set_plan(ARRAY_SIZE(broken) + 2 * ARRAY_SIZE(kinds) + 33);
	if (heap_request(GCHEAP_CMD_HEAP_NEW))
		ksft_exit_fail_msg("heap not created: %d %s\n", rep.err,
				   rep.text);
	for (i = 0; i < ARRAY_SIZE(broken); i++)
		test_broken(&broken[i]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		test_cut(kinds[i]);
		test_wide(kinds[i]);
	}
	test_long();
	test_types();
	test_protocol();
	test_numbers();
	test_in_use();
	test_delete();
	test_numbers_alike();
	test_opener();
	test_heap_is_good();
	ksft_finished();
}
