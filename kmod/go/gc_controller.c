// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing a heap: feeds the pacer with the heap's figures, and applies its decisions
 *
 * &gch_go_gc_controller.lock makes a change of the pacer atomic; mutators read goal and
 * triggers without it. It is raw, so per-CPU counters are summed before it is taken.
 */
#include "gc_controller.h"

#include <linux/cpumask.h>
#include <linux/ktime.h>

#include "go.h"
#include "heapstat.h"

/* Nanoseconds between updates of the limiter, ... */
#define LIMITER_EVERY	(10 * NSEC_PER_MSEC)
/* ... and the capacity of its bucket for each CPU, in nanoseconds. */
#define LIMITER_CAPACITY	((u64)NSEC_PER_SEC)

/* Bytes allocated so far and not swept. */
static u64 allocated(struct gch_go_heap *h)
{
	u64 alloc, freed = 0;
	unsigned int cpu;

	lockdep_assert_not_held(&h->gcc.lock);
	for_each_possible_cpu(cpu)
		freed += READ_ONCE(per_cpu_ptr(h->base.cpu, cpu)->freed_bytes);
	alloc = gch_go_alloc_bytes(h);
	return alloc > freed ? alloc - freed : 0;
}

/**
 * gch_go_time - sums the processor time that collecting has taken so far
 * @h: the heap
 *
 * Context: any.
 * Return: nanoseconds, assists included.
 */
u64 gch_go_time(struct gch_go_heap *h)
{
	u64 ns = atomic64_read(&h->base.assist.sum);
	unsigned int cpu;

	lockdep_assert_not_held(&h->gcc.lock);
	for_each_possible_cpu(cpu)
		ns += READ_ONCE(per_cpu_ptr(h->base.cpu, cpu)->cpu_ns);
	return ns;
}

/**
 * gch_go_stalled - counts time that a mutator has waited for the collector
 * @h: the heap
 * @ns: nanoseconds
 *
 * If mutators share CPUs, each counts only its part of a CPU.
 *
 * Context: any.
 */
void gch_go_stalled(struct gch_go_heap *h, u64 ns)
{
	unsigned int nr = max(READ_ONCE(h->base.nr_mutators), 1U);

	atomic64_add(gch_go_scale(ns, min(nr, num_online_cpus()), nr),
		     &h->gcc.stalled_ns);
}

/* Processor time that collecting has taken from mutators so far. */
static u64 taken(struct gch_go_heap *h)
{
	u64 workers = 0, idle = 0;
	unsigned int cpu;

	lockdep_assert_not_held(&h->gcc.lock);
	for_each_possible_cpu(cpu) {
		const struct gch_cpu_stats *c = per_cpu_ptr(h->base.cpu, cpu);

		workers += READ_ONCE(c->cpu_ns);
		idle += READ_ONCE(c->mark_ns[GCH_GO_IDLE]);
	}
	return gch_go_pacer_taken(atomic64_read(&h->base.assist.sum), workers,
				  idle, atomic64_read(&h->gcc.stalled_ns));
}

static bool limiter_due(const struct gch_go_heap *h, u64 now)
{
	return now >= READ_ONCE(h->gcc.limiter_time) + LIMITER_EVERY;
}

/*
 * @gc: taken() at @now. Only as many CPUs count as mutators can use: collecting on
 * other CPUs takes nothing from mutators.
 */
static void limiter_update(struct gch_go_heap *h, u64 now, u64 gc)
{
	unsigned int cpus = clamp(READ_ONCE(h->base.nr_mutators), 1U,
				  num_online_cpus());
	bool was = h->gcc.limiter.on;
	u64 all, part;

	lockdep_assert_held(&h->gcc.lock);
	if (!limiter_due(h, now))
		return;
	all = (now - h->gcc.limiter_time) * cpus;
	/* A later reader may have updated the limiter first. */
	gc = max(gc, h->gcc.limiter_gc);
	part = min(gc - h->gcc.limiter_gc, all);
	gch_go_limiter_add(&h->gcc.limiter, part, all - part,
			   cpus * LIMITER_CAPACITY);
	if (was)
		h->gcc.limiter_ns += now - h->gcc.limiter_time;
	WRITE_ONCE(h->gcc.limiter_time, now);
	h->gcc.limiter_gc = gc;
	if (!was && h->gcc.limiter.on)
		h->gcc.limiter_on++;
}

/**
 * gch_go_limiter_holds - does collecting take too much processor time?
 * @h: the heap
 *
 * If the limiter is on and an update is due, updates it, unless
 * &gch_go_gc_controller.lock is taken.
 *
 * Context: any but interrupts.
 * Return: true if it does: then no work is done for the limit's sake alone.
 */
bool gch_go_limiter_holds(struct gch_go_heap *h)
{
	u64 now, gc;

	if (likely(!READ_ONCE(h->gcc.limiter.on)))
		return false;
	now = ktime_get_ns();
	if (!limiter_due(h, now))
		return true;
	gc = taken(h);
	preempt_disable();
	if (raw_spin_trylock(&h->gcc.lock)) {
		limiter_update(h, now, gc);
		raw_spin_unlock(&h->gcc.lock);
	}
	preempt_enable();
	return READ_ONCE(h->gcc.limiter.on);
}

