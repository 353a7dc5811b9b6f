// SPDX-License-Identifier: GPL-2.0
/*
 * Finalizers and cleanups: functions that are called when an object is not in
 * reach any more, or is gone
 *
 * As Go has them (runtime/mfinal.go, mcleanup.go). An object that has any has an
 * entry here, which keeps nothing alive. An engine that has them asks, once it
 * knows which objects are dead, for the entries of those:
 *
 *	gch_visit_finals()	before: what an object with a finalizer refers to is
 *				kept, the object itself is not
 *	gch_finals_find()	all is marked: dead objects are put aside
 *	gch_finals_revive()	those with a finalizer live on: it is queued, with the
 *				object, and taken off it
 *	gch_finals_release()	the others are gone: their cleanups are queued; what
 *				is queued runs
 *
 * One work item a heap runs what is queued, one after the other, with a mutator
 * that is not counted as a user of the heap.
 *
 * gch_finals.lock protects all lists and entries. It is taken under
 * gch_heap.cycle_lock, outside sections. No function runs under it.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "compat.h"
#include "heap.h"
#include "mutator.h"

/* Entries that are visited before others may take the lock. */
#define BREATH	256

/* An object that has a finalizer or cleanups; a place in the list if @ref is NULL. */
struct object {
	struct rhash_head hash;
	struct list_head node;
	void *ref;
	struct final *finalizer;
	struct list_head cleanups;
};

/* What is to be called. @root refers to the object while a finalizer waits. */
struct final {
	struct list_head node;
	struct object *obj;
	void *root;
	gch_finalizer_fn finalizer;
	gch_cleanup_fn cleanup;
	void *arg;
	u64 id;
};

struct gch_finals {
	struct gch_heap *heap;
	struct mutex lock;		/* see above */
	struct rhashtable by_ref;
	struct xarray by_id;
	struct list_head objects;
	struct list_head dead;
	struct list_head gone;
	struct list_head queue;
	u64 last_id;
	u32 nr;
	bool stopped;
	struct gch_mutator *m;
	struct work_struct work;
	u64 finalizers_queued;
	u64 finalizers_run;
	u64 cleanups_queued;
	u64 cleanups_run;
};

static const struct rhashtable_params by_ref_params = {
	.key_len		= sizeof(void *),
	.key_offset		= offsetof(struct object, ref),
	.head_offset		= offsetof(struct object, hash),
	.automatic_shrinking	= true,
};

static struct gch_finals *finals_of(struct gch_heap *heap)
{
	/* Pairs with the release when there are some for the first time. */
	return gch_load_acquire(&heap->finals);
}

/* What is next; a finalizer stays in the queue, a root, until it has its slot. */
static struct final *next_final(struct gch_finals *fs)
{
	struct final *f = NULL;

	mutex_lock(&fs->lock);
	if (!fs->stopped)
		f = list_first_entry_or_null(&fs->queue, struct final, node);
	if (f && f->cleanup) {
		list_del(&f->node);
		xa_erase(&fs->by_id, f->id);
		fs->nr--;
	}
	mutex_unlock(&fs->lock);
	return f;
}

/* In a section: the object goes from the queue's root to the first slot. */
static int move_root(struct gch_mutator *m, struct final *f)
{
	int ret = gch_assign(m, &m->frame[0], READ_ONCE(f->root));

	return ret ?: gch_assign(m, &f->root, NULL);
}

static void run_finalizer(struct gch_finals *fs, struct final *f)
{
	struct gch_mutator *m = fs->m;
	int ret;

	m->aside = &f->root;
	gch_in_section(m, ret, ret = move_root(m, f));
	m->aside = NULL;
	mutex_lock(&fs->lock);
	list_del(&f->node);
	fs->nr--;
	mutex_unlock(&fs->lock);
	f->finalizer(m, f->arg);
	gch_frame_clear(m);
	gch_tally(fs->finalizers_run, 1);
}

static void run_cleanup(struct gch_finals *fs, struct final *f)
{
	f->cleanup(f->arg);
	gch_tally(fs->cleanups_run, 1);
}

