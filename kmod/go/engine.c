// SPDX-License-Identifier: GPL-2.0
/*
 * The Go engine: concurrent mark and sweep over size-class spans
 *
 * See go.h for locks, ref.h for references, state.h for states, cycle.c for a
 * collection from beginning to end, mcache.c for allocation.
 */
#include "go.h"

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <gcheap/snapshot.h>

#include "assist.h"
#include "barrier.h"
#include "compat.h"
#include "cycle.h"
#include "limit.h"
#include "debug_views.h"
#include "generated/settings.h"
#include "snaplog.h"
#include "validate.h"

/* How often one allocation takes pages, which other tasks may use up first, ... */
#define TRIES_MAX	64
/* ... and how often it waits for a collection before it fails. */
#define COLLECTIONS_MAX	3
static_assert(GCH_ORDER(GCH_GO_PAGE_SIZE) == MIN_ARENA_ORDER);
static_assert(GCH_ORDER(GCH_GO_ARENA_MAX) == MAX_ARENA_ORDER);
static_assert(GCH_GO_GOGC_MAX == MAX_GOGC);

/* Hands the core the settings of what it does for the engine. */
static void serve(struct gch_heap *heap)
{
	WRITE_ONCE(heap->workers_max, gch_val(heap, GCH_KEY_WORKERS));
	WRITE_ONCE(heap->reports, gch_val(heap, GCH_KEY_GCTRACE));
	WRITE_ONCE(heap->period_ms, gch_val(heap, GCH_KEY_PERIOD_MS));
	if (heap->soft_limit != gch_val(heap, GCH_KEY_MEMORY_LIMIT))
		gch_soft_limit_set(heap, gch_val(heap, GCH_KEY_MEMORY_LIMIT));
}

static int heap_init(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	struct gch_go_heap *h = to_go(heap);

	heap->arena_order = gch_val(heap, GCH_KEY_ARENA_ORDER);
	serve(heap);
	h->poison = gch_val(heap, GCH_KEY_POISON);
	init_waitqueue_head(&h->phase_wait);
	gch_go_central_init(h);
	raw_spin_lock_init(&h->larges.lock);
	INIT_LIST_HEAD(&h->larges.list);
	raw_spin_lock_init(&h->gcc.lock);
	h->mcache = alloc_percpu_gfp(struct gch_go_mcache,
				     GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!h->mcache)
		return -ENOMEM;
	heap->cache = h->mcache;
	gch_go_mcache_init(h);
	if (gch_go_arenas_init(h))
		goto err_cache;
	if (gch_go_bufs_init(h)) {
		if (!gch_limit_allows(heap, PAGE_SIZE))
			NL_SET_ERR_MSG_FMT(extack, "limit must be at least %lu for a go heap",
					   PAGE_SIZE);
		goto err_arenas;
	}
	gch_go_scavenge_init(h);
	h->born = ktime_get_ns();
	h->gcc.limiter_time = h->born;
	gch_go_gcc_update(h);
	return 0;

err_arenas:
	gch_go_arenas_free(h);
err_cache:
	free_percpu(h->mcache);
	return -ENOMEM;
}

static void tuned(struct gch_heap *heap, enum gch_key key)
{
	serve(heap);
	if (key == GCH_KEY_GOGC || key == GCH_KEY_LIMIT ||
	    key == GCH_KEY_MEMORY_LIMIT || key == GCH_KEY_GC_PERCENT_CPU)
		gch_go_gcc_update(to_go(heap));
	/* A lowered limit takes effect at once. */
	if (key == GCH_KEY_MEMORY_LIMIT && !gch_soft_allows(heap, 0))
		gch_cycle_suggest(heap, 2);
}

static void heap_exit(struct gch_heap *heap)
{
	struct gch_go_heap *h = to_go(heap);

	gch_go_scavenge_exit(h);
	gch_go_bufs_free(h, false);
	gch_go_larges_free(h);
	gch_go_arenas_free(h);
	free_percpu(h->mcache);
}

static int mutator_init(struct gch_mutator *m)
{
	return 0;
}

static void mutator_exit(struct gch_mutator *m)
{
	gch_go_large_free(to_go(m->heap), to_go_mutator(m)->prealloc_large);
}

static int settle(struct gch_mutator *m)
{
	struct gch_go_heap *h = to_go(m->heap);
	/* Before h->snap, which is set if the state says that a snapshot is taken. */
	u32 state = gch_load_acquire(&h->state);
	int ret = gch_go_assist(h, m, state);

	if (m->wait == GCH_WAIT_NONE && STATE_PHASE(state) != PHASE_OFF &&
	    (gch_go_bufs_low(m->cache) || gch_go_snap_low(h, state)))
		m->wait = GCH_WAIT_SUPPLY;
	return ret;
}

/* Allocates buffers for later sections, which cannot allocate. */
static void supply(struct gch_go_heap *h)
{
	if (STATE_PHASE(READ_ONCE(h->state)) != PHASE_OFF) {
		gch_go_bufs_fill(h, GCH_GO_BUFS_FILL);
		gch_go_snap_fill(h);
	}
}

static bool is_exclusive(struct gch_go_heap *h)
{
	unsigned int phase = STATE_PHASE(READ_ONCE(h->state));

	return phase == PHASE_STOP || phase == PHASE_TERM;
}

/*
 * Takes pages for a span. On several nodes, the first wait asks for pages of the CPU's
 * own node. The call is then repeated, and may take pages that are free on other nodes.
 */
