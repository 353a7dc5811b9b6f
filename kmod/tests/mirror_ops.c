// SPDX-License-Identifier: GPL-2.0
/*
 * The random program. Every operation draws the same number of random numbers, so
 * that a seed gives the same program in every run, independently of failures and
 * collections.
 */
#include "mirror.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sizes.h>

/* Random numbers per operation. */
#define DRAWS		6
/* Most nodes that build() makes, and unused nodes that an operation requires. */
#define BUILD_MAX	40U
#define ROOM		(3 * BUILD_MAX)

typedef bool (*op_fn)(struct gch_mirror *md, const u32 *r);

/* ---- kinds ---- */

static u32 draw_size(u32 r)
{
	u32 of = r % 64, x = r >> 6;

	if (of < 40)
		return 1 + x % 128;
	if (of < 56)
		return 1 + x % SZ_1K;
	if (of < 63)
		return 1 + x % SZ_32K;
	return SZ_32K + 1 + x % 200000;
}

static u32 draw_refs(u32 r)
{
	u32 of = r % 64, x = r >> 6;

	if (of < 48)
		return x % 9;
	if (of < 62)
		return x % 70;
	return of == 62 ? x % 600 : x % 6000;
}

/* Draws leading reference words, or words anywhere. */
static void draw_words(struct gch_mirror_kind *k, struct rnd_state *rnd)
{
	u32 words = k->bytes / sizeof(void *), i, word = 0;
	bool leading = prandom_u32_state(rnd) % 2;

	for (i = 0; i < k->nr_refs; i++) {
		/* Leaves room for the remaining ones. */
		u32 most = words - (k->nr_refs - i) - word;

		if (!leading)
			word += prandom_u32_state(rnd) % (most + 1);
		k->refs[i] = word;
		__set_bit(word++, k->is_ref);
	}
}

static void draw_kind(struct gch_mirror_kind *k, struct rnd_state *rnd,
		      unsigned int number)
{
	u32 r = prandom_u32_state(rnd);

	memset(k, 0, sizeof(*k));
	if (number < 3 || r % 8 == 0) {
		k->flags = GCH_TYPE_VAR;
		if (number == 1 || (number > 2 && r % 16))
			k->flags |= GCH_TYPE_UNTRACKED;
	} else {
		k->bytes = min(draw_size(prandom_u32_state(rnd)), GCH_FIXED_MAX);
		k->nr_refs = r % 3 ? min3(k->bytes / 8, KIND_REFS,
					  1 + r / 8 % KIND_REFS) : 0;
		draw_words(k, rnd);
		if (!k->nr_refs && r / 256 % 2)
			k->flags = GCH_TYPE_UNTRACKED;
	}
	if (number == 2 || r / 1024 % 2)
		k->flags |= GCH_TYPE_WEAK;
}

/**
 * gch_mirror_kind_new - registers another type
 * @md: a mirror of the heap
 * @rnd: random number generator
 *
 * The first three are variable: with references, without, and with weak entries.
 *
 * Return: true if the type was registered.
 */
bool gch_mirror_kind_new(struct gch_mirror *md, struct rnd_state *rnd)
{
	struct gch_mirror_heap *h = md->h;
	struct gch_mirror_kind *k = &h->kinds[h->nr_kinds];
	struct gch_type_desc desc = {};
	char name[GCH_NAME_SIZE];
	bool struck;

	draw_kind(k, rnd, h->nr_kinds);
	snprintf(name, sizeof(name), "kind-%u", h->nr_kinds);
	desc.name = name;
	desc.bytes = k->bytes;
	desc.nr_refs = k->nr_refs;
	desc.refs = k->nr_refs ? k->refs : NULL;
	desc.flags = k->flags;
	do {
		gch_mirror_arm(md);
		k->type = gch_type_register(h->env->heap, &desc, NULL);
		struck = gch_mirror_struck(md);
	} while (k->type == ERR_PTR(-ENOMEM) && (struck || gch_mirror_lift(md)));
	gch_mirror_lower(md);
	if (IS_ERR(k->type))
		return gch_mirror_fail(md, "type of %u bytes and %u references: %ld",
				      k->bytes, k->nr_refs, PTR_ERR(k->type));
	h->nr_kinds++;
	return true;
}

