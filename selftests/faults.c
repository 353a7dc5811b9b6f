// SPDX-License-Identifier: GPL-2.0
/*
 * Memory refused at every single place. The kernel fails the n-th allocation that a
 * task makes from now on, if it is asked to: so each request, each read of a view,
 * each load of a module is made again and again, with one allocation further failing
 * each time, until none is left to fail. Whatever comes of it, it is an error that
 * says so or no error at all, and nothing is left behind.
 *
 * What threads of the kernel allocate is failed likewise, in theirs, or at random.
 */
#define _GNU_SOURCE
#include "genl.h"
#include "faults.h"
#include "faults_sweep.h"
#include "need.h"

#include <time.h>

#include <linux/gcheap.h>
#include <linux/gcheap_load.h>

#include "kselftest.h"

#define RESULTS		DEBUG "/gcheap_selftest/results"
#define ENGINES		3
#define WORKLOADS	(GCHEAP_LOAD_WORKLOAD_MSTRESS + 1)

/* Those of the loads of the modules: a little less than what their own code does. */
#define INIT_FAULTS	80U
#define LOAD_INIT_FAULTS	20U

static const char * const engines[ENGINES] = { "t-go", "t-python", "t-slab" };

static unsigned int seed;
static bool thorough;

/* ---- requests about heaps ---- */

static int act_new(unsigned int engine)
{
	begin_heap(GCHEAP_CMD_HEAP_NEW, "t-new");
	genl_put_u32(&req, H(ENGINE), engine);
	genl_put_u32(&req, H(INTERVAL_MS), 1000);
	return ask();
}

/* It exists if and only if that was said; if nothing could be said, either. */
static bool after_new(unsigned int engine, int err)
{
	bool exists = heap_exists("t-new");

	if (exists && !delete_heap("t-new"))
		return false;
	return err == ENOBUFS || exists == !err;
}

static void before_del(unsigned int engine)
{
	add_heap("t-del", engine);
}

static int act_del(unsigned int engine)
{
	begin_heap(GCHEAP_CMD_HEAP_DEL, "t-del");
	return ask();
}

static bool after_del(unsigned int engine, int err)
{
	bool exists = heap_exists("t-del");

	if (exists && !delete_heap("t-del"))
		return false;
	return err == ENOBUFS || exists == !!err;
}

static int act_set(unsigned int engine)
{
	begin_heap(GCHEAP_CMD_HEAP_SET, engines[engine]);
	genl_put_u32(&req, H(INTERVAL_MS), 50);
	return ask();
}

/* All or none. */
static bool after_set(unsigned int engine, int err)
{
	uint64_t now;

	begin_heap(GCHEAP_CMD_HEAP_GET, engines[engine]);
	if (ask())
		return false;
	now = genl_num(&rep, H(INTERVAL_MS));
	begin_heap(GCHEAP_CMD_HEAP_SET, engines[engine]);
	genl_put_u32(&req, H(INTERVAL_MS), 0);
	return !ask() && (err == ENOBUFS || now == (err ? 0 : 50));
}

static int act_heap(unsigned int cmd)
{
	begin_heap((int)cmd, engines[0]);
	return ask();
}

static int act_module(unsigned int unused)
{
	begin_heap(GCHEAP_CMD_MODULE_GET, NULL);
	return ask();
}

static int act_dump(unsigned int cmd)
{
	begin_heap((int)cmd, NULL);
	req.nlh.nlmsg_flags |= NLM_F_DUMP;
	return ask();
}

static bool three_heaps(unsigned int unused, int err)
{
	return module_number(GCHEAP_A_MODULE_HEAPS) == ENGINES;
}

/* ---- requests about runs ---- */

static uint32_t run;

/* Entries of a cache: few, and more than a work buffer holds references. */
#define FEW		200
#define MANY		20000

static int start_run(const char *heap, unsigned int workload, uint32_t ops,
		     uint32_t entries)
{
	genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
	genl_put_str(&req, R(HEAP), heap);
	genl_put_u32(&req, R(WORKLOAD), workload);
	if (workload != GCHEAP_LOAD_WORKLOAD_REPLAY)
		genl_put_u32(&req, R(MAX_OPERATIONS), ops);
	if (workload == GCHEAP_LOAD_WORKLOAD_BINARY_TREES)
		genl_put_u32(&req, R(DEPTH), 6);
	if (workload == GCHEAP_LOAD_WORKLOAD_LRU)
		genl_put_u32(&req, R(ENTRIES), entries);
	if (!ask())
		run = (uint32_t)genl_num(&rep, R(ID));
	return rep.err;
}

