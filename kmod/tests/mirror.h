/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A random program and its expected graph
 *
 * A mirror is a part of a heap that one task uses at a time: slots, a root table, a
 * weak table and the objects reachable only from these. Outside the heap it keeps a
 * shadow of all that: nodes and their references. Each call is made in both
 * (mirror_call.c). A walk through the heap from the shadow's roots, weak entries, and
 * counts show whether the two agree (mirror_check.c).
 *
 * When an object is dead:
 *
 *	go	an unreachable node is dead after the next collection that begins
 *		and ends without a call in between, and may be dead before
 *	python	a node without references dies in the call that dropped the last
 *		one; a ring dies in a collection of its generation, by CPython's
 *		rules
 *	slab	a node dies when the program frees it; until then an entry of the
 *		root table keeps it reachable
 *
 * Nodes are numbered, 0 is none. A node that may be dead keeps its number until that
 * is certain.
 */
#ifndef _GCHEAP_TESTS_MIRROR_H
#define _GCHEAP_TESTS_MIRROR_H

#include <linux/bitmap.h>
#include <linux/mutex.h>
#include <linux/prandom.h>

#include "tests.h"

/* Nodes of a mirror, including 0 for none. */
#define MIRROR_NODES	2048U
/* Slots of a mirror; the last four are temporary within one operation. */
#define MIRROR_SLOTS	20U
enum { WORK_A = 16, WORK_B, WORK_C, WORK_D };
#define MIRROR_PLAIN	16U
/* Further slots without a shadow, and the total number of slots. */
#define RAW_A		MIRROR_SLOTS
#define RAW_B		(MIRROR_SLOTS + 1)
#define MIRROR_FRAME	(MIRROR_SLOTS + 2)
/* Most entries of its tables: more than a page of them. */
#define MIRROR_ROOTS	600U
#define MIRROR_WEAKS	200U

#define MIRROR_KINDS	24U
/* Most references of a fixed kind. */
#define KIND_REFS	32U
#define KIND_WORDS	(GCH_FIXED_MAX / 8)

/**
 * struct gch_mirror_kind - a type and its layout
 * @type: the type
 * @bytes: size of an object; 0 for a variable type
 * @nr_refs: reference words of a fixed type
 * @flags: &enum gch_type_flags
 * @refs: indexes of these words
 * @is_ref: bitmap of these words
 */
struct gch_mirror_kind {
	struct gch_type *type;
	u32 bytes;
	u32 nr_refs;
	u32 flags;
	u16 refs[KIND_REFS];
	DECLARE_BITMAP(is_ref, KIND_WORDS);
};

/**
 * struct gch_mirror_heap - shared data of the mirrors of one heap
 * @env: the test
 * @seed: seed of the whole test
 * @number: number of the heap in the test
 * @serial: serial number of the last node
 * @counts: an object dies with its last reference
 * @explicit: an object dies when it is freed
 * @exact: only calls of the program run collections, so all deaths are known
 * @alone: there is only one mirror and one mutator
 * @faults: faults are injected into some calls
 * @refused: allocations that failed without memory
 * @struck: injected faults that hit a call
 * @limit: memory limit of the heap, 0 for none
 * @kinds: the types
 * @nr_kinds: their number
 */
struct gch_mirror_heap {
	struct gch_test_env *env;
	u32 seed;
	u32 number;
	atomic_t serial;
	bool counts;
	bool explicit;
	bool exact;
	bool alone;
	bool faults;
	atomic_long_t refused;
	atomic_long_t struck;
	u64 limit;
	struct gch_mirror_kind kinds[MIRROR_KINDS];
	unsigned int nr_kinds;
};

/**
 * struct gch_mirror_node - the shadow of an object
 * @kind: its type; NULL if the node is not in use
 * @refs: targets of its references
 * @nr_refs: its reference words
 * @bytes: requested size, references included
 * @serial: number that its data are derived from
 * @addr: address of its data, which never changes; NULL if unknown
 * @count: references to it, from anywhere
 * @named: weak entries that name it
 * @epoch: last search that found it reachable
 * @walk: last walk that visited it
 * @generation: its generation, if it can be in a ring and the heap is @exact
 * @outside: references from outside the collected generations
 * @gone: found dead
 * @next: links nodes of a stack, or unused ones
 */
