// SPDX-License-Identifier: GPL-2.0
/* Objects of the baseline: allocation, references, and explicit frees. */
#include "slab.h"

#include <linux/smp.h>

/* ---- lists of live objects ---- */

static void enlist(struct gch_slab_heap *h, struct gch_slab_object *obj)
{
	u32 i = raw_smp_processor_id() % GCH_SLAB_SHARDS;
	struct gch_slab_shard *shard = &h->shards[i];

	obj->info |= i << GCH_SLAB_SHARD_SHIFT;
	raw_spin_lock(&shard->lock);
	list_add(&obj->node, &shard->objects);
	shard->changes++;
	gch_tally(shard->nr[ilog2(obj->charge)], 1);
	gch_tally(shard->nr_pages, !!(obj->info & GCH_SLAB_PAGES));
	raw_spin_unlock(&shard->lock);
}

static void delist(struct gch_slab_heap *h, struct gch_slab_object *obj)
{
	struct gch_slab_shard *shard = gch_slab_shard(h, obj);

	raw_spin_lock(&shard->lock);
	list_del(&obj->node);
	shard->changes++;
	gch_tally(shard->nr[ilog2(obj->charge)], -1);
	gch_tally(shard->nr_pages, -!!(obj->info & GCH_SLAB_PAGES));
	raw_spin_unlock(&shard->lock);
}

/* ---- allocation ---- */

/* Clearing much memory takes too long for a section. */
static bool sleeps(size_t bytes)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) || bytes > GCH_SLAB_CLEAR_MAX;
}

static struct gch_slab_object *take(struct gch_mutator *m, size_t bytes)
{
	struct gch_slab_mutator *sm = gch_slab_mutator(m);
	struct gch_slab_object *obj = sm->taken;

	/* A refused call may have left memory of another size. */
	if (obj && obj->charge == gch_slab_charge(bytes))
		sm->taken = NULL;
	else
		obj = NULL;
	if (!obj && !sleeps(bytes))
		obj = gch_slab_memory_get(gch_slab_heap(m->heap), bytes,
					  GFP_NOWAIT);
	if (obj)
		return obj;
	m->want = bytes;
	m->wait = GCH_WAIT_MEMORY;
	return NULL;
}

static struct gch_slab_object *make(struct gch_mutator *m,
				    struct gch_type *type, u32 nr_refs,
				    u32 bytes)
{
	struct gch_slab_heap *h = gch_slab_heap(m->heap);
	struct gch_cpu_stats *cpu = m->stats;
	struct gch_slab_object *obj;
	size_t size;

	size = sizeof(*obj) + ALIGN(bytes, sizeof(void *));
	if (type->flags & GCH_TYPE_WEAK)
		size += sizeof(struct gch_weak *);
	obj = take(m, size);
	if (unlikely(!obj))
		return NULL;
	obj->type = type;
	obj->info |= nr_refs;
	enlist(h, obj);
	gch_tally(cpu->allocs, 1);
	gch_tally(cpu->alloc_bytes, obj->charge);
	gch_tally(cpu->large_allocs, !!(obj->info & GCH_SLAB_PAGES));
	return obj;
}

/**
 * gch_slab_alloc - &gch_engine_ops.alloc
 * @m: a mutator
 * @place: a slot, set to the object
 * @type: its type
 * @nr_refs: its reference words
 * @bytes: size of its payload
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_slab_alloc(struct gch_mutator *m, void **place, struct gch_type *type,
		   u32 nr_refs, u32 bytes)
{
	struct gch_slab_object *obj = make(m, type, nr_refs, bytes);

	if (unlikely(!obj))
		return -EAGAIN;
	/* A reader on another CPU must see the object zeroed. */
	gch_store_release(place, obj);
	return 0;
}

/**
 * gch_slab_alloc_refs - allocates an object of a fixed type with references
 * @m: a mutator
 * @place: a slot, set to the object
 * @type: its type
 * @from: slots with the values of its first references
 * @nr: number of slots
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN to wait.
 */
