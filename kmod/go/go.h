/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Go engine's own structures
 *
 * References carry a tag in their low bits that says where an object's metadata
 * is, so that the marker needs no look-up:
 *
 *	SPAN_INLINE16	an object of 16 to 63 bytes in a span of one page of 8 KiB,
 *			which ends with all that the marker needs: a mark byte for
 *			every 16 bytes and a header, struct gch_go_tail
 *	SPAN_INLINE64	the same of 64 to 512 bytes, a mark byte for every 64
 *	SPAN_OTHER	any other size class: the span is found through the
 *			page's private word, mark bits are in the span
 *	SPAN_LARGE	above 32 KiB: its descriptor is the page's private word
 *
 * Marks are bytes because a byte is set by a plain store. Two that mark the same
 * object at once both scan it, which costs less than an atomic operation for every
 * object: such an operation lets no later load begin, and the marker lives on
 * loads that overlap.
 *
 * Objects of one span mostly have their references at the same words. The tail
 * holds them once, in @mask; only when objects differ does the bitmap of the
 * whole page, in front of the mark bytes, say where references are (@mixed).
 *
 * The state word of a heap holds phase, write barrier and sweep generation, so that
 * a section sees them change at once. The barrier of a cycle stays what it was when
 * the cycle began:
 *
 *	phase	write barrier	new objects	a weak reference to an unmarked
 *	OFF	off		white		is good
 *	SYNC	on		black		shades it
 *	MARK	on		black		shades it
 *	TERM	on		black		waits for what comes next
 *	CLEAR	off		black		reads as cleared
 *	FLUSH	off		black		is good: dead ones are cleared
 *	STOP	(every call waits: the collector has the heap to himself)
 *
 * Locks, all raw and taken inside sections or with preemption off, none inside
 * another but for the first, inside which the next is taken:
 *
 *	mcache.lock	adapting a CPU's cache to the state of the heap
 *	mcentral.lock	the lists of spans of one span class
 *	mheap.lock	page bitmaps and lists of arenas
 *	large_lock	the list of large objects
 *	work.lock	the work buffers of a CPU
 *	pace_lock	the pacer
 *
 * A span belongs to whoever took it off a list: the cache of a CPU, a sweeper.
 */
#ifndef _GCH_GO_H
#define _GCH_GO_H

#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <gcheap/engine.h>

#include "pacer.h"
#include "workbuf.h"

#define GCH_GO_PAGE_SHIFT	13
#define GCH_GO_PAGE_SIZE	BIT(GCH_GO_PAGE_SHIFT)
#define GCH_GO_CLASSES		68
#define GCH_GO_SPAN_CLASSES	(GCH_GO_CLASSES * 2)
#define GCH_GO_MAX_SMALL	32768U
/* Above it an object with references has a header word in front. */
#define GCH_GO_MAX_INLINE	512U
#define GCH_GO_MIN_INLINE	16U
#define GCH_GO_HEADER_BYTES	8U
#define GCH_GO_GOGC_MAX		100000U

enum gch_go_tag {
	SPAN_INLINE16	= 0,
	SPAN_OTHER	= 1,
	SPAN_LARGE	= 2,
	SPAN_INLINE64	= 3,
	TAG_MASK	= 3,
	/* In work buffers only: marked already, to be scanned. */
	REF_GRAY	= 4,
	REF_MASK	= 7,
};

enum gch_go_phase {
	PHASE_OFF,
	PHASE_SYNC,
	PHASE_MARK,
	PHASE_TERM,
	PHASE_CLEAR,
	PHASE_FLUSH,
	PHASE_STOP,
};

#define STATE_PHASE_BITS	3
#define STATE_SHIFT	5
#define STATE_PHASE(state)	((state) & (BIT(STATE_PHASE_BITS) - 1))
/* An enum gcheap_barrier. */
#define STATE_BARRIER(state)	((state) >> STATE_PHASE_BITS & 3)
#define STATE_GEN(state)	((state) >> STATE_SHIFT)
/* No phase has this number. */
#define STATE_NONE	U32_MAX

/* Beside those of enum gcheap_barrier: hybrid, and a snapshot is being taken. */
#define BARRIER_SNAPSHOT	3

