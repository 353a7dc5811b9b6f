// SPDX-License-Identifier: GPL-2.0
/*
 * store: writes a reference into an object
 *
 * Stores go into one array of 4096 references in order, and into 2^20 references at
 * random; the values are 64 objects. On the Go engine stores are also timed while a
 * collection marks a long list. Only batches count in which every store ran the write
 * barrier. The metric is the median of the batches.
 *
 * Without a heap it is a plain store into an array of pointers.
 */
#include "bench.h"
#include "random.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#define ARRAY_REFS	4096U
#define ARRAYS		256U
#define VALUES		64U
#define BATCH		4096U
/* Batches remembered per repetition. */
#define SAMPLES		1024U
/* Most collections without a single batch while they mark. */
#define VAIN_MAX	50U

/* Layout of the frame: the arrays, then the objects to store. */
#define SLOT_VALUES	ARRAYS

enum {
	METRIC_HOT,
	METRIC_RANDOM,
	METRIC_HOT_ON,
	METRIC_RANDOM_ON,
};

static const struct gch_bench_metric store_metrics[] = {
	{ "hot", "ps" },
	{ "random", "ps" },
	{ "hot-marking", "ps" },
	{ "random-marking", "ps" },
	{ }
};

struct samples {
	unsigned int nr;
	u32 ns[SAMPLES];
};

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static void sample(struct samples *s, u64 ns)
{
	if (s->nr < SAMPLES)
		s->ns[s->nr++] = min_t(u64, ns, U32_MAX);
}

static void record(struct gch_bench_thread *t, unsigned int metric,
		   struct samples *s)
{
	sort(s->ns, s->nr, sizeof(s->ns[0]), compare, NULL);
	gch_bench_mean(t, metric, s->ns[s->nr / 2], BATCH);
	s->nr = 0;
}

/* ---- on a heap ---- */

static int store_hot(struct gch_bench_thread *t)
{
	int err = 0;
	u32 i;

	for (i = 0; i < BATCH && !err; i++)
		err = gch_store(t->m, 0, i % ARRAY_REFS,
				SLOT_VALUES + i % VALUES);
	return err;
}

static int store_random(struct gch_bench_thread *t)
{
	u64 rnd = t->rnd, r;
	int err = 0;
	u32 i;

	for (i = 0; i < BATCH && !err; i++) {
		r = gch_bench_random(&rnd);
		err = gch_store(t->m, r / ARRAY_REFS % ARRAYS, r % ARRAY_REFS,
				SLOT_VALUES + i % VALUES);
	}
	t->rnd = rnd;
	return err;
}

static int store_batch(struct gch_bench_thread *t, bool random, u64 *ns)
{
	u64 start = ktime_get_ns();
	int err;

	err = random ? store_random(t) : store_hot(t);
	*ns = ktime_get_ns() - start;
	return err;
}

static int store_idle(struct gch_bench_thread *t, bool random, struct samples *s)
{
	u64 ns, sum = 0;
	int err = 0;

	while (!err && !gch_bench_enough(t, sum)) {
		err = store_batch(t, random, &ns);
		sample(s, ns);
		sum += ns;
		if (gch_bench_stopped(t))
			return -ECANCELED;
	}
	if (!err)
		record(t, random ? METRIC_RANDOM : METRIC_HOT, s);
	return err;
}

/* Times batches during one collection. */
static int store_in_cycle(struct gch_bench_thread *t, bool random,
			  struct samples *s)
{
	struct gch_heap *heap = t->bench->heap;
	u64 ticket = gch_cycle_request(heap, 2), ns;
	struct gch_stats before, after;
	int err = 0;

	gch_heap_stats(heap, &before);
	while (!err && gch_requests_ended(heap) < ticket) {
		err = store_batch(t, random, &ns);
		gch_heap_stats(heap, &after);
		if (after.barriers - before.barriers >= BATCH)
			sample(s, ns);
		before = after;
		if (gch_bench_stopped(t))
			return -ECANCELED;
	}
	return err;
}

static int store_marking(struct gch_bench_thread *t, bool random,
			 struct samples *s)
{
	unsigned int vain = 0;
	int err = 0;

	while (!err && !s->nr && vain++ < VAIN_MAX)
		err = store_in_cycle(t, random, s);
	if (!err && s->nr)
		record(t, random ? METRIC_RANDOM_ON : METRIC_HOT_ON, s);
	return err;
}

