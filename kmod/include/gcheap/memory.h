/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of a heap: pages (core/arena.c) and other memory (core/memory.c). */
#ifndef _GCHEAP_MEMORY_H
#define _GCHEAP_MEMORY_H

#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct gch_heap;

/* Page order of a block of @bytes, a constant power of two; at least one page. */
#define GCH_ORDER(bytes)	(const_ilog2((bytes) | PAGE_SIZE) - PAGE_SHIFT)

/* Beyond the soft limit, largest arena block unless the request needs a larger one. */
#define GCH_SOFT_PIECE	SZ_256K

bool gch_reserve(struct gch_heap *heap, size_t bytes);
void gch_taken(struct gch_heap *heap);
bool gch_charge(struct gch_heap *heap, size_t bytes);
void gch_uncharge(struct gch_heap *heap, size_t bytes);
void *gch_pages_get(struct gch_heap *heap, unsigned int order, gfp_t gfp);
bool gch_pages_come_zeroed(void);
void gch_pages_put(struct gch_heap *heap, void *addr, unsigned int order);
void *gch_arena_get(struct gch_heap *heap, unsigned int min_order,
		    unsigned int *order);
void *gch_arena_get_near(struct gch_heap *heap, int nid, unsigned int min_order,
			 unsigned int *order);
void gch_arena_put(struct gch_heap *heap, void *addr, unsigned int order);

/* Other memory, as gch_memory_get() takes it (core/memory.c) */
size_t gch_memory_size(const void *addr, size_t bytes);
void *gch_memory_page(struct gch_heap *heap, gfp_t gfp);
void gch_memory_page_put(struct gch_heap *heap, void *page);
bool gch_limit_allows(struct gch_heap *heap, size_t bytes);
void gch_soft_limit_set(struct gch_heap *heap, u64 bytes);
bool gch_soft_allows(const struct gch_heap *heap, size_t bytes);

#endif /* _GCHEAP_MEMORY_H */
