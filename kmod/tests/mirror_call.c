// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of the API. Each call is made in the heap and in the shadow, and its result
 * and its slot are compared at once. A call that must be refused, because of an empty
 * slot or a word that is not a reference, must return the right error and change
 * nothing.
 */
#include "mirror.h"

#include <linux/err.h>
#include <linux/string.h>

/* Retries of an allocation that failed without memory. */
#define TRIES	100U

#define SLOT(md, i)	((md)->base + (i))

/**
 * gch_mirror_fail - reports a difference and the position of the program
 * @md: the mirror
 * @fmt: the message
 *
 * Return: false.
 */
bool gch_mirror_fail(struct gch_mirror *md, const char *fmt, ...)
{
	char text[120];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	gch_test_fail(md->h->env, "seed %u, heap %u, mirror %u, operation %lu: %s",
		      md->h->seed, md->h->number, md->number, md->op, text);
	return false;
}

static bool answered(struct gch_mirror *md, const char *call, int ret, int want)
{
	return ret == want ||
	       gch_mirror_fail(md, "%s returned %d, not %d", call, ret, want);
}

/**
 * gch_mirror_serial - a unique number for a node
 * @md: the mirror
 *
 * Return: the number.
 */
u32 gch_mirror_serial(struct gch_mirror *md)
{
	return atomic_inc_return(&md->h->serial);
}

/**
 * gch_mirror_arm - injects a fault into the next call, if one is scheduled
 * @md: the mirror
 */
void gch_mirror_arm(struct gch_mirror *md)
{
	gch_test_fault_arm(md->armed);
}

/**
 * gch_mirror_struck - did a fault hit the last call?
 * @md: the mirror
 *
 * Return: true if a fault hit it.
 */
bool gch_mirror_struck(struct gch_mirror *md)
{
	bool struck = md->armed && !gch_test_fault_ahead();

	gch_test_fault_disarm();
	if (struck)
		atomic_long_inc(&md->h->struck);
	md->armed = 0;
	return struck;
}

/* ---- data ---- */

/**
 * gch_mirror_word - index of a reference word
 * @n: its node
 * @i: number of the reference; @nr_refs gives a word that is none
 *
 * Return: the index of the word.
 */
u32 gch_mirror_word(const struct gch_mirror_node *n, u32 i)
{
	const struct gch_mirror_kind *kind = n->kind;

	if (!kind->bytes)
		return i;
	return i < n->nr_refs ? kind->refs[i] : kind->bytes / sizeof(void *);
}

static bool is_ref(const struct gch_mirror_node *n, u32 word)
{
	return n->kind->bytes ? test_bit(word, n->kind->is_ref) :
				word < n->nr_refs;
}

static u64 pattern(u32 serial, u32 i)
{
	return (serial * 0x9e3779b97f4a7c15ULL) ^ (i * 0xc2b2ae3d27d4eb4fULL);
}

static void write_data(const struct gch_mirror_node *n, void *data)
{
	u32 i, words = n->bytes / sizeof(u64);
	u64 *word = data;
	u8 *byte = data;

	for (i = 0; i < words; i++)
		if (!is_ref(n, i))
			word[i] = pattern(n->serial, i);
	for (i = words * sizeof(u64); i < n->bytes; i++)
		byte[i] = pattern(n->serial, i);
}

/* Returns the first word or byte that differs, n->bytes if none does. */
static u32 compare_data(const struct gch_mirror_node *n, const void *data)
{
	u32 i, words = n->bytes / sizeof(u64);
	const u64 *word = data;
	const u8 *byte = data;

	for (i = 0; i < words; i++)
		if (!is_ref(n, i) && word[i] != pattern(n->serial, i))
			return i * sizeof(u64);
	for (i = words * sizeof(u64); i < n->bytes; i++)
		if (byte[i] != (u8)pattern(n->serial, i))
			return i;
	return n->bytes;
}

