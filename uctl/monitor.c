// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl monitor: a line a collection of a heap, as the module reports them.
 */
#include <errno.h>
#include <stdio.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "heap.h"
#include "nl.h"
#include "out.h"
#include "parse.h"
#include "wait.h"

/* How often to look whether the heap is still there. */
#define LOOK_MS		500

static const struct key monitor_keys[] = {
	{ "count", KEY_WIDE, 0, NULL, NULL, 0 },
};

struct monitor {
	uint64_t id;
	uint64_t lines;
	uint64_t count;
};

static void show_line(struct gnl_reply *reply, void *arg)
{
	struct monitor *m = arg;
	struct gnl_facts f;
	char line[512];

	gnl_read(reply, GCHEAP_A_TRACE_NAME, &f);
	if (reply->cmd != GCHEAP_CMD_GCTRACE ||
	    f.num[GCHEAP_A_TRACE_ID] != m->id ||
	    (m->count && m->lines == m->count))
		return;
	gnl_read_text(reply, GCHEAP_A_TRACE_LINE, line, sizeof(line));
	m->lines++;
	out_group(NULL, NULL);
	if (out_is_json())
		out_item("name", NULL, out_text(f.name));
	out_item("line", NULL, out_text(line));
	out_end();
	out_next();
}

/* Is the heap still there? */
static bool is_there(const char *name, const struct monitor *m)
{
	struct gnl_facts f;

	return !heap_get(name, &f) && f.num[GCHEAP_A_HEAP_ID] == m->id;
}

static int follow(const char *name, struct monitor *m)
{
	uint64_t looked = clock_ns();
	int err;

	while (!m->count || m->lines < m->count) {
		err = gnl_hear(LOOK_MS, show_line, m);
		if (err == -ENOBUFS)
			out_warn("lines were lost");
		else if (err)
			return out_error(STATUS_REFUSED, -err, NULL,
					 "cannot hear the module any more");
		if (ferror(stdout))
			return STATUS_REFUSED;
		if (wait_interrupted())
			return STATUS_SIGNAL;
		if (clock_ns() - looked < LOOK_MS * UINT64_C(1000000))
			continue;
		if (!is_there(name, m))
			return m->count ?
				out_error(STATUS_REFUSED, ENOENT, NULL,
					  "heap %s is gone", name) : STATUS_OK;
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
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = gnl_listen(GNL_GCHEAP, GCHEAP_MCGRP_EVENTS);
	if (err)
		return err;
	err = heap_get(argv[0], &f);
	if (err)
		return gnl_fail(err);
	if (!gnl_has(&f, GCHEAP_A_HEAP_TRACE))
		return out_error(STATUS_REFUSED, EOPNOTSUPP, NULL,
				 "heap %s reports no collections: its engine is %s",
				 argv[0],
				 heap_engine_name(f.num[GCHEAP_A_HEAP_ENGINE]));
	snprintf(hint, sizeof(hint), "gcctl heap set %s trace 1", argv[0]);
	if (!f.num[GCHEAP_A_HEAP_TRACE])
		return out_error(STATUS_REFUSED, 0, hint,
				 "the trace of heap %s is off", argv[0]);
	m.id = f.num[GCHEAP_A_HEAP_ID];
	m.count = values[0].num;
	wait_catch_signals();
	return follow(argv[0], &m);
}
