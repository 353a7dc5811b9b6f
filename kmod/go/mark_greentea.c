// SPDX-License-Identifier: GPL-2.0
/*
 * The marker `greentea`
 *
 * The queue holds pages, not objects, as in Go since 1.26 (mgcmark_greenteagc.go).
 * Marking the first small object of a page queues the page. While the page waits, first
 * in, first out, more of its objects are marked. When its turn comes they are scanned
 * in address order; all their metadata is in one place. Objects of more than 512 bytes
 * wait one by one in the same queue.
 *
 * A mark byte is MARKED when an object has been found and SCANNED when it is scanned.
 * @owned in the page's tail says whether the page is queued:
 *
 *	PAGE_FREE	it is not
 *	PAGE_ONE	it is, for one object: the one named in the queue
 *	PAGE_MANY	it is, and more objects have been marked since
 *
 * A scanner takes a page from the queue and sets it free. If it was PAGE_ONE it scans
 * the named object; if it was PAGE_MANY it scans all objects that are marked and not
 * scanned. No object may be missed:
 *
 *	marker				scanner
 *	  mark byte = MARKED		  was = xchg(owned, PAGE_FREE)
 *	  full barrier			  (which is a full barrier)
 *	  read owned			  read the mark bytes
 *
 * One of the two sees the other's write. If a marker reads PAGE_MANY, either it read
 * before the exchange: then the exchange returns PAGE_MANY and the scanner sees the
 * mark. Or the page was queued again: then the next scanner sees it. PAGE_FREE and
 * PAGE_ONE are left by compare-and-exchange only, so the value that was read is the
 * value that is replaced: the marker that queues the page sets PAGE_FREE to PAGE_ONE,
 * and a marker whose object the queue does not name sets PAGE_ONE to PAGE_MANY. If a
 * scanner takes the page meanwhile, the exchange fails and the marker reads again. So
 * an owned page always has a queue entry that no scanner has taken. An entry may find
 * its page free, because an entry for a shaded object of the same page was taken first:
 * it still names its object.
 *
 * One barrier serves a batch of references: all marks are set before it, all pages are
 * read after it. The lines of a batch are prefetched together.
 *
 * Mark bytes are set by plain stores. Two markers may both find an object and both
 * queue its page, and a late MARKED may replace SCANNED: then the object is scanned
 * twice, which is harmless. No object is missed, since a marker writes SCANNED only
 * right before it scans the object. An object that is allocated black is SCANNED from
 * the start: its contents may not be written yet.
 *
 * Without memory for a queue entry the page is set free and the heap's overflow is set,
 * see mark_stack.c. Any marker that relied on the entry marked its object before the
 * rescan of all marked objects.
 */
#include "marker.h"

#include "compat.h"
#include "mark_stack.h"

/* References that are prefetched and marked together. */
#define BATCH		64U
/* Objects of a page that are prefetched together. */
#define GROUP		16U
/* Number of entries that a page's tail is prefetched ahead of its turn. */
#define AHEAD		2

#define EACH_BYTE	0x0101010101010101ULL

struct tea {
	struct gch_go_marker *k;
	int left;
	unsigned int nr;
	unsigned long ref[BATCH];
};

static void push(struct gch_go_marker *k, unsigned long ref)
{
	if (unlikely(k->sp == k->limit))
		gch_go_push_slow(k, ref);
	else
		*k->sp++ = ref;
}

/* Queues the page of an object that was marked before a full barrier. */
static __always_inline void queue_page(struct gch_go_marker *k,
				       struct gch_go_tail *tail,
				       unsigned long ref)
{
	u32 owned = READ_ONCE(tail->owned);

	while (owned != PAGE_MANY) {
		if (!try_cmpxchg(&tail->owned, &owned, owned + 1))
			continue;
		if (owned == PAGE_FREE)
			push(k, ref | REF_GRAY);
		return;
	}
}

