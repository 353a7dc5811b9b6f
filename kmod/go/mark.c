// SPDX-License-Identifier: GPL-2.0
/*
 * Marking: workers, roots and assists
 *
 * mark_stack.c has the queue of a worker. The marker that GCH_KEY_MARKER selects
 * decides how to treat a reference: mark_pipeline.c, mark_greentea.c, mark_classic.c.
 */
#include "mark.h"

#include <linux/ktime.h>
#include <linux/sched/stat.h>

#include "compat.h"
#include "go.h"
#include "heapwalk.h"
#include "mark_stack.h"
#include "markbits.h"
#include "marker.h"
#include "wbbuf.h"

/* How long a worker on an otherwise idle CPU spins for work before it sleeps. */
#define LOOK_NS		(20 * NSEC_PER_USEC)

static void gray_edge(void *arg, unsigned long ref)
{
	gch_go_gray(arg, ref);
}

/*
 * Marks until no work is left, or until other tasks need the CPU more. In the second
 * case work is left in the marker's buffers or in the heap's.
 */
static void drain(struct gch_go_marker *k)
{
	switch (k->h->mark.marker) {
	case GCHEAP_MARKER_GREENTEA:
		gch_go_greentea_drain(k);
		break;
	case GCHEAP_MARKER_CLASSIC:
		gch_go_classic_drain(k);
		break;
	default:
		gch_go_pipeline_drain(k);
		break;
	}
}

static bool step_briefly(struct gch_go_marker *k)
{
	switch (k->h->mark.marker) {
	case GCHEAP_MARKER_GREENTEA:
		return gch_go_greentea_brief(k);
	case GCHEAP_MARKER_CLASSIC:
		return gch_go_classic_brief(k);
	default:
		return gch_go_pipeline_brief(k);
	}
}

/* Spins for work: a sleep takes longer than most waits. */
static void look_for_work(struct gch_go_heap *h)
{
	u64 end = ktime_get_ns() + LOOK_NS;

	while (single_task_running() && ktime_get_ns() < end &&
	       !atomic_read(&h->mark.nr_full) && atomic_read(&h->mark.draining))
		cpu_relax();
}

/*
 * Takes listed work and marks until none is left, or until other tasks need the CPU
 * more; then lists the rest and returns true.
 */
static bool take_turn(struct gch_go_marker *k)
{
	bool rests;

	atomic_inc(&k->h->mark.draining);
	drain(k);
	rests = k->rest;
	if (k->worker)
		gch_go_mark_worker_end(k->h, k->worker);
	gch_go_marker_end(k, true);
	atomic_dec(&k->h->mark.draining);
	return rests;
}

/*
 * A turn of a worker. Work that is on no list is held by a worker within its turn. If
 * no list has work and no worker is within its turn, all is marked except for objects
 * that mutators shade; the collector checks those.
 */
static enum gch_turn mark_on_cpu(void *arg, unsigned int cpu)
{
	struct gch_go_heap *h = arg;
	struct gch_go_marker k = { .h = h, .cpu = cpu };

	if (cpu != GCH_CPU_NONE) {
		k.worker = &per_cpu_ptr(h->mcache, cpu)->worker;
		if (!k.worker->joined) {
			gch_go_mark_worker_join(h, k.worker);
			gch_go_bufs_fill(h, GCH_GO_BUFS_FILL);
		}
	}
	if (!atomic_read(&h->mark.nr_full))
		look_for_work(h);
	if (!atomic_read(&h->mark.nr_full))
		return atomic_read(&h->mark.draining) ? GCH_TURN_IDLE : GCH_TURN_DONE;
	if (k.worker && !gch_go_mark_worker_allows(h, k.worker))
		return h->mark.fraction ? GCH_TURN_REST : GCH_TURN_HELD;
	k.since = ktime_get_ns();
	return take_turn(&k) ? GCH_TURN_REST : GCH_TURN_IDLE;
}

static void mark_places(void *arg, void **places, unsigned int nr)
{
	struct gch_go_marker *k = arg;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		unsigned long ref = (unsigned long)READ_ONCE(places[i]);

		if (ref)
			gch_go_gray(k, ref);
	}
}

/* Marks the children of an object that has a finalizer, but not the object. */
static void mark_children(void *arg, void *ref, bool finalizer)
{
	struct gch_go_marker *k = arg;

	if (finalizer && !gch_go_is_marked((unsigned long)ref))
		gch_go_scan((unsigned long)ref, gray_edge, k);
}

