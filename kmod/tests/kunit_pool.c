// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks, pools and arenas of the Python engine, compared with a mirror: after every
 * step the mirror knows which pool serves the next request of a class, in which arena
 * a new pool begins, and which arena is released. The mirror follows the rules of
 * CPython's obmalloc.c, with arrays in place of the engine's lists.
 */
#include "kunit.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "python/gc.h"
#include "python/gil.h"
#include "python/layout.h"
#include "python/obmalloc.h"

#define ARENAS_MAX	12
#define POOLS_MAX	16
#define BLOCKS_MAX	6000
#define ALL_POOLS	(ARENAS_MAX * POOLS_MAX)

/**
 * struct pool - a pool in use
 * @class: its size class; -1 if it is not in use
 * @used: blocks in use
 * @capacity: blocks it has room for
 * @tracked: blocks of generation 0
 */
struct pool {
	int class;
	unsigned int used;
	unsigned int capacity;
	unsigned int tracked;
};

/**
 * struct arena - an arena
 * @base: its address; NULL for none
 * @carved: pools that have been in use
 * @nr_free: pools not in use
 * @nr_spare: free pools that have been in use
 * @spare: numbers of these pools, a stack
 * @pool: its pools
 */
struct arena {
	void *base;
	unsigned int carved;
	unsigned int nr_free;
	unsigned int nr_spare;
	unsigned int spare[POOLS_MAX];
	struct pool pool[POOLS_MAX];
};

struct block {
	struct gch_py_object *obj;
	unsigned int class;
	unsigned int gen;
};

/**
 * struct mirror - expected state of the heap
 * @h: the heap
 * @type: type of all objects
 * @r: random number generator of the steps
 * @order: page order of an arena
 * @nr_pools: pools of an arena
 * @nr_idle: arenas without a pool in use
 * @arena: the arenas
 * @nr_usable: pools with free blocks, per class
 * @usable: numbers of these pools, per class; the first is used next
 * @nr_emptied: pools that a collection emptied
 * @emptied: numbers of these pools, a stack
 * @nr: number of blocks in use
 * @block: these blocks
 */
struct mirror {
	struct gch_py_heap *h;
	struct gch_type *type;
	struct gch_kunit_random r;
	unsigned int order;
	unsigned int nr_pools;
	unsigned int nr_idle;
	struct arena arena[ARENAS_MAX];
	unsigned int nr_usable[GCH_PY_CLASSES];
	u16 usable[GCH_PY_CLASSES][ALL_POOLS];
	unsigned int nr_emptied;
	u16 emptied[ALL_POOLS];
	unsigned int nr;
	struct block block[BLOCKS_MAX];
};

/* ---- the mirror ---- */

static struct pool *nth_pool(struct mirror *m, unsigned int n)
{
	return &m->arena[n / POOLS_MAX].pool[n % POOLS_MAX];
}

static void *pool_addr(struct mirror *m, unsigned int n)
{
	return m->arena[n / POOLS_MAX].base + n % POOLS_MAX * m->h->pool_size;
}

static void usable_push(struct mirror *m, unsigned int class, unsigned int n)
{
	u16 *first = m->usable[class];

	memmove(first + 1, first, m->nr_usable[class]++ * sizeof(*first));
	*first = n;
}

static void usable_remove(struct mirror *m, unsigned int class, unsigned int n)
{
	u16 *first = m->usable[class];
	unsigned int i;

	for (i = 0; i < m->nr_usable[class]; i++) {
		if (first[i] != n)
			continue;
		m->nr_usable[class]--;
		memmove(first + i, first + i + 1,
			(m->nr_usable[class] - i) * sizeof(*first));
		return;
	}
}

/* Smallest number of free pools in an arena that has some; 0 for none. */
static unsigned int fewest_free(const struct mirror *m)
{
	unsigned int i, fewest = 0;

	for (i = 0; i < ARENAS_MAX; i++) {
		unsigned int n = m->arena[i].base ? m->arena[i].nr_free : 0;

		if (n && (!fewest || n < fewest))
			fewest = n;
	}
	return fewest;
}

static int arena_of(const struct mirror *m, const void *addr)
{
	unsigned int i;

	for (i = 0; i < ARENAS_MAX; i++)
		if (m->arena[i].base && addr >= m->arena[i].base &&
		    addr < m->arena[i].base + (PAGE_SIZE << m->order))
			return i;
	return -1;
}

