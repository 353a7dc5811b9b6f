// SPDX-License-Identifier: GPL-2.0
/*
 * Objects dropped by a mutator of the Python engine are buried by that mutator, in
 * steps bounded by the clock, and neither by another mutator nor by a collection.
 *
 * The test calls the engine as the core does, because a call of the API settles
 * before it returns.
 */
#include "kunit.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "python/gc.h"
#include "python/gil.h"
#include "python/layout.h"
#include "python/obmalloc.h"

#define CHAIN	20000U
/* Objects of a chain that the dropping call may free. */
#define BEGUN	GCH_PY_CALL_BUDGET
/* Objects that a step may free when its time is already over. */
#define STEP	32U

static const u16 sparse_refs[] = { 0, 2 };

/* Slots: the head of the chain, and the object of the other call. */
enum { HEAD, OTHER, SLOTS };

/**
 * struct dead - a heap, two mutators, and a chain that one of them drops
 * @test: the test
 * @heap: the heap
 * @h: the engine's part of @heap
 * @m: the mutators
 * @type: type of the objects
 */
struct dead {
	struct kunit *test;
	struct gch_heap *heap;
	struct gch_py_heap *h;
	struct gch_mutator *m[2];
	struct gch_type *type;
};

static u64 live(struct dead *d)
{
	struct gch_stats stats;

	gch_heap_stats(d->heap, &stats);
	return stats.live_objects;
}

static bool make_chain(struct dead *d)
{
	u32 i;

	for (i = 0; i < CHAIN; i++) {
		if (!GCH_MUST(d->test, gch_alloc_refs(d->m[0], HEAD, d->type,
						      HEAD, 1)))
			return false;
		cond_resched();
	}
	return GCH_EXPECT(d->test, live(d) == CHAIN,
			  "%llu objects live, not %u", live(d), CHAIN);
}

/* The section of gch_clear(), without settling. */
static bool drop(struct dead *d)
{
	struct gch_mutator *m = d->m[0];
	unsigned int *seq = gch_section_enter();
	int ret = m->ops->assign(m, &m->frame[HEAD], NULL);

	gch_section_leave(seq);
	return GCH_EXPECT(d->test, !ret && m->pending,
			  "a chain was dropped in one section: %d", ret);
}

static void settle(struct dead *d)
{
	struct gch_mutator *m = d->m[0];
	unsigned int *seq = gch_section_enter();
	int ret = m->ops->settle(m);

	gch_section_leave(seq);
	GCH_EXPECT(d->test, !ret, "a step returned %d", ret);
}

/* Only the other mutator's object may have died. */
static bool others_settle_nothing(struct dead *d)
{
	struct gch_mutator *m = d->m[1];
	unsigned int i, gen;

	gch_mutator_yield(d->m[0]);
	for (i = 0; i < 100; i++)
		if (!GCH_MUST(d->test, gch_alloc(m, OTHER, d->type)) ||
		    !GCH_MUST(d->test, gch_clear(m, OTHER)))
			return false;
	if (!GCH_EXPECT(d->test, live(d) >= CHAIN - BEGUN,
			"another mutator settled %llu objects",
			CHAIN - live(d)))
		return false;
	gch_mutator_yield(m);
	for (gen = 0; gen < 3; gen++)
		GCH_MUST(d->test, gch_collect(d->heap, gen));
	return GCH_EXPECT(d->test, live(d) >= CHAIN - BEGUN,
			  "collections buried %llu objects", CHAIN - live(d));
}

static void check_own(struct dead *d)
{
	if (!make_chain(d) || !drop(d) || !others_settle_nothing(d))
		return;
	/* The mutator's next call settles. */
	GCH_MUST(d->test, gch_clear(d->m[0], OTHER));
	GCH_EXPECT(d->test, !live(d), "%llu objects were not settled", live(d));
	GCH_EXPECT(d->test, !d->heap->ops->validate(d->heap), "not sound");
}

static void check_step(struct dead *d)
{
	u64 before;

	if (!make_chain(d))
		return;
	d->h->step_ns = 0;
	if (!drop(d))
		return;
	before = live(d);
	settle(d);
	GCH_EXPECT(d->test, live(d) < before && live(d) >= before - STEP,
		   "a step without time settled %llu objects",
		   before - live(d));
	d->h->step_ns = GCH_PY_STEP_NS;
	GCH_MUST(d->test, gch_clear(d->m[0], OTHER));
	GCH_EXPECT(d->test, !live(d), "%llu objects were not settled", live(d));
}

static void run(struct kunit *test, bool sparse, void (*check)(struct dead *d))
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_PYTHON,
		.set = BIT(GCH_KEY_THRESHOLD0),
	};
	struct gch_type_desc desc = {
		.name = "node",
		.bytes = 32,
		.nr_refs = ARRAY_SIZE(sparse_refs),
		.refs = sparse ? sparse_refs : NULL,
	};
	struct dead d = { .test = test };
	unsigned int i;

	d.heap = gch_kunit_heap(test, &cfg);
	d.h = gch_py_heap(d.heap);
	for (i = 0; i < ARRAY_SIZE(d.m); i++)
		d.m[i] = gch_kunit_mutator(test, d.heap, SLOTS);
	d.type = gch_type_register(d.heap, &desc, NULL);
	if (GCH_EXPECT(test, !IS_ERR(d.type), "no type"))
		check(&d);
	for (i = 0; i < ARRAY_SIZE(d.m); i++)
		gch_mutator_detach(d.m[i]);
	gch_kunit_heap_end(test, d.heap);
}

static void test_own(struct kunit *test)
{
	run(test, false, check_own);
}

static void test_own_sparse(struct kunit *test)
{
	run(test, true, check_own);
}

static void test_step(struct kunit *test)
{
	run(test, false, check_step);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_own),
	KUNIT_CASE(test_own_sparse),
	KUNIT_CASE(test_step),
	{}
};

struct kunit_suite gch_kunit_death = {
	.name = "gcheap_death",
	.test_cases = cases,
};
