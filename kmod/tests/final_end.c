// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a heap with finalizers: none runs once gch_heap_delete() has returned,
 * whoever else has a reference of the heap.
 */
#include "tests.h"

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>

/* How long a finalizer takes: longer than a delete that does not wait. */
#define TAKES_MS	100U

struct fixture {
	struct gch_test_env *env;
	struct gch_roots *roots;
	atomic_t begun;
	atomic_t ended;
	int deleted;
	bool watched;
};

/* An object with a finalizer and a cleanup, not in reach. */
static bool drop_one(struct fixture *f, gch_finalizer_fn fn)
{
	struct gch_test_env *env = f->env;
	struct gch_type *type = gch_test_type(env, "node", 32, 1, 0);

	return type && MUST(env, gch_alloc(env->m, 0, type)) &&
	       MUST(env, gch_finalizer_set(env->m, 0, fn, f)) &&
	       MUST(env, gch_clear(env->m, 0));
}

static void take_long(struct gch_mutator *m, void *arg)
{
	struct fixture *f = arg;

	atomic_inc(&f->begun);
	msleep(TAKES_MS);
	if (f->roots)
		MUST(f->env, gch_root_set(m, f->roots, 0, 0));
	atomic_inc(&f->ended);
}

static bool begins(struct fixture *f)
{
	unsigned int i;

	MUST(f->env, gch_collect(f->env->heap, 2));
	for (i = 0; i < 10000 && !atomic_read(&f->begun); i++)
		usleep_range(100, 200);
	return CHECK(f->env, atomic_read(&f->begun), "no finalizer has begun");
}

/* Leaves @env without a heap; a reader's reference outlives it. */
static void delete_under_reader(struct gch_test_env *env, struct fixture *f)
{
	struct gch_heap *reader = gch_heap_find(gch_heap_name(env->heap));
	int begun;

	gch_mutator_detach(env->m);
	env->m = NULL;
	MUST(env, gch_heap_delete(env->heap, NULL));
	begun = atomic_read(&f->begun);
	CHECK(env, begun == atomic_read(&f->ended),
	      "the heap is deleted, and a finalizer runs");
	/* Not even by a collection that somebody asks for. */
	MUST(env, gch_collect(reader, 2));
	msleep(TAKES_MS / 2);
	CHECK(env, begun == atomic_read(&f->begun),
	      "a finalizer has begun after its heap was deleted");
	/* One that runs all the same must not outlive the test. */
	gch_finals_wait(reader);
	REFUSED(env, gch_heap_delete(reader, NULL), ENOENT);
	gch_heap_put(env->heap);
	env->heap = NULL;
	gch_heap_put(reader);
}

/**
 * gch_test_final_end - a deleted heap calls nothing
 * @env: the test
 */
void gch_test_final_end(struct gch_test_env *env)
{
	struct fixture f = { .env = env };

	if (!gch_test_open(env, NULL))
		return;
	if (drop_one(&f, take_long) && drop_one(&f, take_long) && begins(&f))
		delete_under_reader(env, &f);
}

/**
 * gch_test_final_stop - what finalizers use can be freed when they are stopped
 * @env: the test
 */
void gch_test_final_stop(struct gch_test_env *env)
{
	struct fixture f = { .env = env };

	if (!gch_test_open(env, NULL))
		return;
	f.roots = gch_roots_create(env->heap, 1);
	if (!CHECK(env, !IS_ERR(f.roots), "no table"))
		return;
	if (drop_one(&f, take_long) && begins(&f)) {
		gch_finals_stop(env->heap);
		CHECK(env, atomic_read(&f.ended) == 1, "a finalizer runs");
		/* It must not outlive the table. */
		gch_finals_wait(env->heap);
	}
	MUST(env, gch_roots_destroy(env->m, f.roots));
	if (MUST(env, gch_alloc(env->m, 0, gch_test_type(env, "node", 32, 1, 0))))
		REFUSED(env, gch_finalizer_set(env->m, 0, take_long, &f), ENODEV);
	MUST(env, gch_clear(env->m, 0));
}

static void watched_pause(void *arg, u64 start_ns, u64 end_ns)
{
	struct fixture *f = arg;

	CHECK(f->env, !f->watched, "a finalizer's watch outlives it");
}

/* All of it would wait for itself. */
static void turn_on_itself(struct gch_mutator *m, void *arg)
{
	struct fixture *f = arg;

	f->deleted = gch_heap_delete(gch_mutator_heap(m), NULL);
	gch_finals_wait(gch_mutator_heap(m));
	gch_mutator_watch(m, watched_pause, f);
	atomic_inc(&f->begun);
}

/* Its mutator has what one before has set: a pause tells. */
static void pause_once(struct gch_mutator *m, void *arg)
{
	struct fixture *f = arg;
	struct gch_type_desc desc = { .name = "large", .flags = GCH_TYPE_VAR };
	struct gch_type *type;
	unsigned int i;

	f->watched = true;
	type = gch_type_register(gch_mutator_heap(m), &desc, NULL);
	for (i = 0; !IS_ERR(type) && i < 4; i++)
		MUST(f->env, gch_alloc_var(m, 1, type, 0, SZ_1M));
	atomic_inc(&f->ended);
}

/**
 * gch_test_final_self - what a finalizer cannot do, and what it leaves behind
 * @env: the test
 */
void gch_test_final_self(struct gch_test_env *env)
{
	struct fixture f = { .env = env };

	if (!gch_test_open(env, NULL) || !drop_one(&f, turn_on_itself))
		return;
	MUST(env, gch_collect(env->heap, 2));
	gch_finals_wait(env->heap);
	CHECK(env, atomic_read(&f.begun) == 1, "no finalizer has run");
	CHECK(env, f.deleted == -EDEADLK, "a finalizer's delete returned %d",
	      f.deleted);
	if (!drop_one(&f, pause_once))
		return;
	MUST(env, gch_collect(env->heap, 2));
	gch_finals_wait(env->heap);
	CHECK(env, atomic_read(&f.ended) == 1, "no finalizer has run");
}
