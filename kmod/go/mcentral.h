/* SPDX-License-Identifier: GPL-2.0 */
/* The spans of a span class that no CPU caches; see mcentral.c. */
#ifndef _GCH_GO_MCENTRAL_H
#define _GCH_GO_MCENTRAL_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/spinlock.h>

struct gch_go_heap;
struct gch_go_span;

/**
 * struct gch_go_mcentral - the spans of one span class that no CPU caches
 * @lock: protects the lists
 * @partial: spans with free objects, by parity of the generation that swept them
 * @full: spans without free objects, by the same parity
 */
struct gch_go_mcentral {
	raw_spinlock_t lock;
	struct list_head partial[2];
	struct list_head full[2];
} ____cacheline_aligned_in_smp;

void gch_go_central_init(struct gch_go_heap *h);
int gch_go_central_get(struct gch_go_heap *h, unsigned int class, u32 gen,
		       struct gch_go_span **span);
void gch_go_central_put(struct gch_go_heap *h, struct gch_go_span *s, u32 gen);
void gch_go_central_put_unswept(struct gch_go_heap *h, struct gch_go_span *s,
				u32 gen);
void gch_go_central_put_all(struct gch_go_heap *h, unsigned int class, u32 gen,
			    struct list_head *spans);
unsigned int gch_go_central_unswept(struct gch_go_heap *h, unsigned int class,
				    u32 gen, struct list_head *spans,
				    unsigned int max);

#endif /* _GCH_GO_MCENTRAL_H */
