/* SPDX-License-Identifier: GPL-2.0 */
/* Runs: workloads and replays in the kernel. */
#ifndef GCCTL_RUN_H
#define GCCTL_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/gcheap_load.h>

#include "nl.h"
#include "parse.h"

#define RUN_MISMATCHES	10
#define RUN_WORKLOADS	8
#define RUN_KEYS	12

/**
 * struct run - a run and its state
 * @id: its number
 * @facts: its numbers, by GCHEAP_LOAD_A_RUN_*, and the name of its heap
 * @mismatch: the first mismatches of a replay, by GCHEAP_LOAD_A_MISMATCH_*
 * @nr_mismatch: number of entries in @mismatch
 * @latency: times of operations, by GCHEAP_LOAD_A_HIST_*, if they were timed
 * @pause: pauses of mutators in the same time, by GCHEAP_LOAD_A_HIST_*
 * @memory: memory of the heap at its peak, by GCHEAP_LOAD_A_MEMORY_*
 * @message: why it failed, or ""
 * @tick: called after each read of its state, or NULL
 * @arg: argument of @tick
 */
struct run {
	uint32_t id;
	struct gnl_facts facts;
	struct gnl_facts mismatch[RUN_MISMATCHES];
	unsigned int nr_mismatch;
	struct gnl_facts latency;
	struct gnl_facts pause;
	struct gnl_facts memory;
	char message[160];
	void (*tick)(const struct run *run, void *arg);
	void *arg;
};

/* In the order of enum gcheap_load_workload; run_cmd() does not take the first. */
extern const char *const run_workloads[RUN_WORKLOADS];

/* Keys of workloads. */
extern const struct key run_keys[RUN_KEYS];

static inline uint64_t run_num(const struct run *run, int attr)
{
	return run->facts.num[attr];
}

int run_new(struct run *run, const char *heap, enum gcheap_load_workload w,
	    const struct value *values);
int run_new_replay(struct run *run, const char *heap, bool verify,
		   const struct value *mutators);
int run_read(struct run *run);
void run_reply(struct gnl_reply *reply, void *arg);
int run_stop(const struct run *run);
int run_del(const struct run *run);
int run_wait(struct run *run);
int run_do(struct run *run, const char *heap, enum gcheap_load_workload w,
	   const struct value *values);
int run_show_cmd(int argc, char **argv);
void run_show(const struct run *run);
int run_status(const struct run *run);
const char *run_workload_name(const struct run *run);
const char *run_state_name(const struct run *run);
double run_rate(const struct run *run);

#endif /* GCCTL_RUN_H */
