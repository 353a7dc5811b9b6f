// SPDX-License-Identifier: GPL-2.0
/*
 * path and steady: the cost of an allocation
 *
 * path: collection is off and memory is recycled. On the Go engine a repetition
 * allocates the given number of objects, each of which dies when a later one takes
 * its slot; they are collected outside the timed part. On other engines and without a
 * heap the objects are held and freed, and freeing is a metric of its own. On a heap
 * as many objects are held at a time as fit a frame, otherwise the given number.
 *
 * steady: collection is on and the given amount of memory is live. Each object takes
 * the slot of the one RING objects before it, which dies. On the Go engine a
 * repetition lasts from the start of one collection to the start of the next, so that
 * each repetition has the full cost of a collection; on others it lasts the given
 * time. Each thread has a ring, and all share one live set.
 */
#include "bench.h"

#include <linux/mm.h>
#include <linux/slab.h>

#define RING		64U
/* Allocation between two checks for a stop. */
#define PIECE_BYTES	SZ_256K
#define PIECE_MAX	4096U
/* Limit for a repetition in which no collection begins. */
#define CYCLE_NS_MAX	(5 * NSEC_PER_SEC)

enum {
	METRIC_ALLOC,
	METRIC_FREE,
	METRIC_PAIR,
};

static const struct gch_bench_metric path_metrics[] = {
	{ "alloc", "ps" },
	{ "free", "ps" },
	{ "pair", "ps" },
	{ }
};

static const struct gch_bench_metric steady_metrics[] = {
	{ "pair", "ps" },
	{ }
};

static u32 piece(const struct gch_bench_thread *t)
{
	u32 nr = PIECE_BYTES / (u32)gch_bench_arg(t, GCH_BENCH_P_SIZE);

	return min(nr, PIECE_MAX);
}

/* ---- path, the Go engine ---- */

/*
 * Allocates garbage; @keep keeps one object per piece alive, so that the heap does
 * not give its memory back.
 */
static int litter(struct gch_bench_thread *t, struct gch_roots *keep, u64 *ns)
{
	u32 left = gch_bench_arg(t, GCH_BENCH_P_OBJECTS), nr, i = 0;
	u64 start;
	int err = 0;

	while (left && !err) {
		nr = min(left, piece(t));
		start = ktime_get_ns();
		err = gch_bench_fill(t, nr, RING - 1);
		*ns += ktime_get_ns() - start;
		left -= nr;
		if (keep && !err)
			err = gch_root_set(t->m, keep, i++, 0);
		if (!err && gch_bench_stopped(t))
			err = -ECANCELED;
	}
	return err;
}

/* Collects while no thread allocates. */
static int collect_together(struct gch_bench_thread *t)
{
	int err = gch_bench_meet(t);

	if (!err && !t->index)
		err = gch_collect(t->bench->heap, 2);
	return err ? : gch_bench_meet(t);
}

static int path_litter(struct gch_bench_thread *t, struct gch_roots *keep)
{
	u32 nr = gch_bench_arg(t, GCH_BENCH_P_OBJECTS);
	unsigned int rep;
	u64 ns = 0;
	int err;

	err = litter(t, keep, &ns) ? : collect_together(t) ? :
	      litter(t, NULL, &ns) ? : collect_together(t);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		ns = 0;
		err = litter(t, NULL, &ns) ? : collect_together(t);
		if (!err)
			gch_bench_mean(t, METRIC_ALLOC, ns, nr);
	}
	return err;
}

static int path_go(struct gch_bench_thread *t)
{
	u32 objects = gch_bench_arg(t, GCH_BENCH_P_OBJECTS);
	struct gch_roots *keep;
	int err;

	keep = gch_roots_create(t->bench->heap, objects / piece(t) + 1);
	if (IS_ERR(keep))
		return PTR_ERR(keep);
	err = path_litter(t, keep);
	gch_roots_destroy(t->m, keep);
	return err;
}

/* ---- path, held and freed ---- */

struct times {
	u64 alloc;
	u64 free;
	u64 objects;
};

static void record(struct gch_bench_thread *t, const struct times *s)
{
	gch_bench_mean(t, METRIC_ALLOC, s->alloc, s->objects);
	gch_bench_mean(t, METRIC_FREE, s->free, s->objects);
	gch_bench_mean(t, METRIC_PAIR, s->alloc + s->free, s->objects);
}

