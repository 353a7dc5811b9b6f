/* SPDX-License-Identifier: GPL-2.0 */
/* A collection; see cycle.c. */
#ifndef _GCH_GO_CYCLE_H
#define _GCH_GO_CYCLE_H

struct gch_heap;

int gch_go_collect(struct gch_heap *heap, unsigned int generation);

#endif /* _GCH_GO_CYCLE_H */
