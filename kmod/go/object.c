// SPDX-License-Identifier: GPL-2.0
/* Objects: their sizes, their data and the places of their references. */
#include "object.h"

#include "barrier.h"
#include "go.h"
#include "markbits.h"
#include "snaplog.h"

#include <linux/prefetch.h>

/**
 * gch_go_visit_refs - visits the references of an object
 * @ref: reference to the object
 * @fn: called with each that is not NULL
 * @arg: first argument of @fn
 *
 * Context: any, while the object lives.
 */
void gch_go_visit_refs(unsigned long ref, gch_go_edge_fn fn, void *arg)
{
	gch_go_scan(ref, fn, arg);
}

/**
 * gch_go_object_size - computes the bytes that an object takes
 * @ref: reference to the object
 *
 * Context: any, while the object lives.
 * Return: the size of its class, or of its pages.
 */
u32 gch_go_object_size(unsigned long ref)
{
	unsigned long addr = ref_addr(ref);

	switch (ref & TAG_MASK) {
	case SPAN_OTHER:
		return page_span(addr)->size;
	case SPAN_LARGE:
		return PAGE_SIZE << page_large(addr)->order;
	default:
		return tail_of(addr)->size;
	}
}

static void **ref_of_other(unsigned long addr, u32 i)
{
	struct gch_go_span *s = page_span(addr);
	unsigned long header, *words = (void *)addr;

	if (s->class & 1)
		return NULL;
	if (s->size <= GCH_GO_MAX_INLINE)
		return !i && test_bit((addr - (unsigned long)s->base) / 8,
				      gch_go_span_ptrs(s)) ? (void **)addr :
							     NULL;
	header = words[0];
	if (header & 1 ? i >= header >> 1 : !gch_type_is_ref((void *)header, i))
		return NULL;
	return (void **)addr + 1 + i;
}

static void **ref_of_large(unsigned long addr, u32 i)
{
	struct gch_go_large *l = page_large(addr);

	if (l->type->flags & GCH_TYPE_VAR ? i >= l->nr_refs :
					    !gch_type_is_ref(l->type, i))
		return NULL;
	return (void **)addr + i;
}

/* Only if the references are the leading words: any_ref() looks up others. */
static __always_inline void **quick_ref_of_other(unsigned long addr, u32 i)
{
	struct gch_go_span *s = page_span(addr);
	const struct gch_type *type;
	unsigned long header;

	if ((s->class & 1) || s->size <= GCH_GO_MAX_INLINE)
		return NULL;
	header = *(unsigned long *)addr;
	if (header & 1) {
		if (unlikely(i >= header >> 1))
			return NULL;
	} else {
		type = (void *)header;
		if (unlikely(!type->leading || i >= type->nr_refs))
			return NULL;
	}
	return (void **)addr + 1 + i;
}

static __always_inline void **quick_ref_of_large(unsigned long addr, u32 i)
{
	struct gch_go_large *l = page_large(addr);

	/* The references of a variable-size type are always the leading words. */
	if (unlikely(!l->type->leading || i >= l->nr_refs))
		return NULL;
	return (void **)addr + i;
}

/* The place of an object's reference @i if a quick look finds it, else NULL. */
static __always_inline void **quick_ref(void *obj, u32 i)
{
	unsigned long ref = (unsigned long)obj, addr = ref_addr(ref);
	struct gch_go_tail *tail = tail_of(addr);

	if (unlikely(!is_inline_ref(ref)))
		return (ref & TAG_MASK) == SPAN_OTHER ?
		       quick_ref_of_other(addr, i) : quick_ref_of_large(addr, i);
	if (unlikely(i >= BITS_PER_LONG || READ_ONCE(tail->has_ptr_bitmap) ||
		     !(READ_ONCE(tail->mask) & BIT_ULL(i))))
		return NULL;
	return (void **)addr + i;
}

static __always_inline void **any_ref(void *obj, u32 i)
{
	unsigned long ref = (unsigned long)obj, addr = ref_addr(ref);

	if (is_inline_ref(ref)) {
		/* No bit is set beyond the object, or in a span without references. */
		if (i >= BITS_PER_LONG ||
		    !(gch_go_inline_bits(ref, tail_of(addr)) & BIT_ULL(i)))
			return NULL;
		return (void **)addr + i;
	}
	return (ref & TAG_MASK) == SPAN_OTHER ? ref_of_other(addr, i) :
						ref_of_large(addr, i);
}

/**
 * gch_go_ref - finds the place of a reference in an object
 * @m: the mutator
 * @obj: the object
 * @i: number of the word
 *
 * Context: in a section.
 * Return: the place; NULL if the word is no reference.
 */
void **gch_go_ref(struct gch_mutator *m, void *obj, u32 i)
{
	return any_ref(obj, i);
}

