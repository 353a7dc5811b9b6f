// SPDX-License-Identifier: GPL-2.0
/*
 * Runs of workloads and traces.
 *
 * A run belongs to the socket that started it: if gcctl is killed, the kernel ends
 * its run.
 */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "heap.h"
#include "out.h"
#include "stats.h"
#include "wait.h"

#define REQUEST_BYTES	256
/* Longest interval between two reads of a run's state. */
#define POLL_US		20000

const char *const run_workloads[RUN_WORKLOADS] = {
	[GCHEAP_LOAD_WORKLOAD_REPLAY] = "replay",
	[GCHEAP_LOAD_WORKLOAD_BINARY_TREES] = "binary-trees",
	[GCHEAP_LOAD_WORKLOAD_LRU] = "lru",
	[GCHEAP_LOAD_WORKLOAD_CYCLES] = "cycles",
	[GCHEAP_LOAD_WORKLOAD_ALLOC] = "alloc",
	[GCHEAP_LOAD_WORKLOAD_CHURN] = "churn",
	[GCHEAP_LOAD_WORKLOAD_LARSON] = "larson",
	[GCHEAP_LOAD_WORKLOAD_MSTRESS] = "mstress",
};

static const char *const states[] = {
	[GCHEAP_LOAD_STATE_RUNNING] = "running",
	[GCHEAP_LOAD_STATE_DONE] = "done",
	[GCHEAP_LOAD_STATE_STOPPED] = "stopped",
	[GCHEAP_LOAD_STATE_FAILED] = "failed",
};

static const char *const mismatch_kinds[] = {
	[GCHEAP_LOAD_MISMATCH_KIND_EARLY] = "early",
	[GCHEAP_LOAD_MISMATCH_KIND_LATE] = "late",
	[GCHEAP_LOAD_MISMATCH_KIND_EXTRA] = "extra",
	[GCHEAP_LOAD_MISMATCH_KIND_LIVE] = "live",
};

const struct key run_keys[RUN_KEYS] = {
	{ "mutators", KEY_NUMBER, GCHEAP_LOAD_A_RUN_MUTATORS, NULL, NULL, 0 },
	{ "seconds", KEY_SECONDS, GCHEAP_LOAD_A_RUN_SECONDS, NULL, NULL, 0 },
	{ "max-operations", KEY_NUMBER, GCHEAP_LOAD_A_RUN_MAX_OPERATIONS,
	  NULL, NULL, 0 },
	{ "depth", KEY_NUMBER, GCHEAP_LOAD_A_RUN_DEPTH, NULL, NULL, 0 },
	{ "entries", KEY_NUMBER, GCHEAP_LOAD_A_RUN_ENTRIES, NULL, NULL, 0 },
	{ "size", KEY_SMALL_SIZE, GCHEAP_LOAD_A_RUN_SIZE, NULL, NULL, 0 },
	{ "live", KEY_SMALL_SIZE, GCHEAP_LOAD_A_RUN_LIVE, NULL, NULL, 0 },
	{ "blocks", KEY_NUMBER, GCHEAP_LOAD_A_RUN_BLOCKS, NULL, NULL, 0 },
	{ "min-size", KEY_SMALL_SIZE, GCHEAP_LOAD_A_RUN_MIN_SIZE, NULL, NULL,
	  0 },
	{ "max-size", KEY_SMALL_SIZE, GCHEAP_LOAD_A_RUN_MAX_SIZE, NULL, NULL,
	  0 },
	{ "rounds", KEY_NUMBER, GCHEAP_LOAD_A_RUN_ROUNDS, NULL, NULL, 0 },
	{ "scale", KEY_NUMBER, GCHEAP_LOAD_A_RUN_SCALE, NULL, NULL, 0 },
};

static const char *name_of(const char *const *names, size_t nr, uint64_t i)
{
	return i < nr ? names[i] : "unknown";
}

const char *run_workload_name(const struct run *run)
{
	return name_of(run_workloads, RUN_WORKLOADS,
		       run_num(run, GCHEAP_LOAD_A_RUN_WORKLOAD));
}

const char *run_state_name(const struct run *run)
{
	return name_of(states, ARRAY_SIZE(states),
		       run_num(run, GCHEAP_LOAD_A_RUN_STATE));
}

