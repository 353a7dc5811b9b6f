// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of a trace
 *
 * Objects are allocated in chunks and reused, last freed first: almost every record
 * makes or drops one, and an allocation for each would be measured with the heap. The
 * index of an object over all chunks is also its index in the root table and in the
 * weak table. A hash table with a bucket per place finds objects by number. Numbers
 * ascend, so their low bits select the bucket: they spread well, and neighbours share
 * a cache line. The bits above are hashed with a random key, so no trace with gaps
 * can put all its numbers in one bucket. gch_load_replay.exec protects all of it. The
 * memory comes from own.c.
 */
#include "replay.h"

#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/slab.h>

/* A chunk is 32 KiB: allocating larger blocks with retries takes long. */
#define PER_CHUNK	512
static_assert(PER_CHUNK * sizeof(struct gch_load_object) == SZ_32K);

/* Allocates zeroed memory, and reports a failure. */
static void *take(struct gch_load_replay *r, size_t nr, size_t size)
{
	size_t bytes = size_mul(nr, size);
	void *mem = gch_load_own_get(r->run, r->line, bytes);

	if (!mem)
		return NULL;
	r->own_bytes += bytes;
	if (r->own_bytes > r->run->own_bytes)
		WRITE_ONCE(r->run->own_bytes, r->own_bytes);
	return mem;
}

static void give_back(struct gch_load_replay *r, void *mem, size_t nr,
		      size_t size)
{
	if (!mem)
		return;
	gch_load_own_put(mem, nr * size);
	r->own_bytes -= nr * size;
}

static int grow_tables(struct gch_load_replay *r)
{
	u32 room = min_t(u32, r->room * 2, GCH_TABLE_MAX);
	int err;

	err = gch_roots_grow(r->roots, room) ? :
	      gch_weaks_grow(r->weaks, room);
	if (!err)
		r->room = room;
	if (err == -ENOMEM)
		gch_load_fail(r->run, err,
			      "line %llu: out of memory for the tables of the replay",
			      r->line);
	return err;
}

static struct gch_load_object **bucket_of(const struct gch_load_replay *r,
					  u32 id)
{
	u32 hash = id + jhash_1word(id >> ilog2(r->nr_buckets), r->hash_key);

	return &r->buckets[hash & (r->nr_buckets - 1)];
}

static void enter(struct gch_load_replay *r, struct gch_load_object *obj)
{
	struct gch_load_object **bucket = bucket_of(r, obj->id);

	obj->same = *bucket;
	*bucket = obj;
	obj->flags |= OBJECT_KNOWN;
}

