// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl bench: what the heaps cost, beside the kernel's own allocator.
 *
 * What takes nanoseconds is measured by gcheap_bench.ko, through its files in
 * debugfs; what takes seconds by the workloads of gcheap_load.ko. Each run of
 * all of it is a set of results, which can be kept in a file, shown again, and
 * compared with another.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gcctl.h"
#include "out.h"
#include "parse.h"
#include "text.h"
#include "wait.h"

#define DEBUG_DIR	"/sys/kernel/debug/"
#define BENCH_DIR	DEBUG_DIR "gcheap_bench/"
#define MODULE		"gcheap_bench"
/* Below this scale not all sizes are measured. */
#define SMALL_RUN	10

static const struct {
	const char *name;
	int (*run)(struct bench_set *set);
	const char *heading;
} groups[] = {
	{ "harness", bench_harness, "what the harness costs, not taken off" },
	{ "mark", bench_mark, "a full collection, for each live object" },
	{ "alloc", bench_alloc, "an allocation, with the freeing where it says so" },
	{ "store", bench_store, "a reference stored into an object" },
	{ "python", bench_python, "counting, deaths and cycles, for each object" },
	{ "pattern", bench_pattern, "allocate and free, in the order of the freeing" },
	{ "churn", bench_churn, "a tree of 15 nodes replaced, among many" },
	{ "trees", bench_trees, "binary-trees, the whole program" },
	{ "larson", bench_larson, "blocks replaced and handed over, 2 mutators" },
	{ "mstress", bench_mstress, "items kept, dropped and exchanged, 2 mutators" },
	{ "replay", bench_replay, "recorded traces, records a second" },
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

/* ---- results ---- */

/**
 * bench_median() - middle value of a result
 * @r: the result
 *
 * Return: the median, 0 without values.
 */
double bench_median(const struct bench_result *r)
{
	return sample_median(&r->sample);
}

/* Does it depend on how much is live? A small machine has less. */
static bool depends_on_live(const struct bench_result *r)
{
	return !strcmp(r->group, "churn") ||
	       !strncmp(r->key, "alloc/steady/", strlen("alloc/steady/"));
}

/**
 * bench_elsewhere() - the figure of a real system to compare with
 * @set: the run
 * @r: the result
 *
 * Return: the figure; 0 if there is none, or none of this size.
 */
double bench_elsewhere(const struct bench_set *set,
		       const struct bench_result *r)
{
	if (set->scale != 100 ||
	    (depends_on_live(r) && set->live != BENCH_LIVE))
		return 0;
	return r->other;
}

/**
 * bench_find() - the result of a key
 * @set: where
 * @key: the key
 *
 * Return: the result or NULL.
 */
const struct bench_result *bench_find(const struct bench_set *set,
				      const char *key)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		if (!strcmp(set->result[i].key, key))
			return &set->result[i];
	return NULL;
}

/**
 * bench_add() - a new result, without values
 * @set: where
 * @group: benchmark that it belongs to
 * @unit: of its values
 * @key_fmt: its key, and its label unless bench_label() gives it another
 *
 * Return: the result, good until the next is added.
 */
struct bench_result *bench_add(struct bench_set *set, const char *group,
			       enum bench_unit unit, const char *key_fmt, ...)
{
	struct bench_result *r;
	va_list ap;

	if (set->nr == set->room) {
		set->room = set->room ? 2 * set->room : 256;
		set->result = realloc(set->result,
				      set->room * sizeof(*set->result));
		if (!set->result)
			abort();
	}
	r = &set->result[set->nr++];
	memset(r, 0, sizeof(*r));
	va_start(ap, key_fmt);
	vsnprintf(r->key, sizeof(r->key), key_fmt, ap);
	va_end(ap);
	snprintf(r->label, sizeof(r->label), "%.*s", BENCH_LABEL - 1, r->key);
	snprintf(r->group, sizeof(r->group), "%s", group);
	r->unit = unit;
	return r;
}

/**
 * bench_drop_empty() - forgets results without values
 * @set: where
 */
