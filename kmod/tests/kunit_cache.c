// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation of the Go engine, driven through the API and checked from the inside:
 * after random allocations, deaths and cycles every span is in one place, its counts
 * and bits agree, and no two objects overlap.
 *
 * One task uses the heap and runs its cycles, so nothing changes between two calls.
 *
 * With poison every allocation checks its object; without, it takes the fast path.
 */
#include "kunit.h"

#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "go/go.h"
#include "go/heapstat.h"

#define SLOTS		600U
/* Fixed types with a random number of references. */
#define TYPES		40U

/**
 * struct place - the object in a slot
 * @addr: the object; 0 for none
 * @bytes: its size
 * @refs: reference words in front of its data
 * @id: id stored in its data
 */
struct place {
	unsigned long addr;
	u32 bytes;
	u32 refs;
	u64 id;
};

struct cache {
	struct gch_go_heap *h;
	struct gch_mutator *m;
	struct gch_type *type;
	struct gch_type *fixed[TYPES];
	u64 live[GCH_GO_SPAN_CLASSES];
	u64 freed[GCH_GO_SPAN_CLASSES];
	struct gch_kunit_random r;
	u64 next_id;
	struct place slot[SLOTS];
	struct place sorted[SLOTS];
};

/* ---- spans ---- */

static unsigned int caches_with(struct gch_go_heap *h,
				const struct gch_go_span *s)
{
	unsigned int cpu, n = 0;

	for_each_possible_cpu(cpu)
		n += per_cpu_ptr(h->mcache, cpu)->span[s->class] == s;
	return n;
}

/*
 * The window shows only free objects of the group of 64 that freeindex is in or ends,
 * and none from freeindex on.
 */
static bool window_is_right(struct kunit *test, const struct gch_go_span *s)
{
	unsigned int group = s->freeindex ? round_down(s->freeindex - 1, 64) : 0;
	unsigned int n = s->freeindex - group;
	u64 below = n < 64 ? BIT_ULL(n) - 1 : U64_MAX;

	return GCH_EXPECT(test, !(s->alloc_cache & ~below) &&
			  !(s->alloc_cache & s->alloc_bits[group / 64]),
			  "class %u: freeindex %u, window %#llx, allocated %#lx",
			  s->class, s->freeindex, s->alloc_cache,
			  s->alloc_bits[group / 64]) &&
	       GCH_EXPECT(test, !s->alloc_cache ||
			  s->window == gch_go_span_ref(s, group),
			  "class %u: the window is elsewhere", s->class);
}

/*
 * Without poison, objects in the window are zero, and so are all free ones of a clean
 * span.
 */
static bool free_is_zero(struct kunit *test, const struct gch_go_span *s)
{
	unsigned int i;

	for (i = 0; i < s->nelems; i++)
		if (!gch_go_is_allocated(s, i) &&
		    (i < s->freeindex || !s->needzero) &&
		    !GCH_EXPECT(test, !memchr_inv(s->base + (size_t)i * s->size,
						  0, s->size),
				"class %u: free object %u, freeindex %u, needzero %d, is not zero",
				s->class, i, s->freeindex, s->needzero))
			return false;
	return true;
}

static bool span_is_right(struct kunit *test, struct gch_go_heap *h,
			  struct gch_go_span *s)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->nelems; i++)
		n += gch_go_is_allocated(s, i);
	return GCH_EXPECT(test, n == gch_go_span_count(s),
			  "class %u: %u objects by count, %u by bits", s->class,
			  gch_go_span_count(s), n) &&
	       GCH_EXPECT(test, s->gen == STATE_GEN(h->state),
			  "class %u: swept in %u, not in %u", s->class, s->gen,
			  STATE_GEN(h->state)) &&
	       GCH_EXPECT(test, caches_with(h, s) + !list_empty(&s->node) == 1,
			  "class %u: in %u caches and %s a list", s->class,
			  caches_with(h, s),
			  list_empty(&s->node) ? "not in" : "in") &&
	       window_is_right(test, s) &&
	       (h->poison || free_is_zero(test, s));
}

