// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl compare: one workload or trace on a heap of each engine, one after the
 * other, and what each did, side by side.
 *
 * Every heap is temporary. What an allocation and a store cost is measured on a
 * second heap of the same settings, so that the statistics of the first are
 * those of the workload alone. What a heap holds at most is kept by the kernel;
 * how many spans, pools and arenas were in use is sampled here while it works.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "gcctl.h"
#include "heap.h"
#include "input.h"
#include "nl.h"
#include "out.h"
#include "replay.h"
#include "run.h"
#include "stats.h"
#include "wait.h"

#define COMPARE_KEYS	(HEAP_KEYS - 1 + RUN_KEYS)
/* How long the cost of an allocation is measured, for each engine. */
#define MICRO_SECONDS	1

/**
 * struct side - one engine's column
 * @heap: name of its heap, while there is one
 * @stats: of the heap after the workload
 * @replay: the run, and for a trace what was read of it
 * @micro: what an allocation costs
 * @units: most spans or pools seen in use
 * @arenas: most arenas seen
 * @large: most large objects seen
 */
struct side {
	char heap[GCHEAP_NAME_MAX + 1];
	struct stats stats;
	struct replay replay;
	struct run micro;
	uint64_t units;
	uint64_t arenas;
	uint64_t large;
};

/**
 * struct comparison - what was asked for
 * @workload: %GCHEAP_LOAD_WORKLOAD_REPLAY for a trace
 * @file: the trace
 * @spooled: where it can be read again and again
 * @heap_values: settings of the heaps
 * @run_values: settings of the workload
 * @side: the columns, in the order of enum gcheap_engine
 */
struct comparison {
	enum gcheap_load_workload workload;
	const char *file;
	char spooled[4096];
	struct value heap_values[HEAP_KEYS];
	struct value run_values[RUN_KEYS];
	struct side side[HEAP_ENGINES];
};

/* ---- measuring ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void sample(struct side *side)
{
	const uint64_t *num;
	struct stats stats;

	/* A sample that fails is missed; the last one is taken for itself. */
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

