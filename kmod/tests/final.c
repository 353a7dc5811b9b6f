// SPDX-License-Identifier: GPL-2.0
/*
 * Finalizers and cleanups: called once, with the right object, in the promised order,
 * and not while the object is reachable.
 */
#include "tests.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <gcheap/engine.h>

#define OBJECTS		500U
/* A child has the number of its parent plus this. */
#define CHILD		1000000U
#define CHAIN		5U
#define LIVES		3U
#define CLEANUPS	3U

/* References of a node, before two words of payload. */
#define REFS		2U
#define NODE_BYTES	((REFS + 2) * 8)

struct fixture;

/* An object, and the calls made for it. */
struct seen {
	struct fixture *f;
	u32 nr;
	u64 id;
	atomic_t finalized;
	atomic_t cleaned;
	unsigned int at;
};

struct fixture {
	struct gch_test_env *env;
	struct gch_type *type;
	struct gch_roots *roots;
	struct gch_weaks *weaks;
	struct seen *seen;
	u32 nr;
	atomic_t order;
	struct completion go_on;
};

static u64 live_objects(struct gch_heap *heap)
{
	struct gch_stats stats;

	gch_heap_stats(heap, &stats);
	return stats.live_objects;
}

static void collect(struct gch_test_env *env)
{
	MUST(env, gch_collect(env->heap, 2));
	gch_finals_wait(env->heap);
}

static bool set_up(struct fixture *f, struct gch_test_env *env, u32 nr)
{
	u32 i;

	*f = (struct fixture){ .env = env, .nr = nr };
	init_completion(&f->go_on);
	if (!gch_test_open(env, NULL))
		return false;
	f->type = gch_test_type(env, "node", NODE_BYTES, REFS, GCH_TYPE_WEAK);
	f->roots = gch_roots_create(env->heap, nr);
	f->weaks = gch_weaks_create(env->heap, 2 * nr);
	f->seen = vzalloc(array_size(nr, sizeof(*f->seen)));
	for (i = 0; f->seen && i < nr; i++) {
		f->seen[i].f = f;
		f->seen[i].nr = i;
	}
	return CHECK(env, f->type && !IS_ERR(f->roots) && !IS_ERR(f->weaks) &&
		     f->seen, "no tables");
}

/* In the end no call may be left in the queue. */
static void tear_down(struct fixture *f)
{
	struct gch_test_env *env = f->env;

	if (env->heap && env->m) {
		if (!IS_ERR_OR_NULL(f->weaks))
			gch_weaks_destroy(env->m, f->weaks);
		if (!IS_ERR_OR_NULL(f->roots))
			gch_roots_destroy(env->m, f->roots);
		collect(env);
	}
	gch_test_close(env);
	vfree(f->seen);
}

/* Makes a node with a child, in slot 0 and in the tables. */
static bool make_in(struct fixture *f, struct gch_mutator *m, u32 nr, u32 root,
		    u32 weak)
{
	struct gch_test_env *env = f->env;

	if (!MUST(env, gch_alloc(m, 0, f->type)) ||
	    !MUST(env, gch_alloc(m, 1, f->type)))
		return false;
	gch_test_payload_set(m, 0, REFS, nr);
	gch_test_payload_set(m, 1, REFS, nr + CHILD);
	return MUST(env, gch_store(m, 0, 0, 1)) &&
	       MUST(env, gch_weak_set(m, f->weaks, 2 * weak, 0)) &&
	       MUST(env, gch_weak_set(m, f->weaks, 2 * weak + 1, 1)) &&
	       MUST(env, gch_root_set(m, f->roots, root, 0)) &&
	       MUST(env, gch_clear(m, 1));
}

static bool make(struct fixture *f, u32 nr)
{
	return make_in(f, f->env->m, nr, nr, nr);
}

