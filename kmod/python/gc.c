// SPDX-License-Identifier: GPL-2.0
/*
 * The cycle collector, modelled on gc_collect_main() of CPython 3.15, with the names
 * of its steps
 *
 * CPython's generations are linked lists, walked in order of allocation. Here the
 * meta word holds an object's generation, and a collection walks pools. A full
 * collection walks all pools. A younger one walks the pools that have young objects,
 * and in each only the groups of blocks that may have some. Large objects have one
 * list per generation. Following references reaches meta words in random order; each
 * meta word is prefetched DISTANCE references ahead, its pool's header twice as far.
 *
 * move_unreachable() needs no list of objects either: a reached object waits in its
 * pool, linked through the meta words, and pools wait in FIFO order, so many objects
 * of a pool gather before its turn.
 *
 * The heap is stopped throughout. The engine has no finalizers, so no object can be
 * resurrected, and the steps that look for that are absent.
 */
#include "gc.h"

#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/prefetch.h>
#include <linux/sched.h>

#include "compat.h"
#include "gil.h"
#include "layout.h"
#include "obmalloc.h"
#include "python.h"
#include "weak.h"

/* References between a prefetch and its use. */
#define DISTANCE	8

/* References, and objects, between two calls of cond_resched(). */
#define RESCHED_REFS	4096
#define RESCHED_OBJECTS	256

/**
 * struct usage - CPU time of the calling task when a collection began
 * @wall: wall-clock time
 * @exec: time that the scheduler had counted, up to the last tick or switch
 * @switches: context switches of the task
 */
struct usage {
	u64 wall;
	u64 exec;
	unsigned long switches;
};

struct reached {
	struct gch_py_object *obj;
	u32 *meta;
};

/**
 * struct queue - a work list, linked through the objects' own pools and headers
 * @first: first pool with queued objects
 * @last: last such pool
 * @large: queued large objects
 */
struct queue {
	struct gch_py_pool *first;
	struct gch_py_pool *last;
	struct gch_py_large *large;
};

/**
 * struct collection - one collection
 * @h: the heap
 * @generation: oldest generation collected
 * @next: generation that survivors move to
 * @candidates: tracked objects of these generations
 * @survivors: candidates found reachable
 * @errors: reference counts lower than the references found
 * @rest: some candidates use GCH_PY_REST
 * @reachable: reached objects whose references have yet to be followed
 * @dying: stack of garbage whose references are being dropped
 * @turn: next index in @far and @near
 * @far: references whose pool's header has been prefetched
 * @near: references whose meta word has been prefetched
 */
struct collection {
	struct gch_py_heap *h;
	unsigned int generation;
	unsigned int next;
	u64 candidates;
	u64 survivors;
	u64 errors;
	bool rest;
	struct queue reachable;
	struct gch_py_object *dying;
	unsigned int turn;
	struct gch_py_object *far[DISTANCE];
	struct reached near[DISTANCE];
};

/* @pool is NULL for a large object. */
typedef void (*visit_fn)(struct collection *c, struct gch_py_pool *pool,
			 u32 *meta, struct gch_py_object *obj);
typedef void (*reach_fn)(struct collection *c, struct reached r);

/* ---- reached objects whose references have yet to be followed ---- */

static __always_inline void queue_push(struct collection *c,
				       struct gch_py_object *obj)
{
	struct queue *q = &c->reachable;
	struct gch_py_pool *pool;
	unsigned int i;

	if (unlikely(gch_py_is_large(obj))) {
		gch_py_large(obj)->next = q->large;
		q->large = gch_py_large(obj);
		return;
	}
	pool = gch_py_pool(c->h, obj);
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

static struct gch_py_object *queue_pop(struct collection *c)
{
	struct gch_py_pool *pool = c->reachable.first;
	struct gch_py_large *large = c->reachable.large;
	unsigned int i;

