// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmarks that run workloads of gcheap_load.ko. Each repetition is a run of its
 * own on a heap of its own. The kernel's counterpart is the same workload on the slab
 * engine, which frees explicitly and does not collect.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "bench.h"
#include "gcctl.h"
#include "heap.h"
#include "out.h"
#include "replay.h"
#include "run.h"
#include "stats.h"
#include "wait.h"

/* The baseline first. */
static const enum gcheap_engine engines[] = {
	GCHEAP_ENGINE_SLAB, GCHEAP_ENGINE_GO, GCHEAP_ENGINE_PYTHON,
};

/**
 * struct job - a workload to run
 * @group: its benchmark
 * @name: name of the job, in keys
 * @workload: the workload
 * @file: trace of a replay
 * @values: settings of the workload
 */
struct job {
	const char *group;
	char name[32];
	enum gcheap_load_workload workload;
	const char *file;
	struct value values[RUN_KEYS];
};

/**
 * struct outcome - the result of one run
 * @replay: the run
 * @stats: statistics of its heap at the end
 */
struct outcome {
	struct replay replay;
	struct stats stats;
};

static void job_set(struct job *job, int attr, uint64_t num)
{
	size_t i;

	for (i = 0; i < RUN_KEYS; i++)
		if (run_keys[i].attr == attr)
			job->values[i] = (struct value){ .given = true,
							 .num = num };
}

/* ---- one run ---- */

static void on_tick(const struct run *run, void *arg)
{
	const struct job *job = arg;

	progress("%s %s: %.1f s", job->group, job->name,
		 (double)run_num(run, GCHEAP_LOAD_A_RUN_ELAPSED_NS) / 1e9);
}

static int run_on(const struct job *job, const char *heap, struct outcome *out)
{
	struct run *run = &out->replay.run;
	struct value mutators = { 0 };

	run->tick = on_tick;
	run->arg = (void *)job;
	if (job->file) {
		out->replay.file = job->file;
		return replay_do(&out->replay, heap, false, &mutators);
	}
	return run_do(run, heap, job->workload, job->values);
}

/* Makes a heap, runs the job on it, and reads its statistics. */
static int run_once(const struct job *job, enum gcheap_engine engine,
		    struct outcome *out)
{
	struct value value = { .given = true, .text = heap_engines[engine] };
	const struct config config = { heap_keys, &value, 1 };
	char heap[GCHEAP_NAME_MAX + 1];
	int err, status;

	memset(out, 0, sizeof(*out));
	snprintf(heap, sizeof(heap), "bench-%s-%d", heap_engines[engine],
		 (int)getpid());
	err = heap_create_own(heap, &config);
	if (err)
		return gnl_fail(err);
	status = run_on(job, heap, out);
	err = status ? 0 : stats_get(heap, &out->stats);
	if (err)
		status = gnl_fail(err);
	progress_end();
	err = heap_delete(heap);
	if (!status && err)
		status = gnl_fail(err);
	if (!status && wait_interrupted())
		status = STATUS_SIGNAL;
	return status ? status : run_status(&out->replay.run);
}

/* ---- figures of an outcome ---- */

/* No pause, no handshake, or no window of that width. */
#define NOT_THERE	(-1.0)

static double elapsed(const struct outcome *o)
{
	return (double)run_num(&o->replay.run, GCHEAP_LOAD_A_RUN_ELAPSED_NS);
}

static double rate(const struct outcome *o)
{
	double per_second = run_rate(&o->replay.run);

	return per_second < 0 ? NOT_THERE : per_second;
}

static double peak(const struct outcome *o)
{
	return (double)run_num(&o->replay.run,
			       GCHEAP_LOAD_A_RUN_PEAK_HELD_BYTES);
}

static double collector_share(const struct outcome *o)
{
	double cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);
	double ns = elapsed(o) * cpus;

	return ns ? 100 * (double)o->stats.facts.num[GCHEAP_A_STATS_CPU_NS] /
			    ns : 0;
}

