/* SPDX-License-Identifier: GPL-2.0 */
/* Netlink: one socket for both families, requests and replies, and error reports. */
#ifndef GCCTL_NL_H
#define GCCTL_NL_H

#include <stdbool.h>
#include <stdint.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

/* Attributes read per set; all sets are smaller. */
#define GNL_ATTRS	64

enum gnl_family {
	GNL_GCHEAP,
	GNL_LOAD,
	GNL_FAMILIES
};

/**
 * struct gnl_facts - the numbers of a reply, by attribute
 * @mask: bit per attribute present
 * @num: their values
 * @name: value of the attribute that is a name
 * @engine: name of the heap's engine, in replies that have it
 */
struct gnl_facts {
	uint64_t mask;
	uint64_t num[GNL_ATTRS];
	char name[64];
	char engine[32];
};

static inline bool gnl_has(const struct gnl_facts *f, int attr)
{
	return f->mask >> attr & 1;
}

/**
 * struct gnl_reply - the attributes of a reply
 * @cmd: its command
 * @attrs: attributes by type; the last of several
 * @head: all attributes, in their order
 * @len: their length
 */
struct gnl_reply {
	int cmd;
	struct nlattr *attrs[GNL_ATTRS];
	struct nlattr *head;
	int len;
};

typedef void (*gnl_reply_fn)(struct gnl_reply *reply, void *arg);

/* family.c */
int gnl_find(enum gnl_family family);
const char *gnl_state(enum gnl_family family);
int gnl_open(enum gnl_family family);
struct nl_msg *gnl_new(enum gnl_family family, int cmd, size_t payload);
int gnl_dump(enum gnl_family family, int cmd, void (*restart)(void *arg),
	     gnl_reply_fn fn, void *arg);
int gnl_listen(enum gnl_family family, const char *group);

/* nl.c */
void gnl_close(void);

void gnl_put_name(struct nl_msg *msg, int attr, const char *name);
void gnl_put_u32(struct nl_msg *msg, int attr, uint32_t value);
void gnl_put_wide(struct nl_msg *msg, int attr, uint64_t value);
void gnl_put_data(struct nl_msg *msg, int attr, const void *data, size_t len);

int gnl_do(struct nl_msg *msg, gnl_reply_fn fn, void *arg);
int gnl_fail(int err);

int gnl_hear(int ms, gnl_reply_fn fn, void *arg);

void gnl_read(const struct gnl_reply *reply, int name_attr,
	      struct gnl_facts *facts);
void gnl_read_text(const struct gnl_reply *reply, int attr, char *buf,
		   size_t size);
bool gnl_read_nested(struct nlattr *attr, struct gnl_facts *facts);

#endif /* GCCTL_NL_H */
