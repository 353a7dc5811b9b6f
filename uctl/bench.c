// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl bench: measures the heaps beside the kernel's own allocator.
 *
 * gcheap_bench.ko measures costs in nanoseconds and is driven through its files in
 * debugfs; the workloads of gcheap_load.ko measure seconds. The results of all
 * benchmarks form a set, which can be saved to a file, shown again, and compared with
 * another.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "gcctl.h"
#include "out.h"
#include "parse.h"
#include "text.h"
#include "wait.h"

static const struct {
	const char *name;
	int (*run)(struct bench_set *set);
	const char *heading;
} groups[] = {
	{ "harness", bench_harness, "cost of the measurement itself, not subtracted" },
	{ "mark", bench_mark, "a full collection, per live object" },
	{ "alloc", bench_alloc, "an allocation; with +free, including the free" },
	{ "store", bench_store, "a reference store" },
	{ "python", bench_python, "reference counts, deaths and garbage cycles, per object" },
	{ "pattern", bench_pattern, "allocate and free, by order of the frees" },
	{ "churn", bench_churn, "replace one of many trees of 15 nodes" },
	{ "trees", bench_trees, "binary-trees, run to completion" },
	{ "larson", bench_larson, "replace blocks and hand over arrays, 2 mutators" },
	{ "mstress", bench_mstress, "keep, drop and exchange items, 2 mutators" },
	{ "replay", bench_replay, "recorded traces, records per second" },
};

enum {
	KEY_REPS,
	KEY_SCALE,
	KEY_FILE,
	KEY_NOTE,
	KEY_TRACES,
	BENCH_KEYS
};

static const struct key keys[BENCH_KEYS] = {
	[KEY_REPS] = { "reps", KEY_NUMBER, 0, NULL, NULL, 0 },
	[KEY_SCALE] = { "scale", KEY_NUMBER, 0, NULL, NULL, 0 },
	[KEY_FILE] = { "file", KEY_TEXT, 0, NULL, NULL, 0 },
	[KEY_NOTE] = { "note", KEY_TEXT, 0, NULL, NULL, 0 },
	[KEY_TRACES] = { "traces", KEY_TEXT, 0, NULL, NULL, 0 },
};

/* ---- the machine ---- */

/* A guest's kernel may not know the host's CPU, so the host may pass its model. */
static void read_cpu(struct bench_set *set)
{
	const char *told = getenv("GCHEAP_CPU");
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];

	text_copy(set->cpu, sizeof(set->cpu), told ? told : "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		const char *value = strchr(line, ':');

		if (told || !value || strncmp(line, "model name", 10))
			continue;
		value += 1 + strspn(value + 1, " \t");
		snprintf(set->cpu, sizeof(set->cpu), "%.*s",
			 (int)strcspn(value, "\n"), value);
	}
	if (f)
		fclose(f);
}

static void read_machine(struct bench_set *set)
{
	time_t now = time(NULL);
	struct utsname uts;
	struct sysinfo info;

	if (!uname(&uts)) {
		snprintf(set->release, sizeof(set->release), "%s", uts.release);
		snprintf(set->machine, sizeof(set->machine), "%s", uts.machine);
	}
	if (!sysinfo(&info))
		set->memory = (uint64_t)info.totalram * info.mem_unit;
	set->cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	strftime(set->date, sizeof(set->date), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime(&now));
	read_cpu(set);
}

/* ---- the command ---- */

static void set_sizes(struct bench_set *set, const struct value *values)
{
	uint64_t most;

	set->reps = values[KEY_REPS].given ? values[KEY_REPS].num : 5;
	set->scale = values[KEY_SCALE].given ? values[KEY_SCALE].num : 100;
	if (values[KEY_NOTE].given)
		text_copy(set->note, sizeof(set->note), values[KEY_NOTE].text);
	if (values[KEY_TRACES].given)
		set->traces = values[KEY_TRACES].text;
	set->ms = bench_scaled(set, 20, 1);
	set->live = bench_scaled(set, BENCH_LIVE, 1);
	set->seconds = bench_scaled(set, 20, 1);
	/* A heap with this much live memory needs several times as much. */
	most = set->memory / 8 >> 20;
	if (set->live > most)
		set->live = most ? most : 1;
}

static bool chosen(const char *name, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return !argc;
}

