// SPDX-License-Identifier: GPL-2.0
/*
 * Internals of the core: type maps, tables that grow with entries in use, and arenas
 * when less than the requested memory is available.
 */
#include "kunit.h"

#include <linux/err.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <gcheap/engine.h>
#include <gcheap/snapshot.h>

#define WORDS_MAX	(GCH_FIXED_MAX / sizeof(void *))

/* ---- types ---- */

struct map {
	unsigned long bits[BITS_TO_LONGS(WORDS_MAX)];
	u16 refs[WORDS_MAX];
	u32 nr;
};

static void draw_map(struct map *map, struct gch_kunit_random *r, u32 words)
{
	u32 i, odds = 1 + gch_kunit_below(r, 8);
	/* Some types have leading references, some have them near the end. */
	u32 lead = gch_kunit_below(r, 3) ? 0 : gch_kunit_below(r, words + 1);
	bool only_lead = gch_kunit_below(r, 2) && lead;

	memset(map->bits, 0, sizeof(map->bits));
	map->nr = 0;
	for (i = 0; i < words; i++) {
		if (i >= lead && (only_lead || gch_kunit_below(r, odds)))
			continue;
		__set_bit(i, map->bits);
		map->refs[map->nr++] = i;
	}
}

static bool map_is_right(struct kunit *test, struct gch_heap *heap,
			 const struct map *map, u32 words)
{
	struct gch_type_desc desc = {
		.bytes = words * sizeof(void *),
		.nr_refs = map->nr,
		.refs = map->refs,
	};
	struct gch_type *type;
	char name[GCH_NAME_SIZE];
	u32 i;

	snprintf(name, sizeof(name), "map-%u", heap->nr_types);
	desc.name = name;
	type = gch_type_register(heap, &desc, NULL);
	if (!GCH_EXPECT(test, !IS_ERR(type), "%u references in %u words: %ld",
			map->nr, words, PTR_ERR(type)))
		return false;
	/* One index beyond the last word. */
	for (i = 0; i <= words && i < WORDS_MAX; i++)
		if (!GCH_EXPECT(test, gch_type_is_ref(type, i) ==
				test_bit(i, map->bits),
				"word %u of %u, %u references", i, words,
				map->nr))
			return false;
	for (i = 0; i < words; i++)
		if (!GCH_EXPECT(test, gch_type_search(type, i) ==
				test_bit(i, map->bits),
				"search for word %u of %u, %u references", i,
				words, map->nr))
			return false;
	return GCH_EXPECT(test, gch_type_register(heap, &desc, NULL) == type,
			  "the same type is another one");
}

static void test_types(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_SLAB };
	unsigned int i, n = gch_kunit_rounds(300);
	struct gch_kunit_random r;
	struct gch_heap *heap;
	struct map *map;

	gch_kunit_seed(test, &r);
	map = kunit_kzalloc(test, sizeof(*map), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map);
	heap = gch_kunit_heap(test, &cfg);
	for (i = 0; i < min(n, GCH_TYPES_MAX); i++) {
		u32 words = 1 + gch_kunit_below(&r, i % 4 ? 130 : WORDS_MAX);

		draw_map(map, &r, words);
		if (!map_is_right(test, heap, map, words))
			break;
	}
	gch_kunit_heap_end(test, heap);
}

/* ---- tables ---- */

struct visit {
	unsigned int places;
	unsigned int set;
	void **first;
};

static void count_places(void *arg, void **places, unsigned int nr)
{
	struct visit *v = arg;
	unsigned int i;

	if (!v->first)
		v->first = places;
	v->places += nr;
	for (i = 0; i < nr; i++)
		v->set += !!places[i];
}

static struct visit visit_roots(struct gch_heap *heap)
{
	struct visit v = {};

	mutex_lock(&heap->lock);
	gch_visit_roots(heap, count_places, &v);
	mutex_unlock(&heap->lock);
	return v;
}

