/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the references of an object; inline, since the marker depends on its speed. */
#ifndef _GCH_GO_OBJECT_H
#define _GCH_GO_OBJECT_H

#include <linux/bitops.h>
#include <gcheap/engine.h>

#include "large.h"
#include "mheap.h"
#include "sizeclass.h"

/* The reference bits of the object of @size bytes at @offset into a page. */
static __always_inline u64 gch_go_ptr_bits(const unsigned long *ptrs,
					   u32 offset, u32 size)
{
	unsigned int w = offset / 8, n = size / 8;
	u64 bits;

	bits = READ_ONCE(ptrs[w / 64]) >> (w % 64);
	if (w % 64 + n > 64)
		bits |= (u64)READ_ONCE(ptrs[w / 64 + 1]) << (64 - w % 64);
	return n < 64 ? bits & (BIT_ULL(n) - 1) : bits;
}

static __always_inline void gch_go_scan_bits(void *obj, u64 bits,
					     gch_go_edge_fn fn, void *arg)
{
	unsigned long *words = obj, ref;

	for (; bits; bits &= bits - 1) {
		ref = READ_ONCE(words[__ffs64(bits)]);
		if (ref)
			fn(arg, ref);
	}
}

static inline void gch_go_scan_words(unsigned long *words, u32 n,
				     gch_go_edge_fn fn, void *arg)
{
	unsigned long ref;
	u32 i;

	for (i = 0; i < n; i++) {
		ref = READ_ONCE(words[i]);
		if (ref)
			fn(arg, ref);
	}
}

static inline void gch_go_scan_typed(unsigned long *words,
				     const struct gch_type *type,
				     gch_go_edge_fn fn, void *arg)
{
	unsigned long ref;
	u32 i;

	if (type->leading) {
		gch_go_scan_words(words, type->nr_refs, fn, arg);
		return;
	}
	for (i = 0; i < type->nr_refs; i++) {
		ref = READ_ONCE(words[type->refs[i]]);
		if (ref)
			fn(arg, ref);
	}
}

static inline void gch_go_scan_other(struct gch_go_span *s, unsigned long addr,
				     gch_go_edge_fn fn, void *arg)
{
	unsigned long header, *words = (void *)addr;
	u64 bits;

	if (s->size <= GCH_GO_MAX_INLINE) {
		bits = gch_go_ptr_bits(gch_go_span_ptrs(s),
				       addr - (unsigned long)s->base, s->size);
		gch_go_scan_bits(words, bits, fn, arg);
		return;
	}
	header = READ_ONCE(words[0]);
	if (header & 1)
		gch_go_scan_words(words + 1, header >> 1, fn, arg);
	else
		gch_go_scan_typed(words + 1, (void *)header, fn, arg);
}

static inline void gch_go_scan_large(struct gch_go_large *l, gch_go_edge_fn fn,
				     void *arg)
{
	if (l->type->flags & GCH_TYPE_VAR)
		gch_go_scan_words(l->addr, l->nr_refs, fn, arg);
	else
		gch_go_scan_typed(l->addr, l->type, fn, arg);
}

/*
 * Large objects are scanned in pieces of this many references, as Go's maxObletBytes.
 * An object of a fixed type is always one piece.
 */
#define GCH_GO_PIECE_REFS	(SZ_128K / 8)

static inline u32 gch_go_large_refs(const struct gch_go_large *l)
{
	return l->type->flags & GCH_TYPE_VAR ? l->nr_refs : l->type->nr_refs;
}

/* Number of references in the piece that starts with number @first. */
static inline u32 gch_go_piece_refs(const struct gch_go_large *l, u32 first)
{
	return min_t(u32, gch_go_large_refs(l) - first, GCH_GO_PIECE_REFS);
}

static inline void gch_go_scan_piece(struct gch_go_large *l, u32 first,
				     gch_go_edge_fn fn, void *arg)
{
	BUILD_BUG_ON(GCH_FIXED_MAX / 8 > GCH_GO_PIECE_REFS);
	if (gch_go_large_refs(l) <= GCH_GO_PIECE_REFS)
		gch_go_scan_large(l, fn, arg);
	else
		gch_go_scan_words((unsigned long *)l->addr + first,
				  gch_go_piece_refs(l, first), fn, arg);
}

/* The reference words of an inline object in a scan span, a bit each. */
static __always_inline u64 gch_go_inline_bits(unsigned long ref,
					      const struct gch_go_tail *tail)
{
	if (likely(!READ_ONCE(tail->has_ptr_bitmap)))
		return READ_ONCE(tail->mask);
	/* Pairs with the release in use_ptr_bitmap(). */
	smp_rmb();
	return gch_go_ptr_bits(tail_ptrs(ref), ref_addr(ref) &
			       (GCH_GO_PAGE_SIZE - 1), tail->size);
}

/* The object whose mark is byte @i of the mark bytes of @ref's page. */
static __always_inline unsigned long
gch_go_object_at(const struct gch_go_tail *tail, unsigned long ref,
		 unsigned int i)
{
	/* The object may begin anywhere in the bytes that share the mark. */
	u32 offset = (i << mark_shift(ref)) + tail->size - 1;

	return (ref & (~(GCH_GO_PAGE_SIZE - 1) | TAG_MASK)) +
	       gch_go_index(tail->class >> 1, offset) * tail->size;
}

void gch_go_visit_refs(unsigned long ref, gch_go_edge_fn fn, void *arg);
u32 gch_go_object_size(unsigned long ref);

/* Calls @fn with every non-NULL reference of an object. */
static __always_inline void gch_go_scan(unsigned long ref, gch_go_edge_fn fn,
					void *arg)
{
	unsigned long addr = ref_addr(ref);
	struct gch_go_tail *tail;
	struct gch_go_span *s;

	switch (ref & TAG_MASK) {
	case SPAN_OTHER:
		s = page_span(addr);
		if (!(s->class & 1))
			gch_go_scan_other(s, addr, fn, arg);
		break;
	case SPAN_LARGE:
		gch_go_scan_large(page_large(addr), fn, arg);
		break;
	default:
		tail = tail_of(addr);
		if (!(tail->class & 1))
			gch_go_scan_bits((void *)addr,
					 gch_go_inline_bits(ref, tail), fn,
					 arg);
		break;
	}
}

#endif /* _GCH_GO_OBJECT_H */
