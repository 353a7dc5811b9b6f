/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the metadata of an object. */
#ifndef _GCH_PY_LAYOUT_H
#define _GCH_PY_LAYOUT_H

#include "python.h"

static __always_inline bool gch_py_is_large(const struct gch_py_object *obj)
{
	return (unsigned long)obj & 8;
}

static __always_inline struct gch_py_large *
gch_py_large(struct gch_py_object *obj)
{
	return container_of(obj, struct gch_py_large, obj);
}

/* @p points anywhere into the pool. */
static __always_inline struct gch_py_pool *
gch_py_pool(const struct gch_py_heap *h, const void *p)
{
	return (void *)((unsigned long)p & ~(unsigned long)h->pool_mask);
}

/*
 * Marks the group of block @i as one that may have objects of generation @gen, 0 or
 * 1.
 */
static __always_inline void gch_py_map(struct gch_py_pool *pool,
				       unsigned int gen, unsigned int i)
{
	pool->map[gen] |= BIT_ULL(i / GCH_PY_GROUP);
}

/*
 * gc_refs is split: the lower bits are in the meta word, the rest in the object. Only
 * an object with 2^26 references or more uses the rest.
 */
static __always_inline u32 gch_py_gc_lower(const struct gch_py_heap *h,
					   u32 gc_refs)
{
	return gc_refs & (BIT(h->gc_bits) - 1);
}

static __always_inline u32 gch_py_gc_rest(const struct gch_py_heap *h,
					  u32 gc_refs)
{
	return gc_refs >> h->gc_bits;
}

static __always_inline u32 gch_py_class_size(unsigned int class)
{
	return (class + 1) * GCH_PY_ALIGN;
}

static __always_inline struct gch_py_object *
gch_py_block(struct gch_py_pool *pool, unsigned int i)
{
	return (void *)pool + pool->base + i * gch_py_class_size(pool->class);
}

/* Offsets are below 1024 units and sizes at most 32, so this is exact. */
static __always_inline unsigned int gch_py_index(const struct gch_py_pool *pool,
						 const void *block)
{
	u32 units = (block - (void *)pool - pool->base) / GCH_PY_ALIGN;

	return (units * pool->recip) >> 16;
}

static __always_inline u32 *gch_py_meta(const struct gch_py_heap *h,
					struct gch_py_object *obj)
{
	struct gch_py_pool *pool;

	if (unlikely(gch_py_is_large(obj)))
		return &gch_py_large(obj)->meta;
	pool = gch_py_pool(h, obj);
	return &pool->meta[gch_py_index(pool, obj)];
}

/* Size of an object, its header and weak head included. */
static inline u32 gch_py_bytes(const struct gch_py_heap *h,
			       struct gch_py_object *obj)
{
	if (gch_py_is_large(obj))
		return gch_py_large(obj)->charge -
		       offsetof(struct gch_py_large, obj);
	return gch_py_class_size(gch_py_pool(h, obj)->class);
}

/* Memory that it takes, for statistics. */
static inline u32 gch_py_footprint(const struct gch_py_heap *h,
				   struct gch_py_object *obj)
{
	if (gch_py_is_large(obj))
		return gch_py_large(obj)->charge;
	return gch_py_class_size(gch_py_pool(h, obj)->class);
}

/* The @i-th reference, counted without gaps. */
static __always_inline struct gch_py_object **
gch_py_place(struct gch_py_object *obj, u32 i)
{
	struct gch_py_object **words = (void *)(obj + 1);

	if (unlikely(obj->info & GCH_PY_SPARSE))
		i = obj->type->refs[i];
	return &words[i];
}

static __always_inline bool gch_py_immortal(const struct gch_py_object *obj)
{
	return (s32)obj->refcnt < 0;
}

/* An immortal count is not incremented further. */
static __always_inline void gch_py_raise(struct gch_py_object *obj)
{
	if (likely(!gch_py_immortal(obj)))
		obj->refcnt++;
}

#endif /* _GCH_PY_LAYOUT_H */
