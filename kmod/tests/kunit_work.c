// SPDX-License-Identifier: GPL-2.0
/*
 * Work buffers of the Go engine, and the objects that become work
 *
 * Each test is the only user of its heap. A test that simulates a cycle writes the
 * heap's state itself, and no cycle runs.
 */
#include "kunit.h"

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "go/barrier.h"
#include "go/go.h"
#include "go/mark_stack.h"
#include "go/marker.h"
#include "go/markbits.h"
#include "go/snaplog.h"

/* References of an array that is not a large object. */
#define ARRAY_REFS	3000U
/* Number of shaded objects: more than all spare buffers hold. */
#define SHADED		20000U

static struct gch_heap *open(struct kunit *test)
{
	struct gch_config cfg = {
		.engine = GCHEAP_ENGINE_GO,
		.set = BIT(GCH_KEY_GOGC) | BIT(GCH_KEY_VERIFY),
		.val[GCH_KEY_VERIFY] = 1,
	};

	return gch_kunit_heap(test, &cfg);
}

static struct gch_go_work *work_here(struct gch_go_heap *h)
{
	return &raw_cpu_ptr(h->mcache)->work;
}

static unsigned int nr_spare(struct gch_go_heap *h)
{
	unsigned int cpu, nr = 0;

	for_each_possible_cpu(cpu)
		nr += per_cpu_ptr(h->mcache, cpu)->work.nr_empty;
	return nr;
}

/* Contexts in which memory may be taken. */
static void test_memory(struct kunit *test)
{
	unsigned int *seq;
	bool inside;

	GCH_EXPECT(test, gch_may_take_memory(), "none may be taken");
	seq = gch_section_enter();
	inside = gch_may_take_memory();
	gch_section_leave(seq);
	GCH_EXPECT(test, !inside, "a section may take some");
	GCH_EXPECT(test, gch_may_take_memory(), "none after a section");
}

/* Takes all spare buffers in a section. */
static struct gch_go_workbuf *take_all(struct gch_go_heap *h, unsigned int *nr)
{
	struct gch_go_workbuf *b, *all = NULL;
	unsigned int *seq = gch_section_enter();

	for (*nr = 0; *nr < SHADED; ++*nr) {
		b = gch_go_buf_take(h);
		if (!b)
			break;
		b->next = all;
		all = b;
	}
	gch_section_leave(seq);
	return all;
}

static bool add(struct gch_go_heap *h)
{
	static const unsigned long refs[GCH_GO_WBBUF_MAX];
	unsigned int *seq = gch_section_enter();
	bool added = gch_go_work_add(h, refs, ARRAY_SIZE(refs));

	gch_section_leave(seq);
	return added;
}

/* A section gets exactly the spare buffers put down for it. */
static void test_pool(struct kunit *test)
{
	struct gch_heap *heap = open(test);
	struct gch_go_heap *h = container_of(heap, struct gch_go_heap, base);
	struct gch_go_workbuf *b, *all;
	unsigned int nr, spare, i;

	gch_go_bufs_fill(h, GCH_GO_BUFS_FILL);
	spare = nr_spare(h);
	GCH_EXPECT(test, spare >= GCH_GO_BUFS_FILL, "%u spare buffers", spare);
	all = take_all(h, &nr);
	GCH_EXPECT(test, nr == spare, "a section took %u buffers of %u", nr,
		   spare);
	GCH_EXPECT(test, !add(h), "work is listed without a buffer");
	while (all) {
		b = all;
		all = b->next;
		gch_go_buf_put_empty(h, b);
	}
	GCH_EXPECT(test, nr_spare(h) == spare, "%u of %u buffers came back",
		   nr_spare(h), spare);
	/* Several small parts share a buffer. */
	migrate_disable();
	for (i = 0; i < 3; i++)
		GCH_EXPECT(test, add(h), "no buffer");
	migrate_enable();
	GCH_EXPECT(test, atomic_read(&h->mark.nr_full) == 1, "%d buffers for 3 parts",
		   atomic_read(&h->mark.nr_full));
	gch_go_bufs_free(h, true);
	gch_kunit_heap_end(test, heap);
}