/* Checks that the slot holds the object of this number, with its child. */
static void check_object(struct fixture *f, struct gch_mutator *m,
			 unsigned int slot, u32 nr)
{
	CHECK(f->env, gch_test_payload_is(m, slot, REFS, nr),
	      "object %u is not what it was", nr);
	if (MUST(f->env, gch_load(m, slot + 1, slot, 0)))
		CHECK(f->env, gch_test_payload_is(m, slot + 1, REFS,
						  nr + CHILD),
		      "the child of object %u is not what it was", nr);
	MUST(f->env, gch_clear(m, slot + 1));
}

static void finalize(struct gch_mutator *m, void *arg)
{
	struct seen *s = arg;
	struct fixture *f = s->f;

	atomic_inc(&s->finalized);
	s->at = atomic_inc_return(&f->order);
	check_object(f, m, 0, s->nr);
}

/* The same, if the weak tables name the object and its child. */
static void finalize_named(struct gch_mutator *m, void *arg)
{
	struct seen *s = arg;
	struct fixture *f = s->f;

	finalize(m, arg);
	CHECK(f->env, gch_weak_alive(m, f->weaks, 2 * s->nr) == 0,
	      "object %u is finalized and can be had", s->nr);
	CHECK(f->env, gch_weak_alive(m, f->weaks, 2 * s->nr + 1) == 1,
	      "the child of object %u is dead", s->nr);
}

static void clean(void *arg)
{
	struct seen *s = arg;

	atomic_inc(&s->cleaned);
	s->at = atomic_inc_return(&s->f->order);
}

static bool make_all(struct fixture *f)
{
	struct gch_test_env *env = f->env;
	u32 i;

	for (i = 0; i < f->nr; i++)
		if (!make(f, i) ||
		    !MUST(env, gch_finalizer_set(env->m, 0, finalize_named,
						 &f->seen[i])))
			return false;
	REFUSED(env, gch_finalizer_set(env->m, 0, finalize, NULL), EEXIST);
	return MUST(env, gch_clear(env->m, 0));
}

static void check_finalized(struct fixture *f, int even, int odd)
{
	u32 i;

	for (i = 0; i < f->nr; i++)
		CHECK(f->env, atomic_read(&f->seen[i].finalized) ==
		      (i % 2 ? odd : even), "object %u: finalized %d times", i,
		      atomic_read(&f->seen[i].finalized));
}

static void drop(struct fixture *f, u32 first, u32 step)
{
	u32 i;

	for (i = first; i < f->nr; i += step)
		MUST(f->env, gch_root_clear(f->env->m, f->roots, i));
}

static void drop_half(struct fixture *f)
{
	struct gch_test_env *env = f->env;
	u32 i;

	collect(env);
	check_finalized(f, 0, 0);
	drop(f, 0, 2);
	collect(env);
	check_finalized(f, 1, 0);
	CHECK(env, live_objects(env->heap) == 2 * f->nr,
	      "%llu objects live with those finalized",
	      live_objects(env->heap));
	collect(env);
	check_finalized(f, 1, 0);
	CHECK(env, live_objects(env->heap) == f->nr, "%llu objects live",
	      live_objects(env->heap));
	/* The other objects lose their finalizers. */
	for (i = 1; i < f->nr; i += 2)
		if (MUST(env, gch_root_get(env->m, 0, f->roots, i)))
			MUST(env, gch_finalizer_set(env->m, 0, NULL, NULL));
	MUST(env, gch_clear(env->m, 0));
	drop(f, 1, 2);
	collect(env);
	check_finalized(f, 1, 0);
	CHECK(env, !live_objects(env->heap), "%llu objects live at the end",
	      live_objects(env->heap));
}

/**
 * gch_test_finalizers - called once for unreachable objects, and only for those
 * @env: the test
 */
void gch_test_finalizers(struct gch_test_env *env)
{
	struct fixture f;

	if (set_up(&f, env, OBJECTS) && make_all(&f))
		drop_half(&f);
	tear_down(&f);
}

