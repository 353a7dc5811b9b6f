/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between the core and an engine
 *
 * The core owns names, configuration, frames, tables, cycles and statistics; an
 * engine owns objects. Core calls an engine through the functions below only,
 * and an engine calls the core only through what this header declares.
 *
 * Sections
 *
 * Each call of a mutator is one section: preemption is off and the CPU's
 * sequence is odd. gch_handshake() returns once every CPU that mutators of the heap
 * use has been seen outside a section, so what was published before it is seen by
 * every later section. Locks taken inside a section are raw spinlocks; nothing there
 * sleeps, takes or frees pages, or runs for longer than a bounded step. A function that
 * cannot go on inside a section sets &gch_mutator.wait and returns -EAGAIN; the core
 * leaves the section, calls &gch_engine_ops.wait and repeats the call from its start.
 *
 * Lock order
 *
 *	registry lock (core/heap.c)
 *	  gch_heap.cycle_lock, that of a table that grows (core/table.c), or
 *	  gch_heap.type_lock
 *	    gch_heap.lock
 *	      locks of the engine that may sleep
 *	        cpu hotplug lock (handshakes, workers)
 *	          raw spinlocks of the engine
 */
#ifndef _GCHEAP_ENGINE_H
#define _GCHEAP_ENGINE_H

#include <linux/seq_file.h>
#include <gcheap/barrier.h>
#include <gcheap/cycle.h>
#include <gcheap/gcheap.h>
#include <gcheap/heap.h>
#include <gcheap/memory.h>
#include <gcheap/mutator.h>
#include <gcheap/report.h>
#include <gcheap/section.h>
#include <gcheap/special.h>
#include <gcheap/table.h>
#include <gcheap/type.h>
#include <gcheap/worker.h>

struct gch_snapshot;

/**
 * struct gch_tunable - a setting that an engine accepts
 * @key: which
 * @def: default
 * @min: least value
 * @max: largest value
 * @live: may change while the heap exists
 * @pow2: must be a power of two
 */
struct gch_tunable {
	enum gch_key key;
	u64 def;
	u64 min;
	u64 max;
	bool live;
	bool pow2;
};

/**
 * enum gch_view - what debugfs shows of a heap
 * @GCH_VIEW_ARENAS: a line an arena
 * @GCH_VIEW_UNITS: a line a size class: spans or pools, objects, occupancy
 */
enum gch_view {
	GCH_VIEW_ARENAS,
	GCH_VIEW_UNITS,
};

