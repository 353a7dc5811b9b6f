// SPDX-License-Identifier: GPL-2.0
/*
 * Histograms: a bucket for every value, with bounded width; percentiles that are
 * upper bounds and at most an eighth too high; and no lost updates when all CPUs add
 * concurrently.
 */
#include "kunit.h"

#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/sort.h>
#include <gcheap/engine.h>

#define EACH_CPU	1000U

static bool bucket_is_right(struct kunit *test, u64 v)
{
	unsigned int b = gch_hist_bucket(v);
	u64 upper;

	if (!GCH_EXPECT(test, b < GCH_HIST_BUCKETS, "%llu is in bucket %u", v,
			b))
		return false;
	upper = gch_hist_upper(b);
	if (!GCH_EXPECT(test, v <= upper && (!b || v > gch_hist_upper(b - 1)),
			"%llu is in bucket %u, which ends at %llu", v, b,
			upper))
		return false;
	/* At most 12.5 % too high. */
	return GCH_EXPECT(test, upper - v <= v / 8,
			  "%llu reads as %llu", v, upper);
}

static void test_edges(struct kunit *test)
{
	unsigned int i;
	u64 v;

	for (v = 0; v < 5000; v++)
		if (!bucket_is_right(test, v))
			return;
	for (i = 0; i < 64; i++)
		for (v = BIT_ULL(i) - 1; v != BIT_ULL(i) + 2; v++)
			if (!bucket_is_right(test, v))
				return;
	bucket_is_right(test, U64_MAX - 1);
	bucket_is_right(test, U64_MAX);
	KUNIT_EXPECT_EQ(test, gch_hist_bucket(0), 0);
	KUNIT_EXPECT_EQ(test, gch_hist_bucket(U64_MAX), GCH_HIST_BUCKETS - 1);
	KUNIT_EXPECT_EQ(test, gch_hist_upper(GCH_HIST_BUCKETS - 1), U64_MAX);
}

static void test_random(struct kunit *test)
{
	unsigned int i, n = gch_kunit_rounds(100000);
	struct gch_kunit_random r;

	gch_kunit_seed(test, &r);
	for (i = 0; i < n; i++)
		if (!bucket_is_right(test, gch_kunit_random(&r) >>
					   gch_kunit_below(&r, 64)))
			return;
}

static struct gch_hist *hist_new(struct kunit *test)
{
	struct gch_hist *hist = kunit_kzalloc(test, sizeof(*hist), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, hist);
	return hist;
}

static void test_empty(struct kunit *test)
{
	struct gch_hist *hist = hist_new(test);
	struct gch_hist_summary s;

	memset(&s, 0xff, sizeof(s));
	gch_hist_summary(hist, &s);
	KUNIT_EXPECT_EQ(test, s.count, 0);
	KUNIT_EXPECT_EQ(test, s.sum_ns, 0);
	KUNIT_EXPECT_EQ(test, s.max_ns, 0);
	KUNIT_EXPECT_EQ(test, s.p50_ns, 0);
	KUNIT_EXPECT_EQ(test, s.p9999_ns, 0);
}

