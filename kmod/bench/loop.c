// SPDX-License-Identifier: GPL-2.0
/* loop: the overhead of the harness, which is part of all other figures */
#include "bench.h"
#include "random.h"

#include <linux/compiler.h>

#define BATCH	100000U

enum {
	METRIC_LOOP,
	METRIC_RANDOM,
	METRIC_CLOCK,
};

static const struct gch_bench_metric loop_metrics[] = {
	{ "loop", "ps" },
	{ "random", "ps" },
	{ "clock", "ps" },
	{ }
};

static u64 time_loop(u64 *state)
{
	u64 start = ktime_get_ns();
	u32 i;

	for (i = 0; i < BATCH; i++)
		barrier();
	return ktime_get_ns() - start;
}

static u64 time_random(u64 *state)
{
	u64 start = ktime_get_ns();
	u64 x = *state;
	u32 i;

	for (i = 0; i < BATCH; i++) {
		gch_bench_random(&x);
		barrier();
	}
	*state = x;
	return ktime_get_ns() - start;
}

static u64 time_clock(u64 *state)
{
	u64 start = ktime_get_ns();
	u32 i;

	for (i = 0; i < BATCH; i++)
		*state += ktime_get_ns();
	return ktime_get_ns() - start;
}

static int loop_rep(struct gch_bench_thread *t, unsigned int metric,
		    u64 (*one)(u64 *state))
{
	u64 ns = 0, n = 0;

	while (!gch_bench_enough(t, ns)) {
		ns += one(&t->rnd);
		n += BATCH;
		if (gch_bench_stopped(t))
			return -ECANCELED;
	}
	gch_bench_mean(t, metric, ns, n);
	return 0;
}

static int loop_thread(struct gch_bench_thread *t)
{
	unsigned int rep;
	int err = 0;

	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++)
		err = loop_rep(t, METRIC_LOOP, time_loop) ? :
		      loop_rep(t, METRIC_RANDOM, time_random) ? :
		      loop_rep(t, METRIC_CLOCK, time_clock);
	return err;
}

const struct gch_bench_kind gch_bench_loop = {
	.name = "loop",
	.on = BIT(GCH_BENCH_PLAIN),
	.metrics = loop_metrics,
	.thread = loop_thread,
};
