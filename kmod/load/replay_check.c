// SPDX-License-Identifier: GPL-2.0
/*
 * Deaths compared with the heap
 *
 * What can be asked of a heap depends on its engine.
 *
 * Counting: a trace's death records are what CPython did, so they are compared
 * one by one. At its record an object is dead; before each collection, after
 * its records and at the end, all others are alive. Nobody else uses the heap,
 * so all are alive where it has as many objects as it should: only where it has
 * not are they looked up one by one, and at the end. That would otherwise take
 * time in the square of the collections.
 *
 * A heap without memory collects by itself, and what it frees then is no
 * mismatch: once that has happened, nothing more is said about deaths.
 *
 * Tracing: an object may stay until a collection finds it, and it may go as
 * soon as the program cannot reach it, which is before its record if it was
 * part of a cycle. So a shadow of the graph is kept: of each object that the
 * trace has not declared dead, what its slots refer to. After collections
 * the shadow is marked from the roots: what is reached there must be alive in
 * the heap. What the trace declares dead is condemned: it must have died by the
 * end. A record that names an object which the heap has freed is skipped, if
 * the shadow cannot reach that object either. At the end, after a full
 * collection, exactly what the shadow reaches is alive.
 *
 * A reference to an object that the trace has declared dead counts as none: the
 * dead held it, or it was overwritten between two samples. Numbers are never
 * used twice.
 *
 * Explicit: the replay frees at each record, nothing else may die.
 */
#include "replay.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>

/*
 * How long the shadow is left alone at least, so that checks do not take all time;
 * for as long as the last one took, so that they take half of it at most.
 */
#define SHADOW_INTERVAL	msecs_to_jiffies(5)

static bool has_collected_itself(const struct gch_load_replay *r)
{
	return r->check == CHECK_COUNTING &&
	       gch_cycles_started(r->run->heap) != r->cycles;
}

static int report(struct gch_load_replay *r,
		  enum gcheap_load_mismatch_kind kind, u64 line, u32 object)
{
	if (!has_collected_itself(r)) {
		gch_load_mismatch(r->run, kind, line, object);
		return 0;
	}
	gch_load_fail(r->run, -ENOMEM,
		      "line %llu: the heap had to collect for want of memory: deaths cannot be compared any more",
		      r->line);
	return -ENOMEM;
}

static void found_dead(struct gch_load_replay *r, struct gch_load_object *obj)
{
	obj->flags |= OBJECT_LOST;
	r->nr_alive--;
}

static int lose(struct gch_load_replay *r, struct gch_load_object *obj,
		enum gcheap_load_mismatch_kind kind)
{
	found_dead(r, obj);
	return report(r, kind, r->line, obj->id);
}

static int alive(struct gch_load_replay *r, struct gch_load_thread *t,
		 const struct gch_load_object *obj)
{
	WRITE_ONCE(r->run->checks, r->run->checks + 1);
	return gch_weak_alive(t->m, r->weaks, obj->index);
}

static int walk(struct gch_load_replay *r, struct gch_load_thread *t,
		enum gcheap_load_mismatch_kind kind)
{
	struct gch_load_object *obj;
	u32 place = 0;
	int ret;