/* Each refers to the next, so each collection finalizes one, from the head on. */
static void check_chain(struct fixture *f)
{
	struct gch_test_env *env = f->env;
	u32 i, j;

	for (i = 0; i < CHAIN; i++) {
		if (!make(f, CHAIN - 1 - i) ||
		    !MUST(env, gch_store(env->m, 0, 1, 2)) ||
		    !MUST(env, gch_copy(env->m, 2, 0)) ||
		    !MUST(env, gch_finalizer_set(env->m, 0, finalize,
						 &f->seen[CHAIN - 1 - i])))
			return;
	}
	MUST(env, gch_clear(env->m, 0));
	MUST(env, gch_clear(env->m, 2));
	drop(f, 0, 1);
	for (i = 0; i < CHAIN; i++) {
		collect(env);
		for (j = 0; j < CHAIN; j++)
			CHECK(env, atomic_read(&f->seen[j].finalized) ==
			      (j <= i), "collection %u: object %u of a chain",
			      i, j);
	}
	for (i = 1; i < CHAIN; i++)
		CHECK(env, f->seen[i].at > f->seen[i - 1].at,
		      "object %u of a chain is before the one before it", i);
	collect(env);
}

/* An object that can reach itself is never finalized; its cleanup is called. */
static void check_cycle(struct fixture *f)
{
	struct gch_test_env *env = f->env;
	struct seen *own = &f->seen[CHAIN], *free = &f->seen[CHAIN + 1];

	if (!make(f, own->nr) || !MUST(env, gch_store(env->m, 0, 1, 0)) ||
	    !MUST(env, gch_finalizer_set(env->m, 0, finalize, own)) ||
	    !make(f, free->nr) || !MUST(env, gch_store(env->m, 0, 1, 0)) ||
	    !MUST(env, gch_cleanup_add(env->m, 0, clean, free, NULL)))
		return;
	MUST(env, gch_clear(env->m, 0));
	drop(f, 0, 1);
	collect(env);
	collect(env);
	CHECK(env, !atomic_read(&own->finalized), "a cycle was finalized");
	CHECK(env, atomic_read(&free->cleaned) == 1, "a cycle has no cleanup");
	CHECK(env, live_objects(env->heap) == 2, "%llu objects live",
	      live_objects(env->heap));
	/* Without the cycle it is finalized. */
	if (MUST(env, gch_weak_get(env->m, 0, f->weaks, 2 * own->nr)) &&
	    MUST(env, gch_store_null(env->m, 0, 1)))
		MUST(env, gch_clear(env->m, 0));
	collect(env);
	CHECK(env, atomic_read(&own->finalized) == 1, "it was not finalized");
}

/**
 * gch_test_finalizer_order - an object before its targets
 * @env: the test
 */
void gch_test_finalizer_order(struct gch_test_env *env)
{
	struct fixture f;

	if (set_up(&f, env, CHAIN + 2)) {
		check_chain(&f);
		check_cycle(&f);
	}
	tear_down(&f);
}

/* Stores its object again, with itself as finalizer, while it has lives left. */
static void come_back(struct gch_mutator *m, void *arg)
{
	struct seen *s = arg;
	struct fixture *f = s->f;

	finalize(m, arg);
	MUST(f->env, gch_root_set(m, f->roots, s->nr, 0));
	if (atomic_read(&s->finalized) < LIVES)
		MUST(f->env, gch_finalizer_set(m, 0, come_back, s));
}

/**
 * gch_test_resurrection - an object that its finalizer stores stays alive
 * @env: the test
 */
void gch_test_resurrection(struct gch_test_env *env)
{
	struct fixture f;
	int life;

	if (!set_up(&f, env, 1) || !make(&f, 0) ||
	    !MUST(env, gch_finalizer_set(env->m, 0, come_back, &f.seen[0])))
		goto out;
	MUST(env, gch_clear(env->m, 0));
	for (life = 1; life <= LIVES + 1; life++) {
		drop(&f, 0, 1);
		collect(env);
		CHECK(env, atomic_read(&f.seen[0].finalized) ==
		      min_t(int, life, LIVES), "life %d: finalized %d times",
		      life, atomic_read(&f.seen[0].finalized));
		CHECK(env, live_objects(env->heap) == (life <= LIVES ? 2 : 0),
		      "life %d: %llu objects live", life,
		      live_objects(env->heap));
		/* A resurrected object is like any other. */
		collect(env);
	}
out:
	tear_down(&f);
}