/* Is one being taken by a section that has read this? */
static inline bool gch_go_snaps(u32 state)
{
	return STATE_PHASE(state) != PHASE_OFF &&
	       STATE_BARRIER(state) == BARRIER_SNAPSHOT;
}

/*
 * Values of a mark byte. Marked is what is not 0, and bit 0 is set then. SCANNED
 * need not be scanned any more: it was, or was born black, and may still be without
 * its contents.
 */
enum gch_go_mark_byte {
	MARKED		= 1,
	SCANNED		= 3,
};

/* Values of the mark of a large object; the second for one that is born black. */
enum gch_go_large_mark {
	LARGE_MARKED	= 1,
	LARGE_BORN	= 2,
};

/* Is a page queued to be scanned? See mark_greentea.c. */
enum gch_go_owned {
	PAGE_FREE,
	PAGE_ONE,
	PAGE_MANY,
};

/**
 * struct gch_go_tail - the last 64 bytes of a page of objects of 16 to 512 bytes
 * @mask: the words of every object that are references, unless @mixed
 * @size: of an object
 * @class: span class
 * @mixed: objects differ in their references: the page's bitmap has them
 * @owned: &enum gch_go_owned, written by marking only
 *
 * Written by the owner of the span, read by all. Who reads a reference to an
 * object of another kind sees @mixed too, which is set before it.
 */
struct gch_go_tail {
	u64 mask;
	u16 size;
	u8 class;
	u8 mixed;
	u32 owned;
} __aligned(64);

#define TAIL_BYTES		sizeof(struct gch_go_tail)
#define PTRS_BYTES		(GCH_GO_PAGE_SIZE / 8 / 8)
/* Objects from here on have a mark byte for every 64 bytes, not 16. */
#define GCH_GO_COARSE		64U
#define SPAN_WORDS		16

/* No arena is larger, in bytes and in pages of 8 KiB. */
#define GCH_GO_ARENA_MAX	SZ_4M
#define GCH_GO_ARENA_PAGES	(GCH_GO_ARENA_MAX / GCH_GO_PAGE_SIZE)

struct gch_go_arena;
struct gch_go_free;

/**
 * struct gch_go_span - a run of pages with objects of one size class
 * @alloc_cache: the window: objects below @freeindex that are free, and zeroed; the
 *	last of the groups of 64 that begin below it, a bit each
 * @window: reference to the first object of that group
 * @mask: as in its tail
 * @size: bytes of an object
 * @mixed: as in its tail
 * @class: span class: size class times two, plus one if noscan
 * @tag: of references to its objects
 * @step: objects that become the window at a time: a power of two up to 64
 * @base: its first byte
 * @nelems: objects it has room for
 * @freeindex: objects below it are allocated, but for the window
 * @alloc_count: objects allocated, and those of the window
 * @needzero: what is free has been written to; of any free page likewise
 * @back: which page of its span a page is, with %GCH_GO_VIA_ARENA; of any page
 * @npages: pages of 8 KiB; 0 if the span is not in use
 * @gen: sweep generation in which it was last swept
 * @born_gen: one more than the sweep generation in which a snapshot was taken while
 *	a CPU had it to allocate from
 * @born_from: its @freeindex when the CPU began to do so, or at the instant
 * @born_window: its @alloc_cache likewise
 * @node: in a list of its mcentral
 * @arena: where its pages are
 * @alloc_bits: objects that the last sweep found alive
 * @mark_bits: of a SPAN_OTHER span
 */
struct gch_go_span {
	/* What an allocation needs. */
	u64 alloc_cache;
	unsigned long window;
	u64 mask;
	u32 size;
	bool mixed;
	u8 class;
	u8 tag;
	u8 step;

	void *base;
	u16 nelems;
	u16 freeindex;
	u16 alloc_count;
	bool needzero;
	u8 back;
	u16 npages;
	u16 born_from;
	u32 gen;
	u32 born_gen;
	u64 born_window;
	struct list_head node;
	struct gch_go_arena *arena;
	unsigned long alloc_bits[SPAN_WORDS];
	unsigned long mark_bits[SPAN_WORDS];
};

/**
 * struct gch_go_arena - a block of pages
 * @node: in the list of all; only the collector removes from it
 * @free_node: in the list of those with as many free pages in a row
 * @base: its first byte
 * @id: for people
 * @nid: the NUMA node of its memory
 * @order: of the block
 * @npages: pages of 8 KiB
 * @nfree: how many are free
 * @run: the most that are in a row, as far as they are told apart; 0 on no list
 * @whole: whether it is listed as one that is free as a whole
 * @used: bitmap of pages in use
 * @spans: by number of their first page
 */
