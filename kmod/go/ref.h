/* SPDX-License-Identifier: GPL-2.0 */
/*
 * References, and the metadata at the end of a page of small objects
 *
 * The low bits of a reference are a tag that says where the object's metadata is, so
 * that the marker needs no look-up:
 *
 *	SPAN_INLINE16	an object of 16 to 63 bytes in a span of one page of 8 KiB. The
 *			page ends with all that the marker needs: a mark byte for every
 *			16 bytes, and a header, struct gch_go_tail
 *	SPAN_INLINE64	the same for 64 to 512 bytes, with a mark byte for every 64
 *	SPAN_OTHER	any other size class: the page's private word leads to the
 *			span, which has mark bits
 *	SPAN_LARGE	above 32 KiB: the page's private word leads to the descriptor
 *
 * Marks are bytes because a plain store sets a byte. Two markers that mark an object at
 * once both scan it. That costs less than an atomic operation for every object, which
 * no later load may pass: the marker depends on loads that overlap.
 *
 * Most objects of a span have their references at the same words. The tail has these
 * once, in @mask. If objects differ, @has_ptr_bitmap is set, and a bitmap of the whole page, in
 * front of the mark bytes, says where references are.
 */
#ifndef _GCH_GO_REF_H
#define _GCH_GO_REF_H

#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/types.h>

#define GCH_GO_PAGE_SHIFT	13
#define GCH_GO_PAGE_SIZE	BIT(GCH_GO_PAGE_SHIFT)
/* A larger object with references has a header word in front. */
#define GCH_GO_MAX_INLINE	512U
#define GCH_GO_MIN_INLINE	16U
#define GCH_GO_HEADER_BYTES	8U

enum gch_go_tag {
	SPAN_INLINE16	= 0,
	SPAN_OTHER	= 1,
	SPAN_LARGE	= 2,
	SPAN_INLINE64	= 3,
	TAG_MASK	= 3,
	/* In work buffers only: marked already, has to be scanned. */
	REF_GRAY	= 4,
	REF_MASK	= 7,
};

/*
 * Values of a mark byte. An object is marked if its byte is not 0; bit 0 is set then. A
 * SCANNED object needs no scan: it was scanned, or it was allocated black and may not
 * have its contents yet.
 */
enum gch_go_mark_byte {
	MARKED		= 1,
	SCANNED		= 3,
};

/* Is a page queued to be scanned? See mark_greentea.c. */
enum gch_go_owned {
	PAGE_FREE,
	PAGE_ONE,
	PAGE_MANY,
};

/**
 * struct gch_go_tail - the last 64 bytes of a page of objects of 16 to 512 bytes
 * @mask: the words of every object that are references, unless @has_ptr_bitmap
 * @size: bytes of an object
 * @class: span class
 * @has_ptr_bitmap: objects have references at different words: the page's bitmap has them
 * @owned: &enum gch_go_owned, written by marking only
 *
 * Written by the owner of the span, read by all. @has_ptr_bitmap is set before a reference to
 * the first object that differs is stored, so a reader of that reference sees it.
 */
struct gch_go_tail {
	u64 mask;
	u16 size;
	u8 class;
	u8 has_ptr_bitmap;
	u32 owned;
} __aligned(64);

#define TAIL_BYTES		sizeof(struct gch_go_tail)
#define PTRS_BYTES		(GCH_GO_PAGE_SIZE / 8 / 8)
/* From this size on, objects have a mark byte for every 64 bytes, not for every 16. */
#define GCH_GO_COARSE		64U
typedef void (*gch_go_edge_fn)(void *arg, unsigned long ref);

static __always_inline unsigned long ref_addr(unsigned long ref)
{
	return ref & ~(unsigned long)REF_MASK;
}

static __always_inline bool is_inline_ref(unsigned long ref)
{
	BUILD_BUG_ON(SPAN_INLINE16 != 0 || SPAN_INLINE64 != 3);
	return !((ref ^ ref >> 1) & 1);
}

static __always_inline struct gch_go_tail *tail_of(unsigned long addr)
{
	return (void *)((addr | (GCH_GO_PAGE_SIZE - 1)) + 1 - TAIL_BYTES);
}

/* Shift for the bytes that share an inline object's mark. */
static __always_inline unsigned int mark_shift(unsigned long ref)
{
	return ref & 1 ? 6 : 4;
}

/* The mark bytes of the page of an inline object. */
static __always_inline u8 *tail_marks(unsigned long ref)
{
	return (u8 *)tail_of(ref) - (GCH_GO_PAGE_SIZE >> mark_shift(ref));
}

static __always_inline u8 *mark_byte(unsigned long ref)
{
	return tail_marks(ref) +
	       ((ref & (GCH_GO_PAGE_SIZE - 1)) >> mark_shift(ref));
}

/* Is the object known to need no scan? Only greentea sets this for most objects. */
static __always_inline bool is_scanned(unsigned long ref)
{
	return is_inline_ref(ref) && READ_ONCE(*mark_byte(ref)) == SCANNED;
}

/* The pointer bitmap of the page of an inline object. */
static __always_inline unsigned long *tail_ptrs(unsigned long ref)
{
	return (void *)tail_marks(ref) - PTRS_BYTES;
}

static __always_inline void *page_meta(unsigned long addr)
{
	return (void *)page_private(virt_to_page((void *)addr));
}

#endif /* _GCH_GO_REF_H */
