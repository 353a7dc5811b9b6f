// SPDX-License-Identifier: GPL-2.0
/*
 * The page heap, the sweeper and the central lists of the Go engine, each driven
 * from outside on a heap without mutators. What they should have done is known
 * from what was asked of them: the spans handed out, the bits that were set.
 *
 * Whoever calls the engine like this is the only one who uses the heap.
 */
#include "kunit.h"

#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "go/go.h"

#define SPANS_MAX	400
#define ARENA_PAGES	1024
#define LIVE_BYTE	0xa5

static struct gch_heap *open(struct kunit *test, u64 arena_order, u64 poison)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_ARENA_ORDER) | BIT(GCH_KEY_POISON) |
		       BIT(GCH_KEY_GOGC),
		.val[GCH_KEY_ARENA_ORDER] = arena_order,
		.val[GCH_KEY_POISON] = poison,
	};

	return gch_kunit_heap(test, &cfg);
}

static u32 gen_of(const struct gch_go_heap *h)
{
	return STATE_GEN(h->state);
}

static struct gch_go_span *span_alloc(struct gch_go_heap *h, unsigned int class)
{
	unsigned int *seq = gch_section_enter();
	struct gch_go_span *s = gch_go_span_alloc(h, class, gen_of(h),
						  true);

	gch_section_leave(seq);
	return s;
}

static void span_free(struct gch_go_heap *h, struct gch_go_span *s)
{
	unsigned int *seq = gch_section_enter();

	gch_go_span_free(h, s);
	gch_section_leave(seq);
}

/* A span, for which the heap grows if it must. */
static struct gch_go_span *span_get(struct kunit *test, struct gch_go_heap *h,
				    unsigned int class)
{
	struct gch_go_span *s = span_alloc(h, class);

	if (!s && GCH_MUST(test, gch_go_arena_add(h,
						  gch_go_class_pages[class / 2])))
		s = span_alloc(h, class);
	GCH_EXPECT(test, s, "no span of class %u", class);
	return s;
}

static unsigned int draw_class(struct gch_kunit_random *r)
{
	return 2 + gch_kunit_below(r, GCH_GO_SPAN_CLASSES - 2);
}

/* ---- the page heap ---- */

struct pages {
	struct gch_go_heap *h;
	unsigned int nr;
	struct gch_go_span *span[SPANS_MAX];
	unsigned long used[BITS_TO_LONGS(ARENA_PAGES)];
};

/* Is there a run of so many free pages anywhere? */
static bool has_room(struct gch_go_heap *h, unsigned int npages)
{
	struct gch_go_arena *a;
	unsigned int i, run;

	list_for_each_entry(a, &h->arenas, node) {
		for (i = 0, run = 0; i < a->npages; i++) {
			run = test_bit(i, a->used) ? 0 : run + 1;
			if (run == npages)
				return true;
		}
	}
	return false;
}

/* Where the objects of a span must end: before bitmaps, if it has them. */
static u32 room_of(unsigned int class)
{
	u32 size = gch_go_class_size[class / 2];
	u32 room = gch_go_class_pages[class / 2] * 8192;

	if (size > 512)
		return room;
	if (size >= 16)
		room -= 64 + 8192 / (size < 64 ? 16 : 64);
	return class & 1 ? room : room - 128;
}

static bool span_is_right(struct kunit *test, struct gch_go_span *s,
			  unsigned int class)
{
	u32 size = gch_go_class_size[class / 2], i, n;

	if (!GCH_EXPECT(test, s->class == class && s->size == size &&
			s->npages == gch_go_class_pages[class / 2] &&
			!s->alloc_count && !s->freeindex,
			"a span of class %u has class %u, size %u, %u pages",
			class, s->class, s->size, s->npages) ||
	    !GCH_EXPECT(test, s->nelems * size <= room_of(class) &&
			(s->nelems + 1) * size > room_of(class),
			"a span of class %u has %u objects", class, s->nelems))
		return false;
	n = s->npages * (8192 / PAGE_SIZE);
	for (i = 0; i < n; i++)
		if (!GCH_EXPECT(test, page_meta((unsigned long)s->base +
						i * PAGE_SIZE) == s,
				"page %u of a span leads elsewhere", i))
			return false;
	return GCH_EXPECT(test, s->base == s->arena->base +
			  (s - s->arena->spans) * 8192,
			  "a span of class %u is out of place", class);
}

