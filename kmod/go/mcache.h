/* SPDX-License-Identifier: GPL-2.0 */
/* The cache of one CPU: spans to allocate from, shaded objects; see mcache.c. */
#ifndef _GCH_GO_MCACHE_H
#define _GCH_GO_MCACHE_H

#include "sizeclass.h"
#include "mark_worker.h"
#include "span.h"
#include "wbbuf.h"
#include "workbuf.h"

struct gch_go_heap;
struct gch_type;

/**
 * struct gch_go_mcache - the cache of one CPU
 * @lock: held by the CPU or by the collector to adapt the cache to a change of the
 *	heap's state
 * @state: the heap's state that the cache was last adapted to
 * @fast: the state in which an allocation may use the fast path; %STATE_NONE if it may
 *	not
 * @nr_wbbuf: entries of @wbbuf
 * @shade_count: raised before a section marks a shaded object or takes work
 * @black: bytes that the CPU has allocated black, ever
 * @mark_ns: time that its worker has marked in this cycle; written by the worker
 * @worker: that worker's share; written by the worker
 * @span: the span of each span class to allocate from; none for class 0
 * @allocs: objects that the CPU has allocated, ever, by span class
 * @freed: objects that the CPU has found dead, ever, by span class
 * @wbbuf: objects that stores have shaded; gray unless marked already
 * @work: its work buffers
 */
struct gch_go_mcache {
	u32 state;
	u32 fast;
	u32 nr_wbbuf;
	raw_spinlock_t lock;		/* see above */
	u64 shade_count;
	u64 black;
	u64 mark_ns;
	struct gch_go_mark_worker worker;
	struct gch_go_span *span[GCH_GO_SPAN_CLASSES];
	u64 allocs[GCH_GO_SPAN_CLASSES];
	u64 freed[GCH_GO_SPAN_CLASSES];
	unsigned long wbbuf[GCH_GO_WBBUF_MAX];
	struct gch_go_work work;
};

void gch_go_mcache_init(struct gch_go_heap *h);
void gch_go_typed(struct gch_type *type);
void gch_go_mcache_prepare_for_sweep(struct gch_go_heap *h, struct gch_go_mcache *c,
				     u32 state);
/* Has the CPU few spare work buffers left for sections? */
static inline bool gch_go_bufs_low(const struct gch_go_mcache *c)
{
	return READ_ONCE(c->work.nr_empty) < GCH_GO_BUFS_LOW;
}

#endif /* _GCH_GO_MCACHE_H */
