// SPDX-License-Identifier: GPL-2.0
/*
 * Collections of small random graphs, compared with a plain search in a matrix: which
 * objects die by their count, which ones a collection of a generation finds, the
 * generation of survivors, and the counts of the generations afterwards.
 *
 * The mirror has CPython's semantics. An object with count zero dies at once. A
 * collection of generation g looks at objects of generation g and younger: those
 * reachable from outside, or from any older live object, reachable or not, grow
 * older; the rest dies, and with it objects that only the rest referred to.
 */
#include "kunit.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "go/object.h"
#include "python/gc.h"
#include "python/gil.h"
#include "python/layout.h"
#include "python/obmalloc.h"

#define NODES_MAX	14U
#define REFS_MAX	4U
/* One slot per object, a second one for some, and one to work with. */
#define TWIN(i)		(NODES_MAX + (i))
#define WORK		(2 * NODES_MAX)
#define SLOTS		(WORK + 1)
#define NOBODY		(-1)

/* Kinds of objects: position of their references, and size. */
enum kind {
	LEADING,
	SPARSE,
	VARIABLE,
	LARGE,
	NAMED,
	LEAF,
	KINDS
};

static const u16 sparse_refs[REFS_MAX] = { 1, 3, 4, 7 };

/**
 * struct node - an object
 * @kind: its kind
 * @alive: it has not died
 * @gen: its generation; GCH_PY_UNTRACKED for a leaf
 * @edge: targets of its references
 * @outside: references from slots
 * @slot: its slot refers to it
 * @twin: its second slot refers to it
 */
struct node {
	enum kind kind;
	bool alive;
	unsigned int gen;
	int edge[REFS_MAX];
	unsigned int outside;
	bool slot;
	bool twin;
};

/**
 * struct graph - a heap and its mirror
 * @test: the test
 * @r: random number generator of the graphs
 * @heap: the heap
 * @m: the mutator
 * @weaks: a weak entry per object of kind %NAMED
 * @type: types by kind
 * @nr: number of objects, dead ones included
 * @node: the objects
 * @id: id of the first object; ids of different graphs differ
 * @count: &gch_py_heap.count
 * @total: &gch_py_heap.long_lived_total
 * @pending: &gch_py_heap.long_lived_pending
 */
struct graph {
	struct kunit *test;
	struct gch_kunit_random r;
	struct gch_heap *heap;
	struct gch_mutator *m;
	struct gch_weaks *weaks;
	struct gch_type *type[KINDS];
	unsigned int nr;
	struct node node[NODES_MAX];
	u64 id;
	unsigned int count[3];
	u64 total;
	u64 pending;
};

static bool is_python(const struct graph *g)
{
	return gch_heap_engine(g->heap) == GCHEAP_ENGINE_PYTHON;
}

/* Does an object have a weak entry? On an engine without counts any may have one. */
static bool is_named(const struct graph *g, unsigned int i)
{
	return g->node[i].kind == NAMED || !is_python(g);
}

/* ---- the mirror ---- */

static void mirror_death(struct graph *g, unsigned int i)
{
	g->node[i].alive = false;
	if (g->node[i].kind != LEAF && g->count[0])
		g->count[0]--;
}

static unsigned int references_to(const struct graph *g, int target)
{
	unsigned int i, j, n = g->node[target].outside;

	for (i = 0; i < g->nr; i++)
		for (j = 0; g->node[i].alive && j < REFS_MAX; j++)
			n += g->node[i].edge[j] == target;
	return n;
}

/* Repeats until every live object has a reference. */
static void mirror_counts(struct graph *g)
{
	bool again = is_python(g);
	unsigned int i;

	while (again) {
		again = false;
		for (i = 0; i < g->nr; i++) {
			if (!g->node[i].alive || references_to(g, i))
				continue;
			mirror_death(g, i);
			again = true;
		}
	}
}

static bool is_candidate(const struct graph *g, unsigned int i,
			 unsigned int generation)
{
	return g->node[i].alive && g->node[i].gen <= generation;
}

