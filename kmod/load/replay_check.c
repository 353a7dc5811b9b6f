// SPDX-License-Identifier: GPL-2.0
/*
 * Compares the deaths of a trace with the heap
 *
 * What can be checked depends on the heap's engine.
 *
 * Counting: the death records show what CPython did, so they are compared one by one.
 * At its record an object is dead; before each collection, after its records and at
 * the end, all others are alive. No other user touches the heap, so all are alive if
 * it has as many objects as expected. Only otherwise, and at the end, are they looked
 * up one by one, which would take quadratic time if each collection did it.
 *
 * A heap without memory collects by itself, and these deaths are no mismatches: after
 * such a collection the replay fails and reports no more deaths.
 *
 * Tracing: an object may stay until a collection finds it dead, and it may die as
 * soon as the program cannot reach it, which is before its record if it was part of a
 * cycle. So the replay keeps a shadow graph: the targets of the slots of each object
 * without a death record. After collections the shadow is marked from the roots: a
 * marked object must be alive in the heap. An object with a death record is
 * condemned: it must have died by the end. A record that names an object which the
 * heap has freed is skipped, if the shadow cannot reach that object either. At the
 * end, after a full collection, exactly the marked objects are alive.
 *
 * A reference to an object with a death record counts as null: either a dead object
 * held it, or it was overwritten between two samples. Numbers are never used twice.
 *
 * Explicit: the replay frees an object at its death record; no other may die.
 *
 * Never: every object is alive, also at its death record and after it. Deaths are not
 * compared.
 */
#include "replay.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>

/*
 * Shortest interval between two comparisons with the shadow. It is at least as long
 * as the last one took, so comparisons take half of the time at most.
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
		      "line %llu: the heap collected because it ran out of memory: deaths cannot be compared",
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
 * gch_load_check_alive - checks that all objects without a death record are alive
 * @r: the replay, which counts deaths
 * @t: the thread whose turn it is
 * @kind: kind of mismatch to report
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
		/* Garbage from before the replay, or objects that died too late. */
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
 * gch_load_check_collected - checks the deaths of a collection after its records
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

/* Slots between two calls of cond_resched(). */
#define SLOTS_AT_ONCE	1024

/* Pushes the targets of an object; it may have half a million slots. */
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

/* Marks the shadow: reached objects get the current epoch. */
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

/* Releases condemned objects that have died. */
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
 * gch_load_check_shadow - checks that all objects reachable in the shadow are alive
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
 * gch_load_check_due - compares with the shadow if a collection has ended
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
 * gch_load_check_lost - handles a record that names a freed object
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
		/* Finds all dead objects at once, so it does not run for each. */
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
 * gch_load_check_dead - handles a death record
 * @r: the replay
 * @t: the thread whose turn it is
 * @obj: the object; it can no longer be found by its number
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
		if (!ret && r->check == CHECK_NEVER)
			ret = lose(r, obj, GCHEAP_LOAD_MISMATCH_KIND_EARLY);
		if (ret > 0 && r->check != CHECK_NEVER) {
			r->others++;
			ret = report(r, GCHEAP_LOAD_MISMATCH_KIND_LATE, r->line,
				     obj->id);
		}
	}
	gch_load_object_forget(r, t, obj);
	return min(ret, 0);
}

/* After a full collection, only objects reachable in the shadow are alive. */
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
 * gch_load_check_end - runs the checks at the end of the trace
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