	if (pool) {
		i = pool->queue - 1;
		pool->queue = gch_py_value(pool->meta[i]);
		if (!pool->queue)
			c->reachable.first = pool->next;
		return gch_py_block(pool, i);
	}
	if (!large)
		return NULL;
	c->reachable.large = large->next;
	return &large->obj;
}

/* ---- walking the objects ---- */

static __always_inline bool is_young(const struct collection *c, u32 meta)
{
	return (meta & GCH_PY_META_USED) && gch_py_gen(meta) <= c->generation;
}

static __always_inline void walk_blocks(struct collection *c,
					struct gch_py_pool *pool,
					unsigned int i, unsigned int end,
					visit_fn visit)
{
	c->h->looked_at += end - i;
	for (; i < end; i++)
		if (is_young(c, pool->meta[i]))
			visit(c, pool, &pool->meta[i], gch_py_block(pool, i));
}

static __always_inline bool has_young(const struct collection *c,
				      const struct gch_py_pool *pool)
{
	unsigned int i, nr = 0;

	for (i = 0; i <= c->generation; i++)
		nr += pool->nr[i];
	return nr;
}

static __always_inline void walk_pool(struct collection *c,
				      struct gch_py_pool *pool, visit_fn visit)
{
	if (pool->class == GCH_PY_NO_CLASS)
		return;
	if (has_young(c, pool))
		walk_blocks(c, pool, 0, pool->carved, visit);
	cond_resched();
}

/* Looks at the groups that may have young objects, not at the pool's older ones. */
static __always_inline void walk_young(struct collection *c,
				       struct gch_py_pool *pool, visit_fn visit)
{
	u64 map = pool->map[0] | (c->generation ? pool->map[1] : 0);
	unsigned int i;

	if (!has_young(c, pool))
		return;
	for (; map; map &= map - 1) {
		i = __ffs64(map) * GCH_PY_GROUP;
		walk_blocks(c, pool, i,
			    min_t(unsigned int, i + GCH_PY_GROUP, pool->carved),
			    visit);
	}
	cond_resched();
}

static __always_inline void walk_arenas(struct collection *c, visit_fn visit)
{
	struct gch_py_arena *arena;
	unsigned int i;

	list_for_each_entry(arena, &c->h->arenas, node)
		for (i = 0; i < arena->carved; i++)
			walk_pool(c, gch_py_nth_pool(c->h, arena, i), visit);
}

static __always_inline void walk_gens(struct collection *c, visit_fn visit)
{
	struct gch_py_pool *pool;
	unsigned int i;

	for (i = 0; i <= c->generation; i++)
		list_for_each_entry(pool, &c->h->gens[i], gen_node)
			walk_young(c, pool, visit);
}

/* Oldest list first: an object that ages moves to a list that was already walked. */
static __always_inline void walk_large(struct collection *c, visit_fn visit)
{
	struct gch_py_large *large, *next;
	int gen;

	for (gen = c->generation; gen >= 0; gen--) {
		list_for_each_entry_safe(large, next, &c->h->large[gen], node) {
			c->h->looked_at++;
			visit(c, NULL, &large->meta, &large->obj);
			cond_resched();
		}
	}
}

static __always_inline void walk_small(struct collection *c, visit_fn visit)
{
	if (c->generation == 2)
		walk_arenas(c, visit);
	else
		walk_gens(c, visit);
}

static __always_inline void walk(struct collection *c, visit_fn visit)
{
	walk_small(c, visit);
	walk_large(c, visit);
}

/* ---- following references ---- */

static __always_inline void come_near(struct collection *c, unsigned int i,
				      struct gch_py_object *obj, reach_fn reach)
{
	struct reached r = c->near[i];

	c->near[i].obj = obj;
	if (obj) {
		c->near[i].meta = gch_py_meta(c->h, obj);
		prefetchw(c->near[i].meta);
	}
	if (r.obj)
		reach(c, r);
}

static __always_inline void follow(struct collection *c,
				   struct gch_py_object *obj, reach_fn reach)
{
	unsigned int i = c->turn++ % DISTANCE;
	struct gch_py_object *before = c->far[i];

