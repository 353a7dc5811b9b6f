/* SPDX-License-Identifier: GPL-2.0 */
/* Collections (core/cycle.c) and their results (core/peaks.c, core/stats.c). */
#ifndef _GCHEAP_CYCLE_H
#define _GCHEAP_CYCLE_H

#include <linux/types.h>

struct delayed_work;
struct gch_heap;
struct gch_peaks;

int gch_cycle_run(struct gch_heap *heap, unsigned int generation);
int gch_cycle_since(struct gch_heap *heap, unsigned int generation,
		    u64 started);
int gch_cycle_await(struct gch_heap *heap);

/**
 * typedef gch_choose_fn - chooses what to collect
 * @heap: the heap; no collection runs
 * @arg: the caller's argument
 *
 * Context: process context, under &gch_heap.cycle_lock.
 * Return: the oldest generation to collect, or a negative value for none.
 */
typedef int (*gch_choose_fn)(struct gch_heap *heap, void *arg);

int gch_cycle_choose(struct gch_heap *heap, gch_choose_fn choose, void *arg);
u64 gch_cycle_suggest(struct gch_heap *heap, unsigned int generation);

void gch_defer(struct delayed_work *work, unsigned int ms);

void gch_take_census(struct gch_heap *heap, u64 live, u64 reachable);
void gch_peaks_total(struct gch_heap *heap, struct gch_peaks *total);
u64 gch_live_bytes(struct gch_heap *heap);

#endif /* _GCHEAP_CYCLE_H */
