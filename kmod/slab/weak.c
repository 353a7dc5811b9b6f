// SPDX-License-Identifier: GPL-2.0
/* Weak entries of the baseline: gch_free() of their object clears them. */
#include "slab.h"

/* Entries cleared in one section. */
#define STEP	256U

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
 * gch_slab_weak_forget - clears the entries that name an object
 * @h: the heap
 * @obj: the object
 *
 * Context: in a section; takes the lock of weak entries.
 * Return: true if none is left; one section clears STEP at most.
 */
bool gch_slab_weak_forget(struct gch_slab_heap *h, struct gch_slab_object *obj)
{
	struct gch_weak **head;
	unsigned int i;
	bool done;

	if (likely(!(obj->type->flags & GCH_TYPE_WEAK)))
		return true;
	head = gch_slab_weak_head(obj);
	raw_spin_lock(&h->weak_lock);
	for (i = 0; *head && i < STEP; i++)
		unlink(*head);
	done = !*head;
	raw_spin_unlock(&h->weak_lock);
	return done;
}

static void link(struct gch_weak *w, struct gch_slab_object *obj)
{
	struct gch_weak **head = gch_slab_weak_head(obj);

	w->next = *head;
	w->pprev = head;
	if (*head)
		(*head)->pprev = &w->next;
	*head = w;
	WRITE_ONCE(w->ref, obj);
}

/**
 * gch_slab_weak_set - &gch_engine_ops.weak_set
 * @m: a mutator
 * @w: an entry
 * @ref: the object to name, or NULL
 *
 * Context: in a section; takes the lock of weak entries.
 * Return: 0, or -EINVAL if the type lacks GCH_TYPE_WEAK.
 */
int gch_slab_weak_set(struct gch_mutator *m, struct gch_weak *w, void *ref)
{
	struct gch_slab_heap *h = gch_slab_heap(m->heap);
	struct gch_slab_object *obj = ref;

	if (obj && !(obj->type->flags & GCH_TYPE_WEAK))
		return -EINVAL;
	raw_spin_lock(&h->weak_lock);
	if (w->ref)
		unlink(w);
	if (obj)
		link(w, obj);
	raw_spin_unlock(&h->weak_lock);
	return 0;
}

/**
 * gch_slab_weak_get - &gch_engine_ops.weak_get
 * @m: a mutator
 * @place: a slot, set to the object or NULL
 * @w: an entry
 *
 * Context: in a section; takes the lock of weak entries.
 * Return: 0.
 */
int gch_slab_weak_get(struct gch_mutator *m, void **place, struct gch_weak *w)
{
	struct gch_slab_heap *h = gch_slab_heap(m->heap);

	gch_tally(m->stats->stores, 1);
	raw_spin_lock(&h->weak_lock);
	/* As in gch_slab_assign(). */
	gch_store_release(place, w->ref);
	raw_spin_unlock(&h->weak_lock);
	return 0;
}

/**
 * gch_slab_weak_alive - &gch_engine_ops.weak_alive
 * @m: a mutator
 * @w: an entry
 *
 * Context: in a section.
 * Return: 1 if it names a live object, else 0.
 */
int gch_slab_weak_alive(struct gch_mutator *m, struct gch_weak *w)
{
	return !!READ_ONCE(w->ref);
}
