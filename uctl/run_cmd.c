// SPDX-License-Identifier: GPL-2.0
/* gcctl run: runs a workload on a heap. */
#include <stdio.h>
#include <string.h>

#include "gcctl.h"
#include "out.h"
#include "run.h"
#include "wait.h"

static void show_progress(const struct run *run, void *arg)
{
	(void)arg;
	progress("%s on %s: %.1f s, %llu operations",
		 run_workload_name(run),
		 run->facts.name,
		 (double)run_num(run, GCHEAP_LOAD_A_RUN_ELAPSED_NS) / 1e9,
		 (unsigned long long)run_num(run,
					     GCHEAP_LOAD_A_RUN_OPERATIONS));
}

/* Parses the words after the workload: the heap, which is required, and keys. */
static int parse_run(int argc, char **argv, const char **heap,
		     struct value *run_values)
{
	struct value values[RUN_KEYS + 1] = { 0 };
	struct key keys[RUN_KEYS + 1];

	keys[0] = (struct key){ .name = "heap", .kind = KEY_TEXT };
	memcpy(keys + 1, run_keys, sizeof(run_keys));
	if (parse_keys(argc, argv, keys, RUN_KEYS + 1, values))
		return STATUS_USAGE;
	if (!values[0].given)
		return out_error(STATUS_USAGE, 0,
				 "gcctl run WORKLOAD heap NAME [KEY VALUE]...",
				 "run needs a heap");
	if (parse_heap_name(values[0].text))
		return STATUS_USAGE;
	*heap = values[0].text;
	memcpy(run_values, values + 1, RUN_KEYS * sizeof(*run_values));
	return STATUS_OK;
}

int run_cmd(int argc, char **argv)
{
	static const char *const show_word = "show";
	struct run run = { .tick = show_progress };
	struct value values[RUN_KEYS] = { 0 };
	const char *heap = NULL;
	int w, err;

	if (!argc)
		return out_error(STATUS_USAGE, 0,
				 "gcctl run WORKLOAD heap NAME [KEY VALUE]...",
				 "run needs a workload");
	if (parse_match(argv[0], &show_word, 1, sizeof(show_word)) == 0)
		return run_show_cmd(argc - 1, argv + 1);
	/* Excludes replay, which needs a file. */
	w = parse_word("workload", argv[0], run_workloads + 1,
		       RUN_WORKLOADS - 1, sizeof(*run_workloads));
	if (w < 0 || parse_run(argc - 1, argv + 1, &heap, values))
		return STATUS_USAGE;
	err = gnl_open(GNL_LOAD);
	if (err)
		return err;
	wait_catch_signals();
	err = run_new(&run, heap, (enum gcheap_load_workload)(w + 1), values);
	if (!err)
		err = run_wait(&run);
	if (err)
		return gnl_fail(err);
	run_del(&run);
	out_group(NULL, NULL);
	run_show(&run);
	return run_status(&run);
}
