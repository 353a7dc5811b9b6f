// SPDX-License-Identifier: GPL-2.0
/*
 * Fails every single allocation in the life of a heap: its creation, objects of all
 * sizes, collections, and its end. The life is repeated, and each time the next
 * allocation of the kernel fails, or, in a short test, one not far behind it. Either
 * the call succeeds anyway, or it returns -ENOMEM without side effects and succeeds
 * when it is repeated.
 *
 * Per-CPU memory comes from a reserve that its allocator fills in advance. So
 * separate lives run after the reserve was emptied, so that these allocations can
 * fail.
 *
 * The kernel fails sleeping allocations only if configured to (failslab and
 * fail_page_alloc, ignore-gfp-wait); the program that loads this module does that.
 */
#include "tests.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <gcheap/engine.h>

/* Slots: the allocated object, and the one to check. */
enum { NEW, LOOK, SLOTS };

#define OBJECTS		300U
#define WEAKS		200U
/* Most faults in a life, else the test would not end. */
#define FAULTS_MAX	5000U
/* Faults always tried; a short test tries only some of those after them. */
#define FAULTS_EACH	60U
#define FAULTS_STEP	32U
#define ROUNDS_SHORT	100000U
/* Pieces of the reserve of per-CPU memory. */
#define HOARD		32768U
/* The reserve may be refilled in between; then the creation is repeated. */
#define PERCPU_TRIES	10U

/**
 * struct life - the life of a heap with one injected fault
 * @env: the test; its heap and mutator are those of this life
 * @nth: the allocation that fails
 * @refused: calls that failed because of it
 * @small: a type with references that weak entries may name
 * @var: a type of any size
 * @roots: table that keeps the objects
 * @weaks: table that names them
 * @finalized: calls of the finalizer
 * @cleaned: calls of the cleanup
 */
struct life {
	struct gch_test_env *env;
	unsigned int nth;
	unsigned long refused;
	struct gch_type *small;
	struct gch_type *var;
	struct gch_roots *roots;
	struct gch_weaks *weaks;
	unsigned int finalized;
	unsigned int cleaned;
};

/**
 * gch_test_faults_work - can allocations be made to fail?
 * @env: the test; skipped if they cannot
 *
 * Return: true if they can be made to fail.
 */
bool gch_test_faults_work(struct gch_test_env *env)
{
	unsigned long page;
	void *slab;

	gch_test_fault_arm(1);
	slab = kmalloc(sizeof(*env), GFP_KERNEL | __GFP_NOWARN);
	gch_test_fault_disarm();
	gch_test_fault_arm(1);
	page = __get_free_page(GFP_KERNEL | __GFP_NOWARN);
	gch_test_fault_disarm();
	if (slab || page)
		env->skipped = "no fault can be injected into what may sleep";
	kfree(slab);
	free_page(page);
	return !env->skipped;
}

/*
 * Evaluates the result of a call: returns true if the call was refused and must be
 * repeated.
 */
static bool repeat(struct life *l, long ret, const char *call)
{
	unsigned int ahead = gch_test_fault_ahead();

	if (ret == -ENOMEM && !ahead && !l->refused++)
		return true;
	if (ret)
		gch_test_fail(l->env, "fault %u: %s returned %ld, %s", l->nth,
			      call, ret, ahead ? "for no reason" : "again");
	return false;
}

/* A call that may be refused once in a life. */
#define CALL(l, call) ({						\
	struct life *__l = (l);						\
	long __did;							\
									\
	do {								\
		__did = (call);						\
	} while (repeat(__l, __did, #call));				\
	!__did;								\
})

#define MADE(var, call)	PTR_ERR_OR_ZERO((var) = (call))

/* ---- one life ---- */

static bool create(struct life *l)
{
	struct gch_config cfg = {
		.engine = l->env->engine,
		.set = BIT(GCH_KEY_VERIFY) | BIT(GCH_KEY_POISON),
		.val = { [GCH_KEY_VERIFY] = 1, [GCH_KEY_POISON] = 1 },
	};
	struct gch_heap *heap;

	if (cfg.engine != GCHEAP_ENGINE_SLAB) {
		cfg.set |= BIT(GCH_KEY_ARENA_ORDER);
		cfg.val[GCH_KEY_ARENA_ORDER] = GCH_ORDER(SZ_64K);
	}
	gch_test_marker(l->env, &cfg);
	if (!CALL(l, MADE(heap, gch_heap_create("selftest", &cfg, NULL))))
		return false;
	l->env->heap = heap;
	return true;
}

