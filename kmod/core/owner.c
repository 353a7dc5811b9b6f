// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps that belong to a netlink socket
 *
 * When the socket is closed, such a heap is an orphan: no mutator may attach any
 * more, and it is deleted once the last of them has left. Those of runs leave
 * soon, for runs end with their socket too. gch_heap.lock orders what the last
 * mutator sees against what makes the heap an orphan: one of the two queues the
 * work that deletes it.
 *
 * owner_lock protects the list of such heaps, and is taken before gch_heap.lock. A
 * heap leaves it when it is deleted, before the registry's reference is put.
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
	mutex_lock(&heap->lock);
	/* It may have been deleted already. */
	if (!heap->dying) {
		heap->owner = portid;
		list_add_tail(&heap->owned_node, &owned);
	}
	mutex_unlock(&heap->lock);
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
	if (!heap->orphan || heap->nr_mutators || !list_empty(&heap->tables))
		return;
	kref_get(&heap->ref);
	if (!queue_work(gch_wq, &heap->orphan_work))
		/* Never the last: the caller has one. */
		gch_heap_put(heap);
}

/**
 * gch_owner_gone - a socket has been closed: its heaps go
 * @portid: the socket
 *
 * Context: process context, may sleep; does not wait for mutators.
 */
void gch_owner_gone(u32 portid)
{
	struct gch_heap *heap;

	mutex_lock(&owner_lock);
	list_for_each_entry(heap, &owned, owned_node) {
		if (heap->owner != portid)
			continue;
		mutex_lock(&heap->lock);
		heap->orphan = true;
		gch_owner_check(heap);
		mutex_unlock(&heap->lock);
	}
	mutex_unlock(&owner_lock);
}