static int make_heap(struct comparison *c, int engine)
{
	struct value values[HEAP_KEYS];
	char name[sizeof(c->side[engine].heap)];
	size_t i;
	int err;

	memcpy(values, c->heap_values, sizeof(values));
	values[0] = (struct value){ .given = true, .num = (uint64_t)engine };
	for (i = 1; i < HEAP_KEYS; i++) {
		int only = heap_key_engine(heap_keys[i].attr);

		if (only >= 0 && only != engine)
			values[i].given = false;
	}
	snprintf(name, sizeof(name), "compare-%s-%d", heap_engines[engine],
		 (int)getpid());
	err = heap_create_own(name, values);
	if (err)
		return gnl_fail(err);
	strcpy(c->side[engine].heap, name);
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

/* A workload, from its start to its result. */
static int do_run(struct run *run, const char *heap,
		  enum gcheap_load_workload w, const struct value *values)
{
	int err = run_new(run, heap, w, values);

	if (err)
		return gnl_fail(err);
	err = run_wait(run);
	if (err)
		gnl_fail(err);
	run_del(run);
	return err ? STATUS_REFUSED : STATUS_OK;
}

static int measure_work(struct comparison *c, struct side *side)
{
	struct run *run = &side->replay.run;
	int status;

	run->tick = on_tick;
	run->arg = side;
	if (c->file) {
		side->replay.file = c->spooled;
		side->replay.name = c->file;
		status = replay_do(&side->replay, side->heap, true,
				   &c->run_values[0]);
	} else {
		status = do_run(run, side->heap, c->workload, c->run_values);
	}
	if (status)
		return status;
	if (stats_get(side->heap, &side->stats))
		return out_error(STATUS_REFUSED, 0, NULL,
				 "no statistics of heap %s", side->heap);
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
	return do_run(&side->micro, side->heap, GCHEAP_LOAD_WORKLOAD_ALLOC,
		      values);
}

static int measure_side(struct comparison *c, int engine)
{
	struct side *side = &c->side[engine];
	int status;

	status = make_heap(c, engine);
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
		status = make_heap(c, engine);
	return status ? status : measure_micro(side);
}

static int measure(struct comparison *c)
{
	int engine, status = STATUS_OK, dropped;

	for (engine = 0; engine < HEAP_ENGINES; engine++) {
		status = measure_side(c, engine);
		progress_end();
		dropped = drop_heap(&c->side[engine]);
		if (!status)
			status = dropped;
		if (status || wait_interrupted())
			break;
	}
	return status;
}

/* ---- facts ---- */

static struct out_value none(void)
{
	return out_num(OUT_NONE, 0);
}

static uint64_t stat_num(const struct side *s, int attr)
{
	return s->stats.facts.num[attr];
}

static struct out_value fact(const struct side *s, int attr, enum out_kind kind)
{
	return gnl_has(&s->stats.facts, attr) ? out_num(kind, stat_num(s, attr))
					     : none();
}

static struct out_value ratio(enum out_kind kind, uint64_t a, uint64_t b)
{
	double scale = kind == OUT_PERCENT ? 100 : 1;

	return b ? out_real(kind, scale * (double)a / (double)b) : none();
}

static struct out_value engine_text(const struct side *s,
				    const char *const texts[HEAP_ENGINES])
{
	uint64_t engine = stat_num(s, GCHEAP_A_STATS_ENGINE);

	return engine < HEAP_ENGINES ? out_text(texts[engine]) : none();
}

static struct out_value alloc_how(const struct side *s)
{
	static const char *const how[HEAP_ENGINES] = {
		[GCHEAP_ENGINE_GO] = "size-class spans",
		[GCHEAP_ENGINE_PYTHON] = "blocks in pools",
		[GCHEAP_ENGINE_SLAB] = "kmalloc",
	};

	return engine_text(s, how);
}

static struct out_value micro(const struct side *s, int attr)
{
	return gnl_has(&s->micro.facts, attr) ?
		out_num(OUT_PS, run_num(&s->micro, attr)) : none();
}

static struct out_value small_cost(const struct side *s)
{
	return micro(s, GCHEAP_LOAD_A_RUN_SMALL_ALLOC_PS);
}

static struct out_value large_cost(const struct side *s)
{
	return micro(s, GCHEAP_LOAD_A_RUN_LARGE_ALLOC_PS);
}

static struct out_value store_cost(const struct side *s)
{
	return micro(s, GCHEAP_LOAD_A_RUN_STORE_PS);
}

static struct out_value per_store(const struct side *s)
{
	uint64_t stores = stat_num(s, GCHEAP_A_STATS_STORES);

	switch (stat_num(s, GCHEAP_A_STATS_ENGINE)) {
	case GCHEAP_ENGINE_GO:
		return ratio(OUT_RATIO, stat_num(s, GCHEAP_A_STATS_BARRIERS),
			     stores);
	case GCHEAP_ENGINE_PYTHON:
		return ratio(OUT_RATIO, stat_num(s, GCHEAP_A_STATS_COUNTS),
			     stores);
	}
	return none();
}

static struct out_value allocs(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_ALLOCS, OUT_COUNT);
}

static struct out_value alloc_bytes(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_ALLOC_BYTES, OUT_BYTES);
}

static struct out_value collect_how(const struct side *s)
{
	static const char *const how[HEAP_ENGINES] = {
		[GCHEAP_ENGINE_GO] = "concurrent mark",
		[GCHEAP_ENGINE_PYTHON] = "counts, cycles",
		[GCHEAP_ENGINE_SLAB] = "none",
	};

	return engine_text(s, how);
}

static struct out_value cycles(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_CYCLES, OUT_COUNT);
}