static bool page_alloc(struct kunit *test, struct pages *p, unsigned int class)
{
	unsigned int npages = gch_go_class_pages[class / 2];
	bool room = has_room(p->h, npages);
	struct gch_go_span *s = span_alloc(p->h, class);

	if (!GCH_EXPECT(test, !s == !room, "%u pages: %s, though there %s",
			npages, s ? "got them" : "failed",
			room ? "are so many" : "are not"))
		return false;
	if (!s)
		return GCH_MUST(test, gch_go_arena_add(p->h, npages));
	p->span[p->nr++] = s;
	return span_is_right(test, s, class);
}

static void page_free(struct pages *p, unsigned int i)
{
	span_free(p->h, p->span[i]);
	p->span[i] = p->span[--p->nr];
}

/* So many of the empty arenas go; those in use are not touched. */
static bool trim(struct kunit *test, struct gch_go_heap *h)
{
	unsigned int empty = 0, in_use = 0, left = 0, nr = 2;
	struct gch_go_arena *a;

	list_for_each_entry(a, &h->arenas, node) {
		empty += a->nfree == a->npages;
		in_use += a->nfree != a->npages;
	}
	mutex_lock(&h->base.cycle_lock);
	gch_go_arenas_trim(h, nr);
	mutex_unlock(&h->base.cycle_lock);
	list_for_each_entry(a, &h->arenas, node)
		left++;
	return GCH_EXPECT(test, left == in_use + empty - min(empty, nr),
			  "%u arenas in use and %u empty: %u after trimming",
			  in_use, empty, left);
}

/* The pages of an arena are used by the spans that were handed out, once. */
static bool arena_is_right(struct kunit *test, struct pages *p,
			   struct gch_go_arena *a)
{
	unsigned int i, j, n = 0;

	bitmap_zero(p->used, ARENA_PAGES);
	for (i = 0; i < p->nr; i++) {
		struct gch_go_span *s = p->span[i];

		for (j = 0; s->arena == a && j < s->npages; j++, n++)
			if (!GCH_EXPECT(test, !__test_and_set_bit(s - a->spans + j,
								  p->used),
					"a page of arena %u is in two spans",
					a->id))
				return false;
	}
	return GCH_EXPECT(test, bitmap_equal(p->used, a->used, a->npages),
			  "arena %u: used pages are not those of its spans",
			  a->id) &&
	       GCH_EXPECT(test, a->nfree == a->npages - n,
			  "arena %u: %u of %u pages free, not %u", a->id,
			  a->nfree, a->npages, a->npages - n) &&
	       GCH_EXPECT(test, list_empty(&a->free_node) == !a->nfree,
			  "arena %u with %u free pages is in the wrong list",
			  a->id, a->nfree);
}

static bool pages_are_right(struct kunit *test, struct pages *p)
{
	struct gch_go_arena *a;
	u64 bytes = 0, nr = 0;

	list_for_each_entry(a, &p->h->arenas, node) {
		if (!arena_is_right(test, p, a))
			return false;
		bytes += PAGE_SIZE << a->order;
		nr++;
	}
	return GCH_EXPECT(test, atomic64_read(&p->h->base.held) == bytes &&
			  atomic64_read(&p->h->base.arenas) == nr,
			  "%llu arenas of %llu bytes are counted as %lld of %lld",
			  nr, bytes, atomic64_read(&p->h->base.arenas),
			  atomic64_read(&p->h->base.held)) &&
	       GCH_EXPECT(test, atomic_read(&p->h->nr_units) == p->nr,
			  "%u spans are counted as %d", p->nr,
			  atomic_read(&p->h->nr_units)) &&
	       GCH_MUST(test, gch_heap_validate(&p->h->base));
}

/* Which way it goes changes, so that the heap is now full, now nearly empty. */
static bool pages_batch(struct kunit *test, struct pages *p,
			struct gch_kunit_random *r)
{
	unsigned int i, allocs = 1 + gch_kunit_below(r, 9);

	for (i = 0; i < 100; i++) {
		bool alloc = gch_kunit_below(r, 10) < allocs;

		if (alloc && p->nr < SPANS_MAX) {
			if (!page_alloc(test, p, draw_class(r)))
				return false;
		} else if (!alloc && p->nr) {
			page_free(p, gch_kunit_below(r, p->nr));
		}
	}
	if (!gch_kunit_below(r, 4) && !trim(test, p->h))
		return false;
	return pages_are_right(test, p);
}

