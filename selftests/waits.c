// SPDX-License-Identifier: GPL-2.0
/*
 * What does not wait for a heap that is busy. A heap verifies itself for seconds, with
 * its lock held: delay points make that last. Whoever changes or deletes it waits
 * meanwhile; requests for other heaps, and whoever closes a socket, do not. What does
 * not wait has ended while the verification still goes on: that is the criterion,
 * however long both take.
 */
#define _GNU_SOURCE
#include "genl.h"
#include "need.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#define BUSY	"t-busy"
#define OTHER	"t-other"
#define H(name)	GCHEAP_A_HEAP_##name
#define R(name)	GCHEAP_LOAD_A_RUN_##name

/* Longest wait for what has to come, in steps of a millisecond. */
#define PATIENCE	60000
#define DELAY		"/sys/module/gcheap/parameters/delay_us"
#define REFCNT		"/sys/module/gcheap/refcnt"
/* Heaps that are deleted until one is seen that is not free yet. */
#define DELETIONS	300

static struct genl_request req;
static struct genl_reply rep;
static int fd, gcheap, load;

static int heap_request(int cmd, const char *name)
{
	genl_begin(&req, gcheap, cmd, 0);
	genl_put_str(&req, cmd == GCHEAP_CMD_STATS_GET ?
			   (int)GCHEAP_A_STATS_NAME : (int)H(NAME), name);
	genl_do(fd, &req, &rep);
	return rep.err;
}

static int heap_new(const char *name, uint32_t engine, bool owned)
{
	genl_begin(&req, gcheap, GCHEAP_CMD_HEAP_NEW, 0);
	genl_put_str(&req, H(NAME), name);
	genl_put_u32(&req, H(ENGINE), engine);
	if (owned)
		genl_put(&req, H(OWNED), NULL, 0);
	genl_do(fd, &req, &rep);
	return rep.err;
}

static int heap_verify(const char *name)
{
	genl_begin(&req, gcheap, GCHEAP_CMD_HEAP_SET, 0);
	genl_put_str(&req, H(NAME), name);
	genl_put_u32(&req, H(VERIFY), 1);
	genl_do(fd, &req, &rep);
	return rep.err;
}

static bool write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool good = file >= 0 &&
		    write(file, text, strlen(text)) == (ssize_t)strlen(text);

	if (file >= 0)
		close(file);
	return good;
}

/* Starts a child that does one thing on a socket of its own. */
static pid_t start(int (*fn)(const char *), const char *name)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		ksft_exit_fail_msg("fork: %s\n", strerror(errno));
	if (!pid) {
		fd = genl_open();
		_exit(fn(name) ? 1 : 0);
	}
	return pid;
}

/* As ps shows it: D waits in the kernel, Z has ended. */
static char state_of(pid_t pid)
{
	char path[64], buf[512], *end;
	int file, len = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file >= 0) {
		len = (int)read(file, buf, sizeof(buf) - 1);
		close(file);
	}
	buf[len > 0 ? len : 0] = '\0';
	end = strrchr(buf, ')');
	return end && end[1] ? end[2] : 'X';
}

/* Waits until a child waits in the kernel, or has ended. */
static char wait_stuck(pid_t pid)
{
	int i, stuck = 0;
	char state = '?';

	/* Whoever is seen so three times does not just pass by. */
	for (i = 0; i < PATIENCE && stuck < 3; i++) {
		state = state_of(pid);
		if (state == 'Z' || state == 'X')
			break;
		stuck = state == 'D' ? stuck + 1 : 0;
		usleep(1000);
	}
	return state;
}

static int set_verify(const char *name)
{
	return heap_verify(name);
}

static int delete(const char *name)
{
	return heap_request(GCHEAP_CMD_HEAP_DEL, name);
}

/* Owns a heap until it is killed. */
static int own(const char *name)
{
	if (heap_new(name, GCHEAP_ENGINE_PYTHON, true))
		return rep.err;
	for (;;)
		pause();
}

