/* SPDX-License-Identifier: GPL-2.0 */
/* Finalizers and cleanups, for kernel code that uses heaps: see gcheap.h. */
#ifndef _GCHEAP_FINALIZER_H
#define _GCHEAP_FINALIZER_H

#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/types.h>

struct gch_heap;
struct gch_mutator;

/* Most finalizers and cleanups of one heap that have not run. */
#define GCH_FINALS_MAX		BIT(20)
/* Slots of the mutator that a finalizer gets. */
#define GCH_FINALIZER_SLOTS	16U

/**
 * typedef gch_finalizer_fn - called with an object that is out of reach
 * @m: a mutator; the object is in slot 0, the other slots are empty
 * @arg: the caller's
 *
 * Context: a kthread, may sleep; holds up the other finalizers and cleanups of the
 * heap. It cannot delete the heap.
 */
typedef void (*gch_finalizer_fn)(struct gch_mutator *m, void *arg);

/**
 * typedef gch_cleanup_fn - called when an object is gone
 * @arg: the caller's
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
 * gch_keep_alive - an object is alive up to here
 * @m: the mutator
 * @src: slot that refers to it
 *
 * A slot is a root until something else is written to it, whether or not it is
 * used again, so it costs nothing to keep an object: this says to the reader, and to
 * the compiler, that what gch_data() gave is not used any more after it. An object
 * whose slot is cleared or written before may be finalized, even while a method of
 * it goes on.
 */
static inline void gch_keep_alive(const struct gch_mutator *m, unsigned int src)
{
	barrier();
}

#endif /* _GCHEAP_FINALIZER_H */
