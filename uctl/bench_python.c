// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmarks of reference counting: counts, deaths, cycles, orders of freeing. The
 * figures to compare with are those of CPython 3.15.2, measured in C without the
 * interpreter.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "gcctl.h"

/* ---- python ---- */

static int run_count(struct bench_set *set)
{
	static const char *const on[] = { "plain", "python", "go", "slab" };
	static const struct {
		const char *metric;
		const char *label;
		double cpython;
	} what[] = {
		{ "hot", "inc + dec, hot", 0.70 },
		{ "random", "inc + dec, 2^20 at random", 25.8 },
	};
	char key[BENCH_KEY];
	struct bench_metrics m;
	int status = 0;
	size_t i, w;

	for (i = 0; i < ARRAY_SIZE(on) && !status; i++) {
		status = bench_kernel(set, &m, "count on=%s nodes=%u", on[i],
				      (unsigned int)bench_scaled(set, 1 << 20,
								 1000));
		for (w = 0; w < ARRAY_SIZE(what) && !status; w++) {
			struct bench_result *r;

			snprintf(key, sizeof(key), "python/count/%s/%s", on[i],
				 what[w].metric);
			r = bench_take(set, "python", &m, what[w].metric, key);
			if (!r)
				continue;
			bench_label(r, "%s, %s", on[i], what[w].label);
			if (i) {
				snprintf(key, sizeof(key),
					 "python/count/plain/%s",
					 what[w].metric);
				bench_based(r, key);
			}
			if (!strcmp(on[i], "python"))
				bench_other(r, what[w].cpython, BENCH_CPYTHON);
		}
	}
	return status;
}

/**
 * struct graph_case - a benchmark of a graph
 * @bench: name of the module's benchmark
 * @metric: name of its metric
 * @on: engine or allocator that it runs on
 * @graph: name of the graph
 * @nodes: nodes of the graph
 * @label: description for the user
 * @base: key of the kernel's counterpart, or ""
 * @cpython: figure of CPython, or 0
 */
struct graph_case {
	const char *bench;
	const char *metric;
	const char *on;
	const char *graph;
	unsigned int nodes;
	const char *label;
	const char *base;
	double cpython;
};

static const struct graph_case graph_cases[] = {
	{ "death", "death", "cache", "list24", 1000000,
	  "cache, free a chain", "", 0 },
	{ "death", "death", "python", "list24", 1000000,
	  "python, death of a chain", "python/death/cache/list24", 22.4 },
	{ "death", "death", "go", "list24", 1000000,
	  "go, collect a dead chain", "python/death/cache/list24", 0 },
	{ "death", "death", "cache", "tree24", 1 << 20,
	  "cache, free a tree", "", 0 },
	{ "death", "death", "python", "tree24", 1 << 20,
	  "python, death of a tree", "python/death/cache/tree24", 15.5 },
	{ "death", "death", "go", "tree24", 1 << 20,
	  "go, collect a dead tree", "python/death/cache/tree24", 0 },
	{ "garbage", "collect", "python", "pairs24", 1000000,
	  "python, collect dead pairs", "", 118 },
	{ "garbage", "collect", "go", "pairs24", 1000000,
	  "go, collect dead pairs", "", 0 },
	{ "garbage", "collect", "python", "ring24", 1000000,
	  "python, collect a dead ring", "", 116 },
	{ "garbage", "collect", "go", "ring24", 1000000,
	  "go, collect a dead ring", "", 0 },
	{ "young", "collect", "python", "list24", 2000,
	  "python, 2000 young objects, alive", "", 14.0 },
	{ "young", "collect", "python", "pairs24", 2000,
	  "python, 2000 young objects, dead pairs", "", 58.7 },
};

static int run_graph(struct bench_set *set, const struct graph_case *c,
		     struct bench_metrics *m)
{
	/* Graphs for the young generation are small at any scale. */
	uint64_t nodes = c->nodes > 2000 ?
		bench_scaled(set, c->nodes, 1000) : c->nodes;

	return bench_kernel(set, m, "%s on=%s graph=%s nodes=%u", c->bench,
			    c->on, c->graph, (unsigned int)nodes);
}

static int graph_case(struct bench_set *set, const struct graph_case *c)
{
	char key[BENCH_KEY];
	struct bench_metrics m;
	struct bench_result *r;
	int status;

	status = run_graph(set, c, &m);
	if (status)
		return status;
	snprintf(key, sizeof(key), "python/%s/%s/%s", c->bench, c->on,
		 c->graph);
	r = bench_take(set, "python", &m, c->metric, key);
	if (!r)
		return 0;
	bench_label(r, "%s", c->label);
	bench_based(r, c->base);
	bench_other(r, c->cpython, BENCH_CPYTHON);
	return 0;
}

