// SPDX-License-Identifier: GPL-2.0
/* gcctl stats: shows the statistics of a heap, or one line for each heap. */
#include "stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "gcctl.h"
#include "heap.h"
#include "out.h"
#include "parse.h"

struct row {
	int attr;
	enum out_kind kind;
	const char *key;
	const char *label;
};

static const struct row alloc_rows[] = {
	{ GCHEAP_A_STATS_ALLOCS, OUT_COUNT, "allocs", "objects allocated" },
	{ GCHEAP_A_STATS_ALLOC_BYTES, OUT_BYTES, "alloc-bytes",
	  "bytes allocated" },
	{ GCHEAP_A_STATS_LARGE_ALLOCS, OUT_COUNT, "large-allocs",
	  "large allocations" },
	{ GCHEAP_A_STATS_FREED_COUNT, OUT_COUNT, "freed-count",
	  "freed by refcount" },
	{ GCHEAP_A_STATS_FREED_CYCLE, OUT_COUNT, "freed-cycle",
	  "freed by collector" },
	{ GCHEAP_A_STATS_FREED_EXPLICIT, OUT_COUNT, "freed-explicit",
	  "freed explicitly" },
	{ GCHEAP_A_STATS_FREED_BYTES, OUT_BYTES, "freed-bytes",
	  "bytes freed" },
	{ GCHEAP_A_STATS_STORES, OUT_COUNT, "stores", "reference stores" },
	{ GCHEAP_A_STATS_BARRIERS, OUT_COUNT, "barriers",
	  "write barriers" },
	{ GCHEAP_A_STATS_COUNTS, OUT_COUNT, "counts", "refcount updates" },
	{ GCHEAP_A_STATS_LIMIT_HITS, OUT_COUNT, "limit-hits",
	  "hard limit hits" },
	{ GCHEAP_A_STATS_LIMIT_WAITS, OUT_COUNT, "limit-waits",
	  "soft limit waits" },
	{ GCHEAP_A_STATS_OVER_LIMIT, OUT_COUNT, "over-limit",
	  "soft limit exceeded" },
	{ GCHEAP_A_STATS_OVER_LIMIT_NS, OUT_NS, "over-limit-ns",
	  "time above soft limit" },
	{ GCHEAP_A_STATS_OVER_LIMIT_MAX_BYTES, OUT_BYTES,
	  "over-limit-max-bytes", "max above soft limit" },
	{ GCHEAP_A_STATS_LIMITER_ON, OUT_COUNT, "limiter-on",
	  "GC limiter activations" },
	{ GCHEAP_A_STATS_LIMITER_NS, OUT_NS, "limiter-ns",
	  "GC limiter time" },
	{ GCHEAP_A_STATS_ALLOC_FAILURES, OUT_COUNT, "alloc-failures",
	  "failed allocations" },
};

static const struct row memory_rows[] = {
	{ GCHEAP_A_STATS_LIVE_OBJECTS, OUT_COUNT, "live-objects",
	  "live objects" },
	{ GCHEAP_A_STATS_LARGE_OBJECTS, OUT_COUNT, "large-objects",
	  "large objects" },
	{ GCHEAP_A_STATS_LIVE_BYTES, OUT_BYTES, "live-bytes", "live bytes" },
	{ GCHEAP_A_STATS_REACHABLE_BYTES, OUT_BYTES, "reachable-bytes",
	  "reachable bytes" },
	{ GCHEAP_A_STATS_WAITING_BYTES, OUT_BYTES, "waiting-bytes",
	  "unmarked bytes" },
	{ GCHEAP_A_STATS_PEAK_LIVE_BYTES, OUT_BYTES, "peak-live-bytes",
	  "peak live bytes" },
	{ GCHEAP_A_STATS_HELD_BYTES, OUT_BYTES, "held-bytes", "held bytes" },
	{ GCHEAP_A_STATS_PEAK_HELD_BYTES, OUT_BYTES, "peak-held-bytes",
	  "peak held bytes" },
	{ GCHEAP_A_STATS_RETURNED_BYTES, OUT_BYTES, "returned-bytes",
	  "returned to kernel" },
	{ GCHEAP_A_STATS_CLASSES, OUT_COUNT, "classes", "size classes" },
	{ GCHEAP_A_STATS_PAGE_GROUPS, OUT_COUNT, "page-groups",
	  "spans or pools in use" },
	{ GCHEAP_A_STATS_ARENAS, OUT_COUNT, "arenas", "arenas" },
};

