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

/* Seconds per engine for measuring the cost of an allocation. */
#define MICRO_SECONDS	1
/* Allocations, where nothing is ever freed: some 40 MiB. */
#define MICRO_OPERATIONS	20000

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
	side->page_groups = larger(side->page_groups, num[GCHEAP_A_STATS_PAGE_GROUPS]);
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

static int make_heap(struct side *side, const struct contender *contender)
{
	const struct config config = { contender->keys, contender->values,
				       contender->nr };
	char name[sizeof(side->heap)];
	int err;

	side->engine = &contender->engine;
	/* A process id has 7 digits at most. */
	snprintf(name, sizeof(name), "compare-%.14s-%d", side->engine->name,
		 (int)getpid());
	err = heap_create_own(name, &config);
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
	bool never = side->engine->reclaim == GCHEAP_RECLAIM_NEVER;
	struct value values[RUN_KEYS] = { 0 };
	size_t i;

	for (i = 0; i < RUN_KEYS; i++)
		if (run_keys[i].attr == GCHEAP_LOAD_A_RUN_SECONDS)
			values[i] = (struct value){ .given = true,
						    .num = MICRO_SECONDS };
		else if (run_keys[i].attr == GCHEAP_LOAD_A_RUN_MAX_OPERATIONS)
			values[i] = (struct value){ .given = never,
						    .num = MICRO_OPERATIONS };
	return run_do(&side->micro, side->heap, GCHEAP_LOAD_WORKLOAD_ALLOC,
		      values);
}

static int measure_side(const struct comparison *c, struct side *side,
			const struct contender *contender)
{
	int status;

	status = make_heap(side, contender);
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
		status = make_heap(side, contender);
	return status ? status : measure_micro(side);
}

static int measure_once(const struct comparison *c, uint64_t rep)
{
	int engine, status = STATUS_OK, dropped;

	for (engine = 0; engine < c->nr_engines; engine++) {
		struct side *side = &c->side[rep][engine];

		status = measure_side(c, side, &c->engines[engine]);
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
		out_warn("the results are partial: %llu of %llu repetitions",
			 (unsigned long long)rep, (unsigned long long)wanted);
	return status;
}

/* ---- the engines ---- */

static const struct key own_keys[] = {
	{ "repeat", KEY_NUMBER, 0, NULL, NULL, 0 },
	{ "engines", KEY_TEXT, 0, NULL, NULL, 0 },
};

enum { REPEAT, ENGINES };

static int not_loaded(const char *name)
{
	char hint[64];

	snprintf(hint, sizeof(hint), "modprobe gcheap-engine-%s", name);
	return out_error(STATUS_USAGE, ENOENT, hint, "engine %s is not loaded",
			 name);
}

/* The kernel knows the keys of engines that are not of the gcheap module. */
static int find_engine(const char *name, struct engine *e)
{
	int err;

	if (strlen(name) > GCHEAP_NAME_MAX)
		return out_error(STATUS_USAGE, 0, NULL,
				 "'%s' is longer than the %d characters that the name of an engine may have",
				 name, GCHEAP_NAME_MAX);
	strcpy(e->name, name);
	if (heap_engine_known(name))
		return STATUS_OK;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = heap_engine_find(name, e);
	return err == -ENOENT ? not_loaded(name) :
	       err ? gnl_fail(err) : STATUS_OK;
}

static int add_engine(struct comparison *c, const char *name)
{
	struct contender *new = &c->engines[c->nr_engines];
	int status, i;

	if (!*name)
		return out_error(STATUS_USAGE, 0, "engines go,slab",
				 "engines has an empty name");
	if (c->nr_engines == COMPARE_ENGINES_MAX)
		return out_error(STATUS_USAGE, 0, NULL,
				 "engines are %d at most", COMPARE_ENGINES_MAX);
	status = find_engine(name, &new->engine);
	for (i = 0; !status && i < c->nr_engines; i++)
		if (!strcmp(c->engines[i].engine.name, new->engine.name))
			return out_error(STATUS_USAGE, 0, NULL,
					 "engine %s is given twice", name);
	if (!status)
		c->nr_engines++;
	return status;
}

static int add_engines(struct comparison *c, const char *list)
{
	char *copy = strdup(list), *rest = copy, *name;
	int status = STATUS_OK;

	if (!copy)
		return out_error(STATUS_REFUSED, ENOMEM, NULL, "out of memory");
	while (!status && (name = strsep(&rest, ",")))
		status = add_engine(c, name);
	free(copy);
	if (!status && c->nr_engines < COMPARE_ENGINES_MIN)
		status = out_error(STATUS_USAGE, 0, "engines go,slab",
				   "engines are %d at least",
				   COMPARE_ENGINES_MIN);
	return status;
}

/* They say which other keys there are, so they are looked for first. */
static const char *engines_given(int argc, char **argv)
{
	int i;

	for (i = 0; i + 1 < argc; i += 2)
		if (parse_match(argv[i], own_keys, ARRAY_SIZE(own_keys),
				sizeof(*own_keys)) == ENGINES)
			return argv[i + 1];
	return "go,python,slab";
}

static bool has_key(const struct key *keys, size_t nr, const char *name)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(keys[i].name, name))
			return true;
	return false;
}

