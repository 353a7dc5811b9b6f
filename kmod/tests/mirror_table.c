// SPDX-License-Identifier: GPL-2.0
/* Calls on root tables and weak tables, in heap and shadow. */
#include "mirror.h"

#include <linux/err.h>

#define SLOT(md, i)	((md)->base + (i))

static bool answered(struct gch_mirror *md, const char *call, long ret, int want)
{
	return ret == want ||
	       gch_mirror_fail(md, "%s returned %ld, not %d", call, ret, want);
}

/* ---- roots ---- */

/**
 * gch_mirror_root_set - writes an entry of the root table
 * @md: the mirror
 * @i: the entry, which need not exist
 * @src: source slot
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_root_set(struct gch_mirror *md, u32 i, unsigned int src)
{
	bool is = i < md->nr_roots;

	if (!answered(md, "root_set", gch_root_set(md->m, md->roots, i,
						   SLOT(md, src)),
		      is ? 0 : -EINVAL))
		return false;
	if (is)
		gch_mirror_put(md, &md->root[i], md->slot[src]);
	return true;
}

/**
 * gch_mirror_root_get - reads an entry of the root table
 * @md: the mirror
 * @dst: destination slot
 * @i: the entry, which need not exist
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_root_get(struct gch_mirror *md, unsigned int dst, u32 i)
{
	bool is = i < md->nr_roots;

	if (!answered(md, "root_get", gch_root_get(md->m, SLOT(md, dst),
						   md->roots, i),
		      is ? 0 : -EINVAL))
		return false;
	if (is)
		gch_mirror_put(md, &md->slot[dst], md->root[i]);
	return gch_mirror_slot_is(md, dst, md->slot[dst]);
}

/**
 * gch_mirror_root_clear - empties an entry of the root table
 * @md: the mirror
 * @i: the entry, which need not exist
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_root_clear(struct gch_mirror *md, u32 i)
{
	bool is = i < md->nr_roots;

	if (!answered(md, "root_clear", gch_root_clear(md->m, md->roots, i),
		      is ? 0 : -EINVAL))
		return false;
	if (is)
		gch_mirror_put(md, &md->root[i], 0);
	return true;
}

/* ---- weak entries ---- */

/* Must the named object be alive? Yes, unless it is known to be dead, ... */
static bool must_live(struct gch_mirror *md, u32 id)
{
	if (!id || md->h->exact || md->h->explicit)
		return id;
	/* ... but after a possible collection only if it is reachable. */
	gch_mirror_reach(md);
	return gch_mirror_reached(md, id);
}

/**
 * gch_mirror_weak_set - sets a weak entry
 * @md: the mirror
 * @i: the entry
 * @src: slot of the object, or an empty one
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_weak_set(struct gch_mirror *md, u32 i, unsigned int src)
{
	u32 id = md->slot[src];
	bool may = !id || md->nodes[id].kind->flags & GCH_TYPE_WEAK;

	if (!may && !md->h->counts && !md->h->explicit)
		return true;
	if (!answered(md, "weak_set", gch_weak_set(md->m, md->weaks, i,
						   SLOT(md, src)),
		      may ? 0 : -EINVAL))
		return false;
	if (may)
		gch_mirror_name(md, i, id);
	return true;
}

/* Checks a weak entry that reads as @alive. */
static bool check_life(struct gch_mirror *md, u32 i, bool must, bool alive)
{
	u32 id = md->weak[i];

	if (must && !alive)
		return gch_mirror_fail(md, "node %u, in reach, is dead", id);
	if (alive && (!id || md->nodes[id].gone))
		return gch_mirror_fail(md, "entry %u names a dead object", i);
	if (id && !alive)
		md->nodes[id].gone = true;
	return true;
}

