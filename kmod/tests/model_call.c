// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of the API, each made in the heap and in the shadow, and compared at
 * once: what it returned, and what its slot refers to. A call that has to be
 * refused, because of an empty slot or a word that is no reference, must say so
 * and change nothing.
 */
#include "model.h"

#include <linux/err.h>
#include <linux/string.h>

/* How often an allocation is repeated when memory was refused to it. */
#define TRIES	100U

#define SLOT(md, i)	((md)->base + (i))

/**
 * gch_model_fail - says what differs, and where the program was
 * @md: the model
 * @fmt: what
 *
 * Return: false.
 */
bool gch_model_fail(struct gch_model *md, const char *fmt, ...)
{
	char text[120];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	gch_test_fail(md->h->env, "seed %u, heap %u, model %u, operation %lu: %s",
		      md->h->seed, md->h->number, md->number, md->op, text);
	return false;
}

static bool answered(struct gch_model *md, const char *call, int ret, int want)
{
	return ret == want ||
	       gch_model_fail(md, "%s returned %d, not %d", call, ret, want);
}

/**
 * gch_model_serial - a number that no other node was made with
 * @md: the model
 *
 * Return: the number.
 */
u32 gch_model_serial(struct gch_model *md)
{
	return atomic_inc_return(&md->h->serial);
}

/**
 * gch_model_arm - lets the next call run into a fault, if it is its turn
 * @md: the model
 */
void gch_model_arm(struct gch_model *md)
{
	gch_test_fault_arm(md->armed);
}

/**
 * gch_model_struck - after a call: did it run into a fault?
 * @md: the model
 *
 * Return: true if it did.
 */
bool gch_model_struck(struct gch_model *md)
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
 * gch_model_word - which word of an object is a reference
 * @n: its node
 * @i: number of the reference; one too many gives a word that is none
 *
 * Return: number of the word.
 */
u32 gch_model_word(const struct gch_model_node *n, u32 i)
{
	const struct gch_model_kind *kind = n->kind;

	if (!kind->bytes)
		return i;
	return i < n->nr_refs ? kind->refs[i] : kind->bytes / sizeof(void *);
}

static bool is_ref(const struct gch_model_node *n, u32 word)
{
	return n->kind->bytes ? test_bit(word, n->kind->is_ref) :
				word < n->nr_refs;
}

static u64 pattern(u32 serial, u32 i)
{
	return (serial * 0x9e3779b97f4a7c15ULL) ^ (i * 0xc2b2ae3d27d4eb4fULL);
}

static void write_data(const struct gch_model_node *n, void *data)
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

/* The first word or byte that differs, n->bytes if none does. */
static u32 compare_data(const struct gch_model_node *n, const void *data)
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
 * gch_model_slot_is - does a slot of the heap refer to what it should?
 * @md: the model
 * @slot: the slot, one of the shadow's or not
 * @id: the node, 0 for none
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_slot_is(struct gch_model *md, unsigned int slot, u32 id)
{
	struct gch_model_node *n = &md->nodes[id];
	size_t bytes;
	void *data;

	if (md->dry)
		return true;
	data = gch_data(md->m, SLOT(md, slot), &bytes);
	if (!id)
		return !data || gch_model_fail(md, "slot %u is not empty", slot);
	if (!data)
		return gch_model_fail(md, "slot %u is empty, not node %u", slot,
				      id);
	if (n->gone)
		return gch_model_fail(md, "node %u, dead, is in slot %u", id,
				      slot);
	if (bytes < n->bytes)
		return gch_model_fail(md, "node %u has %zu bytes, not %u", id,
				      bytes, n->bytes);
	if (!n->addr)
		n->addr = data;
	return n->addr == data ||
	       gch_model_fail(md, "slot %u has another object than node %u",
			      slot, id);
}