struct gch_go_arena {
	struct list_head node;
	struct list_head free_node;
	void *base;
	u32 id;
	int nid;
	u32 order;
	u32 npages;
	u32 nfree;
	u8 run;
	bool whole;
	unsigned long used[BITS_TO_LONGS(GCH_GO_ARENA_PAGES)];
	struct gch_go_span spans[];
};

/**
 * struct gch_go_large - an object of its own pages
 * @node: in the heap's list
 * @addr: its first byte
 * @type: its type
 * @bytes: its size
 * @nr_refs: references, if the type is variable
 * @order: of its pages
 * @gen: sweep generation in which it was allocated or last swept
 * @mark: marked in this cycle, &enum gch_go_large_mark
 * @id: for people
 */
struct gch_go_large {
	struct list_head node;
	void *addr;
	struct gch_type *type;
	u32 bytes;
	u32 nr_refs;
	u32 order;
	u32 gen;
	unsigned long mark;
	u64 id;
};

/* So often a call waits at the soft limit. */
#define GCH_GO_LIMIT_WAITS	2
/* Below the limit so much is left to the work buffers of a cycle. */
#define GCH_GO_SOFT_RESERVE	SZ_128K

/* Marked in one go, in a section. */
#define GCH_GO_SHADE_MAX	128

/* Why a worker marks. */
enum gch_go_mode {
	GCH_GO_DEDICATED,
	GCH_GO_FRACTIONAL,
	GCH_GO_IDLE,
};

/**
 * struct gch_go_share - a worker that marks
 * @joined: it has begun to
 * @dedicated: until nothing is left
 * @mode: why it marks now
 * @since: since when, by ktime_get_ns()
 * @woke: when it has slept last
 */
struct gch_go_share {
	bool joined;
	bool dedicated;
	enum gch_go_mode mode;
	u64 since;
	u64 woke;
};

/**
 * struct gch_go_mcache - what one CPU allocates from and shades into
 * @lock: taken to adapt to a change of the heap's state, which the CPU does, or the
 *	collector for it
 * @state: the heap's state to which the cache was adapted last
 * @fast: the state in which to allocate is to take an object of the window, and to
 *	mark it if a cycle runs; %STATE_NONE if there is none
 * @nr_shaded: entries of @shaded
 * @shades: raised before one of them is marked, or work is taken, by a section
 * @black: bytes that it has allocated black, ever
 * @mark_ns: time that its worker has marked in this cycle; the worker's
 * @share: that worker's share; likewise
 * @span: the span of each span class that it allocates from; none is of class 0
 * @allocs: objects that it has allocated, ever, by span class
 * @freed: objects that it has found dead, ever, by span class
 * @shaded: what stores have shaded: gray, if it is not marked already
 * @work: its work buffers
 */
struct gch_go_mcache {
	u32 state;
	u32 fast;
	u32 nr_shaded;
	raw_spinlock_t lock;		/* see above */
	u64 shades;
	u64 black;
	u64 mark_ns;
	struct gch_go_share share;
	struct gch_go_span *span[GCH_GO_SPAN_CLASSES];
	u64 allocs[GCH_GO_SPAN_CLASSES];
	u64 freed[GCH_GO_SPAN_CLASSES];
	unsigned long shaded[GCH_GO_SHADE_MAX];
	struct gch_go_work work;
};

/**
 * struct gch_go_mcentral - the spans of one span class that no CPU has
 * @lock: protects the lists
 * @partial: with free objects, by parity of the generation that swept them
 * @full: without
 */
struct gch_go_mcentral {
	raw_spinlock_t lock;
	struct list_head partial[2];
	struct list_head full[2];
} ____cacheline_aligned_in_smp;