/**
 * gch_mirror_slot_is - does a slot of the heap refer to the expected object?
 * @md: the mirror
 * @slot: the slot, with or without a shadow
 * @id: the node, 0 for none
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_slot_is(struct gch_mirror *md, unsigned int slot, u32 id)
{
	struct gch_mirror_node *n = &md->nodes[id];
	size_t bytes;
	void *data;

	if (md->dry)
		return true;
	data = gch_data(md->m, SLOT(md, slot), &bytes);
	if (!id)
		return !data || gch_mirror_fail(md, "slot %u is not empty", slot);
	if (!data)
		return gch_mirror_fail(md, "slot %u is empty, not node %u", slot,
				      id);
	if (n->gone)
		return gch_mirror_fail(md, "node %u, dead, is in slot %u", id,
				      slot);
	if (bytes < n->bytes)
		return gch_mirror_fail(md, "node %u has %zu bytes, not %u", id,
				      bytes, n->bytes);
	if (!n->addr)
		n->addr = data;
	return n->addr == data ||
	       gch_mirror_fail(md, "slot %u has another object than node %u",
			       slot, id);
}

/**
 * gch_mirror_data_is - is the object in a slot unchanged?
 * @md: the mirror
 * @slot: the slot
 * @id: the node
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_data_is(struct gch_mirror *md, unsigned int slot, u32 id)
{
	const struct gch_mirror_node *n = &md->nodes[id];
	u32 differs;

	if (!gch_mirror_slot_is(md, slot, id))
		return false;
	differs = compare_data(n, n->addr);
	return differs == n->bytes ||
	       gch_mirror_fail(md, "node %u of %u bytes is another at %u", id,
			       n->bytes, differs);
}

/**
 * gch_mirror_rewrite - gives an object other data
 * @md: the mirror
 * @slot: its slot, or an empty one
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_rewrite(struct gch_mirror *md, unsigned int slot)
{
	struct gch_mirror_node *n = &md->nodes[md->slot[slot]];

	if (!md->slot[slot])
		return gch_mirror_slot_is(md, slot, 0);
	if (!gch_mirror_data_is(md, slot, md->slot[slot]))
		return false;
	n->serial = gch_mirror_serial(md);
	write_data(n, n->addr);
	return true;
}

/* ---- allocation ---- */

/* Applies collections that a call has run to the shadow. */
static void take_up(struct gch_mirror *md)
{
	struct gch_stats stats;
	unsigned int g;

	if (!md->h->exact || gch_cycles_ended(md->h->env->heap) ==
			     md->cycles[0] + md->cycles[1] + md->cycles[2])
		return;
	gch_heap_stats(md->h->env->heap, &stats);
	/* A collection that memory required comes after one that was due. */
	for (g = 0; g < 3; g++)
		for (; md->cycles[g] < stats.cycles_gen[g]; md->cycles[g]++)
			gch_mirror_collected(md, g);
}

/* Others may lower it in between, but not indefinitely. */
#define LIFTS_MAX	1000U

/**
 * gch_mirror_lift - temporarily lifts the heap's limit after a refusal
 * @md: the mirror
 *
 * Tables, which a program cannot do without, count against the limit too.
 *
 * Return: true if the call should be repeated.
 */
bool gch_mirror_lift(struct gch_mirror *md)
{
	if (!md->h->limit || md->lifts++ == LIFTS_MAX)
		return false;
	return !gch_heap_tune(md->h->env->heap, GCH_KEY_LIMIT, 0, NULL);
}

/**
 * gch_mirror_lower - restores the limit, if it was lifted
 * @md: the mirror
 *
 * Applies the collections that the call has run without memory to the shadow.
 */
void gch_mirror_lower(struct gch_mirror *md)
{
	if (md->lifts)
		gch_heap_tune(md->h->env->heap, GCH_KEY_LIMIT, md->h->limit,
			      NULL);
	md->lifts = 0;
	take_up(md);
}

static bool set_limit(struct gch_mirror *md, u64 limit)
{
	int ret = gch_heap_tune(md->h->env->heap, GCH_KEY_LIMIT, limit, NULL);

	return !ret || gch_mirror_fail(md, "limit not set: %d", ret);
}

/* -ENOMEM changes nothing, and is expected after a fault or at a limit. */
static bool is_refused(struct gch_mirror *md, unsigned int dst, int ret,
		       bool struck)
{
	if (ret != -ENOMEM || !(struck || md->h->limit))
		return gch_mirror_fail(md, "an allocation returned %d", ret);
	atomic_long_inc(&md->h->refused);
	return gch_mirror_slot_is(md, dst, md->slot[dst]);
}

/**
 * struct order - an allocation
 * @kind: its type
 * @nr_refs: references, if the type is variable
 * @bytes: data bytes, if the type is variable
 * @src: first slot of its initial references
 * @nr: number of initial references
 */