static bool list_is_right(struct kunit *test, const struct list_head *list,
			  unsigned int class, bool full, unsigned int *nr)
{
	struct gch_go_span *s;

	list_for_each_entry(s, list, node) {
		unsigned int count = gch_go_span_count(s);
		bool is_full = count == s->nelems;

		++*nr;
		if (!GCH_EXPECT(test, s->npages && s->class == class &&
				count && is_full == full,
				"class %u with %u of %u objects is in the list of %s ones of class %u",
				s->class, count, s->nelems,
				full ? "full" : "partial", class))
			return false;
	}
	return true;
}

/* All spans are swept, so the lists of unswept ones must be empty. */
static bool central_is_right(struct kunit *test, struct gch_go_heap *h,
			     unsigned int class, unsigned int *nr)
{
	struct gch_go_mcentral *c = &h->central[class];
	unsigned int now = STATE_GEN(h->state) & 1;

	return GCH_EXPECT(test, list_empty(&c->partial[!now]) &&
			  list_empty(&c->full[!now]),
			  "class %u has spans to be swept", class) &&
	       list_is_right(test, &c->partial[now], class, false, nr) &&
	       list_is_right(test, &c->full[now], class, true, nr);
}

static bool spans_are_right(struct kunit *test, struct gch_go_heap *h)
{
	unsigned int i, step, class, in_use = 0, in_lists = 0, cached = 0;
	struct gch_go_arena *a;

	list_for_each_entry(a, &h->mheap.arenas, node) {
		for (i = 0; i < a->npages; i += step) {
			struct gch_go_span *s = &a->spans[i];

			step = s->npages ?: 1;
			if (!s->npages)
				continue;
			in_use++;
			cached += caches_with(h, s);
			if (!span_is_right(test, h, s))
				return false;
		}
	}
	for (class = 0; class < GCH_GO_SPAN_CLASSES; class++)
		if (!central_is_right(test, h, class, &in_lists))
			return false;
	return GCH_EXPECT(test, in_use == in_lists + cached &&
			  in_use == atomic_read(&h->mheap.nr_spans),
			  "%u spans: %u in lists, %u cached, %d counted",
			  in_use, in_lists, cached, atomic_read(&h->mheap.nr_spans));
}

/* ---- objects ---- */

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* The first and the last data word of an object hold its id. */
static u64 *words_of(struct cache *c, unsigned int slot, u64 **last)
{
	struct place *p = &c->slot[slot];
	u64 *data = gch_data(c->m, slot, NULL);

	*last = data + p->bytes / 8 - 1;
	return data + p->refs;
}

static bool object_is_right(struct kunit *test, struct cache *c,
			    unsigned int slot)
{
	struct place *p = &c->slot[slot];
	unsigned long ref = (unsigned long)c->m->frame[slot];
	struct gch_go_span *s;
	u64 *first, *last;

	first = words_of(c, slot, &last);
	if (!GCH_EXPECT(test, *first == p->id && *last == p->id,
			"an object of %u bytes was overwritten", p->bytes))
		return false;
	if ((ref & TAG_MASK) == SPAN_LARGE)
		return true;
	s = page_span(p->addr);
	return GCH_EXPECT(test, s->npages && gch_go_is_allocated(s,
				gch_go_index(s->class / 2, p->addr -
					     (unsigned long)s->base)),
			  "an object of %u bytes is free", p->bytes) &&
	       GCH_EXPECT(test, (s->class & 1) == !p->refs &&
			  s->size >= p->bytes,
			  "an object of %u bytes with %u references is in class %u",
			  p->bytes, p->refs, s->class);
}

static u32 bytes_taken(struct cache *c, unsigned int slot)
{
	unsigned long ref = (unsigned long)c->m->frame[slot];
	struct gch_go_span *s;

	if ((ref & TAG_MASK) == SPAN_LARGE)
		return PAGE_SIZE << get_order(c->slot[slot].bytes);
	s = page_span(ref_addr(ref));
	return s->size;
}

/*
 * The live objects of each span class must match, and deaths must not exceed births.
 */
