// SPDX-License-Identifier: GPL-2.0
/*
 * Log-linear histograms of nanoseconds: eight buckets per octave, so a percentile
 * read from one is at most 12.5 % high. Slow paths on any CPU write them in any
 * context, so one set of atomics is enough.
 */
#include <gcheap/engine.h>

#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/math64.h>

#include "compat.h"

#define SUB	BIT(GCH_HIST_SUB_BITS)

/**
 * gch_hist_bucket - returns the bucket of a value
 * @ns: the value
 *
 * Context: any.
 * Return: number of the bucket, below %GCH_HIST_BUCKETS.
 */
unsigned int gch_hist_bucket(u64 ns)
{
	unsigned int msb;

	if (ns < SUB)
		return ns;
	msb = fls64(ns) - 1;
	return ((msb - GCH_HIST_SUB_BITS + 1) << GCH_HIST_SUB_BITS) +
	       ((ns >> (msb - GCH_HIST_SUB_BITS)) & (SUB - 1));
}
EXPORT_SYMBOL_GPL(gch_hist_bucket);

/**
 * gch_hist_upper - returns the largest value of a bucket
 * @bucket: number of the bucket
 *
 * Context: any.
 * Return: the value in nanoseconds.
 */
u64 gch_hist_upper(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < SUB)
		return bucket;
	shift = (bucket >> GCH_HIST_SUB_BITS) - 1;
	return ((((bucket & (SUB - 1)) + SUB) + 1ULL) << shift) - 1;
}
EXPORT_SYMBOL_GPL(gch_hist_upper);

/**
 * gch_hist_add - records a value
 * @hist: the histogram
 * @ns: the value
 *
 * Context: any.
 */
void gch_hist_add(struct gch_hist *hist, u64 ns)
{
	atomic64_inc(&hist->bucket[gch_hist_bucket(ns)]);
	atomic64_add(ns, &hist->sum);
	gch_max(&hist->max, ns);
}
EXPORT_SYMBOL_GPL(gch_hist_add);

/*
 * The value that a share of the records does not exceed. The largest value seen caps
 * the last bucket in use.
 */
static u64 percentile(const struct gch_hist *hist, u64 count, u64 max,
		      unsigned int per_10000)
{
	u64 want = div_u64(count * per_10000 + 9999, 10000), seen = 0;
	unsigned int i;

	for (i = 0; i < GCH_HIST_BUCKETS; i++) {
		seen += atomic64_read(&hist->bucket[i]);
		if (seen && seen >= want)
			return min(gch_hist_upper(i), max);
	}
	return max;
}

/**
 * gch_hist_summary - computes percentiles of the recorded values
 * @hist: the histogram
 * @sum: filled in; not consistent with concurrent additions
 *
 * Context: any.
 */
void gch_hist_summary(const struct gch_hist *hist, struct gch_hist_summary *sum)
{
	unsigned int i;
	u64 n = 0;

	for (i = 0; i < GCH_HIST_BUCKETS; i++)
		n += atomic64_read(&hist->bucket[i]);
	sum->count = n;
	sum->sum_ns = atomic64_read(&hist->sum);
	sum->max_ns = atomic64_read(&hist->max);
	sum->p50_ns = n ? percentile(hist, n, sum->max_ns, 5000) : 0;
	sum->p99_ns = n ? percentile(hist, n, sum->max_ns, 9900) : 0;
	sum->p999_ns = n ? percentile(hist, n, sum->max_ns, 9990) : 0;
	sum->p9999_ns = n ? percentile(hist, n, sum->max_ns, 9999) : 0;
}
EXPORT_SYMBOL_GPL(gch_hist_summary);

/**
 * gch_hist_show - prints the buckets in use, one line each
 * @m: destination
 * @hist: the histogram
 *
 * Context: process context.
 */
void gch_hist_show(struct seq_file *m, const struct gch_hist *hist)
{
	unsigned int i;

	for (i = 0; i < GCH_HIST_BUCKETS; i++) {
		s64 n = atomic64_read(&hist->bucket[i]);

		if (n)
			seq_printf(m, "%20llu %lld\n", gch_hist_upper(i), n);
	}
}
EXPORT_SYMBOL_GPL(gch_hist_show);
