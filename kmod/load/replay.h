/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replay of a recorded trace: what its files share
 */
#ifndef _GCHEAP_LOAD_REPLAY_H
#define _GCHEAP_LOAD_REPLAY_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "load.h"

/* Chunks that wait to be replayed. */
#define REPLAY_QUEUE_MAX	8
/* Types that a trace may declare. */
#define REPLAY_TYPES_MAX	4096
/* Longest name of one. */
#define REPLAY_TYPE_NAME_MAX	255
/* Highest number of an object: a reader need not expect U32_MAX. */
#define REPLAY_OBJECT_MAX	(U32_MAX - 1)
/* Header of an object as recorded, bytes. */
#define REPLAY_HEADER		16

/* ---- records (replay_decode.c) ---- */

/**
 * struct gch_load_cursor - a place in a chunk
 * @p: next byte
 * @end: end of the chunk
 */
struct gch_load_cursor {
	const u8 *p;
	const u8 *end;
};

/**
 * struct gch_load_record - one record
 * @kind: which; says what of the rest is set
 * @line: lines since the record before
 * @object: number of an object; in an allocation less the last one
 * @type: number of its type
 * @size: its bytes
 * @slots: its reference slots
 * @slot: number of one
 * @target: object to be stored, 0 for none
 * @generation: to collect
 * @gc: objects of the type can hold references
 */
struct gch_load_record {
	enum gcheap_load_rec kind;
	u32 line;
	u32 object;
	u32 type;
	u32 size;
	u32 slots;
	u32 slot;
	u32 target;
	u32 generation;
	u32 gc;
};

int gch_load_decode(struct gch_load_cursor *cursor,
		    struct gch_load_record *rec, const char **what);

/* ---- objects ---- */

/**
 * enum object_flags - what is known of an object
 * @OBJECT_KNOWN: can be found by its number
 * @OBJECT_HELD: the program holds it: it is a root
 * @OBJECT_ROOTED: its root entry names it
 * @OBJECT_LOST: found dead; reported, if that was wrong
 */
enum object_flags {
	OBJECT_KNOWN	= BIT(0),
	OBJECT_HELD	= BIT(1),
	OBJECT_ROOTED	= BIT(2),
	OBJECT_LOST	= BIT(3),
};

/* Slots whose shadow is kept in the object itself: 97 % have no more. */
#define OBJECT_INLINE_REFS	4

/**
 * struct gch_load_object - an object of the trace that has not died there
 * @next: on the stack of a mark, in the list of the condemned or of the unused
 * @same: in its bucket
 * @line: of its death record
 * @id: its number
 * @index: its entry in both tables
 * @nr_slots: its reference slots
 * @epoch: last mark that reached it
 * @flags: &enum object_flags
 * @few_refs: numbers of its targets, if the replay keeps a shadow graph
 * @refs: likewise, if there are more slots
 */
struct gch_load_object {
	struct gch_load_object *next;
	struct gch_load_object *same;
	u64 line;
	u32 id;
	u32 index;
	u32 nr_slots;
	u32 epoch;
	u8 flags;
	union {
		u32 few_refs[OBJECT_INLINE_REFS];
		u32 *refs;
	};
};

/**
 * enum check - how death records are compared with the heap
 * @CHECK_NONE: not at all
 * @CHECK_COUNTING: each death at its record
 * @CHECK_SHADOW: nothing reachable ever dies, everything else has at the end
 * @CHECK_EXPLICIT: nothing dies but by what the replay frees
 */
enum check {
	CHECK_NONE,
	CHECK_COUNTING,
	CHECK_SHADOW,
	CHECK_EXPLICIT,
};

/**
 * struct gch_load_chunk - records on their way to the replay
 * @node: in the queue
 * @len: bytes
 * @data: the records
 */
struct gch_load_chunk {
	struct list_head node;
	u32 len;
	u8 data[];
};

