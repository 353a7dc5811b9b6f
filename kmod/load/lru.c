// SPDX-License-Identifier: GPL-2.0
/*
 * lru: a cache that evicts the least recently used entry
 *
 * Each mutator has its own. The cache is one graph in the heap: an object with an
 * array of hash chains, which also heads a ring of nodes from newest to oldest; every
 * node refers to the cache. So reference counting alone frees an evicted node, but
 * nothing of a dropped cache. An operation is a lookup, which inserts a missing key.
 *
 * The expected contents are kept outside the heap, in an array by key: the time of
 * the last lookup, 0 if the key is not cached. Times only grow, so nodes must be
 * evicted in their order.
 */
#include "load.h"

#include <linux/hash.h>
#include <linux/log2.h>

/* Most chains of a cache, as a power of two: 2 MiB of references. */
#define MAX_BITS	18

enum {
	SLOT_CACHE,
	SLOT_CHAINS,
	SLOT_NODE,
	SLOT_NEWER,
	SLOT_OLDER,
	SLOT_BEFORE,
	NR_SLOTS,
};

/* References of a node, and of the cache as head of the ring. */
enum {
	REF_CHAIN,
	REF_OLDER,
	REF_NEWER,
	REF_CACHE,
	NR_REFS,
};

/*
 * A node as gch_data() shows it; do not access the references. The rest, up to the
 * requested size, is filled with the key's low byte.
 */
struct entry {
	void *refs[NR_REFS];
	u64 key;
	u64 time;
	u8 rest[];
};

#define DATA_BYTES	(sizeof(struct entry) - offsetof(struct entry, key))

struct lru {
	struct gch_load_thread *t;
	struct gch_mutator *m;
	unsigned int bits;
	u32 rest;
	u32 nr_keys;
	u32 count;
	u64 time;
	u64 evicted;
	u64 *expect;
};

static int broken(struct lru *l, const char *what, u64 key)
{
	gch_load_fail(l->t->run, -EUCLEAN, "lru: %s, key %llu", what, key);
	return -EUCLEAN;
}

static u32 chain_of(const struct lru *l, u32 key)
{
	return hash_32(key, l->bits);
}

/* Inserts the node at the head of the ring, as the newest. */
static int link_newest(struct lru *l)
{
	return gch_load(l->m, SLOT_OLDER, SLOT_CACHE, REF_OLDER) ? :
	       gch_store(l->m, SLOT_NODE, REF_OLDER, SLOT_OLDER) ? :
	       gch_store(l->m, SLOT_NODE, REF_NEWER, SLOT_CACHE) ? :
	       gch_store(l->m, SLOT_OLDER, REF_NEWER, SLOT_NODE) ? :
	       gch_store(l->m, SLOT_CACHE, REF_OLDER, SLOT_NODE);
}

static int unlink(struct lru *l)
{
	return gch_load(l->m, SLOT_OLDER, SLOT_NODE, REF_OLDER) ? :
	       gch_load(l->m, SLOT_NEWER, SLOT_NODE, REF_NEWER) ? :
	       gch_store(l->m, SLOT_NEWER, REF_OLDER, SLOT_OLDER) ? :
	       gch_store(l->m, SLOT_OLDER, REF_NEWER, SLOT_NEWER);
}

static int check_entry(struct lru *l, const struct entry *entry, size_t bytes)
{
	if (!entry || bytes < sizeof(*entry) + l->rest)
		return broken(l, "entry missing or too small, bytes", bytes);
	if (entry->key >= l->nr_keys)
		return broken(l, "entry with a wrong key", entry->key);
	if (entry->time != l->expect[entry->key])
		return broken(l, "entry with a wrong time", entry->key);
	if (l->rest && (entry->rest[0] != (u8)entry->key ||
			entry->rest[l->rest - 1] != (u8)entry->key))
		return broken(l, "entry with wrong data", entry->key);
	return 0;
}

/* Loads the node of a key, or null. */
static int find(struct lru *l, u32 key)
{
	const struct entry *entry;
	u32 steps = 0;
	int err;

	err = gch_load(l->m, SLOT_NODE, SLOT_CHAINS, chain_of(l, key));
	while (!err && !gch_is_null(l->m, SLOT_NODE)) {
		entry = gch_data(l->m, SLOT_NODE, NULL);
		if (!entry || steps++ > l->count)
			return broken(l, "endless chain", key);
		if (entry->key == key)
			break;
		err = gch_load(l->m, SLOT_NODE, SLOT_NODE, REF_CHAIN);
	}
	return err;
}