struct gch_mirror_node {
	struct gch_mirror_kind *kind;
	u32 *refs;
	u32 nr_refs;
	u32 bytes;
	u32 serial;
	void *addr;
	u32 count;
	u32 named;
	u32 epoch;
	u32 walk;
	u32 generation;
	u32 outside;
	bool gone;
	u32 next;
};

/* Address range of a node's data. */
struct gch_mirror_extent {
	unsigned long start;
	unsigned long bytes;
};

/**
 * struct gch_mirror - one program's part of a heap, and its shadow
 * @h: the heap
 * @m: the mutator that currently uses it
 * @base: its first slot
 * @number: its number, for messages
 * @op: number of the current operation
 * @armed: allocation of the next call that fails, 0 for none
 * @lifts: how often the limit was lifted for the current call
 * @dry: calls are made in the shadow only
 * @roots: its root table
 * @weaks: its weak table
 * @seen: root table of walks, with an entry per node
 * @nr_roots: entries of @roots
 * @nr_weaks: entries of @weaks
 * @epoch: searches for reachable nodes
 * @walk: walks done
 * @unused: list of unused nodes
 * @nr_nodes: nodes in use
 * @cycles: collections per generation that the shadow has applied
 * @slot: shadow of the slots
 * @root: shadow of @roots
 * @weak: shadow of @weaks
 * @nodes: the nodes
 * @extents: buffer for the check of overlaps
 */
struct gch_mirror {
	struct gch_mirror_heap *h;
	struct gch_mutator *m;
	unsigned int base;
	unsigned int number;
	unsigned long op;
	unsigned int armed;
	unsigned int lifts;
	bool dry;
	struct gch_roots *roots;
	struct gch_weaks *weaks;
	struct gch_roots *seen;
	u32 nr_roots;
	u32 nr_weaks;
	u32 epoch;
	u32 walk;
	u32 unused;
	u32 nr_nodes;
	u64 cycles[3];
	u32 slot[MIRROR_SLOTS];
	u32 root[MIRROR_ROOTS];
	u32 weak[MIRROR_WEAKS];
	struct gch_mirror_node nodes[MIRROR_NODES];
	struct gch_mirror_extent extents[MIRROR_NODES];
};

/* Similar seeds yield dissimilar numbers. */
static inline void gch_mirror_seed(struct rnd_state *rnd, u32 seed, u32 number)
{
	u64 x = (((u64)number << 32) + seed) * 0x9e3779b97f4a7c15ULL;
	unsigned int i;

	x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9ULL;
	prandom_seed_state(rnd, x ^ (x >> 32));
	for (i = 0; i < 16; i++)
		prandom_u32_state(rnd);
}

__printf(2, 3)
bool gch_mirror_fail(struct gch_mirror *md, const char *fmt, ...);

static inline bool gch_mirror_failed(const struct gch_mirror *md)
{
	return READ_ONCE(md->h->env->failures);
}

/* mirror_shadow.c */
struct gch_mirror *gch_mirror_new(struct gch_mirror_heap *h, unsigned int number,
				  unsigned int base);
void gch_mirror_free(struct gch_mirror *md);
u32 gch_mirror_node_new(struct gch_mirror *md, struct gch_mirror_kind *kind,
			u32 nr_refs, u32 bytes, u32 serial);
void gch_mirror_disown(struct gch_mirror *md, u32 id);
void gch_mirror_put(struct gch_mirror *md, u32 *place, u32 id);
void gch_mirror_name(struct gch_mirror *md, u32 i, u32 id);
void gch_mirror_unname(struct gch_mirror *md, u32 id);
void gch_mirror_drop(struct gch_mirror *md, u32 id);
u32 gch_mirror_reach(struct gch_mirror *md);
u32 gch_mirror_reach_from(struct gch_mirror *md, u32 id);
void gch_mirror_release(struct gch_mirror *md);
void gch_mirror_collected(struct gch_mirror *md, unsigned int generation);

