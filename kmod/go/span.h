/* SPDX-License-Identifier: GPL-2.0 */
/* A span: a run of pages with objects of one size class. */
#ifndef _GCH_GO_SPAN_H
#define _GCH_GO_SPAN_H

#include <linux/bitops.h>
#include <linux/list.h>

#include "ref.h"

#define SPAN_WORDS		16

struct gch_go_arena;

/**
 * struct gch_go_span - a run of pages with objects of one size class
 * @alloc_cache: the window: bits of free, zeroed objects below @freeindex, in the last
 *	group of 64 that begins below it
 * @window: reference to the first object of that group
 * @mask: &gch_go_tail.mask
 * @size: bytes of an object
 * @has_ptr_bitmap: &gch_go_tail.has_ptr_bitmap
 * @class: span class: size class times two, plus one if noscan
 * @tag: tag of references to its objects
 * @step: objects that enter the window at a time: a power of two up to 64
 * @base: its first byte
 * @nelems: number of objects it has room for
 * @freeindex: objects below it are allocated, except for those in the window
 * @alloc_count: objects allocated, plus those in the window
 * @needzero: its free objects have been written to; valid for every free page too
 * @back: offset of a page from the first of its span, in pages; valid for every page,
 *	with %GCH_GO_VIA_ARENA
 * @npages: number of 8 KiB pages; 0 if the span is not in use
 * @gen: sweep generation in which it was last swept
 * @born_gen: sweep generation plus one of the last snapshot that was taken while a CPU
 *	allocated from the span
 * @born_from: its @freeindex at the instant of that snapshot, or when a CPU took it
 *	later
 * @born_window: its @alloc_cache at that time
 * @node: in a list of its mcentral
 * @arena: the arena of its pages
 * @alloc_bits: objects that the last sweep found alive
 * @mark_bits: mark bits of a %SPAN_OTHER span
 */
struct gch_go_span {
	/* The fast path of an allocation needs these. */
	u64 alloc_cache;
	unsigned long window;
	u64 mask;
	u32 size;
	bool has_ptr_bitmap;
	u8 class;
	u8 tag;
	u8 step;

	void *base;
	u16 nelems;
	u16 freeindex;
	u16 alloc_count;
	bool needzero;
	u8 back;
	u16 npages;
	u16 born_from;
	u32 gen;
	u32 born_gen;
	u64 born_window;
	struct list_head node;
	struct gch_go_arena *arena;
	unsigned long alloc_bits[SPAN_WORDS];
	unsigned long mark_bits[SPAN_WORDS];
};

static inline bool gch_go_is_inline(const struct gch_go_span *s)
{
	return s->size >= GCH_GO_MIN_INLINE && s->size <= GCH_GO_MAX_INLINE;
}

static inline unsigned long gch_go_span_ref(const struct gch_go_span *s,
					    unsigned int i)
{
	return ((unsigned long)s->base + (size_t)i * s->size) |
	       s->tag;
}

/* The pointer bitmap of a scan span of objects of at most 512 bytes. */
static inline unsigned long *gch_go_span_ptrs(const struct gch_go_span *s)
{
	if (gch_go_is_inline(s))
		return tail_ptrs(gch_go_span_ref(s, 0));
	return s->base + GCH_GO_PAGE_SIZE - PTRS_BYTES;
}

/* Is the object allocated: handed out, and not swept since? */
static inline bool gch_go_is_allocated(const struct gch_go_span *s,
				       unsigned int i)
{
	if (i >= s->freeindex)
		return test_bit(i, s->alloc_bits);
	return i / 64 < (s->freeindex - 1U) / 64 ||
	       !(s->alloc_cache & BIT_ULL(i % 64));
}

/* Number of allocated objects; exact for the owner of the span. */
static inline unsigned int gch_go_span_count(const struct gch_go_span *s)
{
	u64 window = READ_ONCE(s->alloc_cache);

	return READ_ONCE(s->alloc_count) - (window ? hweight64(window) : 0);
}

#endif /* _GCH_GO_SPAN_H */
