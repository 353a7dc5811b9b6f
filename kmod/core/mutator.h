/* SPDX-License-Identifier: GPL-2.0 */
/* Calls of mutators: sections and dispatch, for the core's files. */
#ifndef _GCH_CORE_MUTATOR_H
#define _GCH_CORE_MUTATOR_H

#include <linux/instruction_pointer.h>
#include <gcheap/engine.h>

#include "dispatch.h"
#include "pin.h"

bool gch_again(struct gch_mutator *m, int *ret);
struct gch_mutator *gch_mutator_new(struct gch_heap *heap,
				    unsigned int nr_slots);
void gch_mutator_free(struct gch_mutator *m);
void gch_frame_clear(struct gch_mutator *m);
bool gch_mutator_move(struct gch_mutator *m, unsigned int cpu);
void gch_cpus_add(struct gch_mutator *m, unsigned int cpu, unsigned int mark);

bool gch_check(struct gch_mutator *m);
int gch_mutator_misuse(struct gch_mutator *m, unsigned long ip);
int gch_check_call(struct gch_mutator *m, unsigned long ip);
int gch_check_detach(struct gch_mutator *m, unsigned long ip);

/* Any task may make the next call. */
static inline void gch_check_forget(struct gch_mutator *m)
{
	WRITE_ONCE(m->task, NULL);
}

/**
 * struct gch_stay - the section of a call
 * @pin: keeps the task on its CPU
 * @seq: the CPU's sequence number before the section
 */
struct gch_stay {
	struct gch_pin pin;
	unsigned int seq;
};

/*
 * As gch_section_enter(), for a mutator: sets its pointers to this CPU's data.
 * Returns false without entering if the call is a misuse: see gch_mutator_misuse(). A
 * checked mutator has GCH_CPU_CHECKED set in its CPU, so the comparison fails for
 * each of its calls; unchecked heaps need no test of their own.
 */
static __always_inline bool gch_mutator_enter(struct gch_mutator *m,
					      struct gch_stay *stay)
{
	unsigned int cpu;

	stay->pin = gch_pin(&cpu);
	if (unlikely(READ_ONCE(m->cpu) != cpu) &&
	    unlikely(!gch_mutator_move(m, cpu))) {
		gch_unpin(stay->pin);
		return false;
	}
	stay->seq = *m->seq;
	WRITE_ONCE(*m->seq, stay->seq + 1);
	barrier();
	return true;
}

/* No other writer: reading the sequence number again would wait for the store. */
static __always_inline void gch_mutator_leave(struct gch_mutator *m,
					      struct gch_stay stay)
{
	/* A reader that sees the even number also sees the section's writes. */
	gch_store_release(m->seq, stay.seq + 2);
	gch_unpin(stay.pin);
}

/*
 * Repeats the statement, which sets @ret, until the engine need not wait. gch_again()
 * gets a copy, so that @ret can stay in a register.
 */
#define gch_in_section(m, ret, stmt) do {				\
	struct gch_mutator *__m = (m);					\
	int *__ret = &(ret), __err;					\
	struct gch_stay __stay;						\
	bool __again;							\
									\
	do {								\
		if (unlikely(!gch_mutator_enter(__m, &__stay))) {	\
			*__ret = gch_mutator_misuse(__m, _RET_IP_);	\
			break;						\
		}							\
		stmt;							\
		gch_mutator_leave(__m, __stay);				\
		if (likely(!*__ret && !__m->pending))			\
			break;						\
		__err = *__ret;						\
		__again = gch_again(__m, &__err);			\
		*__ret = __err;						\
	} while (__again);						\
} while (0)

/* In a section: *@place = @ref, counted. */
static __always_inline int gch_assign(struct gch_mutator *m, void **place,
				      void *ref)
{
	gch_tally(m->stats->stores, 1);
	return gch_call(m, assign, place, ref);
}

/* In a section: *@place = *@from, counted. @from is no slot of the mutator. */
static __always_inline int gch_fetch(struct gch_mutator *m, void **place,
				     void **from)
{
	gch_tally(m->stats->stores, 1);
	return gch_call(m, fetch, place, from);
}

static __always_inline bool gch_is_slot(const struct gch_mutator *m,
					unsigned int slot)
{
	return likely(slot < m->nr_slots);
}

#endif /* _GCH_CORE_MUTATOR_H */
