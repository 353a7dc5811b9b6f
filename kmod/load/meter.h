/* SPDX-License-Identifier: GPL-2.0 */
/* Meters: operation times of a mutator, and its minimum utilisation */
#ifndef _GCHEAP_LOAD_METER_H
#define _GCHEAP_LOAD_METER_H

#include <linux/ktime.h>
#include <linux/mutex.h>
#include <gcheap/hist.h>

#include "load.h"

/* Resolution of a window, as a fraction of its width: see meter.c. */
#define GCH_LOAD_GRAINS		256U
/* Pauses that may overlap a window, once those within a grain are joined. */
#define GCH_LOAD_PAUSES		(2 * GCH_LOAD_GRAINS + 4)

/**
 * struct gch_load_pause - a pause, or several joined ones
 * @end_ns: end time
 * @ns: total pause time
 */
struct gch_load_pause {
	u64 end_ns;
	u64 ns;
};

/**
 * struct gch_load_window - the pauses in a sliding window
 * @width_ns: width of the window
 * @start_ns: start of the latest pause
 * @sum_ns: total time of the pauses held
 * @worst_ns: most pause time in any window so far
 * @first: index of the earliest pause held
 * @nr: pauses held
 * @pause: ring of pauses
 */
struct gch_load_window {
	u64 width_ns;
	u64 start_ns;
	u64 sum_ns;
	u64 worst_ns;
	unsigned int first;
	unsigned int nr;
	struct gch_load_pause pause[GCH_LOAD_PAUSES];
};

/**
 * struct gch_load_times - a histogram of one mutator, used by its task alone
 * @bucket: as in &struct gch_hist
 * @sum_ns: sum of all times
 * @max_ns: longest time
 */
struct gch_load_times {
	u64 bucket[GCH_HIST_BUCKETS];
	u64 sum_ns;
	u64 max_ns;
};

/**
 * struct gch_load_meter - meter of one mutator; used by its task alone
 * @latency: times of operations
 * @pause: pauses of the mutator
 * @begin_ns: start of measuring
 * @window: one window per width
 */
struct gch_load_meter {
	struct gch_load_times latency;
	struct gch_load_times pause;
	u64 begin_ns;
	struct gch_load_window window[GCH_LOAD_WINDOWS];
};

/**
 * struct gch_load_total - combined results of a run's meters
 * @lock: protects @mmu
 * @latency: times of all operations
 * @pause: all pauses in the same time
 * @mmu: minimum mutator utilisation per window width in parts per million; U32_MAX if
 *	no mutator was measured for a whole window
 */
struct gch_load_total {
	struct mutex lock;	/* protects @mmu */
	struct gch_hist latency;
	struct gch_hist pause;
	u32 mmu[GCH_LOAD_WINDOWS];
};

void gch_load_total_init(struct gch_load_total *total);
struct gch_load_meter *gch_load_meter_begin(struct gch_mutator *m);
u64 gch_load_meter_end(struct gch_mutator *m, struct gch_load_meter *meter,
		       struct gch_load_total *total);

static inline void gch_load_times_add(struct gch_load_times *times, u64 ns)
{
	times->bucket[gch_hist_bucket(ns)]++;
	times->sum_ns += ns;
	if (ns > times->max_ns)
		times->max_ns = ns;
}

/* Records an operation. */
static inline void gch_load_meter_add(struct gch_load_meter *meter, u64 ns)
{
	gch_load_times_add(&meter->latency, ns);
}

#endif /* _GCHEAP_LOAD_METER_H */
