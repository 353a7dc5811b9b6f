// SPDX-License-Identifier: GPL-2.0
/*
 * The marker `classic`
 *
 * One object at a time, as in Go until 1.25 (mgcmark.go, scanobject() and
 * greyobject()). Scanning an object marks each object that it refers to at once,
 * prefetches it, and pushes it if it was not marked before.
 */
#include "marker.h"

#include "compat.h"
#include "mark_stack.h"

/* Marks an object; pushes it if it has references to scan. */
static __always_inline void gray(struct gch_go_marker *k, struct gch_go_hot *r,
				 unsigned long ref)
{
	struct gch_go_tail *tail;
	u8 *mark;

	if (unlikely(!is_inline_ref(ref))) {
		mark_push(k, r, ref);
		return;
	}
	mark = mark_byte(ref);
	if (READ_ONCE(*mark))
		return;
	WRITE_ONCE(*mark, MARKED);
	tail = tail_of(ref);
	if (!(tail->class & 1)) {
		prefetch((void *)ref_addr(ref));
		mark_push(k, r, ref | REF_GRAY);
		return;
	}
	r->objects++;
	r->bytes += tail->size;
}

static __always_inline void step(struct gch_go_marker *k, struct gch_go_hot *r,
				 unsigned long ref)
{
	unsigned long *words = (unsigned long *)ref_addr(ref), child;
	struct gch_go_tail *tail;
	u64 bits;

	if (unlikely(!is_inline_ref(ref))) {
		mark_other(k, r, ref);
		return;
	}
	if (unlikely(!(ref & REF_GRAY))) {
		/* From a root, or from an object that is not inline. */
		gray(k, r, ref);
		return;
	}
	tail = tail_of(ref);
	r->objects++;
	r->bytes += tail->size;
	for (bits = gch_go_inline_bits(ref, tail); bits; bits &= bits - 1) {
		child = READ_ONCE(words[__ffs64(bits)]);
		if (child)
			gray(k, r, child);
	}
}

/**
 * gch_go_classic_drain - marks until no work is found, or until the worker has to rest
 * @k: the worker
 *
 * Context: process context, may sleep.
 */
void gch_go_classic_drain(struct gch_go_marker *k)
{
	struct gch_go_hot r = mark_begin(k);
	unsigned long ref;

	for (;;) {
		ref = mark_pop(k, &r);
		if (!ref)
			break;
		step(k, &r, ref);
		if (unlikely(--r.left <= 0)) {
			mark_turn(k, &r);
			if (k->rest)
				break;
		}
	}
	mark_keep(k, &r);
}

/**
 * gch_go_classic_brief - marks a few objects for an assist
 * @k: the mutator's marker
 *
 * Context: in a section that has read phase MARK.
 * Return: false if there is no work that suits a mutator.
 */
bool gch_go_classic_brief(struct gch_go_marker *k)
{
	struct gch_go_hot r = {};
	unsigned int n = 0;
	unsigned long ref;

	if (k->sp == k->base && !gch_go_pop_slow(k))
		return false;
	r.sp = k->sp;
	while (n < ASSIST_CHECK && r.sp != k->base &&
	       !gch_go_is_long(r.sp[-1])) {
		n++;
		ref = *--r.sp;
		step(k, &r, ref);
		/* It may have thousands of references. */
		if (!is_inline_ref(ref))
			break;
	}
	mark_keep(k, &r);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_classic_brief);
