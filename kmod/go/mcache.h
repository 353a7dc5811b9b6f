/* SPDX-License-Identifier: GPL-2.0 */
/* What one CPU allocates from and shades into; see mcache.c. */
#ifndef _GCH_GO_MCACHE_H
#define _GCH_GO_MCACHE_H

#include "sizeclass.h"
#include "share.h"
#include "span.h"
#include "wbbuf.h"
#include "workbuf.h"

struct gch_go_heap;
struct gch_type;

/**
 * struct gch_go_mcache - what one CPU allocates from and shades into
 * @lock: taken to adapt to a change of the heap's state, which the CPU does, or the
 *	collector for it
 * @state: the heap's state to which the cache was adapted last
 * @fast: the state in which to allocate is to take an object of the window, and to
 *	mark it if a cycle runs; %STATE_NONE if there is none
 * @nr_shaded: entries of @shaded
 * @shades: raised before one of them is marked, or work is taken, by a section
 * @black: bytes that it has allocated black, ever
 * @mark_ns: time that its worker has marked in this cycle; the worker's
 * @share: that worker's share; likewise
 * @span: the span of each span class that it allocates from; none is of class 0
 * @allocs: objects that it has allocated, ever, by span class
 * @freed: objects that it has found dead, ever, by span class
 * @shaded: what stores have shaded: gray, if it is not marked already
 * @work: its work buffers
 */
struct gch_go_mcache {
	u32 state;
	u32 fast;
	u32 nr_shaded;
	raw_spinlock_t lock;		/* see above */
	u64 shades;
	u64 black;
	u64 mark_ns;
	struct gch_go_share share;
	struct gch_go_span *span[GCH_GO_SPAN_CLASSES];
	u64 allocs[GCH_GO_SPAN_CLASSES];
	u64 freed[GCH_GO_SPAN_CLASSES];
	unsigned long shaded[GCH_GO_SHADE_MAX];
	struct gch_go_work work;
};

void gch_go_cache_init(struct gch_go_heap *h);
void gch_go_typed(struct gch_type *type);
void gch_go_cache_adapt(struct gch_go_heap *h, struct gch_go_mcache *c,
			u32 state);
/* Has its CPU few spare work buffers left for sections? */
static inline bool gch_go_bufs_low(const struct gch_go_mcache *c)
{
	return READ_ONCE(c->work.nr_empty) < GCH_GO_BUFS_LOW;
}

#endif /* _GCH_GO_MCACHE_H */
