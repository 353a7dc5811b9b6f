/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink families. nl.h has the interface for commands. */
#ifndef GCCTL_FAMILY_H
#define GCCTL_FAMILY_H

#include "nl.h"

/**
 * struct family - a family and its module
 * @name: its name
 * @module: its module
 * @version: version of its requests
 * @attrs: names of the attributes in requests, or NULL
 * @id: its id; 0 before it was found
 */
struct family {
	const char *name;
	const char *module;
	uint8_t version;
	const char *const *attrs;
	int id;
};

/* nl.c */
int gnl_connect(void);
struct nl_msg *gnl_new_to(const struct family *to, int cmd, size_t payload);
int gnl_dump_to(const struct family *to, int cmd, void (*restart)(void *arg),
		gnl_reply_fn fn, void *arg);
int gnl_join(int group);

#endif /* GCCTL_FAMILY_H */
