// SPDX-License-Identifier: GPL-2.0
/*
 * Replay of a recorded trace
 *
 * User space feeds chunks of records. The mutators take turns, one chunk each: the
 * records run in the order of the trace, while objects pass from CPU to CPU.
 *
 * Lock order
 *
 *	gch_load_replay.exec: the trace's state; held by the thread whose turn
 *	                      it is, while it executes a chunk
 *	  gch_load_run.lock
 *	  gch_load_replay.queue_lock: the queue; taken by tasks that feed it
 */
#include "replay.h"

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/overflow.h>
#include <linux/slab.h>

/* ---- the queue ---- */

static struct gch_load_chunk *take_chunk(struct gch_load_replay *r)
{
	struct gch_load_chunk *chunk;

	spin_lock(&r->queue_lock);
	chunk = list_first_entry_or_null(&r->queue, struct gch_load_chunk,
					 node);
	if (chunk) {
		list_del(&chunk->node);
		WRITE_ONCE(r->queued, r->queued - 1);
	}
	spin_unlock(&r->queue_lock);
	return chunk;
}

static void close_queue(struct gch_load_replay *r)
{
	struct gch_load_chunk *chunk;

	spin_lock(&r->queue_lock);
	r->closed = true;
	spin_unlock(&r->queue_lock);
	while ((chunk = take_chunk(r)))
		kvfree(chunk);
}

static int queue_chunk(struct gch_load_replay *r, struct gch_load_chunk *chunk,
		       bool last, struct netlink_ext_ack *extack)
{
	int err = 0;

	spin_lock(&r->queue_lock);
	if (r->closed || READ_ONCE(r->run->stop)) {
		NL_SET_ERR_MSG(extack, "id: the replay has ended");
		err = -ESHUTDOWN;
	} else if (r->last) {
		NL_SET_ERR_MSG(extack, "chunk: the last chunk has been received already");
		err = -EINVAL;
	} else if (r->queued >= REPLAY_QUEUE_MAX) {
		NL_SET_ERR_MSG(extack, "chunk: the queue of 8 chunks is full, try again");
		err = -EAGAIN;
	} else {
		list_add_tail(&chunk->node, &r->queue);
		WRITE_ONCE(r->queued, r->queued + 1);
		WRITE_ONCE(r->last, last);
	}
	spin_unlock(&r->queue_lock);
	return err;
}

/**
 * gch_load_replay_feed - feed a replay its next records
 * @run: the replay's run
 * @data: records
 * @len: their size in bytes, may be 0
 * @last: these are the last records
 * @extack: reports the reason of a refusal
 *
 * Context: may sleep, but does not wait for the replay.
 * Return: 0, -EAGAIN if the queue is full, or another error.
 */
int gch_load_replay_feed(struct gch_load_run *run, const void *data, u32 len,
			 bool last, struct netlink_ext_ack *extack)
{
	struct gch_load_replay *r = run->priv;
	struct gch_load_chunk *chunk;
	int err;

	chunk = kvmalloc(struct_size(chunk, data, len), GCH_LOAD_GFP);
	if (!chunk)
		return -ENOMEM;
	chunk->len = len;
	if (len)
		memcpy(chunk->data, data, len);
	err = queue_chunk(r, chunk, last, extack);
	if (err)
		kvfree(chunk);
	else
		wake_up_all(&run->wait);
	return err;
}

/* ---- beginning and end ---- */

static int register_types(struct gch_load_replay *r)
{
	struct gch_type_desc desc = {
		.name = "replay-plain",
		.flags = GCH_TYPE_VAR | GCH_TYPE_WEAK | GCH_TYPE_UNTRACKED,
	};

	/* Types live as long as their heap: all replays share two. */
	r->type[0] = gch_type_register(r->run->heap, &desc, NULL);
	if (IS_ERR(r->type[0]))
		return PTR_ERR(r->type[0]);
	desc.name = "replay-gc";
	desc.flags = GCH_TYPE_VAR | GCH_TYPE_WEAK;
	r->type[1] = gch_type_register(r->run->heap, &desc, NULL);
	return PTR_ERR_OR_ZERO(r->type[1]);
}

