// SPDX-License-Identifier: GPL-2.0
/*
 * The shadow graph: nodes, references, and the rules by which nodes die
 *
 * It does not access the heap.
 */
#include "mirror.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

/**
 * gch_mirror_new - makes an empty mirror
 * @h: the heap
 * @number: number of the mirror, for messages
 * @base: its first slot
 *
 * Return: the mirror, without mutator and tables.
 */
struct gch_mirror *gch_mirror_new(struct gch_mirror_heap *h, unsigned int number,
				  unsigned int base)
{
	struct gch_mirror *md = kvzalloc(sizeof(*md), GFP_KERNEL | __GFP_NOFAIL);
	u32 id;

	md->h = h;
	md->number = number;
	md->base = base;
	for (id = MIRROR_NODES - 1; id; id--) {
		md->nodes[id].next = md->unused;
		md->unused = id;
	}
	return md;
}

static void node_free(struct gch_mirror *md, u32 id)
{
	struct gch_mirror_node *n = &md->nodes[id];

	kvfree(n->refs);
	memset(n, 0, sizeof(*n));
	n->next = md->unused;
	md->unused = id;
	md->nr_nodes--;
}

/**
 * gch_mirror_free - frees a mirror
 * @md: the mirror, or NULL
 */
void gch_mirror_free(struct gch_mirror *md)
{
	u32 id;

	for (id = 1; md && id < MIRROR_NODES; id++)
		kvfree(md->nodes[id].refs);
	kvfree(md);
}

/**
 * gch_mirror_node_new - makes a node without references to it
 * @md: the mirror
 * @kind: its type
 * @nr_refs: its reference words
 * @bytes: its size
 * @serial: number that its data are derived from
 *
 * Return: the node, 0 if all are in use.
 */
u32 gch_mirror_node_new(struct gch_mirror *md, struct gch_mirror_kind *kind,
			u32 nr_refs, u32 bytes, u32 serial)
{
	struct gch_mirror_node *n;
	u32 id = md->unused;

	if (!id)
		return 0;
	n = &md->nodes[id];
	md->unused = n->next;
	md->nr_nodes++;
	n->next = 0;
	n->kind = kind;
	n->nr_refs = nr_refs;
	n->bytes = bytes;
	n->serial = serial;
	if (nr_refs)
		n->refs = kvcalloc(nr_refs, sizeof(*n->refs),
				   GFP_KERNEL | __GFP_NOFAIL);
	return id;
}

/* ---- names ---- */

/**
 * gch_mirror_name - makes a weak entry name a node
 * @md: the mirror
 * @i: the entry
 * @id: the node, 0 for none
 */
void gch_mirror_name(struct gch_mirror *md, u32 i, u32 id)
{
	if (id)
		md->nodes[id].named++;
	if (md->weak[i])
		md->nodes[md->weak[i]].named--;
	md->weak[i] = id;
}

/**
 * gch_mirror_unname - clears the weak entries of a dead node
 * @md: the mirror
 * @id: the node
 */
void gch_mirror_unname(struct gch_mirror *md, u32 id)
{
	u32 i;

	for (i = 0; md->nodes[id].named && i < md->nr_weaks; i++)
		if (md->weak[i] == id)
			gch_mirror_name(md, i, 0);
}

/* ---- counts ---- */

/* Decrements a count; a node that reaches zero goes onto the stack. */
static u32 lower(struct gch_mirror *md, u32 id, u32 stack)
{
	struct gch_mirror_node *n = &md->nodes[id];

	if (--n->count || !md->h->counts)
		return stack;
	n->next = stack;
	return id;
}

/* Kills nodes without references, and their targets if they become unreferenced. */
static void bury(struct gch_mirror *md, u32 stack)
{
	struct gch_mirror_node *n;
	u32 id, i;

	while (stack) {
		id = stack;
		n = &md->nodes[id];
		stack = n->next;
		for (i = 0; i < n->nr_refs; i++)
			if (n->refs[i])
				stack = lower(md, n->refs[i], stack);
		gch_mirror_unname(md, id);
		node_free(md, id);
	}
}

/**
 * gch_mirror_put - writes a reference of the shadow
 * @md: the mirror
 * @place: a slot, a table entry, or a reference of a node
 * @id: the node, 0 for none
 */
void gch_mirror_put(struct gch_mirror *md, u32 *place, u32 id)
{
	u32 old = *place;

	if (id)
		md->nodes[id].count++;
	*place = id;
	if (old)
		bury(md, lower(md, old, 0));
}

/**
 * gch_mirror_drop - kills a node that was freed
 * @md: the mirror
 * @id: the node; nothing refers to it
 */
void gch_mirror_drop(struct gch_mirror *md, u32 id)
{
	md->nodes[id].next = 0;
	bury(md, id);
}

/* ---- reach ---- */

static u32 push(struct gch_mirror *md, u32 id, u32 stack)
{
	struct gch_mirror_node *n = &md->nodes[id];

	if (!id || n->epoch == md->epoch)
		return stack;
	n->epoch = md->epoch;
	n->next = stack;
	return id;
}

static u32 follow(struct gch_mirror *md, u32 stack)
{
	struct gch_mirror_node *n;
	u32 i, found = 0;

	while (stack) {
		n = &md->nodes[stack];
		stack = n->next;
		found++;
		for (i = 0; i < n->nr_refs; i++)
			stack = push(md, n->refs[i], stack);
	}
	return found;
}

