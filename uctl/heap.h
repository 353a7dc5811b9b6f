/* SPDX-License-Identifier: GPL-2.0 */
/* Heaps: their keys, and functions for other commands. */
#ifndef GCCTL_HEAP_H
#define GCCTL_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "nl.h"
#include "parse.h"

#define HEAP_ENGINES	3
#define HEAP_MARKERS	3
#define HEAP_KEYS	22
/* Size of a request with a name and all keys, with room to spare. */
#define HEAP_REQUEST_BYTES	512

/* In the order of enum gcheap_engine. */
extern const char *const heap_engines[HEAP_ENGINES];

/* In the order of enum gcheap_marker. */
extern const char *const heap_markers[HEAP_MARKERS];

/* The engine is first: only a new heap takes it. */
extern const struct key heap_keys[HEAP_KEYS];

const char *heap_engine_name(uint64_t engine);
bool heap_key_knows(int attr, int engine);
int heap_create(const char *name, const struct value values[HEAP_KEYS],
		struct gnl_facts *facts);
int heap_create_own(const char *name, const struct value values[HEAP_KEYS]);
int heap_delete(const char *name);
int heap_get(const char *name, struct gnl_facts *facts);
int heap_try_delete(const char *name);
void heap_read(struct gnl_reply *reply, void *arg);
void heap_put_keys(struct nl_msg *msg, const struct value *values);

#endif /* GCCTL_HEAP_H */