static void read_id(struct gnl_reply *reply, void *arg)
{
	struct gnl_facts facts;

	gnl_read(reply, GCHEAP_LOAD_A_RUN_HEAP, &facts);
	*(uint32_t *)arg = (uint32_t)facts.num[GCHEAP_LOAD_A_RUN_ID];
}

static struct nl_msg *new_request(const char *heap, enum gcheap_load_workload w)
{
	struct nl_msg *msg = gnl_new(GNL_LOAD, GCHEAP_LOAD_CMD_RUN_NEW,
				    REQUEST_BYTES);

	gnl_put_name(msg, GCHEAP_LOAD_A_RUN_HEAP, heap);
	gnl_put_u32(msg, GCHEAP_LOAD_A_RUN_WORKLOAD, w);
	return msg;
}

/**
 * run_new() - starts a workload
 * @run: receives its number
 * @heap: name of the heap
 * @w: the workload
 * @values: the values of %run_keys
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int run_new(struct run *run, const char *heap, enum gcheap_load_workload w,
	    const struct value *values)
{
	struct nl_msg *msg = new_request(heap, w);
	size_t i;

	for (i = 0; i < RUN_KEYS; i++)
		if (values[i].given)
			gnl_put_u32(msg, run_keys[i].attr,
				    (uint32_t)values[i].num);
	return gnl_do(msg, read_id, &run->id);
}

/**
 * run_new_replay() - starts a replay, which then waits for its chunks
 * @run: receives its number
 * @heap: name of the heap
 * @verify: check deaths
 * @mutators: number of mutators, if given
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int run_new_replay(struct run *run, const char *heap, bool verify,
		   const struct value *mutators)
{
	struct nl_msg *msg = new_request(heap, GCHEAP_LOAD_WORKLOAD_REPLAY);

	gnl_put_u32(msg, GCHEAP_LOAD_A_RUN_VERIFY, verify);
	if (mutators->given)
		gnl_put_u32(msg, GCHEAP_LOAD_A_RUN_MUTATORS,
			    (uint32_t)mutators->num);
	return gnl_do(msg, read_id, &run->id);
}

/**
 * run_reply() - reads a reply about a run
 * @reply: the reply
 * @arg: the run
 */
void run_reply(struct gnl_reply *reply, void *arg)
{
	struct run *run = arg;
	struct nlattr *attr;
	int left;

	gnl_read(reply, GCHEAP_LOAD_A_RUN_HEAP, &run->facts);
	gnl_read_text(reply, GCHEAP_LOAD_A_RUN_MESSAGE, run->message,
		      sizeof(run->message));
	gnl_read_nested(reply->attrs[GCHEAP_LOAD_A_RUN_LATENCY],
			&run->latency);
	gnl_read_nested(reply->attrs[GCHEAP_LOAD_A_RUN_PAUSE], &run->pause);
	gnl_read_nested(reply->attrs[GCHEAP_LOAD_A_RUN_MEMORY], &run->memory);
	run->nr_mismatch = 0;
	nla_for_each_attr(attr, reply->head, reply->len, left)
		if (nla_type(attr) == GCHEAP_LOAD_A_RUN_MISMATCH &&
		    run->nr_mismatch < RUN_MISMATCHES)
			gnl_read_nested(attr, &run->mismatch[run->nr_mismatch++]);
}

static struct nl_msg *request(const struct run *run, int cmd)
{
	struct nl_msg *msg = gnl_new(GNL_LOAD, cmd, REQUEST_BYTES);

	gnl_put_u32(msg, GCHEAP_LOAD_A_RUN_ID, run->id);
	return msg;
}

