// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl stats: what a heap has done and holds.
 */
#include "stats.h"

#include <stdio.h>
#include <string.h>
#include <linux/gcheap.h>

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
	  "past the size classes" },
	{ GCHEAP_A_STATS_FREED_COUNT, OUT_COUNT, "freed-count",
	  "freed by count" },
	{ GCHEAP_A_STATS_FREED_CYCLE, OUT_COUNT, "freed-cycle",
	  "freed by collection" },
	{ GCHEAP_A_STATS_FREED_EXPLICIT, OUT_COUNT, "freed-explicit",
	  "freed when told" },
	{ GCHEAP_A_STATS_FREED_BYTES, OUT_BYTES, "freed-bytes",
	  "bytes freed" },
	{ GCHEAP_A_STATS_STORES, OUT_COUNT, "stores", "references written" },
	{ GCHEAP_A_STATS_BARRIERS, OUT_COUNT, "barriers",
	  "write barriers run" },
	{ GCHEAP_A_STATS_COUNTS, OUT_COUNT, "counts", "counts changed" },
	{ GCHEAP_A_STATS_LIMIT_HITS, OUT_COUNT, "limit-hits",
	  "met the hard limit" },
	{ GCHEAP_A_STATS_LIMITER_ON, OUT_COUNT, "limiter-on",
	  "collector held back" },
	{ GCHEAP_A_STATS_ALLOC_FAILURES, OUT_COUNT, "alloc-failures",
	  "allocations failed" },
};

static const struct row memory_rows[] = {
	{ GCHEAP_A_STATS_LIVE_OBJECTS, OUT_COUNT, "live-objects",
	  "live objects" },
	{ GCHEAP_A_STATS_LARGE_OBJECTS, OUT_COUNT, "large-objects",
	  "large among them" },
	{ GCHEAP_A_STATS_LIVE_BYTES, OUT_BYTES, "live-bytes", "live bytes" },
	{ GCHEAP_A_STATS_PEAK_LIVE_BYTES, OUT_BYTES, "peak-live-bytes",
	  "live bytes at most" },
	{ GCHEAP_A_STATS_HELD_BYTES, OUT_BYTES, "held-bytes", "held bytes" },
	{ GCHEAP_A_STATS_PEAK_HELD_BYTES, OUT_BYTES, "peak-held-bytes",
	  "held bytes at most" },
	{ GCHEAP_A_STATS_RETURNED_BYTES, OUT_BYTES, "returned-bytes",
	  "given back" },
	{ GCHEAP_A_STATS_CLASSES, OUT_COUNT, "classes", "size classes" },
	{ GCHEAP_A_STATS_UNITS, OUT_COUNT, "units", "spans or pools in use" },
	{ GCHEAP_A_STATS_ARENAS, OUT_COUNT, "arenas", "arenas" },
};

static const struct row cycle_rows[] = {
	{ GCHEAP_A_STATS_CYCLES, OUT_COUNT, "cycles", "collections" },
	{ GCHEAP_A_STATS_CYCLES_GEN0, OUT_COUNT, "cycles-gen0",
	  "of generation 0" },
	{ GCHEAP_A_STATS_CYCLES_GEN1, OUT_COUNT, "cycles-gen1",
	  "of generation 1" },
	{ GCHEAP_A_STATS_CYCLES_GEN2, OUT_COUNT, "cycles-gen2", "full" },
	{ GCHEAP_A_STATS_CYCLE_NS, OUT_NS, "cycle-ns", "time in collections" },
	{ GCHEAP_A_STATS_MARK_NS, OUT_NS, "mark-ns", "marking" },
	{ GCHEAP_A_STATS_STOPPED_NS, OUT_NS, "stopped-ns",
	  "mutators stopped for" },
	{ GCHEAP_A_STATS_CPU_NS, OUT_NS, "cpu-ns", "processor time" },
	{ GCHEAP_A_STATS_MARK_DEDICATED_NS, OUT_NS, "mark-dedicated-ns",
	  "marking, dedicated" },
	{ GCHEAP_A_STATS_MARK_FRACTION_NS, OUT_NS, "mark-fraction-ns",
	  "marking, a fraction" },
	{ GCHEAP_A_STATS_MARK_IDLE_NS, OUT_NS, "mark-idle-ns",
	  "marking, CPU idle" },
	{ GCHEAP_A_STATS_MARKED, OUT_COUNT, "marked", "objects visited" },
	{ GCHEAP_A_STATS_ASSIST_BYTES, OUT_BYTES, "assist-bytes",
	  "marked by mutators" },
	{ GCHEAP_A_STATS_SWEPT_BYTES, OUT_BYTES, "swept-bytes",
	  "swept by mutators" },
	{ GCHEAP_A_STATS_GARBAGE_MAX_BYTES, OUT_BYTES, "garbage-max-bytes",
	  "most found dead at once" },
	{ GCHEAP_A_STATS_GOAL_BYTES, OUT_BYTES, "goal-bytes",
	  "goal of the next" },
	{ GCHEAP_A_STATS_HANDSHAKES, OUT_COUNT, "handshakes", "handshakes" },
	{ GCHEAP_A_STATS_FINALIZERS_QUEUED, OUT_COUNT, "finalizers-queued",
	  "finalizers queued" },
	{ GCHEAP_A_STATS_FINALIZERS_RUN, OUT_COUNT, "finalizers-run",
	  "run" },
	{ GCHEAP_A_STATS_CLEANUPS_QUEUED, OUT_COUNT, "cleanups-queued",
	  "cleanups queued" },
	{ GCHEAP_A_STATS_CLEANUPS_RUN, OUT_COUNT, "cleanups-run", "run" },
	{ GCHEAP_A_STATS_VERIFY_ERRORS, OUT_COUNT, "verify-errors",
	  "verification errors" },
};

