// SPDX-License-Identifier: GPL-2.0
/*
 * gcheap_selftest.ko: tests of the heaps through their kernel API
 *
 * The tests run while the module is loaded; the results are in
 * /sys/kernel/debug/gcheap_selftest/results, in KTAP format, until it is unloaded.
 * report_lock protects that text and the counts of failures, because tests have
 * threads.
 */
#include "tests.h"

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/stdarg.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define REPORT_BYTES	SZ_64K
/* Most lines per test: a broken heap fails in every round. */
#define LINES_MAX	20U

static char *test = "";
module_param(test, charp, 0444);
MODULE_PARM_DESC(test, "run only the test of this name");

static char *engine = "";
module_param(engine, charp, 0444);
MODULE_PARM_DESC(engine, "run only on this engine: go, python, slab, or one of another module");

static char *marker = "";
module_param(marker, charp, 0444);
MODULE_PARM_DESC(marker, "marker of Go heaps: pipeline, greentea or classic");

static bool poison = true;
module_param(poison, bool, 0444);
MODULE_PARM_DESC(poison, "overwrite freed memory, and check it when it is reused");

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "seed of the random tests; 0 for a new one");

static unsigned long rounds = 1000000;
module_param(rounds, ulong, 0444);
MODULE_PARM_DESC(rounds, "rounds of the barrier test; other tests in proportion");

static const char * const engines[] = {
	[GCHEAP_ENGINE_GO]	= "go",
	[GCHEAP_ENGINE_PYTHON]	= "python",
	[GCHEAP_ENGINE_SLAB]	= "slab",
};

static const char * const markers[] = {
	[GCHEAP_MARKER_PIPELINE]	= "pipeline",
	[GCHEAP_MARKER_GREENTEA]	= "greentea",
	[GCHEAP_MARKER_CLASSIC]		= "classic",
};

static const struct gch_test tests[] = {
	{ "engine", GCH_TEST_ALL, gch_test_engine },
	{ "section", GCH_TEST_GO, gch_test_section },
	{ "refused", GCH_TEST_ALL, gch_test_refused },
	{ "classes", GCH_TEST_ALL, gch_test_classes },
	{ "shapes", GCH_TEST_COLLECTED, gch_test_shapes },
	{ "weak", GCH_TEST_COLLECTED, gch_test_weak },
	{ "weak-crowd", GCH_TEST_ALL, gch_test_weak_crowd },
	{ "weak-race", GCH_TEST_COLLECTED, gch_test_weak_race },
	{ "rings", GCH_TEST_COLLECTED, gch_test_rings },
	{ "generations", GCH_TEST_PYTHON, gch_test_generations },
	{ "deep", GCH_TEST_COLLECTED, gch_test_deep },
	{ "large", GCH_TEST_COLLECTED, gch_test_large },
	{ "limit", GCH_TEST_ALL, gch_test_limit },
	{ "exhausted", GCH_TEST_PYTHON, gch_test_exhausted },
	{ "served", GCH_TEST_PYTHON, gch_test_served },
	{ "switch", GCH_TEST_PYTHON, gch_test_switch },
	{ "assist", GCH_TEST_GO, gch_test_assist },
	{ "late", GCH_TEST_GO, gch_test_late },
	{ "soft-limit", GCH_TEST_GO, gch_test_soft_limit },
	{ "period", GCH_TEST_GO, gch_test_period },
	{ "claim", GCH_TEST_ALL, gch_test_claim },
	{ "interval", GCH_TEST_COLLECTED, gch_test_interval },
	{ "finalizers", GCH_TEST_GO, gch_test_finalizers },
	{ "final-order", GCH_TEST_GO, gch_test_finalizer_order },
	{ "resurrection", GCH_TEST_GO, gch_test_resurrection },
	{ "cleanups", GCH_TEST_GO, gch_test_cleanups },
	{ "final-drop", GCH_TEST_GO, gch_test_finals_dropped },
	{ "final-refuse", GCH_TEST_ALL, gch_test_finals_refused },
	{ "final-race", GCH_TEST_GO, gch_test_finals_race },
	{ "final-end", GCH_TEST_GO, gch_test_final_end },
	{ "final-stop", GCH_TEST_GO, gch_test_final_stop },
	{ "final-self", GCH_TEST_GO, gch_test_final_self },
	{ "final-again", GCH_TEST_GO, gch_test_final_again },
	{ "final-crowd", GCH_TEST_GO, gch_test_final_crowd },
	{ "misuse", GCH_TEST_ALL, gch_test_misuse },
	{ "killed", GCH_TEST_COLLECTED, gch_test_killed },
	{ "kept", GCH_TEST_ALL, gch_test_kept },
	{ "near-limit", GCH_TEST_ALL, gch_test_near_limit },
	{ "readers", GCH_TEST_PYTHON, gch_test_readers },
	{ "poison", GCH_TEST_COLLECTED, gch_test_poison },
	{ "explicit", GCH_TEST_SLAB, gch_test_explicit },
	{ "handshake", GCH_TEST_COLLECTED, gch_test_handshake },
	{ "barrier", GCH_TEST_COLLECTED, gch_test_barrier },
	{ "barriers", GCH_TEST_GO, gch_test_barriers },
	{ "refs", GCH_TEST_GO, gch_test_refs },
	{ "stw", GCH_TEST_GO, gch_test_stw },
	{ "workers", GCH_TEST_GO, gch_test_workers },
	{ "turns", GCH_TEST_GO, gch_test_turns },
	{ "quiet", GCH_TEST_GO, gch_test_quiet },
	{ "snapshot", GCH_TEST_GO, gch_test_snapshot },
	{ "snapshot-much", GCH_TEST_GO, gch_test_snapshot_much },
	{ "spans", GCH_TEST_GO, gch_test_spans },
	{ "nodes", GCH_TEST_GO, gch_test_nodes },
	{ "full-node", GCH_TEST_GO, gch_test_full_node },
	{ "other-node", GCH_TEST_GO, gch_test_other_node, true },
	{ "hog", GCH_TEST_GO, gch_test_hog, true },
	{ "unplug", GCH_TEST_GO, gch_test_unplug, true },
	{ "final-foreign", GCH_TEST_GO, gch_test_final_foreign, true },
	{ "final-many", GCH_TEST_GO, gch_test_finals_many, true },
	{ "mirror", GCH_TEST_ALL, gch_test_mirror, true },
	{ "mirror-crowd", GCH_TEST_ALL, gch_test_mirror_threads, true },
	{ "mirror-faults", GCH_TEST_ALL, gch_test_mirror_faults, true },
	{ "faults", GCH_TEST_ALL, gch_test_faults, true },
};