/* The object has been freed by then. */
static void clean_when_gone(void *arg)
{
	struct seen *s = arg;

	CHECK(s->f->env, !live_objects(s->f->env->heap), "%llu objects live",
	      live_objects(s->f->env->heap));
	clean(arg);
}

static void check_cleanups(struct fixture *f)
{
	struct gch_test_env *env = f->env;
	struct seen *s = &f->seen[0];
	u64 id = 0;
	u32 i;

	if (!make(f, 0) ||
	    !MUST(env, gch_finalizer_set(env->m, 0, finalize, s)))
		return;
	for (i = 0; i < CLEANUPS; i++)
		MUST(env, gch_cleanup_add(env->m, 0, clean_when_gone, s, NULL));
	MUST(env, gch_cleanup_add(env->m, 0, clean_when_gone, s, &id));
	MUST(env, gch_clear(env->m, 0));
	drop(f, 0, 1);
	MUST(env, gch_cleanup_stop(env->heap, id));
	REFUSED(env, gch_cleanup_stop(env->heap, id), ENOENT);
	collect(env);
	CHECK(env, atomic_read(&s->finalized) == 1 && !atomic_read(&s->cleaned),
	      "%d cleanups before the object was gone",
	      atomic_read(&s->cleaned));
	collect(env);
	CHECK(env, atomic_read(&s->cleaned) == CLEANUPS,
	      "%d cleanups, not %u", atomic_read(&s->cleaned), CLEANUPS);
}

static void wait_to_go_on(struct gch_mutator *m, void *arg)
{
	struct seen *s = arg;

	wait_for_completion(&s->f->go_on);
	finalize(m, arg);
}

/* A queued cleanup can be stopped, one that was called cannot. */
static void check_stop(struct fixture *f)
{
	struct gch_test_env *env = f->env;
	struct seen *first = &f->seen[1], *stopped = &f->seen[2],
		    *called = &f->seen[3], *second = &f->seen[4];

	if (!make(f, 1) ||
	    !MUST(env, gch_finalizer_set(env->m, 0, wait_to_go_on, first)) ||
	    !make(f, 2) ||
	    !MUST(env, gch_cleanup_add(env->m, 0, clean, stopped,
				       &stopped->id)) ||
	    !make(f, 3) ||
	    !MUST(env, gch_cleanup_add(env->m, 0, clean, called,
				       &called->id)) ||
	    !make(f, 4) ||
	    !MUST(env, gch_finalizer_set(env->m, 0, finalize, second)))
		return;
	MUST(env, gch_clear(env->m, 0));
	drop(f, 0, 1);
	MUST(env, gch_collect(env->heap, 2));
	/* A waiting cleanup is in a finalizer's way, or in the queue. */
	MUST(env, gch_collect(env->heap, 2));
	MUST(env, gch_cleanup_stop(env->heap, stopped->id));
	complete_all(&f->go_on);
	collect(env);
	REFUSED(env, gch_cleanup_stop(env->heap, called->id), ENOENT);
	CHECK(env, atomic_read(&first->finalized) == 1 &&
	      atomic_read(&second->finalized) == 1, "not finalized");
	CHECK(env, !atomic_read(&stopped->cleaned), "stopped, but called");
	CHECK(env, atomic_read(&called->cleaned) == 1, "not called");
}

