// SPDX-License-Identifier: GPL-2.0
/*
 * Marks, the write barrier and weak references
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
 * snapshot too: snapshot.c.
 *
 * With yuasa a section must have read the state before it reads a reference that
 * others may overwrite: otherwise it may find the phase to be MARK, and hold a
 * reference that was overwritten in SYNC, unshaded. See gch_go_fetch().
 *
 * A shaded object goes to a buffer of its CPU, as Go's wbBuf, marked or not: a store
 * does not wait for its mark. When the buffer is full, what is in it is marked, and
 * becomes work if it was not. Before the workers begin, the collector makes work of what
 * is in the buffers of all CPUs, where it is: no CPU has to come for that. An unmarked
 * object in a buffer is gray like one in the marker's hands. The end of marking is found
 * by looking at the buffers, and then at what each CPU counts, which is raised before a
 * section marks any of its own: an unmarked object is seen in its buffer, or in the
 * count.
 *
 * A weak reference to an object that is not marked is shaded while marking goes
 * on, since its reader may keep it. Once marking may have ended it can be neither
 * good nor cleared until that has been decided: the reader waits, for a
 * handshake.
 */
#include "go.h"

#include <linux/bitops.h>
#include <linux/mm.h>

static __always_inline bool set_mark(unsigned long *bits, unsigned int i)
{
	unsigned long *word = bits + i / BITS_PER_LONG;

	/* Most are marked already: do not take the line for writing then. */
	if (READ_ONCE(*word) & BIT(i % BITS_PER_LONG))
		return false;
	return !test_and_set_bit(i % BITS_PER_LONG, word);
}

static unsigned int span_index(const struct gch_go_span *s, unsigned long addr)
{
	return gch_go_index(s->class >> 1, addr - (unsigned long)s->base);
}

/**
 * gch_go_mark - marks an object
 * @ref: reference to it
 *
 * Context: any.
 * Return: true if it was not marked and has references to be scanned.
 */
bool gch_go_mark(unsigned long ref)
{
	unsigned long addr = ref_addr(ref);
	struct gch_go_large *l;
	struct gch_go_span *s;
	u8 *mark;

	switch (ref & TAG_MASK) {
	case SPAN_OTHER:
		s = page_span(addr);
		return set_mark(s->mark_bits, span_index(s, addr)) &&
		       !(s->class & 1);
	case SPAN_LARGE:
		l = page_large(addr);
		return !READ_ONCE(l->mark) &&
		       !xchg(&l->mark, LARGE_MARKED);
	default:
		mark = mark_byte(ref);
		if (READ_ONCE(*mark))
			return false;
		WRITE_ONCE(*mark, MARKED);
		return !(tail_of(addr)->class & 1);
	}
}

/**
 * gch_go_mark_born - marks an object that is just being allocated
 * @ref: reference to it
 *
 * It has no references yet, and what it is given is shaded: it is black. Nobody
 * else knows it.
 *
 * Context: in a section.
 */
void gch_go_mark_born(unsigned long ref)
{
	/*
	 * Who finds the mark without a reference finds the object as it was made, its
	 * header too, and when its span began to have such: gch_go_visit_marked(). A
	 * mark bit is set by a fully ordered operation.
	 */
	if (is_inline_ref(ref))
		gch_store_release(mark_byte(ref), SCANNED);
	else
		gch_go_mark(ref);
}

/**
 * gch_go_is_marked - is an object marked?
 * @ref: reference to it
 *
 * Context: any.
 * Return: whether it is.
 */
bool gch_go_is_marked(unsigned long ref)
{
	unsigned long addr = ref_addr(ref);
	struct gch_go_large *l;
	struct gch_go_span *s;

	switch (ref & TAG_MASK) {
	case SPAN_OTHER:
		s = page_span(addr);
		return test_bit(span_index(s, addr), s->mark_bits);
	case SPAN_LARGE:
		l = page_large(addr);
		return READ_ONCE(l->mark);
	default:
		return READ_ONCE(*mark_byte(ref));
	}
}

