/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a heap: phase, write barrier and sweep generation in one word
 *
 * The state word of a heap holds phase, write barrier and sweep generation, so that
 * a section sees them change at once. The barrier of a cycle stays what it was when
 * the cycle began:
 *
 *	phase	write barrier	new objects	a weak reference to an unmarked
 *	OFF	off		white		is good
 *	SYNC	on		black		shades it
 *	MARK	on		black		shades it
 *	TERM	on		black		waits for what comes next
 *	CLEAR	off		black		reads as cleared
 *	FLUSH	off		black		is good: dead ones are cleared
 *	STOP	(every call waits: the collector has the heap to himself)
 */
#ifndef _GCH_GO_STATE_H
#define _GCH_GO_STATE_H

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <uapi/linux/gcheap.h>

enum gch_go_phase {
	PHASE_OFF,
	PHASE_SYNC,
	PHASE_MARK,
	PHASE_TERM,
	PHASE_CLEAR,
	PHASE_FLUSH,
	PHASE_STOP,
};

#define STATE_PHASE_BITS	3
#define STATE_SHIFT	5
#define STATE_PHASE(state)	((state) & (BIT(STATE_PHASE_BITS) - 1))
/* An enum gcheap_barrier. */
#define STATE_BARRIER(state)	((state) >> STATE_PHASE_BITS & 3)
#define STATE_GEN(state)	((state) >> STATE_SHIFT)
/* No phase has this number. */
#define STATE_NONE	U32_MAX

/* Beside those of enum gcheap_barrier: hybrid, and a snapshot is being taken. */
#define BARRIER_SNAPSHOT	3

/* Is one being taken by a section that has read this? */
static inline bool gch_go_snaps(u32 state)
{
	return STATE_PHASE(state) != PHASE_OFF &&
	       STATE_BARRIER(state) == BARRIER_SNAPSHOT;
}

/* Does the barrier of a section that has read @state shade what is written? */
static __always_inline bool gch_go_shades_new(u32 state)
{
	unsigned int phase = STATE_PHASE(state);

	return phase != PHASE_OFF && phase <= PHASE_TERM &&
	       (STATE_BARRIER(state) != GCHEAP_BARRIER_YUASA ||
		phase == PHASE_SYNC);
}

#endif /* _GCH_GO_STATE_H */
