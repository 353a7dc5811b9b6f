// SPDX-License-Identifier: GPL-2.0
/* The phase of a heap, and stops of its mutators. */
#include "phase.h"

#include <linux/ktime.h>

/**
 * gch_go_phase_set - changes the state of a heap
 * @h: the heap
 * @gen: sweep generation
 * @phase: phase
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_phase_set(struct gch_go_heap *h, u32 gen, enum gch_go_phase phase)
{
	u32 old = h->state;

	/* Orders the clearing of weak entries before FLUSH: gch_go_weak_get(). */
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
 * Return: the state before the stop, for gch_go_start().
 */
u32 gch_go_stop(struct gch_go_heap *h)
{
	u32 state = h->state;

	h->stopped_at = ktime_get_ns();
	gch_go_phase_set(h, STATE_GEN(state), PHASE_STOP);
	gch_handshake(&h->base);
	return state;
}

/**
 * gch_go_phase_start - ends a stop in a new phase
 * @h: the heap
 * @gen: sweep generation
 * @phase: the phase in which mutators run again
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_phase_start(struct gch_go_heap *h, u32 gen, enum gch_go_phase phase)
{
	gch_go_phase_set(h, gen, phase);
	atomic64_add(ktime_get_ns() - h->stopped_at, &h->base.stopped_ns);
}

/**
 * gch_go_start - ends a stop in the state before it
 * @h: the heap
 * @state: the state that gch_go_stop() returned
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_start(struct gch_go_heap *h, u32 state)
{
	gch_go_phase_start(h, STATE_GEN(state), STATE_PHASE(state));
}