static int create_tables(struct gch_load_replay *r)
{
	struct gch_load_run *run = r->run;

	r->room = 1024;
	r->roots = gch_roots_create(run->heap, r->room);
	if (IS_ERR(r->roots))
		return PTR_ERR(r->roots);
	r->weaks = gch_weaks_create(run->heap, r->room);
	return PTR_ERR_OR_ZERO(r->weaks);
}

/*
 * If deaths are compared, only the trace may collect the heap. The claim keeps other
 * users from it, and this keeps the heap from it.
 */
static int silence_heap(struct gch_load_replay *r)
{
	struct gch_heap *heap = r->run->heap;
	int err;

	if (r->check != CHECK_COUNTING)
		return 0;
	gch_claimed_wait(heap);
	r->threshold0 = gch_heap_tunable(heap, GCH_KEY_THRESHOLD0);
	err = gch_claimed_tune(heap, GCH_KEY_THRESHOLD0, 0);
	r->silenced = !err;
	/* An engine without the setting collects on request only. */
	if (err == -EOPNOTSUPP)
		err = 0;
	r->others = gch_heap_live_objects(heap);
	r->cycles = gch_cycles_started(heap);
	return err;
}

static enum check check_of(const struct gch_load_run *run)
{
	if (!run->args.verify)
		return CHECK_NONE;
	switch (run->reclaim) {
	case GCHEAP_RECLAIM_COUNTING:
		return CHECK_COUNTING;
	case GCHEAP_RECLAIM_EXPLICIT:
		return CHECK_EXPLICIT;
	case GCHEAP_RECLAIM_NEVER:
		return CHECK_NEVER;
	default:
		return CHECK_SHADOW;
	}
}

static int begin(struct gch_load_replay *r)
{
	r->begun = true;
	r->check = check_of(r->run);
	return register_types(r) ? : create_tables(r) ? : silence_heap(r);
}

static void free_rest(struct gch_load_replay *r, struct gch_load_thread *t)
{
	struct gch_load_object *obj;
	u32 place = 0;

	while ((obj = gch_load_object_next(r, &place))) {
		cond_resched();
		/* If this fails, the deletion of the heap frees the object. */
		if (gch_load_frees(r->run) &&
		    !gch_weak_get(t->m, 0, r->weaks, obj->index))
			gch_free(t->m, 0);
		gch_load_object_leave(r, obj);
		gch_load_object_forget(r, t, obj);
	}
	while ((obj = r->condemned)) {
		cond_resched();
		r->condemned = obj->next;
		gch_load_object_forget(r, t, obj);
	}
}

/* Drops all references to the heap, however the replay has ended. */
static void end(struct gch_load_replay *r, struct gch_load_thread *t)
{
	struct gch_heap *heap = r->run->heap;

	lockdep_assert_held(&r->exec);
	WRITE_ONCE(r->ended, true);
	gch_clear(t->m, 0);
	gch_clear(t->m, 1);
	free_rest(r, t);
	if (!IS_ERR_OR_NULL(r->weaks))
		gch_weaks_destroy(t->m, r->weaks);
	if (!IS_ERR_OR_NULL(r->roots))
		gch_roots_destroy(t->m, r->roots);
	if (r->silenced)
		gch_claimed_tune(heap, GCH_KEY_THRESHOLD0, r->threshold0);
	gch_load_unclaim(r->run);
	wake_up_all(&r->run->wait);
}

/* ---- turns ---- */

static int replay_record(struct gch_load_replay *r, struct gch_load_thread *t,
			 const struct gch_load_record *rec)
{
	int err = 0;

	if (!(t->operations & 63)) {
		if (gch_load_break(t))
			return -ECANCELED;
		err = gch_load_check_due(r, t);
	}
	if (!err)
		err = gch_load_execute(r, t, rec);
	WRITE_ONCE(r->run->lines, r->line);
	gch_load_did(t, 1);
	return err;
}

