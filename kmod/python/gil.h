/* SPDX-License-Identifier: GPL-2.0 */
/* The interpreter lock; see gil.c. */
#ifndef _GCH_PY_GIL_H
#define _GCH_PY_GIL_H

#include "python.h"

static __always_inline bool gch_py_owns(const struct gch_py_heap *h,
					const struct gch_mutator *m)
{
	return likely(READ_ONCE(h->owner) == m);
}

/* In a section: makes the call wait for the lock. */
static inline int gch_py_want_gil(struct gch_mutator *m)
{
	m->wait = GCH_WAIT_EXCLUSIVE;
	return -EAGAIN;
}

void gch_py_gil_init(struct gch_py_heap *h);
int gch_py_gil_take(struct gch_py_heap *h, struct gch_mutator *m);
void gch_py_gil_drop(struct gch_py_heap *h, struct gch_mutator *m);
void gch_py_gil_leave(struct gch_py_heap *h, struct gch_mutator *m);
void gch_py_stop(struct gch_py_heap *h);
int gch_py_stop_others(struct gch_py_heap *h, struct gch_mutator *m);
void gch_py_resume(struct gch_py_heap *h);

#endif /* _GCH_PY_GIL_H */
