// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: allocation, reference counts, and death at count zero
 *
 * A count that falls to zero kills its object in the same call. An object without
 * references and weak entries is freed at once; any other goes onto a stack of dying
 * objects, and gch_py_bury() drops its references one by one, which may push more. So
 * nothing recurses, and a section does a share that is bounded by the clock; further
 * sections do the rest before the call returns. CPython bounds the same recursion by
 * its trashcan.
 *
 * Each mutator has its own stack and empties it itself, even if another mutator had
 * the lock or a collection ran in between. Those neither wait for the stack nor empty
 * it. An object in a stack has count zero; a collection treats its references as
 * external.
 *
 * A stack needs no memory: a dying object is linked through its type pointer, which
 * its death does not need. If the type says which words are references, the link is a
 * payload word that is none.
 *
 * Everything here is protected by ownership of the heap, see python.h.
 */
#include "object.h"

#include <linux/ktime.h>
#include <linux/string.h>

#include "gil.h"
#include "layout.h"
#include "obmalloc.h"
#include "python.h"
#include "weak.h"

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
 * gch_py_typed - &gch_engine_ops.typed: chooses the link word of dying objects
 * @type: the type; the word is not used if references are the leading words
 *
 * Context: any.
 */
void gch_py_typed(struct gch_type *type)
{
	u32 word = 0;

	while (!type->leading && word < type->nr_refs &&
	       type->refs[word] == word)
		word++;
	type->engine_class = word;
}

static __always_inline struct gch_py_object **link_of(struct gch_py_object *obj)
{
	if (unlikely(obj->info & GCH_PY_SPARSE))
		return (struct gch_py_object **)(obj + 1) + obj->type->engine_class;
	return (struct gch_py_object **)&obj->type;
}

static __always_inline void push(struct gch_py_object **dying,
				 struct gch_py_object *obj)
{
	*link_of(obj) = *dying;
	WRITE_ONCE(*dying, obj);
}

/**
 * gch_py_lower - drops one reference to an object
 * @h: the heap
 * @dying: stack that takes the object if it dies and has references or weak entries
 * @obj: the object
 *
 * Context: the caller owns the heap, and buries the objects on @dying.
 */
void gch_py_lower(struct gch_py_heap *h, struct gch_py_object **dying,
		  struct gch_py_object *obj)
{
	if (unlikely(gch_py_immortal(obj)) || likely(--obj->refcnt))
		return;
	if (obj->info & (GCH_PY_REFS | GCH_PY_WEAK))
		push(dying, obj);
	else
		dispose(h, obj);
}

/* Drops references from the last to the first. Returns true if all are gone. */
static bool drop_refs(struct gch_py_heap *h, struct gch_py_object **dying,
		      struct gch_py_object *obj, unsigned int *budget)
{
	struct gch_py_object *target;
	u32 left;

	while ((left = obj->info & GCH_PY_REFS)) {
		if (!*budget)
			return false;
		target = *gch_py_place(obj, left - 1);
		obj->info--;
		/* Eight empty places cost about as much as one death. */
		if (target || !(left % 8))
			--*budget;
		if (target) {
			h->counted++;
			gch_py_lower(h, dying, target);
		}
	}
	return true;
}

/*
 * Returns true if all are dead. @budget covers references, weak entries and objects.
 */
static bool bury_some(struct gch_py_heap *h, struct gch_py_object **dying,
		      unsigned int budget)
{
	struct gch_py_object *obj;

	while (budget) {
		obj = *dying;
		if (!obj)
			return true;
		WRITE_ONCE(*dying, *link_of(obj));
		/* One for the object itself: an empty one has a cost too. */
		budget--;
		if (!gch_py_weak_forget(h, obj, &budget) ||
		    !drop_refs(h, dying, obj, &budget)) {
			push(dying, obj);
			return false;
		}
		dispose(h, obj);
	}
	return !*dying;
}

