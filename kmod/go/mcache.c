// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation from the spans that a CPU has to itself
 *
 * The fast path takes no lock and needs no atomic: a section keeps other tasks off the
 * CPU's cache, and a window of up to 64 bits says which objects of the span are free.
 * Before a CPU allocates, it adapts its cache to a change of the heap's state: if the
 * sweep generation has changed, it gives its cached spans back to be swept like any
 * others. The CPU does that in its next section; for a CPU that runs none, the
 * collector does it. mcache.lock gives each span to one of the two.
 *
 * Objects are zeroed when they enter the window, up to 2 KiB at once, unless they have
 * not been written to since the kernel zeroed them (needzero, as in Go). With poison an
 * object is checked and zeroed when it is allocated instead.
 */
#include "mcache.h"

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/poison.h>
#include <linux/prefetch.h>
#include <linux/rculist.h>
#include <linux/string.h>

#include "barrier.h"
#include "compat.h"
#include "core/delay.h"
#include "go.h"
#include "markbits.h"
#include "object.h"
#include "snaplog.h"

/* Span classes to adapt in one hold of mcache.lock. */
#define ADAPT_STEP	16U
/* Bytes to prefetch beyond the window: they are zeroed next. */
#define FETCH_AHEAD	1024U
/* Bytes that are zeroed without a call of memset(). */
#define ZERO_INLINE	128U

/* Completes the adaption: the cache follows @state from now on. */
static void adapted(struct gch_go_heap *h, struct gch_go_mcache *c, u32 state)
{
	gch_delay();
	/* A section that reads the state sees the adapted cache. */
	gch_store_release(&c->state, state);
	gch_store_release(&c->fast,
			  STATE_PHASE(state) != PHASE_STOP && !h->poison ?
			  state : STATE_NONE);
}

static void adapt_span(struct gch_go_heap *h, struct gch_go_mcache *c,
		       unsigned int class, u32 state)
{
	struct gch_go_span *s = c->span[class];

	if (!s)
		return;
	if (STATE_GEN(c->state) != STATE_GEN(state)) {
		c->span[class] = NULL;
		gch_go_central_put_unswept(h, s, STATE_GEN(state));
	} else if (gch_go_snaps(state)) {
		gch_go_snap_span(s, STATE_GEN(state));
	}
}

/*
 * Adapts some span classes from *@class on, and advances it; returns true after the
 * last.
 */
static bool adapt_some(struct gch_go_heap *h, struct gch_go_mcache *c,
		       unsigned int *class, u32 state)
{
	unsigned int n = ADAPT_STEP;

	lockdep_assert_held(&c->lock);
	/* The section or the collector has adapted the cache meanwhile. */
	if (c->state == state)
		return true;
	while (n-- && *class < GCH_GO_SPAN_CLASSES)
		adapt_span(h, c, (*class)++, state);
	if (*class < GCH_GO_SPAN_CLASSES)
		return false;
	adapted(h, c, state);
	return true;
}

/**
 * gch_go_mcache_prepare_for_sweep - adapts a CPU's cache to the state of the heap
 * @h: the heap
 * @c: the cache
 * @state: the state that the section has read, or that the collector has set
 *
 * A section and the collector may do this at once, each some span classes at a time.
 *
 * Context: in a section on the cache's CPU; or by the collector with preemption off,
 * after a handshake has followed the last change of state; takes mcache.lock.
 */
void gch_go_mcache_prepare_for_sweep(struct gch_go_heap *h, struct gch_go_mcache *c,
				     u32 state)
{
	unsigned int class = 0;
	bool all;

	do {
		raw_spin_lock(&c->lock);
		all = adapt_some(h, c, &class, state);
		raw_spin_unlock(&c->lock);
	} while (!all);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_mcache_prepare_for_sweep);

/**
 * gch_go_mcache_init - sets up the caches of a heap without objects
 * @h: the heap
 *
 * Context: process context.
 */
void gch_go_mcache_init(struct gch_go_heap *h)
{
	struct gch_go_mcache *c;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(h->mcache, cpu);
		raw_spin_lock_init(&c->lock);
		adapted(h, c, h->state);
	}
}

/**
 * gch_go_typed - stores the span class of a type's objects in the type
 * @type: the type
 *
 * Leaves 0 if the span class depends on the object: sizes differ, or a header is
 * needed.
 *
 * Context: any.
 */
