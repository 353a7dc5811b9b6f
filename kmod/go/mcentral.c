// SPDX-License-Identifier: GPL-2.0
/*
 * Central lists: the spans of a span class that no CPU allocates from
 *
 * As in Go's mcentral.go there are two lists of spans with free objects and two of full
 * spans. Swept and unswept lists swap roles with every sweep generation. When a cycle
 * starts all spans are swept, so none has to be moved.
 *
 * A section may have begun before the generation changed. It checks that under the
 * list's lock, and starts over. Otherwise it could take a span that another CPU has
 * just swept for unswept, and free all of its objects.
 */
#include "mcentral.h"

#include <linux/nodemask.h>
#include <linux/topology.h>

#include "compat.h"
#include "go.h"
#include "span_sweep.h"

/* Spans to check for the CPU's NUMA node, with the lock held. */
#define NEAR_LOOKS	16U
/* Maximum number of spans that one refill sweeps. */
#define SWEEP_BUDGET	32

static bool is_stale(struct gch_go_heap *h, u32 gen)
{
	return STATE_GEN(READ_ONCE(h->state)) != gen;
}

/**
 * gch_go_central_init - initializes the lists
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
 * Takes the first span of the CPU's NUMA node near the head, or else the first span.
 * Checks at most *@looks spans, and lowers that.
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
 * @gen: sweep generation that the section has read
 * @span: set to the span, owned by the caller; NULL if there is none
 *
 * Context: in a section.
 * Return: 0; -EAGAIN if the generation has changed: the section reads the state again.
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
 * gch_go_central_put - lists a swept span
 * @h: the heap
 * @s: the span; the caller gives up ownership
 * @gen: sweep generation that it was swept in
 *
 * An empty span goes back to the page heap.
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
 * gch_go_central_put_unswept - lists a span of the last generation as unswept
 * @h: the heap
 * @s: the span that a CPU has allocated from; the caller gives up ownership
 * @gen: the present sweep generation
 *
 * Context: in a section that has read @gen, or by the collector with preemption off;
 * under the lock of the mcache that had the span.
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
 * gch_go_central_put_all - lists several swept spans of a span class
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
 * gch_go_central_unswept - takes spans that have yet to be swept
 * @h: the heap
 * @class: their span class
 * @gen: the present sweep generation
 * @spans: list to add them to; the caller owns them
 * @max: maximum number
 *
 * Context: preemption off.
 * Return: number of spans; 0 if all are swept or the generation has changed.
 */
unsigned int gch_go_central_unswept(struct gch_go_heap *h, unsigned int class,
				    u32 gen, struct list_head *spans,
				    unsigned int max)
{
	struct gch_go_mcentral *c = &h->central[class];
	unsigned int parity = !(gen & 1), looks = max + NEAR_LOOKS, n = 0;
	struct gch_go_span *s;

	/*
	 * Without the lock: the lists only shrink once caches have adapted to the
	 * generation.
	 */
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
