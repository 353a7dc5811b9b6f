// SPDX-License-Identifier: GPL-2.0
/*
 * mark: full collections of a graph without garbage
 *
 * whole is the wall-clock time of a collection per live object; mark is that of its
 * marking, on a tracing engine. Both are measured with 1, 2, ... mark workers, if
 * their number can be set.
 */
#include "bench.h"

#include <linux/errno.h>

/* A pair of metrics per number of workers. */
static const struct gch_bench_metric mark_metrics[GCH_BENCH_METRICS + 1] = {
	{ "whole-1", "ps" },
	{ "mark-1", "ps" },
	{ "whole-2", "ps" },
	{ "mark-2", "ps" },
	{ "whole-3", "ps" },
	{ "mark-3", "ps" },
	{ "whole-4", "ps" },
	{ "mark-4", "ps" },
	{ }
};

static int collect(struct gch_bench_thread *t, u64 *whole, u64 *mark)
{
	struct gch_heap *heap = t->bench->heap;
	struct gch_stats before, after;
	u64 start;
	int err;

	gch_heap_stats(heap, &before);
	start = ktime_get_ns();
	err = gch_collect(heap, 2);
	*whole = ktime_get_ns() - start;
	gch_heap_stats(heap, &after);
	*mark = after.mark_ns - before.mark_ns;
	if (!err && gch_bench_stopped(t))
		err = -ECANCELED;
	return err;
}

static int mark_reps(struct gch_bench_thread *t, unsigned int metric, u64 objects)
{
	unsigned int rep;
	u64 whole, mark;
	int err;

	err = collect(t, &whole, &mark);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		err = collect(t, &whole, &mark);
		gch_bench_mean(t, metric, whole, objects);
		if (mark)
			gch_bench_mean(t, metric + 1, mark, objects);
	}
	return err;
}

/* The whole graph must be alive; a tree has fewer nodes than the given number. */
static int check_live(struct gch_bench_thread *t, u64 objects)
{
	u64 nodes = gch_bench_arg(t, GCH_BENCH_P_NODES);

	if (objects <= nodes && objects >= nodes / 2)
		return 0;
	return gch_bench_fail(t->bench, -EUCLEAN, "%llu of %llu nodes are alive",
			      objects, nodes);
}

static int mark_thread(struct gch_bench_thread *t)
{
	unsigned int workers, most = gch_bench_arg(t, GCH_BENCH_P_WORKERS);
	enum gch_bench_graph graph = gch_bench_arg(t, GCH_BENCH_P_GRAPH);
	struct gch_heap *heap = t->bench->heap;
	struct gch_stats stats;
	int err;

	err = gch_bench_shape(t, graph, gch_bench_arg(t, GCH_BENCH_P_NODES),
			      GCH_BENCH_SLOT_ROOT);
	/* Twice, so that all objects are in the oldest generation. */
	err = err ? : gch_collect(heap, 2) ? : gch_collect(heap, 2);
	if (err)
		return err;
	gch_heap_stats(heap, &stats);
	err = check_live(t, stats.live_objects);
	for (workers = 1; workers <= most && !err; workers++) {
		err = gch_heap_tune(heap, GCH_KEY_WORKERS, workers, NULL);
		/* An engine without this setting has one worker. */
		if (err == -EOPNOTSUPP)
			return mark_reps(t, 0, stats.live_objects);
		err = err ? : mark_reps(t, 2 * (workers - 1),
					stats.live_objects);
	}
	return err;
}

static int mark_init(struct gch_bench *b)
{
	int err = gch_heap_tune(b->heap, GCH_KEY_MARKER,
				b->arg[GCH_BENCH_P_MARKER], NULL);

	/* An engine without markers accepts only the first one. */
	if (err && (err != -EOPNOTSUPP || b->arg[GCH_BENCH_P_MARKER]))
		return gch_bench_fail(b, err, "the engine does not support this marker");
	return gch_bench_shape_type(b, b->arg[GCH_BENCH_P_GRAPH]);
}

const struct gch_bench_kind gch_bench_mark = {
	.name = "mark",
	.on = GCH_BENCH_COLLECTED,
	.params = BIT(GCH_BENCH_P_GRAPH) | BIT(GCH_BENCH_P_NODES) |
		  BIT(GCH_BENCH_P_WORKERS) | BIT(GCH_BENCH_P_MARKER),
	.metrics = mark_metrics,
	.init = mark_init,
	.thread = mark_thread,
};
