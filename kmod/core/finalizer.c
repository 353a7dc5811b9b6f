// SPDX-License-Identifier: GPL-2.0
/*
 * Finalizers and cleanups: functions that are called when an object becomes
 * unreachable, or after it was freed
 *
 * They follow Go (runtime/mfinal.go, mcleanup.go). An object with any of them has an
 * entry here, which keeps nothing alive. An engine that supports them calls, in each
 * collection:
 *
 *	gch_visit_finals()	while it marks: keeps all that an object with a
 *				finalizer refers to, but not the object itself
 *	gch_finals_find()	when all is marked: moves dead objects to a list
 *	gch_finals_revive()	dead objects with a finalizer live on: the finalizer
 *				is queued with the object and removed from it
 *	gch_finals_release()	the other dead objects are freed: their cleanups are
 *				queued, and the queue runs
 *
 * One work item per heap runs the queue in order, with a mutator that does not count
 * as a user of the heap. The work item holds a reference to the heap from when it is
 * queued until it ends, so the last reference never waits for it. It has its own
 * workqueue, since client functions may sleep.
 *
 * An entry pins the module that added it until its function has returned or is
 * dropped; finalizer_end.c handles a module whose init fails. The module that made the
 * heap is not pinned, or it could never be unloaded: it deletes the heap, and
 * gch_heap_delete() waits for the running function.
 *
 * gch_finals.lock protects all lists and entries. It is taken under
 * gch_heap.cycle_lock, outside sections. No client function runs under it.
 */
#include "finalizer.h"

#include <linux/export.h>
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "compat.h"
#include "delay.h"
#include "heap.h"
#include "mutator.h"

struct workqueue_struct *gch_final_wq;

/**
 * gch_final_unpin - unpins the module of an entry
 * @f: the entry
 *
 * Context: any.
 */
void gch_final_unpin(struct gch_special *f)
{
	module_put(f->owner);
	f->owner = NULL;
}

/**
 * gch_final_free - frees an entry that is on no list
 * @fs: finalizers and cleanups of its heap
 * @f: the entry, or NULL
 *
 * Context: process context.
 */
void gch_final_free(struct gch_finals *fs, struct gch_special *f)
{
	if (!f)
		return;
	gch_final_unpin(f);
	gch_memory_put(fs->heap, f, sizeof(*f));
}

/* A cleanup without an id cannot be stopped. */
static void forget_id(struct gch_finals *fs, struct gch_special *f)
{
	lockdep_assert_held(&fs->lock);
	if (f->id)
		gch_hash_del(&fs->by_id, &f->hash);
	f->id = 0;
}

/* The next entry. A finalizer stays queued, a root, until its object is in a slot. */
static struct gch_special *next_final(struct gch_finals *fs)
{
	struct gch_special *f = NULL;

	mutex_lock(&fs->lock);
	if (!fs->stopped)
		f = list_first_entry_or_null(&fs->queue, struct gch_special, node);
	if (f && f->cleanup) {
		list_del(&f->node);
		forget_id(fs, f);
		fs->nr--;
	}
	WRITE_ONCE(fs->running, f);
	mutex_unlock(&fs->lock);
	return f;
}

/* In a section: moves the object from the queue's root to the first slot. */
static int move_root(struct gch_mutator *m, struct gch_special *f)
{
	int ret = gch_assign(m, &m->frame[0], READ_ONCE(f->root));

	return ret ?: gch_assign(m, &f->root, NULL);
}

static void run_finalizer(struct gch_finals *fs, struct gch_special *f)
{
	struct gch_mutator *m = fs->m;
	int ret;

	m->extra_root = &f->root;
	gch_in_section(m, ret, ret = move_root(m, f));
	m->extra_root = NULL;
	mutex_lock(&fs->lock);
	list_del(&f->node);
	fs->nr--;
	mutex_unlock(&fs->lock);
	if (!f->dropped) {
		gch_delay();
		f->finalizer(m, f->arg);
		/* Must not see pauses of the next finalizer. */
		gch_mutator_on_pause(m, NULL, NULL);
		gch_tally(fs->finalizers_run, 1);
	}
	gch_frame_clear(m);
}

