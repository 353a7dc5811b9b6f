/* SPDX-License-Identifier: GPL-2.0 */
/* Engines as the kernel describes them, and the settings of their heaps. */
#ifndef GCCTL_ENGINE_H
#define GCCTL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/gcheap.h>

#include "out.h"
#include "parse.h"

/**
 * struct setting - a setting of an engine's heaps
 * @key: its key: name, form of the value, attribute
 * @unit: unit of the value, &enum gcheap_unit
 * @min: smallest value
 * @max: largest value
 * @def: default value
 * @now: value of the heap that was asked for
 * @has_now: a heap was asked for
 * @live: may change while the heap exists
 * @pow2: must be a power of two
 * @doc: what it sets
 */
struct setting {
	struct key key;
	uint64_t unit;
	uint64_t min;
	uint64_t max;
	uint64_t def;
	uint64_t now;
	bool has_now;
	bool live;
	bool pow2;
	char *doc;
};

/**
 * struct engine - an engine
 * @name: its name
 * @module: its module
 * @page_groups: what a size class consists of
 * @reclaim: how it frees objects, &enum gcheap_reclaim
 * @finalizers: its objects may have finalizers
 * @settings: the settings of its heaps; only of an engine that was asked for by name
 * @nr_settings: their number
 */
struct engine {
	char name[GCHEAP_NAME_MAX + 1];
	char module[64];
	char page_groups[32];
	uint64_t reclaim;
	bool finalizers;
	struct setting *settings;
	size_t nr_settings;
};

/**
 * struct engine_list - all engines
 * @engines: the engines, without settings
 * @nr: their number
 */
struct engine_list {
	struct engine *engines;
	size_t nr;
};

int engine_get(const char *name, struct engine *e);
int engine_of_heap(const char *heap, struct engine *e);
int engine_dump(struct engine_list *list);
void engine_free(struct engine *e);

const struct setting *engine_setting(const struct engine *e, int attr);
struct key *engine_keys(const struct engine *e, size_t *nr);
bool engine_own_key(int attr);
const char *engine_reclaim(const struct engine *e);
struct out_value engine_value(const struct key *key, uint64_t num);

/* engine_cmd.c */
int heap_list_keys(int argc, char **argv);

#endif /* GCCTL_ENGINE_H */
