// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink by libnl, and the parts that libnl leaves to its users: extended
 * acknowledgments, retries of an interrupted dump, recovery when the socket's buffer
 * was too small for all answers, and integers of 4 or 8 bytes.
 */
#include "nl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "family.h"
#include "gcctl.h"
#include "out.h"

/* A reply is below 8 KiB; one read may return several replies of a dump. */
#define READ_BYTES	65536
/* A chunk of a trace must fit the socket's buffer. */
#define BUFFER_BYTES	(256 * 1024)
/* Restarts of an interrupted dump. */
#define DUMP_RETRIES	16

static struct nl_sock *sock;
/* Notifications use a socket of their own. */
static struct nl_sock *events;

/* The current exchange, and the answer of the last one. */
static struct {
	gnl_reply_fn fn;
	void *arg;
	const struct nlmsghdr *request;
	const char *const *names;
	bool answered;
	bool overrun;		/* the kernel dropped a part of the answer */
	bool ended;
	int error;		/* negative errno */
	char message[512];	/* extack text, or "" */
	const char *attr;	/* name of the attribute it refers to, or "" */
	char object[64];	/* name of the heap or engine it refers to, or "" */
	char range[64];		/* the range that the policy allows, or "" */
} last = {
	/* Valid before the first exchange too: opening the socket may fail. */
	.attr = "",
};

/* Callback for notifications. */
static struct {
	gnl_reply_fn fn;
	void *arg;
} event;

/* Integers have 4 or 8 bytes, as their value needs. */
static bool read_number(const struct nlattr *attr, uint64_t *num)
{
	uint64_t wide;
	uint32_t narrow;

	switch (nla_len(attr)) {
	case sizeof(narrow):
		memcpy(&narrow, nla_data(attr), sizeof(narrow));
		*num = narrow;
		return true;
	case sizeof(wide):
		memcpy(&wide, nla_data(attr), sizeof(wide));
		*num = wide;
		return true;
	}
	return false;
}

static void read_name(const struct nlattr *attr, char *buf, size_t size)
{
	size_t len = (size_t)nla_len(attr);

	if (len >= size)
		len = size - 1;
	memcpy(buf, nla_data(attr), len);
	buf[len] = '\0';
}

/* Finds the attribute of the request that begins @offset bytes from its start. */
static void read_offset(uint64_t offset)
{
	struct genlmsghdr *genl = nlmsg_data(last.request);
	struct nlattr *attr = genlmsg_attrdata(genl, 0);
	int left = genlmsg_attrlen(genl, 0);

	for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
		size_t at = (size_t)((char *)attr - (char *)last.request);
		int type = nla_type(attr);

		if (at != offset || type >= GNL_ATTRS || !last.names ||
		    !last.names[type])
			continue;
		last.attr = last.names[type];
		if (!strcmp(last.attr, "name") || !strcmp(last.attr, "heap") ||
		    !strcmp(last.attr, "engine"))
			read_name(attr, last.object, sizeof(last.object));
	}
}

/* Reads the policy of the attribute that the kernel refused. */
static void read_policy(struct nlattr *attr)
{
	struct nlattr *p[NL_POLICY_TYPE_ATTR_MAX + 1];
	uint64_t min = 0, max;

	if (nla_parse_nested(p, NL_POLICY_TYPE_ATTR_MAX, attr, NULL))
		return;
	if (p[NL_POLICY_TYPE_ATTR_MIN_VALUE_U])
		read_number(p[NL_POLICY_TYPE_ATTR_MIN_VALUE_U], &min);
	if (p[NL_POLICY_TYPE_ATTR_MAX_VALUE_U] &&
	    read_number(p[NL_POLICY_TYPE_ATTR_MAX_VALUE_U], &max))
		snprintf(last.range, sizeof(last.range), ", %llu to %llu",
			 (unsigned long long)min, (unsigned long long)max);
	else if (p[NL_POLICY_TYPE_ATTR_MAX_LENGTH] &&
		 read_number(p[NL_POLICY_TYPE_ATTR_MAX_LENGTH], &max))
		snprintf(last.range, sizeof(last.range), ", %llu bytes",
			 (unsigned long long)max);
}

/*
 * Reads the attributes of an acknowledgment or of the end of a dump. NETLINK_CAP_ACK
 * is on, so only the header of the request is returned.
 */
static void read_extack(const struct nlmsghdr *nlh, size_t fixed)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	int left = nlmsg_datalen(nlh) - (int)NLMSG_ALIGN(fixed);
	char *data = nlmsg_data(nlh);
	uint64_t offset;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || left <= 0)
		return;
	if (nla_parse(tb, NLMSGERR_ATTR_MAX,
		      (struct nlattr *)(data + NLMSG_ALIGN(fixed)), left, NULL))
		return;
	if (tb[NLMSGERR_ATTR_MSG])
		read_name(tb[NLMSGERR_ATTR_MSG], last.message,
			  sizeof(last.message));
	if (tb[NLMSGERR_ATTR_POLICY])
		read_policy(tb[NLMSGERR_ATTR_POLICY]);
	if (tb[NLMSGERR_ATTR_OFFS] &&
	    read_number(tb[NLMSGERR_ATTR_OFFS], &offset))
		read_offset(offset);
}