/**
 * gch_model_data_is - is what a slot refers to what it was?
 * @md: the model
 * @slot: the slot
 * @id: the node
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_data_is(struct gch_model *md, unsigned int slot, u32 id)
{
	const struct gch_model_node *n = &md->nodes[id];
	u32 differs;

	if (!gch_model_slot_is(md, slot, id))
		return false;
	differs = compare_data(n, n->addr);
	return differs == n->bytes ||
	       gch_model_fail(md, "node %u of %u bytes is another at %u", id,
			      n->bytes, differs);
}

/**
 * gch_model_rewrite - gives an object other data
 * @md: the model
 * @slot: refers to it, or to none
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_rewrite(struct gch_model *md, unsigned int slot)
{
	struct gch_model_node *n = &md->nodes[md->slot[slot]];

	if (!md->slot[slot])
		return gch_model_slot_is(md, slot, 0);
	if (!gch_model_data_is(md, slot, md->slot[slot]))
		return false;
	n->serial = gch_model_serial(md);
	write_data(n, n->addr);
	return true;
}

/* ---- allocation ---- */

/* Takes up the collections that a call has run. */
static void take_up(struct gch_model *md)
{
	struct gch_stats stats;
	unsigned int g;

	if (!md->h->exact || gch_cycles_ended(md->h->env->heap) ==
			     md->cycles[0] + md->cycles[1] + md->cycles[2])
		return;
	gch_heap_stats(md->h->env->heap, &stats);
	/* One that memory asked for comes after one that was due. */
	for (g = 0; g < 3; g++)
		for (; md->cycles[g] < stats.cycles_gen[g]; md->cycles[g]++)
			gch_model_collected(md, g);
}

/* Others may lower it in between, but not for ever. */
#define LIFTS_MAX	1000U

/**
 * gch_model_lift - after a refusal: lifts the heap's limit for a moment, if there is
 * one
 * @md: the model
 *
 * What a program cannot do without, tables for example, counts against the limit too.
 *
 * Return: true if to try again.
 */
bool gch_model_lift(struct gch_model *md)
{
	if (!md->h->limit || md->lifts++ == LIFTS_MAX)
		return false;
	return !gch_heap_tune(md->h->env->heap, GCH_KEY_LIMIT, 0, NULL);
}

/**
 * gch_model_lower - puts back the limit, if it was lifted
 * @md: the model
 *
 * Takes up the collections that the call has run, for want of memory.
 */
void gch_model_lower(struct gch_model *md)
{
	if (md->lifts)
		gch_heap_tune(md->h->env->heap, GCH_KEY_LIMIT, md->h->limit,
			      NULL);
	md->lifts = 0;
	take_up(md);
}

static bool set_limit(struct gch_model *md, u64 limit)
{
	int ret = gch_heap_tune(md->h->env->heap, GCH_KEY_LIMIT, limit, NULL);

	return !ret || gch_model_fail(md, "limit not set: %d", ret);
}

/* -ENOMEM changes nothing, and is no surprise where it comes. */
static bool is_refused(struct gch_model *md, unsigned int dst, int ret,
		       bool struck)
{
	if (ret != -ENOMEM || !(struck || md->h->limit))
		return gch_model_fail(md, "an allocation returned %d", ret);
	atomic_long_inc(&md->h->refused);
	return gch_model_slot_is(md, dst, md->slot[dst]);
}

/**
 * struct order - an allocation
 * @kind: its type
 * @nr_refs: references, if the type is variable
 * @bytes: data, likewise
 * @src: first slot of those that it is given references from
 * @nr: how many
 */
struct order {
	struct gch_model_kind *kind;
	u32 nr_refs;
	u32 bytes;
	unsigned int src;
	u32 nr;
};

