/* SPDX-License-Identifier: GPL-2.0 */
/* Frames and tables, for engines that scan them (core/table.c, core/mutator.c). */
#ifndef _GCHEAP_TABLE_H
#define _GCHEAP_TABLE_H

#include <linux/mm.h>
#include <linux/types.h>

struct gch_heap;

/**
 * struct gch_weak - one entry of a weak table
 * @ref: the object, or NULL
 * @next: for the engine; links the entries that name one object
 * @pprev: for the engine
 */
struct gch_weak {
	void *ref;
	struct gch_weak *next;
	struct gch_weak **pprev;
};

/*
 * A table is an array of chunks that never shrinks, so a chunk's entries stay in
 * place while the table exists.
 */
#define GCH_CHUNK_BYTES		PAGE_SIZE
#define GCH_ROOTS_PER_CHUNK	(GCH_CHUNK_BYTES / sizeof(void *))
#define GCH_WEAKS_PER_CHUNK	(GCH_CHUNK_BYTES / sizeof(struct gch_weak))

/**
 * typedef gch_roots_fn - called with addresses of root references
 * @arg: the caller's argument
 * @places: an array of references
 * @nr: its length
 */
typedef void (*gch_roots_fn)(void *arg, void **places, unsigned int nr);

/**
 * typedef gch_tables_fn - called with entries of a root table
 * @arg: the caller's argument
 * @table: number of the table
 * @first: number of the first entry
 * @places: an array of entries
 * @nr: its length
 */
typedef void (*gch_tables_fn)(void *arg, u32 table, u32 first, void **places,
			      unsigned int nr);

/**
 * typedef gch_weaks_fn - called with weak entries
 * @arg: the caller's argument
 * @entries: an array of entries
 * @nr: its length
 */
typedef void (*gch_weaks_fn)(void *arg, struct gch_weak *entries,
			     unsigned int nr);

void gch_visit_frames(struct gch_heap *heap, gch_roots_fn fn, void *arg);
void gch_visit_roots(struct gch_heap *heap, gch_roots_fn fn, void *arg);
void gch_visit_tables(struct gch_heap *heap, gch_tables_fn fn, void *arg);
void gch_visit_weaks(struct gch_heap *heap, gch_weaks_fn fn, void *arg);

#endif /* _GCHEAP_TABLE_H */
