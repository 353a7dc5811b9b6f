/* SPDX-License-Identifier: GPL-2.0 */
/* Sweeping: what is not marked is free; see sweep.c. */
#ifndef _GCH_GO_SWEEP_H
#define _GCH_GO_SWEEP_H

#include <linux/types.h>

struct gch_go_heap;

/**
 * struct gch_go_sweep - how far sweeping is
 * @pages: pages that have to be swept until @way bytes more are live; 0 when all are
 * @way: see there
 * @swept: how many have been
 * @class: the workers have swept the span classes before it
 */
struct gch_go_sweep {
	u64 pages;
	u64 way;
	atomic64_t swept;
	unsigned int class;
};

void gch_go_sweep_begin(struct gch_go_heap *h);
void gch_go_sweep_all(struct gch_go_heap *h);
void gch_go_sweep_some(struct gch_go_heap *h, u32 gen, u64 deadline);

#endif /* _GCH_GO_SWEEP_H */