/**
 * struct gch_go_heap - a heap of this engine
 * @base: the core's part
 * @state: sweep generation, barrier and phase; written by the collector only
 * @barrier: of the present cycle; under &gch_heap.cycle_lock
 * @stw: when it stops mutators; likewise
 * @stopped_at: when that was
 * @poison: what is free is filled with a pattern
 * @overflow: gray objects are listed nowhere, for want of a work buffer
 * @kicked: a cycle has been asked for
 * @phase_wait: who waits for the end of %PHASE_TERM or %PHASE_STOP
 * @mcache: the caches of the CPUs
 * @central: the lists behind them, by span class
 * @heap_lock: protects the arenas and their bitmaps
 * @arenas: all of them
 * @free: those with free pages, by NUMA node
 * @pages: pages of 8 KiB of all of them
 * @free_pages: how many of them are free
 * @empty_pages: how many of those are of arenas that are free as a whole
 * @last_arena: id of the newest
 * @large_lock: protects @larges
 * @larges: the large objects
 * @nr_large: their number
 * @last_large: id of the newest
 * @nr_full: buffers with work, of all CPUs
 * @hungry: a mutator would mark if there were work
 * @marker: of the present cycle, &enum gcheap_marker; written before it begins
 * @snap: the snapshot that the present cycle takes, or NULL; likewise
 * @draining: workers that have work in their hands, or look for some
 * @joined: workers that have begun to mark, of which the first are dedicated
 * @dedicated: how many; of the present cycle
 * @fraction: percent of their CPU that the others may have; likewise
 * @live: bytes allocated and not known to be dead
 * @marked_bytes: bytes that this cycle has marked
 * @credit: bytes that its workers have, beyond what mutators owe
 * @shared_ns: time that all workers but the dedicated ones have marked in it
 * @mark_start: when it began
 * @assist_before: time spent on assists when it began
 * @pace_lock: protects changes of @pacer
 * @pacer: when a cycle starts, and what mutators owe it
 * @limiter: whether collecting takes too much processor time; under @pace_lock
 * @limiter_time: when that was last looked at
 * @limiter_gc: processor time that collecting had taken from mutators by then
 * @limiter_on: how often it had taken too much
 * @limiter_ns: for how long, up to @limiter_time
 * @stalled_ns: processor time that mutators have not used since they waited for the
 *	collector
 * @black_before: gch_go_black() when the cycle began
 * @sweep_pages: pages that have to be swept until @sweep_way bytes more are
 *	live; 0 when all are
 * @sweep_way: see there
 * @swept_pages: how many have been
 * @sweep_class: the workers have swept the span classes before it
 * @in_use: bytes of pages in use when the last cycle had marked
 * @last_goal: the goal that it had
 * @last_live: live bytes then, before those that it found dead were subtracted
 * @frame_bytes: those of frames then
 * @born: when the heap was made, by ktime_get_ns()
 * @retain: the heap keeps so much
 * @returned: bytes given back, in all; under &gch_heap.cycle_lock
 * @pressed: memory is short: the next cycle keeps nothing that is empty
 * @pressed_at: in jiffies, when that last started one
 * @scavenge_work: gives back what is more than @retain
 * @nr_units: spans in use
 */
struct gch_go_heap {
	struct gch_heap base;
	u32 state;
	u32 barrier;
	u32 stw;
	u64 stopped_at;
	bool poison;
	atomic_t overflow;
	atomic_t kicked;
	wait_queue_head_t phase_wait;
	struct gch_go_mcache __percpu *mcache;
	struct gch_go_mcentral central[GCH_GO_SPAN_CLASSES];

	raw_spinlock_t heap_lock;	/* see above */
	struct list_head arenas;
	struct gch_go_free *free;
	u64 pages;
	u64 free_pages;
	u64 empty_pages;
	u32 last_arena;

	raw_spinlock_t large_lock;	/* see above */
	struct list_head larges;
	u32 nr_large;
	u64 last_large;

	atomic_t nr_full;
	bool hungry;
	u8 marker;
	struct gch_go_snap *snap;
	atomic_t draining;
	atomic_t joined;
	unsigned int dedicated;
	unsigned int fraction;

	atomic64_t live;
	atomic64_t marked_bytes;
	atomic64_t credit;
	atomic64_t shared_ns;
	u64 mark_start;
	u64 assist_before;
	raw_spinlock_t pace_lock;	/* see above */
	struct gch_go_pacer pacer;
	struct gch_go_limiter limiter;
	u64 limiter_time;
	u64 limiter_gc;
	u64 limiter_on;
	u64 limiter_ns;
	atomic64_t stalled_ns;
	u64 black_before;
	u64 sweep_pages;
	u64 sweep_way;
	atomic64_t swept_pages;
	unsigned int sweep_class;
	u64 in_use;
	u64 last_goal;
	u64 last_live;
	u64 frame_bytes;
	u64 born;
	u64 retain;
	u64 returned;
	bool pressed;
	unsigned long pressed_at;
	struct delayed_work scavenge_work;
	atomic_t nr_units;
};