static u32 align16(u32 n)
{
	return DIV_ROUND_UP(n, 16) * 16;
}

/*
 * Blocks behind a header and one word each; the first pool also holds the arena's
 * header.
 */
static unsigned int capacity(const struct gch_py_heap *h, unsigned int class,
			     bool first)
{
	u32 room = h->pool_size, nr = 0;

	if (first)
		room -= align16(sizeof(struct gch_py_arena));
	while (align16(sizeof(struct gch_py_pool) + (nr + 1) * 4) +
	       (nr + 1) * (class + 1) * 16 <= room)
		nr++;
	return nr;
}

/* ---- steps ---- */

/* A new pool must be the one that the rules require. */
static bool pool_begins(struct kunit *test, struct mirror *m,
			unsigned int class, unsigned int fewest, unsigned int n)
{
	struct arena *a = &m->arena[n / POOLS_MAX];
	struct pool *pool = nth_pool(m, n);
	unsigned int next = a->nr_spare ? a->spare[a->nr_spare - 1] : a->carved;

	if (!GCH_EXPECT(test, a->nr_free == fewest,
			"a pool of an arena with %u free pools is taken, another has %u",
			a->nr_free, fewest) ||
	    !GCH_EXPECT(test, n % POOLS_MAX == next && pool->class < 0,
			"pool %u of an arena begins, not %u", n % POOLS_MAX,
			next))
		return false;
	if (a->nr_spare)
		a->nr_spare--;
	else
		a->carved++;
	m->nr_idle -= a->nr_free-- == m->nr_pools;
	*pool = (struct pool){
		.class = class,
		.capacity = capacity(m->h, class, !(n % POOLS_MAX)),
	};
	usable_push(m, class, n);
	return true;
}

/* A block as gch_py_alloc() makes it, but immortal, because nothing refers to it. */
static void fill(struct mirror *m, struct gch_py_object *obj, unsigned int class)
{
	memset(obj, 0xa5, gch_py_class_size(class));
	obj->refcnt = BIT(31);
	obj->info = 0;
	obj->type = m->type;
	m->h->live_bytes += gch_py_class_size(class);
}

static bool get(struct kunit *test, struct mirror *m, unsigned int class)
{
	unsigned int gen = gch_kunit_below(&m->r, 2) ? 0 : GCH_PY_UNTRACKED;
	bool begins = !m->nr_usable[class];
	unsigned int fewest = fewest_free(m), n;
	struct gch_py_object *obj;
	struct pool *pool;
	int arena;

	obj = gch_py_block_get(m->h, class, gen);
	if (begins && !fewest)
		return GCH_EXPECT(test, !obj, "a block out of nowhere");
	arena = arena_of(m, obj);
	if (!GCH_EXPECT(test, obj && arena >= 0, "no block of class %u", class))
		return false;
	n = arena * POOLS_MAX + ((void *)obj - m->arena[arena].base) /
	    m->h->pool_size;
	if (begins && !pool_begins(test, m, class, fewest, n))
		return false;
	if (!GCH_EXPECT(test, m->usable[class][0] == n,
			"class %u is served by pool %u, not %u", class, n,
			m->usable[class][0]))
		return false;
	pool = nth_pool(m, n);
	pool->tracked += !gen;
	if (++pool->used == pool->capacity)
		usable_remove(m, class, n);
	fill(m, obj, class);
	m->block[m->nr++] = (struct block){ obj, class, gen };
	return true;
}

/* Returns a pool to its arena, and releases the arena if another one is idle. */
static void pool_ends(struct mirror *m, unsigned int n)
{
	struct arena *a = &m->arena[n / POOLS_MAX];
	struct pool *pool = nth_pool(m, n);

	usable_remove(m, pool->class, n);
	pool->class = -1;
	a->spare[a->nr_spare++] = n % POOLS_MAX;
	if (++a->nr_free < m->nr_pools)
		return;
	if (m->nr_idle)
		a->base = NULL;
	else
		m->nr_idle++;
}

static void put(struct mirror *m, unsigned int i, bool collecting)
{
	struct block b = m->block[i];
	unsigned int arena = arena_of(m, b.obj), n;
	struct pool *pool;

	n = arena * POOLS_MAX + ((void *)b.obj - m->arena[arena].base) /
	    m->h->pool_size;
	m->h->live_bytes -= gch_py_class_size(b.class);
	gch_py_block_put(m->h, b.obj);
	m->block[i] = m->block[--m->nr];

	pool = nth_pool(m, n);
	pool->tracked -= !b.gen;
	if (pool->used-- == pool->capacity)
		usable_push(m, b.class, n);
	if (pool->used)
		return;
	if (collecting)
		m->emptied[m->nr_emptied++] = n;
	else
		pool_ends(m, n);
}