static int hold_and_drop(struct gch_bench_thread *t, u32 nr, struct times *s)
{
	u64 start, middle;
	int err;
	u32 i;

	start = ktime_get_ns();
	err = gch_bench_fill(t, nr, U32_MAX);
	middle = ktime_get_ns();
	for (i = 0; i < nr && !err; i++)
		err = gch_bench_drop(t, i);
	s->free += ktime_get_ns() - middle;
	s->alloc += middle - start;
	s->objects += nr;
	return err;
}

static int path_held(struct gch_bench_thread *t)
{
	u32 nr = min_t(u64, gch_bench_arg(t, GCH_BENCH_P_OBJECTS),
		       GCH_BENCH_HELD);
	struct times s = {};
	unsigned int rep;
	int err;

	err = hold_and_drop(t, nr, &s);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		memset(&s, 0, sizeof(s));
		while (!err && !gch_bench_enough(t, s.alloc + s.free)) {
			err = hold_and_drop(t, nr, &s);
			if (gch_bench_stopped(t))
				return -ECANCELED;
		}
		if (!err)
			record(t, &s);
	}
	return err;
}

/* ---- path, without a heap ---- */

static bool fill_kernel(struct gch_bench_thread *t, void **p, u32 nr)
{
	gfp_t gfp = gch_bench_gfp(t);
	size_t size = gch_bench_arg(t, GCH_BENCH_P_SIZE);
	struct kmem_cache *cache = t->bench->cache;
	u32 i;

	for (i = 0; i < nr; i++) {
		p[i] = cache ? kmem_cache_alloc(cache, gfp) : kmalloc(size, gfp);
		if (!p[i])
			return false;
	}
	return true;
}

static void drop_kernel(struct gch_bench_thread *t, void **p, u32 nr)
{
	struct kmem_cache *cache = t->bench->cache;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (cache && p[i])
			kmem_cache_free(cache, p[i]);
		else
			kfree(p[i]);
		p[i] = NULL;
	}
}

static int fill_and_drop(struct gch_bench_thread *t, void **p, u32 nr,
			 struct times *s)
{
	u32 done, step = piece(t), n;
	bool ok = true;
	u64 start;

	for (done = 0; done < nr && ok; done += n) {
		n = min(step, nr - done);
		start = ktime_get_ns();
		ok = fill_kernel(t, p + done, n);
		s->alloc += ktime_get_ns() - start;
		cond_resched();
	}
	for (done = 0; done < nr; done += n) {
		n = min(step, nr - done);
		start = ktime_get_ns();
		drop_kernel(t, p + done, n);
		s->free += ktime_get_ns() - start;
		cond_resched();
	}
	s->objects += nr;
	return ok ? 0 : -ENOMEM;
}

static int path_kernel(struct gch_bench_thread *t)
{
	u32 nr = gch_bench_arg(t, GCH_BENCH_P_OBJECTS), rep;
	struct times s = {};
	void **p;
	int err;

	p = kvcalloc(nr, sizeof(*p), GCH_BENCH_GFP);
	if (!p)
		return -ENOMEM;
	err = fill_and_drop(t, p, nr, &s);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		memset(&s, 0, sizeof(s));
		while (!err && !gch_bench_enough(t, s.alloc + s.free)) {
			err = fill_and_drop(t, p, nr, &s);
			if (gch_bench_stopped(t))
				err = -ECANCELED;
		}
		if (!err)
			record(t, &s);
	}
	kvfree(p);
	return err;
}

static int path_thread(struct gch_bench_thread *t)
{
	if (!t->bench->heap)
		return path_kernel(t);
	return gch_bench_arg(t, GCH_BENCH_P_ON) == GCH_BENCH_GO ? path_go(t) :
								  path_held(t);
}

const struct gch_bench_kind gch_bench_path = {
	.name = "path",
	.on = GCH_BENCH_HEAPS | GCH_BENCH_KERNEL,
	.params = BIT(GCH_BENCH_P_SIZE) | BIT(GCH_BENCH_P_SCAN) |
		  BIT(GCH_BENCH_P_CPUS) | BIT(GCH_BENCH_P_OBJECTS),
	.metrics = path_metrics,
	.init = gch_bench_object_init,
	.thread = path_thread,
	.exit = gch_bench_object_exit,
};

