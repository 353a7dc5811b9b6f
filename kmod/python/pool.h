/* SPDX-License-Identifier: GPL-2.0 */
/* Layout of pools and arenas; see obmalloc.c. */
#ifndef _GCH_PY_POOL_H
#define _GCH_PY_POOL_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/types.h>

struct gch_py_arena;

/**
 * struct gch_py_pool - a pool: blocks of one size
 * @freeblock: list of free blocks, linked by their first words; NULL when full
 * @node: in &gch_py_heap.used unless it is full
 * @recip: reciprocal of the block size in units of 16 bytes, times 65536
 * @base: offset of its first block
 * @used: blocks in use
 * @carved: blocks that have been in use at least once, or are on @freeblock
 * @nr_blocks: blocks that fit
 * @queue: first block in the pool's part of a collection's queue, plus one; or 0
 * @class: size class, GCH_PY_NO_CLASS while it is free
 * @nr: tracked objects per generation
 * @map: groups of blocks that may have objects of generation 0, and 1
 * @gen_node: in &gch_py_heap.gens, the list of its youngest objects
 * @next: next pool in a queue, or in a list of free ones
 * @arena: its arena
 * @meta: meta words, one per block
 */
struct gch_py_pool {
	void *freeblock;
	struct list_head node;
	u32 recip;
	u16 base;
	u16 used;
	u16 carved;
	u16 nr_blocks;
	u16 queue;
	u8 class;
	u16 nr[3];
	u64 map[2];
	struct list_head gen_node;
	struct gch_py_pool *next;
	struct gch_py_arena *arena;
	u32 meta[];
};

/**
 * struct gch_py_arena - an arena; at the end of its first pool
 * @retired: in &gch_py_heap.retired_arenas
 * @node: in &gch_py_heap.arenas
 * @bucket: in &gch_py_heap.buckets while it has free pools
 * @pools: its first pool, at its start
 * @free: free pools that have been in use
 * @id: number for debugfs and messages
 * @order: page order
 * @nr_pools: its pools
 * @nr_free: free pools
 * @carved: pools that have been in use
 */
struct gch_py_arena {
	struct llist_node retired;
	struct list_head node;
	struct list_head bucket;
	struct gch_py_pool *pools;
	struct gch_py_pool *free;
	u32 id;
	u16 order;
	u16 nr_pools;
	u16 nr_free;
	u16 carved;
};

#endif /* _GCH_PY_POOL_H */
