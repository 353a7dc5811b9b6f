// SPDX-License-Identifier: GPL-2.0
/*
 * A worker's queue of references, and objects that are not inline
 *
 * Work is kept in buffers of one page. A worker fills and empties its own buffer, last
 * in, first out, and exchanges whole buffers with the lists of workbuf.c.
 *
 * A large object is scanned in pieces of 128 KiB, which wait in buffers like objects:
 * several workers share it, and none is busy with it for long. The objects that an
 * array or a root refers to are checked, and mostly marked, where the reference is
 * found. So an object is listed once even if thousands of an array's words refer to it.
 *
 * If no buffer can be had, the object is marked without being listed and the heap's
 * overflow is set: the collector then scans every marked object again. Each such round
 * has marked at least one object, so the rounds end: marking needs memory to be fast,
 * not to be correct.
 */
#include "mark_stack.h"

#include <linux/sched.h>

#include "compat.h"
#include "core/delay.h"
#include "go.h"
#include "markbits.h"

/* A worker with fewer references offers none to idle workers. */
#define OFFER_LEAST	8U
/* A mutator leaves a piece with more references to the workers. */
#define REFS_BRIEF	4096U
/* Number of words that a mark is prefetched ahead of its turn. */
#define AHEAD		16U

/**
 * gch_go_use_buf - sets the buffer that a worker pushes to
 * @k: the worker
 * @b: the buffer; NULL for none
 *
 * Context: any.
 */
void gch_go_use_buf(struct gch_go_marker *k, struct gch_go_workbuf *b)
{
	k->buf = b;
	k->base = b ? b->ref : NULL;
	k->limit = b ? b->ref + ARRAY_SIZE(b->ref) : NULL;
	k->sp = b ? b->ref + b->nr : NULL;
}

static void count(struct gch_go_marker *k, unsigned long ref)
{
	k->objects++;
	k->bytes += gch_go_object_size(ref);
}

/* Is it a piece of a large object, other than the first? */
static bool is_piece(unsigned long ref)
{
	return (ref & TAG_MASK) == SPAN_LARGE &&
	       page_large(ref_addr(ref))->addr != (void *)ref_addr(ref);
}

/*
 * No buffer: marks the object without listing it, until all marked objects are scanned
 * again.
 */
static void mark_unlisted(struct gch_go_marker *k, unsigned long ref)
{
	if (!(ref & REF_GRAY)) {
		if (gch_go_is_marked(ref))
			return;
		/* It has no references to scan, or another worker was first. */
		if (!gch_go_mark(ref)) {
			count(k, ref);
			return;
		}
	}
	/* The page is in no queue. */
	if (ref & REF_GRAY && is_inline_ref(ref))
		WRITE_ONCE(tail_of(ref)->owned, PAGE_FREE);
	/* The rescan does not count objects, so count here. */
	if (!is_piece(ref))
		count(k, ref);
	/* After the mark: see gch_go_wbbuf_flush(). */
	atomic_set_release(&k->h->mark.overflow, 1);
}

/* Lists the older half of this worker's references, if there is a buffer. */
static bool give_half(struct gch_go_marker *k)
{
	struct gch_go_workbuf *half = mark_buf(k);
	unsigned long n = (k->sp - k->base) / 2;

	if (!half)
		return false;
	memcpy(half->ref, k->base, n * sizeof(*k->base));
	k->sp -= n;
	memmove(k->base, k->base + n, (k->sp - k->base) * sizeof(*k->base));
	half->nr = n;
	gch_go_buf_put_full(k->h, half);
	return true;
}

/**
 * gch_go_push_slow - pushes a reference if the worker's buffer is full or missing
 * @k: the worker
 * @ref: the reference
 *
 * Context: any but interrupts.
 */
noinline void gch_go_push_slow(struct gch_go_marker *k, unsigned long ref)
{
	bool room;

	if (!k->buf) {
		gch_go_use_buf(k, mark_buf(k));
		room = k->buf;
	} else {
		room = give_half(k);
	}
	if (room)
		*k->sp++ = ref;
	else
		mark_unlisted(k, ref);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_push_slow);

static void push(struct gch_go_marker *k, unsigned long ref)
{
	if (unlikely(k->sp == k->limit))
		gch_go_push_slow(k, ref);
	else
		*k->sp++ = ref;
}