static bool classes_are_right(struct kunit *test, struct cache *c)
{
	u64 freed, allocs, all = 0, bytes = 0;
	struct gch_stats stats;
	struct gch_go_span *s;
	unsigned int i;

	memset(c->live, 0, sizeof(c->live));
	for (i = 0; i < SLOTS; i++) {
		unsigned long ref = (unsigned long)c->m->frame[i];

		if (!ref || (ref & TAG_MASK) == SPAN_LARGE)
			continue;
		s = page_span(ref_addr(ref));
		c->live[s->class]++;
	}
	for (i = 0; i < GCH_GO_SPAN_CLASSES; i++) {
		freed = gch_go_freed(c->h, i);
		allocs = gch_go_allocs(c->h, i);
		if (!GCH_EXPECT(test, allocs - freed == c->live[i] &&
				freed >= c->freed[i],
				"class %u: %llu allocated, %llu freed (%llu before), %llu live",
				i, allocs, freed, c->freed[i], c->live[i]))
			return false;
		c->freed[i] = freed;
		all += allocs;
		bytes += allocs * gch_go_class_size[i / 2];
	}
	gch_heap_stats(&c->h->base, &stats);
	return GCH_EXPECT(test, stats.allocs == all + stats.large_allocs,
			  "%llu allocations, %llu of classes and %llu large",
			  stats.allocs, all, stats.large_allocs) &&
	       GCH_EXPECT(test, stats.alloc_bytes >= bytes &&
			  (stats.large_allocs || stats.alloc_bytes == bytes),
			  "%llu bytes, %llu of classes", stats.alloc_bytes,
			  bytes);
}

static bool objects_are_right(struct kunit *test, struct cache *c)
{
	struct gch_stats stats;
	unsigned int i, nr = 0;

	for (i = 0; i < SLOTS; i++) {
		if (!c->slot[i].addr)
			continue;
		if (!object_is_right(test, c, i))
			return false;
		c->sorted[nr] = c->slot[i];
		c->sorted[nr++].bytes = bytes_taken(c, i);
	}
	sort(c->sorted, nr, sizeof(c->sorted[0]), compare, NULL);
	for (i = 1; i < nr; i++)
		if (!GCH_EXPECT(test, c->sorted[i - 1].addr +
				c->sorted[i - 1].bytes <= c->sorted[i].addr,
				"an object of %u bytes overlaps the next",
				c->sorted[i - 1].bytes))
			return false;
	gch_heap_stats(&c->h->base, &stats);
	return GCH_EXPECT(test, stats.live_objects == nr,
			  "%llu objects live, not %u", stats.live_objects, nr);
}

/* ---- random steps ---- */

/* Draws sizes evenly from all classes, and some beyond. */
static u32 draw_bytes(struct gch_kunit_random *r)
{
	unsigned int class = 1 + gch_kunit_below(r, GCH_GO_CLASSES - 1);
	u32 least = gch_go_class_size[class - 1] + 1;

	if (!gch_kunit_below(r, 100))
		return SZ_32K + gch_kunit_below(r, SZ_64K);
	/* Mostly small ones, else the heap outgrows the machine. */
	if (class > 40 && gch_kunit_below(r, 4))
		class = 1 + gch_kunit_below(r, 8);
	least = gch_go_class_size[class - 1] + 1;
	return least + gch_kunit_below(r, gch_go_class_size[class] - least + 1);
}

static u32 draw_refs(struct gch_kunit_random *r, u32 bytes)
{
	if (bytes < 16 || gch_kunit_below(r, 2))
		return 0;
	return 1 + gch_kunit_below(r, min(bytes / 8 - 1, 100U));
}

static bool make_types(struct kunit *test, struct cache *c)
{
	struct gch_type_desc desc = { .name = "any", .flags = GCH_TYPE_VAR };
	char name[GCH_NAME_SIZE];
	u32 i;

	c->type = gch_type_register(&c->h->base, &desc, NULL);
	if (!GCH_EXPECT(test, !IS_ERR(c->type), "no type"))
		return false;
	desc.flags = 0;
	for (i = 0; i < TYPES; i++) {
		snprintf(name, sizeof(name), "fixed%u", i);
		desc.name = name;
		do {
			desc.bytes = round_up(draw_bytes(&c->r), 8);
		} while (desc.bytes > GCH_FIXED_MAX);
		desc.nr_refs = draw_refs(&c->r, desc.bytes);
		c->fixed[i] = gch_type_register(&c->h->base, &desc, NULL);
		if (!GCH_EXPECT(test, !IS_ERR(c->fixed[i]), "no fixed type"))
			return false;
	}
	return true;
}