struct order {
	struct gch_mirror_kind *kind;
	u32 nr_refs;
	u32 bytes;
	unsigned int src;
	u32 nr;
};

static int place_order(struct gch_mirror *md, unsigned int dst,
		       const struct order *o)
{
	struct gch_type *type = o->kind->type;

	if (o->nr)
		return gch_alloc_refs(md->m, SLOT(md, dst), type,
				      SLOT(md, o->src), o->nr);
	if (o->kind->bytes)
		return gch_alloc(md->m, SLOT(md, dst), type);
	return gch_alloc_var(md->m, SLOT(md, dst), type, o->nr_refs, o->bytes);
}

static bool alloc_in_heap(struct gch_mirror *md, unsigned int dst,
			  const struct order *o)
{
	unsigned int tries;
	bool struck;
	int ret;

	for (tries = 0; tries < TRIES; tries++) {
		gch_mirror_arm(md);
		ret = place_order(md, dst, o);
		struck = gch_mirror_struck(md);
		take_up(md);
		if (!ret)
			return !tries || !md->h->limit ||
			       set_limit(md, md->h->limit);
		if (!is_refused(md, dst, ret, struck) ||
		    (!struck && !set_limit(md, 0)))
			return false;
	}
	return gch_mirror_fail(md, "no memory without a limit");
}

/* Is it empty except for its first @nr references? */
static bool is_new(const struct gch_mirror_node *n, u32 nr)
{
	const u64 *word = n->addr;
	u32 i, at = 0, next;

	for (i = 0; i < nr; i++) {
		next = gch_mirror_word(n, i);
		if (!word[next] != !n->refs[i] ||
		    memchr_inv(word + at, 0, (next - at) * sizeof(*word)))
			return false;
		at = next + 1;
	}
	return !memchr_inv(word + at, 0, n->bytes - at * sizeof(*word));
}

/* A new object must not overlap others. */
static bool receive(struct gch_mirror *md, unsigned int dst, u32 id, u32 nr)
{
	struct gch_mirror_node *n = &md->nodes[id];

	if (md->dry)
		return true;
	if (!gch_mirror_slot_is(md, dst, id))
		return false;
	if (!is_new(n, nr))
		return gch_mirror_fail(md, "new node %u of %u bytes is not empty",
				      id, n->bytes);
	write_data(n, n->addr);
	/* On an engine with explicit frees, the table keeps the object reachable. */
	return !md->h->explicit ||
	       !gch_root_set(md->m, md->seen, id, SLOT(md, dst)) ||
	       gch_mirror_fail(md, "node %u has no place", id);
}

static bool allocate(struct gch_mirror *md, unsigned int dst,
		     const struct order *o, u32 serial)
{
	u32 id, i, refs = o->kind->bytes ? o->kind->nr_refs : o->nr_refs;

	if (!md->dry && !alloc_in_heap(md, dst, o))
		return false;
	id = gch_mirror_node_new(md, o->kind, refs,
				 o->kind->bytes ?: refs * sizeof(void *) + o->bytes,
				 serial);
	if (!id)
		return gch_mirror_fail(md, "no node is left");
	for (i = 0; i < o->nr; i++)
		gch_mirror_put(md, &md->nodes[id].refs[i], md->slot[o->src + i]);
	gch_mirror_put(md, &md->slot[dst], id);
	return receive(md, dst, id, o->nr);
}

/**
 * gch_mirror_alloc - allocates
 * @md: the mirror, which has a node to spare
 * @dst: destination slot
 * @kind: its type
 * @nr_refs: references, if the type is variable
 * @bytes: data bytes, if the type is variable
 * @serial: number to derive its data from
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_alloc(struct gch_mirror *md, unsigned int dst,
		      struct gch_mirror_kind *kind, u32 nr_refs, u32 bytes,
		      u32 serial)
{
	struct order o = { .kind = kind, .nr_refs = nr_refs, .bytes = bytes };

	return allocate(md, dst, &o, serial);
}

/**
 * gch_mirror_alloc_refs - allocates with initial references
 * @md: the mirror, which has a node to spare
 * @dst: destination slot
 * @kind: its type, a fixed one
 * @src: first slot of the initial references
 * @nr: number of initial references; more than fit must be refused
 * @serial: number to derive its data from
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_alloc_refs(struct gch_mirror *md, unsigned int dst,
			   struct gch_mirror_kind *kind, unsigned int src, u32 nr,
			   u32 serial)
{
	struct order o = { .kind = kind, .src = src, .nr = nr };

	if (nr <= kind->nr_refs)
		return allocate(md, dst, &o, serial);
	return answered(md, "alloc_refs", place_order(md, dst, &o), -ERANGE) &&
	       gch_mirror_slot_is(md, dst, md->slot[dst]);
}

/* ---- references ---- */

