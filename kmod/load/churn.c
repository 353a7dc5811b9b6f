// SPDX-License-Identifier: GPL-2.0
/*
 * churn: a large live set that is replaced piece by piece
 *
 * The mutators share the live bytes; each keeps its part as trees of 15 nodes of 64
 * bytes, referenced by arrays. An operation makes a new tree and stores it over a
 * random one, which becomes garbage. On slab the old tree is also walked and freed.
 *
 * Each operation is timed. One clock reading ends an operation and begins the next,
 * so choosing the tree and counting are included; checking the deadline every 64
 * operations is not.
 *
 * Every node is stamped with its mutator, tree and index, and with the serial number
 * of the operation that made it. The serial number of each tree is kept outside the
 * heap. One tree per 256 operations is checked, and all at the end.
 */
#include "load.h"

#include <linux/mm.h>
#include <linux/slab.h>

#include "meter.h"

#define NODES		15U
#define NODE_BYTES	64U
#define TREE_BYTES	(NODES * NODE_BYTES)
/* Trees per array. */
#define CHUNK		SZ_64K
#define MAX_CHUNKS	DIV_ROUND_UP(GCH_LOAD_LIVE_MAX / TREE_BYTES, CHUNK)

/* Nodes are numbered by level: the children of n are 2n + 1 and 2n + 2. */
enum {
	SLOT_NEW,
	SLOT_OLD = SLOT_NEW + NODES,
	SLOT_CHUNK = SLOT_OLD + NODES,
	NR_SLOTS = SLOT_CHUNK + MAX_CHUNKS,
};

/* A node as gch_data() shows it; do not access the references. */
struct node {
	void *refs[2];
	u64 stamp;
	u64 inverse;
	u64 rest[4];
};

static_assert(sizeof(struct node) == NODE_BYTES);
/* A stamp has the serial number in 32 bits, then mutator, tree and node. */
#define NODE_BITS	4
#define TREE_BITS	22
#define OWNER_SHIFT	(NODE_BITS + TREE_BITS)
static_assert(!(NODES >> NODE_BITS));
static_assert(!((MAX_CHUNKS * CHUNK - 1) >> TREE_BITS));
static_assert(!((GCH_LOAD_MUTATORS_MAX - 1) >> (32 - OWNER_SHIFT)));

/**
 * struct churn - a run
 * @node: type of nodes
 * @array: type of the arrays of trees
 * @total: results of the mutators' meters
 */
struct churn {
	struct gch_type *node;
	struct gch_type *array;
	struct gch_load_total total;
};

/**
 * struct part - the live set of one mutator
 * @t: the mutator
 * @m: its access to the heap
 * @churn: the run
 * @nr: its trees
 * @last: serial number of the last operation
 * @serial: serial number per tree; 0 for no tree
 */
struct part {
	struct gch_load_thread *t;
	struct gch_mutator *m;
	struct churn *churn;
	u32 nr;
	u32 last;
	u32 *serial;
};

static int broken(struct part *p, const char *what, u32 tree)
{
	gch_load_fail(p->t->run, -EUCLEAN, "churn: %s, tree %u of mutator %u",
		      what, tree, p->t->index);
	return -EUCLEAN;
}

static u64 stamp_of(const struct part *p, u32 tree, u32 serial, u32 k)
{
	return (u64)serial << 32 | p->t->index << OWNER_SHIFT |
	       tree << NODE_BITS | k;
}

static int stamp_node(struct part *p, u32 tree, u32 serial, u32 k)
{
	struct node *node = gch_data(p->m, SLOT_NEW + k, NULL);

	if (!node)
		return broken(p, "node missing", tree);
	node->stamp = stamp_of(p, tree, serial, k);
	node->inverse = ~node->stamp;
	return 0;
}

/* Drops the first nodes of an incomplete tree. */
static void abandon_tree(struct part *p, u32 nodes)
{
	while (nodes--)
		gch_load_drop(p->t, SLOT_NEW + nodes);
}

