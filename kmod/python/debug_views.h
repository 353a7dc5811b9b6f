/* SPDX-License-Identifier: GPL-2.0 */
/* Views of a heap; see debug_views.c. */
#ifndef _GCH_PY_SHOW_H
#define _GCH_PY_SHOW_H

#include <gcheap/engine.h>

struct seq_file;

void gch_py_show(struct gch_heap *heap, struct seq_file *seq,
		 enum gch_view view);

#endif /* _GCH_PY_SHOW_H */