/* ---- allocation ---- */

static bool allocate(struct gch_mirror *md, unsigned int dst, u32 which, u32 refs,
		     u32 bytes, u32 serial)
{
	struct gch_mirror_kind *k = &md->h->kinds[which % md->h->nr_kinds];

	if (k->flags & GCH_TYPE_UNTRACKED)
		refs = 0;
	if (!k->bytes && refs * sizeof(void *) + bytes > GCH_OBJECT_MAX)
		bytes = 0;
	return gch_mirror_alloc(md, dst, k, refs, bytes, serial);
}

static bool op_alloc(struct gch_mirror *md, const u32 *r)
{
	u32 bytes = r[5] % 16 ? draw_size(r[4]) : 0;

	return allocate(md, r[1] % MIRROR_PLAIN, r[2], draw_refs(r[3]), bytes,
			gch_mirror_serial(md));
}

static bool op_alloc_refs(struct gch_mirror *md, const u32 *r)
{
	struct gch_mirror_kind *k = &md->h->kinds[r[2] % md->h->nr_kinds];
	unsigned int src = r[3] % MIRROR_PLAIN;
	u32 nr = min(k->nr_refs, MIRROR_PLAIN - src);

	if (!k->nr_refs)
		return op_alloc(md, r);
	/* Now and then one too many. */
	if (!(r[4] % 64) && nr < MIRROR_PLAIN - src)
		nr++;
	else
		nr = 1 + r[5] % nr;
	return gch_mirror_alloc_refs(md, r[1] % MIRROR_PLAIN, k, src, nr,
				    gch_mirror_serial(md));
}

/* Adds one node, WORK_C, to the structure and links it with its neighbours. */
static bool build_link(struct gch_mirror *md, u32 r)
{
	/*
	 * Forward or backward; to the first node, to itself, or to both neighbours.
	 */
	if (r % 2 ? !gch_mirror_store(md, WORK_B, 0, WORK_C) :
		    !gch_mirror_store(md, WORK_C, 0, WORK_B))
		return false;
	switch (r / 2 % 8) {
	case 0:
		return gch_mirror_store(md, WORK_C, 1, WORK_A);
	case 1:
		return gch_mirror_store(md, WORK_C, 1, WORK_C);
	case 2:
		return gch_mirror_store(md, WORK_A, 1, WORK_C);
	case 3:
		return gch_mirror_store(md, WORK_B, 1, WORK_C);
	default:
		return true;
	}
}

static bool build_leaf(struct gch_mirror *md, u32 which, u32 bytes, u32 serial)
{
	return allocate(md, WORK_D, which, 0, bytes, serial) &&
	       gch_mirror_store(md, WORK_C, 2, WORK_D) &&
	       gch_mirror_clear(md, WORK_D);
}

/**
 * gch_mirror_build - builds a random structure of new nodes
 * @md: the mirror; the work slots are empty
 * @seed: determines the structure
 * @whole: all of it is reachable from the first node
 *
 * A chain linked forward or backward, optionally closed to a ring, with leaves and
 * further references. Without @whole some nodes may be garbage. Nothing else refers
 * to it.
 *
 * Return: true if heap and shadow agree; slot WORK_A refers to the first node.
 */
