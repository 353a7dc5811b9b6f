// SPDX-License-Identifier: GPL-2.0
/*
 * Finalizers and cleanups during a collection: see finalizer.c
 *
 * All functions here except gch_finals_stats() run under gch_heap.cycle_lock.
 */
#include "finalizer.h"

#include <linux/export.h>
#include <linux/sched.h>

#include "heap.h"

/* Drops the lock now and then; the list may change meanwhile. */
static void breathe(struct gch_finals *fs, unsigned int *n)
{
	if (++*n % GCH_FINALS_BREATH)
		return;
	mutex_unlock(&fs->lock);
	cond_resched();
	mutex_lock(&fs->lock);
}

/* Returns the next object, or NULL. Moves the cursor @at behind it. */
static struct gch_special_object *next_object(struct gch_finals *fs,
					      struct gch_special_object *at)
{
	struct gch_special_object *o;

	if (list_is_last(&at->node, &fs->objects))
		return NULL;
	o = list_next_entry(at, node);
	list_move(&at->node, &o->node);
	return o;
}

/**
 * gch_visit_finals - visits the objects with finalizers or cleanups
 * @heap: the heap
 * @fn: called with each object
 * @arg: first argument of @fn
 *
 * May miss objects that get their first entry meanwhile: a slot keeps those alive.
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_visit_finals(struct gch_heap *heap, gch_finals_fn fn, void *arg)
{
	struct gch_finals *fs = gch_finals_of(heap);
	struct gch_special_object at = {}, *o;
	unsigned int n = 0;

	if (!fs)
		return;
	mutex_lock(&fs->lock);
	list_add(&at.node, &fs->objects);
	while ((o = next_object(fs, &at))) {
		fn(arg, o->ref, o->finalizer);
		breathe(fs, &n);
	}
	list_del(&at.node);
	mutex_unlock(&fs->lock);
}
EXPORT_SYMBOL_GPL(gch_visit_finals);

/**
 * gch_visit_finalizing - visits the objects whose finalizers are queued
 * @heap: the heap
 * @fn: called with the address of each reference, which is a root
 * @arg: first argument of @fn
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_visit_finalizing(struct gch_heap *heap, gch_roots_fn fn, void *arg)
{
	struct gch_finals *fs = gch_finals_of(heap);
	struct gch_special *f;

	if (!fs)
		return;
	mutex_lock(&fs->lock);
	list_for_each_entry(f, &fs->queue, node) {
		fn(arg, &f->root, 1);
		cond_resched();
	}
	mutex_unlock(&fs->lock);
}
EXPORT_SYMBOL_GPL(gch_visit_finalizing);

/**
 * gch_finals_find - finds dead objects with finalizers or cleanups
 * @heap: the heap
 * @is_dead: tests one object
 * @arg: first argument of @is_dead
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock. Mutators can reach
 * dead objects only through weak entries that they have already read.
 * Return: true if there are any; the caller must then call gch_finals_revive().
 */
bool gch_finals_find(struct gch_heap *heap, gch_is_dead_fn is_dead, void *arg)
{
	struct gch_finals *fs = gch_finals_of(heap);
	struct gch_special_object at = {}, *o;
	unsigned int n = 0;
	bool found;

	if (!fs)
		return false;
	mutex_lock(&fs->lock);
	list_add(&at.node, &fs->objects);
	while ((o = next_object(fs, &at))) {
		if (is_dead(arg, o->ref))
			list_move_tail(&o->node, &fs->dead);
		breathe(fs, &n);
	}
	list_del(&at.node);
	found = !list_empty(&fs->dead);
	mutex_unlock(&fs->lock);
	return found;
}
EXPORT_SYMBOL_GPL(gch_finals_find);

static void queue_finalizer(struct gch_finals *fs, struct gch_special_object *o)
{
	struct gch_special *f = o->finalizer;

	o->finalizer = NULL;
	f->obj = NULL;
	f->root = o->ref;
	list_add_tail(&f->node, &fs->queue);
	gch_tally(fs->finalizers_queued, 1);
	list_move_tail(&o->node, &fs->objects);
	gch_finals_object_put(fs, o);
}

static void queue_cleanups(struct gch_finals *fs, struct gch_special_object *o)
{
	struct gch_special *f;

	list_for_each_entry(f, &o->cleanups, node) {
		f->obj = NULL;
		gch_tally(fs->cleanups_queued, 1);
	}
	list_splice_tail_init(&o->cleanups, &fs->gone);
	gch_finals_object_free(fs, o);
}

/**
 * gch_finals_revive - queues the finalizers of the dead objects found
 * @heap: the heap
 * @revive: called first with each object that has a finalizer, to keep it alive
 * @arg: first argument of @revive
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_finals_revive(struct gch_heap *heap, gch_revive_fn revive, void *arg)
{
	struct gch_finals *fs = gch_finals_of(heap);
	unsigned int n = 0;
	struct gch_special_object *o;

	mutex_lock(&fs->lock);
	while (!list_empty(&fs->dead)) {
		o = list_first_entry(&fs->dead, struct gch_special_object, node);
		if (o->finalizer) {
			revive(arg, o->ref);
			queue_finalizer(fs, o);
		} else {
			queue_cleanups(fs, o);
		}
		breathe(fs, &n);
	}
	mutex_unlock(&fs->lock);
}
EXPORT_SYMBOL_GPL(gch_finals_revive);

/* Queues the work with a reference to the heap. The put here is never the last. */
static void kick(struct gch_finals *fs)
{
	lockdep_assert_held(&fs->lock);
	if (fs->stopped || list_empty(&fs->queue))
		return;
	kref_get(&fs->heap->ref);
	if (!queue_work(gch_final_wq, &fs->work))
		gch_heap_put(fs->heap);
}

/**
 * gch_finals_release - runs the finalizers and cleanups that a collection queued
 * @heap: the heap; its dead objects have been freed
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_finals_release(struct gch_heap *heap)
{
	struct gch_finals *fs = gch_finals_of(heap);

	if (!fs)
		return;
	mutex_lock(&fs->lock);
	list_splice_tail_init(&fs->gone, &fs->queue);
	kick(fs);
	mutex_unlock(&fs->lock);
}
EXPORT_SYMBOL_GPL(gch_finals_release);

/**
 * gch_finals_stats - reads the statistics of finalizers and cleanups
 * @heap: the heap
 * @stats: statistics; the fields of finalizers and cleanups are filled in
 *
 * Context: any.
 */
void gch_finals_stats(struct gch_heap *heap, struct gch_stats *stats)
{
	struct gch_finals *fs = gch_finals_of(heap);

	if (!fs)
		return;
	stats->finalizers_run = READ_ONCE(fs->finalizers_run);
	stats->cleanups_run = READ_ONCE(fs->cleanups_run);
	/* Read "run" before "queued", so that it is never larger. */
	smp_rmb();
	stats->finalizers_queued = READ_ONCE(fs->finalizers_queued);
	stats->cleanups_queued = READ_ONCE(fs->cleanups_queued);
}