/* While a CPU's lists are locked, other CPUs do not wait for them. */
static void test_taken(struct kunit *test)
{
	struct gch_heap *heap = open(test);
	struct gch_go_heap *h = container_of(heap, struct gch_go_heap, base);
	struct gch_go_workbuf *b, *got, *other;
	bool listed_here;

	if (num_online_cpus() < 2) {
		gch_kunit_heap_end(test, heap);
		kunit_skip(test, "there is one CPU only");
		return;
	}
	gch_go_bufs_fill(h, 2);
	b = gch_go_buf_get(h);
	if (!GCH_EXPECT(test, b, "no buffer"))
		goto out;
	b->nr = 1;
	b->ref[0] = 0;
	preempt_disable();
	gch_go_buf_put_full(h, b);
	raw_spin_lock(&work_here(h)->lock);
	got = gch_go_buf_get_full(h);
	raw_spin_unlock(&work_here(h)->lock);
	b = gch_go_buf_get_full(h);
	raw_spin_lock(&work_here(h)->lock);
	if (b)
		gch_go_buf_put_full(h, b);
	listed_here = work_here(h)->full;
	other = gch_go_buf_get_full(h);
	raw_spin_unlock(&work_here(h)->lock);
	preempt_enable();
	GCH_EXPECT(test, !got, "a list that is locked gave a buffer");
	GCH_EXPECT(test, b && !listed_here && other == b,
		   "a buffer did not go to another CPU");
	if (other)
		gch_go_buf_put_empty(h, other);
out:
	gch_go_bufs_free(h, true);
	gch_kunit_heap_end(test, heap);
}

/* Buffers count as held, and the limit applies to them. */
static void test_counted(struct kunit *test)
{
	struct gch_heap *heap = open(test);
	struct gch_go_heap *h = container_of(heap, struct gch_go_heap, base);
	u64 before = atomic64_read(&heap->held);
	u64 engine = gch_held_by_engine(heap);
	unsigned int nr = nr_spare(h);

	gch_go_bufs_fill(h, GCH_GO_BUFS_FILL);
	nr = nr_spare(h) - nr;
	GCH_EXPECT(test, nr && atomic64_read(&heap->held) ==
		   before + nr * PAGE_SIZE, "%u buffers count as %lld bytes", nr,
		   atomic64_read(&heap->held) - before);
	/* Buffers do not affect the decision to keep or free arenas. */
	KUNIT_EXPECT_EQ(test, gch_held_by_engine(heap), engine);
	gch_go_bufs_free(h, true);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->held), before);
	KUNIT_EXPECT_EQ(test, nr_spare(h), 1);
	GCH_MUST(test, gch_heap_tune(heap, GCH_KEY_LIMIT,
				     before + 2 * PAGE_SIZE, NULL));
	nr = nr_spare(h);
	gch_go_bufs_fill(h, GCH_GO_BUFS_FILL);
	GCH_EXPECT(test, nr_spare(h) - nr == 2, "%u buffers where 2 fit",
		   nr_spare(h) - nr);
	gch_go_bufs_free(h, true);
	KUNIT_EXPECT_EQ(test, nr_spare(h), 1);
	gch_kunit_heap_end(test, heap);
}

/* A large heap keeps some buffers, because at its limit it may get no others. */
static void test_kept(struct kunit *test)
{
	struct gch_heap *heap = open(test);
	struct gch_go_heap *h = container_of(heap, struct gch_go_heap, base);
	u64 part;

	do {
		if (!GCH_MUST(test, gch_go_arena_add(h, 1)))
			break;
		part = gch_held_by_engine(heap) / 256 / PAGE_SIZE;
	} while (part < 2);
	gch_go_bufs_fill(h, GCH_GO_BUFS_FILL);
	gch_go_bufs_free(h, true);
	GCH_EXPECT(test, nr_spare(h) >= 2 && nr_spare(h) <= part,
		   "%u buffers kept, of %llu", nr_spare(h), part);
	gch_kunit_heap_end(test, heap);
}

struct graph {
	struct gch_heap *heap;
	struct gch_go_heap *h;
	struct gch_mutator *m;
	struct gch_type *type;
};

static bool graph_open(struct kunit *test, struct graph *g, u32 refs)
{
	struct gch_type_desc desc = { .name = "any", .flags = GCH_TYPE_VAR };

	g->heap = open(test);
	g->h = container_of(g->heap, struct gch_go_heap, base);
	g->m = gch_kunit_mutator(test, g->heap, 2);
	g->type = gch_type_register(g->heap, &desc, NULL);
	return GCH_EXPECT(test, !IS_ERR(g->type), "no type") &&
	       GCH_MUST(test, gch_alloc_var(g->m, 0, g->type, refs, 0));
}

