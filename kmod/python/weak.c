// SPDX-License-Identifier: GPL-2.0
/*
 * The weak entries of an object: an object of a type with GCH_TYPE_WEAK has a list of the entries
 * that name it, in a hidden word at the end of its block (CPython's
 * tp_weaklistoffset). They are cleared before anything else happens to an object
 * that dies. Between an object's last reference and that moment its count is
 * zero, by which an entry is known to name a dead object.
 *
 * Everything here belongs to whoever has the heap, see python.h.
 */
#include "weak.h"

#include "layout.h"
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

/**
 * gch_py_weak_unlink - an entry names nothing any more
 * @w: the entry, which names an object
 *
 * Context: the caller has the heap.
 */
void gch_py_weak_unlink(struct gch_weak *w)
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
		gch_py_weak_unlink(*head);
		--*budget;
	}
	return !*head;
}
