// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation of the Go engine from the outside, looked at from the inside: after
 * random allocations, deaths and cycles every span is in one place, its counts
 * and bits agree, and every object is where nothing else is.
 *
 * One task uses the heap, and cycles are run by that task: between two calls
 * nobody changes anything.
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

#include "go/go.h"

#define SLOTS		600U

/**
 * struct place - what a slot refers to
 * @addr: the object; 0 for none
 * @bytes: its size
 * @refs: reference words in front of its data
 * @id: what its data say
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
 * The window shows what is free from freeindex on to its end, and nothing beyond
 * the last object; at a multiple of 64 it may have to be loaded yet.
 */
static bool window_is_right(struct kunit *test, const struct gch_go_span *s)
{
	unsigned int i, end = min_t(u32, round_up(s->freeindex, 64), s->nelems);

	if (!(s->freeindex % 64) && s->alloc_cache)
		end = min_t(u32, s->freeindex + 64, s->nelems);
	if (!GCH_EXPECT(test, end - s->freeindex == 64 ||
			!(s->alloc_cache >> (end - s->freeindex)),
			"class %u: a window beyond object %u, %#llx", s->class,
			end, s->alloc_cache))
		return false;
	for (i = s->freeindex; i < end; i++)
		if (!GCH_EXPECT(test, (s->alloc_cache >> (i - s->freeindex) & 1) ==
				!test_bit(i, s->alloc_bits),
				"class %u: object %u, freeindex %u, window %#llx",
				s->class, i, s->freeindex, s->alloc_cache))
			return false;
	return true;
}

static bool span_is_right(struct kunit *test, struct gch_go_heap *h,
			  struct gch_go_span *s)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->nelems; i++)
		n += gch_go_is_allocated(s, i);
	return GCH_EXPECT(test, n == s->alloc_count,
			  "class %u: %u objects by count, %u by bits", s->class,
			  s->alloc_count, n) &&
	       GCH_EXPECT(test, s->gen == STATE_GEN(h->state),
			  "class %u: swept in %u, not in %u", s->class, s->gen,
			  STATE_GEN(h->state)) &&
	       GCH_EXPECT(test, caches_with(h, s) + !list_empty(&s->node) == 1,
			  "class %u: in %u caches and %s a list", s->class,
			  caches_with(h, s),
			  list_empty(&s->node) ? "not in" : "in") &&
	       window_is_right(test, s);
}

static bool list_is_right(struct kunit *test, const struct list_head *list,
			  unsigned int class, bool full, unsigned int *nr)
{
	struct gch_go_span *s;

	list_for_each_entry(s, list, node) {
		bool is_full = s->alloc_count == s->nelems;

		++*nr;
		if (!GCH_EXPECT(test, s->npages && s->class == class &&
				s->alloc_count && is_full == full,
				"class %u with %u of %u objects is in the list of %s ones of class %u",
				s->class, s->alloc_count, s->nelems,
				full ? "full" : "partial", class))
			return false;
	}
	return true;
}

/* All is swept: the lists of what is not must be empty. */
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

	list_for_each_entry(a, &h->arenas, node) {
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
			  in_use == atomic_read(&h->nr_units),
			  "%u spans: %u in lists, %u cached, %d counted",
			  in_use, in_lists, cached, atomic_read(&h->nr_units));
}

/* ---- objects ---- */

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Two words of an object's data say who it is: the first and the last. */
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
	s = page_meta(p->addr);
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
	s = page_meta(ref_addr(ref));
	return s->size;
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

/* ---- what happens to them ---- */

/* Sizes of all classes alike, and some beyond. */
static u32 draw_bytes(struct gch_kunit_random *r)
{
	unsigned int class = 1 + gch_kunit_below(r, GCH_GO_CLASSES - 1);
	u32 least = gch_go_class_size[class - 1] + 1;

	if (!gch_kunit_below(r, 100))
		return SZ_32K + gch_kunit_below(r, SZ_64K);
	/* Most of them small, or the heap is soon as large as the machine. */
	if (class > 40 && gch_kunit_below(r, 4))
		class = 1 + gch_kunit_below(r, 8);
	least = gch_go_class_size[class - 1] + 1;
	return least + gch_kunit_below(r, gch_go_class_size[class] - least + 1);
}

static bool make(struct kunit *test, struct cache *c, unsigned int slot)
{
	u32 bytes = round_up(draw_bytes(&c->r), 8), refs = 0;
	struct place *p = &c->slot[slot];
	u64 *first, *last;

	if (bytes >= 16 && gch_kunit_below(&c->r, 2))
		refs = 1 + gch_kunit_below(&c->r, min(bytes / 8 - 1, 100U));
	if (!GCH_MUST(test, gch_alloc_var(c->m, slot, c->type, refs,
					  bytes - refs * 8)))
		return false;
	p->addr = ref_addr((unsigned long)c->m->frame[slot]);
	p->bytes = bytes;
	p->refs = refs;
	p->id = ++c->next_id;
	first = words_of(c, slot, &last);
	if (!GCH_EXPECT(test, !*first && !*last, "%u bytes are not zeroed",
			bytes))
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

/* Half of the time objects stay rarely, so that spans become empty. */
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
	       spans_are_right(test, c->h) && objects_are_right(test, c);
}

static void run(struct kunit *test, u32 first_gen, unsigned int batches)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_GOGC) | BIT(GCH_KEY_ARENA_ORDER) |
		       BIT(GCH_KEY_POISON) | BIT(GCH_KEY_VERIFY),
		.val[GCH_KEY_ARENA_ORDER] = 7,
		.val[GCH_KEY_POISON] = 1,
		.val[GCH_KEY_VERIFY] = 1,
	};
	struct gch_type_desc desc = { .name = "any", .flags = GCH_TYPE_VAR };
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
	c->type = gch_type_register(heap, &desc, NULL);
	if (GCH_EXPECT(test, !IS_ERR(c->type), "no type"))
		for (i = 0; i < batches; i++)
			if (!batch(test, c))
				break;
	gch_mutator_detach(c->m);
	GCH_MUST(test, gch_collect(heap, 2));
	KUNIT_EXPECT_EQ(test, atomic_read(&c->h->nr_units), 0);
	gch_kunit_heap_end(test, heap);
}

static void test_random(struct kunit *test)
{
	run(test, 0, gch_kunit_rounds(12));
}

/* The sweep generation has 29 bits; nothing happens when it begins again. */
static void test_wrap(struct kunit *test)
{
	run(test, (U32_MAX >> STATE_SHIFT) - 3, 8);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_random),
	KUNIT_CASE(test_wrap),
	{}
};

struct kunit_suite gch_kunit_cache = {
	.name = "gcheap_cache",
	.test_cases = cases,
};
