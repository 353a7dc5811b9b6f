// SPDX-License-Identifier: GPL-2.0
/*
 * The baseline: its operations for the core. It has no collector; a collection ends
 * at once.
 */
#include "slab.h"

#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

/* Objects checked in one hold of a shard's lock. */
#define STEP	256U

static int heap_init(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	struct gch_slab_heap *h = gch_slab_heap(heap);
	unsigned int i;

	h->credit = alloc_percpu_gfp(s64, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!h->credit)
		return -ENOMEM;
	raw_spin_lock_init(&h->weak_lock);
	for (i = 0; i < GCH_SLAB_SHARDS; i++) {
		raw_spin_lock_init(&h->shards[i].lock);
		INIT_LIST_HEAD(&h->shards[i].objects);
	}
	return 0;
}

static void free_list(struct gch_slab_heap *h, struct list_head *list)
{
	struct gch_slab_object *obj, *next;

	list_for_each_entry_safe(obj, next, list, node) {
		gch_slab_memory_put(h, obj);
		cond_resched();
	}
	INIT_LIST_HEAD(list);
}

static void heap_exit(struct gch_heap *heap)
{
	struct gch_slab_heap *h = gch_slab_heap(heap);
	unsigned int i;

	for (i = 0; i < GCH_SLAB_SHARDS; i++)
		free_list(h, &h->shards[i].objects);
	gch_slab_credit_return(h);
	free_percpu(h->credit);
}

static int mutator_init(struct gch_mutator *m)
{
	INIT_LIST_HEAD(&gch_slab_mutator(m)->dead);
	return 0;
}

static void free_taken(struct gch_slab_heap *h, struct gch_slab_mutator *sm)
{
	if (sm->taken)
		gch_slab_memory_put(h, sm->taken);
	sm->taken = NULL;
}

static void mutator_exit(struct gch_mutator *m)
{
	struct gch_slab_heap *h = gch_slab_heap(m->heap);
	struct gch_slab_mutator *sm = gch_slab_mutator(m);

	free_taken(h, sm);
	free_list(h, &sm->dead);
}

static int settle(struct gch_mutator *m)
{
	if (list_empty(&gch_slab_mutator(m)->dead)) {
		m->pending = false;
		return 0;
	}
	m->want = 0;
	m->wait = GCH_WAIT_MEMORY;
	return -EAGAIN;
}

static int wait_memory(struct gch_slab_heap *h, struct gch_mutator *m)
{
	struct gch_slab_mutator *sm = gch_slab_mutator(m);
	struct gch_heap *heap = &h->heap;

	free_list(h, &sm->dead);
	if (!m->want)
		return 0;
	free_taken(h, sm);
	sm->taken = gch_slab_memory_get(h, m->want, GFP_KERNEL);
	if (sm->taken)
		return 0;
	/* A collection would free nothing, so there is no second try. */
	if (!gch_limit_allows(heap, gch_slab_charge(m->want)))
		atomic64_inc(&heap->limit_hits);
	atomic64_inc(&heap->alloc_failures);
	return -ENOMEM;
}

static int wait_for(struct gch_mutator *m)
{
	if (m->wait == GCH_WAIT_MEMORY)
		return wait_memory(gch_slab_heap(m->heap), m);
	cond_resched();
	return 0;
}

static int collect(struct gch_heap *heap, unsigned int generation)
{
	return 0;
}

static void stats(struct gch_heap *heap, struct gch_stats *stats)
{
	struct gch_slab_heap *h = gch_slab_heap(heap);
	unsigned int i, j;

	stats->classes = GCH_SLAB_SIZES;
	stats->waiting_bytes = 0;
	for (i = 0; i < GCH_SLAB_SHARDS; i++) {
		for (j = 0; j < GCH_SLAB_SIZES; j++)
			stats->page_groups += READ_ONCE(h->shards[i].nr[j]);
		stats->large_objects += READ_ONCE(h->shards[i].nr_pages);
	}
}

/* ---- validation ---- */