static bool take_pages(struct gch_go_heap *h, struct gch_mutator *m)
{
	unsigned int npages = m->want >> GCH_GO_PAGE_SHIFT;

	if (m->tries == 1 && num_online_nodes() > 1 &&
	    (!gch_go_arena_add_near(h, npages) ||
	     READ_ONCE(h->mheap.free_pages) >= npages))
		return true;
	return !gch_go_arena_add(h, npages);
}

static bool take_memory(struct gch_go_heap *h, struct gch_go_mutator *gm)
{
	struct gch_mutator *m = &gm->base;

	if (!gm->want_large)
		return take_pages(h, m);
	gch_go_large_free(h, gm->prealloc_large);
	gm->prealloc_large = gch_go_large_new(h, m->want);
	return gm->prealloc_large;
}

/* No memory: waits for the running cycle the first time, else runs one. */
static int collect(struct gch_go_heap *h, const struct gch_go_mutator *gm,
		   u64 started)
{
	bool first = gm->collections == 1;

	if (first && !gch_limit_allows(&h->base, gch_go_to_take(gm, 0)))
		atomic64_inc(&h->base.limit_hits);
	if (first && STATE_PHASE(READ_ONCE(h->state)) != PHASE_OFF)
		return gch_cycle_await(&h->base);
	return gch_cycle_since(&h->base, 2, started);
}

/* Takes pages; without any, collects; fails if that does not help. */
static int wait_memory(struct gch_go_heap *h, struct gch_go_mutator *gm)
{
	struct gch_mutator *m = &gm->base;
	u64 started = atomic64_read(&h->base.cycles_started);
	int ret;

	if (m->tries++ < TRIES_MAX) {
		ret = gch_go_limit_wait(h, gm, started);
		if (ret < 0)
			return ret;
		if (ret || take_memory(h, gm))
			return 0;
	}
	if (gm->collections++ < COLLECTIONS_MAX)
		return collect(h, gm, started);
	gm->collections = 0;
	atomic64_inc(&h->base.alloc_failures);
	return -ENOMEM;
}

static int wait_started(struct gch_go_heap *h, struct gch_mutator *m)
{
	if (!m->patient)
		return wait_event_killable(h->phase_wait, !is_exclusive(h)) ?
		       -EINTR : 0;
	wait_event(h->phase_wait, !is_exclusive(h));
	return 0;
}

/* Workers may wait long for a CPU: a killed task does not wait for them. */
static int wait_workers(struct gch_go_heap *h)
{
	supply(h);
	if (fatal_signal_pending(current))
		return -EINTR;
	gch_go_nap(h);
	return 0;
}

static int wait(struct gch_mutator *m)
{
	struct gch_go_heap *h = to_go(m->heap);
	struct gch_go_mutator *gm = to_go_mutator(m);

	if (m->wait == GCH_WAIT_EXCLUSIVE)
		return wait_started(h, m);
	if (m->wait == GCH_WAIT_WORKERS)
		return wait_workers(h);
	if (m->wait == GCH_WAIT_SUPPLY) {
		supply(h);
		return 0;
	}
	if (!m->tries) {
		gm->collections = 0;
		gm->limit_waits = 0;
	}
	return wait_memory(h, gm);
}

/*
 * Runs one collection that takes a snapshot; gch_snap_error() tells if it is complete.
 */
static int snapshot(struct gch_heap *heap, struct gch_snapshot *out)
{
	struct gch_go_heap *h = to_go(heap);
	struct gch_go_snap *sn = gch_go_snap_new(h, out);

	/* Collects without a snapshot too: others may wait for the collection. */
	if (!sn)
		gch_snap_fail(out, -ENOMEM);
	h->snap = sn;
	gch_go_collect(heap, 2);
	h->snap = NULL;
	/* Handshakes followed the last write: no section keeps anything any more. */
	if (sn)
		gch_go_snap_free(sn);
	return 0;
}

const struct gch_engine_ops gch_go_ops = {
	.kind		= GCHEAP_ENGINE_GO,
	.name		= "go",
	.page_groups	= "spans",
	.heap_bytes	= sizeof(struct gch_go_heap),
	.mutator_bytes	= sizeof(struct gch_go_mutator),
	.finalizers	= true,
	.reclaim	= GCHEAP_RECLAIM_TRACING,
	.settings	= settings,
	.nr_settings	= ARRAY_SIZE(settings),
	.init		= gch_go_classes_init,
	.heap_init	= heap_init,
	.tuned		= tuned,
	.heap_exit	= heap_exit,
	.typed		= gch_go_typed,
	.mutator_init	= mutator_init,
	.mutator_exit	= mutator_exit,
	.alloc		= gch_go_alloc,
	.alloc_refs	= gch_go_alloc_refs,
	.assign		= gch_go_assign,
	.fetch		= gch_go_fetch,
	.ref		= gch_go_ref,
	.data		= gch_go_data,
	.free		= gch_go_free,
	.weak_set	= gch_go_weak_set,
	.weak_get	= gch_go_weak_get,
	.weak_alive	= gch_go_weak_alive,
	.settle		= settle,
	.wait		= wait,
	.collect	= gch_go_collect,
	.snapshot	= snapshot,
	.stats		= gch_go_stats,
	.shrink_count	= gch_go_shrink_count,
	.shrink		= gch_go_shrink,
	.validate	= gch_go_validate,
	.show		= gch_go_show,
};