/**
 * gch_mirror_weak_get - reads a weak entry
 * @md: the mirror
 * @dst: slot that receives the object, if it is alive
 * @i: the entry
 *
 * An object that may be dead stays in the slot only if the program need not be
 * repeatable.
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_weak_get(struct gch_mirror *md, unsigned int dst, u32 i)
{
	bool must = must_live(md, md->weak[i]), alive;

	if (!answered(md, "weak_get", gch_weak_get(md->m, SLOT(md, dst),
						   md->weaks, i), 0))
		return false;
	alive = !gch_is_null(md->m, SLOT(md, dst));
	if (!check_life(md, i, must, alive) ||
	    !gch_mirror_slot_is(md, dst, alive ? md->weak[i] : 0))
		return false;
	if (must || (alive && !md->h->alone)) {
		gch_mirror_put(md, &md->slot[dst], md->weak[i]);
		return true;
	}
	return gch_mirror_clear(md, dst);
}

/**
 * gch_mirror_weak_alive - checks whether a weak entry names a live object
 * @md: the mirror
 * @i: the entry
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_weak_alive(struct gch_mirror *md, u32 i)
{
	bool must = must_live(md, md->weak[i]);
	int ret = gch_weak_alive(md->m, md->weaks, i);

	if (ret < 0)
		return answered(md, "weak_alive", ret, 0);
	return check_life(md, i, must, ret);
}

/**
 * gch_mirror_weak_clear - clears a weak entry
 * @md: the mirror
 * @i: the entry
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_weak_clear(struct gch_mirror *md, u32 i)
{
	if (!answered(md, "weak_clear", gch_weak_clear(md->m, md->weaks, i), 0))
		return false;
	gch_mirror_name(md, i, 0);
	return true;
}

/* ---- tables ---- */

/**
 * gch_mirror_roots_grow - enlarges the root table
 * @md: the mirror
 * @nr: new number of entries
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_roots_grow(struct gch_mirror *md, u32 nr)
{
	bool struck;
	int ret;

	do {
		gch_mirror_arm(md);
		ret = gch_roots_grow(md->roots, nr);
		struck = gch_mirror_struck(md);
	} while (ret == -ENOMEM && (struck || gch_mirror_lift(md)));
	gch_mirror_lower(md);
	if (!answered(md, "roots_grow", ret, 0))
		return false;
	md->nr_roots = max(md->nr_roots, nr);
	return true;
}

/**
 * gch_mirror_weaks_grow - enlarges the weak table
 * @md: the mirror
 * @nr: new number of entries
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_weaks_grow(struct gch_mirror *md, u32 nr)
{
	bool struck;
	int ret;

	do {
		gch_mirror_arm(md);
		ret = gch_weaks_grow(md->weaks, nr);
		struck = gch_mirror_struck(md);
	} while (ret == -ENOMEM && (struck || gch_mirror_lift(md)));
	gch_mirror_lower(md);
	if (!answered(md, "weaks_grow", ret, 0))
		return false;
	md->nr_weaks = max(md->nr_weaks, nr);
	return true;
}

static bool roots_new(struct gch_mirror *md, struct gch_roots **table, u32 nr)
{
	struct gch_roots *roots;
	bool struck;

	do {
		gch_mirror_arm(md);
		roots = gch_roots_create(md->h->env->heap, nr);
		struck = gch_mirror_struck(md);
	} while (roots == ERR_PTR(-ENOMEM) && (struck || gch_mirror_lift(md)));
	gch_mirror_lower(md);
	if (IS_ERR(roots))
		return answered(md, "roots_create", PTR_ERR(roots), 0);
	*table = roots;
	return true;
}

static bool weaks_new(struct gch_mirror *md, struct gch_weaks **table, u32 nr)
{
	struct gch_weaks *weaks;
	bool struck;

	do {
		gch_mirror_arm(md);
		weaks = gch_weaks_create(md->h->env->heap, nr);
		struck = gch_mirror_struck(md);
	} while (weaks == ERR_PTR(-ENOMEM) && (struck || gch_mirror_lift(md)));
	gch_mirror_lower(md);
	if (IS_ERR(weaks))
		return answered(md, "weaks_create", PTR_ERR(weaks), 0);
	*table = weaks;
	return true;
}

/**
 * gch_mirror_tables_new - makes missing tables, in a small size
 * @md: the mirror
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_tables_new(struct gch_mirror *md)
{
	return (md->roots || roots_new(md, &md->roots, 1)) &&
	       (md->weaks || weaks_new(md, &md->weaks, 1)) &&
	       (md->seen || roots_new(md, &md->seen, MIRROR_NODES)) &&
	       gch_mirror_roots_grow(md, 64) && gch_mirror_weaks_grow(md, 32);
}

/**
 * gch_mirror_tables_destroy - destroys the tables and their references
 * @md: the mirror
 */
void gch_mirror_tables_destroy(struct gch_mirror *md)
{
	u32 i;

	gch_roots_destroy(md->m, md->roots);
	for (i = 0; i < md->nr_roots; i++)
		gch_mirror_put(md, &md->root[i], 0);
	gch_weaks_destroy(md->m, md->weaks);
	for (i = 0; i < md->nr_weaks; i++)
		gch_mirror_name(md, i, 0);
	md->roots = NULL;
	md->weaks = NULL;
	md->nr_roots = 0;
	md->nr_weaks = 0;
}
