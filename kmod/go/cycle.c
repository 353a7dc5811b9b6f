// SPDX-License-Identifier: GPL-2.0
/*
 * A collection: its phases, and when each one starts
 *
 * Mutators run concurrently unless stw is set. A phase changes by a store and a
 * handshake:
 *
 *	SYNC	barriers come on; after the handshake every store shades
 *	MARK	frames and tables are read, workers mark
 *	TERM	entered when between two handshakes mutators marked nothing, no CPU's
 *		buffer had a gray object and no work was left; its own handshake ends
 *		weak loads that shade; if one has shaded, back to MARK
 *	CLEAR	marking is over; weak references to the dead are cleared, then dead
 *		objects that have finalizers are marked
 *	FLUSH	after the handshake barriers are off on every CPU
 *	OFF	the sweep generation changes: each CPU gives back its cached spans
 *		before it allocates again; after the handshake everything is swept
 *
 * With stw on, as in Go, mutators are stopped where marking begins, and again from
 * where it ends until the sweep begins: STOP replaces SYNC, and TERM, CLEAR and FLUSH.
 * With stw all, STOP lasts for the whole cycle, the sweep included. STOP is a phase in
 * which every call waits; the handshake after its store completes it.
 *
 * A snapshot also replaces SYNC by STOP, and shows the heap as of that stop. Its
 * objects are written when a first round has marked them.
 */
#include "cycle.h"

#include <linux/cpumask.h>
#include <linux/ktime.h>

#include "markbits.h"
#include "object.h"
#include "phase.h"
#include "snapshot.h"
#include "report.h"
#include "validate.h"

/* Afterwards every store shades, and objects are allocated black. */
static void begin_marking(struct gch_go_heap *h, u32 gen)
{
	if (!h->stw && !h->snap) {
		gch_go_phase_set(h, gen, PHASE_SYNC);
		gch_handshake(&h->base);
		gch_go_phase_set(h, gen, PHASE_MARK);
		return;
	}
	gch_go_stop(h);
	if (h->stw != GCHEAP_STW_ALL)
		gch_go_phase_start(h, gen, PHASE_MARK);
}

/*
 * Returns true if all is marked: nothing was shaded or marked since @shade_count was read.
 */
static bool end_marking(struct gch_go_heap *h, u32 gen, u64 shades)
{
	if (!h->stw) {
		gch_go_phase_set(h, gen, PHASE_TERM);
		gch_handshake(&h->base);
	} else if (!gch_go_is_stopped(h)) {
		gch_go_stop(h);
	}
	return !gch_go_is_shaded(h) && gch_go_shade_count(h) == shades;
}

static void resume_marking(struct gch_go_heap *h, u32 gen)
{
	if (gch_go_is_stopped(h))
		gch_go_phase_start(h, gen, PHASE_MARK);
	else
		gch_go_phase_set(h, gen, PHASE_MARK);
}

/* The snapshot needs no more objects to be marked: writes those that are. */
static void snap_objects(struct gch_go_heap *h, u32 gen)
{
	gch_go_snap_objects(h);
	h->barrier = GCHEAP_BARRIER_HYBRID;
	if (!gch_go_is_stopped(h))
		gch_go_phase_set(h, gen, PHASE_MARK);
}

/*
 * Marks until mutators have marked nothing between two handshakes; returns their count.
 */
static u64 mark_all(struct gch_go_heap *h)
{
	u64 before, now = gch_go_shade_count(h);
	bool more;

	do {
		before = now;
		gch_go_mark_drain(h);
		gch_handshake(&h->base);
		more = gch_go_mark_more(h);
		now = gch_go_shade_count(h);
	} while (more || now != before);
	return now;
}

/* Returns the time at which the last attempt to terminate began, in ns. */
static u64 mark_and_terminate(struct gch_go_heap *h, u32 gen)
{
	for (;;) {
		u64 shades = mark_all(h), begun = ktime_get_ns();

		if (end_marking(h, gen, shades))
			return begun;
		resume_marking(h, gen);
	}
}

static void clear_dead(void *arg, struct gch_weak *entries, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		void *ref = READ_ONCE(entries[i].ref);

		/* The mutator may set the entry to another object concurrently. */
		if (ref && !gch_go_is_marked((unsigned long)ref))
			cmpxchg(&entries[i].ref, ref, NULL);
	}
}

static void clear_weaks(struct gch_go_heap *h)
{
	mutex_lock(&h->base.lock);
	gch_visit_weaks(&h->base, clear_dead, NULL);
	mutex_unlock(&h->base.lock);
}

