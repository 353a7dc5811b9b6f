/* SPDX-License-Identifier: GPL-2.0 */
/* The weak entries of an object; see weak.c. */
#ifndef _GCH_PY_WEAK_H
#define _GCH_PY_WEAK_H

#include <linux/types.h>

struct gch_py_heap;
struct gch_py_object;
struct gch_weak;

struct gch_weak **gch_py_weak_head(struct gch_py_heap *h,
				   struct gch_py_object *obj);
void gch_py_weak_unlink(struct gch_weak *w);
bool gch_py_weak_forget(struct gch_py_heap *h, struct gch_py_object *obj,
			unsigned int *budget);

#endif /* _GCH_PY_WEAK_H */
