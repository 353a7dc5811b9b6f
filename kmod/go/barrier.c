// SPDX-License-Identifier: GPL-2.0
/*
 * The write barrier and weak references
 *
 * While a cycle marks, a store shades. Slots of frames and entries of tables take
 * part, so nothing has to be stopped or scanned again. There are three barriers;
 * selftests/model/phases.pml shows each to be sound:
 *
 *	hybrid		shades what is overwritten and what is written, as Go's
 *	yuasa		shades what is overwritten, so that all is marked that was
 *			reachable when barriers had come on everywhere; and until
 *			then, in SYNC, also what is written, which somebody may
 *			have taken from where it was without shading it
 *	dijkstra	shades what is written, so that nothing unmarked comes to
 *			a place that has been scanned
 *
 * While a snapshot is taken it is hybrid, and keeps what is overwritten for the
 * snapshot too: snaplog.c.
 *
 * With yuasa a section must have read the state before it reads a reference that
 * others may overwrite: otherwise it may find the phase to be MARK, and hold a
 * reference that was overwritten in SYNC, unshaded. See gch_go_fetch().
 *
 * A weak reference to an object that is not marked is shaded while marking goes
 * on, since its reader may keep it. Once marking may have ended it can be neither
 * good nor cleared until that has been decided: the reader waits, for a
 * handshake.
 */
#include "barrier.h"

#include "go.h"
#include "markbits.h"
#include "snaplog.h"

static int wait_exclusive(struct gch_mutator *m)
{
	m->wait = GCH_WAIT_EXCLUSIVE;
	return -EAGAIN;
}

/**
 * gch_go_assign_slow - writes a reference while a cycle runs
 * @h: the heap
 * @m: the mutator
 * @state: the heap's state as the section has read it
 * @place: where
 * @ref: the reference
 *
 * Context: in a section.
 * Return: 0, -EAGAIN.
 */
int gch_go_assign_slow(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
		       void **place, void *ref)
{
	if (STATE_PHASE(state) == PHASE_STOP)
		return wait_exclusive(m);
	if (gch_go_shades_new(state))
		gch_go_shade(h, m, (unsigned long)ref);
	gch_go_assign_born(h, m, state, place, ref);
	return 0;
}

/**
 * gch_go_assign_born - writes a reference to an object just born while a cycle runs
 * @h: the heap
 * @m: the mutator
 * @state: the heap's state as the section has read it, not in %PHASE_STOP
 * @place: where
 * @ref: the reference; its object is black, and so need not be shaded
 *
 * Context: in a section.
 */
void gch_go_assign_born(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
			void **place, void *ref)
{
	if (STATE_PHASE(state) <= PHASE_TERM) {
		if (STATE_BARRIER(state) != GCHEAP_BARRIER_DIJKSTRA)
			gch_go_shade(h, m, (unsigned long)READ_ONCE(*place));
		if (unlikely(STATE_BARRIER(state) == BARRIER_SNAPSHOT))
			gch_go_snap_store(h, m, place);
		gch_tally(m->stats->barriers, 1);
	}
	/* As in gch_go_assign_at(). */
	gch_store_release(place, ref);
}

/**
 * gch_go_assign - writes a reference
 * @m: the mutator
 * @place: where
 * @ref: the reference
 *
 * Context: in a section.
 * Return: 0, -EAGAIN.
 */
int gch_go_assign(struct gch_mutator *m, void **place, void *ref)
{
	struct gch_go_heap *h = to_go(m->heap);

	return gch_go_assign_at(h, m, READ_ONCE(h->state), place, ref);
}

/**
 * gch_go_fetch - reads a reference that others may write
 * @m: the mutator
 * @place: slot that gets it
 * @from: where it is
 *
 * Context: in a section.
 * Return: 0, -EAGAIN.
 */
int gch_go_fetch(struct gch_mutator *m, void **place, void **from)
{
	struct gch_go_heap *h = to_go(m->heap);
	/* Before the reference: see above. */
	u32 state = gch_load_acquire(&h->state);

	return gch_go_assign_at(h, m, state, place, READ_ONCE(*from));
}

/**
 * gch_go_free - gives up a reference: there is nothing to be freed by hand
 * @m: the mutator
 * @place: the slot
 *
 * Context: in a section.
 * Return: 0, -EAGAIN.
 */
int gch_go_free(struct gch_mutator *m, void **place)
{
	return gch_go_assign(m, place, NULL);
}

/**
 * gch_go_weak_set - lets a weak entry name an object
 * @m: the mutator
 * @w: the entry
 * @ref: the object, or NULL
 *
 * Context: in a section.
 * Return: 0, -EAGAIN.
 */
int gch_go_weak_set(struct gch_mutator *m, struct gch_weak *w, void *ref)
{
	if (STATE_PHASE(READ_ONCE(to_go(m->heap)->state)) == PHASE_STOP)
		return wait_exclusive(m);
	/* As in gch_go_assign_at(). */
	gch_store_release(&w->ref, ref);
	return 0;
}

static bool is_marking(u32 state)
{
	return STATE_PHASE(state) != PHASE_OFF &&
	       STATE_PHASE(state) <= PHASE_TERM;
}

/* 1 if the object may be used, 0 if it is dead, -EAGAIN. */
static int weak_check(struct gch_mutator *m, u32 state, unsigned long ref)
{
	switch (STATE_PHASE(state)) {
	case PHASE_STOP:
		return wait_exclusive(m);
	case PHASE_TERM:
		return gch_go_is_marked(ref) ? 1 : wait_exclusive(m);
	case PHASE_CLEAR:
		return gch_go_is_marked(ref);
	default:
		return 1;
	}
}

/**
 * gch_go_weak_get - lets a slot refer to what a weak entry names
 * @m: the mutator
 * @place: the slot
 * @w: the entry
 *
 * Context: in a section.
 * Return: 0, -EAGAIN.
 */
int gch_go_weak_get(struct gch_mutator *m, void **place, struct gch_weak *w)
{
	struct gch_go_heap *h = to_go(m->heap);
	/* First: an entry read in FLUSH is one that has been cleared if dead. */
	u32 state = gch_load_acquire(&h->state);
	void *ref = READ_ONCE(w->ref);
	int ret;

	if (ref) {
		ret = weak_check(m, state, (unsigned long)ref);
		if (ret < 0)
			return ret;
		if (!ret)
			ref = NULL;
		/* Whatever the barrier: nothing else need refer to it. */
		else if (is_marking(state))
			gch_go_shade(h, m, (unsigned long)ref);
	}
	return gch_go_assign_at(h, m, state, place, ref);
}

/**
 * gch_go_weak_alive - does a weak entry name a live object?
 * @m: the mutator
 * @w: the entry
 *
 * Context: in a section.
 * Return: 1 or 0, -EAGAIN.
 */
int gch_go_weak_alive(struct gch_mutator *m, struct gch_weak *w)
{
	/* As in gch_go_weak_get(). */
	u32 state = gch_load_acquire(&to_go(m->heap)->state);
	void *ref = READ_ONCE(w->ref);

	return ref ? weak_check(m, state, (unsigned long)ref) : 0;
}
