// SPDX-License-Identifier: GPL-2.0
/*
 * pattern: allocates and frees objects in different orders
 *
 *	lifo	each object is freed before the next is allocated
 *	order	a number of objects, in the order of their allocation
 *	random	a number of objects, in random order
 *
 * A table keeps more objects than fit a frame, which costs another call per
 * allocation.
 */
#include "bench.h"
#include "random.h"

#include <linux/mm.h>
#include <linux/slab.h>

/* Objects between two checks for a stop. */
#define PIECE	4096U

static const struct gch_bench_metric pattern_metrics[] = {
	{ "pair", "ps" },
	{ }
};

/**
 * struct pattern - the objects of a round
 * @nr: number of objects
 * @order: order of freeing
 * @roots: the objects, if they do not fit a frame
 * @mem: the objects without a heap
 */
struct pattern {
	u32 nr;
	u32 *order;
	struct gch_roots *roots;
	void **mem;
};

static int lifo(struct gch_bench_thread *t)
{
	struct gch_type *type = t->bench->type;
	int err = 0;
	u32 i;

	for (i = 0; i < PIECE && !err; i++)
		err = gch_alloc(t->m, 0, type) ? : gch_bench_drop(t, 0);
	return err;
}

static int lifo_kernel(struct gch_bench_thread *t)
{
	gfp_t gfp = gch_bench_gfp(t);
	size_t size = gch_bench_arg(t, GCH_BENCH_P_SIZE);
	struct kmem_cache *cache = t->bench->cache;
	void *p;
	u32 i;

	for (i = 0; i < PIECE; i++) {
		p = cache ? kmem_cache_alloc(cache, gfp) : kmalloc(size, gfp);
		if (!p)
			return -ENOMEM;
		/* Keeps the compiler from removing the pair. */
		OPTIMIZER_HIDE_VAR(p);
		if (cache)
			kmem_cache_free(cache, p);
		else
			kfree(p);
	}
	return 0;
}

static int take(struct gch_bench_thread *t, const struct pattern *p, u32 i)
{
	gfp_t gfp = gch_bench_gfp(t);
	size_t size = gch_bench_arg(t, GCH_BENCH_P_SIZE);
	struct gch_bench *b = t->bench;

	if (p->roots)
		return gch_alloc(t->m, 0, b->type) ? :
		       gch_root_set(t->m, p->roots, i, 0);
	if (b->heap)
		return gch_alloc(t->m, i, b->type);
	p->mem[i] = b->cache ? kmem_cache_alloc(b->cache, gfp) :
			       kmalloc(size, gfp);
	return p->mem[i] ? 0 : -ENOMEM;
}

static int drop(struct gch_bench_thread *t, const struct pattern *p, u32 i)
{
	bool told = gch_bench_frees(t);
	struct gch_bench *b = t->bench;

	/* gch_free() needs the object in a slot. */
	if (p->roots && told)
		return gch_root_get(t->m, 0, p->roots, i) ? :
		       gch_free(t->m, 0);
	if (p->roots)
		return gch_root_clear(t->m, p->roots, i);
	if (b->heap)
		return gch_bench_drop(t, i);
	if (b->cache && p->mem[i])
		kmem_cache_free(b->cache, p->mem[i]);
	else
		kfree(p->mem[i]);
	p->mem[i] = NULL;
	return 0;
}

/* Both halves of a round run in pieces, which are timed. */
static int take_and_drop(struct gch_bench_thread *t, const struct pattern *p,
			 u64 *ns)
{
	u32 i, end;
	int err = 0;
	u64 start;

	for (i = 0; i < p->nr && !err; cond_resched()) {
		start = ktime_get_ns();
		for (end = min(i + PIECE, p->nr); i < end && !err; i++)
			err = take(t, p, i);
		*ns += ktime_get_ns() - start;
	}
	/* The slot still refers to the last object. */
	if (p->roots)
		err = err ? : gch_clear(t->m, 0);
	for (i = 0; i < p->nr && !err; cond_resched()) {
		start = ktime_get_ns();
		for (end = min(i + PIECE, p->nr); i < end && !err; i++)
			err = drop(t, p, p->order[i]);
		*ns += ktime_get_ns() - start;
	}
	return err;
}

