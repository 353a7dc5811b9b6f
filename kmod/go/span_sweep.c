// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeping one span: its marks become its allocation bits
 *
 * Only the owner of a span sweeps it, so no lock is taken.
 */
#include "span_sweep.h"

#include <linux/bitmap.h>
#include <linux/poison.h>
#include <linux/string.h>

#include "go.h"
#include "sizeclass.h"

#include "compat.h"

/* Counts the set mark bytes of a page; each has bit 0 set. */
static unsigned int count_marks(const u64 *marks, unsigned int words)
{
	u64 sum = 0;
	unsigned int i;

	/* At most 64 words: no byte of the sum overflows. */
	for (i = 0; i < words; i++)
		sum += marks[i] & 0x0101010101010101ULL;
	/* The total may exceed a byte. */
	sum = (sum & 0x00ff00ff00ff00ffULL) + (sum >> 8 & 0x00ff00ff00ff00ffULL);
	return sum * 0x0001000100010001ULL >> 48;
}

static __always_inline void gather(const struct gch_go_span *s,
				   const u8 *marks, unsigned int shift,
				   unsigned long *bits)
{
	unsigned int i, n, left;
	unsigned long m;
	u32 at = 0;

	for (i = 0; i < s->nelems; i += n) {
		n = min(s->nelems - i, BITS_PER_LONG);
		for (m = 0, left = n; left; left--, at += s->size)
			m = m >> 1 | (unsigned long)marks[at >> shift] << 63;
		bits[i / BITS_PER_LONG] = m >> (BITS_PER_LONG - n);
	}
}

/* Moves the mark bytes of an inline span to @bits; returns the number of marks. */
static unsigned int take_bytes(struct gch_go_span *s, unsigned long *bits)
{
	unsigned long ref = gch_go_span_ref(s, 0);
	u32 bytes = GCH_GO_PAGE_SIZE >> mark_shift(ref);
	u8 *marks = tail_marks(ref);
	unsigned int alive;

	alive = count_marks((u64 *)marks, bytes / sizeof(u64));
	if (!alive)
		return 0;
	if (alive == s->nelems)
		bitmap_set(bits, 0, s->nelems);
	else if (s->size < GCH_GO_COARSE)
		gather(s, marks, 4, bits);
	else
		gather(s, marks, 6, bits);
	memset(marks, 0, bytes);
	return alive;
}

/* Moves a span's marks to @bits, @bytes long; returns their number. */
static unsigned int take_marks(struct gch_go_span *s, unsigned long *bits,
			       unsigned int bytes)
{
	memset(bits, 0, bytes);
	if (gch_go_is_inline(s))
		return take_bytes(s, bits);
	memcpy(bits, s->mark_bits, bytes);
	memset(s->mark_bits, 0, bytes);
	return bitmap_weight(bits, s->nelems);
}

static void poison_dead(struct gch_go_span *s, const unsigned long *marks)
{
	unsigned int i;

	for (i = 0; i < s->nelems; i++)
		if (gch_go_is_allocated(s, i) && !test_bit(i, marks))
			memset(s->base + (size_t)i * s->size, POISON_FREE,
			       s->size);
}

/**
 * gch_go_sweep_one - frees the unmarked objects of a span, without statistics
 * @h: the heap
 * @s: the span, owned by the caller
 * @gen: the present sweep generation
 *
 * Context: in a section, or process context with preemption off.
 * Return: number of objects freed.
 */
unsigned int gch_go_sweep_one(struct gch_go_heap *h, struct gch_go_span *s,
			      u32 gen)
{
	unsigned int bytes = BITS_TO_LONGS(s->nelems) * sizeof(long);
	unsigned long marks[SPAN_WORDS];
	unsigned int alive, dead;

	alive = take_marks(s, marks, bytes);
	if (unlikely(h->poison))
		poison_dead(s, marks);
	memcpy(s->alloc_bits, marks, bytes);
	dead = gch_go_span_count(s) - alive;
	s->alloc_count = alive;
	if (dead)
		s->needzero = true;
	s->gen = gen;
	gch_go_span_refill(s);
	return dead;
}

/**
 * gch_go_count_swept - adds swept pages and freed objects to the statistics
 * @h: the heap
 * @class: span class
 * @pages: number of pages swept
 * @dead: number of objects freed
 *
 * Context: with preemption off.
 */
void gch_go_count_swept(struct gch_go_heap *h, unsigned int class,
			unsigned int pages, u64 dead)
{
	u32 size = gch_go_class_size[class >> 1];

	atomic64_add(pages, &h->sweep.swept);
	if (!dead)
		return;
	gch_count(h->mcache->freed[class], dead);
	gch_count(h->base.cpu->freed_cycle, dead);
	gch_count(h->base.cpu->freed_bytes, dead * size);
}

/**
 * gch_go_sweep_span - frees the unmarked objects of a span
 * @h: the heap
 * @s: the span, owned by the caller
 * @gen: the present sweep generation
 *
 * Context: in a section, or process context with preemption off.
 */
void gch_go_sweep_span(struct gch_go_heap *h, struct gch_go_span *s, u32 gen)
{
	unsigned int dead = gch_go_sweep_one(h, s, gen);

	gch_go_count_swept(h, s->class, s->npages, dead);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_sweep_span);
