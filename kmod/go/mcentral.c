// SPDX-License-Identifier: GPL-2.0
/*
 * Central lists: the spans of a span class that no CPU allocates from
 *
 * As in Go's mcentral.go there are two lists of spans with free objects and two
 * of full ones; which of the two holds what has been swept changes with every
 * sweep generation. When a cycle starts everything has been swept, so nothing
 * has to be moved.
 *
 * A section may have begun before the generation changed. It finds that out
 * under the list's lock, and then starts over: else it could take for unswept
 * what another CPU has just swept, and free everything in it.
 */
#include "mcentral.h"

#include <linux/nodemask.h>
#include <linux/topology.h>

#include "compat.h"
#include "go.h"
#include "span_sweep.h"

/* Spans that are looked at for those of the CPU's NUMA node, with the lock held. */
#define NEAR_LOOKS	16U
/* Spans that one refill sweeps at most. */
#define SWEEP_BUDGET	32

static bool is_stale(struct gch_go_heap *h, u32 gen)
{
	return STATE_GEN(READ_ONCE(h->state)) != gen;
}

/**
 * gch_go_central_init - sets up the lists
 * @h: the heap
 *
 * Context: any.
 */
void gch_go_central_init(struct gch_go_heap *h)
{
	unsigned int i, parity;

	for (i = 0; i < GCH_GO_SPAN_CLASSES; i++) {
		struct gch_go_mcentral *c = &h->central[i];

		raw_spin_lock_init(&c->lock);
		for (parity = 0; parity < 2; parity++) {
			INIT_LIST_HEAD(&c->partial[parity]);
			INIT_LIST_HEAD(&c->full[parity]);
		}
	}
}

/*
 * The first of the CPU's NUMA node, if there is one near the head; or the first. @looks
 * is how many may be looked at, and is lowered.
 */
static struct gch_go_span *pop(struct list_head *list, unsigned int *looks)
{
	struct gch_go_span *s, *first;

	first = list_first_entry_or_null(list, struct gch_go_span, node);
	if (!first)
		return NULL;
	if (num_online_nodes() > 1)
		list_for_each_entry(s, list, node) {
			if (!*looks)
				break;
			--*looks;
			if (s->arena->nid == numa_mem_id()) {
				first = s;
				break;
			}
		}
	list_del_init(&first->node);
	return first;
}

/* Takes a span that may have room; -EAGAIN if the generation has changed. */
static int take(struct gch_go_heap *h, struct gch_go_mcentral *c, u32 gen,
		struct gch_go_span **span, bool *swept)
{
	unsigned int parity = gen & 1, looks = NEAR_LOOKS;
	int ret = 0;

	raw_spin_lock(&c->lock);
	if (is_stale(h, gen)) {
		ret = -EAGAIN;
		goto out;
	}
	*swept = true;
	*span = pop(&c->partial[parity], &looks);
	if (*span)
		goto out;
	*swept = false;
	*span = pop(&c->partial[!parity], &looks) ?:
		pop(&c->full[!parity], &looks);
out:
	raw_spin_unlock(&c->lock);
	return ret;
}

/**
 * gch_go_central_get - takes a span with room for an object
 * @h: the heap
 * @class: its span class
 * @gen: sweep generation that the section sees
 * @span: set to the span, owned by the caller; NULL if there is none
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if the generation has changed: the section looks again.
 */
int gch_go_central_get(struct gch_go_heap *h, unsigned int class, u32 gen,
		       struct gch_go_span **span)
{
	struct gch_go_mcentral *c = &h->central[class];
	unsigned int budget = SWEEP_BUDGET;
	bool swept;
	int ret;

	*span = NULL;
	do {
		ret = take(h, c, gen, span, &swept);
		if (ret || !*span || swept)
			return ret;
		gch_go_sweep_span(h, *span, gen);
		if ((*span)->alloc_count < (*span)->nelems)
			return 0;
		gch_go_central_put(h, *span, gen);
		*span = NULL;
	} while (--budget);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_central_get);

