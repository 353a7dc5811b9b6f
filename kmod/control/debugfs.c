// SPDX-License-Identifier: GPL-2.0
/*
 * Detailed, unstable views of a heap: /sys/kernel/debug/gcheap/<heap>/
 *
 *	stats		counters, named as in netlink
 *	arenas		one line per arena
 *	spans, pools	one line per size class; the engine names the file
 *	pauses		histograms of pauses, assists, handshakes and holds
 *	snapshot	objects, references and roots, taken when the file is opened;
 *			only if the engine has snapshots
 *
 * A heap's folder exists from gch_dbg_heap_add() to gch_dbg_heap_del(), which waits
 * for readers: files hold no reference to their heap. Readers take locks of the heap,
 * so its caller must hold none. Nothing fails for lack of debugfs. An open snapshot
 * outlives the heap's folder, but can no longer be read then.
 */
#include "control.h"

#include <linux/debugfs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <gcheap/engine.h>
#include <gcheap/snapshot.h>

static struct dentry *root;

static int stats_show(struct seq_file *seq, void *unused)
{
	struct gch_stats stats = {};
	unsigned int i;

	gch_heap_stats(seq->private, &stats);
	for (i = 0; i < GCH_STATS_FIELDS; i++) {
		const struct gch_stats_field *f = &gch_stats_fields[i];
		const u64 *value = (void *)&stats + f->offset;

		if (*value == GCH_UNKNOWN)
			seq_printf(seq, "%s: -\n", f->name);
		else
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

static int page_groups_show(struct seq_file *seq, void *unused)
{
	struct gch_heap *heap = seq->private;

	heap->ops->show(heap, seq, GCH_VIEW_PAGE_GROUPS);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(page_groups);

static int pauses_show(struct seq_file *seq, void *unused)
{
	struct gch_heap *heap = seq->private;

	seq_puts(seq, "pause\n");
	gch_hist_show(seq, &heap->pause);
	seq_puts(seq, "assist\n");
	gch_hist_show(seq, &heap->assist);
	seq_puts(seq, "handshake\n");
	gch_hist_show(seq, &heap->handshake);
	seq_puts(seq, "exclusive-wait\n");
	gch_hist_show(seq, &heap->exclusive_wait);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pauses);

static void *snapshot_start(struct seq_file *seq, loff_t *pos)
{
	struct gch_snapshot *sn = seq->private;

	if (!*pos)
		gch_snapshot_rewind(sn);
	return gch_snapshot_is_at(sn, *pos) ? sn : NULL;
}

static void *snapshot_next(struct seq_file *seq, void *v, loff_t *pos)
{
	/* A seek may read the whole snapshot in one call. */
	if (fatal_signal_pending(current))
		return ERR_PTR(-EINTR);
	cond_resched();
	*pos = gch_snapshot_next(v);
	return gch_snapshot_is_at(v, *pos) ? v : NULL;
}

static void snapshot_stop(struct seq_file *seq, void *v)
{
}

static int snapshot_show(struct seq_file *seq, void *v)
{
	gch_snapshot_show(v, seq);
	return 0;
}

static const struct seq_operations snapshot_ops = {
	.start	= snapshot_start,
	.next	= snapshot_next,
	.stop	= snapshot_stop,
	.show	= snapshot_show,
};

/* Takes the snapshot, which is independent of the heap from then on. */
static int snapshot_open(struct inode *inode, struct file *file)
{
	struct gch_snapshot *sn;
	struct seq_file *seq;
	int ret;

	sn = gch_snapshot_take(inode->i_private,
			       !(file->f_flags & O_NONBLOCK));
	if (IS_ERR(sn))
		return PTR_ERR(sn);
	ret = seq_open(file, &snapshot_ops);
	if (ret) {
		gch_snapshot_free(sn);
		return ret;
	}
	seq = file->private_data;
	seq->private = sn;
	return 0;
}

static int snapshot_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	gch_snapshot_free(seq->private);
	return seq_release(inode, file);
}

static const struct file_operations snapshot_fops = {
	.owner		= THIS_MODULE,
	.open		= snapshot_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= snapshot_release,
};

/**
 * gch_dbg_heap_add - creates the folder of a heap
 * @heap: the heap, set up
 *
 * Context: may sleep.
 */
void gch_dbg_heap_add(struct gch_heap *heap)
{
	struct dentry *dir = debugfs_create_dir(heap->name, root);

	debugfs_create_file("stats", 0400, dir, heap, &stats_fops);
	debugfs_create_file("arenas", 0400, dir, heap, &arenas_fops);
	debugfs_create_file(heap->ops->page_groups, 0400, dir, heap, &page_groups_fops);
	debugfs_create_file("pauses", 0400, dir, heap, &pauses_fops);
	if (heap->ops->snapshot)
		debugfs_create_file("snapshot", 0400, dir, heap,
				    &snapshot_fops);
	heap->dbg = dir;
}

/**
 * gch_dbg_heap_del - removes the folder of a heap
 * @heap: the heap, still set up
 *
 * Context: may sleep; waits for readers, so the caller must hold no lock that they
 * take.
 */
void gch_dbg_heap_del(struct gch_heap *heap)
{
	debugfs_remove(heap->dbg);
	heap->dbg = NULL;
}

/**
 * gch_dbg_init - creates the folder of all heaps
 */
void gch_dbg_init(void)
{
	root = debugfs_create_dir("gcheap", NULL);
}

/**
 * gch_dbg_exit - removes the folder of all heaps
 */
void gch_dbg_exit(void)
{
	debugfs_remove(root);
}
