// SPDX-License-Identifier: GPL-2.0
/*
 * The deep, unstable views of a heap: /sys/kernel/debug/gcheap/<heap>/
 *
 *	stats		counters, as netlink has them
 *	arenas		a line an arena
 *	spans, pools	a line a size class, under the engine's word for it
 *	pauses		histograms of pauses, assists, handshakes and holds
 *
 * A heap's folder lives from gch_dbg_heap_add() to gch_dbg_heap_del(), which
 * waits for readers: no file holds a reference to its heap. Readers take locks
 * of the heap, so it must be called without any. Nothing fails for want of
 * debugfs.
 */
#include "control.h"

#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <gcheap/engine.h>

static struct dentry *root;

static int stats_show(struct seq_file *seq, void *unused)
{
	struct gch_stats stats = {};
	unsigned int i;

	gch_heap_stats(seq->private, &stats);
	for (i = 0; i < GCH_STATS_FIELDS; i++) {
		const struct gch_stats_field *f = &gch_stats_fields[i];
		const u64 *value = (void *)&stats + f->offset;

		seq_printf(seq, "%s: %llu\n", f->name, *value);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int arenas_show(struct seq_file *seq, void *unused)
{
	struct gch_heap *heap = seq->private;

	heap->ops->show(heap, seq, GCH_VIEW_ARENAS);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(arenas);

static int units_show(struct seq_file *seq, void *unused)
{
	struct gch_heap *heap = seq->private;

	heap->ops->show(heap, seq, GCH_VIEW_UNITS);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(units);

static int pauses_show(struct seq_file *seq, void *unused)
{
	struct gch_heap *heap = seq->private;

	seq_puts(seq, "pause\n");
	gch_hist_show(seq, &heap->pause);
	seq_puts(seq, "assist\n");
	gch_hist_show(seq, &heap->assist);
	seq_puts(seq, "handshake\n");
	gch_hist_show(seq, &heap->handshake);
	seq_puts(seq, "hold\n");
	gch_hist_show(seq, &heap->hold);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pauses);

/**
 * gch_dbg_heap_add - shows a heap
 * @heap: the heap, set up
 *
 * Context: may sleep.
 */
void gch_dbg_heap_add(struct gch_heap *heap)
{
	struct dentry *dir = debugfs_create_dir(heap->name, root);

	debugfs_create_file("stats", 0400, dir, heap, &stats_fops);
	debugfs_create_file("arenas", 0400, dir, heap, &arenas_fops);
	debugfs_create_file(heap->ops->units, 0400, dir, heap, &units_fops);
	debugfs_create_file("pauses", 0400, dir, heap, &pauses_fops);
	heap->dbg = dir;
}

/**
 * gch_dbg_heap_del - shows it no longer
 * @heap: the heap, still set up
 *
 * Context: may sleep; waits for readers, so no lock that they take may be held.
 */
void gch_dbg_heap_del(struct gch_heap *heap)
{
	debugfs_remove(heap->dbg);
	heap->dbg = NULL;
}

/**
 * gch_dbg_init - makes the folder of all heaps
 */
void gch_dbg_init(void)
{
	root = debugfs_create_dir("gcheap", NULL);
}

/**
 * gch_dbg_exit - removes it
 */
void gch_dbg_exit(void)
{
	debugfs_remove(root);
}
