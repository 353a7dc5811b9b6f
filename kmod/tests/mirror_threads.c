// SPDX-License-Identifier: GPL-2.0
/*
 * Several programs on one heap, each with its own mirror, during continuous
 * collections. So each shadow stays exact in spite of the concurrency.
 *
 * The programs interact in two ways. They use a shared mirror in turns, under its
 * lock. And they pass parcels in a root table: a program that finds one derives the
 * expected contents from its seed, and adds it to its own mirror.
 *
 * Now and then all programs wait for each other, and the heap's statistics are
 * compared with all mirrors together.
 */
#include "mirror.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/wait.h>

#define THREADS		3U
#define PARCELS		16U
/* Operations between two meetings, and in a turn with the shared mirror. */
#define MEET_EVERY	1000U
#define TURN		12U
/* Operations per turn, and per parcel. */
#define TURN_EVERY	16U
#define PARCEL_EVERY	8U
#define ROUNDS_PER_OP	40U
/* Operations of each program on one heap. */
#define HEAP_OPS	3000UL
/* First serial number of parcels, so that they differ from all others. */
#define FIRST_PARCEL	BIT(24)

struct crowd;

/* One program. */
struct fellow {
	struct crowd *crowd;
	struct gch_mirror *md;
	struct gch_mutator *m;
	struct rnd_state rnd;
	unsigned int number;
	struct completion done;
};

/**
 * struct crowd - all programs
 * @h: the heap
 * @ops: operations of each program
 * @shared: the shared mirror, under @lock
 * @post: root table of the parcels
 * @parcel: their seeds; 0 for no parcel
 * @sent: parcels sent
 * @lock: protects @shared, @post and @parcel
 * @waiting: programs waiting in the current meeting
 * @meeting: its number
 * @wait: wait queue of these programs
 * @fellows: the programs
 */
struct crowd {
	struct gch_mirror_heap h;
	unsigned long ops;
	struct gch_mirror *shared;
	struct gch_roots *post;
	u32 parcel[PARCELS];
	u32 sent;
	struct mutex lock;		/* protects @shared, @post and @parcel */
	atomic_t waiting;
	atomic_t meeting;
	wait_queue_head_t wait;
	struct fellow fellows[THREADS];
};

/* ---- the shared mirror ---- */

/* Clears the frame, which belongs to the program. */
static bool leave_shared(struct gch_mirror *md)
{
	u32 i;

	for (i = 0; i < MIRROR_SLOTS; i++)
		if (!gch_mirror_clear(md, i))
			return false;
	return true;
}

static bool take_turn(struct fellow *f)
{
	struct gch_mirror *md = f->crowd->shared;
	unsigned int i;
	bool ok = true;

	gch_mutator_yield(f->m);
	mutex_lock(&f->crowd->lock);
	md->m = f->m;
	for (i = 0; ok && i < TURN; i++)
		ok = gch_mirror_step(md, &f->rnd);
	ok = ok && leave_shared(md);
	mutex_unlock(&f->crowd->lock);
	return ok;
}

/* ---- parcels ---- */

static bool answered(struct gch_mirror *md, int ret)
{
	return !ret || gch_mirror_fail(md, "the post returned %d", ret);
}

/* Once a parcel is in the table, its nodes belong to no mirror. */
static bool send(struct fellow *f, u32 i)
{
	struct gch_mirror *md = f->md;
	u32 id, seed = ++f->crowd->sent * 64;

	if (!gch_mirror_build(md, seed, true))
		return false;
	id = md->slot[WORK_A];
	if (!answered(md, gch_root_set(md->m, f->crowd->post, i,
				       md->base + WORK_A)))
		return false;
	md->slot[WORK_A] = 0;
	gch_mirror_disown(md, id);
	f->crowd->parcel[i] = seed;
	return answered(md, gch_clear(md->m, md->base + WORK_A));
}

