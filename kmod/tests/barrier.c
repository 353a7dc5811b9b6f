// SPDX-License-Identifier: GPL-2.0
/*
 * Moves the only reference to an object while marking never pauses. A marker that
 * misses a move frees an object in use: its words are poisoned, or belong to another
 * object, at the next check.
 *
 * Two threads each have a table of places: slots of the frame, entries of a root
 * table, and words of objects. The objects that hold references are replaced now and
 * then, so that references move from older to younger objects.
 *
 * Each victim holds a heart, which a slot refers to only for a check: it is marked
 * only if its victim is scanned, not by the moves.
 */
#include "tests.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define THREADS		2U
#define VICTIMS		96U
#define HOLDERS		32U
#define REFS		8U

/* Slots used by moves; those above are places. */
enum { HOLDER, OTHER, VICTIM, FIRST_PLACE };

/* Places: slots, then entries of the root table, then words of holders. */
#define SLOT_PLACES	(GCH_FRAME_MAX - FIRST_PLACE)
#define ROOT_PLACES	64U
#define PLACES		(SLOT_PLACES + ROOT_PLACES + HOLDERS * REFS)

/* The root table: the holders, then places. */
#define ROOTS		(HOLDERS + ROOT_PLACES)

/* Moves between two checks of a heart. */
#define LOOK_EVERY	64U

/* Objects that only keep the marker busy. */
#define CROWD		5000U

#define CYCLES		50U
/* Cycles per heap, if there are several heaps. */
#define CYCLES_EACH	10U
#define MOVE_TIME	(60 * HZ)

#define BARRIERS	(GCHEAP_BARRIER_DIJKSTRA + 1U)
#define STOPS		(GCHEAP_STW_ALL + 1U)

/**
 * struct mover - one thread
 * @env: the test
 * @m: its mutator
 * @roots: its root table
 * @holder: type of objects that hold references
 * @victim: type of objects that are moved
 * @heart: type of objects that victims hold
 * @number: number of the thread
 * @cycles: cycles to run for
 * @rnd: its random number generator
 * @at: place of each victim
 * @age: how often each victim was replaced
 * @moves: moves done
 * @taken: places in use
 * @done: it has ended
 */
struct mover {
	struct gch_test_env *env;
	struct gch_mutator *m;
	struct gch_roots *roots;
	struct gch_type *holder;
	struct gch_type *victim;
	struct gch_type *heart;
	unsigned int number;
	unsigned int cycles;
	struct rnd_state rnd;
	u16 at[VICTIMS];
	u32 age[VICTIMS];
	unsigned long moves;
	DECLARE_BITMAP(taken, PLACES);
	struct completion done;
};

static u64 mark_of(const struct mover *v, unsigned int victim)
{
	return (u64)v->number << 56 | (u64)victim << 40 | v->age[victim];
}

/* Slot VICTIM = the reference at a place. */
static int get(struct mover *v, unsigned int at)
{
	if (at < SLOT_PLACES)
		return gch_copy(v->m, VICTIM, FIRST_PLACE + at);
	at -= SLOT_PLACES;
	if (at < ROOT_PLACES)
		return gch_root_get(v->m, VICTIM, v->roots, HOLDERS + at);
	at -= ROOT_PLACES;
	return gch_root_get(v->m, HOLDER, v->roots, at / REFS) ?:
	       gch_load(v->m, VICTIM, HOLDER, at % REFS);
}

/* A place = slot VICTIM. */
static int put(struct mover *v, unsigned int at)
{
	if (at < SLOT_PLACES)
		return gch_copy(v->m, FIRST_PLACE + at, VICTIM);
	at -= SLOT_PLACES;
	if (at < ROOT_PLACES)
		return gch_root_set(v->m, v->roots, HOLDERS + at, VICTIM);
	at -= ROOT_PLACES;
	return gch_root_get(v->m, HOLDER, v->roots, at / REFS) ?:
	       gch_store(v->m, HOLDER, at % REFS, VICTIM);
}