static noinline int load_slow(struct gch_mutator *m, u32 state, void **place,
			      void *obj, u32 i)
{
	void **from = any_ref(obj, i);

	if (!from)
		return -ERANGE;
	gch_tally(m->stats->stores, 1);
	return gch_go_assign_at(to_go(m->heap), m, state, place,
				READ_ONCE(*from));
}

/**
 * gch_go_load - reads a reference of an object
 * @m: the mutator
 * @place: the slot to set
 * @obj: the object
 * @i: number of the word
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if mutators are stopped; -ERANGE if the word is no reference.
 */
int gch_go_load(struct gch_mutator *m, void **place, void *obj, u32 i)
{
	/* Before the reference, as in gch_go_fetch(). */
	u32 state = gch_load_acquire(&to_go(m->heap)->state);
	void **from = quick_ref(obj, i);

	if (unlikely(!from))
		return load_slow(m, state, place, obj, i);
	gch_tally(m->stats->stores, 1);
	return gch_go_assign_at(to_go(m->heap), m, state, place,
				READ_ONCE(*from));
}

static noinline int load_refs_slow(struct gch_mutator *m, u32 state,
				   void **places, void *obj, u32 i, u32 nr)
{
	void **from;
	int ret = 0;
	u32 n;

	for (n = 0; n < nr; n++)
		if (!any_ref(obj, i + n))
			return -ERANGE;
	gch_tally(m->stats->stores, nr);
	for (n = 0; n < nr && !ret; n++) {
		from = any_ref(obj, i + n);
		ret = gch_go_assign_at(to_go(m->heap), m, state, places + n,
				       READ_ONCE(*from));
	}
	return ret;
}

/**
 * gch_go_load_refs - reads adjacent references of an object
 * @m: the mutator
 * @places: the slots to set
 * @src: slot that refers to the object
 * @i: number of the first word
 * @nr: number of words, at most %GCH_REFS_MAX
 *
 * Context: in a section, which keeps the object even if @src is overwritten.
 * Return: 0; -EAGAIN if mutators are stopped; -ERANGE if one of the words is no
 * reference.
 */
int gch_go_load_refs(struct gch_mutator *m, void **places, void **src, u32 i,
		     u32 nr)
{
	/* As in gch_go_load(). */
	u32 state = gch_load_acquire(&to_go(m->heap)->state), n;
	unsigned long ref = (unsigned long)*src;
	void **from = (void **)ref_addr(ref) + i;
	struct gch_go_tail *tail = tail_of(ref_addr(ref));
	u64 wanted = GENMASK_ULL(nr - 1, 0);
	int ret = 0;

	if (unlikely(!is_inline_ref(ref) || i >= BITS_PER_LONG ||
		     READ_ONCE(tail->has_ptr_bitmap) ||
		     wanted & ~(READ_ONCE(tail->mask) >> i)))
		return load_refs_slow(m, state, places, *src, i, nr);
	gch_tally(m->stats->stores, nr);
	for (n = 0; n < nr && !ret; n++) {
		ref = (unsigned long)READ_ONCE(from[n]);
		/* A caller that reads several references is likely to follow each. */
		prefetch((void *)ref_addr(ref));
		ret = gch_go_assign_at(to_go(m->heap), m, state, &places[n],
				       (void *)ref);
	}
	return ret;
}

static noinline int store_slow(struct gch_mutator *m, u32 state, void *obj,
			       u32 i, void *ref)
{
	void **place = any_ref(obj, i);

	if (!place)
		return -ERANGE;
	gch_tally(m->stats->stores, 1);
	return gch_go_assign_at(to_go(m->heap), m, state, place, ref);
}

/**
 * gch_go_store - writes a reference of an object
 * @m: the mutator
 * @obj: the object
 * @i: number of the word
 * @ref: the reference
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if mutators are stopped; -ERANGE if the word is no reference.
 */
int gch_go_store(struct gch_mutator *m, void *obj, u32 i, void *ref)
{
	u32 state = READ_ONCE(to_go(m->heap)->state);
	void **place = quick_ref(obj, i);

	if (unlikely(!place))
		return store_slow(m, state, obj, i, ref);
	gch_tally(m->stats->stores, 1);
	return gch_go_assign_at(to_go(m->heap), m, state, place, ref);
}

/**
 * gch_go_data - finds the data of an object
 * @m: the mutator
 * @obj: the object
 * @bytes: set to its usable size
 *
 * Context: in a section.
 * Return: its first byte, after any header word.
 */
void *gch_go_data(struct gch_mutator *m, void *obj, size_t *bytes)
{
	unsigned long ref = (unsigned long)obj, addr = ref_addr(ref);
	struct gch_go_span *s;

	*bytes = gch_go_object_size(ref);
	if ((ref & TAG_MASK) != SPAN_OTHER)
		return (void *)addr;
	s = page_span(addr);
	if (s->size <= GCH_GO_MAX_INLINE || (s->class & 1))
		return (void *)addr;
	*bytes -= GCH_GO_HEADER_BYTES;
	return (void *)addr + GCH_GO_HEADER_BYTES;
}
