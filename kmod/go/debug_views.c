// SPDX-License-Identifier: GPL-2.0
/* Views in debugfs, and statistics, of a heap of this engine. */
#include "debug_views.h"

#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "compat.h"
#include "go.h"
#include "heapstat.h"
#include "heapwalk.h"

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
	sum->objects += gch_go_span_count(s);
	sum->room += READ_ONCE(s->nelems);
}

static void show_classes(struct gch_go_heap *h, struct seq_file *seq)
{
	struct class_sum *sums;
	unsigned int i;

	sums = kcalloc(GCH_GO_SPAN_CLASSES, sizeof(*sums), GFP_KERNEL);
	if (!sums)
		return;
	if (mutex_lock_killable(&h->base.cycle_lock))
		goto out;
	gch_go_visit_spans(h, add_span, sums);
	mutex_unlock(&h->base.cycle_lock);
	seq_puts(seq, "class  size pages scan     spans   objects      room       allocs        freed\n");
	for (i = 2; i < GCH_GO_SPAN_CLASSES; i++) {
		u64 freed = gch_go_freed(h, i), allocs;

		/* Orders freed before allocs: shows no death without its allocation. */
		smp_rmb();
		allocs = gch_go_allocs(h, i);
		if (!allocs && !sums[i].spans)
			continue;
		seq_printf(seq, "%5u %5u %5u %4s %9u %9u %9u %12llu %12llu\n",
			   i >> 1, gch_go_class_size[i >> 1],
			   gch_go_class_pages[i >> 1], i & 1 ? "no" : "yes",
			   sums[i].spans, sums[i].objects, sums[i].room,
			   allocs, freed);
	}
out:
	kfree(sums);
}

static void show_arenas(struct gch_go_heap *h, struct seq_file *seq)
{
	struct gch_go_arena *a;

	if (mutex_lock_killable(&h->base.cycle_lock))
		return;
	seq_puts(seq, "arena  pages   free node\n");
	list_for_each_entry_rcu(a, &h->mheap.arenas, node,
				lockdep_is_held(&h->base.cycle_lock)) {
		seq_printf(seq, "%5u %6u %6u %4d\n", a->id, a->npages,
			   READ_ONCE(a->nfree), a->nid);
		cond_resched();
	}
	mutex_unlock(&h->base.cycle_lock);
}

/**
 * gch_go_show - prints a view of a heap
 * @heap: the heap
 * @seq: the file to print to
 * @view: the view
 *
 * Prints nothing if the task is killed while it waits for the lock.
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
 * gch_go_stats - fills in the statistics that only this engine has
 * @heap: the heap
 * @stats: the statistics
 *
 * Context: any.
 */
void gch_go_stats(struct gch_heap *heap, struct gch_stats *stats)
{
	struct gch_go_heap *h = to_go(heap);
	u64 goal = READ_ONCE(h->gcc.pacer.goal), n;
	unsigned int i;

	/* The core counts large objects. */
	for (i = 2; i < GCH_GO_SPAN_CLASSES; i++) {
		n = gch_go_allocs(h, i);
		stats->allocs += n;
		stats->alloc_bytes += n * gch_go_class_size[i >> 1];
	}
	stats->returned_bytes = READ_ONCE(h->scavenge.returned);
	stats->limiter_on = READ_ONCE(h->gcc.limiter_on);
	stats->limiter_ns = gch_go_limiter_time(h);
	stats->goal_bytes = goal == U64_MAX ? 0 : goal;
	stats->classes = GCH_GO_CLASSES - 1;
	stats->page_groups = atomic_read(&h->mheap.nr_spans);
	stats->large_objects = READ_ONCE(h->larges.nr);
}