static DEFINE_MUTEX(report_lock);
static char *report;
static size_t report_len;
static struct dentry *dir;
static struct debugfs_blob_wrapper results;

/* Text that does not fit is cut off; the plan at the head shows that. */
__printf(2, 0)
static void vsay(const char *prefix, const char *fmt, va_list args)
{
	lockdep_assert_held(&report_lock);
	report_len += scnprintf(report + report_len, REPORT_BYTES - report_len,
				"%s", prefix);
	report_len += vscnprintf(report + report_len,
				 REPORT_BYTES - report_len, fmt, args);
	report_len += scnprintf(report + report_len, REPORT_BYTES - report_len,
				"\n");
}

__printf(1, 2)
static void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	mutex_lock(&report_lock);
	vsay("", fmt, args);
	mutex_unlock(&report_lock);
	va_end(args);
}

/**
 * gch_test_fail - counts and reports a failure
 * @env: the test
 * @fmt: the message
 *
 * Context: process context, may sleep.
 */
void gch_test_fail(struct gch_test_env *env, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	mutex_lock(&report_lock);
	if (env->failures++ < LINES_MAX)
		vsay("# ", fmt, args);
	mutex_unlock(&report_lock);
	va_end(args);
}

/**
 * gch_test_note - adds a comment to the report
 * @env: the test
 * @fmt: the message
 *
 * Context: process context, may sleep.
 */
void gch_test_note(struct gch_test_env *env, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	mutex_lock(&report_lock);
	vsay("# ", fmt, args);
	mutex_unlock(&report_lock);
	va_end(args);
}

/**
 * gch_test_marker - sets the requested marker of a Go heap
 * @env: the test
 * @cfg: settings of the heap, updated
 *
 * Return: true if a marker was requested and the engine has it.
 */