static void run_cleanup(struct gch_finals *fs, struct gch_special *f)
{
	if (f->dropped)
		return;
	gch_delay();
	f->cleanup(f->arg);
	gch_tally(fs->cleanups_run, 1);
}

static void end_final(struct gch_finals *fs, struct gch_special *f)
{
	mutex_lock(&fs->lock);
	gch_final_unpin(f);
	/* A waiter that sees either store may free the module. */
	gch_store_release(&fs->running, NULL);
	gch_store_release(&fs->nr_ended, fs->nr_ended + 1);
	mutex_unlock(&fs->lock);
	wake_up_all(&fs->end_wait);
	gch_final_free(fs, f);
}

static void run_queue(struct work_struct *work)
{
	struct gch_finals *fs = container_of(work, struct gch_finals, work);
	struct gch_heap *heap = fs->heap;
	struct gch_special *f;

	/* Another task may have run the work before. */
	gch_check_forget(fs->m);
	while ((f = next_final(fs))) {
		if (f->finalizer)
			run_finalizer(fs, f);
		else
			run_cleanup(fs, f);
		end_final(fs, f);
		cond_resched();
	}
	gch_heap_put_later(heap);
}

/**
 * gch_finals_free - frees a heap's state of finalizers and cleanups
 * @fs: the state, without entries
 *
 * Context: process context, may sleep.
 */
void gch_finals_free(struct gch_finals *fs)
{
	if (fs->m)
		gch_mutator_free(fs->m);
	gch_hash_exit(&fs->by_ref);
	gch_hash_exit(&fs->by_id);
	gch_memory_put(fs->heap, fs, sizeof(*fs));
}

static struct gch_finals *finals_new(struct gch_heap *heap)
{
	struct gch_finals *fs = gch_memory_get(heap, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->heap = heap;
	mutex_init(&fs->lock);
	gch_hash_init(&fs->by_ref, heap);
	gch_hash_init(&fs->by_id, heap);
	INIT_LIST_HEAD(&fs->objects);
	INIT_LIST_HEAD(&fs->dead);
	INIT_LIST_HEAD(&fs->gone);
	INIT_LIST_HEAD(&fs->queue);
	INIT_WORK(&fs->work, run_queue);
	init_waitqueue_head(&fs->end_wait);
	fs->m = gch_mutator_new(heap, GCH_FINALIZER_SLOTS);
	if (!fs->m) {
		gch_finals_free(fs);
		return NULL;
	}
	return fs;
}

/* A heap's state of finalizers, created on first use; NULL without memory. */
static struct gch_finals *finals_get(struct gch_heap *heap)
{
	struct gch_finals *fs = gch_finals_of(heap), *made;

	if (fs)
		return fs;
	made = finals_new(heap);
	if (!made)
		return NULL;
	mutex_lock(&heap->lock);
	fs = heap->finals;
	if (!fs) {
		fs = made;
		fs->stopped = heap->finals_off;
		list_add_tail(&fs->m->node, &heap->mutators);
		/* Pairs with the acquire in gch_finals_of(). */
		gch_finals_enlist(fs);
		gch_store_release(&heap->finals, fs);
	}
	mutex_unlock(&heap->lock);
	if (fs != made)
		gch_finals_free(made);
	return fs;
}

static u32 hash_ref(void *ref)
{
	return hash_64((unsigned long)ref, 32);
}

static struct gch_special_object *find(struct gch_finals *fs, void *ref)
{
	struct gch_special_object *o;