static int act_run(unsigned int workload)
{
	run = 0;
	return start_run(engines[workload % 2], workload, 1, FEW);
}

/* The socket that it was started by is closed by now. */
static bool no_runs(unsigned int unused, int err)
{
	unsigned int i, e;

	for (i = 0; i < 1000; i++) {
		genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_GET, NLM_F_DUMP);
		if (!ask() && !rep.len)
			break;
		usleep(10000);
	}
	if (rep.err || rep.len)
		return false;
	for (e = 0; e < ENGINES; e++) {
		for (i = 0; i < 1000; i++) {
			begin_heap(GCHEAP_CMD_HEAP_GET, engines[e]);
			if (ask() || !genl_num(&rep, H(MUTATORS)))
				break;
			usleep(10000);
		}
		if (rep.err || genl_num(&rep, H(MUTATORS)))
			return false;
	}
	return true;
}

static void before_replay(unsigned int unused)
{
	if (start_run(engines[1], GCHEAP_LOAD_WORKLOAD_REPLAY, 0, FEW))
		ksft_exit_fail_msg("no replay: %d %s\n", rep.err, rep.text);
}

static int act_feed(unsigned int len)
{
	/* A type with references, again and again. */
	static const uint8_t type[] = { 1, 1, 1, 1, 'n' };
	static uint8_t chunk[GCHEAP_LOAD_CHUNK_MAX];
	size_t i;

	for (i = 0; i < sizeof(type) * len; i++)
		chunk[i] = type[i % sizeof(type)];
	begin_run(GCHEAP_LOAD_CMD_RUN_FEED, run);
	genl_put(&req, R(CHUNK), chunk, sizeof(type) * len);
	return ask();
}

static int act_on_run(unsigned int cmd)
{
	begin_run((int)cmd, run);
	return ask();
}

/* Until it has ended: it was stopped by the first that got through. */
static int act_del_run(unsigned int unused)
{
	int err;

	do {
		err = act_on_run(GCHEAP_LOAD_CMD_RUN_DEL);
	} while (err == EAGAIN);
	return err;
}

static int act_dump_runs(unsigned int unused)
{
	genl_begin(&req, load, GCHEAP_LOAD_CMD_RUN_GET, NLM_F_DUMP);
	return ask();
}

static const struct act requests[] = {
	{ "module-get", NULL, act_module, NULL, 0 },
	{ "heap-get", NULL, act_heap, NULL, GCHEAP_CMD_HEAP_GET },
	{ "heap-get, dump", NULL, act_dump, NULL, GCHEAP_CMD_HEAP_GET },
	{ "heap-new, go", NULL, act_new, after_new, GCHEAP_ENGINE_GO },
	{ "heap-new, python", NULL, act_new, after_new, GCHEAP_ENGINE_PYTHON },
	{ "heap-new, slab", NULL, act_new, after_new, GCHEAP_ENGINE_SLAB },
	{ "heap-set", NULL, act_set, after_set, GCHEAP_ENGINE_GO },
	{ "heap-del, go", before_del, act_del, after_del, GCHEAP_ENGINE_GO },
	{ "heap-del, python", before_del, act_del, after_del,
	  GCHEAP_ENGINE_PYTHON },
	{ "collect", NULL, act_heap, NULL, GCHEAP_CMD_COLLECT },
	{ "stats-get", NULL, act_heap, NULL, GCHEAP_CMD_STATS_GET },
	{ "stats-get, dump", NULL, act_dump, three_heaps,
	  GCHEAP_CMD_STATS_GET },
	{ "run-new, replay", NULL, act_run, no_runs,
	  GCHEAP_LOAD_WORKLOAD_REPLAY },
	{ "run-new, binary-trees", NULL, act_run, no_runs,
	  GCHEAP_LOAD_WORKLOAD_BINARY_TREES },
	{ "run-new, lru", NULL, act_run, no_runs, GCHEAP_LOAD_WORKLOAD_LRU },
	{ "run-new, cycles", NULL, act_run, no_runs,
	  GCHEAP_LOAD_WORKLOAD_CYCLES },
	{ "run-new, alloc", NULL, act_run, no_runs, GCHEAP_LOAD_WORKLOAD_ALLOC },
	{ "run-new, churn", NULL, act_run, no_runs, GCHEAP_LOAD_WORKLOAD_CHURN },
	{ "run-new, larson", NULL, act_run, no_runs,
	  GCHEAP_LOAD_WORKLOAD_LARSON },
	{ "run-new, mstress", NULL, act_run, no_runs,
	  GCHEAP_LOAD_WORKLOAD_MSTRESS },
	{ "run-feed", before_replay, act_feed, no_runs, 3 },
	{ "run-feed, a large chunk", before_replay, act_feed, no_runs, 4000 },
	{ "run-get", before_replay, act_on_run, no_runs,
	  GCHEAP_LOAD_CMD_RUN_GET },
	{ "run-get, dump", before_replay, act_dump_runs, no_runs, 0 },
	{ "run-stop", before_replay, act_on_run, no_runs,
	  GCHEAP_LOAD_CMD_RUN_STOP },
	{ "run-del", before_replay, act_del_run, no_runs, 0 },
};

