// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a random program on a series of heaps, with random settings. Programs and
 * settings are drawn from the seed, so a printed seed repeats everything; more rounds
 * mean more heaps.
 */
#include "mirror.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <gcheap/engine.h>

/* Operations per heap, and rounds of the test per operation. */
#define HEAP_OPS	4000U
#define ROUNDS_PER_OP	20U

static void set(struct gch_config *cfg, enum gch_key key, u64 value)
{
	cfg->set |= BIT(key);
	cfg->val[key] = value;
}

static u64 pick(struct rnd_state *rnd, const u32 *from, u32 nr)
{
	return from[prandom_u32_state(rnd) % nr];
}

#define PICK(rnd, values...) ({						\
	static const u32 __from[] = { values };				\
									\
	pick((rnd), __from, ARRAY_SIZE(__from));			\
})

static void draw_common(struct gch_config *cfg, struct rnd_state *rnd)
{
	set(cfg, GCH_KEY_VERIFY, PICK(rnd, 0, 1, 1, 1));
	set(cfg, GCH_KEY_POISON, PICK(rnd, 0, 1, 1, 1));
	set(cfg, GCH_KEY_LIMIT, PICK(rnd, 0, 0, SZ_512K, SZ_1M, SZ_2M));
	set(cfg, GCH_KEY_INTERVAL_MS, PICK(rnd, 0, 0, 0, 1, 5));
}

static void draw_go(const struct gch_test_env *env, struct gch_config *cfg,
		    struct rnd_state *rnd)
{
	set(cfg, GCH_KEY_MARKER,
	    PICK(rnd, GCHEAP_MARKER_PIPELINE, GCHEAP_MARKER_GREENTEA,
		 GCHEAP_MARKER_CLASSIC));
	gch_test_marker(env, cfg);
	set(cfg, GCH_KEY_ARENA_ORDER,
	    PICK(rnd, GCH_ORDER(SZ_8K), GCH_ORDER(SZ_64K), GCH_ORDER(SZ_512K),
		 GCH_ORDER(SZ_2M)));
	set(cfg, GCH_KEY_GOGC, PICK(rnd, 0, 1, 10, 100, 100000));
	set(cfg, GCH_KEY_BARRIER,
	    PICK(rnd, GCHEAP_BARRIER_HYBRID, GCHEAP_BARRIER_YUASA,
		 GCHEAP_BARRIER_DIJKSTRA));
	set(cfg, GCH_KEY_STW, PICK(rnd, GCHEAP_STW_OFF, GCHEAP_STW_OFF,
				   GCHEAP_STW_ON, GCHEAP_STW_ALL));
	set(cfg, GCH_KEY_GC_PERCENT_CPU, PICK(rnd, 10, 25, 25, 100));
}

static void draw_python(struct gch_config *cfg, struct rnd_state *rnd)
{
	u32 pool = PICK(rnd, SZ_4K, SZ_8K, SZ_16K);

	set(cfg, GCH_KEY_POOL_SIZE, pool);
	set(cfg, GCH_KEY_ARENA_ORDER,
	    max_t(u64, PICK(rnd, 0, GCH_ORDER(SZ_32K), GCH_ORDER(SZ_1M),
			    GCH_ORDER(SZ_4M)), get_order(pool)));
	set(cfg, GCH_KEY_SMALL_MAX, 256 + PICK(rnd, 0, 16, 128, 256));
	set(cfg, GCH_KEY_THRESHOLD0, PICK(rnd, 0, 0, 20, 100, 700));
	set(cfg, GCH_KEY_THRESHOLD1, PICK(rnd, 0, 1, 3, 10));
	set(cfg, GCH_KEY_THRESHOLD2, PICK(rnd, 0, 1, 10));
	set(cfg, GCH_KEY_SWITCH_US, PICK(rnd, 100, 1000, 5000));
}

static void draw_settings(struct gch_mirror_heap *h, struct gch_config *cfg,
			  struct rnd_state *rnd)
{
	bool aside = prandom_u32_state(rnd) % 2;

	cfg->engine = h->env->engine;
	draw_common(cfg, rnd);
	switch (cfg->engine) {
	case GCHEAP_ENGINE_GO:
		draw_go(h->env, cfg, rnd);
		break;
	case GCHEAP_ENGINE_PYTHON:
		draw_python(cfg, rnd);
		/* Either only the program collects, or others do as well. */
		h->exact = h->alone && !aside;
		if (h->exact)
			set(cfg, GCH_KEY_INTERVAL_MS, 0);
		break;
	default:
		break;
	}
	h->limit = cfg->val[GCH_KEY_LIMIT];
}

/**
 * gch_mirror_heap_open - makes a heap with random settings
 * @h: the heap; env, seed, number, alone and faults are set
 * @rnd: random number generator
 *
 * Return: true if the heap was made.
 */
