// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl compare: runs one workload or trace on a heap of each engine and shows the
 * results side by side.
 *
 * All runs are repeated, and the engines take turns, so that a change of the
 * machine's load affects all of them.
 *
 * Every heap is temporary. The cost of an allocation and of a store is measured on a
 * second heap with the same settings, so that the statistics of the first cover the
 * workload alone. The kernel keeps the peak of held memory; spans, pools and arenas
 * in use are sampled here during the run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "compare.h"
#include "gcctl.h"
#include "heap.h"
#include "input.h"
#include "nl.h"
#include "out.h"
#include "replay.h"
#include "run.h"
#include "stats.h"
#include "wait.h"

#define COMPARE_KEYS	(HEAP_KEYS - 1 + RUN_KEYS + 1)
/* Seconds per engine for measuring the cost of an allocation. */
#define MICRO_SECONDS	1

/* ---- measuring ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void sample(struct side *side)
{
	const uint64_t *num;
	struct stats stats;

	/* A failed sample is skipped; the last one is taken separately. */
	if (stats_get(side->heap, &stats))
		return;
	num = stats.facts.num;
	side->units = larger(side->units, num[GCHEAP_A_STATS_UNITS]);
	side->arenas = larger(side->arenas, num[GCHEAP_A_STATS_ARENAS]);
	side->large = larger(side->large, num[GCHEAP_A_STATS_LARGE_OBJECTS]);
}

static void on_tick(const struct run *run, void *arg)
{
	sample(arg);
	progress("%s: %.1f s, %llu operations", run->facts.name,
		 (double)run_num(run, GCHEAP_LOAD_A_RUN_ELAPSED_NS) / 1e9,
		 (unsigned long long)run_num(run,
					     GCHEAP_LOAD_A_RUN_OPERATIONS));
}

static int make_heap(const struct comparison *c, struct side *side, int engine)
{
	struct value values[HEAP_KEYS];
	char name[sizeof(side->heap)];
	size_t i;
	int err;

	memcpy(values, c->heap_values, sizeof(values));
	values[0] = (struct value){ .given = true, .num = (uint64_t)engine };
	for (i = 1; i < HEAP_KEYS; i++)
		if (!heap_key_knows(heap_keys[i].attr, engine))
			values[i].given = false;
	snprintf(name, sizeof(name), "compare-%s-%d", heap_engines[engine],
		 (int)getpid());
	err = heap_create_own(name, values);
	if (err)
		return gnl_fail(err);
	strcpy(side->heap, name);
	return STATUS_OK;
}

static int drop_heap(struct side *side)
{
	int err;

	if (!side->heap[0])
		return STATUS_OK;
	err = heap_delete(side->heap);
	side->heap[0] = '\0';
	return err ? gnl_fail(err) : STATUS_OK;
}

static int measure_work(const struct comparison *c, struct side *side)
{
	struct run *run = &side->replay.run;
	int status, err;

	run->tick = on_tick;
	run->arg = side;
	if (c->file) {
		side->replay.file = c->spooled;
		side->replay.name = c->file;
		status = replay_do(&side->replay, side->heap, true,
				   &c->run_values[0]);
	} else {
		status = run_do(run, side->heap, c->workload, c->run_values);
	}
	if (status)
		return status;
	err = stats_get(side->heap, &side->stats);
	if (err)
		return gnl_fail(err);
	sample(side);
	return STATUS_OK;
}

static int measure_micro(struct side *side)
{
	struct value values[RUN_KEYS] = { 0 };
	size_t i;

	for (i = 0; i < RUN_KEYS; i++)
		if (run_keys[i].attr == GCHEAP_LOAD_A_RUN_SECONDS)
			values[i] = (struct value){ .given = true,
						    .num = MICRO_SECONDS };
	return run_do(&side->micro, side->heap, GCHEAP_LOAD_WORKLOAD_ALLOC,
		      values);
}

static int measure_side(const struct comparison *c, struct side *side,
			int engine)
{
	int status;

	status = make_heap(c, side, engine);
	if (!status)
		status = measure_work(c, side);
	if (status || wait_interrupted())
		return status;
	if (c->workload == GCHEAP_LOAD_WORKLOAD_ALLOC) {
		side->micro = side->replay.run;
		return STATUS_OK;
	}
	status = drop_heap(side);
	if (!status)
		status = make_heap(c, side, engine);
	return status ? status : measure_micro(side);
}

static int measure_once(const struct comparison *c, uint64_t rep)
{
	int engine, status = STATUS_OK, dropped;

	for (engine = 0; engine < HEAP_ENGINES; engine++) {
		struct side *side = &c->side[rep][engine];

		status = measure_side(c, side, engine);
		progress_end();
		dropped = drop_heap(side);
		if (!status)
			status = dropped;
		if (status || wait_interrupted())
			break;
	}
	return status;
}

/* Only complete repetitions count; there may be fewer than requested. */
static int measure(struct comparison *c)
{
	int status = STATUS_OK;
	uint64_t rep = 0, wanted = c->repeat;

	while (rep < wanted && !status && !wait_interrupted()) {
		status = measure_once(c, rep);
		if (!status && !wait_interrupted())
			rep++;
	}
	c->partial = rep < wanted;
	c->repeat = rep;
	if (rep && c->partial)
		out_warn("the results are partial: of %llu of %llu repetitions",
			 (unsigned long long)rep, (unsigned long long)wanted);
	return status;
}