/* ---- views ---- */

static char view_path[512];

static int act_view(unsigned int unused)
{
	char buf[4096];
	ssize_t len;
	int err = 0, file = open(view_path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return errno;
	do {
		len = read(file, buf, sizeof(buf));
		if (len < 0)
			err = errno;
	} while (len > 0);
	close(file);
	return err;
}

static bool sweep_views(const char *heap)
{
	struct act a = { .act = act_view, .name = view_path };
	char path[128];
	struct dirent *entry;
	unsigned int seen = 0;
	bool ok = true;
	DIR *dir;

	snprintf(path, sizeof(path), DEBUG "/gcheap/%s", heap);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(view_path, sizeof(view_path), "%s/%s", path,
			 entry->d_name);
		ok = sweep(&a) && ok;
		seen++;
	}
	if (dir)
		closedir(dir);
	return ok && seen;
}

/* ---- modules ---- */

/* One load with a fault ahead; then it is there in full, or not at all. */
static bool try_load(const char *name, unsigned int nth, unsigned int *left)
{
	char path[128];
	int err, end = 0;

	arm(nth);
	err = insert();
	*left = disarm();
	if (!err)
		end = unload(name);
	snprintf(path, sizeof(path), "/sys/module/%s/sections", name);
	if ((!err || (!*left && is_no_memory(err))) && !end && access(path, F_OK))
		return true;
	ksft_print_msg("load of %s, fault %u: errno %d, then %d\n", name, nth,
		       err, end);
	return false;
}

/*
 * Most of what is allocated is the module loader's, before the module comes to
 * its own, and it complains in the kernel log when it fails. So only the last
 * @nr are made to fail, which are the module's; in a short test every third or so.
 */
static bool sweep_load(const char *name, unsigned int nr)
{
	unsigned int left, all, nth, done = 0;
	bool ok;

	module_file = open_module(name);
	if (module_file < 0) {
		ksft_print_msg("%s.ko is not to be found\n", name);
		return false;
	}
	module_args = "";
	ok = try_load(name, FAULTS_MAX, &left);
	all = FAULTS_MAX - left;
	for (nth = all; ok && nth && nth + nr > all; done++) {
		ok = try_load(name, nth, &left);
		nth -= nth > 5 && !thorough ? 1 + rand() % 12 : 1;
	}
	close(module_file);
	ksft_print_msg("load of %s: %u of %u faults\n", name, done, all);
	return ok && all > nr;
}

static bool test_modules(void)
{
	bool ok;

	unload("gcheap_selftest");
	unload("gcheap_bench");
	if (unload("gcheap_load") && errno != ENOENT) {
		ksft_print_msg("gcheap_load cannot be unloaded: %d\n", errno);
		return false;
	}
	ok = sweep_load("gcheap_load", LOAD_INIT_FAULTS);
	if (unload("gcheap")) {
		ksft_print_msg("gcheap cannot be unloaded: %d\n", errno);
		return false;
	}
	return sweep_load("gcheap", INIT_FAULTS) && ok;
}

static void load_modules(void)
{
	static const char * const names[] = { "gcheap", "gcheap_load" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		module_file = open_module(names[i]);
		module_args = "";
		if (module_file >= 0) {
			if (insert() && errno != EEXIST)
				ksft_exit_fail_msg("%s: errno %d\n", names[i],
						   errno);
			close(module_file);
		}
	}
	reopen();
	gcheap = genl_family(fd, GCHEAP_FAMILY_NAME);
	load = genl_family(fd, GCHEAP_LOAD_FAMILY_NAME);
}

