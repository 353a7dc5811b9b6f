// SPDX-License-Identifier: GPL-2.0
/*
 * Object graphs of a known shape
 *
 *	tree	a perfect binary tree; children are allocated before their
 *		parent, left before right
 *	graph	four references per node: the first forms a cycle through all
 *		nodes in random order, the others are random
 *	list	each node refers to the one allocated after it
 *	pairs	two nodes that refer to each other, with no other links
 *	ring	a list whose last node refers to its first
 *
 * The number in the name is the node size in bytes; references are the leading words.
 * One thread allocates the nodes one after the other.
 */
#include "bench.h"
#include "random.h"

#include <linux/log2.h>
#include <linux/slab.h>

/* Nodes between two checks for a stop. */
#define CHECK_EVERY	1024U
/* The live set consists of trees of this size. */
#define LIVE_TREE_BYTES	SZ_256K

static const struct {
	u32 bytes;
	u32 nr_refs;
} nodes_of[GCH_BENCH_GRAPHS] = {
	[GCH_BENCH_TREE24]	= { 24, 2 },
	[GCH_BENCH_TREE64]	= { 64, 2 },
	[GCH_BENCH_GRAPH64]	= { 64, 4 },
	[GCH_BENCH_LIST24]	= { 24, 1 },
	[GCH_BENCH_LIST64]	= { 64, 1 },
	[GCH_BENCH_PAIRS24]	= { 24, 1 },
	[GCH_BENCH_RING24]	= { 24, 1 },
};

/**
 * gch_bench_node_bytes - size of a node
 * @graph: the graph
 *
 * Context: any.
 * Return: bytes.
 */
u32 gch_bench_node_bytes(enum gch_bench_graph graph)
{
	return nodes_of[graph].bytes;
}

/**
 * gch_bench_shape_type - registers the type of a graph's nodes
 * @b: the run, which has a heap
 * @graph: the graph
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative error.
 */
int gch_bench_shape_type(struct gch_bench *b, enum gch_bench_graph graph)
{
	struct gch_type_desc desc = {
		.name = "node",
		.bytes = nodes_of[graph].bytes,
		.nr_refs = nodes_of[graph].nr_refs,
	};

	b->node = gch_type_register(b->heap, &desc, NULL);
	return PTR_ERR_OR_ZERO(b->node);
}

static int check(struct gch_bench_thread *t, u32 i)
{
	return i % CHECK_EVERY == 0 && gch_bench_stopped(t) ? -ECANCELED : 0;
}

/* Clears the slots that shapes use. */
static int tidy(struct gch_bench_thread *t)
{
	unsigned int i;
	int err = 0;

	for (i = GCH_BENCH_SLOT_A; i < GCH_BENCH_SLOTS && !err; i++)
		err = gch_clear(t->m, i);
	return err;
}

/* Makes a parent of @left and @right in @dst. */
static int make_parent(struct gch_bench_thread *t, unsigned int dst,
		       unsigned int left, unsigned int right)
{
	return gch_alloc(t->m, dst, t->bench->node) ? :
	       gch_store(t->m, dst, 0, left) ? :
	       gch_store(t->m, dst, 1, right);
}

/*
 * Leaf by leaf, like a binary counter: a left subtree waits in the slot of its level
 * until the right one is complete.
 */
static int make_tree(struct gch_bench_thread *t, u32 nodes, unsigned int dst)
{
	u32 leaves = rounddown_pow_of_two(nodes + 1) / 2, leaf, carry, level;
	unsigned int cur = GCH_BENCH_SLOT_A, next = GCH_BENCH_SLOT_B;
	int err = 0;

	for (leaf = 0; leaf < leaves && !err; leaf++) {
		err = check(t, leaf) ? : gch_alloc(t->m, cur, t->bench->node);
		level = GCH_BENCH_SLOT_SHAPE;
		for (carry = leaf; (carry & 1) && !err; carry >>= 1) {
			err = make_parent(t, next, level++, cur);
			swap(cur, next);
		}
		err = err ? : gch_copy(t->m, level, cur);
	}
	return err ? : gch_copy(t->m, dst, cur);
}

static int make_list(struct gch_bench_thread *t, u32 nodes, unsigned int dst,
		     bool closed)
{
	unsigned int last = GCH_BENCH_SLOT_A, next = GCH_BENCH_SLOT_B;
	int err;
	u32 i;

	err = gch_alloc(t->m, last, t->bench->node) ? :
	      gch_copy(t->m, dst, last);
	for (i = 1; i < nodes && !err; i++) {
		err = check(t, i) ? : gch_alloc(t->m, next, t->bench->node) ? :
		      gch_store(t->m, last, 0, next);
		swap(last, next);
	}
	if (closed)
		err = err ? : gch_store(t->m, last, 0, dst);
	return err;
}