static void run_queue(struct work_struct *work)
{
	struct gch_finals *fs = container_of(work, struct gch_finals, work);
	struct final *f;

	while ((f = next_final(fs))) {
		if (f->finalizer)
			run_finalizer(fs, f);
		else
			run_cleanup(fs, f);
		kfree(f);
		cond_resched();
	}
}

static void finals_free(struct gch_finals *fs)
{
	if (fs->m)
		gch_mutator_free(fs->m);
	rhashtable_destroy(&fs->by_ref);
	kfree(fs);
}

static struct gch_finals *finals_new(struct gch_heap *heap)
{
	struct gch_finals *fs = kzalloc(sizeof(*fs), GFP_KERNEL_ACCOUNT);

	if (!fs)
		return NULL;
	if (rhashtable_init(&fs->by_ref, &by_ref_params)) {
		kfree(fs);
		return NULL;
	}
	fs->heap = heap;
	mutex_init(&fs->lock);
	xa_init_flags(&fs->by_id, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&fs->objects);
	INIT_LIST_HEAD(&fs->dead);
	INIT_LIST_HEAD(&fs->gone);
	INIT_LIST_HEAD(&fs->queue);
	INIT_WORK(&fs->work, run_queue);
	fs->m = gch_mutator_new(heap, GCH_FINALIZER_SLOTS);
	if (!fs->m) {
		finals_free(fs);
		return NULL;
	}
	return fs;
}

/* The heap's, made if this is the first time; NULL without memory. */
static struct gch_finals *finals_get(struct gch_heap *heap)
{
	struct gch_finals *fs = finals_of(heap), *made;

	if (fs)
		return fs;
	made = finals_new(heap);
	if (!made)
		return NULL;
	mutex_lock(&heap->lock);
	fs = heap->finals;
	if (!fs) {
		fs = made;
		list_add_tail(&fs->m->node, &heap->mutators);
		/* Whoever sees it sees it complete. */
		gch_store_release(&heap->finals, fs);
	}
	mutex_unlock(&heap->lock);
	if (fs != made)
		finals_free(made);
	return fs;
}

static struct object *find(struct gch_finals *fs, void *ref)
{
	lockdep_assert_held(&fs->lock);
	return rhashtable_lookup_fast(&fs->by_ref, &ref, by_ref_params);
}

static struct object *object_new(struct gch_finals *fs, void *ref)
{
	struct object *o = kzalloc(sizeof(*o), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!o)
		return ERR_PTR(-ENOMEM);
	o->ref = ref;
	INIT_LIST_HEAD(&o->cleanups);
	ret = rhashtable_insert_fast(&fs->by_ref, &o->hash, by_ref_params);
	if (ret) {
		kfree(o);
		return ERR_PTR(-ENOMEM);
	}
	list_add_tail(&o->node, &fs->objects);
	return o;
}

static void object_free(struct gch_finals *fs, struct object *o)
{
	rhashtable_remove_fast(&fs->by_ref, &o->hash, by_ref_params);
	list_del(&o->node);
	kfree(o);
}

static void object_put(struct gch_finals *fs, struct object *o)
{
	if (!o->finalizer && list_empty(&o->cleanups))
		object_free(fs, o);
}

static struct final *final_new(gch_finalizer_fn finalizer,
			       gch_cleanup_fn cleanup, void *arg)
{
	struct final *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return NULL;
	f->finalizer = finalizer;
	f->cleanup = cleanup;
	f->arg = arg;
	INIT_LIST_HEAD(&f->node);
	return f;
}

static int add_cleanup(struct gch_finals *fs, struct object *o,
		       struct final *f)
{
	int ret;

	f->id = ++fs->last_id;
	ret = xa_err(xa_store(&fs->by_id, f->id, f, GFP_KERNEL_ACCOUNT));
	if (!ret)
		list_add_tail(&f->node, &o->cleanups);
	return ret;
}

