/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a heap: phase, write barrier and sweep generation
 *
 * All three are in one word, so that a section sees them change at once. The barrier of
 * a cycle does not change while it runs:
 *
 *	phase	write barrier	new objects	weak load of an unmarked object
 *	OFF	off		white		returns it
 *	SYNC	on		black		shades it
 *	MARK	on		black		shades it
 *	TERM	on		black		waits for the next phase
 *	CLEAR	off		black		returns NULL
 *	FLUSH	off		black		returns it: entries of the dead are NULL
 *	STOP	(every call waits: the collector alone uses the heap)
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
/* An &enum gcheap_barrier, or %BARRIER_SNAPSHOT. */
#define STATE_BARRIER(state)	((state) >> STATE_PHASE_BITS & 3)
#define STATE_GEN(state)	((state) >> STATE_SHIFT)
/* Equals no state: its phase bits are no phase. */
#define STATE_NONE	U32_MAX

/* Extends &enum gcheap_barrier: hybrid, while a snapshot is taken. */
#define BARRIER_SNAPSHOT	3

/* Does a section that has read @state keep references for a snapshot? */
static inline bool gch_go_snaps(u32 state)
{
	return STATE_PHASE(state) != PHASE_OFF &&
	       STATE_BARRIER(state) == BARRIER_SNAPSHOT;
}

/* Does the barrier of a section that has read @state shade new references? */
static __always_inline bool gch_go_shades_new(u32 state)
{
	unsigned int phase = STATE_PHASE(state);

	return phase != PHASE_OFF && phase <= PHASE_TERM &&
	       (STATE_BARRIER(state) != GCHEAP_BARRIER_YUASA ||
		phase == PHASE_SYNC);
}

#endif /* _GCH_GO_STATE_H */