bool gch_mirror_build(struct gch_mirror *md, u32 seed, bool whole)
{
	struct rnd_state rnd;
	u32 i, n, shape;

	gch_mirror_seed(&rnd, seed, 0);
	shape = prandom_u32_state(&rnd);
	n = 2 + shape % (BUILD_MAX / 2 - 2);
	for (i = 0; i < n; i++) {
		u32 refs = 3 + prandom_u32_state(&rnd) % 6;
		u32 bytes = prandom_u32_state(&rnd) % 100;
		u32 link = prandom_u32_state(&rnd);

		if (!allocate(md, WORK_C, link / 64 % 2 * 2, refs, bytes,
			      seed + 2 * i))
			return false;
		if (!i && (!gch_mirror_copy(md, WORK_A, WORK_C) ||
			   !gch_mirror_copy(md, WORK_B, WORK_C)))
			return false;
		link = whole || shape / 256 % 4 ? link | 1 : link;
		if (!build_link(md, link) ||
		    (link / 16 % 4 == 0 &&
		     !build_leaf(md, 1 + link / 128 % 2, link / 256 % 400,
				 seed + 2 * i + 1)) ||
		    !gch_mirror_copy(md, WORK_B, WORK_C))
			return false;
	}
	if (shape / 32 % 2 && !gch_mirror_store(md, WORK_B, 0, WORK_A))
		return false;
	return gch_mirror_clear(md, WORK_B) && gch_mirror_clear(md, WORK_C);
}

/* ---- operations ---- */

static bool op_build(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_build(md, r[1], false) &&
	       gch_mirror_root_set(md, r[2] % md->nr_roots, WORK_A) &&
	       gch_mirror_copy(md, r[3] % MIRROR_PLAIN, WORK_A) &&
	       gch_mirror_clear(md, WORK_A);
}

/* Index of a reference of the object in a slot, now and then one too many. */
static u32 ref_of(const struct gch_mirror *md, unsigned int slot, u32 r)
{
	u32 id = md->slot[slot], nr = id ? md->nodes[id].nr_refs : 0;

	return r % 64 && nr ? r / 64 % nr : nr;
}

static bool op_load(struct gch_mirror *md, const u32 *r)
{
	unsigned int src = r[2] % MIRROR_PLAIN;

	return gch_mirror_load(md, r[1] % MIRROR_PLAIN, src,
			      ref_of(md, src, r[3]));
}

static bool op_load_refs(struct gch_mirror *md, const u32 *r)
{
	unsigned int dst = r[1] % MIRROR_PLAIN, src = r[2] % MIRROR_PLAIN;

	return gch_mirror_load_refs(md, dst, src, ref_of(md, src, r[3]),
				   1 + r[4] % min(MIRROR_PLAIN - dst, 6U));
}

static bool op_store(struct gch_mirror *md, const u32 *r)
{
	unsigned int dst = r[1] % MIRROR_PLAIN;

	return gch_mirror_store(md, dst, ref_of(md, dst, r[3]),
			       r[2] % MIRROR_PLAIN);
}

static bool op_store_null(struct gch_mirror *md, const u32 *r)
{
	unsigned int dst = r[1] % MIRROR_PLAIN;

	return gch_mirror_store_null(md, dst, ref_of(md, dst, r[3]));
}

static bool op_copy(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_copy(md, r[1] % MIRROR_PLAIN, r[2] % MIRROR_PLAIN);
}

static bool op_clear(struct gch_mirror *md, const u32 *r)
{
	if (r[2] % 2 || md->h->explicit)
		return gch_mirror_clear(md, r[1] % MIRROR_PLAIN);
	return gch_mirror_free_slot(md, r[1] % MIRROR_PLAIN);
}

/* Moves a reference, perhaps the only one: out of an object, then into another. */
static bool op_move(struct gch_mirror *md, const u32 *r)
{
	unsigned int src = r[1] % MIRROR_PLAIN, dst = r[2] % MIRROR_PLAIN;
	u32 i = ref_of(md, src, r[3]);

	return gch_mirror_load(md, WORK_A, src, i) &&
	       gch_mirror_store_null(md, src, i) &&
	       gch_mirror_store(md, dst, ref_of(md, dst, r[4]), WORK_A) &&
	       gch_mirror_clear(md, WORK_A);
}

static bool op_root_set(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_root_set(md, r[1] % (md->nr_roots + 1),
				  r[2] % MIRROR_PLAIN);
}

static bool op_root_get(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_root_get(md, r[1] % MIRROR_PLAIN,
				  r[2] % (md->nr_roots + 1));
}

