// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot of the heap as it was at one instant
 *
 * The instant is in a handshake in which all mutators wait, where a cycle begins
 * (PHASE_STOP). From then on the write barrier marks what is overwritten, as snapshot
 * at the beginning has it (Yuasa, 1990), so that all is marked that could be reached
 * then; and it keeps, for each place that is written for the first time, what was
 * there. Mutators go on.
 *
 * The collector writes the roots at once. When all is marked it writes the marked
 * objects, each with the references that it had: those that were kept, else those
 * that are there. What was allocated since is left out. Then the barrier keeps nothing
 * any more, and the cycle goes on as any other.
 *
 * Who writes a place keeps what it has read there before, unless somebody has kept
 * something for that place: the first to do so has read what was there at that instant,
 * for whoever had written since had looked there before. The collector reads the place
 * first: if it finds what has been written, it also finds what was kept.
 *
 * &gch_heap.lock is held from before the instant until the roots are written: frames
 * and tables that are read are those of the instant. &gch_go_snap.lock, raw, taken in
 * sections with no other, protects the pages of kept references and the spare ones; to
 * look for a reference takes no lock.
 *
 * A section takes no memory: it uses spare pages, which mutators put down after
 * sections that have left few, with GCH_WAIT_SUPPLY. Without a page the snapshot is lost.
 *
 * An object's number is that of its arena, which is never used twice, and where it is
 * in it; it has the same in every snapshot.
 */
#include "object.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <gcheap/snapshot.h>

#include "compat.h"
#include "kept.h"

/* A reference is kept for so many bytes that are live, it is supposed. */
#define KEPT_BYTES	64U

/* Numbers: of 8 bytes in an arena; large objects are beyond all arenas. */
#define NUMBER_ARENA	20U
#define NUMBER_LARGE	52U

/* Spare pages for what is kept: with fewer more are taken; and one for each CPU. */
#define SPARE_LOW	8U

/* References of an object between looks at whether others want the CPU. */
#define BREATH		4096U

struct kept_page {
	struct kept_page *next;
	unsigned long used;
	struct gch_go_kept kept[(PAGE_SIZE - 16) / sizeof(struct gch_go_kept)];
};

/**
 * struct gch_go_snap - a snapshot while it is taken
 * @h: the heap
 * @out: where it goes
 * @kepts: what is kept, by place
 * @lock: see above
 * @pages: of all that is kept
 * @spare: pages for more
 * @nr_spare: how many
 * @roots: roots have not been written yet
 * @lost: something could not be kept
 * @nr: frames or finalizers seen
 */
struct gch_go_snap {
	struct gch_go_heap *h;
	struct gch_snapshot *out;
	struct gch_go_kepts *kepts;
	raw_spinlock_t lock;		/* see above */
	struct kept_page *pages;
	struct kept_page *spare;
	unsigned int nr_spare;
	bool roots;
	bool lost;
	u32 nr;
};

static void put_spare(struct gch_go_snap *sn, struct kept_page *page)
{
	raw_spin_lock(&sn->lock);
	page->next = sn->spare;
	sn->spare = page;
	WRITE_ONCE(sn->nr_spare, sn->nr_spare + 1);
	raw_spin_unlock(&sn->lock);
}

static bool use_spare(struct gch_go_snap *sn)
{
	struct kept_page *page = sn->spare;

	lockdep_assert_held(&sn->lock);
	if (!page)
		return false;
	sn->spare = page->next;
	WRITE_ONCE(sn->nr_spare, sn->nr_spare - 1);
	page->next = sn->pages;
	page->used = 0;
	sn->pages = page;
	return true;
}

/* False if there is no room. */
static bool insert(struct gch_go_snap *sn, struct gch_go_kept_at *at,
		   void **place, unsigned long ref)
{
	lockdep_assert_held(&sn->lock);
	/* Others may have added some, and this one, since it was looked for. */
	if (gch_go_kept_find(at, place))
		return true;
	if ((!sn->pages || sn->pages->used == ARRAY_SIZE(sn->pages->kept)) &&
	    !use_spare(sn))
		return false;
	gch_go_kept_add(at, &sn->pages->kept[sn->pages->used++], place, ref);
	return true;
}

static void keep(struct gch_go_snap *sn, struct gch_go_kept_at *at,
		 void **place, unsigned long ref)
{
	raw_spin_lock(&sn->lock);
	if (!insert(sn, at, place, ref))
		WRITE_ONCE(sn->lost, true);
	raw_spin_unlock(&sn->lock);
}

static unsigned int spare_low(void)
{
	return SPARE_LOW + num_online_cpus();
}

/**
 * gch_go_snap_low - does a snapshot need more pages for what is kept?
 * @h: the heap
 * @state: its state as the section has read it
 *
 * Context: in a section.
 * Return: whether one does.
 */
