// SPDX-License-Identifier: GPL-2.0
/*
 * The page heap of the Go engine, on a heap without mutators: the spans it hands out,
 * the steps it takes for that, and the pages that need zeroing.
 *
 * Tests that call the engine directly are the only users of their heap.
 */
#include "kunit_span.h"

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#define SPANS_MAX	600
#define ARENA_PAGES	1024
/* Not larger than any page of kernel or spans. */
#define PIECE		SZ_4K

/**
 * gch_kunit_open - makes a Go heap
 * @test: the test
 * @arena_order: order of its arenas
 * @poison: poison free memory
 *
 * Return: the heap.
 */
struct gch_heap *gch_kunit_open(struct kunit *test, u64 arena_order, u64 poison)
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

/**
 * gch_kunit_span_alloc - takes a span, if the heap has one
 * @h: the heap
 * @class: its span class
 *
 * Return: the span or NULL.
 */
struct gch_go_span *gch_kunit_span_alloc(struct gch_go_heap *h,
					 unsigned int class)
{
	unsigned int *seq = gch_section_enter();
	struct gch_go_span *s = gch_go_span_alloc(h, class, gch_kunit_gen(h),
						  true);

	gch_section_leave(seq);
	return s;
}

/**
 * gch_kunit_span_free - gives a span back
 * @h: the heap
 * @s: the span
 */
void gch_kunit_span_free(struct gch_go_heap *h, struct gch_go_span *s)
{
	unsigned int *seq = gch_section_enter();

	gch_go_span_free(h, s);
	gch_section_leave(seq);
}

/**
 * gch_kunit_span_get - takes a span, and grows the heap if necessary
 * @test: the test
 * @h: the heap
 * @class: its span class
 *
 * Return: the span, or NULL, which fails the test.
 */
struct gch_go_span *gch_kunit_span_get(struct kunit *test,
				       struct gch_go_heap *h,
				       unsigned int class)
{
	struct gch_go_span *s = gch_kunit_span_alloc(h, class);

	if (!s && GCH_MUST(test, gch_go_arena_add(h,
						  gch_go_class_pages[class / 2])))
		s = gch_kunit_span_alloc(h, class);
	GCH_EXPECT(test, s, "no span of class %u", class);
	return s;
}

/* Size class 1 has one-page spans; this class has larger ones. */
static unsigned int large_span_class(void)
{
	unsigned int class = 3;

	while (gch_go_class_pages[class / 2] < 3)
		class += 2;
	return class;
}

/* ---- the page heap ---- */

struct pages {
	struct gch_go_heap *h;
	u64 kept;
	unsigned int nr;
	struct gch_go_span *span[SPANS_MAX];
	unsigned long used[BITS_TO_LONGS(ARENA_PAGES)];
};

/* Is there a run of @npages free pages? */
static bool has_room(struct gch_go_heap *h, unsigned int npages)
{
	struct gch_go_arena *a;
	unsigned int i, run;

	list_for_each_entry(a, &h->mheap.arenas, node) {
		for (i = 0, run = 0; i < a->npages; i++) {
			run = test_bit(i, a->used) ? 0 : run + 1;
			if (run == npages)
				return true;
		}
	}
	return false;
}

/* End of the objects of a span: before its bitmaps, if it has them. */
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
	n = s->npages * 8192 / PIECE;
	for (i = 0; i < n; i++)
		if (!GCH_EXPECT(test, page_span((unsigned long)s->base +
						i * PIECE) == s,
				"piece %u of a span leads elsewhere", i))
			return false;
	return GCH_EXPECT(test, s->base == s->arena->base +
			  (s - s->arena->spans) * 8192,
			  "a span of class %u is out of place", class);
}

static bool page_alloc(struct kunit *test, struct pages *p, unsigned int class)
{
	unsigned int npages = gch_go_class_pages[class / 2];
	bool room = has_room(p->h, npages);
	struct gch_go_span *s = gch_kunit_span_alloc(p->h, class);

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
	gch_kunit_span_free(p->h, p->span[i]);
	p->span[i] = p->span[--p->nr];
}

/* Trims some empty arenas; those in use stay. */
static bool trim(struct kunit *test, struct gch_go_heap *h)
{
	unsigned int empty = 0, in_use = 0, left = 0, nr = 2;
	struct gch_go_arena *a;

	list_for_each_entry(a, &h->mheap.arenas, node) {
		empty += a->nfree == a->npages;
		in_use += a->nfree != a->npages;
	}
	mutex_lock(&h->base.cycle_lock);
	gch_go_arenas_trim(h, nr);
	mutex_unlock(&h->base.cycle_lock);
	list_for_each_entry(a, &h->mheap.arenas, node)
		left++;
	return GCH_EXPECT(test, left == in_use + empty - min(empty, nr),
			  "%u arenas in use and %u empty: %u after trimming",
			  in_use, empty, left);
}