/* Marks a batch; keeps the objects that have references. */
static __always_inline unsigned int mark_batch(struct tea *t)
{
	struct gch_go_tail *tail;
	unsigned int i, nr = 0;
	unsigned long ref;
	u8 *mark;

	for (i = 0; i < t->nr; i++) {
		ref = t->ref[i];
		if (unlikely(!is_inline_ref(ref))) {
			push(t->k, ref);
			continue;
		}
		mark = mark_byte(ref);
		if (READ_ONCE(*mark))
			continue;
		WRITE_ONCE(*mark, MARKED);
		tail = tail_of(ref);
		if (!(tail->class & 1)) {
			t->ref[nr++] = ref;
			continue;
		}
		t->k->objects++;
		t->k->bytes += tail->size;
	}
	return nr;
}

static void flush(struct tea *t);

/* Adds a reference to the batch and prefetches its mark and tail. */
static __always_inline void add(struct tea *t, unsigned long ref)
{
	if (unlikely(t->nr == BATCH))
		flush(t);
	if (is_inline_ref(ref)) {
		prefetchw(mark_byte(ref));
		prefetchw(tail_of(ref));
	}
	t->ref[t->nr++] = ref;
}

static __always_inline void scan(struct tea *t, struct gch_go_tail *tail,
				 unsigned long ref)
{
	unsigned long *words = (unsigned long *)ref_addr(ref), child;
	u64 bits;

	for (bits = gch_go_inline_bits(ref, tail); bits; bits &= bits - 1) {
		child = READ_ONCE(words[__ffs64(bits)]);
		if (child)
			add(t, child);
	}
}

static __always_inline void scan_group(struct tea *t, struct gch_go_tail *tail,
				       const unsigned long *ref, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		scan(t, tail, ref[i]);
	t->left -= n;
	t->k->objects += n;
	t->k->bytes += n * tail->size;
}

/* Scans the objects in the page of @ref that are marked and not scanned. */
static noinline void scan_page(struct tea *t, struct gch_go_tail *tail,
			       unsigned long ref)
{
	unsigned int w, nr_words = GCH_GO_PAGE_SIZE >> mark_shift(ref) >> 3;
	unsigned long group[GROUP];
	u8 *marks = tail_marks(ref);
	unsigned int n = 0, i;
	u64 gray;

	for (w = 0; w < nr_words; w++) {
		gray = READ_ONCE(((u64 *)marks)[w]);
		gray &= ~(gray >> 1) & EACH_BYTE;
		for (; gray; gray &= gray - 1) {
			i = w * 8 + __ffs64(gray) / 8;
			WRITE_ONCE(marks[i], SCANNED);
			if (n == GROUP) {
				scan_group(t, tail, group, n);
				n = 0;
			}
			group[n] = gch_go_object_at(tail, ref, i);
			prefetch((void *)ref_addr(group[n++]));
		}
	}
	scan_group(t, tail, group, n);
}

static void scan_one(struct tea *t, struct gch_go_tail *tail, unsigned long ref)
{
	u8 *mark = mark_byte(ref);

	if (READ_ONCE(*mark) == SCANNED)
		return;
	WRITE_ONCE(*mark, SCANNED);
	scan_group(t, tail, &ref, 1);
}

/* Queues the pages of the objects that mark_batch() has kept. */
static void queue_marked(struct tea *t, unsigned int nr)
{
	unsigned int i;

	if (!nr)
		return;
	/* Marks before owned: pairs with the exchange in visit(). */
	smp_mb();
	for (i = 0; i < nr; i++)
		queue_page(t->k, tail_of(t->ref[i]), t->ref[i]);
}

/* Marks and queues the batch, and empties it; scans nothing. */
static noinline void flush(struct tea *t)
{
	unsigned int nr = mark_batch(t);

	t->nr = 0;
	queue_marked(t, nr);
}

/* The queue is empty: scans a single object at once instead of queueing it. */
static void flush_last(struct tea *t)
{
	unsigned int nr = mark_batch(t);

	t->nr = 0;
	if (nr == 1)
		scan_one(t, tail_of(t->ref[0]), t->ref[0]);
	else
		queue_marked(t, nr);
}

static void visit(struct tea *t, unsigned long ref)
{
	struct gch_go_tail *tail = tail_of(ref);

	/* Owned before marks: pairs with the barrier in queue_marked(). */
	if (xchg(&tail->owned, PAGE_FREE) == PAGE_MANY)
		scan_page(t, tail, ref);
	else
		scan_one(t, tail, ref & ~(unsigned long)REF_GRAY);
}