static double of_hist(const struct gnl_facts *hist, int attr)
{
	return hist->num[GCHEAP_A_HIST_COUNT] ? (double)hist->num[attr] :
						NOT_THERE;
}

static double took(const struct outcome *o, int attr)
{
	return of_hist(&o->replay.run.latency, attr);
}

static double took_p50(const struct outcome *o)
{
	return took(o, GCHEAP_LOAD_A_HIST_P50_NS);
}

static double took_p99(const struct outcome *o)
{
	return took(o, GCHEAP_LOAD_A_HIST_P99_NS);
}

static double took_p999(const struct outcome *o)
{
	return took(o, GCHEAP_LOAD_A_HIST_P999_NS);
}

static double took_p9999(const struct outcome *o)
{
	return took(o, GCHEAP_LOAD_A_HIST_P9999_NS);
}

static double took_max(const struct outcome *o)
{
	return took(o, GCHEAP_LOAD_A_HIST_MAX_NS);
}

static double mmu(const struct outcome *o, int attr)
{
	const struct run *run = &o->replay.run;

	return gnl_has(&run->facts, attr) ?
		(double)run_num(run, attr) / 1e4 : NOT_THERE;
}

static double mmu1(const struct outcome *o)
{
	return mmu(o, GCHEAP_LOAD_A_RUN_MMU1);
}

static double mmu10(const struct outcome *o)
{
	return mmu(o, GCHEAP_LOAD_A_RUN_MMU10);
}

static double mmu100(const struct outcome *o)
{
	return mmu(o, GCHEAP_LOAD_A_RUN_MMU100);
}

static double pause_p50(const struct outcome *o)
{
	return of_hist(&o->replay.run.pause, GCHEAP_LOAD_A_HIST_P50_NS);
}

static double pause_p99(const struct outcome *o)
{
	return of_hist(&o->replay.run.pause, GCHEAP_LOAD_A_HIST_P99_NS);
}

static double pause_max(const struct outcome *o)
{
	return of_hist(&o->replay.run.pause, GCHEAP_LOAD_A_HIST_MAX_NS);
}

static double handshake_p50(const struct outcome *o)
{
	return of_hist(&o->stats.handshake, GCHEAP_A_HIST_P50_NS);
}

static double handshake_p99(const struct outcome *o)
{
	return of_hist(&o->stats.handshake, GCHEAP_A_HIST_P99_NS);
}

static double handshake_max(const struct outcome *o)
{
	return of_hist(&o->stats.handshake, GCHEAP_A_HIST_MAX_NS);
}

/**
 * struct figure - a figure of an outcome
 * @name: name in keys
 * @label: description for the user
 * @unit: unit of the values
 * @collected: not for the baseline, which does not collect
 * @get: returns the value
 */
struct figure {
	const char *name;
	const char *label;
	enum bench_unit unit;
	bool collected;
	double (*get)(const struct outcome *o);
};

#define FIGURES_MAX	20
/* Operations per mutator in a small run. */
#define SMALL_OPERATIONS	500