static void test_pages(struct kunit *test)
{
	unsigned int i, n = gch_kunit_rounds(40);
	struct gch_kunit_random r;
	struct gch_heap *heap;
	struct pages *p;

	gch_kunit_seed(test, &r);
	p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	heap = open(test, 5, 0);
	p->h = to_go(heap);
	for (i = 0; i < n; i++)
		if (!pages_batch(test, p, &r))
			break;
	while (p->nr)
		page_free(p, 0);
	trim(test, p->h);
	pages_are_right(test, p);
	gch_kunit_heap_end(test, heap);
}

/* ---- what need not be zeroed ---- */

/* Size class 1 has spans of a page; this one has larger ones. */
static unsigned int large_span_class(void)
{
	unsigned int class = 3;

	while (gch_go_class_pages[class / 2] < 3)
		class += 2;
	return class;
}

/* As if the kernel had zeroed all of an arena just now, but for a page. */
static void clear_arena(struct gch_go_arena *a, u32 but)
{
	u32 i;

	memset(a->base, 0, a->npages * GCH_GO_PAGE_SIZE);
	for (i = 0; i < a->npages; i++)
		a->spans[i].needzero = i == but;
}

/* Takes a span; is it said to be clean when and only when it is? */
static struct gch_go_span *take_clean(struct kunit *test, struct gch_go_heap *h,
				      unsigned int class, bool clean)
{
	struct gch_go_span *s = span_get(test, h, class);

	if (!s)
		return NULL;
	GCH_EXPECT(test, s->needzero == !clean, "page %td, %u of them: needzero %d",
		   s - s->arena->spans, s->npages, s->needzero);
	GCH_EXPECT(test, !clean || !memchr_inv(s->base, 0,
					       s->nelems * s->size),
		   "page %td is not zero", s - s->arena->spans);
	return s;
}

static void needzero(struct kunit *test, struct gch_go_heap *h)
{
	unsigned int small = 3, large = large_span_class();
	struct gch_go_span *s, *t;

	/* Fresh from the kernel: it depends. */
	s = take_clean(test, h, small, gch_pages_come_zeroed());
	if (!s)
		return;
	span_free(h, s);
	/* Pages are taken from the front: the same page, used before. */
	clear_arena(s->arena, U32_MAX);
	s = take_clean(test, h, small, true);
	span_free(h, s);
	s = take_clean(test, h, small, false);
	t = take_clean(test, h, large, true);
	span_free(h, t);
	span_free(h, s);
	s = take_clean(test, h, large, false);
	span_free(h, s);
	/* One page of several is enough, whichever. */
	clear_arena(s->arena, 2);
	s = take_clean(test, h, large, false);
	t = take_clean(test, h, small, true);
	span_free(h, s);
	span_free(h, t);
}

static void test_needzero(struct kunit *test)
{
	struct gch_heap *heap = open(test, 6, 0);

	needzero(test, to_go(heap));
	gch_kunit_heap_end(test, heap);
}

/* ---- sweeping ---- */

/**
 * struct sweep - a span, and what a sweep must make of it
 * @s: the span
 * @allocated: objects handed out
 * @marked: which of them are marked
 */
struct sweep {
	struct gch_go_span *s;
	unsigned long allocated[SPAN_WORDS];
	unsigned long marked[SPAN_WORDS];
};

/*
 * Objects below @end have been handed out since the span was swept, but for some of
 * the last group of 64 if @r draws them.
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

/* Is any mark left, be it of no object? */
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

/* Marked objects are allocated now and nothing else is; marks are gone. */
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

/* The dead are clobbered, the living are as they were. */
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
	struct sweep w = { .s = span_get(test, h, class) };
	unsigned int i;
	bool ok = true;

	if (!w.s)
		return false;
	for (i = 1; ok && i <= 5; i++) {
		hand_out(h, &w, gch_kunit_below(r, w.s->nelems + 1), r);
		draw_marks(&w, r, i == 5 ? 0 : gch_kunit_below(r, 101));
		ok = sweep_is_right(test, h, &w, i);
	}
	span_free(h, w.s);
	return ok;
}