/* Makes entry @i refer to an object that stores i. */
static bool entry_set(struct kunit *test, struct gch_mutator *m,
		      struct gch_roots *roots, struct gch_type *type, u32 i)
{
	if (!GCH_MUST(test, gch_alloc(m, 0, type)))
		return false;
	*(u64 *)gch_data(m, 0, NULL) = i;
	return GCH_MUST(test, gch_root_set(m, roots, i, 0)) &&
	       GCH_MUST(test, gch_clear(m, 0));
}

static bool entry_is(struct kunit *test, struct gch_mutator *m,
		     struct gch_roots *roots, u32 i)
{
	u64 *data;

	if (!GCH_MUST(test, gch_root_get(m, 0, roots, i)))
		return false;
	data = gch_data(m, 0, NULL);
	if (!GCH_EXPECT(test, data && *data == i, "entry %u has become %lld", i,
			data ? (s64)*data : -1))
		return false;
	return GCH_MUST(test, gch_clear(m, 0));
}

/* Grows the table to each size in turn; all entries must survive. */
static bool grow_through(struct kunit *test, struct gch_mutator *m,
			 struct gch_roots *roots, struct gch_type *type)
{
	static const u32 sizes[] = { 1, 2, 511, 512, 513, 1023, 1024, 1025, 500,
				     4096, 4097, 20000 };
	struct gch_heap *heap = gch_mutator_heap(m);
	u32 chunks = 1, filled = 0, n, i, j;
	void **first = visit_roots(heap).first;
	struct visit v;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!GCH_MUST(test, gch_roots_grow(roots, sizes[i])))
			return false;
		n = max(filled, sizes[i]);
		for (; filled < n; filled++)
			if (!entry_set(test, m, roots, type, filled))
				return false;
		chunks = max_t(u32, chunks, DIV_ROUND_UP(sizes[i],
							 GCH_ROOTS_PER_CHUNK));
		v = visit_roots(heap);
		if (!GCH_EXPECT(test, v.places == chunks * GCH_ROOTS_PER_CHUNK &&
				v.set == n && v.first == first,
				"size %u: %u places of which %u are used",
				sizes[i], v.places, v.set))
			return false;
		for (j = 0; j < n; j++)
			if (!entry_is(test, m, roots, j))
				return false;
		/* No entry beyond the size, though the chunk has room. */
		if (!GCH_EXPECT(test, gch_root_clear(m, roots, n) == -EINVAL,
				"size %u has an entry %u", sizes[i], n))
			return false;
	}
	return true;
}

static void test_tables(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_PYTHON };
	struct gch_type_desc desc = { .name = "number", .bytes = sizeof(u64) };
	struct gch_mutator *m;
	struct gch_roots *roots;
	struct gch_type *type;
	struct gch_heap *heap;

	heap = gch_kunit_heap(test, &cfg);
	m = gch_kunit_mutator(test, heap, 1);
	type = gch_type_register(heap, &desc, NULL);
	roots = gch_roots_create(heap, 1);
	if (GCH_EXPECT(test, !IS_ERR(type), "no type") &&
	    GCH_EXPECT(test, !IS_ERR(roots), "no table")) {
		grow_through(test, m, roots, type);
		gch_roots_destroy(m, roots);
	}
	gch_mutator_detach(m);
	gch_kunit_heap_end(test, heap);
}

/* ---- arenas ---- */

#define ARENAS_MAX	64

struct blocks {
	unsigned int nr;
	void *addr[ARENAS_MAX];
	unsigned int order[ARENAS_MAX];
	u64 kept;
};

/* The largest order that fits @room; -1 if @min_order does not. */
static int order_to_get(u64 room, unsigned int order, unsigned int min_order)
{
	order = max(order, min_order);
	while (order > min_order && PAGE_SIZE << order > room)
		order--;
	return PAGE_SIZE << order > room ? -1 : (int)order;
}