void gch_go_typed(struct gch_type *type)
{
	u32 max = type->nr_refs ? GCH_GO_MAX_INLINE :
				  GCH_GO_MAX_SMALL - GCH_GO_HEADER_BYTES;

	if (!(type->flags & GCH_TYPE_VAR) && type->bytes <= max)
		type->engine_class = gch_go_size_class(type->bytes) * 2 +
			     !type->nr_refs;
}

static __always_inline void zero(void *at, size_t bytes)
{
	unsigned long *word = at, *end = at + bytes;

	if (bytes > ZERO_INLINE) {
		memset(at, 0, bytes);
		return;
	}
	do {
		*word++ = 0;
		/* Keeps the compiler from calling memset(). */
		barrier();
	} while (word < end);
}

/* Zeroes the free objects of a group; adjacent ones at once. */
static void zero_free(const struct gch_go_span *s, u64 free)
{
	void *group = (void *)ref_addr(s->window);

	while (free) {
		unsigned int first = __ffs64(free), end;
		/* The carry stops behind the first run of set bits. */
		u64 next = free + BIT_ULL(first);

		end = next ? __ffs64(next) : 64;
		zero(group + first * s->size, (end - first) * s->size);
		free &= next;
	}
}

static void fetch_ahead(const struct gch_go_span *s)
{
	const void *next = s->base + s->freeindex * s->size;
	unsigned int i;

	for (i = 0; i < FETCH_AHEAD; i += L1_CACHE_BYTES)
		prefetchw(next + i);
}

/* Moves the window to the next free objects; false if the span is full. */
static bool next_window(struct gch_go_heap *h, struct gch_go_span *s)
{
	unsigned int i, n;
	u64 free;

	for (i = s->freeindex; i < s->nelems; i += n) {
		n = min_t(unsigned int, s->step, s->nelems - i);
		free = ~(u64)s->alloc_bits[i / 64] &
		       GENMASK_ULL(i % 64 + n - 1, i % 64);
		if (!free)
			continue;
		s->freeindex = i + n;
		s->window = gch_go_span_ref(s, round_down(i, 64));
		if (s->needzero && !h->poison) {
			zero_free(s, free);
			fetch_ahead(s);
		}
		/* Views in debugfs read both. */
		WRITE_ONCE(s->alloc_count, s->alloc_count + hweight64(free));
		WRITE_ONCE(s->alloc_cache, free);
		return true;
	}
	s->freeindex = s->nelems;
	return false;
}

/* Takes the next free object from a window that has one; returns a reference to it. */
static __always_inline unsigned long next_free(struct gch_go_span *s, u64 free)
{
	WRITE_ONCE(s->alloc_cache, free & (free - 1));
	return s->window + __ffs64(free) * s->size;
}

/*
 * Counts memory that a CPU takes to allocate from as live, charges the mutator for it,
 * and requests a cycle if one is due. @fresh: it has taken new pages.
 */
static void account(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
		    u64 bytes, bool fresh)
{
	u64 live = atomic64_add_return(bytes, &h->live);

	gch_max(&h->base.peak_live, live);
	if (STATE_PHASE(state) != PHASE_OFF || READ_ONCE(h->sweep.pages) ||
	    atomic_read(&h->cycle_requested))
		gch_go_owe(h, m, state, live, bytes);
	if (gch_go_cycle_due(h, live, fresh))
		gch_cycle_suggest(&h->base, 2);
}

/*
 * Gives the CPU a span with room; -ENOMEM without pages, -EAGAIN if the generation
 * changed.
 */
static int refill(struct gch_go_heap *h, struct gch_mutator *m,
		  struct gch_go_mcache *c, unsigned int class)
{
	u32 gen = STATE_GEN(c->state);
	struct gch_go_span *s = c->span[class];
	bool fresh;
	int ret;

	if (s) {
		c->span[class] = NULL;
		gch_go_central_put(h, s, gen);
	}
	ret = gch_go_central_get(h, class, gen, &s);
	if (ret)
		return ret;
	fresh = !s;
	if (fresh)
		s = gch_go_span_alloc(h, class, gen, m->tries);
	if (!s)
		return -ENOMEM;
	if (gch_go_snaps(c->state))
		gch_go_snap_span(s, gen);
	account(h, m, c->state,
		(u64)(s->nelems - gch_go_span_count(s)) * s->size, fresh);
	c->span[class] = s;
	return 0;
}

