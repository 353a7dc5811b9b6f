// SPDX-License-Identifier: GPL-2.0
/*
 * The sweeper and the central lists of the Go engine, each driven directly on a heap
 * without mutators. The expected result follows from the spans handed out and the
 * bits set by the test.
 *
 * Tests that call the engine directly are the only users of their heap.
 */
#include "kunit_span.h"

#include <linux/bitmap.h>
#include <linux/poison.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "go/span_sweep.h"

#define LIVE_BYTE	0xa5

/* ---- sweeping ---- */

/**
 * struct sweep - a span, and the expected result of a sweep
 * @s: the span
 * @allocated: objects handed out
 * @marked: marked ones of these objects
 */
struct sweep {
	struct gch_go_span *s;
	unsigned long allocated[SPAN_WORDS];
	unsigned long marked[SPAN_WORDS];
};

/*
 * Hands out the objects below @end as if since the last sweep, except for some of the
 * last group of 64 that @r draws.
 */
static void hand_out(struct gch_go_heap *h, struct sweep *w, unsigned int end,
		     struct gch_kunit_random *r)
{
	struct gch_go_span *s = w->s;
	unsigned int i, group = end ? round_down(end - 1, 64) : 0;

	bitmap_copy(w->allocated, s->alloc_bits, SPAN_WORDS * BITS_PER_LONG);
	for (i = 0; i < end; i++) {
		if (__test_and_set_bit(i, w->allocated))
			continue;
		s->alloc_count++;
		if (i >= group && r && gch_kunit_below(r, 2)) {
			__clear_bit(i, w->allocated);
			s->alloc_cache |= BIT_ULL(i - group);
		} else {
			raw_cpu_inc(h->mcache->allocs[s->class]);
		}
	}
	s->freeindex = end;
	for_each_set_bit(i, w->allocated, s->nelems)
		memset(s->base + (size_t)i * s->size, LIVE_BYTE, s->size);
}

static void set_mark(struct gch_go_span *s, unsigned int i)
{
	if (gch_go_is_inline(s))
		*mark_byte(gch_go_span_ref(s, i)) = i % 3 ? MARKED : SCANNED;
	else
		__set_bit(i, s->mark_bits);
}

/* Is any mark left, even of no object? */
static bool is_marked(struct gch_go_span *s)
{
	unsigned long ref = gch_go_span_ref(s, 0);

	if (!gch_go_is_inline(s))
		return !bitmap_empty(s->mark_bits, SPAN_WORDS * BITS_PER_LONG);
	return memchr_inv(tail_marks(ref), 0,
			  GCH_GO_PAGE_SIZE >> mark_shift(ref));
}

static void draw_marks(struct sweep *w, struct gch_kunit_random *r,
		       unsigned int percent)
{
	unsigned int i;

	bitmap_zero(w->marked, SPAN_WORDS * BITS_PER_LONG);
	for_each_set_bit(i, w->allocated, w->s->nelems) {
		if (gch_kunit_below(r, 100) >= percent)
			continue;
		__set_bit(i, w->marked);
		set_mark(w->s, i);
	}
}

static void sweep(struct gch_go_heap *h, struct gch_go_span *s, u32 gen)
{
	unsigned int *seq = gch_section_enter();

	gch_go_sweep_span(h, s, gen);
	gch_section_leave(seq);
}

