// SPDX-License-Identifier: GPL-2.0
/*
 * Weak entries: an object of a type with GCH_TYPE_WEAK has a list of the entries
 * that name it, in a hidden word at the end of its block (CPython's
 * tp_weaklistoffset). They are cleared before anything else happens to an object
 * that dies. Between an object's last reference and that moment its count is
 * zero, by which an entry is known to name a dead object.
 *
 * Everything here belongs to whoever has the heap, see python.h.
 */
#include "python.h"

/**
 * gch_py_weak_head - an object's list of weak entries
 * @h: the heap
 * @obj: the object, with GCH_PY_WEAK
 *
 * Context: the caller has the heap.
 * Return: where its first entry is written.
 */
struct gch_weak **gch_py_weak_head(struct gch_py_heap *h,
				   struct gch_py_object *obj)
{
	return (void *)obj + gch_py_bytes(h, obj) - sizeof(struct gch_weak *);
}

static void unlink(struct gch_weak *w)
{
	*w->pprev = w->next;
	if (w->next)
		w->next->pprev = w->pprev;
	w->next = NULL;
	w->pprev = NULL;
	WRITE_ONCE(w->ref, NULL);
}

/**
 * gch_py_weak_forget - clears the entries that name an object
 * @h: the heap
 * @obj: the object
 * @budget: lowered by their number; none is cleared once it is 0
 *
 * Context: the caller has the heap.
 * Return: whether no entry is left.
 */
bool gch_py_weak_forget(struct gch_py_heap *h, struct gch_py_object *obj,
			unsigned int *budget)
{
	struct gch_weak **head;

	if (likely(!(obj->info & GCH_PY_WEAK)))
		return true;
	head = gch_py_weak_head(h, obj);
	while (*head && *budget) {
		unlink(*head);
		--*budget;
	}
	return !*head;
}

/**
 * gch_py_weak_set - &gch_engine_ops.weak_set
 * @m: a mutator
 * @w: an entry
 * @ref: the object that it names afterwards, or NULL
 *
 * Context: in a section.
 * Return: 0, -EAGAIN to wait, or -EINVAL if the type is not for weak entries.
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
		unlink(w);
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
 * Return: whether it names a live object, or -EAGAIN to wait.
 */
int gch_py_weak_alive(struct gch_mutator *m, struct gch_weak *w)
{
	if (!gch_py_owns(gch_py_heap(m->heap), m))
		return gch_py_want_gil(m);
	return !!alive(w);
}
