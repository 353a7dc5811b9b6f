// SPDX-License-Identifier: GPL-2.0
/*
 * A collection: its phases and when it starts
 *
 * Mutators are never stopped. The phase changes by a store and a handshake:
 *
 *	SYNC	barriers come on; after the handshake every store is shaded
 *	MARK	frames and tables are read, workers mark
 *	TERM	entered when between two handshakes nothing was shaded and all
 *		work was done; its own handshake ends weak loads that shade; had
 *		something been shaded before it, back to MARK
 *	CLEAR	marking is over; weak references to the dead are cleared
 *	FLUSH	barriers are off on every CPU after the handshake
 *	OFF	with the next sweep generation: CPUs sweep what they have cached
 *		before they allocate again; after the handshake all is swept
 */
#include "go.h"

#include <linux/ktime.h>

static void set_state(struct gch_go_heap *h, u32 gen, enum gch_go_phase phase)
{
	u32 old = h->state;

	/* Weak entries are cleared before FLUSH is seen: gch_go_weak_get(). */
	gch_store_release(&h->state, gen << STATE_SHIFT |
				     h->barrier << STATE_PHASE_BITS | phase);
	if (STATE_PHASE(old) == PHASE_TERM || STATE_PHASE(old) == PHASE_STOP)
		wake_up_all(&h->phase_wait);
}

/**
 * gch_go_stop - stops all mutators of a heap
 * @h: the heap
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 * Return: for gch_go_start().
 */
u32 gch_go_stop(struct gch_go_heap *h)
{
	u32 state = h->state;

	set_state(h, STATE_GEN(state), PHASE_STOP);
	gch_handshake(&h->base);
	return state;
}

/**
 * gch_go_start - lets the mutators go on
 * @h: the heap
 * @state: what gch_go_stop() returned
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_start(struct gch_go_heap *h, u32 state)
{
	set_state(h, STATE_GEN(state), STATE_PHASE(state));
}

/* Marks until a handshake finds that nothing was shaded since the one before. */
static u64 mark_all(struct gch_go_heap *h)
{
	u64 before, now = gch_go_shades(h);
	bool more;

	do {
		before = now;
		gch_go_mark_drain(h);
		gch_handshake(&h->base);
		more = gch_go_mark_more(h);
		now = gch_go_shades(h);
	} while (more || now != before);
	return now;
}

/* Returns when it began to terminate. */
static u64 mark_and_terminate(struct gch_go_heap *h, u32 gen)
{
	u64 shades, start;

	for (;;) {
		shades = mark_all(h);
		start = ktime_get_ns();
		set_state(h, gen, PHASE_TERM);
		gch_handshake(&h->base);
		if (gch_go_shades(h) == shades)
			return start;
		set_state(h, gen, PHASE_MARK);
	}
}

static void clear_dead(void *arg, struct gch_weak *entries, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		void *ref = READ_ONCE(entries[i].ref);

		/* Unless its mutator lets it name something else right now. */
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

/* With everything stopped: is what was marked all that can be reached? */
static void verify_marks(struct gch_go_heap *h)
{
	u64 start = ktime_get_ns();
	u32 state;
	int errors;

	if (!gch_val(&h->base, GCH_KEY_VERIFY))
		return;
	state = gch_go_stop(h);
	errors = gch_go_check_marks(h);
	gch_go_start(h, state);
	atomic64_add(ktime_get_ns() - start, &h->base.stopped_ns);
	atomic64_add(errors, &h->base.verify_errors);
}

static void sweep(struct gch_go_heap *h)
{
	gch_go_sweep_all(h);
	gch_go_large_sweep(h);
	gch_max(&h->base.garbage_max, atomic64_read(&h->cycle_freed));
	gch_go_pace(h);
	gch_go_scavenge(h);
}

/**
 * gch_go_collect - one collection
 * @heap: the heap
 * @generation: there is only one
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 * Return: 0.
 */
int gch_go_collect(struct gch_heap *heap, unsigned int generation)
{
	struct gch_go_heap *h = to_go(heap);
	u32 gen = STATE_GEN(h->state);
	struct gch_go_times t;

	atomic64_set(&h->cycle_freed, 0);
	/* For all of the cycle: two barriers side by side are none. */
	h->barrier = gch_val(heap, GCH_KEY_BARRIER);
	gch_go_pace_begin(h);

	gch_go_trace_begin(h, &t);
	set_state(h, gen, PHASE_SYNC);
	gch_handshake(heap);
	t.mark = ktime_get_ns();
	set_state(h, gen, PHASE_MARK);
	gch_go_mark_roots(h);
	t.term = mark_and_terminate(h, gen);
	set_state(h, gen, PHASE_CLEAR);
	atomic64_add(ktime_get_ns() - t.start, &heap->mark_ns);
	verify_marks(h);
	clear_weaks(h);
	set_state(h, gen, PHASE_FLUSH);
	gch_handshake(heap);
	gch_go_pace_end(h);
	gch_go_sweep_begin(h);
	set_state(h, gen + 1, PHASE_OFF);
	t.end = ktime_get_ns();
	gch_handshake(heap);
	gch_go_trace_end(h, &t);
	sweep(h);
	gch_go_bufs_free(h, true);
	return 0;
}
