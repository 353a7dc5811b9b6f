/* SPDX-License-Identifier: GPL-2.0 */
/* The phase of a heap, and stops of its mutators; see phase.c. */
#ifndef _GCH_GO_PHASE_H
#define _GCH_GO_PHASE_H

#include "go.h"

void gch_go_phase_set(struct gch_go_heap *h, u32 gen, enum gch_go_phase phase);
void gch_go_phase_start(struct gch_go_heap *h, u32 gen, enum gch_go_phase phase);
u32 gch_go_stop(struct gch_go_heap *h);
void gch_go_start(struct gch_go_heap *h, u32 state);

/* Are all mutators stopped? */
static inline bool gch_go_is_stopped(const struct gch_go_heap *h)
{
	return STATE_PHASE(h->state) == PHASE_STOP;
}

#endif /* _GCH_GO_PHASE_H */