/* ---- the command ---- */

static const struct key repeat_key = {
	.name = "repeat", .kind = KEY_NUMBER,
};

/* A trace determines the work; only the number of mutators can be chosen. */
static int check_keys(const struct comparison *c)
{
	size_t i;

	for (i = 0; c->file && i < RUN_KEYS; i++)
		if (c->run_values[i].given &&
		    run_keys[i].attr != GCHEAP_LOAD_A_RUN_MUTATORS)
			return out_error(STATUS_USAGE, 0, NULL,
					 "%s is a key of workloads, and %s is a trace",
					 run_keys[i].name, c->file);
	return STATUS_OK;
}

/* Parses keys of the heaps (except the engine), of the workload, and repeat. */
static int parse(struct comparison *c, int argc, char **argv)
{
	struct key keys[COMPARE_KEYS];
	struct value values[COMPARE_KEYS] = { 0 };

	memcpy(keys, heap_keys + 1, sizeof(*keys) * (HEAP_KEYS - 1));
	memcpy(keys + HEAP_KEYS - 1, run_keys, sizeof(run_keys));
	keys[COMPARE_KEYS - 1] = repeat_key;
	if (parse_keys(argc, argv, keys, COMPARE_KEYS, values))
		return STATUS_USAGE;
	memcpy(c->heap_values + 1, values, sizeof(*values) * (HEAP_KEYS - 1));
	memcpy(c->run_values, values + HEAP_KEYS - 1, sizeof(c->run_values));
	c->repeat = values[COMPARE_KEYS - 1].given ?
		values[COMPARE_KEYS - 1].num : COMPARE_REPEAT;
	if (!c->repeat || c->repeat > COMPARE_REPEAT_MAX)
		return out_error(STATUS_USAGE, 0, NULL, "repeat is 1 to %d",
				 COMPARE_REPEAT_MAX);
	return check_keys(c);
}

/* The name of a workload; else a file, if the word is or looks like one. */
static int parse_subject(struct comparison *c, const char *word)
{
	int w = parse_match(word, run_workloads + 1, RUN_WORKLOADS - 1,
			    sizeof(*run_workloads));
	bool is_file = !access(word, F_OK) || strchr(word, '/') ||
		       strchr(word, '.');

	if (!strcmp(word, "-"))
		is_file = true;
	if (w < 0 && !is_file)
		w = parse_word("workload", word, run_workloads + 1,
			       RUN_WORKLOADS - 1, sizeof(*run_workloads));
	if (w < 0 && !is_file)
		return STATUS_USAGE;
	if (w >= 0)
		c->workload = (enum gcheap_load_workload)(w + 1);
	else
		c->file = word;
	return STATUS_OK;
}

/* Each engine reads the trace, but a pipe can be read only once. */
static int spool(struct comparison *c)
{
	enum input_spooled ret;

	if (!c->file)
		return STATUS_OK;
	ret = input_spool(c->file, c->spooled, sizeof(c->spooled));
	if (ret == INPUT_SPOOLED)
		return STATUS_OK;
	if (wait_interrupted())
		return STATUS_SIGNAL;
	if (ret == INPUT_UNREADABLE)
		return out_error(STATUS_USAGE, errno, NULL, "%s: %s", c->file,
				 strerror(errno));
	return out_error(STATUS_REFUSED, errno,
			 "TMPDIR names the folder of temporary files",
			 "cannot copy %s to a temporary file: %s", c->file,
			 strerror(errno));
}

/* Reports why runs failed, and returns the exit status. */
static int failures(const struct comparison *c)
{
	int status = STATUS_OK, e;
	uint64_t rep;

	for (rep = 0; rep < c->repeat; rep++)
		for (e = 0; e < HEAP_ENGINES; e++) {
			const struct side *side = &c->side[rep][e];
			int bad = run_status(&side->replay.run);

			/* For the workload alloc both are the same run. */
			if (!bad && c->workload != GCHEAP_LOAD_WORKLOAD_ALLOC)
				bad = run_status(&side->micro);
			if (bad)
				status = bad;
		}
	return status;
}

static int run_all(struct comparison *c)
{
	int status;

	status = gnl_open(GNL_GCHEAP);
	if (!status)
		status = gnl_open(GNL_LOAD);
	if (status)
		return status;
	wait_catch_signals();
	status = spool(c);
	if (status)
		return status;
	status = measure(c);
	if (wait_interrupted())
		status = STATUS_SIGNAL;
	if (!c->repeat)
		return status;
	compare_show(c);
	return status ? status : failures(c);
}

int compare_cmd(int argc, char **argv)
{
	struct comparison *c;
	int status;

	if (!argc)
		return out_error(STATUS_USAGE, 0,
				 "gcctl compare {WORKLOAD|FILE} [KEY VALUE]...",
				 "compare needs a workload or a file");
	c = calloc(1, sizeof(*c));
	if (!c)
		return out_error(STATUS_REFUSED, ENOMEM, NULL, "out of memory");
	status = parse_subject(c, argv[0]);
	if (!status)
		status = parse(c, argc - 1, argv + 1);
	if (!status) {
		c->side = calloc(c->repeat, sizeof(*c->side));
		status = c->side ? run_all(c) :
			out_error(STATUS_REFUSED, ENOMEM, NULL,
				  "out of memory");
	}
	free(c->side);
	free(c);
	return status;
}
