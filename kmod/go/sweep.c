// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeping: frees unmarked objects
 *
 * A span's marks become its allocation bits. The owner of a span sweeps it: a worker in
 * the background, a CPU that looks for room, or a mutator that allocates faster than
 * those sweep: all must be swept before the next cycle is due. CPUs first give back the
 * spans that they cached in the last generation. A collection ends when all is swept,
 * and the next one begins after that.
 */
#include "sweep.h"

#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/prefetch.h>

#include "compat.h"
#include "go.h"
#include "span_sweep.h"

/* Spans to take and sweep at a time. */
#define BATCH		16
/* The same for a mutator, between checks of the clock. */
#define BATCH_BRIEF	4

/* Prefetches a batch's marks, so that the loads overlap. */
static void fetch_marks(const struct gch_go_span *s)
{
	const u8 *marks = s->base + GCH_GO_PAGE_SIZE - TAIL_BYTES;
	unsigned int bytes, i;

	prefetchw(s->alloc_bits);
	if (!gch_go_is_inline(s))
		return;
	bytes = GCH_GO_PAGE_SIZE >> mark_shift(s->tag);
	for (i = 0; i < bytes; i += L1_CACHE_BYTES)
		prefetchw(marks - bytes + i);
}

/* Sweeps some spans of a class, with preemption off; returns their number. */
static unsigned int sweep_batch(struct gch_go_heap *h, unsigned int class,
				u32 gen, unsigned int max)
{
	struct gch_go_span *s;
	LIST_HEAD(spans);
	unsigned int n;
	u64 dead = 0;

	n = gch_go_central_unswept(h, class, gen, &spans, max);
	if (!n)
		return 0;
	list_for_each_entry(s, &spans, node)
		fetch_marks(s);
	list_for_each_entry(s, &spans, node)
		dead += gch_go_sweep_one(h, s, gen);
	/* Once per batch: an atomic waits for all earlier stores. */
	gch_go_count_swept(h, class, n * gch_go_class_pages[class >> 1], dead);
	gch_go_central_put_all(h, class, gen, &spans);
	return n;
}

/**
 * gch_go_sweep_begin - sets the pace of sweeping
 * @h: the heap, paced, before its sweep generation changes
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_sweep_begin(struct gch_go_heap *h)
{
	u64 pages;

	preempt_disable();
	raw_spin_lock(&h->mheap.lock);
	pages = h->mheap.pages - h->mheap.free_pages;
	raw_spin_unlock(&h->mheap.lock);
	preempt_enable();
	atomic64_set(&h->sweep.swept, 0);
	WRITE_ONCE(h->sweep.way, gch_go_pacer_sweep_way(&h->gcc.pacer));
	WRITE_ONCE(h->sweep.pages, pages);
}

/**
 * gch_go_sweep_some - sweeps all or part of the pages that are owed
 * @h: the heap
 * @gen: sweep generation that the section has read
 * @deadline: when to stop, by ktime_get_ns()
 *
 * Context: in a section that has read phase OFF.
 */
void gch_go_sweep_some(struct gch_go_heap *h, u32 gen, u64 deadline)
{
	unsigned int class, n;
	u64 pages = 0;

	for (class = 2; class < GCH_GO_SPAN_CLASSES; ) {
		n = sweep_batch(h, class, gen, BATCH_BRIEF);
		if (!n) {
			class++;
			continue;
		}
		pages += (u64)n * gch_go_class_pages[class >> 1];
		if (ktime_get_ns() >= deadline ||
		    !gch_go_sweep_owed(h, atomic64_read(&h->live)))
			break;
	}
	gch_count(h->base.cpu->swept_bytes, pages << GCH_GO_PAGE_SHIFT);
}

/*
 * A turn of a worker. The unswept spans of a class only become fewer, so workers skip
 * the classes that one of them has found without any.
 */
static enum gch_turn sweep_on_cpu(void *arg, unsigned int cpu)
{
	struct gch_go_heap *h = arg;
	u32 gen = STATE_GEN(READ_ONCE(h->state));
	u64 since = ktime_get_ns();
	unsigned int class, n;

	for (class = READ_ONCE(h->sweep.class); class < GCH_GO_SPAN_CLASSES; ) {
		preempt_disable();
		n = sweep_batch(h, class, gen, BATCH);
		preempt_enable();
		if (!n)
			WRITE_ONCE(h->sweep.class, ++class);
		else if (gch_worker_wanted(cpu, since) ||
			 gch_go_mark_worker_leaves(since))
			return GCH_TURN_REST;
	}
	return GCH_TURN_DONE;
}

/*
 * Lists the spans that CPUs have cached in the last generation. A CPU that allocates
 * has done so itself, or is doing so now.
 */
static void adapt_all(struct gch_go_heap *h)
{
	u32 state = h->state;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		preempt_disable();
		gch_go_mcache_prepare_for_sweep(h, per_cpu_ptr(h->mcache, cpu), state);
		preempt_enable();
		cond_resched();
	}
}

/**
 * gch_go_sweep_all - sweeps all spans, including those that CPUs have cached
 * @h: the heap, in phase OFF
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_sweep_all(struct gch_go_heap *h)
{
	adapt_all(h);
	h->sweep.class = 2;
	gch_workers_run(&h->base, sweep_on_cpu, h);
	WRITE_ONCE(h->sweep.pages, 0);
	/*
	 * A mutator may still sweep a span that it has taken off a list. Waits for it:
	 * it must not take marks of the next cycle.
	 */
	gch_handshake(&h->base);
}
