// SPDX-License-Identifier: GPL-2.0
/*
 * A heap and its pacer: what the pacer has to know, and when
 *
 * pace_lock makes changes of the pacer one step; mutators read goal and triggers
 * without it. It is raw: what all CPUs have counted is summed before it is taken.
 */
#include "go.h"

#include <linux/cpumask.h>
#include <linux/ktime.h>

/* Nanoseconds between looks at how much processor time collecting takes, ... */
#define LIMITER_EVERY	(10 * NSEC_PER_MSEC)
/* ... and how much more than mutators it may have taken, for each CPU. */
#define LIMITER_CAPACITY	((u64)NSEC_PER_SEC)

/* Bytes allocated and not swept since. */
static u64 allocated(struct gch_go_heap *h)
{
	u64 alloc, freed = 0;
	unsigned int cpu;

	lockdep_assert_not_held(&h->pace_lock);
	for_each_possible_cpu(cpu)
		freed += READ_ONCE(per_cpu_ptr(h->base.cpu, cpu)->freed_bytes);
	alloc = gch_go_alloc_bytes(h);
	return alloc > freed ? alloc - freed : 0;
}

/**
 * gch_go_time - processor time that collecting has taken, in all
 * @h: the heap
 *
 * Context: any.
 * Return: nanoseconds.
 */
u64 gch_go_time(struct gch_go_heap *h)
{
	u64 ns = atomic64_read(&h->base.assist.sum);
	unsigned int cpu;

	lockdep_assert_not_held(&h->pace_lock);
	for_each_possible_cpu(cpu)
		ns += READ_ONCE(per_cpu_ptr(h->base.cpu, cpu)->cpu_ns);
	return ns;
}

/**
 * gch_go_stalled - counts what a mutator has waited for the collector
 * @h: the heap
 * @ns: how long
 *
 * Mutators that share a CPU lose no more than they would have had of it.
 *
 * Context: any.
 */
void gch_go_stalled(struct gch_go_heap *h, u64 ns)
{
	unsigned int nr = max(READ_ONCE(h->base.nr_mutators), 1U);

	atomic64_add(gch_go_scale(ns, min(nr, num_online_cpus()), nr),
		     &h->stalled_ns);
}

/* What collecting has taken from mutators, in all. */
static u64 taken(struct gch_go_heap *h)
{
	u64 workers = 0, idle = 0;
	unsigned int cpu;

	lockdep_assert_not_held(&h->pace_lock);
	for_each_possible_cpu(cpu) {
		const struct gch_cpu_stats *c = per_cpu_ptr(h->base.cpu, cpu);

		workers += READ_ONCE(c->cpu_ns);
		idle += READ_ONCE(c->mark_ns[GCH_GO_IDLE]);
	}
	return gch_go_pacer_taken(atomic64_read(&h->base.assist.sum), workers,
				  idle, atomic64_read(&h->stalled_ns));
}

static bool limiter_due(const struct gch_go_heap *h, u64 now)
{
	return now >= READ_ONCE(h->limiter_time) + LIMITER_EVERY;
}

/*
 * @gc: taken() @now. The CPUs that count are those that mutators could use: what the
 * collector does on others takes nothing away from them.
 */
static void limiter_update(struct gch_go_heap *h, u64 now, u64 gc)
{
	unsigned int cpus = clamp(READ_ONCE(h->base.nr_mutators), 1U,
				  num_online_cpus());
	bool was = h->limiter.on;
	u64 all, part;

	lockdep_assert_held(&h->pace_lock);
	if (!limiter_due(h, now))
		return;
	all = (now - h->limiter_time) * cpus;
	/* Another that looked later may have come first. */
	gc = max(gc, h->limiter_gc);
	part = min(gc - h->limiter_gc, all);
	gch_go_limiter_add(&h->limiter, part, all - part,
			   cpus * LIMITER_CAPACITY);
	if (was)
		h->limiter_ns += now - h->limiter_time;
	WRITE_ONCE(h->limiter_time, now);
	h->limiter_gc = gc;
	if (!was && h->limiter.on)
		h->limiter_on++;
}

/**
 * gch_go_limiter_holds - does collecting take too much processor time?
 * @h: the heap
 *
 * If it has, it is looked at again, without waiting.
 *
 * Context: any but interrupts.
 * Return: whether it does: then nothing is done for the limit's sake alone.
 */
bool gch_go_limiter_holds(struct gch_go_heap *h)
{
	u64 now, gc;

	if (likely(!READ_ONCE(h->limiter.on)))
		return false;
	now = ktime_get_ns();
	if (!limiter_due(h, now))
		return true;
	gc = taken(h);
	preempt_disable();
	if (raw_spin_trylock(&h->pace_lock)) {
		limiter_update(h, now, gc);
		raw_spin_unlock(&h->pace_lock);
	}
	preempt_enable();
	return READ_ONCE(h->limiter.on);
}

/**
 * gch_go_limiter_time - how long collecting was held back
 * @h: the heap
 *
 * Context: process context.
 * Return: nanoseconds.
 */
u64 gch_go_limiter_time(struct gch_go_heap *h)
{
	u64 ns;

	preempt_disable();
	raw_spin_lock(&h->pace_lock);
	ns = h->limiter_ns;
	if (h->limiter.on)
		ns += ktime_get_ns() - h->limiter_time;
	raw_spin_unlock(&h->pace_lock);
	preempt_enable();
	return ns;
}

