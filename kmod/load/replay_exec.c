// SPDX-License-Identifier: GPL-2.0
/*
 * Executes records
 *
 * An object has an entry in the weak table while the trace knows it, and the entry of
 * the same index in the root table while the program holds it. The slots of the frame
 * are empty between two records, so that no object lives longer than the trace says.
 */
#include "replay.h"

#include <linux/kernel.h>

/* Slots of the frame. */
enum {
	SLOT_OBJECT,
	SLOT_TARGET,
};

static __printf(2, 3)
int malformed(struct gch_load_replay *r, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	gch_load_fail(r->run, -EINVAL, "line %llu: %pV", r->line, &vaf);
	va_end(args);
	return -EINVAL;
}

static struct gch_load_object *find(struct gch_load_replay *r, u32 id)
{
	struct gch_load_object *obj = gch_load_object_find(r, id);

	if (!obj)
		malformed(r, "object %u is unknown, or its death was recorded", id);
	return obj;
}

/* Loads an object into a slot. Returns 1 if it is alive, 0 if the heap freed it. */
static int fetch(struct gch_load_replay *r, struct gch_load_thread *t,
		 struct gch_load_object *obj, unsigned int slot)
{
	int err;

	if (obj->flags & OBJECT_LOST)
		return 0;
	if (obj->flags & OBJECT_ROOTED)
		err = gch_root_get(t->m, slot, r->roots, obj->index);
	else
		err = gch_weak_get(t->m, slot, r->weaks, obj->index);
	if (err)
		return err;
	if (!gch_is_null(t->m, slot))
		return 1;
	return gch_load_check_lost(r, t, obj);
}

static int exec_type(struct gch_load_replay *r, struct gch_load_thread *t,
		     const struct gch_load_record *rec)
{
	if (rec->gc > 1)
		return malformed(r, "gc must be 0 or 1, not %u", rec->gc);
	if (r->nr_types == REPLAY_TYPES_MAX)
		return malformed(r, "too many types: the maximum is %u", REPLAY_TYPES_MAX);
	r->types[r->nr_types++] = rec->gc;
	return 0;
}

static int check_alloc(struct gch_load_replay *r,
		       const struct gch_load_record *rec)
{
	if (!rec->object)
		return malformed(r, "object numbers must ascend");
	if (rec->object > REPLAY_OBJECT_MAX - r->last_id)
		return malformed(r, "object number exceeds %u",
				 REPLAY_OBJECT_MAX);
	if (rec->type >= r->nr_types)
		return malformed(r, "type %u is unknown", rec->type);
	if (rec->slots && !r->types[rec->type])
		return malformed(r, "type %u has no references, but the object has %u slots",
				 rec->type, rec->slots);
	if (rec->size > GCH_OBJECT_MAX)
		return malformed(r, "object has %u bytes, but must have at most %lu", rec->size,
				 (unsigned long)GCH_OBJECT_MAX);
	if (rec->size < REPLAY_HEADER + 8ULL * rec->slots)
		return malformed(r, "%u bytes are too few for %u slots",
				 rec->size, rec->slots);
	return 0;
}

static int exec_alloc(struct gch_load_replay *r, struct gch_load_thread *t,
		      const struct gch_load_record *rec)
{
	struct gch_load_object *obj;
	int err;

	err = check_alloc(r, rec);
	if (err)
		return err;
	r->last_id += rec->object;

	err = gch_alloc_var(t->m, SLOT_OBJECT, r->type[r->types[rec->type]],
			    rec->slots,
			    rec->size - REPLAY_HEADER - 8 * rec->slots);
	if (err)
		return err;
	obj = gch_load_object_new(r, r->last_id, rec->slots);
	if (IS_ERR(obj)) {
		gch_load_drop(t, SLOT_OBJECT);
		return PTR_ERR(obj);
	}
	err = gch_weak_set(t->m, r->weaks, obj->index, SLOT_OBJECT);
	if (err) {
		gch_load_drop(t, SLOT_OBJECT);
		return err;
	}
	err = gch_root_set(t->m, r->roots, obj->index, SLOT_OBJECT);
	if (!err)
		obj->flags |= OBJECT_HELD | OBJECT_ROOTED;
	return err ? : gch_clear(t->m, SLOT_OBJECT);
}

static void skip(struct gch_load_replay *r)
{
	WRITE_ONCE(r->run->skipped, r->run->skipped + 1);
}

/*
 * Stores were sampled, so the trace may name an object, or a target, that the program
 * can no longer reach. A tracing heap may have freed it; then the shadow does not
 * reach it either. A freed target is stored as null in heap and shadow, so the two
 * graphs stay equal, and the shadow still tells which objects the heap must keep. If
 * the object is alive, so are all its targets.
 */
