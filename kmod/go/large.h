/* SPDX-License-Identifier: GPL-2.0 */
/* Large objects: each has pages of its own; see large.c. */
#ifndef _GCH_GO_LARGE_H
#define _GCH_GO_LARGE_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "ref.h"

struct gch_go_heap;
struct gch_type;

/* Values of the mark of a large object; the second for one that is born black. */
enum gch_go_large_mark {
	LARGE_MARKED	= 1,
	LARGE_BORN	= 2,
};

/**
 * struct gch_go_large - an object of its own pages
 * @node: in the heap's list
 * @addr: its first byte
 * @type: its type
 * @bytes: its size
 * @nr_refs: references, if the type is variable
 * @order: of its pages
 * @gen: sweep generation in which it was allocated or last swept
 * @mark: marked in this cycle, &enum gch_go_large_mark
 * @id: for people
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
 * @list: all of them
 * @nr: their number
 * @last_id: id of the newest
 */
struct gch_go_larges {
	raw_spinlock_t lock;		/* see above */
	struct list_head list;
	u32 nr;
	u64 last_id;
};

/* The private words of the pages of a large object, its descriptor and this. */
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
