// SPDX-License-Identifier: GPL-2.0
/*
 * The page heap: runs of 8 KiB pages for spans, out of arenas
 *
 * heap_lock protects the arenas' bitmaps and both lists of them. The list of all
 * arenas is only lengthened by mutators; the collector, which alone shortens it
 * while no cycle runs, walks it without the lock.
 *
 * An arena's memory is that of the NUMA node of the CPU that it was first wanted on,
 * if there was some. A CPU takes spans from arenas of its own node; of others only when
 * no arena could be added.
 */
#include "go.h"

#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/poison.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "compat.h"
#include "core/delay.h"

/* Objects become the window so many bytes at a time, at most 64, at least one. */
#define STEP_BYTES	2048U

static void set_private(void *base, size_t bytes, void *private)
{
	struct page *page = virt_to_page(base);
	size_t i;

	for (i = 0; i < bytes >> PAGE_SHIFT; i++)
		set_page_private(page + i, (unsigned long)private);
}

/* Lets the span's pages lead to it: see page_span(). */
static void set_pages(struct gch_go_span *s, u32 npages)
{
	u32 i;

	if (GCH_GO_VIA_ARENA)
		for (i = 0; i < npages; i++)
			s[i].back = i;
	else
		set_private(s->base, (size_t)npages << GCH_GO_PAGE_SHIFT, s);
}

static u32 capacity(unsigned int class, u32 size, u32 npages)
{
	u32 bytes = npages << GCH_GO_PAGE_SHIFT;

	if (size > GCH_GO_MAX_INLINE)
		return bytes / size;
	if (size >= GCH_GO_MIN_INLINE)
		bytes -= TAIL_BYTES + GCH_GO_PAGE_SIZE /
			 (size < GCH_GO_COARSE ? 16 : 64);
	if (!(class & 1))
		bytes -= PTRS_BYTES;
	return bytes / size;
}

static unsigned int tag_of(const struct gch_go_span *s)
{
	if (!gch_go_is_inline(s))
		return SPAN_OTHER;
	return s->size < GCH_GO_COARSE ? SPAN_INLINE16 : SPAN_INLINE64;
}

static void tail_init(struct gch_go_span *s)
{
	unsigned long ref = gch_go_span_ref(s, 0);
	struct gch_go_tail *tail = tail_of(ref);

	memset(tail_marks(ref), 0, GCH_GO_PAGE_SIZE >> mark_shift(ref));
	*tail = (struct gch_go_tail) { .class = s->class, .size = s->size };
}

static void span_init(struct gch_go_heap *h, struct gch_go_span *s,
		      unsigned int class, u32 npages, u32 gen)
{
	u32 size = gch_go_class_size[class >> 1];

	BUILD_BUG_ON(GCH_GO_PAGE_SIZE / 8 > SPAN_WORDS * BITS_PER_LONG);
	s->class = class;
	s->gen = gen;
	s->size = size;
	s->nelems = capacity(class, size, npages);
	s->tag = tag_of(s);
	s->step = rounddown_pow_of_two(clamp(STEP_BYTES / size, 1U, 64U));
	s->alloc_count = 0;
	s->mixed = false;
	s->mask = 0;
	memset(s->alloc_bits, 0, sizeof(s->alloc_bits));
	memset(s->mark_bits, 0, sizeof(s->mark_bits));
	gch_go_span_refill(s);
	if (h->poison)
		memset(s->base, POISON_FREE, npages << GCH_GO_PAGE_SHIFT);
	if (gch_go_is_inline(s))
		tail_init(s);
	else if (size <= GCH_GO_MAX_INLINE && !(class & 1))
		memset(gch_go_span_ptrs(s), 0, PTRS_BYTES);
	set_pages(s, npages);
	gch_delay();
	/*
	 * Who walks the spans, or reads a reference to one of its objects, wherever it
	 * was stored, sees the span and its pages as they are now.
	 */
	smp_wmb();
	WRITE_ONCE(s->npages, npages);
	atomic_inc(&h->nr_units);
}

static struct gch_go_span *take_pages(struct gch_go_heap *h,
				      struct gch_go_arena *a, u32 npages)
{
	unsigned long first;
	u32 i;