/**
 * run_read() - reads the state of a run
 * @run: the run
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int run_read(struct run *run)
{
	int err = gnl_do(request(run, GCHEAP_LOAD_CMD_RUN_GET), run_reply, run);

	if (!err && run->tick)
		run->tick(run, run->arg);
	return err;
}

int run_stop(const struct run *run)
{
	return gnl_do(request(run, GCHEAP_LOAD_CMD_RUN_STOP), NULL, NULL);
}

/**
 * run_del() - stops and deletes a run
 * @run: the run
 *
 * A run that has not ended first frees its objects. A caller need not wait for that:
 * the kernel deletes a run when its socket is closed.
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int run_del(const struct run *run)
{
	struct backoff wait = BACKOFF_INIT(POLL_US);
	int err;

	while ((err = gnl_do(request(run, GCHEAP_LOAD_CMD_RUN_DEL), NULL, NULL)) ==
	       -EAGAIN)
		backoff_sleep(&wait);
	return err;
}

/**
 * run_wait() - waits for the end of a run; a signal stops the run
 * @run: the run
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int run_wait(struct run *run)
{
	struct backoff wait = BACKOFF_INIT(POLL_US);
	bool stopped = false;
	int err;

	for (;;) {
		err = run_read(run);
		if (err || run_num(run, GCHEAP_LOAD_A_RUN_STATE) !=
		    GCHEAP_LOAD_STATE_RUNNING)
			break;
		if (wait_interrupted() && !stopped) {
			err = run_stop(run);
			if (err)
				break;
			stopped = true;
		}
		backoff_sleep(&wait);
	}
	progress_end();
	return err;
}

/**
 * run_do() - runs a workload and reads the result
 * @run: the run, with tick and arg set
 * @heap: the heap
 * @w: the workload
 * @values: the values of %run_keys
 *
 * Return: %STATUS_OK, or %STATUS_REFUSED with the reason printed.
 */
int run_do(struct run *run, const char *heap, enum gcheap_load_workload w,
	   const struct value *values)
{
	int err = run_new(run, heap, w, values);

	if (err)
		return gnl_fail(err);
	err = run_wait(run);
	/* Before the next request, because gnl_fail() knows only the last one. */
	if (err)
		gnl_fail(err);
	run_del(run);
	return err ? STATUS_REFUSED : STATUS_OK;
}

static void fact(const struct run *run, int attr, enum out_kind kind,
		 const char *key, const char *label)
{
	if (gnl_has(&run->facts, attr))
		out_fact(key, label, out_num(kind, run_num(run, attr)));
}

/* Events per second, -1 without a time. */
static double rate(double n, uint64_t ns)
{
	return ns ? n * 1e9 / (double)ns : -1;
}

/* Workloads that set up before the measured time and check after it. */
static bool gets_ready(const struct run *run)
{
	switch (run_num(run, GCHEAP_LOAD_A_RUN_WORKLOAD)) {
	case GCHEAP_LOAD_WORKLOAD_CHURN:
	case GCHEAP_LOAD_WORKLOAD_LARSON:
	case GCHEAP_LOAD_WORKLOAD_MSTRESS:
		return true;
	}
	return false;
}

/**
 * run_rate() - operations per second of a run that has ended
 * @run: the run
 *
 * Waiting for a trace and setting up do not count.
 *
 * Return: the rate, which may be below 1; negative if no time was measured.
 */
double run_rate(const struct run *run)
{
	double n = (double)run_num(run, GCHEAP_LOAD_A_RUN_OPERATIONS);

	if (gets_ready(run))
		return rate(n * (double)run_num(run, GCHEAP_LOAD_A_RUN_MUTATORS),
			    run_num(run, GCHEAP_LOAD_A_RUN_WORK_NS));
	if (run_num(run, GCHEAP_LOAD_A_RUN_WORKLOAD) ==
	    GCHEAP_LOAD_WORKLOAD_REPLAY)
		return rate(n, run_num(run, GCHEAP_LOAD_A_RUN_WORK_NS));
	return rate(n, run_num(run, GCHEAP_LOAD_A_RUN_ELAPSED_NS));
}

static struct out_value rate_or_none(double rate)
{
	return rate < 0 ? out_num(OUT_NONE, 0) : out_real(OUT_RATE, rate);
}

static void show_mismatches(const struct run *run)
{
	unsigned int i;

	out_list("mismatch");
	for (i = 0; i < run->nr_mismatch; i++) {
		const uint64_t *num = run->mismatch[i].num;

		out_group(NULL, NULL);
		out_item("kind", "  mismatch",
			 out_text(name_of(mismatch_kinds,
					  ARRAY_SIZE(mismatch_kinds),
					  num[GCHEAP_LOAD_A_MISMATCH_KIND])));
		out_item("line", "line",
			 out_num(OUT_PLAIN, num[GCHEAP_LOAD_A_MISMATCH_LINE]));
		out_item("object", "object",
			 out_num(OUT_PLAIN,
				 num[GCHEAP_LOAD_A_MISMATCH_OBJECT]));
		out_end();
	}
	out_end();
}

