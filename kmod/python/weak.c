// SPDX-License-Identifier: GPL-2.0
/*
 * The weak entries of an object
 *
 * An object of a type with GCH_TYPE_WEAK has a list of the weak entries that name it,
 * headed by a hidden word at the end of its block (CPython's tp_weaklistoffset). The
 * death of an object clears the entries first. Until then its count is zero, which
 * marks it as dead for a reader of an entry.
 *
 * Everything here is protected by ownership of the heap, see python.h.
 */
#include "weak.h"

#include "layout.h"
#include "python.h"

/**
 * gch_py_weak_head - finds the head of an object's list of weak entries
 * @h: the heap
 * @obj: the object, with GCH_PY_WEAK
 *
 * Context: the caller owns the heap.
 * Return: the address of the list head.
 */
struct gch_weak **gch_py_weak_head(struct gch_py_heap *h,
				   struct gch_py_object *obj)
{
	return (void *)obj + gch_py_bytes(h, obj) - sizeof(struct gch_weak *);
}

/**
 * gch_py_weak_unlink - clears a weak entry
 * @w: the entry, which names an object
 *
 * Context: the caller owns the heap.
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
 * @budget: entries to clear at most; lowered by the number cleared
 *
 * Context: the caller owns the heap.
 * Return: true if no entry is left.
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
