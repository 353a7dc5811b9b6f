// SPDX-License-Identifier: GPL-2.0
/* Walks over the spans and the marked objects of a heap. */
#include "heapwalk.h"

#include <linux/rculist.h>
#include <linux/sched.h>

#include "go.h"
#include "markbits.h"

#include "compat.h"

/**
 * gch_go_visit_spans - visits the spans in use
 * @h: the heap
 * @fn: called with each
 * @arg: first argument of @fn
 *
 * May miss spans that are allocated meanwhile.
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_visit_spans(struct gch_go_heap *h, gch_go_span_fn fn, void *arg)
{
	struct gch_go_arena *a;
	u32 i, n;

	list_for_each_entry_rcu(a, &h->mheap.arenas, node,
				lockdep_is_held(&h->base.cycle_lock)) {
		for (i = 0; i < a->npages; i += n ?: 1) {
			/* Pairs with the barrier in span_init(). */
			n = gch_load_acquire(&a->spans[i].npages);
			if (n)
				fn(arg, &a->spans[i]);
			cond_resched();
		}
	}
}

struct visit {
	gch_go_edge_fn fn;
	void *arg;
};

static void visit_marked(void *arg, struct gch_go_span *s)
{
	struct visit *v = arg;
	unsigned int i;

	for (i = 0; i < s->nelems; i++) {
		if (!gch_go_is_marked(gch_go_span_ref(s, i)))
			continue;
		/*
		 * The mark before the object, since no reference led here. Pairs with
		 * gch_go_mark_born().
		 */
		smp_rmb();
		v->fn(v->arg, gch_go_span_ref(s, i));
	}
}

/**
 * gch_go_visit_marked - visits all marked objects
 * @h: the heap
 * @fn: called with a reference to each
 * @arg: first argument of @fn
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_visit_marked(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg)
{
	struct visit v = { .fn = fn, .arg = arg };
	struct gch_go_large *l;

	gch_go_visit_spans(h, visit_marked, &v);
	list_for_each_entry_rcu(l, &h->larges.list, node,
				lockdep_is_held(&h->base.cycle_lock)) {
		if (READ_ONCE(l->mark))
			fn(arg, (unsigned long)l->addr | SPAN_LARGE);
		cond_resched();
	}
}