/* Leaves some ten megabytes of cyclic garbage in old generations of a heap. */
static void fill(const char *name)
{
	uint32_t id;
	int i;

	genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
	genl_put_str(&req, R(HEAP), name);
	genl_put_u32(&req, R(WORKLOAD), GCHEAP_LOAD_WORKLOAD_LRU);
	genl_put_u32(&req, R(ENTRIES), 30000);
	genl_put_u32(&req, R(SIZE), 256);
	genl_put_u32(&req, R(MAX_OPERATIONS), 60000);
	genl_do(fd, &req, &rep);
	if (rep.err)
		ksft_exit_fail_msg("run-new: %d %s\n", rep.err, rep.text);
	id = (uint32_t)genl_num(&rep, R(ID));
	for (i = 0; i < PATIENCE; i++) {
		genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_GET, 0);
		genl_put_u32(&req, R(ID), id);
		genl_do(fd, &req, &rep);
		if (rep.err || genl_num(&rep, R(STATE)) !=
			       GCHEAP_LOAD_STATE_RUNNING)
			break;
		usleep(1000);
	}
	if (genl_num(&rep, R(STATE)) != GCHEAP_LOAD_STATE_DONE)
		ksft_exit_fail_msg("the heap could not be filled\n");
	genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_DEL, 0);
	genl_put_u32(&req, R(ID), id);
	genl_do(fd, &req, &rep);
	if (heap_verify(name))
		ksft_exit_fail_msg("heap-set: %d %s\n", rep.err, rep.text);
}

static uint64_t ticket;

/* A collection that was asked for has not ended: nor has its verification. */
static bool is_busy(void)
{
	return !heap_request(GCHEAP_CMD_HEAP_GET, BUSY) &&
	       genl_num(&rep, H(REQUESTS_ENDED)) < ticket;
}

/*
 * Has the heap verify itself, which lasts; returns with a child that waits for its
 * lock. A young collection leaves what is to be looked at.
 */
static pid_t make_busy(void)
{
	pid_t pid;
	char state;

	write_file(DELAY, "1000");
	genl_begin(&req, gcheap, GCHEAP_CMD_COLLECT, 0);
	genl_put_str(&req, H(NAME), BUSY);
	genl_put_u32(&req, H(GENERATION), 0);
	genl_do(fd, &req, &rep);
	if (rep.err)
		ksft_exit_fail_msg("collect: %d %s\n", rep.err, rep.text);
	ticket = genl_num(&rep, H(TICKET));
	for (;;) {
		if (!is_busy())
			ksft_exit_fail_msg("the verification was not seen\n");
		pid = start(set_verify, BUSY);
		state = wait_stuck(pid);
		if (state == 'D')
			return pid;
		waitpid(pid, NULL, 0);
	}
}

static bool ended_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

static void test_set(void)
{
	pid_t pid = make_busy();
	bool good = !heap_verify(OTHER);

	ksft_test_result(good && is_busy(),
			 "another heap's settings are changed meanwhile\n");
	write_file(DELAY, "0");
	ksft_test_result(ended_well(pid), "then those of the busy one\n");
}

static void test_delete(void)
{
	pid_t setter = make_busy(), pid = start(delete, BUSY);
	bool good = wait_stuck(pid) == 'D';

	if (!good)
		ksft_print_msg("the deletion does not wait\n");
	good = !heap_request(GCHEAP_CMD_HEAP_GET, OTHER) && good;
	good = !heap_request(GCHEAP_CMD_STATS_GET, OTHER) && good;
	ksft_test_result(good && is_busy(),
			 "another heap is looked at while a busy one is deleted\n");
	write_file(DELAY, "0");
	/* Set or deleted first. */
	waitpid(setter, NULL, 0);
	good = ended_well(pid);
	ksft_test_result(good && heap_request(GCHEAP_CMD_HEAP_GET, BUSY) == ENOENT,
			 "the busy one is deleted in the end\n");
}

