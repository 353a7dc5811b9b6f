// SPDX-License-Identifier: GPL-2.0
/*
 * binary-trees: many short-lived trees beside a long-lived one
 *
 * After the program of that name in the Computer Language Benchmarks Game: a stretch
 * tree one level deeper than all others, a long-lived tree, then for every second
 * depth as many trees as keep the number of nodes about the same; each tree is
 * counted before it is dropped. Rounds repeat until the time is over. An operation is
 * a tree.
 *
 * A tree is built from its leaves up and walked from its root down, without
 * recursion: two sibling nodes of each level are in slots, and their ancestors are in
 * the slots of the levels above.
 */
#include "load.h"

/* Smallest depth of a tree. */
#define MIN_DEPTH	4
/* Levels of the deepest tree: the stretch tree of depth 24 + 1. */
#define LEVELS		26

enum {
	REF_LEFT,
	REF_RIGHT,
	NR_REFS,
};

enum {
	SLOT_TREE,
	SLOT_LONG = SLOT_TREE + LEVELS * NR_REFS,
	NR_SLOTS = SLOT_LONG + LEVELS * NR_REFS,
};

/**
 * struct trail - a position in a tree
 * @base: first slot of the tree
 * @depth: level of the leaves
 * @level: level of the node
 * @side: left or right, for each level down to the node's
 */
struct trail {
	unsigned int base;
	int depth;
	int level;
	u8 side[LEVELS];
};

static unsigned int slot_of(const struct trail *p, int level, unsigned int side)
{
	return p->base + level * NR_REFS + side;
}

static unsigned int slot_at(const struct trail *p)
{
	return slot_of(p, p->level, p->side[p->level]);
}

/* First slot of the two children. */
static unsigned int slot_below(const struct trail *p)
{
	return slot_of(p, p->level + 1, REF_LEFT);
}

/* Clears all slots but the root's. */
static void clear_path(struct gch_load_thread *t, unsigned int base, int depth)
{
	unsigned int slot;

	for (slot = base + 1; slot < base + (depth + 1) * NR_REFS; slot++)
		gch_clear(t->m, slot);
}

/*
 * Moves to the next node after a finished one: the right sibling (returns true) or
 * the parent.
 */
static bool step(struct trail *p)
{
	if (p->side[p->level] == REF_LEFT) {
		p->side[p->level] = REF_RIGHT;
		return true;
	}
	p->level--;
	return false;
}

/* Counts the nodes of the subtree at @p, and frees them if @free is set. */
static int walk_tree(struct gch_load_thread *t, struct trail *p, bool free,
		     u64 *nodes)
{
	int top = p->level, err;

	*nodes = 0;
	for (;;) {
		if (!gch_is_null(t->m, slot_at(p))) {
			/* Freeing continues after the deadline. */
			if (!(++*nodes & 255) && gch_load_break(t) && !free)
				return -ECANCELED;
			if (p->level < p->depth) {
				err = gch_load_refs(t->m, slot_below(p),
						    slot_at(p), REF_LEFT,
						    NR_REFS);
				if (err)
					return err;
				p->side[++p->level] = REF_LEFT;
				continue;
			}
		}
		do {
			if (free)
				gch_free(t->m, slot_at(p));
			if (p->level == top)
				return 0;
		} while (!step(p));
	}
}

/* Frees a subtree on slab; on other heaps the collector does. */
static void free_tree(struct gch_load_thread *t, unsigned int base, int depth,
		      int level, unsigned int side)
{
	struct trail p = { .base = base, .depth = depth, .level = level };
	u64 nodes;

	p.side[level] = side;
	if (gch_load_frees(t->run))
		walk_tree(t, &p, true, &nodes);
}

static void drop_tree(struct gch_load_thread *t, unsigned int base, int depth)
{
	free_tree(t, base, depth, 0, REF_LEFT);
	gch_clear(t->m, base);
}

/*
 * Drops an incomplete tree whose next node would be at @p: the children of that node,
 * and the left siblings of it and its ancestors.
 */