static void show_live(const struct run *run)
{
	fact(run, GCHEAP_LOAD_A_RUN_LIVE_EXPECTED, OUT_COUNT, "live-expected",
	     "live objects expected");
	fact(run, GCHEAP_LOAD_A_RUN_LIVE_FOUND, OUT_COUNT, "live-found",
	     "live objects found");
}

static void show_replay(const struct run *run)
{
	fact(run, GCHEAP_LOAD_A_RUN_LINES, OUT_COUNT, "lines", "lines");
	out_fact("lines-per-second", "lines per second",
		 rate_or_none(rate((double)run_num(run, GCHEAP_LOAD_A_RUN_LINES),
				   run_num(run,
					   GCHEAP_LOAD_A_RUN_ELAPSED_NS))));
	fact(run, GCHEAP_LOAD_A_RUN_VERIFY, OUT_FLAG, "verify",
	     "verify deaths");
	show_live(run);
	fact(run, GCHEAP_LOAD_A_RUN_SKIPPED, OUT_COUNT, "skipped",
	     "records of freed objects");
	fact(run, GCHEAP_LOAD_A_RUN_CHECKS, OUT_COUNT, "checks",
	     "death checks");
	fact(run, GCHEAP_LOAD_A_RUN_OWN_BYTES, OUT_BYTES, "own-bytes",
	     "memory outside the heap");
	fact(run, GCHEAP_LOAD_A_RUN_MISMATCHES, OUT_COUNT, "mismatches",
	     "mismatches");
	show_mismatches(run);
}

static void show_ready(const struct run *run)
{
	fact(run, GCHEAP_LOAD_A_RUN_HANDED_OVER, OUT_COUNT, "handed-over",
	     run_num(run, GCHEAP_LOAD_A_RUN_WORKLOAD) ==
	     GCHEAP_LOAD_WORKLOAD_LARSON ? "arrays taken over" :
					   "items taken over");
	show_live(run);
}

/* MMU is in parts per million. */
static void show_mmu(const struct run *run, int attr, const char *key,
		     const char *label)
{
	struct out_value v = out_real(OUT_PERCENT,
				      (double)run_num(run, attr) / 1e4);

	if (!gnl_has(&run->facts, attr))
		v.kind = OUT_NONE;
	out_fact(key, label, v);
}

/* Times of operations and pauses in the measured time. */
static void show_measured(const struct run *run)
{
	if (!run->latency.mask)
		return;
	stats_times_head("measured phase");
	stats_times("latency", "  operations", &run->latency);
	stats_times("pause", "  mutator pauses", &run->pause);
	out_group("utilisation", "minimum mutator utilisation");
	show_mmu(run, GCHEAP_LOAD_A_RUN_MMU1, "mmu1-percent", "1 ms");
	show_mmu(run, GCHEAP_LOAD_A_RUN_MMU10, "mmu10-percent", "10 ms");
	show_mmu(run, GCHEAP_LOAD_A_RUN_MMU100, "mmu100-percent", "100 ms");
	out_end();
}

static void part(const struct run *run, int attr, const char *key,
		 const char *label)
{
	struct out_value v = out_num(OUT_BYTES, run->memory.num[attr]);

	if (!gnl_has(&run->memory, attr))
		v.kind = OUT_NONE;
	out_fact(key, label, v);
}

static void show_memory(const struct run *run)
{
	if (!run->memory.mask)
		return;
	fact(run, GCHEAP_LOAD_A_RUN_PEAK_HELD_BYTES, OUT_BYTES,
	     "peak-held-bytes", "peak held bytes");
	fact(run, GCHEAP_LOAD_A_RUN_PEAK_LIVE_BYTES, OUT_BYTES,
	     "peak-live-bytes", "peak live bytes");
	fact(run, GCHEAP_LOAD_A_RUN_GARBAGE_MAX_BYTES, OUT_BYTES,
	     "garbage-max-bytes", "max garbage per cycle");
	out_group("memory", "memory at the collection with peak held bytes");
	part(run, GCHEAP_LOAD_A_MEMORY_REACHABLE_BYTES, "reachable-bytes",
	     "reachable");
	part(run, GCHEAP_LOAD_A_MEMORY_WAITING_BYTES, "waiting-bytes",
	     "garbage");
	part(run, GCHEAP_LOAD_A_MEMORY_FRAGMENTATION_BYTES,
	     "fragmentation-bytes", "fragmentation, metadata");
	part(run, GCHEAP_LOAD_A_MEMORY_HELD_BYTES, "held-bytes", "held");
	out_end();
}

