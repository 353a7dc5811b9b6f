// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl: configures the heaps of the gcheap module, makes them collect, runs
 * workloads on them and shows the results.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "generated/keys.h"
#include "nl.h"
#include "out.h"
#include "parse.h"
#include "wait.h"

static int version_cmd(int argc, char **argv);
static int help_cmd(int argc, char **argv);

static const char usage_head[] =
	"Usage: gcctl [OPTIONS] OBJECT VERB\n";

static const char usage_tail[] =
	"Options:\n"
	"  -j, --json     print JSON\n"
	"  -p, --pretty   print JSON on several lines\n"
	"  -br, --brief   print one line per object: stats, heap show, run show\n"
	"  -d, --details  show values of 0, off and none too; same as -a\n"
	"  -V, --version  print the version of gcctl\n"
	"  -h, --help     print this help\n"
	"Exit status: 0 success, 1 usage, 2 refused or failed, 3 module missing\n";

static const char heap_usage[] =
	"  gcctl heap add NAME engine {go|python|slab|NAME} [KEY VALUE]...\n"
	"  gcctl heap show [NAME]\n"
	"  gcctl heap set NAME KEY VALUE...\n"
	"  gcctl heap del NAME\n"
	"  gcctl heap keys NAME\n"
	"  gcctl heap snapshot NAME\n";

/* Follows the keys. */
static const char heap_notes[] =
	"A SIZE is in bytes or has a suffix: 16K, 64M, 64MiB, 1G.\n"
	"A TIME is in the unit of its key or has a unit: 20us, 500ms, 1.5s, 2m.\n"
	"An engine of another module may have further keys: gcctl engine show NAME.\n";

static const char engine_usage[] =
	"  gcctl engine show [NAME]\n";

static const char engine_details[] =
	"The engines that are loaded, or one with the keys of its heaps. The kernel loads\n"
	"the module gcheap-engine-NAME when a heap is created.\n";

static const char collect_usage[] =
	"  gcctl collect NAME [generation N]\n";

static const char stats_usage[] =
	"  gcctl stats [NAME]\n";

static const char monitor_usage[] =
	"  gcctl monitor NAME [count N]\n";

static const char monitor_details[] =
	"Prints a line for each collection of a go or python heap; for go in the format\n"
	"of Go's gctrace. The gctrace of the heap must be on.\n"
	"Keys:\n"
	"  count N                 exit after N lines, 1 or more\n";

static const char run_usage[] =
	"  gcctl run WORKLOAD heap NAME [mutators N] [seconds S] [KEY VALUE]...\n"
	"  gcctl run show [ID]\n";

static const char run_details[] =
	"Workloads:\n"
	"  binary-trees            build and drop trees\n"
	"  lru                     LRU cache of doubly linked entries\n"
	"  cycles                  build and drop rings\n"
	"  alloc                   cost of an allocation and of a store\n"
	"  churn                   replace random trees, time each operation\n"
	"  larson                  replace random blocks, hand over arrays\n"
	"  mstress                 keep, exchange and drop items of all sizes\n"
	"Keys:\n"
	"  mutators N              threads, each bound to a CPU, to 64\n"
	"  seconds TIME            time limit, as 90 or 1.5m, to 1d\n"
	"  max-operations N        operations per mutator\n"
	"  depth N                 binary-trees: depth of the trees, to 24\n"
	"  entries N               lru: entries; cycles: objects per ring\n"
	"  size SIZE               lru, cycles: data bytes per object\n"
	"  live SIZE               churn: bytes of all trees\n"
	"  blocks N                larson: blocks per array\n"
	"  min-size SIZE           larson: smallest block\n"
	"  max-size SIZE           larson: largest block\n"
	"  rounds N                larson: rounds before an array is handed over\n"
	"  scale N                 mstress: hundreds of items per round\n";

static const char replay_usage[] =
	"  gcctl replay FILE heap NAME [verify {on|off}] [mutators N]\n";

static const char replay_details[] =
	"FILE is a recorded trace, .gct or .gct.gz, or - for standard input.\n";

static const char compare_usage[] =
	"  gcctl compare {WORKLOAD|FILE} [KEY VALUE]...\n";

static const char compare_details[] =
	"Runs a workload, or replays a trace, on a heap of each engine; the engines take\n"
	"turns. Accepts the keys of heap add and run; for a trace, only mutators of the\n"
	"latter. A key that some engines lack is given to the heaps of the others.\n"
	"Keys:\n"
	"  engines LIST            2 to 6 engines, default go,python,slab\n"
	"  repeat N                repetitions, default 3, to 50\n";

static const char bench_usage[] =
	"  gcctl bench [NAME]... [KEY VALUE]...\n"
	"  gcctl bench show FILE\n"
	"  gcctl bench compare FILE FILE\n";