/**
 * gch_go_shaded_flush - marks what a CPU has shaded
 * @h: the heap
 * @c: the CPU's cache
 * @m: whose section it is
 *
 * Context: in a section on that CPU.
 */
void gch_go_shaded_flush(struct gch_go_heap *h, struct gch_go_mcache *c,
			 struct gch_mutator *m)
{
	unsigned int i, nr = 0;
	bool counted = false;

	for (i = 0; i < c->nr_shaded; i++) {
		unsigned long ref = c->shaded[i];

		if (gch_go_is_marked(ref))
			continue;
		if (!counted) {
			WRITE_ONCE(c->shades, c->shades + 1);
			/* The count before the mark: gch_go_is_shaded(). */
			smp_wmb();
			counted = true;
		}
		/* Who looks at the entries finds those not yet marked in place. */
		if (gch_go_mark(ref))
			WRITE_ONCE(c->shaded[nr++], ref | REF_GRAY);
	}
	/*
	 * They are marked: scanning all that is finds them again. Their marks before
	 * the flag, which gch_go_mark_drain() takes by an operation with full order.
	 */
	if (nr && !gch_go_work_add(h, c->shaded, nr))
		atomic_set_release(&h->overflow, 1);
	WRITE_ONCE(c->nr_shaded, 0);
	if (gch_go_bufs_low(c))
		m->pending = true;
}

/**
 * gch_go_shaded_visit - visits what CPUs have shaded and is not marked
 * @h: the heap
 * @fn: called with a reference to each
 * @arg: its first argument
 *
 * The entries stay where they are. A CPU that marks them right then, or shades more
 * instead, does no harm: whatever is read has been shaded in this cycle.
 *
 * Context: under &gch_heap.cycle_lock, between SYNC and FLUSH.
 */
void gch_go_shaded_visit(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg)
{
	const struct gch_go_mcache *c;
	unsigned long ref;
	unsigned int cpu;
	u32 i, nr;

	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(h->mcache, cpu);
		nr = gch_load_acquire(&c->nr_shaded);
		for (i = 0; i < nr; i++) {
			ref = READ_ONCE(c->shaded[i]) & ~(unsigned long)REF_GRAY;
			if (!gch_go_is_marked(ref))
				fn(arg, ref);
		}
	}
}

/**
 * gch_go_shaded_drop - forgets what all CPUs have shaded
 * @h: the heap; all that can be reached is marked, and no section shades any more
 *
 * Context: process context.
 */
void gch_go_shaded_drop(struct gch_go_heap *h)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(h->mcache, cpu)->nr_shaded, 0);
}

/**
 * gch_go_shades - how often sections on all CPUs have marked, or taken work, so far
 * @h: the heap
 *
 * Context: after a handshake it includes every section before.
 * Return: the sum.
 */
u64 gch_go_shades(struct gch_go_heap *h)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(h->mcache, cpu)->shades);
	return sum;
}

static bool has_gray(const struct gch_go_mcache *c)
{
	u32 i, nr = gch_load_acquire(&c->nr_shaded);

	for (i = 0; i < nr; i++)
		if (!gch_go_is_marked(READ_ONCE(c->shaded[i])))
			return true;
	return false;
}

/**
 * gch_go_is_shaded - has any CPU shaded an object that is not marked?
 * @h: the heap
 *
 * Its section may mark it right now: the caller reads gch_go_shades() afterwards.
 *
 * Context: under &gch_heap.cycle_lock, between SYNC and FLUSH.
 * Return: whether one has.
 */
bool gch_go_is_shaded(struct gch_go_heap *h)
{
	bool gray = false;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		gray = gray || has_gray(per_cpu_ptr(h->mcache, cpu));
	/* Pairs with the one in gch_go_shaded_flush(). */
	smp_rmb();
	return gray;
}

/**
 * gch_go_black - bytes allocated black by all CPUs so far
 * @h: the heap
 *
 * Context: any.
 * Return: the sum.
 */
u64 gch_go_black(struct gch_go_heap *h)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(h->mcache, cpu)->black);
	return sum;
}

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