/* ---- threads of the kernel ---- */

/* The thread that makes all others: a run has none, or all that it needs. */
static bool test_kthreadd(void)
{
	struct threads kthreadd = { .pid = { 2 }, .nr = 1 };
	unsigned int nth, refused = 0;
	bool ok = true, ahead = false;
	char text[16];

	for (nth = 1; ok && !ahead && nth < FAULTS_MAX; nth++) {
		reopen();
		snprintf(text, sizeof(text), "%u", nth);
		each_thread(&kthreadd, "fail-nth", text);
		ok = !act_run(GCHEAP_LOAD_WORKLOAD_LRU) ||
		     is_no_thread(rep.err);
		refused += !!rep.err;
		if (!ok)
			ksft_print_msg("thread, fault %u: errno %d\n", nth,
				       rep.err);
		ahead = each_thread(&kthreadd, "fail-nth", NULL);
		each_thread(&kthreadd, "fail-nth", "0");
		reopen();
		ok = no_runs(0, 0) && ok;
	}
	ksft_print_msg("threads: %u faults, %u errors\n", nth - 2, refused);
	return ok && refused;
}

/* The state of the run at its end, or after @ms. */
static uint64_t wait_run(unsigned int ms)
{
	uint64_t state = ~0ULL;

	do {
		begin_run(GCHEAP_LOAD_CMD_RUN_GET, run);
		if (ask())
			return ~0ULL;
		state = genl_num(&rep, R(STATE));
		usleep(2000);
		ms -= ms < 2 ? ms : 2;
	} while (ms && state == GCHEAP_LOAD_STATE_RUNNING);
	return state;
}

static bool collect(const char *heap)
{
	uint64_t ticket;
	int i;

	begin_heap(GCHEAP_CMD_COLLECT, heap);
	if (ask())
		return false;
	ticket = genl_num(&rep, H(TICKET));
	for (i = 0; i < 2000; i++) {
		begin_heap(GCHEAP_CMD_HEAP_GET, heap);
		if (ask() || genl_num(&rep, H(REQUESTS_ENDED)) >= ticket)
			return !rep.err;
		usleep(2000);
	}
	return false;
}

static bool sound(const char *heap)
{
	uint64_t errors = stats_of(heap, GCHEAP_A_STATS_VERIFY_ERRORS);

	if (errors)
		ksft_print_msg("%s: %lld verification errors\n", heap,
			       (long long)errors);
	return !errors;
}

/* A worker that finds no buffer marks all the same. */
static bool test_workers(void)
{
	struct threads workers = { .nr = 0 };
	unsigned int nth, struck = 0;
	bool ok = true;
	char text[16];

	find_threads(&workers, "gcheap/");
	reopen();
	if (!workers.nr || start_run("t-go", GCHEAP_LOAD_WORKLOAD_LRU, 4000000, MANY))
		return false;
	for (nth = 1; ok && nth <= 12; nth++) {
		snprintf(text, sizeof(text), "%u", 1 + nth / 3);
		each_thread(&workers, "fail-nth", text);
		ok = collect("t-go");
		struck += workers.nr -
			  (unsigned int)each_thread(&workers, "fail-nth", NULL);
	}
	each_thread(&workers, "fail-nth", "0");
	reopen();
	ksft_print_msg("workers: %u faults\n", struck);
	return no_runs(0, 0) && sound("t-go") && ok && struck;
}

/* ---- no page for whoever cannot wait ---- */

static void starve(bool on)
{
	set_source("fail_page_alloc", "probability", "0");
	set_source("fail_page_alloc", "ignore-gfp-wait", on ? "Y" : "N");
	set_source("fail_page_alloc", "times", on ? "1000000000" : "-1");
	set_source("fail_page_alloc", "probability", on ? "100" : "0");
}

static long starved(void)
{
	return 1000000000 - get_number(DEBUG "/fail_page_alloc/times");
}

/* Its end, or what comes of it when it is told to end. */
static uint64_t end_run(unsigned int ms)
{
	uint64_t state = wait_run(ms);

	if (state != GCHEAP_LOAD_STATE_RUNNING)
		return state;
	begin_run(GCHEAP_LOAD_CMD_RUN_STOP, run);
	ask();
	return wait_run(20000);
}

static bool set_marker(const char *heap, unsigned int marker)
{
	begin_heap(GCHEAP_CMD_HEAP_SET, heap);
	genl_put_u32(&req, H(MARKER), marker);
	return !ask();
}