static const struct row cycle_rows[] = {
	{ GCHEAP_A_STATS_CYCLES, OUT_COUNT, "cycles", "GC cycles" },
	{ GCHEAP_A_STATS_CYCLES_GEN0, OUT_COUNT, "cycles-gen0",
	  "GC cycles, gen 0" },
	{ GCHEAP_A_STATS_CYCLES_GEN1, OUT_COUNT, "cycles-gen1",
	  "GC cycles, gen 1" },
	{ GCHEAP_A_STATS_CYCLES_GEN2, OUT_COUNT, "cycles-gen2",
	  "GC cycles, full" },
	{ GCHEAP_A_STATS_CYCLE_NS, OUT_NS, "cycle-ns", "GC cycle time" },
	{ GCHEAP_A_STATS_MARK_NS, OUT_NS, "mark-ns", "mark time" },
	{ GCHEAP_A_STATS_STOPPED_NS, OUT_NS, "stopped-ns",
	  "stop-the-world time" },
	{ GCHEAP_A_STATS_CPU_NS, OUT_NS, "cpu-ns", "GC CPU time" },
	{ GCHEAP_A_STATS_MARK_DEDICATED_NS, OUT_NS, "mark-dedicated-ns",
	  "mark CPU, dedicated" },
	{ GCHEAP_A_STATS_MARK_FRACTION_NS, OUT_NS, "mark-fraction-ns",
	  "mark CPU, fractional" },
	{ GCHEAP_A_STATS_MARK_IDLE_NS, OUT_NS, "mark-idle-ns",
	  "mark CPU, idle" },
	{ GCHEAP_A_STATS_MARKED, OUT_COUNT, "marked", "objects visited" },
	{ GCHEAP_A_STATS_ASSIST_BYTES, OUT_BYTES, "assist-bytes",
	  "marked by mutators" },
	{ GCHEAP_A_STATS_SWEPT_BYTES, OUT_BYTES, "swept-bytes",
	  "swept by mutators" },
	{ GCHEAP_A_STATS_GARBAGE_MAX_BYTES, OUT_BYTES, "garbage-max-bytes",
	  "max garbage per cycle" },
	{ GCHEAP_A_STATS_GOAL_BYTES, OUT_BYTES, "goal-bytes",
	  "next heap goal" },
	{ GCHEAP_A_STATS_HANDSHAKES, OUT_COUNT, "handshakes", "handshakes" },
	{ GCHEAP_A_STATS_INTERRUPTS, OUT_COUNT, "interrupts",
	  "handshake IPIs" },
	{ GCHEAP_A_STATS_FINALIZERS_QUEUED, OUT_COUNT, "finalizers-queued",
	  "finalizers queued" },
	{ GCHEAP_A_STATS_FINALIZERS_RUN, OUT_COUNT, "finalizers-run",
	  "finalizers run" },
	{ GCHEAP_A_STATS_CLEANUPS_QUEUED, OUT_COUNT, "cleanups-queued",
	  "cleanups queued" },
	{ GCHEAP_A_STATS_CLEANUPS_RUN, OUT_COUNT, "cleanups-run",
	  "cleanups run" },
	{ GCHEAP_A_STATS_VERIFY_ERRORS, OUT_COUNT, "verify-errors",
	  "verification errors" },
};

static void read_stats(struct gnl_reply *reply, void *arg)
{
	struct stats *s = arg;

	gnl_read(reply, GCHEAP_A_STATS_NAME, &s->facts);
	gnl_read_text(reply, GCHEAP_A_STATS_ENGINE_NAME, s->facts.engine,
		      sizeof(s->facts.engine));
	gnl_read_nested(reply->attrs[GCHEAP_A_STATS_PAUSE], &s->pause);
	gnl_read_nested(reply->attrs[GCHEAP_A_STATS_ASSIST], &s->assist);
	gnl_read_nested(reply->attrs[GCHEAP_A_STATS_HANDSHAKE], &s->handshake);
	gnl_read_nested(reply->attrs[GCHEAP_A_STATS_EXCLUSIVE_WAIT], &s->exclusive_wait);
}

