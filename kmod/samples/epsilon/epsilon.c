// SPDX-License-Identifier: GPL-2.0
/*
 * Epsilon: an engine that allocates and never frees, as Java's collector of that name
 *
 * It is the least engine there can be: a sample for engines of other modules, and a
 * baseline without any collector. An object is bumped off the mutator's chunk; the heap
 * frees all chunks at its end. Weak entries name their objects for ever, and a
 * collection does nothing.
 *
 * gch_epsilon_heap.lock protects the list of chunks. Only its mutator writes a chunk.
 * Readers on other CPUs (validation) see the objects below gch_epsilon_chunk.used whole,
 * since it is written last.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <gcheap/engine.h>

/* The engine's own setting. */
#define KEY_CHUNK_SIZE	GCH_KEY_OWN

struct gch_epsilon_chunk {
	struct list_head node;
	u32 bytes;		/* of the chunk, a power of two */
	u32 used;		/* from its begin, with this header */
};

struct gch_epsilon_object {
	struct gch_type *type;
	u32 bytes;		/* of the payload */
	u32 nr_refs;
};

struct gch_epsilon_heap {
	struct gch_heap heap;	/* first: see engine.h */
	spinlock_t lock;	/* see above */
	struct list_head chunks;
	unsigned long nr_chunks;
};

struct gch_epsilon_mutator {
	struct gch_mutator m;	/* first */
	struct gch_epsilon_chunk *chunk;
};

static struct gch_epsilon_heap *to_heap(struct gch_heap *heap)
{
	return container_of(heap, struct gch_epsilon_heap, heap);
}

static struct gch_epsilon_mutator *to_mutator(struct gch_mutator *m)
{
	return container_of(m, struct gch_epsilon_mutator, m);
}

static size_t room(const struct gch_epsilon_chunk *chunk)
{
	return chunk ? chunk->bytes - chunk->used : 0;
}

/* ---- heaps and mutators ---- */

static int heap_init(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	struct gch_epsilon_heap *h = to_heap(heap);

	spin_lock_init(&h->lock);
	INIT_LIST_HEAD(&h->chunks);
	return 0;
}

static void heap_exit(struct gch_heap *heap)
{
	struct gch_epsilon_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &to_heap(heap)->chunks, node) {
		gch_pages_put(heap, chunk, get_order(chunk->bytes));
		cond_resched();
	}
}

static int mutator_init(struct gch_mutator *m)
{
	return 0;
}

/* The chunk stays on the heap's list, with its objects. */
static void mutator_exit(struct gch_mutator *m)
{
}

/* ---- objects: in sections, so without memory from the kernel ---- */

/* Takes a zeroed object off the chunk; NULL to wait for another chunk. */
static struct gch_epsilon_object *bump(struct gch_mutator *m, struct gch_type *type,
				       u32 nr_refs, u32 bytes)
{
	struct gch_epsilon_chunk *chunk = to_mutator(m)->chunk;
	struct gch_epsilon_object *obj;
	size_t size = sizeof(*obj) + ALIGN(bytes, sizeof(void *));

	if (unlikely(room(chunk) < size)) {
		m->want = size;
		m->wait = GCH_WAIT_MEMORY;
		return NULL;
	}
	obj = (void *)chunk + chunk->used;
	obj->type = type;
	obj->bytes = bytes;
	obj->nr_refs = nr_refs;
	/* A reader that sees the new value sees the header. */
	gch_store_release(&chunk->used, chunk->used + size);
	gch_tally(m->stats->allocs, 1);
	gch_tally(m->stats->alloc_bytes, size);
	return obj;
}

static int alloc(struct gch_mutator *m, void **place, struct gch_type *type,
		 u32 nr_refs, u32 bytes)
{
	struct gch_epsilon_object *obj = bump(m, type, nr_refs, bytes);

	if (unlikely(!obj))
		return -EAGAIN;
	/* A reader on another CPU that follows the reference sees the object. */
	gch_store_release(place, obj);
	return 0;
}

static int alloc_refs(struct gch_mutator *m, void **place, struct gch_type *type,
		      void **from, u32 nr)
{
	struct gch_epsilon_object *obj = bump(m, type, type->nr_refs, type->bytes);
	void **words = (void **)(obj + 1);
	u32 i;

	if (unlikely(!obj))
		return -EAGAIN;
	for (i = 0; i < nr; i++)
		words[gch_type_word(type, i)] = from[i];
	gch_tally(m->stats->stores, nr);
	gch_store_release(place, obj);
	return 0;
}

static int assign(struct gch_mutator *m, void **place, void *ref)
{
	gch_store_release(place, ref);
	return 0;
}

static int fetch(struct gch_mutator *m, void **place, void **from)
{
	return assign(m, place, READ_ONCE(*from));
}

static void **ref(struct gch_mutator *m, void *object, u32 i)
{
	struct gch_epsilon_object *obj = object;
	bool is_ref = obj->type->flags & GCH_TYPE_VAR ? i < obj->nr_refs :
							gch_type_is_ref(obj->type, i);

	return is_ref ? (void **)(obj + 1) + i : NULL;
}

static void *data(struct gch_mutator *m, void *object, size_t *bytes)
{
	struct gch_epsilon_object *obj = object;

	*bytes = ALIGN(obj->bytes, sizeof(void *));
	return obj + 1;
}

static int clear(struct gch_mutator *m, void **place)
{
	WRITE_ONCE(*place, NULL);
	return 0;
}

static int weak_set(struct gch_mutator *m, struct gch_weak *w, void *object)
{
	struct gch_epsilon_object *obj = object;

	if (obj && !(obj->type->flags & GCH_TYPE_WEAK))
		return -EINVAL;
	gch_store_release(&w->ref, object);
	return 0;
}

