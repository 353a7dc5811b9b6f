/* SPDX-License-Identifier: GPL-2.0 */
/* When cycles start, and how much mutators assist: arithmetic only; see pacer.c. */
#ifndef _GCH_GO_PACER_H
#define _GCH_GO_PACER_H

#include <linux/sizes.h>
#include <linux/types.h>

/* The minimum goal at a GOGC of 100. */
#define GCH_GO_MIN_HEAP		SZ_4M
/* Number of past cycles; the largest of their rates is used. */
#define GCH_GO_PACER_CYCLES	4
/* Fraction bits of the bytes allocated per byte marked. */
#define GCH_GO_RATE_SHIFT	16

/**
 * struct gch_go_pacer - paces the cycles of a heap
 * @gogc: growth in percent, 0 for off
 * @limit: the smaller of the heap's limit and its soft limit in bytes, 0 for none
 * @share: share of all CPUs for marking, in thousandths, 0 for a quarter
 * @held: bytes held
 * @free: the part of @held in free pages
 * @allocated: the part of @held in allocated objects
 * @marked: bytes that the last cycle left alive
 * @roots: bytes of frames and root tables
 * @work: bytes that the last cycle had to mark
 * @triggered: live bytes when the present cycle began
 * @rate: bytes allocated per byte marked in each of the last cycles, fixed point
 * @next: index of the oldest @rate
 * @goal: the cycle is to end before live bytes reach it
 * @trigger: live bytes at which a cycle for @goal begins; the sweep has to end before
 * @gogc_trigger: a cycle begins when live bytes reach it; ignores the limit
 * @used_goal: the limit's goal for bytes held, except for free pages
 * @used_trigger: a cycle begins when those bytes reach it
 *
 * A heap changes its pacer under &gch_go_gc_controller.lock.
 */
struct gch_go_pacer {
	u32 gogc;
	u64 limit;
	u32 share;
	u64 held;
	u64 free;
	u64 allocated;
	u64 marked;
	u64 roots;
	u64 work;
	u64 triggered;
	u64 rate[GCH_GO_PACER_CYCLES];
	unsigned int next;
	u64 goal;
	u64 trigger;
	u64 gogc_trigger;
	u64 used_goal;
	u64 used_trigger;
};

/**
 * struct gch_go_limiter - keeps collecting from taking all processor time
 * @fill: nanoseconds that collecting has taken beyond what mutators had
 * @on: the bucket is full: collecting has taken too much
 */
struct gch_go_limiter {
	u64 fill;
	bool on;
};

u64 gch_go_scale(u64 a, u64 b, u64 c);
u64 gch_go_pacer_gogc_goal(const struct gch_go_pacer *p);
u64 gch_go_pacer_limit_goal(const struct gch_go_pacer *p);
u64 gch_go_pacer_trigger(const struct gch_go_pacer *p, u64 goal);
void gch_go_pacer_commit(struct gch_go_pacer *p);
void gch_go_pacer_commit_used(struct gch_go_pacer *p);
void gch_go_pacer_begin(struct gch_go_pacer *p, u64 live, u64 used);
void gch_go_pacer_end(struct gch_go_pacer *p, u64 live, u64 work,
		      unsigned int assist);
u64 gch_go_pacer_owed(const struct gch_go_pacer *p, u64 live, u64 done,
		      u64 bytes);
u64 gch_go_pacer_worst(const struct gch_go_pacer *p);
u64 gch_go_pacer_retain(const struct gch_go_pacer *p, u64 in_use, u64 last_goal,
			u64 limit);
u64 gch_go_pacer_sweep_way(const struct gch_go_pacer *p);
u64 gch_go_pacer_sweep_owed(u64 pages, u64 swept, u64 way, u64 grown);
u64 gch_go_pacer_taken(u64 assists, u64 workers, u64 idle, u64 stalled);
void gch_go_limiter_add(struct gch_go_limiter *l, u64 gc, u64 mutators,
			u64 capacity);

#endif /* _GCH_GO_PACER_H */