void bench_drop_empty(struct bench_set *set)
{
	size_t i, nr = 0;

	for (i = 0; i < set->nr; i++)
		if (set->result[i].sample.nr)
			set->result[nr++] = set->result[i];
	set->nr = nr;
}

/**
 * bench_label() - says what a result is
 * @r: the result
 * @fmt: for people
 */
void bench_label(struct bench_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->label, sizeof(r->label), fmt, ap);
	va_end(ap);
}

/**
 * bench_take() - adds what the kernel module measured
 * @set: where
 * @group: benchmark that it belongs to
 * @m: what was measured
 * @metric: which part of it
 * @key: of the result
 *
 * Return: the result, or NULL if there is no such part.
 */
struct bench_result *bench_take(struct bench_set *set, const char *group,
				const struct bench_metrics *m,
				const char *metric, const char *key)
{
	struct bench_result *r;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		const struct bench_samples *s = &m->metric[i];

		if (strcmp(s->name, metric))
			continue;
		r = bench_add(set, group, BENCH_NS, "%s", key);
		memcpy(r->sample.value, s->value, s->nr * sizeof(*s->value));
		r->sample.nr = s->nr;
		return r;
	}
	return NULL;
}

/**
 * bench_other() - what a real system needs
 * @r: the result, or NULL
 * @value: its figure, 0 for none
 * @source: which system
 */
void bench_other(struct bench_result *r, double value, const char *source)
{
	if (!r || !value)
		return;
	r->other = value;
	snprintf(r->source, sizeof(r->source), "%s", source);
}

/**
 * bench_based() - what a result is divided by
 * @r: the result, or NULL
 * @key: of the kernel's counterpart
 */
void bench_based(struct bench_result *r, const char *key)
{
	if (r)
		snprintf(r->base, sizeof(r->base), "%s", key);
}

/**
 * bench_scaled() - a size as the user wants it
 * @set: the run
 * @full: full size
 * @least: least that makes sense
 *
 * Return: the size.
 */
uint64_t bench_scaled(const struct bench_set *set, uint64_t full, uint64_t least)
{
	uint64_t size = full * set->scale / 100;

	return size > least ? size : least;
}

/**
 * bench_is_small() - whether it is only to be seen that it works
 * @set: the run
 */
bool bench_is_small(const struct bench_set *set)
{
	return set->scale < SMALL_RUN;
}

/**
 * bench_wants() - whether to measure one of many sizes
 * @set: the run
 * @i: which
 * @nr: their number
 *
 * Return: true, but in a small run only for the first, a middle one and the last.
 */
bool bench_wants(const struct bench_set *set, size_t i, size_t nr)
{
	return !bench_is_small(set) || !i || i == nr / 2 || i == nr - 1;
}

/* ---- the kernel module ---- */

static struct bench_samples *find_metric(struct bench_metrics *m,
					 const char *name)
{
	size_t i;

	for (i = 0; i < m->nr; i++)
		if (!strcmp(m->metric[i].name, name))
			return &m->metric[i];
	if (m->nr == BENCH_METRICS)
		return NULL;
	snprintf(m->metric[m->nr].name, sizeof(m->metric[0].name), "%s", name);
	return &m->metric[m->nr++];
}

static void read_line(struct bench_metrics *out, const char *line, char *message,
		      size_t size)
{
	struct bench_samples *s;
	char name[24], unit[8];
	double value;

	if (line[0] == '#') {
		snprintf(message, size, "%.*s", (int)strcspn(line, "\n") - 2,
			 line + 2);
		return;
	}
	if (sscanf(line, "%23s %lf %7s", name, &value, unit) != 3)
		return;
	s = find_metric(out, name);
	if (s && s->nr < BENCH_REPS_MAX)
		s->value[s->nr++] = strcmp(unit, "ps") ? value : value / 1000;
}

static int read_results(struct bench_metrics *out, char *message, size_t size)
{
	FILE *f = fopen(BENCH_DIR "results", "r");
	char line[256];

	message[0] = '\0';
	memset(out, 0, sizeof(*out));
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		read_line(out, line, message, size);
	fclose(f);
	return 0;
}