/* Builds the expected contents again, only in the shadow. */
static bool receive(struct fellow *f, u32 i)
{
	struct gch_mirror *md = f->md;
	bool ok;

	md->dry = true;
	ok = gch_mirror_build(md, f->crowd->parcel[i], true);
	md->dry = false;
	f->crowd->parcel[i] = 0;
	return ok &&
	       answered(md, gch_root_get(md->m, md->base + WORK_A,
					 f->crowd->post, i)) &&
	       answered(md, gch_root_clear(md->m, f->crowd->post, i)) &&
	       gch_mirror_walk(md, WORK_A) &&
	       gch_mirror_copy(md, f->crowd->sent % MIRROR_PLAIN, WORK_A) &&
	       gch_mirror_root_set(md, f->crowd->sent % md->nr_roots, WORK_A) &&
	       gch_mirror_clear(md, WORK_A);
}

static bool hand_on(struct fellow *f)
{
	u32 i = prandom_u32_state(&f->rnd) % PARCELS;
	bool ok;

	if (!gch_mirror_room(f->md))
		return false;
	gch_mutator_yield(f->m);
	mutex_lock(&f->crowd->lock);
	ok = f->crowd->parcel[i] ? receive(f, i) : send(f, i);
	mutex_unlock(&f->crowd->lock);
	return ok;
}

/* Drops parcels that no program received; their objects are garbage now. */
static void burn_parcels(struct crowd *c, struct fellow *f)
{
	u32 i;

	for (i = 0; i < PARCELS; i++) {
		if (!c->parcel[i])
			continue;
		if (!receive(f, i) || !gch_mirror_room(f->md))
			return;
	}
}

/* ---- meetings ---- */

static void meet(struct fellow *f)
{
	struct crowd *c = f->crowd;
	int meeting = atomic_read(&c->meeting);

	gch_mutator_yield(f->m);
	if (atomic_inc_return(&c->waiting) == THREADS) {
		atomic_set(&c->waiting, 0);
		atomic_inc(&c->meeting);
		wake_up_all(&c->wait);
		return;
	}
	wait_event(c->wait, atomic_read(&c->meeting) != meeting);
}

/* Called while all other programs wait. */
static void count_all(struct fellow *f)
{
	struct crowd *c = f->crowd;
	struct gch_mirror *md = c->shared;
	struct gch_stats stats;
	u64 nodes = 0;
	u32 i;

	md->m = f->m;
	burn_parcels(c, f);
	if (gch_mirror_failed(md) || !gch_mirror_collect(f->md, 2))
		return;
	for (i = 0; i <= THREADS; i++) {
		struct gch_mirror *each = i < THREADS ? c->fellows[i].md : md;

		if (!each)
			return;
		if (!c->h.explicit)
			gch_mirror_release(each);
		nodes += each->nr_nodes;
	}
	gch_heap_stats(c->h.env->heap, &stats);
	if (stats.live_objects != nodes)
		gch_mirror_fail(md, "%llu objects live in all, not %llu",
				stats.live_objects, nodes);
	else
		gch_mirror_check(md);
}

/* ---- a program ---- */

static bool go_on(struct fellow *f)
{
	unsigned int i;

	for (i = 0; i < MEET_EVERY; i++)
		if (gch_mirror_failed(f->md) || !gch_mirror_step(f->md, &f->rnd) ||
		    (i % TURN_EVERY == 0 && !take_turn(f)) ||
		    (i % PARCEL_EVERY == 0 && !hand_on(f)))
			return false;
	return true;
}

/* A failed program still takes part in meetings, so that no other waits for ever. */
static void run_fellow(struct fellow *f)
{
	struct crowd *c = f->crowd;
	unsigned long ops;

	for (ops = 0; ops < c->ops; ops += MEET_EVERY) {
		if (!gch_mirror_failed(f->md))
			go_on(f);
		meet(f);
		if (!f->number && !gch_mirror_failed(f->md))
			count_all(f);
		meet(f);
		if (!gch_mirror_failed(f->md))
			gch_mirror_check(f->md);
	}
}

static int fellow_main(void *arg)
{
	struct fellow *f = arg;

	if (!gch_mirror_failed(f->md))
		gch_mirror_open(f->md, &f->rnd);
	run_fellow(f);
	if (!gch_mirror_failed(f->md))
		gch_mirror_empty(f->md);
	gch_mirror_close(f->md);
	/*
	 * Detach first: the heap must not be in use when the last thread has ended.
	 */
	gch_mutator_detach(f->m);
	kthread_complete_and_exit(&f->done, 0);
}

/* ---- all of them ---- */