/* Figures cover the measured time; those that only the heap keeps say so. */
static const struct figure churn_figures[] = {
	{ "rate", "operations per second", BENCH_RATE, false, rate },
	{ "p50", "operation p50", BENCH_NS, false, took_p50 },
	{ "p99", "operation p99", BENCH_NS, false, took_p99 },
	{ "p999", "operation p99.9", BENCH_NS, false, took_p999 },
	{ "p9999", "operation p99.99", BENCH_NS, false, took_p9999 },
	{ "max", "operation max", BENCH_NS, false, took_max },
	{ "mmu1", "MMU 1 ms", BENCH_PERCENT, true, mmu1 },
	{ "mmu10", "MMU 10 ms", BENCH_PERCENT, true, mmu10 },
	{ "mmu100", "MMU 100 ms", BENCH_PERCENT, true, mmu100 },
	{ "pause-p50", "pause p50", BENCH_NS, true, pause_p50 },
	{ "pause-p99", "pause p99", BENCH_NS, true, pause_p99 },
	{ "pause-max", "pause max", BENCH_NS, true, pause_max },
	{ "handshake-p50", "handshake p50, whole run", BENCH_NS, true,
	  handshake_p50 },
	{ "handshake-p99", "handshake p99, whole run", BENCH_NS, true,
	  handshake_p99 },
	{ "handshake-max", "handshake max, whole run", BENCH_NS, true,
	  handshake_max },
	{ "collector", "GC CPU share, whole run", BENCH_SHARE, true,
	  collector_share },
	{ "peak", "peak held bytes, whole run", BENCH_BYTES, false, peak },
};

static const struct figure time_figures[] = {
	{ "time", "time", BENCH_NS, false, elapsed },
	{ "peak", "peak held bytes", BENCH_BYTES, false, peak },
};

static const struct figure rate_figures[] = {
	{ "rate", "operations per second", BENCH_RATE, false, rate },
	{ "peak", "peak held bytes", BENCH_BYTES, false, peak },
};

/* ---- a job on all engines ---- */

static void add_figures(struct bench_set *set, const struct job *job,
			enum gcheap_engine engine, const struct figure *figures,
			size_t nr, struct bench_result *to[])
{
	bool base = engine == GCHEAP_ENGINE_SLAB;
	struct bench_result *r;
	char key[BENCH_KEY];
	size_t i, first = set->nr;

	for (i = 0; i < nr; i++) {
		if (base && figures[i].collected)
			continue;
		r = bench_add(set, job->group, figures[i].unit, "%s/%s/%s/%s",
			      job->group, job->name, heap_engines[engine],
			      figures[i].name);
		bench_label(r, "%s %s, %s", heap_engines[engine], job->name,
			    figures[i].label);
		if (base || figures[i].collected)
			continue;
		snprintf(key, sizeof(key), "%s/%s/%s/%s", job->group, job->name,
			 heap_engines[GCHEAP_ENGINE_SLAB], figures[i].name);
		bench_based(r, key);
	}
	/* Adding results moves them; the pointers are stable only now. */
	for (i = 0; i < nr; i++) {
		to[i] = NULL;
		if (!base || !figures[i].collected)
			to[i] = &set->result[first++];
	}
}

static void take_figure(struct bench_result *r, const struct figure *figure,
			const struct outcome *out)
{
	double value = r ? figure->get(out) : NOT_THERE;

	if (value >= 0)
		sample_add(&r->sample, value);
}

static int job_on(struct bench_set *set, const struct job *job,
		  enum gcheap_engine engine, const struct figure *figures,
		  size_t nr)
{
	struct bench_result *to[FIGURES_MAX];
	struct outcome out;
	uint64_t rep;
	size_t i;
	int status;

	add_figures(set, job, engine, figures, nr, to);
	for (rep = 0; rep < set->reps; rep++) {
		status = run_once(job, engine, &out);
		if (status)
			return status;
		for (i = 0; i < nr; i++)
			take_figure(to[i], &figures[i], &out);
	}
	bench_drop_empty(set);
	return STATUS_OK;
}

static int run_job(struct bench_set *set, const struct job *job,
		   const struct figure *figures, size_t nr)
{
	int status;
	size_t e;

	status = gnl_open(GNL_GCHEAP);
	if (!status)
		status = gnl_open(GNL_LOAD);
	for (e = 0; e < ARRAY_SIZE(engines) && !status; e++)
		status = job_on(set, job, engines[e], figures, nr);
	return status;
}