static struct out_value concurrent(const struct side *s)
{
	uint64_t cycle = stat_num(s, GCHEAP_A_STATS_CYCLE_NS);
	uint64_t stopped = stat_num(s, GCHEAP_A_STATS_STOPPED_NS);

	return ratio(OUT_PERCENT, cycle > stopped ? cycle - stopped : 0, cycle);
}

static struct out_value held_up(const struct side *s, int attr)
{
	return s->stats.pause.num[GCHEAP_A_HIST_COUNT] ?
		out_num(OUT_NS, s->stats.pause.num[attr]) : none();
}

static struct out_value pause_p50(const struct side *s)
{
	return held_up(s, GCHEAP_A_HIST_P50_NS);
}

static struct out_value pause_p99(const struct side *s)
{
	return held_up(s, GCHEAP_A_HIST_P99_NS);
}

static struct out_value pause_max(const struct side *s)
{
	return held_up(s, GCHEAP_A_HIST_MAX_NS);
}

static struct out_value freed_at_once(const struct side *s)
{
	return out_num(OUT_COUNT, stat_num(s, GCHEAP_A_STATS_FREED_COUNT) +
				  stat_num(s, GCHEAP_A_STATS_FREED_EXPLICIT));
}

static struct out_value freed_cycle(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_FREED_CYCLE, OUT_COUNT);
}

static struct out_value classes(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_CLASSES, OUT_COUNT);
}

static struct out_value units(const struct side *s)
{
	return out_num(OUT_COUNT, s->units);
}

static struct out_value arenas(const struct side *s)
{
	return out_num(OUT_COUNT, s->arenas);
}

static struct out_value large_objects(const struct side *s)
{
	return out_num(OUT_COUNT, s->large);
}

static struct out_value live_peak(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_PEAK_LIVE_BYTES, OUT_BYTES);
}

static struct out_value held_peak(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_PEAK_HELD_BYTES, OUT_BYTES);
}

static struct out_value held_to_live(const struct side *s)
{
	return ratio(OUT_RATIO, stat_num(s, GCHEAP_A_STATS_PEAK_HELD_BYTES),
		     stat_num(s, GCHEAP_A_STATS_PEAK_LIVE_BYTES));
}

static struct out_value speed(const struct side *s)
{
	return out_num(OUT_RATE, run_rate(&s->replay.run));
}

static struct out_value cycle_time(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_CYCLE_NS, OUT_NS);
}

static struct out_value cycle_share(const struct side *s)
{
	return ratio(OUT_PERCENT, stat_num(s, GCHEAP_A_STATS_CYCLE_NS),
		     run_num(&s->replay.run, GCHEAP_LOAD_A_RUN_ELAPSED_NS));
}

static struct out_value garbage_max(const struct side *s)
{
	return fact(s, GCHEAP_A_STATS_GARBAGE_MAX_BYTES, OUT_BYTES);
}

static struct out_value took(const struct side *s, int attr)
{
	const struct gnl_facts *latency = &s->replay.run.latency;

	return gnl_has(latency, attr) ? out_num(OUT_NS, latency->num[attr]) :
					none();
}

static struct out_value took_p50(const struct side *s)
{
	return took(s, GCHEAP_LOAD_A_HIST_P50_NS);
}

static struct out_value took_p99(const struct side *s)
{
	return took(s, GCHEAP_LOAD_A_HIST_P99_NS);
}

static struct out_value took_p999(const struct side *s)
{
	return took(s, GCHEAP_LOAD_A_HIST_P999_NS);
}

static struct out_value took_p9999(const struct side *s)
{
	return took(s, GCHEAP_LOAD_A_HIST_P9999_NS);
}

static struct out_value took_max(const struct side *s)
{
	return took(s, GCHEAP_LOAD_A_HIST_MAX_NS);
}

static struct out_value utilisation(const struct side *s, int attr)
{
	const struct run *run = &s->replay.run;

	return gnl_has(&run->facts, attr) ?
		out_real(OUT_PERCENT, (double)run_num(run, attr) / 1e4) :
		none();
}