static int exec_store(struct gch_load_replay *r, struct gch_load_thread *t,
		      const struct gch_load_record *rec)
{
	struct gch_load_object *obj, *target = NULL;
	int found, has_target = 0, err = 0;

	obj = find(r, rec->object);
	if (!obj)
		return -EINVAL;
	if (rec->slot >= obj->nr_slots)
		return malformed(r, "slot %u of object %u, which has %u slots",
				 rec->slot, obj->id, obj->nr_slots);
	if (rec->target) {
		target = find(r, rec->target);
		if (!target)
			return -EINVAL;
	}

	found = fetch(r, t, obj, SLOT_OBJECT);
	if (found < 0)
		return found;
	if (target) {
		has_target = fetch(r, t, target, SLOT_TARGET);
		if (has_target < 0)
			return has_target;
	}
	if (!found || (target && !has_target))
		skip(r);
	if (r->check == CHECK_SHADOW)
		gch_load_object_refs(obj)[rec->slot] =
			has_target ? target->id : 0;
	if (found && has_target)
		err = gch_store(t->m, SLOT_OBJECT, rec->slot, SLOT_TARGET);
	else if (found)
		err = gch_store_null(t->m, SLOT_OBJECT, rec->slot);
	return err ? : gch_clear(t->m, SLOT_TARGET) ? :
	       gch_clear(t->m, SLOT_OBJECT);
}

static int exec_hold(struct gch_load_replay *r, struct gch_load_thread *t,
		     const struct gch_load_record *rec)
{
	struct gch_load_object *obj = find(r, rec->object);
	int found, err;

	if (!obj)
		return -EINVAL;
	if (obj->flags & OBJECT_HELD)
		return malformed(r, "object %u is already held", obj->id);

	found = fetch(r, t, obj, SLOT_OBJECT);
	if (found < 0)
		return found;
	obj->flags |= OBJECT_HELD;
	if (!found) {
		skip(r);
		return 0;
	}
	err = gch_root_set(t->m, r->roots, obj->index, SLOT_OBJECT);
	if (err)
		return err;
	obj->flags |= OBJECT_ROOTED;
	return gch_clear(t->m, SLOT_OBJECT);
}

static int exec_drop(struct gch_load_replay *r, struct gch_load_thread *t,
		     const struct gch_load_record *rec)
{
	struct gch_load_object *obj = find(r, rec->object);
	bool rooted;

	if (!obj)
		return -EINVAL;
	if (!(obj->flags & OBJECT_HELD))
		return malformed(r, "object %u is not held", obj->id);
	rooted = obj->flags & OBJECT_ROOTED;
	obj->flags &= ~(OBJECT_HELD | OBJECT_ROOTED);
	return rooted ? gch_root_clear(t->m, r->roots, obj->index) : 0;
}

static int exec_collect(struct gch_load_replay *r, struct gch_load_thread *t,
			const struct gch_load_record *rec)
{
	if (rec->generation > 2)
		return malformed(r, "generation is %u, but must be 0 to 2", rec->generation);
	switch (r->check) {
	case CHECK_COUNTING:
		return gch_load_check_collect(r, t, rec->generation);
	case CHECK_SHADOW:
		return gch_load_check_due(r, t);
	default:
		/* The heap decides when to collect. */
		return 0;
	}
}

static int free_object(struct gch_load_replay *r, struct gch_load_thread *t,
		       struct gch_load_object *obj)
{
	int found = fetch(r, t, obj, SLOT_OBJECT);

	return found > 0 ? gch_free(t->m, SLOT_OBJECT) : found;
}

static int exec_death(struct gch_load_replay *r, struct gch_load_thread *t,
		      const struct gch_load_record *rec)
{
	struct gch_load_object *obj = find(r, rec->object);
	int err = 0;

	if (!obj)
		return -EINVAL;
	obj->line = r->line;
	if (gch_load_frees(r->run))
		err = free_object(r, t, obj);
	gch_load_object_leave(r, obj);
	if (!err && r->check != CHECK_NONE)
		return gch_load_check_dead(r, t, obj);
	gch_load_object_forget(r, t, obj);
	return err;
}

/**
 * gch_load_execute - execute a record
 * @r: the replay
 * @t: the thread whose turn it is
 * @rec: the record
 *
 * Context: may sleep; under gch_load_replay.exec.
 * Return: 0 or an error; -EINVAL if the record makes no sense, after gch_load_fail().
 */
int gch_load_execute(struct gch_load_replay *r, struct gch_load_thread *t,
		     const struct gch_load_record *rec)
{
	int err;

	r->line += rec->line;
	if (r->after_collect && rec->kind >= GCHEAP_LOAD_REC_ALLOC &&
	    rec->kind <= GCHEAP_LOAD_REC_COLLECT) {
		err = gch_load_check_collected(r, t);
		if (err)
			return err;
	}
	switch (rec->kind) {
	case GCHEAP_LOAD_REC_TYPE:
		return exec_type(r, t, rec);
	case GCHEAP_LOAD_REC_ALLOC:
		return exec_alloc(r, t, rec);
	case GCHEAP_LOAD_REC_STORE:
		return exec_store(r, t, rec);
	case GCHEAP_LOAD_REC_HOLD:
		return exec_hold(r, t, rec);
	case GCHEAP_LOAD_REC_DROP:
		return exec_drop(r, t, rec);
	case GCHEAP_LOAD_REC_COLLECT:
		return exec_collect(r, t, rec);
	default:
		return exec_death(r, t, rec);
	}
}