/**
 * struct gch_load_replay - a replay
 * @run: its run
 * @queue_lock: protects the queue and the three that follow it
 * @queue: chunks
 * @queued: their number
 * @last: no more will come
 * @closed: nor would they be replayed
 * @exec: held by the thread whose turn it is; protects all that follows
 * @turn: thread that replays the next chunk; written under @exec
 * @begun: tables exist
 * @ended: nothing is left to do
 * @check: how deaths are compared
 * @type: of objects that cannot hold references, and of those that can
 * @roots: an entry for every object, set while the program holds it
 * @weaks: likewise, naming it always
 * @room: entries of both tables
 * @chunks: memory of the objects
 * @nr_places: objects that there is memory for
 * @unused: those that are free
 * @buckets: the others, but the condemned, by number
 * @nr_buckets: a power of two
 * @hash_key: random, for the upper bits of a number
 * @condemned: dead by the trace, not found dead yet
 * @types: 1 more than gc, by type number
 * @nr_types: declared
 * @last_id: number of the last object allocated
 * @line: of the record at hand
 * @epoch: marks done
 * @after_collect: what the last collection freed has not been looked at
 * @cycles: ended when the shadow was last compared; where deaths are counted, those
 *	begun that the replay knows of
 * @nr_alive: objects that can be found and have not been found dead
 * @others: other objects of the heap
 * @own_bytes: memory of the objects, the chunks and the buckets
 * @next_check: jiffies before which it is not compared again
 * @check_ns: spent on checks
 * @silenced: the heap does not collect by itself
 * @threshold0: of the heap before the replay
 */
struct gch_load_replay {
	struct gch_load_run *run;
	spinlock_t queue_lock; /* the queue */
	struct list_head queue;
	unsigned int queued;
	bool last;
	bool closed;

	struct mutex exec; /* whose turn it is */
	unsigned int turn;
	bool begun;
	bool ended;
	enum check check;
	struct gch_type *type[2];
	struct gch_roots *roots;
	struct gch_weaks *weaks;
	u32 room;
	struct gch_load_object **chunks;
	u32 nr_places;
	struct gch_load_object *unused;
	struct gch_load_object **buckets;
	u32 nr_buckets;
	u32 hash_key;
	struct gch_load_object *condemned;
	u8 types[REPLAY_TYPES_MAX];
	u32 nr_types;
	u32 last_id;
	u64 line;
	u32 epoch;
	bool after_collect;
	u64 cycles;
	u64 nr_alive;
	u64 others;
	u64 own_bytes;
	unsigned long next_check;
	u64 check_ns;
	bool silenced;
	u64 threshold0;
};

/* replay_object.c */
int gch_load_objects_init(struct gch_load_replay *r);
void gch_load_objects_exit(struct gch_load_replay *r);
struct gch_load_object *gch_load_object_new(struct gch_load_replay *r, u32 id,
					    u32 nr_slots);
struct gch_load_object *gch_load_object_find(const struct gch_load_replay *r,
					     u32 id);
struct gch_load_object *gch_load_object_next(const struct gch_load_replay *r,
					     u32 *place);
u32 *gch_load_object_refs(struct gch_load_object *obj);
void gch_load_object_leave(struct gch_load_replay *r,
			   struct gch_load_object *obj);
void gch_load_object_forget(struct gch_load_replay *r,
			    struct gch_load_thread *t,
			    struct gch_load_object *obj);

/* replay_exec.c */
int gch_load_execute(struct gch_load_replay *r, struct gch_load_thread *t,
		     const struct gch_load_record *rec);

/* replay_check.c */
int gch_load_check_due(struct gch_load_replay *r, struct gch_load_thread *t);
int gch_load_check_shadow(struct gch_load_replay *r,
			  struct gch_load_thread *t);
int gch_load_check_alive(struct gch_load_replay *r, struct gch_load_thread *t,
			 enum gcheap_load_mismatch_kind kind);
int gch_load_check_collect(struct gch_load_replay *r,
			   struct gch_load_thread *t, unsigned int generation);
int gch_load_check_collected(struct gch_load_replay *r,
			     struct gch_load_thread *t);
int gch_load_check_lost(struct gch_load_replay *r, struct gch_load_thread *t,
			struct gch_load_object *obj);
int gch_load_check_dead(struct gch_load_replay *r, struct gch_load_thread *t,
			struct gch_load_object *obj);
int gch_load_check_end(struct gch_load_replay *r, struct gch_load_thread *t);

#endif /* _GCHEAP_LOAD_REPLAY_H */