static bool gone_soon(const char *name)
{
	int i;

	for (i = 0; i < PATIENCE; i++) {
		if (heap_request(GCHEAP_CMD_HEAP_GET, name) == ENOENT)
			return true;
		usleep(1000);
	}
	return false;
}

static void test_owner(void)
{
	pid_t owner = start(own, BUSY), setter;
	bool good;
	int i;

	for (i = 0; i < PATIENCE; i++) {
		if (!heap_request(GCHEAP_CMD_HEAP_GET, BUSY))
			break;
		usleep(1000);
	}
	fill(BUSY);
	setter = make_busy();
	kill(owner, SIGKILL);
	wait_stuck(owner);
	close(genl_open());
	ksft_test_result(is_busy(),
			 "a socket is closed while the owner of a busy heap ends\n");
	good = waitpid(owner, NULL, 0) == owner;
	ksft_test_result(good && is_busy(), "the owner does not wait for it\n");
	write_file(DELAY, "0");
	waitpid(setter, NULL, 0);
	ksft_test_result(gone_soon(BUSY), "the heap follows its owner\n");
}

static long references(void)
{
	char buf[32] = "";
	int file = open(REFCNT, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return -1;
	if (read(file, buf, sizeof(buf) - 1) < 0)
		buf[0] = '\0';
	close(file);
	return strtol(buf, NULL, 10);
}

static uint64_t heaps_ending(void)
{
	genl_begin(&req, gcheap, GCHEAP_CMD_MODULE_GET, 0);
	genl_do(fd, &req, &rep);
	return rep.err ? 0 : genl_num(&rep, GCHEAP_A_MODULE_HEAPS_ENDING);
}

/* A heap pins the module until it has been freed. */
static void test_free(void)
{
	const char *what = "heap-del does not wait until the heap is free";
	long before = references();
	bool seen = false;
	int i;

	if (before < 0) {
		ksft_test_result_skip("%s: no " REFCNT "\n", what);
		return;
	}
	write_file(DELAY, "1000");
	for (i = 0; i < DELETIONS && !seen; i++) {
		if (heap_new(BUSY, GCHEAP_ENGINE_SLAB, false) ||
		    heap_request(GCHEAP_CMD_HEAP_DEL, BUSY))
			break;
		seen = references() > before;
	}
	write_file(DELAY, "0");
	ksft_test_result(seen, "%s\n", what);
	/* A heap of the tests before may have been counted in @before. */
	for (i = 0; i < PATIENCE && (heaps_ending() || references() > before); i++)
		usleep(1000);
	ksft_test_result(references() <= before,
			 "the module can go when none is being freed\n");
}

static void delays_off(void)
{
	write_file(DELAY, "0");
}

int main(void)
{
	ksft_print_header();
	atexit(delays_off);
	fd = genl_open();
	gcheap = genl_family(fd, GCHEAP_FAMILY_NAME);
	load = genl_family(fd, GCHEAP_LOAD_FAMILY_NAME);
	need(gcheap && load, "gcheap and gcheap_load are not loaded");
	if (!write_file(DELAY, "0"))
		ksft_exit_skip("this kernel has no delay points\n");
	ksft_set_plan(9);
	if (heap_new(OTHER, GCHEAP_ENGINE_GO, false) ||
	    heap_new(BUSY, GCHEAP_ENGINE_PYTHON, false))
		ksft_exit_fail_msg("heap-new: %d %s\n", rep.err, rep.text);
	fill(BUSY);
	test_set();
	test_delete();
	test_owner();
	test_free();
	if (heap_request(GCHEAP_CMD_HEAP_DEL, OTHER))
		ksft_exit_fail_msg("heap-del: %d %s\n", rep.err, rep.text);
	ksft_finished();
}
