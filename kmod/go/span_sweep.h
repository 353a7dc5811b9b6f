/* SPDX-License-Identifier: GPL-2.0 */
/* Sweeping one span; see span_sweep.c. */
#ifndef _GCH_GO_SPAN_SWEEP_H
#define _GCH_GO_SPAN_SWEEP_H

#include <linux/types.h>

struct gch_go_heap;
struct gch_go_span;

void gch_go_sweep_span(struct gch_go_heap *h, struct gch_go_span *s, u32 gen);
unsigned int gch_go_sweep_one(struct gch_go_heap *h, struct gch_go_span *s,
			      u32 gen);
void gch_go_count_swept(struct gch_go_heap *h, unsigned int class,
			unsigned int pages, u64 dead);

#endif /* _GCH_GO_SPAN_SWEEP_H */
