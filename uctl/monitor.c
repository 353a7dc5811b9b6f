// SPDX-License-Identifier: GPL-2.0
/* gcctl monitor: prints a line per collection, from the module's notifications. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "heap.h"
#include "nl.h"
#include "out.h"
#include "parse.h"
#include "wait.h"

/* Interval of checks whether the heap still exists. */
#define LOOK_MS		500

static const struct key monitor_keys[] = {
	{ "count", KEY_WIDE, 0, NULL, NULL, 0 },
};

struct monitor {
	uint64_t id;
	uint64_t lines;
	uint64_t count;
};

/* Fields of a report, in the order of the document. */
static const struct {
	int attr;
	enum out_kind kind;
	const char *key;
} fields[] = {
	{ GCHEAP_A_CYCLE_CYCLE, OUT_COUNT, "cycle" },
	{ GCHEAP_A_CYCLE_GENERATION, OUT_COUNT, "generation" },
	{ GCHEAP_A_CYCLE_FORCED, OUT_FLAG, "forced" },
	{ GCHEAP_A_CYCLE_BEGIN_NS, OUT_NS, "begin-ns" },
	{ GCHEAP_A_CYCLE_DURATION_NS, OUT_NS, "duration-ns" },
	{ GCHEAP_A_CYCLE_CPUS, OUT_COUNT, "cpus" },
	{ GCHEAP_A_CYCLE_CPU_PERCENT, OUT_COUNT, "cpu-percent" },
	{ GCHEAP_A_CYCLE_SYNC_NS, OUT_NS, "sync-ns" },
	{ GCHEAP_A_CYCLE_MARK_NS, OUT_NS, "mark-ns" },
	{ GCHEAP_A_CYCLE_TERM_NS, OUT_NS, "term-ns" },
	{ GCHEAP_A_CYCLE_ASSIST_NS, OUT_NS, "assist-ns" },
	{ GCHEAP_A_CYCLE_WORKER_NS, OUT_NS, "worker-ns" },
	{ GCHEAP_A_CYCLE_STOPPED_NS, OUT_NS, "stopped-ns" },
	{ GCHEAP_A_CYCLE_LIVE_BEGIN_BYTES, OUT_BYTES, "live-begin-bytes" },
	{ GCHEAP_A_CYCLE_LIVE_END_BYTES, OUT_BYTES, "live-end-bytes" },
	{ GCHEAP_A_CYCLE_MARKED_BYTES, OUT_BYTES, "marked-bytes" },
	{ GCHEAP_A_CYCLE_GOAL_BYTES, OUT_BYTES, "goal-bytes" },
	{ GCHEAP_A_CYCLE_FRAME_BYTES, OUT_BYTES, "frame-bytes" },
	{ GCHEAP_A_CYCLE_TABLE_BYTES, OUT_BYTES, "table-bytes" },
	{ GCHEAP_A_CYCLE_CANDIDATES, OUT_COUNT, "candidates" },
	{ GCHEAP_A_CYCLE_COLLECTED, OUT_COUNT, "collected" },
	{ GCHEAP_A_CYCLE_UNCOLLECTABLE, OUT_COUNT, "uncollectable" },
};

/* Only engines that count references have candidates. */
static bool counts(const struct gnl_facts *f)
{
	return gnl_has(f, GCHEAP_A_CYCLE_CANDIDATES);
}

static void show_document(const struct gnl_facts *f)
{
	struct out_value none = { .kind = OUT_NONE };
	unsigned int i;

	out_group(NULL, NULL);
	out_item("name", NULL, out_text(f->name));
	out_item("id", NULL, out_num(OUT_COUNT, f->num[GCHEAP_A_CYCLE_ID]));
	out_item("engine", NULL, out_text(f->engine));
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		int attr = fields[i].attr;

		if (gnl_has(f, attr))
			out_item(fields[i].key, NULL,
				 out_num(fields[i].kind, f->num[attr]));
		else if (!counts(f) && attr == GCHEAP_A_CYCLE_GOAL_BYTES)
			out_item(fields[i].key, NULL, none);
	}
	out_end();
	out_next();
}