static void check_counts(struct fixture *f)
{
	struct gch_stats stats;

	gch_heap_stats(f->env->heap, &stats);
	CHECK(f->env, stats.finalizers_queued == 3 &&
	      stats.finalizers_run == 3 &&
	      stats.cleanups_queued == CLEANUPS + 2 &&
	      stats.cleanups_run == CLEANUPS + 1,
	      "%llu of %llu finalizers, %llu of %llu cleanups counted",
	      stats.finalizers_run, stats.finalizers_queued,
	      stats.cleanups_run, stats.cleanups_queued);
}

/**
 * gch_test_cleanups - called after an object was freed, unless stopped
 * @env: the test
 */
void gch_test_cleanups(struct gch_test_env *env)
{
	struct fixture f;

	if (set_up(&f, env, 5)) {
		check_cleanups(&f);
		check_stop(&f);
		check_counts(&f);
	}
	tear_down(&f);
}

/**
 * gch_test_finals_dropped - deletes a heap with finalizers and cleanups
 * @env: the test
 */
void gch_test_finals_dropped(struct gch_test_env *env)
{
	struct gch_mutator *m = NULL;
	struct fixture f;
	u32 i;

	if (!set_up(&f, env, OBJECTS))
		goto out;
	for (i = 0; i < f.nr; i++)
		if (!make(&f, i) ||
		    !MUST(env, gch_finalizer_set(env->m, 0, finalize,
						 &f.seen[i])) ||
		    !MUST(env, gch_cleanup_add(env->m, 0, clean, &f.seen[i],
					       NULL)))
			goto out;
	MUST(env, gch_clear(env->m, 0));
	gch_weaks_destroy(env->m, f.weaks);
	gch_roots_destroy(env->m, f.roots);
	f.weaks = NULL;
	f.roots = NULL;
	swap(m, env->m);
	gch_mutator_detach(m);
	MUST(env, gch_heap_delete(env->heap, NULL));
	gch_heap_put(env->heap);
	env->heap = NULL;
	for (i = 0; i < f.nr; i++)
		CHECK(env, !atomic_read(&f.seen[i].finalized) &&
		      !atomic_read(&f.seen[i].cleaned),
		      "object %u: called at the heap's end", i);
out:
	tear_down(&f);
}

static void never(struct gch_mutator *m, void *arg)
{
	gch_test_fail(arg, "an engine without finalizers has called one");
}

static void never_clean(void *arg)
{
	gch_test_fail(arg, "an engine without cleanups has called one");
}

/**
 * gch_test_finals_refused - wrong arguments, and engines without finalizers
 * @env: the test
 */
void gch_test_finals_refused(struct gch_test_env *env)
{
	struct gch_type *type;
	u64 id = 0;
	bool has;

	if (!gch_test_open(env, NULL))
		return;
	has = env->heap->ops->finalizers;
	type = gch_test_type(env, "node", NODE_BYTES, REFS, 0);
	if (!type || !MUST(env, gch_alloc(env->m, 0, type)))
		return;
	REFUSED(env, gch_finalizer_set(env->m, GCH_TEST_SLOTS, never, env),
		EINVAL);
	REFUSED(env, gch_cleanup_add(env->m, GCH_TEST_SLOTS, never_clean, env,
				     &id), EINVAL);
	REFUSED(env, gch_cleanup_stop(env->heap, 1), ENOENT);
	if (has) {
		REFUSED(env, gch_finalizer_set(env->m, 1, never, env), EFAULT);
		REFUSED(env, gch_cleanup_add(env->m, 1, never_clean, env, &id),
			EFAULT);
		REFUSED(env, gch_cleanup_add(env->m, 0, NULL, env, &id),
			EINVAL);
		MUST(env, gch_finalizer_set(env->m, 0, NULL, NULL));
	} else {
		REFUSED(env, gch_finalizer_set(env->m, 0, never, env),
			EOPNOTSUPP);
		REFUSED(env, gch_cleanup_add(env->m, 0, never_clean, env, &id),
			EOPNOTSUPP);
	}
	gch_keep_alive(env->m, 0);
	CHECK(env, !id, "a cleanup that was refused has a number");
	MUST(env, gch_free(env->m, 0));
	gch_finals_wait(env->heap);
}