/**
 * struct gch_go_mutator - a mutator of this engine
 * @base: the core's part
 * @stash: large object whose pages were taken for the call that is repeated
 * @want_large: &gch_mutator.want is the size of a large object, not of a span
 * @collections: run for want of memory by the present call
 * @limit_waits: how often it has waited at the soft limit
 * @debt: bytes to mark for what was allocated; less than 0 if more was marked
 * @debt_gen: sweep generation of the cycle that it is owed to
 */
struct gch_go_mutator {
	struct gch_mutator base;
	struct gch_go_large *stash;
	bool want_large;
	unsigned int collections;
	unsigned int limit_waits;
	s64 debt;
	u32 debt_gen;
};

/**
 * struct gch_go_times - what a cycle took
 * @start: when it began, by ktime_get_ns()
 * @mark: when barriers were on
 * @term: when all was taken to be marked, the last time
 * @end: when the sweep generation changed
 * @gc: processor time of workers and assists
 * @assist: how much of it assists had
 * @stopped: how long mutators were stopped
 * @report: what is reported of it
 */
struct gch_go_times {
	u64 start;
	u64 mark;
	u64 term;
	u64 end;
	u64 gc;
	u64 assist;
	u64 stopped;
	struct gch_report report;
};

static inline struct gch_go_heap *to_go(struct gch_heap *heap)
{
	return container_of(heap, struct gch_go_heap, base);
}

static inline struct gch_go_mutator *to_go_mutator(struct gch_mutator *m)
{
	return container_of(m, struct gch_go_mutator, base);
}

static __always_inline unsigned long ref_addr(unsigned long ref)
{
	return ref & ~(unsigned long)REF_MASK;
}

static __always_inline bool is_inline_ref(unsigned long ref)
{
	BUILD_BUG_ON(SPAN_INLINE16 != 0 || SPAN_INLINE64 != 3);
	return !((ref ^ ref >> 1) & 1);
}

static __always_inline struct gch_go_tail *tail_of(unsigned long addr)
{
	return (void *)((addr | (GCH_GO_PAGE_SIZE - 1)) + 1 - TAIL_BYTES);
}

/* The granule of an inline object's mark, as a shift; by its reference. */
static __always_inline unsigned int mark_shift(unsigned long ref)
{
	return ref & 1 ? 6 : 4;
}

/* The mark bytes of the page of an inline object. */
static __always_inline u8 *tail_marks(unsigned long ref)
{
	return (u8 *)tail_of(ref) - (GCH_GO_PAGE_SIZE >> mark_shift(ref));
}

static __always_inline u8 *mark_byte(unsigned long ref)
{
	return tail_marks(ref) +
	       ((ref & (GCH_GO_PAGE_SIZE - 1)) >> mark_shift(ref));
}

/* Does a marked object need no scan? Only greentea can tell of most. */
static __always_inline bool is_scanned(unsigned long ref)
{
	return is_inline_ref(ref) && READ_ONCE(*mark_byte(ref)) == SCANNED;
}

/* The pointer bitmap of the page of an inline object. */
static __always_inline unsigned long *tail_ptrs(unsigned long ref)
{
	return (void *)tail_marks(ref) - PTRS_BYTES;
}

static __always_inline void *page_meta(unsigned long addr)
{
	return (void *)page_private(virt_to_page((void *)addr));
}

/*
 * A kernel page that is larger than a span's has more than one span: its private word
 * leads to its arena, where each page of 8 KiB says how far it is to its span. Else the
 * private word is the span.
 */
#ifndef GCH_GO_VIA_ARENA
#define GCH_GO_VIA_ARENA	(PAGE_SHIFT > GCH_GO_PAGE_SHIFT)
#endif

