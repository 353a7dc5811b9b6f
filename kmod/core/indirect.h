/* SPDX-License-Identifier: GPL-2.0 */
/* Calls to an engine of another module, by its ops: see dispatch.h. */
#ifndef _GCH_CORE_INDIRECT_H
#define _GCH_CORE_INDIRECT_H

#include "builtin.h"

static inline int gch_ops_alloc(struct gch_mutator *m, void **place,
				struct gch_type *type, u32 nr_refs, u32 bytes)
{
	return m->ops->alloc(m, place, type, nr_refs, bytes);
}

static inline int gch_ops_assign(struct gch_mutator *m, void **place, void *ref)
{
	return m->ops->assign(m, place, ref);
}

static inline int gch_ops_fetch(struct gch_mutator *m, void **place, void **from)
{
	return m->ops->fetch(m, place, from);
}

static inline void **gch_ops_ref(struct gch_mutator *m, void *obj, u32 i)
{
	return m->ops->ref(m, obj, i);
}

static inline void *gch_ops_data(struct gch_mutator *m, void *obj, size_t *bytes)
{
	return m->ops->data(m, obj, bytes);
}

static inline int gch_ops_free(struct gch_mutator *m, void **place)
{
	return m->ops->free(m, place);
}

static inline int gch_ops_weak_set(struct gch_mutator *m, struct gch_weak *w,
				   void *ref)
{
	return m->ops->weak_set(m, w, ref);
}

static inline int gch_ops_weak_get(struct gch_mutator *m, void **place,
				   struct gch_weak *w)
{
	return m->ops->weak_get(m, place, w);
}

static inline int gch_ops_weak_alive(struct gch_mutator *m, struct gch_weak *w)
{
	return m->ops->weak_alive(m, w);
}

static inline int gch_ops_alloc_refs(struct gch_mutator *m, void **place,
				     struct gch_type *type, void **from, u32 nr)
{
	return m->ops->alloc_refs(m, place, type, from, nr);
}

GCH_ENGINE_IN_STEPS(ops)

#endif /* _GCH_CORE_INDIRECT_H */