static int place_order(struct gch_model *md, unsigned int dst,
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

static bool alloc_in_heap(struct gch_model *md, unsigned int dst,
			  const struct order *o)
{
	unsigned int tries;
	bool struck;
	int ret;

	for (tries = 0; tries < TRIES; tries++) {
		gch_model_arm(md);
		ret = place_order(md, dst, o);
		struck = gch_model_struck(md);
		take_up(md);
		if (!ret)
			return !tries || !md->h->limit ||
			       set_limit(md, md->h->limit);
		if (!is_refused(md, dst, ret, struck) ||
		    (!struck && !set_limit(md, 0)))
			return false;
	}
	return gch_model_fail(md, "no memory without a limit");
}

/* Is it empty but for the first @nr references, which it was given? */
static bool is_new(const struct gch_model_node *n, u32 nr)
{
	const u64 *word = n->addr;
	u32 i, at = 0, next;

	for (i = 0; i < nr; i++) {
		next = gch_model_word(n, i);
		if (!word[next] != !n->refs[i] ||
		    memchr_inv(word + at, 0, (next - at) * sizeof(*word)))
			return false;
		at = next + 1;
	}
	return !memchr_inv(word + at, 0, n->bytes - at * sizeof(*word));
}

/* What is new is where nothing else is. */
static bool receive(struct gch_model *md, unsigned int dst, u32 id, u32 nr)
{
	struct gch_model_node *n = &md->nodes[id];

	if (md->dry)
		return true;
	if (!gch_model_slot_is(md, dst, id))
		return false;
	if (!is_new(n, nr))
		return gch_model_fail(md, "new node %u of %u bytes is not empty",
				      id, n->bytes);
	write_data(n, n->addr);
	/* What is freed by hand alone can always be found there. */
	return !md->h->explicit ||
	       !gch_root_set(md->m, md->seen, id, SLOT(md, dst)) ||
	       gch_model_fail(md, "node %u has no place", id);
}

static bool allocate(struct gch_model *md, unsigned int dst,
		     const struct order *o, u32 serial)
{
	u32 id, i, refs = o->kind->bytes ? o->kind->nr_refs : o->nr_refs;

	if (!md->dry && !alloc_in_heap(md, dst, o))
		return false;
	id = gch_model_node_new(md, o->kind, refs,
				o->kind->bytes ?: refs * sizeof(void *) + o->bytes,
				serial);
	if (!id)
		return gch_model_fail(md, "no node is left");
	for (i = 0; i < o->nr; i++)
		gch_model_put(md, &md->nodes[id].refs[i], md->slot[o->src + i]);
	gch_model_put(md, &md->slot[dst], id);
	return receive(md, dst, id, o->nr);
}

/**
 * gch_model_alloc - allocates
 * @md: the model, which has a node to spare
 * @dst: slot that gets it
 * @kind: its type
 * @nr_refs: references, if the type is variable
 * @bytes: data, likewise
 * @serial: what its data are made of
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_alloc(struct gch_model *md, unsigned int dst,
		     struct gch_model_kind *kind, u32 nr_refs, u32 bytes,
		     u32 serial)
{
	struct order o = { .kind = kind, .nr_refs = nr_refs, .bytes = bytes };

	return allocate(md, dst, &o, serial);
}

/**
 * gch_model_alloc_refs - allocates, with references
 * @md: the model, which has a node to spare
 * @dst: slot that gets it
 * @kind: its type, a fixed one
 * @src: first slot of those that it is given references from
 * @nr: how many; one more than it can have must be refused
 * @serial: what its data are made of
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_alloc_refs(struct gch_model *md, unsigned int dst,
			  struct gch_model_kind *kind, unsigned int src, u32 nr,
			  u32 serial)
{
	struct order o = { .kind = kind, .src = src, .nr = nr };

	if (nr <= kind->nr_refs)
		return allocate(md, dst, &o, serial);
	return answered(md, "alloc_refs", place_order(md, dst, &o), -ERANGE) &&
	       gch_model_slot_is(md, dst, md->slot[dst]);
}

/* ---- references ---- */

/* What a call about reference @i of what a slot refers to has to return. */
static int expect(const struct gch_model *md, unsigned int slot, u32 i)
{
	u32 id = md->slot[slot];

	if (!id)
		return -EFAULT;
	return i < md->nodes[id].nr_refs ? 0 : -ERANGE;
}

static u32 word_of(const struct gch_model *md, unsigned int slot, u32 i)
{
	u32 id = md->slot[slot];

	return id ? gch_model_word(&md->nodes[id], i) : i;
}

/**
 * gch_model_load - reads a reference
 * @md: the model
 * @dst: slot that gets it
 * @src: slot that refers to the object
 * @i: which reference
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_load(struct gch_model *md, unsigned int dst, unsigned int src,
		    u32 i)
{
	int want = expect(md, src, i);

	if (!answered(md, "load", gch_load(md->m, SLOT(md, dst), SLOT(md, src),
					   word_of(md, src, i)), want))
		return false;
	if (!want)
		gch_model_put(md, &md->slot[dst],
			      md->nodes[md->slot[src]].refs[i]);
	return gch_model_slot_is(md, dst, md->slot[dst]);
}

/* Whether @nr words of what a slot refers to, from @first on, are references. */
static int expect_words(const struct gch_model *md, unsigned int slot,
			u32 first, u32 nr)
{
	const struct gch_model_node *n = &md->nodes[md->slot[slot]];
	u32 i;

	if (!md->slot[slot])
		return -EFAULT;
	for (i = first; i < first + nr; i++)
		if (i * sizeof(void *) >= n->bytes || !is_ref(n, i))
			return -ERANGE;
	return 0;
}

/**
 * gch_model_load_refs - reads references that are side by side
 * @md: the model
 * @dst: first slot of those that get them
 * @src: slot that refers to the object
 * @i: the first reference
 * @nr: how many words
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_load_refs(struct gch_model *md, unsigned int dst,
			 unsigned int src, u32 i, u32 nr)
{
	u32 word = word_of(md, src, i), k, id = md->slot[src];
	int want = expect_words(md, src, word, nr);

	if (!answered(md, "load_refs",
		      gch_load_refs(md->m, SLOT(md, dst), SLOT(md, src), word,
				    nr), want))
		return false;
	/* The object lives until all have been read. */
	for (k = 0; !want && k < nr; k++)
		if (dst + k != src)
			gch_model_put(md, &md->slot[dst + k],
				      md->nodes[id].refs[i + k]);
	if (!want && src - dst < nr)
		gch_model_put(md, &md->slot[src],
			      md->nodes[id].refs[i + src - dst]);
	for (k = 0; k < nr; k++)
		if (!gch_model_slot_is(md, dst + k, md->slot[dst + k]))
			return false;
	return true;
}