/* All repetitions together take @seconds; a small run ends after few operations. */
static void job_length(struct job *job, const struct bench_set *set,
		       uint64_t seconds)
{
	uint64_t one = seconds / set->reps;

	if (bench_is_small(set))
		job_set(job, GCHEAP_LOAD_A_RUN_MAX_OPERATIONS, SMALL_OPERATIONS);
	else
		job_set(job, GCHEAP_LOAD_A_RUN_SECONDS, one ? one : 1);
}

/* ---- the benchmarks ---- */

int bench_churn(struct bench_set *set)
{
	struct job job = { .group = "churn",
			   .workload = GCHEAP_LOAD_WORKLOAD_CHURN };
	unsigned int mutators;
	int status = 0;

	for (mutators = 1; mutators <= 2 && !status; mutators++) {
		snprintf(job.name, sizeof(job.name), "%u-mutator%s", mutators,
			 mutators > 1 ? "s" : "");
		job_set(&job, GCHEAP_LOAD_A_RUN_MUTATORS, mutators);
		job_length(&job, set, set->seconds);
		job_set(&job, GCHEAP_LOAD_A_RUN_LIVE, set->live << 20);
		status = run_job(set, &job, churn_figures,
				 ARRAY_SIZE(churn_figures));
	}
	return status;
}

/* Trees in one round of the program: see gcheap_load. */
static uint64_t trees_of(unsigned int depth)
{
	uint64_t trees = 2;
	unsigned int d;

	for (d = 4; d <= depth; d += 2)
		trees += UINT64_C(1) << (depth - d + 4);
	return trees;
}

static int trees(struct bench_set *set, unsigned int depth)
{
	struct job job = { .group = "trees",
			   .workload = GCHEAP_LOAD_WORKLOAD_BINARY_TREES };

	if (set->scale < 100)
		depth -= bench_is_small(set) ? 8 : 2;
	snprintf(job.name, sizeof(job.name), "depth-%u", depth);
	job_set(&job, GCHEAP_LOAD_A_RUN_MUTATORS, 1);
	job_set(&job, GCHEAP_LOAD_A_RUN_DEPTH, depth);
	job_set(&job, GCHEAP_LOAD_A_RUN_MAX_OPERATIONS, trees_of(depth));
	return run_job(set, &job, time_figures, ARRAY_SIZE(time_figures));
}

int bench_trees(struct bench_set *set)
{
	int status = trees(set, 16);

	return status ? status : trees(set, 18);
}

static int two_mutators(struct bench_set *set, const char *group,
			enum gcheap_load_workload workload)
{
	struct job job = { .group = group, .workload = workload };

	snprintf(job.name, sizeof(job.name), "2-mutators");
	job_set(&job, GCHEAP_LOAD_A_RUN_MUTATORS, 2);
	job_length(&job, set, set->seconds / 4);
	return run_job(set, &job, rate_figures, ARRAY_SIZE(rate_figures));
}

int bench_larson(struct bench_set *set)
{
	return two_mutators(set, "larson", GCHEAP_LOAD_WORKLOAD_LARSON);
}

int bench_mstress(struct bench_set *set)
{
	return two_mutators(set, "mstress", GCHEAP_LOAD_WORKLOAD_MSTRESS);
}

int bench_replay(struct bench_set *set)
{
	static const char *const traces[] = { "cpython-asyncio",
					      "cpython-docutils" };
	char file[4096];
	int status = 0;
	size_t i;

	if (!set->traces) {
		out_warn("replay skipped: set traces to the directory of the traces");
		return STATUS_OK;
	}
	for (i = 0; i < ARRAY_SIZE(traces) && !status; i++) {
		struct job job = { .group = "replay", .file = file };

		snprintf(file, sizeof(file), "%s/%s.gct.gz", set->traces,
			 traces[i]);
		snprintf(job.name, sizeof(job.name), "%s", traces[i] + 8);
		status = run_job(set, &job, rate_figures,
				 ARRAY_SIZE(rate_figures));
	}
	return status;
}
