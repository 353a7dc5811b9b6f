// SPDX-License-Identifier: GPL-2.0
/*
 * death: drops the last reference to a graph, so that all of it dies
 *
 * The metric is the time per object; on an engine without counts it includes the
 * collection. Without a heap a loop that knows the shape frees the nodes.
 */
#include "bench.h"

#include <linux/log2.h>
#include <linux/slab.h>

static const struct gch_bench_metric death_metrics[] = {
	{ "death", "ps" },
	{ }
};

/* ---- death on a heap ---- */

static int let_die(struct gch_bench_thread *t, u64 *ns)
{
	u64 start = ktime_get_ns();
	int err;

	err = gch_clear(t->m, GCH_BENCH_SLOT_ROOT);
	if (gch_bench_arg(t, GCH_BENCH_P_ON) == GCH_BENCH_GO)
		err = err ? : gch_collect(t->bench->heap, 2);
	*ns = ktime_get_ns() - start;
	return err;
}

static int death_rep(struct gch_bench_thread *t)
{
	struct gch_heap *heap = t->bench->heap;
	struct gch_stats before, after;
	u64 ns;
	int err;

	err = gch_bench_shape(t, gch_bench_arg(t, GCH_BENCH_P_GRAPH),
			      gch_bench_arg(t, GCH_BENCH_P_NODES),
			      GCH_BENCH_SLOT_ROOT);
	gch_heap_stats(heap, &before);
	err = err ? : let_die(t, &ns);
	gch_heap_stats(heap, &after);
	if (err)
		return err;
	if (after.live_objects)
		return gch_bench_fail(t->bench, -EUCLEAN, "%llu of %llu objects are still alive",
				      after.live_objects, before.live_objects);
	gch_bench_mean(t, 0, ns, before.live_objects);
	return 0;
}

/* ---- death without a heap ---- */

struct node {
	struct node *ref[2];
	u64 rest;
};

static struct node *new_node(struct gch_bench_thread *t)
{
	return kmem_cache_zalloc(t->bench->cache, GFP_KERNEL | __GFP_NOWARN);
}

/* Nodes with a right subtree left to free are listed through ref[0]. */
static u64 free_all(struct gch_bench_thread *t, struct node *n)
{
	struct kmem_cache *cache = t->bench->cache;
	struct node *todo = NULL, *next;
	u64 nr = 0;

	while (n || todo) {
		if (!n) {
			n = todo->ref[1];
			next = todo->ref[0];
			kmem_cache_free(cache, todo);
			todo = next;
			nr++;
			continue;
		}
		next = n->ref[0];
		if (n->ref[1]) {
			n->ref[0] = todo;
			todo = n;
		} else {
			kmem_cache_free(cache, n);
			nr++;
		}
		n = next;
		if (!(nr % 1024))
			cond_resched();
	}
	return nr;
}

/* As in gch_bench_shape(); @kept[] holds complete subtrees by level. */
static struct node *plain_tree(struct gch_bench_thread *t, u32 leaves,
			       struct node *kept[])
{
	struct node *cur = NULL, *parent;
	u32 leaf, carry, level;

	for (leaf = 0; leaf < leaves; leaf++) {
		level = 0;
		cur = new_node(t);
		for (carry = leaf; cur && (carry & 1); carry >>= 1) {
			parent = new_node(t);
			if (!parent) {
				free_all(t, cur);
				return NULL;
			}
			parent->ref[0] = kept[level++];
			parent->ref[1] = cur;
			kept[level - 1] = NULL;
			cur = parent;
		}
		if (!cur)
			return NULL;
		kept[level] = cur;
		if (!(leaf % 1024))
			cond_resched();
	}
	return cur;
}

static struct node *plain_list(struct gch_bench_thread *t, u32 nodes)
{
	struct node *first = NULL, **last = &first;
	u32 i;

	for (i = 0; i < nodes; i++) {
		*last = new_node(t);
		if (!*last)
			break;
		last = &(*last)->ref[0];
		if (!(i % 1024))
			cond_resched();
	}
	return first;
}

static int plain_death(struct gch_bench_thread *t)
{
	u32 nodes = gch_bench_arg(t, GCH_BENCH_P_NODES), i;
	bool tree = gch_bench_arg(t, GCH_BENCH_P_GRAPH) == GCH_BENCH_TREE24;
	struct node *kept[32] = {}, *root;
	u64 start, nr;

	if (tree)
		root = plain_tree(t, rounddown_pow_of_two(nodes + 1) / 2, kept);
	else
		root = plain_list(t, nodes);
	/* Without memory for the whole tree, frees its subtrees. */
	for (i = 0; tree && !root && i < ARRAY_SIZE(kept); i++)
		free_all(t, kept[i]);
	if (!root)
		return -ENOMEM;
	start = ktime_get_ns();
	nr = free_all(t, root);
	gch_bench_mean(t, 0, ktime_get_ns() - start, nr);
	return 0;
}

static int death_thread(struct gch_bench_thread *t)
{
	unsigned int rep;
	int err = 0;

	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		err = t->bench->heap ? death_rep(t) : plain_death(t);
		if (!err && gch_bench_stopped(t))
			err = -ECANCELED;
	}
	return err;
}

static int death_init(struct gch_bench *b)
{
	enum gch_bench_graph graph = b->arg[GCH_BENCH_P_GRAPH];

	if (graph != GCH_BENCH_TREE24 && graph != GCH_BENCH_LIST24)
		return gch_bench_fail(b, -EINVAL, "graph must be tree24 or list24");
	if (b->heap)
		return gch_bench_shape_type(b, graph);
	b->cache = kmem_cache_create("gcheap_bench", sizeof(struct node), 0, 0,
				     NULL);
	return b->cache ? 0 : -ENOMEM;
}

const struct gch_bench_kind gch_bench_death = {
	.name = "death",
	.on = GCH_BENCH_COLLECTED | BIT(GCH_BENCH_CACHE),
	.params = BIT(GCH_BENCH_P_GRAPH) | BIT(GCH_BENCH_P_NODES),
	.metrics = death_metrics,
	.init = death_init,
	.thread = death_thread,
	.exit = gch_bench_object_exit,
};