static const char bench_details[] =
	"Measures the cost of the heaps beside the kernel's allocator, with the named\n"
	"benchmarks or with all.\n"
	"Keys:\n"
	"  reps N                  repetitions, default 5, to 100\n"
	"  scale N                 percent of the full size, default 100\n"
	"  file FILE               write the results as JSON to FILE\n"
	"  note TEXT               text stored with the results\n"
	"  traces DIR              directory of the traces for replay\n"
	"Benchmarks:\n"
	"  harness                 cost of the measurement itself\n"
	"  mark                    full collection of trees, graphs and lists\n"
	"  alloc                   allocation by size, without and with collections\n"
	"  store                   stores, with the write barrier off and on\n"
	"  python                  reference counts, deaths, garbage cycles\n"
	"  pattern                 allocation and free in different orders\n"
	"  churn                   latency and pauses with 100 MiB live\n"
	"  trees                   binary-trees, run to completion\n"
	"  larson, mstress         objects that move between threads\n"
	"  replay                  recorded traces\n";

static const char other_usage[] =
	"  gcctl version\n"
	"  gcctl help [OBJECT]\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
	const char *details;
} objects[] = {
	{ "heap", heap_cmd, heap_usage, heap_key_help },
	{ "engine", engine_cmd, engine_usage, engine_details },
	{ "collect", collect_cmd, collect_usage, "" },
	{ "stats", stats_cmd, stats_usage, "" },
	{ "monitor", monitor_cmd, monitor_usage, monitor_details },
	{ "run", run_cmd, run_usage, run_details },
	{ "replay", replay_cmd, replay_usage, replay_details },
	{ "compare", compare_cmd, compare_usage, compare_details },
	{ "bench", bench_cmd, bench_usage, bench_details },
	{ "version", version_cmd, other_usage, "" },
	{ "help", help_cmd, other_usage, "" },
};

static int find_object(const char *word)
{
	return parse_word("object", word, objects, ARRAY_SIZE(objects),
			  sizeof(objects[0]));
}

static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s", text);
}

static int help_all(void)
{
	char text[4096] = "";
	const char *last = NULL;
	size_t i;

	append(text, sizeof(text), usage_head);
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		/* Objects with the same text are neighbours. */
		if (objects[i].usage != last)
			append(text, sizeof(text), objects[i].usage);
		last = objects[i].usage;
	}
	append(text, sizeof(text), usage_tail);
	out_usage(text);
	return STATUS_OK;
}

static int help_cmd(int argc, char **argv)
{
	char text[8192] = "Usage:\n";
	int i;

	if (!argc)
		return help_all();
	if (argc > 1)
		return out_error(STATUS_USAGE, 0, NULL,
				 "help takes at most one object");
	i = find_object(argv[0]);
	if (i < 0)
		return STATUS_USAGE;
	append(text, sizeof(text), objects[i].usage);
	append(text, sizeof(text), objects[i].details);
	if (objects[i].run == heap_cmd)
		append(text, sizeof(text), heap_notes);
	out_usage(text);
	return STATUS_OK;
}

static void read_module(struct gnl_reply *reply, void *arg)
{
	gnl_read(reply, GCHEAP_A_MODULE_VERSION, arg);
}

static int show_module(void)
{
	struct gnl_facts f = { 0 };
	int err = gnl_do(gnl_new(GNL_GCHEAP, GCHEAP_CMD_MODULE_GET, 0),
			read_module, &f);

	if (err)
		return gnl_fail(err);
	out_fact("module", "module gcheap", out_text(f.name));
	out_fact("heaps", "heaps",
		 out_num(OUT_COUNT, f.num[GCHEAP_A_MODULE_HEAPS]));
	out_fact("pages-taken", "pages taken",
		 out_num(OUT_COUNT, f.num[GCHEAP_A_MODULE_PAGES_TAKEN]));
	out_fact("pages-returned", "pages returned",
		 out_num(OUT_COUNT, f.num[GCHEAP_A_MODULE_PAGES_RETURNED]));
	return STATUS_OK;
}

/* Versions of the tool and of the loaded modules. */
static int version_cmd(int argc, char **argv)
{
	int status = STATUS_OK, err;

	(void)argv;
	if (argc)
		return out_error(STATUS_USAGE, 0, NULL,
				 "version takes no argument");
	err = gnl_find(GNL_GCHEAP);
	if (err && err != -ENOENT)
		return gnl_fail(err);
	out_group(NULL, NULL);
	out_fact("gcctl", "gcctl", out_text(GCCTL_VERSION));
	if (!err)
		status = show_module();
	else
		out_fact("module", "module gcheap",
			 (struct out_value){ .kind = OUT_NONE,
					     .text = gnl_state(GNL_GCHEAP) });
	/* In text it takes the place of the version. */
	if (out_is_json())
		out_fact("module-state", NULL, out_text(gnl_state(GNL_GCHEAP)));
	out_fact("load", "module gcheap_load", out_text(gnl_state(GNL_LOAD)));
	return status;
}