static int clear(struct mover *v, unsigned int at)
{
	if (at < SLOT_PLACES)
		return gch_clear(v->m, FIRST_PLACE + at);
	at -= SLOT_PLACES;
	if (at < ROOT_PLACES)
		return gch_root_clear(v->m, v->roots, HOLDERS + at);
	at -= ROOT_PLACES;
	return gch_root_get(v->m, HOLDER, v->roots, at / REFS) ?:
	       gch_store_null(v->m, HOLDER, at % REFS);
}

/*
 * Three quarters of the victims stay in one kind of place, so that a barrier that
 * works for another kind cannot hide one that fails for this.
 */
static unsigned int free_place(struct mover *v, unsigned int victim)
{
	static const u16 kinds[][2] = {
		{ 0, SLOT_PLACES },
		{ SLOT_PLACES, SLOT_PLACES + ROOT_PLACES },
		{ SLOT_PLACES + ROOT_PLACES, PLACES },
		{ 0, PLACES },
	};
	const u16 *kind = kinds[victim % ARRAY_SIZE(kinds)];
	unsigned int at = prandom_u32_state(&v->rnd) % (kind[1] - kind[0]);

	at = find_next_zero_bit(v->taken, kind[1], kind[0] + at);
	if (at < kind[1])
		return at;
	return find_next_zero_bit(v->taken, kind[1], kind[0]);
}

/* The heart of the victim in slot VICTIM must be intact. */
static bool beats(struct mover *v, unsigned int victim)
{
	return MUST(v->env, gch_load(v->m, OTHER, VICTIM, 0)) &&
	       CHECK(v->env, gch_test_payload_is(v->m, OTHER, 0,
						 ~mark_of(v, victim)),
		     "thread %u: the heart of victim %u is lost", v->number,
		     victim) &&
	       MUST(v->env, gch_clear(v->m, OTHER));
}

/* Clears the old place before it writes the new one. */
static bool move(struct mover *v, unsigned int victim)
{
	unsigned int from = v->at[victim], to = free_place(v, victim);

	if (!MUST(v->env, get(v, from)) || !MUST(v->env, clear(v, from)))
		return false;
	if (!CHECK(v->env, gch_test_payload_is(v->m, VICTIM, 1,
					       mark_of(v, victim)),
		   "thread %u: victim %u is not what it was at place %u",
		   v->number, victim, from))
		return false;
	if (v->moves % LOOK_EVERY == 0 && !beats(v, victim))
		return false;
	if (!MUST(v->env, put(v, to)))
		return false;
	__clear_bit(from, v->taken);
	__set_bit(to, v->taken);
	v->at[victim] = to;
	return MUST(v->env, gch_clear(v->m, VICTIM)) &&
	       MUST(v->env, gch_clear(v->m, HOLDER));
}

/* Replaces a victim by a new object; the old one becomes garbage. */
static bool renew(struct mover *v, unsigned int victim)
{
	if (!MUST(v->env, gch_alloc(v->m, VICTIM, v->victim)) ||
	    !MUST(v->env, gch_alloc(v->m, OTHER, v->heart)))
		return false;
	v->age[victim]++;
	gch_test_payload_set(v->m, VICTIM, 1, mark_of(v, victim));
	gch_test_payload_set(v->m, OTHER, 0, ~mark_of(v, victim));
	return MUST(v->env, gch_store(v->m, VICTIM, 0, OTHER)) &&
	       MUST(v->env, gch_clear(v->m, OTHER)) &&
	       MUST(v->env, put(v, v->at[victim])) &&
	       MUST(v->env, gch_clear(v->m, VICTIM)) &&
	       MUST(v->env, gch_clear(v->m, HOLDER));
}

