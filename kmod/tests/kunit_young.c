// SPDX-License-Identifier: GPL-2.0
/*
 * A young collection of the Python engine visits only young objects, however many old
 * ones are in the heap and in the same pools.
 */
#include "kunit.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "python/gc.h"
#include "python/gil.h"
#include "python/layout.h"
#include "python/obmalloc.h"

/* Number of old objects dropped, each leaving a hole for a young one. */
#define YOUNG		32U
#define PASSES_MAX	8U
#define LARGE_BYTES	1024U

/**
 * struct old - a heap with old objects
 * @test: the test
 * @heap: the heap
 * @h: the engine's part of @heap
 * @m: the mutator
 * @roots: root table of the objects
 * @type: type of all objects
 * @nr: their number
 */
struct old {
	struct kunit *test;
	struct gch_heap *heap;
	struct gch_py_heap *h;
	struct gch_mutator *m;
	struct gch_roots *roots;
	struct gch_type *type;
	u32 nr;
};

static bool add(struct old *o, u32 i)
{
	/* A few objects are large. */
	u32 bytes = i % 8 ? 8 : LARGE_BYTES;

	cond_resched();
	return GCH_MUST(o->test, gch_alloc_var(o->m, 0, o->type, 1, bytes)) &&
	       GCH_MUST(o->test, gch_root_set(o->m, o->roots, i, 0));
}

static bool make_old(struct old *o)
{
	u32 i;

	for (i = 0; i < o->nr; i++)
		if (!add(o, i))
			return false;
	return GCH_MUST(o->test, gch_clear(o->m, 0)) &&
	       GCH_MUST(o->test, gch_collect(o->heap, 2));
}

/* Young objects go where there are holes; each is a cycle of its own. */
static bool make_young(struct old *o)
{
	/* Drops no large ones. */
	u32 i, stride = o->nr / YOUNG & ~7U;

	for (i = 0; i < YOUNG; i++)
		if (!GCH_MUST(o->test, gch_root_clear(o->m, o->roots,
						      i * stride + 1)))
			return false;
	for (i = 0; i < YOUNG; i++)
		if (!GCH_MUST(o->test, gch_alloc_var(o->m, 1 + i, o->type, 1, 8)) ||
		    !GCH_MUST(o->test, gch_store(o->m, 1 + i, 0, 1 + i)))
			return false;
	return true;
}

static u64 looked_at(struct old *o, unsigned int generation)
{
	GCH_MUST(o->test, gch_collect(o->heap, generation));
	return o->h->looked_at;
}

static void check_young(struct old *o)
{
	const u64 most = PASSES_MAX * YOUNG * GCH_PY_GROUP;
	struct gch_stats stats;
	unsigned int gen;
	u32 i;

	if (!make_old(o) || !make_young(o))
		return;
	for (gen = 0; gen < 2; gen++) {
		u64 nr = looked_at(o, gen);

		GCH_EXPECT(o->test, nr >= YOUNG && nr <= most,
			   "a collection of generation %u looked at %llu for %u young objects beside %u old ones",
			   gen, nr, YOUNG, o->nr);
	}
	/* The collection missed none. */
	for (i = 0; i < YOUNG; i++)
		GCH_MUST(o->test, gch_clear(o->m, 1 + i));
	looked_at(o, 2);
	gch_heap_stats(o->heap, &stats);
	GCH_EXPECT(o->test, stats.live_objects == o->nr - YOUNG,
		   "%llu objects live, not %u", stats.live_objects,
		   o->nr - YOUNG);
}

static void run(struct kunit *test, u32 nr)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_PYTHON,
		.set = BIT(GCH_KEY_THRESHOLD0) | BIT(GCH_KEY_VERIFY),
		.val[GCH_KEY_VERIFY] = 1,
	};
	struct gch_type_desc desc = { .name = "node", .flags = GCH_TYPE_VAR };
	struct old o = { .test = test, .nr = nr };

	o.heap = gch_kunit_heap(test, &cfg);
	o.h = gch_py_heap(o.heap);
	o.m = gch_kunit_mutator(test, o.heap, 1 + YOUNG);
	o.type = gch_type_register(o.heap, &desc, NULL);
	o.roots = gch_roots_create(o.heap, nr);
	if (GCH_EXPECT(test, !IS_ERR(o.type) && !IS_ERR(o.roots), "no table"))
		check_young(&o);
	if (!IS_ERR(o.roots))
		gch_roots_destroy(o.m, o.roots);
	gch_mutator_detach(o.m);
	gch_kunit_heap_end(test, o.heap);
}

static void test_few(struct kunit *test)
{
	run(test, 2000);
}

static void test_many(struct kunit *test)
{
	run(test, 20000);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_few),
	KUNIT_CASE(test_many),
	{}
};

struct kunit_suite gch_kunit_young = {
	.name = "gcheap_young",
	.test_cases = cases,
};
