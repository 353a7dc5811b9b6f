/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks, pools and arenas; see obmalloc.c. */
#ifndef _GCH_PY_OBMALLOC_H
#define _GCH_PY_OBMALLOC_H

#include "python.h"

int gch_py_obmalloc_init(struct gch_py_heap *h);
void gch_py_obmalloc_exit(struct gch_py_heap *h);
void gch_py_arena_add(struct gch_py_heap *h, void *base, unsigned int order);
struct gch_py_object *gch_py_block_get(struct gch_py_heap *h,
				       unsigned int class, unsigned int gen);
void gch_py_block_put(struct gch_py_heap *h, struct gch_py_object *obj);
void gch_py_pool_shape(const struct gch_py_heap *h, unsigned int class,
		       bool first, u16 *base, u16 *nr_blocks);
void gch_py_release_idle(struct gch_py_heap *h);
void gch_py_release_emptied(struct gch_py_heap *h);
void gch_py_reap(struct gch_py_heap *h);

static inline struct gch_py_arena *gch_py_arena(const struct gch_py_heap *h,
						void *base)
{
	return base + h->pool_size - sizeof(struct gch_py_arena);
}

static inline struct gch_py_pool *gch_py_nth_pool(const struct gch_py_heap *h,
						  struct gch_py_arena *arena,
						  unsigned int i)
{
	return (void *)arena->pools + (size_t)i * h->pool_size;
}

/* Retired bytes at which a mutator has to reap. */
#define GCH_PY_RETIRED_MAX	SZ_256K

#endif /* _GCH_PY_OBMALLOC_H */