static int add_locked(struct gch_finals *fs, void *ref, struct final *f)
{
	struct object *o = find(fs, ref);
	int ret = 0;

	if (fs->nr == GCH_FINALS_MAX)
		return -ENOSPC;
	if (f->finalizer && o && o->finalizer)
		return -EEXIST;
	if (!o)
		o = object_new(fs, ref);
	if (IS_ERR(o))
		return PTR_ERR(o);
	if (f->finalizer)
		o->finalizer = f;
	else
		ret = add_cleanup(fs, o, f);
	if (ret) {
		object_put(fs, o);
		return ret;
	}
	f->obj = o;
	fs->nr++;
	return 0;
}

/*
 * Gives an object what is to be called, or frees that. The slot keeps the object
 * alive meanwhile: no section is needed.
 */
static int add(struct gch_mutator *m, unsigned int src, struct final *f,
	       u64 *id)
{
	struct gch_finals *fs = f ? finals_get(m->heap) : NULL;
	int ret;

	if (!fs) {
		kfree(f);
		return -ENOMEM;
	}
	mutex_lock(&fs->lock);
	ret = add_locked(fs, m->frame[src], f);
	if (!ret && id)
		*id = f->id;
	mutex_unlock(&fs->lock);
	if (ret)
		kfree(f);
	return ret;
}

static int check(const struct gch_mutator *m, unsigned int src)
{
	if (!gch_is_slot(m, src))
		return -EINVAL;
	if (!m->ops->finalizers)
		return -EOPNOTSUPP;
	return m->frame[src] ? 0 : -EFAULT;
}

static int finalizer_clear(struct gch_mutator *m, void *ref)
{
	struct gch_finals *fs = finals_of(m->heap);
	struct final *f = NULL;
	struct object *o;

	if (!fs)
		return 0;
	mutex_lock(&fs->lock);
	o = find(fs, ref);
	if (o && o->finalizer) {
		f = o->finalizer;
		o->finalizer = NULL;
		fs->nr--;
		object_put(fs, o);
	}
	mutex_unlock(&fs->lock);
	kfree(f);
	return 0;
}

/**
 * gch_finalizer_set - has a function called once an object is out of reach
 * @m: the mutator
 * @src: slot that refers to the object
 * @fn: the function; NULL to take away what was set
 * @arg: for @fn; no reference
 *
 * It is called once, some time after a collection has found the object out of
 * reach of roots, of other objects with finalizers, and of itself: an object in a
 * cycle with itself is never finalized, and of two that refer to each other in one
 * direction the one that is referred to is finalized after the other. The object,
 * and all that it refers to, lives until then: it is in slot 0 of the mutator that
 * @fn gets. What @fn does not store elsewhere goes by a later collection. Weak
 * entries that name the object have been cleared.
 *
 * There is no order otherwise. A heap's finalizers and cleanups run one after the
 * other, in a thread of the module. When the heap goes, those that have not begun
 * are dropped.
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot; -EFAULT if it is empty; -EOPNOTSUPP if the
 * engine has none; -EEXIST if the object has one; -ENOSPC if the heap has
 * %GCH_FINALS_MAX finalizers and cleanups; -ENOMEM.
 */
int gch_finalizer_set(struct gch_mutator *m, unsigned int src,
		      gch_finalizer_fn fn, void *arg)
{
	int ret = check(m, src);

	if (ret)
		return ret;
	if (!fn)
		return finalizer_clear(m, m->frame[src]);
	ret = add(m, src, final_new(fn, NULL, arg), NULL);
	if (ret)
		return ret;
	/*
	 * A collection that has begun may have visited the finalizers already:
	 * as what is written to a slot, it takes the object for alive.
	 */
	gch_in_section(m, ret,
		       ret = gch_assign(m, &m->frame[src], m->frame[src]));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_finalizer_set);

/**
 * gch_cleanup_add - has a function called when an object is gone
 * @m: the mutator
 * @src: slot that refers to the object
 * @fn: the function
 * @arg: for @fn; no reference, and nothing that needs the object
 * @id: set to a number for gch_cleanup_stop(); may be NULL
 *
 * An object may have several. They are called, in any order, when the object has
 * been freed; one with a finalizer that was found out of reach once more after
 * that has run. A cycle of objects is no obstacle. See gch_finalizer_set().
 *
 * Context: process context, may sleep.
 * Return: as gch_finalizer_set(), but for -EEXIST; -EINVAL without @fn.
 */
