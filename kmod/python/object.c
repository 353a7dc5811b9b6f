// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: allocation, counts, and death at count zero
 *
 * A count that falls to zero kills its object in the same call. An object
 * without references and weak entries is freed on the spot; any other is queued,
 * and gch_py_bury() drops its references one by one, which may queue more. So
 * nothing recurses, and a section does a bounded share: what is left is done in
 * further sections before the call returns. CPython bounds the same recursion by
 * its trashcan.
 *
 * The queue needs no memory: a pool links its queued objects through their meta
 * words, and the pools are linked. Objects are buried pool by pool, which also
 * keeps them together.
 *
 * Everything here belongs to whoever has the heap, see python.h.
 */
#include "python.h"

#include <linux/string.h>

/**
 * gch_py_queue_push - adds an object to a queue
 * @h: the heap
 * @q: the queue; an object is in one queue at most
 * @obj: the object
 *
 * Context: the caller has the heap.
 */
void gch_py_queue_push(struct gch_py_heap *h, struct gch_py_queue *q,
		       struct gch_py_object *obj)
{
	struct gch_py_pool *pool;
	unsigned int i;

	if (unlikely(gch_py_is_large(obj))) {
		gch_py_large(obj)->next = q->large;
		q->large = gch_py_large(obj);
		return;
	}
	pool = gch_py_pool(h, obj);
	i = gch_py_index(pool, obj);
	pool->meta[i] = gch_py_with_value(pool->meta[i], pool->queue);
	if (!pool->queue) {
		pool->next = NULL;
		if (q->first)
			q->last->next = pool;
		else
			q->first = pool;
		q->last = pool;
	}
	pool->queue = i + 1;
}

/**
 * gch_py_queue_pop - takes an object from a queue
 * @h: the heap
 * @q: the queue
 *
 * Context: the caller has the heap.
 * Return: the object, or NULL if there is none.
 */
struct gch_py_object *gch_py_queue_pop(struct gch_py_heap *h,
				       struct gch_py_queue *q)
{
	struct gch_py_pool *pool = q->first;
	struct gch_py_large *large = q->large;
	unsigned int i;

	if (pool) {
		i = pool->queue - 1;
		pool->queue = gch_py_value(pool->meta[i]);
		if (!pool->queue)
			q->first = pool->next;
		return gch_py_block(pool, i);
	}
	if (!large)
		return NULL;
	q->large = large->next;
	return &large->obj;
}

/* ---- death ---- */

static void dispose(struct gch_py_heap *h, struct gch_py_object *obj)
{
	u32 bytes = gch_py_footprint(h, obj), meta = *gch_py_meta(h, obj);

	h->deaths++;
	h->dead_bytes += bytes;
	h->live_bytes -= bytes;
	if (gch_py_gen(meta) != GCH_PY_UNTRACKED && h->count[0])
		WRITE_ONCE(h->count[0], h->count[0] - 1);
	if (unlikely(meta & GCH_PY_META_COLLECTING))
		h->condemned--;
	if (unlikely(gch_py_is_large(obj)))
		gch_py_large_retire(h, gch_py_large(obj));
	else
		gch_py_block_put(h, obj);
}

/**
 * gch_py_lower - takes one reference off an object
 * @h: the heap
 * @obj: the object; dead or dying if that was the last one
 *
 * Context: the caller has the heap, and buries what dies.
 */
void gch_py_lower(struct gch_py_heap *h, struct gch_py_object *obj)
{
	if (unlikely(gch_py_immortal(obj)) || likely(--obj->refcnt))
		return;
	if (obj->info & (GCH_PY_REFS | GCH_PY_WEAK))
		gch_py_queue_push(h, &h->dying, obj);
	else
		dispose(h, obj);
}

/* Drops references from the last to the first. Returns whether all are gone. */
static bool drop_refs(struct gch_py_heap *h, struct gch_py_object *obj,
		      unsigned int *budget)
{
	struct gch_py_object *target;
	u32 left;

	while ((left = obj->info & GCH_PY_REFS)) {
		if (!*budget)
			return false;
		--*budget;
		target = *gch_py_place(obj, left - 1);
		obj->info--;
		if (target) {
			h->counted++;
			gch_py_lower(h, target);
		}
	}
	return true;
}

static bool bury(struct gch_py_heap *h, unsigned int budget)
{
	struct gch_py_object *obj;

	while (budget) {
		if (!h->dying_now)
			h->dying_now = gch_py_queue_pop(h, &h->dying);
		obj = h->dying_now;
		if (!obj)
			return true;
		/* For the object; an empty one costs something too. */
		budget--;
		if (!gch_py_weak_forget(h, obj, &budget) ||
		    !drop_refs(h, obj, &budget))
			return false;
		h->dying_now = NULL;
		dispose(h, obj);
	}
	return !h->dying_now && gch_py_queue_empty(&h->dying);
}