/* Bit per reachable candidate, by exhaustive search. */
static unsigned long reachable(const struct graph *g, unsigned int generation)
{
	unsigned long found = 0, before;
	unsigned int i, j;

	for (i = 0; i < g->nr; i++)
		if (is_candidate(g, i, generation) && g->node[i].outside)
			found |= BIT(i);
	do {
		before = found;
		for (i = 0; i < g->nr; i++) {
			/* Objects too old to be candidates count as live. */
			if (!g->node[i].alive ||
			    (is_candidate(g, i, generation) &&
			     !(found & BIT(i))))
				continue;
			for (j = 0; j < REFS_MAX; j++)
				if (g->node[i].edge[j] != NOBODY &&
				    is_candidate(g, g->node[i].edge[j],
						 generation))
					found |= BIT(g->node[i].edge[j]);
		}
	} while (found != before);
	return found;
}

static void mirror_generations(struct graph *g, unsigned int generation,
			       unsigned int survivors)
{
	unsigned int i;

	if (generation < 2)
		g->count[generation + 1]++;
	for (i = 0; i <= generation; i++)
		g->count[i] = 0;
	if (generation == 1) {
		g->pending += survivors;
	} else if (generation == 2) {
		g->pending = 0;
		g->total = survivors;
	}
}

static void mirror_collect(struct graph *g, unsigned int generation)
{
	unsigned long found = reachable(g, generation);
	unsigned int i;

	mirror_generations(g, generation, hweight_long(found));
	for (i = 0; i < g->nr; i++) {
		if (!is_candidate(g, i, generation))
			continue;
		if (found & BIT(i))
			g->node[i].gen = min(generation + 1, 2U);
		else
			mirror_death(g, i);
	}
	mirror_counts(g);
}

/* ---- steps, in mirror and heap ---- */

static u32 word_of_ref(enum kind kind, unsigned int i)
{
	return kind == SPARSE ? sparse_refs[i] : i;
}

/* The first word behind the references that is none. */
static u32 word_of_id(enum kind kind)
{
	return kind == SPARSE || kind == LEAF ? 0 : REFS_MAX;
}

static int allocate(struct graph *g, unsigned int slot, enum kind kind)
{
	switch (kind) {
	case VARIABLE:
		return gch_alloc_var(g->m, slot, g->type[kind], REFS_MAX,
				     8 + 8 * gch_kunit_below(&g->r, 50));
	case LARGE:
		return gch_alloc_var(g->m, slot, g->type[kind], REFS_MAX,
				     600 + gch_kunit_below(&g->r, 40000));
	default:
		return gch_alloc(g->m, slot, g->type[kind]);
	}
}

/* Large objects are expensive; a few suffice. */
static enum kind draw_kind(struct graph *g)
{
	enum kind kind = gch_kunit_below(&g->r, KINDS);

	return kind == LARGE && gch_kunit_below(&g->r, 4) ? LEADING : kind;
}

static bool add_node(struct graph *g)
{
	unsigned int i = g->nr, j;
	struct node *n = &g->node[i];

	memset(n, 0, sizeof(*n));
	n->kind = draw_kind(g);
	n->alive = true;
	n->gen = is_python(g) && n->kind == LEAF ? GCH_PY_UNTRACKED : 0;
	for (j = 0; j < REFS_MAX; j++)
		n->edge[j] = NOBODY;
	n->outside = 1;
	n->slot = true;
	if (!GCH_MUST(g->test, allocate(g, i, n->kind)))
		return false;
	g->nr++;
	g->count[0] += n->kind != LEAF;
	((u64 *)gch_data(g->m, i, NULL))[word_of_id(n->kind)] = g->id + i;
	return !is_named(g, i) ||
	       GCH_MUST(g->test, gch_weak_set(g->m, g->weaks, i, i));
}