	if (a->nfree < npages)
		return NULL;
	first = bitmap_find_next_zero_area(a->used, a->npages, 0, npages, 0);
	if (first >= a->npages)
		return NULL;
	bitmap_set(a->used, first, npages);
	if (a->nfree == a->npages)
		h->empty_pages -= a->npages;
	a->nfree -= npages;
	h->free_pages -= npages;
	if (!a->nfree)
		list_del_init(&a->free_node);
	for (i = 1; i < npages; i++)
		a->spans[first].needzero |= a->spans[first + i].needzero;
	return &a->spans[first];
}

static struct gch_go_span *take_on(struct gch_go_heap *h, int nid, u32 npages)
{
	struct gch_go_span *s = NULL;
	struct gch_go_arena *a;

	lockdep_assert_held(&h->heap_lock);
	list_for_each_entry(a, &h->free_arenas[nid], free_node) {
		s = take_pages(h, a, npages);
		if (s)
			break;
	}
	return s;
}

/**
 * gch_go_arenas_init - sets up a heap's arenas, of which there are none yet
 * @h: the heap
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM.
 */
int gch_go_arenas_init(struct gch_go_heap *h)
{
	unsigned int nid;

	raw_spin_lock_init(&h->heap_lock);
	INIT_LIST_HEAD(&h->arenas);
	h->free_arenas = kcalloc(nr_node_ids, sizeof(*h->free_arenas),
				 GFP_KERNEL_ACCOUNT);
	if (!h->free_arenas)
		return -ENOMEM;
	for (nid = 0; nid < nr_node_ids; nid++)
		INIT_LIST_HEAD(&h->free_arenas[nid]);
	return 0;
}

/**
 * gch_go_span_alloc - takes a span from the page heap
 * @h: the heap
 * @class: its span class
 * @gen: sweep generation that it counts as swept in
 * @far: of another NUMA node, if that of the CPU has none
 *
 * Context: in a section; takes heap_lock.
 * Return: the span, owned by the caller, or NULL.
 */
struct gch_go_span *gch_go_span_alloc(struct gch_go_heap *h, unsigned int class,
				      u32 gen, bool far)
{
	u32 npages = gch_go_class_pages[class >> 1];
	struct gch_go_span *s;
	unsigned int nid;

	raw_spin_lock(&h->heap_lock);
	s = take_on(h, numa_mem_id(), npages);
	for (nid = 0; !s && far && nid < nr_node_ids; nid++)
		s = take_on(h, nid, npages);
	raw_spin_unlock(&h->heap_lock);
	if (s)
		span_init(h, s, class, npages, gen);
	return s;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_span_alloc);

static void put_pages(struct gch_go_heap *h, struct gch_go_span *s)
{
	struct gch_go_arena *a = s->arena;
	u32 npages = s->npages, i;

	lockdep_assert_held(&h->heap_lock);
	for (i = 0; i < npages; i++)
		s[i].needzero = true;
	WRITE_ONCE(s->npages, 0);
	bitmap_clear(a->used, s - a->spans, npages);
	a->nfree += npages;
	if (a->nfree == a->npages)
		h->empty_pages += a->npages;
	h->free_pages += npages;
	if (list_empty(&a->free_node))
		list_add(&a->free_node, &h->free_arenas[a->nid]);
}

/**
 * gch_go_span_free - gives a span's pages back to the page heap
 * @h: the heap
 * @s: the span, owned by the caller and on no list
 *
 * Context: in a section, or process context with preemption off; takes
 * heap_lock.
 */
void gch_go_span_free(struct gch_go_heap *h, struct gch_go_span *s)
{
	raw_spin_lock(&h->heap_lock);
	put_pages(h, s);
	raw_spin_unlock(&h->heap_lock);
	atomic_dec(&h->nr_units);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_span_free);

/**
 * gch_go_spans_free - the same for several spans
 * @h: the heap
 * @spans: list of them; empty afterwards
 *
 * Context: as gch_go_span_free().
 */
void gch_go_spans_free(struct gch_go_heap *h, struct list_head *spans)
{
	struct gch_go_span *s, *next;
	int n = 0;

	if (list_empty(spans))
		return;
	raw_spin_lock(&h->heap_lock);
	list_for_each_entry_safe(s, next, spans, node) {
		list_del_init(&s->node);
		put_pages(h, s);
		n++;
	}
	raw_spin_unlock(&h->heap_lock);
	atomic_sub(n, &h->nr_units);
}

