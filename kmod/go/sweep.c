// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeping: what is not marked is free
 *
 * A span is swept by whoever owns it: the mark workers in the background, a CPU
 * that looks for room, or a mutator that allocates faster than they sweep: all must be
 * swept when the next cycle is due. What CPUs have cached of the generation before they
 * give back for that. Its marks become its allocation bits. A collection
 * ends when all is swept, and the next begins after that.
 */
#include "go.h"

#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/poison.h>
#include <linux/prefetch.h>
#include <linux/rculist.h>

#include "compat.h"

/* Spans that are taken to be swept at a time. */
#define BATCH		16
/* The same for a mutator, which then looks at the clock. */
#define BATCH_BRIEF	4

/* How many of a page's mark bytes are set: bit 0 of them is, then. */
static unsigned int count_marks(const u64 *marks, unsigned int words)
{
	u64 sum = 0;
	unsigned int i;

	/* At most 64 words: no byte of the sum overflows. */
	for (i = 0; i < words; i++)
		sum += marks[i] & 0x0101010101010101ULL;
	/* The sum of the bytes may need more than one. */
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

/* Takes the marks of an inline span, as bits, and clears them. */
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

/* The marks of a span, as @bytes of bits, are taken from it; their number. */
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

/* Of an owned span: what is not marked is free; returns how many died. */
static unsigned int sweep_one(struct gch_go_heap *h, struct gch_go_span *s,
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

static void count_swept(struct gch_go_heap *h, unsigned int class,
			unsigned int pages, u64 dead)
{
	u32 size = gch_go_class_size[class >> 1];

	atomic64_add(pages, &h->swept_pages);
	if (!dead)
		return;
	gch_count(h->mcache->freed[class], dead);
	gch_count(h->base.cpu->freed_cycle, dead);
	gch_count(h->base.cpu->freed_bytes, dead * size);
}

/**
 * gch_go_sweep_span - frees what is not marked in a span
 * @h: the heap
 * @s: the span, owned by the caller
 * @gen: the present sweep generation
 *
 * Context: in a section, or process context with preemption off.
 */
void gch_go_sweep_span(struct gch_go_heap *h, struct gch_go_span *s, u32 gen)
{
	unsigned int dead = sweep_one(h, s, gen);

	count_swept(h, s->class, s->npages, dead);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_sweep_span);

/* So that what a batch needs comes from memory at once. */
static void fetch_marks(const struct gch_go_span *s)
{
	const u8 *marks = s->base + GCH_GO_PAGE_SIZE - TAIL_BYTES;
	unsigned int bytes, i;

	prefetchw(s->alloc_bits);
	if (!gch_go_is_inline(s))
		return;
	bytes = GCH_GO_PAGE_SIZE >> mark_shift(s->tag);
	for (i = 0; i < bytes; i += L1_CACHE_BYTES)
		prefetchw(marks - bytes + i);
}

/* With preemption off: sweeps some spans of a class; returns how many. */
static unsigned int sweep_batch(struct gch_go_heap *h, unsigned int class,
				u32 gen, unsigned int max)
{
	struct gch_go_span *s;
	LIST_HEAD(spans);
	unsigned int n;
	u64 dead = 0;

	n = gch_go_central_unswept(h, class, gen, &spans, max);
	if (!n)
		return 0;
	list_for_each_entry(s, &spans, node)
		fetch_marks(s);
	list_for_each_entry(s, &spans, node)
		dead += sweep_one(h, s, gen);
	/* For all of them at once: an atomic waits for what was written before. */
	count_swept(h, class, n * gch_go_class_pages[class >> 1], dead);
	gch_go_central_put_all(h, class, gen, &spans);
	return n;
}

/**
 * gch_go_sweep_begin - says how far sweeping must be when
 * @h: the heap, paced, before its sweep generation changes
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_sweep_begin(struct gch_go_heap *h)
{
	u64 pages;

	preempt_disable();
	raw_spin_lock(&h->heap_lock);
	pages = h->pages - h->free_pages;
	raw_spin_unlock(&h->heap_lock);
	preempt_enable();
	atomic64_set(&h->swept_pages, 0);
	WRITE_ONCE(h->sweep_way, gch_go_pacer_sweep_way(&h->pacer));
	WRITE_ONCE(h->sweep_pages, pages);
}

/**
 * gch_go_sweep_owed - what has to be swept by now
 * @h: the heap
 * @live: live bytes
 *
 * Context: any.
 * Return: pages.
 */
u64 gch_go_sweep_owed(struct gch_go_heap *h, u64 live)
{
	u64 marked = READ_ONCE(h->pacer.marked);

	return gch_go_pacer_sweep_owed(READ_ONCE(h->sweep_pages),
				       atomic64_read(&h->swept_pages),
				       READ_ONCE(h->sweep_way),
				       live > marked ? live - marked : 0);
}

/**
 * gch_go_sweep_some - sweeps what is owed, or some of it
 * @h: the heap
 * @gen: sweep generation that the section sees
 * @deadline: of ktime_get_ns(), when to stop
 *
 * Context: in a section that has read phase OFF.
 */
void gch_go_sweep_some(struct gch_go_heap *h, u32 gen, u64 deadline)
{
	unsigned int class, n;
	u64 pages = 0;

	for (class = 2; class < GCH_GO_SPAN_CLASSES; ) {
		n = sweep_batch(h, class, gen, BATCH_BRIEF);
		if (!n) {
			class++;
			continue;
		}
		pages += (u64)n * gch_go_class_pages[class >> 1];
		if (ktime_get_ns() >= deadline ||
		    !gch_go_sweep_owed(h, atomic64_read(&h->live)))
			break;
	}
	gch_count(h->base.cpu->swept_bytes, pages << GCH_GO_PAGE_SHIFT);
}

/*
 * A turn of a worker. What is to be swept of a class only becomes less, so no worker
 * looks again at the classes before the first that had some when it was last looked at.
 */
static enum gch_turn sweep_on_cpu(void *arg, unsigned int cpu)
{
	struct gch_go_heap *h = arg;
	u32 gen = STATE_GEN(READ_ONCE(h->state));
	u64 since = ktime_get_ns();
	unsigned int class, n;

	for (class = READ_ONCE(h->sweep_class); class < GCH_GO_SPAN_CLASSES; ) {
		preempt_disable();
		n = sweep_batch(h, class, gen, BATCH);
		preempt_enable();
		if (!n)
			WRITE_ONCE(h->sweep_class, ++class);
		else if (gch_worker_wanted(cpu, since) ||
			 gch_go_share_leaves(since))
			return GCH_TURN_REST;
	}
	return GCH_TURN_DONE;
}

/*
 * Lists what CPUs have cached of the generation before. A CPU that allocates has done it
 * itself, or does it right now.
 */
static void adapt_all(struct gch_go_heap *h)
{
	u32 state = h->state;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		preempt_disable();
		gch_go_cache_adapt(h, per_cpu_ptr(h->mcache, cpu), state);
		preempt_enable();
		cond_resched();
	}
}

/**
 * gch_go_sweep_all - sweeps all spans, those cached by CPUs too
 * @h: the heap, in phase OFF
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_sweep_all(struct gch_go_heap *h)
{
	adapt_all(h);
	h->sweep_class = 2;
	gch_workers_run(&h->base, sweep_on_cpu, h);
	WRITE_ONCE(h->sweep_pages, 0);
	/*
	 * A mutator may be sweeping a span that it took off a list: no mark of the
	 * next cycle must fall into that.
	 */
	gch_handshake(&h->base);
}

