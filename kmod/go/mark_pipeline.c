// SPDX-License-Identifier: GPL-2.0
/*
 * The marker `pipeline`
 *
 * Between the stack and the scan stands a short queue. What enters it is fetched
 * into the cache, mark and object, and is looked at when its turn comes. So many
 * accesses to memory overlap, where a marker that follows one reference after the
 * other waits for each. After the prefetch queue of Cher, Hosking and Vitek,
 * "Software prefetching for mark-sweep garbage collection" (ASPLOS 2004), as
 * OCaml 5 and others have it.
 *
 * Where many references lead to what is marked already, as in a graph, most of the
 * objects would be fetched for nothing. Then there are two queues: what leaves the
 * first has its mark there; if it is the first to be found, its object is fetched
 * and enters the second. The share of references that led to something new says now
 * and then which way it is. One queue is better for trees and lists.
 */
#include "marker.h"

#include "compat.h"
#include "mark_stack.h"

/* References on their way through the cache, ... */
#define FIFO_DEPTH	16U
/* ... and then objects, where there are two queues. */
#define SECOND_DEPTH	8U
/* Of so many references: fewer are new: two queues; more: one. */
#define FEW_NEW(of)	((of) * 3 / 4)
#define MOST_NEW(of)	((of) * 7 / 8)

/* The head is what comes next; where it is of the mark is found but once. */
struct fifo {
	unsigned long ref[FIFO_DEPTH];
	u8 *mark[FIFO_DEPTH];
	unsigned int head;
	unsigned int tail;
};

/* An object that was found for the first time. */
static __always_inline void scan(struct gch_go_marker *k, struct gch_go_hot *r,
				 unsigned long ref)
{
	unsigned long *words = (unsigned long *)ref_addr(ref), child;
	struct gch_go_tail *tail = tail_of(ref);
	u64 bits;

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

/* Marks an inline object; false if it was, and is known to others. */
static __always_inline bool set_mark(unsigned long ref, u8 *mark)
{
	if (READ_ONCE(*mark) && !(ref & REF_GRAY))
		return false;
	WRITE_ONCE(*mark, MARKED);
	return true;
}

/* Of no inline object: whatever has to be done is done when its turn comes. */
static __always_inline void fill(struct gch_go_marker *k, struct gch_go_hot *r,
				 struct fifo *q, bool objects)
{
	unsigned long ref;
	u8 *mark;

	while (q->tail - q->head < FIFO_DEPTH) {
		ref = mark_pop(k, r);
		if (!ref)
			break;
		mark = NULL;
		if (likely(is_inline_ref(ref))) {
			mark = mark_byte(ref);
			prefetchw(mark);
		}
		if (objects)
			prefetch((void *)ref_addr(ref));
		q->ref[q->tail % FIFO_DEPTH] = ref;
		q->mark[q->tail++ % FIFO_DEPTH] = mark;
	}
}

/* Until no work is found; or two queues would do better, or to rest: then true. */
static __always_inline bool drain_one(struct gch_go_marker *k,
				      struct gch_go_hot *r)
{
	struct fifo q = {};
	bool leave = false;
	unsigned long ref;
	u8 *mark;

	for (;;) {
		if (!leave)
			fill(k, r, &q, true);
		if (q.head == q.tail)
			return leave;
		ref = q.ref[q.head % FIFO_DEPTH];
		mark = q.mark[q.head++ % FIFO_DEPTH];
		if (unlikely(!mark))
			mark_other(k, r, ref);
		else if (set_mark(ref, mark))
			scan(k, r, ref);
		if (unlikely(--r->left <= 0)) {
			leave = !r->left && r->objects < FEW_NEW(mark_every(k));
			mark_turn(k, r);
			leave |= k->rest;
		}
	}
}

/* Until no work is found; or one queue would do better, or to rest: then true. */
static __always_inline bool drain_two(struct gch_go_marker *k,
				      struct gch_go_hot *r)
{
	unsigned long ref, second[SECOND_DEPTH];
	unsigned int head = 0, tail = 0;
	struct fifo q = {};
	bool leave = false;
	u8 *mark;

	for (;;) {
		if (!leave)
			fill(k, r, &q, false);
		if (q.head == q.tail) {
			if (head == tail)
				return leave;
			scan(k, r, second[head++ % SECOND_DEPTH]);
			continue;
		}
		ref = q.ref[q.head % FIFO_DEPTH];
		mark = q.mark[q.head++ % FIFO_DEPTH];
		if (unlikely(!mark)) {
			mark_other(k, r, ref);
		} else if (set_mark(ref, mark)) {
			prefetch(tail_of(ref));
			prefetch((void *)ref_addr(ref));
			if (tail - head == SECOND_DEPTH)
				scan(k, r, second[head++ % SECOND_DEPTH]);
			second[tail++ % SECOND_DEPTH] = ref;
		}
		if (unlikely(--r->left <= 0)) {
			leave = !r->left && r->objects > MOST_NEW(mark_every(k));
			mark_turn(k, r);
			leave |= k->rest;
		}
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
	struct gch_go_hot r = mark_begin(k);

	while (!k->rest && drain_one(k, &r) && !k->rest && drain_two(k, &r))
		;
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
		prefetch((void *)ref_addr(ref[n]));
		if (!is_inline_ref(ref[n++]))
			break;
		prefetchw(mark_byte(ref[n - 1]));
	}
	r.sp = k->sp;
	for (i = 0; i < n; i++) {
		if (unlikely(!is_inline_ref(ref[i])))
			mark_other(k, &r, ref[i]);
		else if (set_mark(ref[i], mark_byte(ref[i])))
			scan(k, &r, ref[i]);
	}
	mark_keep(k, &r);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_pipeline_brief);