/**
 * gch_model_store - writes a reference
 * @md: the model
 * @dst: slot that refers to the object
 * @i: which reference
 * @src: slot that is written there
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_store(struct gch_model *md, unsigned int dst, u32 i,
		     unsigned int src)
{
	int want = expect(md, dst, i);

	if (!md->dry &&
	    !answered(md, "store", gch_store(md->m, SLOT(md, dst),
					     word_of(md, dst, i),
					     SLOT(md, src)), want))
		return false;
	if (!want)
		gch_model_put(md, &md->nodes[md->slot[dst]].refs[i],
			      md->slot[src]);
	return true;
}

/**
 * gch_model_store_null - clears a reference
 * @md: the model
 * @dst: slot that refers to the object
 * @i: which reference
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_store_null(struct gch_model *md, unsigned int dst, u32 i)
{
	int want = expect(md, dst, i);

	if (!answered(md, "store_null", gch_store_null(md->m, SLOT(md, dst),
						       word_of(md, dst, i)),
		      want))
		return false;
	if (!want)
		gch_model_put(md, &md->nodes[md->slot[dst]].refs[i], 0);
	return true;
}

/**
 * gch_model_copy - copies a slot
 * @md: the model
 * @dst: slot that is written
 * @src: slot that is read
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_copy(struct gch_model *md, unsigned int dst, unsigned int src)
{
	if (!md->dry && !answered(md, "copy", gch_copy(md->m, SLOT(md, dst),
						       SLOT(md, src)), 0))
		return false;
	gch_model_put(md, &md->slot[dst], md->slot[src]);
	return gch_model_slot_is(md, dst, md->slot[dst]);
}

/**
 * gch_model_clear - empties a slot
 * @md: the model
 * @dst: the slot
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_clear(struct gch_model *md, unsigned int dst)
{
	if (!md->dry &&
	    !answered(md, "clear", gch_clear(md->m, SLOT(md, dst)), 0))
		return false;
	gch_model_put(md, &md->slot[dst], 0);
	return gch_model_slot_is(md, dst, 0);
}

/**
 * gch_model_free_slot - gives up an object, where the engine need not be told
 * @md: the model
 * @src: slot that refers to it
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_free_slot(struct gch_model *md, unsigned int src)
{
	int want = md->slot[src] ? 0 : -EFAULT;

	if (!answered(md, "free", gch_free(md->m, SLOT(md, src)), want))
		return false;
	gch_model_put(md, &md->slot[src], 0);
	return gch_model_slot_is(md, src, 0);
}

/* Takes away every reference to a node. */
static bool cut_off(struct gch_model *md, u32 id)
{
	struct gch_model_node *n;
	u32 i, from;
	int ret = 0;

	for (from = 1; !ret && from < MODEL_NODES; from++) {
		n = &md->nodes[from];
		for (i = 0; !ret && n->kind && i < n->nr_refs; i++) {
			if (n->refs[i] != id)
				continue;
			ret = gch_root_get(md->m, SLOT(md, RAW_A), md->seen,
					   from) ?:
			      gch_store_null(md->m, SLOT(md, RAW_A),
					     gch_model_word(n, i));
			gch_model_put(md, &n->refs[i], 0);
		}
	}
	for (i = 0; i < md->nr_roots; i++)
		if (md->root[i] == id && !gch_model_root_clear(md, i))
			return false;
	for (i = 0; i < MODEL_SLOTS; i++)
		if (md->slot[i] == id && !gch_model_clear(md, i))
			return false;
	return answered(md, "a cut", ret, 0);
}