static unsigned int longest_row(const struct gch_go_arena *a)
{
	unsigned int i, row = 0, most = 0;

	for (i = 0; i < a->npages; i++) {
		row = test_bit(i, a->used) ? 0 : row + 1;
		most = max(most, row);
	}
	return most;
}

/* Each used page of an arena belongs to exactly one span that was handed out. */
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
	       GCH_EXPECT(test, list_empty(&a->free_node) == !a->nfree &&
			  a->run == min(longest_row(a), GCH_GO_RUNS) &&
			  a->whole == (a->nfree == a->npages),
			  "arena %u with %u free pages, %u in a row, is listed as one with %u",
			  a->id, a->nfree, longest_row(a), a->run);
}

/* The bits match the lists, and each arena is in the list of its longest run. */
static bool lists_are_right(struct kunit *test, struct gch_go_free *f)
{
	unsigned int i, whole, run;
	struct gch_go_arena *a;

	for (i = 0; i < 2 * GCH_GO_RUNS; i++) {
		whole = i / GCH_GO_RUNS;
		run = i % GCH_GO_RUNS + 1;
		if (!GCH_EXPECT(test, list_empty(&f->arenas[whole][run - 1]) ==
				!((whole ? f->wholly : f->partly) & BIT(run - 1)),
				"a list of arenas with %u pages is not as said",
				run))
			return false;
		list_for_each_entry(a, &f->arenas[whole][run - 1], free_node)
			if (!GCH_EXPECT(test, a->run == run && a->whole == whole,
					"arena %u with %u pages in a row is with those of %u",
					a->id, a->run, run))
				return false;
	}
	return true;
}

static bool pages_are_right(struct kunit *test, struct pages *p)
{
	u64 bytes = 0, kept = p->kept, nr = 0;
	struct gch_go_arena *a;
	unsigned int nid;

	list_for_each_entry(a, &p->h->mheap.arenas, node) {
		if (!arena_is_right(test, p, a))
			return false;
		bytes += PAGE_SIZE << a->order;
		kept += gch_memory_size(a, struct_size(a, spans, a->npages));
		nr++;
	}
	for (nid = 0; nid < nr_node_ids; nid++)
		if (!lists_are_right(test, &p->h->mheap.free[nid]))
			return false;
	return GCH_EXPECT(test, atomic64_read(&p->h->base.kept) == kept,
			  "what describes %llu arenas is %llu bytes, not %lld",
			  nr, kept, atomic64_read(&p->h->base.kept)) &&
	       GCH_EXPECT(test, atomic64_read(&p->h->base.held) == bytes + kept &&
			  atomic64_read(&p->h->base.arenas) == nr,
			  "%llu arenas of %llu bytes are counted as %lld of %lld",
			  nr, bytes + kept, atomic64_read(&p->h->base.arenas),
			  atomic64_read(&p->h->base.held)) &&
	       GCH_EXPECT(test, atomic_read(&p->h->mheap.nr_spans) == p->nr,
			  "%u spans are counted as %d", p->nr,
			  atomic_read(&p->h->mheap.nr_spans)) &&
	       GCH_MUST(test, gch_heap_validate(&p->h->base));
}

/* The ratio of allocations changes, so that the heap is full or nearly empty. */
static bool pages_batch(struct kunit *test, struct pages *p,
			struct gch_kunit_random *r)
{
	unsigned int i, allocs = 1 + gch_kunit_below(r, 9);

	for (i = 0; i < 100; i++) {
		bool alloc = gch_kunit_below(r, 10) < allocs;

		if (alloc && p->nr < SPANS_MAX) {
			if (!page_alloc(test, p, gch_kunit_class(r)))
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
	heap = gch_kunit_open(test, GCH_ORDER(SZ_128K), 0);
	p->h = to_go(heap);
	p->kept = atomic64_read(&heap->kept);
	for (i = 0; i < n; i++)
		if (!pages_batch(test, p, &r))
			break;
	while (p->nr)
		page_free(p, 0);
	trim(test, p->h);
	pages_are_right(test, p);
	gch_kunit_heap_end(test, heap);
}

/* Arenas up to the limit, each as large as fits together with its metadata. */
static void test_full(struct kunit *test)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_LIMIT),
		.val[GCH_KEY_LIMIT] = SZ_4M + SZ_128K,
	};
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	unsigned int nr = 0;
	int ret;

	do {
		ret = gch_go_arena_add(to_go(heap), 1);
	} while (!ret && ++nr < ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	GCH_EXPECT(test, !gch_limit_allows(heap, gch_go_arena_charge(1)),
		   "after %u arenas %lld bytes are held, and no more can be", nr,
		   atomic64_read(&heap->held));
	KUNIT_EXPECT_LE(test, atomic64_read(&heap->peak_held),
			cfg.val[GCH_KEY_LIMIT]);
	gch_kunit_heap_end(test, heap);
}