static int replay_chunk(struct gch_load_replay *r, struct gch_load_thread *t,
			const struct gch_load_chunk *chunk)
{
	struct gch_load_cursor cursor = {
		.p = chunk->data,
		.end = chunk->data + chunk->len,
	};
	struct gch_load_record rec;
	const char *what;
	int ret;

	for (;;) {
		ret = gch_load_decode(&cursor, &rec, &what);
		if (ret < 0)
			gch_load_fail(r->run, ret, "line %llu: %s",
				      r->line + rec.line, what);
		if (ret <= 0)
			return ret;
		ret = replay_record(r, t, &rec);
		if (ret)
			return ret;
	}
}

static int take_turn(struct gch_load_replay *r, struct gch_load_thread *t)
{
	u64 start = ktime_get_ns(), checks = r->check_ns;
	struct gch_load_chunk *chunk;
	int err = 0;

	if (!r->begun)
		err = begin(r);
	if (err)
		return err;
	chunk = take_chunk(r);
	if (chunk) {
		err = replay_chunk(r, t, chunk);
		kvfree(chunk);
	} else {
		err = gch_load_check_end(r, t);
		end(r, t);
	}
	/*
	 * At the end of the trace all time goes to checks, a full collection
	 * included.
	 */
	if (chunk)
		WRITE_ONCE(t->work_ns, t->work_ns + ktime_get_ns() - start -
			   (r->check_ns - checks));
	WRITE_ONCE(r->turn, (t->index + 1) % r->run->args.mutators);
	wake_up_all(&r->run->wait);
	return err;
}

static bool has_turn(const struct gch_load_replay *r,
		     const struct gch_load_thread *t)
{
	return READ_ONCE(r->turn) == t->index &&
	       (READ_ONCE(r->queued) || READ_ONCE(r->last));
}

static bool is_over(const struct gch_load_replay *r)
{
	return READ_ONCE(r->run->stop) || READ_ONCE(r->ended);
}

static int replay_thread(struct gch_load_thread *t)
{
	struct gch_load_replay *r = t->run->priv;
	int err = 0;

	while (!err && !is_over(r)) {
		gch_mutator_yield(t->m);
		wait_event_idle(t->run->wait, is_over(r) || has_turn(r, t));
		if (is_over(r))
			break;
		mutex_lock(&r->exec);
		if (!r->ended)
			err = take_turn(r, t);
		mutex_unlock(&r->exec);
	}
	/*
	 * The first thread to leave cleans up. If the trylock fails, the holder also
	 * gets here.
	 */
	if (mutex_trylock(&r->exec)) {
		if (!r->ended)
			end(r, t);
		mutex_unlock(&r->exec);
	}
	return err;
}

static int replay_init(struct gch_load_run *run,
		       struct netlink_ext_ack *extack)
{
	struct gch_load_replay *r;

	r = kvzalloc(sizeof(*r), GCH_LOAD_GFP);
	if (!r)
		return -ENOMEM;
	if (gch_load_objects_init(r)) {
		kvfree(r);
		return -ENOMEM;
	}
	r->run = run;
	spin_lock_init(&r->queue_lock);
	INIT_LIST_HEAD(&r->queue);
	mutex_init(&r->exec);
	run->priv = r;
	return 0;
}

static void replay_finish(struct gch_load_run *run)
{
	struct gch_load_replay *r = run->priv;

	close_queue(r);
	/* This may free a gigabyte, too much for a netlink handler. */
	gch_load_objects_exit(r);
}

static void replay_exit(struct gch_load_run *run)
{
	struct gch_load_replay *r = run->priv;

	if (!r)
		return;
	close_queue(r);
	gch_load_objects_exit(r);
	mutex_destroy(&r->exec);
	kvfree(r);
}

const struct gch_load_workload gch_load_replay = {
	.slots = 2,
	.max_mutators = 8,
	.init = replay_init,
	.thread = replay_thread,
	.finish = replay_finish,
	.exit = replay_exit,
};