static void test_largest(struct kunit *test)
{
	struct gch_hist *hist = hist_new(test);
	struct gch_hist_summary s;

	gch_hist_add(hist, S64_MAX);
	gch_hist_add(hist, U64_MAX);
	gch_hist_add(hist, 1);
	gch_hist_summary(hist, &s);
	KUNIT_EXPECT_EQ(test, s.count, 3);
	KUNIT_EXPECT_EQ(test, s.max_ns, U64_MAX);
	/* The sum wraps around, like any u64. */
	KUNIT_EXPECT_EQ(test, s.sum_ns, (u64)S64_MAX);
	KUNIT_EXPECT_EQ(test, s.p50_ns, (u64)S64_MAX);
	KUNIT_EXPECT_EQ(test, s.p99_ns, U64_MAX);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* The value that must be reported, computed from the sorted values. */
static u64 expected(const u64 *v, u64 n, u32 per_10000)
{
	u64 rank = DIV_ROUND_UP_ULL(n * per_10000, 10000);

	return min(gch_hist_upper(gch_hist_bucket(v[rank - 1])), v[n - 1]);
}

static bool quantiles_are_right(struct kunit *test, u64 *v, unsigned int n)
{
	struct gch_hist *hist = hist_new(test);
	struct gch_hist_summary s;
	unsigned int i;
	u64 sum = 0;
	bool ok;

	for (i = 0; i < n; i++) {
		gch_hist_add(hist, v[i]);
		sum += v[i];
	}
	sort(v, n, sizeof(*v), compare, NULL);
	gch_hist_summary(hist, &s);
	kunit_kfree(test, hist);
	ok = GCH_EXPECT(test, s.count == n, "%llu values of %u", s.count, n);
	ok &= GCH_EXPECT(test, s.sum_ns == sum, "sum %llu, not %llu",
			 s.sum_ns, sum);
	ok &= GCH_EXPECT(test, s.max_ns == v[n - 1], "max %llu, not %llu",
			 s.max_ns, v[n - 1]);
	ok &= GCH_EXPECT(test, s.p50_ns == expected(v, n, 5000),
			 "p50 %llu of %u values, not %llu", s.p50_ns, n,
			 expected(v, n, 5000));
	ok &= GCH_EXPECT(test, s.p99_ns == expected(v, n, 9900),
			 "p99 %llu of %u values, not %llu", s.p99_ns, n,
			 expected(v, n, 9900));
	ok &= GCH_EXPECT(test, s.p999_ns == expected(v, n, 9990),
			 "p999 %llu of %u values, not %llu", s.p999_ns, n,
			 expected(v, n, 9990));
	ok &= GCH_EXPECT(test, s.p9999_ns == expected(v, n, 9999),
			 "p9999 %llu of %u values, not %llu", s.p9999_ns, n,
			 expected(v, n, 9999));
	return ok;
}

static void test_quantiles(struct kunit *test)
{
	unsigned int i, n, round, rounds = gch_kunit_rounds(50);
	const unsigned int most = 20000;
	struct gch_kunit_random r;
	u64 *v;

	gch_kunit_seed(test, &r);
	v = kunit_kcalloc(test, most, sizeof(*v), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, v);
	/* Equal values, increasing ones, and one outlier. */
	for (n = 1; n <= most; n = n * 3 + 1) {
		memset64(v, 1000, n);
		if (!quantiles_are_right(test, v, n))
			return;
		for (i = 0; i < n; i++)
			v[i] = i + 1;
		if (!quantiles_are_right(test, v, n))
			return;
		memset64(v, 8, n);
		v[0] = BIT_ULL(40) + 1;
		if (!quantiles_are_right(test, v, n))
			return;
	}
	for (round = 0; round < rounds; round++) {
		unsigned int shift = gch_kunit_below(&r, 40);

		n = 1 + gch_kunit_below(&r, round % 2 ? most : 20);
		for (i = 0; i < n; i++)
			v[i] = gch_kunit_random(&r) >>
			       (24 + gch_kunit_below(&r, shift + 1));
		if (!quantiles_are_right(test, v, n))
			return;
	}
}

static void add_some(void *arg)
{
	unsigned int i;

	for (i = 1; i <= EACH_CPU; i++)
		gch_hist_add(arg, i);
}

/* All CPUs share one histogram; no concurrent update may be lost. */
static void test_cpus(struct kunit *test)
{
	struct gch_hist *hist = hist_new(test);
	unsigned int round, cpus = num_online_cpus();
	struct gch_hist_summary s;
	u64 n = 0;

	for (round = 0; round < 20; round++) {
		on_each_cpu(add_some, hist, 1);
		n += cpus;
	}
	gch_hist_summary(hist, &s);
	KUNIT_EXPECT_EQ(test, s.count, n * EACH_CPU);
	KUNIT_EXPECT_EQ(test, s.sum_ns, n * EACH_CPU * (EACH_CPU + 1) / 2);
	KUNIT_EXPECT_EQ(test, s.max_ns, EACH_CPU);
	KUNIT_EXPECT_EQ(test, s.p50_ns,
			gch_hist_upper(gch_hist_bucket(EACH_CPU / 2)));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_edges),
	KUNIT_CASE(test_random),
	KUNIT_CASE(test_empty),
	KUNIT_CASE(test_largest),
	KUNIT_CASE(test_quantiles),
	KUNIT_CASE(test_cpus),
	{}
};

struct kunit_suite gch_kunit_hist = {
	.name = "gcheap_hist",
	.test_cases = cases,
};
