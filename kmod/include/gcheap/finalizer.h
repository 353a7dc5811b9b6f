/* SPDX-License-Identifier: GPL-2.0 */
/* Finalizers and cleanups, for kernel code that uses heaps: see gcheap.h. */
#ifndef _GCHEAP_FINALIZER_H
#define _GCHEAP_FINALIZER_H

#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/types.h>

struct gch_heap;
struct gch_mutator;

/* Maximum number of finalizers and cleanups of a heap that have not run. */
#define GCH_FINALS_MAX		BIT(20)
/* Slots of the mutator that a finalizer is called with. */
#define GCH_FINALIZER_SLOTS	16U

/**
 * typedef gch_finalizer_fn - called with an unreachable object
 * @m: a mutator; the object is in slot 0, the other slots are empty
 * @arg: the argument given with the function
 *
 * Context: a kthread, may sleep; the heap's other finalizers and cleanups wait for
 * it. Must not delete the heap.
 */
typedef void (*gch_finalizer_fn)(struct gch_mutator *m, void *arg);

/**
 * typedef gch_cleanup_fn - called after an object was freed
 * @arg: the argument given with the function
 *
 * Context: as &gch_finalizer_fn.
 */
typedef void (*gch_cleanup_fn)(void *arg);

/* Finalizers and cleanups */
int __gch_finalizer_set(struct gch_mutator *m, unsigned int src,
			gch_finalizer_fn fn, void *arg, struct module *owner);
int __gch_cleanup_add(struct gch_mutator *m, unsigned int src,
		      gch_cleanup_fn fn, void *arg, u64 *id,
		      struct module *owner);
int gch_cleanup_stop(struct gch_heap *heap, u64 id);
void gch_finals_wait(struct gch_heap *heap);
void gch_finals_stop(struct gch_heap *heap);

/* See __gch_finalizer_set(). */
#define gch_finalizer_set(m, src, fn, arg)				\
	__gch_finalizer_set(m, src, fn, arg, THIS_MODULE)
/* See __gch_cleanup_add(). */
#define gch_cleanup_add(m, src, fn, arg, id)				\
	__gch_cleanup_add(m, src, fn, arg, id, THIS_MODULE)

/**
 * gch_keep_alive - marks the last use of an object
 * @m: the mutator
 * @src: slot that refers to the object
 *
 * A slot is a root until it is overwritten, even if it is never used again, so
 * keeping the object costs nothing. The call tells the reader and the compiler that
 * the pointer from gch_data() is unused from here on. If the slot is cleared or
 * overwritten earlier, the object may be finalized, even while one of its methods
 * runs.
 */
static inline void gch_keep_alive(const struct gch_mutator *m, unsigned int src)
{
	barrier();
}

#endif /* _GCHEAP_FINALIZER_H */