static void arena_put(struct gch_heap *heap, struct blocks *b, unsigned int i)
{
	gch_arena_put(heap, b->addr[i], b->order[i]);
	b->nr--;
	b->addr[i] = b->addr[b->nr];
	b->order[i] = b->order[b->nr];
}

/* Is a block of that order available, with as little effort? */
static bool is_there(struct gch_heap *heap, unsigned int order)
{
	void *addr = gch_pages_get(heap, order, GFP_KERNEL | __GFP_NORETRY);

	if (addr)
		gch_pages_put(heap, addr, order);
	return addr;
}

static bool arena_get(struct kunit *test, struct gch_heap *heap,
		      struct blocks *b, u64 limit, unsigned int min_order)
{
	u64 held = atomic64_read(&heap->held);
	unsigned int order = 77, wanted = gch_val(heap, GCH_KEY_ARENA_ORDER);
	int want = order_to_get(limit - held, wanted, min_order);
	void *addr = gch_arena_get(heap, min_order, &order);

	if (want < 0)
		return GCH_EXPECT(test, !addr &&
				  atomic64_read(&heap->held) == held,
				  "an arena beyond the limit");
	if (!GCH_EXPECT(test, addr, "%llu bytes left: no arena", limit - held))
		return false;
	b->addr[b->nr] = addr;
	b->order[b->nr++] = order;
	if (!GCH_EXPECT(test, order <= want && order >= min_order,
			"%llu bytes left: order %u, not %d", limit - held,
			order, want))
		return false;
	/* A smaller block is right if memory is fragmented. */
	if (order < want) {
		arena_put(heap, b, b->nr - 1);
		return GCH_EXPECT(test, !is_there(heap, want),
				  "%llu bytes left: order %u, though there is %d",
				  limit - held, order, want);
	}
	return GCH_EXPECT(test, IS_ALIGNED((unsigned long)addr,
					   PAGE_SIZE << order) &&
			  atomic64_read(&heap->held) ==
			  held + (PAGE_SIZE << order),
			  "an arena of order %u is not aligned or not counted",
			  order);
}

static bool arenas_are_counted(struct kunit *test, struct gch_heap *heap,
			       const struct blocks *b)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < b->nr; i++)
		bytes += PAGE_SIZE << b->order[i];
	/* Any other held memory was there from the beginning. */
	return GCH_EXPECT(test, atomic64_read(&heap->held) ==
			  bytes + atomic64_read(&heap->kept) &&
			  atomic64_read(&heap->kept) == b->kept &&
			  atomic64_read(&heap->arenas) == b->nr,
			  "%u arenas of %llu bytes are counted as %lld of %lld",
			  b->nr, bytes, atomic64_read(&heap->arenas),
			  atomic64_read(&heap->held));
}

static void test_arenas(struct kunit *test)
{
	const u64 limit = SZ_1M + SZ_256K + SZ_64K + SZ_4K;
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_LIMIT) | BIT(GCH_KEY_ARENA_ORDER),
		.val[GCH_KEY_LIMIT] = limit,
		.val[GCH_KEY_ARENA_ORDER] = GCH_ORDER(SZ_512K),
	};
	unsigned int i, n = gch_kunit_rounds(500);
	struct gch_kunit_random r;
	struct gch_heap *heap;
	struct blocks *b;

	gch_kunit_seed(test, &r);
	b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	heap = gch_kunit_heap(test, &cfg);
	b->kept = atomic64_read(&heap->kept);
	for (i = 0; i < n; i++) {
		bool get = b->nr < ARENAS_MAX &&
			   (!b->nr || gch_kunit_below(&r, 3));

		if (get && !arena_get(test, heap, b, limit,
				      gch_kunit_below(&r, 10)))
			break;
		if (!get)
			arena_put(heap, b, gch_kunit_below(&r, b->nr));
		if (!arenas_are_counted(test, heap, b))
			break;
	}
	while (b->nr)
		arena_put(heap, b, 0);
	arenas_are_counted(test, heap, b);
	gch_kunit_heap_end(test, heap);
}

