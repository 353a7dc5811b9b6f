/* SPDX-License-Identifier: GPL-2.0 */
/* Hash tables that grow and shrink by one bucket at a time. */
#ifndef _GCHEAP_HASH_H
#define _GCHEAP_HASH_H

#include <linux/list.h>
#include <linux/types.h>

struct gch_heap;

/**
 * struct gch_hash - a hash table
 * @heap: the heap that owns its memory
 * @chunk: pages of buckets
 * @chunks: capacity of @chunk
 * @buckets: number of buckets
 * @entries: number of entries
 */
struct gch_hash {
	struct gch_heap *heap;
	struct hlist_head **chunk;
	u32 chunks;
	u32 buckets;
	u32 entries;
};

/**
 * struct gch_hash_node - an entry
 * @node: link in the bucket
 * @hash: hash of the key
 */
struct gch_hash_node {
	struct hlist_node node;
	u32 hash;
};

void gch_hash_init(struct gch_hash *h, struct gch_heap *heap);
int gch_hash_add(struct gch_hash *h, struct gch_hash_node *n, u32 hash);
void gch_hash_del(struct gch_hash *h, struct gch_hash_node *n);
struct hlist_head *gch_hash_bucket(const struct gch_hash *h, u32 hash);
void gch_hash_exit(struct gch_hash *h);

#endif /* _GCHEAP_HASH_H */