/**
 * gch_py_bury - goes on with dying objects and counts the dead
 * @h: the heap
 * @budget: references, weak entries and objects to deal with at most
 *
 * Context: the caller has the heap, preemption is off.
 * Return: whether all are dead.
 */
bool gch_py_bury(struct gch_py_heap *h, unsigned int budget)
{
	struct gch_cpu_stats *cpu = this_cpu_ptr(h->heap.cpu);
	bool done = bury(h, budget);

	if (h->collecting)
		gch_tally(cpu->freed_cycle, h->deaths);
	else
		gch_tally(cpu->freed_count, h->deaths);
	gch_tally(cpu->freed_bytes, h->dead_bytes);
	gch_tally(cpu->counts, h->counted);
	h->deaths = 0;
	h->dead_bytes = 0;
	h->counted = 0;
	return done;
}

static bool reap_due(struct gch_py_heap *h)
{
	return atomic_long_read(&h->retired_bytes) >= GCH_PY_RETIRED_MAX;
}

/**
 * gch_py_settle - &gch_engine_ops.settle: the rest of the dying objects
 * @m: a mutator
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_py_settle(struct gch_mutator *m)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);

	if (!gch_py_owns(h, m))
		return gch_py_want_gil(m);
	if (!gch_py_bury(h, GCH_PY_SETTLE_BUDGET))
		return 0;
	if (reap_due(h)) {
		m->want = 0;
		m->wait = GCH_WAIT_MEMORY;
		return -EAGAIN;
	}
	m->pending = false;
	return 0;
}

/* ---- references ---- */

/**
 * gch_py_swap - *@place = @ref, counted
 * @h: the heap
 * @m: a mutator, which owns the lock
 * @place: a place of a reference
 * @ref: an object, or NULL
 *
 * Context: in a section; the caller has the heap.
 */
void gch_py_swap(struct gch_py_heap *h, struct gch_mutator *m, void **place,
		 struct gch_py_object *ref)
{
	struct gch_py_object *old = *place;

	gch_tally(m->stats->counts, !!ref + !!old);
	if (ref)
		gch_py_raise(ref);
	WRITE_ONCE(*place, ref);
	if (!old)
		return;
	gch_py_lower(h, old);
	if (likely(!h->deaths && gch_py_queue_empty(&h->dying)))
		return;
	/* One budget for a call, however many places it writes. */
	if (m->pending)
		return;
	if (!gch_py_bury(h, GCH_PY_CALL_BUDGET) || reap_due(h))
		m->pending = true;
}

/**
 * gch_py_assign - &gch_engine_ops.assign
 * @m: a mutator
 * @place: a place of a reference
 * @ref: an object, or NULL
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_py_assign(struct gch_mutator *m, void **place, void *ref)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);

	if (!gch_py_owns(h, m))
		return gch_py_want_gil(m);
	gch_py_swap(h, m, place, ref);
	return 0;
}

/**
 * gch_py_fetch - &gch_engine_ops.fetch
 * @m: a mutator
 * @place: a slot
 * @from: a place of a reference
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_py_fetch(struct gch_mutator *m, void **place, void **from)
{
	return gch_py_assign(m, place, READ_ONCE(*from));
}

/**
 * gch_py_free - &gch_engine_ops.free: this engine need not be told
 * @m: a mutator
 * @place: a slot; empty afterwards
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_py_free(struct gch_mutator *m, void **place)
{
	return gch_py_assign(m, place, NULL);
}

/**
 * gch_py_ref - &gch_engine_ops.ref
 * @m: a mutator
 * @ref: an object that a slot of @m refers to; so it lives, and what is read of
 *	it does not change: the lock is not needed
 * @i: a word of its payload
 *
 * Context: in a section.
 * Return: the word, or NULL if it is no reference.
 */
void **gch_py_ref(struct gch_mutator *m, void *ref, u32 i)
{
	struct gch_py_object *obj = ref;
	u32 nr = obj->info & GCH_PY_REFS;

	if (unlikely(obj->info & GCH_PY_SPARSE)) {
		if (!gch_type_is_ref(obj->type, i))
			return NULL;
	} else if (unlikely(i >= nr)) {
		return NULL;
	}
	return (void **)(obj + 1) + i;
}

/**
 * gch_py_data - &gch_engine_ops.data
 * @m: a mutator
 * @ref: an object that a slot of @m refers to
 * @bytes: set to the usable size
 *
 * Context: in a section; the lock is not needed.
 * Return: its payload.
 */
void *gch_py_data(struct gch_mutator *m, void *ref, size_t *bytes)
{
	struct gch_py_object *obj = ref;

	*bytes = gch_py_bytes(gch_py_heap(m->heap), obj) - sizeof(*obj);
	if (obj->info & GCH_PY_WEAK)
		*bytes -= sizeof(void *);
	return obj + 1;
}

/* ---- allocation ---- */

/* CPython's _PyObject_GC_Link(): one more and the threshold is exceeded. */
static bool collection_due(struct gch_py_heap *h, struct gch_mutator *m)
{
	u64 threshold = gch_val(&h->heap, GCH_KEY_THRESHOLD0);

	return unlikely(threshold && h->count[0] >= threshold &&
			!gch_py_mutator(m)->collected);
}

