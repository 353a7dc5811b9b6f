// SPDX-License-Identifier: GPL-2.0
/*
 * The entries that a snapshot keeps: every place is found with its reference, in a
 * bounded number of steps, for any number of entries and for hashes with equal
 * prefixes.
 *
 * Places are never dereferenced, so any number can be one.
 */
#include "kunit.h"

#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "go/kept.h"

/* Number of hashes that differ only in their last bits. */
#define ALIKE		4096U

struct keeper {
	struct gch_go_kepts *t;
	struct gch_go_kept *kept;
	unsigned int nr;
	u64 steps;
	unsigned int most;
};

static struct gch_go_kept *look(struct keeper *k, void **place,
				struct gch_go_kept_at *at)
{
	struct gch_go_kept *found;

	gch_go_kept_start(k->t, place, at);
	found = gch_go_kept_find(at, place);
	k->steps += at->steps;
	k->most = max(k->most, at->steps);
	return found;
}

static void add(struct keeper *k, void **place)
{
	struct gch_go_kept_at at;

	if (look(k, place, &at))
		return;
	gch_go_kept_add(&at, &k->kept[k->nr], place, ~(unsigned long)place);
	k->nr++;
}

static bool all_found(struct kunit *test, struct keeper *k)
{
	struct gch_go_kept_at at;
	struct gch_go_kept *found;
	unsigned int i;

	k->steps = 0;
	for (i = 0; i < k->nr; i++) {
		void **place = k->kept[i].place;

		found = look(k, place, &at);
		if (!GCH_EXPECT(test, found == &k->kept[i] &&
				found->ref == ~(unsigned long)place,
				"entry %u of %u is not found", i, k->nr))
			return false;
		if (!(i & 0xffff))
			cond_resched();
	}
	return GCH_EXPECT(test, k->most <= GCH_GO_KEPT_DEPTH(k->t->bits),
			  "of %u entries one was behind %u", k->nr, k->most);
}

static void keeper_open(struct kunit *test, struct keeper *k, unsigned int nr)
{
	*k = (struct keeper) { .t = gch_go_kepts_new(0) };
	k->kept = kvcalloc(nr, sizeof(*k->kept), GFP_KERNEL);
	if (k->t && k->kept)
		return;
	kvfree(k->kept);
	gch_go_kepts_free(k->t);
	KUNIT_ASSERT_TRUE_MSG(test, false, "no memory");
}

static void keeper_close(struct keeper *k)
{
	kvfree(k->kept);
	gch_go_kepts_free(k->t);
}

/* Ten times as many entries may cost a few more steps, not ten times as many. */
static void try_random(struct kunit *test, struct gch_kunit_random *r,
		       unsigned int nr)
{
	unsigned int i, more;
	struct keeper k;

	keeper_open(test, &k, nr);
	more = ilog2(nr >> GCH_GO_KEPT_BITS_MIN | 1);
	for (i = 0; i < nr; i++)
		add(&k, (void **)((unsigned long)gch_kunit_random(r) &
				  ~(sizeof(void *) - 1)));
	if (all_found(test, &k))
		GCH_EXPECT(test, k.steps <= (u64)k.nr * (more + 2),
			   "%u entries are behind %llu, in all", k.nr, k.steps);
	keeper_close(&k);
}

static void test_random(struct kunit *test)
{
	unsigned int nr, n = gch_kunit_rounds(400000);
	struct gch_kunit_random r;

	gch_kunit_seed(test, &r);
	for (nr = 1000; nr <= n; nr *= 20)
		try_random(test, &r, nr);
}

/* The factor that turns a hash back into its place. */
static u64 inverse(void)
{
	u64 x = GOLDEN_RATIO_64;
	unsigned int i;

	/* Each step doubles the number of correct bits, from three on. */
	for (i = 0; i < 5; i++)
		x *= 2 - GOLDEN_RATIO_64 * x;
	return x;
}

static void test_alike(struct kunit *test)
{
	u64 back = inverse(), i;
	struct keeper k;

	keeper_open(test, &k, ALIKE);
	for (i = 0; i < ALIKE; i++)
		add(&k, (void **)(unsigned long)((0x5aULL << 56 | i << 3) *
						 back));
	GCH_EXPECT(test, k.nr == ALIKE, "%u places of %u", k.nr, ALIKE);
	all_found(test, &k);
	keeper_close(&k);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_random),
	KUNIT_CASE(test_alike),
	{}
};

struct kunit_suite gch_kunit_kept = {
	.name = "gcheap_kept",
	.test_cases = cases,
};
