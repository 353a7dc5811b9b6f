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
	"  -j, --json     JSON instead of text\n"
	"  -p, --pretty   JSON in lines\n"
	"  -br, --brief   a line each: stats, heap show, run show\n"
	"  -d, --details  also what is 0, off or none; -a\n"
	"  -V, --version  version of gcctl\n"
	"  -h, --help     this text\n"
	"Exit status: 0 done, 1 usage, 2 refused or failed, 3 module missing\n";

static const char heap_usage[] =
	"  gcctl heap add NAME engine {go|python|slab|NAME} [KEY VALUE]...\n"
	"  gcctl heap show [NAME]\n"
	"  gcctl heap set NAME KEY VALUE...\n"
	"  gcctl heap del NAME\n"
	"  gcctl heap keys NAME\n"
	"  gcctl heap snapshot NAME\n";

/* Follows the keys. */
static const char heap_notes[] =
	"A TIME is a number in the unit of the key, or has one: 20us, 500ms, 1.5s, 2m.\n"
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
	"A line a collection, as they come, of a go or python heap; of go in the form of\n"
	"Go's gctrace. The heap's trace has to be on.\n"
	"Keys:\n"
	"  count N                 ends after so many lines, 1 or more\n";

static const char run_usage[] =
	"  gcctl run WORKLOAD heap NAME [mutators N] [seconds S] [KEY VALUE]...\n"
	"  gcctl run show [ID]\n";

static const char run_details[] =
	"Workloads:\n"
	"  binary-trees            trees built and dropped\n"
	"  lru                     a cache of entries with links both ways\n"
	"  cycles                  rings built and dropped\n"
	"  alloc                   cost of an allocation and of a store\n"
	"  churn                   many trees, replaced at random and timed\n"
	"  larson                  arrays of blocks that go from hand to hand\n"
	"  mstress                 items of all sizes, exchanged and dropped\n"
	"Keys:\n"
	"  mutators N              threads, each bound to a CPU, to 64\n"
	"  seconds TIME            ends the run after this time, as 90 or 1.5m, to 1d\n"
	"  max-operations N        ends it after this many a mutator\n"
	"  depth N                 of binary-trees, to 24\n"
	"  entries N               of lru; objects of a ring of cycles\n"
	"  size SIZE               data of an object of lru and cycles\n"
	"  live SIZE               bytes of the trees of churn\n"
	"  blocks N                of an array of larson\n"
	"  min-size SIZE           smallest block of larson\n"
	"  max-size SIZE           largest block of larson\n"
	"  rounds N                before an array of larson is handed over\n"
	"  scale N                 of a round of mstress, in hundreds of items\n";

static const char replay_usage[] =
	"  gcctl replay FILE heap NAME [verify {on|off}] [mutators N]\n";

static const char replay_details[] =
	"FILE is a recorded trace, .gct or .gct.gz, or - for the standard input.\n";

static const char compare_usage[] =
	"  gcctl compare {WORKLOAD|FILE} [KEY VALUE]...\n";

static const char compare_details[] =
	"Runs it on a heap of each engine, several times in turns. Keys are those of\n"
	"heap and run, for a trace mutators alone of the latter; a key that not all\n"
	"engines know goes to the heaps of those that do.\n"
	"Keys:\n"
	"  engines LIST            2 to 6 engines, as go,python; go,python,slab if not given\n"
	"  repeat N                repetitions, 3 if not given, to 50\n";

static const char bench_usage[] =
	"  gcctl bench [NAME]... [KEY VALUE]...\n"
	"  gcctl bench show FILE\n"
	"  gcctl bench compare FILE FILE\n";

static const char bench_details[] =
	"Measures what the heaps cost, beside the kernel's own allocator; all of it\n"
	"unless benchmarks are named.\n"
	"Keys:\n"
	"  reps N                  repetitions, 5 if not given, to 100\n"
	"  scale N                 percent of the full size, 100 if not given\n"
	"  file FILE               writes the results there as JSON\n"
	"  note TEXT               kept with the results\n"
	"  traces DIR              recorded traces for replay\n"
	"Benchmarks:\n"
	"  harness                 what the measuring itself costs\n"
	"  mark                    a full collection of trees, graphs and lists\n"
	"  alloc                   allocation by size, alone and with collection on\n"
	"  store                   stores, with the write barrier off and on\n"
	"  python                  counting, deaths, garbage cycles\n"
	"  pattern                 allocation and freeing in different orders\n"
	"  churn                   pauses, with 100 MiB live\n"
	"  trees                   binary-trees, to its end\n"
	"  larson, mstress         objects that go from thread to thread\n"
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
				 "help takes one object at most");
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
				 "what to do is missing");
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
		  strchr(bad, '=') ? ": none takes a value" : "");
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
