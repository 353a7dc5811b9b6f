// SPDX-License-Identifier: GPL-2.0
/* Benchmarks of reference counting: counts, deaths, cycles, orders of freeing */
#include "bench.h"

#include <stdio.h>

#include "gcctl.h"

/* ---- python ---- */

static int run_count(struct bench_set *set)
{
	static const char *const on[] = { "plain", "python", "go", "slab" };
	static const struct {
		const char *metric;
		const char *label;
	} what[] = {
		{ "hot", "inc + dec, hot" },
		{ "random", "inc + dec, 2^20 at random" },
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
 */
struct graph_case {
	const char *bench;
	const char *metric;
	const char *on;
	const char *graph;
	unsigned int nodes;
	const char *label;
	const char *base;
};

static const struct graph_case graph_cases[] = {
	{ "death", "death", "cache", "list24", 1000000,
	  "cache, free a chain", "" },
	{ "death", "death", "python", "list24", 1000000,
	  "python, death of a chain", "python/death/cache/list24" },
	{ "death", "death", "go", "list24", 1000000,
	  "go, collect a dead chain", "python/death/cache/list24" },
	{ "death", "death", "cache", "tree24", 1 << 20,
	  "cache, free a tree", "" },
	{ "death", "death", "python", "tree24", 1 << 20,
	  "python, death of a tree", "python/death/cache/tree24" },
	{ "death", "death", "go", "tree24", 1 << 20,
	  "go, collect a dead tree", "python/death/cache/tree24" },
	{ "garbage", "collect", "python", "pairs24", 1000000,
	  "python, collect dead pairs", "" },
	{ "garbage", "collect", "go", "pairs24", 1000000,
	  "go, collect dead pairs", "" },
	{ "garbage", "collect", "python", "ring24", 1000000,
	  "python, collect a dead ring", "" },
	{ "garbage", "collect", "go", "ring24", 1000000,
	  "go, collect a dead ring", "" },
	{ "young", "collect", "python", "list24", 2000,
	  "python, 2000 young objects, alive", "" },
	{ "young", "collect", "python", "pairs24", 2000,
	  "python, 2000 young objects, dead pairs", "" },
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
	return 0;
}

static int run_build(struct bench_set *set)
{
	static const struct {
		const char *metric;
		const char *label;
	} what[] = {
		{ "off", "build a tree, GC off" },
		{ "on", "build a tree, GC on" },
		{ "pause", "build a tree, pause max" },
	};
	static const struct graph_case cases[] = {
		{ "build", "off", "python", "tree24", 1 << 20, "", "" },
		{ "build", "off", "go", "tree24", 1 << 20, "", "" },
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
	} cases[] = {
		{ "path objects=960 size=32", "alloc", "new",
		  "32 B allocation" },
		{ "pattern pattern=lifo size=32 scan=1", "pair", "new+free",
		  "32 B allocation + free" },
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

static const unsigned int pattern_sizes[] = { 16, 32, 64, 128, 256, 512 };

static int run_pattern(struct bench_set *set, size_t size, size_t which)
{
	static const char *const on[] = { "cache", "kmalloc", "python", "slab" };
	const struct pattern *p = &patterns[which];
	unsigned int objects = p->objects, bytes = pattern_sizes[size];
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