static void graph_close(struct kunit *test, struct graph *g)
{
	gch_go_bufs_free(g->h, true);
	gch_mutator_detach(g->m);
	GCH_MUST(test, gch_collect(g->heap, 2));
	gch_kunit_heap_end(test, g->heap);
}

/* Marks an array of references to @distinct objects, and counts the work. */
static void count_work(struct kunit *test, u32 refs, u32 distinct)
{
	struct gch_go_marker k = {};
	struct graph g;
	u32 i;

	if (!graph_open(test, &g, refs))
		goto out;
	for (i = 0; i < refs; i++) {
		if (i < distinct) {
			if (!GCH_MUST(test, gch_alloc_var(g.m, 1, g.type, 1, 8)))
				goto out;
		} else if (!GCH_MUST(test, gch_load(g.m, 1, 0, i % distinct))) {
			goto out;
		}
		if (!GCH_MUST(test, gch_store(g.m, 0, i, 1)))
			goto out;
	}
	k.h = g.h;
	gch_go_step_other(&k, (unsigned long)g.m->frame[0]);
	GCH_EXPECT(test, k.sp - k.base == distinct && !atomic_read(&g.h->mark.nr_full),
		   "%u references to %u objects became %td and %d full buffers of work",
		   refs, distinct, k.sp - k.base, atomic_read(&g.h->mark.nr_full));
	if (k.buf)
		gch_go_buf_put_empty(g.h, k.buf);
out:
	graph_close(test, &g);
}

/* An object that is already marked is not listed, however many words refer to it. */
static void test_marked(struct kunit *test)
{
	count_work(test, ARRAY_REFS, 1);
	count_work(test, ARRAY_REFS, 2);
	count_work(test, ARRAY_REFS, 100);
	/* A large object, of one piece. */
	count_work(test, 5 * ARRAY_REFS, 3);
}

/* A marked object is counted even without a buffer to list it. */
static void test_unlisted(struct kunit *test)
{
	struct gch_go_marker k = { .section = true };
	struct gch_go_workbuf *b, *all = NULL;
	unsigned int *seq, nr;
	struct graph g;
	u32 i;

	if (!graph_open(test, &g, ARRAY_REFS))
		goto out;
	for (i = 0; i < ARRAY_REFS; i++)
		if (!GCH_MUST(test, gch_alloc_var(g.m, 1, g.type, 1, 8)) ||
		    !GCH_MUST(test, gch_store(g.m, 0, i, 1)))
			goto out;
	if (!GCH_MUST(test, gch_alloc_var(g.m, 1, g.type, 0, 8)))
		goto out;
	all = take_all(g.h, &nr);
	k.h = g.h;
	seq = gch_section_enter();
	gch_go_step_other(&k, (unsigned long)g.m->frame[0]);
	gch_section_leave(seq);
	GCH_EXPECT(test, atomic_xchg(&g.h->mark.overflow, 0),
		   "gray objects are lost");
	GCH_EXPECT(test, k.objects == ARRAY_REFS + 1,
		   "%llu of %u objects were counted", k.objects,
		   ARRAY_REFS + 1);
	/* An object without references is not scanned again, so it is counted now. */
	seq = gch_section_enter();
	gch_go_push_slow(&k, (unsigned long)g.m->frame[1]);
	gch_section_leave(seq);
	GCH_EXPECT(test, k.objects == ARRAY_REFS + 2, "a leaf is not counted");
	GCH_EXPECT(test, !atomic_read(&g.h->mark.overflow),
		   "a leaf asks for another scan");
	while (all) {
		b = all;
		all = b->next;
		gch_go_buf_put_empty(g.h, b);
	}
out:
	graph_close(test, &g);
}

/* Stores of a mutator while a cycle marks and no worker takes the shaded objects. */
static void shade_all(struct kunit *test, struct graph *g)
{
	u32 state = g->h->state, i;

	WRITE_ONCE(g->h->state, STATE_GEN(state) << STATE_SHIFT |
				GCHEAP_BARRIER_DIJKSTRA << STATE_PHASE_BITS |
				PHASE_MARK);
	for (i = 0; i < SHADED; i++)
		if (!GCH_MUST(test, gch_load(g->m, 1, 0, i)))
			break;
	WRITE_ONCE(g->h->state, state);
}

