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
 * @name: what messages call it; NULL for @file
 * @run: its run
 * @counts: what was read of the trace
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