/* ---- steps under &gch_go_mheap.lock ---- */

#define CROWD_MAX	64U

static u64 looks(struct gch_go_heap *h)
{
	unsigned int nid;
	u64 n = 0;

	for (nid = 0; nid < nr_node_ids; nid++)
		n += h->mheap.free[nid].looks;
	return n;
}

/* Makes @nr arenas in which every second page is free. */
static bool scatter(struct kunit *test, struct pages *p, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!GCH_MUST(test, gch_go_arena_add(p->h, 1)))
			return false;
	for (p->nr = 0; p->nr < SPANS_MAX; p->nr++) {
		p->span[p->nr] = gch_kunit_span_alloc(p->h, 3);
		if (!p->span[p->nr])
			break;
	}
	for (i = 0; i < p->nr; i++)
		if ((p->span[i] - p->span[i]->arena->spans) % 2)
			page_free(p, i--);
	return true;
}

/*
 * Taking pages, successfully or not, giving them back, and giving arenas back take as
 * many steps with many arenas as with few.
 */
static void steps(struct kunit *test, struct pages *p, unsigned int nr)
{
	unsigned int large = large_span_class();
	struct gch_go_span *s;
	u64 before;

	if (!scatter(test, p, nr))
		return;
	before = looks(p->h);
	s = gch_kunit_span_alloc(p->h, large);
	GCH_EXPECT(test, !s && looks(p->h) == before,
		   "%u arenas: %llu looks at arenas where no span fits", nr,
		   looks(p->h) - before);
	before = looks(p->h);
	s = gch_kunit_span_alloc(p->h, 3);
	GCH_EXPECT(test, s && looks(p->h) - before <= 2,
		   "%u arenas: %llu looks to take a page", nr,
		   looks(p->h) - before);
	if (!s)
		return;
	before = looks(p->h);
	gch_kunit_span_free(p->h, s);
	GCH_EXPECT(test, looks(p->h) - before <= 1,
		   "%u arenas: %llu looks to give a page back", nr,
		   looks(p->h) - before);
	before = looks(p->h);
	mutex_lock(&p->h->base.cycle_lock);
	gch_go_arenas_trim(p->h, 2);
	mutex_unlock(&p->h->base.cycle_lock);
	GCH_EXPECT(test, looks(p->h) == before,
		   "%u arenas: %llu looks for empty ones", nr,
		   looks(p->h) - before);
	pages_are_right(test, p);
}

static void test_steps(struct kunit *test)
{
	static const unsigned int crowds[] = { 2, 16, CROWD_MAX };
	struct gch_heap *heap;
	struct pages *p;
	unsigned int i;

	p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < ARRAY_SIZE(crowds); i++) {
		heap = gch_kunit_open(test, GCH_ORDER(SZ_64K), 0);
		p->h = to_go(heap);
		p->kept = atomic64_read(&heap->kept);
		steps(test, p, crowds[i]);
		while (p->nr)
			page_free(p, 0);
		gch_kunit_heap_end(test, heap);
	}
}

#define REFILLS		256U
#define REFILL_BATCH	32U
/* Runs that only the last arena has. */
#define ROW_PAGES	3U

/* Fills @nr arenas with spans of one page. */
static bool fill_arenas(struct kunit *test, struct gch_go_heap *h,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!GCH_MUST(test, gch_go_arena_add(h, 1)))
			return false;
	for (i = 0; gch_kunit_span_alloc(h, 3); i++)
		if (!(i & 1023))
			cond_resched();
	return true;
}

/* Frees every second page; in the last arena three of four. */
static void free_some(struct gch_go_heap *h)
{
	struct gch_go_arena *a;
	unsigned int i;

	list_for_each_entry(a, &h->mheap.arenas, node) {
		bool last = list_is_last(&a->node, &h->mheap.arenas);

		for (i = 0; i < a->npages; i++)
			if (last ? i % (ROW_PAGES + 1) : i % 2)
				gch_kunit_span_free(h, &a->spans[i]);
		cond_resched();
	}
}

