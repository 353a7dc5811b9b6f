// SPDX-License-Identifier: GPL-2.0
/*
 * count: raises and lowers a reference count
 *
 * A store into a slot raises the count of the new object and lowers that of the old
 * one: of one object from another slot, and of 2^20 random objects from a root table.
 * Engines without counts run the same calls. Without a heap the benchmark runs
 * refcount_inc() and refcount_dec_and_test() on the same number of objects of 64
 * bytes.
 */
#include "bench.h"
#include "random.h"

#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#define BATCH	4096U

enum {
	METRIC_HOT,
	METRIC_RANDOM,
};

static const struct gch_bench_metric count_metrics[] = {
	{ "hot", "ps" },
	{ "random", "ps" },
	{ }
};

/**
 * struct counted - the counted objects
 * @nr: number of objects
 * @roots: the objects on a heap
 * @mem: the objects without a heap
 */
struct counted {
	u32 nr;
	struct gch_roots *roots;
	refcount_t **mem;
};

static int count_hot(struct gch_bench_thread *t)
{
	int err = 0;
	u32 i;

	for (i = 0; i < BATCH && !err; i++)
		err = gch_copy(t->m, 1, 0);
	return err;
}

static int count_random(struct gch_bench_thread *t, const struct counted *c)
{
	u64 rnd = t->rnd;
	int err = 0;
	u32 i;

	for (i = 0; i < BATCH && !err; i++)
		err = gch_root_get(t->m, 1, c->roots,
				   gch_bench_random(&rnd) % c->nr);
	t->rnd = rnd;
	return err;
}

/* Raises one count and lowers another, as above; no count reaches zero. */
static int plain_counts(struct gch_bench_thread *t, const struct counted *c,
			u32 nr)
{
	u64 rnd = t->rnd;
	refcount_t *old = c->mem[0], *new;
	int err = 0;
	u32 i;

	refcount_inc(old);
	for (i = 0; i < BATCH; i++) {
		new = c->mem[nr > 1 ? gch_bench_random(&rnd) % nr : 0];
		refcount_inc(new);
		if (refcount_dec_and_test(old))
			err = -EUCLEAN;
		old = new;
	}
	if (refcount_dec_and_test(old))
		err = -EUCLEAN;
	t->rnd = rnd;
	return err;
}

static int batch(struct gch_bench_thread *t, const struct counted *c, bool random)
{
	if (!t->bench->heap)
		return plain_counts(t, c, random ? c->nr : 1);
	return random ? count_random(t, c) : count_hot(t);
}

static int count_rep(struct gch_bench_thread *t, const struct counted *c,
		     bool random)
{
	u64 ns = 0, n = 0, start;
	int err = 0;

	while (!err && !gch_bench_enough(t, ns)) {
		start = ktime_get_ns();
		err = batch(t, c, random);
		ns += ktime_get_ns() - start;
		n += BATCH;
		if (gch_bench_stopped(t))
			return -ECANCELED;
	}
	if (!err)
		gch_bench_mean(t, random ? METRIC_RANDOM : METRIC_HOT, ns, n);
	return err;
}

static int make_on_heap(struct gch_bench_thread *t, struct counted *c)
{
	int err = 0;
	u32 i;

	c->roots = gch_roots_create(t->bench->heap, c->nr);
	if (IS_ERR(c->roots)) {
		err = PTR_ERR(c->roots);
		c->roots = NULL;
		return err;
	}
	for (i = 0; i < c->nr && !err; i++) {
		err = gch_alloc(t->m, 0, t->bench->type) ? :
		      gch_root_set(t->m, c->roots, i, 0);
		if (i % 1024 == 0 && gch_bench_stopped(t))
			return -ECANCELED;
	}
	return err;
}

static int make(struct gch_bench_thread *t, struct counted *c)
{
	u32 i;

	if (t->bench->heap)
		return make_on_heap(t, c);
	c->mem = kvcalloc(c->nr, sizeof(*c->mem), GCH_BENCH_GFP);
	if (!c->mem)
		return -ENOMEM;
	for (i = 0; i < c->nr; i++) {
		c->mem[i] = kmem_cache_alloc(t->bench->cache, GFP_KERNEL);
		if (!c->mem[i])
			return -ENOMEM;
		refcount_set(c->mem[i], 1);
		if (i % 1024 == 0 && gch_bench_stopped(t))
			return -ECANCELED;
	}
	return 0;
}

static void unmake(struct gch_bench_thread *t, struct counted *c)
{
	u32 i;

	if (c->roots)
		gch_roots_destroy(t->m, c->roots);
	for (i = 0; c->mem && i < c->nr && c->mem[i]; i++) {
		kmem_cache_free(t->bench->cache, c->mem[i]);
		if (i % 1024 == 0)
			cond_resched();
	}
	kvfree(c->mem);
}

static int count_thread(struct gch_bench_thread *t)
{
	struct counted c = { .nr = gch_bench_arg(t, GCH_BENCH_P_NODES) };
	unsigned int rep;
	int err;

	err = make(t, &c);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++)
		err = count_rep(t, &c, false) ? : count_rep(t, &c, true);
	unmake(t, &c);
	return err;
}

static int count_init(struct gch_bench *b)
{
	b->arg[GCH_BENCH_P_SIZE] = 64;
	b->arg[GCH_BENCH_P_SCAN] = 0;
	if (b->heap)
		return gch_bench_object_init(b);
	b->cache = kmem_cache_create("gcheap_bench", 64, 0, 0, NULL);
	return b->cache ? 0 : -ENOMEM;
}

const struct gch_bench_kind gch_bench_count = {
	.name = "count",
	.on = GCH_BENCH_HEAPS | BIT(GCH_BENCH_PLAIN),
	.params = BIT(GCH_BENCH_P_NODES),
	.metrics = count_metrics,
	.init = count_init,
	.thread = count_thread,
	.exit = gch_bench_object_exit,
};
