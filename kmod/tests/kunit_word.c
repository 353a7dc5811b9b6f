// SPDX-License-Identifier: GPL-2.0
/* Packed words: no field may corrupt another. */
#include "kunit.h"

#include <linux/limits.h>

#include "go/ref.h"
#include "go/state.h"
#include "python/python.h"

#define GENS_MAX	(U32_MAX >> STATE_SHIFT)

/* Sweep generation, barrier and phase of a heap of the Go engine. */
static void test_state(struct kunit *test)
{
	static const u32 gens[] = { 0, 1, 2, GENS_MAX / 2, GENS_MAX - 1,
				    GENS_MAX };
	const unsigned int phases = PHASE_STOP + 1;
	unsigned int i, n, phase, barrier;

	for (i = 0; i < ARRAY_SIZE(gens); i++) {
		for (n = 0; n < phases * (GCHEAP_BARRIER_DIJKSTRA + 1); n++) {
			u32 state = gens[i] << STATE_SHIFT;

			phase = n % phases;
			barrier = n / phases;
			state |= barrier << STATE_PHASE_BITS | phase;
			KUNIT_EXPECT_EQ(test, STATE_PHASE(state), phase);
			KUNIT_EXPECT_EQ(test, STATE_BARRIER(state), barrier);
			KUNIT_EXPECT_EQ(test, STATE_GEN(state), gens[i]);
		}
	}
}

static bool meta_is_right(struct kunit *test, u32 meta, u32 value,
			  unsigned int gen)
{
	const u32 others = (u32)~(GCH_PY_META_VALUE | GCH_PY_META_GEN);
	u32 new = gch_py_with_gen(gch_py_with_value(meta, value), gen);

	return GCH_EXPECT(test, gch_py_value(new) == value &&
			  gch_py_gen(new) == gen &&
			  !((new ^ meta) & others) &&
			  new == gch_py_with_value(gch_py_with_gen(meta, gen),
						   value),
			  "value %u and generation %u put into %#x give %#x",
			  value, gen, meta, new);
}

/* Flags, generation and gc_refs of an object of the Python engine. */
static void test_meta(struct kunit *test)
{
	static const u32 flags[] = {
		GCH_PY_META_USED, GCH_PY_META_COLLECTING, GCH_PY_META_REACHED,
		GCH_PY_META_POISONED, GCH_PY_META_GEN, GCH_PY_META_VALUE,
	};
	unsigned int i, n = gch_kunit_rounds(100000);
	struct gch_kunit_random r;
	u32 all = 0;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		KUNIT_EXPECT_EQ(test, all & flags[i], 0);
		all |= flags[i];
	}
	KUNIT_EXPECT_EQ(test, all, U32_MAX);
	gch_kunit_seed(test, &r);
	for (i = 0; i < n; i++)
		if (!meta_is_right(test, gch_kunit_random(&r),
				   gch_kunit_below(&r, GCH_PY_META_MAX + 1),
				   gch_kunit_below(&r, 4)))
			return;
	meta_is_right(test, U32_MAX, 0, 0);
	meta_is_right(test, 0, GCH_PY_META_MAX, GCH_PY_UNTRACKED);
	/* The link of a queue is a block number plus one. */
	KUNIT_EXPECT_LT(test, GCH_PY_POOL_MAX / GCH_PY_ALIGN + 1,
			GCH_PY_META_MAX);
}

/* Tags in references of the Go engine, and the address without them. */
static void test_tags(struct kunit *test)
{
	static const unsigned long tags[] = {
		SPAN_INLINE16, SPAN_INLINE64, SPAN_OTHER, SPAN_LARGE,
	};
	unsigned long addr = 0xffff888012345678UL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		KUNIT_EXPECT_EQ(test, ref_addr(addr | tags[i]), addr);
		KUNIT_EXPECT_EQ(test, ref_addr(addr | tags[i] | REF_GRAY), addr);
		KUNIT_EXPECT_EQ(test, (addr | tags[i] | REF_GRAY) & TAG_MASK,
				tags[i]);
		KUNIT_EXPECT_EQ(test, is_inline_ref(addr | tags[i] | REF_GRAY),
				i < 2);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_state),
	KUNIT_CASE(test_meta),
	KUNIT_CASE(test_tags),
	{}
};

struct kunit_suite gch_kunit_word = {
	.name = "gcheap_word",
	.test_cases = cases,
};
