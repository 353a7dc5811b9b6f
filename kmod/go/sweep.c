// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeping: what is not marked is free
 *
 * A span is swept by whoever owns it: the mark workers in the background, a CPU
 * that looks for room, a CPU that finds its cached spans to be of the generation
 * before. Its mark bits become its allocation bits. A collection ends when all
 * is swept, and the next begins after that.
 */
#include "go.h"

#include <linux/cpu.h>
#include <linux/poison.h>
#include <linux/rculist.h>

#include "compat.h"

/* How often a CPU that comes and goes is looked after. */
#define ADAPT_TRIES	100

static unsigned long word_mask(unsigned int nelems, unsigned int word)
{
	unsigned int left = nelems - word * BITS_PER_LONG;

	return left < BITS_PER_LONG ? BIT(left) - 1 : ~0UL;
}

static void poison_dead(struct gch_go_span *s, const unsigned long *marks)
{
	unsigned int i;

	for (i = 0; i < s->nelems; i++)
		if (gch_go_is_allocated(s, i) && !test_bit(i, marks))
			memset(s->base + (size_t)i * s->size, POISON_FREE,
			       s->size);
}

/**
 * gch_go_sweep_span - frees what is not marked in a span
 * @h: the heap
 * @s: the span, owned by the caller
 * @gen: the present sweep generation
 *
 * Context: in a section, or process context with preemption off.
 */
void gch_go_sweep_span(struct gch_go_heap *h, struct gch_go_span *s, u32 gen)
{
	unsigned long *marks = gch_go_span_marks(s), m;
	unsigned int w, alive = 0, dead;

	if (unlikely(h->poison))
		poison_dead(s, marks);
	for (w = 0; w < BITS_TO_LONGS(s->nelems); w++) {
		m = marks[w] & word_mask(s->nelems, w);
		s->alloc_bits[w] = m;
		/* Beyond the last object is the span class of the tail. */
		marks[w] &= ~word_mask(s->nelems, w);
		alive += hweight_long(m);
	}
	dead = s->alloc_count - alive;
	s->alloc_count = alive;
	s->gen = gen;
	gch_go_span_refill(s);
	if (!dead)
		return;
	gch_count(h->base.cpu->freed_cycle, dead);
	gch_count(h->base.cpu->freed_bytes, (u64)dead * s->size);
	atomic64_add((u64)dead * s->size, &h->cycle_freed);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_sweep_span);

static void sweep_class(struct gch_go_heap *h, unsigned int class, u32 gen)
{
	struct gch_go_span *s;

	do {
		preempt_disable();
		s = gch_go_central_unswept(h, class, gen);
		if (s) {
			gch_go_sweep_span(h, s, gen);
			gch_go_central_put(h, s, gen);
		}
		preempt_enable();
		cond_resched();
	} while (s);
}

static void adapt_this_cpu(struct gch_go_heap *h)
{
	unsigned int *seq;

	seq = gch_section_enter();
	gch_go_cache_adapt(h, this_cpu_ptr(h->mcache), READ_ONCE(h->state));
	gch_section_leave(seq);
}

static void sweep_on_cpu(void *arg, unsigned int cpu)
{
	struct gch_go_heap *h = arg;
	unsigned int class;

	adapt_this_cpu(h);
	if (!gch_worker_settle(&h->base))
		return;
	for (class = 2; class < GCH_GO_SPAN_CLASSES; class++)
		sweep_class(h, class, STATE_GEN(READ_ONCE(h->state)));
}

static bool all_adapted(struct gch_go_heap *h)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (STATE_GEN(READ_ONCE(per_cpu_ptr(h->mcache, cpu)->state)) !=
		    STATE_GEN(h->state))
			return false;
	return true;
}

/* The cache of a CPU that is offline is nobody's. */
static void adapt_offline(struct gch_go_heap *h)
{
	unsigned int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		if (cpu_online(cpu))
			continue;
		preempt_disable();
		gch_go_shaded_flush(h, per_cpu_ptr(h->mcache, cpu));
		gch_go_cache_adapt(h, per_cpu_ptr(h->mcache, cpu), h->state);
		preempt_enable();
	}
	cpus_read_unlock();
}

/**
 * gch_go_sweep_all - sweeps all spans, those cached by CPUs too
 * @h: the heap, in phase OFF
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_sweep_all(struct gch_go_heap *h)
{
	unsigned int tries = ADAPT_TRIES;

	/*
	 * A CPU that goes down meanwhile leaves its cache to the second step,
	 * one that comes up again right then to the next round.
	 */
	do {
		gch_workers_run(&h->base, sweep_on_cpu, h);
		adapt_offline(h);
	} while (!all_adapted(h) && --tries);
	/*
	 * A CPU whose worker did not take part may be sweeping a span that it
	 * took off a list: no mark of the next cycle must fall into that.
	 */
	gch_handshake(&h->base);
}

/**
 * gch_go_visit_spans - visits the spans in use
 * @h: the heap
 * @fn: called with each
 * @arg: its first argument
 *
 * Spans that come into use meanwhile may be missed.
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_visit_spans(struct gch_go_heap *h, gch_go_span_fn fn, void *arg)
{
	struct gch_go_arena *a;
	u32 i, n;

	list_for_each_entry_rcu(a, &h->arenas, node,
				lockdep_is_held(&h->base.cycle_lock)) {
		for (i = 0; i < a->npages; i += n ?: 1) {
			/* Pairs with the release when it comes into use. */
			n = gch_load_acquire(&a->spans[i].npages);
			if (n)
				fn(arg, &a->spans[i]);
			cond_resched();
		}
	}
}

struct visit {
	gch_go_edge_fn fn;
	void *arg;
};

static void visit_marked(void *arg, struct gch_go_span *s)
{
	unsigned long *marks = gch_go_span_marks(s);
	unsigned long tag = gch_go_is_inline(s) ? SPAN_INLINE : SPAN_OTHER;
	struct visit *v = arg;
	unsigned int i;

	for_each_set_bit(i, marks, s->nelems)
		v->fn(v->arg, ((unsigned long)s->base + (size_t)i * s->size) |
			      tag);
}

/**
 * gch_go_visit_marked - visits all marked objects
 * @h: the heap
 * @fn: called with each
 * @arg: its first argument
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_visit_marked(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg)
{
	struct visit v = { .fn = fn, .arg = arg };
	struct gch_go_large *l;

	gch_go_visit_spans(h, visit_marked, &v);
	list_for_each_entry_rcu(l, &h->larges, node,
				lockdep_is_held(&h->base.cycle_lock))
		if (READ_ONCE(l->mark))
			fn(arg, (unsigned long)l->addr | SPAN_LARGE);
}