static struct gch_py_object *want_memory(struct gch_mutator *m, size_t bytes)
{
	m->want = bytes;
	m->wait = GCH_WAIT_MEMORY;
	return NULL;
}

static struct gch_py_object *alloc_small(struct gch_mutator *m, size_t bytes,
					 unsigned int gen)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);
	unsigned int class = (bytes - 1) / GCH_PY_ALIGN;
	struct gch_py_object *obj;

	obj = gch_py_block_get(h, class, gen);
	if (unlikely(!obj))
		return want_memory(m, bytes);
	memset(obj, 0, gch_py_class_size(class));
	return obj;
}

static struct gch_py_object *alloc_large(struct gch_mutator *m, size_t bytes,
					 unsigned int gen)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);
	struct gch_py_mutator *pm = gch_py_mutator(m);
	struct gch_py_large *large = pm->large;

	pm->large = NULL;
	if (!large && !gch_py_large_sleeps(bytes))
		large = gch_py_large_get(h, bytes, GFP_NOWAIT);
	if (!large)
		return want_memory(m, bytes);
	gch_py_large_use(h, large, gen);
	gch_tally(m->stats->large_allocs, 1);
	return &large->obj;
}

static void count_birth(struct gch_py_heap *h, struct gch_mutator *m,
			struct gch_py_object *obj, unsigned int gen)
{
	struct gch_cpu_stats *cpu = m->stats;
	u32 bytes = gch_py_footprint(h, obj);

	gch_tally(cpu->allocs, 1);
	gch_tally(cpu->alloc_bytes, bytes);
	h->live_bytes += bytes;
	if (gen != GCH_PY_UNTRACKED)
		WRITE_ONCE(h->count[0], h->count[0] + 1);
}

/* A new object that nothing refers to yet; NULL to wait, as for -EAGAIN. */
static struct gch_py_object *make(struct gch_mutator *m, struct gch_type *type,
				  u32 nr_refs, u32 bytes)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);
	/* Without references it cannot be in a cycle. */
	unsigned int gen = nr_refs ? 0 : GCH_PY_UNTRACKED;
	struct gch_py_object *obj;
	size_t size;

	if (!gch_py_owns(h, m)) {
		gch_py_want_gil(m);
		return NULL;
	}
	if (nr_refs && collection_due(h, m)) {
		m->wait = GCH_WAIT_COLLECT;
		return NULL;
	}
	size = sizeof(*obj) + ALIGN(bytes, sizeof(void *));
	if (type->flags & GCH_TYPE_WEAK)
		size += sizeof(struct gch_weak *);
	obj = size <= h->small_max ? alloc_small(m, size, gen) :
				     alloc_large(m, size, gen);
	if (unlikely(!obj))
		return NULL;
	gch_py_mutator(m)->collected = false;
	/* gch_py_swap() adds the reference of the slot. */
	obj->refcnt = 0;
	obj->info = nr_refs;
	if (type->flags & GCH_TYPE_WEAK)
		obj->info |= GCH_PY_WEAK;
	if (!type->leading && !(type->flags & GCH_TYPE_VAR))
		obj->info |= GCH_PY_SPARSE;
	obj->type = type;
	count_birth(h, m, obj, gen);
	return obj;
}

/**
 * gch_py_alloc - &gch_engine_ops.alloc
 * @m: a mutator
 * @place: a slot, set to the object
 * @type: its type
 * @nr_refs: its reference words
 * @bytes: size of its payload
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_py_alloc(struct gch_mutator *m, void **place, struct gch_type *type,
		 u32 nr_refs, u32 bytes)
{
	struct gch_py_object *obj = make(m, type, nr_refs, bytes);

	if (unlikely(!obj))
		return -EAGAIN;
	gch_py_swap(gch_py_heap(m->heap), m, place, obj);
	return 0;
}

/**
 * gch_py_alloc_refs - allocates an object of a fixed type, with references
 * @m: a mutator
 * @place: a slot, set to the object
 * @type: its type
 * @from: slots that its first references are read from
 * @nr: how many
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_py_alloc_refs(struct gch_mutator *m, void **place,
		      struct gch_type *type, void **from, u32 nr)
{
	struct gch_py_object *obj = make(m, type, type->nr_refs, type->bytes);
	u32 i, counts = 0;

	if (unlikely(!obj))
		return -EAGAIN;
	for (i = 0; i < nr; i++) {
		if (!from[i])
			continue;
		gch_py_raise(from[i]);
		((void **)(obj + 1))[gch_type_word(type, i)] = from[i];
		counts++;
	}
	gch_tally(m->stats->counts, counts);
	gch_tally(m->stats->stores, nr);
	/* Last, for what was there may be one of them. */
	gch_py_swap(gch_py_heap(m->heap), m, place, obj);
	return 0;
}