bool gch_go_snap_low(const struct gch_go_heap *h, u32 state)
{
	return gch_go_snaps(state) &&
	       READ_ONCE(h->snap->nr_spare) < spare_low();
}

static struct kept_page *kept_page_new(struct gch_go_heap *h)
{
	struct mem_cgroup *old = gch_memcg_enter(&h->base);
	struct kept_page *page = gch_snap_page();

	gch_memcg_leave(old);
	return page;
}

/* Puts a page down if a snapshot wants it; whether it wants more. */
static bool supply(struct gch_go_heap *h, struct kept_page **page)
{
	/* As long as the section lasts, the snapshot does. */
	unsigned int *seq = gch_section_enter();
	bool wanted;

	/* As gch_cpus_add() does, since the task may have come to another CPU. */
	cpumask_set_cpu(smp_processor_id(), h->base.cpus);
	/* Either a handshake finds this CPU, or this finds what it published. */
	smp_mb();
	/* The state before the snapshot that it says there is. */
	wanted = gch_go_snaps(gch_load_acquire(&h->state)) &&
		 READ_ONCE(h->snap->nr_spare) < 2 * spare_low();
	if (wanted && *page) {
		put_spare(h->snap, *page);
		*page = NULL;
	}
	gch_section_leave(seq);
	return wanted;
}

/**
 * gch_go_snap_fill - takes pages for what sections have to keep for a snapshot
 * @h: the heap
 *
 * Context: process context outside sections, may sleep.
 */
void gch_go_snap_fill(struct gch_go_heap *h)
{
	struct kept_page *page = NULL;

	while (supply(h, &page)) {
		page = kept_page_new(h);
		if (!page)
			return;
	}
	if (page)
		gch_snap_page_free(page);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_snap_fill);

static bool is_born_in(const struct gch_go_heap *h, const struct gch_go_span *s,
		       unsigned long addr)
{
	unsigned int i = gch_go_index(s->class >> 1,
				      addr - (unsigned long)s->base);

	/* Pairs with the release in gch_go_snap_span(). */
	if (gch_load_acquire(&s->born_gen) != STATE_GEN(h->state) + 1)
		return false;
	if (i >= s->born_from)
		return !test_bit(i, s->alloc_bits);
	return i / 64 == (s->born_from - 1U) / 64 &&
	       s->born_window & BIT_ULL(i % 64);
}

/* Is what the page of @addr says an object that was allocated since? */
static bool is_born(const struct gch_go_heap *h, unsigned long meta,
		    unsigned long addr)
{
	const struct gch_go_large *l = (void *)(meta - META_LARGE);

	if (meta & META_LARGE)
		return READ_ONCE(l->mark) == LARGE_BORN;
	return is_born_in(h, page_span(addr), addr);
}

/* The place of a root? If not, @meta is the private word of its page. */
static bool is_root(const struct gch_mutator *m, void **place,
		    unsigned long *meta)
{
	if ((place >= m->frame && place < m->frame + m->nr_slots) ||
	    place == m->aside)
		return true;
	/* A table has whole pages, which have none. */
	*meta = (unsigned long)page_meta((unsigned long)place);
	return !*meta;
}

/**
 * gch_go_snap_store - keeps what a place refers to, which is about to be written
 * @h: the heap
 * @m: the mutator
 * @place: the place
 *
 * Context: in a section that has read a state with %BARRIER_SNAPSHOT.
 */
void gch_go_snap_store(struct gch_go_heap *h, struct gch_mutator *m,
		       void **place)
{
	struct gch_go_snap *sn = h->snap;
	struct gch_go_kept_at at;
	unsigned long meta, ref;

	if (READ_ONCE(sn->lost))
		return;
	if (is_root(m, place, &meta) ? !READ_ONCE(sn->roots) :
				       is_born(h, meta, (unsigned long)place))
		return;
	/* Before the look at what was kept: see above. */
	ref = (unsigned long)gch_load_acquire(place);
	gch_go_kept_start(sn->kepts, place, &at);
	if (gch_go_kept_find(&at, place))
		return;
	keep(sn, &at, place, ref);
	if (READ_ONCE(sn->nr_spare) < spare_low())
		m->pending = true;
}

/**
 * gch_go_snap_span - what is allocated from a span from now on is no part of the
 *	snapshot
 * @s: the span
 * @gen: the present sweep generation
 *
 * Context: in a section; the caller owns the span.
 */
void gch_go_snap_span(struct gch_go_span *s, u32 gen)
{
	if (s->born_gen == gen + 1)
		return;
	s->born_from = s->freeindex;
	s->born_window = s->alloc_cache;
	/* Who finds the generation finds the index. */
	gch_store_release(&s->born_gen, gen + 1);
}