static int run_build(struct bench_set *set)
{
	static const struct {
		const char *metric;
		const char *label;
		double cpython;
	} what[] = {
		{ "off", "build a tree, GC off", 32 },
		{ "on", "build a tree, GC on", 127 },
		{ "pause", "build a tree, pause max", 37e6 },
	};
	static const struct graph_case cases[] = {
		{ "build", "off", "python", "tree24", 1 << 20, "", "", 0 },
		{ "build", "off", "go", "tree24", 1 << 20, "", "", 0 },
	};
	struct bench_metrics m;
	char key[BENCH_KEY];
	int status = 0;
	size_t i, w;

	for (i = 0; i < ARRAY_SIZE(cases) && !status; i++) {
		status = run_graph(set, &cases[i], &m);
		for (w = 0; w < ARRAY_SIZE(what) && !status; w++) {
			struct bench_result *r;

			snprintf(key, sizeof(key), "python/build/%s/%s",
				 cases[i].on, what[w].metric);
			r = bench_take(set, "python", &m, what[w].metric, key);
			if (!r)
				continue;
			bench_label(r, "%s, %s", cases[i].on, what[w].label);
			if (!i)
				bench_other(r, what[w].cpython, BENCH_CPYTHON);
		}
	}
	return status;
}

/* Allocates an object with references, which is kept, or freed at once. */
static int run_new(struct bench_set *set)
{
	static const struct {
		const char *command;
		const char *metric;
		const char *what;
		const char *label;
		double cpython;
	} cases[] = {
		{ "path objects=960 size=32", "alloc", "new",
		  "32 B allocation", 32 },
		{ "pattern pattern=lifo size=32 scan=1", "pair", "new+free",
		  "32 B allocation + free", 15.0 },
	};
	static const char *const on[] = { "cache", "python" };
	struct bench_metrics m;
	struct bench_result *r;
	char key[BENCH_KEY];
	size_t i, e;
	int status;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (e = 0; e < ARRAY_SIZE(on); e++) {
			status = bench_kernel(set, &m, "%s on=%s",
					      cases[i].command, on[e]);
			if (status)
				return status;
			snprintf(key, sizeof(key), "python/%s/%s",
				 cases[i].what, on[e]);
			r = bench_take(set, "python", &m, cases[i].metric, key);
			if (!r)
				continue;
			bench_label(r, "%s, %s", on[e], cases[i].label);
			if (!e)
				continue;
			snprintf(key, sizeof(key), "python/%s/%s",
				 cases[i].what, on[0]);
			bench_based(r, key);
			bench_other(r, cases[i].cpython, BENCH_CPYTHON);
		}
	}
	return 0;
}

int bench_python(struct bench_set *set)
{
	int status;
	size_t i;

	status = run_count(set);
	if (!status)
		status = run_new(set);
	for (i = 0; i < ARRAY_SIZE(graph_cases) && !status; i++)
		status = graph_case(set, &graph_cases[i]);
	return status ? status : run_build(set);
}

/* ---- pattern ---- */

static const struct pattern {
	const char *name;
	const char *order;
	unsigned int objects;
} patterns[] = {
	{ "lifo", "lifo", 1 },
	{ "1024-in-order", "order", 1024 },
	{ "1024-at-random", "random", 1024 },
	{ "262144-at-random", "random", 262144 },
};

static const struct {
	unsigned int bytes;
	double cpython[ARRAY_SIZE(patterns)];
} pattern_sizes[] = {
	{ 16, { 4.4, 4.3, 4.6, 38 } },
	{ 32, { 4.0, 4.2, 4.8, 57 } },
	{ 64, { 9.1, 5.0, 6.4, 58 } },
	{ 128, { 4.0, 4.9, 7.4, 93 } },
	{ 256, { 4.0, 6.0, 8.7, 154 } },
	{ 512, { 4.0, 7.3, 11.4, 267 } },
};

static int run_pattern(struct bench_set *set, size_t size, size_t which)
{
	static const char *const on[] = { "cache", "kmalloc", "python", "slab" };
	const struct pattern *p = &patterns[which];
	unsigned int objects = p->objects, bytes = pattern_sizes[size].bytes;
	char key[BENCH_KEY], base[BENCH_KEY];
	struct bench_metrics m;
	int status = 0;
	size_t i;

	if (objects > 1024)
		objects = (unsigned int)bench_scaled(set, objects, 2048);
	for (i = 0; i < ARRAY_SIZE(on) && !status; i++) {
		struct bench_result *r;

		status = bench_kernel(set, &m, "pattern on=%s pattern=%s objects=%u size=%u scan=0",
				      on[i], p->order, objects, bytes);
		if (status)
			break;
		snprintf(key, sizeof(key), "pattern/%s/%u/%s", p->name, bytes,
			 on[i]);
		snprintf(base, sizeof(base), "pattern/%s/%u/%s", p->name,
			 bytes, on[0]);
		r = bench_take(set, "pattern", &m, "pair", key);
		if (!r)
			continue;
		bench_label(r, "%s %u B, %s", on[i], bytes, p->name);
		if (i)
			bench_based(r, base);
		if (!strcmp(on[i], "python"))
			bench_other(r, pattern_sizes[size].cpython[which],
				    BENCH_CPYTHON);
	}
	return status;
}

int bench_pattern(struct bench_set *set)
{
	int status = 0;
	size_t p, s;

	for (p = 0; p < ARRAY_SIZE(patterns) && !status; p++)
		for (s = 0; s < ARRAY_SIZE(pattern_sizes) && !status; s++)
			if (bench_wants(set, s, ARRAY_SIZE(pattern_sizes)))
				status = run_pattern(set, s, p);
	return status;
}
