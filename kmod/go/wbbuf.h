/* SPDX-License-Identifier: GPL-2.0 */
/* Buffers of shaded objects, one for each CPU; see wbbuf.c. */
#ifndef _GCH_GO_WBBUF_H
#define _GCH_GO_WBBUF_H

#include <linux/types.h>

#include "ref.h"

/* Entries of a buffer, which one section marks in one go. */
#define GCH_GO_WBBUF_MAX	128

struct gch_go_heap;
struct gch_go_mcache;
struct gch_mutator;

void gch_go_wbbuf_flush(struct gch_go_heap *h, struct gch_go_mcache *c,
			struct gch_mutator *m);
void gch_go_wbbuf_visit(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg);
void gch_go_wbbuf_drop(struct gch_go_heap *h);
u64 gch_go_shade_count(struct gch_go_heap *h);
bool gch_go_is_shaded(struct gch_go_heap *h);

#endif /* _GCH_GO_WBBUF_H */
