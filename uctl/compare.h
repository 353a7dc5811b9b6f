/* SPDX-License-Identifier: GPL-2.0 */
/* Results of gcctl compare, shared by measuring and table. */
#ifndef GCCTL_COMPARE_H
#define GCCTL_COMPARE_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "engine.h"
#include "heap.h"
#include "out.h"
#include "replay.h"
#include "run.h"
#include "stats.h"

#define COMPARE_REPEAT		3
#define COMPARE_REPEAT_MAX	50
/* Least repetitions for a verdict: fewer differ too often by chance. */
#define COMPARE_VERDICT		3

#define COMPARE_ENGINES_MIN	2
#define COMPARE_ENGINES_MAX	OUT_COLUMNS

/**
 * struct contender - an engine
 * @engine: the engine, as the kernel describes it
 * @keys: keys of its heaps, followed by those of other contenders, and others
 * @values: their values; of the first the engine
 * @nr: number of keys of its heaps
 */
struct contender {
	struct engine engine;
	struct key *keys;
	struct value *values;
	size_t nr;
};

/**
 * struct side - one engine in one repetition
 * @engine: the engine
 * @heap: name of its heap, while there is one
 * @stats: statistics of the heap after the workload
 * @replay: the run, and for a trace its counts
 * @micro: the run that measures the cost of an allocation
 * @page_groups: most spans or pools seen in use
 * @arenas: most arenas seen
 * @large: most large objects seen
 */
struct side {
	const struct engine *engine;
	char heap[GCHEAP_NAME_MAX + 1];
	struct stats stats;
	struct replay replay;
	struct run micro;
	uint64_t page_groups;
	uint64_t arenas;
	uint64_t large;
};

/**
 * struct comparison - arguments and results
 * @workload: %GCHEAP_LOAD_WORKLOAD_REPLAY for a trace
 * @file: the trace
 * @spooled: a path of the trace that can be opened repeatedly
 * @engines: the engines, with the settings of their heaps
 * @nr_engines: their number
 * @run_values: settings of the workload
 * @repeat: repetitions; after measuring, those that were completed
 * @partial: fewer repetitions than requested
 * @side: per repetition, the engines in their order
 */
struct comparison {
	enum gcheap_load_workload workload;
	const char *file;
	char spooled[4096];
	struct contender engines[COMPARE_ENGINES_MAX];
	int nr_engines;
	struct value run_values[RUN_KEYS];
	uint64_t repeat;
	bool partial;
	struct side (*side)[COMPARE_ENGINES_MAX];
};

void compare_show(const struct comparison *c);

#endif /* GCCTL_COMPARE_H */