static bool is_dead(void *arg, void *ref)
{
	return !gch_go_is_marked((unsigned long)ref);
}

/* The marker has followed the object's references with the roots. */
static void revive(void *arg, void *ref)
{
	struct gch_go_heap *h = arg;

	gch_go_mark((unsigned long)ref);
	atomic64_add(gch_go_object_size((unsigned long)ref), &h->mark.bytes);
	preempt_disable();
	gch_count(h->base.cpu->marked, 1);
	preempt_enable();
}

/*
 * Keeps dead objects with finalizers alive. Weak entries are cleared by now. A section
 * that read an entry before would find its object marked; the handshake ends such
 * sections.
 */
static void finalize(struct gch_go_heap *h)
{
	if (!gch_finals_find(&h->base, is_dead, NULL))
		return;
	gch_handshake(&h->base);
	gch_finals_revive(&h->base, revive, h);
}

/* With mutators stopped: is every reachable object marked? */
static void verify_marks(struct gch_go_heap *h)
{
	bool stopped = gch_go_is_stopped(h);
	u32 state = h->state;

	if (!gch_val(&h->base, GCH_KEY_VERIFY))
		return;
	if (!stopped)
		gch_go_stop(h);
	atomic64_add(gch_go_check_marks(h), &h->base.verify_errors);
	if (!stopped)
		gch_go_start(h, state);
}

static void sweep(struct gch_go_heap *h)
{
	gch_go_sweep_all(h);
	gch_go_large_sweep(h);
	gch_go_gcc_swept(h);
	gch_go_scavenge(h);
}

/* Starts the next sweep generation: from now on an unmarked object is free. */
static void begin_sweeping(struct gch_go_heap *h, u32 gen)
{
	if (!gch_go_is_stopped(h)) {
		gch_go_phase_set(h, gen, PHASE_FLUSH);
		gch_handshake(&h->base);
	}
	gch_go_wbbuf_drop(h);
	gch_go_gcc_end(h);
	gch_go_sweep_begin(h);
	if (!gch_go_is_stopped(h)) {
		gch_go_phase_set(h, gen + 1, PHASE_OFF);
		gch_handshake(&h->base);
	} else if (h->stw == GCHEAP_STW_ON) {
		gch_go_phase_start(h, gen + 1, PHASE_OFF);
	} else {
		gch_go_phase_set(h, gen + 1, PHASE_STOP);
	}
}

/**
 * gch_go_collect - runs one collection
 * @heap: the heap
 * @generation: ignored, there is only one
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 * Return: 0.
 */
int gch_go_collect(struct gch_heap *heap, unsigned int generation)
{
	struct gch_go_heap *h = to_go(heap);
	u32 gen = STATE_GEN(h->state);
	struct gch_go_times t;

	/* One barrier for the whole cycle: two barriers side by side are unsound. */
	h->barrier = h->snap ? BARRIER_SNAPSHOT :
			       gch_val(heap, GCH_KEY_BARRIER);
	h->stw = gch_val(heap, GCH_KEY_STW);
	h->mark.marker = gch_val(heap, GCH_KEY_MARKER);
	gch_go_gcc_begin(h);
	gch_go_mark_worker_begin(h);

	gch_go_trace_begin(h, &t);
	/* For the sections of all CPUs, which cannot allocate buffers. */
	gch_go_bufs_fill(h, GCH_GO_BUFS_FILL + num_online_cpus());
	if (h->snap)
		gch_go_snap_begin(h);
	begin_marking(h, gen);
	t.mark = ktime_get_ns();
	if (h->snap)
		gch_go_snap_roots(h);
	gch_go_mark_roots(h);
	if (h->snap) {
		mark_all(h);
		snap_objects(h, gen);
	}
	t.term = mark_and_terminate(h, gen);
	if (!gch_go_is_stopped(h))
		gch_go_phase_set(h, gen, PHASE_CLEAR);
	atomic64_add(ktime_get_ns() - t.start, &heap->mark_ns);
	clear_weaks(h);
	finalize(h);
	verify_marks(h);
	begin_sweeping(h, gen);
	t.end = ktime_get_ns();
	gch_go_trace_end(h, &t);
	sweep(h);
	if (gch_go_is_stopped(h))
		gch_go_phase_start(h, STATE_GEN(h->state), PHASE_OFF);
	gch_finals_release(heap);
	gch_go_bufs_free(h, true);
	return 0;
}