static void test_sweep(struct kunit *test)
{
	unsigned int class, poison, i, n = gch_kunit_rounds(1);
	struct gch_kunit_random r;
	struct gch_heap *heap;

	gch_kunit_seed(test, &r);
	for (poison = 0; poison < 2; poison++) {
		heap = open(test, 9, poison);
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
/* What one refill sweeps at most. */
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

/* Spans that are on the lists of what is swept, or still to be swept. */
static unsigned int listed(const struct central *c, bool swept)
{
	const struct gch_go_mcentral *l = &c->h->central[c->class];
	unsigned int parity = (gen_of(c->h) & 1) ^ !swept;

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

	gch_go_central_put(c->h, s, gen_of(c->h));
	gch_section_leave(seq);
}

static int get(struct central *c, u32 gen, struct gch_go_span **s)
{
	unsigned int *seq = gch_section_enter();
	int ret = gch_go_central_get(c->h, c->class, gen, s);

	gch_section_leave(seq);
	return ret;
}

/* On the list where it belongs, unless it was given back. */
static bool put_is_right(struct kunit *test, struct central *c,
			 struct gch_go_span *s)
{
	const struct gch_go_mcentral *l = &c->h->central[c->class];
	unsigned int parity = gen_of(c->h) & 1, nelems = s->nelems;
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

/* Spans with any number of objects, none and all among them. */
static bool central_fill(struct kunit *test, struct central *c,
			 struct gch_kunit_random *r)
{
	unsigned int i;

	c->nr = 0;
	for (i = 0; i < CENTRAL_SPANS; i++) {
		struct sweep *w = &c->w[c->nr];

		w->s = span_get(test, c->h, c->class);
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

/* A new sweep generation, in which these objects are marked. */
static bool central_turn(struct kunit *test, struct central *c,
			 struct gch_kunit_random *r, unsigned int all_of)
{
	u32 gen = gen_of(c->h);
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
			  s->gen == gen_of(c->h) && s->alloc_count < s->nelems,
			  "got a span that is not fit to allocate from") &&
	       bits_are_right(test, w);
}

/*
 * Takes all that can be had. When a refill comes back with nothing though there
 * was something to be swept, it has swept as much as it may.
 */
static bool central_drain(struct kunit *test, struct central *c,
			  struct gch_go_span **got, unsigned int *nr)
{
	unsigned int before;

	for (;;) {
		before = listed(c, false);
		if (!GCH_EXPECT(test, !get(c, gen_of(c->h), &got[*nr]),
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

/* The rest as background sweeping does it; whoever comes first. */
static bool central_sweep(struct kunit *test, struct central *c,
			  unsigned int most)
{
	struct gch_go_span *s;
	LIST_HEAD(spans);

	while (most--) {
		preempt_disable();
		gch_go_central_unswept(c->h, c->class, gen_of(c->h), &spans, 1);
		preempt_enable();
		s = list_first_entry_or_null(&spans, struct gch_go_span, node);
		if (!s)
			break;
		list_del_init(&s->node);
		if (!GCH_EXPECT(test, owner(c, s) && s->gen != gen_of(c->h),
				"what was swept is swept again"))
			return false;
		sweep(c->h, s, gen_of(c->h));
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
	/* What was given back is not of this round any more. */
	for (i = 0; i < c->nr; i++) {
		while (i < c->nr && !c->w[i].s->npages)
			c->w[i] = c->w[--c->nr];
		if (i < c->nr)
			hand_out(c->h, &c->w[i], 0, NULL);
	}
	/* Nothing is marked: all must go. */
	for (i = 0; i < c->nr; i++)
		bitmap_zero(c->w[i].marked, SPAN_WORDS * BITS_PER_LONG);
	WRITE_ONCE(c->h->state, (gen_of(c->h) + 1) << STATE_SHIFT);
	return central_sweep(test, c, UINT_MAX) &&
	       GCH_EXPECT(test, !listed(c, true) && !listed(c, false) &&
			  !atomic_read(&c->h->nr_units),
			  "%d spans outlive their objects",
			  atomic_read(&c->h->nr_units));
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
	heap = open(test, 9, 0);
	c->h = to_go(heap);
	for (i = 0; i < n; i++) {
		c->class = draw_class(&r);
		if (!central_round(test, c, &r))
			break;
	}
	gch_kunit_heap_end(test, heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_pages),
	KUNIT_CASE(test_needzero),
	KUNIT_CASE(test_sweep),
	KUNIT_CASE(test_central),
	{}
};

struct kunit_suite gch_kunit_span = {
	.name = "gcheap_span",
	.test_cases = cases,
};
