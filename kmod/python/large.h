/* SPDX-License-Identifier: GPL-2.0 */
/* Large objects; see large.c. */
#ifndef _GCH_PY_LARGE_H
#define _GCH_PY_LARGE_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/llist.h>

#include "object.h"

struct gch_py_heap;

/* Order of a large object from kmalloc(). */
#define GCH_PY_KMALLOC	0xff

/**
 * struct gch_py_large - hidden header of a large object
 * @node: in &gch_py_heap.large of its generation
 * @next: next in a queue
 * @retired: in &gch_py_heap.retired_large
 * @meta: meta word, as a block has
 * @charge: bytes of the whole allocation, as charged to the heap
 * @order: page order, or GCH_PY_KMALLOC
 * @obj: the object; 8 modulo 16
 */
struct gch_py_large {
	struct list_head node;
	union {
		struct gch_py_large *next;
		struct llist_node retired;
	};
	u32 meta;
	u32 charge;
	u64 order;
	struct gch_py_object obj;
};

struct gch_py_large *gch_py_large_get(struct gch_py_heap *h, size_t bytes,
				      gfp_t gfp);
void gch_py_large_free(struct gch_py_heap *h, struct gch_py_large *large);
void gch_py_large_use(struct gch_py_heap *h, struct gch_py_large *large,
		      unsigned int gen);
void gch_py_large_retire(struct gch_py_heap *h, struct gch_py_large *large);
size_t gch_py_large_charge(size_t bytes);
bool gch_py_large_sleeps(size_t bytes);

#endif /* _GCH_PY_LARGE_H */