static int store_reps(struct gch_bench_thread *t, struct samples *s)
{
	bool marks = gch_bench_arg(t, GCH_BENCH_P_ON) == GCH_BENCH_GO;
	unsigned int rep;
	int err = 0;

	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		err = store_idle(t, false, s) ? : store_idle(t, true, s);
		if (!err && marks)
			err = store_marking(t, false, s) ? :
			      store_marking(t, true, s);
	}
	return err;
}

static int set_go(struct gch_bench_thread *t)
{
	struct gch_heap *heap = t->bench->heap;

	/* With one worker the stores have a CPU for themselves, if there are two. */
	return gch_heap_tune(heap, GCH_KEY_WORKERS, 1, NULL) ? :
	       gch_heap_tune(heap, GCH_KEY_BARRIER,
			     gch_bench_arg(t, GCH_BENCH_P_BARRIER), NULL);
}

static int make_objects(struct gch_bench_thread *t)
{
	struct gch_bench *b = t->bench;
	int err = 0;
	u32 i;

	for (i = 0; i < ARRAYS && !err; i++)
		err = gch_alloc_var(t->m, i, b->type, ARRAY_REFS, 0);
	for (i = 0; i < VALUES && !err; i++)
		err = gch_alloc(t->m, SLOT_VALUES + i, b->node);
	if (err || gch_bench_arg(t, GCH_BENCH_P_ON) != GCH_BENCH_GO)
		return err;
	return set_go(t) ? :
	       gch_bench_shape(t, GCH_BENCH_LIST24,
			       gch_bench_arg(t, GCH_BENCH_P_NODES),
			       GCH_BENCH_SLOT_ROOT);
}

/* ---- without a heap ---- */

static void plain_hot(void **mem, void *const *values)
{
	u32 i;

	for (i = 0; i < BATCH; i++)
		WRITE_ONCE(mem[i % ARRAY_REFS], values[i % VALUES]);
}

static void plain_random(struct gch_bench_thread *t, void **mem,
			 void *const *values)
{
	u64 rnd = t->rnd;
	u32 i;

	for (i = 0; i < BATCH; i++)
		WRITE_ONCE(mem[gch_bench_random(&rnd) % (ARRAYS * ARRAY_REFS)],
			   values[i % VALUES]);
	t->rnd = rnd;
}

static int plain_rep(struct gch_bench_thread *t, bool random, void **mem,
		     struct samples *s)
{
	u64 ns, sum = 0;

	while (!gch_bench_enough(t, sum)) {
		u64 start = ktime_get_ns();

		if (random)
			plain_random(t, mem, mem);
		else
			plain_hot(mem, mem + ARRAY_REFS);
		ns = ktime_get_ns() - start;
		sample(s, ns);
		sum += ns;
		if (gch_bench_stopped(t))
			return -ECANCELED;
	}
	record(t, random ? METRIC_RANDOM : METRIC_HOT, s);
	return 0;
}

static int plain_reps(struct gch_bench_thread *t, struct samples *s)
{
	unsigned int rep;
	void **mem;
	int err = 0;

	mem = kvcalloc(ARRAYS * ARRAY_REFS, sizeof(*mem), GCH_BENCH_GFP);
	if (!mem)
		return -ENOMEM;
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++)
		err = plain_rep(t, false, mem, s) ? :
		      plain_rep(t, true, mem, s);
	kvfree(mem);
	return err;
}

static int store_thread(struct gch_bench_thread *t)
{
	struct samples *s = kvzalloc(sizeof(*s), GCH_BENCH_GFP);
	int err;

	if (!s)
		return -ENOMEM;
	if (t->bench->heap)
		err = make_objects(t) ? : store_reps(t, s);
	else
		err = plain_reps(t, s);
	kvfree(s);
	return err;
}

static int store_init(struct gch_bench *b)
{
	static const struct gch_type_desc array = {
		.name = "array",
		.flags = GCH_TYPE_VAR,
	};

	if (!b->heap)
		return 0;
	b->type = gch_type_register(b->heap, &array, NULL);
	if (IS_ERR(b->type))
		return PTR_ERR(b->type);
	return gch_bench_shape_type(b, GCH_BENCH_LIST24);
}

const struct gch_bench_kind gch_bench_store = {
	.name = "store",
	.on = GCH_BENCH_HEAPS | BIT(GCH_BENCH_PLAIN),
	.params = BIT(GCH_BENCH_P_NODES) | BIT(GCH_BENCH_P_BARRIER),
	.metrics = store_metrics,
	.init = store_init,
	.thread = store_thread,
};
