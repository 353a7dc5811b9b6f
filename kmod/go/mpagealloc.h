/* SPDX-License-Identifier: GPL-2.0 */
/* Runs of free pages in the Go engine's arenas, found without a search. */
#ifndef _GCH_GO_MPAGEALLOC_H
#define _GCH_GO_MPAGEALLOC_H

#include <linux/list.h>

#include "mheap.h"

/* Run lengths are told apart up to this one; no span is longer. */
#define GCH_GO_RUNS	16U

/**
 * struct gch_go_free - the arenas of a NUMA node that have free pages
 * @partly: bit n is set if a partly used arena has a longest run of n + 1 free pages;
 *	the last bit also stands for longer runs
 * @wholly: the same for entirely free arenas
 * @arenas: lists of partly used, then of entirely free arenas, by that length
 * @looks: looks at bitmaps of arenas, ever; for tests
 * @dry_until: time in jiffies before which the node is not asked for memory
 * @dry: the node has had no memory; @dry_until is valid
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