static inline bool gch_mirror_reached(const struct gch_mirror *md, u32 id)
{
	return md->nodes[id].epoch == md->epoch;
}

/* mirror_call.c: each returns false only if heap and shadow differ */
u32 gch_mirror_word(const struct gch_mirror_node *n, u32 i);
u32 gch_mirror_serial(struct gch_mirror *md);
void gch_mirror_arm(struct gch_mirror *md);
bool gch_mirror_struck(struct gch_mirror *md);
bool gch_mirror_lift(struct gch_mirror *md);
void gch_mirror_lower(struct gch_mirror *md);
bool gch_mirror_data_is(struct gch_mirror *md, unsigned int slot, u32 id);
bool gch_mirror_slot_is(struct gch_mirror *md, unsigned int slot, u32 id);
bool gch_mirror_alloc(struct gch_mirror *md, unsigned int dst,
		      struct gch_mirror_kind *kind, u32 nr_refs, u32 bytes,
		      u32 serial);
bool gch_mirror_alloc_refs(struct gch_mirror *md, unsigned int dst,
			   struct gch_mirror_kind *kind, unsigned int src, u32 nr,
			   u32 serial);
bool gch_mirror_load(struct gch_mirror *md, unsigned int dst, unsigned int src,
		     u32 i);
bool gch_mirror_load_refs(struct gch_mirror *md, unsigned int dst,
			  unsigned int src, u32 i, u32 nr);
bool gch_mirror_store(struct gch_mirror *md, unsigned int dst, u32 i,
		      unsigned int src);
bool gch_mirror_store_null(struct gch_mirror *md, unsigned int dst, u32 i);
bool gch_mirror_copy(struct gch_mirror *md, unsigned int dst, unsigned int src);
bool gch_mirror_clear(struct gch_mirror *md, unsigned int dst);
bool gch_mirror_free_slot(struct gch_mirror *md, unsigned int src);
bool gch_mirror_kill(struct gch_mirror *md, u32 id);
bool gch_mirror_root_set(struct gch_mirror *md, u32 i, unsigned int src);
bool gch_mirror_root_get(struct gch_mirror *md, unsigned int dst, u32 i);
bool gch_mirror_root_clear(struct gch_mirror *md, u32 i);
bool gch_mirror_weak_set(struct gch_mirror *md, u32 i, unsigned int src);
bool gch_mirror_weak_get(struct gch_mirror *md, unsigned int dst, u32 i);
bool gch_mirror_weak_alive(struct gch_mirror *md, u32 i);
bool gch_mirror_weak_clear(struct gch_mirror *md, u32 i);
bool gch_mirror_rewrite(struct gch_mirror *md, unsigned int slot);
bool gch_mirror_roots_grow(struct gch_mirror *md, u32 nr);
bool gch_mirror_weaks_grow(struct gch_mirror *md, u32 nr);
bool gch_mirror_tables_new(struct gch_mirror *md);
void gch_mirror_tables_destroy(struct gch_mirror *md);
bool gch_mirror_collect(struct gch_mirror *md, unsigned int generation);

/* mirror_check.c */
bool gch_mirror_walk(struct gch_mirror *md, u32 from);
bool gch_mirror_check(struct gch_mirror *md);
bool gch_mirror_count(struct gch_mirror *md);
bool gch_mirror_settle(struct gch_mirror *md);

/* mirror_ops.c */
bool gch_mirror_kind_new(struct gch_mirror *md, struct rnd_state *rnd);
bool gch_mirror_build(struct gch_mirror *md, u32 seed, bool whole);
bool gch_mirror_room(struct gch_mirror *md);
bool gch_mirror_step(struct gch_mirror *md, struct rnd_state *rnd);

/* mirror.c */
bool gch_mirror_heap_open(struct gch_mirror_heap *h, struct rnd_state *rnd);
bool gch_mirror_open(struct gch_mirror *md, struct rnd_state *rnd);
bool gch_mirror_empty(struct gch_mirror *md);
void gch_mirror_close(struct gch_mirror *md);

#endif /* _GCHEAP_TESTS_MIRROR_H */