bool gch_test_marker(const struct gch_test_env *env, struct gch_config *cfg)
{
	int i = match_string(markers, ARRAY_SIZE(markers), marker);

	if (env->engine != GCHEAP_ENGINE_GO || i < 0)
		return false;
	cfg->set |= BIT(GCH_KEY_MARKER);
	cfg->val[GCH_KEY_MARKER] = i;
	return true;
}

/**
 * gch_test_open - makes the heap of a test, with verify on, and poison on by default
 * @env: the test
 * @cfg: other settings; NULL for none
 *
 * Return: true if the heap was made.
 */
bool gch_test_open(struct gch_test_env *env, struct gch_config *cfg)
{
	struct gch_config own = cfg ? *cfg : (struct gch_config){};
	struct gch_mutator *m;

	own.engine = env->engine;
	own.set |= BIT(GCH_KEY_VERIFY) | BIT(GCH_KEY_POISON);
	own.val[GCH_KEY_VERIFY] = 1;
	own.val[GCH_KEY_POISON] = poison;
	gch_test_marker(env, &own);
	env->heap = gch_heap_create("selftest", &own, NULL);
	if (IS_ERR(env->heap)) {
		gch_test_fail(env, "heap not created: %ld",
			      PTR_ERR(env->heap));
		env->heap = NULL;
		return false;
	}
	m = gch_mutator_attach(env->heap, GCH_TEST_SLOTS);
	if (IS_ERR(m)) {
		gch_test_fail(env, "mutator not attached: %ld", PTR_ERR(m));
		return false;
	}
	env->m = m;
	return true;
}

/**
 * gch_test_close - deletes the heap of a test; without one it does nothing
 * @env: the test
 *
 * The heap must be sound, and without references it must become empty.
 */
void gch_test_close(struct gch_test_env *env)
{
	struct gch_stats stats;

	if (!env->heap)
		return;
	gch_mutator_detach(env->m);
	env->m = NULL;
	MUST(env, gch_collect(env->heap, 2));
	MUST(env, gch_heap_validate(env->heap));
	gch_heap_stats(env->heap, &stats);
	CHECK(env, !stats.verify_errors, "%llu verification errors",
	      stats.verify_errors);
	CHECK(env, !gch_test_collects(env) || !stats.live_objects,
	      "%llu objects of %llu outlive the test", stats.live_objects,
	      stats.allocs);
	MUST(env, gch_heap_delete(env->heap, NULL));
	gch_heap_put(env->heap);
	env->heap = NULL;
}

/**
 * gch_test_type - registers a type with leading references
 * @env: the test
 * @name: its name
 * @bytes: see &struct gch_type_desc
 * @nr_refs: see &struct gch_type_desc
 * @flags: see &struct gch_type_desc
 *
 * Return: the type, or NULL after a test failure.
 */
struct gch_type *gch_test_type(struct gch_test_env *env, const char *name,
			       u32 bytes, u32 nr_refs, u32 flags)
{
	struct gch_type_desc desc = {
		.name = name,
		.bytes = bytes,
		.nr_refs = nr_refs,
		.flags = flags,
	};
	struct gch_type *type = gch_type_register(env->heap, &desc, NULL);

	if (!IS_ERR(type))
		return type;
	gch_test_fail(env, "type %s of %u bytes and %u references: %ld", name,
		      bytes, nr_refs, PTR_ERR(type));
	return NULL;
}

static u64 *payload(struct gch_mutator *m, unsigned int slot, u32 refs)
{
	size_t bytes;
	u64 *data = gch_data(m, slot, &bytes);

	if (!data || bytes < (refs + 2) * sizeof(*data))
		return NULL;
	return data + refs;
}

/**
 * gch_test_payload_set - writes two words into an object
 * @m: the mutator
 * @slot: refers to the object
 * @refs: words before them
 * @value: value to derive the words from
 *
 * Return: true if they fit.
 */
bool gch_test_payload_set(struct gch_mutator *m, unsigned int slot, u32 refs,
			  u64 value)
{
	u64 *word = payload(m, slot, refs);

	if (!word)
		return false;
	word[0] = value;
	word[1] = ~value;
	return true;
}

/**
 * gch_test_payload_is - checks the words of gch_test_payload_set()
 * @m: the mutator
 * @slot: refers to the object
 * @refs: words before them
 * @value: the value they were derived from
 *
 * Return: true if they are unchanged.
 */