/* While a collection frees blocks, pools keep their class. */
static void put_many(struct mirror *m, unsigned int nr)
{
	m->h->collecting = true;
	while (nr-- && m->nr)
		put(m, gch_kunit_below(&m->r, m->nr), true);
	m->h->collecting = false;
	gch_py_release_emptied(m->h);
	while (m->nr_emptied)
		pool_ends(m, m->emptied[--m->nr_emptied]);
}

static bool add_arena(struct kunit *test, struct mirror *m)
{
	unsigned int order = UINT_MAX, i;
	struct arena *a;
	void *base;

	for (i = 0; i < ARENAS_MAX && m->arena[i].base; i++)
		;
	if (i == ARENAS_MAX)
		return true;
	gch_py_resume(m->h);
	base = gch_arena_get(&m->h->heap, m->order, &order);
	gch_py_stop(m->h);
	if (!GCH_EXPECT(test, base, "no memory for an arena"))
		return false;
	gch_py_arena_add(m->h, base, order);
	a = &m->arena[i];
	memset(a, 0, sizeof(*a));
	a->base = base;
	a->nr_free = m->nr_pools;
	for (i = 0; i < POOLS_MAX; i++)
		a->pool[i].class = -1;
	m->nr_idle++;
	return true;
}

/* ---- comparing ---- */

static bool usable_is_right(struct kunit *test, struct mirror *m,
			    unsigned int class)
{
	struct gch_py_pool *pool;
	unsigned int i = 0;

	list_for_each_entry(pool, &m->h->used[class], node) {
		if (!GCH_EXPECT(test, i < m->nr_usable[class] && (void *)pool ==
				pool_addr(m, m->usable[class][i]),
				"class %u: pool %u of the list is another one",
				class, i))
			return false;
		i++;
	}
	return GCH_EXPECT(test, i == m->nr_usable[class],
			  "class %u: %u pools in the list, not %u", class, i,
			  m->nr_usable[class]);
}

static unsigned int free_blocks(const struct gch_py_pool *pool)
{
	unsigned int n = pool->nr_blocks - pool->carved;
	void *block;

	for (block = pool->freeblock; block && n <= pool->nr_blocks;
	     block = *(void **)block)
		n++;
	return n;
}

static bool pool_is_right(struct kunit *test, struct mirror *m, unsigned int n)
{
	struct pool *want = nth_pool(m, n);
	struct gch_py_pool *pool = pool_addr(m, n);

	if (want->class < 0)
		return GCH_EXPECT(test, pool->class == GCH_PY_NO_CLASS,
				  "a pool without blocks in use has a class");
	return GCH_EXPECT(test, pool->class == want->class &&
			  pool->nr_blocks == want->capacity,
			  "a pool of class %u has %u blocks, not %d and %u",
			  pool->class, pool->nr_blocks, want->class,
			  want->capacity) &&
	       GCH_EXPECT(test, pool->used == want->used &&
			  free_blocks(pool) == want->capacity - want->used,
			  "a pool of %u has %u in use and %u free, not %u in use",
			  want->capacity, pool->used, free_blocks(pool),
			  want->used) &&
	       GCH_EXPECT(test, pool->nr[0] == want->tracked && !pool->nr[1] &&
			  !pool->nr[2] && !!pool->map[0] >= !!want->tracked,
			  "a pool has %u tracked objects, not %u", pool->nr[0],
			  want->tracked);
}

static bool arenas_are_right(struct kunit *test, struct mirror *m)
{
	unsigned int i, j, nr = 0, listed = 0;
	struct gch_py_arena *arena;

	for (i = 0; i < ARENAS_MAX; i++) {
		struct arena *a = &m->arena[i];

		if (!a->base)
			continue;
		nr++;
		arena = gch_py_arena(m->h, a->base);
		if (!GCH_EXPECT(test, arena->nr_free == a->nr_free &&
				arena->carved == a->carved &&
				arena->nr_pools == m->nr_pools,
				"an arena has %u of %u pools free, not %u",
				arena->nr_free, arena->nr_pools, a->nr_free))
			return false;
		for (j = 0; j < a->carved; j++)
			if (!pool_is_right(test, m, i * POOLS_MAX + j))
				return false;
	}
	list_for_each_entry(arena, &m->h->arenas, node)
		listed++;
	return GCH_EXPECT(test, listed == nr && m->h->nr_idle == m->nr_idle,
			  "%u arenas of which %u are idle, not %u and %u",
			  listed, m->h->nr_idle, nr, m->nr_idle);
}