static int make_tree(struct part *p, u32 tree, u32 serial)
{
	u32 k;
	int err;

	for (k = 0; k < NODES; k++) {
		err = gch_alloc(p->m, SLOT_NEW + k, p->churn->node);
		if (err) {
			abandon_tree(p, k);
			return err;
		}
		err = stamp_node(p, tree, serial, k);
		if (!err && k)
			err = gch_store(p->m, SLOT_NEW + (k - 1) / 2,
					(k - 1) & 1, SLOT_NEW + k);
		if (err)
			return err;
	}
	return 0;
}

static int load_tree(struct part *p, u32 tree)
{
	return gch_load(p->m, SLOT_OLD, SLOT_CHUNK + tree / CHUNK,
			tree % CHUNK);
}

static int free_tree(struct part *p)
{
	int err = 0;
	u32 k;

	for (k = 1; k < NODES && !err; k++)
		err = gch_load(p->m, SLOT_OLD + k, SLOT_OLD + (k - 1) / 2,
			       (k - 1) & 1);
	for (k = 0; k < NODES && !err; k++)
		err = gch_free(p->m, SLOT_OLD + k);
	return err;
}

/* Replaces a tree, if there is one, by a new one. */
static int replace_tree(struct part *p, u32 tree)
{
	bool to_free = gch_load_frees(p->t->run) && p->serial[tree];
	u32 serial = ++p->last ? : ++p->last;
	int err;

	err = make_tree(p, tree, serial);
	if (!err && to_free)
		err = load_tree(p, tree);
	if (!err)
		err = gch_store(p->m, SLOT_CHUNK + tree / CHUNK, tree % CHUNK,
				SLOT_NEW);
	if (err)
		return err;
	p->serial[tree] = serial;
	return to_free ? free_tree(p) : 0;
}

/* Checks and counts all nodes of a tree. */
static int check_tree(struct part *p, u32 tree, u64 *nodes)
{
	const struct node *node;
	size_t bytes;
	int err;
	u32 k;

	err = load_tree(p, tree);
	for (k = 0; k < NODES && !err; k++) {
		if (k)
			err = gch_load(p->m, SLOT_OLD + k,
				       SLOT_OLD + (k - 1) / 2, (k - 1) & 1);
		if (err)
			break;
		node = gch_data(p->m, SLOT_OLD + k, &bytes);
		if (!node || bytes < sizeof(*node))
			return broken(p, "node missing", tree);
		if (node->stamp != stamp_of(p, tree, p->serial[tree], k) ||
		    node->inverse != ~node->stamp)
			return broken(p, "node of another tree", tree);
		++*nodes;
	}
	for (k = 0; k < NODES && !err; k++)
		err = gch_clear(p->m, SLOT_OLD + k);
	return err;
}

static int check_all(struct part *p)
{
	u64 nodes = 0;
	int err = 0;
	u32 i;

	for (i = 0; i < p->nr && !err; i++) {
		if (!(i & 63) && gch_load_stopped(p->t))
			return -ECANCELED;
		err = check_tree(p, i, &nodes);
	}
	return err ? : gch_load_found(p->t->run, (u64)p->nr * NODES, nodes);
}

static int get_ready(struct part *p)
{
	u32 i, chunks = DIV_ROUND_UP(p->nr, CHUNK);
	int err = 0;

	for (i = 0; i < chunks && !err; i++)
		err = gch_alloc_var(p->m, SLOT_CHUNK + i, p->churn->array,
				    min_t(u32, p->nr - i * CHUNK, CHUNK), 0);
	for (i = 0; i < p->nr && !err; i++) {
		if (!(i & 63) && gch_load_stopped(p->t))
			return -ECANCELED;
		err = replace_tree(p, i);
	}
	return err ? : gch_load_ready(p->t);
}