static void abandon_tree(struct gch_load_thread *t, const struct trail *p)
{
	int level = p->level;

	if (level < p->depth) {
		free_tree(t, p->base, p->depth, level + 1, REF_LEFT);
		free_tree(t, p->base, p->depth, level + 1, REF_RIGHT);
	}
	for (; level; level--)
		if (p->side[level] == REF_RIGHT)
			free_tree(t, p->base, p->depth, level, REF_LEFT);
	clear_path(t, p->base, p->depth);
}

static int build_tree(struct gch_load_thread *t, unsigned int base, int depth)
{
	struct trail p = { .base = base, .depth = depth, .level = depth };
	struct gch_type *node = t->run->priv;
	u64 nodes = 0;
	int err;

	for (;;) {
		if (p.level == depth)
			err = gch_alloc(t->m, slot_at(&p), node);
		else
			err = gch_alloc_refs(t->m, slot_at(&p), node,
					     slot_below(&p), NR_REFS);
		if (err)
			break;
		if (!p.level)
			return 0;
		if (step(&p))
			while (p.level < depth)
				p.side[++p.level] = REF_LEFT;
		if (!(++nodes & 255) && gch_load_break(t)) {
			err = -ECANCELED;
			break;
		}
	}
	abandon_tree(t, &p);
	return err;
}

static int check_tree(struct gch_load_thread *t, unsigned int base, int depth)
{
	struct trail p = { .base = base, .depth = depth };
	u64 nodes, expected = (2ULL << depth) - 1;
	int err;

	err = walk_tree(t, &p, false, &nodes);
	if (!err && nodes != expected) {
		gch_load_fail(t->run, -EUCLEAN,
			      "tree of depth %d has %llu nodes, expected %llu",
			      depth, nodes, expected);
		err = -EUCLEAN;
	}
	return err;
}

static int one_tree(struct gch_load_thread *t, int depth)
{
	int err;

	err = build_tree(t, SLOT_TREE, depth);
	if (err)
		return err;
	err = check_tree(t, SLOT_TREE, depth);
	drop_tree(t, SLOT_TREE, depth);
	clear_path(t, SLOT_TREE, depth);
	gch_load_did(t, 1);
	return err;
}

static int short_lived(struct gch_load_thread *t, int max_depth)
{
	int depth, err = 0;
	u32 i, trees;

	for (depth = MIN_DEPTH; depth <= max_depth; depth += 2) {
		trees = 1U << (max_depth - depth + MIN_DEPTH);
		for (i = 0; i < trees && !err; i++) {
			if (!gch_load_more(t))
				return -ECANCELED;
			err = one_tree(t, depth);
		}
	}
	return err;
}

static int one_round(struct gch_load_thread *t, int max_depth)
{
	int err;

	err = one_tree(t, max_depth + 1) ? :
	      build_tree(t, SLOT_LONG, max_depth);
	if (err)
		return err;
	clear_path(t, SLOT_LONG, max_depth);
	err = short_lived(t, max_depth);
	/*
	 * Even if the deadline ended the round, the long-lived tree must be intact.
	 */
	if ((!err || err == -ECANCELED) && !READ_ONCE(t->run->stop))
		err = check_tree(t, SLOT_LONG, max_depth) ? : err;
	drop_tree(t, SLOT_LONG, max_depth);
	clear_path(t, SLOT_LONG, max_depth);
	gch_load_did(t, 1);
	return err;
}

static int trees_thread(struct gch_load_thread *t)
{
	int err = 0;

	while (!err && gch_load_more(t))
		err = one_round(t, max_t(int, t->run->args.depth,
					 MIN_DEPTH + 2));
	return err;
}

static int trees_init(struct gch_load_run *run,
		      struct netlink_ext_ack *extack)
{
	static const struct gch_type_desc desc = {
		.name = "tree",
		.bytes = NR_REFS * sizeof(void *),
		.nr_refs = NR_REFS,
	};

	run->priv = gch_type_register(run->heap, &desc, extack);
	return PTR_ERR_OR_ZERO(run->priv);
}

const struct gch_load_workload gch_load_trees = {
	.slots = NR_SLOTS,
	.max_mutators = 64,
	.init = trees_init,
	.thread = trees_thread,
};
