// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps owned by a netlink socket
 *
 * When the socket is closed, such a heap becomes an orphan: no mutator may attach,
 * and the heap is deleted once the last mutator has detached. Runs end with their
 * socket, so their mutators detach soon.
 *
 * The notifier runs in every task that closes a generic netlink socket, so it waits
 * for no heap: it marks the orphans and queues the work that deletes them. The work
 * takes gch_heap.lock, as the last mutator does when it detaches. If the work finds
 * the mutator attached, the mutator finds the mark and queues the work again.
 *
 * owner_lock protects the list of owned heaps; no other lock is taken under it. A
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

	/* Fails if the heap is in use (it is queued again later) or already deleted. */
	gch_heap_remove(heap, NULL);
	gch_heap_put(heap);
}

/**
 * gch_owner_init - sets up a heap without an owner
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
 * gch_owner_set - gives a heap to a socket
 * @heap: the heap
 * @portid: the socket, which stays open during this call
 *
 * Context: process context, may sleep.
 */
void gch_owner_set(struct gch_heap *heap, u32 portid)
{
	mutex_lock(&owner_lock);
	/*
	 * The heap may have been deleted already. If a deletion is under way, it
	 * calls gch_owner_forget() after this.
	 */
	if (!READ_ONCE(heap->dying)) {
		heap->owner = portid;
		list_add_tail(&heap->owned_node, &owned);
	}
	mutex_unlock(&owner_lock);
}

/**
 * gch_owner_forget - removes the owner of a heap that is being deleted
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

/* The caller holds a reference. */
static void queue_deletion(struct gch_heap *heap)
{
	kref_get(&heap->ref);
	if (!queue_work(gch_wq, &heap->orphan_work))
		/* Not the last reference: the caller holds one. */
		gch_heap_put(heap);
}

/**
 * gch_owner_check - queues the deletion of an orphan that is not in use
 * @heap: the heap
 *
 * Context: process context; under &gch_heap.lock, with a reference that the caller
 * puts later.
 */
void gch_owner_check(struct gch_heap *heap)
{
	lockdep_assert_held(&heap->lock);
	if (READ_ONCE(heap->orphan) && !heap->nr_mutators &&
	    list_empty(&heap->tables))
		queue_deletion(heap);
}

/**
 * gch_owner_gone - orphans the heaps of a closed socket
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
		/* Set before the queued work looks for mutators. */
		WRITE_ONCE(heap->orphan, true);
		queue_deletion(heap);
	}
	mutex_unlock(&owner_lock);
}
