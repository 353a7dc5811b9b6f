/* SPDX-License-Identifier: GPL-2.0 */
/* The page heap: arenas, and the spans that are cut out of them; see mheap.c. */
#ifndef _GCH_GO_MHEAP_H
#define _GCH_GO_MHEAP_H

#include <linux/spinlock.h>
#include <linux/sizes.h>

#include "span.h"

/* No arena is larger, in bytes and in pages of 8 KiB. */
#define GCH_GO_ARENA_MAX	SZ_4M
#define GCH_GO_ARENA_PAGES	(GCH_GO_ARENA_MAX / GCH_GO_PAGE_SIZE)

struct gch_go_free;
struct gch_go_heap;

/**
 * struct gch_go_arena - a block of pages
 * @node: in the list of all; only the collector removes from it
 * @free_node: in the list of those with as many free pages in a row
 * @base: its first byte
 * @id: for people
 * @nid: the NUMA node of its memory
 * @order: of the block
 * @npages: pages of 8 KiB
 * @nfree: how many are free
 * @run: the most that are in a row, as far as they are told apart; 0 on no list
 * @whole: whether it is listed as one that is free as a whole
 * @used: bitmap of pages in use
 * @spans: by number of their first page
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
 * @lock: protects the bitmaps and lists of arenas, and the counts
 * @arenas: all of them
 * @free: those with free pages, by NUMA node
 * @pages: pages of 8 KiB of all of them
 * @free_pages: how many of them are free
 * @empty_pages: how many of those are of arenas that are free as a whole
 * @last_id: id of the newest
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
 * A kernel page that is larger than a span's has more than one span: its private word
 * leads to its arena, where each page of 8 KiB says how far it is to its span. Else the
 * private word is the span.
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