/* Replaces a random edge; both objects must be in slots. */
static bool draw_edge(struct graph *g)
{
	unsigned int from = gch_kunit_below(&g->r, g->nr);
	unsigned int to = gch_kunit_below(&g->r, g->nr);
	unsigned int i = gch_kunit_below(&g->r, REFS_MAX);
	struct node *n = &g->node[from];
	u32 word = word_of_ref(n->kind, i);
	int ret;

	/* Now and then the edge is a loop. */
	if (!gch_kunit_below(&g->r, 10))
		to = from;
	if (!n->slot || !g->node[to].slot || n->kind == LEAF)
		return true;
	if (gch_kunit_below(&g->r, 8)) {
		ret = gch_store(g->m, from, word, to);
		n->edge[i] = to;
	} else {
		ret = gch_store_null(g->m, from, word);
		n->edge[i] = NOBODY;
	}
	mirror_counts(g);
	return GCH_MUST(g->test, ret);
}

static bool draw_edges(struct graph *g)
{
	/* Few edges make chains and islands, many connect the whole graph. */
	unsigned int n = gch_kunit_below(&g->r, 3 * g->nr + 1);

	while (n--)
		if (!draw_edge(g))
			return false;
	return true;
}

static bool let_go(struct graph *g, unsigned int i, bool twin)
{
	struct node *n = &g->node[i];

	if (twin)
		n->twin = false;
	else
		n->slot = false;
	n->outside--;
	mirror_counts(g);
	return GCH_MUST(g->test, gch_clear(g->m, twin ? TWIN(i) : i));
}

/* Gives some objects a second reference from outside, and drops most first ones. */
static bool draw_outside(struct graph *g, unsigned int odds)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++) {
		struct node *n = &g->node[i];

		if (n->slot && !n->twin && !gch_kunit_below(&g->r, 6)) {
			n->twin = true;
			n->outside++;
			if (!GCH_MUST(g->test, gch_copy(g->m, TWIN(i), i)))
				return false;
		}
		if (n->slot && gch_kunit_below(&g->r, 4) < odds &&
		    !let_go(g, i, false))
			return false;
		if (n->twin && gch_kunit_below(&g->r, 2) &&
		    !let_go(g, i, true))
			return false;
	}
	return true;
}

/* ---- comparing ---- */

struct seen {
	unsigned long alive;
	unsigned int gen[NODES_MAX];
	unsigned int strangers;
};

static void see(const struct graph *g, struct seen *seen,
		struct gch_py_object *obj, u32 meta)
{
	enum kind kind = 0;
	u64 *data = (void *)(obj + 1), i;

	while (kind < KINDS && g->type[kind] != obj->type)
		kind++;
	i = kind == KINDS ? NODES_MAX : data[word_of_id(kind)] - g->id;
	if (i >= g->nr || seen->alive & BIT(i)) {
		seen->strangers++;
		return;
	}
	seen->alive |= BIT(i);
	seen->gen[i] = gch_py_gen(meta);
}

/* Collects all objects of the heap, from all its lists. */
static void see_all(const struct graph *g, struct seen *seen)
{
	struct gch_py_heap *h = gch_py_heap(g->heap);
	struct gch_py_arena *arena;
	struct gch_py_large *large;
	struct gch_py_pool *pool;
	unsigned int i, j;

	memset(seen, 0, sizeof(*seen));
	gch_mutator_yield(g->m);
	gch_py_stop(h);
	list_for_each_entry(arena, &h->arenas, node) {
		for (i = 0; i < arena->carved; i++) {
			pool = gch_py_nth_pool(h, arena, i);
			if (pool->class == GCH_PY_NO_CLASS)
				continue;
			for (j = 0; j < pool->carved; j++)
				if (pool->meta[j] & GCH_PY_META_USED)
					see(g, seen, gch_py_block(pool, j),
					    pool->meta[j]);
		}
	}
	for (i = 0; i < GCH_PY_GENS; i++)
		list_for_each_entry(large, &h->large[i], node)
			see(g, seen, &large->obj, large->meta);
	gch_py_resume(h);
}