	lockdep_assert_held(&fs->lock);
	hlist_for_each_entry(o, gch_hash_bucket(&fs->by_ref, hash_ref(ref)),
			     hash.node)
		if (o->ref == ref)
			return o;
	return NULL;
}

static struct gch_special_object *object_new(struct gch_finals *fs, void *ref)
{
	struct gch_special_object *o = gch_memory_get(fs->heap, sizeof(*o));

	if (!o)
		return ERR_PTR(-ENOMEM);
	o->ref = ref;
	INIT_LIST_HEAD(&o->cleanups);
	if (gch_hash_add(&fs->by_ref, &o->hash, hash_ref(ref))) {
		gch_memory_put(fs->heap, o, sizeof(*o));
		return ERR_PTR(-ENOMEM);
	}
	list_add_tail(&o->node, &fs->objects);
	return o;
}

/**
 * gch_finals_object_free - frees an object's entry
 * @fs: finalizers and cleanups of its heap
 * @o: the entry, without finalizer and cleanups
 *
 * Context: process context; under &gch_finals.lock, or @fs is not in use.
 */
void gch_finals_object_free(struct gch_finals *fs, struct gch_special_object *o)
{
	gch_hash_del(&fs->by_ref, &o->hash);
	list_del(&o->node);
	gch_memory_put(fs->heap, o, sizeof(*o));
}

/**
 * gch_finals_object_put - frees an object's entry if it is empty
 * @fs: finalizers and cleanups of its heap
 * @o: the entry
 *
 * Context: process context; under &gch_finals.lock.
 */
void gch_finals_object_put(struct gch_finals *fs, struct gch_special_object *o)
{
	if (!o->finalizer && list_empty(&o->cleanups))
		gch_finals_object_free(fs, o);
}

static u32 hash_id(u64 id)
{
	return hash_64(id, 32);
}

static int add_cleanup(struct gch_finals *fs, struct gch_special_object *o,
		       struct gch_special *f)
{
	int ret;

	f->id = ++fs->last_id;
	ret = gch_hash_add(&fs->by_id, &f->hash, hash_id(f->id));
	if (!ret)
		list_add_tail(&f->node, &o->cleanups);
	return ret;
}

static int add_locked(struct gch_finals *fs, void *ref, struct gch_special *f)
{
	struct gch_special_object *o = find(fs, ref);
	int ret = 0;

	if (fs->stopped)
		return -ENODEV;
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
		gch_finals_object_put(fs, o);
		return ret;
	}
	f->obj = o;
	fs->nr++;
	return 0;
}

/* Copies @what and pins its module, unless that module made the heap. */
static struct gch_special *final_new(struct gch_finals *fs,
				     const struct gch_special *what)
{
	struct gch_special *f = gch_memory_get(fs->heap, sizeof(*f));

	if (!f)
		return ERR_PTR(-ENOMEM);
	*f = *what;
	INIT_LIST_HEAD(&f->node);
	if (f->owner == READ_ONCE(fs->heap->maker))
		f->owner = NULL;
	if (!try_module_get(f->owner)) {
		f->owner = NULL;
		gch_final_free(fs, f);
		return ERR_PTR(-ENODEV);
	}
	return f;
}

/* The slot keeps the object alive, so no section is needed. */
static int try_add(struct gch_mutator *m, unsigned int src,
		   const struct gch_special *what, u64 *id)
{
	struct gch_finals *fs = finals_get(m->heap);
	struct gch_special *f;
	int ret;

	if (!fs)
		return -ENOMEM;
	f = final_new(fs, what);
	if (IS_ERR(f))
		return PTR_ERR(f);
	mutex_lock(&fs->lock);
	ret = add_locked(fs, m->frame[src], f);
	if (!ret && id)
		*id = f->id;
	mutex_unlock(&fs->lock);
	if (ret)
		gch_final_free(fs, f);
	return ret;
}