/**
 * gch_mirror_reach - finds the nodes reachable from slots and roots
 * @md: the mirror
 *
 * Return: the number of nodes; gch_mirror_reached() is true for them.
 */
u32 gch_mirror_reach(struct gch_mirror *md)
{
	u32 i, stack = 0;

	md->epoch++;
	for (i = 0; i < MIRROR_SLOTS; i++)
		stack = push(md, md->slot[i], stack);
	for (i = 0; i < md->nr_roots; i++)
		stack = push(md, md->root[i], stack);
	return follow(md, stack);
}

/**
 * gch_mirror_reach_from - finds the nodes reachable from one node
 * @md: the mirror
 * @id: the node
 *
 * Return: as gch_mirror_reach().
 */
u32 gch_mirror_reach_from(struct gch_mirror *md, u32 id)
{
	md->epoch++;
	return follow(md, push(md, id, 0));
}

/**
 * gch_mirror_disown - forgets nodes that were handed to another mirror
 * @md: the mirror
 * @id: a node; it and its reachable nodes are forgotten, and no others refer to them
 */
void gch_mirror_disown(struct gch_mirror *md, u32 id)
{
	u32 i;

	gch_mirror_reach_from(md, id);
	for (i = 1; i < MIRROR_NODES; i++)
		if (md->nodes[i].kind && gch_mirror_reached(md, i))
			node_free(md, i);
}

/* ---- collections ---- */

static void free_unmarked(struct gch_mirror *md, bool (*is_dead)(struct gch_mirror *md,
								 u32 id))
{
	struct gch_mirror_node *n;
	u32 id, i, ref, stack = 0;

	/*
	 * First clears references between dead nodes, so that their counts do not
	 * fall again.
	 */
	for (id = 1; id < MIRROR_NODES; id++) {
		n = &md->nodes[id];
		if (!n->kind || !is_dead(md, id))
			continue;
		for (i = 0; i < n->nr_refs; i++) {
			ref = n->refs[i];
			n->refs[i] = 0;
			if (!ref)
				continue;
			if (is_dead(md, ref))
				md->nodes[ref].count--;
			else
				stack = lower(md, ref, stack);
		}
	}
	for (id = 1; id < MIRROR_NODES; id++) {
		if (!md->nodes[id].kind || !is_dead(md, id))
			continue;
		gch_mirror_unname(md, id);
		node_free(md, id);
	}
	bury(md, stack);
}

static bool is_unreached(struct gch_mirror *md, u32 id)
{
	return !gch_mirror_reached(md, id);
}

/**
 * gch_mirror_release - kills all unreachable nodes
 * @md: the mirror
 */
void gch_mirror_release(struct gch_mirror *md)
{
	gch_mirror_reach(md);
	free_unmarked(md, is_unreached);
}

/* Special values of &struct gch_mirror_node.outside. */
#define NOT_COLLECTED	U32_MAX
#define SURVIVES	(U32_MAX - 1)

static bool is_garbage(struct gch_mirror *md, u32 id)
{
	return md->nodes[id].outside < SURVIVES;
}

static void count_outside(struct gch_mirror *md, unsigned int generation)
{
	struct gch_mirror_node *n, *target;
	u32 id, i;

	for (id = 1; id < MIRROR_NODES; id++) {
		n = &md->nodes[id];
		n->outside = n->kind && n->nr_refs &&
			     n->generation <= generation ? n->count :
							   NOT_COLLECTED;
	}
	for (id = 1; id < MIRROR_NODES; id++) {
		n = &md->nodes[id];
		for (i = 0; n->outside != NOT_COLLECTED && i < n->nr_refs; i++) {
			target = &md->nodes[n->refs[i]];
			if (n->refs[i] && target->outside != NOT_COLLECTED)
				target->outside--;
		}
	}
}

static u32 survive(struct gch_mirror *md, u32 id, u32 stack)
{
	struct gch_mirror_node *n = &md->nodes[id];

	if (!id || n->outside >= SURVIVES)
		return stack;
	n->outside = SURVIVES;
	n->next = stack;
	return id;
}

/**
 * gch_mirror_collected - applies a collection of rings
 * @md: the mirror, with the generations of all nodes known
 * @generation: oldest generation collected
 *
 * A node that can be in a ring and is young enough is garbage, unless it is reachable
 * from outside; older garbage counts as outside.
 */
void gch_mirror_collected(struct gch_mirror *md, unsigned int generation)
{
	struct gch_mirror_node *n;
	u32 id, i, stack = 0;

	count_outside(md, generation);
	for (id = 1; id < MIRROR_NODES; id++)
		if (md->nodes[id].outside && is_garbage(md, id))
			stack = survive(md, id, stack);
	while (stack) {
		n = &md->nodes[stack];
		stack = n->next;
		for (i = 0; i < n->nr_refs; i++)
			stack = survive(md, n->refs[i], stack);
	}
	for (id = 1; id < MIRROR_NODES; id++)
		if (md->nodes[id].outside == SURVIVES)
			md->nodes[id].generation = min(generation + 1, 2U);
	free_unmarked(md, is_garbage);
}