struct text {
	char text[24];
};

/* Milliseconds with two significant digits and at most three decimals. */
static struct text ms(uint64_t ns)
{
	struct text t;
	unsigned int us = ns / 1000;

	if (ns >= 10 * UINT64_C(1000000))
		snprintf(t.text, sizeof(t.text), "%" PRIu64, ns / 1000000);
	else if (!us)
		snprintf(t.text, sizeof(t.text), "0");
	else if (us < 100)
		snprintf(t.text, sizeof(t.text), "0.%03u", us);
	else if (us < 1000)
		snprintf(t.text, sizeof(t.text), "0.%02u", us / 10);
	else
		snprintf(t.text, sizeof(t.text), "%u.%u", us / 1000,
			 us / 100 % 10);
	return t;
}

static uint64_t mib(const struct gnl_facts *f, int attr)
{
	return (gnl_has(f, attr) ? f->num[attr] : UINT64_MAX) >> 20;
}

static void show_begin(const struct gnl_facts *f)
{
	uint64_t at = f->num[GCHEAP_A_CYCLE_BEGIN_NS] / 1000000;

	printf("gc %" PRIu64 " @%" PRIu64 ".%03" PRIu64 "s ",
	       f->num[GCHEAP_A_CYCLE_CYCLE], at / 1000, at % 1000);
}

/* The format of GODEBUG=gctrace=1. Workers on idle CPUs are in the second figure. */
static void show_go(const struct gnl_facts *f)
{
	uint64_t cpus = f->num[GCHEAP_A_CYCLE_CPUS];
	uint64_t sync = f->num[GCHEAP_A_CYCLE_SYNC_NS];
	uint64_t term = f->num[GCHEAP_A_CYCLE_TERM_NS];
	uint64_t stopped = f->num[GCHEAP_A_CYCLE_STOPPED_NS] * (cpus - 1);

	show_begin(f);
	printf("%" PRIu64 "%%: %s+%s+%s ms clock, %s+%s/%s/0+%s ms cpu, ",
	       f->num[GCHEAP_A_CYCLE_CPU_PERCENT], ms(sync).text,
	       ms(f->num[GCHEAP_A_CYCLE_MARK_NS]).text, ms(term).text, ms(sync).text,
	       ms(f->num[GCHEAP_A_CYCLE_ASSIST_NS]).text,
	       ms(f->num[GCHEAP_A_CYCLE_WORKER_NS]).text, ms(term + stopped).text);
	printf("%" PRIu64 "->%" PRIu64 "->%" PRIu64 " MB, %" PRIu64
	       " MB goal, %" PRIu64 " MB stacks, %" PRIu64
	       " MB globals, %" PRIu64 " P",
	       mib(f, GCHEAP_A_CYCLE_LIVE_BEGIN_BYTES),
	       mib(f, GCHEAP_A_CYCLE_LIVE_END_BYTES),
	       mib(f, GCHEAP_A_CYCLE_MARKED_BYTES),
	       mib(f, GCHEAP_A_CYCLE_GOAL_BYTES),
	       mib(f, GCHEAP_A_CYCLE_FRAME_BYTES),
	       mib(f, GCHEAP_A_CYCLE_TABLE_BYTES), cpus);
}

static void show_python(const struct gnl_facts *f)
{
	show_begin(f);
	printf("generation %" PRIu64 ": %" PRIu64 " candidates, %" PRIu64
	       " collected, %" PRIu64 " uncollectable, %s ms, %s ms stopped",
	       f->num[GCHEAP_A_CYCLE_GENERATION],
	       f->num[GCHEAP_A_CYCLE_CANDIDATES],
	       f->num[GCHEAP_A_CYCLE_COLLECTED],
	       f->num[GCHEAP_A_CYCLE_UNCOLLECTABLE],
	       ms(f->num[GCHEAP_A_CYCLE_DURATION_NS]).text,
	       ms(f->num[GCHEAP_A_CYCLE_STOPPED_NS]).text);
}