/* The marker has the one buffer that its heap always has, and no other. */
static bool test_starved(unsigned int marker)
{
	static const unsigned int workloads[] = {
		GCHEAP_LOAD_WORKLOAD_BINARY_TREES, GCHEAP_LOAD_WORKLOAD_LRU,
		GCHEAP_LOAD_WORKLOAD_CYCLES,
	};
	uint64_t cycles, state;
	unsigned int i;
	bool ok = true;
	long struck;

	reopen();
	if (!set_marker("t-go", marker))
		return false;
	cycles = stats_of("t-go", GCHEAP_A_STATS_CYCLES);
	starve(true);
	for (i = 0; ok && i < ARRAY_SIZE(workloads); i++) {
		ok = !start_run("t-go", workloads[i], 2000000, FEW);
		state = ok ? wait_run(300) : 0;
		ok = ok && collect("t-go") && collect("t-go");
		if (state == GCHEAP_LOAD_STATE_RUNNING)
			state = end_run(0);
		if (state != GCHEAP_LOAD_STATE_DONE &&
		    state != GCHEAP_LOAD_STATE_STOPPED) {
			ksft_print_msg("workload %u: state %lld\n",
				       workloads[i], (long long)state);
			ok = false;
		}
	}
	struck = starved();
	starve(false);
	reopen();
	cycles = stats_of("t-go", GCHEAP_A_STATS_CYCLES) - cycles;
	ksft_print_msg("marker %u without buffers: %ld faults, %llu cycles\n",
		       marker, struck, (unsigned long long)cycles);
	return no_runs(0, 0) && sound("t-go") && ok && struck && cycles >= 6;
}

/* ---- at random ---- */

/* Bytes and pages that are had before, for the threads that a run consists of. */
static const char * const spared[] = { "16384", "32" };

static void rain(const struct threads *all, const char *percent)
{
	bool on = strcmp(percent, "0");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		set_source(sources[i], "task-filter", "Y");
		set_source(sources[i], "space", on ? spared[i] : "0");
		set_source(sources[i], "probability", percent);
	}
	each_thread(all, "make-it-fail", on ? "1" : "0");
}

/* Done, or ended for want of memory, but not with a wrong result. */
static bool good_end(uint64_t state)
{
	const char *text = genl_data(&rep, R(MESSAGE));

	if (state == GCHEAP_LOAD_STATE_DONE ||
	    state == GCHEAP_LOAD_STATE_STOPPED)
		return true;
	if (state == GCHEAP_LOAD_STATE_FAILED &&
	    genl_num(&rep, R(ERROR)) == ENOMEM)
		return true;
	ksft_print_msg("state %lld, errno %lld, %s\n", (long long)state,
		       (long long)genl_num(&rep, R(ERROR)), text ? text : "");
	return false;
}

/* Runs while every thread of the kernel that they have anything to do with may fail. */
static bool test_rain(const char *heap)
{
	static const char * const percents[] = { "5", "20", "60" };
	unsigned int i, w, failed = 0, runs = 0;
	struct threads all = { .pid = { 2 }, .nr = 1 };
	bool ok = true;

	find_threads(&all, "gcheap/");
	find_threads(&all, "kworker/u");
	for (i = 0; ok && i < (thorough ? 30 : 1); i++) {
		for (w = 1; ok && w < WORKLOADS; w++) {
			reopen();
			rain(&all, percents[(i + w) % ARRAY_SIZE(percents)]);
			if (start_run(heap, w, 300, FEW)) {
				ok = is_no_thread(rep.err);
			} else {
				collect(heap);
				ok = good_end(end_run(200));
				failed += genl_num(&rep, R(STATE)) ==
					  GCHEAP_LOAD_STATE_FAILED;
				runs++;
			}
			rain(&all, "0");
			if (!ok)
				ksft_print_msg("workload %u: errno %d\n", w,
					       rep.err);
			reopen();
			if (!no_runs(0, 0)) {
				ksft_print_msg("workload %u is still there\n",
					       w);
				ok = false;
			}
			ok = sound(heap) && ok;
		}
	}
	for (i = 0; i < ARRAY_SIZE(sources); i++)
		set_source(sources[i], "task-filter", "N");
	ksft_print_msg("%s: %u runs, %u ended for want of memory\n", heap, runs,
		       failed);
	return ok && runs;
}

/* ---- the kernel API ---- */