/* Adds a finalizer or cleanup to an object; collects if memory is short. */
static int add(struct gch_mutator *m, unsigned int src,
	       const struct gch_special *what, u64 *id)
{
	unsigned int tries = 0;
	int ret;

	do {
		ret = try_add(m, src, what, id);
	} while (ret == -ENOMEM &&
		 gch_memory_room(m->heap, sizeof(struct gch_special) +
				 sizeof(struct gch_special_object), &tries));
	return ret == -ENOMEM ? gch_memory_error() : ret;
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
	struct gch_finals *fs = gch_finals_of(m->heap);
	struct gch_special *f = NULL;
	struct gch_special_object *o;

	if (!fs)
		return 0;
	mutex_lock(&fs->lock);
	o = find(fs, ref);
	if (o && o->finalizer) {
		f = o->finalizer;
		o->finalizer = NULL;
		fs->nr--;
		gch_finals_object_put(fs, o);
	}
	mutex_unlock(&fs->lock);
	gch_final_free(fs, f);
	return 0;
}

/**
 * __gch_finalizer_set - sets or clears the finalizer of an object
 * @m: the mutator
 * @src: slot that refers to the object
 * @fn: the finalizer; NULL to clear
 * @arg: argument of @fn; no reference
 * @owner: the module of @fn
 *
 * The finalizer is called once, some time after a collection has found the object
 * unreachable from roots, from other objects with finalizers, and from itself. An
 * object in a reference cycle with itself is therefore never finalized. If one object
 * with a finalizer refers to another, the first is finalized first. The object and
 * all that it refers to live until then; the object is in slot 0 of the mutator that
 * @fn gets. A later collection frees it unless @fn stores it elsewhere. Weak entries
 * that name the object are cleared before the call.
 *
 * There is no other order. A heap's finalizers and cleanups run one after the other,
 * in a thread of the module. Deleting the heap drops those that have not begun.
 *
 * Call gch_finalizer_set(), which supplies @owner. @owner cannot be unloaded before
 * @fn has returned or is dropped, unless it made the heap: then its exit deletes the
 * heap with gch_heap_delete(), which waits for @fn.
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: 0; -EINVAL for a bad slot; -EFAULT if it is empty; -EOPNOTSUPP if the
 * engine has no finalizers; -EEXIST if the object has a finalizer; -ENOSPC if the
 * heap has %GCH_FINALS_MAX finalizers and cleanups; -ENODEV after gch_finals_stop(),
 * or if @owner is being unloaded; -ENOMEM; -EINTR if the task was killed. On a
 * checked heap also -EINVAL if the task cannot sleep, -EPERM if another task uses the
 * mutator.
 */
int __gch_finalizer_set(struct gch_mutator *m, unsigned int src,
			gch_finalizer_fn fn, void *arg, struct module *owner)
{
	const struct gch_special what = { .finalizer = fn, .arg = arg, .owner = owner };
	int ret = check(m, src) ?: gch_check_call(m, _RET_IP_);

	if (ret)
		return ret;
	if (!fn)
		return finalizer_clear(m, m->frame[src]);
	ret = add(m, src, &what, NULL);
	if (ret)
		return ret;
	/*
	 * A running collection may have visited the finalizers before this one was
	 * added. Rewriting the slot shades the object.
	 */
	m->patient = true;
	gch_in_section(m, ret,
		       ret = gch_assign(m, &m->frame[src], m->frame[src]));
	m->patient = false;
	return ret;
}
EXPORT_SYMBOL_GPL(__gch_finalizer_set);

/**
 * __gch_cleanup_add - adds a cleanup to an object
 * @m: the mutator
 * @src: slot that refers to the object
 * @fn: the cleanup
 * @arg: argument of @fn; no reference, and usable without the object
 * @id: set to a number for gch_cleanup_stop(); may be NULL
 * @owner: the module of @fn
 *
 * An object may have several cleanups. They are called after the object was freed, in
 * any order. An object with a finalizer is freed when it is found unreachable again
 * after the finalizer has run. Reference cycles do not matter. Call
 * gch_cleanup_add(), which supplies @owner; see __gch_finalizer_set().
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: as __gch_finalizer_set(), without -EEXIST; -EINVAL if @fn is NULL.
 */