/**
 * gch_go_limiter_time - sums the time that the limiter has been on
 * @h: the heap
 *
 * Context: process context.
 * Return: nanoseconds.
 */
u64 gch_go_limiter_time(struct gch_go_heap *h)
{
	u64 ns;

	preempt_disable();
	raw_spin_lock(&h->gcc.lock);
	ns = h->gcc.limiter_ns;
	if (h->gcc.limiter.on)
		ns += ktime_get_ns() - h->gcc.limiter_time;
	raw_spin_unlock(&h->gcc.lock);
	preempt_enable();
	return ns;
}

static u64 used(struct gch_go_heap *h)
{
	u64 held = atomic64_read(&h->base.held);

	/* Read at different times: free memory may appear to exceed what is held. */
	return held - min_t(u64, held, READ_ONCE(h->mheap.free_pages) <<
				       GCH_GO_PAGE_SHIFT);
}

/*
 * Does the limit ask for a cycle? Not before the dead objects of the last one are
 * swept.
 */
static bool is_short(struct gch_go_heap *h)
{
	return READ_ONCE(h->gcc.pacer.limit) && !READ_ONCE(h->sweep.pages) &&
	       used(h) >= READ_ONCE(h->gcc.pacer.used_trigger) &&
	       !gch_go_limiter_holds(h);
}

/**
 * gch_go_cycle_due - does the caller have to request a cycle?
 * @h: the heap
 * @live: live bytes
 * @fresh: the caller has taken pages
 *
 * No cycle is due while one that was requested has not marked. None is due for the
 * limit's sake alone while collecting takes too much processor time.
 *
 * Context: in a section.
 * Return: true if it has to; the request counts as made.
 */
bool gch_go_cycle_due(struct gch_go_heap *h, u64 live, bool fresh)
{
	if (live < READ_ONCE(h->gcc.pacer.gogc_trigger) && !fresh)
		return false;
	if (atomic_read(&h->cycle_requested))
		return false;
	if (live < READ_ONCE(h->gcc.pacer.gogc_trigger) && !is_short(h))
		return false;
	return !atomic_xchg(&h->cycle_requested, 1);
}

static void measure(struct gch_go_heap *h, struct gch_go_pacer *p)
{
	p->held = atomic64_read(&h->base.held);
	p->free = READ_ONCE(h->mheap.free_pages) << GCH_GO_PAGE_SHIFT;
}

/**
 * gch_go_gcc_update - decides when the next cycle starts
 * @h: the heap
 *
 * Context: process context.
 */
void gch_go_gcc_update(struct gch_go_heap *h)
{
	struct gch_go_pacer *p = &h->gcc.pacer;
	u64 alive = allocated(h);

	preempt_disable();
	raw_spin_lock(&h->gcc.lock);
	p->gogc = gch_val(&h->base, GCH_KEY_GOGC);
	p->limit = min_not_zero(gch_val(&h->base, GCH_KEY_LIMIT),
				gch_val(&h->base, GCH_KEY_MEMORY_LIMIT));
	p->share = gch_val(&h->base, GCH_KEY_GC_PERCENT_CPU) * 10;
	measure(h, p);
	p->allocated = alive;
	gch_go_pacer_commit(p);
	gch_go_pacer_commit_used(p);
	raw_spin_unlock(&h->gcc.lock);
	preempt_enable();
}

/**
 * gch_go_gcc_swept - sets the use of memory at which the limit starts the next cycle
 * @h: the heap, all of which is swept
 *
 * Context: process context.
 */
void gch_go_gcc_swept(struct gch_go_heap *h)
{
	preempt_disable();
	raw_spin_lock(&h->gcc.lock);
	measure(h, &h->gcc.pacer);
	gch_go_pacer_commit_used(&h->gcc.pacer);
	raw_spin_unlock(&h->gcc.lock);
	preempt_enable();
}

/**
 * gch_go_gcc_begin - updates the pacer when a cycle begins
 * @h: the heap
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_gcc_begin(struct gch_go_heap *h)
{
	u64 gc = taken(h);

	atomic64_set(&h->mark.bytes, 0);
	atomic64_set(&h->mark.credit, 0);
	h->mark.start = ktime_get_ns();
	h->mark.assist_before = atomic64_read(&h->base.assist.sum);
	h->gcc.black_before = gch_go_black(h);
	preempt_disable();
	raw_spin_lock(&h->gcc.lock);
	limiter_update(h, h->mark.start, gc);
	gch_go_pacer_begin(&h->gcc.pacer, atomic64_read(&h->live), used(h));
	raw_spin_unlock(&h->gcc.lock);
	preempt_enable();
}

static void count_places(void *arg, void **places, unsigned int nr)
{
	u64 *bytes = arg;

	*bytes += nr * sizeof(*places);
}

static u64 root_bytes(struct gch_go_heap *h)
{
	u64 bytes = 0;

	mutex_lock(&h->base.lock);
	gch_visit_frames(&h->base, count_places, &bytes);
	h->gcc.frame_bytes = bytes;
	gch_visit_roots(&h->base, count_places, &bytes);
	mutex_unlock(&h->base.lock);
	return bytes;
}

/* Share of all CPUs that assists had in this cycle, in thousandths. */
static unsigned int assist_share(struct gch_go_heap *h)
{
	u64 assist = atomic64_read(&h->base.assist.sum) - h->mark.assist_before;
	u64 all = (ktime_get_ns() - h->mark.start) * num_online_cpus();

	return min_t(u64, gch_go_scale(assist, 1000, all), 1000);
}