/* Expected result of a call on reference @i of the object in a slot. */
static int expect(const struct gch_mirror *md, unsigned int slot, u32 i)
{
	u32 id = md->slot[slot];

	if (!id)
		return -EFAULT;
	return i < md->nodes[id].nr_refs ? 0 : -ERANGE;
}

static u32 word_of(const struct gch_mirror *md, unsigned int slot, u32 i)
{
	u32 id = md->slot[slot];

	return id ? gch_mirror_word(&md->nodes[id], i) : i;
}

/**
 * gch_mirror_load - reads a reference
 * @md: the mirror
 * @dst: destination slot
 * @src: slot of the object
 * @i: index of the reference
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_load(struct gch_mirror *md, unsigned int dst, unsigned int src,
		     u32 i)
{
	int want = expect(md, src, i);

	if (!answered(md, "load", gch_load(md->m, SLOT(md, dst), SLOT(md, src),
					   word_of(md, src, i)), want))
		return false;
	if (!want)
		gch_mirror_put(md, &md->slot[dst],
			       md->nodes[md->slot[src]].refs[i]);
	return gch_mirror_slot_is(md, dst, md->slot[dst]);
}

/*
 * Expected result for @nr words of the object in a slot, from @first on: are all of
 * them references?
 */
static int expect_words(const struct gch_mirror *md, unsigned int slot,
			u32 first, u32 nr)
{
	const struct gch_mirror_node *n = &md->nodes[md->slot[slot]];
	u32 i;

	if (!md->slot[slot])
		return -EFAULT;
	for (i = first; i < first + nr; i++)
		if (i * sizeof(void *) >= n->bytes || !is_ref(n, i))
			return -ERANGE;
	return 0;
}

/**
 * gch_mirror_load_refs - reads adjacent references
 * @md: the mirror
 * @dst: first destination slot
 * @src: slot of the object
 * @i: the first reference
 * @nr: number of words
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_load_refs(struct gch_mirror *md, unsigned int dst,
			  unsigned int src, u32 i, u32 nr)
{
	u32 word = word_of(md, src, i), k, id = md->slot[src];
	int want = expect_words(md, src, word, nr);

	if (!answered(md, "load_refs",
		      gch_load_refs(md->m, SLOT(md, dst), SLOT(md, src), word,
				    nr), want))
		return false;
	/* The object lives until all words have been read. */
	for (k = 0; !want && k < nr; k++)
		if (dst + k != src)
			gch_mirror_put(md, &md->slot[dst + k],
				       md->nodes[id].refs[i + k]);
	if (!want && src - dst < nr)
		gch_mirror_put(md, &md->slot[src],
			       md->nodes[id].refs[i + src - dst]);
	for (k = 0; k < nr; k++)
		if (!gch_mirror_slot_is(md, dst + k, md->slot[dst + k]))
			return false;
	return true;
}