/* Adds the keys of other engines: they take a value that is not looked at. */
static size_t add_others(const struct comparison *c, struct key *keys, size_t nr)
{
	const struct engine *e;
	size_t i;
	int n;

	for (n = 0; n < c->nr_engines; n++) {
		e = &c->engines[n].engine;
		for (i = 0; i < e->nr_settings; i++) {
			const char *name = e->settings[i].key.name;

			if (!has_key(keys, nr, name))
				keys[nr++] = (struct key){ .name = name,
							   .kind = KEY_TEXT };
		}
	}
	return nr;
}

/* Makes the table of keys of an engine; @nr receives the number of all of them. */
static void make_keys(const struct comparison *c, struct contender *to, size_t *nr)
{
	size_t most = HEAP_KEYS + RUN_KEYS + ARRAY_SIZE(own_keys), n;
	struct key *keys = engine_keys(&to->engine, &to->nr);
	int i;

	for (i = 0; i < c->nr_engines; i++)
		most += c->engines[i].engine.nr_settings;
	to->keys = reallocarray(keys, most, sizeof(*keys));
	to->values = calloc(most, sizeof(*to->values));
	if (!to->keys || !to->values)
		abort();
	n = add_others(c, to->keys, to->nr);
	memcpy(to->keys + n, run_keys, sizeof(run_keys));
	n += RUN_KEYS;
	memcpy(to->keys + n, own_keys, sizeof(own_keys));
	*nr = n + ARRAY_SIZE(own_keys);
}

/*
 * Reads the words as one of the engines does; the keys of the workload and of the
 * comparison are the same for all.
 */
static int parse_as(struct comparison *c, struct contender *as, int argc, char **argv)
{
	const struct value *repeat;
	size_t nr;

	make_keys(c, as, &nr);
	/* All keys except the engine. */
	if (parse_keys(argc, argv, as->keys + 1, nr - 1, as->values + 1))
		return STATUS_USAGE;
	as->values[0] = (struct value){ .given = true, .text = as->engine.name };
	nr -= ARRAY_SIZE(own_keys);
	repeat = &as->values[nr + REPEAT];
	c->repeat = repeat->given ? repeat->num : COMPARE_REPEAT;
	memcpy(c->run_values, &as->values[nr - RUN_KEYS], sizeof(c->run_values));
	return STATUS_OK;
}

static bool any_has(const struct comparison *c, const char *key)
{
	const struct engine *e;
	size_t i;
	int n;

	for (n = 0; n < c->nr_engines; n++) {
		e = &c->engines[n].engine;
		for (i = 0; i < e->nr_settings; i++)
			if (!strcmp(e->settings[i].key.name, key))
				return true;
	}
	return false;
}

/* Drops the keys that an engine lacks, and others have. */
static int drop_foreign(const struct comparison *c, struct contender *of)
{
	size_t i;

	for (i = 1; i < of->nr; i++) {
		if (!of->values[i].given ||
		    engine_setting(&of->engine, of->keys[i].attr))
			continue;
		if (!any_has(c, of->keys[i].name))
			return out_error(STATUS_USAGE, 0, NULL,
					 "no engine of the comparison has %s",
					 of->keys[i].name);
		of->values[i].given = false;
	}
	return STATUS_OK;
}

/* Asks the kernel for the engines, and leaves to each the keys that it has. */
static int ask_engines(struct comparison *c)
{
	struct engine *e;
	int i, status = STATUS_OK, err;
	char name[sizeof(e->name)];

	for (i = 0; i < c->nr_engines; i++) {
		e = &c->engines[i].engine;
		if (e->nr_settings)
			continue;
		strcpy(name, e->name);
		err = engine_get(name, e);
		if (err)
			return gnl_fail(err);
	}
	for (i = 0; !status && i < c->nr_engines; i++)
		status = drop_foreign(c, &c->engines[i]);
	return status;
}

static void free_engines(struct comparison *c)
{
	int i;

	for (i = 0; i < COMPARE_ENGINES_MAX; i++) {
		free(c->engines[i].keys);
		free(c->engines[i].values);
		engine_free(&c->engines[i].engine);
	}
}

/* ---- the command ---- */

/* A trace determines the work; only the number of mutators can be chosen. */
static int check_keys(const struct comparison *c)
{
	size_t i;

	for (i = 0; c->file && i < RUN_KEYS; i++)
		if (c->run_values[i].given &&
		    run_keys[i].attr != GCHEAP_LOAD_A_RUN_MUTATORS)
			return out_error(STATUS_USAGE, 0,
					 "the only run key for a trace is mutators",
					 "%s does not apply to the trace %s",
					 run_keys[i].name, c->file);
	return STATUS_OK;
}

static int parse(struct comparison *c, int argc, char **argv)
{
	int status = add_engines(c, engines_given(argc, argv)), i;

	for (i = 0; !status && i < c->nr_engines; i++)
		status = parse_as(c, &c->engines[i], argc, argv);
	if (status)
		return status;
	if (!c->repeat || c->repeat > COMPARE_REPEAT_MAX)
		return out_error(STATUS_USAGE, 0, NULL, "repeat must be 1 to %d",
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
			 "set TMPDIR to a writable directory with enough space",
			 "cannot copy %s to a temporary file: %s", c->file,
			 strerror(errno));
}

/* Reports why runs failed, and returns the exit status. */
static int failures(const struct comparison *c)
{
	int status = STATUS_OK, e;
	uint64_t rep;

	for (rep = 0; rep < c->repeat; rep++)
		for (e = 0; e < c->nr_engines; e++) {
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
	status = ask_engines(c);
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
				 "compare needs a workload or a trace file");
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
	free_engines(c);
	free(c);
	return status;
}