/* A run that was stopped too early has measured nothing. */
static void show_costs(const struct run *run)
{
	static const struct {
		int attr;
		const char *key;
		const char *label;
	} rows[] = {
		{ GCHEAP_LOAD_A_RUN_SMALL_ALLOC_PS, "small-alloc-ps",
		  "32 B allocation" },
		{ GCHEAP_LOAD_A_RUN_LARGE_ALLOC_PS, "large-alloc-ps",
		  "64 KiB allocation" },
		{ GCHEAP_LOAD_A_RUN_STORE_PS, "store-ps",
		  "reference store" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t ps = run_num(run, rows[i].attr);

		out_fact(rows[i].key, rows[i].label,
			 out_num(ps ? OUT_PS : OUT_NONE, ps));
	}
}

/**
 * run_show() - prints a run into the open group
 * @run: the run
 */
void run_show(const struct run *run)
{
	uint64_t workload = run_num(run, GCHEAP_LOAD_A_RUN_WORKLOAD);

	out_item("workload", NULL,
		 out_text(run_workload_name(run)));
	out_item("id", "id",
		 out_num(OUT_PLAIN, run_num(run, GCHEAP_LOAD_A_RUN_ID)));
	out_item("heap", "heap", out_text(run->facts.name));
	out_item("state", "state", out_text(run_state_name(run)));
	out_item("mutators", "mutators",
		 out_num(OUT_COUNT, run_num(run, GCHEAP_LOAD_A_RUN_MUTATORS)));
	out_break();
	out_group("result", "result");
	fact(run, GCHEAP_LOAD_A_RUN_ELAPSED_NS, OUT_NS, "elapsed-ns",
	     "elapsed");
	fact(run, GCHEAP_LOAD_A_RUN_WORK_NS, OUT_NS, "work-ns",
	     "work time, all mutators");
	fact(run, GCHEAP_LOAD_A_RUN_OPERATIONS, OUT_COUNT, "operations",
	     workload == GCHEAP_LOAD_WORKLOAD_REPLAY ? "records" :
						       "operations");
	if (workload == GCHEAP_LOAD_WORKLOAD_REPLAY)
		show_replay(run);
	else
		out_fact("operations-per-second", "operations per second",
			 rate_or_none(run_rate(run)));
	if (gets_ready(run))
		show_ready(run);
	if (workload == GCHEAP_LOAD_WORKLOAD_ALLOC)
		show_costs(run);
	fact(run, GCHEAP_LOAD_A_RUN_ERROR, OUT_PLAIN, "error", "errno");
	if (run->message[0])
		out_fact("message", "message", out_text(run->message));
	show_memory(run);
	out_end();
	show_measured(run);
}

/**
 * run_status() - reports why a run failed, if it did
 * @run: the run
 *
 * Return: an exit status.
 */
int run_status(const struct run *run)
{
	uint64_t mismatches = run_num(run, GCHEAP_LOAD_A_RUN_MISMATCHES);

	if (run_num(run, GCHEAP_LOAD_A_RUN_STATE) != GCHEAP_LOAD_STATE_FAILED)
		return STATUS_OK;
	if (run->message[0])
		return out_error(STATUS_REFUSED,
				 (int)run_num(run, GCHEAP_LOAD_A_RUN_ERROR),
				 NULL, "%s on %s failed: %s",
				 run_workload_name(run), run->facts.name,
				 run->message);
	if (mismatches)
		return out_error(STATUS_REFUSED, 0, NULL,
				 "heap %s: %llu mismatch%s with the trace",
				 run->facts.name,
				 (unsigned long long)mismatches,
				 mismatches == 1 ? "" : "es");
	return out_error(STATUS_REFUSED,
			 (int)run_num(run, GCHEAP_LOAD_A_RUN_ERROR), NULL,
			 "%s on %s failed", run_workload_name(run),
			 run->facts.name);
}