/* The limit may be reached, but not exceeded by a byte. */
static void test_limit(struct kunit *test)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_SLAB,
		.set = BIT(GCH_KEY_LIMIT),
		.val[GCH_KEY_LIMIT] = 10000,
	};
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);

	KUNIT_EXPECT_TRUE(test, gch_limit_allows(heap, 10000));
	KUNIT_EXPECT_FALSE(test, gch_limit_allows(heap, 10001));
	KUNIT_EXPECT_FALSE(test, gch_charge(heap, 10001));
	KUNIT_EXPECT_TRUE(test, gch_charge(heap, 9999));
	KUNIT_EXPECT_FALSE(test, gch_charge(heap, 2));
	KUNIT_EXPECT_TRUE(test, gch_charge(heap, 1));
	KUNIT_EXPECT_FALSE(test, gch_charge(heap, 1));
	KUNIT_EXPECT_TRUE(test, gch_limit_allows(heap, 0));
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->held), 10000);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->peak_held), 10000);
	gch_uncharge(heap, 10000);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->held), 0);
	KUNIT_EXPECT_NULL(test, gch_pages_get(heap, 2, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->held), 0);
	gch_kunit_heap_end(test, heap);
}

static bool over_is(struct kunit *test, struct gch_heap *heap, u64 times,
		    u64 max, bool now)
{
	struct gch_stats a, b;

	gch_heap_stats(heap, &a);
	do {
		gch_heap_stats(heap, &b);
	} while (now && b.over_limit_ns == a.over_limit_ns);
	return GCH_EXPECT(test, b.over_limit == times &&
			  b.over_limit_max_bytes == max,
			  "%llu times, by %llu bytes at most", b.over_limit,
			  b.over_limit_max_bytes) &&
	       GCH_EXPECT(test, now || b.over_limit_ns == a.over_limit_ns,
			  "from %llu to %llu ns", a.over_limit_ns,
			  b.over_limit_ns);
}

/*
 * Statistics of memory held beyond the soft limit: how often, how much, and for how
 * long.
 */
static void test_over(struct kunit *test)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_MEMORY_LIMIT) | BIT(GCH_KEY_LIMIT),
		.val[GCH_KEY_MEMORY_LIMIT] = SZ_64M,
		.val[GCH_KEY_LIMIT] = SZ_256M,
	};
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	size_t room = SZ_64M - atomic64_read(&heap->held);

	KUNIT_ASSERT_TRUE(test, gch_charge(heap, room));
	over_is(test, heap, 0, 0, false);
	/* The hard limit refuses this, so it was never held. */
	KUNIT_EXPECT_FALSE(test, gch_charge(heap, SZ_256M));
	KUNIT_ASSERT_TRUE(test, gch_charge(heap, 1));
	over_is(test, heap, 1, 1, true);
	KUNIT_ASSERT_TRUE(test, gch_charge(heap, 4095));
	over_is(test, heap, 1, 4096, true);
	gch_uncharge(heap, 4095);
	over_is(test, heap, 1, 4096, true);
	gch_uncharge(heap, 1);
	over_is(test, heap, 1, 4096, false);
	KUNIT_ASSERT_TRUE(test, gch_charge(heap, 100));
	over_is(test, heap, 2, 4096, true);
	/* The limit may move instead of the held memory. */
	GCH_MUST(test, gch_heap_tune(heap, GCH_KEY_MEMORY_LIMIT, SZ_128M,
				     NULL));
	over_is(test, heap, 2, 4096, false);
	/* This requests a cycle, which would hold buffers as well. */
	mutex_lock(&heap->cycle_lock);
	GCH_MUST(test, gch_heap_tune(heap, GCH_KEY_MEMORY_LIMIT, SZ_32M,
				     NULL));
	over_is(test, heap, 3, SZ_32M + 100, true);
	GCH_MUST(test, gch_heap_tune(heap, GCH_KEY_MEMORY_LIMIT, 0, NULL));
	over_is(test, heap, 3, SZ_32M + 100, false);
	mutex_unlock(&heap->cycle_lock);
	gch_uncharge(heap, room + 100);
	gch_kunit_heap_end(test, heap);
}