/* ---- the maximum ---- */

static void count_clean(void *arg)
{
	atomic_inc(arg);
}

static bool add_many(struct gch_test_env *env, atomic_t *cleaned, u64 *last)
{
	u32 i;

	for (i = 0; i < GCH_FINALS_MAX; i++) {
		if (!MUST(env, gch_cleanup_add(env->m, 0, count_clean, cleaned,
					       last)))
			return false;
		cond_resched();
	}
	return true;
}

/**
 * gch_test_finals_many - a heap takes the maximum of cleanups, and no more
 * @env: the test
 */
void gch_test_finals_many(struct gch_test_env *env)
{
	atomic_t cleaned = ATOMIC_INIT(0);
	struct gch_type *type;
	u64 last, id = 0;

	if (!gch_test_open(env, NULL))
		return;
	type = gch_test_type(env, "node", NODE_BYTES, REFS, 0);
	if (!type || !MUST(env, gch_alloc(env->m, 0, type)) ||
	    !MUST(env, gch_alloc(env->m, 1, type)) ||
	    !add_many(env, &cleaned, &last))
		goto out;
	REFUSED(env, gch_cleanup_add(env->m, 0, count_clean, &cleaned, &id),
		ENOSPC);
	REFUSED(env, gch_finalizer_set(env->m, 1, never, env), ENOSPC);
	/* Stopping one makes room for another. */
	MUST(env, gch_cleanup_stop(env->heap, last));
	MUST(env, gch_cleanup_add(env->m, 1, count_clean, &cleaned, &id));
	REFUSED(env, gch_cleanup_add(env->m, 1, count_clean, &cleaned, &id),
		ENOSPC);
out:
	gch_clear(env->m, 0);
	gch_clear(env->m, 1);
	MUST(env, gch_collect(env->heap, 2));
	gch_finals_wait(env->heap);
	CHECK(env, atomic_read(&cleaned) == GCH_FINALS_MAX,
	      "%d of %lu cleanups called", atomic_read(&cleaned),
	      GCH_FINALS_MAX);
}

/* ---- concurrent collections ---- */

#define THREADS		2U
#define RACERS		2000U
/* Entries of the tables that the threads share. */
#define SHARED		64U

struct racer {
	struct fixture *f;
	struct gch_mutator *m;
	u32 first;
	u32 nr;
	struct rnd_state rnd;
	struct task_struct *task;
	struct completion done;
};

/* Now and then stores its object in a table of the threads. */
static void finalize_racing(struct gch_mutator *m, void *arg)
{
	struct seen *s = arg;
	struct fixture *f = s->f;

	CHECK(f->env, atomic_inc_return(&s->finalized) == 1,
	      "object %u was finalized again", s->nr);
	check_object(f, m, 0, s->nr);
	if (!(s->nr % 3))
		MUST(f->env, gch_root_set(m, f->roots, s->nr % SHARED, 0));
}

static void clean_racing(void *arg)
{
	struct seen *s = arg;

	CHECK(s->f->env, atomic_inc_return(&s->cleaned) == 1,
	      "object %u is gone again", s->nr);
	CHECK(s->f->env, atomic_read(&s->finalized),
	      "object %u is gone, but was not finalized", s->nr);
}

/* Checks that the object in a slot is intact and not cleaned up. */
static u32 look(struct racer *r, unsigned int slot)
{
	u64 *word = gch_data(r->m, slot, NULL);
	u32 nr = word[REFS];

	if (!CHECK(r->f->env, nr < r->f->nr, "an object has number %u", nr))
		return 0;
	check_object(r->f, r->m, slot, nr);
	CHECK(r->f->env, !atomic_read(&r->f->seen[nr].cleaned),
	      "object %u is gone and can be had", nr);
	return nr;
}

