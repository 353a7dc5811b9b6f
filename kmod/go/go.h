/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A heap of the Go engine, and a mutator of one
 *
 * Each of the engine's files has its part of the heap in its own header.
 *
 * Locks: all are raw and taken inside sections or with preemption off. None is taken
 * inside another, except that mcentral.lock is taken inside mcache.lock:
 *
 *	mcache.lock	adapting a CPU's cache to the state of the heap
 *	mcentral.lock	the lists of spans of one span class
 *	mheap.lock	page bitmaps and lists of arenas
 *	larges.lock	the list of large objects
 *	work.lock	the work buffers of a CPU
 *	gcc.lock	the pacer
 *	snap.lock	references and pages kept for a snapshot
 *
 * A span off every list belongs to the cache or the sweeper that took it off.
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
#include "gc_controller.h"
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
 * @barrier: barrier of the present cycle; under &gch_heap.cycle_lock
 * @stw: &enum gcheap_stw of the present cycle; under &gch_heap.cycle_lock
 * @stopped_at: start of the last stop, by ktime_get_ns()
 * @poison: free memory is filled with a pattern
 * @cycle_requested: a cycle has been asked for
 * @phase_wait: tasks that wait for the end of %PHASE_TERM or %PHASE_STOP
 * @mcache: the caches of the CPUs
 * @central: the central lists, by span class
 * @mheap: the arenas
 * @larges: the large objects
 * @mark: the marking of a cycle
 * @snap: the snapshot that the present cycle takes, or NULL; written before it begins
 * @live: bytes allocated and not known to be dead
 * @gcc: when a cycle starts
 * @sweep: progress of the sweep
 * @born: when the heap was made, by ktime_get_ns()
 * @scavenge: how much free memory is kept
 */
struct gch_go_heap {
	struct gch_heap base;
	u32 state;
	u32 barrier;
	u32 stw;
	u64 stopped_at;
	bool poison;
	atomic_t cycle_requested;
	wait_queue_head_t phase_wait;
	struct gch_go_mcache __percpu *mcache;
	struct gch_go_mcentral central[GCH_GO_SPAN_CLASSES];
	struct gch_go_mheap mheap;
	struct gch_go_larges larges;
	struct gch_go_marking mark;
	struct gch_go_snap *snap;
	atomic64_t live;
	struct gch_go_gc_controller gcc;
	struct gch_go_sweep sweep;
	u64 born;
	struct gch_go_scavenge scavenge;
};

/**
 * struct gch_go_mutator - a mutator of this engine
 * @base: the core's part
 * @prealloc_large: large object whose pages were taken for the call that is repeated
 * @want_large: &gch_mutator.want is the size of a large object, not of a span
 * @collections: collections that the present call ran for want of memory
 * @limit_waits: how often the present call has waited at the soft limit
 * @debt: bytes to mark for what was allocated; negative if more was marked
 * @debt_gen: sweep generation of the cycle that @debt belongs to
 */
struct gch_go_mutator {
	struct gch_mutator base;
	struct gch_go_large *prealloc_large;
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