static bool assemble(struct crowd *c, struct task_struct **tasks)
{
	struct fellow *f;
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		f = &c->fellows[i];
		f->crowd = c;
		f->number = i;
		init_completion(&f->done);
		gch_mirror_seed(&f->rnd, c->h.seed + i + 1, c->h.number);
		f->md = gch_mirror_new(&c->h, i + 1, 0);
		/* From then on only its thread uses the mutator. */
		f->m = gch_mutator_attach(c->h.env->heap, 2 * MIRROR_FRAME);
		if (IS_ERR(f->m)) {
			f->m = NULL;
			return false;
		}
		f->md->m = f->m;
		tasks[i] = kthread_create(fellow_main, f, "gch_mirror/%u", i);
		if (IS_ERR(tasks[i])) {
			tasks[i] = NULL;
			return false;
		}
	}
	return true;
}

/* Threads that were never woken end without having begun. */
static void dismiss(struct crowd *c, struct task_struct **tasks)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		if (tasks[i])
			kthread_stop(tasks[i]);
		gch_mutator_detach(c->fellows[i].m);
	}
	gch_test_fail(c->h.env, "no mutator or thread");
}

static void run_crowd(struct crowd *c)
{
	struct task_struct *tasks[THREADS] = {}, *collector = NULL;
	unsigned int i;

	if (!assemble(c, tasks)) {
		dismiss(c, tasks);
		return;
	}
	if (!c->h.explicit)
		collector = gch_test_collector_start(c->h.env);
	for (i = 0; i < THREADS; i++)
		wake_up_process(tasks[i]);
	for (i = 0; i < THREADS; i++)
		gch_test_wait(&c->fellows[i].done);
	gch_test_collector_stop(collector);
}

static bool prepare(struct crowd *c, struct rnd_state *rnd)
{
	struct gch_test_env *env = c->h.env;
	struct gch_mutator *m = gch_mutator_attach(env->heap, 2 * MIRROR_FRAME);

	if (!CHECK(env, !IS_ERR(m), "no mutator: %ld", PTR_ERR(m)))
		return false;
	env->m = m;
	c->shared->m = m;
	c->post = gch_roots_create(env->heap, PARCELS);
	if (!CHECK(env, !IS_ERR(c->post), "no post")) {
		c->post = NULL;
		return false;
	}
	return gch_mirror_open(c->shared, rnd);
}

static void run_heap(struct crowd *c)
{
	struct gch_test_env *env = c->h.env;
	struct rnd_state rnd;
	unsigned int i;

	gch_mirror_seed(&rnd, c->h.seed, c->h.number);
	c->shared = gch_mirror_new(&c->h, 0, MIRROR_FRAME);
	if (!gch_mirror_heap_open(&c->h, &rnd))
		goto out;
	if (prepare(c, &rnd)) {
		gch_mutator_yield(env->m);
		run_crowd(c);
	}
	if (env->m) {
		c->shared->m = env->m;
		if (!env->failures)
			gch_mirror_empty(c->shared);
		gch_mirror_close(c->shared);
		gch_roots_destroy(env->m, c->post);
	}
	gch_test_close(env);
out:
	for (i = 0; i < THREADS; i++)
		gch_mirror_free(c->fellows[i].md);
	gch_mirror_free(c->shared);
}

/**
 * gch_test_mirror_threads - concurrent random programs and their shadows
 * @env: the test
 */
void gch_test_mirror_threads(struct gch_test_env *env)
{
	unsigned long ops = env->rounds / ROUNDS_PER_OP / THREADS, done = 0;
	struct crowd *c = kvmalloc(sizeof(*c), GFP_KERNEL | __GFP_NOFAIL);
	unsigned int n;

	for (n = 0; done < ops && !env->failures; n++) {
		memset(c, 0, sizeof(*c));
		c->h.env = env;
		c->h.seed = env->seed;
		c->h.number = n;
		c->ops = min(ops - done, HEAP_OPS);
		c->sent = FIRST_PARCEL;
		mutex_init(&c->lock);
		init_waitqueue_head(&c->wait);
		run_heap(c);
		done += c->ops;
	}
	kvfree(c);
	gch_test_note(env, "seed %u: %lu operations by each of %u threads, on %u heaps",
		      env->seed, done, THREADS, n);
}