int gch_slab_alloc_refs(struct gch_mutator *m, void **place,
			struct gch_type *type, void **from, u32 nr)
{
	struct gch_slab_object *obj = make(m, type, type->nr_refs, type->bytes);
	void **words = (void **)(obj + 1);
	u32 i;

	if (unlikely(!obj))
		return -EAGAIN;
	for (i = 0; i < nr; i++)
		words[gch_type_word(type, i)] = from[i];
	gch_tally(m->stats->stores, nr);
	/* As in gch_slab_alloc(). */
	gch_store_release(place, obj);
	return 0;
}

/* ---- references ---- */

/**
 * gch_slab_assign - &gch_engine_ops.assign
 * @m: a mutator
 * @place: a place of a reference
 * @ref: an object, or NULL
 *
 * Context: in a section.
 * Return: 0.
 */
int gch_slab_assign(struct gch_mutator *m, void **place, void *ref)
{
	/* Pairs with the address dependency of a reader on another CPU. */
	gch_store_release(place, ref);
	return 0;
}

/**
 * gch_slab_fetch - &gch_engine_ops.fetch
 * @m: a mutator
 * @place: a slot
 * @from: a place of a reference
 *
 * Context: in a section.
 * Return: 0.
 */
int gch_slab_fetch(struct gch_mutator *m, void **place, void **from)
{
	return gch_slab_assign(m, place, READ_ONCE(*from));
}

/**
 * gch_slab_ref - &gch_engine_ops.ref
 * @m: a mutator
 * @ref: an object
 * @i: a word of its payload
 *
 * Context: in a section.
 * Return: the word, or NULL if it is no reference.
 */
void **gch_slab_ref(struct gch_mutator *m, void *ref, u32 i)
{
	struct gch_slab_object *obj = ref;
	const struct gch_type *type = obj->type;
	bool is_ref;

	if (type->flags & GCH_TYPE_VAR)
		is_ref = i < (obj->info & GCH_SLAB_REFS);
	else
		is_ref = gch_type_is_ref(type, i);
	return is_ref ? (void **)(obj + 1) + i : NULL;
}

/**
 * gch_slab_data - &gch_engine_ops.data
 * @m: a mutator
 * @ref: an object
 * @bytes: set to the usable size
 *
 * Context: in a section.
 * Return: its payload.
 */
void *gch_slab_data(struct gch_mutator *m, void *ref, size_t *bytes)
{
	struct gch_slab_object *obj = ref;

	*bytes = obj->charge - sizeof(*obj);
	if (obj->type->flags & GCH_TYPE_WEAK)
		*bytes -= sizeof(struct gch_weak *);
	return obj + 1;
}

/* ---- death ---- */

/**
 * gch_slab_free - &gch_engine_ops.free
 * @m: a mutator
 * @place: a slot, which is emptied
 *
 * Context: in a section.
 * Return: 0, or -EAGAIN if more weak entries are left, for another section.
 */
int gch_slab_free(struct gch_mutator *m, void **place)
{
	struct gch_slab_heap *h = gch_slab_heap(m->heap);
	struct gch_slab_object *obj = *place;
	struct gch_cpu_stats *cpu = m->stats;

	if (!obj)
		return 0;
	if (!gch_slab_weak_forget(h, obj)) {
		/*
		 * No wait: -EAGAIN only makes the core call again in a new section.
		 */
		m->wait = GCH_WAIT_COLLECT;
		return -EAGAIN;
	}
	WRITE_ONCE(*place, NULL);
	delist(h, obj);
	gch_tally(cpu->freed_explicit, 1);
	gch_tally(cpu->freed_bytes, obj->charge);
	if (IS_ENABLED(CONFIG_PREEMPT_RT) || (obj->info & GCH_SLAB_PAGES)) {
		list_add(&obj->node, &gch_slab_mutator(m)->dead);
		m->pending = true;
	} else {
		gch_slab_memory_put(h, obj);
	}
	return 0;
}