/* Removes the node from its key's chain. */
static int unchain(struct lru *l, u32 key)
{
	u32 steps, chain = chain_of(l, key);
	int err;

	err = gch_load(l->m, SLOT_OLDER, SLOT_NODE, REF_CHAIN) ? :
	      gch_load(l->m, SLOT_BEFORE, SLOT_CHAINS, chain);
	if (err)
		return err;
	if (gch_same(l->m, SLOT_BEFORE, SLOT_NODE))
		return gch_store(l->m, SLOT_CHAINS, chain, SLOT_OLDER);
	for (steps = 0; steps < l->count; steps++) {
		if (gch_is_null(l->m, SLOT_BEFORE))
			break;
		err = gch_load(l->m, SLOT_NEWER, SLOT_BEFORE, REF_CHAIN);
		if (err)
			return err;
		if (gch_same(l->m, SLOT_NEWER, SLOT_NODE))
			return gch_store(l->m, SLOT_BEFORE, REF_CHAIN,
					 SLOT_OLDER);
		err = gch_copy(l->m, SLOT_BEFORE, SLOT_NEWER);
		if (err)
			return err;
	}
	return broken(l, "entry not in its chain", key);
}

static int clear_slots(struct lru *l, unsigned int first)
{
	unsigned int slot;
	int err = 0;

	for (slot = first; slot < NR_SLOTS && !err; slot++)
		err = gch_clear(l->m, slot);
	return err;
}

static int evict(struct lru *l)
{
	const struct entry *entry;
	size_t bytes;
	int err;

	err = gch_load(l->m, SLOT_NODE, SLOT_CACHE, REF_NEWER);
	if (err)
		return err;
	entry = gch_data(l->m, SLOT_NODE, &bytes);
	err = check_entry(l, entry, bytes);
	if (err)
		return err;
	if (entry->time <= l->evicted)
		return broken(l, "evicted out of order", entry->key);
	l->evicted = entry->time;
	l->expect[entry->key] = 0;
	err = unlink(l) ? : unchain(l, entry->key);
	if (err)
		return err;
	l->count--;
	return gch_load_drop(l->t, SLOT_NODE);
}

static int fill_entry(struct lru *l, u32 key)
{
	struct entry *entry = gch_data(l->m, SLOT_NODE, NULL);

	if (!entry)
		return broken(l, "entry without data", key);
	entry->key = key;
	memset(entry->rest, (u8)key, l->rest);
	return 0;
}

static int insert(struct lru *l, u32 key)
{
	u32 chain = chain_of(l, key);
	int err;

	if (l->count == l->t->run->args.entries) {
		err = evict(l);
		if (err)
			return err;
	}
	err = gch_alloc_var(l->m, SLOT_NODE, l->t->run->priv, NR_REFS,
			    DATA_BYTES + l->rest) ? :
	      fill_entry(l, key) ? :
	      gch_load(l->m, SLOT_OLDER, SLOT_CHAINS, chain) ? :
	      gch_store(l->m, SLOT_NODE, REF_CHAIN, SLOT_OLDER) ? :
	      gch_store(l->m, SLOT_NODE, REF_CACHE, SLOT_CACHE) ? :
	      gch_store(l->m, SLOT_CHAINS, chain, SLOT_NODE) ? :
	      link_newest(l);
	if (!err)
		l->count++;
	return err;
}

static int hit(struct lru *l, u32 key)
{
	const struct entry *entry;
	size_t bytes;
	int err;

	if (!l->expect[key])
		return broken(l, "found an evicted entry", key);
	entry = gch_data(l->m, SLOT_NODE, &bytes);
	err = check_entry(l, entry, bytes);
	return err ? : unlink(l) ? : link_newest(l);
}

static int lookup(struct lru *l)
{
	u32 key = prandom_u32_state(&l->t->rnd) % l->nr_keys;
	struct entry *entry;
	int err;

	err = find(l, key);
	if (err)
		return err;
	if (!gch_is_null(l->m, SLOT_NODE))
		err = hit(l, key);
	else if (l->expect[key])
		err = broken(l, "entry lost", key);
	else
		err = insert(l, key);
	if (err)
		return err;
	entry = gch_data(l->m, SLOT_NODE, NULL);
	if (!entry)
		return broken(l, "entry without data", key);
	entry->time = ++l->time;
	l->expect[key] = l->time;
	return 0;
}