/* Sets which words of an object of at most 512 bytes are references. */
static void set_ptrs(struct gch_go_span *s, void *obj, u64 words)
{
	unsigned int w = (obj - s->base) / sizeof(long), n = s->size / 8;
	unsigned long *ptrs = gch_go_span_ptrs(s) + w / 64;
	u64 mask = n < 64 ? BIT_ULL(n) - 1 : ~0ULL;

	w %= 64;
	WRITE_ONCE(ptrs[0], (ptrs[0] & ~(mask << w)) | (words << w));
	if (w + n > 64)
		WRITE_ONCE(ptrs[1], (ptrs[1] & ~(mask >> (64 - w))) |
				    (words >> (64 - w)));
}

/* Switches the span to the page's bitmap of reference words. */
static void use_ptr_bitmap(struct gch_go_span *s, struct gch_go_tail *tail)
{
	unsigned int i;

	for (i = 0; i < s->nelems; i++)
		set_ptrs(s, s->base + (size_t)i * s->size, s->mask);
	s->has_ptr_bitmap = true;
	/* A reader of an object with other reference words sees the complete bitmap. */
	gch_store_release(&tail->has_ptr_bitmap, 1);
}

/* Sets the reference words of an object if they differ from its span's. */
static noinline void set_mask(struct gch_go_span *s, void *obj, u64 mask)
{
	struct gch_go_tail *tail = tail_of((unsigned long)s->base);

	if (!gch_go_is_inline(s)) {
		set_ptrs(s, obj, mask);
	} else if (gch_go_span_count(s) == 1) {
		/* The only object: expect the next ones to be like it. */
		s->mask = mask;
		s->has_ptr_bitmap = false;
		WRITE_ONCE(tail->mask, mask);
		WRITE_ONCE(tail->has_ptr_bitmap, 0);
	} else {
		if (!s->has_ptr_bitmap)
			use_ptr_bitmap(s, tail);
		set_ptrs(s, obj, mask);
	}
}

static u64 leading(u32 nr_refs)
{
	return nr_refs < 64 ? BIT_ULL(nr_refs) - 1 : ~0ULL;
}

static __always_inline void set_layout(struct gch_go_span *s, void *obj,
				       struct gch_type *type, u32 nr_refs)
{
	bool var = type->flags & GCH_TYPE_VAR;
	u64 mask;

	if (s->class & 1)
		return;
	if (s->size <= GCH_GO_MAX_INLINE) {
		mask = var ? leading(nr_refs) : type->first_words;
		if (unlikely(mask != s->mask || s->has_ptr_bitmap))
			set_mask(s, obj, mask);
	} else {
		*(unsigned long *)obj = var ? (unsigned long)nr_refs << 1 | 1 :
					      (unsigned long)type;
	}
}

static void check_poison(struct gch_go_heap *h, struct gch_go_span *s,
			 void *obj)
{
	if (!memchr_inv(obj, POISON_FREE, s->size))
		return;
	atomic64_inc(&h->base.verify_errors);
	pr_err_ratelimited("heap %s: a free object of %u bytes was written to\n",
			   h->base.name, s->size);
}

/* Allocates from a span whose window has a free object. */
static unsigned long take(struct gch_go_heap *h, struct gch_go_mcache *c,
			  struct gch_go_span *s, struct gch_type *type,
			  u32 nr_refs)
{
	unsigned long ref = next_free(s, s->alloc_cache);
	void *obj = (void *)ref_addr(ref);

	if (unlikely(h->poison)) {
		check_poison(h, s, obj);
		memset(obj, 0, s->size);
	}
	set_layout(s, obj, type, nr_refs);
	if (STATE_PHASE(c->state) != PHASE_OFF) {
		gch_go_mark_born(ref);
		c->black += s->size;
	}
	gch_tally(c->allocs[s->class], 1);
	return ref;
}

/*
 * Finds a span with a free object in its window; re-reads @state if it changed; NULL to
 * wait.
 */
