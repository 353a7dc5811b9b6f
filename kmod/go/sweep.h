/* SPDX-License-Identifier: GPL-2.0 */
/* Sweeping: frees unmarked objects; see sweep.c. */
#ifndef _GCH_GO_SWEEP_H
#define _GCH_GO_SWEEP_H

#include <linux/types.h>

struct gch_go_heap;

/**
 * struct gch_go_sweep - progress of the sweep
 * @pages: pages to sweep before @way more bytes are live; 0 when all are swept
 * @way: bytes that may be allocated during the sweep
 * @swept: pages swept so far
 * @class: the workers have swept all span classes below it
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
