/* SPDX-License-Identifier: GPL-2.0 */
/* Declares the engine functions that the core calls directly: see dispatch.h. */
#ifndef _GCH_CORE_BUILTIN_H
#define _GCH_CORE_BUILTIN_H

#include <gcheap/engine.h>

/* Hot-path functions of an engine, for direct calls. */
#define GCH_DECLARE_ENGINE(p)						\
	extern const struct gch_engine_ops gch_##p##_ops;		\
	int gch_##p##_alloc(struct gch_mutator *m, void **place,	\
			    struct gch_type *type, u32 nr_refs,		\
			    u32 bytes);					\
	int gch_##p##_assign(struct gch_mutator *m, void **place,	\
			     void *ref);				\
	int gch_##p##_fetch(struct gch_mutator *m, void **place,	\
			    void **from);				\
	void **gch_##p##_ref(struct gch_mutator *m, void *obj, u32 i);	\
	void *gch_##p##_data(struct gch_mutator *m, void *obj,		\
			     size_t *bytes);				\
	int gch_##p##_free(struct gch_mutator *m, void **place);	\
	int gch_##p##_weak_set(struct gch_mutator *m,			\
			       struct gch_weak *w, void *ref);		\
	int gch_##p##_weak_get(struct gch_mutator *m, void **place,	\
			       struct gch_weak *w);			\
	int gch_##p##_weak_alive(struct gch_mutator *m,			\
				 struct gch_weak *w)

/*
 * An engine may implement the most common calls as one function each, if that is
 * faster: @alloc of a fixed type, @ref plus @fetch, and @ref plus @assign for a
 * reference in an object. They return -ERANGE if there is no reference @i.
 *
 * @alloc_refs initializes the first @nr references of the object before it publishes
 * the object; @place may be one of the source slots. @load_refs reads @nr references
 * from word @i on of the object in the slot @src, which may be one of @places. Both
 * read the state once, and return -EAGAIN only before they have changed anything.
 */

/* Generic versions in steps, for the other engines. */
#define GCH_ENGINE_IN_STEPS(p)						\
static __always_inline int						\
gch_##p##_alloc_fixed(struct gch_mutator *m, void **place,		\
		      struct gch_type *type)				\
{									\
	return gch_##p##_alloc(m, place, type, type->nr_refs, type->bytes); \
}									\
									\
static __always_inline int						\
gch_##p##_load(struct gch_mutator *m, void **place, void *obj, u32 i)	\
{									\
	void **from = gch_##p##_ref(m, obj, i);				\
									\
	if (unlikely(!from))						\
		return -ERANGE;						\
	gch_tally(m->stats->stores, 1);					\
	return gch_##p##_fetch(m, place, from);				\
}									\
									\
	/* The slot that keeps the object alive is written last. */	\
static __always_inline int						\
gch_##p##_load_refs(struct gch_mutator *m, void **places, void **src,	\
		    u32 i, u32 nr)					\
{									\
	void *obj = *src;						\
	u32 n, last = nr;						\
	int ret = 0;							\
									\
	for (n = 0; n < nr; n++)					\
		if (unlikely(!gch_##p##_ref(m, obj, i + n)))		\
			return -ERANGE;					\
	for (n = 0; n < nr && !ret; n++) {				\
		if (unlikely(places + n == src))			\
			last = n;					\
		else							\
			ret = gch_##p##_load(m, places + n, obj, i + n); \
	}								\
	if (last < nr && !ret)						\
		ret = gch_##p##_load(m, src, obj, i + last);		\
	return ret;							\
}									\
									\
static __always_inline int						\
gch_##p##_store(struct gch_mutator *m, void *obj, u32 i, void *ref)	\
{									\
	void **place = gch_##p##_ref(m, obj, i);			\
									\
	if (unlikely(!place))						\
		return -ERANGE;						\
	gch_tally(m->stats->stores, 1);					\
	return gch_##p##_assign(m, place, ref);				\
}

#endif /* _GCH_CORE_BUILTIN_H */
