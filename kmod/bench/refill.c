// SPDX-License-Identifier: GPL-2.0
/*
 * refill: takes a span from the page heap of a Go heap with scattered free pages
 *
 * In the first half of the heap every second page is free, in the other three of
 * four. Each object has its own span: either one page, which the first half provides,
 * or three in a row, which only the other half has. The metrics are the times of an
 * allocation, zeroing included; each is a median over batches.
 *
 * After a collection of a large heap, less of the refill's working set is in the CPU
 * caches. So each is also measured after the caches were filled with other data,
 * which gives the cost of a refill independently of the size of the heap.
 */
#include "bench.h"

#include <linux/cache.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#define PAGE_BYTES	8192U
#define PAGES_MIB	(SZ_1M / PAGE_BYTES)
#define ROW_BYTES	(3 * PAGE_BYTES)
/* Refills between two collections; the smallest heap has room for them. */
#define BATCH		128U
/* Least and most batches in a repetition. */
#define LEAST		31U
#define SAMPLES		256U
/* Smallest heap in MiB that has BATCH rows of one page, and of three. */
#define LIVE_LEAST	8U
/* Written to evict everything else from the caches. */
#define EVICT_BYTES	SZ_64M

enum {
	METRIC_PAGE,
	METRIC_ROW,
	METRIC_PAGE_COLD,
	METRIC_ROW_COLD,
};

static const struct gch_bench_metric refill_metrics[] = {
	{ "page", "ps" },
	{ "row", "ps" },
	{ "page-cold", "ps" },
	{ "row-cold", "ps" },
	{ }
};

/**
 * struct refill - data of the thread
 * @evict: %EVICT_BYTES to write to
 * @nr: batches timed in this repetition
 * @ns: their times
 */
struct refill {
	u8 *evict;
	unsigned int nr;
	u32 ns[SAMPLES];
};

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static int fill(struct gch_bench_thread *t, struct gch_roots *pages, u32 nr)
{
	int err = 0;
	u32 i;

	for (i = 0; i < nr && !err; i++) {
		err = gch_alloc_var(t->m, 0, t->bench->type, 0, PAGE_BYTES) ? :
		      gch_root_set(t->m, pages, i, 0);
		if (!(i % BATCH) && gch_bench_stopped(t))
			err = -ECANCELED;
	}
	return err;
}

static int scatter(struct gch_bench_thread *t, struct gch_roots *pages, u32 nr)
{
	int err = 0;
	u32 i;

	for (i = 0; i < nr && !err; i++) {
		if (i < nr / 2 ? i % 2 : i % 4)
			err = gch_root_clear(t->m, pages, i);
		if (!(i % BATCH) && gch_bench_stopped(t))
			err = -ECANCELED;
	}
	return err ? : gch_clear(t->m, 0);
}

static void evict(struct gch_bench_thread *t)
{
	struct refill *r = t->bench->priv;
	size_t i;

	for (i = 0; i < EVICT_BYTES; i += L1_CACHE_BYTES)
		WRITE_ONCE(r->evict[i], i);
}

/* Runs refills from memory that the preceding collection freed; adds to *ns. */
static int batch(struct gch_bench_thread *t, u32 bytes, bool cold, u64 *ns)
{
	int err = gch_clear(t->m, 0) ? : gch_collect(t->bench->heap, 2);
	struct refill *r = t->bench->priv;
	u64 start, took;
	u32 i;

	if (cold)
		evict(t);
	start = ktime_get_ns();
	for (i = 0; i < BATCH && !err; i++)
		err = gch_alloc_var(t->m, 0, t->bench->type, 0, bytes);
	took = ktime_get_ns() - start;
	r->ns[r->nr++] = min_t(u64, took, U32_MAX);
	*ns += took;
	return err;
}

static int refill_rep(struct gch_bench_thread *t, unsigned int metric)
{
	bool cold = metric >= METRIC_PAGE_COLD;
	u32 bytes = metric % 2 == METRIC_ROW ? ROW_BYTES : PAGE_BYTES;
	struct refill *r = t->bench->priv;
	u64 ns = 0;
	int err;

	r->nr = 0;
	do {
		err = batch(t, bytes, cold, &ns);
		if (!err && gch_bench_stopped(t))
			err = -ECANCELED;
	} while (!err && (r->nr < LEAST || !gch_bench_enough(t, ns)) &&
		 r->nr < SAMPLES);
	sort(r->ns, r->nr, sizeof(r->ns[0]), compare, NULL);
	if (!err)
		gch_bench_mean(t, metric, r->ns[r->nr / 2], BATCH);
	return err;
}

/* The scattered pages must suffice, without a new arena. */
static int check_arenas(struct gch_bench_thread *t, u64 arenas)
{
	struct gch_stats stats;

	gch_heap_stats(t->bench->heap, &stats);
	if (stats.arenas <= arenas)
		return 0;
	return gch_bench_fail(t->bench, -EUCLEAN, "the heap grew by %llu arenas",
			      stats.arenas - arenas);
}

static int refill_reps(struct gch_bench_thread *t)
{
	struct gch_stats stats;
	unsigned int rep, metric;
	int err = 0;

	gch_heap_stats(t->bench->heap, &stats);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS); rep++)
		for (metric = 0; refill_metrics[metric].name && !err; metric++)
			err = refill_rep(t, metric);
	return err ? : check_arenas(t, stats.arenas);
}

static int refill_thread(struct gch_bench_thread *t)
{
	u32 nr = gch_bench_arg(t, GCH_BENCH_P_LIVE) * PAGES_MIB;
	struct gch_roots *pages;
	int err;

	pages = gch_roots_create(t->bench->heap, nr);
	if (IS_ERR(pages))
		return PTR_ERR(pages);
	err = fill(t, pages, nr) ? : scatter(t, pages, nr) ? : refill_reps(t);
	gch_roots_destroy(t->m, pages);
	return err;
}

static int refill_init(struct gch_bench *b)
{
	struct refill *r;

	static const struct gch_type_desc desc = {
		.name = "bench-page", .flags = GCH_TYPE_VAR,
	};

	if (b->arg[GCH_BENCH_P_LIVE] < LIVE_LEAST)
		return gch_bench_fail(b, -ERANGE, "live must be at least %u",
				      LIVE_LEAST);
	b->type = gch_type_register(b->heap, &desc, NULL);
	if (IS_ERR(b->type))
		return PTR_ERR(b->type);
	r = kzalloc(sizeof(*r), GCH_BENCH_GFP);
	if (!r)
		return -ENOMEM;
	b->priv = r;
	r->evict = __vmalloc(EVICT_BYTES, GCH_BENCH_GFP);
	return r->evict ? 0 : -ENOMEM;
}

static void refill_exit(struct gch_bench *b)
{
	struct refill *r = b->priv;

	if (!r)
		return;
	vfree(r->evict);
	kfree(r);
	b->priv = NULL;
}

const struct gch_bench_kind gch_bench_refill = {
	.name = "refill",
	.on = BIT(GCH_BENCH_GO),
	.params = BIT(GCH_BENCH_P_LIVE),
	.metrics = refill_metrics,
	.init = refill_init,
	.thread = refill_thread,
	.exit = refill_exit,
};