/**
 * gch_go_central_put - puts a swept span on the list that it belongs on
 * @h: the heap
 * @s: the span; given up by the caller
 * @gen: sweep generation that it was swept in
 *
 * An empty one goes back to the page heap.
 *
 * Context: in a section, or process context with preemption off.
 */
void gch_go_central_put(struct gch_go_heap *h, struct gch_go_span *s, u32 gen)
{
	struct gch_go_mcentral *c = &h->central[s->class];
	unsigned int parity = gen & 1, count = gch_go_span_count(s);

	if (!count) {
		gch_go_span_free(h, s);
		return;
	}
	raw_spin_lock(&c->lock);
	list_add(&s->node, count < s->nelems ? &c->partial[parity] :
					       &c->full[parity]);
	raw_spin_unlock(&c->lock);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_central_put);

/**
 * gch_go_central_put_unswept - puts a span of the generation before on its list
 * @h: the heap
 * @s: the span, from which was allocated in that generation; given up by the caller
 * @gen: the present sweep generation
 *
 * Context: in a section that has read @gen, or by the collector, preemption off; under
 * the lock of the mcache that has had the span.
 */
void gch_go_central_put_unswept(struct gch_go_heap *h, struct gch_go_span *s,
				u32 gen)
{
	struct gch_go_mcentral *c = &h->central[s->class];
	unsigned int parity = !(gen & 1);
	bool full = gch_go_span_count(s) == s->nelems;

	raw_spin_lock(&c->lock);
	list_add(&s->node, full ? &c->full[parity] : &c->partial[parity]);
	raw_spin_unlock(&c->lock);
}

/**
 * gch_go_central_put_all - the same for several spans of a span class
 * @h: the heap
 * @class: their span class
 * @gen: sweep generation that they were swept in
 * @spans: list of them; empty afterwards
 *
 * Context: as gch_go_central_put().
 */
void gch_go_central_put_all(struct gch_go_heap *h, unsigned int class, u32 gen,
			    struct list_head *spans)
{
	struct gch_go_mcentral *c = &h->central[class];
	struct gch_go_span *s, *next;
	unsigned int parity = gen & 1;
	LIST_HEAD(full);
	LIST_HEAD(empty);

	list_for_each_entry_safe(s, next, spans, node) {
		if (!s->alloc_count)
			list_move(&s->node, &empty);
		else if (s->alloc_count == s->nelems)
			list_move(&s->node, &full);
	}
	raw_spin_lock(&c->lock);
	list_splice_init(spans, &c->partial[parity]);
	list_splice(&full, &c->full[parity]);
	raw_spin_unlock(&c->lock);
	gch_go_spans_free(h, &empty);
}

/**
 * gch_go_central_unswept - takes spans that are still to be swept
 * @h: the heap
 * @class: their span class
 * @gen: the present sweep generation
 * @spans: list that gets them, owned by the caller
 * @max: how many at most
 *
 * Context: preemption off.
 * Return: how many; 0 when all are swept or the generation has changed.
 */
unsigned int gch_go_central_unswept(struct gch_go_heap *h, unsigned int class,
				    u32 gen, struct list_head *spans,
				    unsigned int max)
{
	struct gch_go_mcentral *c = &h->central[class];
	unsigned int parity = !(gen & 1), looks = max + NEAR_LOOKS, n = 0;
	struct gch_go_span *s;

	/* They only become shorter, once caches have been adapted to the generation. */
	if (list_empty(&c->partial[parity]) && list_empty(&c->full[parity]))
		return 0;
	raw_spin_lock(&c->lock);
	while (n < max && !is_stale(h, gen)) {
		s = pop(&c->partial[parity], &looks) ?:
		    pop(&c->full[parity], &looks);
		if (!s)
			break;
		list_add_tail(&s->node, spans);
		n++;
	}
	raw_spin_unlock(&c->lock);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_central_unswept);