bool gch_mirror_heap_open(struct gch_mirror_heap *h, struct rnd_state *rnd)
{
	struct gch_config cfg = {};
	struct gch_test_env *env = h->env;

	h->counts = env->engine == GCHEAP_ENGINE_PYTHON;
	h->explicit = env->engine == GCHEAP_ENGINE_SLAB;
	draw_settings(h, &cfg, rnd);
	env->heap = gch_heap_create("selftest", &cfg, NULL);
	if (!IS_ERR(env->heap))
		return true;
	gch_test_fail(env, "seed %u, heap %u not created: %ld", h->seed,
		      h->number, PTR_ERR(env->heap));
	env->heap = NULL;
	return false;
}

/**
 * gch_mirror_open - makes the tables of a mirror
 * @md: the mirror; it has a mutator
 * @rnd: random number generator for the types, if there are none yet
 *
 * Return: true if the mirror is ready.
 */
bool gch_mirror_open(struct gch_mirror *md, struct rnd_state *rnd)
{
	while (md->h->nr_kinds < MIRROR_KINDS / 2)
		if (!gch_mirror_kind_new(md, rnd))
			return false;
	return gch_mirror_tables_new(md);
}

/**
 * gch_mirror_close - destroys the tables of a mirror
 * @md: the mirror, which may have failed
 */
void gch_mirror_close(struct gch_mirror *md)
{
	gch_mirror_tables_destroy(md);
	gch_roots_destroy(md->m, md->seen);
	md->seen = NULL;
}

/**
 * gch_mirror_empty - frees all objects of an engine with explicit frees
 * @md: the mirror
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_empty(struct gch_mirror *md)
{
	u32 id;

	for (id = 1; md->h->explicit && id < MIRROR_NODES; id++) {
		if (md->nodes[id].kind && !gch_mirror_kill(md, id))
			return false;
		cond_resched();
	}
	return true;
}

static bool count_refusals(struct gch_mirror *md)
{
	u64 refused = atomic_long_read(&md->h->refused);
	struct gch_stats stats;

	gch_heap_stats(md->h->env->heap, &stats);
	return stats.alloc_failures == refused ||
	       gch_mirror_fail(md, "%llu allocations failed, not %llu",
			       stats.alloc_failures, refused);
}

static void run_program(struct gch_mirror *md, struct rnd_state *rnd,
			unsigned long ops)
{
	if (!gch_mirror_open(md, rnd))
		return;
	while (md->op < ops)
		if (!gch_mirror_step(md, rnd))
			return;
	if (gch_mirror_settle(md) && count_refusals(md) && gch_mirror_empty(md))
		gch_mirror_count(md);
}

static void run_heap(struct gch_mirror_heap *h, struct rnd_state *rnd,
		     unsigned long ops)
{
	struct gch_test_env *env = h->env;
	struct gch_mirror *md = gch_mirror_new(h, 0, 0);

	if (gch_mirror_heap_open(h, rnd)) {
		md->m = gch_mutator_attach(env->heap, MIRROR_FRAME);
		if (IS_ERR(md->m)) {
			gch_test_fail(env, "no mutator: %ld", PTR_ERR(md->m));
			gch_heap_delete(env->heap, NULL);
			gch_heap_put(env->heap);
			env->heap = NULL;
		} else {
			env->m = md->m;
			run_program(md, rnd, ops);
			gch_mirror_close(md);
			gch_test_close(env);
		}
	}
	gch_mirror_free(md);
}

static void run(struct gch_test_env *env, bool faults)
{
	unsigned long ops = env->rounds / ROUNDS_PER_OP, done = 0;
	unsigned long refused = 0, struck = 0;
	struct gch_mirror_heap *h;
	struct rnd_state rnd;
	unsigned int n;

	h = kvmalloc(sizeof(*h), GFP_KERNEL | __GFP_NOFAIL);
	for (n = 0; done < ops && !env->failures; n++, done += HEAP_OPS) {
		memset(h, 0, sizeof(*h));
		h->env = env;
		h->seed = env->seed;
		h->number = n;
		h->alone = true;
		h->faults = faults;
		gch_mirror_seed(&rnd, env->seed, n);
		run_heap(h, &rnd, min_t(unsigned long, ops - done, HEAP_OPS));
		refused += atomic_long_read(&h->refused);
		struck += atomic_long_read(&h->struck);
	}
	kvfree(h);
	gch_test_note(env, "seed %u: %lu operations on %u heaps, %lu refused, %lu faults",
		      env->seed, ops, n, refused, struck);
}

/**
 * gch_test_mirror - a random program, compared with a shadow graph
 * @env: the test
 */
void gch_test_mirror(struct gch_test_env *env)
{
	run(env, false);
}

/**
 * gch_test_mirror_faults - the same, with random allocation failures
 * @env: the test
 */
void gch_test_mirror_faults(struct gch_test_env *env)
{
	if (gch_test_faults_work(env))
		run(env, true);
}
