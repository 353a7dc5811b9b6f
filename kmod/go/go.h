/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A heap of the Go engine, and a mutator of one
 *
 * The heap is made of what the engine's files have of it, each in its own header.
 *
 * Locks, all raw and taken inside sections or with preemption off, none inside
 * another but for the first, inside which the next is taken:
 *
 *	mcache.lock	adapting a CPU's cache to the state of the heap
 *	mcentral.lock	the lists of spans of one span class
 *	mheap.lock	page bitmaps and lists of arenas
 *	larges.lock	the list of large objects
 *	work.lock	the work buffers of a CPU
 *	pace.lock	the pacer
 *	snap.lock	what is kept for a snapshot
 *
 * A span belongs to whoever took it off a list: the cache of a CPU, a sweeper.
 */
#ifndef _GCH_GO_H
#define _GCH_GO_H

#include <linux/wait.h>
#include <gcheap/engine.h>

#include "large.h"
#include "mark.h"
#include "mcache.h"
#include "mcentral.h"
#include "mheap.h"
#include "ops.h"
#include "pace.h"
#include "scavenge.h"
#include "sizeclass.h"
#include "state.h"
#include "sweep.h"

#define GCH_GO_GOGC_MAX		100000U

struct gch_go_snap;

/**
 * struct gch_go_heap - a heap of this engine
 * @base: the core's part
 * @state: sweep generation, barrier and phase; written by the collector only
 * @barrier: of the present cycle; under &gch_heap.cycle_lock
 * @stw: when it stops mutators; likewise
 * @stopped_at: when that was
 * @poison: what is free is filled with a pattern
 * @kicked: a cycle has been asked for
 * @phase_wait: who waits for the end of %PHASE_TERM or %PHASE_STOP
 * @mcache: the caches of the CPUs
 * @central: the lists behind them, by span class
 * @mheap: the arenas
 * @larges: the large objects
 * @mark: the marking of a cycle
 * @snap: the snapshot that the present cycle takes, or NULL; written before it begins
 * @live: bytes allocated and not known to be dead
 * @pace: when a cycle starts
 * @sweep: how far it is swept
 * @born: when the heap was made, by ktime_get_ns()
 * @scavenge: what is kept of memory that is free
 */
struct gch_go_heap {
	struct gch_heap base;
	u32 state;
	u32 barrier;
	u32 stw;
	u64 stopped_at;
	bool poison;
	atomic_t kicked;
	wait_queue_head_t phase_wait;
	struct gch_go_mcache __percpu *mcache;
	struct gch_go_mcentral central[GCH_GO_SPAN_CLASSES];
	struct gch_go_mheap mheap;
	struct gch_go_larges larges;
	struct gch_go_marking mark;
	struct gch_go_snap *snap;
	atomic64_t live;
	struct gch_go_pace pace;
	struct gch_go_sweep sweep;
	u64 born;
	struct gch_go_scavenge scavenge;
};

/**
 * struct gch_go_mutator - a mutator of this engine
 * @base: the core's part
 * @stash: large object whose pages were taken for the call that is repeated
 * @want_large: &gch_mutator.want is the size of a large object, not of a span
 * @collections: run for want of memory by the present call
 * @limit_waits: how often it has waited at the soft limit
 * @debt: bytes to mark for what was allocated; less than 0 if more was marked
 * @debt_gen: sweep generation of the cycle that it is owed to
 */
struct gch_go_mutator {
	struct gch_mutator base;
	struct gch_go_large *stash;
	bool want_large;
	unsigned int collections;
	unsigned int limit_waits;
	s64 debt;
	u32 debt_gen;
};

static inline struct gch_go_heap *to_go(struct gch_heap *heap)
{
	return container_of(heap, struct gch_go_heap, base);
}

static inline struct gch_go_mutator *to_go_mutator(struct gch_mutator *m)
{
	return container_of(m, struct gch_go_mutator, base);
}

#endif /* _GCH_GO_H */