static void free_all(struct gch_go_heap *h)
{
	struct gch_go_arena *a;
	unsigned int i;

	list_for_each_entry(a, &h->mheap.arenas, node) {
		for (i = 0; i < a->npages; i++)
			if (a->spans[i].npages)
				gch_kunit_span_free(h, &a->spans[i]);
		cond_resched();
	}
}

/*
 * Number of looks at bitmaps of arenas to take spans of a class and give them back.
 */
static u64 refills(struct kunit *test, struct gch_go_heap *h, unsigned int class)
{
	struct gch_go_span *s[REFILL_BATCH];
	u64 before = looks(h);
	unsigned int i, n;

	for (i = 0; i < REFILLS / REFILL_BATCH; i++) {
		for (n = 0; n < REFILL_BATCH; n++) {
			s[n] = gch_kunit_span_alloc(h, class);
			if (!GCH_EXPECT(test, s[n], "no span of class %u", class))
				break;
		}
		while (n)
			gch_kunit_span_free(h, s[--n]);
	}
	return looks(h) - before;
}

/*
 * With arenas of the default size a refill takes as many looks at bitmaps for any
 * number of arenas.
 */
static void test_refills(struct kunit *test)
{
	static const unsigned int mib[] = { 4, 16, 64, 256 };
	unsigned int row = large_span_class(), i, n;
	struct gch_heap *heap;
	struct gch_go_heap *h;
	u64 pages, rows, taken;

	while (gch_go_class_pages[row / 2] != ROW_PAGES)
		row += 2;
	for (i = 0; i < ARRAY_SIZE(mib); i++) {
		heap = gch_kunit_open(test, GCH_ORDER(SZ_2M), 0);
		h = to_go(heap);
		n = mib[i] / 2;
		if (fill_arenas(test, h, n)) {
			free_some(h);
			taken = atomic_read(&h->mheap.nr_spans);
			pages = refills(test, h, 3);
			rows = refills(test, h, row);
			GCH_EXPECT(test, pages <= 3 * REFILLS && rows <= 3 * REFILLS,
				   "%u MiB: %llu looks for %u pages, %llu for %u rows",
				   mib[i], pages, REFILLS, rows, REFILLS);
			GCH_EXPECT(test, atomic_read(&h->mheap.nr_spans) == taken,
				   "spans were lost");
		}
		free_all(h);
		gch_kunit_heap_end(test, heap);
	}
}

/* ---- pages that need no zeroing ---- */

/* Makes an arena look freshly zeroed by the kernel, except for one page. */
static void clear_arena(struct gch_go_arena *a, u32 but)
{
	u32 i;

	memset(a->base, 0, a->npages * GCH_GO_PAGE_SIZE);
	for (i = 0; i < a->npages; i++)
		a->spans[i].needzero = i == but;
}

/* Takes a span, and checks that it is marked clean if and only if it is. */
static struct gch_go_span *take_clean(struct kunit *test, struct gch_go_heap *h,
				      unsigned int class, bool clean)
{
	struct gch_go_span *s = gch_kunit_span_get(test, h, class);

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

	/* Fresh memory depends on the kernel's configuration. */
	s = take_clean(test, h, small, gch_pages_come_zeroed());
	if (!s)
		return;
	gch_kunit_span_free(h, s);
	/* Pages are taken from the front, so this is the same page, used before. */
	clear_arena(s->arena, U32_MAX);
	s = take_clean(test, h, small, true);
	gch_kunit_span_free(h, s);
	s = take_clean(test, h, small, false);
	t = take_clean(test, h, large, true);
	gch_kunit_span_free(h, t);
	gch_kunit_span_free(h, s);
	s = take_clean(test, h, large, false);
	gch_kunit_span_free(h, s);
	/* One dirty page of several is enough, whichever it is. */
	clear_arena(s->arena, 2);
	s = take_clean(test, h, large, false);
	t = take_clean(test, h, small, true);
	gch_kunit_span_free(h, s);
	gch_kunit_span_free(h, t);
}

static void test_needzero(struct kunit *test)
{
	struct gch_heap *heap = gch_kunit_open(test, GCH_ORDER(SZ_256K), 0);

	needzero(test, to_go(heap));
	gch_kunit_heap_end(test, heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_pages),
	KUNIT_CASE(test_full),
	KUNIT_CASE(test_steps),
	KUNIT_CASE(test_refills),
	KUNIT_CASE(test_needzero),
	{}
};

struct kunit_suite gch_kunit_pages = {
	.name = "gcheap_pages",
	.test_cases = cases,
};
