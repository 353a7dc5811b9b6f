// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a heap beside its objects: tables, types, mutators, finalizers, and
 * memory of its clients
 *
 * It counts in gch_heap.held, against the heap's limit, at the size that the
 * allocator rounds it to. It is charged to the memory cgroup of the heap's creator,
 * whichever task takes it. gch_heap.kept is its part of held.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "heap.h"

/* Maximum number of tries of one request. */
#define ROOM_TRIES	3U
/* Fail instead of invoking the OOM killer. */
#define GFP_KEPT	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/* Upper bound of the memory that an allocation of @bytes takes. */
static size_t most_for(size_t bytes)
{
	return bytes > KMALLOC_MAX_SIZE ? PAGE_ALIGN(bytes) :
					  kmalloc_size_roundup(bytes);
}

/**
 * gch_memory_size - returns the real size of an allocation
 * @addr: return value of kvmalloc(); NULL before the allocation, for the upper bound
 * @bytes: bytes requested
 *
 * Context: any.
 * Return: bytes, rounded up as the allocator does.
 */
size_t gch_memory_size(const void *addr, size_t bytes)
{
	return is_vmalloc_addr(addr) ? PAGE_ALIGN(bytes) : most_for(bytes);
}
EXPORT_SYMBOL_GPL(gch_memory_size);

/**
 * gch_memory_get - takes memory that belongs to a heap
 * @heap: the heap
 * @bytes: number of bytes; the heap is charged the allocator's rounded size
 *
 * Context: process context outside sections, may sleep; waits for no collection, so
 * the caller may hold any lock under which memory may be allocated.
 * Return: the memory, zeroed, for gch_memory_put(); NULL at the heap's limit or
 * without memory.
 */
void *gch_memory_get(struct gch_heap *heap, size_t bytes)
{
	size_t most = most_for(bytes), size;
	struct mem_cgroup *old;
	void *addr;

	if (!gch_reserve(heap, most))
		return NULL;
	old = gch_memcg_enter(heap);
	addr = kvzalloc(bytes, GFP_KEPT);
	gch_memcg_leave(old);
	if (!addr) {
		gch_uncharge(heap, most);
		return NULL;
	}
	size = gch_memory_size(addr, bytes);
	if (size < most)
		gch_uncharge(heap, most - size);
	gch_taken(heap);
	atomic64_add(size, &heap->kept);
	return addr;
}
EXPORT_SYMBOL_GPL(gch_memory_get);

static void unkeep(struct gch_heap *heap, size_t bytes)
{
	atomic64_sub(bytes, &heap->kept);
	gch_uncharge(heap, bytes);
}

/**
 * gch_memory_put - gives back memory from gch_memory_get()
 * @heap: the heap
 * @addr: the memory, or NULL
 * @bytes: number of bytes requested
 *
 * Context: process context outside sections, may sleep.
 */
void gch_memory_put(struct gch_heap *heap, void *addr, size_t bytes)
{
	size_t size = gch_memory_size(addr, bytes);

	if (!addr)
		return;
	kvfree(addr);
	unkeep(heap, size);
}
EXPORT_SYMBOL_GPL(gch_memory_put);

/**
 * gch_memory_uncount - uncounts memory that is freed in another way
 * @heap: the heap
 * @addr: the memory, from gch_memory_get()
 * @bytes: number of bytes requested
 *
 * Context: any.
 */
void gch_memory_uncount(struct gch_heap *heap, const void *addr, size_t bytes)
{
	unkeep(heap, gch_memory_size(addr, bytes));
}

/**
 * gch_memory_page - takes a page that belongs to a heap
 * @heap: the heap
 * @gfp: GFP_KERNEL or GFP_NOWAIT, optionally with more flags
 *
 * Context: as gch_memory_get(); need not be able to sleep if @gfp does not require
 * it.
 * Return: the page, for gch_memory_page_put(); NULL as gch_memory_get().
 */
void *gch_memory_page(struct gch_heap *heap, gfp_t gfp)
{
	void *page = gch_pages_get(heap, 0, gfp);

	if (page)
		atomic64_add(PAGE_SIZE, &heap->kept);
	return page;
}
EXPORT_SYMBOL_GPL(gch_memory_page);

/**
 * gch_memory_page_put - gives back a page from gch_memory_page()
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
EXPORT_SYMBOL_GPL(gch_memory_page_put);

/**
 * gch_memory_room - makes room after a failed allocation
 * @heap: the heap
 * @bytes: size of the request, or a lower bound
 * @tries: number of previous calls for this request; 0 at first
 *
 * Collects the heap and gives back memory that its engine does not use. Others may
 * take the freed memory, so a request gets three tries, and none if the task was
 * killed. The first try skips the collection if there is room by now.
 *
 * Context: process context outside sections and without locks, may sleep for the time
 * of a collection.
 * Return: true if the caller should try again.
 */
bool gch_memory_room(struct gch_heap *heap, size_t bytes, unsigned int *tries)
{
	s64 held = atomic64_read(&heap->held);
	bool full = !gch_limit_allows(heap, bytes);

	if ((*tries)++ == ROOM_TRIES || fatal_signal_pending(current))
		return false;
	if (*tries == 1) {
		if (!full)
			return true;
		atomic64_inc(&heap->limit_hits);
	}
	if (!gch_cycle_run(heap, 2) && heap->ops->shrink)
		heap->ops->shrink(heap, heap->ops->shrink_count(heap));
	return atomic64_read(&heap->held) < held ||
	       (full && gch_limit_allows(heap, bytes));
}
EXPORT_SYMBOL_GPL(gch_memory_room);

/**
 * gch_memory_error - returns the error of a request that gch_memory_room() gave up
 *
 * Context: process context.
 * Return: -EINTR if the current task was killed, else -ENOMEM.
 */
int gch_memory_error(void)
{
	return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
}
