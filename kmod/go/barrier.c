// SPDX-License-Identifier: GPL-2.0
/*
 * The write barrier and weak references
 *
 * While a cycle marks, a store shades. Slots of frames and entries of tables are
 * barriered too, so no frame is stopped or scanned again. There are three barriers;
 * selftests/model/phases.pml shows that each is sound:
 *
 *	hybrid		shades the old and the new reference, as Go does
 *	yuasa		shades the old reference: all objects are marked that were
 *			reachable when barriers were on everywhere. In SYNC it also
 *			shades the new reference, which the mutator may have taken
 *			from a place that was overwritten without a barrier
 *	dijkstra	shades the new reference: no unmarked object gets into a
 *			place that has been scanned
 *
 * While a snapshot is taken the barrier is hybrid, and also keeps the old reference for
 * the snapshot: snaplog.c.
 *
 * With yuasa, a section must read the state before it reads a reference that others may
 * overwrite. Otherwise it may read phase MARK and hold a reference that was overwritten
 * in SYNC, unshaded. See gch_go_fetch().
 *
 * While marking is under way, a weak load shades the object, since the reader may keep
 * it. In TERM an unmarked object is neither known to be live nor cleared: the reader
 * waits for the handshake that decides.
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
 * @place: the place to write
 * @ref: the reference
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if mutators are stopped.
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
 * gch_go_assign_born - writes a reference to a new object while a cycle runs
 * @h: the heap
 * @m: the mutator
 * @state: the heap's state as the section has read it, not in %PHASE_STOP
 * @place: the place to write
 * @ref: the reference; its object is black, so it need not be shaded
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
 * @place: the place to write
 * @ref: the reference
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if mutators are stopped.
 */
int gch_go_assign(struct gch_mutator *m, void **place, void *ref)
{
	struct gch_go_heap *h = to_go(m->heap);

	return gch_go_assign_at(h, m, READ_ONCE(h->state), place, ref);
}

/**
 * gch_go_fetch - reads a reference that others may write
 * @m: the mutator
 * @place: the slot to set
 * @from: the place to read
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if mutators are stopped.
 */
int gch_go_fetch(struct gch_mutator *m, void **place, void **from)
{
	struct gch_go_heap *h = to_go(m->heap);
	/* Before the reference: see the head of this file. */
	u32 state = gch_load_acquire(&h->state);

	return gch_go_assign_at(h, m, state, place, READ_ONCE(*from));
}

/**
 * gch_go_free - clears a slot; nothing is freed by hand
 * @m: the mutator
 * @place: the slot
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if mutators are stopped.
 */
int gch_go_free(struct gch_mutator *m, void **place)
{
	return gch_go_assign(m, place, NULL);
}

/**
 * gch_go_weak_set - sets a weak entry
 * @m: the mutator
 * @w: the entry
 * @ref: the object, or NULL
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if mutators are stopped.
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

/*
 * Returns 1 if the object may be used, 0 if it is dead, -EAGAIN if the caller has to
 * wait.
 */
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
 * gch_go_weak_get - reads a weak entry into a slot
 * @m: the mutator
 * @place: the slot; set to NULL if the object is dead
 * @w: the entry
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if mutators are stopped, or if TERM has yet to decide.
 */
int gch_go_weak_get(struct gch_mutator *m, void **place, struct gch_weak *w)
{
	struct gch_go_heap *h = to_go(m->heap);
	/*
	 * Before the entry: a section that reads FLUSH reads entries of the dead as
	 * NULL.
	 */
	u32 state = gch_load_acquire(&h->state);
	void *ref = READ_ONCE(w->ref);
	int ret;

	if (ref) {
		ret = weak_check(m, state, (unsigned long)ref);
		if (ret < 0)
			return ret;
		if (!ret)
			ref = NULL;
		/*
		 * With every barrier: the weak entry may be the only reference to it.
		 */
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
 * Return: 1 if it does, else 0; -EAGAIN as gch_go_weak_get().
 */
int gch_go_weak_alive(struct gch_mutator *m, struct gch_weak *w)
{
	/* As in gch_go_weak_get(). */
	u32 state = gch_load_acquire(&to_go(m->heap)->state);
	void *ref = READ_ONCE(w->ref);

	return ref ? weak_check(m, state, (unsigned long)ref) : 0;
}
