// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot of the heap at one instant
 *
 * The instant lies in a stop of all mutators (PHASE_STOP) where a cycle begins. From
 * then on the write barrier shades old references, as in snapshot-at-the-beginning
 * marking (Yuasa, 1990): all objects are marked that were reachable at the instant. It
 * also keeps the old reference of each place that is written for the first time.
 * Mutators run again.
 *
 * The collector writes the roots at once. When all is marked it writes the marked
 * objects, each with its references of the instant: the kept one for a place that has
 * one, else the present one. It leaves out objects that were allocated later. Then the
 * barrier stops keeping references, and the cycle continues as usual.
 *
 * &gch_heap.lock is held from before the instant until the roots are written, so the
 * frames and tables are those of the instant. snaplog.c has the kept references.
 *
 * An object's number is made of its arena's id, which is never reused, and its position
 * in the arena. It is the same in every snapshot.
 */
#include "snapshot.h"

#include <linux/mm.h>
#include <linux/sched.h>
#include <gcheap/snapshot.h>

#include "compat.h"
#include "go.h"
#include "heapwalk.h"
#include "markbits.h"
#include "object.h"
#include "snaplog.h"

/* Shift of an arena's id, for 8-byte words of an arena; bit set for large objects. */
#define NUMBER_ARENA	20U
#define NUMBER_LARGE	52U

/* References of an object to write before the next reschedule. */
#define BREATH		4096U

static u64 number_of(unsigned long ref)
{
	unsigned long addr = ref_addr(ref);
	const struct gch_go_arena *a;

	if ((ref & TAG_MASK) == SPAN_LARGE)
		return BIT_ULL(NUMBER_LARGE) + page_large(addr)->id;
	a = page_span(addr)->arena;
	return ((u64)a->id << NUMBER_ARENA) +
	       (addr - (unsigned long)a->base) / sizeof(long);
}

static void put_ref(struct gch_go_snap *sn, void **words, u32 i)
{
	unsigned long ref = gch_go_snap_ref(sn, words + i);

	if (ref)
		gch_snap_ref(sn->out, i, number_of(ref));
}

static void put_bits(struct gch_go_snap *sn, void **words, u64 bits)
{
	for (; bits; bits &= bits - 1)
		put_ref(sn, words, __ffs64(bits));
}

static void put_leading(struct gch_go_snap *sn, void **words, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		put_ref(sn, words, i);
		if (!((i + 1) % BREATH)) {
			if (gch_snap_error(sn->out))
				return;
			cond_resched();
		}
	}
}

static void put_typed(struct gch_go_snap *sn, void **words,
		      const struct gch_type *type)
{
	u32 i;

	if (type->leading) {
		put_leading(sn, words, type->nr_refs);
		return;
	}
	for (i = 0; i < type->nr_refs; i++)
		put_ref(sn, words, type->refs[i]);
}

static void put_large(struct gch_go_snap *sn, unsigned long ref)
{
	struct gch_go_large *l = page_large(ref_addr(ref));

	gch_snap_object(sn->out, number_of(ref), PAGE_SIZE << l->order,
			l->type);
	if (l->type->flags & GCH_TYPE_VAR)
		put_leading(sn, l->addr, l->nr_refs);
	else
		put_typed(sn, l->addr, l->type);
}

static void put_other(struct gch_go_snap *sn, unsigned long ref)
{
	unsigned long addr = ref_addr(ref), header;
	struct gch_go_span *s = page_span(addr);
	void **words = (void **)addr;
	struct gch_type *type = NULL;

	if (s->class & 1 || s->size <= GCH_GO_MAX_INLINE) {
		gch_snap_object(sn->out, number_of(ref), s->size, NULL);
		if (!(s->class & 1))
			put_bits(sn, words,
				 gch_go_ptr_bits(gch_go_span_ptrs(s), addr -
						 (unsigned long)s->base,
						 s->size));
		return;
	}
	header = READ_ONCE(*(unsigned long *)addr);
	if (!(header & 1))
		type = (void *)header;
	gch_snap_object(sn->out, number_of(ref), s->size, type);
	if (type)
		put_typed(sn, words + 1, type);
	else
		put_leading(sn, words + 1, header >> 1);
}

