// SPDX-License-Identifier: GPL-2.0
/*
 * References that places held at the instant of a snapshot
 *
 * From that instant on, the write barrier keeps the old reference of each place that is
 * written for the first time.
 *
 * A mutator reads a place before it writes it, and keeps the reference that it read
 * unless one is already kept for the place. The first mutator to keep one has read the
 * reference of the instant: every earlier writer would have kept one before its store.
 * The collector reads a place before it looks for a kept reference: if it reads a later
 * store, it also finds the kept reference.
 *
 * &gch_go_snap.lock, raw, taken in sections with no other lock, protects the pages of
 * kept references and the spare pages. A look-up takes no lock.
 *
 * A section does not allocate: it uses spare pages. A mutator whose section has left
 * few adds some afterwards, with GCH_WAIT_SUPPLY. Without a page the snapshot is lost.
 */
#include "snaplog.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <gcheap/snapshot.h>

#include "compat.h"
#include "go.h"
#include "kept.h"

/* Expected number of live bytes per kept reference. */
#define KEPT_BYTES	64U
/* With fewer spare pages, plus one for each CPU, more are allocated. */
#define SPARE_LOW	8U

struct kept_page {
	struct kept_page *next;
	unsigned long used;
	struct gch_go_kept kept[(PAGE_SIZE - 16) / sizeof(struct gch_go_kept)];
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

/* Keeps a reference if the place has none; false without a page for it. */
static bool insert(struct gch_go_snap *sn, struct gch_go_kept_at *at,
		   void **place, unsigned long ref)
{
	lockdep_assert_held(&sn->lock);
	/*
	 * Other CPUs may have added entries since the look-up, perhaps for this place.
	 */
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
 * gch_go_snap_low - does a snapshot need more spare pages?
 * @h: the heap
 * @state: its state as the section has read it
 *
 * Context: in a section.
 * Return: true if one is being taken and needs more.
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

/* Gives a page to the snapshot if that needs one; returns true if it needed one. */
static bool supply(struct gch_go_heap *h, struct kept_page **page)
{
	/* The snapshot is not freed before the section ends. */
	unsigned int *seq = gch_section_enter();
	bool wanted;

	/* The task may have migrated: does what gch_cpus_add() does. */
	cpumask_set_cpu(smp_processor_id(), h->base.cpus);
	/*
	 * Either a handshake finds this CPU, or this CPU sees what was published before
	 * it.
	 */
	smp_mb();
	/* Before h->snap, which is set if the state says that a snapshot is taken. */
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
 * gch_go_snap_fill - allocates spare pages for a snapshot
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

/**
 * gch_go_snap_is_born - was an object allocated after the instant?
 * @h: the heap
 * @meta: the private word of its page
 * @addr: an address in it
 *
 * Context: in a section, or in the cycle that takes the snapshot.
 * Return: true if it was.
 */
bool gch_go_snap_is_born(const struct gch_go_heap *h, unsigned long meta,
			 unsigned long addr)
{
	const struct gch_go_large *l = (void *)(meta - META_LARGE);

	if (meta & META_LARGE)
		return READ_ONCE(l->mark) == LARGE_BORN;
	return is_born_in(h, page_span(addr), addr);
}

/*
 * Is the place in a frame or table? If not, sets @meta to the private word of its page.
 */
static bool is_root(const struct gch_mutator *m, void **place,
		    unsigned long *meta)
{
	if ((place >= m->frame && place < m->frame + m->nr_slots) ||
	    place == m->extra_root)
		return true;
	/* A table has its own pages, whose private word is 0. */
	*meta = (unsigned long)page_meta((unsigned long)place);
	return !*meta;
}

/**
 * gch_go_snap_store - keeps the reference of a place that is about to be written
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
				       gch_go_snap_is_born(h, meta, (unsigned long)place))
		return;
	/* Before the look-up: see the head of this file. */
	ref = (unsigned long)gch_load_acquire(place);
	gch_go_kept_start(sn->kepts, place, &at);
	if (gch_go_kept_find(&at, place))
		return;
	keep(sn, &at, place, ref);
	if (READ_ONCE(sn->nr_spare) < spare_low())
		m->pending = true;
}

/**
 * gch_go_snap_span - excludes objects allocated from a span from now on from a snapshot
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
	/* A reader that sees the generation sees the index. */
	gch_store_release(&s->born_gen, gen + 1);
}

/**
 * gch_go_snap_ref - finds the reference that a place held at the instant
 * @sn: the snapshot
 * @place: the place
 *
 * Context: process context; in the cycle that takes the snapshot.
 * Return: the reference.
 */
unsigned long gch_go_snap_ref(struct gch_go_snap *sn, void **place)
{
	/* Before the look-up: see the head of this file. */
	unsigned long ref = (unsigned long)gch_load_acquire(place);
	const struct gch_go_kept *k;
	struct gch_go_kept_at at;

	gch_go_kept_start(sn->kepts, place, &at);
	k = gch_go_kept_find(&at, place);
	return k ? k->ref : ref;
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

/**
 * gch_go_snap_new - allocates a snapshot
 * @h: the heap
 * @out: the snapshot to write it to
 *
 * Context: process context, may sleep.
 * Return: the snapshot; NULL without memory.
 */
struct gch_go_snap *gch_go_snap_new(struct gch_go_heap *h,
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

/**
 * gch_go_snap_free - frees a snapshot that no section uses any more
 * @sn: the snapshot
 *
 * Context: process context, may sleep.
 */
void gch_go_snap_free(struct gch_go_snap *sn)
{
	free_pages_of(sn->pages);
	free_pages_of(sn->spare);
	gch_go_kepts_free(sn->kepts);
	kfree(sn);
}