/* Retired memory is held until it is reaped. */
static bool reaped_is_right(struct kunit *test, struct mirror *m)
{
	unsigned int i, nr = 0;

	gch_py_reap(m->h);
	for (i = 0; i < ARENAS_MAX; i++)
		nr += !!m->arena[i].base;
	return GCH_EXPECT(test, atomic64_read(&m->h->heap.held) -
			  atomic64_read(&m->h->heap.kept) ==
			  nr * (PAGE_SIZE << m->order) &&
			  atomic64_read(&m->h->heap.arenas) == nr,
			  "%lld bytes of %lld arenas are held, not %u",
			  atomic64_read(&m->h->heap.held),
			  atomic64_read(&m->h->heap.arenas), nr);
}

static bool mirror_is_right(struct kunit *test, struct mirror *m)
{
	unsigned int class, i;

	for (class = 0; class < GCH_PY_CLASSES; class++)
		if (!usable_is_right(test, m, class))
			return false;
	for (i = 0; i < m->nr; i++) {
		struct block *b = &m->block[i];
		u32 size = gch_py_class_size(b->class);

		if (!GCH_EXPECT(test, b->obj->refcnt == BIT(31) &&
				b->obj->type == m->type &&
				!memchr_inv(b->obj + 1, 0xa5,
					    size - sizeof(*b->obj)),
				"a block of %u bytes was overwritten", size))
			return false;
	}
	return arenas_are_right(test, m) && reaped_is_right(test, m);
}

/* ---- tests ---- */

/* Few classes, so that pools fill up; the share of blocks kept varies. */
static bool batch(struct kunit *test, struct mirror *m)
{
	unsigned int i, gets = 1 + gch_kunit_below(&m->r, 9);
	unsigned int classes = m->h->small_max / GCH_PY_ALIGN;
	unsigned int few = gch_kunit_below(&m->r, 2) ? 3 : classes;

	for (i = 0; i < 400; i++) {
		unsigned int class = classes - 1 - gch_kunit_below(&m->r, few);

		if (gch_kunit_below(&m->r, 10) < gets) {
			if (!m->nr_usable[class] && !fewest_free(m) &&
			    (!get(test, m, class) || !add_arena(test, m)))
				return false;
			if (m->nr < BLOCKS_MAX && !get(test, m, class))
				return false;
		} else if (m->nr) {
			put(m, gch_kunit_below(&m->r, m->nr), false);
		}
	}
	if (!gch_kunit_below(&m->r, 5))
		put_many(m, gch_kunit_below(&m->r, 2) ? m->nr :
			    gch_kunit_below(&m->r, m->nr + 1));
	if (!gch_kunit_below(&m->r, 8) && !add_arena(test, m))
		return false;
	return mirror_is_right(test, m);
}

static void empty(struct kunit *test, struct mirror *m)
{
	while (m->nr)
		put(m, gch_kunit_below(&m->r, m->nr), false);
	mirror_is_right(test, m);
	KUNIT_EXPECT_LE(test, m->nr_idle, ARENAS_MAX);
}

static void run(struct kunit *test, struct mirror *m, unsigned int pool_size,
		unsigned int order, unsigned int batches)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_PYTHON,
		.set = BIT(GCH_KEY_POOL_SIZE) | BIT(GCH_KEY_ARENA_ORDER) |
		       BIT(GCH_KEY_SMALL_MAX) | BIT(GCH_KEY_POISON),
		.val[GCH_KEY_POOL_SIZE] = pool_size,
		.val[GCH_KEY_ARENA_ORDER] = order,
		.val[GCH_KEY_SMALL_MAX] = gch_kunit_below(&m->r, 2) ? 256 : 512,
		.val[GCH_KEY_POISON] = gch_kunit_below(&m->r, 2),
	};
	struct gch_type_desc desc = { .name = "block", .bytes = 8 };
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	unsigned int i;
	bool ok;

	m->h = gch_py_heap(heap);
	m->order = order;
	m->nr_pools = (PAGE_SIZE << order) / pool_size;
	m->type = gch_type_register(heap, &desc, NULL);
	ok = GCH_EXPECT(test, !IS_ERR(m->type), "no type");
	for (i = 0; ok && i < batches; i++) {
		gch_py_stop(m->h);
		ok = batch(test, m);
		gch_py_resume(m->h);
		/* Blocks are immortal objects, so validation finds the heap sound. */
		ok = ok && GCH_MUST(test, gch_heap_validate(heap));
	}
	gch_py_stop(m->h);
	if (ok)
		empty(test, m);
	gch_py_resume(m->h);
	gch_kunit_heap_end(test, heap);
}