static bool names_are_right(struct graph *g)
{
	unsigned int i;
	int alive;

	for (i = 0; i < g->nr; i++) {
		if (!is_named(g, i))
			continue;
		alive = gch_weak_alive(g->m, g->weaks, i);
		if (!GCH_EXPECT(g->test, alive == g->node[i].alive,
				"object %u %s, its name says %d", i,
				g->node[i].alive ? "lives" : "is dead", alive))
			return false;
	}
	return true;
}

static bool counts_are_right(struct graph *g)
{
	struct gch_py_heap *h = gch_py_heap(g->heap);

	return GCH_EXPECT(g->test, h->count[0] == g->count[0] &&
			  h->count[1] == g->count[1] &&
			  h->count[2] == g->count[2],
			  "counts are %u %u %u, not %u %u %u", h->count[0],
			  h->count[1], h->count[2], g->count[0], g->count[1],
			  g->count[2]) &&
	       GCH_EXPECT(g->test, h->long_lived_total == g->total &&
			  h->long_lived_pending == g->pending,
			  "%llu long-lived and %llu pending, not %llu and %llu",
			  h->long_lived_total, h->long_lived_pending, g->total,
			  g->pending);
}

static bool python_is_right(struct graph *g)
{
	struct seen seen;
	unsigned int i;

	see_all(g, &seen);
	if (!GCH_EXPECT(g->test, !seen.strangers,
			"%u objects that nobody allocated", seen.strangers))
		return false;
	for (i = 0; i < g->nr; i++) {
		struct node *n = &g->node[i];
		bool alive = seen.alive & BIT(i);

		if (!GCH_EXPECT(g->test, alive == n->alive,
				"object %u of %u is %s", i, g->nr,
				alive ? "still there" : "gone") ||
		    !GCH_EXPECT(g->test, !alive || seen.gen[i] == n->gen,
				"object %u of %u is in generation %u, not %u",
				i, g->nr, seen.gen[i], n->gen))
			return false;
	}
	return counts_are_right(g);
}

static bool go_is_right(struct graph *g)
{
	struct gch_stats stats;
	unsigned int i, nr = 0;

	for (i = 0; i < g->nr; i++)
		nr += g->node[i].alive;
	gch_heap_stats(g->heap, &stats);
	return GCH_EXPECT(g->test, stats.live_objects == nr,
			  "%llu objects live, not %u", stats.live_objects, nr);
}

static bool graph_is_right(struct graph *g)
{
	return (is_python(g) ? python_is_right(g) : go_is_right(g)) &&
	       names_are_right(g);
}

static void print(const struct graph *g, const char *when)
{
	unsigned int i;

	kunit_info(g->test, "the graph %s:\n", when);
	for (i = 0; i < g->nr; i++) {
		const struct node *n = &g->node[i];

		kunit_info(g->test, "%u: %s, kind %u, generation %u, %u outside, to %d %d %d %d\n",
			   i, n->alive ? "alive" : "dead", n->kind, n->gen,
			   n->outside, n->edge[0], n->edge[1], n->edge[2],
			   n->edge[3]);
	}
}

/* ---- graphs ---- */

static bool collect(struct graph *g, unsigned int generation)
{
	struct node before[NODES_MAX];

	memcpy(before, g->node, sizeof(before));
	mirror_collect(g, generation);
	/* Then the collection need not stop the mutator. */
	gch_mutator_yield(g->m);
	if (!GCH_MUST(g->test, gch_collect(g->heap, generation)))
		return false;
	if (graph_is_right(g))
		return true;
	kunit_info(g->test, "after a collection of generation %u\n",
		   generation);
	print(g, "must be");
	memcpy(g->node, before, sizeof(before));
	print(g, "was");
	return false;
}

