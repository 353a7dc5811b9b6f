/* SPDX-License-Identifier: GPL-2.0 */
/* Pacing a heap, and the debts of its mutators; see gc_controller.c. */
#ifndef _GCH_GO_PACE_H
#define _GCH_GO_PACE_H

#include <linux/atomic.h>
#include <linux/spinlock.h>

#include "pacer.h"

struct gch_go_heap;
struct gch_mutator;

/**
 * struct gch_go_gc_controller - the pacer of a heap, and the figures it needs
 * @lock: protects changes of @pacer
 * @pacer: when a cycle starts, and how much mutators assist
 * @limiter: whether collecting takes too much processor time; under @lock
 * @limiter_time: last update of @limiter, by ktime_get_ns()
 * @limiter_gc: processor time that collecting had taken from mutators by then
 * @limiter_on: how often @limiter has switched on
 * @limiter_ns: how long it has been on, up to @limiter_time
 * @stalled_ns: processor time that mutators lost by waiting for the collector
 * @black_before: gch_go_black() when the cycle began
 * @in_use: bytes of pages in use when the last cycle had marked
 * @last_goal: the goal of that cycle
 * @last_live: live bytes at that time, including the objects that it found dead
 * @frame_bytes: bytes of frames at that time
 */
struct gch_go_gc_controller {
	raw_spinlock_t lock;		/* see above */
	struct gch_go_pacer pacer;
	struct gch_go_limiter limiter;
	u64 limiter_time;
	u64 limiter_gc;
	u64 limiter_on;
	u64 limiter_ns;
	atomic64_t stalled_ns;
	u64 black_before;
	u64 in_use;
	u64 last_goal;
	u64 last_live;
	u64 frame_bytes;
};

void gch_go_gcc_update(struct gch_go_heap *h);
void gch_go_gcc_begin(struct gch_go_heap *h);
void gch_go_gcc_end(struct gch_go_heap *h);
void gch_go_gcc_swept(struct gch_go_heap *h);
bool gch_go_cycle_due(struct gch_go_heap *h, u64 live, bool fresh);
bool gch_go_limiter_holds(struct gch_go_heap *h);
void gch_go_stalled(struct gch_go_heap *h, u64 ns);
u64 gch_go_limiter_time(struct gch_go_heap *h);
u64 gch_go_time(struct gch_go_heap *h);
s64 gch_go_take_credit(struct gch_go_heap *h, s64 debt);
bool gch_go_is_late(struct gch_go_heap *h, u32 state, u64 live);
void gch_go_owe(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
		u64 live, u64 bytes);
u64 gch_go_sweep_owed(struct gch_go_heap *h, u64 live);

#endif /* _GCH_GO_PACE_H */
