// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of heaps: taken from the page allocator, naturally aligned, counted against
 * the heap's limit and charged to the memory cgroup of the heap's creator
 *
 * gch_heap.held is raised before pages are taken, and only within the limit. So it
 * never exceeds the limit, not even for an allocation that fails. It is lowered after
 * the pages are freed. The peak is raised when the pages are there. The two totals
 * show at module exit that no page leaked.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "arena.h"
#include "compat.h"
#include "delay.h"
#include "heap.h"

/* Smallest block of a node's memory, unless arenas are smaller. */
#define NEAR_ORDER_MIN	((unsigned int)GCH_ORDER(SZ_64K))

static atomic64_t pages_taken;
static atomic64_t pages_returned;

/**
 * gch_pages_total - counts pages since the module was loaded
 * @taken: set to pages taken from the page allocator
 * @returned: set to pages given back
 *
 * Context: any.
 */
void gch_pages_total(u64 *taken, u64 *returned)
{
	*returned = atomic64_read(&pages_returned);
	*taken = atomic64_read(&pages_taken);
}

/**
 * gch_memcg_enter - charges the task's allocations to a heap's cgroup
 * @heap: the heap
 *
 * Affects allocations with __GFP_ACCOUNT, mainly those of a kthread on behalf of the
 * heap's user.
 *
 * Context: process context.
 * Return: the argument for gch_memcg_leave(), which the same task calls while the
 * heap exists.
 */
struct mem_cgroup *gch_memcg_enter(struct gch_heap *heap)
{
	return set_active_memcg(heap->memcg);
}
EXPORT_SYMBOL_GPL(gch_memcg_enter);

/**
 * gch_memcg_leave - reverts gch_memcg_enter()
 * @old: the return value of gch_memcg_enter()
 *
 * Context: process context.
 */
void gch_memcg_leave(struct mem_cgroup *old)
{
	set_active_memcg(old);
}
EXPORT_SYMBOL_GPL(gch_memcg_leave);

/**
 * gch_limit_allows - would the heap's limit allow more memory?
 * @heap: the heap
 * @bytes: additional bytes
 *
 * Context: any.
 * Return: true if the limit has room at this moment.
 */
bool gch_limit_allows(struct gch_heap *heap, size_t bytes)
{
	u64 limit = gch_val(heap, GCH_KEY_LIMIT);

	return !limit || atomic64_read(&heap->held) + bytes <= limit;
}
EXPORT_SYMBOL_GPL(gch_limit_allows);

static bool reserve(struct gch_heap *heap, size_t bytes, u64 limit)
{
	s64 held = atomic64_read(&heap->held);

	gch_delay();
	do {
		if (limit && ((u64)held > limit || bytes > limit - held))
			return false;
	} while (!atomic64_try_cmpxchg(&heap->held, &held, held + bytes));
	return true;
}

/**
 * gch_reserve - counts bytes that a heap is about to take
 * @heap: the heap
 * @bytes: number of bytes
 *
 * Bytes that do not fit are never counted, so they make no other request fail.
 *
 * Context: any.
 * Return: false if the bytes would exceed the heap's limit. After true, the caller
 * calls gch_taken() when it has the memory, or gch_uncharge() when the allocation
 * fails.
 */
bool gch_reserve(struct gch_heap *heap, size_t bytes)
{
	return reserve(heap, bytes, gch_val(heap, GCH_KEY_LIMIT));
}
EXPORT_SYMBOL_GPL(gch_reserve);

/**
 * gch_taken - records the memory of a gch_reserve()
 * @heap: the heap
 *
 * Context: any.
 */
void gch_taken(struct gch_heap *heap)
{
	u64 held = atomic64_read(&heap->held);

	gch_max(&heap->peak_held, held);
	gch_over_note(heap, 0, held);
}
EXPORT_SYMBOL_GPL(gch_taken);

/**
 * gch_charge - counts bytes that a heap now holds
 * @heap: the heap
 * @bytes: number of bytes
 *
 * gch_uncharge() uncounts them.
 *
 * Context: any.
 * Return: false if the bytes would exceed the heap's limit; nothing is counted then.
 */
bool gch_charge(struct gch_heap *heap, size_t bytes)
{
	if (!gch_reserve(heap, bytes))
		return false;
	gch_taken(heap);
	return true;
}
EXPORT_SYMBOL_GPL(gch_charge);

/**
 * gch_uncharge - uncounts bytes that a heap no longer holds
 * @heap: the heap
 * @bytes: number of bytes
 *
 * Context: any.
 */
void gch_uncharge(struct gch_heap *heap, size_t bytes)
{
	u64 held = atomic64_sub_return(bytes, &heap->held);

	gch_over_note(heap, held + bytes, held);
}
EXPORT_SYMBOL_GPL(gch_uncharge);

/*
 * Limit for a block of an arena. Larger blocks stay below the soft limit, so that
 * concurrent mutators do not all pass it with one. Small blocks, and blocks of the
 * least usable order, may pass it.
 */
static u64 arena_limit(struct gch_heap *heap, unsigned int order,
		       unsigned int min_order)
{
	u64 limit = gch_val(heap, GCH_KEY_LIMIT);
	u64 soft = READ_ONCE(heap->soft_limit);

	if (order == min_order || PAGE_SIZE << order <= GCH_SOFT_PIECE)
		return limit;
	return limit && soft ? min(limit, soft) : limit ?: soft;
}