	c->far[i] = obj;
	if (obj && gch_py_is_large(obj))
		prefetch(&gch_py_large(obj)->meta);
	else if (obj)
		prefetch(gch_py_pool(c->h, obj));
	come_near(c, i, before, reach);
}

/* Drains both prefetch queues. */
static __always_inline void follow_rest(struct collection *c, reach_fn reach)
{
	unsigned int i;

	for (i = 0; i < 2 * DISTANCE; i++)
		follow(c, NULL, reach);
}

/* CPython's tp_traverse. */
static __always_inline void traverse(struct collection *c,
				     struct gch_py_object *obj, reach_fn reach)
{
	u32 i, nr = obj->info & GCH_PY_REFS;
	struct gch_py_object *target;

	for (i = 0; i < nr; i++) {
		target = *gch_py_place(obj, i);
		if (target)
			follow(c, target, reach);
		if (unlikely(i % RESCHED_REFS == RESCHED_REFS - 1))
			cond_resched();
	}
}

/* ---- deduce_unreachable ---- */

static __always_inline void set_gen(struct collection *c,
				    struct gch_py_pool *pool, u32 *meta,
				    unsigned int gen)
{
	unsigned int old = gch_py_gen(*meta);

	if (gen == old)
		return;
	*meta = gch_py_with_gen(*meta, gen);
	if (unlikely(!pool)) {
		list_move_tail(&container_of(meta, struct gch_py_large, meta)->node,
			       &c->h->large[gen]);
		return;
	}
	pool->nr[old]--;
	if (gen != GCH_PY_UNTRACKED)
		pool->nr[gen]++;
	/* Survivors never move to generation 0. */
	if (gen == 1)
		gch_py_map(pool, gen, meta - pool->meta);
}

static void update_ref(struct collection *c, struct gch_py_pool *pool,
		       u32 *meta, struct gch_py_object *obj)
{
	/*
	 * The object is immortal, or on a mutator's dying stack. As in CPython's
	 * trashcan, references from dying objects count as external.
	 */
	if (unlikely((s32)obj->refcnt <= 0)) {
		set_gen(c, pool, meta, GCH_PY_UNTRACKED);
		return;
	}
	c->candidates++;
	if (unlikely(gch_py_gc_rest(c->h, obj->refcnt))) {
		/* gch_py_ref() may read the other bits concurrently. */
		WRITE_ONCE(obj->info, obj->info | GCH_PY_REST_ONE *
			   gch_py_gc_rest(c->h, obj->refcnt));
		c->rest = true;
	}
	*meta = gch_py_with_value(*meta | GCH_PY_META_COLLECTING,
				  gch_py_gc_lower(c->h, obj->refcnt));
}

static __always_inline void visit_decref(struct collection *c, struct reached r)
{
	u32 refs = gch_py_value(*r.meta);

	if (!(*r.meta & GCH_PY_META_COLLECTING))
		return;
	if (likely(refs)) {
		*r.meta = gch_py_with_value(*r.meta, refs - 1);
	} else if (r.obj->info & GCH_PY_REST) {
		WRITE_ONCE(r.obj->info, r.obj->info - GCH_PY_REST_ONE);
		*r.meta = gch_py_with_value(*r.meta,
					    gch_py_gc_lower(c->h, U32_MAX));
	} else {
		c->errors++;
	}
}

static void subtract_ref(struct collection *c, struct gch_py_pool *pool,
			 u32 *meta, struct gch_py_object *obj)
{
	if (*meta & GCH_PY_META_COLLECTING)
		traverse(c, obj, visit_decref);
}

static __always_inline void reach_object(struct collection *c,
					 struct gch_py_object *obj, u32 *meta)
{
	*meta |= GCH_PY_META_REACHED;
	c->survivors++;
	queue_push(c, obj);
}

static void reach_root(struct collection *c, struct gch_py_pool *pool,
		       u32 *meta, struct gch_py_object *obj)
{
	if (!(*meta & GCH_PY_META_COLLECTING) ||
	    (*meta & GCH_PY_META_REACHED))
		return;
	if (gch_py_value(*meta) ||
	    unlikely(c->rest && (obj->info & GCH_PY_REST)))
		reach_object(c, obj, meta);
}

static __always_inline void visit_reachable(struct collection *c,
					    struct reached r)
{
	const u32 both = GCH_PY_META_COLLECTING | GCH_PY_META_REACHED;

