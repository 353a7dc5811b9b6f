/* SPDX-License-Identifier: GPL-2.0 */
/* The soft limit; see limit.c. */
#ifndef _GCH_GO_LIMIT_H
#define _GCH_GO_LIMIT_H

#include <linux/sizes.h>
#include <linux/types.h>

struct gch_go_heap;
struct gch_go_mutator;

/* So often a call waits at the soft limit. */
#define GCH_GO_LIMIT_WAITS	2
/* Below the limit so much is left to the work buffers of a cycle. */
#define GCH_GO_SOFT_RESERVE	SZ_128K

size_t gch_go_to_take(const struct gch_go_mutator *gm, size_t least);
int gch_go_limit_wait(struct gch_go_heap *h, struct gch_go_mutator *gm,
		      u64 started);

#endif /* _GCH_GO_LIMIT_H */