/* A new holder takes over the references of an old one, word by word. */
static bool succeed(struct mover *v, unsigned int holder)
{
	unsigned int i;

	if (!MUST(v->env, gch_alloc(v->m, OTHER, v->holder)) ||
	    !MUST(v->env, gch_root_get(v->m, HOLDER, v->roots, holder)))
		return false;
	for (i = 0; i < REFS; i++)
		if (!MUST(v->env, gch_load(v->m, VICTIM, HOLDER, i)) ||
		    !MUST(v->env, gch_store_null(v->m, HOLDER, i)) ||
		    !MUST(v->env, gch_store(v->m, OTHER, i, VICTIM)))
			return false;
	return MUST(v->env, gch_root_set(v->m, v->roots, holder, OTHER)) &&
	       MUST(v->env, gch_clear(v->m, OTHER)) &&
	       MUST(v->env, gch_clear(v->m, HOLDER)) &&
	       MUST(v->env, gch_clear(v->m, VICTIM));
}

static bool start(struct mover *v)
{
	unsigned int i;

	for (i = 0; i < HOLDERS; i++)
		if (!MUST(v->env, gch_alloc(v->m, HOLDER, v->holder)) ||
		    !MUST(v->env, gch_root_set(v->m, v->roots, i, HOLDER)))
			return false;
	for (i = 0; i < VICTIMS; i++) {
		v->at[i] = free_place(v, i);
		__set_bit(v->at[i], v->taken);
		if (!renew(v, i))
			return false;
	}
	return true;
}

/* Continues until the moves and cycles asked for are done, within a time limit. */
static bool go_on(const struct mover *v, unsigned long until)
{
	if (v->moves < v->env->rounds / THREADS)
		return true;
	return gch_cycles_ended(v->env->heap) < v->cycles &&
	       time_before(jiffies, until);
}

static void move_all(struct mover *v)
{
	unsigned long until = jiffies + MOVE_TIME;
	unsigned long i;

	if (!start(v))
		return;
	while (go_on(v, until)) {
		unsigned int victim = prandom_u32_state(&v->rnd) % VICTIMS;

		i = v->moves++;
		if (!move(v, victim) ||
		    (i % 128 == 0 && !renew(v, victim)) ||
		    (i % 512 == 0 && !succeed(v, victim % HOLDERS)))
			return;
		cond_resched();
	}
}

static int mover_main(void *arg)
{
	struct mover *v = arg;
	struct gch_test_env *env = v->env;

	v->m = gch_mutator_attach(env->heap, GCH_FRAME_MAX);
	v->roots = gch_roots_create(env->heap, ROOTS);
	if (IS_ERR(v->m) || IS_ERR(v->roots))
		gch_test_fail(env, "thread %u has no mutator or table",
			      v->number);
	else
		move_all(v);
	if (!IS_ERR(v->m)) {
		if (!IS_ERR(v->roots))
			gch_roots_destroy(v->m, v->roots);
		gch_mutator_detach(v->m);
	}
	kthread_complete_and_exit(&v->done, 0);
}

/* A long list keeps the marker busy most of the time. */
static bool gather_crowd(struct gch_test_env *env, struct gch_type *type)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		if (!MUST(env, gch_alloc(env->m, 1, type)) ||
		    !MUST(env, gch_store(env->m, 1, i % REFS, 0)) ||
		    !MUST(env, gch_copy(env->m, 0, 1)))
			return false;
	return MUST(env, gch_clear(env->m, 1));
}

static void run_movers(struct mover *movers)
{
	struct task_struct *task;
	unsigned int i, n;

	for (n = 0; n < THREADS; n++) {
		task = kthread_run(mover_main, &movers[n], "gch_test_move/%u",
				   n);
		if (IS_ERR(task)) {
			gch_test_fail(movers[n].env, "no thread: %ld",
				      PTR_ERR(task));
			break;
		}
	}
	for (i = 0; i < n; i++)
		gch_test_wait(&movers[i].done);
}

static void check_moves(struct gch_test_env *env, const struct mover *movers)
{
	struct gch_stats stats;
	unsigned long moves = 0;
	unsigned int i;

	gch_heap_stats(env->heap, &stats);
	for (i = 0; i < THREADS; i++)
		moves += movers[i].moves;
	gch_test_note(env, "%lu moves, %llu collections", moves, stats.cycles);
	CHECK(env, stats.cycles >= 10, "too few collections to say anything");
	CHECK(env, env->engine != GCHEAP_ENGINE_GO || stats.barriers ||
	      gch_heap_tunable(env->heap, GCH_KEY_STW) == GCHEAP_STW_ALL,
	      "no store has ever run a barrier");
}

