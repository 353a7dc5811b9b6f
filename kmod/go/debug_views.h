/* SPDX-License-Identifier: GPL-2.0 */
/* Views and statistics of a heap; see debug_views.c. */
#ifndef _GCH_GO_SHOW_H
#define _GCH_GO_SHOW_H

#include <gcheap/engine.h>

struct seq_file;

void gch_go_show(struct gch_heap *heap, struct seq_file *seq,
		 enum gch_view view);
void gch_go_stats(struct gch_heap *heap, struct gch_stats *stats);

#endif /* _GCH_GO_SHOW_H */