	if ((*r.meta & both) == GCH_PY_META_COLLECTING)
		reach_object(c, r.obj, r.meta);
}

/* Objects without a path from an external reference stay without REACHED. */
static void move_unreachable(struct collection *c)
{
	struct gch_py_object *obj;
	unsigned int nr = 0;

	walk(c, reach_root);
	for (;;) {
		obj = queue_pop(c);
		if (!obj) {
			follow_rest(c, visit_reachable);
			obj = queue_pop(c);
		}
		if (!obj)
			return;
		traverse(c, obj, visit_reachable);
		if (unlikely(!(++nr % RESCHED_OBJECTS)))
			cond_resched();
	}
}

static void deduce_unreachable(struct collection *c)
{
	walk(c, update_ref);
	walk(c, subtract_ref);
	follow_rest(c, visit_decref);
	move_unreachable(c);
}

/* ---- survivors, weak references ---- */

/* Ages survivors; garbage keeps COLLECTING. Resets the meta word's value in both. */
static void grow_older(struct collection *c, struct gch_py_pool *pool,
		       u32 *meta, struct gch_py_object *obj)
{
	if (unlikely(c->rest))
		WRITE_ONCE(obj->info, obj->info & ~GCH_PY_REST);
	if (!(*meta & GCH_PY_META_REACHED)) {
		*meta = gch_py_with_value(*meta, 0);
		return;
	}
	*meta = gch_py_with_value(*meta & ~(GCH_PY_META_COLLECTING |
					    GCH_PY_META_REACHED), 0);
	set_gen(c, pool, meta, c->next);
}

static void forget_weaks(struct collection *c, struct gch_py_pool *pool,
			 u32 *meta, struct gch_py_object *obj)
{
	unsigned int budget;

	if (!(*meta & GCH_PY_META_COLLECTING))
		return;
	do {
		budget = RESCHED_REFS;
		cond_resched();
	} while (!gch_py_weak_forget(c->h, obj, &budget));
}

/* ---- delete_garbage ---- */

/**
 * gch_py_bury_all - frees dying objects until none is left
 * @h: the heap
 * @dying: stack of dying objects
 *
 * Context: the caller has stopped the heap; may sleep.
 */
void gch_py_bury_all(struct gch_py_heap *h, struct gch_py_object **dying)
{
	bool done;

	for (;;) {
		preempt_disable();
		done = gch_py_bury(h, dying, GCH_PY_SETTLE_BUDGET);
		preempt_enable();
		if (done)
			return;
		cond_resched();
	}
}

/**
 * gch_py_bury_mutators - frees the objects on every mutator's dying stack
 * @h: the heap
 *
 * Context: the caller has stopped the heap and holds &gch_heap.lock; may sleep.
 */
void gch_py_bury_mutators(struct gch_py_heap *h)
{
	struct gch_mutator *m;

	list_for_each_entry(m, &h->heap.mutators, node) {
		if (gch_py_mutator(m)->dying)
			gch_py_bury_all(h, &gch_py_mutator(m)->dying);
		cond_resched();
	}
}

/* CPython's tp_clear: drops the references; the counts free the object. */
static void clear_object(struct collection *c, struct gch_py_pool *pool,
			 u32 *meta, struct gch_py_object *obj)
{
	struct gch_py_object **place, *target;
	u32 i, nr = obj->info & GCH_PY_REFS;

	if (!(*meta & GCH_PY_META_COLLECTING))
		return;
	gch_py_raise(obj);
	for (i = 0; i < nr; i++) {
		place = gch_py_place(obj, i);
		target = *place;
		*place = NULL;
		if (target) {
			c->h->counted++;
			gch_py_lower(c->h, &c->dying, target);
		}
		if (unlikely(i % RESCHED_REFS == RESCHED_REFS - 1))
			gch_py_bury_all(c->h, &c->dying);
	}
	gch_py_lower(c->h, &c->dying, obj);
	if (c->h->deaths || c->dying)
		gch_py_bury_all(c->h, &c->dying);
}

/* Deaths remove large objects from the list, also others than the current one. */
static void clear_large(struct collection *c)
{
	struct gch_py_large *large;
	unsigned int gen;
	LIST_HEAD(todo);

	for (gen = 0; gen <= c->generation; gen++) {
		list_splice_init(&c->h->large[gen], &todo);
		while (!list_empty(&todo)) {
			large = list_first_entry(&todo, struct gch_py_large,
						 node);
			list_move_tail(&large->node, &c->h->large[gen]);
			clear_object(c, NULL, &large->meta, &large->obj);
			cond_resched();
		}
	}
}

static void keep_object(struct collection *c, struct gch_py_pool *pool,
			u32 *meta, struct gch_py_object *obj)
{
	if (!(*meta & GCH_PY_META_COLLECTING))
		return;
	*meta &= ~GCH_PY_META_COLLECTING;
	set_gen(c, pool, meta, c->next);
	c->errors++;
}

static void delete_garbage(struct collection *c)
{
	struct gch_py_heap *h = c->h;

	h->condemned = c->candidates - c->survivors;
	if (!h->condemned)
		return;
	walk(c, forget_weaks);
	/* Objects that died before are counted separately. */
	gch_py_bury_all(h, &c->dying);
	h->collecting = true;
	walk_small(c, clear_object);
	clear_large(c);
	/* Only if reference counts were wrong. */
	if (h->condemned)
		walk(c, keep_object);
	h->collecting = false;
}

/* ---- a collection ---- */

/* After a collection, generation 0 is empty; generation 1 need not be. */
static void relist_pool(struct gch_py_heap *h, struct gch_py_pool *pool)
{
	pool->map[0] = 0;
	if (pool->nr[1]) {
		list_move(&pool->gen_node, &h->gens[1]);
	} else {
		pool->map[1] = 0;
		list_del_init(&pool->gen_node);
	}
	cond_resched();
}

/* The collected generations below @next are empty now. */
static void relist_pools(struct collection *c)
{
	struct gch_py_pool *pool, *next;

	if (c->generation)
		list_for_each_entry_safe(pool, next, &c->h->gens[1], gen_node)
			relist_pool(c->h, pool);
	list_for_each_entry_safe(pool, next, &c->h->gens[0], gen_node)
		relist_pool(c->h, pool);
}

/* Objects on mutators' dying stacks still count as live. */
static void count_collection(struct collection *c, u64 live_before)
{
	struct gch_heap *heap = &c->h->heap;

	gch_max(&heap->peak_live, live_before);
	gch_take_census(heap, live_before, c->h->live_bytes);
	preempt_disable();
	gch_count(heap->cpu->marked, c->candidates);
	preempt_enable();
	if (!c->errors)
		return;
	atomic64_add(c->errors, &heap->verify_errors);
	pr_err_ratelimited("heap %s: a collection found %llu counts wrong\n",
			   heap->name, c->errors);
}

static unsigned long count_switches(void)
{
	return READ_ONCE(current->nvcsw) + READ_ONCE(current->nivcsw);
}

static struct usage begin_usage(void)
{
	return (struct usage) {
		.wall = ktime_get_ns(),
		.exec = READ_ONCE(current->se.sum_exec_runtime),
		.switches = count_switches(),
	};
}

/*
 * Charges the wall-clock time, but if the task was switched out, at most the time
 * that the scheduler counted.
 */
static void end_usage(struct gch_py_heap *h, const struct usage *u)
{
	u64 exec = READ_ONCE(current->se.sum_exec_runtime) - u->exec;
	u64 ns = ktime_get_ns() - u->wall;

	if (count_switches() != u->switches)
		ns = min(ns, exec);
	preempt_disable();
	gch_count(h->heap.cpu->cpu_ns, ns);
	preempt_enable();
}

static void update_generations(struct collection *c)
{
	struct gch_py_heap *h = c->h;
	unsigned int i;

	if (c->generation < 2)
		WRITE_ONCE(h->count[c->generation + 1],
			   h->count[c->generation + 1] + 1);
	for (i = 0; i <= c->generation; i++)
		WRITE_ONCE(h->count[i], 0);
}

static void update_long_lived(struct collection *c)
{
	struct gch_py_heap *h = c->h;

	if (c->generation == 1) {
		WRITE_ONCE(h->long_lived_pending,
			   h->long_lived_pending + c->survivors);
	} else if (c->generation == 2) {
		WRITE_ONCE(h->long_lived_pending, 0);
		WRITE_ONCE(h->long_lived_total, c->survivors);
	}
}

/* Number of increments and decrements by mutators, summed over all CPUs. */
static u64 count_writes(const struct gch_py_heap *h)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		/* Updates during the sum may or may not be counted. */
		sum += data_race(per_cpu_ptr(h->heap.cpu, cpu)->counts);
	return sum;
}