/* An object loaded from a weak entry is not finalized while a slot holds it. */
static void look_weakly(struct racer *r, u32 i)
{
	struct fixture *f = r->f;
	u32 nr;

	if (!MUST(f->env, gch_weak_get(r->m, 2, f->weaks, i)) ||
	    gch_is_null(r->m, 2))
		return;
	nr = look(r, 2);
	CHECK(f->env, !atomic_read(&f->seen[nr].finalized),
	      "object %u was finalized and can be had", nr);
	MUST(f->env, gch_clear(r->m, 2));
}

static bool race_one(struct racer *r, u32 nr)
{
	u32 dice = prandom_u32_state(&r->rnd);
	/* A weak entry belongs to one mutator. */
	u32 weak = r->first / RACERS * SHARED + dice / SHARED % SHARED;
	struct fixture *f = r->f;

	if (!make_in(f, r->m, nr, dice % SHARED, weak) ||
	    !MUST(f->env, gch_finalizer_set(r->m, 0, finalize_racing,
					    &f->seen[nr])) ||
	    !MUST(f->env, gch_cleanup_add(r->m, 0, clean_racing, &f->seen[nr],
					  NULL)))
		return false;
	MUST(f->env, gch_clear(r->m, 0));
	if (MUST(f->env, gch_root_get(r->m, 2, f->roots, (dice >> 16) % SHARED)) &&
	    !gch_is_null(r->m, 2))
		look(r, 2);
	MUST(f->env, gch_clear(r->m, 2));
	look_weakly(r, 2 * (r->first / RACERS * SHARED + (dice >> 24) % SHARED));
	return true;
}

static int race(void *arg)
{
	struct racer *r = arg;
	u32 i;

	for (i = 0; i < r->nr && !r->f->env->failures; i++) {
		if (!race_one(r, r->first + i))
			break;
		cond_resched();
	}
	kthread_complete_and_exit(&r->done, 0);
}

static bool racer_start(struct racer *r, struct fixture *f, unsigned int i)
{
	*r = (struct racer){ .f = f, .first = i * RACERS, .nr = RACERS };
	prandom_seed_state(&r->rnd, f->env->seed + i);
	init_completion(&r->done);
	r->m = gch_mutator_attach(f->env->heap, 8);
	if (!CHECK(f->env, !IS_ERR(r->m), "no mutator: %ld", PTR_ERR(r->m)))
		return false;
	r->task = kthread_run(race, r, "gch_test_race");
	if (CHECK(f->env, !IS_ERR(r->task), "no thread"))
		return true;
	gch_mutator_detach(r->m);
	return false;
}

static void check_races(struct fixture *f)
{
	u32 i, missing = 0;

	MUST(f->env, gch_clear(f->env->m, 0));
	drop(f, 0, 1);
	/* Finalizers may resurrect objects once. */
	for (i = 0; i < 3; i++) {
		collect(f->env);
		drop(f, 0, 1);
	}
	collect(f->env);
	for (i = 0; i < f->nr; i++)
		missing += atomic_read(&f->seen[i].finalized) != 1 ||
			   atomic_read(&f->seen[i].cleaned) != 1;
	CHECK(f->env, !missing, "%u objects were not finalized and cleaned up",
	      missing);
}

/**
 * gch_test_finals_race - objects are made and dropped during collections
 * @env: the test
 */
void gch_test_finals_race(struct gch_test_env *env)
{
	struct task_struct *collector;
	struct racer r[THREADS];
	struct fixture f;
	unsigned int n = 0;

	gch_test_note(env, "seed %u", env->seed);
	if (!set_up(&f, env, THREADS * RACERS))
		goto out;
	collector = gch_test_collector_start(env);
	while (n < THREADS && racer_start(&r[n], &f, n))
		n++;
	while (n--) {
		gch_test_wait(&r[n].done);
		gch_mutator_detach(r[n].m);
	}
	gch_test_collector_stop(collector);
	if (!env->failures)
		check_races(&f);
out:
	tear_down(&f);
}
