// SPDX-License-Identifier: GPL-2.0
/*
 * gcheap_bench.ko: micro benchmarks of the heaps, through their kernel API, and of
 * the kernel's own allocator
 *
 * /sys/kernel/debug/gcheap_bench/
 *	list	the benchmarks, one per line, with their parameters
 *	run	"NAME KEY=VALUE..." runs one; the write returns when it has ended,
 *		and a signal ends it
 *	results	of the last run: "METRIC VALUE UNIT" for each metric and
 *		repetition; after a failure, a line "# " with the reason
 *
 * For root only. One benchmark runs at a time; run_lock also protects the last run.
 */
#include "bench.h"

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define COMMAND_BYTES	256

static DEFINE_MUTEX(run_lock);
static struct gch_bench *last;
static struct dentry *dir;

static ssize_t run_write(struct file *file, const char __user *buf, size_t len,
			 loff_t *pos)
{
	struct gch_bench *b;
	char *words;
	int err;

	if (len >= COMMAND_BYTES)
		return -E2BIG;
	words = memdup_user_nul(buf, len);
	if (IS_ERR(words))
		return PTR_ERR(words);
	err = -EBUSY;
	if (!mutex_trylock(&run_lock))
		goto out_free;
	err = -ENOMEM;
	b = gch_bench_new();
	if (!b)
		goto out_unlock;
	gch_bench_free(last);
	last = b;
	err = gch_bench_parse(b, words) ? : gch_bench_run(b);
out_unlock:
	mutex_unlock(&run_lock);
out_free:
	kfree(words);
	return err ? : len;
}

static const struct file_operations run_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= run_write,
	.llseek	= noop_llseek,
};

/* Mean of all threads. */
static u64 mean(const struct gch_bench *b, unsigned int metric, unsigned int rep)
{
	unsigned int i, nr = 0;
	u64 sum = 0;

	for (i = 0; i < b->nr_threads; i++) {
		if (rep >= b->thread[i].reps[metric])
			continue;
		sum += b->thread[i].value[metric][rep];
		nr++;
	}
	return nr ? div_u64(sum, nr) : 0;
}

static int results_show(struct seq_file *seq, void *unused)
{
	const struct gch_bench_metric *metric;
	unsigned int i, rep;

	/* The writer of "run" holds it throughout a benchmark. */
	if (mutex_lock_killable(&run_lock))
		return -EINTR;
	if (last && last->message[0])
		seq_printf(seq, "# %s\n", last->message);
	for (i = 0; last && last->nr_threads; i++) {
		metric = &last->kind->metrics[i];
		if (!metric->name)
			break;
		for (rep = 0; rep < last->thread[0].reps[i]; rep++)
			seq_printf(seq, "%s %llu %s\n", metric->name,
				   mean(last, i, rep), metric->unit);
	}
	mutex_unlock(&run_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static int list_show(struct seq_file *seq, void *unused)
{
	gch_bench_list(seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(list);

static int __init gch_bench_init(void)
{
	dir = debugfs_create_dir("gcheap_bench", NULL);
	debugfs_create_file("list", 0400, dir, NULL, &list_fops);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("results", 0400, dir, NULL, &results_fops);
	return 0;
}

static void __exit gch_bench_exit(void)
{
	debugfs_remove(dir);
	gch_bench_free(last);
	gch_bench_heap_exit();
}

module_init(gch_bench_init);
module_exit(gch_bench_exit);
MODULE_DESCRIPTION("Micro benchmarks of garbage-collected heaps");
MODULE_LICENSE("GPL");