/* Runs on the test's heap, with cycles all the time. */
static void move_behind(struct gch_test_env *env, unsigned int cycles)
{
	struct gch_type *holder, *victim, *heart;
	struct task_struct *collector;
	struct mover *movers;
	unsigned int i;

	holder = gch_test_type(env, "holder", (REFS + 2) * 8, REFS, 0);
	victim = gch_test_type(env, "victim", (1 + 2) * 8, 1, 0);
	heart = gch_test_type(env, "heart", 2 * 8, 0, 0);
	movers = kcalloc(THREADS, sizeof(*movers), GFP_KERNEL);
	if (!holder || !victim || !heart || !movers || !gather_crowd(env, holder))
		goto out;
	for (i = 0; i < THREADS; i++) {
		movers[i].env = env;
		movers[i].holder = holder;
		movers[i].victim = victim;
		movers[i].heart = heart;
		movers[i].number = i;
		movers[i].cycles = cycles;
		prandom_seed_state(&movers[i].rnd, 42 + i);
		init_completion(&movers[i].done);
	}
	collector = gch_test_collector_start(env);
	if (collector)
		run_movers(movers);
	gch_test_collector_stop(collector);
	check_moves(env, movers);
out:
	kfree(movers);
	MUST(env, gch_clear(env->m, 0));
}

/**
 * gch_test_barrier - moves with cycles all the time
 * @env: the test
 */
void gch_test_barrier(struct gch_test_env *env)
{
	if (gch_test_open(env, NULL))
		move_behind(env, CYCLES);
}

static void move_with(struct gch_test_env *env, enum gch_key key, u64 value)
{
	struct gch_config cfg = { .set = BIT(key) };

	cfg.val[key] = value;
	if (gch_test_open(env, &cfg))
		move_behind(env, CYCLES_EACH);
	gch_test_close(env);
}

/* Settings may change at any time; a cycle keeps those it began with. */
static int change_on_and_on(void *arg)
{
	struct gch_test_env *env = arg;
	unsigned int i;

	for (i = 0; !kthread_should_stop(); i++) {
		MUST(env, gch_heap_tune(env->heap, GCH_KEY_BARRIER,
					i % BARRIERS, NULL));
		MUST(env, gch_heap_tune(env->heap, GCH_KEY_STW,
					i / BARRIERS % STOPS, NULL));
		MUST(env, gch_heap_tune(env->heap, GCH_KEY_GC_PERCENT_CPU,
					10 + i % 90, NULL));
		usleep_range(50, 100);
	}
	return 0;
}

static void move_while_changing(struct gch_test_env *env)
{
	struct task_struct *task;

	if (!gch_test_open(env, NULL))
		return;
	task = kthread_run(change_on_and_on, env, "gch_test_change");
	if (IS_ERR(task)) {
		gch_test_fail(env, "no thread: %ld", PTR_ERR(task));
		return;
	}
	move_behind(env, CYCLES_EACH);
	kthread_stop(task);
	gch_test_close(env);
}

/**
 * gch_test_barriers - the same with other barriers, stops and CPU goals
 * @env: the test
 */
void gch_test_barriers(struct gch_test_env *env)
{
	unsigned long rounds = env->rounds;
	u64 value;

	env->rounds = rounds / (BARRIERS + STOPS + 1);
	for (value = 0; value < BARRIERS; value++)
		move_with(env, GCH_KEY_BARRIER, value);
	for (value = GCHEAP_STW_ON; value < STOPS; value++)
		move_with(env, GCH_KEY_STW, value);
	/* A low CPU goal makes workers hand over their work again and again. */
	move_with(env, GCH_KEY_GC_PERCENT_CPU, 10);
	move_while_changing(env);
	env->rounds = rounds;
}
