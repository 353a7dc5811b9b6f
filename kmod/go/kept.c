// SPDX-License-Identifier: GPL-2.0
/*
 * References that places held before they were overwritten, found by place
 *
 * A table of binary tries. Entries are never moved or removed. The first bits of a
 * place's hash choose the trie; each further bit chooses the child of an entry of
 * another place. The hash is a multiplication by an odd number, so two places have
 * different hashes, and the number of hash bits bounds the depth of an entry. With a
 * good hash the depth grows by about one each time the entries double beyond the number
 * that the table was made for. Chains would not do: mutators could lengthen them
 * without bound, and sections walk them, also under a raw lock.
 *
 * A look-up takes no lock. An insertion takes one, and continues where the look-up
 * ended.
 */
#include "kept.h"

#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <gcheap/ordering.h>
#include <gcheap/engine.h>
#include <gcheap/snapshot.h>

#include "compat.h"

/**
 * gch_go_kepts_new - allocates an empty table
 * @places: number of entries to size it for; it can hold more
 *
 * Context: process context, may sleep.
 * Return: the table, or NULL without memory.
 */
struct gch_go_kepts *gch_go_kepts_new(u64 places)
{
	struct gch_go_kepts *t;
	unsigned int bits;

	bits = clamp_t(unsigned int, ilog2(places | 1), GCH_GO_KEPT_BITS_MIN,
		       GCH_GO_KEPT_BITS_MAX);
	t = gch_snap_memory(struct_size(t, trie, BIT(bits)));
	if (t)
		t->bits = bits;
	return t;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_kepts_new);

/**
 * gch_go_kepts_free - frees a table that is no longer in use
 * @t: the table, not its entries; may be NULL
 *
 * Context: process context, may sleep.
 */
void gch_go_kepts_free(struct gch_go_kepts *t)
{
	if (t)
		gch_snap_memory_free(t, struct_size(t, trie, BIT(t->bits)));
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_kepts_free);

/**
 * gch_go_kept_start - starts to look up a place
 * @t: the table
 * @place: the place
 * @at: position for gch_go_kept_find()
 *
 * Context: any.
 */
void gch_go_kept_start(struct gch_go_kepts *t, void **place,
		       struct gch_go_kept_at *at)
{
	u64 hash = (u64)(unsigned long)place * GOLDEN_RATIO_64;

	at->link = &t->trie[hash >> (64 - t->bits)];
	at->hash = hash << t->bits;
	at->steps = 0;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_kept_start);

/**
 * gch_go_kept_find - starts or continues to look for the entry of a place
 * @at: the position, which moves
 * @place: the place
 *
 * Context: any.
 * Return: the entry; NULL if there is none yet, then gch_go_kept_add() may be called.
 */
struct gch_go_kept *gch_go_kept_find(struct gch_go_kept_at *at, void **place)
{
	struct gch_go_kept *k;

	/* Pairs with the release in gch_go_kept_add(). */
	while ((k = gch_load_acquire(at->link)) && k->place != place) {
		at->link = &k->child[at->hash >> 63];
		at->hash <<= 1;
		at->steps++;
	}
	return k;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_kept_find);

/**
 * gch_go_kept_add - adds the entry of a place that has none
 * @at: position where gch_go_kept_find() found none
 * @k: the entry
 * @place: the place
 * @ref: the place's old reference
 *
 * Context: under a lock that has kept others from adding since gch_go_kept_find().
 */
void gch_go_kept_add(struct gch_go_kept_at *at, struct gch_go_kept *k,
		     void **place, unsigned long ref)
{
	*k = (struct gch_go_kept) { .place = place, .ref = ref };
	/* A look-up that finds the entry sees it initialized. */
	gch_store_release(at->link, k);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_kept_add);
