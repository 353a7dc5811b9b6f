// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl replay: reads a trace, checks it, and feeds it to the kernel in chunks. The
 * kernel queues a few chunks and refuses more until it has caught up, so neither side
 * holds much of the trace.
 */
#include "replay.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gcctl.h"
#include "nl.h"
#include "out.h"
#include "wait.h"

/* Longest interval between two attempts to feed a chunk. */
#define FEED_US		5000

static void show_progress(const struct replay *r, const struct trace *t)
{
	double part = trace_part_read(t);
	unsigned long long line = run_num(&r->run, GCHEAP_LOAD_A_RUN_LINES);
	double seconds =
		(double)run_num(&r->run, GCHEAP_LOAD_A_RUN_ELAPSED_NS) / 1e9;

	if (part < 0)
		progress("replay on %s: %.1f s, line %llu",
			 r->run.facts.name, seconds, line);
	else
		progress("replay on %s: %.1f s, line %llu, %.0f %% read",
			 r->run.facts.name, seconds, line, part * 100);
}

static int feed_once(const struct replay *r, const void *chunk, size_t len,
		     bool last)
{
	struct nl_msg *msg = gnl_new(GNL_LOAD, GCHEAP_LOAD_CMD_RUN_FEED,
				    len + 128);

	gnl_put_u32(msg, GCHEAP_LOAD_A_RUN_ID, r->run.id);
	if (len)
		gnl_put_data(msg, GCHEAP_LOAD_A_RUN_CHUNK, chunk, len);
	if (last)
		gnl_put_data(msg, GCHEAP_LOAD_A_RUN_LAST, NULL, 0);
	return gnl_do(msg, NULL, NULL);
}

/* Feeds one chunk. Returns -ECANCELED if a signal ends the wait. */
static int feed(struct replay *r, const struct trace *t, const void *chunk,
		size_t len, bool last)
{
	struct backoff wait = BACKOFF_INIT(FEED_US);
	int err;

	for (;;) {
		if (wait_interrupted())
			return -ECANCELED;
		err = feed_once(r, chunk, len, last);
		if (err != -EAGAIN)
			return err;
		err = run_read(&r->run);
		if (err)
			return err;
		show_progress(r, t);
		backoff_sleep(&wait);
	}
}

/*
 * Feeds the trace. A replay that has already ended takes no more chunks; that is no
 * error here, because its result has the reason.
 */
static int feed_all(struct replay *r, struct trace *t)
{
	static uint8_t chunk[GCHEAP_LOAD_CHUNK_MAX];
	enum trace_result more;
	size_t len;
	int err;

	do {
		more = trace_fill(t, chunk, sizeof(chunk), &len);
		if (wait_interrupted())
			break;
		if (more == TRACE_BAD)
			return out_error(STATUS_USAGE, 0, NULL, "%s",
					 trace_error(t));
		err = feed(r, t, chunk, len, more == TRACE_END);
		if (err == -ESHUTDOWN || err == -ECANCELED)
			break;
		if (err)
			return gnl_fail(err);
	} while (more == TRACE_MORE);
	return STATUS_OK;
}

static const char *trace_name(const struct replay *r)
{
	const char *name = r->name ? r->name : r->file;

	return strcmp(name, "-") ? name : "stdin";
}

/**
 * replay_do() - replays a trace and reads the result
 * @r: the replay
 * @heap: name of the heap
 * @verify: check deaths
 * @mutators: number of mutators, if given
 *
 * Return: %STATUS_OK with a result, good or bad; otherwise another exit status with
 * the reason printed.
 */
int replay_do(struct replay *r, const char *heap, bool verify,
	      const struct value *mutators)
{
	struct trace *t = trace_open(r->file, trace_name(r));
	int err, status;

	/* A signal interrupts the wait for a writer to open the pipe. */
	if (!t && wait_interrupted())
		return STATUS_SIGNAL;
	if (!t)
		return out_error(STATUS_USAGE, errno, NULL, "%s: %s",
				 trace_name(r), strerror(errno));
	err = run_new_replay(&r->run, heap, verify, mutators);
	if (err) {
		trace_close(t);
		return gnl_fail(err);
	}
	status = feed_all(r, t);
	r->counts = *trace_counts(t);
	trace_close(t);
	if (!status) {
		err = run_wait(&r->run);
		if (err)
			status = gnl_fail(err);
	}
	run_del(&r->run);
	return status;
}

static const struct key replay_keys[] = {
	{ "heap", KEY_TEXT, 0, NULL, NULL, 0 },
	{ "verify", KEY_FLAG, GCHEAP_LOAD_A_RUN_VERIFY, NULL, NULL, 0 },
	{ "mutators", KEY_NUMBER, GCHEAP_LOAD_A_RUN_MUTATORS, NULL, NULL, 0 },
};

static void show(const struct replay *r)
{
	out_group(NULL, NULL);
	run_show(&r->run);
	out_group("trace", "trace");
	out_fact("file", "file", out_text(r->file));
	out_fact("lines", "lines", out_num(OUT_COUNT, r->counts.lines));
	out_fact("records", "records", out_num(OUT_COUNT, r->counts.records));
	out_fact("allocs", "objects allocated",
		 out_num(OUT_COUNT, r->counts.allocs));
	out_fact("stores", "reference stores",
		 out_num(OUT_COUNT, r->counts.stores));
	out_fact("collects", "collections",
		 out_num(OUT_COUNT, r->counts.collects));
	out_fact("deaths-by-count", "deaths by refcount",
		 out_num(OUT_COUNT, r->counts.deaths));
	out_fact("deaths-by-collector", "deaths by collector",
		 out_num(OUT_COUNT, r->counts.cyclic));
	out_fact("live", "live objects at end", out_num(OUT_COUNT, r->counts.live));
	out_end();
}

int replay_cmd(int argc, char **argv)
{
	struct value values[ARRAY_SIZE(replay_keys)] = { 0 };
	struct replay r = { 0 };
	int status;

	if (!argc)
		return out_error(STATUS_USAGE, 0,
				 "gcctl replay FILE heap NAME [verify on|off]",
				 "replay needs a trace file");
	if (parse_keys(argc - 1, argv + 1, replay_keys,
		       ARRAY_SIZE(replay_keys), values))
		return STATUS_USAGE;
	if (!values[0].given)
		return out_error(STATUS_USAGE, 0,
				 "gcctl replay FILE heap NAME [verify on|off]",
				 "replay needs a heap");
	if (parse_heap_name(values[0].text))
		return STATUS_USAGE;
	status = gnl_open(GNL_LOAD);
	if (status)
		return status;
	wait_catch_signals();
	r.file = argv[0];
	status = replay_do(&r, values[0].text,
			   !values[1].given || values[1].num, &values[2]);
	if (status)
		return status;
	show(&r);
	/* The result of an interrupted replay must not look complete. */
	if (wait_interrupted())
		return STATUS_SIGNAL;
	return run_status(&r.run);
}
