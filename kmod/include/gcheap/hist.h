/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Log-linear histograms of nanoseconds: eight buckets per octave, so a value read
 * from one is at most 12.5 % high.
 */
#ifndef _GCHEAP_HIST_H
#define _GCHEAP_HIST_H

#include <linux/atomic.h>
#include <linux/types.h>

struct gch_hist_summary;
struct seq_file;

#define GCH_HIST_SUB_BITS	3
#define GCH_HIST_BUCKETS	((64 - GCH_HIST_SUB_BITS + 1) << GCH_HIST_SUB_BITS)

/**
 * struct gch_hist - log-linear histogram of nanoseconds
 * @bucket: eight buckets per octave
 * @sum: of all values
 * @max: largest value
 */
struct gch_hist {
	atomic64_t bucket[GCH_HIST_BUCKETS];
	atomic64_t sum;
	atomic64_t max;
};

unsigned int gch_hist_bucket(u64 ns);
u64 gch_hist_upper(unsigned int bucket);
void gch_hist_add(struct gch_hist *hist, u64 ns);
void gch_hist_summary(const struct gch_hist *hist, struct gch_hist_summary *sum);
void gch_hist_show(struct seq_file *m, const struct gch_hist *hist);

#endif /* _GCHEAP_HIST_H */
