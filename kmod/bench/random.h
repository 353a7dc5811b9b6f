/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _GCH_BENCH_RANDOM_H
#define _GCH_BENCH_RANDOM_H

#include <linux/types.h>

/* Random numbers for timed loops (Marsaglia's xorshift64). */
static __always_inline u64 gch_bench_random(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x;
}

#endif /* _GCH_BENCH_RANDOM_H */
