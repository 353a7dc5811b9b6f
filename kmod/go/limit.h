/* SPDX-License-Identifier: GPL-2.0 */
/* The soft limit; see limit.c. */
#ifndef _GCH_GO_LIMIT_H
#define _GCH_GO_LIMIT_H

#include <linux/sizes.h>
#include <linux/types.h>

struct gch_go_heap;
struct gch_go_mutator;

/* How often a call waits at the soft limit. */
#define GCH_GO_LIMIT_WAITS	2
/* Bytes below the soft limit that are reserved for a cycle's work buffers. */
#define GCH_GO_SOFT_RESERVE	SZ_128K

size_t gch_go_to_take(const struct gch_go_mutator *gm, size_t least);
int gch_go_limit_wait(struct gch_go_heap *h, struct gch_go_mutator *gm,
		      u64 started);

#endif /* _GCH_GO_LIMIT_H */