static void arena_init(struct gch_go_arena *a, void *base, unsigned int order)
{
	bool needzero = !gch_pages_come_zeroed();
	u32 i;

	a->base = base;
	a->nid = page_to_nid(virt_to_page(base));
	a->order = order;
	a->npages = (PAGE_SIZE << order) >> GCH_GO_PAGE_SHIFT;
	a->nfree = a->npages;
	for (i = 0; i < a->npages; i++) {
		a->spans[i].arena = a;
		a->spans[i].base = base + ((size_t)i << GCH_GO_PAGE_SHIFT);
		a->spans[i].needzero = needzero;
		INIT_LIST_HEAD(&a->spans[i].node);
	}
	if (GCH_GO_VIA_ARENA)
		set_private(base, PAGE_SIZE << order, a);
}

/**
 * gch_go_arena_add - enlarges the page heap by an arena
 * @h: the heap
 * @npages: pages of 8 KiB that it must have in a row
 *
 * Context: process context outside sections, may sleep.
 * Return: 0, or -ENOMEM without memory or at the limit.
 */
int gch_go_arena_add(struct gch_go_heap *h, unsigned int npages)
{
	unsigned int order, min_order;
	struct mem_cgroup *memcg;
	struct gch_go_arena *a;
	void *base;

	min_order = get_order(npages << GCH_GO_PAGE_SHIFT);
	base = gch_arena_get(&h->base, min_order, &order);
	if (!base)
		return -ENOMEM;
	memcg = gch_memcg_enter(&h->base);
	a = kvzalloc(struct_size(a, spans,
				 (PAGE_SIZE << order) >> GCH_GO_PAGE_SHIFT),
		     GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	gch_memcg_leave(memcg);
	if (!a) {
		gch_arena_put(&h->base, base, order);
		return -ENOMEM;
	}
	arena_init(a, base, order);

	preempt_disable();
	raw_spin_lock(&h->heap_lock);
	a->id = ++h->last_arena;
	list_add_tail_rcu(&a->node, &h->arenas);
	list_add_tail(&a->free_node, &h->free_arenas[a->nid]);
	h->pages += a->npages;
	h->free_pages += a->npages;
	h->empty_pages += a->npages;
	raw_spin_unlock(&h->heap_lock);
	preempt_enable();
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_arena_add);

static void arena_free(struct gch_go_heap *h, struct gch_go_arena *a)
{
	set_private(a->base, PAGE_SIZE << a->order, NULL);
	gch_arena_put(&h->base, a->base, a->order);
	kvfree(a);
}

/* Takes empty arenas of a node off; at most @nr, which is lowered. */
static u64 take_empty(struct gch_go_heap *h, unsigned int nid,
		      unsigned int *nr, struct list_head *empty)
{
	struct gch_go_arena *a, *next;
	u64 pages = 0;

	lockdep_assert_held(&h->heap_lock);
	list_for_each_entry_safe(a, next, &h->free_arenas[nid], free_node) {
		if (!h->empty_pages || !*nr)
			break;
		if (a->nfree < a->npages)
			continue;
		list_del_rcu(&a->node);
		list_move(&a->free_node, empty);
		h->pages -= a->npages;
		h->free_pages -= a->npages;
		h->empty_pages -= a->npages;
		pages += a->npages;
		--*nr;
	}
	return pages;
}

/**
 * gch_go_arenas_trim - gives empty arenas back
 * @h: the heap
 * @nr: how many at most
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock, no cycle
 * runs.
 * Return: pages of 8 KiB given back.
 */
u64 gch_go_arenas_trim(struct gch_go_heap *h, unsigned int nr)
{
	struct gch_go_arena *a, *next;
	LIST_HEAD(empty);
	unsigned int nid;
	u64 pages = 0;

	preempt_disable();
	raw_spin_lock(&h->heap_lock);
	for (nid = 0; nid < nr_node_ids; nid++)
		pages += take_empty(h, nid, &nr, &empty);
	raw_spin_unlock(&h->heap_lock);
	preempt_enable();

	list_for_each_entry_safe(a, next, &empty, free_node) {
		arena_free(h, a);
		cond_resched();
	}
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_arenas_trim);

/**
 * gch_go_arenas_free - frees all arenas of a heap that nobody uses any more
 * @h: the heap; gch_go_arenas_init() has been called
 *
 * Context: process context, may sleep.
 */
void gch_go_arenas_free(struct gch_go_heap *h)
{
	struct gch_go_arena *a, *next;

	list_for_each_entry_safe(a, next, &h->arenas, node) {
		arena_free(h, a);
		cond_resched();
	}
	kfree(h->free_arenas);
}
