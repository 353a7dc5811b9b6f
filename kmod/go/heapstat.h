/* SPDX-License-Identifier: GPL-2.0 */
/* Sums of the counters of a heap's CPUs; see heapstat.c. */
#ifndef _GCH_GO_HEAPSTAT_H
#define _GCH_GO_HEAPSTAT_H

#include <linux/types.h>

struct gch_go_heap;

u64 gch_go_allocs(struct gch_go_heap *h, unsigned int class);
u64 gch_go_freed(struct gch_go_heap *h, unsigned int class);
u64 gch_go_alloc_bytes(struct gch_go_heap *h);
u64 gch_go_black(struct gch_go_heap *h);

#endif /* _GCH_GO_HEAPSTAT_H */
