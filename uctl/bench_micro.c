// SPDX-License-Identifier: GPL-2.0
/* The benchmarks of gcheap_bench.ko */
#include "bench.h"

#include <stdio.h>

#include "gcctl.h"

/* Bytes allocated between two collections. */
#define BATCH_BYTES	(UINT64_C(32) << 20)
#define SMALL_BATCH_BYTES	(UINT64_C(64) << 10)
/* Objects that a frame holds: see gcheap_bench. */
#define HELD		960

/* ---- harness ---- */

int bench_harness(struct bench_set *set)
{
	static const char *const what[][2] = {
		{ "loop", "empty loop, per iteration" },
		{ "random", "random number, per iteration" },
		{ "clock", "clock read" },
	};
	struct bench_metrics m;
	char key[BENCH_KEY];
	int status;
	size_t i;

	status = bench_kernel(set, &m, "loop");
	for (i = 0; i < ARRAY_SIZE(what) && !status; i++) {
		struct bench_result *r;

		snprintf(key, sizeof(key), "harness/%s", what[i][0]);
		r = bench_take(set, "harness", &m, what[i][0], key);
		if (r)
			bench_label(r, "%s", what[i][1]);
	}
	return status;
}

/* ---- mark ---- */

static const struct graph {
	const char *name;
	unsigned int bytes;
	unsigned int nodes;
} graphs[] = {
	{ "tree24", 24, 1 << 20 },
	{ "tree64", 64, 1 << 20 },
	{ "graph64", 64, 1000000 },
	{ "list24", 24, 1000000 },
	{ "list64", 64, 1000000 },
};

/* A column of the mark benchmark: an engine, and a marker if it has several. */
static const struct marker {
	const char *name;
	const char *words;
} markers[] = {
	{ "go", "on=go" },
	{ "go-greentea", "on=go marker=greentea" },
	{ "go-classic", "on=go marker=classic" },
	{ "python", "on=python" },
};

/* Converts marking time per object to live bytes per nanosecond. */
static void add_speed(struct bench_set *set, const struct graph *g,
		      const struct marker *k, unsigned int workers,
		      const struct bench_result *mark)
{
	/* bench_add() may move the results. */
	struct bench_result copy = *mark, *r;
	size_t i;

	r = bench_add(set, "mark", BENCH_GBS, "mark/%s/%s/%u/speed", k->name,
		      g->name, workers);
	bench_label(r, "%s %s, %u worker%s, live bytes", k->name, g->name,
		    workers, workers > 1 ? "s" : "");
	for (i = 0; i < copy.sample.nr; i++)
		if (copy.sample.value[i])
			sample_add(&r->sample,
				   g->bytes / copy.sample.value[i]);
}

static void add_mark(struct bench_set *set, const struct graph *g,
		     const struct marker *k, unsigned int workers,
		     const struct bench_metrics *m)
{
	static const char *const what[] = { "whole", "mark" };
	struct bench_result *r = NULL;
	char key[BENCH_KEY], metric[24];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(what); i++) {
		snprintf(metric, sizeof(metric), "%s-%u", what[i], workers);
		snprintf(key, sizeof(key), "mark/%s/%s/%u/%s", k->name, g->name,
			 workers, what[i]);
		r = bench_take(set, "mark", m, metric, key);
		if (!r)
			return;
		bench_label(r, "%s %s, %u worker%s, %s", k->name, g->name,
			    workers, workers > 1 ? "s" : "",
			    i ? "mark only" : "whole cycle");
	}
	add_speed(set, g, k, workers, r);
}

static int mark_graph(struct bench_set *set, const struct graph *g,
		      const struct marker *k)
{
	unsigned int workers = set->cpus > 1 ? 2 : 1, w;
	struct bench_metrics m;
	int status;

	status = bench_kernel(set, &m, "mark %s graph=%s nodes=%u workers=%u",
			      k->words, g->name,
			      (unsigned int)bench_scaled(set, g->nodes, 1000),
			      workers);
	for (w = 1; w <= workers && !status; w++)
		add_mark(set, g, k, w, &m);
	return status;
}

int bench_mark(struct bench_set *set)
{
	int status = 0;
	size_t i, k;

	for (k = 0; k < ARRAY_SIZE(markers); k++)
		for (i = 0; i < ARRAY_SIZE(graphs) && !status; i++)
			status = mark_graph(set, &graphs[i], &markers[k]);
	return status;
}

/* ---- alloc ---- */

static const unsigned int sizes[] = {
	8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 65536,
};

/**
 * struct alloc_case - parameters of an allocation benchmark
 * @size: size of the objects
 * @scan: the objects hold references
 * @cpus: allocating threads
 */
struct alloc_case {
	unsigned int size;
	unsigned int scan;
	unsigned int cpus;
};

static void alloc_key(char *key, const struct alloc_case *c, const char *on,
		      const char *what)
{
	snprintf(key, BENCH_KEY, "alloc/%s/%s/%s%u/%u", what, on,
		 c->scan ? "scan" : "noscan", c->size, c->cpus);
}

/* Adds a metric, if there is one, relative to the kernel's cache. */
static void add_alloc(struct bench_set *set, const struct alloc_case *c,
		      const struct bench_metrics *m, const char *on,
		      const char *metric, const char *what, const char *base)
{
	char key[BENCH_KEY], base_key[BENCH_KEY];
	struct bench_result *r;

	alloc_key(key, c, on, what);
	r = bench_take(set, "alloc", m, metric, key);
	if (!r)
		return;
	bench_label(r, "%s %s %u B, %u CPU%s, %s", on,
		    c->scan ? "scan" : "noscan", c->size, c->cpus,
		    c->cpus > 1 ? "s" : "", what);
	if (base) {
		alloc_key(base_key, c, "cache", base);
		bench_based(r, base_key);
	}
}

