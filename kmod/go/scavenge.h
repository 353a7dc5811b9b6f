/* SPDX-License-Identifier: GPL-2.0 */
/* Giving memory back; see scavenge.c. */
#ifndef _GCH_GO_SCAVENGE_H
#define _GCH_GO_SCAVENGE_H

#include <linux/workqueue.h>

struct gch_go_heap;
struct gch_heap;

/**
 * struct gch_go_scavenge - the memory that a heap keeps and gives back
 * @retain: bytes that the heap keeps
 * @returned: bytes given back so far; under &gch_heap.cycle_lock
 * @shrink_requested: memory is short: the next cycle keeps no empty arena
 * @shrink_requested_at: last time that memory pressure started a cycle, in jiffies
 * @work: gives back memory above @retain
 */
struct gch_go_scavenge {
	u64 retain;
	u64 returned;
	bool shrink_requested;
	unsigned long shrink_requested_at;
	struct delayed_work work;
};

void gch_go_scavenge_init(struct gch_go_heap *h);
void gch_go_scavenge_exit(struct gch_go_heap *h);
void gch_go_scavenge(struct gch_go_heap *h);
void gch_go_release_for(struct gch_go_heap *h, size_t bytes);
u64 gch_go_shrink_count(struct gch_heap *heap);
u64 gch_go_shrink(struct gch_heap *heap, u64 pages);

#endif /* _GCH_GO_SCAVENGE_H */