int gch_cleanup_add(struct gch_mutator *m, unsigned int src, gch_cleanup_fn fn,
		    void *arg, u64 *id)
{
	int ret = check(m, src);

	if (ret || !fn)
		return ret ?: -EINVAL;
	return add(m, src, final_new(NULL, fn, arg), id);
}
EXPORT_SYMBOL_GPL(gch_cleanup_add);

/**
 * gch_cleanup_stop - takes a cleanup away
 * @heap: the heap
 * @id: from gch_cleanup_add()
 *
 * Context: process context, may sleep.
 * Return: 0: it will not be called; -ENOENT: it has been called, is being called
 * just now, or never was added. gch_finals_wait() waits for one that is.
 */
int gch_cleanup_stop(struct gch_heap *heap, u64 id)
{
	struct gch_finals *fs = finals_of(heap);
	struct final *f;

	if (!fs)
		return -ENOENT;
	mutex_lock(&fs->lock);
	f = xa_erase(&fs->by_id, id);
	if (f) {
		list_del(&f->node);
		fs->nr--;
		if (f->obj)
			object_put(fs, f->obj);
	}
	mutex_unlock(&fs->lock);
	if (!f)
		return -ENOENT;
	kfree(f);
	return 0;
}
EXPORT_SYMBOL_GPL(gch_cleanup_stop);

/**
 * gch_finals_wait - waits until what collections have queued so far has run
 * @heap: the heap
 *
 * Context: process context, may sleep as long as the functions take; not called by
 * one of them.
 */
void gch_finals_wait(struct gch_heap *heap)
{
	struct gch_finals *fs = finals_of(heap);

	if (fs)
		flush_work(&fs->work);
}
EXPORT_SYMBOL_GPL(gch_finals_wait);

/* Lets others have the lock now and then; the list may change then. */
static void breathe(struct gch_finals *fs, unsigned int *n)
{
	if (++*n % BREATH)
		return;
	mutex_unlock(&fs->lock);
	cond_resched();
	mutex_lock(&fs->lock);
}

/* The next object, or NULL; @at is in the list and moves behind it. */
static struct object *next_object(struct gch_finals *fs, struct object *at)
{
	struct object *o;

	if (list_is_last(&at->node, &fs->objects))
		return NULL;
	o = list_next_entry(at, node);
	list_move(&at->node, &o->node);
	return o;
}

/**
 * gch_visit_finals - shows an engine the objects with finalizers or cleanups
 * @heap: the heap
 * @fn: called with each
 * @arg: its first argument
 *
 * Those that get their first meanwhile may be missed: a slot keeps them.
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_visit_finals(struct gch_heap *heap, gch_finals_fn fn, void *arg)
{
	struct gch_finals *fs = finals_of(heap);
	struct object at = {}, *o;
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

/**
 * gch_visit_finalizing - shows an engine what finalizers wait to be called with
 * @heap: the heap
 * @fn: called with the place of each reference, a root
 * @arg: its first argument
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_visit_finalizing(struct gch_heap *heap, gch_roots_fn fn, void *arg)
{
	struct gch_finals *fs = finals_of(heap);
	struct final *f;

	if (!fs)
		return;
	mutex_lock(&fs->lock);
	list_for_each_entry(f, &fs->queue, node) {
		fn(arg, &f->root, 1);
		cond_resched();
	}
	mutex_unlock(&fs->lock);
}

/**
 * gch_finals_find - finds dead objects with finalizers or cleanups
 * @heap: the heap
 * @is_dead: says which are
 * @arg: its first argument
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock. No mutator can
 * reach what is dead any more, but by a weak entry that it has read already.
 * Return: whether there are any; then gch_finals_revive() has to follow.
 */
