/* SPDX-License-Identifier: GPL-2.0 */
/* How a call of a mutator is made, for the files that make such calls. */
#ifndef _GCH_CORE_MUTATOR_H
#define _GCH_CORE_MUTATOR_H

#include <gcheap/engine.h>

bool gch_again(struct gch_mutator *m, int *ret);

/* Repeats the statement, which sets @ret, until the engine need not wait. */
#define gch_in_section(m, ret, stmt) do {				\
	struct gch_mutator *__m = (m);					\
	int *__ret = &(ret);						\
	unsigned int *__seq;						\
									\
	do {								\
		__seq = gch_section_enter();				\
		stmt;							\
		gch_section_leave(__seq);				\
	} while (unlikely(*__ret || __m->pending) && gch_again(__m, __ret)); \
} while (0)

/* In a section: *@place = @ref, counted. */
static __always_inline int gch_assign(struct gch_mutator *m, void **place,
				      void *ref)
{
	gch_count(m->heap->cpu->stores, 1);
	return gch_call(m, assign, place, ref);
}

static __always_inline bool gch_is_slot(const struct gch_mutator *m,
					unsigned int slot)
{
	return likely(slot < m->nr_slots);
}

#endif /* _GCH_CORE_MUTATOR_H */
