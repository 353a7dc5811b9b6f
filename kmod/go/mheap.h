/* SPDX-License-Identifier: GPL-2.0 */
/* The page heap: arenas, and the spans cut out of them; see mheap.c. */
#ifndef _GCH_GO_MHEAP_H
#define _GCH_GO_MHEAP_H

#include <linux/spinlock.h>
#include <linux/sizes.h>

#include "span.h"

/* Maximum size of an arena, in bytes and in pages of 8 KiB. */
#define GCH_GO_ARENA_MAX	SZ_4M
#define GCH_GO_ARENA_PAGES	(GCH_GO_ARENA_MAX / GCH_GO_PAGE_SIZE)

struct gch_go_free;
struct gch_go_heap;

/**
 * struct gch_go_arena - a block of pages
 * @node: in the list of all arenas; only the collector removes from it
 * @free_node: in the list of arenas with the same longest run of free pages
 * @base: its first byte
 * @id: number shown to users
 * @nid: the NUMA node of its memory
 * @order: order of the block
 * @npages: number of 8 KiB pages
 * @nfree: number of free pages
 * @run: length of the longest run of free pages, at most %GCH_GO_RUNS; 0 if on no list
 * @whole: it is listed as entirely free
 * @used: bitmap of pages in use
 * @spans: spans, by number of their first page
 */
struct gch_go_arena {
	struct list_head node;
	struct list_head free_node;
	void *base;
	u32 id;
	int nid;
	u32 order;
	u32 npages;
	u32 nfree;
	u8 run;
	bool whole;
	unsigned long used[BITS_TO_LONGS(GCH_GO_ARENA_PAGES)];
	struct gch_go_span spans[];
};

/**
 * struct gch_go_mheap - the arenas of a heap
 * @lock: &gch_go_mheap.lock; protects the bitmaps and lists of arenas, and the counts
 * @arenas: all arenas
 * @free: arenas with free pages, by NUMA node
 * @pages: number of 8 KiB pages of all arenas
 * @free_pages: number of free pages
 * @empty_pages: number of pages of entirely free arenas
 * @last_id: id of the newest arena
 * @nr_spans: spans in use
 */
struct gch_go_mheap {
	raw_spinlock_t lock;		/* see above */
	struct list_head arenas;
	struct gch_go_free *free;
	u64 pages;
	u64 free_pages;
	u64 empty_pages;
	u32 last_id;
	atomic_t nr_spans;
};

/*
 * A kernel page that is larger than 8 KiB may hold several spans: its private word is
 * its arena, where each 8 KiB page has its offset from the first page of its span.
 * Otherwise the private word is the span.
 */
#ifndef GCH_GO_VIA_ARENA
#define GCH_GO_VIA_ARENA	(PAGE_SHIFT > GCH_GO_PAGE_SHIFT)
#endif

/* The span of an object that is not large. */
static __always_inline struct gch_go_span *page_span(unsigned long addr)
{
	struct gch_go_arena *a = page_meta(addr);
	struct gch_go_span *s;

	if (!GCH_GO_VIA_ARENA)
		return page_meta(addr);
	s = &a->spans[(addr - (unsigned long)a->base) >> GCH_GO_PAGE_SHIFT];
	return s - s->back;
}

int gch_go_arenas_init(struct gch_go_heap *h);
struct gch_go_span *gch_go_span_alloc(struct gch_go_heap *h, unsigned int class,
				      u32 gen, bool far);
void gch_go_span_free(struct gch_go_heap *h, struct gch_go_span *s);
void gch_go_spans_free(struct gch_go_heap *h, struct list_head *spans);
size_t gch_go_arena_charge(unsigned int npages);
int gch_go_arena_add(struct gch_go_heap *h, unsigned int npages);
int gch_go_arena_add_near(struct gch_go_heap *h, unsigned int npages);
u64 gch_go_arenas_trim(struct gch_go_heap *h, unsigned int nr);
void gch_go_arenas_free(struct gch_go_heap *h);

void gch_go_span_refill(struct gch_go_span *s);

#endif /* _GCH_GO_MHEAP_H */