/**
 * gch_py_written_since_full - any reference written since a full collection?
 * @h: the heap
 *
 * If none has changed, another full collection would find nothing.
 *
 * Context: process context, under &gch_heap.cycle_lock; mutators may run.
 * Return: true if a reference has changed, or there was no full collection.
 */
bool gch_py_written_since_full(const struct gch_py_heap *h)
{
	return !h->nr_full || count_writes(h) != h->full_writes;
}

static void gc_collect_main(struct collection *c)
{
	u64 live = c->h->live_bytes;

	c->h->looked_at = 0;
	update_generations(c);
	deduce_unreachable(c);
	walk(c, grow_older);
	update_long_lived(c);
	delete_garbage(c);
	count_collection(c, live);
	gch_py_release_emptied(c->h);
	relist_pools(c);
}

/**
 * gch_py_collect - &gch_engine_ops.collect
 * @heap: the heap
 * @generation: oldest generation to collect
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock. Stops the
 * heap.
 * Return: 0.
 */
int gch_py_collect(struct gch_heap *heap, unsigned int generation)
{
	struct gch_py_heap *h = gch_py_heap(heap);
	struct collection c = {
		.h = h,
		.generation = min(generation, 2U),
		.next = min(generation + 1, 2U),
	};
	struct gch_report r;
	struct usage usage;
	u64 start;

	if (c.generation == 2)
		WRITE_ONCE(h->nr_full, h->nr_full + 1);
	gch_report_begin(heap, &r, c.generation);
	gch_py_stop(h);
	start = ktime_get_ns();
	usage = begin_usage();
	r.live_begin_bytes = h->live_bytes;
	gc_collect_main(&c);
	r.live_end_bytes = h->live_bytes;
	if (c.generation == 2)
		h->full_writes = count_writes(h);
	gch_py_resume(h);
	r.end_ns = ktime_get_ns();
	r.stopped_ns = r.end_ns - start;
	r.candidates = c.candidates;
	r.collected = c.candidates - c.survivors;
	atomic64_add(r.stopped_ns, &heap->stopped_ns);
	gch_report_end(heap, &r);
	gch_py_reap(h);
	end_usage(h, &usage);
	return 0;
}

/**
 * gch_py_generation_due - which generation is due (gc_select_generation())
 * @h: the heap
 *
 * A full collection also waits until the objects that reached the oldest generation
 * since the last one are a quarter of its survivors. So the total work of full
 * collections is linear in the number of objects.
 *
 * Context: any; counts may change meanwhile.
 * Return: the oldest generation whose count exceeds its threshold, or -1.
 */
int gch_py_generation_due(struct gch_py_heap *h)
{
	static const enum gch_key keys[] = {
		GCH_KEY_THRESHOLD0, GCH_KEY_THRESHOLD1, GCH_KEY_THRESHOLD2,
	};
	int i;

	for (i = 2; i > 0; i--) {
		if (READ_ONCE(h->count[i]) <= gch_val(&h->heap, keys[i]))
			continue;
		if (i < 2 || READ_ONCE(h->long_lived_pending) >=
		    READ_ONCE(h->long_lived_total) / 4)
			return i;
	}
	/* The caller is about to allocate one more. */
	return READ_ONCE(h->count[0]) >= gch_val(&h->heap, keys[0]) ? 0 : -1;
}
EXPORT_SYMBOL_IF_KUNIT(gch_py_generation_due);