/* Makes objects of all ages: older ones first, aged by collections. */
static bool draw_ages(struct graph *g)
{
	unsigned int left = 2 + gch_kunit_below(&g->r, NODES_MAX - 3);
	unsigned int age, n;

	for (age = 2; left; age--) {
		n = age ? gch_kunit_below(&g->r, left + 1) : left;
		left -= n;
		while (n--)
			if (!add_node(g))
				return false;
		if (age && is_python(g) && !collect(g, age - 1))
			return false;
		if (!age)
			break;
	}
	return true;
}

/* In the end no slot refers to an object, and no object may be left. */
static bool forget_all(struct graph *g)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++) {
		if ((g->node[i].slot && !let_go(g, i, false)) ||
		    (g->node[i].twin && !let_go(g, i, true)))
			return false;
	}
	if (!collect(g, 2))
		return false;
	for (i = 0; i < g->nr; i++)
		if (!GCH_EXPECT(g->test, !g->node[i].alive,
				"the mirror has object %u alive", i))
			return false;
	g->id += g->nr;
	g->nr = 0;
	return true;
}

static bool one_graph(struct graph *g)
{
	unsigned int generation, steps = 1 + gch_kunit_below(&g->r, 3);

	if (!draw_ages(g) || !draw_edges(g) || !graph_is_right(g))
		return false;
	while (steps--) {
		if (!draw_outside(g, 1 + gch_kunit_below(&g->r, 3)) ||
		    (is_python(g) && !graph_is_right(g)))
			return false;
		generation = is_python(g) ? gch_kunit_below(&g->r, 3) : 2;
		if (!collect(g, generation) || !draw_edges(g))
			return false;
		/* Adds an object younger than all survivors. */
		if (g->nr < NODES_MAX && !add_node(g))
			return false;
		if (!draw_edges(g))
			return false;
	}
	return forget_all(g);
}

static bool types_new(struct graph *g)
{
	struct gch_type_desc desc[KINDS] = {
		[LEADING] = { .name = "leading", .bytes = 8 * REFS_MAX + 8,
			      .nr_refs = REFS_MAX },
		[SPARSE] = { .name = "sparse", .bytes = 64,
			     .nr_refs = REFS_MAX, .refs = sparse_refs },
		[VARIABLE] = { .name = "variable", .flags = GCH_TYPE_VAR },
		[LARGE] = { .name = "large", .flags = GCH_TYPE_VAR },
		[NAMED] = { .name = "named", .bytes = 8 * REFS_MAX + 8,
			    .nr_refs = REFS_MAX, .flags = GCH_TYPE_WEAK },
		[LEAF] = { .name = "leaf", .bytes = 24 },
	};
	unsigned int i;

	for (i = 0; i < KINDS; i++) {
		g->type[i] = gch_type_register(g->heap, &desc[i], NULL);
		if (!GCH_EXPECT(g->test, !IS_ERR(g->type[i]), "no type %s",
				desc[i].name))
			return false;
	}
	return true;
}

/* @gc_bits: value of &gch_py_heap.gc_bits, 0 for the default. */
static void run(struct graph *g, const struct gch_config *cfg, unsigned int nr,
		unsigned int gc_bits)
{
	unsigned int i;

	g->nr = 0;
	memset(g->count, 0, sizeof(g->count));
	g->total = 0;
	g->pending = 0;
	g->heap = gch_kunit_heap(g->test, cfg);
	if (gc_bits)
		gch_py_heap(g->heap)->gc_bits = gc_bits;
	g->m = gch_kunit_mutator(g->test, g->heap, SLOTS);
	g->weaks = gch_weaks_create(g->heap, NODES_MAX);
	if (GCH_EXPECT(g->test, !IS_ERR(g->weaks), "no weak table")) {
		for (i = 0; types_new(g) && i < nr; i++) {
			if (one_graph(g))
				continue;
			kunit_info(g->test, "in graph %u of its heap\n", i);
			break;
		}
		gch_weaks_destroy(g->m, g->weaks);
	}
	gch_mutator_detach(g->m);
	GCH_MUST(g->test, gch_collect(g->heap, 2));
	gch_kunit_heap_end(g->test, g->heap);
}

