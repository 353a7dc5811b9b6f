// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of a trace
 *
 * They are kept in chunks and used again, last freed first: a trace makes and
 * drops one at almost every record, which must not cost an allocation that
 * would be measured with the heap. An object's place among the chunks is also
 * its entry in the root table and in the weak table. All of it is protected by
 * gch_load_replay.exec.
 */
#include "replay.h"

#include <linux/mm.h>
#include <linux/slab.h>

#define PER_CHUNK	1024

static int grow_tables(struct gch_load_replay *r)
{
	u32 room = min_t(u32, r->room * 2, GCH_TABLE_MAX);
	int err;

	err = gch_roots_grow(r->roots, room) ? :
	      gch_weaks_grow(r->weaks, room);
	if (!err)
		r->room = room;
	return err;
}

/* Adds a chunk; its objects are handed out in their order. */
static int add_chunk(struct gch_load_replay *r)
{
	struct gch_load_object *chunk;
	u32 i, first = r->nr_places;
	int err;

	if (first == GCH_TABLE_MAX) {
		gch_load_fail(r->run, -ENOSPC,
			      "line %llu: more than %lu objects live", r->line,
			      GCH_TABLE_MAX);
		return -ENOSPC;
	}
	if (first == r->room) {
		err = grow_tables(r);
		if (err)
			return err;
	}
	chunk = kvcalloc(PER_CHUNK, sizeof(*chunk), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	err = xa_err(xa_store(&r->chunks, first / PER_CHUNK, chunk,
			      GFP_KERNEL_ACCOUNT));
	if (err) {
		kvfree(chunk);
		return err;
	}
	for (i = PER_CHUNK; i-- > 0;) {
		chunk[i].index = first + i;
		chunk[i].next = r->unused;
		r->unused = &chunk[i];
	}
	r->nr_places += PER_CHUNK;
	return 0;
}

/**
 * gch_load_object_refs - the shadow of an object's slots
 * @obj: the object
 *
 * Context: any.
 * Return: numbers of its targets, &gch_load_object.nr_slots of them.
 */
u32 *gch_load_object_refs(struct gch_load_object *obj)
{
	return obj->nr_slots > OBJECT_INLINE_REFS ? obj->refs : obj->few_refs;
}

/**
 * gch_load_object_new - an object of the trace is born
 * @r: the replay
 * @id: its number
 * @nr_slots: its reference slots
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: the object, neither rooted nor named by the weak table yet, or an
 * error pointer.
 */
struct gch_load_object *gch_load_object_new(struct gch_load_replay *r, u32 id,
					    u32 nr_slots)
{
	struct gch_load_object *obj;
	u32 *refs = NULL;
	int err;

	if (!r->unused) {
		err = add_chunk(r);
		if (err)
			return ERR_PTR(err);
	}
	obj = r->unused;
	if (r->check == CHECK_SHADOW && nr_slots > OBJECT_INLINE_REFS) {
		refs = kvcalloc(nr_slots, sizeof(*refs), GFP_KERNEL_ACCOUNT);
		if (!refs)
			return ERR_PTR(-ENOMEM);
	}
	err = xa_err(xa_store(&r->objects, id, obj, GFP_KERNEL_ACCOUNT));
	if (err) {
		kvfree(refs);
		return ERR_PTR(err);
	}

	r->unused = obj->next;
	obj->id = id;
	obj->nr_slots = nr_slots;
	obj->flags = 0;
	obj->epoch = 0;
	memset(obj->few_refs, 0, sizeof(obj->few_refs));
	if (nr_slots > OBJECT_INLINE_REFS)
		obj->refs = refs;
	return obj;
}

/**
 * gch_load_object_forget - the trace speaks of an object no more
 * @r: the replay
 * @t: the thread whose turn it is
 * @obj: the object; no longer known by its number
 *
 * Context: may sleep; under gch_load_replay.exec.
 */
void gch_load_object_forget(struct gch_load_replay *r,
			    struct gch_load_thread *t,
			    struct gch_load_object *obj)
{
	/* Neither can fail: the entries exist, and are only emptied. */
	if (obj->flags & OBJECT_ROOTED)
		gch_root_clear(t->m, r->roots, obj->index);
	gch_weak_clear(t->m, r->weaks, obj->index);
	if (obj->nr_slots > OBJECT_INLINE_REFS)
		kvfree(obj->refs);
	obj->nr_slots = 0;
	obj->next = r->unused;
	r->unused = obj;
}

/**
 * gch_load_objects_free - free the memory of a replay's objects
 * @r: the replay; all its objects have been forgotten
 *
 * Context: may sleep.
 */
void gch_load_objects_free(struct gch_load_replay *r)
{
	struct gch_load_object *chunk;
	unsigned long i;

	xa_for_each(&r->chunks, i, chunk)
		kvfree(chunk);
	xa_destroy(&r->chunks);
	xa_destroy(&r->objects);
	r->unused = NULL;
	r->nr_places = 0;
}