static bool make(struct kunit *test, struct cache *c, unsigned int slot)
{
	struct place *p = &c->slot[slot];
	u64 *first, *last;
	u32 bytes, refs;

	if (gch_kunit_below(&c->r, 2)) {
		struct gch_type *t = c->fixed[gch_kunit_below(&c->r, TYPES)];

		bytes = t->bytes;
		refs = t->nr_refs;
		if (!GCH_MUST(test, gch_alloc(c->m, slot, t)))
			return false;
	} else {
		bytes = round_up(draw_bytes(&c->r), 8);
		refs = draw_refs(&c->r, bytes);
		if (!GCH_MUST(test, gch_alloc_var(c->m, slot, c->type, refs,
						  bytes - refs * 8)))
			return false;
	}
	p->addr = ref_addr((unsigned long)c->m->frame[slot]);
	p->bytes = bytes;
	p->refs = refs;
	p->id = ++c->next_id;
	first = words_of(c, slot, &last);
	if (!GCH_EXPECT(test, !memchr_inv(first - refs, 0, bytes),
			"%u bytes are not zeroed", bytes))
		return false;
	*first = p->id;
	*last = p->id;
	return true;
}

static bool drop(struct kunit *test, struct cache *c, unsigned int slot)
{
	c->slot[slot].addr = 0;
	return GCH_MUST(test, gch_clear(c->m, slot));
}

/* Half of the batches keep few objects, so that spans become empty. */
static bool batch(struct kunit *test, struct cache *c)
{
	unsigned int i, makes = 1 + gch_kunit_below(&c->r, 9);

	for (i = 0; i < SLOTS; i++) {
		unsigned int slot = gch_kunit_below(&c->r, SLOTS);

		if (gch_kunit_below(&c->r, 10) < makes ?
		    !make(test, c, slot) : !drop(test, c, slot))
			return false;
	}
	if (!spans_are_right(test, c->h))
		return false;
	return GCH_MUST(test, gch_collect(&c->h->base, 2)) &&
	       spans_are_right(test, c->h) && objects_are_right(test, c) &&
	       classes_are_right(test, c);
}

/* Adds memory as from a kernel that zeroes allocations. */
static void add_zeroed(struct kunit *test, struct gch_go_heap *h)
{
	struct gch_go_arena *a;
	u32 i;

	GCH_MUST(test, gch_go_arena_add(h, 1));
	list_for_each_entry(a, &h->mheap.arenas, node) {
		memset(a->base, 0, a->npages * GCH_GO_PAGE_SIZE);
		for (i = 0; i < a->npages; i++)
			a->spans[i].needzero = false;
	}
}

static void run(struct kunit *test, u32 first_gen, unsigned int batches,
		bool poison)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_GOGC) | BIT(GCH_KEY_ARENA_ORDER) |
		       BIT(GCH_KEY_POISON) | BIT(GCH_KEY_VERIFY),
		.val[GCH_KEY_ARENA_ORDER] = GCH_ORDER(SZ_512K),
		.val[GCH_KEY_POISON] = poison,
		.val[GCH_KEY_VERIFY] = 1,
	};
	struct gch_heap *heap;
	struct cache *c;
	unsigned int i;

	c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);
	gch_kunit_seed(test, &c->r);
	heap = gch_kunit_heap(test, &cfg);
	c->h = to_go(heap);
	c->h->state = first_gen << STATE_SHIFT;
	c->m = gch_kunit_mutator(test, heap, SLOTS);
	if (!poison)
		add_zeroed(test, c->h);
	if (make_types(test, c))
		for (i = 0; i < batches; i++)
			if (!batch(test, c))
				break;
	gch_mutator_detach(c->m);
	GCH_MUST(test, gch_collect(heap, 2));
	KUNIT_EXPECT_EQ(test, atomic_read(&c->h->mheap.nr_spans), 0);
	gch_kunit_heap_end(test, heap);
}

static void test_random(struct kunit *test)
{
	run(test, 0, gch_kunit_rounds(12), true);
}

static void test_random_bare(struct kunit *test)
{
	run(test, 0, gch_kunit_rounds(12), false);
}

/* The sweep generation has 29 bits; wrapping around must have no effect. */
static void test_wrap(struct kunit *test)
{
	run(test, (U32_MAX >> STATE_SHIFT) - 3, 8, true);
	run(test, (U32_MAX >> STATE_SHIFT) - 3, 8, false);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_random),
	KUNIT_CASE(test_random_bare),
	KUNIT_CASE(test_wrap),
	{}
};

struct kunit_suite gch_kunit_cache = {
	.name = "gcheap_cache",
	.test_cases = cases,
};