/* The ring must hold exactly the expected nodes, from newest to oldest. */
static int check_all(struct lru *l)
{
	u64 last = U64_MAX;
	const struct entry *entry;
	size_t bytes;
	u32 n = 0;
	int err;

	err = gch_load(l->m, SLOT_NODE, SLOT_CACHE, REF_OLDER);
	while (!err && !gch_same(l->m, SLOT_NODE, SLOT_CACHE)) {
		entry = gch_data(l->m, SLOT_NODE, &bytes);
		err = check_entry(l, entry, bytes);
		if (err)
			return err;
		if (entry->time >= last || n++ == l->count)
			return broken(l, "ring out of order", entry->key);
		last = entry->time;
		err = gch_load(l->m, SLOT_NODE, SLOT_NODE, REF_OLDER);
		if (!(n & 255) && gch_load_break(l->t) &&
		    READ_ONCE(l->t->run->stop))
			return -ECANCELED;
	}
	if (!err && n != l->count)
		err = broken(l, "wrong number of entries", n);
	return err;
}

static void free_all(struct lru *l)
{
	while (l->count--) {
		if (gch_load(l->m, SLOT_NODE, SLOT_CACHE, REF_OLDER) ||
		    gch_load(l->m, SLOT_OLDER, SLOT_NODE, REF_OLDER) ||
		    gch_store(l->m, SLOT_CACHE, REF_OLDER, SLOT_OLDER))
			return;
		gch_free(l->m, SLOT_NODE);
		cond_resched();
	}
	gch_free(l->m, SLOT_CHAINS);
	gch_free(l->m, SLOT_CACHE);
}

static int create_cache(struct lru *l)
{
	struct gch_type *type = l->t->run->priv;

	return gch_alloc_var(l->m, SLOT_CACHE, type, NR_REFS, 0) ? :
	       gch_alloc_var(l->m, SLOT_CHAINS, type, 1U << l->bits, 0) ? :
	       gch_store(l->m, SLOT_CACHE, REF_CHAIN, SLOT_CHAINS) ? :
	       gch_store(l->m, SLOT_CACHE, REF_OLDER, SLOT_CACHE) ? :
	       gch_store(l->m, SLOT_CACHE, REF_NEWER, SLOT_CACHE);
}

static int run_cache(struct lru *l)
{
	struct gch_load_thread *t = l->t;
	int err;

	err = create_cache(l);
	while (!err && (t->operations & 63 || gch_load_more(t)) &&
	       (!t->run->args.max_operations ||
		t->operations < t->run->args.max_operations)) {
		err = lookup(l);
		gch_load_did(t, 1);
	}
	if (!err && !READ_ONCE(t->run->stop))
		err = check_all(l);
	return err;
}

static int lru_thread(struct gch_load_thread *t)
{
	u32 entries = t->run->args.entries;
	struct lru l = {
		.t = t,
		.m = t->m,
		.bits = clamp(order_base_2(entries), 1, MAX_BITS),
		.rest = max_t(u32, t->run->args.size, DATA_BYTES) - DATA_BYTES,
		.nr_keys = 2 * entries,
	};
	int err;

	l.expect = gch_load_own_get(t->run, 0, l.nr_keys * sizeof(*l.expect));
	if (!l.expect)
		return -ENOMEM;
	err = run_cache(&l);
	/* A corrupt cache is not walked; its memory is freed with the heap. */
	if (gch_load_frees(t->run) && err != -EUCLEAN)
		free_all(&l);
	clear_slots(&l, 0);
	gch_load_own_put(l.expect, l.nr_keys * sizeof(*l.expect));
	return err;
}

static int lru_init(struct gch_load_run *run,
		    struct netlink_ext_ack *extack)
{
	static const struct gch_type_desc desc = {
		.name = "lru",
		.flags = GCH_TYPE_VAR,
	};

	run->priv = gch_type_register(run->heap, &desc, extack);
	return PTR_ERR_OR_ZERO(run->priv);
}

const struct gch_load_workload gch_load_lru = {
	.slots = NR_SLOTS,
	.max_mutators = 64,
	.init = lru_init,
	.thread = lru_thread,
};