/* The span of an object that is not large. */
static __always_inline struct gch_go_span *page_span(unsigned long addr)
{
	struct gch_go_arena *a = page_meta(addr);
	struct gch_go_span *s;

	if (!GCH_GO_VIA_ARENA)
		return page_meta(addr);
	s = &a->spans[(addr - (unsigned long)a->base) >> GCH_GO_PAGE_SHIFT];
	return s - s->back;
}

/* The private words of the pages of a large object, its descriptor and this. */
#define META_LARGE	1UL

static __always_inline struct gch_go_large *page_large(unsigned long addr)
{
	return page_meta(addr) - META_LARGE;
}

static inline bool gch_go_is_inline(const struct gch_go_span *s)
{
	return s->size >= GCH_GO_MIN_INLINE && s->size <= GCH_GO_MAX_INLINE;
}

static inline unsigned long gch_go_span_ref(const struct gch_go_span *s,
					    unsigned int i)
{
	return ((unsigned long)s->base + (size_t)i * s->size) |
	       s->tag;
}

/* The pointer bitmap of a scan span of objects of at most 512 bytes. */
static inline unsigned long *gch_go_span_ptrs(const struct gch_go_span *s)
{
	if (gch_go_is_inline(s))
		return tail_ptrs(gch_go_span_ref(s, 0));
	return s->base + GCH_GO_PAGE_SIZE - PTRS_BYTES;
}

/* Has an object been handed out, and not been swept since? */
static inline bool gch_go_is_allocated(const struct gch_go_span *s,
				       unsigned int i)
{
	if (i >= s->freeindex)
		return test_bit(i, s->alloc_bits);
	return i / 64 < (s->freeindex - 1U) / 64 ||
	       !(s->alloc_cache & BIT_ULL(i % 64));
}

/* How many objects have been? Exact for the owner of the span. */
static inline unsigned int gch_go_span_count(const struct gch_go_span *s)
{
	u64 window = READ_ONCE(s->alloc_cache);

	return READ_ONCE(s->alloc_count) - (window ? hweight64(window) : 0);
}

/* sizeclass.c */
extern u16 gch_go_class_size[GCH_GO_CLASSES];
extern u8 gch_go_class_pages[GCH_GO_CLASSES];
extern u32 gch_go_class_magic[GCH_GO_CLASSES];
extern u8 gch_go_fine_class[];
int gch_go_classes_init(void);
unsigned int gch_go_size_class(u32 bytes);

/* The class of a size: by units of 8 up to 1024. */
#define GCH_GO_FINE_MAX		1024U
#define GCH_GO_FINE_UNIT	8U

static __always_inline unsigned int gch_go_fine(u32 bytes)
{
	return gch_go_fine_class[DIV_ROUND_UP(bytes, GCH_GO_FINE_UNIT)];
}

/* The number of the object that begins @offset bytes into its span. */
static __always_inline unsigned int gch_go_index(unsigned int class, u32 offset)
{
	return ((u64)offset * gch_go_class_magic[class]) >> 32;
}

/* mheap.c */
int gch_go_arenas_init(struct gch_go_heap *h);
struct gch_go_span *gch_go_span_alloc(struct gch_go_heap *h, unsigned int class,
				      u32 gen, bool far);
void gch_go_span_free(struct gch_go_heap *h, struct gch_go_span *s);
void gch_go_spans_free(struct gch_go_heap *h, struct list_head *spans);
size_t gch_go_arena_charge(unsigned int npages);
int gch_go_arena_add(struct gch_go_heap *h, unsigned int npages);
int gch_go_arena_add_near(struct gch_go_heap *h, unsigned int npages);
u64 gch_go_arenas_trim(struct gch_go_heap *h, unsigned int nr);
void gch_go_arenas_free(struct gch_go_heap *h);

/* mcentral.c */
void gch_go_central_init(struct gch_go_heap *h);
int gch_go_central_get(struct gch_go_heap *h, unsigned int class, u32 gen,
		       struct gch_go_span **span);
void gch_go_central_put(struct gch_go_heap *h, struct gch_go_span *s, u32 gen);
void gch_go_central_put_unswept(struct gch_go_heap *h, struct gch_go_span *s,
				u32 gen);
void gch_go_central_put_all(struct gch_go_heap *h, unsigned int class, u32 gen,
			    struct list_head *spans);
unsigned int gch_go_central_unswept(struct gch_go_heap *h, unsigned int class,
				    u32 gen, struct list_head *spans,
				    unsigned int max);

