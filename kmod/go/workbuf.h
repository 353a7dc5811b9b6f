/* SPDX-License-Identifier: GPL-2.0 */
/* Work buffers: references that wait for the marker; see workbuf.c. */
#ifndef _GCH_GO_WORKBUF_H
#define _GCH_GO_WORKBUF_H

#include <linux/cache.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

struct gch_go_heap;

/* A page of references. */
struct gch_go_workbuf {
	struct gch_go_workbuf *next;
	unsigned long nr;
	unsigned long ref[(PAGE_SIZE - 16) / sizeof(long)];
};

/* If a section leaves fewer spare buffers, its mutator adds some afterwards, ... */
#define GCH_GO_BUFS_LOW		4U
/* ... up to this number. */
#define GCH_GO_BUFS_FILL	8U

/**
 * struct gch_go_work - the work buffers of one CPU
 * @lock: protects the lists
 * @full: buffers with work, which any worker may take
 * @empty: spare buffers
 * @nr_empty: number of spare buffers
 */
struct gch_go_work {
	raw_spinlock_t lock;		/* see above */
	struct gch_go_workbuf *full;
	struct gch_go_workbuf *empty;
	unsigned int nr_empty;
} ____cacheline_aligned_in_smp;

struct gch_go_workbuf *gch_go_buf_get(struct gch_go_heap *h);
struct gch_go_workbuf *gch_go_buf_take(struct gch_go_heap *h);
struct gch_go_workbuf *gch_go_buf_get_full(struct gch_go_heap *h);
void gch_go_buf_put_full(struct gch_go_heap *h, struct gch_go_workbuf *b);
void gch_go_buf_put_empty(struct gch_go_heap *h, struct gch_go_workbuf *b);
bool gch_go_work_add(struct gch_go_heap *h, const unsigned long *refs,
		     unsigned int nr);
bool gch_go_work_left(struct gch_go_heap *h);
void gch_go_bufs_fill(struct gch_go_heap *h, unsigned int nr);
int gch_go_bufs_init(struct gch_go_heap *h);
void gch_go_bufs_free(struct gch_go_heap *h, bool keep);

#endif /* _GCH_GO_WORKBUF_H */
