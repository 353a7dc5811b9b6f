/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzzers share: random numbers out of a seed that is printed, how
 * long to go on, and what has to be true when they are done: nothing of theirs
 * is left, all pages are back, heaps work, and the modules can go.
 *
 * Heaps of fuzzers are called t-f and something.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "genl.h"
#include "need.h"

#include <signal.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "kselftest.h"

#define FUZZ_PREFIX	"t-f"
#define H(name)		GCHEAP_A_HEAP_##name
#define R(name)		GCHEAP_LOAD_A_RUN_##name
/* More than any fuzzer has at a time. */
#define FUZZ_LIST	1200

static uint64_t fuzz_state;
static int fuzz_fd, fuzz_gcheap, fuzz_load;
static struct genl_request fuzz_req;
static struct genl_reply fuzz_rep;

/* ---- random numbers: splitmix64 ---- */

static inline uint64_t fuzz_next(void)
{
	uint64_t z = (fuzz_state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint32_t fuzz_below(uint32_t n)
{
	return (uint32_t)(((fuzz_next() >> 32) * n) >> 32);
}

static inline bool fuzz_chance(unsigned int percent)
{
	return fuzz_below(100) < percent;
}

/* ---- beginning ---- */

static inline bool fuzz_is_long(void)
{
	const char *text = getenv("GCHEAP_LONG");

	return text && *text && strcmp(text, "0");
}

static time_t fuzz_deadline;

static inline time_t fuzz_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/*
 * A test goes on for @n rounds or, where all is slow, for @seconds: what it
 * finds, and not how far it comes, decides on its result.
 */
static inline unsigned int fuzz_rounds(unsigned int n, unsigned int seconds)
{
	unsigned int times = fuzz_is_long() ? 30 : 1;

	fuzz_deadline = fuzz_now() + (time_t)(seconds * times);
	return n * times;
}

static inline bool fuzz_is_late(void)
{
	return fuzz_now() >= fuzz_deadline;
}

static inline void fuzz_open(void)
{
	fuzz_fd = genl_open();
	fuzz_gcheap = genl_family(fuzz_fd, GCHEAP_FAMILY_NAME);
	fuzz_load = genl_family(fuzz_fd, GCHEAP_LOAD_FAMILY_NAME);
}

/**
 * struct fuzz_totals - what must be the same afterwards
 * @heaps: heaps that exist
 * @pages: taken and not returned
 */
struct fuzz_totals {
	uint64_t heaps;
	uint64_t pages;
};

static inline void fuzz_read_totals(struct fuzz_totals *tot)
{
	genl_begin(&fuzz_req, fuzz_gcheap, GCHEAP_CMD_MODULE_GET, 0);
	genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
	tot->heaps = genl_num(&fuzz_rep, GCHEAP_A_MODULE_HEAPS);
	tot->pages = genl_num(&fuzz_rep, GCHEAP_A_MODULE_PAGES_TAKEN) -
		     genl_num(&fuzz_rep, GCHEAP_A_MODULE_PAGES_RETURNED);
}

/* Fuzzers meet what is there, so they begin only where nothing is. */
static inline void fuzz_begin(unsigned int plan, struct fuzz_totals *before)
{
	const char *text = getenv("GCHEAP_SEED");

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	fuzz_open();
	need(fuzz_gcheap && fuzz_load,
	     "gcheap and gcheap_load are not loaded");
	fuzz_read_totals(before);
	need(!before->heaps,
	     "there are heaps, and what is tried could hit them");
	ksft_set_plan(plan);
	if (text && *text)
		fuzz_state = strtoull(text, NULL, 0);
	else if (getrandom(&fuzz_state, 4, GRND_NONBLOCK) != 4)
		fuzz_state = (uint64_t)time(NULL) << 8 ^ (uint64_t)getpid();
	ksft_print_msg("GCHEAP_SEED=%llu does the same again\n",
		       (unsigned long long)fuzz_state);
}

/* ---- small requests ---- */

static inline int fuzz_heap_request(int cmd, const char *name)
{
	genl_begin(&fuzz_req, fuzz_gcheap, cmd, 0);
	genl_put_str(&fuzz_req, H(NAME), name);
	genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
	return fuzz_rep.err;
}

static inline int fuzz_new_heap(const char *name, uint32_t engine,
				uint64_t limit)
{
	genl_begin(&fuzz_req, fuzz_gcheap, GCHEAP_CMD_HEAP_NEW, 0);
	genl_put_str(&fuzz_req, H(NAME), name);
	genl_put_u32(&fuzz_req, H(ENGINE), engine);
	genl_put_u64(&fuzz_req, H(LIMIT), limit);
	genl_put_u32(&fuzz_req, H(VERIFY), 1);
	genl_put_u32(&fuzz_req, H(POISON), 1);
	genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
	return fuzz_rep.err;
}

static inline int fuzz_run_request(int cmd, uint32_t id)
{
	genl_begin(&fuzz_req, fuzz_load, cmd, 0);
	genl_put_u32(&fuzz_req, R(ID), id);
	genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
	return fuzz_rep.err;
}

/* A run that has not ended is stopped, and has to be asked for again. */
static inline int fuzz_del_run(uint32_t id)
{
	int i;

	for (i = 0; i < 10000; i++) {
		if (fuzz_run_request(GCHEAP_LOAD_CMD_RUN_DEL, id) != EAGAIN)
			break;
		usleep(2000);
	}
	return fuzz_rep.err;
}

static inline uint64_t fuzz_stat(const char *name, int attr)
{
	genl_begin(&fuzz_req, fuzz_gcheap, GCHEAP_CMD_STATS_GET, 0);
	genl_put_str(&fuzz_req, GCHEAP_A_STATS_NAME, name);
	genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
	return genl_num(&fuzz_rep, attr);
}

/* State of a run that has ended, what it says stays in fuzz_rep. */
static inline uint32_t fuzz_wait_run(uint32_t id)
{
	int i;

	for (i = 0; i < 6000; i++) {
		if (fuzz_run_request(GCHEAP_LOAD_CMD_RUN_GET, id))
			break;
		if (genl_num(&fuzz_rep, R(STATE)) != GCHEAP_LOAD_STATE_RUNNING)
			return (uint32_t)genl_num(&fuzz_rep, R(STATE));
		usleep(5000);
	}
	return GCHEAP_LOAD_STATE_RUNNING;
}

static inline bool fuzz_collect(const char *name)
{
	uint64_t ticket;
	int i;

	if (fuzz_heap_request(GCHEAP_CMD_COLLECT, name))
		return false;
	ticket = genl_num(&fuzz_rep, H(TICKET));
	for (i = 0; i < 3000; i++) {
		if (fuzz_heap_request(GCHEAP_CMD_HEAP_GET, name))
			return false;
		if (genl_num(&fuzz_rep, H(REQUESTS_ENDED)) >= ticket)
			return true;
		usleep(10000);
	}
	return false;
}

#endif /* FUZZ_H */