static struct out_value mmu1(const struct side *s)
{
	return utilisation(s, GCHEAP_LOAD_A_RUN_MMU1);
}

static struct out_value mmu10(const struct side *s)
{
	return utilisation(s, GCHEAP_LOAD_A_RUN_MMU10);
}

static struct out_value mmu100(const struct side *s)
{
	return utilisation(s, GCHEAP_LOAD_A_RUN_MMU100);
}

static struct out_value state(const struct side *s)
{
	return out_text(run_state_name(&s->replay.run));
}

static struct out_value deaths(const struct side *s)
{
	return out_num(OUT_COUNT,
		       s->replay.counts.deaths + s->replay.counts.cyclic);
}

static struct out_value mismatches(const struct side *s)
{
	return out_num(OUT_COUNT, run_num(&s->replay.run,
					  GCHEAP_LOAD_A_RUN_MISMATCHES));
}

static struct out_value live_found(const struct side *s)
{
	return out_num(OUT_COUNT, run_num(&s->replay.run,
					  GCHEAP_LOAD_A_RUN_LIVE_FOUND));
}

static struct out_value live_expected(const struct side *s)
{
	return out_num(OUT_COUNT, run_num(&s->replay.run,
					  GCHEAP_LOAD_A_RUN_LIVE_EXPECTED));
}

/* ---- the table ---- */

struct row {
	const char *key;
	const char *label;
	struct out_value (*get)(const struct side *s);
};

static const struct row alloc_rows[] = {
	{ "method", "how", alloc_how },
	{ "small-alloc-ps", "one of 32 bytes", small_cost },
	{ "large-alloc-ps", "one of 64 KiB", large_cost },
	{ "store-ps", "a store", store_cost },
	{ "barriers-or-counts-per-store", "barriers, counts a store",
	  per_store },
	{ "allocs", "objects allocated", allocs },
	{ "alloc-bytes", "bytes allocated", alloc_bytes },
};

static const struct row collect_rows[] = {
	{ "method", "how", collect_how },
	{ "cycles", "cycles", cycles },
	{ "concurrent-percent", "while mutators ran", concurrent },
	{ "pause-p50-ns", "pause p50", pause_p50 },
	{ "pause-p99-ns", "pause p99", pause_p99 },
	{ "pause-max-ns", "pause max", pause_max },
	{ "freed-at-once", "freed at once", freed_at_once },
	{ "freed-cycle", "freed by the collector", freed_cycle },
};

static const struct row pool_rows[] = {
	{ "classes", "size classes", classes },
	{ "units-max", "spans or pools, most", units },
	{ "arenas-max", "arenas, most", arenas },
	{ "large-objects-max", "large objects, most", large_objects },
	{ "peak-live-bytes", "bytes live, most", live_peak },
	{ "peak-held-bytes", "bytes held, most", held_peak },
	{ "held-per-live", "held for a live byte", held_to_live },
};

static const struct row speed_rows[] = {
	{ "operations-per-second", "operations a second", speed },
	{ "cycle-ns", "time in collections", cycle_time },
	{ "cycle-percent", "share of the run", cycle_share },
	{ "peak-memory-bytes", "peak memory", held_peak },
	{ "garbage-max-bytes", "garbage waiting, worst", garbage_max },
	{ "state", "the run", state },
};

static const struct row latency_rows[] = {
	{ "p50-ns", "p50", took_p50 },
	{ "p99-ns", "p99", took_p99 },
	{ "p999-ns", "p99.9", took_p999 },
	{ "p9999-ns", "p99.99", took_p9999 },
	{ "max-ns", "max", took_max },
	{ "mmu1-percent", "utilisation, 1 ms", mmu1 },
	{ "mmu10-percent", "utilisation, 10 ms", mmu10 },
	{ "mmu100-percent", "utilisation, 100 ms", mmu100 },
};