/**
 * gch_go_mark_roots - lists the objects that frames and root tables refer to
 * @h: the heap
 *
 * Also lists the children of objects with finalizers. A mutator that gives an object
 * a finalizer later has it in a slot, and shades it.
 *
 * Context: process context, may sleep; takes &gch_heap.lock.
 */
void gch_go_mark_roots(struct gch_go_heap *h)
{
	struct gch_go_marker k = { .h = h };

	mutex_lock(&h->base.lock);
	gch_cpus_renew(&h->base);
	gch_visit_frames(&h->base, mark_places, &k);
	gch_visit_roots(&h->base, mark_places, &k);
	mutex_unlock(&h->base.lock);
	gch_visit_finals(&h->base, mark_children, &k);
	gch_visit_finalizing(&h->base, mark_places, &k);
	gch_go_marker_end(&k, true);
}

static void rescan(void *arg, unsigned long ref)
{
	struct gch_go_marker *k = arg;
	struct gch_go_large *l;
	u32 i;

	if (is_scanned(ref))
		return;
	if ((ref & TAG_MASK) != SPAN_LARGE) {
		gch_go_scan(ref, gray_edge, k);
		drain(k);
		return;
	}
	l = page_large(ref_addr(ref));
	for (i = 0; i < gch_go_large_refs(l); i += GCH_GO_PIECE_REFS) {
		gch_go_scan_piece(l, i, gray_edge, k);
		drain(k);
		cond_resched();
	}
}

/* Lists all gray objects before the workers start: they stop when nothing is listed. */
static void list_shaded(struct gch_go_heap *h)
{
	struct gch_go_marker k = { .h = h };

	gch_go_wbbuf_visit(h, gray_edge, &k);
	gch_go_marker_end(&k, true);
}

/**
 * gch_go_mark_drain - marks until the workers find no more work
 * @h: the heap
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_mark_drain(struct gch_go_heap *h)
{
	struct gch_go_marker k = { .h = h };

	list_shaded(h);
	gch_go_mark_worker_reset(h);
	gch_workers_run(&h->base, mark_on_cpu, h);
	while (atomic_xchg(&h->mark.overflow, 0)) {
		gch_go_visit_marked(h, rescan, &k);
		drain(&k);
	}
	gch_go_marker_end(&k, true);
}

/**
 * gch_go_mark_more - is there work left?
 * @h: the heap
 *
 * A mutator raises its CPU's count of shades before it takes work and so empties a
 * list: the caller reads the counts afterwards.
 *
 * Context: process context.
 * Return: true if there is work.
 */
bool gch_go_mark_more(struct gch_go_heap *h)
{
	return gch_go_is_shaded(h) || gch_go_work_left(h) ||
	       atomic_read(&h->mark.overflow);
}

/**
 * gch_go_mark_some - marks for a while, in an assist
 * @h: the heap
 * @m: the mutator
 * @work: bytes to mark; may be exceeded a little
 * @deadline: when to stop, by ktime_get_ns()
 *
 * Takes listed work, or lists what this CPU has shaded and takes that. Lists the rest
 * again before the section ends. Raises the CPU's count of shades before it takes work,
 * so marking does not end while a section holds some.
 *
 * Context: in a section that has read phase MARK.
 * Return: bytes marked; 0 if there was nothing to do.
 */
u64 gch_go_mark_some(struct gch_go_heap *h, struct gch_mutator *m, u64 work,
		     u64 deadline)
{
	struct gch_go_marker k = { .h = h, .section = true };
	struct gch_go_mcache *c = m->cache;
	u64 done;

	if (!atomic_read(&h->mark.nr_full))
		gch_go_wbbuf_flush(h, c, m);
	if (!atomic_read(&h->mark.nr_full)) {
		WRITE_ONCE(h->mark.assist_starved, true);
		return 0;
	}
	/*
	 * Seen by the collector if it finds the lists empty under their locks:
	 * gch_go_work_left().
	 */
	WRITE_ONCE(c->shade_count, c->shade_count + 1);
	while (k.bytes < work && step_briefly(&k) && ktime_get_ns() < deadline)
		;
	done = k.bytes;
	gch_go_marker_end(&k, false);
	return done;
}
