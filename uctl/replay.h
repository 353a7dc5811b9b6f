/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replay of a recorded trace on a heap.
 */
#ifndef GCCTL_REPLAY_H
#define GCCTL_REPLAY_H

#include <stdbool.h>

#include "run.h"
#include "trace.h"

/**
 * struct replay - a replay from its start to its result
 * @file: the trace, or "-"
 * @name: its name in messages; NULL for @file
 * @run: its run
 * @counts: counts of the trace so far
 */
struct replay {
	const char *file;
	const char *name;
	struct run run;
	struct trace_counts counts;
};

int replay_do(struct replay *r, const char *heap, bool verify,
	      const struct value *mutators);

#endif /* GCCTL_REPLAY_H */
