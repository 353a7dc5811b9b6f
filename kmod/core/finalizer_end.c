// SPDX-License-Identifier: GPL-2.0
/*
 * End of finalizers and cleanups: deletion of their heap, and unloading of the module
 * that added them
 *
 * An entry pins its module, so an unloaded module has no entries. A module whose init
 * fails, however, is freed despite its pins. The module notifier then drops its
 * entries in all heaps and waits for a running function. A deleted heap has left the
 * registry but may still run a function, so all heaps that ever had entries are on a
 * separate list. all_lock protects it and is a leaf.
 */
#include "finalizer.h"

#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "heap.h"

static LIST_HEAD(all);
static DEFINE_MUTEX(all_lock);

/**
 * gch_finals_enlist - adds a heap to the list of heaps with entries
 * @fs: its finalizers and cleanups
 *
 * Context: process context; under &gch_heap.lock.
 */
void gch_finals_enlist(struct gch_finals *fs)
{
	mutex_lock(&all_lock);
	list_add_tail(&fs->all, &all);
	mutex_unlock(&all_lock);
}

/* Drops an entry unless it runs; if @owner is set, only an entry of that module. */
static void drop(struct gch_finals *fs, struct gch_special *f, struct module *owner)
{
	lockdep_assert_held(&fs->lock);
	if (f == fs->running || (owner && f->owner != owner))
		return;
	f->dropped = true;
	gch_final_unpin(f);
}

static void drop_list(struct gch_finals *fs, struct list_head *finals,
		      struct module *owner)
{
	unsigned int n = 0;
	struct gch_special *f;

	list_for_each_entry(f, finals, node) {
		drop(fs, f, owner);
		if (!(++n % GCH_FINALS_BREATH))
			cond_resched();
	}
}

static void drop_objects(struct gch_finals *fs, struct list_head *objects,
			 struct module *owner)
{
	unsigned int n = 0;
	struct gch_special_object *o;

	list_for_each_entry(o, objects, node) {
		/* Without @ref it is the cursor of a walk. */
		if (o->ref) {
			if (o->finalizer)
				drop(fs, o->finalizer, owner);
			drop_list(fs, &o->cleanups, owner);
		}
		if (!(++n % GCH_FINALS_BREATH))
			cond_resched();
	}
}

static void drop_all(struct gch_finals *fs, struct module *owner)
{
	drop_objects(fs, &fs->objects, owner);
	drop_objects(fs, &fs->dead, owner);
	drop_list(fs, &fs->gone, owner);
	drop_list(fs, &fs->queue, owner);
}

/**
 * gch_finals_drop - drops all finalizers and cleanups that have not begun
 * @heap: the heap
 *
 * No new one is accepted. Only the running one still pins a module afterwards.
 *
 * Context: process context, may sleep; does not wait for the running one.
 */
void gch_finals_drop(struct gch_heap *heap)
{
	struct gch_finals *fs;

	mutex_lock(&heap->lock);
	heap->finals_off = true;
	fs = heap->finals;
	mutex_unlock(&heap->lock);
	if (!fs)
		return;
	mutex_lock(&fs->lock);
	/* Pairs with the acquire in have_ended(). */
	gch_store_release(&fs->stopped, true);
	drop_all(fs, NULL);
	mutex_unlock(&fs->lock);
	/* If none runs, none will end: wake the waiters. */
	wake_up_all(&fs->end_wait);
}

/**
 * gch_finals_stop - stops a heap's finalizers and cleanups for good
 * @heap: the heap
 *
 * Drops those that have not begun, and waits for the running one unless that is the
 * caller. For clients that are about to free what their functions use, such as
 * tables. gch_heap_delete() does the same.
 *
 * Context: process context, may sleep as long as the running function takes.
 */
void gch_finals_stop(struct gch_heap *heap)
{
	gch_finals_drop(heap);
	gch_finals_wait(heap);
}
EXPORT_SYMBOL_GPL(gch_finals_stop);

/* The entry after @at, or the first, with a reference to its heap. Puts that of @at. */
static struct gch_finals *next_finals(struct gch_finals *at)
{
	struct gch_finals *fs, *found = NULL;

	mutex_lock(&all_lock);
	fs = list_prepare_entry(at, &all, all);
	list_for_each_entry_continue(fs, &all, all) {
		if (kref_get_unless_zero(&fs->heap->ref)) {
			found = fs;
			break;
		}
	}
	mutex_unlock(&all_lock);
	if (at)
		gch_heap_put(at->heap);
	return found;
}

static void forget(struct gch_finals *fs, struct module *owner)
{
	bool runs;
	u64 ended;

	mutex_lock(&fs->lock);
	drop_all(fs, owner);
	runs = fs->running && fs->running->owner == owner;
	ended = fs->nr_ended;
	mutex_unlock(&fs->lock);
	/* Wait for this entry only: later ones may be others' and take long. */
	if (runs)
		wait_event(fs->end_wait, gch_load_acquire(&fs->nr_ended) != ended);
}

/**
 * gch_finals_forget - drops the finalizers and cleanups of a module
 * @owner: the module, which is going away
 *
 * Context: process context, may sleep as long as a running function takes; before the
 * module's memory is freed.
 */
void gch_finals_forget(struct module *owner)
{
	struct gch_finals *fs = NULL;

	while ((fs = next_finals(fs)))
		forget(fs, owner);
}

static void free_all(struct gch_finals *fs, struct list_head *list)
{
	struct gch_special *f, *next;

	list_for_each_entry_safe(f, next, list, node) {
		gch_final_free(fs, f);
		cond_resched();
	}
}

/**
 * gch_finals_exit - frees all finalizers and cleanups
 * @heap: the heap, without references and no longer collected; its objects still
 *	exist
 *
 * Context: process context, may sleep.
 */
void gch_finals_exit(struct gch_heap *heap)
{
	struct gch_finals *fs = gch_finals_of(heap);
	struct gch_special_object *o, *next;

	if (!fs)
		return;
	mutex_lock(&all_lock);
	list_del(&fs->all);
	mutex_unlock(&all_lock);
	list_for_each_entry_safe(o, next, &fs->objects, node) {
		free_all(fs, &o->cleanups);
		gch_final_free(fs, o->finalizer);
		gch_finals_object_free(fs, o);
		cond_resched();
	}
	free_all(fs, &fs->queue);
	mutex_lock(&heap->lock);
	list_del(&fs->m->node);
	mutex_unlock(&heap->lock);
	heap->finals = NULL;
	gch_finals_free(fs);
}
