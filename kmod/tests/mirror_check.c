// SPDX-License-Identifier: GPL-2.0
/*
 * Do heap and shadow agree? A walk through the heap checks every reachable object:
 * its address, its data and its references. Weak entries and the heap's statistics
 * show the deaths of unreachable ones.
 */
#include "mirror.h"

#include <linux/sched.h>
#include <linux/sort.h>

#define SLOT(md, i)	((md)->base + (i))

/**
 * struct walk - a breadth-first walk
 * @md: the mirror
 * @keeps: gch_mirror.seen keeps nodes until they are freed
 * @finds: the walk stores nodes in gch_mirror.seen; otherwise they are there already
 * @first: head of the queue of nodes to visit; gch_mirror.seen has their objects
 * @last: last node of the queue
 */
struct walk {
	struct gch_mirror *md;
	bool keeps;
	bool finds;
	u32 first;
	u32 last;
};

/* The raw slot must refer to node @id, which is queued unless it was visited. */
static bool meet(struct walk *w, unsigned int slot, u32 id)
{
	struct gch_mirror *md = w->md;
	struct gch_mirror_node *n = &md->nodes[id];

	if (!gch_mirror_slot_is(md, slot, id))
		return false;
	if (!id || n->walk == md->walk)
		return true;
	n->walk = md->walk;
	n->next = 0;
	if (w->last)
		md->nodes[w->last].next = id;
	else
		w->first = id;
	w->last = id;
	return !w->finds ||
	       !gch_root_set(md->m, md->seen, id, SLOT(md, slot)) ||
	       gch_mirror_fail(md, "node %u has no place", id);
}

static bool meet_roots(struct walk *w)
{
	struct gch_mirror *md = w->md;
	u32 i;

	for (i = 0; i < MIRROR_SLOTS; i++)
		if (!meet(w, i, md->slot[i]))
			return false;
	for (i = 0; i < md->nr_roots; i++)
		if (gch_root_get(md->m, SLOT(md, RAW_A), md->roots, i) ||
		    !meet(w, RAW_A, md->root[i]))
			return gch_mirror_fail(md, "root %u differs", i);
	return true;
}

/* Nodes that live until they are freed need not be reachable. */
static bool meet_all(struct walk *w)
{
	struct gch_mirror *md = w->md;
	u32 id;

	for (id = 1; id < MIRROR_NODES; id++)
		if (md->nodes[id].kind &&
		    (gch_root_get(md->m, SLOT(md, RAW_A), md->seen, id) ||
		     !meet(w, RAW_A, id)))
			return false;
	return true;
}

static bool look_at(struct walk *w, u32 id)
{
	struct gch_mirror *md = w->md;
	struct gch_mirror_node *n = &md->nodes[id];
	u32 i;

	if (gch_root_get(md->m, SLOT(md, RAW_A), md->seen, id) ||
	    !gch_mirror_data_is(md, RAW_A, id))
		return gch_mirror_fail(md, "node %u cannot be looked at", id);
	for (i = 0; i < n->nr_refs; i++)
		if (gch_load(md->m, SLOT(md, RAW_B), SLOT(md, RAW_A),
			     gch_mirror_word(n, i)) ||
		    !meet(w, RAW_B, n->refs[i]))
			return gch_mirror_fail(md, "reference %u of node %u differs",
					      i, id);
	return true;
}

static bool look_at_all(struct walk *w)
{
	struct gch_mirror *md = w->md;
	u32 id;

	for (id = w->first; id; id = md->nodes[id].next) {
		if (!look_at(w, id))
			return false;
		cond_resched();
	}
	return true;
}

/* Drops the references of the walk itself. */
static bool forget(struct walk *w)
{
	struct gch_mirror *md = w->md;
	u32 id;
	int ret;

	ret = gch_clear(md->m, SLOT(md, RAW_A)) ?:
	      gch_clear(md->m, SLOT(md, RAW_B));
	for (id = w->first; id && !w->keeps; id = md->nodes[id].next)
		ret = ret ?: gch_root_clear(md->m, md->seen, id);
	return !ret || gch_mirror_fail(md, "a walk left something");
}

/**
 * gch_mirror_walk - checks all reachable objects
 * @md: the mirror
 * @from: slot to begin at; MIRROR_SLOTS for all slots and roots
 *
 * Context: a collection may run concurrently.
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_walk(struct gch_mirror *md, u32 from)
{
	struct walk w = { .md = md, .keeps = md->h->explicit };
	bool ok;

	w.finds = !w.keeps || from < MIRROR_SLOTS;
	md->walk++;
	if (from < MIRROR_SLOTS)
		ok = meet(&w, from, md->slot[from]);
	else
		ok = meet_roots(&w) && (!md->h->explicit || meet_all(&w));
	return ok && look_at_all(&w) && forget(&w);
}

/* ---- the rest ---- */

static int compare(const void *a, const void *b)
{
	const struct gch_mirror_extent *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* No two objects of the last walk overlap. */
static bool check_extents(struct gch_mirror *md)
{
	struct gch_mirror_extent *e = md->extents;
	u32 id, i, nr = 0;

	for (id = 1; id < MIRROR_NODES; id++) {
		struct gch_mirror_node *n = &md->nodes[id];

		if (!n->kind || n->walk != md->walk)
			continue;
		e[nr].start = (unsigned long)n->addr;
		e[nr++].bytes = max(n->bytes, 1U);
	}
	sort(e, nr, sizeof(*e), compare, NULL);
	for (i = 1; i < nr; i++)
		if (e[i - 1].start + e[i - 1].bytes > e[i].start)
			return gch_mirror_fail(md, "two objects overlap");
	return true;
}

static bool check_weaks(struct gch_mirror *md)
{
	u32 i;

	for (i = 0; i < md->nr_weaks; i++) {
		if (!gch_mirror_weak_alive(md, i) ||
		    !gch_mirror_weak_get(md, WORK_A, i) ||
		    !gch_mirror_clear(md, WORK_A))
			return false;
		cond_resched();
	}
	return true;
}

/**
 * gch_mirror_check - compares heap and shadow
 * @md: the mirror
 *
 * Return: true if they agree.
 */
bool gch_mirror_check(struct gch_mirror *md)
{
	return gch_mirror_walk(md, MIRROR_SLOTS) && check_extents(md) &&
	       check_weaks(md);
}

/**
 * gch_mirror_count - compares the number of objects of a heap with one mirror
 * @md: the mirror
 *
 * Return: true if they agree.
 */
bool gch_mirror_count(struct gch_mirror *md)
{
	u32 least = md->nr_nodes;
	struct gch_stats stats;

	if (!md->h->exact && !md->h->explicit)
		least = gch_mirror_reach(md);
	gch_heap_stats(md->h->env->heap, &stats);
	if (stats.live_objects < least || stats.live_objects > md->nr_nodes)
		return gch_mirror_fail(md, "%llu objects live, not %u to %u",
				      stats.live_objects, least, md->nr_nodes);
	return !stats.verify_errors ||
	       gch_mirror_fail(md, "%llu verification errors",
			       stats.verify_errors);
}

/**
 * gch_mirror_settle - collects everything and compares heap and shadow
 * @md: the mirror
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_settle(struct gch_mirror *md)
{
	if (!gch_mirror_collect(md, 2))
		return false;
	if (!md->h->exact && !md->h->explicit)
		gch_mirror_release(md);
	return (!md->h->alone || gch_mirror_count(md)) && gch_mirror_check(md);
}