static void take_arena(struct kunit *test, struct gch_heap *heap, size_t bytes)
{
	unsigned int order = GCH_ORDER(SZ_2M);
	void *addr = gch_arena_get(heap, 0, &order);

	GCH_EXPECT(test, addr, "no arena");
	GCH_EXPECT(test, PAGE_SIZE << order == bytes, "%lu bytes, not %zu",
		   PAGE_SIZE << order, bytes);
	if (addr)
		gch_arena_put(heap, addr, order);
}

/* Beyond the soft limit only a small block is taken. */
static void test_soft_piece(struct kunit *test)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_MEMORY_LIMIT),
		.val[GCH_KEY_MEMORY_LIMIT] = SZ_64M,
	};
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	size_t room = SZ_64M - atomic64_read(&heap->held);

	KUNIT_ASSERT_TRUE(test, gch_charge(heap, room - SZ_1M));
	take_arena(test, heap, SZ_1M);
	KUNIT_EXPECT_TRUE(test, gch_charge(heap, SZ_1M));
	take_arena(test, heap, GCH_SOFT_PIECE);
	gch_uncharge(heap, room);
	gch_kunit_heap_end(test, heap);
}

/* Allocates pages with an injected failure, if the kernel supports it. */
static void *denied_pages(struct gch_heap *heap)
{
	void *pages;

#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, 1);
#endif
	pages = gch_pages_get(heap, 3, GFP_NOWAIT);
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, 0);
#endif
	return pages;
}

/* Memory that was refused never counts as held. */
static void test_denied(struct kunit *test)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_SLAB,
		.set = BIT(GCH_KEY_LIMIT),
	};
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	void *pages = denied_pages(heap);

	if (pages)
		gch_pages_put(heap, pages, 3);
	else
		KUNIT_EXPECT_EQ(test, atomic64_read(&heap->peak_held), 0);
	/* Larger than any allocation. */
	KUNIT_EXPECT_NULL(test, gch_memory_get(heap, SZ_4G));
	KUNIT_EXPECT_LE(test, atomic64_read(&heap->peak_held),
			pages ? PAGE_SIZE << 3 : 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->held), 0);
	gch_kunit_heap_end(test, heap);
}

/* A request is repeated at once if there is room, otherwise after a collection. */
static void test_room(struct kunit *test)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_PYTHON,
		.set = BIT(GCH_KEY_LIMIT),
		.val[GCH_KEY_LIMIT] = SZ_1M,
	};
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	unsigned int tries = 0;

	KUNIT_EXPECT_TRUE(test, gch_memory_room(heap, SZ_1M, &tries));
	KUNIT_EXPECT_EQ(test, gch_cycles_ended(heap), 0);
	/* Refused although there is room: the system has no memory. */
	KUNIT_EXPECT_FALSE(test, gch_memory_room(heap, SZ_1M, &tries));
	KUNIT_EXPECT_EQ(test, gch_cycles_ended(heap), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->limit_hits), 0);
	tries = 0;
	KUNIT_EXPECT_FALSE(test, gch_memory_room(heap, SZ_1M + 1, &tries));
	KUNIT_EXPECT_EQ(test, gch_cycles_ended(heap), 2);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->limit_hits), 1);
	gch_kunit_heap_end(test, heap);
}