static struct gch_go_span *find_span(struct gch_go_heap *h,
				     struct gch_mutator *m, unsigned int class,
				     u32 *state)
{
	struct gch_go_mcache *c = m->cache;
	struct gch_go_span *s;
	int ret;

	for (;;) {
		if (*state != gch_load_acquire(&c->state))
			gch_go_mcache_prepare_for_sweep(h, c, *state);
		s = c->span[class];
		if (s && (s->alloc_cache || next_window(h, s)))
			return s;
		ret = refill(h, m, c, class);
		if (ret == -ENOMEM) {
			to_go_mutator(m)->want_large = false;
			m->wait = GCH_WAIT_MEMORY;
			m->want = (size_t)gch_go_class_pages[class >> 1] <<
				  GCH_GO_PAGE_SHIFT;
			return NULL;
		}
		/*
		 * The generation has changed since the section read it: read it again.
		 */
		if (ret)
			*state = READ_ONCE(h->state);
	}
}

/* Sets the first references of a fixed-type object that no other mutator can reach. */
static __always_inline void init_refs(void **words, const struct gch_type *type,
				      void **from, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		WRITE_ONCE(words[gch_type_word(type, i)], from[i]);
}

/*
 * The same in any state. The words have no old references: the barrier only has to
 * shade the new ones.
 */
static void init_refs_slow(struct gch_mutator *m, u32 state, unsigned long ref,
			   const struct gch_type *type, void **from, u32 nr)
{
	size_t bytes;
	u32 i;

	init_refs(gch_go_data(m, (void *)ref, &bytes), type, from, nr);
	gch_tally(m->stats->stores, nr);
	if (!gch_go_shades_new(state))
		return;
	for (i = 0; i < nr; i++)
		gch_go_shade(to_go(m->heap), m, (unsigned long)from[i]);
	gch_tally(m->stats->barriers, nr);
}

/* The rest of an allocation while a cycle runs: the object is black. */
static noinline bool alloc_black(struct gch_mutator *m, void **place,
				 unsigned long ref, u32 bytes,
				 const struct gch_type *type, void **from, u32 nr)
{
	struct gch_go_mcache *c = m->cache;

	gch_go_mark_born(ref);
	c->black += bytes;
	if (nr)
		init_refs_slow(m, c->fast, ref, type, from, nr);
	gch_go_assign_born(to_go(m->heap), m, c->fast, place, (void *)ref);
	return true;
}

/*
 * Allocates a small object that no reference leads to yet; 0 to wait. @state as
 * find_span().
 */
static unsigned long make_small(struct gch_go_heap *h, struct gch_mutator *m,
				u32 *state, struct gch_type *type, u32 nr_refs,
				u32 bytes)
{
	u32 header = nr_refs && bytes > GCH_GO_MAX_INLINE ?
		     GCH_GO_HEADER_BYTES : 0;
	unsigned int class = gch_go_size_class(bytes + header) * 2 + !nr_refs;
	struct gch_go_span *s = find_span(h, m, class, state);

	return s ? take(h, m->cache, s, type, nr_refs) : 0;
}

/*
 * The same for a large object, whose pages were taken and zeroed outside the section.
 */
static unsigned long make_large(struct gch_go_heap *h, struct gch_mutator *m,
				u32 state, struct gch_type *type, u32 nr_refs,
				u32 bytes)
{
	struct gch_go_mcache *c = m->cache;
	struct gch_go_mutator *gm = to_go_mutator(m);
	struct gch_go_large *l = gm->prealloc_large;

	if (!l || l->bytes != bytes) {
		gm->want_large = true;
		m->wait = GCH_WAIT_MEMORY;
		m->want = bytes;
		return 0;
	}
	gm->prealloc_large = NULL;
	l->type = type;
	l->nr_refs = nr_refs;
	l->gen = STATE_GEN(state);
	l->mark = STATE_PHASE(state) != PHASE_OFF ? LARGE_BORN : 0;
	if (l->mark)
		c->black += PAGE_SIZE << l->order;
	raw_spin_lock(&h->larges.lock);
	l->id = ++h->larges.last_id;
	/* A walk over the list sees the object initialized. */
	list_add_tail_rcu(&l->node, &h->larges.list);
	h->larges.nr++;
	raw_spin_unlock(&h->larges.lock);
	account(h, m, state, PAGE_SIZE << l->order, true);
	gch_tally(m->stats->allocs, 1);
	gch_tally(m->stats->alloc_bytes, PAGE_SIZE << l->order);
	gch_tally(m->stats->large_allocs, 1);
	return (unsigned long)l->addr + SPAN_LARGE;
}

