// SPDX-License-Identifier: GPL-2.0
/*
 * Marking: what all markers share
 *
 * Work is kept in buffers of one page: a worker fills and empties one of its own,
 * last in, first out, and exchanges whole ones with the lists of workbuf.c. What
 * becomes of a reference is the marker's to say, which GCH_KEY_MARKER selects:
 * mark_pipeline.c, mark_greentea.c, mark_classic.c.
 *
 * A large object is scanned in pieces of 128 KiB, which wait in buffers like
 * objects: several workers share it, and none is long over one. What an array or a
 * root refers to is looked at, and mostly marked, where it is found: what is marked
 * already is not listed, though thousands of its words may refer to one object.
 *
 * When no buffer can be had, a reference's object is marked where it was found and
 * the heap's overflow is set: the collector then scans every marked object once
 * more. Each such round has marked something, so there is a last one: marking
 * needs memory to be quick but not to be right.
 */
#include "mark.h"

#include <linux/ktime.h>
#include <linux/sched/stat.h>

#include "core/delay.h"

#include "compat.h"

/* What a worker keeps some of for itself when others have nothing. */
#define OFFER_LEAST	8U
/* How long one looks for work before it sleeps, if nobody else wants its CPU. */
#define LOOK_NS		(20 * NSEC_PER_USEC)
/* References of an object that are left to the workers if there are more. */
#define REFS_BRIEF	4096U
/* How far ahead of its turn the mark of what a word refers to is fetched. */
#define AHEAD		16U

/**
 * gch_go_use_buf - makes a buffer the worker's own
 * @k: the worker
 * @b: the buffer; NULL if there is none
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

/* Is it one of the other pieces of a large object? */
static bool is_piece(unsigned long ref)
{
	return (ref & TAG_MASK) == SPAN_LARGE &&
	       page_large(ref_addr(ref))->addr != (void *)ref_addr(ref);
}

/* There is no buffer: gray without being listed, until all is scanned again. */
static void mark_unlisted(struct gch_go_marker *k, unsigned long ref)
{
	if (!(ref & REF_GRAY) && !gch_go_mark(ref))
		return;
	/* No queue will have its page. */
	if (ref & REF_GRAY && is_inline_ref(ref))
		WRITE_ONCE(tail_of(ref)->owned, PAGE_FREE);
	/* When all is scanned again nothing is counted. */
	if (!is_piece(ref))
		count(k, ref);
	/* After the mark: see gch_go_shaded_flush(). */
	atomic_set_release(&k->h->overflow, 1);
}

/* Hands the older half of what this worker has to all, if there is a buffer. */
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
 * gch_go_push_slow - queues a reference when the worker's buffer is full, or it
 *	has none
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

static void push(struct gch_go_marker *k, unsigned long ref)
{
	if (unlikely(k->sp == k->limit))
		gch_go_push_slow(k, ref);
	else
		*k->sp++ = ref;
}