	while ((obj = gch_load_object_next(r, &place))) {
		cond_resched();
		if (READ_ONCE(r->run->stop))
			return -ECANCELED;
		if (obj->flags & OBJECT_LOST)
			continue;
		ret = alive(r, t, obj);
		if (!ret)
			ret = lose(r, obj, kind);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/**
 * gch_load_check_alive - all objects without a death record must be alive
 * @r: the replay, which counts deaths
 * @t: the thread whose turn it is
 * @kind: what a dead one is reported as
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error.
 */
int gch_load_check_alive(struct gch_load_replay *r, struct gch_load_thread *t,
			 enum gcheap_load_mismatch_kind kind)
{
	u64 start = ktime_get_ns(), live = gch_heap_live_objects(r->run->heap);
	int err = 0;

	if (live != r->nr_alive + r->others) {
		err = walk(r, t, kind);
		/* Garbage from before, or what died too late. */
		r->others = gch_heap_live_objects(r->run->heap) - r->nr_alive;
	}
	r->check_ns += ktime_get_ns() - start;
	return err;
}

/**
 * gch_load_check_collect - collects as the recorded program did
 * @r: the replay
 * @t: the thread whose turn it is
 * @generation: oldest generation to collect
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error.
 */
int gch_load_check_collect(struct gch_load_replay *r,
			   struct gch_load_thread *t, unsigned int generation)
{
	int err;

	err = gch_load_check_alive(r, t, GCHEAP_LOAD_MISMATCH_KIND_EARLY);
	if (err)
		return err;
	r->cycles++;
	err = gch_claimed_collect(r->run->heap, generation);
	r->after_collect = !err;
	return err;
}

/**
 * gch_load_check_collected - a collection's deaths have all been named
 * @r: the replay
 * @t: the thread whose turn it is
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error.
 */
int gch_load_check_collected(struct gch_load_replay *r,
			     struct gch_load_thread *t)
{
	r->after_collect = false;
	return gch_load_check_alive(r, t, GCHEAP_LOAD_MISMATCH_KIND_EXTRA);
}

static struct gch_load_object *push(struct gch_load_replay *r,
				    struct gch_load_object *stack,
				    struct gch_load_object *obj)
{
	if (obj->epoch == r->epoch || obj->flags & OBJECT_LOST)
		return stack;
	obj->epoch = r->epoch;
	obj->next = stack;
	return obj;
}

/* Slots of an object that are looked at in a row. */
#define SLOTS_AT_ONCE	1024

/* Pushes what an object refers to; an object may have half a million slots. */
static int push_targets(struct gch_load_replay *r, struct gch_load_object **stack,
			struct gch_load_object *obj)
{
	struct gch_load_object *target;
	u32 i, *refs = gch_load_object_refs(obj);

	for (i = 0; i < obj->nr_slots; i++) {
		if (i % SLOTS_AT_ONCE == SLOTS_AT_ONCE - 1) {
			cond_resched();
			if (READ_ONCE(r->run->stop))
				return -ECANCELED;
		}
		target = refs[i] ? gch_load_object_find(r, refs[i]) : NULL;
		if (target)
			*stack = push(r, *stack, target);
	}
	return 0;
}

/* Marks what the shadow reaches: its objects have the present epoch. */
static int mark_shadow(struct gch_load_replay *r)
{
	struct gch_load_object *obj, *stack = NULL;
	u32 place = 0;
	int err;

	r->epoch++;
	while ((obj = gch_load_object_next(r, &place))) {
		cond_resched();
		if (obj->flags & OBJECT_HELD)
			stack = push(r, stack, obj);
	}
	while (stack) {
		cond_resched();
		if (READ_ONCE(r->run->stop))
			return -ECANCELED;
		obj = stack;
		stack = obj->next;
		err = push_targets(r, &stack, obj);
		if (err)
			return err;
	}
	return 0;
}

static int compare_shadow(struct gch_load_replay *r, struct gch_load_thread *t)
{
	struct gch_load_object *obj;
	u32 place = 0;
	int ret;

	while ((obj = gch_load_object_next(r, &place))) {
		cond_resched();
		if (READ_ONCE(r->run->stop))
			return -ECANCELED;
		if (obj->flags & OBJECT_LOST)
			continue;
		ret = alive(r, t, obj);
		if (ret < 0)
			return ret;
		if (ret)
			continue;
		if (obj->epoch == r->epoch)
			lose(r, obj, GCHEAP_LOAD_MISMATCH_KIND_EARLY);
		else
			found_dead(r, obj);
	}
	return 0;
}

/* Forgets the condemned that have died. */
static int release_condemned(struct gch_load_replay *r,
			     struct gch_load_thread *t)
{
	struct gch_load_object **place = &r->condemned, *obj;
	int ret;

	while ((obj = *place)) {
		cond_resched();
		if (READ_ONCE(r->run->stop))
			return -ECANCELED;
		ret = alive(r, t, obj);
		if (ret < 0)
			return ret;
		if (ret) {
			place = &obj->next;
			continue;
		}
		*place = obj->next;
		gch_load_object_forget(r, t, obj);
	}
	return 0;
}

/**
 * gch_load_check_shadow - what the shadow reaches must be alive
 * @r: the replay
 * @t: the thread whose turn it is
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error.
 */
int gch_load_check_shadow(struct gch_load_replay *r, struct gch_load_thread *t)
{
	u64 start = ktime_get_ns(), took;
	int err;

	r->cycles = gch_cycles_ended(r->run->heap);
	err = mark_shadow(r) ? : compare_shadow(r, t) ? :
	      release_condemned(r, t);
	took = ktime_get_ns() - start;
	r->next_check = jiffies + max(SHADOW_INTERVAL, nsecs_to_jiffies(took));
	r->check_ns += took;
	return err;
}

/**
 * gch_load_check_due - compare with the shadow if a collection has ended
 * @r: the replay
 * @t: the thread whose turn it is
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error.
 */
int gch_load_check_due(struct gch_load_replay *r, struct gch_load_thread *t)
{
	if (r->check != CHECK_SHADOW ||
	    gch_cycles_ended(r->run->heap) == r->cycles ||
	    time_before(jiffies, r->next_check))
		return 0;
	return gch_load_check_shadow(r, t);
}

/**
 * gch_load_check_lost - a record names an object that the heap has freed
 * @r: the replay
 * @t: the thread whose turn it is
 * @obj: the object
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error.
 */
int gch_load_check_lost(struct gch_load_replay *r, struct gch_load_thread *t,
			struct gch_load_object *obj)
{
	switch (r->check) {
	case CHECK_NONE:
		found_dead(r, obj);
		return 0;
	case CHECK_SHADOW:
		/* Finds all that have gone, so it does not run for each. */
		return gch_load_check_shadow(r, t);
	default:
		return lose(r, obj, GCHEAP_LOAD_MISMATCH_KIND_EARLY);
	}
}

static int condemn(struct gch_load_replay *r, struct gch_load_thread *t,
		   struct gch_load_object *obj)
{
	int err = 0;

	if (obj->flags & OBJECT_ROOTED)
		err = gch_root_clear(t->m, r->roots, obj->index);
	obj->flags &= ~(OBJECT_HELD | OBJECT_ROOTED);
	obj->next = r->condemned;
	r->condemned = obj;
	return err;
}

/**
 * gch_load_check_dead - the trace declares an object dead
 * @r: the replay
 * @t: the thread whose turn it is
 * @obj: the object; no longer known by its number
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error.
 */
int gch_load_check_dead(struct gch_load_replay *r, struct gch_load_thread *t,
			struct gch_load_object *obj)
{
	int ret = 0;

	if (!(obj->flags & OBJECT_LOST)) {
		if (r->check == CHECK_SHADOW)
			return condemn(r, t, obj);
		ret = alive(r, t, obj);
		if (ret > 0) {
			r->others++;
			ret = report(r, GCHEAP_LOAD_MISMATCH_KIND_LATE, r->line,
				     obj->id);
		}
	}
	gch_load_object_forget(r, t, obj);
	return min(ret, 0);
}

/* After a full collection only what the shadow reaches is alive. */
static int end_shadow(struct gch_load_replay *r, struct gch_load_thread *t)
{
	struct gch_load_object *obj;
	u32 place = 0;
	int err;

	err = gch_collect(r->run->heap, 2) ? : gch_load_check_shadow(r, t);
	if (err)
		return err;
	for (obj = r->condemned; obj; obj = obj->next) {
		gch_load_mismatch(r->run, GCHEAP_LOAD_MISMATCH_KIND_LATE,
				  obj->line, obj->id);
		cond_resched();
	}
	while ((obj = gch_load_object_next(r, &place))) {
		if (obj->epoch != r->epoch && !(obj->flags & OBJECT_LOST))
			gch_load_mismatch(r->run,
					  GCHEAP_LOAD_MISMATCH_KIND_LIVE,
					  r->line, obj->id);
		cond_resched();
	}
	return 0;
}

static int count_live(struct gch_load_replay *r, struct gch_load_thread *t)
{
	u64 expected = 0, found = 0;
	struct gch_load_object *obj;
	u32 place = 0;
	int ret;

	while ((obj = gch_load_object_next(r, &place))) {
		cond_resched();
		if (READ_ONCE(r->run->stop))
			return -ECANCELED;
		expected += r->check != CHECK_SHADOW || obj->epoch == r->epoch;
		ret = alive(r, t, obj);
		if (ret < 0)
			return ret;
		found += ret;
	}
	for (obj = r->condemned; obj; obj = obj->next) {
		found++;
		cond_resched();
	}
	mutex_lock(&r->run->lock);
	r->run->live_expected = expected;
	r->run->live_found = found;
	r->run->counted = true;
	mutex_unlock(&r->run->lock);
	return 0;
}

/**
 * gch_load_check_end - the trace has come to its end
 * @r: the replay
 * @t: the thread whose turn it is
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error.
 */
int gch_load_check_end(struct gch_load_replay *r, struct gch_load_thread *t)
{
	int err = 0;

	if (r->after_collect)
		err = gch_load_check_collected(r, t);
	if (!err && r->check == CHECK_SHADOW)
		err = end_shadow(r, t);
	else if (!err && r->check != CHECK_NONE)
		err = walk(r, t, GCHEAP_LOAD_MISMATCH_KIND_EARLY);
	return err ? : count_live(r, t);
}