static u64 number_of(unsigned long ref)
{
	unsigned long addr = ref_addr(ref);
	const struct gch_go_arena *a;

	if ((ref & TAG_MASK) == SPAN_LARGE)
		return BIT_ULL(NUMBER_LARGE) + page_large(addr)->id;
	a = page_span(addr)->arena;
	return ((u64)a->id << NUMBER_ARENA) +
	       (addr - (unsigned long)a->base) / sizeof(long);
}

/* What the place referred to at the instant. */
static unsigned long old_ref(struct gch_go_snap *sn, void **place)
{
	/* First: see above. */
	unsigned long ref = (unsigned long)gch_load_acquire(place);
	const struct gch_go_kept *k;
	struct gch_go_kept_at at;

	gch_go_kept_start(sn->kepts, place, &at);
	k = gch_go_kept_find(&at, place);
	return k ? k->ref : ref;
}

static void put_ref(struct gch_go_snap *sn, void **words, u32 i)
{
	unsigned long ref = old_ref(sn, words + i);

	if (ref)
		gch_snap_ref(sn->out, i, number_of(ref));
}

static void put_bits(struct gch_go_snap *sn, void **words, u64 bits)
{
	for (; bits; bits &= bits - 1)
		put_ref(sn, words, __ffs64(bits));
}

static void put_leading(struct gch_go_snap *sn, void **words, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		put_ref(sn, words, i);
		if (!((i + 1) % BREATH)) {
			if (gch_snap_error(sn->out))
				return;
			cond_resched();
		}
	}
}

static void put_typed(struct gch_go_snap *sn, void **words,
		      const struct gch_type *type)
{
	u32 i;

	if (type->leading) {
		put_leading(sn, words, type->nr_refs);
		return;
	}
	for (i = 0; i < type->nr_refs; i++)
		put_ref(sn, words, type->refs[i]);
}

static void put_large(struct gch_go_snap *sn, unsigned long ref)
{
	struct gch_go_large *l = page_large(ref_addr(ref));

	gch_snap_object(sn->out, number_of(ref), PAGE_SIZE << l->order,
			l->type);
	if (l->type->flags & GCH_TYPE_VAR)
		put_leading(sn, l->addr, l->nr_refs);
	else
		put_typed(sn, l->addr, l->type);
}

static void put_other(struct gch_go_snap *sn, unsigned long ref)
{
	unsigned long addr = ref_addr(ref), header;
	struct gch_go_span *s = page_span(addr);
	void **words = (void **)addr;
	struct gch_type *type = NULL;

	if (s->class & 1 || s->size <= GCH_GO_MAX_INLINE) {
		gch_snap_object(sn->out, number_of(ref), s->size, NULL);
		if (!(s->class & 1))
			put_bits(sn, words,
				 gch_go_ptr_bits(gch_go_span_ptrs(s), addr -
						 (unsigned long)s->base,
						 s->size));
		return;
	}
	header = READ_ONCE(*(unsigned long *)addr);
	if (!(header & 1))
		type = (void *)header;
	gch_snap_object(sn->out, number_of(ref), s->size, type);
	if (type)
		put_typed(sn, words + 1, type);
	else
		put_leading(sn, words + 1, header >> 1);
}

static void put_inline(struct gch_go_snap *sn, unsigned long ref)
{
	struct gch_go_tail *tail = tail_of(ref_addr(ref));

	gch_snap_object(sn->out, number_of(ref), tail->size, NULL);
	if (!(tail->class & 1))
		put_bits(sn, (void **)ref_addr(ref),
			 gch_go_inline_bits(ref, tail));
}

static bool goes_on(struct gch_go_snap *sn)
{
	if (READ_ONCE(sn->lost))
		gch_snap_fail(sn->out, -ENOMEM);
	return !gch_snap_error(sn->out);
}

static void put_object(void *arg, unsigned long ref)
{
	struct gch_go_snap *sn = arg;
	unsigned long addr = ref_addr(ref);

	if (!goes_on(sn) ||
	    is_born(sn->h, (unsigned long)page_meta(addr), addr))
		return;
	switch (ref & TAG_MASK) {
	case SPAN_OTHER:
		put_other(sn, ref);
		break;
	case SPAN_LARGE:
		put_large(sn, ref);
		break;
	default:
		put_inline(sn, ref);
		break;
	}
}

/* What it refers to is marked; itself it is not, unless it can be reached. */
static void put_final(void *arg, void *ref, bool finalizer)
{
	struct gch_go_snap *sn = arg;

	if (!finalizer || gch_go_is_marked((unsigned long)ref) || !goes_on(sn))
		return;
	gch_snap_root(sn->out, GCH_SNAP_FINALIZER, 0, sn->nr++,
		      number_of((unsigned long)ref));
	put_object(sn, (unsigned long)ref);
}

