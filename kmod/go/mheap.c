// SPDX-License-Identifier: GPL-2.0
/*
 * The page heap: cuts spans, which are runs of 8 KiB pages, out of arenas
 *
 * &gch_go_mheap.lock protects the arenas' bitmaps and all lists of arenas. No step under it
 * takes longer with a larger heap: see mpagealloc.c. Mutators only add to the list of
 * all arenas. The collector alone removes from it, while no cycle runs, and walks it
 * without the lock.
 *
 * NUMA: a CPU takes a span from an arena of its own node. If there is none, an arena is
 * added if the node has memory at hand; else a span of another node is used; else an
 * arena is added wherever the task's cpuset and policy allow. A node without memory is
 * not asked again for a while.
 */
#include "mheap.h"

#include <linux/bitmap.h>
#include <linux/cpuset.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/poison.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "compat.h"
#include "core/delay.h"
#include "go.h"
#include "limit.h"
#include "mpagealloc.h"

/* How long to leave a node alone that had no memory. */
#define DRY_JIFFIES	HZ

/* Bytes of objects that enter the window at a time: at least 1 object, at most 64. */
#define STEP_BYTES	2048U

static void set_private(void *base, size_t bytes, void *private)
{
	struct page *page = virt_to_page(base);
	size_t i;

	for (i = 0; i < bytes >> PAGE_SHIFT; i++)
		set_page_private(page + i, (unsigned long)private);
}

/* Sets the path from a page to its span: see page_span(). */
static void set_pages(struct gch_go_span *s, u32 npages)
{
	u32 i;

	if (GCH_GO_VIA_ARENA)
		for (i = 0; i < npages; i++)
			s[i].back = i;
	else
		set_private(s->base, (size_t)npages << GCH_GO_PAGE_SHIFT, s);
}

/**
 * gch_go_span_refill - restarts allocation at the start of a span
 * @s: the span, just swept
 *
 * Context: the caller owns the span.
 */
void gch_go_span_refill(struct gch_go_span *s)
{
	s->freeindex = 0;
	WRITE_ONCE(s->alloc_cache, 0);
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
	s->has_ptr_bitmap = false;
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
	 * A walk over the spans sees the span and its pages initialized, and so does a
	 * reader of a reference to one of its objects, wherever that was stored.
	 */
	smp_wmb();
	WRITE_ONCE(s->npages, npages);
	atomic_inc(&h->mheap.nr_spans);
}

static struct gch_go_span *take_on(struct gch_go_heap *h, int nid, u32 npages)
{
	struct gch_go_span *s = gch_go_free_take(&h->mheap.free[nid], npages);

	lockdep_assert_held(&h->mheap.lock);
	if (!s)
		return NULL;
	h->mheap.free_pages -= npages;
	/* The arena was entirely free before. */
	if (s->arena->nfree + npages == s->arena->npages)
		h->mheap.empty_pages -= s->arena->npages;
	return s;
}

/**
 * gch_go_arenas_init - initializes the arenas of a new heap
 * @h: the heap
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM.
 */
int gch_go_arenas_init(struct gch_go_heap *h)
{
	unsigned int nid;

	raw_spin_lock_init(&h->mheap.lock);
	INIT_LIST_HEAD(&h->mheap.arenas);
	h->mheap.free = kcalloc(nr_node_ids, sizeof(*h->mheap.free), GFP_KERNEL_ACCOUNT);
	if (!h->mheap.free)
		return -ENOMEM;
	for (nid = 0; nid < nr_node_ids; nid++)
		gch_go_free_init(&h->mheap.free[nid]);
	return 0;
}

static bool is_dry(const struct gch_go_free *f)
{
	return READ_ONCE(f->dry) &&
	       time_before(jiffies, READ_ONCE(f->dry_until));
}

static void set_dry(struct gch_go_free *f)
{
	WRITE_ONCE(f->dry_until, jiffies + DRY_JIFFIES);
	WRITE_ONCE(f->dry, true);
}

/**
 * gch_go_span_alloc - takes a span from the page heap
 * @h: the heap
 * @class: its span class
 * @gen: sweep generation in which it counts as swept
 * @far: if the CPU's NUMA node has no span, take one of another node; implied if the
 *	node recently had no memory
 *
 * Context: in a section; takes &gch_go_mheap.lock.
 * Return: the span, owned by the caller; NULL if there is none.
 */