static void tell(struct nl_msg *msg, gnl_reply_fn fn, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct gnl_reply reply;

	if (!fn || genlmsg_parse(nlh, 0, reply.attrs, GNL_ATTRS - 1, NULL))
		return;
	reply.cmd = genlmsg_hdr(nlh)->cmd;
	reply.head = genlmsg_attrdata(nlmsg_data(nlh), 0);
	reply.len = genlmsg_attrlen(nlmsg_data(nlh), 0);
	fn(&reply, arg);
}

/* Skips messages of an earlier request whose answer was abandoned. */
static int on_sequence(struct nl_msg *msg, void *arg)
{
	(void)arg;
	return nlmsg_hdr(msg)->nlmsg_seq == last.request->nlmsg_seq ? NL_OK :
								     NL_SKIP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	(void)arg;
	last.answered = true;
	tell(msg, last.fn, last.arg);
	return NL_OK;
}

static int on_event(struct nl_msg *msg, void *arg)
{
	(void)arg;
	tell(msg, event.fn, event.arg);
	return NL_OK;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	(void)arg;
	read_extack(nlmsg_hdr(msg), sizeof(struct nlmsgerr));
	last.ended = true;
	return NL_STOP;
}

/* The end of a dump carries its result, which libnl ignores. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int error;

	(void)arg;
	if (nlmsg_datalen(nlh) >= (int)sizeof(error)) {
		memcpy(&error, nlmsg_data(nlh), sizeof(error));
		if (error < 0)
			last.error = error;
		read_extack(nlh, sizeof(error));
	}
	last.ended = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	(void)from;
	(void)arg;
	last.error = err->error;
	read_extack((struct nlmsghdr *)err - 1, sizeof(*err));
	last.ended = true;
	return NL_STOP;
}

/* Maps the errors of libnl that can occur here. */
static int to_errno(int nlerr)
{
	switch (-nlerr) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_INTR:
		return -EINTR;
	case NLE_MSGSIZE:
		return -EMSGSIZE;
	}
	return -EIO;
}

/*
 * Sets the buffer of sent and unread data. A privileged task may exceed the system's
 * limit; for others a smaller buffer must do.
 */
static void grow_buffers(struct nl_sock *s)
{
	int bytes = BUFFER_BYTES, fd = nl_socket_get_fd(s);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		nl_socket_set_buffer_size(s, BUFFER_BYTES, BUFFER_BYTES);
	/* Avoid truncating longer messages. */
	nl_socket_set_msg_buf_size(s, READ_BYTES);
	nl_socket_enable_msg_peek(s);
}

/**
 * gnl_connect() - opens the socket unless it is open
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int gnl_connect(void)
{
	int one = 1, fd, err;

	if (sock)
		return 0;
	sock = nl_socket_alloc();
	if (!sock)
		return -ENOMEM;
	errno = 0;
	err = genl_connect(sock);
	if (err) {
		err = errno ? -errno : to_errno(err);
		snprintf(last.message, sizeof(last.message),
			 "cannot open a netlink socket: %s", strerror(-err));
		nl_socket_free(sock);
		sock = NULL;
		return err;
	}
	grow_buffers(sock);
	fd = nl_socket_get_fd(sock);
	/* Without these options refusals lack their reasons; that is no error. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return 0;
}

static void set_callbacks(void)
{
	nl_socket_modify_cb(sock, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence,
			    NULL);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_valid, NULL);
	nl_socket_modify_cb(sock, NL_CB_ACK, NL_CB_CUSTOM, on_ack, NULL);
	nl_socket_modify_cb(sock, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, NULL);
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, on_error, NULL);
}

/**
 * gnl_close() - closes the sockets, which ends their runs
 */
void gnl_close(void)
{
	nl_socket_free(events);
	nl_socket_free(sock);
	events = NULL;
	sock = NULL;
}

/**
 * gnl_new_to() - begins a request
 * @to: the family
 * @cmd: its command
 * @payload: bytes of the attributes, at most
 *
 * Return: the message, which gnl_do() consumes.
 */
struct nl_msg *gnl_new_to(const struct family *to, int cmd, size_t payload)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN +
					      payload);

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, to->id, 0,
				 NLM_F_REQUEST, (uint8_t)cmd, to->version)) {
		out_error(STATUS_REFUSED, ENOMEM, NULL, "out of memory");
		exit(STATUS_REFUSED);
	}
	last.names = to->attrs;
	return msg;
}

