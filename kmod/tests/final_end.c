// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a heap with finalizers: none runs after gch_heap_delete() has returned,
 * even if others hold references to the heap.
 */
#include "tests.h"

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/slab.h>

/* Duration of a finalizer: longer than a delete that does not wait. */
#define TAKES_MS	100U
/* How often a finalizer sets itself again. */
#define AGAIN		2000
/* Heaps: one more than a workqueue of kernel 6.1 runs at a time by default. */
#define CROWD		257U

struct fixture {
	struct gch_test_env *env;
	struct gch_roots *roots;
	atomic_t begun;
	atomic_t ended;
	int deleted;
	bool watched;
	bool over;
	struct completion go_on;
	unsigned int nr_heaps;
};

/* Drops an object with a finalizer and a cleanup. */
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

/* Leaves @env without a heap; a reader's reference keeps the heap itself. */
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
	/* Not even in a requested collection. */
	MUST(env, gch_collect(reader, 2));
	msleep(TAKES_MS / 2);
	CHECK(env, begun == atomic_read(&f->begun),
	      "a finalizer has begun after its heap was deleted");
	/* A finalizer that runs by mistake must not outlive the test. */
	gch_finals_wait(reader);
	REFUSED(env, gch_heap_delete(reader, NULL), ENOENT);
	gch_heap_put(env->heap);
	env->heap = NULL;
	gch_heap_put(reader);
}

/**
 * gch_test_final_end - a deleted heap calls no finalizers
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
 * gch_test_final_stop - after a stop, data of finalizers can be freed
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
		/* The finalizer must not outlive the table. */
		gch_finals_wait(env->heap);
	}
	MUST(env, gch_roots_destroy(env->m, f.roots));
	if (MUST(env, gch_alloc(env->m, 0, gch_test_type(env, "node", 32, 1, 0))))
		REFUSED(env, gch_finalizer_set(env->m, 0, take_long, &f), ENODEV);
	MUST(env, gch_clear(env->m, 0));
}

/**
 * gch_test_final_foreign - deletes the heap of gcheap_client.ko
 * @env: the test, which has no heap of its own
 *
 * This waits for the running finalizer, and so does the unload of the module that
 * made the heap, if it comes meanwhile. See clients.sh.
 */
void gch_test_final_foreign(struct gch_test_env *env)
{
	struct gch_heap *heap = gch_heap_find("t-client");

	if (!CHECK(env, heap, "there is no heap t-client"))
		return;
	MUST(env, gch_heap_delete(heap, NULL));
	gch_heap_put(heap);
}

static void watched_pause(void *arg, u64 start_ns, u64 end_ns)
{
	struct fixture *f = arg;

	CHECK(f->env, !f->watched, "a finalizer's watch outlives it");
}

/* Each of these calls would wait for itself. */
static void turn_on_itself(struct gch_mutator *m, void *arg)
{
	struct fixture *f = arg;

	f->deleted = gch_heap_delete(gch_mutator_heap(m), NULL);
	gch_finals_wait(gch_mutator_heap(m));
	gch_mutator_on_pause(m, watched_pause, f);
	atomic_inc(&f->begun);
}

/*
 * Its mutator must not inherit the watch of an earlier finalizer: a pause would show
 * it.
 */
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
 * gch_test_final_self - calls a finalizer cannot make, and state it leaves behind
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

/* The queue is never empty: the finalizer sets itself for its own object again. */
static void set_again(struct gch_mutator *m, void *arg)
{
	struct fixture *f = arg;

	if (atomic_inc_return(&f->begun) < AGAIN && !READ_ONCE(f->over) &&
	    MUST(f->env, gch_finalizer_set(m, 0, set_again, f)) &&
	    MUST(f->env, gch_clear(m, 0)))
		MUST(f->env, gch_collect(gch_mutator_heap(m), 2));
	atomic_inc(&f->ended);
}

/**
 * gch_test_final_again - a wait covers only finalizers already queued
 * @env: the test
 */
void gch_test_final_again(struct gch_test_env *env)
{
	struct fixture f = { .env = env };

	if (!gch_test_open(env, NULL) || !drop_one(&f, set_again) || !begins(&f))
		return;
	gch_finals_wait(env->heap);
	CHECK(env, atomic_read(&f.ended) < AGAIN, "waited for all that followed");
	WRITE_ONCE(f.over, true);
	/* Once for the running finalizer, and once for the one it may have queued. */
	gch_finals_wait(env->heap);
	gch_finals_wait(env->heap);
	CHECK(env, atomic_read(&f.begun) == atomic_read(&f.ended),
	      "a finalizer was not waited for");
}

static void block(struct gch_mutator *m, void *arg)
{
	struct fixture *f = arg;

	wait_for_completion(&f->go_on);
}

static void begin_and_end(struct gch_mutator *m, void *arg)
{
	struct fixture *f = arg;

	atomic_inc(&f->begun);
}

/* A separate heap, which calls @fn. */
static struct gch_heap *calling_heap(struct fixture *f, gch_finalizer_fn fn)
{
	struct gch_type_desc desc = { .name = "node", .bytes = 32, .nr_refs = 1 };
	struct gch_heap *heap;
	struct gch_mutator *m;
	struct gch_config cfg = { .engine = f->env->engine };
	char name[24];

	snprintf(name, sizeof(name), "crowd%u", f->nr_heaps++);
	heap = gch_heap_create(name, &cfg, NULL);
	if (!CHECK(f->env, !IS_ERR(heap), "no heap %s", name))
		return NULL;
	m = gch_mutator_attach(heap, 1);
	if (CHECK(f->env, !IS_ERR(m), "no mutator of %s", name)) {
		MUST(f->env, gch_alloc(m, 0, gch_type_register(heap, &desc, NULL)));
		MUST(f->env, gch_finalizer_set(m, 0, fn, f));
		gch_mutator_detach(m);
	}
	MUST(f->env, gch_collect(heap, 2));
	return heap;
}

static void test_crowd(struct fixture *f, struct gch_heap **heaps)
{
	unsigned int n, i;

	for (n = 0; n < CROWD; n++) {
		heaps[n] = calling_heap(f, n < CROWD - 1 ? block : begin_and_end);
		if (!heaps[n])
			break;
	}
	for (i = 0; n == CROWD && i < 10000 && !atomic_read(&f->begun); i++)
		usleep_range(1000, 2000);
	CHECK(f->env, atomic_read(&f->begun), "no finalizer of one heap begins");
	complete_all(&f->go_on);
	while (n--) {
		MUST(f->env, gch_heap_delete(heaps[n], NULL));
		gch_heap_put(heaps[n]);
	}
}

/**
 * gch_test_final_crowd - a finalizer runs while those of many other heaps sleep
 * @env: the test
 */
void gch_test_final_crowd(struct gch_test_env *env)
{
	struct fixture f = { .env = env };
	struct gch_heap **heaps;

	init_completion(&f.go_on);
	heaps = kcalloc(CROWD, sizeof(*heaps), GFP_KERNEL);
	if (!CHECK(env, heaps, "no memory"))
		return;
	test_crowd(&f, heaps);
	kfree(heaps);
}
