/* SPDX-License-Identifier: GPL-2.0 */
/* Large objects: each has its own pages; see large.c. */
#ifndef _GCH_GO_LARGE_H
#define _GCH_GO_LARGE_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "ref.h"

struct gch_go_heap;
struct gch_type;

/* Values of &gch_go_large.mark; the second for an object that was allocated black. */
enum gch_go_large_mark {
	LARGE_MARKED	= 1,
	LARGE_BORN	= 2,
};

/**
 * struct gch_go_large - a large object
 * @node: in the heap's list
 * @addr: its first byte
 * @type: its type
 * @bytes: its size
 * @nr_refs: number of references, if the type is of variable size
 * @order: order of its pages
 * @gen: sweep generation in which it was allocated or last swept
 * @mark: marked in this cycle, &enum gch_go_large_mark
 * @id: number shown to users
 */
struct gch_go_large {
	struct list_head node;
	void *addr;
	struct gch_type *type;
	u32 bytes;
	u32 nr_refs;
	u32 order;
	u32 gen;
	unsigned long mark;
	u64 id;
};

/**
 * struct gch_go_larges - the large objects of a heap
 * @lock: protects @list
 * @list: all large objects
 * @nr: their number; under @lock
 * @last_id: id of the newest; under @lock
 */
struct gch_go_larges {
	raw_spinlock_t lock;		/* see above */
	struct list_head list;
	u32 nr;
	u64 last_id;
};

/* Added to the descriptor's address in the private word of a large object's pages. */
#define META_LARGE	1UL

static __always_inline struct gch_go_large *page_large(unsigned long addr)
{
	return page_meta(addr) - META_LARGE;
}

struct gch_go_large *gch_go_large_new(struct gch_go_heap *h, u32 bytes);
void gch_go_large_free(struct gch_go_heap *h, struct gch_go_large *l);
void gch_go_large_sweep(struct gch_go_heap *h);
void gch_go_larges_free(struct gch_go_heap *h);

#endif /* _GCH_GO_LARGE_H */
