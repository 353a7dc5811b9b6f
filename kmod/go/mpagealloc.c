// SPDX-License-Identifier: GPL-2.0
/*
 * Free pages: finds an arena with a long enough run, and the run in it
 *
 * Go's page allocator (mpagealloc.go) keeps the longest run of free pages in a tree of
 * summaries over its address space. Here each arena has its longest run, arenas with
 * the same length are in one list, and a word of bits says which lists are not empty.
 * One look at that word finds the arena for a span, and a look at the few words of the
 * arena's bitmap finds the run, however many arenas there are and however scattered
 * their free pages. Entirely free arenas have lists of their own: they are used last,
 * and are found at once when memory is given back.
 *
 * The shortest run that is long enough is used, which preserves long ones.
 *
 * &gch_go_mheap.lock, which is raw, protects all of it: no function here takes longer
 * with a larger heap.
 */
#include "mpagealloc.h"

#include <linux/bitmap.h>
#include <linux/bitops.h>

#include "compat.h"

#define WORDS_MAX	BITS_TO_LONGS(GCH_GO_ARENA_PAGES)

/* The bits of an arena's free pages; bits beyond its end are 0. */
static unsigned int free_bits(const struct gch_go_arena *a, unsigned long *bits)
{
	unsigned int i, words = BITS_TO_LONGS(a->npages);

	for (i = 0; i < words; i++)
		bits[i] = ~a->used[i];
	bits[words - 1] &= BITMAP_LAST_WORD_MASK(a->npages);
	return words;
}

/* Keeps each bit whose neighbour @n places up is set too; @n is below BITS_PER_LONG. */
static bool and_shifted(unsigned long *bits, unsigned int words, unsigned int n)
{
	unsigned long next, any = 0;
	unsigned int i;

	for (i = 0; i < words; i++) {
		next = i + 1 < words ? bits[i + 1] : 0;
		bits[i] &= bits[i] >> n | next << (BITS_PER_LONG - n);
		any |= bits[i];
	}
	return any;
}

/*
 * Length of an arena's longest run of free pages, at most GCH_GO_RUNS; 0 if none is
 * free.
 */
static unsigned int longest(struct gch_go_free *f, const struct gch_go_arena *a)
{
	unsigned long bits[WORDS_MAX];
	unsigned int words, run = 1;

	f->looks++;
	if (!a->nfree)
		return 0;
	words = free_bits(a, bits);
	while (run < GCH_GO_RUNS && and_shifted(bits, words, 1))
		run++;
	return run;
}

/* First page of the first run of @npages free pages; there is one. */
static u32 first_row(struct gch_go_free *f, const struct gch_go_arena *a,
		     u32 npages)
{
	unsigned long bits[WORDS_MAX];
	unsigned int words = free_bits(a, bits), have, more;

	f->looks++;
	for (have = 1; have < npages; have += more) {
		more = min(have, npages - have);
		and_shifted(bits, words, more);
	}
	return find_first_bit(bits, words * BITS_PER_LONG);
}

static bool is_whole(const struct gch_go_arena *a)
{
	return a->nfree == a->npages;
}

static unsigned long *map_of(struct gch_go_free *f, bool whole)
{
	return whole ? &f->wholly : &f->partly;
}

/**
 * gch_go_free_init - initializes the lists of a node without arenas
 * @f: the lists
 *
 * Context: any.
 */
void gch_go_free_init(struct gch_go_free *f)
{
	unsigned int i;

	for (i = 0; i < GCH_GO_RUNS; i++) {
		INIT_LIST_HEAD(&f->arenas[0][i]);
		INIT_LIST_HEAD(&f->arenas[1][i]);
	}
}

static void list_as(struct gch_go_free *f, struct gch_go_arena *a,
		    unsigned int run, bool whole)
{
	a->run = run;
	a->whole = whole;
	if (!run)
		return;
	list_add(&a->free_node, &f->arenas[whole][run - 1]);
	__set_bit(run - 1, map_of(f, whole));
}

static void unlist(struct gch_go_free *f, struct gch_go_arena *a)
{
	if (!a->run)
		return;
	list_del_init(&a->free_node);
	if (list_empty(&f->arenas[a->whole][a->run - 1]))
		__clear_bit(a->run - 1, map_of(f, a->whole));
}

/**
 * gch_go_free_add - lists a new arena by its free pages
 * @f: lists of its node
 * @a: the arena
 *
 * Context: under &gch_go_mheap.lock.
 */
void gch_go_free_add(struct gch_go_free *f, struct gch_go_arena *a)
{
	list_as(f, a, longest(f, a), is_whole(a));
}

/* Moves an arena whose free pages have changed to the right list. */
static void relist(struct gch_go_free *f, struct gch_go_arena *a)
{
	unsigned int run = longest(f, a);
	bool whole = is_whole(a);

	if (run == a->run && whole == a->whole)
		return;
	unlist(f, a);
	list_as(f, a, run, whole);
}

/* Finds the arena whose longest run is the shortest of at least @npages. */
static struct gch_go_arena *find(struct gch_go_free *f, u32 npages)
{
	unsigned long lists = GENMASK(GCH_GO_RUNS - 1, npages - 1);
	bool whole = !(f->partly & lists);

	lists &= *map_of(f, whole);
	return lists ? list_first_entry(&f->arenas[whole][__ffs(lists)],
					struct gch_go_arena, free_node) : NULL;
}

/**
 * gch_go_free_take - takes a run of free pages
 * @f: lists of a node
 * @npages: number of pages, at most %GCH_GO_RUNS
 *
 * Context: under &gch_go_mheap.lock.
 * Return: the first page's span; NULL if no arena of the node has such a run.
 */
struct gch_go_span *gch_go_free_take(struct gch_go_free *f, u32 npages)
{
	struct gch_go_arena *a = find(f, npages);
	u32 first, i;

	if (!a)
		return NULL;
	first = first_row(f, a, npages);
	bitmap_set(a->used, first, npages);
	a->nfree -= npages;
	relist(f, a);
	for (i = 1; i < npages; i++)
		a->spans[first].needzero |= a->spans[first + i].needzero;
	return &a->spans[first];
}

/**
 * gch_go_free_put - frees a run of pages
 * @f: lists of their node
 * @s: the first page's span
 * @npages: number of pages
 *
 * Context: under &gch_go_mheap.lock.
 */
void gch_go_free_put(struct gch_go_free *f, struct gch_go_span *s, u32 npages)
{
	struct gch_go_arena *a = s->arena;

	bitmap_clear(a->used, s - a->spans, npages);
	a->nfree += npages;
	relist(f, a);
}

/**
 * gch_go_free_whole - takes an entirely free arena off its list
 * @f: lists of a node
 *
 * Context: under &gch_go_mheap.lock.
 * Return: the arena; NULL if there is none.
 */
struct gch_go_arena *gch_go_free_whole(struct gch_go_free *f)
{
	struct gch_go_arena *a;

	if (!f->wholly)
		return NULL;
	a = list_first_entry(&f->arenas[1][__ffs(f->wholly)],
			     struct gch_go_arena, free_node);
	unlist(f, a);
	return a;
}
