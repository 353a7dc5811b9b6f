/* SPDX-License-Identifier: GPL-2.0 */
/* Heaps: their engines and settings, and functions for other commands. */
#ifndef GCCTL_HEAP_H
#define GCCTL_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "generated/keys.h"
#include "nl.h"
#include "parse.h"

#define HEAP_ENGINES	3
/* Size of a request with a name and all keys, with room to spare. */
#define HEAP_REQUEST_BYTES	1024

/* The engines of the gcheap module, in the order of enum gcheap_engine. */
extern const char *const heap_engines[HEAP_ENGINES];

/**
 * struct config - settings of a heap, as given on the command line
 * @keys: the keys
 * @values: their values
 * @nr: their number
 */
struct config {
	const struct key *keys;
	struct value *values;
	size_t nr;
};

bool heap_engine_known(const char *name);
int heap_engine_find(const char *word, struct engine *e);
int heap_create(const char *name, const struct config *c, struct gnl_facts *facts);
int heap_create_own(const char *name, const struct config *c);
int heap_delete(const char *name);
int heap_get(const char *name, struct gnl_facts *facts);
int heap_try_delete(const char *name);
void heap_read(struct gnl_reply *reply, void *arg);
void heap_put_keys(struct nl_msg *msg, const struct config *c);

#endif /* GCCTL_HEAP_H */
