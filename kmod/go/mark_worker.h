/* SPDX-License-Identifier: GPL-2.0 */
/* How much of the processors marking takes; see mark_worker.c. */
#ifndef _GCH_GO_SHARE_H
#define _GCH_GO_SHARE_H

#include <linux/types.h>

struct gch_go_heap;

/* Why a worker marks. */
enum gch_go_mode {
	GCH_GO_DEDICATED,
	GCH_GO_FRACTIONAL,
	GCH_GO_IDLE,
};

/**
 * struct gch_go_mark_worker - a worker's share of its CPU
 * @joined: it has begun to mark
 * @dedicated: it marks until no work is left
 * @mode: why it marks now
 * @since: start of its slice, by ktime_get_ns()
 * @woke: end of its last sleep, by ktime_get_ns()
 */
struct gch_go_mark_worker {
	bool joined;
	bool dedicated;
	enum gch_go_mode mode;
	u64 since;
	u64 woke;
};

unsigned int gch_go_mark_worker_split(unsigned int percent, unsigned int cpus,
				      unsigned int *fraction);
bool gch_go_mark_worker_due(u64 all, unsigned int fraction, unsigned int cpus,
			    u64 own, u64 shared);
bool gch_go_mark_worker_turn(const struct gch_go_mark_worker *s);
void gch_go_mark_worker_begin(struct gch_go_heap *h);
void gch_go_mark_worker_reset(struct gch_go_heap *h);
void gch_go_mark_worker_join(struct gch_go_heap *h, struct gch_go_mark_worker *s);
bool gch_go_mark_worker_allows(struct gch_go_heap *h, struct gch_go_mark_worker *s);
bool gch_go_mark_worker_next(struct gch_go_heap *h, struct gch_go_mark_worker *s);
void gch_go_mark_worker_end(struct gch_go_heap *h, struct gch_go_mark_worker *s);
bool gch_go_mark_worker_leaves(u64 since);

#endif /* _GCH_GO_SHARE_H */
