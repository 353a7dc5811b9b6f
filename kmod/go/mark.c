// SPDX-License-Identifier: GPL-2.0
/*
 * Marking: workers, roots, and mutators that help
 *
 * The queue of a worker is in mark_stack.c. What becomes of a reference is the marker's
 * to say, which GCH_KEY_MARKER selects: mark_pipeline.c, mark_greentea.c,
 * mark_classic.c.
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

/* How long one looks for work before it sleeps, if nobody else wants its CPU. */
#define LOOK_NS		(20 * NSEC_PER_USEC)

static void gray_edge(void *arg, unsigned long ref)
{
	gch_go_gray(arg, ref);
}

/*
 * Marks until there is nothing left, or until others need the CPU more: then some
 * is, in the marker's buffers or in the heap's.
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

/* Waits a while for work, since to sleep takes longer than most waits. */
static void look_for_work(struct gch_go_heap *h)
{
	u64 end = ktime_get_ns() + LOOK_NS;

	while (single_task_running() && ktime_get_ns() < end &&
	       !atomic_read(&h->mark.nr_full) && atomic_read(&h->mark.draining))
		cpu_relax();
}

/*
 * Takes work that is listed, and marks until nothing is left or others need the CPU
 * more. What is left then is listed. Returns whether they do.
 */
static bool take_turn(struct gch_go_marker *k)
{
	bool rests;

	atomic_inc(&k->h->mark.draining);
	drain(k);
	rests = k->rest;
	if (k->share)
		gch_go_share_end(k->h, k->share);
	gch_go_marker_end(k, true);
	atomic_dec(&k->h->mark.draining);
	return rests;
}

/*
 * A turn of a worker. Work that is in no list is in the hands of a worker within its
 * turn. If there is none, all is marked, but for what mutators shade: the collector
 * looks at that.
 */
static enum gch_turn mark_on_cpu(void *arg, unsigned int cpu)
{
	struct gch_go_heap *h = arg;
	struct gch_go_marker k = { .h = h, .cpu = cpu };

	if (cpu != GCH_CPU_NONE) {
		k.share = &per_cpu_ptr(h->mcache, cpu)->share;
		if (!k.share->joined) {
			gch_go_share_join(h, k.share);
			gch_go_bufs_fill(h, GCH_GO_BUFS_FILL);
		}
	}
	if (!atomic_read(&h->mark.nr_full))
		look_for_work(h);
	if (!atomic_read(&h->mark.nr_full))
		return atomic_read(&h->mark.draining) ? GCH_TURN_IDLE : GCH_TURN_DONE;
	if (k.share && !gch_go_share_allows(h, k.share))
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

/* What a finalizer's object refers to is kept, itself it is not. */
static void mark_children(void *arg, void *ref, bool finalizer)
{
	struct gch_go_marker *k = arg;

	if (finalizer && !gch_go_is_marked((unsigned long)ref))
		gch_go_scan((unsigned long)ref, gray_edge, k);
}

/**
 * gch_go_mark_roots - makes the marker's first work of all frames and tables
 * @h: the heap
 *
 * And of finalizers. Whoever gets one later has its object in a slot.
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

/* What is gray is listed before the workers begin: nothing listed is nothing left. */
static void list_shaded(struct gch_go_heap *h)
{
	struct gch_go_marker k = { .h = h };

	gch_go_shaded_visit(h, gray_edge, &k);
	gch_go_marker_end(&k, true);
}

/**
 * gch_go_mark_drain - marks until the workers find nothing more
 * @h: the heap
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_mark_drain(struct gch_go_heap *h)
{
	struct gch_go_marker k = { .h = h };

	list_shaded(h);
	gch_go_share_reset(h);
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
 * A mutator that has taken work, and so emptied a list, has raised its CPU's count
 * of shades before: the caller reads that afterwards.
 *
 * Context: process context.
 * Return: whether there is.
 */
bool gch_go_mark_more(struct gch_go_heap *h)
{
	return gch_go_is_shaded(h) || gch_go_work_left(h) ||
	       atomic_read(&h->mark.overflow);
}

/**
 * gch_go_mark_some - marks for a while, for a mutator
 * @h: the heap
 * @m: the mutator
 * @work: bytes to mark, or a little more
 * @deadline: of ktime_get_ns(), when to stop
 *
 * Takes work that others have listed, or that this CPU has shaded. It goes back
 * before the section ends, and the CPU's count of shades is raised before it is
 * taken, so the end of marking is not found while a section has some.
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
		gch_go_shaded_flush(h, c, m);
	if (!atomic_read(&h->mark.nr_full)) {
		WRITE_ONCE(h->mark.hungry, true);
		return 0;
	}
	/* Seen by who finds lists empty under their locks: gch_go_work_left(). */
	WRITE_ONCE(c->shades, c->shades + 1);
	while (k.bytes < work && step_briefly(&k) && ktime_get_ns() < deadline)
		;
	done = k.bytes;
	gch_go_marker_end(&k, false);
	return done;
}
