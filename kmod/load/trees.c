// SPDX-License-Identifier: GPL-2.0
/*
 * binary-trees: many short-lived trees beside a long-lived one
 *
 * After the program of that name in the Computer Language Benchmarks Game: a
 * stretch tree one level deeper than all others, a long-lived tree, then for
 * every second depth as many trees as keep the number of nodes about the same;
 * each tree is counted before it is dropped. Rounds are repeated until the time
 * is over. An operation is a tree.
 *
 * A tree is built and walked without recursion: the node at level n of the path
 * is in slot base + n.
 */
#include "load.h"

/* Depth that no tree falls short of. */
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
	SLOT_LONG = SLOT_TREE + LEVELS + 1,
	NR_SLOTS = SLOT_LONG + LEVELS + 1,
};

static int clear_path(struct gch_load_thread *t, unsigned int base, int depth)
{
	int level, err = 0;

	for (level = 1; level <= depth && !err; level++)
		err = gch_clear(t->m, base + level);
	return err;
}

/*
 * Counts the nodes of the tree in slot base, which is no deeper than depth. On
 * slab it may free them.
 */
static int walk_tree(struct gch_load_thread *t, unsigned int base, int depth,
		     bool free, u64 *nodes)
{
	u8 done[LEVELS] = {};
	int level = 0, err = 0;

	*nodes = 1;
	while (!err) {
		unsigned int slot = base + level;

		if (level == depth || done[level] == NR_REFS) {
			if (free)
				err = gch_free(t->m, slot);
			if (!level--)
				break;
			continue;
		}
		err = gch_load(t->m, slot + 1, slot, done[level]++);
		if (err || gch_is_null(t->m, slot + 1))
			continue;
		level++;
		done[level] = 0;
		/* What is to be freed is freed, time or not. */
		if (!(++*nodes & 255) && gch_load_break(t) && !free)
			err = -ECANCELED;
	}
	return err;
}

static int drop_tree(struct gch_load_thread *t, unsigned int base, int depth)
{
	u64 nodes;

	if (gch_is_null(t->m, base))
		return 0;
	if (gch_load_on_slab(t->run))
		return walk_tree(t, base, depth, true, &nodes);
	return gch_clear(t->m, base);
}

/* Drops a tree begun: its parts hang off the path, not all linked yet. */
static void abandon_tree(struct gch_load_thread *t, unsigned int base,
			 int level, int depth)
{
	for (; level >= 0; level--)
		drop_tree(t, base + level, depth - level);
	clear_path(t, base, depth);
}

static int build_tree(struct gch_load_thread *t, unsigned int base, int depth)
{
	struct gch_type *node = t->run->priv;
	u8 done[LEVELS] = {};
	int level = 0, err;
	u64 nodes = 1;

	err = gch_clear(t->m, base) ? : gch_alloc(t->m, base, node);
	while (!err) {
		unsigned int slot = base + level;

		if (level == depth || done[level] == NR_REFS) {
			if (!level)
				return clear_path(t, base, depth);
			level--;
			/* The slot goes on to name what hangs off the path. */
			err = gch_store(t->m, slot - 1, done[level]++, slot);
			continue;
		}
		err = gch_alloc(t->m, slot + 1, node);
		if (err)
			break;
		level++;
		done[level] = 0;
		if (!(++nodes & 255) && gch_load_break(t))
			err = -ECANCELED;
	}
	abandon_tree(t, base, level, depth);
	return err;
}

static int check_tree(struct gch_load_thread *t, unsigned int base, int depth)
{
	u64 nodes, expected = (2ULL << depth) - 1;
	int err;

	err = walk_tree(t, base, depth, false, &nodes);
	if (!err)
		err = clear_path(t, base, depth);
	if (!err && nodes != expected) {
		gch_load_fail(t->run, -EUCLEAN,
			      "tree of depth %d has %llu nodes, not %llu",
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
	clear_path(t, SLOT_TREE, depth);
	drop_tree(t, SLOT_TREE, depth);
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
	err = short_lived(t, max_depth);
	/* Whatever has ended the round, the long-lived tree must be whole. */
	if ((!err || err == -ECANCELED) && !READ_ONCE(t->run->stop))
		err = check_tree(t, SLOT_LONG, max_depth) ? : err;
	clear_path(t, SLOT_LONG, max_depth);
	drop_tree(t, SLOT_LONG, max_depth);
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