/* Each section leaves enough spare buffers for the following ones. */
static void test_supply(struct kunit *test)
{
	unsigned int cpu;
	struct graph g;
	u32 i;

	if (!graph_open(test, &g, SHADED))
		goto out;
	for (i = 0; i < SHADED; i++)
		if (!GCH_MUST(test, gch_alloc_var(g.m, 1, g.type, 1, 8)) ||
		    !GCH_MUST(test, gch_store(g.m, 0, i, 1)))
			goto out;
	shade_all(test, &g);
	GCH_EXPECT(test, !atomic_xchg(&g.h->mark.overflow, 0),
		   "there was no buffer for what was shaded");
	GCH_EXPECT(test, atomic_read(&g.h->mark.nr_full) > GCH_GO_BUFS_FILL,
		   "%d buffers of work", atomic_read(&g.h->mark.nr_full));
	for_each_possible_cpu(cpu)
		per_cpu_ptr(g.h->mcache, cpu)->nr_wbbuf = 0;
out:
	graph_close(test, &g);
}

/* Objects with many references; a mutator marks them one at a time. */
#define LONG_REFS	4000U
#define LONG_OBJECTS	(2 * ASSIST_CHECK)

static void list_objects(struct kunit *test, struct graph *g)
{
	unsigned long refs[LONG_OBJECTS];
	unsigned int *seq, i;

	for (i = 0; i < LONG_OBJECTS; i++) {
		if (!GCH_MUST(test, gch_alloc_var(g->m, 1, g->type, LONG_REFS,
						  0)) ||
		    !GCH_MUST(test, gch_store(g->m, 0, i, 1)))
			return;
		refs[i] = (unsigned long)g->m->frame[1];
	}
	gch_go_bufs_fill(g->h, GCH_GO_BUFS_FILL);
	seq = gch_section_enter();
	GCH_EXPECT(test, gch_go_work_add(g->h, refs, LONG_OBJECTS),
		   "no buffer");
	gch_section_leave(seq);
}

/* Counts the objects marked between two reads of the clock by a mutator. */
static void count_brief(struct kunit *test, const char *marker,
			bool (*brief)(struct gch_go_marker *k))
{
	struct gch_go_marker k = { .section = true };
	unsigned int *seq;
	struct graph g;

	if (!graph_open(test, &g, LONG_OBJECTS))
		goto out;
	list_objects(test, &g);
	k.h = g.h;
	seq = gch_section_enter();
	brief(&k);
	gch_section_leave(seq);
	GCH_EXPECT(test, k.objects == 1,
		   "%s: %llu objects of %u references without a look at the clock",
		   marker, k.objects, LONG_REFS);
	if (k.buf)
		gch_go_buf_put_empty(g.h, k.buf);
	if (k.out)
		gch_go_buf_put_empty(g.h, k.out);
out:
	graph_close(test, &g);
}

static void test_brief(struct kunit *test)
{
	count_brief(test, "pipeline", gch_go_pipeline_brief);
	count_brief(test, "greentea", gch_go_greentea_brief);
	count_brief(test, "classic", gch_go_classic_brief);
}

/*
 * A task that supplies a snapshot may have moved to another CPU since its last call:
 * then handshakes must cover this CPU too, before the snapshot is freed.
 */
static void test_snap_supply(struct kunit *test)
{
	struct gch_heap *heap = open(test);
	struct gch_go_heap *h = container_of(heap, struct gch_go_heap, base);

	migrate_disable();
	GCH_EXPECT(test, !cpumask_test_cpu(raw_smp_processor_id(), heap->cpus),
		   "no mutator, and its CPU is known");
	gch_go_snap_fill(h);
	GCH_EXPECT(test, cpumask_test_cpu(raw_smp_processor_id(), heap->cpus),
		   "no handshake waits for this CPU");
	migrate_enable();
	gch_kunit_heap_end(test, heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_memory),
	KUNIT_CASE(test_pool),
	KUNIT_CASE(test_counted),
	KUNIT_CASE(test_kept),
	KUNIT_CASE(test_taken),
	KUNIT_CASE(test_marked),
	KUNIT_CASE(test_unlisted),
	KUNIT_CASE(test_supply),
	KUNIT_CASE(test_brief),
	KUNIT_CASE(test_snap_supply),
	{}
};

struct kunit_suite gch_kunit_work = {
	.name = "gcheap_work",
	.test_cases = cases,
};
