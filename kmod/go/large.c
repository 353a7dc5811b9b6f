// SPDX-License-Identifier: GPL-2.0
/*
 * Large objects: above 32 KiB, each with its own pages
 *
 * &gch_engine_ops.wait takes and zeroes the pages before the section that needs them.
 * &gch_go_larges.lock protects the list. Only the collector frees a descriptor, after it
 * has taken it off the list.
 */
#include "large.h"

#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/string.h>

#include "go.h"
#include "object.h"

/* Sets the private word of each page. */
static void set_pages(struct gch_go_large *l, unsigned long private)
{
	struct page *page = virt_to_page(l->addr);
	u32 i;

	for (i = 0; i < BIT(l->order); i++)
		set_page_private(page + i, private);
}

/**
 * gch_go_large_new - allocates a large object
 * @h: the heap
 * @bytes: its size
 *
 * Context: process context outside sections, may sleep.
 * Return: the object, zeroed and on no list; NULL without memory.
 */
struct gch_go_large *gch_go_large_new(struct gch_go_heap *h, u32 bytes)
{
	struct gch_go_large *l;

	l = gch_memory_get(&h->base, sizeof(*l));
	if (!l)
		return NULL;
	l->bytes = bytes;
	l->order = get_order(bytes);
	l->addr = gch_pages_get(&h->base, l->order, GFP_KERNEL | __GFP_ZERO);
	if (!l->addr) {
		gch_memory_put(&h->base, l, sizeof(*l));
		return NULL;
	}
	INIT_LIST_HEAD(&l->node);
	set_pages(l, (unsigned long)l + META_LARGE);
	return l;
}

/**
 * gch_go_large_free - frees a large object that is on no list
 * @h: the heap
 * @l: the object; may be NULL
 *
 * Context: process context outside sections.
 */
void gch_go_large_free(struct gch_go_heap *h, struct gch_go_large *l)
{
	if (!l)
		return;
	if (h->poison)
		memset(l->addr, POISON_FREE, l->bytes);
	set_pages(l, 0);
	gch_pages_put(&h->base, l->addr, l->order);
	gch_memory_put(&h->base, l, sizeof(*l));
}

static void free_all(struct gch_go_heap *h, struct list_head *list)
{
	struct gch_go_large *l, *next;

	list_for_each_entry_safe(l, next, list, node) {
		gch_go_large_free(h, l);
		cond_resched();
	}
}

/* Objects to sort in one hold of the lock. */
#define SWEEP_STEP	64

/*
 * Moves objects to @live or @dead until @h->larges.list is empty; true if some are
 * left.
 */
static bool sweep_step(struct gch_go_heap *h, struct list_head *live,
		       struct list_head *dead)
{
	unsigned int n = SWEEP_STEP, gen = STATE_GEN(h->state);
	struct gch_go_large *l;
	bool more;

	preempt_disable();
	raw_spin_lock(&h->larges.lock);
	while (n-- && !list_empty(&h->larges.list)) {
		l = list_first_entry(&h->larges.list, struct gch_go_large, node);
		/* An object that was allocated after marking ended is not marked. */
		if (xchg(&l->mark, 0) || l->gen == gen) {
			l->gen = gen;
			list_move_tail(&l->node, live);
			continue;
		}
		list_move_tail(&l->node, dead);
		h->larges.nr--;
		gch_count(h->base.cpu->freed_cycle, 1);
		gch_count(h->base.cpu->freed_bytes, PAGE_SIZE << l->order);
	}
	more = !list_empty(&h->larges.list);
	raw_spin_unlock(&h->larges.lock);
	preempt_enable();
	return more;
}

/**
 * gch_go_large_sweep - frees the large objects that were not marked
 * @h: the heap
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock, in phase
 * OFF.
 */
void gch_go_large_sweep(struct gch_go_heap *h)
{
	LIST_HEAD(live);
	LIST_HEAD(dead);

	while (sweep_step(h, &live, &dead))
		cond_resched();
	preempt_disable();
	raw_spin_lock(&h->larges.lock);
	list_splice(&live, &h->larges.list);
	raw_spin_unlock(&h->larges.lock);
	preempt_enable();
	free_all(h, &dead);
}

/**
 * gch_go_larges_free - frees all large objects of a heap that is no longer in use
 * @h: the heap
 *
 * Context: process context, may sleep.
 */
void gch_go_larges_free(struct gch_go_heap *h)
{
	free_all(h, &h->larges.list);
}