/**
 * gch_go_gcc_end - updates the pacer when marking has ended
 * @h: the heap
 *
 * Live bytes become the bytes that were marked or allocated black.
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_gcc_end(struct gch_go_heap *h)
{
	u64 work = atomic64_read(&h->mark.bytes), black = gch_go_black(h);
	u64 marked = work + black - h->gcc.black_before;
	struct gch_go_pacer *p = &h->gcc.pacer;
	u64 roots = root_bytes(h), held = gch_held_by_engine(&h->base), now, gc;

	h->gcc.black_before = black;
	h->gcc.last_goal = p->goal;
	h->gcc.last_live = atomic64_read(&h->live);
	/* Read at different times: free memory may appear to exceed what is held. */
	h->gcc.in_use = held - min_t(u64, held, READ_ONCE(h->mheap.free_pages) <<
					    GCH_GO_PAGE_SHIFT);
	now = ktime_get_ns();
	gc = taken(h);
	preempt_disable();
	raw_spin_lock(&h->gcc.lock);
	gch_go_pacer_end(p, atomic64_read(&h->live), work, assist_share(h));
	limiter_update(h, now, gc);
	p->marked = marked;
	p->roots = roots;
	raw_spin_unlock(&h->gcc.lock);
	preempt_enable();
	atomic64_set(&h->live, marked);
	gch_take_census(&h->base, gch_live_bytes(&h->base), marked);
	gch_go_gcc_update(h);
	atomic_set(&h->cycle_requested, 0);
}

/**
 * gch_go_sweep_owed - computes how far sweeping is behind
 * @h: the heap
 * @live: live bytes
 *
 * Context: any.
 * Return: number of pages to sweep now.
 */
u64 gch_go_sweep_owed(struct gch_go_heap *h, u64 live)
{
	u64 marked = READ_ONCE(h->gcc.pacer.marked);

	return gch_go_pacer_sweep_owed(READ_ONCE(h->sweep.pages),
				       atomic64_read(&h->sweep.swept),
				       READ_ONCE(h->sweep.way),
				       live > marked ? live - marked : 0);
}

/**
 * gch_go_take_credit - pays a debt from the credit of the workers
 * @h: the heap
 * @debt: bytes
 *
 * Context: any.
 * Return: bytes paid.
 */
s64 gch_go_take_credit(struct gch_go_heap *h, s64 debt)
{
	s64 credit = atomic64_read(&h->mark.credit), part;

	do {
		part = min(credit, debt);
		if (part <= 0)
			return 0;
	} while (!atomic64_try_cmpxchg(&h->mark.credit, &credit, credit - part));
	return part;
}

/**
 * gch_go_is_late - is a heap more than a tenth past its goal?
 * @h: the heap
 * @state: its state as the section has read it
 * @live: live bytes
 *
 * Context: any.
 * Return: true if it is, a cycle is requested or running, and the limiter is off.
 */
bool gch_go_is_late(struct gch_go_heap *h, u32 state, u64 live)
{
	return live > gch_go_pacer_worst(&h->gcc.pacer) &&
	       !READ_ONCE(h->gcc.limiter.on) &&
	       (STATE_PHASE(state) != PHASE_OFF || atomic_read(&h->cycle_requested));
}

/**
 * gch_go_owe - charges a mutator for an allocation
 * @h: the heap
 * @m: the mutator; &gch_mutator.pending is set if it has to assist after the call
 * @state: the heap's state as the section has read it
 * @live: live bytes
 * @bytes: bytes allocated
 *
 * Context: in a section.
 */
void gch_go_owe(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
		u64 live, u64 bytes)
{
	struct gch_go_mutator *gm = to_go_mutator(m);
	unsigned int phase = STATE_PHASE(state);

	if (!gch_val(&h->base, GCH_KEY_ASSIST_US))
		return;
	if (gm->debt_gen != STATE_GEN(state)) {
		gm->debt_gen = STATE_GEN(state);
		gm->debt = 0;
	}
	if ((phase == PHASE_SYNC || phase == PHASE_MARK) &&
	    !READ_ONCE(h->gcc.limiter.on)) {
		gm->debt += gch_go_pacer_owed(&h->gcc.pacer, live,
					      atomic64_read(&h->mark.bytes),
					      bytes);
		gm->debt -= gch_go_take_credit(h, gm->debt);
	}
	if ((phase == PHASE_MARK && gm->debt > 0) ||
	    gch_go_is_late(h, state, live) ||
	    (phase == PHASE_OFF && gch_go_sweep_owed(h, live)))
		m->pending = true;
}