/* What a root, or an object that is no inline one, refers to becomes gray. */
static __always_inline void gray(struct gch_go_marker *k, unsigned long ref)
{
	u8 *mark;

	if (likely(is_inline_ref(ref))) {
		mark = mark_byte(ref);
		if (READ_ONCE(*mark))
			return;
		/* greentea gathers what is in one page, and marks it then. */
		if (k->h->marker == GCHEAP_MARKER_GREENTEA) {
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
			/* It has no references, or another was first. */
			count(k, ref);
	}
}

static void gray_edge(void *arg, unsigned long ref)
{
	gray(arg, ref);
}

/* The same of words side by side. */
static void gray_words(struct gch_go_marker *k, const unsigned long *words,
		       u32 nr)
{
	unsigned long ref;
	u32 i;

	for (i = 0; i < nr; i++) {
		ref = i + AHEAD < nr ? READ_ONCE(words[i + AHEAD]) : 0;
		/* Of no inline object it is somewhere else, which does no harm. */
		if (ref)
			prefetchw(mark_byte(ref));
		ref = READ_ONCE(words[i]);
		if (ref)
			gray(k, ref);
	}
}

/**
 * gch_go_pop_slow - takes work of others when the worker's buffer is empty, or it
 *	has none
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
 * Hands every second reference of what this worker has to all. Not the older half:
 * of a tree, which is marked depth first, that would be nearly all there is, and who
 * gives it would be the next to have nothing.
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
 * gch_go_others_idle - has somebody nothing to do, and nothing to take?
 * @h: the heap
 *
 * Context: any.
 * Return: whether somebody has.
 */
bool gch_go_others_idle(const struct gch_go_heap *h)
{
	return !atomic_read(&h->nr_full) &&
	       (atomic_read(&h->joined) > atomic_read(&h->draining) ||
		READ_ONCE(h->hungry));
}

/**
 * gch_go_offer - leaves half of what this worker has to those who have nothing
 * @k: the worker
 * @least: only if it has so many references
 *
 * Context: any but interrupts.
 */
void gch_go_offer(struct gch_go_marker *k, unsigned int least)
{
	if (k->sp - k->base < least || !gch_go_others_idle(k->h))
		return;
	WRITE_ONCE(k->h->hungry, false);
	give_every_second(k);
}

/* A large object whose turn comes for the first time: its other pieces wait. */
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

/* A large object, or one of its other pieces; it is marked. */
static void step_large(struct gch_go_marker *k, unsigned long ref)
{
	struct gch_go_large *l = page_large(ref_addr(ref));
	u32 first = (unsigned long *)ref_addr(ref) - (unsigned long *)l->addr;

	if (!first) {
		count(k, ref);
		push_pieces(k, l);
	}
	/* Those of a variable type lead always. */
	if (l->type->leading)
		gray_words(k, (unsigned long *)l->addr + first,
			   gch_go_piece_refs(l, first));
	else
		gch_go_scan_piece(l, first, gray_edge, k);
}

/* An object that is neither inline nor large. */
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
 * gch_go_step_other - marks and scans anything but an inline object
 * @k: the worker
 * @ref: reference to it, or to a piece of it
 *
 * Context: any but interrupts.
 * Return: whether it took long.
 */
noinline bool gch_go_step_other(struct gch_go_marker *k, unsigned long ref)
{
	if (!(ref & REF_GRAY)) {
		if (gch_go_is_marked(ref))
			return false;
		if (!gch_go_mark(ref)) {
			/* It has no references, or another was first. */
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

/* What was marked, for the pacer, the mutators and the statistics. */
static void report(struct gch_go_marker *k, bool credit)
{
	struct gch_go_heap *h = k->h;

	atomic64_add(k->bytes, &h->marked_bytes);
	if (credit)
		atomic64_add(k->bytes, &h->credit);
	preempt_disable();
	gch_count(h->base.cpu->marked, k->objects);
	preempt_enable();
	k->bytes = 0;
	k->objects = 0;
}

/**
 * gch_go_mark_turn - lets others have work and time
 * @k: the worker, which is to rest afterwards if it says so
 *
 * Context: process context, may sleep.
 */
noinline void gch_go_mark_turn(struct gch_go_marker *k)
{
	gch_delay();
	gch_go_offer(k, OFFER_LEAST);
	report(k, true);
	if (!k->share)
		cond_resched();
	else if (!k->rest)
		k->rest = gch_worker_wanted(k->cpu, k->since) ||
			  !gch_go_share_next(k->h, k->share);
}

/*
 * Marks until there is nothing left, or until others need the CPU more: then some
 * is, in the marker's buffers or in the heap's.
 */
static void drain(struct gch_go_marker *k)
{
	switch (k->h->marker) {
	case GCHEAP_MARKER_GREENTEA:
		gch_go_greentea_drain(k);
		break;
	case GCHEAP_MARKER_CLASSIC:
		gch_go_classic_drain(k);
		break;
	default:
		gch_go_pipeline_drain(k);
		break;
	}
}

static bool step_briefly(struct gch_go_marker *k)
{
	switch (k->h->marker) {
	case GCHEAP_MARKER_GREENTEA:
		return gch_go_greentea_brief(k);
	case GCHEAP_MARKER_CLASSIC:
		return gch_go_classic_brief(k);
	default:
		return gch_go_pipeline_brief(k);
	}
}

/* Waits a while for work, since to sleep takes longer than most waits. */
static void look_for_work(struct gch_go_heap *h)
{
	u64 end = ktime_get_ns() + LOOK_NS;

	while (single_task_running() && ktime_get_ns() < end &&
	       !atomic_read(&h->nr_full) && atomic_read(&h->draining))
		cpu_relax();
}

static void put_buf(struct gch_go_heap *h, struct gch_go_workbuf *b, u64 nr)
{
	b->nr = nr;
	if (nr)
		gch_go_buf_put_full(h, b);
	else
		gch_go_buf_put_empty(h, b);
}

/* Leaves nothing in the marker's hands. */
static void marker_end(struct gch_go_marker *k, bool credit)
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

/*
 * Takes work that is listed, and marks until nothing is left or others need the CPU
 * more. What is left then is listed. Returns whether they do.
 */
static bool take_turn(struct gch_go_marker *k)
{
	bool rests;

	atomic_inc(&k->h->draining);
	drain(k);
	rests = k->rest;
	if (k->share)
		gch_go_share_end(k->h, k->share);
	marker_end(k, true);
	atomic_dec(&k->h->draining);
	return rests;
}

/*
 * A turn of a worker. Work that is in no list is in the hands of a worker within its
 * turn. If there is none, all is marked, but for what mutators shade: the collector
 * looks at that.
 */
static enum gch_turn mark_on_cpu(void *arg, unsigned int cpu)
{
	struct gch_go_heap *h = arg;
	struct gch_go_marker k = { .h = h, .cpu = cpu };

	if (cpu != GCH_CPU_NONE) {
		k.share = &per_cpu_ptr(h->mcache, cpu)->share;
		if (!k.share->joined) {
			gch_go_share_join(h, k.share);
			gch_go_bufs_fill(h, GCH_GO_BUFS_FILL);
		}
	}
	if (!atomic_read(&h->nr_full))
		look_for_work(h);
	if (!atomic_read(&h->nr_full))
		return atomic_read(&h->draining) ? GCH_TURN_IDLE : GCH_TURN_DONE;
	if (k.share && !gch_go_share_allows(h, k.share))
		return h->fraction ? GCH_TURN_REST : GCH_TURN_HELD;
	k.since = ktime_get_ns();
	return take_turn(&k) ? GCH_TURN_REST : GCH_TURN_IDLE;
}

static void mark_places(void *arg, void **places, unsigned int nr)
{
	struct gch_go_marker *k = arg;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		unsigned long ref = (unsigned long)READ_ONCE(places[i]);

		if (ref)
			gray(k, ref);
	}
}

/* What a finalizer's object refers to is kept, itself it is not. */
static void mark_children(void *arg, void *ref, bool finalizer)
{
	struct gch_go_marker *k = arg;

	if (finalizer && !gch_go_is_marked((unsigned long)ref))
		gch_go_scan((unsigned long)ref, gray_edge, k);
}

/**
 * gch_go_mark_roots - makes the marker's first work of all frames and tables
 * @h: the heap
 *
 * And of finalizers. Whoever gets one later has its object in a slot.
 *
 * Context: process context, may sleep; takes &gch_heap.lock.
 */
void gch_go_mark_roots(struct gch_go_heap *h)
{
	struct gch_go_marker k = { .h = h };

	mutex_lock(&h->base.lock);
	gch_cpus_renew(&h->base);
	gch_visit_frames(&h->base, mark_places, &k);
	gch_visit_roots(&h->base, mark_places, &k);
	mutex_unlock(&h->base.lock);
	gch_visit_finals(&h->base, mark_children, &k);
	gch_visit_finalizing(&h->base, mark_places, &k);
	marker_end(&k, true);
}

static void rescan(void *arg, unsigned long ref)
{
	struct gch_go_marker *k = arg;
	struct gch_go_large *l;
	u32 i;

	if (is_scanned(ref))
		return;
	if ((ref & TAG_MASK) != SPAN_LARGE) {
		gch_go_scan(ref, gray_edge, k);
		drain(k);
		return;
	}
	l = page_large(ref_addr(ref));
	for (i = 0; i < gch_go_large_refs(l); i += GCH_GO_PIECE_REFS) {
		gch_go_scan_piece(l, i, gray_edge, k);
		drain(k);
		cond_resched();
	}
}

/* What is gray is listed before the workers begin: nothing listed is nothing left. */
static void list_shaded(struct gch_go_heap *h)
{
	struct gch_go_marker k = { .h = h };

	gch_go_shaded_visit(h, gray_edge, &k);
	marker_end(&k, true);
}

/**
 * gch_go_mark_drain - marks until the workers find nothing more
 * @h: the heap
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_mark_drain(struct gch_go_heap *h)
{
	struct gch_go_marker k = { .h = h };

	list_shaded(h);
	gch_go_share_reset(h);
	gch_workers_run(&h->base, mark_on_cpu, h);
	while (atomic_xchg(&h->overflow, 0)) {
		gch_go_visit_marked(h, rescan, &k);
		drain(&k);
	}
	marker_end(&k, true);
}

/**
 * gch_go_mark_more - is there work left?
 * @h: the heap
 *
 * A mutator that has taken work, and so emptied a list, has raised its CPU's count
 * of shades before: the caller reads that afterwards.
 *
 * Context: process context.
 * Return: whether there is.
 */
bool gch_go_mark_more(struct gch_go_heap *h)
{
	return gch_go_is_shaded(h) || gch_go_work_left(h) ||
	       atomic_read(&h->overflow);
}

/**
 * gch_go_is_long - does an object take too long for a mutator to mark?
 * @ref: reference to it, or to a piece of it
 *
 * Context: any.
 * Return: whether it does.
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

/**
 * gch_go_mark_some - marks for a while, for a mutator
 * @h: the heap
 * @m: the mutator
 * @work: bytes to mark, or a little more
 * @deadline: of ktime_get_ns(), when to stop
 *
 * Takes work that others have listed, or that this CPU has shaded. It goes back
 * before the section ends, and the CPU's count of shades is raised before it is
 * taken, so the end of marking is not found while a section has some.
 *
 * Context: in a section that has read phase MARK.
 * Return: bytes marked; 0 if there was nothing to do.
 */
u64 gch_go_mark_some(struct gch_go_heap *h, struct gch_mutator *m, u64 work,
		     u64 deadline)
{
	struct gch_go_marker k = { .h = h, .section = true };
	struct gch_go_mcache *c = m->cache;
	u64 done;

	if (!atomic_read(&h->nr_full))
		gch_go_shaded_flush(h, c, m);
	if (!atomic_read(&h->nr_full)) {
		WRITE_ONCE(h->hungry, true);
		return 0;
	}
	/* Seen by who finds lists empty under their locks: gch_go_work_left(). */
	WRITE_ONCE(c->shades, c->shades + 1);
	while (k.bytes < work && step_briefly(&k) && ktime_get_ns() < deadline)
		;
	done = k.bytes;
	marker_end(&k, false);
	return done;
}