static int operate(struct part *p, struct gch_load_meter *meter)
{
	struct gch_load_thread *t = p->t;
	u64 now, start = 0, nodes = 0;
	int err = 0;

	while (!err && gch_load_more_often(t)) {
		if (!(t->operations & 255))
			err = check_tree(p, prandom_u32_state(&t->rnd) % p->nr,
					 &nodes);
		if (!(t->operations & 63))
			start = ktime_get_ns();
		if (!err)
			err = replace_tree(p, prandom_u32_state(&t->rnd) %
					   p->nr);
		now = ktime_get_ns();
		gch_load_meter_add(meter, now - start);
		start = now;
		gch_load_did(t, 1);
	}
	return err;
}

static int measure(struct part *p)
{
	struct gch_load_meter *meter = gch_load_meter_begin(p->m);
	u64 ns;
	int err;

	if (!meter)
		return -ENOMEM;
	err = operate(p, meter);
	ns = gch_load_meter_end(p->m, meter, &p->churn->total);
	WRITE_ONCE(p->t->work_ns, ns);
	return err;
}

static void free_all(struct part *p)
{
	u32 i;

	for (i = 0; i < p->nr; i++) {
		if (p->serial[i] && (load_tree(p, i) || free_tree(p)))
			return;
		if (!(i & 63))
			cond_resched();
	}
	for (i = 0; i < DIV_ROUND_UP(p->nr, CHUNK); i++)
		if (!gch_is_null(p->m, SLOT_CHUNK + i))
			gch_free(p->m, SLOT_CHUNK + i);
}

static int churn_thread(struct gch_load_thread *t)
{
	const struct gch_load_args *args = &t->run->args;
	struct part p = {
		.t = t,
		.m = t->m,
		.churn = t->run->priv,
		.nr = max(args->live / args->mutators / TREE_BYTES, 1U),
	};
	int err;

	p.serial = gch_load_own_get(t->run, 0, p.nr * sizeof(*p.serial));
	if (!p.serial)
		return -ENOMEM;
	err = get_ready(&p) ? : measure(&p);
	if (!err && !gch_load_stopped(t))
		err = check_all(&p);
	/* A corrupt graph is not walked; its memory is freed with the heap. */
	if (gch_load_frees(t->run) && err != -EUCLEAN)
		free_all(&p);
	gch_load_own_put(p.serial, p.nr * sizeof(*p.serial));
	return err;
}

static void churn_finish(struct gch_load_run *run)
{
	struct churn *churn = run->priv;

	gch_hist_summary(&churn->total.latency, &run->latency);
	gch_hist_summary(&churn->total.pause, &run->pause);
	memcpy(run->mmu, churn->total.mmu, sizeof(run->mmu));
}

static int churn_init(struct gch_load_run *run,
		      struct netlink_ext_ack *extack)
{
	static const struct gch_type_desc node = {
		.name = "churn-node",
		.bytes = NODE_BYTES,
		.nr_refs = 2,
	};
	static const struct gch_type_desc array = {
		.name = "churn-array",
		.flags = GCH_TYPE_VAR,
	};
	struct churn *churn;

	churn = kvzalloc(sizeof(*churn), GCH_LOAD_GFP);
	if (!churn)
		return -ENOMEM;
	gch_load_total_init(&churn->total);
	run->priv = churn;
	churn->node = gch_type_register(run->heap, &node, extack);
	if (IS_ERR(churn->node))
		return PTR_ERR(churn->node);
	churn->array = gch_type_register(run->heap, &array, extack);
	return PTR_ERR_OR_ZERO(churn->array);
}

static void churn_exit(struct gch_load_run *run)
{
	kvfree(run->priv);
}

const struct gch_load_workload gch_load_churn = {
	.slots = NR_SLOTS,
	.max_mutators = GCH_LOAD_MUTATORS_MAX,
	.init = churn_init,
	.thread = churn_thread,
	.finish = churn_finish,
	.exit = churn_exit,
};