/* Doubles the number of buckets. */
static int grow_buckets(struct gch_load_replay *r)
{
	u32 place = 0, nr = max_t(u32, r->nr_buckets * 2, PER_CHUNK);
	struct gch_load_object **buckets, *obj;

	buckets = take(r, nr, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	give_back(r, r->buckets, r->nr_buckets, sizeof(*buckets));
	r->buckets = buckets;
	r->nr_buckets = nr;
	while ((obj = gch_load_object_next(r, &place)))
		enter(r, obj);
	return 0;
}

static int make_room(struct gch_load_replay *r)
{
	int err = 0;

	if (r->nr_places == GCH_TABLE_MAX) {
		gch_load_fail(r->run, -ENOSPC,
			      "line %llu: more than %lu live objects", r->line,
			      GCH_TABLE_MAX);
		return -ENOSPC;
	}
	if (r->nr_places == r->room)
		err = grow_tables(r);
	if (!err && r->nr_places == r->nr_buckets)
		err = grow_buckets(r);
	return err;
}

/* Adds a chunk; its objects are used in ascending order. */
static int add_chunk(struct gch_load_replay *r)
{
	struct gch_load_object *chunk;
	u32 i, first = r->nr_places;
	int err;

	err = make_room(r);
	if (err)
		return err;
	chunk = take(r, PER_CHUNK, sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	r->chunks[first / PER_CHUNK] = chunk;
	for (i = PER_CHUNK; i-- > 0;) {
		chunk[i].index = first + i;
		chunk[i].next = r->unused;
		r->unused = &chunk[i];
	}
	r->nr_places += PER_CHUNK;
	return 0;
}

/**
 * gch_load_object_find - find an object by its number
 * @r: the replay
 * @id: the number
 *
 * Context: under gch_load_replay.exec.
 * Return: the object, NULL if there is none or it had a death record.
 */
struct gch_load_object *gch_load_object_find(const struct gch_load_replay *r,
					     u32 id)
{
	struct gch_load_object *obj;

	if (!r->nr_buckets)
		return NULL;
	for (obj = *bucket_of(r, id); obj && obj->id != id; obj = obj->same)
		;
	return obj;
}

/**
 * gch_load_object_next - walk the known objects
 * @r: the replay
 * @place: position, 0 at first; updated
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: the next object, NULL after the last.
 */
struct gch_load_object *gch_load_object_next(const struct gch_load_replay *r,
					     u32 *place)
{
	struct gch_load_object *chunk, *obj;

	while (*place < r->nr_places) {
		chunk = r->chunks[*place / PER_CHUNK];
		obj = &chunk[(*place)++ % PER_CHUNK];
		if (!(*place % PER_CHUNK))
			cond_resched();
		if (obj->flags & OBJECT_KNOWN)
			return obj;
	}
	return NULL;
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
 * gch_load_object_new - make an object of the trace
 * @r: the replay
 * @id: its number
 * @nr_slots: its reference slots
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: the object, neither rooted nor named by the weak table yet, or an error
 * pointer.
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
		refs = take(r, nr_slots, sizeof(*refs));
		if (!refs)
			return ERR_PTR(-ENOMEM);
	}
	r->unused = obj->next;
	obj->id = id;
	obj->nr_slots = nr_slots;
	obj->flags = 0;
	obj->epoch = 0;
	memset(obj->few_refs, 0, sizeof(obj->few_refs));
	if (nr_slots > OBJECT_INLINE_REFS)
		obj->refs = refs;
	enter(r, obj);
	r->nr_alive++;
	return obj;
}

/**
 * gch_load_object_leave - remove an object from the hash table
 * @r: the replay
 * @obj: the object
 *
 * Context: under gch_load_replay.exec.
 */
void gch_load_object_leave(struct gch_load_replay *r,
			   struct gch_load_object *obj)
{
	struct gch_load_object **link = bucket_of(r, obj->id);

	while (*link != obj)
		link = &(*link)->same;
	*link = obj->same;
	obj->flags &= ~OBJECT_KNOWN;
	if (!(obj->flags & OBJECT_LOST))
		r->nr_alive--;
}

/**
 * gch_load_object_forget - release an object that the trace no longer names
 * @r: the replay
 * @t: the thread whose turn it is
 * @obj: the object, not in the hash table
 *
 * Context: may sleep; under gch_load_replay.exec.
 */
void gch_load_object_forget(struct gch_load_replay *r,
			    struct gch_load_thread *t,
			    struct gch_load_object *obj)
{
	/* Neither can fail: the entries exist, and are only cleared. */
	if (obj->flags & OBJECT_ROOTED)
		gch_root_clear(t->m, r->roots, obj->index);
	gch_weak_clear(t->m, r->weaks, obj->index);
	if (obj->nr_slots > OBJECT_INLINE_REFS)
		give_back(r, obj->refs, obj->nr_slots, sizeof(*obj->refs));
	obj->nr_slots = 0;
	obj->next = r->unused;
	r->unused = obj;
}

/**
 * gch_load_objects_init - set up the objects of a replay
 * @r: the replay
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int gch_load_objects_init(struct gch_load_replay *r)
{
	r->chunks = kvcalloc(GCH_TABLE_MAX / PER_CHUNK, sizeof(*r->chunks),
			     GCH_LOAD_GFP);
	r->hash_key = get_random_u32();
	return r->chunks ? 0 : -ENOMEM;
}

/**
 * gch_load_objects_exit - free the memory of a replay's objects
 * @r: the replay, after all its objects were forgotten; a second call does nothing
 *
 * Context: may sleep.
 */
void gch_load_objects_exit(struct gch_load_replay *r)
{
	u32 i;

	for (i = 0; i < r->nr_places / PER_CHUNK; i++) {
		give_back(r, r->chunks[i], PER_CHUNK, sizeof(*r->chunks[i]));
		cond_resched();
	}
	give_back(r, r->buckets, r->nr_buckets, sizeof(*r->buckets));
	kvfree(r->chunks);
	r->chunks = NULL;
	r->nr_places = 0;
	r->buckets = NULL;
	r->nr_buckets = 0;
}