bool gch_finals_find(struct gch_heap *heap, gch_is_dead_fn is_dead, void *arg)
{
	struct gch_finals *fs = finals_of(heap);
	struct object at = {}, *o;
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

static void queue_finalizer(struct gch_finals *fs, struct object *o)
{
	struct final *f = o->finalizer;

	o->finalizer = NULL;
	f->obj = NULL;
	f->root = o->ref;
	list_add_tail(&f->node, &fs->queue);
	gch_tally(fs->finalizers_queued, 1);
	list_move_tail(&o->node, &fs->objects);
	object_put(fs, o);
}

static void queue_cleanups(struct gch_finals *fs, struct object *o)
{
	struct final *f;

	list_for_each_entry(f, &o->cleanups, node) {
		f->obj = NULL;
		gch_tally(fs->cleanups_queued, 1);
	}
	list_splice_tail_init(&o->cleanups, &fs->gone);
	object_free(fs, o);
}

/**
 * gch_finals_revive - queues the finalizers of the dead objects that were found
 * @heap: the heap
 * @revive: called with each object that has one, first: it lives on
 * @arg: its first argument
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_finals_revive(struct gch_heap *heap, gch_revive_fn revive, void *arg)
{
	struct gch_finals *fs = finals_of(heap);
	unsigned int n = 0;
	struct object *o;

	mutex_lock(&fs->lock);
	while (!list_empty(&fs->dead)) {
		o = list_first_entry(&fs->dead, struct object, node);
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

/**
 * gch_finals_release - runs what a collection has queued
 * @heap: the heap; what was dead has been freed
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_finals_release(struct gch_heap *heap)
{
	struct gch_finals *fs = finals_of(heap);

	if (!fs)
		return;
	mutex_lock(&fs->lock);
	list_splice_tail_init(&fs->gone, &fs->queue);
	if (!fs->stopped && !list_empty(&fs->queue))
		queue_work(gch_wq, &fs->work);
	mutex_unlock(&fs->lock);
}

/**
 * gch_finals_stats - counts finalizers and cleanups
 * @heap: the heap
 * @stats: their fields are filled in
 *
 * Context: any.
 */
void gch_finals_stats(struct gch_heap *heap, struct gch_stats *stats)
{
	struct gch_finals *fs = finals_of(heap);

	if (!fs)
		return;
	stats->finalizers_run = READ_ONCE(fs->finalizers_run);
	stats->cleanups_run = READ_ONCE(fs->cleanups_run);
	/* What has run was queued before. */
	smp_rmb();
	stats->finalizers_queued = READ_ONCE(fs->finalizers_queued);
	stats->cleanups_queued = READ_ONCE(fs->cleanups_queued);
}

/**
 * gch_finals_stop - lets no finalizer and no cleanup begin any more
 * @heap: the heap; nobody uses it any more
 *
 * Context: process context, may sleep: waits for the one that runs.
 */
void gch_finals_stop(struct gch_heap *heap)
{
	struct gch_finals *fs = finals_of(heap);

	if (!fs)
		return;
	mutex_lock(&fs->lock);
	fs->stopped = true;
	mutex_unlock(&fs->lock);
	cancel_work_sync(&fs->work);
}

static void free_all(struct list_head *list)
{
	struct final *f, *next;

	list_for_each_entry_safe(f, next, list, node) {
		kfree(f);
		cond_resched();
	}
}

/**
 * gch_finals_exit - drops all finalizers and cleanups
 * @heap: the heap, stopped, not collected any more; its objects still exist
 *
 * Context: process context, may sleep.
 */
void gch_finals_exit(struct gch_heap *heap)
{
	struct gch_finals *fs = finals_of(heap);
	struct object *o, *next;

	if (!fs)
		return;
	list_for_each_entry_safe(o, next, &fs->objects, node) {
		free_all(&o->cleanups);
		kfree(o->finalizer);
		object_free(fs, o);
		cond_resched();
	}
	free_all(&fs->queue);
	xa_destroy(&fs->by_id);
	mutex_lock(&heap->lock);
	list_del(&fs->m->node);
	mutex_unlock(&heap->lock);
	heap->finals = NULL;
	finals_free(fs);
}