/* mcache.c */
void gch_go_cache_init(struct gch_go_heap *h);
void gch_go_typed(struct gch_type *type);
void gch_go_cache_adapt(struct gch_go_heap *h, struct gch_go_mcache *c,
			u32 state);
void gch_go_span_refill(struct gch_go_span *s);

/* large.c */
struct gch_go_large *gch_go_large_new(struct gch_go_heap *h, u32 bytes);
void gch_go_large_free(struct gch_go_heap *h, struct gch_go_large *l);
void gch_go_large_sweep(struct gch_go_heap *h);
void gch_go_larges_free(struct gch_go_heap *h);

/* barrier.c */
int gch_go_assign_slow(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
		       void **place, void *ref);
void gch_go_assign_born(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
			void **place, void *ref);

/*
 * Writes a reference, in a section that has read @state; 0 or -EAGAIN. While no
 * cycle runs this is all of the write barrier.
 */
static __always_inline int gch_go_assign_at(struct gch_go_heap *h,
					    struct gch_mutator *m, u32 state,
					    void **place, void *ref)
{
	if (unlikely(STATE_PHASE(state) != PHASE_OFF))
		return gch_go_assign_slow(h, m, state, place, ref);
	/* Who reads it on another CPU sees the object as it was made. */
	gch_store_release(place, ref);
	return 0;
}

/* Does the barrier of a section that has read @state shade what is written? */
static __always_inline bool gch_go_shades_new(u32 state)
{
	unsigned int phase = STATE_PHASE(state);

	return phase != PHASE_OFF && phase <= PHASE_TERM &&
	       (STATE_BARRIER(state) != GCHEAP_BARRIER_YUASA ||
		phase == PHASE_SYNC);
}

typedef void (*gch_go_edge_fn)(void *arg, unsigned long ref);

bool gch_go_mark(unsigned long ref);
void gch_go_mark_born(unsigned long ref);
bool gch_go_is_marked(unsigned long ref);
void gch_go_shaded_flush(struct gch_go_heap *h, struct gch_go_mcache *c,
			 struct gch_mutator *m);
void gch_go_shaded_visit(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg);
void gch_go_shaded_drop(struct gch_go_heap *h);
u64 gch_go_shades(struct gch_go_heap *h);
bool gch_go_is_shaded(struct gch_go_heap *h);

/* Has its CPU few spare work buffers left for sections? */
static inline bool gch_go_bufs_low(const struct gch_go_mcache *c)
{
	return READ_ONCE(c->work.nr_empty) < GCH_GO_BUFS_LOW;
}

/* Shades an object, in a section of the mutator. */
static __always_inline void gch_go_shade(struct gch_go_heap *h,
					 struct gch_mutator *m,
					 unsigned long ref)
{
	struct gch_go_mcache *c = m->cache;
	u32 n = c->nr_shaded;

	if (!ref)
		return;
	WRITE_ONCE(c->shaded[n], ref);
	/* Who finds the number finds the entry: gch_go_is_shaded(). */
	gch_store_release(&c->nr_shaded, n + 1);
	if (unlikely(n + 1 == GCH_GO_SHADE_MAX))
		gch_go_shaded_flush(h, c, m);
}

u64 gch_go_black(struct gch_go_heap *h);

/* object.c */
void gch_go_visit_refs(unsigned long ref, gch_go_edge_fn fn, void *arg);
u32 gch_go_object_size(unsigned long ref);

/* pace.c */
void gch_go_pace(struct gch_go_heap *h);
void gch_go_pace_begin(struct gch_go_heap *h);
void gch_go_pace_end(struct gch_go_heap *h);
void gch_go_pace_swept(struct gch_go_heap *h);
bool gch_go_cycle_due(struct gch_go_heap *h, u64 live, bool fresh);
bool gch_go_limiter_holds(struct gch_go_heap *h);
void gch_go_stalled(struct gch_go_heap *h, u64 ns);
u64 gch_go_limiter_time(struct gch_go_heap *h);
u64 gch_go_time(struct gch_go_heap *h);

/* limit.c */
size_t gch_go_to_take(const struct gch_go_mutator *gm, size_t least);
int gch_go_limit_wait(struct gch_go_heap *h, struct gch_go_mutator *gm,
		      u64 started);