static void put_inline(struct gch_go_snap *sn, unsigned long ref)
{
	struct gch_go_tail *tail = tail_of(ref_addr(ref));

	gch_snap_object(sn->out, number_of(ref), tail->size, NULL);
	if (!(tail->class & 1))
		put_bits(sn, (void **)ref_addr(ref),
			 gch_go_inline_bits(ref, tail));
}

static bool goes_on(struct gch_go_snap *sn)
{
	if (READ_ONCE(sn->lost))
		gch_snap_fail(sn->out, -ENOMEM);
	return !gch_snap_error(sn->out);
}

static void put_object(void *arg, unsigned long ref)
{
	struct gch_go_snap *sn = arg;
	unsigned long addr = ref_addr(ref);

	if (!goes_on(sn) ||
	    gch_go_snap_is_born(sn->h, (unsigned long)page_meta(addr), addr))
		return;
	switch (ref & TAG_MASK) {
	case SPAN_OTHER:
		put_other(sn, ref);
		break;
	case SPAN_LARGE:
		put_large(sn, ref);
		break;
	default:
		put_inline(sn, ref);
		break;
	}
}

/* Writes an object that only its finalizer keeps alive; its children are marked. */
static void put_final(void *arg, void *ref, bool finalizer)
{
	struct gch_go_snap *sn = arg;

	if (!finalizer || gch_go_is_marked((unsigned long)ref) || !goes_on(sn))
		return;
	gch_snap_root(sn->out, GCH_SNAP_FINALIZER, 0, sn->nr++,
		      number_of((unsigned long)ref));
	put_object(sn, (unsigned long)ref);
}

static void put_roots(struct gch_go_snap *sn, enum gch_snap_root kind, u32 who,
		      u32 first, void **places, unsigned int nr)
{
	unsigned long ref;
	unsigned int i;

	for (i = 0; i < nr && goes_on(sn); i++) {
		ref = gch_go_snap_ref(sn, places + i);
		if (ref)
			gch_snap_root(sn->out, kind, who, first + i,
				      number_of(ref));
	}
}

static void put_frame(void *arg, void **places, unsigned int nr)
{
	struct gch_go_snap *sn = arg;

	put_roots(sn, GCH_SNAP_FRAME, sn->nr++, 0, places, nr);
}

static void put_table(void *arg, u32 table, u32 first, void **places,
		      unsigned int nr)
{
	put_roots(arg, GCH_SNAP_TABLE, table, first, places, nr);
}

static void put_finalizing(void *arg, void **places, unsigned int nr)
{
	struct gch_go_snap *sn = arg;

	put_roots(sn, GCH_SNAP_FINALIZER, 0, sn->nr, places, nr);
	sn->nr += nr;
}

/**
 * gch_go_snap_begin - takes the lock that the instant of a snapshot needs
 * @h: the heap
 *
 * Context: process context, may sleep; takes &gch_heap.lock.
 */
void gch_go_snap_begin(struct gch_go_heap *h)
{
	mutex_lock(&h->base.lock);
}

/**
 * gch_go_snap_roots - writes the roots of a snapshot
 * @h: the heap; mutators were stopped after gch_go_snap_begin()
 *
 * Context: process context, may sleep; releases &gch_heap.lock.
 */
void gch_go_snap_roots(struct gch_go_heap *h)
{
	struct gch_go_snap *sn = h->snap;

	gch_snap_types(sn->out, &h->base);
	gch_visit_frames(&h->base, put_frame, sn);
	gch_visit_tables(&h->base, put_table, sn);
	sn->nr = 0;
	mutex_unlock(&h->base.lock);
	gch_visit_finalizing(&h->base, put_finalizing, sn);
	/* From now on the place of a root may be reused. */
	WRITE_ONCE(sn->roots, false);
}

/**
 * gch_go_snap_objects - writes the objects of a snapshot
 * @h: the heap; all objects that were reachable at the instant are marked
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_snap_objects(struct gch_go_heap *h)
{
	gch_go_visit_marked(h, put_object, h->snap);
	gch_visit_finals(&h->base, put_final, h->snap);
	/* Fails the snapshot if a reference was lost during the last reads. */
	goes_on(h->snap);
}
