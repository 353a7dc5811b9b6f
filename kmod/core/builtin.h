/* SPDX-License-Identifier: GPL-2.0 */
/* How the engines of the module declare what is called directly: see dispatch.h. */
#ifndef _GCH_CORE_BUILTIN_H
#define _GCH_CORE_BUILTIN_H

#include <gcheap/engine.h>

/* The functions of the hot path, so that they are called directly. */
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
 * What most calls of mutators are, each as one function, for an engine to whom that
 * makes a difference: @alloc of a fixed type, @ref and @fetch, and @ref and
 * @assign of a reference in an object. -ERANGE if there is no reference @i.
 *
 * @alloc_refs gives the object its first @nr references, of which @place may be
 * one, before it is known anywhere; @load_refs reads @nr from word @i on of the
 * object in the slot @src, which may be among @places, or none. Both read state
 * once, and return -EAGAIN before they have done anything or not at all.
 */

/* The same in steps, for the other engines. */
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
/* The slot that keeps the object is written last. */			\
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
