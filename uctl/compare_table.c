// SPDX-License-Identifier: GPL-2.0
/*
 * The table of gcctl compare: a row per fact, and per engine a cell with the median
 * of its repetitions and their spread; and a verdict if the spreads of engines do not
 * overlap. A failed or stopped run has no figures, because it did less work.
 */
#include "compare.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gcctl.h"
#include "out.h"
#include "sample.h"

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

static struct out_value alloc_how(const struct side *s)
{
	return out_text(s->engine->page_groups);
}

static struct out_value micro(const struct side *s, int attr)
{
	uint64_t ps = run_num(&s->micro, attr);

	/* A run that was stopped too early has measured nothing. */
	return ps ? out_num(OUT_PS, ps) : none();
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

	switch (s->engine->reclaim) {
	case GCHEAP_RECLAIM_TRACING:
		return ratio(OUT_RATIO, stat_num(s, GCHEAP_A_STATS_BARRIERS),
			     stores);
	case GCHEAP_RECLAIM_COUNTING:
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
	return out_text(engine_reclaim(s->engine));
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

/*
 * For churn, the pauses within the measured time, as for its utilisation; for other
 * workloads, those of the whole run. Both sets of attributes are the same.
 */
static struct out_value pause_of(const struct side *s, int attr)
{
	const struct gnl_facts *measured = &s->replay.run.pause;
	const struct gnl_facts *f = measured->mask ? measured : &s->stats.pause;

	return f->num[GCHEAP_A_HIST_COUNT] ? out_num(OUT_NS, f->num[attr]) :
					     none();
}

_Static_assert((int)GCHEAP_A_HIST_COUNT == (int)GCHEAP_LOAD_A_HIST_COUNT &&
	       (int)GCHEAP_A_HIST_P50_NS == (int)GCHEAP_LOAD_A_HIST_P50_NS &&
	       (int)GCHEAP_A_HIST_P99_NS == (int)GCHEAP_LOAD_A_HIST_P99_NS &&
	       (int)GCHEAP_A_HIST_MAX_NS == (int)GCHEAP_LOAD_A_HIST_MAX_NS,
	       "one reader for both");

static struct out_value pause_p50(const struct side *s)
{
	return pause_of(s, GCHEAP_A_HIST_P50_NS);
}

static struct out_value pause_p99(const struct side *s)
{
	return pause_of(s, GCHEAP_A_HIST_P99_NS);
}

static struct out_value pause_max(const struct side *s)
{
	return pause_of(s, GCHEAP_A_HIST_MAX_NS);
}

static struct out_value freed_immediately(const struct side *s)
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

static struct out_value page_groups(const struct side *s)
{
	return out_num(OUT_COUNT, s->page_groups);
}

static struct out_value arenas(const struct side *s)
{
	return out_num(OUT_COUNT, s->arenas);
}

static struct out_value large_objects(const struct side *s)
{
	return out_num(OUT_COUNT, s->large);
}

static struct out_value of_run(const struct side *s, int attr)
{
	const struct gnl_facts *f = &s->replay.run.facts;

	return gnl_has(f, attr) ? out_num(OUT_BYTES, f->num[attr]) : none();
}

static struct out_value part(const struct side *s, int attr)
{
	const struct gnl_facts *f = &s->replay.run.memory;

	return gnl_has(f, attr) ? out_num(OUT_BYTES, f->num[attr]) : none();
}

static struct out_value reachable(const struct side *s)
{
	return part(s, GCHEAP_LOAD_A_MEMORY_REACHABLE_BYTES);
}

static struct out_value waiting(const struct side *s)
{
	return part(s, GCHEAP_LOAD_A_MEMORY_WAITING_BYTES);
}

static struct out_value fragmentation(const struct side *s)
{
	return part(s, GCHEAP_LOAD_A_MEMORY_FRAGMENTATION_BYTES);
}

static struct out_value held(const struct side *s)
{
	return part(s, GCHEAP_LOAD_A_MEMORY_HELD_BYTES);
}

static struct out_value held_to_reachable(const struct side *s)
{
	const uint64_t *num = s->replay.run.memory.num;

	return ratio(OUT_RATIO, num[GCHEAP_LOAD_A_MEMORY_HELD_BYTES],
		     num[GCHEAP_LOAD_A_MEMORY_REACHABLE_BYTES]);
}

static struct out_value held_peak(const struct side *s)
{
	return of_run(s, GCHEAP_LOAD_A_RUN_PEAK_HELD_BYTES);
}

static struct out_value speed(const struct side *s)
{
	double rate = run_rate(&s->replay.run);

	return rate < 0 ? none() : out_real(OUT_RATE, rate);
}

static bool collected(const struct side *s)
{
	return stat_num(s, GCHEAP_A_STATS_CYCLES) > 0;
}

static struct out_value elapsed(const struct side *s)
{
	return out_num(OUT_NS, run_num(&s->replay.run,
				       GCHEAP_LOAD_A_RUN_ELAPSED_NS));
}

static struct out_value cycle_time(const struct side *s)
{
	if (!collected(s))
		return none();
	return fact(s, GCHEAP_A_STATS_CYCLE_NS, OUT_NS);
}

static struct out_value cycle_share(const struct side *s)
{
	if (!collected(s))
		return none();
	return ratio(OUT_PERCENT, stat_num(s, GCHEAP_A_STATS_CYCLE_NS),
		     run_num(&s->replay.run, GCHEAP_LOAD_A_RUN_ELAPSED_NS));
}

static struct out_value garbage_max(const struct side *s)
{
	return collected(s) ? of_run(s, GCHEAP_LOAD_A_RUN_GARBAGE_MAX_BYTES) :
			      none();
}

static struct out_value took(const struct side *s, int attr)
{
	const struct gnl_facts *latency = &s->replay.run.latency;

	return latency->num[GCHEAP_LOAD_A_HIST_COUNT] ?
		out_num(OUT_NS, latency->num[attr]) : none();
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

/* Only a run that reached its end has these facts. */
static struct out_value run_fact(const struct side *s, int attr)
{
	const struct run *run = &s->replay.run;

	return gnl_has(&run->facts, attr) ?
		out_num(OUT_COUNT, run_num(run, attr)) : none();
}

static struct out_value mismatches(const struct side *s)
{
	return run_fact(s, GCHEAP_LOAD_A_RUN_MISMATCHES);
}

static struct out_value live_found(const struct side *s)
{
	return run_fact(s, GCHEAP_LOAD_A_RUN_LIVE_FOUND);
}

static struct out_value live_expected(const struct side *s)
{
	return run_fact(s, GCHEAP_LOAD_A_RUN_LIVE_EXPECTED);
}

/* ---- the table ---- */

static bool is_done(const struct run *run)
{
	return run_num(run, GCHEAP_LOAD_A_RUN_STATE) == GCHEAP_LOAD_STATE_DONE;
}

static bool work_done(const struct side *s)
{
	return is_done(&s->replay.run);
}

static bool micro_done(const struct side *s)
{
	return is_done(&s->micro);
}

static bool always(const struct side *s)
{
	(void)s;
	return true;
}

enum better {
	NEITHER,
	LESS,
	MORE,
	WORST,		/* no median: the worst of all repetitions is shown */
};

/**
 * struct row - a fact
 * @key: its name in JSON
 * @label: its name in text
 * @get: returns the value
 * @better: which values are better, for the verdict
 * @counts: true for repetitions with a value; NULL: those that did the work
 */
struct row {
	const char *key;
	const char *label;
	struct out_value (*get)(const struct side *s);
	enum better better;
	bool (*counts)(const struct side *s);
};

static const struct row alloc_rows[] = {
	{ "method", "method", alloc_how, NEITHER, always },
	{ "small-alloc-ps", "32 B allocation", small_cost, LESS, micro_done },
	{ "large-alloc-ps", "64 KiB allocation", large_cost, LESS, micro_done },
	{ "store-ps", "reference store", store_cost, LESS, micro_done },
	{ "barriers-or-counts-per-store", "barriers/counts / store",
	  per_store, NEITHER, NULL },
	{ "allocs", "objects allocated", allocs, NEITHER, NULL },
	{ "alloc-bytes", "bytes allocated", alloc_bytes, NEITHER, NULL },
};

static const struct row collect_rows[] = {
	{ "method", "method", collect_how, NEITHER, always },
	{ "cycles", "GC cycles", cycles, NEITHER, NULL },
	{ "concurrent-percent", "concurrent share", concurrent, NEITHER, NULL },
	{ "pause-p50-ns", "pause p50", pause_p50, NEITHER, NULL },
	{ "pause-p99-ns", "pause p99", pause_p99, LESS, NULL },
	{ "pause-max-ns", "pause max", pause_max, LESS, NULL },
	{ "freed-immediately", "freed immediately", freed_immediately, NEITHER, NULL },
	{ "freed-cycle", "freed by collector", freed_cycle, NEITHER, NULL },
};

static const struct row pool_rows[] = {
	{ "classes", "size classes", classes, NEITHER, NULL },
	{ "page-groups-max", "peak spans or pools", page_groups, NEITHER, NULL },
	{ "arenas-max", "peak arenas", arenas, NEITHER, NULL },
	{ "large-objects-max", "peak large objects", large_objects, NEITHER, NULL },
};

static const struct row memory_rows[] = {
	{ "reachable-bytes", "reachable", reachable, NEITHER, NULL },
	{ "waiting-bytes", "garbage", waiting, NEITHER, NULL },
	{ "fragmentation-bytes", "fragmentation, metadata", fragmentation,
	  NEITHER, NULL },
	{ "held-bytes", "held", held, NEITHER, NULL },
	{ "held-per-reachable", "held / reachable", held_to_reachable, LESS, NULL },
};

static const struct row speed_rows[] = {
	{ "operations-per-second", "operations per second", speed, MORE, NULL },
	{ "elapsed-ns", "elapsed", elapsed, NEITHER, NULL },
	{ "cycle-ns", "GC cycle time", cycle_time, NEITHER, NULL },
	{ "cycle-percent", "GC cycle share", cycle_share, NEITHER, NULL },
	{ "peak-held-bytes", "peak held bytes", held_peak, LESS, NULL },
	{ "garbage-max-bytes", "max garbage per cycle", garbage_max, NEITHER, NULL },
	{ "state", "result", state, NEITHER, always },
};

static const struct row latency_rows[] = {
	{ "p50-ns", "operation p50", took_p50, NEITHER, NULL },
	{ "p99-ns", "operation p99", took_p99, NEITHER, NULL },
	{ "p999-ns", "operation p99.9", took_p999, LESS, NULL },
	{ "p9999-ns", "operation p99.99", took_p9999, NEITHER, NULL },
	{ "max-ns", "operation max", took_max, LESS, NULL },
	{ "mmu1-percent", "MMU 1 ms", mmu1, NEITHER, NULL },
	{ "mmu10-percent", "MMU 10 ms", mmu10, NEITHER, NULL },
	{ "mmu100-percent", "MMU 100 ms", mmu100, NEITHER, NULL },
};

static const struct row verify_rows[] = {
	/* If a trace was replayed to its end, every record was checked. */
	{ "deaths-recorded", "deaths recorded", deaths, NEITHER, NULL },
	{ "live-expected", "live objects expected", live_expected, NEITHER,
	  always },
	{ "live-found", "live objects found", live_found, NEITHER, always },
	{ "mismatches", "mismatches", mismatches, WORST, always },
};

static double number_of(const struct out_value *v)
{
	return out_is_real(v->kind) ? v->real : (double)v->num;
}

static void set_number(struct out_value *v, double number)
{
	if (out_is_real(v->kind))
		v->real = number;
	else
		v->num = (uint64_t)number;
}

/**
 * struct cell - values of one row on one engine
 * @has: the values of repetitions that have one
 * @all: the values of all repetitions, NAN for none
 */
struct cell {
	struct sample has;
	struct sample all;
};

static struct out_value value_of(const struct row *row, const struct side *s)
{
	bool counts = row->counts ? row->counts(s) : work_done(s);

	return counts ? row->get(s) : none();
}

/*
 * Combines all repetitions; values go to @cell. If words differ, a run that is not
 * done wins, so "done" means that all are.
 */
static struct out_value gather(const struct comparison *c, const struct row *row,
			       int engine, struct cell *cell)
{
	struct out_value all = none(), v;
	double min, max;
	uint64_t rep;

	cell->has.nr = 0;
	cell->all.nr = 0;
	for (rep = 0; rep < c->repeat; rep++) {
		v = value_of(row, &c->side[rep][engine]);
		if (v.kind == OUT_NONE || v.kind == OUT_TEXT)
			sample_add(&cell->all, NAN);
		if (v.kind == OUT_NONE)
			continue;
		if (v.kind != OUT_TEXT) {
			sample_add(&cell->has, number_of(&v));
			sample_add(&cell->all, number_of(&v));
		} else if (all.kind == OUT_TEXT && strcmp(all.text, v.text)) {
			return work_done(&c->side[rep][engine]) ? all : v;
		}
		all = v;
	}
	if (all.kind == OUT_NONE || all.kind == OUT_TEXT)
		return all;
	sample_range(&cell->has, &min, &max);
	set_number(&all, row->better == WORST ? max : sample_median(&cell->has));
	/* The worst value has no spread. */
	if (row->better != WORST || out_is_json()) {
		all.sample = &cell->has;
		all.all = &cell->all;
	}
	return all;
}

static void show_rows(const struct comparison *c, const char *key,
		      const char *heading, const struct row *rows, size_t nr)
{
	size_t i;
	int e;

	out_group(key, heading);
	for (i = 0; i < nr; i++) {
		struct out_value values[OUT_COLUMNS];
		struct cell cells[OUT_COLUMNS];

		for (e = 0; e < c->nr_engines; e++)
			values[e] = gather(c, &rows[i], e, &cells[e]);
		out_row(rows[i].key, rows[i].label, values);
	}
	out_end();
}

/* ---- the verdict ---- */

/**
 * struct rank - an engine's values in one row
 * @engine: the engine
 * @median: median of its repetitions; less is better
 * @min: the best value
 * @max: the worst value
 */
struct rank {
	int engine;
	double median;
	double min;
	double max;
};

/*
 * Fills and sorts @ranks with engines that have enough repetitions. Returns their
 * number.
 */
static int rank(const struct comparison *c, const struct row *row,
		struct rank ranks[COMPARE_ENGINES_MAX])
{
	double sign = row->better == MORE ? -1 : 1, a, b;
	struct cell cell;
	int e, i, nr = 0;

	for (e = 0; e < c->nr_engines; e++) {
		struct rank new = { .engine = e };

		gather(c, row, e, &cell);
		if (cell.has.nr < COMPARE_VERDICT)
			continue;
		sample_range(&cell.has, &a, &b);
		new.median = sign * sample_median(&cell.has);
		new.min = sign > 0 ? a : -b;
		new.max = sign > 0 ? b : -a;
		for (i = nr++; i && ranks[i - 1].median > new.median; i--)
			ranks[i] = ranks[i - 1];
		ranks[i] = new;
	}
	return nr;
}

/* Is every engine before @at better than all others, without overlap? */
static bool parts(const struct rank *ranks, int nr, int at)
{
	int i, j;

	for (i = 0; i < at; i++)
		for (j = at; j < nr; j++)
			if (ranks[i].max >= ranks[j].min)
				return false;
	return true;
}

static void show_verdict(const struct comparison *c, const struct row *row)
{
	struct rank ranks[COMPARE_ENGINES_MAX];
	int i, nr = rank(c, row, ranks);
	char text[256] = "";
	size_t len = 0;

	for (i = 0; i < nr; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					!i ? "" : parts(ranks, nr, i) ? ", " :
									" ~ ",
					c->engines[ranks[i].engine].engine.name);
	out_fact(row->key, row->label, nr > 1 ? out_text(text) : none());
}

static void show_verdicts(const struct comparison *c, const struct row *rows,
			  size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (rows[i].better == LESS || rows[i].better == MORE)
			show_verdict(c, &rows[i]);
}

/* ---- all of it ---- */

static bool all_done(const struct comparison *c)
{
	uint64_t rep;
	int e;

	for (rep = 0; rep < c->repeat; rep++)
		for (e = 0; e < c->nr_engines; e++)
			if (!work_done(&c->side[rep][e]) ||
			    !micro_done(&c->side[rep][e]))
				return false;
	return true;
}

static const char *verdict_heading(const struct comparison *c)
{
	if (c->repeat < COMPARE_VERDICT)
		return "verdict: none, too few repetitions";
	if (!all_done(c))
		return "verdict (finished runs): best first; ~ joins engines whose spreads overlap";
	return "verdict: best first; ~ joins engines whose spreads overlap";
}

/**
 * compare_show() - prints the table
 * @c: the results
 */
void compare_show(const struct comparison *c)
{
	bool churn = c->workload == GCHEAP_LOAD_WORKLOAD_CHURN;
	const char *names[COMPARE_ENGINES_MAX];
	int e;

	for (e = 0; e < c->nr_engines; e++)
		names[e] = c->engines[e].engine.name;
	out_group(NULL, NULL);
	if (c->file)
		out_item("file", "replay of", out_text(c->file));
	else
		out_item("workload", "workload",
			 out_text(run_workloads[c->workload]));
	out_item("mutators", "mutators",
		 out_num(OUT_COUNT, run_num(&c->side[0][0].replay.run,
					    GCHEAP_LOAD_A_RUN_MUTATORS)));
	out_item("repetitions", "repetitions", out_num(OUT_COUNT, c->repeat));
	if (out_is_json() || c->partial)
		out_item("partial", "partial", out_num(OUT_FLAG, c->partial));
	out_break();
	out_columns(names, c->nr_engines);
	show_rows(c, "memory-allocation", "memory allocation", alloc_rows,
		  ARRAY_SIZE(alloc_rows));
	show_rows(c, "garbage-collection", churn ?
		  "garbage collection (pauses: measured phase)" :
		  "garbage collection", collect_rows, ARRAY_SIZE(collect_rows));
	show_rows(c, "memory-pool", "memory pool", pool_rows,
		  ARRAY_SIZE(pool_rows));
	show_rows(c, "memory", "memory at the collection with peak held bytes",
		  memory_rows, ARRAY_SIZE(memory_rows));
	show_rows(c, "performance", "performance", speed_rows,
		  ARRAY_SIZE(speed_rows));
	if (churn)
		show_rows(c, "operation",
			  "latency and mutator utilisation (measured phase)",
			  latency_rows, ARRAY_SIZE(latency_rows));
	if (c->file)
		show_rows(c, "verification", "verification", verify_rows,
			  ARRAY_SIZE(verify_rows));
	out_group("verdict", verdict_heading(c));
	show_verdicts(c, alloc_rows, ARRAY_SIZE(alloc_rows));
	show_verdicts(c, collect_rows, ARRAY_SIZE(collect_rows));
	show_verdicts(c, memory_rows, ARRAY_SIZE(memory_rows));
	show_verdicts(c, speed_rows, ARRAY_SIZE(speed_rows));
	if (churn)
		show_verdicts(c, latency_rows, ARRAY_SIZE(latency_rows));
	out_end();
}
