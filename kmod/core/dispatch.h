/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dispatch of calls to engines: the only place that names engines
 *
 * The module's engines are called directly, since an indirect branch costs as much as
 * a short call. Those of other modules are called by their ops (indirect.h).
 */
#ifndef _GCH_CORE_DISPATCH_H
#define _GCH_CORE_DISPATCH_H

#include "go/ops.h"
#include "python/ops.h"
#include "slab/ops.h"
#include "indirect.h"

/* All engines, for the module's init. */
static inline const struct gch_engine_ops *gch_engine_builtin(unsigned int i)
{
	switch (i) {
	case 0:
		return &gch_go_ops;
	case 1:
		return &gch_py_ops;
	case 2:
		return &gch_slab_ops;
	default:
		return NULL;
	}
}

/*
 * Calls a hot-path function without an indirect branch. Comparing kinds instead of
 * functions also saves a load of the pointer. The engine with the shortest calls is
 * on the path without taken branches.
 */
#define gch_call(m, fn, ...) ({						\
	struct gch_mutator *__cm = (m);					\
	typeof(gch_go_##fn(__cm, ##__VA_ARGS__)) __cret;		\
									\
	if (likely(__cm->kind == GCHEAP_ENGINE_GO))			\
		__cret = gch_go_##fn(__cm, ##__VA_ARGS__);		\
	else if (__cm->kind == GCHEAP_ENGINE_PYTHON)			\
		__cret = gch_py_##fn(__cm, ##__VA_ARGS__);		\
	else if (__cm->kind == GCHEAP_ENGINE_SLAB)			\
		__cret = gch_slab_##fn(__cm, ##__VA_ARGS__);		\
	else								\
		__cret = gch_ops_##fn(__cm, ##__VA_ARGS__);		\
	__cret;								\
})

#endif /* _GCH_CORE_DISPATCH_H */
