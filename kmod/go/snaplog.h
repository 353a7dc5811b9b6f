/* SPDX-License-Identifier: GPL-2.0 */
/* References that places held when a snapshot was taken; see snaplog.c. */
#ifndef _GCH_GO_SNAPLOG_H
#define _GCH_GO_SNAPLOG_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct gch_go_heap;
struct gch_go_kepts;
struct gch_go_span;
struct gch_mutator;
struct gch_snapshot;
struct kept_page;

/**
 * struct gch_go_snap - a snapshot while it is taken
 * @h: the heap
 * @out: the snapshot to write it to
 * @kepts: kept references, by place
 * @lock: protects @pages, @spare and additions to @kepts
 * @pages: pages of kept references
 * @spare: spare pages
 * @nr_spare: number of spare pages
 * @roots: the roots have yet to be written
 * @lost: a reference could not be kept
 * @nr: frames or finalizers seen
 */
struct gch_go_snap {
	struct gch_go_heap *h;
	struct gch_snapshot *out;
	struct gch_go_kepts *kepts;
	raw_spinlock_t lock;		/* see above */
	struct kept_page *pages;
	struct kept_page *spare;
	unsigned int nr_spare;
	bool roots;
	bool lost;
	u32 nr;
};

struct gch_go_snap *gch_go_snap_new(struct gch_go_heap *h,
				    struct gch_snapshot *out);
void gch_go_snap_free(struct gch_go_snap *sn);
void gch_go_snap_store(struct gch_go_heap *h, struct gch_mutator *m,
		       void **place);
bool gch_go_snap_low(const struct gch_go_heap *h, u32 state);
void gch_go_snap_fill(struct gch_go_heap *h);
void gch_go_snap_span(struct gch_go_span *s, u32 gen);
bool gch_go_snap_is_born(const struct gch_go_heap *h, unsigned long meta,
			 unsigned long addr);
unsigned long gch_go_snap_ref(struct gch_go_snap *sn, void **place);

#endif /* _GCH_GO_SNAPLOG_H */
