/* SPDX-License-Identifier: GPL-2.0 */
/* Collections; see gc.c. */
#ifndef _GCH_PY_GC_H
#define _GCH_PY_GC_H

#include <linux/types.h>

struct gch_heap;
struct gch_py_heap;
struct gch_py_object;

void gch_py_bury_all(struct gch_py_heap *h, struct gch_py_object **dying);
void gch_py_bury_mutators(struct gch_py_heap *h);
bool gch_py_written_since_full(const struct gch_py_heap *h);
int gch_py_generation_due(struct gch_py_heap *h);
int gch_py_collect(struct gch_heap *heap, unsigned int generation);

#endif /* _GCH_PY_GC_H */