/* Grays an object that a root or a non-inline object refers to. */
static __always_inline void gray(struct gch_go_marker *k, unsigned long ref)
{
	u8 *mark;

	if (likely(is_inline_ref(ref))) {
		mark = mark_byte(ref);
		if (READ_ONCE(*mark))
			return;
		/* greentea gathers references to one page, and marks later. */
		if (k->h->mark.marker == GCHEAP_MARKER_GREENTEA) {
			if (k->sp == k->base || k->sp[-1] != ref)
				push(k, ref);
			return;
		}
		WRITE_ONCE(*mark, MARKED);
		push(k, ref | REF_GRAY);
	} else if (!gch_go_is_marked(ref)) {
		if (gch_go_mark(ref))
			push(k, ref | REF_GRAY);
		else
			/* It has no references, or another marker marked it first. */
			count(k, ref);
	}
}

/**
 * gch_go_gray - lists an object that a root refers to, unless it is marked
 * @k: the worker
 * @ref: reference to it
 *
 * Context: any but interrupts.
 */
void gch_go_gray(struct gch_go_marker *k, unsigned long ref)
{
	gray(k, ref);
}

static void gray_edge(void *arg, unsigned long ref)
{
	gray(arg, ref);
}

/* Grays the objects that adjacent words refer to. */
static void gray_words(struct gch_go_marker *k, const unsigned long *words,
		       u32 nr)
{
	unsigned long ref;
	u32 i;

	for (i = 0; i < nr; i++) {
		ref = i + AHEAD < nr ? READ_ONCE(words[i + AHEAD]) : 0;
		/*
		 * For a non-inline object this prefetches an unrelated line, which is
		 * harmless.
		 */
		if (ref)
			prefetchw(mark_byte(ref));
		ref = READ_ONCE(words[i]);
		if (ref)
			gray(k, ref);
	}
}

/**
 * gch_go_pop_slow - takes listed work if the worker's buffer is empty or missing
 * @k: the worker
 *
 * Context: any but interrupts.
 * Return: false if there is no work.
 */
noinline bool gch_go_pop_slow(struct gch_go_marker *k)
{
	struct gch_go_workbuf *b = gch_go_buf_get_full(k->h);

	if (!b)
		return false;
	if (k->buf)
		gch_go_buf_put_empty(k->h, k->buf);
	gch_go_use_buf(k, b);
	return true;
}

/*
 * Lists every second reference of this worker. Not the older half: of a tree, which is
 * marked depth first, that would be nearly all the work, and this worker would be idle
 * next.
 */
static bool give_every_second(struct gch_go_marker *k)
{
	struct gch_go_workbuf *half = mark_buf(k);
	unsigned long *at, *kept = k->base;

	if (!half)
		return false;
	for (at = k->base; at < k->sp; at++) {
		if ((at - k->base) % 2)
			half->ref[half->nr++] = *at;
		else
			*kept++ = *at;
	}
	k->sp = kept;
	gch_go_buf_put_full(k->h, half);
	return true;
}

/**
 * gch_go_others_idle - is a worker or an assisting mutator idle, with no listed work?
 * @h: the heap
 *
 * Context: any.
 * Return: true if one is.
 */
bool gch_go_others_idle(const struct gch_go_heap *h)
{
	return !atomic_read(&h->mark.nr_full) &&
	       (atomic_read(&h->mark.joined) > atomic_read(&h->mark.draining) ||
		READ_ONCE(h->mark.assist_starved));
}

/**
 * gch_go_offer - lists half of a worker's references if others are idle
 * @k: the worker
 * @least: minimum number of references for that
 *
 * Context: any but interrupts.
 */
void gch_go_offer(struct gch_go_marker *k, unsigned int least)
{
	if (k->sp - k->base < least || !gch_go_others_idle(k->h))
		return;
	WRITE_ONCE(k->h->mark.assist_starved, false);
	give_every_second(k);
}

/* Queues all pieces of a large object but the first, on its first turn. */
static void push_pieces(struct gch_go_marker *k, struct gch_go_large *l)
{
	u32 i, nr = gch_go_large_refs(l);
	unsigned long *words = l->addr;

	if (nr <= GCH_GO_PIECE_REFS)
		return;
	for (i = GCH_GO_PIECE_REFS; i < nr; i += GCH_GO_PIECE_REFS)
		push(k, (unsigned long)(words + i) | SPAN_LARGE | REF_GRAY);
	gch_go_offer(k, 2);
}

/*
 * Scans a large object's first piece, or another of its pieces; the object is marked.
 */
