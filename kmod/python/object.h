/* SPDX-License-Identifier: GPL-2.0 */
/* Objects, their meta words, and their deaths; see object.c. */
#ifndef _GCH_PY_OBJECT_H
#define _GCH_PY_OBJECT_H

#include <linux/bits.h>
#include <linux/sizes.h>
#include <linux/time64.h>
#include <linux/types.h>

struct gch_mutator;
struct gch_py_heap;
struct gch_type;

#define GCH_PY_SMALL_MIN	256U
#define GCH_PY_SMALL_MAX	512U
#define GCH_PY_POOL_MIN		SZ_4K
#define GCH_PY_POOL_MAX		SZ_16K
#define GCH_PY_ORDER_MAX	GCH_ORDER(SZ_4M)

#define GCH_PY_ALIGN		16U
#define GCH_PY_CLASSES		(GCH_PY_SMALL_MAX / GCH_PY_ALIGN)
/* Class of a pool that has none. */
#define GCH_PY_NO_CLASS		0xff

/**
 * struct gch_py_object - header of every object, 16 bytes as PyObject's
 * @refcnt: reference count; immortal from 2^31 on
 * @info: reference words not yet dropped, and GCH_PY_WEAK, GCH_PY_SPARSE, GCH_PY_REST
 * @type: its type
 */
struct gch_py_object {
	u32 refcnt;
	u32 info;
	struct gch_type *type;
};

#define GCH_PY_REFS	GENMASK(19, 0)
/*
 * The bits of gc_refs that do not fit the meta word, while a collection counts
 * references.
 */
#define GCH_PY_REST	GENMASK(29, 20)
#define GCH_PY_REST_ONE	BIT(20)
/* The last word of its block heads a list of weak entries. */
#define GCH_PY_WEAK	BIT(31)
/* Its type says which words are references; they are not the leading ones. */
#define GCH_PY_SPARSE	BIT(30)

#define GCH_PY_META_USED	BIT(0)
#define GCH_PY_META_GEN		GENMASK(2, 1)
#define GCH_PY_META_GEN_SHIFT	1
/* A candidate of the running collection. */
#define GCH_PY_META_COLLECTING	BIT(3)
/* A candidate that was found reachable. */
#define GCH_PY_META_REACHED	BIT(4)
/* A free block that is filled with the poison pattern. */
#define GCH_PY_META_POISONED	BIT(5)
/* gc_refs while references are subtracted, otherwise a link in a queue. */
#define GCH_PY_META_SHIFT	6
#define GCH_PY_META_VALUE	GENMASK(31, GCH_PY_META_SHIFT)
#define GCH_PY_META_MAX		(GCH_PY_META_VALUE >> GCH_PY_META_SHIFT)
/* Bits of gc_refs that fit the meta word; the others are in GCH_PY_REST. */
#define GCH_PY_GC_BITS	(32 - GCH_PY_META_SHIFT)

/* Generation of untracked objects, which no cycle can contain. */
#define GCH_PY_UNTRACKED	3U
/* Number of generations, including that of untracked objects. */
#define GCH_PY_GENS		4U
/* Blocks per bit of &gch_py_pool.map: a cache line of meta words. */
#define GCH_PY_GROUP		16U

static inline unsigned int gch_py_gen(u32 meta)
{
	return (meta & GCH_PY_META_GEN) >> GCH_PY_META_GEN_SHIFT;
}

static inline u32 gch_py_value(u32 meta)
{
	return meta >> GCH_PY_META_SHIFT;
}

static inline u32 gch_py_with_value(u32 meta, u32 value)
{
	return (meta & ~GCH_PY_META_VALUE) | value << GCH_PY_META_SHIFT;
}

static inline u32 gch_py_with_gen(u32 meta, unsigned int gen)
{
	return (meta & ~GCH_PY_META_GEN) | gen << GCH_PY_META_GEN_SHIFT;
}

/* Budgets of one section for deaths: references, weak entries and objects. */
#define GCH_PY_CALL_BUDGET	64U
#define GCH_PY_SETTLE_BUDGET	1024U
/* And the approximate time limit. */
#define GCH_PY_STEP_NS		(20 * NSEC_PER_USEC)

void gch_py_typed(struct gch_type *type);
void gch_py_lower(struct gch_py_heap *h, struct gch_py_object **dying,
		  struct gch_py_object *obj);
bool gch_py_bury(struct gch_py_heap *h, struct gch_py_object **dying,
		 unsigned int budget);
void gch_py_swap(struct gch_py_heap *h, struct gch_mutator *m, void **place,
		 struct gch_py_object *ref);
int gch_py_settle(struct gch_mutator *m);

#endif /* _GCH_PY_OBJECT_H */
