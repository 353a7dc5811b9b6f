// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that a heap takes beside its objects: tables, types, mutators, finalizers,
 * and what its clients keep for it
 *
 * It counts in gch_heap.held, against the heap's limit, and is charged to the memory
 * cgroup of the heap's creator, whichever task takes it. gch_heap.kept says how much
 * of held it is.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "heap.h"

/* Collections for one request. */
#define ROOM_TRIES	3U
/* Fails rather than that a task is killed for it. */
#define GFP_KEPT	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/**
 * gch_memory_get - takes memory that belongs to a heap
 * @heap: the heap
 * @bytes: how much
 *
 * Context: process context outside sections, may sleep; waits for no collection, so
 * the caller may hold any lock that may be held while memory is taken.
 * Return: the memory, zeroed, for gch_memory_put(); NULL at the heap's limit or
 * without memory.
 */
void *gch_memory_get(struct gch_heap *heap, size_t bytes)
{
	struct mem_cgroup *old;
	void *addr;

	if (!gch_hold(heap, bytes))
		return NULL;
	old = gch_memcg_enter(heap);
	addr = kvzalloc(bytes, GFP_KEPT);
	gch_memcg_leave(old);
	if (!addr) {
		gch_unhold(heap, bytes);
		return NULL;
	}
	atomic64_add(bytes, &heap->kept);
	return addr;
}
EXPORT_SYMBOL_GPL(gch_memory_get);

static void unkeep(struct gch_heap *heap, size_t bytes)
{
	atomic64_sub(bytes, &heap->kept);
	gch_unhold(heap, bytes);
}

/**
 * gch_memory_put - gives such memory back
 * @heap: the heap
 * @addr: the memory; NULL is nothing
 * @bytes: how much was taken
 *
 * Context: process context outside sections, may sleep.
 */
void gch_memory_put(struct gch_heap *heap, void *addr, size_t bytes)
{
	if (!addr)
		return;
	kvfree(addr);
	unkeep(heap, bytes);
}
EXPORT_SYMBOL_GPL(gch_memory_put);

/**
 * gch_memory_uncount - takes memory off a heap that is freed in another way
 * @heap: the heap
 * @bytes: how much was taken by gch_memory_get()
 *
 * Context: any.
 */
void gch_memory_uncount(struct gch_heap *heap, size_t bytes)
{
	unkeep(heap, bytes);
}

/**
 * gch_memory_page - takes a page that belongs to a heap
 * @heap: the heap
 *
 * Context: as gch_memory_get().
 * Return: the page, zeroed, for gch_memory_page_put(); NULL as gch_memory_get().
 */
void *gch_memory_page(struct gch_heap *heap)
{
	void *page = gch_pages_get(heap, 0, GFP_KERNEL | __GFP_ZERO);

	if (page)
		atomic64_add(PAGE_SIZE, &heap->kept);
	return page;
}

/**
 * gch_memory_page_put - gives such a page back
 * @heap: the heap
 * @page: the page
 *
 * Context: process context outside sections.
 */
void gch_memory_page_put(struct gch_heap *heap, void *page)
{
	atomic64_sub(PAGE_SIZE, &heap->kept);
	gch_pages_put(heap, page, 0);
}

/**
 * gch_memory_room - makes room below a heap's limit
 * @heap: the heap, which has refused memory
 * @tries: how often the caller has called this for one request; 0 at first
 *
 * Collects it, and gives back what its engine holds and does not use. Others may take
 * what becomes free, so a request has three tries, and none if the task has been killed.
 *
 * Context: process context outside sections and without locks, may sleep for as long
 * as a collection takes.
 * Return: whether to try once more.
 */
bool gch_memory_room(struct gch_heap *heap, unsigned int *tries)
{
	s64 held = atomic64_read(&heap->held);

	if ((*tries)++ == ROOM_TRIES || fatal_signal_pending(current))
		return false;
	atomic64_inc(&heap->limit_hits);
	if (!gch_cycle_run(heap, 2) && heap->ops->shrink)
		heap->ops->shrink(heap, heap->ops->shrink_count(heap));
	return atomic64_read(&heap->held) < held;
}
EXPORT_SYMBOL_GPL(gch_memory_room);

/**
 * gch_memory_error - what a request fails with that gch_memory_room() has ended
 *
 * Context: process context.
 * Return: -EINTR if the calling task has been killed, else -ENOMEM.
 */
int gch_memory_error(void)
{
	return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
}