/* assist.c */
void gch_go_owe(struct gch_go_heap *h, struct gch_mutator *m, u32 state,
		u64 live, u64 bytes);
int gch_go_assist(struct gch_go_heap *h, struct gch_mutator *m, u32 state);
void gch_go_nap(struct gch_go_heap *h);

/* share.c */
unsigned int gch_go_share(unsigned int percent, unsigned int cpus,
			  unsigned int *fraction);
bool gch_go_share_due(u64 all, unsigned int fraction, unsigned int cpus,
		      u64 own, u64 shared);
bool gch_go_share_turn(const struct gch_go_share *s);
void gch_go_share_begin(struct gch_go_heap *h);
void gch_go_share_reset(struct gch_go_heap *h);
void gch_go_share_join(struct gch_go_heap *h, struct gch_go_share *s);
bool gch_go_share_allows(struct gch_go_heap *h, struct gch_go_share *s);
bool gch_go_share_next(struct gch_go_heap *h, struct gch_go_share *s);
void gch_go_share_end(struct gch_go_heap *h, struct gch_go_share *s);
bool gch_go_share_leaves(u64 since);

/* mark.c */
void gch_go_mark_roots(struct gch_go_heap *h);
void gch_go_mark_drain(struct gch_go_heap *h);
bool gch_go_mark_more(struct gch_go_heap *h);
u64 gch_go_mark_some(struct gch_go_heap *h, struct gch_mutator *m, u64 work,
		     u64 deadline);

/* sweep.c */
typedef void (*gch_go_span_fn)(void *arg, struct gch_go_span *s);
void gch_go_visit_spans(struct gch_go_heap *h, gch_go_span_fn fn, void *arg);
void gch_go_visit_marked(struct gch_go_heap *h, gch_go_edge_fn fn, void *arg);
void gch_go_sweep_span(struct gch_go_heap *h, struct gch_go_span *s, u32 gen);
void gch_go_sweep_begin(struct gch_go_heap *h);
void gch_go_sweep_all(struct gch_go_heap *h);
u64 gch_go_sweep_owed(struct gch_go_heap *h, u64 live);
void gch_go_sweep_some(struct gch_go_heap *h, u32 gen, u64 deadline);

/* scavenge.c */
void gch_go_scavenge_init(struct gch_go_heap *h);
void gch_go_scavenge_exit(struct gch_go_heap *h);
void gch_go_scavenge(struct gch_go_heap *h);
void gch_go_release_for(struct gch_go_heap *h, size_t bytes);
u64 gch_go_shrink_count(struct gch_heap *heap);
u64 gch_go_shrink(struct gch_heap *heap, u64 pages);

/* cycle.c */
int gch_go_collect(struct gch_heap *heap, unsigned int generation);
u32 gch_go_stop(struct gch_go_heap *h);
void gch_go_start(struct gch_go_heap *h, u32 state);

/* snapshot.c */
struct gch_go_snap;
int gch_go_snapshot(struct gch_heap *heap, struct gch_snapshot *out);
void gch_go_snap_store(struct gch_go_heap *h, struct gch_mutator *m,
		       void **place);
bool gch_go_snap_low(const struct gch_go_heap *h, u32 state);
void gch_go_snap_fill(struct gch_go_heap *h);
void gch_go_snap_span(struct gch_go_span *s, u32 gen);
void gch_go_snap_begin(struct gch_go_heap *h);
void gch_go_snap_roots(struct gch_go_heap *h);
void gch_go_snap_objects(struct gch_go_heap *h);

/* trace.c */
void gch_go_trace_begin(struct gch_go_heap *h, struct gch_go_times *t);
void gch_go_trace_end(struct gch_go_heap *h, struct gch_go_times *t);

/* validate.c */
int gch_go_validate(struct gch_heap *heap);
int gch_go_check_marks(struct gch_go_heap *h);

/* show.c */
u64 gch_go_allocs(struct gch_go_heap *h, unsigned int class);
u64 gch_go_freed(struct gch_go_heap *h, unsigned int class);
u64 gch_go_alloc_bytes(struct gch_go_heap *h);
void gch_go_show(struct gch_heap *heap, struct seq_file *seq,
		 enum gch_view view);
void gch_go_stats(struct gch_heap *heap, struct gch_stats *stats);

#endif /* _GCH_GO_H */
