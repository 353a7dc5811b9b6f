// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps that belong to a netlink socket
 *
 * When the socket is closed, such a heap is an orphan: no mutator may attach any
 * more, and it is deleted once the last of them has left. Those of runs leave
 * soon, for runs end with their socket too.
 *
 * The notifier runs in every task that closes a generic netlink socket, so it waits
 * for no heap: it marks the orphans and queues the work that deletes them. That work
 * takes gch_heap.lock, as the last mutator does when it leaves: if the work finds the
 * mutator still there, the mutator finds the mark and queues the work again.
 *
 * owner_lock protects the list of such heaps; no other lock is taken under it. A
 * heap leaves the list when its socket is closed, or when it is deleted, before the
 * registry's reference is put.
 */
#include <gcheap/engine.h>

#include "heap.h"

static DEFINE_MUTEX(owner_lock);
static LIST_HEAD(owned);

static void delete_orphan(struct work_struct *work)
{
	struct gch_heap *heap = container_of(work, struct gch_heap,
					     orphan_work);

	/* In use: it will be queued again. Deleted by others: so much the better. */
	gch_heap_remove(heap, NULL);
	gch_heap_put(heap);
}

/**
 * gch_owner_init - sets up a heap that belongs to no socket
 * @heap: the heap, zeroed
 *
 * Context: any.
 */
void gch_owner_init(struct gch_heap *heap)
{
	INIT_LIST_HEAD(&heap->owned_node);
	INIT_WORK(&heap->orphan_work, delete_orphan);
}

/**
 * gch_owner_set - lets a heap belong to a socket
 * @heap: the heap
 * @portid: the socket, which stays open for as long as this call lasts
 *
 * Context: process context, may sleep.
 */
void gch_owner_set(struct gch_heap *heap, u32 portid)
{
	mutex_lock(&owner_lock);
	/*
	 * It may have been deleted already. If it is deleted just now,
	 * gch_owner_forget() is still to come.
	 */
	if (!READ_ONCE(heap->dying)) {
		heap->owner = portid;
		list_add_tail(&heap->owned_node, &owned);
	}
	mutex_unlock(&owner_lock);
}

/**
 * gch_owner_forget - a heap that is being deleted belongs to no socket
 * @heap: the heap, dying
 *
 * Context: process context, may sleep.
 */
void gch_owner_forget(struct gch_heap *heap)
{
	mutex_lock(&owner_lock);
	list_del_init(&heap->owned_node);
	mutex_unlock(&owner_lock);
}

/* The caller has a reference. */
static void queue_deletion(struct gch_heap *heap)
{
	kref_get(&heap->ref);
	if (!queue_work(gch_wq, &heap->orphan_work))
		/* Never the last. */
		gch_heap_put(heap);
}

/**
 * gch_owner_check - deletes an orphan that is not in use, soon
 * @heap: the heap
 *
 * Context: process context; under &gch_heap.lock, with a reference that is put
 * after that.
 */
void gch_owner_check(struct gch_heap *heap)
{
	lockdep_assert_held(&heap->lock);
	if (READ_ONCE(heap->orphan) && !heap->nr_mutators &&
	    list_empty(&heap->tables))
		queue_deletion(heap);
}

/**
 * gch_owner_gone - a socket has been closed: its heaps go
 * @portid: the socket
 *
 * Context: process context, may sleep; waits neither for a heap nor for mutators.
 */
void gch_owner_gone(u32 portid)
{
	struct gch_heap *heap, *next;

	mutex_lock(&owner_lock);
	list_for_each_entry_safe(heap, next, &owned, owned_node) {
		if (heap->owner != portid)
			continue;
		list_del_init(&heap->owned_node);
		/* Before the work that is queued looks for mutators. */
		WRITE_ONCE(heap->orphan, true);
		queue_deletion(heap);
	}
	mutex_unlock(&owner_lock);
}
