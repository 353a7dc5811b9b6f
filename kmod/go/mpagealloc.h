/* SPDX-License-Identifier: GPL-2.0 */
/* Free pages of the Go engine's arenas, found without a search. */
#ifndef _GCH_GO_MPAGEALLOC_H
#define _GCH_GO_MPAGEALLOC_H

#include <linux/list.h>

#include "mheap.h"

/* Free pages in a row are told apart up to this many; no span has more. */
#define GCH_GO_RUNS	16U

/**
 * struct gch_go_free - the arenas of a NUMA node that have free pages
 * @partly: bit n: there are some in use in part whose longest row of free pages has
 *	n + 1, or, for the last, n + 1 or more
 * @wholly: the same of those that are free as a whole
 * @arenas: those in use in part, then those that are free, by that length
 * @looks: bitmaps of arenas that were looked at, ever; for tests
 * @dry_until: in jiffies: the node had no memory, and is not asked before
 * @dry: whether it had none
 */
struct gch_go_free {
	unsigned long partly;
	unsigned long wholly;
	struct list_head arenas[2][GCH_GO_RUNS];
	u64 looks;
	unsigned long dry_until;
	bool dry;
};

void gch_go_free_init(struct gch_go_free *f);
void gch_go_free_add(struct gch_go_free *f, struct gch_go_arena *a);
struct gch_go_span *gch_go_free_take(struct gch_go_free *f, u32 npages);
void gch_go_free_put(struct gch_go_free *f, struct gch_go_span *s, u32 npages);
struct gch_go_arena *gch_go_free_whole(struct gch_go_free *f);

#endif /* _GCH_GO_MPAGEALLOC_H */