/* From one NUMA node only, or by the task's policy if @nid is NUMA_NO_NODE. */
static void *pages_get(struct gch_heap *heap, int nid, unsigned int order,
		       gfp_t gfp, u64 limit)
{
	size_t bytes = PAGE_SIZE << order;
	struct mem_cgroup *old;
	struct page *page;

	WARN_ON_ONCE(!gch_may_take_memory());
	if (order > GCH_MAX_PAGE_ORDER || !reserve(heap, bytes, limit))
		return NULL;
	/* Fail instead of invoking the OOM killer. */
	if (!(gfp & __GFP_NORETRY))
		gfp |= __GFP_RETRY_MAYFAIL;
	gfp |= __GFP_ACCOUNT | __GFP_NOWARN;
	old = gch_memcg_enter(heap);
	if (nid == NUMA_NO_NODE)
		page = alloc_pages(gfp, order);
	else
		page = alloc_pages_node(nid, gfp | __GFP_THISNODE, order);
	gch_memcg_leave(old);
	if (!page) {
		gch_uncharge(heap, bytes);
		return NULL;
	}
	gch_taken(heap);
	atomic64_add(BIT(order), &pages_taken);
	return page_address(page);
}

/**
 * gch_pages_get - takes pages for a heap
 * @heap: the heap
 * @order: order of the block
 * @gfp: GFP_KERNEL, optionally with more flags
 *
 * Context: process context outside sections, may sleep.
 * Return: the block, aligned to its size, contents undefined; NULL at the heap's
 * limit or without memory.
 */
void *gch_pages_get(struct gch_heap *heap, unsigned int order, gfp_t gfp)
{
	return pages_get(heap, NUMA_NO_NODE, order, gfp,
			 gch_val(heap, GCH_KEY_LIMIT));
}
EXPORT_SYMBOL_GPL(gch_pages_get);

/**
 * gch_pages_come_zeroed - does the kernel zero pages without a request?
 *
 * True with init_on_alloc, and with init_on_free, which zeroes pages as they are
 * freed.
 *
 * Context: any.
 * Return: true if gch_pages_get() and gch_arena_get() return zeroed pages.
 */
bool gch_pages_come_zeroed(void)
{
	return want_init_on_alloc(GFP_KERNEL) || want_init_on_free();
}
EXPORT_SYMBOL_GPL(gch_pages_come_zeroed);

/**
 * gch_pages_put - gives pages back
 * @heap: the heap that took them
 * @addr: the block
 * @order: its order
 *
 * Context: process context outside sections.
 */
void gch_pages_put(struct gch_heap *heap, void *addr, unsigned int order)
{
	WARN_ON_ONCE(!gch_may_take_memory());
	atomic64_add(BIT(order), &pages_returned);
	free_pages((unsigned long)addr, order);
	gch_uncharge(heap, PAGE_SIZE << order);
}
EXPORT_SYMBOL_GPL(gch_pages_put);

/**
 * gch_arena_get - takes a block for an arena
 * @heap: the heap
 * @min_order: smallest usable order
 * @order: in: largest usable order; out: the order of the block, which is at most
 *	&gch_heap.arena_order unless @min_order is larger, and smaller where memory is
 *	fragmented or the limit is near
 *
 * Context: process context, may sleep.
 * Return: the block, aligned to its size, or NULL at the heap's limit or without
 * memory.
 */
void *gch_arena_get(struct gch_heap *heap, unsigned int min_order,
		    unsigned int *order)
{
	unsigned int o = min_t(u64, *order, heap->arena_order);
	void *addr;

	for (o = max(o, min_order); ; o--) {
		/* Only the last try may reclaim hard. */
		addr = pages_get(heap, NUMA_NO_NODE, o, o > min_order ?
				 GFP_KERNEL | __GFP_NORETRY :
				 GFP_KERNEL | __GFP_RETRY_MAYFAIL,
				 arena_limit(heap, o, min_order));
		if (addr || o == min_order)
			break;
	}
	if (!addr)
		return NULL;
	*order = o;
	atomic64_inc(&heap->arenas);
	return addr;
}
EXPORT_SYMBOL_GPL(gch_arena_get);

/**
 * gch_arena_get_near - takes a block from one NUMA node if it has free memory
 * @heap: the heap
 * @nid: the node
 * @min_order: smallest usable order
 * @order: as for gch_arena_get(), but the block is not below 64 KiB unless arenas are
 *
 * Does not reclaim hard: other nodes may have free memory.
 *
 * Context: process context, may sleep.
 * Return: the block, aligned to its size, or NULL.
 */
void *gch_arena_get_near(struct gch_heap *heap, int nid, unsigned int min_order,
			 unsigned int *order)
{
	unsigned int most = max_t(u64, min_order,
				  min_t(u64, *order,
					heap->arena_order));
	unsigned int least = max(min_order, min(most, NEAR_ORDER_MIN)), o;
	void *addr = NULL;

	for (o = most + 1; !addr && o-- > least; )
		addr = pages_get(heap, nid, o, __GFP_NORETRY |
				 (o == most ? GFP_KERNEL : GFP_NOWAIT),
				 arena_limit(heap, o, min_order));
	if (!addr)
		return NULL;
	*order = o;
	atomic64_inc(&heap->arenas);
	return addr;
}
EXPORT_SYMBOL_GPL(gch_arena_get_near);

/**
 * gch_arena_put - gives an arena's block back
 * @heap: the heap that took it
 * @addr: the block
 * @order: its order
 *
 * Context: outside sections.
 */
void gch_arena_put(struct gch_heap *heap, void *addr, unsigned int order)
{
	atomic64_dec(&heap->arenas);
	gch_pages_put(heap, addr, order);
}
EXPORT_SYMBOL_GPL(gch_arena_put);