/* Each watcher sees the peaks of its own time; the heap has those of its lifetime. */
static void test_peaks(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_SLAB };
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	struct gch_peaks early, late, total;

	KUNIT_ASSERT_TRUE(test, gch_charge(heap, 9000));
	gch_uncharge(heap, 8000);
	gch_peaks_begin(heap, &early);
	KUNIT_ASSERT_TRUE(test, gch_charge(heap, 4000));
	gch_peaks_begin(heap, &late);
	gch_uncharge(heap, 3000);
	gch_peaks_end(heap, &early);
	KUNIT_ASSERT_TRUE(test, gch_charge(heap, 5000));
	gch_uncharge(heap, 7000);
	gch_peaks_end(heap, &late);
	KUNIT_EXPECT_EQ(test, early.held_bytes, 5000);
	KUNIT_EXPECT_EQ(test, late.held_bytes, 7000);
	gch_peaks_begin(heap, &late);
	gch_peaks_end(heap, &late);
	KUNIT_EXPECT_EQ(test, late.held_bytes, 0);
	gch_peaks_total(heap, &total);
	KUNIT_EXPECT_EQ(test, total.held_bytes, 9000);
	gch_kunit_heap_end(test, heap);
}

/*
 * The census of the collection with the most held memory; none without a collection.
 */
static void test_census(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_GO };
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	struct gch_stats stats;
	struct gch_peaks peaks;
	u64 held;

	gch_heap_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.reachable_bytes, GCH_UNKNOWN);
	KUNIT_EXPECT_EQ(test, stats.waiting_bytes, GCH_UNKNOWN);
	held = stats.held_bytes;
	gch_peaks_begin(heap, &peaks);
	gch_peaks_end(heap, &peaks);
	KUNIT_EXPECT_EQ(test, peaks.census.reachable_bytes, GCH_UNKNOWN);
	gch_peaks_begin(heap, &peaks);
	KUNIT_ASSERT_TRUE(test, gch_charge(heap, 1 << 20));
	gch_take_census(heap, 5000, 3000);
	gch_uncharge(heap, 1 << 20);
	gch_take_census(heap, 6000, 1000);
	gch_peaks_end(heap, &peaks);
	KUNIT_EXPECT_EQ(test, peaks.census.held_bytes, held + (1 << 20));
	KUNIT_EXPECT_EQ(test, peaks.census.live_bytes, 5000);
	KUNIT_EXPECT_EQ(test, peaks.census.reachable_bytes, 3000);
	gch_kunit_heap_end(test, heap);
}

/* An engine's counts from other instants are capped by the held memory. */
static void test_census_cut(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_GO };
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	struct gch_stats stats;
	struct gch_peaks peaks;
	u64 held;

	gch_peaks_begin(heap, &peaks);
	KUNIT_ASSERT_TRUE(test, gch_charge(heap, 1 << 20));
	held = atomic64_read(&heap->held);
	gch_take_census(heap, held + 3000, held - 1000);
	gch_peaks_end(heap, &peaks);
	KUNIT_EXPECT_EQ(test, peaks.held_bytes, held);
	KUNIT_EXPECT_EQ(test, peaks.census.held_bytes, held);
	KUNIT_EXPECT_EQ(test, peaks.census.live_bytes, held);
	KUNIT_EXPECT_EQ(test, peaks.census.reachable_bytes, held - 1000);
	gch_heap_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.garbage_max_bytes, 1000);
	gch_uncharge(heap, 1 << 20);
	gch_kunit_heap_end(test, heap);
}

/* Memory for a snapshot counts against the limit for snapshots. */
static void test_snap_memory(struct kunit *test)
{
	unsigned long before = gch_snap_pages_used();
	size_t most = (u64)totalram_pages() * PAGE_SIZE;
	void *mem = gch_snap_memory(SZ_1M);

	if (GCH_EXPECT(test, mem, "no memory")) {
		KUNIT_EXPECT_EQ(test, gch_snap_pages_used(),
				before + SZ_1M / PAGE_SIZE);
		gch_snap_memory_free(mem, SZ_1M);
	}
	KUNIT_EXPECT_NULL(test, gch_snap_memory(most / 8));
	KUNIT_EXPECT_EQ(test, gch_snap_pages_used(), before);
}

