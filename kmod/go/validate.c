// SPDX-License-Identifier: GPL-2.0
/*
 * Invariants of a heap of this engine, checked with all mutators stopped
 *
 * After marking: every object that a root or a marked object refers to is marked. A
 * second mark, as in Go's gccheckmark, could find no more, and needs a second set of
 * mark bits.
 *
 * After a cycle: page bitmaps agree with spans, counts agree with bits, and every
 * object that a live object refers to is allocated.
 */
#include "validate.h"

#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "heapstat.h"
#include "heapwalk.h"
#include "markbits.h"
#include "object.h"
#include "phase.h"

/* Maximum number of messages from one walk. */
#define REPORTS	5

/**
 * struct check - a walk
 * @h: the heap
 * @errors: errors found so far
 * @objects: objects found so far, by span class; NULL without memory for it
 */
struct check {
	struct gch_go_heap *h;
	int errors;
	u64 *objects;
};

static void report(struct check *c, const char *what)
{
	if (c->errors++ < REPORTS)
		pr_err("heap %s: %s\n", c->h->base.name, what);
}

static void check_marked(void *arg, unsigned long ref)
{
	if (!gch_go_is_marked(ref))
		report(arg, "a reachable object is not marked");
}

static void check_children(void *arg, unsigned long ref)
{
	gch_go_visit_refs(ref, check_marked, arg);
}

static void check_places(void *arg, void **places, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (places[i])
			check_marked(arg, (unsigned long)places[i]);
}

static void check_finalizer(void *arg, void *ref, bool finalizer)
{
	if (finalizer)
		check_children(arg, (unsigned long)ref);
}

/**
 * gch_go_check_marks - checks that every reachable object is marked
 * @h: the heap, stopped after marking
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 * Return: number of references that lead to an unmarked object.
 */
int gch_go_check_marks(struct gch_go_heap *h)
{
	struct check c = { .h = h };

	mutex_lock(&h->base.lock);
	gch_visit_frames(&h->base, check_places, &c);
	gch_visit_roots(&h->base, check_places, &c);
	mutex_unlock(&h->base.lock);
	gch_visit_finals(&h->base, check_finalizer, &c);
	gch_visit_finalizing(&h->base, check_places, &c);
	gch_go_visit_marked(h, check_children, &c);
	return c.errors;
}

static void check_target(void *arg, unsigned long ref)
{
	unsigned long addr = ref_addr(ref);
	struct gch_go_span *s;
	struct check *c = arg;
	unsigned int i;

	if ((ref & TAG_MASK) == SPAN_LARGE) {
		struct gch_go_large *l = page_large(addr);

		if (!((unsigned long)page_meta(addr) & META_LARGE) ||
		    l->addr != (void *)addr)
			report(c, "a reference does not point to a large object");
		return;
	}
	s = page_meta(addr) ? page_span(addr) : NULL;
	if (!s || !s->npages) {
		report(c, "a reference does not point to a span");
		return;
	}
	i = gch_go_index(s->class >> 1, addr - (unsigned long)s->base);
	if (i >= s->nelems || !gch_go_is_allocated(s, i) ||
	    (unsigned long)s->base + (size_t)i * s->size != addr)
		report(c, "a reference does not point to an allocated object");
	if ((ref & TAG_MASK) != s->tag)
		report(c, "a reference has the wrong tag");
}

static void check_final(void *arg, void *ref, bool finalizer)
{
	check_target(arg, (unsigned long)ref);
}

static void check_span(void *arg, struct gch_go_span *s)
{
	struct gch_go_tail *tail = tail_of((unsigned long)s->base);
	unsigned int i, allocated = 0;
	struct check *c = arg;

	if (s->nelems == 0 || s->freeindex > s->nelems)
		report(c, "a span has a bad header");
	if (gch_go_is_inline(s) &&
	    (tail->class != s->class || tail->size != s->size ||
	     tail->has_ptr_bitmap != s->has_ptr_bitmap || tail->mask != s->mask))
		report(c, "the tail of a span does not match the span");
	if (s->gen != STATE_GEN(c->h->state))
		report(c, "a span is unswept");
	if (gch_go_is_inline(s) && tail->owned)
		report(c, "a span is still queued for scanning");
	for (i = 0; i < s->nelems; i++) {
		if (!gch_go_is_allocated(s, i))
			continue;
		allocated++;
		gch_go_visit_refs(gch_go_span_ref(s, i), check_target, c);
	}
	if (allocated != gch_go_span_count(s))
		report(c, "a span has a wrong object count");
	if (c->objects)
		c->objects[s->class] += allocated;
}

/* Checks that each span class has as many objects as were allocated and not freed. */
static void check_classes(struct check *c)
{
	unsigned int i;

	for (i = 0; c->objects && i < GCH_GO_SPAN_CLASSES; i++)
		if (c->objects[i] != gch_go_allocs(c->h, i) -
				     gch_go_freed(c->h, i))
			report(c, "a span class has a wrong object count");
}

static void check_arena(struct check *c, struct gch_go_arena *a)
{
	u32 i, j, used = 0;

	for (i = 0; i < a->npages; i++) {
		u32 n = a->spans[i].npages;

		for (j = 0; j < n; j++)
			if (i + j >= a->npages || !test_bit(i + j, a->used))
				report(c, "a page of a span is free");
		used += n;
		i += n ? n - 1 : 0;
	}
	if (used != bitmap_weight(a->used, a->npages) ||
	    a->nfree + used != a->npages)
		report(c, "an arena has wrong page counts");
}

/**
 * gch_go_validate - checks all invariants
 * @heap: the heap
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 * Return: number of violations.
 */
int gch_go_validate(struct gch_heap *heap)
{
	struct gch_go_heap *h = to_go(heap);
	struct check c = { .h = h };
	struct gch_go_arena *a;
	struct gch_go_large *l;
	u32 state;

	c.objects = kcalloc(GCH_GO_SPAN_CLASSES, sizeof(*c.objects),
			    GFP_KERNEL | __GFP_NOWARN);
	state = gch_go_stop(h);
	list_for_each_entry_rcu(a, &h->mheap.arenas, node,
				lockdep_is_held(&heap->cycle_lock)) {
		check_arena(&c, a);
		cond_resched();
	}
	gch_go_visit_spans(h, check_span, &c);
	check_classes(&c);
	list_for_each_entry_rcu(l, &h->larges.list, node,
				lockdep_is_held(&heap->cycle_lock)) {
		gch_go_visit_refs((unsigned long)l->addr | SPAN_LARGE,
				  check_target, &c);
		cond_resched();
	}
	gch_visit_finals(heap, check_final, &c);
	gch_go_start(h, state);
	kfree(c.objects);
	return c.errors;
}
