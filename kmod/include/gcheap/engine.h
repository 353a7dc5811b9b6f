/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between the core and an engine
 *
 * The core owns names, configuration, frames, tables, cycles and statistics; an
 * engine owns objects. The core calls an engine only through the functions below. An
 * engine calls the core only through the functions declared here.
 *
 * Sections
 *
 * Each call of a mutator is one section: preemption is off and the CPU's sequence
 * number is odd. gch_handshake() returns once it has seen every CPU that the heap's
 * mutators use outside a section, so every later section sees what was published
 * before the handshake. A section takes raw spinlocks only. It does not sleep, takes
 * and frees no pages, and does one bounded step. A function that cannot finish inside
 * a section sets &gch_mutator.wait and returns -EAGAIN; the core leaves the section,
 * calls &gch_engine_ops.wait and repeats the call from its start.
 *
 * Lock order, as far as it concerns an engine; all of it is in locking.rst:
 *
 *	gch_heap.cycle_lock, the lock of a growing table (core/table.c), or
 *	gch_heap.type_lock
 *	  gch_heap.lock, or gch_finals.lock
 *	    sleeping locks of the engine
 *	      CPU hotplug lock (handshakes, workers)
 *	        spinlocks: peaks_lock, the raw ones of the engine, over_lock
 */
#ifndef _GCHEAP_ENGINE_H
#define _GCHEAP_ENGINE_H

#include <linux/seq_file.h>
#include <gcheap/ordering.h>
#include <gcheap/cycle.h>
#include <gcheap/gcheap.h>
#include <gcheap/heap.h>
#include <gcheap/memory.h>
#include <gcheap/mutator.h>
#include <gcheap/report.h>
#include <gcheap/section.h>
#include <gcheap/setting.h>
#include <gcheap/special.h>
#include <gcheap/table.h>
#include <gcheap/type.h>
#include <gcheap/worker.h>

struct gch_snapshot;

/**
 * enum gch_view - debugfs views of a heap
 * @GCH_VIEW_ARENAS: one line per arena
 * @GCH_VIEW_PAGE_GROUPS: one line per size class: spans or pools, objects, occupancy
 */
enum gch_view {
	GCH_VIEW_ARENAS,
	GCH_VIEW_PAGE_GROUPS,
};

/**
 * struct gch_engine_ops - functions and properties of an engine
 * @kind: its number, &enum gcheap_engine; that of another module's engine is given at
 *	registration
 * @owner: that module, given at registration; NULL for engines of this module
 * @name: its name in the user interface
 * @page_groups: what a size class consists of: "spans", "pools" or "objects"
 * @heap_bytes: size of its heap, which embeds &struct gch_heap at offset 0
 * @mutator_bytes: size of its mutator, which embeds &struct gch_mutator at offset 0
 * @finalizers: supports finalizers and cleanups
 * @reclaim: how it frees objects
 * @settings: its settings, in addition to those of all engines
 * @nr_settings: number of @settings
 * @init: called once, at registration; may be NULL
 * @heap_init: sets up a zeroed heap. May sleep.
 * @tuned: a setting has changed; may be NULL. Under &gch_heap.lock.
 * @heap_exit: frees every object and page, live or not; the heap is unused. May
 *	sleep.
 * @typed: sets &gch_type.engine_class of a new type before its first use; may be NULL. May
 *	sleep.
 * @mutator_init: sets up a zeroed mutator. May sleep.
 * @mutator_exit: tears down a mutator, whose frame is empty. May sleep.
 * @alloc: *@place = a new zeroed object of @bytes bytes in total. The type gives its
 *	references, or they are the first @nr_refs words. In a section. -EAGAIN.
 * @alloc_refs: *@place = a new object of a fixed type, whose first @nr references are
 *	*@from to *(@from + @nr - 1); @place may be one of these. The references are
 *	set before the object is published. In a section. -EAGAIN.
 * @assign: *@place = @ref; @place is a slot, a table entry or a reference in an
 *	object of the heap; @ref is NULL or an object that a slot of @m refers to. In
 *	a section. -EAGAIN.
 * @fetch: *@place = *@from, where others may write *@from concurrently; @place is a
 *	slot. In a section. -EAGAIN.
 * @ref: the address of reference word @i of @obj, NULL if that word is no reference.
 *	In a section.
 * @data: first byte of @obj, and its usable size. In a section.
 * @free: clears *@place; an engine that does not collect also frees the object in it.
 *	In a section. -EAGAIN.
 * @weak_set: makes @w name @ref, or nothing if @ref is NULL. In a section. -EAGAIN.
 * @weak_get: *@place = the object that @w names, NULL if it is dead. In a section.
 *	-EAGAIN.
 * @weak_alive: 1 if @w names a live object, else 0; keeps nothing alive. In a
 *	section. -EAGAIN.
 * @settle: does one bounded step of the work for which &gch_mutator.pending is set;
 *	clears it after the last step. In a section. -EAGAIN; 1 if the mutator may
 *	leave the rest to its next call.
 * @yield: the mutator will make no call for a while; may be NULL. May sleep.
 * @wait: does what &gch_mutator.wait asks for. Sleeps in the state that
 *	gch_sleep_state() gives. 0 to repeat the call, or the call's error: -EINTR if
 *	the task was killed.
 * @collect: collects @generation and younger. Under &gch_heap.cycle_lock, may sleep.
 * @snapshot: collects all generations and fills a snapshot with the objects reachable
 *	at one instant, and no younger ones; may be NULL. Context as @collect.
 * @shrink_count: pages that memory pressure could reclaim from the heap; may be NULL.
 *	In any context.
 * @shrink: gives back about @pages pages at once and returns how many; goes with
 *	@shrink_count. Runs in any task that waits for memory, so it waits for no lock
 *	and no collection.
 * @stats: fills in classes, page_groups, large_objects; adds allocations not counted in
 *	&gch_heap.cpu to allocs and alloc_bytes. May sleep.
 * @validate: checks every invariant, reports each violation with pr_err() and returns
 *	their number. Under &gch_heap.cycle_lock; may sleep.
 * @show: prints a view. May sleep.
 */
struct gch_engine_ops {
	u32 kind;
	struct module *owner;
	const char *name;
	const char *page_groups;
	size_t heap_bytes;
	size_t mutator_bytes;
	bool finalizers;
	enum gcheap_reclaim reclaim;
	const struct gch_setting *settings;
	unsigned int nr_settings;

	int (*init)(void);
	int (*heap_init)(struct gch_heap *heap, struct netlink_ext_ack *extack);
	void (*tuned)(struct gch_heap *heap, enum gch_key key);
	void (*heap_exit)(struct gch_heap *heap);
	void (*typed)(struct gch_type *type);
	int (*mutator_init)(struct gch_mutator *m);
	void (*mutator_exit)(struct gch_mutator *m);

	int (*alloc)(struct gch_mutator *m, void **place, struct gch_type *type,
		     u32 nr_refs, u32 bytes);
	int (*alloc_refs)(struct gch_mutator *m, void **place,
			  struct gch_type *type, void **from, u32 nr);
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
	void (*yield)(struct gch_mutator *m);
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

int __gch_engine_register(struct gch_engine_ops *ops, struct module *owner);
void gch_engine_unregister(struct gch_engine_ops *ops);

/* See __gch_engine_register(). */
#define gch_engine_register(ops)	__gch_engine_register(ops, THIS_MODULE)

#endif /* _GCHEAP_ENGINE_H */