static bool op_root_clear(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_root_clear(md, r[1] % (md->nr_roots + 1));
}

static bool op_weak_set(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_weak_set(md, r[1] % md->nr_weaks, r[2] % MIRROR_PLAIN);
}

static bool op_weak_get(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_weak_get(md, r[1] % MIRROR_PLAIN, r[2] % md->nr_weaks);
}

static bool op_weak_alive(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_weak_alive(md, r[1] % md->nr_weaks);
}

static bool op_weak_clear(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_weak_clear(md, r[1] % md->nr_weaks);
}

static bool op_rewrite(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_rewrite(md, r[1] % MIRROR_PLAIN);
}

static bool op_kill(struct gch_mirror *md, const u32 *r)
{
	u32 id = 1 + r[1] % (MIRROR_NODES - 1);

	return !md->h->explicit || !md->nodes[id].kind || gch_mirror_kill(md, id);
}

static bool op_grow(struct gch_mirror *md, const u32 *r)
{
	if (r[1] % 2)
		return gch_mirror_roots_grow(md, 1 + r[2] % MIRROR_ROOTS);
	return gch_mirror_weaks_grow(md, 1 + r[2] % MIRROR_WEAKS);
}

static bool op_tables(struct gch_mirror *md, const u32 *r)
{
	gch_mirror_tables_destroy(md);
	return gch_mirror_tables_new(md);
}

/* From here on a collection runs beside the program. */
static bool op_request(struct gch_mirror *md, const u32 *r)
{
	if (!md->h->exact)
		gch_cycle_request(md->h->env->heap, r[1] % 3);
	return true;
}

static bool op_collect(struct gch_mirror *md, const u32 *r)
{
	/*
	 * Others collect all the time, so the program rarely waits for a collection.
	 */
	if (!md->h->alone && r[3] % 8)
		return op_request(md, r);
	return r[1] % 4 ? gch_mirror_collect(md, r[2] % 3) &&
			  (!md->h->alone || gch_mirror_count(md)) :
			  gch_mirror_settle(md);
}

static bool op_check(struct gch_mirror *md, const u32 *r)
{
	return gch_mirror_check(md);
}

static bool op_count(struct gch_mirror *md, const u32 *r)
{
	return !md->h->alone || gch_mirror_count(md);
}

static bool op_rest(struct gch_mirror *md, const u32 *r)
{
	gch_mutator_yield(md->m);
	return true;
}

/* Detaching drops the frame and everything only it referred to. */
static bool op_attach(struct gch_mirror *md, const u32 *r)
{
	struct gch_mutator *m;
	bool struck;
	u32 i;

	if (!md->h->alone)
		return true;
	do {
		gch_mirror_arm(md);
		m = gch_mutator_attach(md->h->env->heap,
				       md->base + MIRROR_FRAME + r[1] % 100);
		struck = gch_mirror_struck(md);
	} while (m == ERR_PTR(-ENOMEM) && (struck || gch_mirror_lift(md)));
	gch_mirror_lower(md);
	if (IS_ERR(m))
		return gch_mirror_fail(md, "no mutator: %ld", PTR_ERR(m));
	gch_mutator_detach(md->m);
	md->m = m;
	md->h->env->m = m;
	for (i = 0; i < MIRROR_SLOTS; i++)
		gch_mirror_put(md, &md->slot[i], 0);
	return true;
}

static bool op_tune(struct gch_mirror *md, const u32 *r)
{
	static const u16 settings[][2] = {
		{ GCH_KEY_GOGC, 1 }, { GCH_KEY_GOGC, 100 },
		{ GCH_KEY_GOGC, 0 }, { GCH_KEY_THRESHOLD0, 30 },
		{ GCH_KEY_THRESHOLD0, 700 }, { GCH_KEY_THRESHOLD0, 0 },
		{ GCH_KEY_THRESHOLD1, 0 }, { GCH_KEY_THRESHOLD1, 10 },
		{ GCH_KEY_THRESHOLD2, 1 }, { GCH_KEY_VERIFY, 0 },
		{ GCH_KEY_VERIFY, 1 },
	};
	const u16 *s = settings[r[1] % ARRAY_SIZE(settings)];
	int ret;

	if (!md->h->alone)
		return true;
	ret = gch_heap_tune(md->h->env->heap, s[0], s[1], NULL);
	return !ret || ret == -EOPNOTSUPP ||
	       gch_mirror_fail(md, "setting %u not changed: %d", s[0], ret);
}

