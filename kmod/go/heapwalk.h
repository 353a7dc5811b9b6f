/* SPDX-License-Identifier: GPL-2.0 */
/* Walks over a heap; see heapwalk.c. */
#ifndef _GCH_GO_HEAPWALK_H
#define _GCH_GO_HEAPWALK_H

#include "ref.h"

struct gch_go_heap;
struct gch_go_span;

typedef void (*gch_go_span_fn)(void *arg, struct gch_go_span *s);
void gch_go_visit_spans(struct gch_go_heap *h, gch_go_span_fn fn, void *arg);
void gch_go_visit_marked(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg);

#endif /* _GCH_GO_HEAPWALK_H */