/**
 * gch_model_kill - frees an object, where the engine needs to be told
 * @md: the model
 * @id: its node
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_kill(struct gch_model *md, u32 id)
{
	int ret;

	if (!cut_off(md, id))
		return false;
	ret = gch_root_get(md->m, SLOT(md, RAW_B), md->seen, id) ?:
	      gch_clear(md->m, SLOT(md, RAW_A)) ?:
	      gch_root_clear(md->m, md->seen, id);
	if (!answered(md, "a look-up", ret, 0) ||
	    !gch_model_data_is(md, RAW_B, id) ||
	    !answered(md, "free", gch_free(md->m, SLOT(md, RAW_B)), 0))
		return false;
	gch_model_drop(md, id);
	return gch_model_slot_is(md, RAW_B, 0);
}

/* ---- collections ---- */

/**
 * gch_model_collect - collects
 * @md: the model
 * @generation: the oldest to collect
 *
 * Return: true if heap and shadow agree.
 */
bool gch_model_collect(struct gch_model *md, unsigned int generation)
{
	u64 before = gch_cycles_ended(md->h->env->heap);
	bool struck;
	int ret;

	gch_model_arm(md);
	ret = gch_collect(md->h->env->heap, generation);
	struck = gch_model_struck(md);
	if (ret && !(struck && ret == -ENOMEM))
		return gch_model_fail(md, "a collection returned %d", ret);
	if (gch_cycles_ended(md->h->env->heap) == before)
		return gch_model_fail(md, "a collection was none");
	take_up(md);
	return true;
}
