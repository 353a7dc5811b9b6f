/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the markers: a worker's own queue, and its exchange with the heap's lists.
 */
#ifndef _GCH_GO_MARK_STACK_H
#define _GCH_GO_MARK_STACK_H

#include <linux/prefetch.h>

#include "go.h"
#include "object.h"

/*
 * Objects between checks for idle workers and of the clock; the second for a fractional
 * worker, whose CPU other tasks want.
 */
#define CHECK_EVERY	512U
#define CHECK_FRACTION	128U
/* Objects between checks of the clock in an assist. */
#define ASSIST_CHECK	16U

/**
 * struct gch_go_marker - a worker, or an assisting mutator, while it marks
 * @h: the heap
 * @cpu: CPU of the worker, or %GCH_CPU_NONE
 * @since: when its turn began, by ktime_get_ns()
 * @worker: its share of the processors; NULL if none applies
 * @section: it is a mutator in a section, which cannot allocate
 * @rest: other tasks need the CPU more: it finishes what it has begun
 * @buf: its buffer, a stack; NULL if it has none
 * @sp: where the next reference goes
 * @base: the first entry of @buf
 * @limit: the end of @buf
 * @out: a second buffer, which greentea takes from while it fills @buf
 * @at: the next reference of @out
 * @end: the end of the references of @out
 * @objects: objects marked since the last report
 * @bytes: their bytes
 */
struct gch_go_marker {
	struct gch_go_heap *h;
	unsigned int cpu;
	u64 since;
	struct gch_go_mark_worker *worker;
	bool section;
	bool rest;
	struct gch_go_workbuf *buf;
	unsigned long *sp;
	unsigned long *base;
	unsigned long *limit;
	struct gch_go_workbuf *out;
	unsigned long *at;
	unsigned long *end;
	u64 objects;
	u64 bytes;
};

/*
 * State that a loop keeps in registers; @left is the number of objects until the next
 * check.
 */
struct gch_go_hot {
	unsigned long *sp;
	u64 objects;
	u64 bytes;
	int left;
};

void gch_go_push_slow(struct gch_go_marker *k, unsigned long ref);
bool gch_go_pop_slow(struct gch_go_marker *k);
bool gch_go_step_other(struct gch_go_marker *k, unsigned long ref);
bool gch_go_is_long(unsigned long ref);
void gch_go_use_buf(struct gch_go_marker *k, struct gch_go_workbuf *b);
void gch_go_offer(struct gch_go_marker *k, unsigned int least);
bool gch_go_others_idle(const struct gch_go_heap *h);
void gch_go_mark_turn(struct gch_go_marker *k);
void gch_go_gray(struct gch_go_marker *k, unsigned long ref);
void gch_go_marker_end(struct gch_go_marker *k, bool credit);

/* Takes an empty buffer; NULL if there is none. */
static inline struct gch_go_workbuf *mark_buf(struct gch_go_marker *k)
{
	return k->section ? gch_go_buf_take(k->h) : gch_go_buf_get(k->h);
}

/* Objects until the next check; the mode changes at checks only. */
static inline unsigned int mark_every(const struct gch_go_marker *k)
{
	return k->worker && k->worker->mode == GCH_GO_FRACTIONAL ?
	       CHECK_FRACTION : CHECK_EVERY;
}

static inline struct gch_go_hot mark_begin(const struct gch_go_marker *k)
{
	return (struct gch_go_hot) { .sp = k->sp, .left = mark_every(k) };
}

static __always_inline void mark_push(struct gch_go_marker *k,
				      struct gch_go_hot *r, unsigned long ref)
{
	if (unlikely(r->sp == k->limit)) {
		k->sp = r->sp;
		gch_go_push_slow(k, ref);
		r->sp = k->sp;
	} else {
		*r->sp++ = ref;
	}
}

/* Takes the top of the stack, or else listed work; 0 if there is none. */
static __always_inline unsigned long mark_pop(struct gch_go_marker *k,
					      struct gch_go_hot *r)
{
	if (unlikely(r->sp == k->base)) {
		if (!atomic_read(&k->h->mark.nr_full))
			return 0;
		k->sp = r->sp;
		if (!gch_go_pop_slow(k))
			return 0;
		r->sp = k->sp;
	}
	return *--r->sp;
}

/* Writes the registers back to the marker. */
static __always_inline void mark_keep(struct gch_go_marker *k,
				      struct gch_go_hot *r)
{
	k->sp = r->sp;
	k->objects += r->objects;
	k->bytes += r->bytes;
	r->objects = 0;
	r->bytes = 0;
}

/* Checks for idle workers and the clock. */
static __always_inline void mark_turn(struct gch_go_marker *k,
				      struct gch_go_hot *r)
{
	mark_keep(k, r);
	gch_go_mark_turn(k);
	*r = mark_begin(k);
}

/* Marks and scans an object that is not inline. */
static __always_inline void mark_other(struct gch_go_marker *k,
				       struct gch_go_hot *r, unsigned long ref)
{
	k->sp = r->sp;
	if (gch_go_step_other(k, ref))
		r->left = 0;
	r->sp = k->sp;
}

#endif /* _GCH_GO_MARK_STACK_H */