/* Callers size their requests, so a request that does not fit is a bug. */
static void put(struct nl_msg *msg, int attr, const void *data, size_t len)
{
	if (nla_put(msg, attr, (int)len, data))
		abort();
}

void gnl_put_name(struct nl_msg *msg, int attr, const char *name)
{
	put(msg, attr, name, strlen(name) + 1);
}

void gnl_put_u32(struct nl_msg *msg, int attr, uint32_t value)
{
	put(msg, attr, &value, sizeof(value));
}

/* 8 bytes are valid for u64 and uint attributes. */
void gnl_put_wide(struct nl_msg *msg, int attr, uint64_t value)
{
	put(msg, attr, &value, sizeof(value));
}

void gnl_put_data(struct nl_msg *msg, int attr, const void *data, size_t len)
{
	put(msg, attr, data, len);
}

static void set_blocking(struct nl_sock *s, bool on)
{
	int fd = nl_socket_get_fd(s), flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

/*
 * Reads until the answer is complete. The kernel queues the answer before sendmsg()
 * returns, so after an overrun the rest is already there or lost.
 */
static int receive(void)
{
	int err = 0;

	while (!last.ended && err >= 0) {
		err = nl_recvmsgs_default(sock);
		/* libnl's translation of ENOBUFS. */
		if (err != -NLE_NOMEM || last.overrun)
			continue;
		last.overrun = true;
		err = 0;
		set_blocking(sock, false);
	}
	if (last.overrun)
		set_blocking(sock, true);
	return err;
}

/* Returns the result of an exchange whose answer was partly lost. */
static int overrun(int flags)
{
	/* Some objects may be missing. */
	if (flags == NLM_F_DUMP)
		return -NLE_DUMP_INTR;
	/* The reply is sent first, and only after the request has been executed. */
	if (last.ended || last.answered)
		return 0;
	snprintf(last.message, sizeof(last.message),
		 "the reply was lost: the receive buffer of the socket is too small");
	return -ENOBUFS;
}

/* Sends a request and reads the complete answer. */
static int exchange(struct nl_msg *msg, int flags, gnl_reply_fn fn, void *arg)
{
	int err;

	last.fn = fn;
	last.arg = arg;
	last.request = nlmsg_hdr(msg);
	last.answered = false;
	last.overrun = false;
	last.ended = false;
	last.error = 0;
	last.message[0] = '\0';
	last.attr = "";
	last.object[0] = '\0';
	last.range[0] = '\0';
	set_callbacks();
	nlmsg_hdr(msg)->nlmsg_flags |= flags;
	err = nl_send_auto(sock, msg);
	if (err >= 0)
		err = receive();
	last.request = NULL;
	if (last.error)
		return last.error;
	if (last.overrun)
		return overrun(flags);
	return err < 0 ? err == -NLE_DUMP_INTR ? err : to_errno(err) : 0;
}

/**
 * gnl_do() - sends a request with one reply
 * @msg: the request, which is freed
 * @fn: called with the attributes of the reply, or NULL
 * @arg: for @fn
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int gnl_do(struct nl_msg *msg, gnl_reply_fn fn, void *arg)
{
	int err = exchange(msg, NLM_F_ACK, fn, arg);

	nlmsg_free(msg);
	if (!err && last.message[0])
		out_warn("%s", last.message);
	return err;
}

/**
 * gnl_dump_to() - dumps all objects of a kind
 * @to: the family
 * @cmd: its command
 * @restart: discards the results of @fn, because the dump restarts
 * @fn: called for each object
 * @arg: for both
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int gnl_dump_to(const struct family *to, int cmd, void (*restart)(void *arg),
		gnl_reply_fn fn, void *arg)
{
	int err = -NLE_DUMP_INTR, i;

	for (i = 0; i < DUMP_RETRIES && err == -NLE_DUMP_INTR; i++) {
		struct nl_msg *msg = gnl_new_to(to, cmd, 0);

		restart(arg);
		err = exchange(msg, NLM_F_DUMP, fn, arg);
		nlmsg_free(msg);
	}
	if (err != -NLE_DUMP_INTR)
		return err;
	snprintf(last.message, sizeof(last.message),
		 "the list kept changing while it was read");
	return -EBUSY;
}

/**
 * gnl_join() - starts to listen to a multicast group
 * @group: its id
 *
 * Return: %STATUS_OK, or another exit status with the reason printed.
 */
int gnl_join(int group)
{
	int err;

	events = nl_socket_alloc();
	if (!events)
		return out_error(STATUS_REFUSED, ENOMEM, NULL, "out of memory");
	nl_socket_disable_seq_check(events);
	err = genl_connect(events);
	if (!err)
		err = nl_socket_add_membership(events, group);
	if (err)
		return out_error(STATUS_REFUSED, 0, NULL,
				 "cannot join the multicast group: %s",
				 nl_geterror(err));
	nl_socket_set_nonblocking(events);
	grow_buffers(events);
	nl_socket_modify_cb(events, NL_CB_VALID, NL_CB_CUSTOM, on_event, NULL);
	return STATUS_OK;
}

/**
 * gnl_hear() - waits for notifications of the family
 * @ms: timeout in milliseconds
 * @fn: called with each message
 * @arg: for @fn
 *
 * Return: 0, also after the timeout; -ENOBUFS if a message was lost; another negative
 * errno.
 */
int gnl_hear(int ms, gnl_reply_fn fn, void *arg)
{
	struct pollfd fd = {
		.fd = nl_socket_get_fd(events),
		.events = POLLIN,
	};
	int err;

	if (poll(&fd, 1, ms) <= 0)
		return 0;
	event.fn = fn;
	event.arg = arg;
	err = nl_recvmsgs_default(events);
	if (err >= 0 || err == -NLE_AGAIN || err == -NLE_INTR)
		return 0;
	/* libnl's translation of ENOBUFS. */
	return err == -NLE_NOMEM ? -ENOBUFS : to_errno(err);
}

/* Does the text contain the whole word? */
static bool mentions(const char *text, const char *word)
{
	size_t len = strlen(word);
	const char *p = text;

	while (len && (p = strstr(p, word))) {
		if ((p == text || !isalnum((unsigned char)p[-1])) &&
		    !isalnum((unsigned char)p[len]))
			return true;
		p++;
	}
	return false;
}

/**
 * gnl_fail() - reports why the last request failed
 * @err: the error that it returned
 *
 * Return: the exit status.
 */
int gnl_fail(int err)
{
	const char *msg = last.message[0] ? last.message : strerror(-err);
	const char *attr = last.attr;
	const char *hint = NULL;

	if (err == -EOPNOTSUPP && !last.message[0])
		return out_error(STATUS_MISSING, -err,
				 "compare the versions of gcctl and the module: gcctl version",
				 "the module does not support this request");
	if (err == -EPERM || err == -EACCES)
		hint = "run gcctl as root, or with CAP_SYS_ADMIN and CAP_NET_ADMIN";
	if (err == -EMSGSIZE)
		hint = "raise the sysctl net.core.wmem_max, the maximum size of a request";
	if (err == -ENOBUFS)
		hint = "raise the sysctl net.core.rmem_max, the maximum size of the buffer";
	if (last.object[0] && !mentions(msg, last.object))
		return out_error(STATUS_REFUSED, -err, hint, "%s: %s",
				 last.object, msg);
	/*
	 * Messages of the kernel's core do not name the attribute; those of gcheap
	 * do.
	 */
	if (mentions(msg, attr) && !last.range[0])
		attr = "";
	return out_error(STATUS_REFUSED, -err, hint, "%s%s%s%s%s", msg,
			 *attr ? " (" : "", attr,
			 *attr ? last.range : "", *attr ? ")" : "");
}

static void read_facts(struct nlattr *const *attrs, struct gnl_facts *facts)
{
	int i;

	memset(facts, 0, sizeof(*facts));
	for (i = 1; i < GNL_ATTRS; i++)
		if (attrs[i] && read_number(attrs[i], &facts->num[i]))
			facts->mask |= UINT64_C(1) << i;
}

/**
 * gnl_read() - reads the numbers of a reply
 * @reply: the reply
 * @name_attr: its attribute that is a name
 * @facts: receives them
 */
void gnl_read(const struct gnl_reply *reply, int name_attr,
	      struct gnl_facts *facts)
{
	read_facts(reply->attrs, facts);
	gnl_read_text(reply, name_attr, facts->name, sizeof(facts->name));
}

/**
 * gnl_read_text() - reads a text
 * @reply: the reply
 * @attr: its attribute
 * @buf: receives it, or "" if there is none
 * @size: size of @buf
 */
void gnl_read_text(const struct gnl_reply *reply, int attr, char *buf,
		   size_t size)
{
	buf[0] = '\0';
	if (reply->attrs[attr])
		read_name(reply->attrs[attr], buf, size);
}

/**
 * gnl_read_nested() - reads the numbers inside an attribute
 * @attr: the attribute, or NULL
 * @facts: receives them
 *
 * Return: true if there were any.
 */
bool gnl_read_nested(struct nlattr *attr, struct gnl_facts *facts)
{
	struct nlattr *attrs[GNL_ATTRS];

	memset(facts, 0, sizeof(*facts));
	if (!attr || nla_parse_nested(attrs, GNL_ATTRS - 1, attr, NULL))
		return false;
	read_facts(attrs, facts);
	return facts->mask != 0;
}
