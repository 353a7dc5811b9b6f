/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A random program and its expected graph
 *
 * A model is a part of a heap that one task uses at a time: slots, a root table, a
 * weak table and the objects reachable only from these. Outside the heap it keeps a
 * shadow of all that: nodes and their references. Each call is made in both
 * (model_call.c). A walk through the heap from the shadow's roots, weak entries, and
 * counts show whether the two agree (model_check.c).
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
#ifndef _GCHEAP_TESTS_MODEL_H
#define _GCHEAP_TESTS_MODEL_H

#include <linux/bitmap.h>
#include <linux/mutex.h>
#include <linux/prandom.h>

#include "tests.h"

/* Nodes of a model, including 0 for none. */
#define MODEL_NODES	2048U
/* Slots of a model; the last four are temporary within one operation. */
#define MODEL_SLOTS	20U
enum { WORK_A = 16, WORK_B, WORK_C, WORK_D };
#define MODEL_PLAIN	16U
/* Further slots without a shadow, and the total number of slots. */
#define RAW_A		MODEL_SLOTS
#define RAW_B		(MODEL_SLOTS + 1)
#define MODEL_FRAME	(MODEL_SLOTS + 2)
/* Most entries of its tables: more than a page of them. */
#define MODEL_ROOTS	600U
#define MODEL_WEAKS	200U

#define MODEL_KINDS	24U
/* Most references of a fixed kind. */
#define KIND_REFS	32U
#define KIND_WORDS	(GCH_FIXED_MAX / 8)

/**
 * struct gch_model_kind - a type and its layout
 * @type: the type
 * @bytes: size of an object; 0 for a variable type
 * @nr_refs: reference words of a fixed type
 * @flags: &enum gch_type_flags
 * @refs: indexes of these words
 * @is_ref: bitmap of these words
 */
struct gch_model_kind {
	struct gch_type *type;
	u32 bytes;
	u32 nr_refs;
	u32 flags;
	u16 refs[KIND_REFS];
	DECLARE_BITMAP(is_ref, KIND_WORDS);
};

/**
 * struct gch_model_heap - shared data of the models of one heap
 * @env: the test
 * @seed: seed of the whole test
 * @number: number of the heap in the test
 * @serial: serial number of the last node
 * @counts: an object dies with its last reference
 * @explicit: an object dies when it is freed
 * @exact: only calls of the program run collections, so all deaths are known
 * @alone: there is only one model and one mutator
 * @faults: faults are injected into some calls
 * @refused: allocations that failed without memory
 * @struck: injected faults that hit a call
 * @limit: memory limit of the heap, 0 for none
 * @kinds: the types
 * @nr_kinds: their number
 */
struct gch_model_heap {
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
	struct gch_model_kind kinds[MODEL_KINDS];
	unsigned int nr_kinds;
};

/**
 * struct gch_model_node - the shadow of an object
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
struct gch_model_node {
	struct gch_model_kind *kind;
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
struct gch_model_extent {
	unsigned long start;
	unsigned long bytes;
};

/**
 * struct gch_model - one program's part of a heap, and its shadow
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
struct gch_model {
	struct gch_model_heap *h;
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
	u32 slot[MODEL_SLOTS];
	u32 root[MODEL_ROOTS];
	u32 weak[MODEL_WEAKS];
	struct gch_model_node nodes[MODEL_NODES];
	struct gch_model_extent extents[MODEL_NODES];
};

/* Similar seeds yield dissimilar numbers. */
static inline void gch_model_seed(struct rnd_state *rnd, u32 seed, u32 number)
{
	u64 x = (((u64)number << 32) + seed) * 0x9e3779b97f4a7c15ULL;
	unsigned int i;

	x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9ULL;
	prandom_seed_state(rnd, x ^ (x >> 32));
	for (i = 0; i < 16; i++)
		prandom_u32_state(rnd);
}

__printf(2, 3)
bool gch_model_fail(struct gch_model *md, const char *fmt, ...);

static inline bool gch_model_failed(const struct gch_model *md)
{
	return READ_ONCE(md->h->env->failures);
}

/* model_shadow.c */
struct gch_model *gch_model_new(struct gch_model_heap *h, unsigned int number,
				unsigned int base);
