/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is given back; see scavenge.c. */
#ifndef _GCH_GO_SCAVENGE_H
#define _GCH_GO_SCAVENGE_H

#include <linux/workqueue.h>

struct gch_go_heap;
struct gch_heap;

/**
 * struct gch_go_scavenge - what a heap keeps and gives back
 * @retain: the heap keeps so much
 * @returned: bytes given back, in all; under &gch_heap.cycle_lock
 * @pressed: memory is short: the next cycle keeps nothing that is empty
 * @pressed_at: in jiffies, when that last started one
 * @work: gives back what is more than @retain
 */
struct gch_go_scavenge {
	u64 retain;
	u64 returned;
	bool pressed;
	unsigned long pressed_at;
	struct delayed_work work;
};

void gch_go_scavenge_init(struct gch_go_heap *h);
void gch_go_scavenge_exit(struct gch_go_heap *h);
void gch_go_scavenge(struct gch_go_heap *h);
void gch_go_release_for(struct gch_go_heap *h, size_t bytes);
u64 gch_go_shrink_count(struct gch_heap *heap);
u64 gch_go_shrink(struct gch_heap *heap, u64 pages);

#endif /* _GCH_GO_SCAVENGE_H */