static void step(struct tea *t, unsigned long ref)
{
	if (unlikely(!is_inline_ref(ref))) {
		if (gch_go_step_other(t->k, ref))
			t->left = 0;
	} else if (ref & REF_GRAY) {
		visit(t, ref);
	} else {
		add(t, ref);
	}
	t->left--;
}

static void use_out(struct gch_go_marker *k, struct gch_go_workbuf *b)
{
	k->out = b;
	k->at = b->ref;
	k->end = b->ref + b->nr;
}

/* Makes the filled @buf the new @out; false without a buffer to replace it. */
static bool turn_around(struct gch_go_marker *k)
{
	struct gch_go_workbuf *spare = k->out ? : mark_buf(k);

	if (!spare)
		return false;
	k->buf->nr = k->sp - k->base;
	use_out(k, k->buf);
	spare->nr = 0;
	gch_go_use_buf(k, spare);
	return true;
}

/* Takes a buffer of listed work before the worker's own queue, which is newer. */
static bool take_full(struct gch_go_marker *k, struct gch_go_workbuf *b)
{
	if (!k->buf)
		gch_go_use_buf(k, mark_buf(k));
	if (!k->buf) {
		/* No second buffer: use this one as a stack. */
		gch_go_use_buf(k, b);
		return false;
	}
	if (k->out)
		gch_go_buf_put_empty(k->h, k->out);
	use_out(k, b);
	return true;
}

/* Fills @out; false if the work is in @buf instead, or if there is none. */
static noinline bool refill(struct gch_go_marker *k)
{
	struct gch_go_workbuf *b = gch_go_buf_get_full(k->h);

	if (b)
		return take_full(k, b);
	return k->sp != k->base && turn_around(k);
}

/* Takes the oldest reference; from @buf the newest if there is no @out; 0 if none. */
static unsigned long take(struct gch_go_marker *k)
{
	if (unlikely(k->at == k->end) && !refill(k))
		return k->sp == k->base ? 0 : *--k->sp;
	if (k->end - k->at > AHEAD)
		prefetchw(tail_of(k->at[AHEAD]));
	return *k->at++;
}

/* Lists half of the references in @out for idle workers. */
static void share_out(struct gch_go_marker *k)
{
	struct gch_go_workbuf *half;
	unsigned long n = (k->end - k->at) / 2;

	if (!n || !gch_go_others_idle(k->h))
		return;
	half = mark_buf(k);
	if (!half)
		return;
	k->end -= n;
	memcpy(half->ref, k->end, n * sizeof(*k->end));
	half->nr = n;
	gch_go_buf_put_full(k->h, half);
}

/**
 * gch_go_greentea_drain - marks until no work is found, or until the worker has to rest
 * @k: the worker
 *
 * Context: process context, may sleep.
 */
void gch_go_greentea_drain(struct gch_go_marker *k)
{
	struct tea t = { .k = k, .left = mark_every(k) };
	unsigned long ref;

	for (;;) {
		ref = take(k);
		if (ref)
			step(&t, ref);
		else if (t.nr)
			flush_last(&t);
		else
			break;
		if (unlikely(t.left <= 0)) {
			share_out(k);
			gch_go_mark_turn(k);
			t.left = mark_every(k);
			if (k->rest)
				break;
		}
	}
	flush(&t);
}

/**
 * gch_go_greentea_brief - scans a page or a few objects for an assist
 * @k: the mutator's marker
 *
 * Context: in a section that has read phase MARK.
 * Return: false if there is no work that suits a mutator.
 */
bool gch_go_greentea_brief(struct gch_go_marker *k)
{
	struct tea t = { .k = k, .left = ASSIST_CHECK };
	bool some = false;
	unsigned long ref;

	while (t.left > 0) {
		ref = take(k);
		if (!ref)
			break;
		if (gch_go_is_long(ref)) {
			push(k, ref);
			break;
		}
		some = true;
		step(&t, ref);
		/* It may have thousands of references. */
		if (!is_inline_ref(ref))
			break;
	}
	flush(&t);
	return some;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_greentea_brief);