static int print_version(void)
{
	out_group(NULL, NULL);
	out_item("gcctl", "gcctl", out_text(GCCTL_VERSION));
	out_break();
	return STATUS_OK;
}

static int dispatch(int argc, char **argv)
{
	int i;

	if (!argc)
		return out_error(STATUS_USAGE, 0, "gcctl help",
				 "no command given");
	i = find_object(argv[0]);
	if (i < 0)
		return STATUS_USAGE;
	if (argc == 2 && !strcmp(argv[1], "help"))
		return help_cmd(1, argv);
	return objects[i].run(argc - 1, argv + 1);
}

enum action {
	ACTION_RUN,
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_BAD,
};

static const struct option {
	const char *name;
	char letter;
} options[] = {
	{ "json", 'j' },
	{ "pretty", 'p' },
	{ "version", 'V' },
	{ "help", 'h' },
	{ "brief", 'b' },
	{ "details", 'd' },
	{ "all", 'a' },
};

/* The options given. */
struct wish {
	enum action action;
	enum out_extent extent;
	bool json;
	bool pretty;
};

static void take_letter(struct wish *wish, char letter)
{
	switch (letter) {
	case 'j':
		wish->json = true;
		break;
	case 'p':
		wish->json = true;
		wish->pretty = true;
		break;
	case 'b':
		wish->extent = OUT_BRIEF;
		break;
	case 'a':
	case 'd':
		wish->extent = OUT_DETAILS;
		break;
	case 'V':
		wish->action = ACTION_VERSION;
		break;
	case 'h':
		wish->action = ACTION_HELP;
		break;
	}
}

static bool is_letter(char c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].letter == c)
			return true;
	return false;
}

/*
 * One or two dashes and a name, which may be abbreviated, as in ip(8): -br, -d. Or
 * one dash and several letters.
 */
static bool take_option(struct wish *wish, const char *word)
{
	bool is_long = word[1] == '-';
	const char *name = word + (is_long ? 2 : 1);
	int i = parse_match(name, options, ARRAY_SIZE(options),
			    sizeof(options[0]));

	if (i >= 0) {
		take_letter(wish, options[i].letter);
		return true;
	}
	for (i = 0; !is_long && name[i]; i++) {
		if (!is_letter(name[i]))
			break;
		take_letter(wish, name[i]);
	}
	return !is_long && !name[i];
}

/* A negative number is a (bad) value, and - is a file; neither is an option. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && !isdigit((unsigned char)word[1]);
}

/*
 * Removes the options, which may stand anywhere, and moves the other words to the
 * front of @argv. Words after -- are no options.
 */
static enum action parse_options(int *argc, char **argv)
{
	struct wish wish = { .action = ACTION_RUN, .extent = OUT_USUAL };
	const char *bad = NULL;
	int i, nr = 0;

	for (i = 1; i < *argc && strcmp(argv[i], "--"); i++) {
		if (!is_option(argv[i]))
			argv[nr++] = argv[i];
		else if (!take_option(&wish, argv[i]) && !bad)
			bad = argv[i];
	}
	for (i++; i < *argc; i++)
		argv[nr++] = argv[i];
	*argc = nr;
	out_init(wish.json, wish.pretty, wish.extent);
	if (!bad)
		return wish.action;
	out_error(STATUS_USAGE, 0, "gcctl help", "unknown option '%s'%s", bad,
		  strchr(bad, '=') ? ": options take no value" : "");
	return ACTION_BAD;
}

/*
 * Opens closed standard descriptors. Otherwise the next file or socket would get the
 * number, and be read as input or receive output. Each is opened in the opposite
 * direction, so its use still fails.
 */
static int open_standard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY :
							   O_RDONLY) != fd)
			return out_error(STATUS_REFUSED, errno, NULL,
					 "cannot open /dev/null: %s",
					 strerror(errno));
	}
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	enum action action;
	int status;

	if (open_standard())
		return STATUS_REFUSED;
	action = parse_options(&argc, argv);
	switch (action) {
	case ACTION_BAD:
		return STATUS_USAGE;
	case ACTION_VERSION:
		status = print_version();
		break;
	case ACTION_HELP:
		status = help_cmd(argc ? 1 : 0, argv);
		break;
	default:
		status = dispatch(argc, argv);
		break;
	}
	gnl_close();
	status = out_finish(status);
	return status == STATUS_SIGNAL ? wait_resignal() : status;
}