static void test_random(struct kunit *test)
{
	static const struct {
		unsigned int pool_size;
		unsigned int order;
	} shape[] = {
		{ SZ_4K, 0 }, { SZ_4K, GCH_ORDER(SZ_16K) },
		{ SZ_4K, GCH_ORDER(SZ_64K) }, { SZ_8K, GCH_ORDER(SZ_32K) },
		{ SZ_16K, GCH_ORDER(SZ_16K) }, { SZ_16K, GCH_ORDER(SZ_128K) },
	};
	unsigned int i, n = gch_kunit_rounds(20);
	struct gch_kunit_random r;
	struct mirror *m;

	gch_kunit_seed(test, &r);
	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < ARRAY_SIZE(shape); i++) {
		memset(m, 0, sizeof(*m));
		m->r.state = gch_kunit_random(&r);
		run(test, m, shape[i].pool_size, shape[i].order, n);
		if (test->status == KUNIT_FAILURE)
			break;
	}
}

/* Two mutators without memory each take an arena; the heap adds only one. */
static void test_arena_twice(struct kunit *test)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_PYTHON };
	struct gch_type_desc desc = { .name = "block", .bytes = 8 };
	struct gch_heap *heap = gch_kunit_heap(test, &cfg);
	struct gch_mutator *m[2];
	struct gch_type *type;
	unsigned int i;

	type = gch_type_register(heap, &desc, NULL);
	for (i = 0; i < ARRAY_SIZE(m); i++) {
		m[i] = gch_kunit_mutator(test, heap, 1);
		m[i]->want = 32;
		m[i]->wait = GCH_WAIT_MEMORY;
		GCH_MUST(test, heap->ops->wait(m[i]));
	}
	for (i = 0; i < ARRAY_SIZE(m); i++)
		if (GCH_EXPECT(test, !IS_ERR(type), "no type"))
			GCH_MUST(test, gch_alloc(m[i], 0, type));
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->arenas), 1);
	for (i = 0; i < ARRAY_SIZE(m); i++)
		gch_mutator_detach(m[i]);
	gch_kunit_heap_end(test, heap);
}

static bool shape_is_right(struct kunit *test, const struct gch_py_heap *h,
			   unsigned int class, bool first)
{
	struct gch_py_pool pool = {
		.class = class,
		.recip = 65536 / (class + 1) + 1,
	};
	unsigned int i, n = capacity(h, class, first);

	gch_py_pool_shape(h, class, first, &pool.base, &pool.nr_blocks);
	if (!GCH_EXPECT(test, pool.nr_blocks == n &&
			pool.base == align16(sizeof(pool) + n * 4),
			"class %u, pools of %u: %u blocks from %u on, not %u",
			class, h->pool_size, pool.nr_blocks, pool.base, n))
		return false;
	for (i = 0; i < n; i++)
		if (!GCH_EXPECT(test, gch_py_index(&pool, gch_py_block(&pool, i)) == i,
				"class %u: block %u is taken for another one",
				class, i))
			return false;
	return true;
}

/* Every possible pool: its blocks fit, and one more would not. */
static void test_shapes(struct kunit *test)
{
	struct gch_py_heap *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	unsigned int class, first;
	u32 size;

	KUNIT_ASSERT_NOT_NULL(test, h);
	for (size = GCH_PY_POOL_MIN; size <= GCH_PY_POOL_MAX; size *= 2) {
		h->pool_size = size;
		for (class = 0; class < GCH_PY_CLASSES; class++)
			for (first = 0; first < 2; first++)
				if (!shape_is_right(test, h, class, first))
					return;
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_shapes),
	KUNIT_CASE(test_random),
	KUNIT_CASE(test_arena_twice),
	{}
};

struct kunit_suite gch_kunit_pool = {
	.name = "gcheap_pool",
	.test_cases = cases,
};
