/* SPDX-License-Identifier: GPL-2.0 */
/* Replay of a recorded trace: shared declarations */
#ifndef _GCHEAP_LOAD_REPLAY_H
#define _GCHEAP_LOAD_REPLAY_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "load.h"

/* Most chunks in the queue. */
#define REPLAY_QUEUE_MAX	8
/* Types that a trace may declare. */
#define REPLAY_TYPES_MAX	4096
/* Longest name of a type. */
#define REPLAY_TYPE_NAME_MAX	255
/* Highest number of an object; a consumer need not handle U32_MAX. */
#define REPLAY_OBJECT_MAX	(U32_MAX - 1)
/* Bytes of an object's header in the trace. */
#define REPLAY_HEADER		16

/* ---- records (replay_decode.c) ---- */

/**
 * struct gch_load_cursor - read position in a chunk
 * @p: next byte
 * @end: end of the chunk
 */
struct gch_load_cursor {
	const u8 *p;
	const u8 *end;
};

/**
 * struct gch_load_record - one record
 * @kind: its kind, which determines the members that are set
 * @line: lines since the previous record
 * @object: number of an object; in an allocation, the difference to the previous one
 * @type: number of its type
 * @size: its size in bytes
 * @slots: its reference slots
 * @slot: index of a slot
 * @target: object to store, 0 for none
 * @generation: generation to collect
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
 * enum object_flags - state of an object
 * @OBJECT_KNOWN: can be found by its number
 * @OBJECT_HELD: the program holds it: it is a root
 * @OBJECT_ROOTED: its root entry names it
 * @OBJECT_LOST: found dead, and reported if it should be alive
 */
enum object_flags {
	OBJECT_KNOWN	= BIT(0),
	OBJECT_HELD	= BIT(1),
	OBJECT_ROOTED	= BIT(2),
	OBJECT_LOST	= BIT(3),
};

/* Slots with their shadow in struct gch_load_object; 97 % of objects have no more. */
#define OBJECT_INLINE_REFS	4

/**
 * struct gch_load_object - an object of the trace that has not died there
 * @next: next on the mark stack, or in the list of condemned or unused objects
 * @same: next in its bucket
 * @line: line of its death record
 * @id: its number
 * @index: its entry in both tables
 * @nr_slots: its reference slots
 * @epoch: epoch of the last mark that reached it
 * @flags: &enum object_flags
 * @few_refs: numbers of its targets, if the replay keeps a shadow graph
 * @refs: the same, if it has more slots
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
 * enum check - how the replay compares death records with the heap
 * @CHECK_NONE: not at all
 * @CHECK_COUNTING: each death at its record
 * @CHECK_SHADOW: no reachable object ever dies; all others are dead at the end
 * @CHECK_EXPLICIT: an object dies only if the replay frees it
 * @CHECK_NEVER: no object dies
 */
enum check {
	CHECK_NONE,
	CHECK_COUNTING,
	CHECK_SHADOW,
	CHECK_EXPLICIT,
	CHECK_NEVER,
};

/**
 * struct gch_load_chunk - queued records
 * @node: in &gch_load_replay.queue
 * @len: size in bytes
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
 * @queue_lock: protects @queue, @queued, @last and @closed
 * @queue: chunks to replay
 * @queued: their number
 * @last: the last chunk has been queued
 * @closed: the replay takes no more chunks
 * @exec: held by the thread whose turn it is; protects the members below
 * @turn: thread that replays the next chunk; written under @exec
 * @begun: tables exist
 * @ended: the replay has cleaned up
 * @check: how deaths are compared
 * @type: types of objects that cannot hold references, and of those that can
 * @roots: root table with an entry per object, set while the program holds it
 * @weaks: weak table with an entry per object, which names it
 * @room: size of both tables
 * @chunks: memory of the objects
 * @nr_places: objects in @chunks
 * @unused: free objects
 * @buckets: hash table of the known objects by number
 * @nr_buckets: a power of two
 * @hash_key: random key, for the upper bits of a number
 * @condemned: objects with a death record, not found dead yet
 * @types: gc flag by type number
 * @nr_types: declared types
 * @last_id: number of the last object allocated
 * @line: line of the current record
 * @epoch: number of marks
 * @after_collect: the deaths of the last collection are not checked yet
 * @cycles: with CHECK_SHADOW, cycles ended when the shadow was last compared; with
 *	CHECK_COUNTING, expected number of cycles begun
 * @nr_alive: known objects that have not been found dead
 * @others: live objects of the heap that are not in @nr_alive
 * @own_bytes: memory of objects, chunks and buckets
 * @next_check: earliest time of the next comparison, in jiffies
 * @check_ns: time spent on checks
 * @silenced: automatic collections of the heap are off
 * @threshold0: threshold0 of the heap before the replay
 */
struct gch_load_replay {
	struct gch_load_run *run;
	spinlock_t queue_lock; /* protects the queue */
	struct list_head queue;
	unsigned int queued;
	bool last;
	bool closed;

	struct mutex exec; /* held by the thread whose turn it is */
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
