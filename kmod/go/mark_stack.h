/* SPDX-License-Identifier: GPL-2.0 */
/* What the markers share: a worker's own queue, and the way to that of all. */
#ifndef _GCH_GO_MARK_STACK_H
#define _GCH_GO_MARK_STACK_H

#include <linux/prefetch.h>

#include "go.h"
#include "object.h"

/*
 * Objects between looks at whether others are idle, and the clock; and while a
 * mutator waits for the CPU.
 */
#define CHECK_EVERY	512U
#define CHECK_FRACTION	128U
/* Objects between looks at the clock where a mutator marks. */
#define ASSIST_CHECK	16U

/**
 * struct gch_go_marker - a worker, or a mutator that helps, while it marks
 * @h: the heap
 * @cpu: of the worker, or %GCH_CPU_NONE
 * @since: when its turn began, by ktime_get_ns()
 * @share: of the processors; NULL if it is not asked for
 * @section: it is a mutator in a section, which takes no memory
 * @rest: others need the CPU more: it marks what it has begun and no more
 * @buf: its buffer, a stack; NULL if it has none
 * @sp: the next reference goes there
 * @base: the first of @buf
 * @limit: the end of @buf
 * @out: a second buffer, which greentea takes from while @buf is filled
 * @at: the next reference of @out
 * @end: the end of those
 * @objects: marked since they were last reported
 * @bytes: of them
 */
struct gch_go_marker {
	struct gch_go_heap *h;
	unsigned int cpu;
	u64 since;
	struct gch_go_share *share;
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

/* What a loop keeps in registers; @left objects until it has to look up. */
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

/* An empty buffer, or NULL. */
static inline struct gch_go_workbuf *mark_buf(struct gch_go_marker *k)
{
	return k->section ? gch_go_buf_take(k->h) : gch_go_buf_get(k->h);
}

/* How many that is from one look to the next, between which it does not change. */
static inline unsigned int mark_every(const struct gch_go_marker *k)
{
	return k->share && k->share->mode == GCH_GO_FRACTIONAL ?
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

/* The top of the stack, or of work that others have left; 0 if there is none. */
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

/* What was in registers becomes the marker's. */
static __always_inline void mark_keep(struct gch_go_marker *k,
				      struct gch_go_hot *r)
{
	k->sp = r->sp;
	k->objects += r->objects;
	k->bytes += r->bytes;
	r->objects = 0;
	r->bytes = 0;
}

/* After so many objects: others and the clock have their turn. */
static __always_inline void mark_turn(struct gch_go_marker *k,
				      struct gch_go_hot *r)
{
	mark_keep(k, r);
	gch_go_mark_turn(k);
	*r = mark_begin(k);
}

/* Anything but an inline object. */
static __always_inline void mark_other(struct gch_go_marker *k,
				       struct gch_go_hot *r, unsigned long ref)
{
	k->sp = r->sp;
	if (gch_go_step_other(k, ref))
		r->left = 0;
	r->sp = k->sp;
}

#endif /* _GCH_GO_MARK_STACK_H */