static void show_line(struct gnl_reply *reply, void *arg)
{
	struct monitor *m = arg;
	struct gnl_facts f;

	gnl_read(reply, GCHEAP_A_CYCLE_NAME, &f);
	gnl_read_text(reply, GCHEAP_A_CYCLE_ENGINE_NAME, f.engine,
		      sizeof(f.engine));
	if (reply->cmd != GCHEAP_CMD_CYCLE ||
	    f.num[GCHEAP_A_CYCLE_ID] != m->id ||
	    (m->count && m->lines == m->count))
		return;
	m->lines++;
	if (out_is_json()) {
		show_document(&f);
		return;
	}
	if (counts(&f))
		show_python(&f);
	else
		show_go(&f);
	printf("%s\n", f.num[GCHEAP_A_CYCLE_FORCED] ? " (forced)" : "");
	out_next();
}

/* A lost answer does not mean that the heap is gone. */
static bool is_gone(const char *name, const struct monitor *m)
{
	struct gnl_facts f;
	int err = heap_get(name, &f);

	return err == -ENOENT || (!err && f.num[GCHEAP_A_HEAP_ID] != m->id);
}

static int follow(const char *name, struct monitor *m)
{
	uint64_t looked = clock_ns();
	int err;

	while (!m->count || m->lines < m->count) {
		err = gnl_hear(LOOK_MS, show_line, m);
		if (err == -ENOBUFS)
			out_warn("events were lost");
		else if (err)
			return out_error(STATUS_REFUSED, -err, NULL,
					 "cannot receive events from the module");
		if (ferror(stdout))
			return STATUS_REFUSED;
		if (wait_interrupted())
			return STATUS_SIGNAL;
		if (clock_ns() - looked < LOOK_MS * UINT64_C(1000000))
			continue;
		if (is_gone(name, m))
			return m->count ?
				out_error(STATUS_REFUSED, ENOENT, NULL,
					  "heap %s was deleted", name) : STATUS_OK;
		looked = clock_ns();
	}
	return STATUS_OK;
}

int monitor_cmd(int argc, char **argv)
{
	struct value values[ARRAY_SIZE(monitor_keys)] = { 0 };
	struct monitor m = { 0 };
	char hint[128];
	struct gnl_facts f;
	int err;

	if (!argc)
		return out_error(STATUS_USAGE, 0,
				 "gcctl monitor NAME [count N]",
				 "monitor needs the name of a heap");
	if (parse_heap_name(argv[0]) ||
	    parse_keys(argc - 1, argv + 1, monitor_keys,
		       ARRAY_SIZE(monitor_keys), values))
		return STATUS_USAGE;
	if (values[0].given && !values[0].num)
		return out_error(STATUS_USAGE, 0, NULL,
				 "count must be 1 or more");
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = gnl_listen(GNL_GCHEAP, GCHEAP_MCGRP_EVENTS);
	if (err)
		return err;
	err = heap_get(argv[0], &f);
	if (err)
		return gnl_fail(err);
	if (!gnl_has(&f, GCHEAP_A_HEAP_GCTRACE))
		return out_error(STATUS_REFUSED, EOPNOTSUPP, NULL,
				 "heap %s does not report collections: its engine is %s",
				 argv[0], f.engine);
	snprintf(hint, sizeof(hint), "gcctl heap set %s gctrace on", argv[0]);
	if (!f.num[GCHEAP_A_HEAP_GCTRACE])
		return out_error(STATUS_REFUSED, 0, hint,
				 "gctrace is off for heap %s", argv[0]);
	m.id = f.num[GCHEAP_A_HEAP_ID];
	m.count = values[0].num;
	wait_catch_signals();
	return follow(argv[0], &m);
}