static int one_round(struct gch_bench_thread *t, const struct pattern *p,
		     u64 *ns, u64 *n)
{
	u64 start;
	int err;

	if (gch_bench_arg(t, GCH_BENCH_P_PATTERN) != GCH_BENCH_LIFO) {
		*n += p->nr;
		return take_and_drop(t, p, ns);
	}
	start = ktime_get_ns();
	err = t->bench->heap ? lifo(t) : lifo_kernel(t);
	*ns += ktime_get_ns() - start;
	*n += PIECE;
	return err;
}

static int pattern_reps(struct gch_bench_thread *t, const struct pattern *p)
{
	unsigned int rep;
	u64 ns = 0, n = 0;
	int err;

	err = one_round(t, p, &ns, &n);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		ns = 0;
		n = 0;
		do {
			err = one_round(t, p, &ns, &n);
			if (gch_bench_stopped(t))
				return -ECANCELED;
		} while (!err && !gch_bench_enough(t, ns));
		if (!err)
			gch_bench_mean(t, 0, ns, n);
	}
	return err;
}

static int make_room(struct gch_bench_thread *t, struct pattern *p)
{
	bool random = gch_bench_arg(t, GCH_BENCH_P_PATTERN) == GCH_BENCH_RANDOM;
	u32 i, j;

	p->order = kvmalloc_array(p->nr, sizeof(*p->order), GCH_BENCH_GFP);
	p->mem = kvcalloc(p->nr, sizeof(*p->mem), GCH_BENCH_GFP);
	if (!p->order || !p->mem)
		return -ENOMEM;
	for (i = 0; i < p->nr; i++)
		p->order[i] = i;
	for (i = p->nr - 1; random && i; i--) {
		j = gch_bench_random(&t->rnd) % (i + 1);
		swap(p->order[i], p->order[j]);
	}
	if (!t->bench->heap || p->nr <= GCH_BENCH_SLOTS)
		return 0;
	p->roots = gch_roots_create(t->bench->heap, p->nr);
	if (!IS_ERR(p->roots))
		return 0;
	i = PTR_ERR(p->roots);
	p->roots = NULL;
	return i;
}

static int pattern_thread(struct gch_bench_thread *t)
{
	struct pattern p = { .nr = gch_bench_arg(t, GCH_BENCH_P_OBJECTS) };
	int err;
	u32 i;

	err = make_room(t, &p) ? : pattern_reps(t, &p);
	if (p.roots)
		gch_roots_destroy(t->m, p.roots);
	/* Without a heap, frees the objects that an error has left. */
	for (i = 0; !t->bench->heap && p.mem && i < p.nr; i++)
		if (p.mem[i])
			drop(t, &p, i);
	kvfree(p.order);
	kvfree(p.mem);
	return err;
}

static int pattern_init(struct gch_bench *b)
{
	if (b->arg[GCH_BENCH_P_SIZE] > GCH_FIXED_MAX)
		return gch_bench_fail(b, -ERANGE, "size must be 16 to %u",
				      GCH_FIXED_MAX);
	return gch_bench_object_init(b);
}

const struct gch_bench_kind gch_bench_pattern = {
	.name = "pattern",
	.on = BIT(GCH_BENCH_PYTHON) | BIT(GCH_BENCH_SLAB) | GCH_BENCH_KERNEL,
	.params = BIT(GCH_BENCH_P_SIZE) | BIT(GCH_BENCH_P_SCAN) |
		  BIT(GCH_BENCH_P_OBJECTS) | BIT(GCH_BENCH_P_PATTERN),
	.metrics = pattern_metrics,
	.init = pattern_init,
	.thread = pattern_thread,
	.exit = gch_bench_object_exit,
};
