// SPDX-License-Identifier: GPL-2.0
/*
 * garbage, young, build: collections with work to do
 *
 * garbage: a full collection of nodes that only refer to each other, per node,
 * freeing included.
 *
 * young: a collection of the youngest generation, per object: of a list that lives,
 * or of dead pairs.
 *
 * build: making a graph with collection off and on, per object; and the longest pause
 * of the mutator with collection on.
 */
#include "bench.h"

/* Few objects take too little time, so this many collections are timed as one. */
#define YOUNG_ROUNDS	50U

static const struct gch_bench_metric garbage_metrics[] = {
	{ "collect", "ps" },
	{ }
};

enum {
	METRIC_OFF,
	METRIC_ON,
	METRIC_PAUSE,
};

static const struct gch_bench_metric build_metrics[] = {
	{ "off", "ps" },
	{ "on", "ps" },
	{ "pause", "ns" },
	{ }
};

static enum gch_bench_graph graph_of(const struct gch_bench_thread *t)
{
	return gch_bench_arg(t, GCH_BENCH_P_GRAPH);
}

/* Makes the graph, and drops it if @dead is set. */
static int make(struct gch_bench_thread *t, bool dead)
{
	int err = gch_bench_shape(t, graph_of(t),
				  gch_bench_arg(t, GCH_BENCH_P_NODES),
				  GCH_BENCH_SLOT_ROOT);

	if (dead)
		err = err ? : gch_clear(t->m, GCH_BENCH_SLOT_ROOT);
	return err;
}

static int check_freed(struct gch_bench_thread *t, u64 before, bool dead)
{
	struct gch_stats after;

	gch_heap_stats(t->bench->heap, &after);
	if (after.live_objects == (dead ? 0 : before))
		return 0;
	return gch_bench_fail(t->bench, -EUCLEAN, "%llu of %llu objects are still alive",
			      after.live_objects, before);
}

/* Runs one collection and adds its time and objects to *ns and *n. */
static int collect(struct gch_bench_thread *t, unsigned int generation,
		   bool dead, u64 *ns, u64 *n)
{
	struct gch_heap *heap = t->bench->heap;
	struct gch_stats before;
	u64 start;
	int err;

	err = make(t, dead);
	gch_heap_stats(heap, &before);
	start = ktime_get_ns();
	err = err ? : gch_collect(heap, generation);
	*ns += ktime_get_ns() - start;
	*n += before.live_objects;
	return err ? : check_freed(t, before.live_objects, dead);
}

static int garbage_thread(struct gch_bench_thread *t)
{
	unsigned int rep;
	int err = 0;

	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		u64 ns = 0, n = 0;

		err = collect(t, 2, true, &ns, &n);
		if (!err && gch_bench_stopped(t))
			err = -ECANCELED;
		if (!err)
			gch_bench_mean(t, 0, ns, n);
	}
	return err;
}

static int young_rep(struct gch_bench_thread *t)
{
	bool dead = graph_of(t) != GCH_BENCH_LIST24;
	u64 ns = 0, n = 0;
	unsigned int i;
	int err = 0;

	for (i = 0; i < YOUNG_ROUNDS && !err; i++) {
		err = collect(t, 0, dead, &ns, &n);
		/* Survivors are no longer young. */
		err = err ? : gch_clear(t->m, GCH_BENCH_SLOT_ROOT);
		if (gch_bench_stopped(t))
			return -ECANCELED;
	}
	if (!err)
		gch_bench_mean(t, 0, ns, n);
	return err;
}

static int young_thread(struct gch_bench_thread *t)
{
	unsigned int rep;
	int err = 0;

	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++)
		err = young_rep(t);
	return err;
}

static int build_once(struct gch_bench_thread *t, bool on, u64 *ns)
{
	u64 start;
	int err;

	err = gch_bench_collection(t->bench, on);
	start = ktime_get_ns();
	err = err ? : make(t, false);
	*ns = ktime_get_ns() - start;
	/* Leaves no garbage for the next benchmark. */
	return err ? : gch_bench_collection(t->bench, false) ? :
	       gch_clear(t->m, GCH_BENCH_SLOT_ROOT) ? :
	       gch_collect(t->bench->heap, 2);
}

static int build_thread(struct gch_bench_thread *t)
{
	u64 nodes = gch_bench_arg(t, GCH_BENCH_P_NODES), off, on;
	struct gch_stats stats;
	unsigned int rep;
	int err;

	err = build_once(t, false, &off);
	for (rep = 0; rep < gch_bench_arg(t, GCH_BENCH_P_REPS) && !err; rep++) {
		err = build_once(t, false, &off) ? : build_once(t, true, &on);
		if (err)
			break;
		gch_bench_mean(t, METRIC_OFF, off, nodes);
		gch_bench_mean(t, METRIC_ON, on, nodes);
	}
	/*
	 * One value for all repetitions, because the heap's maximum is never reset.
	 */
	gch_heap_stats(t->bench->heap, &stats);
	if (!err)
		gch_bench_record(t, METRIC_PAUSE, stats.pause.max_ns);
	return err;
}

static int shape_init(struct gch_bench *b)
{
	return gch_bench_shape_type(b, b->arg[GCH_BENCH_P_GRAPH]);
}

const struct gch_bench_kind gch_bench_garbage = {
	.name = "garbage",
	.on = GCH_BENCH_COLLECTED,
	.params = BIT(GCH_BENCH_P_GRAPH) | BIT(GCH_BENCH_P_NODES),
	.metrics = garbage_metrics,
	.init = shape_init,
	.thread = garbage_thread,
};

const struct gch_bench_kind gch_bench_young = {
	.name = "young",
	.on = BIT(GCH_BENCH_PYTHON),
	.params = BIT(GCH_BENCH_P_GRAPH) | BIT(GCH_BENCH_P_NODES),
	.metrics = garbage_metrics,
	.init = shape_init,
	.thread = young_thread,
};

const struct gch_bench_kind gch_bench_build = {
	.name = "build",
	.on = GCH_BENCH_COLLECTED,
	.params = BIT(GCH_BENCH_P_GRAPH) | BIT(GCH_BENCH_P_NODES),
	.metrics = build_metrics,
	.init = shape_init,
	.thread = build_thread,
};
