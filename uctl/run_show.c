// SPDX-License-Identifier: GPL-2.0
/* gcctl run show: shows the module's runs, of all users. */
#include <stdlib.h>
#include <string.h>

#include "gcctl.h"
#include "nl.h"
#include "out.h"
#include "parse.h"
#include "run.h"

enum { BRIEF = 5 };

struct list {
	struct run *runs;
	size_t nr;
	size_t room;
};

static void forget(void *arg)
{
	struct list *list = arg;

	list->nr = 0;
}

static void append(struct gnl_reply *reply, void *arg)
{
	struct list *list = arg;

	if (list->nr == list->room) {
		list->room = list->room ? 2 * list->room : 8;
		list->runs = realloc(list->runs,
				     list->room * sizeof(*list->runs));
		if (!list->runs)
			abort();
	}
	memset(&list->runs[list->nr], 0, sizeof(*list->runs));
	run_reply(reply, &list->runs[list->nr++]);
}

static struct out_value number(const struct run *run, int attr,
			       enum out_kind kind)
{
	return out_num(kind, run_num(run, attr));
}

/* One line per run. */
static void show_brief(const struct run *run, bool first)
{
	const struct out_field fields[BRIEF] = {
		out_column("id", number(run, GCHEAP_LOAD_A_RUN_ID, OUT_PLAIN)),
		out_column("workload", out_text(run_workload_name(run))),
		out_column("state", out_text(run_state_name(run))),
		out_column("elapsed", number(run, GCHEAP_LOAD_A_RUN_ELAPSED_NS,
					     OUT_NS)),
		out_column("operations",
			   number(run, GCHEAP_LOAD_A_RUN_OPERATIONS, OUT_COUNT)),
	};

	if (first)
		out_line_head("heap", fields, BRIEF);
	out_line(NULL, run->facts.name, fields, BRIEF);
}

static void show(const struct list *list)
{
	size_t i;

	out_list("runs");
	for (i = 0; i < list->nr; i++) {
		if (!out_is_json()) {
			show_brief(&list->runs[i], !i);
			continue;
		}
		out_group(NULL, NULL);
		run_show(&list->runs[i]);
		out_end();
	}
	out_end();
}

static int show_one(const char *word)
{
	struct run run = { 0 };
	uint64_t id;
	int err;

	if (!parse_number(word, UINT32_MAX, &id))
		return out_error(STATUS_USAGE, 0, "gcctl run show [ID]",
				 "'%s' is not a run ID", word);
	run.id = (uint32_t)id;
	err = run_read(&run);
	if (err)
		return gnl_fail(err);
	out_group(NULL, NULL);
	run_show(&run);
	return STATUS_OK;
}

/**
 * run_show_cmd() - shows one run, or all with one line each
 * @argc: number of words
 * @argv: the words after "run show"
 *
 * Return: an exit status.
 */
int run_show_cmd(int argc, char **argv)
{
	struct list list = { 0 };
	int err;

	if (argc > 1)
		return out_error(STATUS_USAGE, 0, "gcctl run show [ID]",
				 "run show takes at most one run ID");
	err = gnl_open(GNL_LOAD);
	if (err)
		return err;
	if (argc)
		return show_one(argv[0]);
	err = gnl_dump(GNL_LOAD, GCHEAP_LOAD_CMD_RUN_GET, forget, append,
		       &list);
	if (!err)
		show(&list);
	free(list.runs);
	return err ? gnl_fail(err) : STATUS_OK;
}
