// SPDX-License-Identifier: GPL-2.0
/*
 * Views of a heap for debugfs
 *
 * The heap is stopped while figures are copied, but not while they are printed,
 * because a reader may be slow.
 */
#include "debug_views.h"

#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "gil.h"
#include "layout.h"
#include "obmalloc.h"
#include "python.h"

/* Arenas shown at most. */
#define LINES_MAX	65536U

struct arena_line {
	u32 id;
	u16 order;
	u16 nr_pools;
	u16 nr_free;
};

struct class_line {
	u64 pools;
	u64 used;
	u64 blocks;
};

static unsigned int copy_arenas(struct gch_py_heap *h, struct arena_line *lines,
				unsigned int max)
{
	struct gch_py_arena *arena;
	unsigned int n = 0;

	gch_py_stop(h);
	list_for_each_entry(arena, &h->arenas, node) {
		if (n == max)
			break;
		lines[n].id = arena->id;
		lines[n].order = arena->order;
		lines[n].nr_pools = arena->nr_pools;
		lines[n++].nr_free = arena->nr_free;
	}
	gch_py_resume(h);
	return n;
}

static void show_arenas(struct gch_py_heap *h, struct seq_file *seq)
{
	unsigned int i, n, max;
	struct arena_line *lines;

	max = min_t(u64, atomic64_read(&h->heap.arenas) + 1, LINES_MAX);
	lines = kvmalloc_array(max, sizeof(*lines),
			       GFP_KERNEL | __GFP_NOWARN);
	if (!lines)
		return;
	n = copy_arenas(h, lines, max);
	seq_puts(seq, "arena order  bytes pools used free\n");
	for (i = 0; i < n; i++)
		seq_printf(seq, "%5u %5u %7lu %4u %4u %4u\n", lines[i].id,
			   lines[i].order, PAGE_SIZE << lines[i].order,
			   lines[i].nr_pools,
			   lines[i].nr_pools - lines[i].nr_free,
			   lines[i].nr_free);
	kvfree(lines);
}

static void copy_classes(struct gch_py_heap *h, struct class_line *lines)
{
	struct gch_py_arena *arena;
	unsigned int i;

	gch_py_stop(h);
	list_for_each_entry(arena, &h->arenas, node) {
		for (i = 0; i < arena->carved; i++) {
			struct gch_py_pool *pool = gch_py_nth_pool(h, arena, i);

			if (pool->class == GCH_PY_NO_CLASS)
				continue;
			lines[pool->class].pools++;
			lines[pool->class].used += pool->used;
			lines[pool->class].blocks += pool->nr_blocks;
		}
		cond_resched();
	}
	gch_py_resume(h);
}

static void show_classes(struct gch_py_heap *h, struct seq_file *seq)
{
	struct class_line *lines;
	unsigned int i;

	lines = kcalloc(GCH_PY_CLASSES, sizeof(*lines), GFP_KERNEL);
	if (!lines)
		return;
	copy_classes(h, lines);
	seq_puts(seq, "class size     pools      used      free occupancy\n");
	for (i = 0; i < h->small_max / GCH_PY_ALIGN; i++) {
		const struct class_line *l = &lines[i];

		seq_printf(seq, "%5u %4u %9llu %9llu %9llu %8llu%%\n", i,
			   gch_py_class_size(i), l->pools, l->used,
			   l->blocks - l->used,
			   l->blocks ? div64_u64(100 * l->used, l->blocks) : 0);
	}
	kfree(lines);
}

/**
 * gch_py_show - &gch_engine_ops.show
 * @heap: the heap
 * @seq: the file to print to
 * @view: the view to print
 *
 * Context: process context, may sleep; stops the heap while it copies the figures.
 */
void gch_py_show(struct gch_heap *heap, struct seq_file *seq,
		 enum gch_view view)
{
	struct gch_py_heap *h = gch_py_heap(heap);

	if (view == GCH_VIEW_ARENAS)
		show_arenas(h, seq);
	else
		show_classes(h, seq);
}
