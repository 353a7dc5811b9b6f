// SPDX-License-Identifier: GPL-2.0
/* Operations of mutators on weak entries; weak.c has the lists. */
#include "python.h"

#include "gil.h"
#include "layout.h"
#include "weak.h"

/**
 * gch_py_weak_set - &gch_engine_ops.weak_set
 * @m: a mutator
 * @w: an entry
 * @ref: the object to name, or NULL
 *
 * Context: in a section.
 * Return: 0, -EAGAIN to wait, or -EINVAL if the type lacks GCH_TYPE_WEAK.
 */
int gch_py_weak_set(struct gch_mutator *m, struct gch_weak *w, void *ref)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);
	struct gch_py_object *obj = ref;
	struct gch_weak **head;

	if (!gch_py_owns(h, m))
		return gch_py_want_gil(m);
	if (obj && !(obj->info & GCH_PY_WEAK))
		return -EINVAL;
	if (w->ref)
		gch_py_weak_unlink(w);
	if (!obj)
		return 0;
	head = gch_py_weak_head(h, obj);
	w->next = *head;
	w->pprev = head;
	if (*head)
		(*head)->pprev = &w->next;
	*head = w;
	WRITE_ONCE(w->ref, obj);
	return 0;
}

static struct gch_py_object *alive(struct gch_weak *w)
{
	struct gch_py_object *obj = w->ref;

	return obj && obj->refcnt ? obj : NULL;
}

/**
 * gch_py_weak_get - &gch_engine_ops.weak_get
 * @m: a mutator
 * @place: a slot, set to the object or NULL
 * @w: an entry
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_py_weak_get(struct gch_mutator *m, void **place, struct gch_weak *w)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);

	if (!gch_py_owns(h, m))
		return gch_py_want_gil(m);
	gch_tally(m->stats->stores, 1);
	gch_py_swap(h, m, place, alive(w));
	return 0;
}

/**
 * gch_py_weak_alive - &gch_engine_ops.weak_alive
 * @m: a mutator
 * @w: an entry
 *
 * Context: in a section.
 * Return: 1 if it names a live object, 0 if not, or -EAGAIN to wait.
 */
int gch_py_weak_alive(struct gch_mutator *m, struct gch_weak *w)
{
	if (!gch_py_owns(gch_py_heap(m->heap), m))
		return gch_py_want_gil(m);
	return !!alive(w);
}