/**
 * gch_go_visit_spans - visits the spans in use
 * @h: the heap
 * @fn: called with each
 * @arg: its first argument
 *
 * Spans that come into use meanwhile may be missed.
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_visit_spans(struct gch_go_heap *h, gch_go_span_fn fn, void *arg)
{
	struct gch_go_arena *a;
	u32 i, n;

	list_for_each_entry_rcu(a, &h->arenas, node,
				lockdep_is_held(&h->base.cycle_lock)) {
		for (i = 0; i < a->npages; i += n ?: 1) {
			/* Pairs with the barrier in span_init(). */
			n = gch_load_acquire(&a->spans[i].npages);
			if (n)
				fn(arg, &a->spans[i]);
			cond_resched();
		}
	}
}

struct visit {
	gch_go_edge_fn fn;
	void *arg;
};

static void visit_marked(void *arg, struct gch_go_span *s)
{
	struct visit *v = arg;
	unsigned int i;

	for (i = 0; i < s->nelems; i++) {
		if (!gch_go_is_marked(gch_go_span_ref(s, i)))
			continue;
		/*
		 * The mark before the object: no reference led here. Pairs with
		 * gch_go_mark_born().
		 */
		smp_rmb();
		v->fn(v->arg, gch_go_span_ref(s, i));
	}
}

/**
 * gch_go_visit_marked - visits all marked objects
 * @h: the heap
 * @fn: called with each
 * @arg: its first argument
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_visit_marked(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg)
{
	struct visit v = { .fn = fn, .arg = arg };
	struct gch_go_large *l;

	gch_go_visit_spans(h, visit_marked, &v);
	list_for_each_entry_rcu(l, &h->larges, node,
				lockdep_is_held(&h->base.cycle_lock)) {
		if (READ_ONCE(l->mark))
			fn(arg, (unsigned long)l->addr | SPAN_LARGE);
		cond_resched();
	}
}
