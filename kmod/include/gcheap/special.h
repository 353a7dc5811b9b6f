/* SPDX-License-Identifier: GPL-2.0 */
/* Finalizers and cleanups, for engines that have them (core/finalizer.c). */
#ifndef _GCHEAP_SPECIAL_H
#define _GCHEAP_SPECIAL_H

#include <linux/types.h>
#include <gcheap/table.h>

struct gch_heap;

/**
 * typedef gch_finals_fn - called with an object that has a finalizer or cleanups
 * @arg: the caller's argument
 * @ref: the object
 * @finalizer: true if it has a finalizer
 */
typedef void (*gch_finals_fn)(void *arg, void *ref, bool finalizer);

/* Is the object @ref dead? @arg is the caller's argument. */
typedef bool (*gch_is_dead_fn)(void *arg, void *ref);

/* Marks the dead object @ref for its finalizer. @arg is the caller's argument. */
typedef void (*gch_revive_fn)(void *arg, void *ref);

void gch_visit_finals(struct gch_heap *heap, gch_finals_fn fn, void *arg);
void gch_visit_finalizing(struct gch_heap *heap, gch_roots_fn fn, void *arg);
bool gch_finals_find(struct gch_heap *heap, gch_is_dead_fn is_dead, void *arg);
void gch_finals_revive(struct gch_heap *heap, gch_revive_fn revive, void *arg);
void gch_finals_release(struct gch_heap *heap);

#endif /* _GCHEAP_SPECIAL_H */