void gch_model_free(struct gch_model *md);
u32 gch_model_node_new(struct gch_model *md, struct gch_model_kind *kind,
		       u32 nr_refs, u32 bytes, u32 serial);
void gch_model_disown(struct gch_model *md, u32 id);
void gch_model_put(struct gch_model *md, u32 *place, u32 id);
void gch_model_name(struct gch_model *md, u32 i, u32 id);
void gch_model_unname(struct gch_model *md, u32 id);
void gch_model_drop(struct gch_model *md, u32 id);
u32 gch_model_reach(struct gch_model *md);
u32 gch_model_reach_from(struct gch_model *md, u32 id);
void gch_model_release(struct gch_model *md);
void gch_model_collected(struct gch_model *md, unsigned int generation);

static inline bool gch_model_reached(const struct gch_model *md, u32 id)
{
	return md->nodes[id].epoch == md->epoch;
}

/* model_call.c: each returns false only if heap and shadow differ */
u32 gch_model_word(const struct gch_model_node *n, u32 i);
u32 gch_model_serial(struct gch_model *md);
void gch_model_arm(struct gch_model *md);
bool gch_model_struck(struct gch_model *md);
bool gch_model_lift(struct gch_model *md);
void gch_model_lower(struct gch_model *md);
bool gch_model_data_is(struct gch_model *md, unsigned int slot, u32 id);
bool gch_model_slot_is(struct gch_model *md, unsigned int slot, u32 id);
bool gch_model_alloc(struct gch_model *md, unsigned int dst,
		     struct gch_model_kind *kind, u32 nr_refs, u32 bytes,
		     u32 serial);
bool gch_model_alloc_refs(struct gch_model *md, unsigned int dst,
			  struct gch_model_kind *kind, unsigned int src, u32 nr,
			  u32 serial);
bool gch_model_load(struct gch_model *md, unsigned int dst, unsigned int src,
		    u32 i);
bool gch_model_load_refs(struct gch_model *md, unsigned int dst,
			 unsigned int src, u32 i, u32 nr);
bool gch_model_store(struct gch_model *md, unsigned int dst, u32 i,
		     unsigned int src);
bool gch_model_store_null(struct gch_model *md, unsigned int dst, u32 i);
bool gch_model_copy(struct gch_model *md, unsigned int dst, unsigned int src);
bool gch_model_clear(struct gch_model *md, unsigned int dst);
bool gch_model_free_slot(struct gch_model *md, unsigned int src);
bool gch_model_kill(struct gch_model *md, u32 id);
bool gch_model_root_set(struct gch_model *md, u32 i, unsigned int src);
bool gch_model_root_get(struct gch_model *md, unsigned int dst, u32 i);
bool gch_model_root_clear(struct gch_model *md, u32 i);
bool gch_model_weak_set(struct gch_model *md, u32 i, unsigned int src);
bool gch_model_weak_get(struct gch_model *md, unsigned int dst, u32 i);
bool gch_model_weak_alive(struct gch_model *md, u32 i);
bool gch_model_weak_clear(struct gch_model *md, u32 i);
bool gch_model_rewrite(struct gch_model *md, unsigned int slot);
bool gch_model_roots_grow(struct gch_model *md, u32 nr);
bool gch_model_weaks_grow(struct gch_model *md, u32 nr);
bool gch_model_tables_new(struct gch_model *md);
void gch_model_tables_destroy(struct gch_model *md);
bool gch_model_collect(struct gch_model *md, unsigned int generation);

/* model_check.c */
bool gch_model_walk(struct gch_model *md, u32 from);
bool gch_model_check(struct gch_model *md);
bool gch_model_count(struct gch_model *md);
bool gch_model_settle(struct gch_model *md);

/* model_ops.c */
bool gch_model_kind_new(struct gch_model *md, struct rnd_state *rnd);
bool gch_model_build(struct gch_model *md, u32 seed, bool whole);
bool gch_model_room(struct gch_model *md);
bool gch_model_step(struct gch_model *md, struct rnd_state *rnd);

/* model.c */
bool gch_model_heap_open(struct gch_model_heap *h, struct rnd_state *rnd);
bool gch_model_open(struct gch_model *md, struct rnd_state *rnd);
bool gch_model_empty(struct gch_model *md);
void gch_model_close(struct gch_model *md);

#endif /* _GCHEAP_TESTS_MODEL_H */