/* Tests of gcheap_selftest.ko, which makes its own faults. */
static bool test_api(const char *args, const char *quick, const char *full)
{
	char text[256], line[512];
	unsigned int passed = 0, failed = 0, plan = ~0U;
	FILE *results;
	int err;

	module_file = open_module("gcheap_selftest");
	if (module_file < 0) {
		ksft_print_msg("gcheap_selftest.ko is not to be found\n");
		return false;
	}
	snprintf(text, sizeof(text), "%s %s seed=%u", args,
		 thorough ? full : quick, seed);
	module_args = text;
	err = insert();
	close(module_file);
	if (err) {
		ksft_print_msg("gcheap_selftest %s: errno %d\n", text, err);
		return false;
	}
	results = fopen(RESULTS, "r");
	while (results && fgets(line, sizeof(line), results)) {
		if (sscanf(line, "1..%u", &plan) == 1)
			continue;
		ksft_print_msg("%s", line);
		passed += !strncmp(line, "ok ", 3) && !strstr(line, "SKIP");
		failed += !strncmp(line, "not ok ", 7);
	}
	if (results)
		fclose(results);
	return !unload("gcheap_selftest") && passed == plan && !failed;
}

static bool test_api_starved(void)
{
	bool ok;

	starve(true);
	ok = test_api("test=mirror-crowd engine=go", "rounds=12000",
		      "rounds=2000000");
	starve(false);
	return ok;
}

/* ---- all of it ---- */

/* What the kernel was not built for. */
static void can(bool met, const char *what)
{
	if (!met)
		ksft_exit_skip("%s\n", what);
}

static void make_ready(void)
{
	need(!geteuid(), "faults are for root to inject");
	need(!access(DEBUG, X_OK), "there is no debugfs");
	can(!access(DEBUG "/failslab/probability", W_OK) &&
	    !access(DEBUG "/fail_page_alloc/probability", W_OK),
	    "this kernel injects no faults (failslab, fail_page_alloc)");
	self_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	can(self_nth >= 0, "this kernel injects no faults (fail-nth)");
	reopen();
	gcheap = genl_family(fd, GCHEAP_FAMILY_NAME);
	load = genl_family(fd, GCHEAP_LOAD_FAMILY_NAME);
	need(gcheap && load, "the modules are not loaded");
	thorough = getenv("GCHEAP_LONG") && atoi(getenv("GCHEAP_LONG"));
	seed = getenv("GCHEAP_SEED") ? (unsigned int)atoi(getenv("GCHEAP_SEED")) :
				       (unsigned int)time(NULL) | 1;
	srand(seed);
	ksft_print_msg("seed %u\n", seed);
	prepare_sources();
	atexit(restore_sources);
}

int main(void)
{
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	make_ready();
	ksft_set_plan(ARRAY_SIZE(requests) + 2 * ENGINES + 10);

	ksft_test_result(test_modules(), "modules: load\n");
	load_modules();
	for (i = 0; i < ENGINES; i++)
		add_heap(engines[i], i);
	for (i = 0; i < ARRAY_SIZE(requests); i++)
		ksft_test_result(sweep(&requests[i]), "%s\n",
				 requests[i].name);
	for (i = 0; i < ENGINES; i++)
		ksft_test_result(sweep_views(engines[i]), "views of %s\n",
				 engines[i]);
	ksft_test_result(test_kthreadd(), "threads of a run\n");
	ksft_test_result(test_workers(), "mark workers\n");
	for (i = GCHEAP_MARKER_PIPELINE; i <= GCHEAP_MARKER_CLASSIC; i++)
		ksft_test_result(test_starved(i),
				 "marker %u without a work buffer\n", i);
	for (i = 0; i < ENGINES; i++)
		ksft_test_result(test_rain(engines[i]), "runs on %s, at random\n",
				 engines[i]);
	for (i = 0; i < ENGINES; i++)
		delete_heap(engines[i]);
	ksft_test_result(test_api_starved(),
			 "kernel API: without a work buffer\n");
	ksft_test_result(test_api("test=faults", "rounds=50000",
				  "rounds=1000000"),
			 "kernel API: every allocation\n");
	ksft_test_result(test_api("test=mirror-faults", "rounds=30000",
				  "rounds=3000000"),
			 "kernel API: at random\n");
	reopen();
	ksft_test_result(!module_number(GCHEAP_A_MODULE_HEAPS) && balanced(),
			 "nothing is left\n");
	ksft_finished();
}