static bool furnish(struct life *l)
{
	struct gch_type_desc small = {
		.name = "small", .bytes = 48, .nr_refs = 2,
		.flags = GCH_TYPE_WEAK,
	};
	struct gch_type_desc var = { .name = "var", .flags = GCH_TYPE_VAR };
	struct gch_heap *heap = l->env->heap;
	struct gch_mutator *m;

	if (!CALL(l, MADE(l->small, gch_type_register(heap, &small, NULL))) ||
	    !CALL(l, MADE(l->var, gch_type_register(heap, &var, NULL))) ||
	    !CALL(l, MADE(m, gch_mutator_attach(heap, SLOTS))))
		return false;
	l->env->m = m;
	if (!CALL(l, MADE(l->roots, gch_roots_create(heap, 1))))
		l->roots = NULL;
	if (!CALL(l, MADE(l->weaks, gch_weaks_create(heap, 1))))
		l->weaks = NULL;
	return l->roots && l->weaks &&
	       CALL(l, gch_roots_grow(l->roots, OBJECTS)) &&
	       CALL(l, gch_weaks_grow(l->weaks, WEAKS));
}

/* Mostly small sizes, and now and then one of every other kind of memory. */
static u32 size_of(u32 i)
{
	static const u32 sizes[] = {
		16, 400, 700, 1500, 3000, 7000, 12000, 30000, 40000, 100000,
	};

	return i % 10 ? 0 : sizes[i / 10 % ARRAY_SIZE(sizes)];
}

static int allocate(struct life *l, u32 i)
{
	struct gch_mutator *m = l->env->m;
	u32 bytes = size_of(i);
	int ret;

	ret = bytes ? gch_alloc_var(m, NEW, l->var, 2, bytes) :
		      gch_alloc(m, NEW, l->small);
	if (ret && i)
		CHECK(l->env, gch_test_payload_is(m, NEW, 2, i - 1),
		      "fault %u: the slot has changed", l->nth);
	return ret;
}

/* Adds object @i, which refers to the previous one, still in the slot. */
static bool add(struct life *l, u32 i)
{
	struct gch_test_env *env = l->env;

	if (!CALL(l, allocate(l, i)))
		return false;
	gch_test_payload_set(env->m, NEW, 2, i);
	return (!i || (MUST(env, gch_root_get(env->m, LOOK, l->roots, i - 1)) &&
		       MUST(env, gch_store(env->m, NEW, 0, LOOK)))) &&
	       MUST(env, gch_root_set(env->m, l->roots, i, NEW)) &&
	       (size_of(i) || i >= WEAKS ||
		MUST(env, gch_weak_set(env->m, l->weaks, i, NEW)));
}

static bool look(struct life *l, u32 step)
{
	struct gch_test_env *env = l->env;
	u32 i;

	for (i = 0; i < OBJECTS; i += step)
		if (!MUST(env, gch_root_get(env->m, LOOK, l->roots, i)) ||
		    !CHECK(env, gch_test_payload_is(env->m, LOOK, 2, i),
			   "fault %u: object %u is lost", l->nth, i))
			return false;
	return MUST(env, gch_clear(env->m, LOOK)) &&
	       MUST(env, gch_clear(env->m, NEW));
}

/* Drops every second object; on slab, frees it. */
static bool drop(struct life *l)
{
	struct gch_test_env *env = l->env;
	u32 i;

	for (i = 0; i < OBJECTS; i++) {
		if (!MUST(env, gch_root_get(env->m, LOOK, l->roots, i)) ||
		    !MUST(env, gch_store_null(env->m, LOOK, 0)))
			return false;
		if (i % 2 && (!MUST(env, gch_root_clear(env->m, l->roots, i)) ||
			      !MUST(env, gch_free(env->m, LOOK))))
			return false;
	}
	return MUST(env, gch_clear(env->m, LOOK));
}

static void finalize(struct gch_mutator *m, void *arg)
{
	struct life *l = arg;

	l->finalized++;
}

static void clean(void *arg)
{
	struct life *l = arg;

	l->cleaned++;
}

/* Makes and drops an object with finalizer and cleanup. */
static bool finish_one(struct life *l)
{
	struct gch_test_env *env = l->env;
	struct gch_mutator *m = env->m;

	if (env->engine != GCHEAP_ENGINE_GO)
		return true;
	if (!CALL(l, gch_alloc(m, LOOK, l->small)) ||
	    !CALL(l, gch_finalizer_set(m, LOOK, finalize, l)) ||
	    !CALL(l, gch_cleanup_add(m, LOOK, clean, l, NULL)) ||
	    !MUST(env, gch_clear(m, LOOK)) ||
	    !CALL(l, gch_collect(env->heap, 2)))
		return false;
	gch_finals_wait(env->heap);
	if (!CALL(l, gch_collect(env->heap, 2)))
		return false;
	gch_finals_wait(env->heap);
	return CHECK(env, l->finalized == 1 && l->cleaned == 1,
		     "fault %u: finalized %u times, cleaned up %u times",
		     l->nth, l->finalized, l->cleaned);
}

