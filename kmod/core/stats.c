// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: counters per CPU, summed on request. The sums are not consistent with
 * each other while mutators run.
 */
#include <gcheap/engine.h>

#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "delay.h"
#include "heap.h"

static void sum_deaths(struct gch_heap *heap, struct gch_stats *s)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const struct gch_cpu_stats *c = per_cpu_ptr(heap->cpu, cpu);

		s->freed_count += READ_ONCE(c->freed_count);
		s->freed_cycle += READ_ONCE(c->freed_cycle);
		s->freed_explicit += READ_ONCE(c->freed_explicit);
		s->freed_bytes += READ_ONCE(c->freed_bytes);
		s->stores += READ_ONCE(c->stores);
		s->barriers += READ_ONCE(c->barriers);
		s->counts += READ_ONCE(c->counts);
		s->cpu_ns += READ_ONCE(c->cpu_ns);
		s->mark_dedicated_ns += READ_ONCE(c->mark_ns[0]);
		s->mark_fraction_ns += READ_ONCE(c->mark_ns[1]);
		s->mark_idle_ns += READ_ONCE(c->mark_ns[2]);
		s->marked += READ_ONCE(c->marked);
		s->assist_bytes += READ_ONCE(c->assist_bytes);
		s->swept_bytes += READ_ONCE(c->swept_bytes);
	}
}

static void sum_births(struct gch_heap *heap, struct gch_stats *s)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const struct gch_cpu_stats *c = per_cpu_ptr(heap->cpu, cpu);

		s->allocs += READ_ONCE(c->allocs);
		s->alloc_bytes += READ_ONCE(c->alloc_bytes);
		s->large_allocs += READ_ONCE(c->large_allocs);
	}
	heap->ops->stats(heap, s);
}

/* Counters of different CPUs are read at different times, so @b may exceed @a. */
static u64 less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

static u64 sum_freed(const struct gch_stats *s)
{
	return s->freed_count + s->freed_cycle + s->freed_explicit;
}

/* Sum frees first: they were counted as allocations before. Live is too high. */
static void sum(struct gch_heap *heap, struct gch_stats *s)
{
	memset(s, 0, sizeof(*s));
	s->waiting_bytes = GCH_UNKNOWN;
	sum_deaths(heap, s);
	/* Do not count frees of objects whose allocation is not counted yet. */
	smp_rmb();
	gch_delay();
	sum_births(heap, s);
	s->live_objects = less(s->allocs, sum_freed(s));
	s->live_bytes = less(s->alloc_bytes, s->freed_bytes);
}

/**
 * gch_live_bytes - sums bytes allocated and not freed
 * @heap: the heap
 *
 * Reads allocations before frees. So at least the returned number of bytes was live
 * at the instant between, however long the caller is preempted.
 *
 * Context: process context, may sleep.
 * Return: the bytes; a lower bound while mutators run.
 */
u64 gch_live_bytes(struct gch_heap *heap)
{
	struct gch_stats s = {};

	sum_births(heap, &s);
	/* Count all frees that happened before this point. */
	smp_rmb();
	gch_delay();
	sum_deaths(heap, &s);
	return less(s.alloc_bytes, s.freed_bytes);
}
EXPORT_SYMBOL_GPL(gch_live_bytes);

/* A tracing engine only knows what its last collection marked. */
static void divide(struct gch_heap *heap, struct gch_stats *s)
{
	s->reachable_bytes = s->live_bytes;
	if (heap->ops->reclaim == GCHEAP_RECLAIM_NEVER)
		s->reachable_bytes = GCH_UNKNOWN;
	if (heap->ops->reclaim != GCHEAP_RECLAIM_TRACING)
		return;
	s->reachable_bytes = READ_ONCE(heap->reachable);
	if (s->reachable_bytes == GCH_UNKNOWN)
		return;
	/* Both are from different instants. */
	s->reachable_bytes = min(s->reachable_bytes, s->live_bytes);
	s->waiting_bytes = s->live_bytes - s->reachable_bytes;
}

/**
 * gch_heap_live_objects - counts objects that have not been freed
 * @heap: the heap
 *
 * Context: process context, may sleep.
 * Return: &gch_stats.live_objects; cheaper than gch_heap_stats().
 */
u64 gch_heap_live_objects(struct gch_heap *heap)
{
	struct gch_stats s;

	sum(heap, &s);
	return s.live_objects;
}
EXPORT_SYMBOL_GPL(gch_heap_live_objects);

/**
 * gch_heap_stats - reads the statistics of a heap
 * @heap: the heap
 * @stats: filled in
 *
 * Context: process context, may sleep.
 */
void gch_heap_stats(struct gch_heap *heap, struct gch_stats *stats)
{
	struct gch_peaks peaks;
	unsigned int g;

	sum(heap, stats);
	divide(heap, stats);
	gch_peaks_total(heap, &peaks);
	/* Not stored in the heap: the sum may predate the current peak period. */
	stats->peak_live_bytes = max(peaks.live_bytes, gch_live_bytes(heap));
	stats->held_bytes = atomic64_read(&heap->held);
	stats->peak_held_bytes = peaks.held_bytes;
	stats->garbage_max_bytes = peaks.garbage_bytes;
	stats->arenas = atomic64_read(&heap->arenas);
	stats->cycles = atomic64_read(&heap->cycles_ended);
	for (g = 0; g < 3; g++)
		stats->cycles_gen[g] = atomic64_read(&heap->cycles_gen[g]);
	stats->cycle_ns = atomic64_read(&heap->cycle_ns);
	stats->mark_ns = atomic64_read(&heap->mark_ns);
	stats->stopped_ns = atomic64_read(&heap->stopped_ns);
	stats->limit_hits = atomic64_read(&heap->limit_hits);
	stats->limit_waits = atomic64_read(&heap->limit_waits);
	gch_over_stats(heap, stats);
	stats->alloc_failures = atomic64_read(&heap->alloc_failures);
	stats->handshakes = atomic64_read(&heap->handshakes);
	stats->interrupts = atomic64_read(&heap->interrupts);
	stats->verify_errors = atomic64_read(&heap->verify_errors);
	gch_hist_summary(&heap->pause, &stats->pause);
	gch_hist_summary(&heap->assist, &stats->assist);
	gch_hist_summary(&heap->handshake, &stats->handshake);
	gch_hist_summary(&heap->exclusive_wait, &stats->exclusive_wait);
	gch_finals_stats(heap, stats);
}
EXPORT_SYMBOL_GPL(gch_heap_stats);
