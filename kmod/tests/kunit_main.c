// SPDX-License-Identifier: GPL-2.0
/*
 * gcheap_kunit.ko: KUnit suites for behaviour that the kernel API does not show
 *
 * Random tests report their seed; the parameter seed= repeats a run. A test stops at
 * the first failure, because later ones mean nothing, and always cleans up: it
 * asserts only before it has begun.
 */
#include "kunit.h"

#include <linux/err.h>
#include <linux/module.h>
#include <linux/random.h>

#include "compat.h"

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the random tests; 0 draws one for each");

static unsigned int times = 1;
module_param(times, uint, 0444);
MODULE_PARM_DESC(times, "how many times as long as usual random tests take");

/**
 * gch_kunit_seed - begins a random test
 * @test: the test, whose log gets the seed
 * @r: the generator to set up
 */
void gch_kunit_seed(struct kunit *test, struct gch_kunit_random *r)
{
	r->seed = seed ?: get_random_u64() >> 1 ?: 1;
	r->state = r->seed;
	kunit_info(test, "seed=%llu\n", r->seed);
}

/**
 * gch_kunit_random - next random number (splitmix64)
 * @r: the generator
 *
 * Return: 64 bits.
 */
u64 gch_kunit_random(struct gch_kunit_random *r)
{
	u64 z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/**
 * gch_kunit_rounds - number of rounds of a random test
 * @usual: rounds for a run of about a second
 *
 * Return: the number.
 */
unsigned int gch_kunit_rounds(unsigned int usual)
{
	return usual * clamp(times, 1U, 10000U);
}

/**
 * gch_kunit_heap - makes a heap for a test; ends the test if that fails
 * @test: the test
 * @cfg: its settings
 *
 * Return: the heap, for gch_kunit_heap_end().
 */
struct gch_heap *gch_kunit_heap(struct kunit *test,
				const struct gch_config *cfg)
{
	struct gch_heap *heap = gch_heap_create("t-kunit", cfg, NULL);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(heap), "no heap: %ld",
			       PTR_ERR(heap));
	return heap;
}

/**
 * gch_kunit_heap_end - deletes a test's heap, which must be sound
 * @test: the test
 * @heap: the heap; without mutators
 */
void gch_kunit_heap_end(struct kunit *test, struct gch_heap *heap)
{
	struct gch_stats stats;

	GCH_MUST(test, gch_heap_validate(heap));
	gch_heap_stats(heap, &stats);
	GCH_EXPECT(test, !stats.verify_errors, "%llu verification errors",
		   stats.verify_errors);
	GCH_MUST(test, gch_heap_delete(heap, NULL));
	gch_heap_put(heap);
}

/**
 * gch_kunit_mutator - attaches to a test's heap; ends the test if that fails
 * @test: the test
 * @heap: the heap; deleted if that fails
 * @slots: size of the frame
 *
 * Return: the mutator.
 */
struct gch_mutator *gch_kunit_mutator(struct kunit *test,
				      struct gch_heap *heap, unsigned int slots)
{
	struct gch_mutator *m = gch_mutator_attach(heap, slots);

	if (IS_ERR(m))
		gch_kunit_heap_end(test, heap);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(m), "no mutator: %ld", PTR_ERR(m));
	return m;
}

kunit_test_suites(&gch_kunit_sizeclass, &gch_kunit_hist, &gch_kunit_pacer,
		  &gch_kunit_word, &gch_kunit_core, &gch_kunit_pages,
		  &gch_kunit_span, &gch_kunit_cache, &gch_kunit_pool,
		  &gch_kunit_graph, &gch_kunit_work, &gch_kunit_young,
		  &gch_kunit_death, &gch_kunit_kept, &gch_kunit_pace,
		  &gch_kunit_worker, &gch_kunit_final);

MODULE_IMPORT_NS(GCH_KUNIT_NS);
MODULE_DESCRIPTION("KUnit tests of the insides of garbage-collected heaps");
MODULE_LICENSE("GPL");
