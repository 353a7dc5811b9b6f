// SPDX-License-Identifier: GPL-2.0
/*
 * Accounting of memory beyond the soft limit
 *
 * The soft limit refuses no allocation. To show how well it was kept, a heap counts
 * how often its held bytes have passed it, for how long, and by how much at most.
 *
 * A task that moves held across the limit, in either direction, or changes the limit,
 * then compares both under over_lock. The last task to do so compares the final
 * values.
 *
 * Lock order: over_lock is a leaf, taken with interrupts off.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>

#include "heap.h"

/**
 * gch_soft_allows - does the heap's soft limit have room for more memory?
 * @heap: the heap
 * @bytes: additional bytes
 *
 * Context: any.
 * Return: true if it has room at this moment.
 */
bool gch_soft_allows(const struct gch_heap *heap, size_t bytes)
{
	u64 soft = READ_ONCE(heap->soft_limit);

	return !soft || atomic64_read(&heap->held) + bytes <= soft;
}
EXPORT_SYMBOL_GPL(gch_soft_allows);

/**
 * gch_over_init - sets up the counters
 * @heap: the heap, zeroed
 *
 * Context: any.
 */
void gch_over_init(struct gch_heap *heap)
{
	raw_spin_lock_init(&heap->over_lock);
}

/* Compares held with the soft limit and updates the counters. */
static void look(struct gch_heap *heap)
{
	struct gch_over *o = &heap->over;
	unsigned long flags;
	u64 soft, held, now;

	raw_spin_lock_irqsave(&heap->over_lock, flags);
	/* Orders the caller's change before the loads of both values. */
	smp_mb();
	soft = READ_ONCE(heap->soft_limit);
	held = atomic64_read(&heap->held);
	now = ktime_get_ns();
	if (soft && held > soft) {
		if (!o->since) {
			o->since = now;
			o->times++;
		}
	} else if (o->since) {
		o->ns += now - o->since;
		o->since = 0;
	}
	raw_spin_unlock_irqrestore(&heap->over_lock, flags);
}

/**
 * gch_over_note - accounts for a change of the held bytes
 * @heap: the heap
 * @before: bytes held before
 * @after: bytes held now
 *
 * Context: any.
 */
void gch_over_note(struct gch_heap *heap, u64 before, u64 after)
{
	u64 soft = READ_ONCE(heap->soft_limit);

	if (!soft)
		return;
	if (after > soft)
		gch_max(&heap->over_max, after - soft);
	if (before > soft ? after <= soft : after > soft)
		look(heap);
}

/**
 * gch_soft_limit_set - sets the soft limit of a heap
 * @heap: the heap
 * @bytes: the limit, 0 for none
 *
 * Context: process context; under &gch_heap.lock, or before the heap has users.
 */
void gch_soft_limit_set(struct gch_heap *heap, u64 bytes)
{
	u64 held = atomic64_read(&heap->held);

	WRITE_ONCE(heap->soft_limit, bytes);
	gch_over_note(heap, held, held);
	look(heap);
}
EXPORT_SYMBOL_GPL(gch_soft_limit_set);

/**
 * gch_over_stats - reads the counters
 * @heap: the heap
 * @stats: statistics; the fields of the soft limit are filled in
 *
 * Context: any.
 */
void gch_over_stats(struct gch_heap *heap, struct gch_stats *stats)
{
	const struct gch_over *o = &heap->over;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->over_lock, flags);
	stats->over_limit = o->times;
	stats->over_limit_ns = o->ns;
	if (o->since)
		stats->over_limit_ns += ktime_get_ns() - o->since;
	raw_spin_unlock_irqrestore(&heap->over_lock, flags);
	stats->over_limit_max_bytes = atomic64_read(&heap->over_max);
}