#define HASH_MAX	5000U
/* Longest chain of a bucket; the expected maximum is about 6. */
#define CHAIN_MAX	16U

struct hashed {
	struct gch_hash_node hash;
	u64 key;
	bool in;
};

static struct hashed *lookup(struct gch_hash *h, u64 key)
{
	struct hashed *e;

	hlist_for_each_entry(e, gch_hash_bucket(h, hash_64(key, 32)), hash.node)
		if (e->key == key)
			return e;
	return NULL;
}

static unsigned int chain(struct gch_hash *h, u64 key)
{
	struct gch_hash_node *n;
	unsigned int nr = 0;

	hlist_for_each_entry(n, gch_hash_bucket(h, hash_64(key, 32)), node)
		nr++;
	return nr;
}

/*
 * A lookup finds each node while it is in the table, and no other; chains are short.
 */
static bool hash_is_right(struct kunit *test, struct gch_hash *h,
			  struct hashed *e, unsigned int nr, unsigned int in)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!GCH_EXPECT(test, lookup(h, e[i].key) ==
				(e[i].in ? &e[i] : NULL), "key %u of %u", i, in) ||
		    !GCH_EXPECT(test, chain(h, e[i].key) <= CHAIN_MAX,
				"%u entries in a chain, %u of %u",
				chain(h, e[i].key), i, in))
			return false;
	return GCH_EXPECT(test, h->entries == in && h->buckets <= 2 * in + 2,
			  "%u entries, not %u; %u buckets", h->entries, in,
			  h->buckets);
}

static void hash_flip(struct kunit *test, struct gch_hash *h, struct hashed *e)
{
	if (e->in)
		gch_hash_del(h, &e->hash);
	else
		GCH_MUST(test, gch_hash_add(h, &e->hash, hash_64(e->key, 32)));
	e->in = !e->in;
}

/*
 * The table grows and shrinks with its nodes, and its memory is charged to the heap.
 */
static void test_hash(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_SLAB };
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	struct hashed *e = vzalloc(HASH_MAX * sizeof(*e));
	struct gch_kunit_random r;
	struct gch_hash h;
	unsigned int i, in = 0;

	gch_hash_init(&h, heap);
	gch_kunit_seed(test, &r);
	for (i = 0; e && i < HASH_MAX; i++)
		e[i].key = gch_kunit_random(&r);
	for (i = 0; e && i < 4 * HASH_MAX; i++) {
		/* First insertions, then removals. */
		u32 at = gch_kunit_below(&r, HASH_MAX);

		if (e[at].in == (i >= 2 * HASH_MAX)) {
			in += e[at].in ? -1 : 1;
			hash_flip(test, &h, &e[at]);
		}
		if (!(i % (HASH_MAX / 2)) &&
		    !hash_is_right(test, &h, e, HASH_MAX, in))
			break;
	}
	KUNIT_EXPECT_GT(test, atomic64_read(&heap->kept), 0);
	for (i = 0; e && i < HASH_MAX; i++)
		if (e[i].in)
			hash_flip(test, &h, &e[i]);
	KUNIT_EXPECT_EQ(test, h.entries, 0);
	gch_hash_exit(&h);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->held), 0);
	vfree(e);
	gch_kunit_heap_end(test, heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_denied),
	KUNIT_CASE(test_room),
	KUNIT_CASE(test_peaks),
	KUNIT_CASE(test_census),
	KUNIT_CASE(test_census_cut),
	KUNIT_CASE(test_snap_memory),
	KUNIT_CASE(test_hash),
	KUNIT_CASE(test_types),
	KUNIT_CASE(test_tables),
	KUNIT_CASE(test_arenas),
	KUNIT_CASE(test_limit),
	KUNIT_CASE(test_over),
	KUNIT_CASE(test_soft_piece),
	{}
};

struct kunit_suite gch_kunit_core = {
	.name = "gcheap_core",
	.test_cases = cases,
};