bool gch_test_payload_is(struct gch_mutator *m, unsigned int slot, u32 refs,
			 u64 value)
{
	u64 *word = payload(m, slot, refs);

	return word && word[0] == value && word[1] == ~value;
}

/* Leaves time to mutators that a collection stops. */
static int collect_on_and_on(void *arg)
{
	struct gch_test_env *env = arg;

	while (!kthread_should_stop()) {
		MUST(env, gch_collect(env->heap, 2));
		if (env->engine == GCHEAP_ENGINE_PYTHON)
			usleep_range(200, 400);
		cond_resched();
	}
	return 0;
}

/**
 * gch_test_collector_start - starts a thread that runs one cycle after the other
 * @env: the test
 *
 * Return: the thread, or NULL after a test failure.
 */
struct task_struct *gch_test_collector_start(struct gch_test_env *env)
{
	struct task_struct *task;

	task = kthread_run(collect_on_and_on, env, "gch_test_collect");
	if (!IS_ERR(task))
		return task;
	gch_test_fail(env, "no collector: %ld", PTR_ERR(task));
	return NULL;
}

/**
 * gch_test_collector_stop - ends the thread of gch_test_collector_start()
 * @collector: the thread, or NULL
 */
void gch_test_collector_stop(struct task_struct *collector)
{
	if (collector)
		kthread_stop(collector);
}

/* An engine of another module, if one was asked for. */
static int other;

/* On it run the tests that apply to any engine and know nothing of it. */
static bool applies(const struct gch_test *t, unsigned int e)
{
	return e < ARRAY_SIZE(engines) ? t->engines & BIT(e) :
					 t->engines == GCH_TEST_ALL && !t->named;
}

static const char *name_of(unsigned int e)
{
	return e < ARRAY_SIZE(engines) ? engines[e] : engine;
}

static bool chosen(const struct gch_test *t, unsigned int e)
{
	return applies(t, e) && (*test ? !strcmp(test, t->name) : !t->named) &&
	       (!*engine || !strcmp(engine, name_of(e)));
}

static void run(const struct gch_test *t, unsigned int e, unsigned int number)
{
	struct gch_test_env env = {
		.engine = e < ARRAY_SIZE(engines) ? e : other,
		.rounds = rounds,
		.seed = seed ?: get_random_u32() | 1,
	};

	t->run(&env);
	gch_test_close(&env);
	if (env.failures > LINES_MAX)
		gch_test_note(&env, "%u failures in all", env.failures);
	say("%s %u %s.%s%s%s", env.failures ? "not ok" : "ok", number,
	    name_of(e), t->name, env.skipped ? " # SKIP " : "",
	    env.skipped ?: "");
}

static void run_all(void)
{
	unsigned int nr = ARRAY_SIZE(engines) + (other > 0);
	unsigned int i, e, number = 0, planned = 0;

	for (e = 0; e < nr; e++)
		for (i = 0; i < ARRAY_SIZE(tests); i++)
			planned += chosen(&tests[i], e);
	say("KTAP version 1");
	say("1..%u", planned);
	for (e = 0; e < nr; e++) {
		for (i = 0; i < ARRAY_SIZE(tests); i++) {
			if (chosen(&tests[i], e))
				run(&tests[i], e, ++number);
			cond_resched();
		}
	}
}

static int __init gch_test_init(void)
{
	if (*marker &&
	    match_string(markers, ARRAY_SIZE(markers), marker) < 0)
		return -EINVAL;
	if (*engine && match_string(engines, ARRAY_SIZE(engines), engine) < 0) {
		other = gch_engine_kind(engine);
		if (other < 0)
			return other;
	}
	report = vzalloc(REPORT_BYTES);
	if (!report)
		return -ENOMEM;
	run_all();
	results.data = report;
	results.size = report_len;
	dir = debugfs_create_dir("gcheap_selftest", NULL);
	debugfs_create_blob("results", 0400, dir, &results);
	return 0;
}

static void __exit gch_test_exit(void)
{
	debugfs_remove(dir);
	vfree(report);
}

module_init(gch_test_init);
module_exit(gch_test_exit);
MODULE_DESCRIPTION("Tests of garbage-collected heaps through their kernel API");
MODULE_LICENSE("GPL");