/**
 * struct gch_engine_ops - what an engine does
 * @kind: which engine this is
 * @name: as users write it
 * @units: what its size classes consist of: "spans", "pools", "objects"
 * @heap_bytes: size of its heap, which embeds &struct gch_heap at offset 0
 * @mutator_bytes: size of its mutator, which embeds &struct gch_mutator likewise
 * @finalizers: it has finalizers and cleanups
 * @traces: what is dead it finds in a collection only
 * @tunables: what can be set, beside the core's own keys
 * @nr_tunables: their number
 * @init: called once, at registration; may be NULL
 * @heap_init: sets up a zeroed heap. May sleep.
 * @tuned: a setting has changed; may be NULL. Under &gch_heap.lock.
 * @heap_exit: frees every object and page, live or not; nobody uses the heap
 *	any more. May sleep.
 * @typed: sets &gch_type.unit of a type that nobody uses yet; may be NULL. May
 *	sleep.
 * @mutator_init: sets up a zeroed mutator. May sleep.
 * @mutator_exit: after the frame was cleared. May sleep.
 * @alloc: *@place = a new object, zeroed, of @bytes bytes in all of which the
 *	type or @nr_refs leading words are references. In a section. -EAGAIN.
 * @assign: *@place = @ref; @place is a slot, a table entry or a reference in an
 *	object of the heap, @ref an object that a slot of @m refers to, or NULL.
 *	In a section. -EAGAIN.
 * @fetch: *@place = *@from, where others may write *@from too; @place is a slot.
 *	In a section. -EAGAIN.
 * @ref: the place of reference word @i of @obj, NULL if that word is none. In
 *	a section.
 * @data: first byte of @obj, and its usable size. In a section.
 * @free: frees the object in *@place and clears *@place, for an engine that
 *	needs to be told; others clear *@place. In a section. -EAGAIN.
 * @weak_set: @w names @ref from now on (NULL: nothing). In a section. -EAGAIN.
 * @weak_get: *@place = the object that @w names, NULL if it is dead. In a
 *	section. -EAGAIN.
 * @weak_alive: 1 if @w names a live object, else 0; keeps nothing alive. In a
 *	section. -EAGAIN.
 * @settle: goes on with what set &gch_mutator.pending, for a bounded step;
 *	clears it when all is done. In a section. -EAGAIN; 1 if the mutator may
 *	leave the rest to its next call.
 * @rest: the mutator will make no call for a while; may be NULL. May sleep.
 * @wait: what &gch_mutator.wait asks for. May sleep, as gch_sleep_state() says. 0 to
 *	repeat the call, or the error to return from it: -EINTR if the task was killed.
 * @collect: one collection of @generation and younger. Under
 *	&gch_heap.cycle_lock, may sleep.
 * @snapshot: the same of all generations, and fills a snapshot: with what can be
 *	reached at one instant, and nothing younger; may be NULL
 * @shrink_count: pages that memory pressure could get out of the heap; may be
 *	NULL. In any context.
 * @shrink: gives back at most so many pages at once, or a few more, and returns
 *	how many; goes with @shrink_count. May be called by whoever waits for
 *	memory, so it waits for no lock and no collection.
 * @stats: fills in classes, units, large_objects; adds what it allocates and does
 *	not count in &gch_heap.cpu to allocs, alloc_bytes. May sleep.
 * @validate: walks every invariant, reports each violation with pr_err() and
 *	returns their number. Under &gch_heap.cycle_lock; may sleep.
 * @show: prints a view. May sleep.
 */
struct gch_engine_ops {
	enum gcheap_engine kind;
	const char *name;
	const char *units;
	size_t heap_bytes;
	size_t mutator_bytes;
	bool finalizers;
	bool traces;
	const struct gch_tunable *tunables;
	unsigned int nr_tunables;

	int (*init)(void);
	int (*heap_init)(struct gch_heap *heap, struct netlink_ext_ack *extack);
	void (*tuned)(struct gch_heap *heap, enum gch_key key);
	void (*heap_exit)(struct gch_heap *heap);
	void (*typed)(struct gch_type *type);
	int (*mutator_init)(struct gch_mutator *m);
	void (*mutator_exit)(struct gch_mutator *m);

	int (*alloc)(struct gch_mutator *m, void **place, struct gch_type *type,
		     u32 nr_refs, u32 bytes);
	int (*assign)(struct gch_mutator *m, void **place, void *ref);
	int (*fetch)(struct gch_mutator *m, void **place, void **from);
	void **(*ref)(struct gch_mutator *m, void *obj, u32 i);
	void *(*data)(struct gch_mutator *m, void *obj, size_t *bytes);
	int (*free)(struct gch_mutator *m, void **place);
	int (*weak_set)(struct gch_mutator *m, struct gch_weak *w, void *ref);
	int (*weak_get)(struct gch_mutator *m, void **place,
			struct gch_weak *w);
	int (*weak_alive)(struct gch_mutator *m, struct gch_weak *w);
	int (*settle)(struct gch_mutator *m);
	void (*rest)(struct gch_mutator *m);
	int (*wait)(struct gch_mutator *m);

	int (*collect)(struct gch_heap *heap, unsigned int generation);
	int (*snapshot)(struct gch_heap *heap, struct gch_snapshot *sn);
	u64 (*shrink_count)(struct gch_heap *heap);
	u64 (*shrink)(struct gch_heap *heap, u64 pages);
	void (*stats)(struct gch_heap *heap, struct gch_stats *stats);
	int (*validate)(struct gch_heap *heap);
	void (*show)(struct gch_heap *heap, struct seq_file *seq,
		     enum gch_view view);
};

int gch_engine_register(const struct gch_engine_ops *ops);
void gch_engine_unregister(const struct gch_engine_ops *ops);
const struct gch_engine_ops *gch_engine_find(enum gcheap_engine kind);

#endif /* _GCHEAP_ENGINE_H */
