// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: counters per CPU, summed when somebody asks. The sums are not
 * consistent with each other while mutators run.
 */
#include <gcheap/engine.h>

#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/string.h>

#include "heap.h"

static void sum_cpus(struct gch_heap *heap, struct gch_stats *s)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const struct gch_cpu_stats *c = per_cpu_ptr(heap->cpu, cpu);

		/* Deaths first: what is freed has been counted as allocated. */
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
	/* Not the deaths of objects whose births are not counted yet. */
	smp_rmb();
	for_each_possible_cpu(cpu) {
		const struct gch_cpu_stats *c = per_cpu_ptr(heap->cpu, cpu);

		s->allocs += READ_ONCE(c->allocs);
		s->alloc_bytes += READ_ONCE(c->alloc_bytes);
		s->large_allocs += READ_ONCE(c->large_allocs);
	}
}

/* Counters of different CPUs are read at different times. */
static u64 less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/**
 * gch_heap_stats - what a heap has done and holds
 * @heap: the heap
 * @stats: filled in
 *
 * Context: process context, may sleep.
 */
void gch_heap_stats(struct gch_heap *heap, struct gch_stats *stats)
{
	unsigned int g;

	memset(stats, 0, sizeof(*stats));
	sum_cpus(heap, stats);
	heap->ops->stats(heap, stats);
	stats->live_objects = less(stats->allocs, stats->freed_count +
				   stats->freed_cycle + stats->freed_explicit);
	stats->live_bytes = less(stats->alloc_bytes, stats->freed_bytes);
	gch_max(&heap->peak_live, stats->live_bytes);
	stats->peak_live_bytes = atomic64_read(&heap->peak_live);
	stats->held_bytes = atomic64_read(&heap->held);
	stats->peak_held_bytes = atomic64_read(&heap->peak_held);
	stats->arenas = atomic64_read(&heap->arenas);
	stats->cycles = atomic64_read(&heap->cycles_ended);
	for (g = 0; g < 3; g++)
		stats->cycles_gen[g] = atomic64_read(&heap->cycles_gen[g]);
	stats->cycle_ns = atomic64_read(&heap->cycle_ns);
	stats->mark_ns = atomic64_read(&heap->mark_ns);
	stats->stopped_ns = atomic64_read(&heap->stopped_ns);
	stats->garbage_max_bytes = atomic64_read(&heap->garbage_max);
	stats->limit_hits = atomic64_read(&heap->limit_hits);
	stats->alloc_failures = atomic64_read(&heap->alloc_failures);
	stats->handshakes = atomic64_read(&heap->handshakes);
	stats->verify_errors = atomic64_read(&heap->verify_errors);
	gch_hist_summary(&heap->pause, &stats->pause);
	gch_hist_summary(&heap->assist, &stats->assist);
	gch_hist_summary(&heap->handshake, &stats->handshake);
	gch_hist_summary(&heap->hold, &stats->hold);
	gch_finals_stats(heap, stats);
}
EXPORT_SYMBOL_GPL(gch_heap_stats);