static noinline int alloc_slow(struct gch_mutator *m, void **place,
			       struct gch_type *type, u32 nr_refs, u32 bytes,
			       void **from, u32 nr)
{
	struct gch_go_heap *h = to_go(m->heap);
	u32 state = READ_ONCE(h->state);
	unsigned long ref;

	if (STATE_PHASE(state) == PHASE_STOP) {
		m->wait = GCH_WAIT_EXCLUSIVE;
		return -EAGAIN;
	}
	if (bytes > GCH_GO_MAX_SMALL - GCH_GO_HEADER_BYTES)
		ref = make_large(h, m, state, type, nr_refs, bytes);
	else
		ref = make_small(h, m, &state, type, nr_refs, bytes);
	if (!ref)
		return -EAGAIN;
	if (nr)
		init_refs_slow(m, state, ref, type, from, nr);
	return gch_go_assign_at(h, m, state, place, (void *)ref);
}

/*
 * The fast path: takes an object from the window. The cache has adapted to the state,
 * free objects are zeroed, and the object's references are at the same words as those
 * of the span's other objects.
 */
static __always_inline bool alloc_fast(struct gch_mutator *m, void **place,
				       unsigned int class, u64 mask,
				       const struct gch_type *type,
				       void **from, u32 nr)
{
	struct gch_go_mcache *c = m->cache;
	struct gch_go_span *s;
	unsigned long ref;
	u64 free;

	/* Before the span: the collector may have adapted the cache. */
	if (unlikely(READ_ONCE(to_go(m->heap)->state) !=
		     gch_load_acquire(&c->fast)))
		return false;
	s = c->span[class];
	if (unlikely(!s))
		return false;
	free = s->alloc_cache;
	if (unlikely(!free || s->mask != mask || s->has_ptr_bitmap))
		return false;
	gch_tally(c->allocs[class], 1);
	ref = next_free(s, free);
	if (unlikely(STATE_PHASE(c->fast) != PHASE_OFF))
		return alloc_black(m, place, ref, s->size, type, from, nr);
	if (nr) {
		init_refs((void **)ref_addr(ref), type, from, nr);
		gch_tally(m->stats->stores, nr);
	}
	/* As in gch_go_assign_at(). */
	gch_store_release(place, (void *)ref);
	return true;
}

/**
 * gch_go_alloc_fixed - allocates an object of a fixed type
 * @m: the mutator
 * @place: slot that refers to the object afterwards
 * @type: its type
 *
 * Context: in a section.
 * Return: 0; -EAGAIN to repeat the call after &gch_mutator.wait.
 */
int gch_go_alloc_fixed(struct gch_mutator *m, void **place,
		       struct gch_type *type)
{
	if (likely(alloc_fast(m, place, type->engine_class, type->first_words, type,
			      NULL, 0)))
		return 0;
	return alloc_slow(m, place, type, type->nr_refs, type->bytes, NULL, 0);
}

/**
 * gch_go_alloc_refs - allocates an object of a fixed type with initial references
 * @m: the mutator
 * @place: slot that refers to the object afterwards
 * @type: its type
 * @from: slots to copy its first references from
 * @nr: number of these references
 *
 * Context: in a section.
 * Return: 0; -EAGAIN to repeat the call after &gch_mutator.wait.
 */
int gch_go_alloc_refs(struct gch_mutator *m, void **place,
		      struct gch_type *type, void **from, u32 nr)
{
	if (likely(alloc_fast(m, place, type->engine_class, type->first_words, type,
			      from, nr)))
		return 0;
	return alloc_slow(m, place, type, type->nr_refs, type->bytes, from, nr);
}

/**
 * gch_go_alloc - allocates an object
 * @m: the mutator
 * @place: slot that refers to the object afterwards
 * @type: its type
 * @nr_refs: number of its references
 * @bytes: its size
 *
 * Context: in a section.
 * Return: 0; -EAGAIN to repeat the call after &gch_mutator.wait.
 */
int gch_go_alloc(struct gch_mutator *m, void **place, struct gch_type *type,
		 u32 nr_refs, u32 bytes)
{
	if (type->flags & GCH_TYPE_VAR && bytes <= GCH_GO_MAX_INLINE &&
	    likely(alloc_fast(m, place, gch_go_fine(bytes) * 2 + !nr_refs,
			      leading(nr_refs), type, NULL, 0)))
		return 0;
	return alloc_slow(m, place, type, nr_refs, bytes, NULL, 0);
}
