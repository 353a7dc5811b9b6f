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
 * @overflow: gray objects are listed nowhere, for want of a work buffer
 * @nr_full: buffers with work, of all CPUs
 * @hungry: a mutator would mark if there were work
 * @marker: of the present cycle, &enum gcheap_marker; written before it begins
 * @draining: workers that have work in their hands, or look for some
 * @joined: workers that have begun to mark, of which the first are dedicated
 * @dedicated: how many; of the present cycle
 * @fraction: percent of their CPU that the others may have; likewise
 * @bytes: bytes that this cycle has marked
 * @credit: bytes that its workers have, beyond what mutators owe
 * @shared_ns: time that all workers but the dedicated ones have marked in it
 * @start: when it began
 * @assist_before: time spent on assists when it began
 */
struct gch_go_marking {
	atomic_t overflow;
	atomic_t nr_full;
	bool hungry;
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