/* A run that something else than a signal to us has interrupted is begun again. */
static int write_run(int fd, const char *command)
{
	while (write(fd, command, strlen(command)) < 0)
		if (errno != EINTR || wait_interrupted())
			return -errno;
	return 0;
}

/* No other gcctl runs one before the results of this one have been read. */
static int run_and_read(const char *command, struct bench_metrics *out,
			char *message, size_t size)
{
	int fd = open(BENCH_DIR "run", O_WRONLY | O_CLOEXEC), err, unread;

	if (fd < 0)
		return -errno;
	/* A kernel may have no locks of files. */
	err = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK ? -EBUSY :
	      write_run(fd, command);
	if (err != -EBUSY && err != -EINTR) {
		unread = read_results(out, message, size);
		err = err ? err : unread;
	}
	close(fd);
	return err;
}

/**
 * bench_kernel() - runs a benchmark of the kernel module
 * @set: how often and how long
 * @out: receives what it measured; picoseconds as nanoseconds
 * @fmt: its name and KEY=VALUE...
 *
 * Return: an exit status; what failed has been said.
 */
int bench_kernel(const struct bench_set *set, struct bench_metrics *out,
		 const char *fmt, ...)
{
	char command[256], message[128] = "another one runs";
	va_list ap;
	int err, len;

	va_start(ap, fmt);
	len = vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	progress("%s", command);
	snprintf(command + len, sizeof(command) - (size_t)len, " reps=%u ms=%u",
		 (unsigned int)set->reps, (unsigned int)set->ms);
	err = wait_interrupted() ? -EINTR :
	      run_and_read(command, out, message, sizeof(message));
	if (err == -EINTR)
		return STATUS_SIGNAL;
	if (err)
		return out_error(STATUS_REFUSED, -err, NULL, "benchmark %s: %s",
				 command, message[0] ? message : strerror(-err));
	return STATUS_OK;
}

static int modprobe(void)
{
	int status, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("modprobe", "modprobe", "-q", MODULE, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		return -1;
	/* It takes a moment, also where a signal has come. */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

static int find_module(void)
{
	if (geteuid())
		return out_error(STATUS_REFUSED, EPERM, NULL,
				 "benchmarks are for root");
	if (!access(BENCH_DIR "run", W_OK) ||
	    (!modprobe() && !access(BENCH_DIR "run", W_OK)))
		return STATUS_OK;
	if (wait_interrupted())
		return STATUS_SIGNAL;
	if (!access("/sys/module/" MODULE, F_OK))
		return out_error(STATUS_REFUSED, 0,
				 "mount -t debugfs none " DEBUG_DIR,
				 "module " MODULE " shows nothing in " DEBUG_DIR);
	return out_error(STATUS_MISSING, 0, "modprobe " MODULE,
			 "module " MODULE " is not loaded");
}

/* ---- the machine ---- */

/* A guest may not be told by its kernel what it runs on: then by its host. */
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
	/* A heap with so much live wants several times as much. */
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
		/* out_finish() reports an output that is closed. */
		set->partial = status || ferror(stdout);
		if (set->partial)
			break;
		status = groups[i].run(set);
		progress_end();
		/* What ended early is shown as far as it came. */
		if (status)
			bench_drop_empty(set);
		if (show)
			bench_show_group(set, groups[i].name, groups[i].heading);
		fflush(stdout);
	}
	set->partial |= status != STATUS_OK;
	return status;
}

/* What was measured is the user's, also when there is no more of it. */
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
				 "reps is 1 to %d, scale 1 to 100",
				 BENCH_REPS_MAX);
	/* From here on a signal leaves no temporary file behind. */
	wait_catch_signals();
	if (values[KEY_FILE].given)
		status = bench_open(file, values[KEY_FILE].text);
	if (!status)
		status = find_module();
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
				 "show takes one file");
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
		return out_error(STATUS_USAGE, 0, "gcctl bench compare A B",
				 "compare takes two files");
	status = bench_load(a, argv[0]);
	if (!status)
		status = bench_load(&b, argv[1]);
	if (!status)
		bench_compare(a, &b);
	bench_free(&b);
	return status;
}

/* Names of benchmarks come before keys. */
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
