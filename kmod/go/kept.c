// SPDX-License-Identifier: GPL-2.0
/*
 * What places referred to before they were overwritten, found by place
 *
 * A table of binary tries, of entries that are never moved or removed. The first bits of
 * a place's hash choose the trie, each bit after them the child of an entry of another
 * place. Two places have two hashes, since it is a multiplication by an odd number, so
 * an entry is behind at most as many others as a hash has bits. With a good hash there
 * is about one for each doubling of the entries beyond those that the table was made
 * for. A chain would become longer with what mutators write, and it would be walked in
 * sections and under a raw lock.
 *
 * A look-up takes no lock. An insertion does, and goes on from where the look-up ended.
 */
#include "kept.h"

#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <gcheap/barrier.h>
#include <gcheap/engine.h>
#include <gcheap/snapshot.h>

#include "compat.h"

/**
 * gch_go_kepts_new - makes an empty table
 * @places: how many entries it is to be good for; there may be more
 *
 * Context: process context, may sleep.
 * Return: the table, or NULL.
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
 * gch_go_kepts_free - frees a table that is not in use any more
 * @t: the table, not its entries; NULL is nothing
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
 * gch_go_kept_start - begins to look for a place
 * @t: the table
 * @place: the place
 * @at: for gch_go_kept_find()
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
 * gch_go_kept_find - looks for the entry of a place, or goes on to
 * @at: how far it was looked for
 * @place: the place
 *
 * Context: any.
 * Return: the entry; NULL if there is none yet, and then gch_go_kept_add() can be called.
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
 * @at: where gch_go_kept_find() has found none
 * @k: the entry
 * @place: the place
 * @ref: what it referred to
 *
 * Context: under a lock that keeps others from adding, since gch_go_kept_find().
 */
void gch_go_kept_add(struct gch_go_kept_at *at, struct gch_go_kept *k,
		     void **place, unsigned long ref)
{
	*k = (struct gch_go_kept) { .place = place, .ref = ref };
	/* A look-up that finds the entry reads all of it. */
	gch_store_release(at->link, k);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_kept_add);
