/* SPDX-License-Identifier: GPL-2.0 */
/* Marks: a byte at the end of a page, a bit in a span, or a word of a large object. */
#ifndef _GCH_GO_MARKBITS_H
#define _GCH_GO_MARKBITS_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <gcheap/ordering.h>

#include "large.h"
#include "mheap.h"
#include "sizeclass.h"

static __always_inline bool gch_go_set_mark(unsigned long *bits, unsigned int i)
{
	unsigned long *word = bits + i / BITS_PER_LONG;

	/* Most are set already: do not take the cache line for writing then. */
	if (READ_ONCE(*word) & BIT(i % BITS_PER_LONG))
		return false;
	return !test_and_set_bit(i % BITS_PER_LONG, word);
}

static inline unsigned int gch_go_span_index(const struct gch_go_span *s, unsigned long addr)
{
	return gch_go_index(s->class >> 1, addr - (unsigned long)s->base);
}

/**
 * gch_go_mark - marks an object
 * @ref: reference to it
 *
 * Context: any.
 * Return: true if it was not marked and has references to scan.
 */
static inline bool gch_go_mark(unsigned long ref)
{
	unsigned long addr = ref_addr(ref);
	struct gch_go_large *l;
	struct gch_go_span *s;
	u8 *mark;

	switch (ref & TAG_MASK) {
	case SPAN_OTHER:
		s = page_span(addr);
		return gch_go_set_mark(s->mark_bits, gch_go_span_index(s, addr)) &&
		       !(s->class & 1);
	case SPAN_LARGE:
		l = page_large(addr);
		return !READ_ONCE(l->mark) &&
		       !xchg(&l->mark, LARGE_MARKED);
	default:
		mark = mark_byte(ref);
		if (READ_ONCE(*mark))
			return false;
		WRITE_ONCE(*mark, MARKED);
		return !(tail_of(addr)->class & 1);
	}
}

/**
 * gch_go_mark_born - marks an object that is being allocated
 * @ref: reference to it
 *
 * The object is black: it has no references yet, and each that it gets is shaded. No
 * other mutator has a reference to it.
 *
 * Context: in a section.
 */
static inline void gch_go_mark_born(unsigned long ref)
{
	/*
	 * A reader that finds the mark without a reference sees the object initialized,
	 * with its header and its span's @born_from: gch_go_visit_marked(). Setting a
	 * mark bit is fully ordered.
	 */
	if (is_inline_ref(ref))
		gch_store_release(mark_byte(ref), SCANNED);
	else
		gch_go_mark(ref);
}

/**
 * gch_go_is_marked - is an object marked?
 * @ref: reference to it
 *
 * Context: any.
 * Return: true if it is.
 */
static inline bool gch_go_is_marked(unsigned long ref)
{
	unsigned long addr = ref_addr(ref);
	struct gch_go_large *l;
	struct gch_go_span *s;

	switch (ref & TAG_MASK) {
	case SPAN_OTHER:
		s = page_span(addr);
		return test_bit(gch_go_span_index(s, addr), s->mark_bits);
	case SPAN_LARGE:
		l = page_large(addr);
		return READ_ONCE(l->mark);
	default:
		return READ_ONCE(*mark_byte(ref));
	}
}

#endif /* _GCH_GO_MARKBITS_H */