static void step_large(struct gch_go_marker *k, unsigned long ref)
{
	struct gch_go_large *l = page_large(ref_addr(ref));
	u32 first = (unsigned long *)ref_addr(ref) - (unsigned long *)l->addr;

	if (!first) {
		count(k, ref);
		push_pieces(k, l);
	}
	/* The references of a variable-size type are always the leading words. */
	if (l->type->leading)
		gray_words(k, (unsigned long *)l->addr + first,
			   gch_go_piece_refs(l, first));
	else
		gch_go_scan_piece(l, first, gray_edge, k);
}

/* Scans an object that is neither inline nor large. */
static void scan_other(struct gch_go_marker *k, unsigned long ref)
{
	struct gch_go_span *s = page_span(ref_addr(ref));
	unsigned long header;

	if (!(s->class & 1) && s->size > GCH_GO_MAX_INLINE) {
		header = READ_ONCE(*(unsigned long *)ref_addr(ref));
		if (header & 1) {
			gray_words(k, (unsigned long *)ref_addr(ref) + 1,
				   header >> 1);
			return;
		}
	}
	gch_go_scan(ref, gray_edge, k);
}

/**
 * gch_go_step_other - marks and scans an object that is not inline
 * @k: the worker
 * @ref: reference to it, or to a piece of it
 *
 * Context: any but interrupts.
 * Return: true if it was a large object or a piece of one, which takes long.
 */
noinline bool gch_go_step_other(struct gch_go_marker *k, unsigned long ref)
{
	if (!(ref & REF_GRAY)) {
		if (gch_go_is_marked(ref))
			return false;
		if (!gch_go_mark(ref)) {
			/* It has no references, or another marker marked it first. */
			count(k, ref);
			return false;
		}
	}
	if ((ref & TAG_MASK) == SPAN_LARGE) {
		step_large(k, ref);
		return true;
	}
	count(k, ref);
	scan_other(k, ref);
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_step_other);

/* Reports marked bytes and objects to the pacer, the mutators and the statistics. */
static void report(struct gch_go_marker *k, bool credit)
{
	struct gch_go_heap *h = k->h;

	atomic64_add(k->bytes, &h->mark.bytes);
	if (credit)
		atomic64_add(k->bytes, &h->mark.credit);
	preempt_disable();
	gch_count(h->base.cpu->marked, k->objects);
	preempt_enable();
	k->bytes = 0;
	k->objects = 0;
}

/**
 * gch_go_mark_turn - ends a slice: offers work to idle workers, and yields the CPU
 * @k: the worker; sets @rest if it has to rest
 *
 * Context: process context, may sleep.
 */
noinline void gch_go_mark_turn(struct gch_go_marker *k)
{
	gch_delay();
	gch_go_offer(k, OFFER_LEAST);
	report(k, true);
	if (!k->worker)
		cond_resched();
	else if (!k->rest)
		k->rest = gch_worker_wanted(k->cpu, k->since) ||
			  !gch_go_mark_worker_next(k->h, k->worker);
}

static void put_buf(struct gch_go_heap *h, struct gch_go_workbuf *b, u64 nr)
{
	b->nr = nr;
	if (nr)
		gch_go_buf_put_full(h, b);
	else
		gch_go_buf_put_empty(h, b);
}

/**
 * gch_go_marker_end - puts a marker's work back on the lists
 * @k: the worker
 * @credit: whether mutators may pay their debts with the bytes that it has marked
 *
 * Context: any but interrupts.
 */
void gch_go_marker_end(struct gch_go_marker *k, bool credit)
{
	if (k->buf)
		put_buf(k->h, k->buf, k->sp - k->base);
	if (k->out) {
		memmove(k->out->ref, k->at, (k->end - k->at) * sizeof(*k->at));
		put_buf(k->h, k->out, k->end - k->at);
	}
	gch_go_use_buf(k, NULL);
	k->out = NULL;
	k->at = NULL;
	k->end = NULL;
	k->rest = false;
	report(k, credit);
}

/**
 * gch_go_is_long - does an object take too long for a mutator to mark?
 * @ref: reference to it, or to a piece of it
 *
 * Context: any.
 * Return: true if it does.
 */
bool gch_go_is_long(unsigned long ref)
{
	unsigned long addr = ref_addr(ref);
	struct gch_go_large *l;

	if ((ref & TAG_MASK) != SPAN_LARGE)
		return false;
	l = page_large(addr);
	return gch_go_piece_refs(l, (addr - (unsigned long)l->addr) /
				 sizeof(long)) > REFS_BRIEF;
}