/**
 * gch_mirror_store - writes a reference
 * @md: the mirror
 * @dst: slot of the object
 * @i: index of the reference
 * @src: slot of the new target
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_store(struct gch_mirror *md, unsigned int dst, u32 i,
		      unsigned int src)
{
	int want = expect(md, dst, i);

	if (!md->dry &&
	    !answered(md, "store", gch_store(md->m, SLOT(md, dst),
					     word_of(md, dst, i),
					     SLOT(md, src)), want))
		return false;
	if (!want)
		gch_mirror_put(md, &md->nodes[md->slot[dst]].refs[i],
			       md->slot[src]);
	return true;
}

/**
 * gch_mirror_store_null - clears a reference
 * @md: the mirror
 * @dst: slot of the object
 * @i: index of the reference
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_store_null(struct gch_mirror *md, unsigned int dst, u32 i)
{
	int want = expect(md, dst, i);

	if (!answered(md, "store_null", gch_store_null(md->m, SLOT(md, dst),
						       word_of(md, dst, i)),
		      want))
		return false;
	if (!want)
		gch_mirror_put(md, &md->nodes[md->slot[dst]].refs[i], 0);
	return true;
}

/**
 * gch_mirror_copy - copies a slot
 * @md: the mirror
 * @dst: destination slot
 * @src: source slot
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_copy(struct gch_mirror *md, unsigned int dst, unsigned int src)
{
	if (!md->dry && !answered(md, "copy", gch_copy(md->m, SLOT(md, dst),
						       SLOT(md, src)), 0))
		return false;
	gch_mirror_put(md, &md->slot[dst], md->slot[src]);
	return gch_mirror_slot_is(md, dst, md->slot[dst]);
}

/**
 * gch_mirror_clear - empties a slot
 * @md: the mirror
 * @dst: the slot
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_clear(struct gch_mirror *md, unsigned int dst)
{
	if (!md->dry &&
	    !answered(md, "clear", gch_clear(md->m, SLOT(md, dst)), 0))
		return false;
	gch_mirror_put(md, &md->slot[dst], 0);
	return gch_mirror_slot_is(md, dst, 0);
}

/**
 * gch_mirror_free_slot - calls gch_free() on an engine without explicit frees
 * @md: the mirror
 * @src: slot of the object
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_free_slot(struct gch_mirror *md, unsigned int src)
{
	int want = md->slot[src] ? 0 : -EFAULT;

	if (!answered(md, "free", gch_free(md->m, SLOT(md, src)), want))
		return false;
	gch_mirror_put(md, &md->slot[src], 0);
	return gch_mirror_slot_is(md, src, 0);
}

/* Removes every reference to a node. */
static bool cut_off(struct gch_mirror *md, u32 id)
{
	struct gch_mirror_node *n;
	u32 i, from;
	int ret = 0;

	for (from = 1; !ret && from < MIRROR_NODES; from++) {
		n = &md->nodes[from];
		for (i = 0; !ret && n->kind && i < n->nr_refs; i++) {
			if (n->refs[i] != id)
				continue;
			ret = gch_root_get(md->m, SLOT(md, RAW_A), md->seen,
					   from) ?:
			      gch_store_null(md->m, SLOT(md, RAW_A),
					     gch_mirror_word(n, i));
			gch_mirror_put(md, &n->refs[i], 0);
		}
	}
	for (i = 0; i < md->nr_roots; i++)
		if (md->root[i] == id && !gch_mirror_root_clear(md, i))
			return false;
	for (i = 0; i < MIRROR_SLOTS; i++)
		if (md->slot[i] == id && !gch_mirror_clear(md, i))
			return false;
	return answered(md, "a cut", ret, 0);
}

/**
 * gch_mirror_kill - frees an object on an engine with explicit frees
 * @md: the mirror
 * @id: its node
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_kill(struct gch_mirror *md, u32 id)
{
	int ret;

	if (!cut_off(md, id))
		return false;
	ret = gch_root_get(md->m, SLOT(md, RAW_B), md->seen, id) ?:
	      gch_clear(md->m, SLOT(md, RAW_A)) ?:
	      gch_root_clear(md->m, md->seen, id);
	if (!answered(md, "a look-up", ret, 0) ||
	    !gch_mirror_data_is(md, RAW_B, id) ||
	    !answered(md, "free", gch_free(md->m, SLOT(md, RAW_B)), 0))
		return false;
	gch_mirror_drop(md, id);
	return gch_mirror_slot_is(md, RAW_B, 0);
}

/* ---- collections ---- */

/**
 * gch_mirror_collect - collects
 * @md: the mirror
 * @generation: oldest generation to collect
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_collect(struct gch_mirror *md, unsigned int generation)
{
	u64 before = gch_cycles_ended(md->h->env->heap);
	bool struck;
	int ret;

	gch_mirror_arm(md);
	ret = gch_collect(md->h->env->heap, generation);
	struck = gch_mirror_struck(md);
	if (ret && !(struck && ret == -ENOMEM))
		return gch_mirror_fail(md, "a collection returned %d", ret);
	if (gch_cycles_ended(md->h->env->heap) == before)
		return gch_mirror_fail(md, "a collection was none");
	take_up(md);
	return true;
}
