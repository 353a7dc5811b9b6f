/* SPDX-License-Identifier: GPL-2.0 */
/* Finalizers and cleanups: shared by finalizer.c, finalizer_visit.c and finalizer_end.c. */
#ifndef _GCH_CORE_FINAL_H
#define _GCH_CORE_FINAL_H

#include <linux/wait.h>
#include <gcheap/engine.h>

struct module;

/* Entries visited before the lock is dropped for others. */
#define GCH_FINALS_BREATH	256

/* An object with a finalizer or cleanups; a cursor in the list if @ref is NULL. */
struct gch_special_object {
	struct gch_hash_node hash;
	struct list_head node;
	void *ref;
	struct gch_special *finalizer;
	struct list_head cleanups;
};

/*
 * A finalizer or cleanup to call, unless @dropped. @root refers to the object while a
 * finalizer is queued; @owner is the module pinned for it, or NULL.
 */
struct gch_special {
	struct list_head node;
	struct gch_hash_node hash;
	struct gch_special_object *obj;
	void *root;
	gch_finalizer_fn finalizer;
	gch_cleanup_fn cleanup;
	void *arg;
	struct module *owner;
	bool dropped;
	u64 id;
};

struct gch_finals {
	struct gch_heap *heap;
	struct list_head all;		/* link in the list of all heaps' finals */
	struct mutex lock;		/* see finalizer.c */
	struct gch_hash by_ref;
	struct gch_hash by_id;
	struct list_head objects;
	struct list_head dead;
	struct list_head gone;
	struct list_head queue;
	u64 last_id;
	u32 nr;
	bool stopped;
	struct gch_special *running;
	u64 nr_ended;			/* queued ones that ended, in order */
	wait_queue_head_t end_wait;
	struct gch_mutator *m;
	struct work_struct work;
	u64 finalizers_queued;
	u64 finalizers_run;
	u64 cleanups_queued;
	u64 cleanups_run;
};

void gch_final_unpin(struct gch_special *f);
void gch_final_free(struct gch_finals *fs, struct gch_special *f);
void gch_finals_free(struct gch_finals *fs);
void gch_finals_enlist(struct gch_finals *fs);
void gch_finals_object_free(struct gch_finals *fs, struct gch_special_object *o);
void gch_finals_object_put(struct gch_finals *fs, struct gch_special_object *o);

/* The finalizers and cleanups of a heap, or NULL before the first. */
static inline struct gch_finals *gch_finals_of(struct gch_heap *heap)
{
	/* Pairs with the release in finals_get(). */
	return gch_load_acquire(&heap->finals);
}

#endif /* _GCH_CORE_FINAL_H */