static const struct row hist_rows[] = {
	{ GCHEAP_A_HIST_COUNT, OUT_COUNT, "count", "times" },
	{ GCHEAP_A_HIST_SUM_NS, OUT_NS, "sum", "together" },
	{ GCHEAP_A_HIST_P50_NS, OUT_NS, "p50", "p50" },
	{ GCHEAP_A_HIST_P99_NS, OUT_NS, "p99", "p99" },
	{ GCHEAP_A_HIST_P999_NS, OUT_NS, "p999", "p99.9" },
	{ GCHEAP_A_HIST_P9999_NS, OUT_NS, "p9999", "p99.99" },
	{ GCHEAP_A_HIST_MAX_NS, OUT_NS, "largest", "max" },
};

static void read_stats(struct gnl_reply *reply, void *arg)
{
	struct stats *s = arg;

	gnl_read(reply, GCHEAP_A_STATS_NAME, &s->facts);
	gnl_read_nested(reply->attrs[GCHEAP_A_STATS_PAUSE], &s->pause);
	gnl_read_nested(reply->attrs[GCHEAP_A_STATS_ASSIST], &s->assist);
	gnl_read_nested(reply->attrs[GCHEAP_A_STATS_HANDSHAKE], &s->handshake);
	gnl_read_nested(reply->attrs[GCHEAP_A_STATS_HOLD], &s->hold);
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

	for (i = 0; i < nr; i++)
		if (gnl_has(f, rows[i].attr))
			out_fact(rows[i].key, rows[i].label,
				 out_num(rows[i].kind, f->num[rows[i].attr]));
}

static void show_hist(const char *key, const char *heading,
		      const struct gnl_facts *f)
{
	if (!f->mask)
		return;
	out_group(key, heading);
	show_rows(hist_rows, ARRAY_SIZE(hist_rows), f);
	out_end();
}

static void show(const struct stats *s)
{
	const char *engine =
		heap_engine_name(s->facts.num[GCHEAP_A_STATS_ENGINE]);

	out_group(NULL, NULL);
	out_item("name", "heap", out_text(s->facts.name));
	out_item("id", "id",
		 out_num(OUT_PLAIN, s->facts.num[GCHEAP_A_STATS_ID]));
	out_item("engine", "engine", out_text(engine));
	out_break();
	out_group("allocation", "allocation");
	show_rows(alloc_rows, ARRAY_SIZE(alloc_rows), &s->facts);
	out_end();
	out_group("memory", "memory");
	show_rows(memory_rows, ARRAY_SIZE(memory_rows), &s->facts);
	out_end();
	out_group("collection", "collection");
	show_rows(cycle_rows, ARRAY_SIZE(cycle_rows), &s->facts);
	out_end();
	show_hist("pause", "pauses of mutators", &s->pause);
	show_hist("assist", "help to the collector", &s->assist);
	show_hist("handshake", "handshakes with all CPUs", &s->handshake);
	show_hist("hold", "pauses because the heap was stopped", &s->hold);
	out_end();
}

int stats_cmd(int argc, char **argv)
{
	struct stats stats;
	int err;

	if (argc != 1)
		return out_error(STATUS_USAGE, 0, "gcctl stats NAME",
				 "stats takes the name of one heap");
	if (parse_heap_name(argv[0]))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = stats_get(argv[0], &stats);
	if (err)
		return gnl_fail(err);
	show(&stats);
	return STATUS_OK;
}