/* After a sweep exactly the marked objects are allocated, and no marks are left. */
static bool bits_are_right(struct kunit *test, struct sweep *w)
{
	struct gch_go_span *s = w->s;
	unsigned int i;

	for (i = 0; i < s->nelems; i++)
		if (!GCH_EXPECT(test, gch_go_is_allocated(s, i) ==
				test_bit(i, w->marked),
				"class %u: object %u of %u is %sallocated, was %smarked",
				s->class, i, s->nelems,
				gch_go_is_allocated(s, i) ? "" : "not ",
				test_bit(i, w->marked) ? "" : "not "))
			return false;
	return GCH_EXPECT(test, gch_go_span_count(s) == s->alloc_count,
			  "class %u: a window is left", s->class) &&
	       GCH_EXPECT(test, !is_marked(s), "class %u: a mark is left",
			  s->class) &&
	       GCH_EXPECT(test, !s->freeindex && !s->alloc_cache &&
			  s->alloc_count == bitmap_weight(w->marked, s->nelems),
			  "class %u: %u allocated, not %u", s->class,
			  s->alloc_count, bitmap_weight(w->marked, s->nelems)) &&
	       GCH_EXPECT(test, !gch_go_is_inline(s) ||
			  tail_of((unsigned long)s->base)->class == s->class,
			  "class %u: the tail has lost its class", s->class);
}

/* Dead objects are clobbered, live ones unchanged. */
static bool bytes_are_right(struct kunit *test, struct sweep *w, bool poison)
{
	struct gch_go_span *s = w->s;
	unsigned int i;

	for_each_set_bit(i, w->allocated, s->nelems) {
		u8 byte = poison && !test_bit(i, w->marked) ? POISON_FREE :
							     LIVE_BYTE;

		if (!GCH_EXPECT(test, !memchr_inv(s->base + (size_t)i * s->size,
						  byte, s->size),
				"class %u: object %u of %u was %s", s->class, i,
				s->nelems, byte == LIVE_BYTE ? "spoilt" :
				"not clobbered"))
			return false;
	}
	return true;
}

static u64 freed(struct gch_heap *heap, u64 *bytes)
{
	struct gch_stats stats;

	gch_heap_stats(heap, &stats);
	*bytes = stats.freed_bytes;
	return stats.freed_cycle;
}

static bool sweep_is_right(struct kunit *test, struct gch_go_heap *h,
			   struct sweep *w, u32 gen)
{
	unsigned int dead = bitmap_weight(w->allocated, w->s->nelems) -
			    bitmap_weight(w->marked, w->s->nelems);
	unsigned int count = gch_go_span_count(w->s);
	u64 bytes, bytes_before, before = freed(&h->base, &bytes_before), n;

	w->s->needzero = false;
	sweep(h, w->s, gen);
	n = freed(&h->base, &bytes) - before;
	bytes -= bytes_before;
	return GCH_EXPECT(test, w->s->gen == gen, "class %u: not swept",
			  w->s->class) &&
	       GCH_EXPECT(test, count ==
			  bitmap_weight(w->allocated, w->s->nelems),
			  "class %u: counted as %u objects", w->s->class,
			  count) &&
	       GCH_EXPECT(test, w->s->needzero == !!dead,
			  "class %u: %u dead, needzero %d", w->s->class, dead,
			  w->s->needzero) &&
	       GCH_EXPECT(test, n == dead &&
			  bytes == (u64)dead * w->s->size,
			  "class %u: %llu objects of %llu bytes freed, not %u",
			  w->s->class, n, bytes, dead) &&
	       bits_are_right(test, w) && bytes_are_right(test, w, h->poison);
}

static bool sweep_class(struct kunit *test, struct gch_go_heap *h,
			struct gch_kunit_random *r, unsigned int class)
{
	struct sweep w = { .s = gch_kunit_span_get(test, h, class) };
	unsigned int i;
	bool ok = true;

	if (!w.s)
		return false;
	for (i = 1; ok && i <= 5; i++) {
		hand_out(h, &w, gch_kunit_below(r, w.s->nelems + 1), r);
		draw_marks(&w, r, i == 5 ? 0 : gch_kunit_below(r, 101));
		ok = sweep_is_right(test, h, &w, i);
	}
	gch_kunit_span_free(h, w.s);
	return ok;
}