static int run_path(struct bench_set *set, const struct alloc_case *c,
		    const char *on, uint64_t objects, struct bench_metrics *m)
{
	return bench_kernel(set, m, "path on=%s size=%u scan=%u cpus=%u objects=%u",
			    on, c->size, c->scan, c->cpus,
			    (unsigned int)objects);
}

/* Large batches, which exceed the caches: the Go engine and its counterparts. */
static int path_batch(struct bench_set *set, const struct alloc_case *c)
{
	uint64_t bytes = bench_is_small(set) ? SMALL_BATCH_BYTES :
			 bench_scaled(set, BATCH_BYTES, SMALL_BATCH_BYTES);
	uint64_t objects = bytes / c->size;
	struct bench_metrics m;
	int status;

	status = run_path(set, c, "cache", objects, &m);
	if (status)
		return status;
	add_alloc(set, c, &m, "cache", "alloc", "path", NULL);
	add_alloc(set, c, &m, "cache", "pair", "path+free", NULL);
	status = run_path(set, c, "kmalloc", objects, &m);
	if (status)
		return status;
	add_alloc(set, c, &m, "kmalloc", "alloc", "path", "path");
	add_alloc(set, c, &m, "kmalloc", "pair", "path+free", "path+free");
	status = run_path(set, c, "go", objects, &m);
	if (status)
		return status;
	add_alloc(set, c, &m, "go", "alloc", "path", "path");
	return STATUS_OK;
}

/* Small batches, which stay in the caches: allocators that free at once. */
static int path_held(struct bench_set *set, const struct alloc_case *c)
{
	static const char *const on[] = { "cache", "kmalloc", "python", "slab" };
	struct bench_metrics m;
	int status = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(on) && !status; i++) {
		bool first = !i;

		status = run_path(set, c, on[i], c->size > 8192 ? 64 : HELD, &m);
		if (status)
			break;
		add_alloc(set, c, &m, on[i], "alloc", "held",
			  first ? NULL : "held");
		add_alloc(set, c, &m, on[i], "pair", "held+free",
			  first ? NULL : "held+free");
	}
	return status;
}

static int run_steady(struct bench_set *set, const struct alloc_case *c)
{
	static const char *const on[] = { "cache", "kmalloc", "go", "python" };
	struct bench_metrics m;
	int status = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(on) && !status; i++) {
		status = bench_kernel(set, &m, "steady on=%s size=%u scan=%u cpus=%u live=%u",
				      on[i], c->size, c->scan, c->cpus,
				      (unsigned int)set->live);
		if (status)
			break;
		add_alloc(set, c, &m, on[i], "pair", "steady",
			  i ? "steady" : NULL);
	}
	return status;
}

static int alloc_case(struct bench_set *set, const struct alloc_case *c)
{
	int status = path_batch(set, c);

	if (!status)
		status = path_held(set, c);
	return status ? status : run_steady(set, c);
}

/* A small run takes few sizes, and only one of scan and noscan per CPU count. */
static bool wants_alloc(const struct bench_set *set, const struct alloc_case *c,
			size_t size)
{
	return bench_wants(set, size, ARRAY_SIZE(sizes)) &&
	       (!bench_is_small(set) || c->scan == (c->cpus == 1));
}

int bench_alloc(struct bench_set *set)
{
	unsigned int most = set->cpus > 1 ? 2 : 1;
	struct alloc_case c;
	int status = 0;
	size_t i;

	for (c.cpus = 1; c.cpus <= most; c.cpus++)
		for (c.scan = 2; c.scan-- > 0 && !status;)
			for (i = 0; i < ARRAY_SIZE(sizes) && !status; i++) {
				c.size = sizes[i];
				if (wants_alloc(set, &c, i))
					status = alloc_case(set, &c);
			}
	return status;
}

/* ---- store ---- */

int bench_store(struct bench_set *set)
{
	static const struct {
		const char *metric;
		const char *base;
		const char *label;
	} what[] = {
		{ "hot", "hot", "4096 hot references" },
		{ "random", "random", "2^20 at random" },
		{ "hot-marking", "hot", "4096 hot, marking" },
		{ "random-marking", "random", "2^20 at random, marking" },
	};
	static const struct {
		const char *name;
		const char *words;
		size_t first;
	} on[] = {
		{ "plain", "on=plain", 0 },
		{ "go", "on=go", 0 },
		/* The barrier matters while a collection marks. */
		{ "go hybrid", "on=go barrier=hybrid", 2 },
		{ "go yuasa", "on=go barrier=yuasa", 2 },
		{ "python", "on=python", 0 },
		{ "slab", "on=slab", 0 },
	};
	char key[BENCH_KEY], base[BENCH_KEY];
	struct bench_metrics m;
	int status = 0;
	size_t i, w;

	for (i = 0; i < ARRAY_SIZE(on) && !status; i++) {
		status = bench_kernel(set, &m, "store %s nodes=%u", on[i].words,
				      (unsigned int)bench_scaled(set, 1 << 20,
								 1000));
		for (w = on[i].first; w < ARRAY_SIZE(what) && !status; w++) {
			struct bench_result *r;

			snprintf(key, sizeof(key), "store/%s/%s", on[i].name,
				 what[w].metric);
			snprintf(base, sizeof(base), "store/plain/%s",
				 what[w].base);
			r = bench_take(set, "store", &m, what[w].metric, key);
			if (!r)
				continue;
			bench_label(r, "%s, %s", on[i].name, what[w].label);
			if (i)
				bench_based(r, base);
		}
	}
	return status;
}