#define violation(h, fmt, ...)						\
	pr_err_ratelimited("heap %s: " fmt "\n", (h)->heap.name, ##__VA_ARGS__)

static int check_object(struct gch_slab_heap *h, struct gch_slab_shard *shard,
			struct gch_slab_object *obj)
{
	u64 refs = (obj->info & GCH_SLAB_REFS) * sizeof(void *);

	if (obj->type->heap == &h->heap && gch_slab_shard(h, obj) == shard &&
	    ilog2(obj->charge) < GCH_SLAB_SIZES &&
	    refs <= obj->charge - sizeof(*obj))
		return 0;
	violation(h, "an object has a bad header");
	return 1;
}

/*
 * Checks the next objects behind @mark and moves @mark past them. New objects are
 * added at the front, so the walk ends in spite of allocations.
 */
static bool check_some(struct gch_slab_heap *h, struct gch_slab_shard *shard,
		       struct list_head *mark, u64 *seen, int *errors)
{
	struct list_head *pos = mark->next;
	unsigned int i;

	lockdep_assert_held(&shard->lock);
	for (i = 0; i < STEP && pos != &shard->objects; i++) {
		*errors += check_object(h, shard,
					list_entry(pos, struct gch_slab_object,
						   node));
		++*seen;
		pos = pos->next;
	}
	list_move_tail(mark, pos);
	return pos != &shard->objects;
}

static u64 count_objects(const struct gch_slab_shard *shard)
{
	u64 nr = 0;
	unsigned int i;

	for (i = 0; i < GCH_SLAB_SIZES; i++)
		nr += shard->nr[i];
	return nr;
}

static int check_shard(struct gch_slab_heap *h, struct gch_slab_shard *shard)
{
	u64 seen = 0, changes = 0, nr;
	LIST_HEAD(mark);
	int errors = 0;
	bool more;

	raw_spin_lock(&shard->lock);
	list_add(&mark, &shard->objects);
	changes = shard->changes;
	do {
		more = check_some(h, shard, &mark, &seen, &errors);
		raw_spin_unlock(&shard->lock);
		cond_resched();
		raw_spin_lock(&shard->lock);
	} while (more);
	list_del(&mark);
	nr = changes == shard->changes ? count_objects(shard) : seen;
	raw_spin_unlock(&shard->lock);
	if (nr == seen)
		return errors;
	violation(h, "a list has %llu objects, expected %llu", seen, nr);
	return errors + 1;
}

/*
 * Under cycle_lock, so one validation at a time: a shard's list has room for one
 * mark.
 */
static int validate(struct gch_heap *heap)
{
	struct gch_slab_heap *h = gch_slab_heap(heap);
	unsigned int i;
	int errors = 0;

	lockdep_assert_held(&heap->cycle_lock);
	for (i = 0; i < GCH_SLAB_SHARDS; i++)
		errors += check_shard(h, &h->shards[i]);
	return errors;
}

static void show(struct gch_heap *heap, struct seq_file *seq,
		 enum gch_view view)
{
	struct gch_slab_heap *h = gch_slab_heap(heap);
	unsigned int i, j;
	u64 nr;

	if (view == GCH_VIEW_ARENAS) {
		seq_puts(seq, "no arenas: memory comes from the kernel's allocators\n");
		return;
	}
	seq_puts(seq, "  size   objects\n");
	for (j = 0; j < GCH_SLAB_SIZES; j++) {
		for (i = 0, nr = 0; i < GCH_SLAB_SHARDS; i++)
			nr += READ_ONCE(h->shards[i].nr[j]);
		if (nr)
			seq_printf(seq, "%7lu %9llu\n", BIT(j), nr);
	}
}

const struct gch_engine_ops gch_slab_ops = {
	.kind = GCHEAP_ENGINE_SLAB,
	.name = "slab",
	.page_groups = "objects",
	.heap_bytes = sizeof(struct gch_slab_heap),
	.mutator_bytes = sizeof(struct gch_slab_mutator),
	.reclaim = GCHEAP_RECLAIM_EXPLICIT,

	.heap_init = heap_init,
	.heap_exit = heap_exit,
	.mutator_init = mutator_init,
	.mutator_exit = mutator_exit,

	.alloc = gch_slab_alloc,
	.alloc_refs = gch_slab_alloc_refs,
	.assign = gch_slab_assign,
	.fetch = gch_slab_fetch,
	.ref = gch_slab_ref,
	.data = gch_slab_data,
	.free = gch_slab_free,
	.weak_set = gch_slab_weak_set,
	.weak_get = gch_slab_weak_get,
	.weak_alive = gch_slab_weak_alive,
	.settle = settle,
	.wait = wait_for,

	.collect = collect,
	.stats = stats,
	.validate = validate,
	.show = show,
};