static void test_sweep(struct kunit *test)
{
	unsigned int class, poison, i, n = gch_kunit_rounds(1);
	struct gch_kunit_random r;
	struct gch_heap *heap;

	gch_kunit_seed(test, &r);
	for (poison = 0; poison < 2; poison++) {
		heap = gch_kunit_open(test, GCH_ORDER(SZ_2M), poison);
		for (i = 0; i < n; i++)
			for (class = 2; class < GCH_GO_SPAN_CLASSES; class++)
				if (!sweep_class(test, to_go(heap), &r, class))
					goto out;
out:
		gch_kunit_heap_end(test, heap);
	}
}

/* ---- central lists ---- */

#define CENTRAL_SPANS	64
/* Most spans that one refill sweeps. */
#define BUDGET		32

struct central {
	struct gch_go_heap *h;
	unsigned int class;
	unsigned int nr;
	struct sweep w[CENTRAL_SPANS];
};

static unsigned int length(const struct list_head *list)
{
	const struct list_head *p;
	unsigned int n = 0;

	list_for_each(p, list)
		n++;
	return n;
}

/* Number of spans on the swept or unswept lists. */
static unsigned int listed(const struct central *c, bool swept)
{
	const struct gch_go_mcentral *l = &c->h->central[c->class];
	unsigned int parity = (gch_kunit_gen(c->h) & 1) ^ !swept;

	return length(&l->partial[parity]) + length(&l->full[parity]);
}

static struct sweep *owner(struct central *c, const struct gch_go_span *s)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		if (c->w[i].s == s)
			return &c->w[i];
	return NULL;
}

static void put(struct central *c, struct gch_go_span *s)
{
	unsigned int *seq = gch_section_enter();

	gch_go_central_put(c->h, s, gch_kunit_gen(c->h));
	gch_section_leave(seq);
}

static int get(struct central *c, u32 gen, struct gch_go_span **s)
{
	unsigned int *seq = gch_section_enter();
	int ret = gch_go_central_get(c->h, c->class, gen, s);

	gch_section_leave(seq);
	return ret;
}

/* The span is on the right list, unless it was given back. */
static bool put_is_right(struct kunit *test, struct central *c,
			 struct gch_go_span *s)
{
	const struct gch_go_mcentral *l = &c->h->central[c->class];
	unsigned int parity = gch_kunit_gen(c->h) & 1, nelems = s->nelems;
	unsigned int count = gch_go_span_count(s), i;
	const struct list_head *where[] = {
		&l->partial[0], &l->partial[1], &l->full[0], &l->full[1],
	};
	unsigned int n[4];

	for (i = 0; i < 4; i++)
		n[i] = length(where[i]);
	if (count)
		n[count < nelems ? parity : 2 + parity]++;
	put(c, s);
	for (i = 0; i < 4; i++)
		if (!GCH_EXPECT(test, length(where[i]) == n[i],
				"a span with %u of %u objects was put elsewhere",
				count, nelems))
			return false;
	return GCH_EXPECT(test, !!count == !!s->npages,
			  "a span with %u objects is %s", count,
			  s->npages ? "kept" : "given back");
}

/* Spans with any number of objects, including none and all. */
static bool central_fill(struct kunit *test, struct central *c,
			 struct gch_kunit_random *r)
{
	unsigned int i;

	c->nr = 0;
	for (i = 0; i < CENTRAL_SPANS; i++) {
		struct sweep *w = &c->w[c->nr];

		w->s = gch_kunit_span_get(test, c->h, c->class);
		if (!w->s)
			return false;
		if (gch_kunit_below(r, 3))
			hand_out(c->h, w, w->s->nelems, NULL);
		else
			hand_out(c->h, w, gch_kunit_below(r, w->s->nelems + 1),
				 r);
		c->nr += !!gch_go_span_count(w->s);
		if (!put_is_right(test, c, w->s))
			return false;
	}
	return true;
}

/* Begins a new sweep generation with these objects marked. */
static bool central_turn(struct kunit *test, struct central *c,
			 struct gch_kunit_random *r, unsigned int all_of)
{
	u32 gen = gch_kunit_gen(c->h);
	struct gch_go_span *s;
	unsigned int i;
	int ret;

