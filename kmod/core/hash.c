// SPDX-License-Identifier: GPL-2.0
/*
 * Hash tables of a heap: linear hashing (Litwin, "Linear hashing", VLDB 1980)
 *
 * There is about one bucket per entry. Adding an entry also adds a bucket, which
 * takes its entries from one other bucket; deleting entries removes the last buckets.
 * So each call takes bounded time, whatever the size of the table. Buckets are in
 * pages, which belong to the heap like all of its memory.
 *
 * The caller serializes access, possibly with a sleeping lock.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "compat.h"
#include "heap.h"

#define PER_CHUNK	((u32)(PAGE_SIZE / sizeof(struct hlist_head)))

static struct hlist_head *bucket(const struct gch_hash *h, u32 i)
{
	return &h->chunk[i / PER_CHUNK][i % PER_CHUNK];
}

/* Bucket number below @buckets; an unsplit bucket serves two masked hashes. */
static u32 place(u32 hash, u32 buckets)
{
	u32 mask = roundup_pow_of_two(buckets) - 1;
	u32 i = hash & mask;

	return i < buckets ? i : i & (mask >> 1);
}

/* Ensures that the page of bucket @i exists. */
static bool have_page(struct gch_hash *h, u32 i)
{
	u32 at = i / PER_CHUNK, chunks = max(2 * h->chunks, 1U);
	struct hlist_head **chunk;

	if (at == h->chunks) {
		chunk = gch_memory_get(h->heap, chunks * sizeof(*chunk));
		if (!chunk)
			return false;
		if (h->chunks)
			memcpy(chunk, h->chunk, h->chunks * sizeof(*chunk));
		gch_memory_put(h->heap, h->chunk, h->chunks * sizeof(*chunk));
		h->chunk = chunk;
		h->chunks = chunks;
	}
	if (!h->chunk[at])
		h->chunk[at] = gch_memory_page(h->heap,
					       GFP_KERNEL | __GFP_ZERO);
	return h->chunk[at];
}

/* Adds a bucket. Without memory the existing buckets get longer. */
static void split(struct gch_hash *h)
{
	struct gch_hash_node *n;
	struct hlist_node *next;
	struct hlist_head *from;

	if (!have_page(h, h->buckets))
		return;
	h->buckets++;
	if (h->buckets == 1)
		return;
	from = bucket(h, (h->buckets - 1) - roundup_pow_of_two(h->buckets) / 2);
	hlist_for_each_entry_safe(n, next, from, node) {
		if (place(n->hash, h->buckets) != h->buckets - 1)
			continue;
		hlist_del(&n->node);
		hlist_add_head(&n->node, bucket(h, h->buckets - 1));
	}
}

/* Removes the last bucket. Its page is freed with the page's first bucket. */
static void merge(struct gch_hash *h)
{
	u32 last = h->buckets - 1;
	struct hlist_head *from = bucket(h, last);
	struct gch_hash_node *n;
	struct hlist_node *next;

	h->buckets--;
	hlist_for_each_entry_safe(n, next, from, node) {
		hlist_del(&n->node);
		hlist_add_head(&n->node, bucket(h, place(n->hash, last)));
	}
	if (last % PER_CHUNK)
		return;
	gch_memory_page_put(h->heap, h->chunk[last / PER_CHUNK]);
	h->chunk[last / PER_CHUNK] = NULL;
}

/**
 * gch_hash_init - sets up an empty table
 * @h: the table
 * @heap: the heap that provides its memory
 *
 * Context: any.
 */
void gch_hash_init(struct gch_hash *h, struct gch_heap *heap)
{
	*h = (struct gch_hash){ .heap = heap };
}
EXPORT_SYMBOL_GPL(gch_hash_init);

/**
 * gch_hash_add - adds an entry
 * @h: the table
 * @n: the entry
 * @hash: hash of its key, 32 well-mixed bits
 *
 * Context: process context, may sleep.
 * Return: 0; -ENOMEM if the first bucket cannot be had, for lack of memory or at the
 * heap's limit.
 */
int gch_hash_add(struct gch_hash *h, struct gch_hash_node *n, u32 hash)
{
	if (h->entries >= h->buckets)
		split(h);
	if (!h->buckets)
		return -ENOMEM;
	n->hash = hash;
	hlist_add_head(&n->node, bucket(h, place(hash, h->buckets)));
	h->entries++;
	return 0;
}
EXPORT_SYMBOL_GPL(gch_hash_add);

/**
 * gch_hash_del - removes an entry
 * @h: the table
 * @n: the entry
 *
 * Context: process context.
 */
void gch_hash_del(struct gch_hash *h, struct gch_hash_node *n)
{
	unsigned int i;

	hlist_del(&n->node);
	h->entries--;
	/* Two, so that the number of buckets falls faster than that of entries. */
	for (i = 0; i < 2 && h->buckets > 1 && h->entries < h->buckets / 2; i++)
		merge(h);
}
EXPORT_SYMBOL_GPL(gch_hash_del);

/**
 * gch_hash_bucket - returns the bucket of a hash, which also holds other entries
 * @h: the table
 * @hash: the hash
 *
 * Context: any.
 * Return: the bucket; an empty one if the table has none.
 */
struct hlist_head *gch_hash_bucket(const struct gch_hash *h, u32 hash)
{
	static struct hlist_head none;

	return h->buckets ? bucket(h, place(hash, h->buckets)) : &none;
}
EXPORT_SYMBOL_GPL(gch_hash_bucket);

/**
 * gch_hash_exit - frees a table
 * @h: the table; its entries are not touched
 *
 * Context: process context, may sleep.
 */
void gch_hash_exit(struct gch_hash *h)
{
	u32 i;

	for (i = 0; i < h->chunks; i++) {
		if (h->chunk[i])
			gch_memory_page_put(h->heap, h->chunk[i]);
		cond_resched();
	}
	gch_memory_put(h->heap, h->chunk, h->chunks * sizeof(*h->chunk));
	gch_hash_init(h, h->heap);
}
EXPORT_SYMBOL_GPL(gch_hash_exit);
