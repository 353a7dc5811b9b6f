/* SPDX-License-Identifier: GPL-2.0 */
/* The write barrier; see barrier.c. */
#ifndef _GCH_GO_BARRIER_H
#define _GCH_GO_BARRIER_H

#include <gcheap/ordering.h>
#include <gcheap/engine.h>

#include "mcache.h"
#include "state.h"
#include "wbbuf.h"

struct gch_go_heap;

int gch_go_assign_slow(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
		       void **place, void *ref);
void gch_go_assign_born(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
			void **place, void *ref);

/*
 * Writes a reference in a section that has read @state; returns 0 or -EAGAIN. While no
 * cycle runs, this is the whole write barrier.
 */
static __always_inline int gch_go_assign_at(struct gch_go_heap *h,
					    struct gch_mutator *m, u32 state,
					    void **place, void *ref)
{
	if (unlikely(STATE_PHASE(state) != PHASE_OFF))
		return gch_go_assign_slow(h, m, state, place, ref);
	/* A reader on another CPU sees the object initialized. */
	gch_store_release(place, ref);
	return 0;
}

/* Shades an object, in a section of the mutator. */
static __always_inline void gch_go_shade(struct gch_go_heap *h,
					 struct gch_mutator *m,
					 unsigned long ref)
{
	struct gch_go_mcache *c = m->cache;
	u32 n = c->nr_wbbuf;

	if (!ref)
		return;
	WRITE_ONCE(c->wbbuf[n], ref);
	/* A reader that sees the number sees the entry: gch_go_is_shaded(). */
	gch_store_release(&c->nr_wbbuf, n + 1);
	if (unlikely(n + 1 == GCH_GO_WBBUF_MAX))
		gch_go_wbbuf_flush(h, c, m);
}

#endif /* _GCH_GO_BARRIER_H */