static u64 used(struct gch_go_heap *h)
{
	u64 held = atomic64_read(&h->base.held);

	/* Read at two instants. */
	return held - min_t(u64, held, READ_ONCE(h->free_pages) <<
				       GCH_GO_PAGE_SHIFT);
}

/* Is a cycle due for the limit's sake? Not before what is dead has been swept. */
static bool is_short(struct gch_go_heap *h)
{
	return READ_ONCE(h->pacer.limit) && !READ_ONCE(h->sweep_pages) &&
	       used(h) >= READ_ONCE(h->pacer.used_trigger) &&
	       !gch_go_limiter_holds(h);
}

/**
 * gch_go_cycle_due - is a cycle to be started?
 * @h: the heap
 * @live: live bytes
 * @fresh: pages have been taken
 *
 * Not again before one that was asked for has marked, and not for the limit's
 * sake alone while collecting takes too much processor time.
 *
 * Context: in a section.
 * Return: whether the caller has to request one.
 */
bool gch_go_cycle_due(struct gch_go_heap *h, u64 live, bool fresh)
{
	if (live < READ_ONCE(h->pacer.gogc_trigger) && !fresh)
		return false;
	if (atomic_read(&h->kicked))
		return false;
	if (live < READ_ONCE(h->pacer.gogc_trigger) && !is_short(h))
		return false;
	return !atomic_xchg(&h->kicked, 1);
}

static void measure(struct gch_go_heap *h, struct gch_go_pacer *p)
{
	p->held = atomic64_read(&h->base.held);
	p->free = READ_ONCE(h->free_pages) << GCH_GO_PAGE_SHIFT;
}

/**
 * gch_go_pace - decides when the next cycle starts
 * @h: the heap
 *
 * Context: process context.
 */
void gch_go_pace(struct gch_go_heap *h)
{
	struct gch_go_pacer *p = &h->pacer;
	u64 alive = allocated(h);

	preempt_disable();
	raw_spin_lock(&h->pace_lock);
	p->gogc = gch_val(&h->base, GCH_KEY_GOGC);
	p->limit = min_not_zero(gch_val(&h->base, GCH_KEY_LIMIT),
				gch_val(&h->base, GCH_KEY_MEMORY_LIMIT));
	p->share = gch_val(&h->base, GCH_KEY_GC_PERCENT_CPU) * 10;
	measure(h, p);
	p->allocated = alive;
	gch_go_pacer_commit(p);
	gch_go_pacer_commit_used(p);
	raw_spin_unlock(&h->pace_lock);
	preempt_enable();
}

/**
 * gch_go_pace_swept - decides what may be used until the next cycle starts
 * @h: the heap, all of which is swept
 *
 * Context: process context.
 */
void gch_go_pace_swept(struct gch_go_heap *h)
{
	preempt_disable();
	raw_spin_lock(&h->pace_lock);
	measure(h, &h->pacer);
	gch_go_pacer_commit_used(&h->pacer);
	raw_spin_unlock(&h->pace_lock);
	preempt_enable();
}

/**
 * gch_go_pace_begin - a cycle begins
 * @h: the heap
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_pace_begin(struct gch_go_heap *h)
{
	u64 gc = taken(h);

	atomic64_set(&h->marked_bytes, 0);
	atomic64_set(&h->credit, 0);
	h->mark_start = ktime_get_ns();
	h->assist_before = atomic64_read(&h->base.assist.sum);
	h->black_before = gch_go_black(h);
	preempt_disable();
	raw_spin_lock(&h->pace_lock);
	limiter_update(h, h->mark_start, gc);
	gch_go_pacer_begin(&h->pacer, atomic64_read(&h->live), used(h));
	raw_spin_unlock(&h->pace_lock);
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
	h->frame_bytes = bytes;
	gch_visit_roots(&h->base, count_places, &bytes);
	mutex_unlock(&h->base.lock);
	return bytes;
}

/* The share of all CPUs that assists had, in thousandths. */
static unsigned int assist_share(struct gch_go_heap *h)
{
	u64 assist = atomic64_read(&h->base.assist.sum) - h->assist_before;
	u64 all = (ktime_get_ns() - h->mark_start) * num_online_cpus();

	return min_t(u64, gch_go_scale(assist, 1000, all), 1000);
}

/**
 * gch_go_pace_end - marking has ended
 * @h: the heap
 *
 * What is live from now on is what was marked, then or at birth.
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_pace_end(struct gch_go_heap *h)
{
	u64 work = atomic64_read(&h->marked_bytes), black = gch_go_black(h);
	u64 marked = work + black - h->black_before;
	struct gch_go_pacer *p = &h->pacer;
	u64 roots = root_bytes(h), held = gch_held_by_engine(&h->base), now, gc;

	h->black_before = black;
	h->last_goal = p->goal;
	h->last_live = atomic64_read(&h->live);
	/* Read at two instants: it may be less than what is free. */
	h->in_use = held - min_t(u64, held, READ_ONCE(h->free_pages) <<
					    GCH_GO_PAGE_SHIFT);
	now = ktime_get_ns();
	gc = taken(h);
	preempt_disable();
	raw_spin_lock(&h->pace_lock);
	gch_go_pacer_end(p, atomic64_read(&h->live), work, assist_share(h));
	limiter_update(h, now, gc);
	p->marked = marked;
	p->roots = roots;
	raw_spin_unlock(&h->pace_lock);
	preempt_enable();
	atomic64_set(&h->live, marked);
	gch_census(&h->base, gch_live_bytes(&h->base), marked);
	gch_go_pace(h);
	atomic_set(&h->kicked, 0);
}
