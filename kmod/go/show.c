// SPDX-License-Identifier: GPL-2.0
/* What debugfs and statistics show of a heap of this engine. */
#include "go.h"

#include <linux/rculist.h>
#include <linux/slab.h>

struct class_sum {
	u32 spans;
	u32 objects;
	u32 room;
};

static void add_span(void *arg, struct gch_go_span *s)
{
	struct class_sum *sum = arg;

	sum += READ_ONCE(s->class);
	sum->spans++;
	sum->objects += READ_ONCE(s->alloc_count);
	sum->room += READ_ONCE(s->nelems);
}

static void show_classes(struct gch_go_heap *h, struct seq_file *seq)
{
	struct class_sum *sums;
	unsigned int i;

	sums = kcalloc(GCH_GO_SPAN_CLASSES, sizeof(*sums), GFP_KERNEL);
	if (!sums)
		return;
	mutex_lock(&h->base.cycle_lock);
	gch_go_visit_spans(h, add_span, sums);
	mutex_unlock(&h->base.cycle_lock);
	seq_puts(seq, "class  size pages scan     spans   objects      room\n");
	for (i = 2; i < GCH_GO_SPAN_CLASSES; i++)
		if (sums[i].spans)
			seq_printf(seq, "%5u %5u %5u %4s %9u %9u %9u\n", i >> 1,
				   gch_go_class_size[i >> 1],
				   gch_go_class_pages[i >> 1],
				   i & 1 ? "no" : "yes", sums[i].spans,
				   sums[i].objects, sums[i].room);
	kfree(sums);
}

static void show_arenas(struct gch_go_heap *h, struct seq_file *seq)
{
	struct gch_go_arena *a;

	seq_puts(seq, "arena  pages   free\n");
	mutex_lock(&h->base.cycle_lock);
	list_for_each_entry_rcu(a, &h->arenas, node,
				lockdep_is_held(&h->base.cycle_lock)) {
		seq_printf(seq, "%5u %6u %6u\n", a->id, a->npages,
			   READ_ONCE(a->nfree));
		cond_resched();
	}
	mutex_unlock(&h->base.cycle_lock);
}

/**
 * gch_go_show - prints a view of a heap
 * @heap: the heap
 * @seq: where
 * @view: which view
 *
 * Context: process context, may sleep; takes &gch_heap.cycle_lock.
 */
void gch_go_show(struct gch_heap *heap, struct seq_file *seq,
		 enum gch_view view)
{
	if (view == GCH_VIEW_ARENAS)
		show_arenas(to_go(heap), seq);
	else
		show_classes(to_go(heap), seq);
}

/**
 * gch_go_stats - fills in what only this engine knows
 * @heap: the heap
 * @stats: the statistics
 *
 * Context: any.
 */
void gch_go_stats(struct gch_heap *heap, struct gch_stats *stats)
{
	struct gch_go_heap *h = to_go(heap);
	u64 goal = READ_ONCE(h->pacer.goal);

	stats->returned_bytes = READ_ONCE(h->returned);
	stats->limiter_on = READ_ONCE(h->limiter_on);
	stats->goal_bytes = goal == U64_MAX ? 0 : goal;
	stats->classes = GCH_GO_CLASSES - 1;
	stats->units = atomic_read(&h->nr_units);
	stats->large_objects = READ_ONCE(h->nr_large);
}