static int weak_get(struct gch_mutator *m, void **place, struct gch_weak *w)
{
	gch_tally(m->stats->stores, 1);
	return fetch(m, place, &w->ref);
}

static int weak_alive(struct gch_mutator *m, struct gch_weak *w)
{
	return !!READ_ONCE(w->ref);
}

/* ---- outside sections ---- */

static int settle(struct gch_mutator *m)
{
	m->pending = false;
	return 0;
}

static struct gch_epsilon_chunk *chunk_new(struct gch_heap *heap, unsigned int order)
{
	struct gch_epsilon_heap *h = to_heap(heap);
	struct gch_epsilon_chunk *chunk;

	chunk = gch_pages_get(heap, order, GFP_KERNEL | __GFP_ZERO);
	if (!chunk)
		return NULL;
	chunk->bytes = PAGE_SIZE << order;
	chunk->used = sizeof(*chunk);
	spin_lock(&h->lock);
	list_add_tail(&chunk->node, &h->chunks);
	h->nr_chunks++;
	spin_unlock(&h->lock);
	return chunk;
}

/* The rest of the old chunk is lost. Near the limit a chunk has room for one object. */
static int wait(struct gch_mutator *m)
{
	struct gch_epsilon_chunk *chunk;
	unsigned int least, order;

	if (m->wait != GCH_WAIT_MEMORY)
		return 0;
	least = get_order(m->want + sizeof(*chunk));
	order = get_order(gch_val(m->heap, KEY_CHUNK_SIZE));
	chunk = chunk_new(m->heap, max(least, order));
	if (!chunk && order > least)
		chunk = chunk_new(m->heap, least);
	if (chunk) {
		to_mutator(m)->chunk = chunk;
		return 0;
	}
	/* A collection would free nothing, so there is no second try. */
	if (!gch_limit_allows(m->heap, PAGE_SIZE << least))
		atomic64_inc(&m->heap->limit_hits);
	atomic64_inc(&m->heap->alloc_failures);
	return -ENOMEM;
}

static int collect(struct gch_heap *heap, unsigned int generation)
{
	return 0;
}

static void stats(struct gch_heap *heap, struct gch_stats *stats)
{
	stats->page_groups = READ_ONCE(to_heap(heap)->nr_chunks);
}

static int check_chunk(struct gch_heap *heap, struct gch_epsilon_chunk *chunk)
{
	/* Pairs with the release in bump(). */
	u32 used = gch_load_acquire(&chunk->used), at = sizeof(*chunk);
	struct gch_epsilon_object *obj;

	while (at < used) {
		obj = (void *)chunk + at;
		if (obj->type->heap != heap) {
			pr_err("heap %s: an object has a bad header\n", heap->name);
			return 1;
		}
		at += sizeof(*obj) + ALIGN(obj->bytes, sizeof(void *));
	}
	return 0;
}

/* Chunks are added at the end and never removed, so the lock is dropped in between. */
static int validate(struct gch_heap *heap)
{
	struct gch_epsilon_heap *h = to_heap(heap);
	unsigned long i, nr = READ_ONCE(h->nr_chunks);
	struct list_head *pos = &h->chunks;
	int errors = 0;

	for (i = 0; i < nr; i++) {
		spin_lock(&h->lock);
		pos = pos->next;
		spin_unlock(&h->lock);
		errors += check_chunk(heap, list_entry(pos, struct gch_epsilon_chunk,
						       node));
		cond_resched();
	}
	return errors;
}

static void show(struct gch_heap *heap, struct seq_file *seq, enum gch_view view)
{
	seq_printf(seq, "%lu chunks\n", READ_ONCE(to_heap(heap)->nr_chunks));
}

static const struct gch_setting settings[] = {
	{
		.key = KEY_CHUNK_SIZE,
		.name = "chunk-size",
		.doc = "Size of the blocks that objects are taken from.",
		.unit = GCHEAP_UNIT_BYTES,
		.def = SZ_64K,
		.min = SZ_64K,
		.max = SZ_4M,
		.live = true,
		.pow2 = true,
	},
};

static struct gch_engine_ops epsilon = {
	.name		= "epsilon",
	.page_groups	= "chunks",
	.heap_bytes	= sizeof(struct gch_epsilon_heap),
	.mutator_bytes	= sizeof(struct gch_epsilon_mutator),
	.reclaim	= GCHEAP_RECLAIM_NEVER,
	.settings	= settings,
	.nr_settings	= ARRAY_SIZE(settings),

	.heap_init	= heap_init,
	.heap_exit	= heap_exit,
	.mutator_init	= mutator_init,
	.mutator_exit	= mutator_exit,

	.alloc		= alloc,
	.alloc_refs	= alloc_refs,
	.assign		= assign,
	.fetch		= fetch,
	.ref		= ref,
	.data		= data,
	.free		= clear,
	.weak_set	= weak_set,
	.weak_get	= weak_get,
	.weak_alive	= weak_alive,
	.settle		= settle,
	.wait		= wait,

	.collect	= collect,
	.stats		= stats,
	.validate	= validate,
	.show		= show,
};

static int __init epsilon_init(void)
{
	return gch_engine_register(&epsilon);
}

static void __exit epsilon_exit(void)
{
	gch_engine_unregister(&epsilon);
}

module_init(epsilon_init);
module_exit(epsilon_exit);
/* gcctl heap add NAME engine epsilon loads the module. */
MODULE_ALIAS("gcheap-engine-epsilon");
MODULE_DESCRIPTION("An engine of gcheap that never frees");
MODULE_LICENSE("GPL");