/* In the end nothing refers to the pairs. */
static int make_pairs(struct gch_bench_thread *t, u32 nodes)
{
	unsigned int a = GCH_BENCH_SLOT_A, b = GCH_BENCH_SLOT_B;
	int err = 0;
	u32 i;

	for (i = 0; i < nodes / 2 && !err; i++)
		err = check(t, i) ? : gch_alloc(t->m, a, t->bench->node) ? :
		      gch_alloc(t->m, b, t->bench->node) ? :
		      gch_store(t->m, a, 0, b) ? : gch_store(t->m, b, 0, a);
	return err;
}

static void shuffle(struct gch_bench_thread *t, u32 *order, u32 nr)
{
	u32 i, j;

	for (i = 0; i < nr; i++)
		order[i] = i;
	for (i = nr - 1; i; i--) {
		j = gch_bench_random(&t->rnd) % (i + 1);
		swap(order[i], order[j]);
	}
}

static int link_node(struct gch_bench_thread *t, struct gch_roots *all,
		     u32 nodes, u32 from, u32 to)
{
	unsigned int node = GCH_BENCH_SLOT_A, target = GCH_BENCH_SLOT_B;
	u32 ref;
	int err;

	err = gch_root_get(t->m, node, all, from);
	for (ref = 0; ref < 4 && !err; ref++) {
		err = gch_root_get(t->m, target, all, to) ? :
		      gch_store(t->m, node, ref, target);
		to = gch_bench_random(&t->rnd) % nodes;
	}
	return err;
}

static int link_all(struct gch_bench_thread *t, struct gch_roots *all, u32 nodes)
{
	u32 *order, i;
	int err = 0;

	order = kvmalloc_array(nodes, sizeof(*order), GCH_BENCH_GFP);
	if (!order)
		return -ENOMEM;
	shuffle(t, order, nodes);
	for (i = 0; i < nodes && !err; i++)
		err = check(t, i) ? : link_node(t, all, nodes, order[i],
						order[(i + 1) % nodes]);
	kvfree(order);
	return err;
}

static int make_graph(struct gch_bench_thread *t, u32 nodes, unsigned int dst)
{
	struct gch_roots *all;
	int err = 0;
	u32 i;

	all = gch_roots_create(t->bench->heap, nodes);
	if (IS_ERR(all))
		return PTR_ERR(all);
	for (i = 0; i < nodes && !err; i++)
		err = check(t, i) ? : gch_alloc(t->m, dst, t->bench->node) ? :
		      gch_root_set(t->m, all, i, dst);
	err = err ? : link_all(t, all, nodes);
	gch_roots_destroy(t->m, all);
	return err;
}

/**
 * gch_bench_shape - makes a graph
 * @t: the thread
 * @graph: the graph
 * @nodes: number of nodes; a tree has the largest 2^n - 1 up to that
 * @dst: slot that receives the graph, except for pairs
 *
 * Context: the thread, may sleep.
 * Return: 0 or a negative error.
 */
int gch_bench_shape(struct gch_bench_thread *t, enum gch_bench_graph graph,
		    u32 nodes, unsigned int dst)
{
	int err;

	switch (graph) {
	case GCH_BENCH_TREE24:
	case GCH_BENCH_TREE64:
		err = make_tree(t, nodes, dst);
		break;
	case GCH_BENCH_GRAPH64:
		err = make_graph(t, nodes, dst);
		break;
	case GCH_BENCH_LIST24:
	case GCH_BENCH_LIST64:
		err = make_list(t, nodes, dst, false);
		break;
	case GCH_BENCH_RING24:
		err = make_list(t, nodes, dst, true);
		break;
	case GCH_BENCH_PAIRS24:
		err = make_pairs(t, nodes);
		break;
	default:
		return -EINVAL;
	}
	return err ? : tidy(t);
}

/**
 * gch_bench_live - fills a heap with trees of nodes of 64 bytes
 * @t: the thread; gch_bench_shape_type() has registered %GCH_BENCH_TREE64
 * @mib: size in MiB
 *
 * Context: the thread, may sleep.
 * Return: the root table that keeps them, or an error pointer.
 */
struct gch_roots *gch_bench_live(struct gch_bench_thread *t, u32 mib)
{
	u32 bytes = nodes_of[GCH_BENCH_TREE64].bytes;
	u32 trees = mib * (SZ_1M / LIVE_TREE_BYTES), i;
	struct gch_roots *roots;
	int err = 0;

	roots = gch_roots_create(t->bench->heap, trees);
	if (IS_ERR(roots))
		return roots;
	for (i = 0; i < trees && !err; i++)
		err = gch_bench_shape(t, GCH_BENCH_TREE64,
				      LIVE_TREE_BYTES / bytes,
				      GCH_BENCH_SLOT_ROOT) ? :
		      gch_root_set(t->m, roots, i, GCH_BENCH_SLOT_ROOT);
	err = err ? : gch_clear(t->m, GCH_BENCH_SLOT_ROOT);
	if (!err)
		return roots;
	gch_roots_destroy(t->m, roots);
	return ERR_PTR(err);
}