static int run_groups(struct bench_set *set, int argc, char **argv, bool show)
{
	int status = STATUS_OK;
	size_t i;

	if (show)
		bench_show_head(set);
	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!chosen(groups[i].name, argc, argv))
			continue;
		/* out_finish() reports a closed output. */
		set->partial = status || ferror(stdout);
		if (set->partial)
			break;
		status = groups[i].run(set);
		progress_end();
		/* Shows the results so far, also after an early end. */
		if (status)
			bench_drop_empty(set);
		if (show)
			bench_show_group(set, groups[i].name, groups[i].heading);
		fflush(stdout);
	}
	set->partial |= status != STATUS_OK;
	return status;
}

/* Saves the results also after an early end; the user may need them. */
static int keep(struct bench_set *set, struct bench_file *file, int status)
{
	int unsaved = STATUS_OK;

	if (set->partial && !set->nr)
		return status;
	if (set->partial)
		out_warn("the results are partial");
	if (out_is_json())
		bench_write(set);
	if (file->name)
		unsaved = bench_save(set, file);
	return status ? status : unsaved;
}

static int run_cmd_words(int argc, char **argv, int nr_names,
			 struct bench_set *set, struct bench_file *file)
{
	struct value values[BENCH_KEYS] = { 0 };
	int status = STATUS_OK;

	if (parse_keys(argc - nr_names, argv + nr_names, keys, BENCH_KEYS,
		       values))
		return STATUS_USAGE;
	read_machine(set);
	set_sizes(set, values);
	if (!set->reps || set->reps > BENCH_REPS_MAX || !set->scale ||
	    set->scale > 100)
		return out_error(STATUS_USAGE, 0, NULL,
				 "reps must be 1 to %d, scale must be 1 to 100",
				 BENCH_REPS_MAX);
	/* From here on a signal does not leave a temporary file. */
	wait_catch_signals();
	if (values[KEY_FILE].given)
		status = bench_open(file, values[KEY_FILE].text);
	if (!status)
		status = bench_find_module();
	if (status)
		return status;
	status = run_groups(set, nr_names, argv, !out_is_json());
	return keep(set, file, status);
}

static int show_cmd(int argc, char **argv, struct bench_set *set)
{
	int status;
	size_t i;

	if (argc != 1)
		return out_error(STATUS_USAGE, 0, "gcctl bench show FILE",
				 "bench show takes one file");
	status = bench_load(set, argv[0]);
	if (status)
		return status;
	if (out_is_json()) {
		bench_write(set);
		return STATUS_OK;
	}
	bench_show_head(set);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		bench_show_group(set, groups[i].name, groups[i].heading);
	return STATUS_OK;
}

static int compare_files(int argc, char **argv, struct bench_set *a)
{
	struct bench_set b = { 0 };
	int status;

	if (argc != 2)
		return out_error(STATUS_USAGE, 0, "gcctl bench compare FILE FILE",
				 "bench compare takes two files");
	status = bench_load(a, argv[0]);
	if (!status)
		status = bench_load(&b, argv[1]);
	if (!status)
		bench_compare(a, &b);
	bench_free(&b);
	return status;
}

/* Names of benchmarks precede keys. */
static int count_names(int argc, char **argv)
{
	size_t g;
	int i;

	for (i = 0; i < argc; i++) {
		for (g = 0; g < ARRAY_SIZE(groups); g++)
			if (!strcmp(argv[i], groups[g].name))
				break;
		if (g == ARRAY_SIZE(groups))
			break;
	}
	if (i < argc && parse_match(argv[i], keys, BENCH_KEYS,
				    sizeof(*keys)) == -1 &&
	    parse_word("benchmark", argv[i], groups, ARRAY_SIZE(groups),
		       sizeof(groups[0])) < 0)
		return -1;
	return i;
}

int bench_cmd(int argc, char **argv)
{
	struct bench_file file = BENCH_NO_FILE;
	struct bench_set set = { 0 };
	int status, names;

	if (argc && !strcmp(argv[0], "show")) {
		status = show_cmd(argc - 1, argv + 1, &set);
	} else if (argc && !strcmp(argv[0], "compare")) {
		status = compare_files(argc - 1, argv + 1, &set);
	} else {
		names = count_names(argc, argv);
		status = names < 0 ? STATUS_USAGE :
				     run_cmd_words(argc, argv, names, &set,
						   &file);
	}
	bench_discard(&file);
	bench_free(&set);
	return status;
}