/**
 * stats_get() - reads the statistics of a heap
 * @name: its name
 * @stats: receives them
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int stats_get(const char *name, struct stats *stats)
{
	struct nl_msg *msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_STATS_GET, 128);

	memset(stats, 0, sizeof(*stats));
	gnl_put_name(msg, GCHEAP_A_STATS_NAME, name);
	return gnl_do(msg, read_stats, stats);
}

static void show_rows(const struct row *rows, size_t nr,
		      const struct gnl_facts *f)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		struct out_value v = out_num(rows[i].kind,
					     f->num[rows[i].attr]);

		if (!gnl_has(f, rows[i].attr))
			v.kind = OUT_NONE;
		if (rows[i].attr == GCHEAP_A_STATS_GOAL_BYTES)
			v.text = "none";
		if (!out_hides(&v))
			out_fact(rows[i].key, rows[i].label, v);
	}
}

enum { TIMES = 7 };

static void fill_times(const struct gnl_facts *f,
		       struct out_field fields[TIMES])
{
	static const struct row rows[TIMES] = {
		{ GCHEAP_A_HIST_COUNT, OUT_COUNT, "count", "count" },
		{ GCHEAP_A_HIST_SUM_NS, OUT_NS, "sum-ns", "sum" },
		{ GCHEAP_A_HIST_P50_NS, OUT_NS, "p50-ns", "p50" },
		{ GCHEAP_A_HIST_P99_NS, OUT_NS, "p99-ns", "p99" },
		{ GCHEAP_A_HIST_P999_NS, OUT_NS, "p999-ns", "p99.9" },
		{ GCHEAP_A_HIST_P9999_NS, OUT_NS, "p9999-ns", "p99.99" },
		{ GCHEAP_A_HIST_MAX_NS, OUT_NS, "max-ns", "max" },
	};
	size_t i;

	for (i = 0; i < TIMES; i++) {
		struct out_value v = out_num(rows[i].kind,
					     f->num[rows[i].attr]);

		/* Without values there are no quantiles and no maximum. */
		if (rows[i].kind == OUT_NS && !f->num[GCHEAP_A_HIST_COUNT])
			v.kind = OUT_NONE;
		fields[i] = (struct out_field){ rows[i].key, rows[i].label, v };
	}
}

_Static_assert((int)GCHEAP_A_HIST_MAX == (int)GCHEAP_LOAD_A_HIST_MAX &&
	       (int)GCHEAP_A_HIST_MAX_NS == (int)GCHEAP_LOAD_A_HIST_MAX_NS,
	       "histograms of both families are read by one function");

/**
 * stats_times_head() - headings for stats_times()
 * @label: label of the heading line
 */
void stats_times_head(const char *label)
{
	static const struct gnl_facts none;
	struct out_field fields[TIMES];

	fill_times(&none, fields);
	out_line_head(label, fields, TIMES);
}

/**
 * stats_times() - prints a histogram of times
 * @key: its name in JSON
 * @label: its name in text
 * @times: the kernel's numbers
 */
void stats_times(const char *key, const char *label,
		 const struct gnl_facts *times)
{
	struct out_value count = out_num(OUT_COUNT,
					 times->num[GCHEAP_A_HIST_COUNT]);
	struct out_field fields[TIMES];

	if (!times->mask || out_hides(&count))
		return;
	fill_times(times, fields);
	out_line(key, label, fields, TIMES);
}

/* Held bytes that are not in objects; the kernel's sums are not of one instant. */
static uint64_t fragmentation(const struct gnl_facts *f)
{
	uint64_t held = f->num[GCHEAP_A_STATS_HELD_BYTES];
	uint64_t live = f->num[GCHEAP_A_STATS_LIVE_BYTES];

	return held > live ? held - live : 0;
}

static void show_times(const struct stats *s)
{
	stats_times_head("durations");
	stats_times("pause", "  mutator pauses", &s->pause);
	stats_times("assist", "  assists", &s->assist);
	stats_times("exclusive-wait", "  exclusive wait", &s->exclusive_wait);
	stats_times("handshake", "  handshakes", &s->handshake);
}

