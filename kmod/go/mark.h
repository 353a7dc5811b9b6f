/* SPDX-License-Identifier: GPL-2.0 */
/* The marking of a cycle; see mark.c. */
#ifndef _GCH_GO_MARK_H
#define _GCH_GO_MARK_H

#include <linux/atomic.h>
#include <linux/types.h>

struct gch_go_heap;
struct gch_mutator;

/**
 * struct gch_go_marking - the marking of a cycle
 * @overflow: there are gray objects that no work buffer lists, for want of a buffer
 * @nr_full: buffers with work, of all CPUs
 * @assist_starved: a mutator found no work to assist with
 * @marker: &enum gcheap_marker of the present cycle; written before it begins
 * @draining: workers within a turn: they hold work or look for some
 * @joined: workers that have begun to mark; the first of them are dedicated
 * @dedicated: number of dedicated workers in the present cycle
 * @fraction: percent of a CPU for each other worker in the present cycle
 * @bytes: bytes that this cycle has marked
 * @credit: bytes that workers have marked and no mutator has used to pay a debt
 * @shared_ns: time that all workers but the dedicated ones have marked in this cycle
 * @start: when the cycle began, by ktime_get_ns()
 * @assist_before: time spent on assists when the cycle began
 */
struct gch_go_marking {
	atomic_t overflow;
	atomic_t nr_full;
	bool assist_starved;
	u8 marker;
	atomic_t draining;
	atomic_t joined;
	unsigned int dedicated;
	unsigned int fraction;
	atomic64_t bytes;
	atomic64_t credit;
	atomic64_t shared_ns;
	u64 start;
	u64 assist_before;
};

void gch_go_mark_roots(struct gch_go_heap *h);
void gch_go_mark_drain(struct gch_go_heap *h);
bool gch_go_mark_more(struct gch_go_heap *h);
u64 gch_go_mark_some(struct gch_go_heap *h, struct gch_mutator *m, u64 work,
		     u64 deadline);

#endif /* _GCH_GO_MARK_H */
