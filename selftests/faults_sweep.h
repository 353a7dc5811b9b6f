/* SPDX-License-Identifier: GPL-2.0 */
/* Requests that are made again and again, with one allocation further failing each time. */
#ifndef FAULTS_SWEEP_H
#define FAULTS_SWEEP_H

#include "genl.h"
#include "faults.h"

#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "kselftest.h"

#define H(name)		GCHEAP_A_HEAP_##name
#define R(name)		GCHEAP_LOAD_A_RUN_##name

/* Faults that a single system call has at most: else the sweep has no end. */
#define FAULTS_MAX	20000U

static struct genl_request req;
static struct genl_reply rep;
static int fd = -1, gcheap, load;

/* ---- requests ---- */

/* A new socket: on the old one there may be answers that came too late. */
static void reopen(void)
{
	struct timeval limit = { .tv_sec = 5 };

	if (fd >= 0)
		close(fd);
	fd = genl_open();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* Takes in one datagram; whether the answer is complete. */
static bool take_in(char *buf, int len)
{
	struct nlmsghdr *nlh;

	for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
	     nlh = NLMSG_NEXT(nlh, len)) {
		if (nlh->nlmsg_seq != req.nlh.nlmsg_seq)
			continue;
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			genl_read_ack(&req, nlh, &rep);
			return true;
		}
		if (nlh->nlmsg_type == NLMSG_DONE) {
			rep.err = -*(int *)NLMSG_DATA(nlh);
			return true;
		}
		rep.len = (int)nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
		if (rep.len < 0 || rep.len > (int)sizeof(rep.buf))
			abort();
		memcpy(rep.buf, (char *)NLMSG_DATA(nlh) + GENL_HDRLEN,
		       (size_t)rep.len);
	}
	return false;
}

/* As genl_do(), also for dumps, and whatever goes wrong on the way. */
static int ask(void)
{
	static char buf[65536];
	ssize_t len;

	memset(&rep, 0, sizeof(rep));
	if (!(req.nlh.nlmsg_flags & NLM_F_DUMP))
		req.nlh.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, req.buf, req.nlh.nlmsg_len, 0) < 0) {
		rep.err = errno;
		return rep.err;
	}
	do {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < 0) {
			rep.err = errno;
			break;
		}
	} while (!take_in(buf, (int)len));
	return rep.err;
}

static void begin_heap(int cmd, const char *name)
{
	genl_begin(&req, gcheap, cmd, 0);
	if (name)
		genl_put_str(&req, H(NAME), name);
}

static void begin_run(int cmd, uint32_t id)
{
	genl_begin(&req, load, cmd, 0);
	genl_put_u32(&req, R(ID), id);
}

/* ---- what must be as it was ---- */

static bool heap_exists(const char *name)
{
	begin_heap(GCHEAP_CMD_HEAP_GET, name);
	return !ask();
}

static void add_heap(const char *name, unsigned int engine)
{
	begin_heap(GCHEAP_CMD_HEAP_NEW, name);
	genl_put_u32(&req, H(ENGINE), engine);
	genl_put_u32(&req, H(VERIFY), 1);
	if (ask())
		ksft_exit_fail_msg("heap %s: errno %d %s\n", name, rep.err,
				   rep.text);
}

static bool delete_heap(const char *name)
{
	int i;

	for (i = 0; i < 500; i++) {
		begin_heap(GCHEAP_CMD_HEAP_DEL, name);
		if (ask() != EBUSY)
			break;
		usleep(10000);
	}
	return !rep.err;
}

static uint64_t module_number(int attr)
{
	begin_heap(GCHEAP_CMD_MODULE_GET, NULL);
	return ask() ? ~0ULL : genl_num(&rep, attr);
}

static uint64_t stats_of(const char *heap, int attr)
{
	begin_heap(GCHEAP_CMD_STATS_GET, heap);
	return ask() ? ~0ULL : genl_num(&rep, attr);
}

/* Of the heaps of runs that have ended, the last pages may be on their way. */
static bool balanced(void)
{
	uint64_t taken = 0, returned = 1;
	int i;

	for (i = 0; i < 200 && taken != returned; i++) {
		begin_heap(GCHEAP_CMD_MODULE_GET, NULL);
		if (ask())
			return false;
		taken = genl_num(&rep, GCHEAP_A_MODULE_PAGES_TAKEN);
		returned = genl_num(&rep, GCHEAP_A_MODULE_PAGES_RETURNED);
		usleep(taken == returned ? 0 : 10000);
	}
	if (taken != returned)
		ksft_print_msg("%llu pages taken, %llu returned\n",
			       (unsigned long long)taken,
			       (unsigned long long)returned);
	return taken == returned;
}

/* ---- a sweep of one request ---- */

/**
 * struct act - something that is done with a fault ahead
 * @name: for messages
 * @before: makes what it needs; may be NULL
 * @act: does it; returns an errno
 * @after: is all as it has to be, @err being what came of it? May be NULL.
 * @arg: for them
 */
struct act {
	const char *name;
	void (*before)(unsigned int arg);
	int (*act)(unsigned int arg);
	bool (*after)(unsigned int arg, int err);
	unsigned int arg;
};

static bool is_no_memory(int err)
{
	/* The second is the netlink core's, when its own message has no room. */
	return err == ENOMEM || err == ENOBUFS;
}

/* The kernel has two names for a thread that it has no memory for. */
static bool is_no_thread(int err)
{
	return is_no_memory(err) || err == EAGAIN;
}

static bool attempt(const struct act *a, unsigned int nth, bool *struck,
		    unsigned int *refused)
{
	bool ok;
	int err;

	reopen();
	if (a->before)
		a->before(a->arg);
	arm(nth);
	err = a->act(a->arg);
	*struck = !disarm();
	*refused += !!err;
	reopen();
	ok = !err || (*struck && is_no_memory(err));
	if (!ok)
		ksft_print_msg("%s: fault %u: errno %d %s\n", a->name, nth, err,
			       rep.text);
	if (a->after && !a->after(a->arg, err)) {
		ksft_print_msg("%s: fault %u, errno %d: not as it was\n",
			       a->name, nth, err);
		ok = false;
	}
	return ok;
}

static bool sweep(const struct act *a)
{
	unsigned int nth, refused = 0;
	bool struck = true, ok = true;

	for (nth = 1; struck && ok && nth < FAULTS_MAX; nth++)
		ok = attempt(a, nth, &struck, &refused);
	ksft_print_msg("%s: %u faults, %u errors\n", a->name, nth - 2, refused);
	if (ok && nth == FAULTS_MAX)
		ksft_print_msg("%s: there is no end to it\n", a->name);
	return ok && nth < FAULTS_MAX && nth > 2;
}

#endif /* FAULTS_SWEEP_H */