static void show(const struct stats *s, const char *key)
{
	const struct gnl_facts *f = &s->facts;
	struct out_value rest = out_num(OUT_BYTES, fragmentation(f));

	out_group(key, NULL);
	out_item("name", "heap", out_text(f->name));
	out_item("id", "id", out_num(OUT_PLAIN, f->num[GCHEAP_A_STATS_ID]));
	out_item("engine", "engine", out_text(f->engine));
	out_break();
	out_pairs(true);
	out_group("allocation", "allocation");
	show_rows(alloc_rows, ARRAY_SIZE(alloc_rows), f);
	out_end();
	out_group("memory", "memory");
	show_rows(memory_rows, ARRAY_SIZE(memory_rows), f);
	if (!out_hides(&rest))
		out_fact("fragmentation-bytes", "fragmentation, metadata", rest);
	out_end();
	out_group("collection", "collection");
	show_rows(cycle_rows, ARRAY_SIZE(cycle_rows), f);
	out_end();
	out_pairs(false);
	show_times(s);
	out_end();
}

/* ---- all heaps ---- */

struct list {
	struct stats *stats;
	size_t nr;
	size_t room;
};

static void forget(void *arg)
{
	struct list *list = arg;

	list->nr = 0;
}

static void append(struct gnl_reply *reply, void *arg)
{
	struct list *list = arg;

	if (list->nr == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		list->stats = realloc(list->stats,
				      list->room * sizeof(*list->stats));
		if (!list->stats)
			abort();
	}
	read_stats(reply, &list->stats[list->nr++]);
}

enum { BRIEF = 6 };

/* A number, or none if the reply has no such attribute. */
static struct out_value number(const struct gnl_facts *f, int attr,
			       enum out_kind kind)
{
	return out_num(gnl_has(f, attr) ? kind : OUT_NONE, f->num[attr]);
}

static void fill_brief(const struct stats *s, struct out_field fields[BRIEF])
{
	bool paused = s->pause.num[GCHEAP_A_HIST_COUNT];
	const struct gnl_facts *f = &s->facts;

	fields[0] = out_column("engine", out_text(f->engine));
	fields[1] = out_column("reachable",
			       number(f, GCHEAP_A_STATS_REACHABLE_BYTES,
				      OUT_BYTES));
	fields[2] = out_column("live", number(f, GCHEAP_A_STATS_LIVE_BYTES,
					      OUT_BYTES));
	fields[3] = out_column("held", number(f, GCHEAP_A_STATS_HELD_BYTES,
					      OUT_BYTES));
	fields[4] = out_column("GC cycles",
			       number(f, GCHEAP_A_STATS_CYCLES, OUT_COUNT));
	fields[5] = out_column("pause max",
			       number(&s->pause, GCHEAP_A_HIST_MAX_NS,
				      paused ? OUT_NS : OUT_NONE));
}

static void show_brief(const struct stats *stats, size_t nr)
{
	struct out_field fields[BRIEF];
	size_t i;

	for (i = 0; i < nr; i++) {
		fill_brief(&stats[i], fields);
		if (!i)
			out_line_head("heap", fields, BRIEF);
		out_line(NULL, stats[i].facts.name, fields, BRIEF);
	}
}

static int show_all(void)
{
	struct list list = { 0 };
	size_t i;
	int err;

	err = gnl_dump(GNL_GCHEAP, GCHEAP_CMD_STATS_GET, forget, append, &list);
	if (err) {
		free(list.stats);
		return gnl_fail(err);
	}
	if (out_is_brief()) {
		show_brief(list.stats, list.nr);
	} else {
		out_list("heaps");
		for (i = 0; i < list.nr; i++)
			show(&list.stats[i], NULL);
		out_end();
	}
	free(list.stats);
	return STATUS_OK;
}

int stats_cmd(int argc, char **argv)
{
	struct stats stats;
	int err;

	if (argc > 1)
		return out_error(STATUS_USAGE, 0, "gcctl stats [NAME]",
				 "stats takes at most one heap name");
	if (argc && parse_heap_name(argv[0]))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	if (!argc)
		return show_all();
	err = stats_get(argv[0], &stats);
	if (err)
		return gnl_fail(err);
	if (out_is_brief())
		show_brief(&stats, 1);
	else
		show(&stats, NULL);
	return STATUS_OK;
}