/* ---- steady ---- */

static int churn_slab(struct gch_bench_thread *t, u32 nr)
{
	u32 done, i;
	int err = 0;

	for (done = 0; done < nr && !err; done += RING) {
		for (i = 0; i < RING && !err; i++)
			if (!gch_is_null(t->m, i))
				err = gch_free(t->m, i);
		err = err ? : gch_bench_fill(t, RING, RING - 1);
	}
	return err;
}

static int churn_kernel(struct gch_bench_thread *t, void **ring, u32 nr)
{
	gfp_t gfp = gch_bench_gfp(t);
	size_t size = gch_bench_arg(t, GCH_BENCH_P_SIZE);
	struct kmem_cache *cache = t->bench->cache;
	u32 i;

	for (i = 0; i < nr; i++) {
		void **p = &ring[i % RING];

		if (cache && *p)
			kmem_cache_free(cache, *p);
		else
			kfree(*p);
		*p = cache ? kmem_cache_alloc(cache, gfp) : kmalloc(size, gfp);
		if (!*p)
			return -ENOMEM;
	}
	return 0;
}

static int churn(struct gch_bench_thread *t, void **ring, u32 nr)
{
	if (!t->bench->heap)
		return churn_kernel(t, ring, nr);
	if (gch_bench_frees(t))
		return churn_slab(t, nr);
	return gch_bench_fill(t, nr, RING - 1);
}

/* A repetition ends when a collection begins, or after enough time. */
static bool ended(struct gch_bench_thread *t, u64 cycles, u64 ns)
{
	if (gch_bench_arg(t, GCH_BENCH_P_ON) != GCH_BENCH_GO)
		return gch_bench_enough(t, ns);
	return gch_cycles_started(t->bench->heap) != cycles ||
	       ns > CYCLE_NS_MAX;
}

static int steady_rep(struct gch_bench_thread *t, void **ring, u64 *ns, u64 *n)
{
	u32 nr = max(rounddown(piece(t), RING), RING);
	u64 cycles = 0, start;
	int err = 0;

	if (t->bench->heap)
		cycles = gch_cycles_started(t->bench->heap);
	*n = 0;
	start = ktime_get_ns();
	do {
		err = churn(t, ring, nr);
		*n += nr;
		*ns = ktime_get_ns() - start;
		if (gch_bench_stopped(t))
			err = -ECANCELED;
	} while (!err && !ended(t, cycles, *ns));
	return err;
}

static int steady_reps(struct gch_bench_thread *t)
{
	void *ring[RING] = {};
	unsigned int rep;
	u64 ns, n;
	int err;

	err = steady_rep(t, ring, &ns, &n);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		err = steady_rep(t, ring, &ns, &n);
		if (!err)
			gch_bench_mean(t, 0, ns, n);
	}
	drop_kernel(t, ring, RING);
	return err;
}

/* One thread makes the live set before collection is switched on. */
static int steady_thread(struct gch_bench_thread *t)
{
	struct gch_bench *b = t->bench;
	struct gch_roots *live = NULL;
	int err = 0;

	if (!t->index && b->heap && !gch_bench_frees(t)) {
		live = gch_bench_live(t, gch_bench_arg(t, GCH_BENCH_P_LIVE));
		if (IS_ERR(live))
			return PTR_ERR(live);
		err = gch_collect(b->heap, 2) ? : gch_bench_collection(b, true);
	}
	err = err ? : gch_bench_meet(t) ? : steady_reps(t);
	if (live)
		gch_roots_destroy(t->m, live);
	return err;
}

static int steady_init(struct gch_bench *b)
{
	int err = gch_bench_object_init(b);

	if (!err && b->heap)
		err = gch_bench_shape_type(b, GCH_BENCH_TREE64);
	return err;
}

const struct gch_bench_kind gch_bench_steady = {
	.name = "steady",
	.on = GCH_BENCH_HEAPS | GCH_BENCH_KERNEL,
	.params = BIT(GCH_BENCH_P_SIZE) | BIT(GCH_BENCH_P_SCAN) |
		  BIT(GCH_BENCH_P_CPUS) | BIT(GCH_BENCH_P_LIVE),
	.metrics = steady_metrics,
	.init = steady_init,
	.thread = steady_thread,
	.exit = gch_bench_object_exit,
};