	for (i = 0; i < c->nr; i++)
		draw_marks(&c->w[i], r, gch_kunit_below(r, 4) < all_of ? 100 :
					gch_kunit_below(r, 100));
	WRITE_ONCE(c->h->state, (gen + 1) << STATE_SHIFT);
	ret = get(c, gen, &s);
	return GCH_EXPECT(test, ret == -EAGAIN && !s && !listed(c, true) &&
			  listed(c, false) == c->nr,
			  "a section of before the turn got %d", ret);
}

static bool got_is_right(struct kunit *test, struct central *c,
			 struct gch_go_span *s)
{
	struct sweep *w = owner(c, s);

	return GCH_EXPECT(test, w && list_empty(&s->node) &&
			  s->gen == gch_kunit_gen(c->h) && s->alloc_count < s->nelems,
			  "got a span that is not fit to allocate from") &&
	       bits_are_right(test, w);
}

/*
 * Takes spans until a refill fails. A refill that fails with unswept spans left must
 * have used its budget.
 */
static bool central_drain(struct kunit *test, struct central *c,
			  struct gch_go_span **got, unsigned int *nr)
{
	unsigned int before;

	for (;;) {
		before = listed(c, false);
		if (!GCH_EXPECT(test, !get(c, gch_kunit_gen(c->h), &got[*nr]),
				"a refill was sent back"))
			return false;
		if (got[*nr]) {
			if (!got_is_right(test, c, got[*nr]))
				return false;
			++*nr;
			continue;
		}
		if (!GCH_EXPECT(test, before - listed(c, false) ==
				min(before, (unsigned int)BUDGET),
				"a refill swept %u of %u full spans in vain",
				before - listed(c, false), before))
			return false;
		if (!before)
			return true;
	}
}

/* Sweeps the rest like the background sweeper, in any order. */
static bool central_sweep(struct kunit *test, struct central *c,
			  unsigned int most)
{
	struct gch_go_span *s;
	LIST_HEAD(spans);

	while (most--) {
		preempt_disable();
		gch_go_central_unswept(c->h, c->class, gch_kunit_gen(c->h), &spans, 1);
		preempt_enable();
		s = list_first_entry_or_null(&spans, struct gch_go_span, node);
		if (!s)
			break;
		list_del_init(&s->node);
		if (!GCH_EXPECT(test, owner(c, s) && s->gen != gch_kunit_gen(c->h),
				"what was swept is swept again"))
			return false;
		sweep(c->h, s, gch_kunit_gen(c->h));
		if (!bits_are_right(test, owner(c, s)) ||
		    !put_is_right(test, c, s))
			return false;
	}
	return true;
}

static bool central_round(struct kunit *test, struct central *c,
			  struct gch_kunit_random *r)
{
	struct gch_go_span *got[CENTRAL_SPANS + 1];
	unsigned int nr = 0, i;
	bool ok;

	ok = central_fill(test, c, r) &&
	     central_turn(test, c, r, gch_kunit_below(r, 5)) &&
	     central_sweep(test, c, gch_kunit_below(r, 10)) &&
	     central_drain(test, c, got, &nr);
	for (i = 0; i < nr; i++)
		ok = put_is_right(test, c, got[i]) && ok;
	if (!ok)
		return false;
	/* Spans that were given back leave this test. */
	for (i = 0; i < c->nr; i++) {
		while (i < c->nr && !c->w[i].s->npages)
			c->w[i] = c->w[--c->nr];
		if (i < c->nr)
			hand_out(c->h, &c->w[i], 0, NULL);
	}
	/* Nothing is marked, so all spans must go. */
	for (i = 0; i < c->nr; i++)
		bitmap_zero(c->w[i].marked, SPAN_WORDS * BITS_PER_LONG);
	WRITE_ONCE(c->h->state, (gch_kunit_gen(c->h) + 1) << STATE_SHIFT);
	return central_sweep(test, c, UINT_MAX) &&
	       GCH_EXPECT(test, !listed(c, true) && !listed(c, false) &&
			  !atomic_read(&c->h->mheap.nr_spans),
			  "%d spans outlive their objects",
			  atomic_read(&c->h->mheap.nr_spans));
}

