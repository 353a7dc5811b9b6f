// SPDX-License-Identifier: GPL-2.0
/*
 * The marker `pipeline`
 *
 * A short queue follows the stack. A reference that enters it has its mark and its
 * object prefetched, and is processed when it leaves. Thus accesses overlap,
 * where a marker that follows one reference at a time waits for each. This is the
 * prefetch queue of Cher, Hosking and Vitek, "Software prefetching for mark-sweep
 * garbage collection" (ASPLOS 2004), which OCaml 5 and others use too.
 *
 * If many references lead to marked objects, as in a graph, most objects would be
 * prefetched in vain. Then there are two queues. A reference that enters the first has
 * only its mark prefetched. If its object turns out to be unmarked, the object is
 * prefetched and enters the second queue. The share of references that led to unmarked
 * objects selects the mode from time to time. One queue is better for trees and lists.
 */
#include "marker.h"

#include "compat.h"
#include "mark_stack.h"

/* Depth of the queue of references, ... */
#define FIFO_DEPTH	16U
/* ... and of the queue of objects, if there are two. */
#define SECOND_DEPTH	8U
/*
 * Unmarked objects out of @of references: below the first use two queues, above the
 * second one.
 */
#define FEW_NEW(of)	((of) * 3 / 4)
#define MOST_NEW(of)	((of) * 7 / 8)

/* Entries leave at @head. Holds mark addresses so that each is computed once. */
struct fifo {
	unsigned long ref[FIFO_DEPTH];
	u8 *mark[FIFO_DEPTH];
	unsigned int head;
	unsigned int tail;
};

/* Scans an object that was just marked. */
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
	 * A branch for each reference, which predicts the next push before the
	 * reference has arrived from memory. Code without the branch would wait for it.
	 */
	for (bits = gch_go_inline_bits(ref, tail); bits; bits &= bits - 1) {
		child = READ_ONCE(words[__ffs64(bits)]);
		if (child)
			mark_push(k, r, child);
	}
}

/* Marks an inline object; false if it was marked, unless REF_GRAY asks to scan it. */
static __always_inline bool set_mark(unsigned long ref, u8 *mark)
{
	if (READ_ONCE(*mark) && !(ref & REF_GRAY))
		return false;
	WRITE_ONCE(*mark, MARKED);
	return true;
}

/*
 * Fills the queue and prefetches. A non-inline object has no mark byte: mark_other()
 * gets it.
 */
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

/*
 * Marks through one queue. Returns true if it stops to rest or because two queues would
 * do better, false if no work is left.
 */
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

/*
 * Marks through two queues. Returns true if it stops to rest or because one queue would
 * do better, false if no work is left.
 */
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
 * gch_go_pipeline_drain - marks until no work is found, or until the worker has to rest
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
 * gch_go_pipeline_brief - marks a few objects, prefetched together, for an assist
 * @k: the mutator's marker
 *
 * Stops after one object that is not inline, since that may take a while.
 *
 * Context: in a section that has read phase MARK.
 * Return: false if there is no work that suits a mutator.
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