struct gch_go_span *gch_go_span_alloc(struct gch_go_heap *h, unsigned int class,
				      u32 gen, bool far)
{
	u32 npages = gch_go_class_pages[class >> 1];
	unsigned int near = numa_mem_id(), nid;
	struct gch_go_span *s;

	raw_spin_lock(&h->mheap.lock);
	s = take_on(h, near, npages);
	far = far || is_dry(&h->mheap.free[near]);
	for (nid = 0; !s && far && nid < nr_node_ids; nid++)
		s = take_on(h, nid, npages);
	raw_spin_unlock(&h->mheap.lock);
	if (s)
		span_init(h, s, class, npages, gen);
	return s;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_span_alloc);

static void put_pages(struct gch_go_heap *h, struct gch_go_span *s)
{
	struct gch_go_arena *a = s->arena;
	u32 npages = s->npages, i;

	lockdep_assert_held(&h->mheap.lock);
	for (i = 0; i < npages; i++)
		s[i].needzero = true;
	WRITE_ONCE(s->npages, 0);
	gch_go_free_put(&h->mheap.free[a->nid], s, npages);
	if (a->nfree == a->npages)
		h->mheap.empty_pages += a->npages;
	h->mheap.free_pages += npages;
}

/**
 * gch_go_span_free - gives a span's pages back to the page heap
 * @h: the heap
 * @s: the span, owned by the caller and on no list
 *
 * Context: in a section, or process context with preemption off; takes
 * &gch_go_mheap.lock.
 */
void gch_go_span_free(struct gch_go_heap *h, struct gch_go_span *s)
{
	raw_spin_lock(&h->mheap.lock);
	put_pages(h, s);
	raw_spin_unlock(&h->mheap.lock);
	atomic_dec(&h->mheap.nr_spans);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_span_free);

/**
 * gch_go_spans_free - gives the pages of several spans back to the page heap
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
	raw_spin_lock(&h->mheap.lock);
	list_for_each_entry_safe(s, next, spans, node) {
		list_del_init(&s->node);
		put_pages(h, s);
		n++;
	}
	raw_spin_unlock(&h->mheap.lock);
	atomic_sub(n, &h->mheap.nr_spans);
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
	INIT_LIST_HEAD(&a->free_node);
	if (GCH_GO_VIA_ARENA)
		set_private(base, PAGE_SIZE << order, a);
}

/* Bytes of the descriptor of an arena of this order, spans included. */
static size_t arena_bytes(unsigned int order)
{
	struct gch_go_arena *a = NULL;

	return struct_size(a, spans, (PAGE_SIZE << order) >> GCH_GO_PAGE_SHIFT);
}

static size_t order_charge(unsigned int order)
{
	return (PAGE_SIZE << order) + gch_memory_size(NULL, arena_bytes(order));
}

/**
 * gch_go_arena_charge - computes the memory that the smallest fitting arena takes
 * @npages: number of contiguous 8 KiB pages that it must have
 *
 * Context: any.
 * Return: bytes, including the descriptor.
 */
size_t gch_go_arena_charge(unsigned int npages)
{
	return order_charge(get_order(npages << GCH_GO_PAGE_SHIFT));
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_arena_charge);

/*
 * Makes an arena of the pages at @base; gives them back without memory for its
 * descriptor.
 */
static int arena_new(struct gch_go_heap *h, void *base, unsigned int order)
{
	struct gch_go_arena *a = gch_memory_get(&h->base, arena_bytes(order));

	if (!a) {
		gch_arena_put(&h->base, base, order);
		return -ENOMEM;
	}
	arena_init(a, base, order);

	preempt_disable();
	raw_spin_lock(&h->mheap.lock);
	a->id = ++h->mheap.last_id;
	list_add_tail_rcu(&a->node, &h->mheap.arenas);
	gch_go_free_add(&h->mheap.free[a->nid], a);
	h->mheap.pages += a->npages;
	h->mheap.free_pages += a->npages;
	h->mheap.empty_pages += a->npages;
	raw_spin_unlock(&h->mheap.lock);
	preempt_enable();
	return 0;
}

/*
 * The order of a new arena: below the soft limit, one that fits together with its
 * descriptor. Beyond the limit memory is taken in small pieces, to exceed it as little
 * as possible.
 */
static unsigned int arena_order(struct gch_go_heap *h, unsigned int least)
{
	unsigned int order = gch_val(&h->base, GCH_KEY_ARENA_ORDER);

	while (order > least && (PAGE_SIZE << order) > GCH_SOFT_PIECE &&
	       !gch_soft_allows(&h->base, order_charge(order) +
					  GCH_GO_SOFT_RESERVE))
		order--;
	return max(order, least);
}