static bool op_kind(struct gch_mirror *md, const u32 *r)
{
	struct rnd_state rnd;

	if (!md->h->alone || md->h->nr_kinds == MIRROR_KINDS)
		return true;
	gch_mirror_seed(&rnd, r[1], 0);
	return gch_mirror_kind_new(md, &rnd);
}

static const struct {
	u16 weight;
	op_fn fn;
} ops[] = {
	{ 100, op_alloc }, { 60, op_alloc_refs }, { 130, op_store },
	{ 90, op_load }, { 30, op_load_refs },
	{ 90, op_move }, { 60, op_copy }, { 50, op_root_set },
	{ 50, op_root_get }, { 40, op_build }, { 40, op_clear },
	{ 40, op_weak_set }, { 40, op_weak_get }, { 40, op_kill },
	{ 30, op_store_null }, { 30, op_count }, { 25, op_root_clear },
	{ 20, op_request }, { 20, op_weak_alive }, { 15, op_rewrite },
	{ 10, op_weak_clear }, { 5, op_grow }, { 5, op_collect },
	{ 4, op_check }, { 4, op_rest }, { 4, op_tune }, { 2, op_kind },
	{ 1, op_attach }, { 1, op_tables },
};

static op_fn choose(u32 r)
{
	unsigned int i, sum = 0;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		sum += ops[i].weight;
	r %= sum;
	for (i = 0; r >= ops[i].weight; i++)
		r -= ops[i].weight;
	return ops[i].fn;
}

/* ---- room ---- */

static u32 room(const struct gch_mirror *md)
{
	return MIRROR_NODES - 1 - md->nr_nodes;
}

static bool kill_half(struct gch_mirror *md)
{
	u32 id;

	for (id = 1; id < MIRROR_NODES; id += 2) {
		if (md->nodes[id].kind && !gch_mirror_kill(md, id))
			return false;
		cond_resched();
	}
	return true;
}

/* Clears every second root and slot. */
static bool let_go(struct gch_mirror *md, u32 first)
{
	u32 i;

	for (i = first; i < md->nr_roots; i += 2)
		if (!gch_mirror_root_clear(md, i))
			return false;
	for (i = first; i < MIRROR_SLOTS; i += 2)
		if (!gch_mirror_clear(md, i))
			return false;
	return gch_mirror_settle(md);
}

/**
 * gch_mirror_room - frees nodes for the next operation
 * @md: the mirror
 *
 * First those of garbage, then others.
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_room(struct gch_mirror *md)
{
	u32 first;

	if (room(md) >= ROOM)
		return true;
	if (md->h->explicit)
		return kill_half(md);
	if (!gch_mirror_settle(md))
		return false;
	for (first = 0; first < 2 && room(md) < MIRROR_NODES / 4; first++)
		if (!let_go(md, first))
			return false;
	return true;
}

/**
 * gch_mirror_step - runs the next operation
 * @md: the mirror
 * @rnd: random number generator of the program
 *
 * Return: true if heap and shadow agree.
 */
bool gch_mirror_step(struct gch_mirror *md, struct rnd_state *rnd)
{
	u32 r[DRAWS], i;
	op_fn fn;

	for (i = 0; i < DRAWS; i++)
		r[i] = prandom_u32_state(rnd);
	md->op++;
	if (!gch_mirror_room(md))
		return false;
	if (md->h->faults && r[5] >> 16 & 1)
		md->armed = 1 + (r[5] >> 17 & 3);
	fn = choose(r[0]);
	if (!fn(md, r))
		return false;
	md->armed = 0;
	cond_resched();
	return true;
}