static const struct row verify_rows[] = {
	{ "deaths-checked", "deaths checked", deaths },
	{ "live-expected", "live objects expected", live_expected },
	{ "live-found", "live objects found", live_found },
	{ "mismatches", "mismatches", mismatches },
};

static void show_rows(const struct comparison *c, const char *key,
		      const char *heading, const struct row *rows, size_t nr)
{
	size_t i;
	int e;

	out_group(key, heading);
	for (i = 0; i < nr; i++) {
		struct out_value values[OUT_COLUMNS];

		for (e = 0; e < HEAP_ENGINES; e++)
			values[e] = rows[i].get(&c->side[e]);
		out_row(rows[i].key, rows[i].label, values);
	}
	out_end();
}

static void show(const struct comparison *c)
{
	out_group(NULL, NULL);
	if (c->file)
		out_item("file", "replay of", out_text(c->file));
	else
		out_item("workload", "workload",
			 out_text(run_workloads[c->workload]));
	out_item("mutators", "mutators",
		 out_num(OUT_COUNT, run_num(&c->side[0].replay.run,
					    GCHEAP_LOAD_A_RUN_MUTATORS)));
	out_break();
	out_columns(heap_engines);
	show_rows(c, "memory-allocation", "memory allocation", alloc_rows,
		  ARRAY_SIZE(alloc_rows));
	show_rows(c, "garbage-collection", "garbage collection", collect_rows,
		  ARRAY_SIZE(collect_rows));
	show_rows(c, "memory-pool", "memory pool", pool_rows,
		  ARRAY_SIZE(pool_rows));
	show_rows(c, "performance", "performance", speed_rows,
		  ARRAY_SIZE(speed_rows));
	if (c->workload == GCHEAP_LOAD_WORKLOAD_CHURN)
		show_rows(c, "operation", "an operation", latency_rows,
			  ARRAY_SIZE(latency_rows));
	if (c->file)
		show_rows(c, "verification", "verification", verify_rows,
			  ARRAY_SIZE(verify_rows));
}

/* ---- the command ---- */

/* Keys of the heaps, which all but the engine's may be, and of the workload. */
static int parse(struct comparison *c, int argc, char **argv)
{
	struct key keys[COMPARE_KEYS];
	struct value values[COMPARE_KEYS] = { 0 };

	memcpy(keys, heap_keys + 1, sizeof(*keys) * (HEAP_KEYS - 1));
	memcpy(keys + HEAP_KEYS - 1, run_keys, sizeof(run_keys));
	if (parse_keys(argc, argv, keys, COMPARE_KEYS, values))
		return STATUS_USAGE;
	memcpy(c->heap_values + 1, values, sizeof(*values) * (HEAP_KEYS - 1));
	memcpy(c->run_values, values + HEAP_KEYS - 1, sizeof(c->run_values));
	return STATUS_OK;
}

/* A workload by its name; else a file, if the word is one or looks like one. */
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

/* Each engine reads the trace, and a pipe can be read only once. */
static int spool(struct comparison *c)
{
	if (!c->file || !input_spool(c->file, c->spooled, sizeof(c->spooled)))
		return STATUS_OK;
	return out_error(STATUS_USAGE, errno, NULL, "%s: %s", c->file,
			 strerror(errno));
}

static int run_all(struct comparison *c)
{
	int status, e;

	status = gnl_open(GNL_GCHEAP);
	if (!status)
		status = gnl_open(GNL_LOAD);
	if (status)
		return status;
	wait_catch_signals();
	status = spool(c);
	if (!status)
		status = measure(c);
	if (wait_interrupted())
		return STATUS_SIGNAL;
	if (status)
		return status;
	show(c);
	for (e = 0; e < HEAP_ENGINES; e++) {
		int bad = run_status(&c->side[e].replay.run);

		if (bad)
			status = bad;
	}
	return status;
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
	if (!status)
		status = run_all(c);
	free(c);
	return status;
}
