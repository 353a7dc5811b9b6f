/* SPDX-License-Identifier: GPL-2.0 */
/* Assists; see assist.c. */
#ifndef _GCH_GO_ASSIST_H
#define _GCH_GO_ASSIST_H

#include <linux/types.h>

struct gch_go_heap;
struct gch_mutator;

int gch_go_assist(struct gch_go_heap *h, struct gch_mutator *m, u32 state);
void gch_go_nap(struct gch_go_heap *h);

#endif /* _GCH_GO_ASSIST_H */