static struct graph *graph_new(struct kunit *test)
{
	struct graph *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, g);
	g->test = test;
	g->id = 1;
	gch_kunit_seed(test, &g->r);
	return g;
}

static void run_python(struct kunit *test, bool verify, unsigned int heaps,
		       unsigned int gc_bits)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_PYTHON,
		.set = BIT(GCH_KEY_THRESHOLD0) | BIT(GCH_KEY_VERIFY) |
		       BIT(GCH_KEY_POISON) | BIT(GCH_KEY_POOL_SIZE) |
		       BIT(GCH_KEY_ARENA_ORDER),
		.val[GCH_KEY_ARENA_ORDER] = GCH_ORDER(SZ_32K),
		.val[GCH_KEY_VERIFY] = verify,
	};
	struct graph *g = graph_new(test);
	unsigned int i;

	for (i = 0; i < heaps && test->status != KUNIT_FAILURE; i++) {
		cfg.val[GCH_KEY_POISON] = gch_kunit_below(&g->r, 2);
		cfg.val[GCH_KEY_POOL_SIZE] = SZ_4K << gch_kunit_below(&g->r, 3);
		run(g, &cfg, 100, gc_bits);
	}
}

static void test_python(struct kunit *test)
{
	run_python(test, false, gch_kunit_rounds(8), 0);
}

/* The same, with verification by the heap itself. */
static void test_verified(struct kunit *test)
{
	run_python(test, true, gch_kunit_rounds(6), 0);
}

/* Meta words have room for one reference; the rest is in the objects. */
static void test_narrow(struct kunit *test)
{
	run_python(test, true, gch_kunit_rounds(2), 1);
}

static void test_go(struct kunit *test)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_GOGC) | BIT(GCH_KEY_VERIFY) |
		       BIT(GCH_KEY_POISON),
		.val[GCH_KEY_VERIFY] = 1,
		.val[GCH_KEY_POISON] = 1,
	};

	run(graph_new(test), &cfg, gch_kunit_rounds(30), 0);
}

/* ---- which generation is due ---- */

/* CPython's rule, without its loop. */
static int due(const struct gch_py_heap *h, const u64 *threshold)
{
	bool quarter = h->long_lived_pending >= h->long_lived_total / 4;

	if (h->count[2] > threshold[2] && quarter)
		return 2;
	if (h->count[1] > threshold[1])
		return 1;
	/* The object about to be allocated counts. */
	return h->count[0] + 1 > threshold[0] ? 0 : -1;
}

static bool due_is_right(struct kunit *test, struct gch_py_heap *h,
			 struct gch_kunit_random *r)
{
	u64 *threshold = &h->heap.val[GCH_KEY_THRESHOLD0];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		threshold[i] = 1 + gch_kunit_below(r, 10);
		h->count[i] = gch_kunit_below(r, 13);
	}
	h->long_lived_total = gch_kunit_below(r, 40);
	h->long_lived_pending = gch_kunit_below(r, 12);
	return GCH_EXPECT(test, gch_py_generation_due(h) == due(h, threshold),
			  "counts %u %u %u of %llu %llu %llu, %llu pending of %llu: %d is due, not %d",
			  h->count[0], h->count[1], h->count[2], threshold[0],
			  threshold[1], threshold[2], h->long_lived_pending,
			  h->long_lived_total, gch_py_generation_due(h),
			  due(h, threshold));
}

static void test_due(struct kunit *test)
{
	unsigned int i, n = gch_kunit_rounds(50000);
	struct gch_kunit_random r;
	struct gch_py_heap *h;

	gch_kunit_seed(test, &r);
	h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h);
	for (i = 0; i < n; i++)
		if (!due_is_right(test, h, &r))
			return;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_python),
	KUNIT_CASE(test_verified),
	KUNIT_CASE(test_narrow),
	KUNIT_CASE(test_go),
	KUNIT_CASE(test_due),
	{}
};

struct kunit_suite gch_kunit_graph = {
	.name = "gcheap_graph",
	.test_cases = cases,
};