int __gch_cleanup_add(struct gch_mutator *m, unsigned int src,
		      gch_cleanup_fn fn, void *arg, u64 *id,
		      struct module *owner)
{
	const struct gch_special what = { .cleanup = fn, .arg = arg, .owner = owner };
	int ret = check(m, src) ?: gch_check_call(m, _RET_IP_);

	if (ret || !fn)
		return ret ?: -EINVAL;
	return add(m, src, &what, id);
}
EXPORT_SYMBOL_GPL(__gch_cleanup_add);

static struct gch_special *find_id(struct gch_finals *fs, u64 id)
{
	struct gch_special *f;

	lockdep_assert_held(&fs->lock);
	hlist_for_each_entry(f, gch_hash_bucket(&fs->by_id, hash_id(id)),
			     hash.node)
		if (f->id == id)
			return f;
	return NULL;
}

static struct gch_special *take_off(struct gch_finals *fs, struct gch_special *f)
{
	lockdep_assert_held(&fs->lock);
	list_del(&f->node);
	fs->nr--;
	gch_finals_object_put(fs, f->obj);
	return f;
}

/**
 * gch_cleanup_stop - cancels a cleanup
 * @heap: the heap
 * @id: from gch_cleanup_add()
 *
 * A queued cleanup stays in the queue but is not called, since gch_finals_wait()
 * counts entries in the order of the queue.
 *
 * Context: process context, may sleep.
 * Return: 0 if it will not be called; -ENOENT if it has been called, is running, or
 * does not exist. gch_finals_wait() waits for a running one.
 */
int gch_cleanup_stop(struct gch_heap *heap, u64 id)
{
	struct gch_finals *fs = gch_finals_of(heap);
	struct gch_special *f, *unqueued = NULL;

	if (!fs)
		return -ENOENT;
	mutex_lock(&fs->lock);
	f = find_id(fs, id);
	if (f) {
		forget_id(fs, f);
		f->dropped = true;
		gch_final_unpin(f);
		if (f->obj)
			unqueued = take_off(fs, f);
	}
	mutex_unlock(&fs->lock);
	gch_final_free(fs, unqueued);
	return f ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(gch_cleanup_stop);

/**
 * gch_finals_calls - does the current task run a finalizer or cleanup of a heap?
 * @heap: the heap
 *
 * Context: process context.
 * Return: true if it does.
 */
bool gch_finals_calls(struct gch_heap *heap)
{
	struct gch_finals *fs = gch_finals_of(heap);

	return fs && current_work() == &fs->work;
}

/* Have @nr entries ended since the heap was made, or will no other begin? */
static bool have_ended(struct gch_finals *fs, u64 nr)
{
	if (gch_load_acquire(&fs->nr_ended) >= nr)
		return true;
	/* A reader that sees stopped also sees any entry that still runs. */
	return gch_load_acquire(&fs->stopped) && !gch_load_acquire(&fs->running);
}

/**
 * gch_finals_wait - waits for the finalizers and cleanups queued so far
 * @heap: the heap
 *
 * Does not wait for entries queued meanwhile, since a finalizer may set a new
 * finalizer on its object and collect. Returns early if the heap's finalizers are
 * stopped, once none runs. Returns at once if a finalizer or cleanup of the heap
 * calls it.
 *
 * Context: process context, may sleep as long as the functions take.
 */
void gch_finals_wait(struct gch_heap *heap)
{
	struct gch_finals *fs = gch_finals_of(heap);
	u64 nr;

	if (!fs || gch_finals_calls(heap))
		return;
	mutex_lock(&fs->lock);
	nr = fs->finalizers_queued + fs->cleanups_queued;
	mutex_unlock(&fs->lock);
	wait_event(fs->end_wait, have_ended(fs, nr));
}
EXPORT_SYMBOL_GPL(gch_finals_wait);