/**
 * gch_go_arena_add - adds an arena to the page heap
 * @h: the heap
 * @npages: number of contiguous 8 KiB pages that it must have
 *
 * Near the limit the arena is made smaller until it fits together with its descriptor.
 *
 * Context: process context outside sections, may sleep.
 * Return: 0; -ENOMEM without memory or at the limit.
 */
int gch_go_arena_add(struct gch_go_heap *h, unsigned int npages)
{
	unsigned int least = get_order(npages << GCH_GO_PAGE_SHIFT);
	unsigned int order = arena_order(h, least);
	void *base;

	for (;; order--) {
		base = gch_arena_get(&h->base, least, &order);
		if (!base)
			return -ENOMEM;
		if (!arena_new(h, base, order))
			return 0;
		if (order == least)
			return -ENOMEM;
	}
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_arena_add);

/* A task with a memory policy or cpuset gets its memory where that says. */
static bool wants_near(int nid)
{
#ifdef CONFIG_NUMA
	if (current->mempolicy)
		return false;
#endif
	return node_isset(nid, cpuset_current_mems_allowed);
}

/**
 * gch_go_arena_add_near - adds an arena of the CPU's NUMA node, if it has memory at
 *	hand
 * @h: the heap
 * @npages: number of contiguous 8 KiB pages that it must have
 *
 * Context: process context outside sections, may sleep.
 * Return: 0; -ENOMEM if the node has no memory at hand or recently had none, if the
 * task's policy or cpuset sends its memory elsewhere, or at the limit.
 */
int gch_go_arena_add_near(struct gch_go_heap *h, unsigned int npages)
{
	unsigned int min_order = get_order(npages << GCH_GO_PAGE_SHIFT);
	unsigned int order = arena_order(h, min_order);
	int nid = numa_mem_id();
	void *base;

	if (!wants_near(nid) || is_dry(&h->mheap.free[nid]))
		return -ENOMEM;
	base = gch_arena_get_near(&h->base, nid, min_order, &order);
	if (base)
		return arena_new(h, base, order);
	if (gch_limit_allows(&h->base, PAGE_SIZE << min_order))
		set_dry(&h->mheap.free[nid]);
	return -ENOMEM;
}

static void arena_free(struct gch_go_heap *h, struct gch_go_arena *a)
{
	set_private(a->base, PAGE_SIZE << a->order, NULL);
	gch_arena_put(&h->base, a->base, a->order);
	gch_memory_put(&h->base, a, arena_bytes(a->order));
}

/* Unlists up to *@nr empty arenas of a node, and lowers *@nr; returns their pages. */
static u64 take_empty(struct gch_go_heap *h, unsigned int nid,
		      unsigned int *nr, struct list_head *empty)
{
	struct gch_go_arena *a;
	u64 pages = 0;

	lockdep_assert_held(&h->mheap.lock);
	while (*nr && (a = gch_go_free_whole(&h->mheap.free[nid]))) {
		list_del_rcu(&a->node);
		list_add(&a->free_node, empty);
		h->mheap.pages -= a->npages;
		h->mheap.free_pages -= a->npages;
		h->mheap.empty_pages -= a->npages;
		pages += a->npages;
		--*nr;
	}
	return pages;
}

/**
 * gch_go_arenas_trim - frees empty arenas
 * @h: the heap
 * @nr: maximum number; keep it small, since they are unlisted in one hold of the lock
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock, no cycle runs.
 * Return: number of 8 KiB pages freed.
 */
u64 gch_go_arenas_trim(struct gch_go_heap *h, unsigned int nr)
{
	struct gch_go_arena *a, *next;
	LIST_HEAD(empty);
	unsigned int nid;
	u64 pages = 0;

	preempt_disable();
	raw_spin_lock(&h->mheap.lock);
	for (nid = 0; nid < nr_node_ids; nid++)
		pages += take_empty(h, nid, &nr, &empty);
	raw_spin_unlock(&h->mheap.lock);
	preempt_enable();

	list_for_each_entry_safe(a, next, &empty, free_node) {
		arena_free(h, a);
		cond_resched();
	}
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_arenas_trim);

/**
 * gch_go_arenas_free - frees all arenas of a heap that is no longer in use
 * @h: the heap; gch_go_arenas_init() has been called
 *
 * Context: process context, may sleep.
 */
void gch_go_arenas_free(struct gch_go_heap *h)
{
	struct gch_go_arena *a, *next;

	list_for_each_entry_safe(a, next, &h->mheap.arenas, node) {
		arena_free(h, a);
		cond_resched();
	}
	kfree(h->mheap.free);
}