static bool use(struct life *l)
{
	struct gch_test_env *env = l->env;
	struct gch_stats stats;
	u32 i;

	for (i = 0; i < OBJECTS; i++) {
		if (!add(l, i))
			return false;
		cond_resched();
	}
	if (!CALL(l, gch_collect(env->heap, 0)) ||
	    !CALL(l, gch_collect(env->heap, 2)) || !look(l, 1) || !drop(l) ||
	    !CALL(l, gch_collect(env->heap, 2)) || !look(l, 2) ||
	    !finish_one(l) ||
	    !CALL(l, gch_heap_validate(env->heap)))
		return false;
	gch_heap_stats(env->heap, &stats);
	return CHECK(env, stats.live_objects == OBJECTS / 2,
		     "fault %u: %llu objects live", l->nth, stats.live_objects) &&
	       CHECK(env, !stats.limit_hits, "fault %u passes for the limit",
		     l->nth);
}

/* Frees what only explicit calls free. */
static void end(struct life *l)
{
	struct gch_test_env *env = l->env;

	if (env->m) {
		gch_weaks_destroy(env->m, l->weaks);
		gch_roots_destroy(env->m, l->roots);
	}
	/* A fault still ahead must not hit the checks. */
	gch_test_fault_disarm();
	gch_test_close(env);
}

/* Returns true if the fault hit an allocation. */
static bool strike(struct life *l, bool whole)
{
	bool struck;

	gch_test_fault_arm(l->nth);
	if (create(l) && whole && furnish(l))
		use(l);
	struck = !gch_test_fault_ahead();
	end(l);
	return struck;
}

/* ---- per-CPU memory ---- */

/**
 * struct hoard - per-CPU memory kept from others
 * @lock: protects @pieces and @nr
 * @pieces: the allocated pieces
 * @nr: their number
 */
struct hoard {
	struct mutex lock;	/* protects @pieces and @nr */
	void __percpu **pieces;
	unsigned int nr;
};

/*
 * A non-sleeping allocation gets only what the reserve has. Gaps too small for a heap
 * are left alone: there are so many that they would fill the hoard.
 */
static void empty_store(struct hoard *h)
{
	size_t size = SZ_32K;

	mutex_lock(&h->lock);
	while (h->nr < HOARD && size * 2 > sizeof(struct gch_cpu_stats)) {
		void __percpu *piece;

		piece = __alloc_percpu_gfp(size, min(size, sizeof(u64)),
					   GFP_NOWAIT | __GFP_NOWARN);
		if (piece)
			h->pieces[h->nr++] = piece;
		else
			size /= 2;
	}
	mutex_unlock(&h->lock);
}

/* The allocator refills it in the background. */
static int keep_empty(void *arg)
{
	while (!kthread_should_stop()) {
		empty_store(arg);
		usleep_range(10, 30);
	}
	return 0;
}

/* ---- one after the other ---- */

/* Late in a life the same allocations repeat for each object. */
static unsigned int next_fault(const struct gch_test_env *env,
			       struct rnd_state *r, unsigned int nth)
{
	if (env->rounds >= ROUNDS_SHORT || nth < FAULTS_EACH)
		return nth + 1;
	return nth + 1 + prandom_u32_state(r) % FAULTS_STEP;
}

/*
 * Runs whole lives, or with @h only creations. Returns the number of refused calls.
 */
static unsigned long sweep(struct gch_test_env *env, struct hoard *h,
			   const char *what)
{
	unsigned int nth, tried = 0;
	unsigned long refused = 0;
	struct rnd_state r;

	prandom_seed_state(&r, env->seed);
	for (nth = 1; nth < FAULTS_MAX && !env->failures;
	     nth = next_fault(env, &r, nth)) {
		struct life l = { .env = env, .nth = nth };
		bool struck;

		if (h)
			empty_store(h);
		struck = strike(&l, !h);
		refused += l.refused;
		if (!struck)
			break;
		tried++;
		cond_resched();
	}
	CHECK(env, nth < FAULTS_MAX, "%s has no end", what);
	gch_test_note(env, "%s: %u of %u allocations failed, %lu of them a call",
		      what, tried, nth - 1, refused);
	return refused;
}

static void sweep_percpu(struct gch_test_env *env)
{
	struct hoard h = { .nr = 0 };
	struct task_struct *hoarder;
	unsigned long refused = 0;
	unsigned int i;

	mutex_init(&h.lock);
	h.pieces = kvcalloc(HOARD, sizeof(*h.pieces), GFP_KERNEL | __GFP_NOFAIL);
	hoarder = kthread_run(keep_empty, &h, "gcheap_hoarder");
	if (!CHECK(env, !IS_ERR(hoarder), "no thread"))
		goto out;
	for (i = 0; i < PERCPU_TRIES && !refused && !env->failures; i++)
		refused = sweep(env, &h, "creation without memory of CPUs");
	CHECK(env, refused, "memory of CPUs was never refused");
	kthread_stop(hoarder);
out:
	while (h.nr)
		free_percpu(h.pieces[--h.nr]);
	kvfree(h.pieces);
}

/**
 * gch_test_faults - every allocation fails once
 * @env: the test
 */
void gch_test_faults(struct gch_test_env *env)
{
	if (!gch_test_faults_work(env))
		return;
	CHECK(env, sweep(env, NULL, "a life"), "nothing was ever refused");
	sweep_percpu(env);
}
