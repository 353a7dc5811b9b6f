// SPDX-License-Identifier: GPL-2.0
/*
 * Figures computed from counters read at two instants, where the later value may be
 * the smaller one. The tests write such counters themselves.
 */
#include "kunit.h"

#include <linux/err.h>
#include <linux/sizes.h>

#include "go/go.h"

/* A difference to it is never a small number. */
#define FAR_AHEAD	BIT_ULL(40)

static struct gch_heap *open(struct kunit *test, unsigned int engine)
{
	struct gch_config cfg = {
		.engine = engine,
		.set = engine == GCHEAP_ENGINE_GO ? BIT(GCH_KEY_GOGC) : 0,
	};

	return gch_kunit_heap(test, &cfg);
}

/* More pages seem free than were held just before: then nothing is in use. */
static void test_in_use(struct kunit *test)
{
	struct gch_heap *heap = open(test, GCHEAP_ENGINE_GO);
	struct gch_go_heap *h = to_go(heap);

	h->mheap.free_pages += FAR_AHEAD >> GCH_GO_PAGE_SHIFT;
	GCH_MUST(test, gch_collect(heap, 2));
	h->mheap.free_pages -= FAR_AHEAD >> GCH_GO_PAGE_SHIFT;
	GCH_EXPECT(test, !h->gcc.in_use, "%llu bytes in use in an empty heap",
		   h->gcc.in_use);
	gch_kunit_heap_end(test, heap);
}

/*
 * Another task has read the CPU time of collections later, but recorded it earlier.
 */
static void test_limiter(struct kunit *test)
{
	struct gch_heap *heap = open(test, GCHEAP_ENGINE_GO);
	struct gch_go_heap *h = to_go(heap);

	h->gcc.limiter_time = 0;
	h->gcc.limiter_gc = FAR_AHEAD;
	GCH_MUST(test, gch_collect(heap, 2));
	GCH_EXPECT(test, !h->gcc.limiter_on, "no time at all was too much");
	GCH_EXPECT(test, h->gcc.limiter_gc >= FAR_AHEAD, "the time went back to %llu",
		   h->gcc.limiter_gc);
	gch_kunit_heap_end(test, heap);
}

/* Memory besides objects grows between the two reads. */
static void test_slab_peak(struct kunit *test)
{
	static const struct gch_type_desc desc = { .name = "peak", .bytes = 64 };
	struct gch_heap *heap = open(test, GCHEAP_ENGINE_SLAB);
	struct gch_mutator *m = gch_kunit_mutator(test, heap, 1);
	struct gch_type *type = gch_type_register(heap, &desc, NULL);

	if (GCH_EXPECT(test, !IS_ERR(type), "no type")) {
		atomic64_add(SZ_1G, &heap->kept);
		GCH_MUST(test, gch_alloc(m, 0, type));
		atomic64_sub(SZ_1G, &heap->kept);
		GCH_EXPECT(test, (u64)atomic64_read(&heap->peak_live) < SZ_1M,
			   "a peak of %llu bytes with an object of 64",
			   (u64)atomic64_read(&heap->peak_live));
		GCH_MUST(test, gch_free(m, 0));
	}
	gch_mutator_detach(m);
	gch_kunit_heap_end(test, heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_in_use),
	KUNIT_CASE(test_limiter),
	KUNIT_CASE(test_slab_peak),
	{}
};

struct kunit_suite gch_kunit_pace = {
	.name = "gcheap_pace",
	.test_cases = cases,
};