static void test_central(struct kunit *test)
{
	unsigned int i, n = gch_kunit_rounds(30);
	struct gch_kunit_random r;
	struct gch_heap *heap;
	struct central *c;

	gch_kunit_seed(test, &r);
	c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);
	heap = gch_kunit_open(test, GCH_ORDER(SZ_2M), 0);
	c->h = to_go(heap);
	for (i = 0; i < n; i++) {
		c->class = gch_kunit_class(&r);
		if (!central_round(test, c, &r))
			break;
	}
	gch_kunit_heap_end(test, heap);
}

/* ---- the cache of a CPU ---- */

/* Gives the CPU a span of each class to allocate from, with one object in it. */
static bool cache_fill(struct kunit *test, struct gch_go_heap *h,
		       struct gch_go_mcache *c)
{
	struct sweep w;
	unsigned int class;

	for (class = 2; class < GCH_GO_SPAN_CLASSES; class++) {
		w.s = gch_kunit_span_get(test, h, class);
		if (!w.s)
			return false;
		hand_out(h, &w, 1, NULL);
		c->span[class] = w.s;
	}
	return true;
}

static void cache_adapt(struct gch_go_heap *h, struct gch_go_mcache *c)
{
	unsigned int *seq = gch_section_enter();

	gch_go_mcache_prepare_for_sweep(h, c, h->state);
	gch_section_leave(seq);
}

/* The span is listed as unswept; a sweep then frees it. */
static void check_given_back(struct kunit *test, struct gch_go_heap *h,
			     struct gch_go_mcache *c, unsigned int class)
{
	u32 gen = gch_kunit_gen(h);
	struct gch_go_span *s;
	LIST_HEAD(spans);
	unsigned int n;

	preempt_disable();
	n = gch_go_central_unswept(h, class, gen, &spans, 2);
	preempt_enable();
	if (!GCH_EXPECT(test, n == 1 && !c->span[class],
			"class %u: %u spans are to be swept", class, n))
		return;
	s = list_first_entry(&spans, struct gch_go_span, node);
	list_del_init(&s->node);
	GCH_EXPECT(test, s->gen == gen - 1 && gch_go_span_count(s) == 1,
		   "class %u: swept while the cache was adapted", class);
	sweep(h, s, gen);
	gch_kunit_span_free(h, s);
}

/*
 * A cache adapts to a new sweep generation: it gives its spans back without sweeping,
 * with its lock held or not.
 */
static void test_adapt(struct kunit *test)
{
	struct gch_heap *heap = gch_kunit_open(test, GCH_ORDER(SZ_2M), 1);
	struct gch_go_heap *h = to_go(heap);
	struct gch_go_mcache *c;
	unsigned int class;

	migrate_disable();
	c = raw_cpu_ptr(h->mcache);
	if (cache_fill(test, h, c)) {
		WRITE_ONCE(h->state, (gch_kunit_gen(h) + 1) << STATE_SHIFT);
		cache_adapt(h, c);
		GCH_EXPECT(test, c->state == h->state, "it has not adapted");
		for (class = 2; class < GCH_GO_SPAN_CLASSES; class++)
			check_given_back(test, h, c, class);
	}
	migrate_enable();
	gch_kunit_heap_end(test, heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_sweep),
	KUNIT_CASE(test_central),
	KUNIT_CASE(test_adapt),
	{}
};

struct kunit_suite gch_kunit_span = {
	.name = "gcheap_span",
	.test_cases = cases,
};
