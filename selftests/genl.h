/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink on a bare socket: requests made attribute by attribute, right
 * or wrong, and all that the kernel says in return. A library would not send
 * most of what the tests here send.
 */
#ifndef GENL_H
#define GENL_H

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

#define GENL_REQUEST_MAX	49152
#define GENL_REPLY_MAX		16384
#define GENL_ATTRS		64

/**
 * struct genl_request - a request in the making
 * @nlh: its header
 * @buf: the request
 */
struct genl_request {
	union {
		struct nlmsghdr nlh;
		char buf[GENL_REQUEST_MAX];
	};
};

/**
 * struct genl_reply - what came back
 * @err: 0 or a positive errno
 * @text: extack message, or ""
 * @bad: type of the attribute that was refused, or 0
 * @missing: type of the attribute that was missing, or 0
 * @len: bytes of @buf
 * @buf: attributes of the last message with data
 */
struct genl_reply {
	int err;
	char text[256];
	int bad;
	int missing;
	int len;
	char buf[GENL_REPLY_MAX];
};

static uint32_t genl_seq;

static inline int genl_open(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	struct timeval limit = { .tv_sec = 20 };
	int fd, on = 1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))) {
		perror("netlink socket");
		exit(1);
	}
	return fd;
}

static inline void genl_begin(struct genl_request *req, int family, int cmd,
			      int flags)
{
	struct genlmsghdr *ghdr;

	memset(req->buf, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	req->nlh.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	req->nlh.nlmsg_type = family;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	req->nlh.nlmsg_seq = ++genl_seq;
	ghdr = NLMSG_DATA(&req->nlh);
	ghdr->cmd = cmd;
	ghdr->version = 1;
}

static inline void genl_put(struct genl_request *req, int type,
			    const void *data, size_t len)
{
	struct nlattr *attr = (void *)(req->buf + req->nlh.nlmsg_len);
	size_t room = NLA_ALIGN(NLA_HDRLEN + len);

	if (req->nlh.nlmsg_len + room > sizeof(req->buf))
		abort();
	memset(attr, 0, room);
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	req->nlh.nlmsg_len += room;
}

static inline void genl_put_u32(struct genl_request *req, int type, uint32_t v)
{
	genl_put(req, type, &v, sizeof(v));
}

static inline void genl_put_u64(struct genl_request *req, int type, uint64_t v)
{
	genl_put(req, type, &v, sizeof(v));
}

static inline void genl_put_str(struct genl_request *req, int type,
				const char *v)
{
	genl_put(req, type, v, strlen(v) + 1);
}

static inline const struct nlattr *genl_find(const char *buf, int len, int type)
{
	while (len >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)buf;
		int step = NLA_ALIGN(attr->nla_len);

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > len)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		buf += step;
		len -= step;
	}
	return NULL;
}

static inline const void *genl_data(const struct genl_reply *rep, int type)
{
	const struct nlattr *attr = genl_find(rep->buf, rep->len, type);

	return attr ? (const char *)attr + NLA_HDRLEN : NULL;
}

/* Integers may have 4 or 8 bytes; a missing one reads as ~0. */
static inline uint64_t genl_num(const struct genl_reply *rep, int type)
{
	const struct nlattr *attr = genl_find(rep->buf, rep->len, type);
	uint64_t wide = ~0ULL;
	uint32_t narrow;

	if (attr && attr->nla_len == NLA_HDRLEN + sizeof(wide)) {
		memcpy(&wide, attr + 1, sizeof(wide));
	} else if (attr && attr->nla_len == NLA_HDRLEN + sizeof(narrow)) {
		memcpy(&narrow, attr + 1, sizeof(narrow));
		wide = narrow;
	}
	return wide;
}

/* The extack attributes follow the error and, in full or not, the request. */
static inline void genl_read_ack(const struct genl_request *req,
				 const struct nlmsghdr *nlh,
				 struct genl_reply *rep)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	size_t skip = NLMSG_HDRLEN + sizeof(*e);
	const struct nlattr *attr;
	uint32_t at;

	rep->err = -e->error;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && e->error)
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (skip >= nlh->nlmsg_len)
		return;
	attr = genl_find((const char *)nlh + skip, nlh->nlmsg_len - skip,
			 NLMSGERR_ATTR_MSG);
	if (attr)
		snprintf(rep->text, sizeof(rep->text), "%s",
			 (const char *)(attr + 1));
	attr = genl_find((const char *)nlh + skip, nlh->nlmsg_len - skip,
			 NLMSGERR_ATTR_OFFS);
	if (attr) {
		memcpy(&at, attr + 1, sizeof(at));
		if (at + NLA_HDRLEN <= req->nlh.nlmsg_len)
			rep->bad = ((const struct nlattr *)(req->buf + at))
					->nla_type & NLA_TYPE_MASK;
	}
	attr = genl_find((const char *)nlh + skip, nlh->nlmsg_len - skip,
			 NLMSGERR_ATTR_MISS_TYPE);
	if (attr) {
		memcpy(&at, attr + 1, sizeof(at));
		rep->missing = (int)at;
	}
}

static inline void genl_send(int fd, const struct genl_request *req)
{
	if (send(fd, req->buf, req->nlh.nlmsg_len, 0) !=
	    (ssize_t)req->nlh.nlmsg_len) {
		perror("send");
		exit(1);
	}
}

/* Sends a request and takes what comes until its acknowledgment. */
static inline void genl_do(int fd, struct genl_request *req,
			   struct genl_reply *rep)
{
	static char buf[65536];
	struct nlmsghdr *nlh;
	int len;

	memset(rep, 0, sizeof(*rep));
	req->nlh.nlmsg_flags |= NLM_F_ACK;
	genl_send(fd, req);
	for (;;) {
		len = (int)recv(fd, buf, sizeof(buf), 0);
		if (len < 0) {
			rep->err = errno;
			return;
		}
		for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_seq != req->nlh.nlmsg_seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				genl_read_ack(req, nlh, rep);
				return;
			}
			rep->len = (int)nlh->nlmsg_len - NLMSG_HDRLEN -
				   GENL_HDRLEN;
			if (rep->len < 0 || rep->len > (int)sizeof(rep->buf))
				abort();
			memcpy(rep->buf, (char *)NLMSG_DATA(nlh) + GENL_HDRLEN,
			       (size_t)rep->len);
		}
	}
}

/* Number of a family, 0 if there is none. */
static inline int genl_family(int fd, const char *name)
{
	static struct genl_request req;
	static struct genl_reply rep;

	genl_begin(&req, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	genl_put_str(&req, CTRL_ATTR_FAMILY_NAME, name);
	genl_do(fd, &req, &rep);
	if (rep.err || !genl_data(&rep, CTRL_ATTR_FAMILY_ID))
		return 0;
	return *(const uint16_t *)genl_data(&rep, CTRL_ATTR_FAMILY_ID);
}

#endif /* GENL_H */