static void put_roots(struct gch_go_snap *sn, enum gch_snap_root kind, u32 who,
		      u32 first, void **places, unsigned int nr)
{
	unsigned long ref;
	unsigned int i;

	for (i = 0; i < nr && goes_on(sn); i++) {
		ref = old_ref(sn, places + i);
		if (ref)
			gch_snap_root(sn->out, kind, who, first + i,
				      number_of(ref));
	}
}

static void put_frame(void *arg, void **places, unsigned int nr)
{
	struct gch_go_snap *sn = arg;

	put_roots(sn, GCH_SNAP_FRAME, sn->nr++, 0, places, nr);
}

static void put_table(void *arg, u32 table, u32 first, void **places,
		      unsigned int nr)
{
	put_roots(arg, GCH_SNAP_TABLE, table, first, places, nr);
}

static void put_finalizing(void *arg, void **places, unsigned int nr)
{
	struct gch_go_snap *sn = arg;

	put_roots(sn, GCH_SNAP_FINALIZER, 0, sn->nr, places, nr);
	sn->nr += nr;
}

/**
 * gch_go_snap_begin - comes before the instant that a snapshot shows
 * @h: the heap
 *
 * Context: process context, may sleep; takes &gch_heap.lock.
 */
void gch_go_snap_begin(struct gch_go_heap *h)
{
	mutex_lock(&h->base.lock);
}

/**
 * gch_go_snap_roots - writes the roots of a snapshot
 * @h: the heap; gch_go_snap_begin() has been called, and mutators went on
 *
 * Context: process context, may sleep; releases &gch_heap.lock.
 */
void gch_go_snap_roots(struct gch_go_heap *h)
{
	struct gch_go_snap *sn = h->snap;

	gch_snap_types(sn->out, &h->base);
	gch_visit_frames(&h->base, put_frame, sn);
	gch_visit_tables(&h->base, put_table, sn);
	sn->nr = 0;
	mutex_unlock(&h->base.lock);
	gch_visit_finalizing(&h->base, put_finalizing, sn);
	/* A place may belong to something else from now on. */
	WRITE_ONCE(sn->roots, false);
}

/**
 * gch_go_snap_objects - writes the objects of a snapshot
 * @h: the heap; all that could be reached is marked
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_snap_objects(struct gch_go_heap *h)
{
	gch_go_visit_marked(h, put_object, h->snap);
	gch_visit_finals(&h->base, put_final, h->snap);
	/* For the last of what was read. */
	goes_on(h->snap);
}

static struct gch_go_snap *snap_alloc(struct gch_go_heap *h)
{
	struct mem_cgroup *old = gch_memcg_enter(&h->base);
	struct gch_go_snap *sn = kzalloc(sizeof(*sn), GFP_KERNEL_ACCOUNT);

	if (sn)
		sn->kepts = gch_go_kepts_new(atomic64_read(&h->live) /
					     KEPT_BYTES);
	gch_memcg_leave(old);
	if (sn && !sn->kepts) {
		kfree(sn);
		sn = NULL;
	}
	return sn;
}

static struct gch_go_snap *snap_new(struct gch_go_heap *h,
				    struct gch_snapshot *out)
{
	struct gch_go_snap *sn = snap_alloc(h);
	struct kept_page *page;
	unsigned int i;

	if (!sn)
		return NULL;
	raw_spin_lock_init(&sn->lock);
	sn->h = h;
	sn->out = out;
	sn->roots = true;
	for (i = 0; i < 2 * spare_low(); i++) {
		page = kept_page_new(h);
		if (!page)
			break;
		preempt_disable();
		put_spare(sn, page);
		preempt_enable();
	}
	return sn;
}

static void free_pages_of(struct kept_page *page)
{
	struct kept_page *next;

	for (; page; page = next) {
		next = page->next;
		gch_snap_page_free(page);
		cond_resched();
	}
}

static void snap_free(struct gch_go_snap *sn)
{
	free_pages_of(sn->pages);
	free_pages_of(sn->spare);
	gch_go_kepts_free(sn->kepts);
	kfree(sn);
}

/**
 * gch_go_snapshot - one collection, which takes a snapshot
 * @heap: the heap
 * @out: the snapshot
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 * Return: 0; gch_snap_error() tells whether the snapshot is whole.
 */
int gch_go_snapshot(struct gch_heap *heap, struct gch_snapshot *out)
{
	struct gch_go_heap *h = to_go(heap);

	struct gch_go_snap *sn = snap_new(h, out);

	/* Others may count on the collection. */
	if (!sn)
		gch_snap_fail(out, -ENOMEM);
	h->snap = sn;
	gch_go_collect(heap, 2);
	h->snap = NULL;
	/* Since it was written there were handshakes: nobody keeps anything. */
	if (sn)
		snap_free(sn);
	return 0;
}
