// SPDX-License-Identifier: GPL-2.0
/*
 * The marker `pipeline`
 *
 * Between the stack and the scan stands a short queue. What enters it is fetched
 * into the cache, mark and object, and is looked at when its turn comes. So many
 * accesses to memory overlap, where a marker that follows one reference after the
 * other waits for each.
 *
 * After the prefetch queue of Cher, Hosking and Vitek, "Software prefetching for
 * mark-sweep garbage collection" (ASPLOS 2004), as OCaml 5.x and others have it.
 */
#include "mark.h"

/* Objects on their way through the cache. */
#define FIFO_DEPTH	16U

/*
 * What is needed of an object when its turn comes. A tail's line is good for all
 * objects of a page, but it is not the one with the marks.
 */
static __always_inline void fetch(unsigned long ref)
{
	if (is_inline_ref(ref)) {
		prefetchw(mark_byte(ref));
		prefetch(tail_of(ref));
	}
	prefetch((void *)ref_addr(ref));
}

static __always_inline void step(struct gch_go_marker *k, struct gch_go_hot *r,
				 unsigned long ref)
{
	unsigned long *words = (unsigned long *)ref_addr(ref), child;
	struct gch_go_tail *tail;
	u8 *mark;
	u64 bits;

	if (unlikely(!is_inline_ref(ref))) {
		mark_other(k, r, ref);
		return;
	}
	mark = mark_byte(ref);
	if (READ_ONCE(*mark) && !(ref & REF_GRAY))
		return;
	WRITE_ONCE(*mark, MARKED);
	tail = tail_of(ref);
	r->objects++;
	r->bytes += tail->size;
	if (tail->class & 1)
		return;
	/*
	 * With a branch for each, not without: what is pushed next is known
	 * before the reference has come from memory.
	 */
	for (bits = gch_go_inline_bits(ref, tail); bits; bits &= bits - 1) {
		child = READ_ONCE(words[__ffs64(bits)]);
		if (child)
			mark_push(k, r, child);
	}
}

/**
 * gch_go_pipeline_drain - marks until no work is found, or it is to rest
 * @k: the worker
 *
 * Context: process context, may sleep.
 */
void gch_go_pipeline_drain(struct gch_go_marker *k)
{
	struct gch_go_hot r = { .sp = k->sp, .left = CHECK_EVERY };
	unsigned long fifo[FIFO_DEPTH], ref;
	unsigned int head = 0, tail = 0;

	for (;;) {
		while (tail - head < FIFO_DEPTH && !k->rest) {
			ref = mark_pop(k, &r);
			if (!ref)
				break;
			fetch(ref);
			fifo[tail++ % FIFO_DEPTH] = ref;
		}
		if (head == tail)
			break;
		step(k, &r, fifo[head++ % FIFO_DEPTH]);
		if (unlikely(--r.left <= 0))
			mark_turn(k, &r);
	}
	mark_keep(k, &r);
}

/**
 * gch_go_pipeline_brief - marks a few objects that have been prefetched together,
 *	or one of those that take a while
 * @k: the mutator's marker
 *
 * Context: in a section that has read phase MARK.
 * Return: false if there is nothing for a mutator.
 */
bool gch_go_pipeline_brief(struct gch_go_marker *k)
{
	unsigned long ref[ASSIST_CHECK];
	struct gch_go_hot r = {};
	unsigned int i, n = 0;

	if (k->sp == k->base && !gch_go_pop_slow(k))
		return false;
	while (n < ASSIST_CHECK && k->sp != k->base &&
	       !gch_go_is_long(k->sp[-1])) {
		ref[n] = *--k->sp;
		fetch(ref[n]);
		if (!is_inline_ref(ref[n++]))
			break;
	}
	r.sp = k->sp;
	for (i = 0; i < n; i++)
		step(k, &r, ref[i]);
	mark_keep(k, &r);
	return n;
}
