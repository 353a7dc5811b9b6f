/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which engine a call goes to: the one place that names engines
 *
 * The engines of the module are called directly, since an indirect branch costs as much
 * as a short call.
 */
#ifndef _GCH_CORE_DISPATCH_H
#define _GCH_CORE_DISPATCH_H

#include "go/ops.h"
#include "python/ops.h"
#include "slab/ops.h"

/* All of them, for the module's init. */
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
 * Calls a function of the hot path without an indirect branch. The kinds are
 * compared, not the functions: that spares the load of the pointer too. The one with
 * the shortest calls is where a branch not taken leads.
 */
#define gch_call(m, fn, ...) ({						\
	struct gch_mutator *__cm = (m);					\
	typeof(gch_go_##fn(__cm, ##__VA_ARGS__)) __cret;		\
									\
	if (likely(__cm->kind == GCHEAP_ENGINE_GO))			\
		__cret = gch_go_##fn(__cm, ##__VA_ARGS__);		\
	else if (__cm->kind == GCHEAP_ENGINE_PYTHON)			\
		__cret = gch_py_##fn(__cm, ##__VA_ARGS__);		\
	else								\
		__cret = gch_slab_##fn(__cm, ##__VA_ARGS__);		\
	__cret;								\
})

#endif /* _GCH_CORE_DISPATCH_H */