/* Budget between two reads of the clock; most deaths end before the first. */
#define SLICE	16U

static bool bury(struct gch_py_heap *h, struct gch_py_object **dying,
		 unsigned int budget)
{
	bool done = bury_some(h, dying, SLICE);
	u64 start = 0, now;

	for (; !done && budget > SLICE; budget -= SLICE) {
		now = ktime_get_mono_fast_ns();
		if (!start)
			start = now;
		else if (now - start >= h->step_ns)
			break;
		done = bury_some(h, dying, SLICE);
	}
	return done;
}

/**
 * gch_py_bury - frees dying objects and counts them
 * @h: the heap
 * @dying: stack of dying objects
 * @budget: references, weak entries and objects to handle at most; fewer if that
 *	takes longer than &gch_py_heap.step_ns
 *
 * Context: the caller owns the heap, preemption is off.
 * Return: true if none is left.
 */
bool gch_py_bury(struct gch_py_heap *h, struct gch_py_object **dying,
		 unsigned int budget)
{
	struct gch_cpu_stats *cpu = this_cpu_ptr(h->heap.cpu);
	bool done = bury(h, dying, budget);

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
 * gch_py_settle - &gch_engine_ops.settle: empties a mutator's dying stack
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
	if (!gch_py_bury(h, &gch_py_mutator(m)->dying, GCH_PY_SETTLE_BUDGET))
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
 * gch_py_swap - stores a reference and adjusts both reference counts
 * @h: the heap
 * @m: a mutator, which owns the lock
 * @place: a place of a reference
 * @ref: an object, or NULL
 *
 * Context: in a section; the caller owns the heap.
 */
void gch_py_swap(struct gch_py_heap *h, struct gch_mutator *m, void **place,
		 struct gch_py_object *ref)
{
	struct gch_py_object **dying = &gch_py_mutator(m)->dying;
	struct gch_py_object *old = *place;

	gch_tally(m->stats->counts, !!ref + !!old);
	if (ref)
		gch_py_raise(ref);
	WRITE_ONCE(*place, ref);
	if (!old)
		return;
	gch_py_lower(h, dying, old);
	if (likely(!h->deaths && !*dying))
		return;
	/* One budget per call, however many places it writes. */
	if (m->pending)
		return;
	if (!gch_py_bury(h, dying, GCH_PY_CALL_BUDGET) || reap_due(h))
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
 * gch_py_free - &gch_engine_ops.free: empties the slot, nothing else
 * @m: a mutator
 * @place: a slot
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
 * @ref: an object that a slot of @m refers to, so it is alive and its header
 *	constant: the lock is not needed
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

/* CPython's _PyObject_GC_Link(): one more object would exceed the threshold. */
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

/* A killed call may have left an unused block of another size. */
static struct gch_py_large *take_stash(struct gch_py_mutator *pm, size_t bytes)
{
	struct gch_py_large *large = pm->large;

	if (!large || large->charge != gch_py_large_charge(bytes))
		return NULL;
	pm->large = NULL;
	return large;
}

static struct gch_py_object *alloc_large(struct gch_mutator *m, size_t bytes,
					 unsigned int gen)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);
	struct gch_py_large *large = take_stash(gch_py_mutator(m), bytes);

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

/* Makes an object without references to it. Returns NULL for -EAGAIN. */
static struct gch_py_object *make(struct gch_mutator *m, struct gch_type *type,
				  u32 nr_refs, u32 bytes)
{
	struct gch_py_heap *h = gch_py_heap(m->heap);
	/* An object without references cannot be in a cycle. */
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
 * gch_py_alloc_refs - allocates an object of a fixed type with references
 * @m: a mutator
 * @place: a slot, set to the object
 * @type: its type
 * @from: slots with the values of its first references
 * @nr: number of slots
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
	/* Last, because *place may be one of the slots in @from. */
	gch_py_swap(gch_py_heap(m->heap), m, place, obj);
	return 0;
}
