// SPDX-License-Identifier: GPL-2.0
/*
 * Work buffers: lists of gray objects
 *
 * A buffer is a page of references, as in Go's mgcwork.go. Each CPU has a list of
 * buffers with work and one of spare buffers. A CPU uses its own lists first, then
 * those of other CPUs. It waits for no lock but its own: it skips another CPU's list
 * whose lock is taken, and to list a buffer it tries the next CPU before it waits. So
 * CPUs do not take turns at one lock, even if a hypervisor preempts the holder.
 *
 * Sections do not allocate, since the page allocator needs preemption on with
 * PREEMPT_RT. They take spare buffers only. The collector adds some before barriers
 * come on; a worker before it begins; a mutator whose section has left few, with
 * GCH_WAIT_SUPPLY. If there is no buffer all the same, gray objects are not listed, see
 * mark_stack.c: correct, but slow.
 *
 * Pages count as held and are charged to the heap's memory cgroup. They are allocated
 * without waiting, and not beyond the heap's limit.
 *
 * &gch_go_work.lock, raw and with no other lock inside, protects the lists of a CPU.
 */
#include "workbuf.h"

#include <linux/cpumask.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "compat.h"
#include "go.h"

/*
 * The part of a heap's memory, one in this many, that spare buffers may keep between
 * cycles.
 */
#define KEEP_PART	256U

static struct gch_go_work *work_of(struct gch_go_heap *h, unsigned int cpu)
{
	return &per_cpu_ptr(h->mcache, cpu)->work;
}

static struct gch_go_workbuf *pop(struct gch_go_workbuf **list)
{
	struct gch_go_workbuf *b = *list;

	/* Read without the lock. */
	if (b)
		WRITE_ONCE(*list, b->next);
	return b;
}

static void push(struct gch_go_workbuf **list, struct gch_go_workbuf *b)
{
	b->next = *list;
	WRITE_ONCE(*list, b);
}

/* Takes a spare buffer of a CPU that has more than @least. */
static struct gch_go_workbuf *pop_empty(struct gch_go_work *w,
					unsigned int least, bool wait)
{
	struct gch_go_workbuf *b = NULL;

	if (READ_ONCE(w->nr_empty) <= least)
		return NULL;
	if (!raw_spin_trylock(&w->lock)) {
		if (!wait)
			return NULL;
		raw_spin_lock(&w->lock);
	}
	if (w->nr_empty > least) {
		b = pop(&w->empty);
		WRITE_ONCE(w->nr_empty, w->nr_empty - 1);
	}
	raw_spin_unlock(&w->lock);
	return b;
}

/* Takes a spare buffer of any CPU that has more than @least and whose lock is free. */
static struct gch_go_workbuf *steal_empty(struct gch_go_heap *h,
					  unsigned int least)
{
	struct gch_go_workbuf *b = NULL;
	unsigned int cpu;

	for_each_cpu_wrap(cpu, cpu_possible_mask, smp_processor_id()) {
		b = pop_empty(work_of(h, cpu), least, false);
		if (b)
			break;
	}
	return b;
}

/**
 * gch_go_buf_take - takes a spare work buffer
 * @h: the heap
 *
 * Context: any but interrupts.
 * Return: the buffer, empty; NULL if there is none: if the caller cannot list gray
 * objects then, it sets overflow.
 */
struct gch_go_workbuf *gch_go_buf_take(struct gch_go_heap *h)
{
	struct gch_go_workbuf *b;

	preempt_disable();
	b = pop_empty(work_of(h, smp_processor_id()), 0, true);
	if (!b)
		b = steal_empty(h, 0);
	preempt_enable();
	if (b)
		b->nr = 0;
	return b;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_buf_take);

static struct gch_go_workbuf *buf_new(struct gch_go_heap *h)
{
	return gch_memory_page(&h->base, GFP_NOWAIT);
}

/**
 * gch_go_buf_get - takes a spare work buffer, or allocates one
 * @h: the heap
 *
 * Context: process context outside sections.
 * Return: the buffer, empty; NULL if there is none, as gch_go_buf_take().
 */
struct gch_go_workbuf *gch_go_buf_get(struct gch_go_heap *h)
{
	struct gch_go_workbuf *b;

	preempt_disable();
	b = pop_empty(work_of(h, smp_processor_id()), 0, false);
	/* Leaves some to the sections of their CPU. */
	if (!b)
		b = steal_empty(h, GCH_GO_BUFS_FILL);
	preempt_enable();
	if (!b)
		b = buf_new(h);
	if (!b)
		return gch_go_buf_take(h);
	b->nr = 0;
	return b;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_buf_get);

static bool try_put(struct gch_go_heap *h, struct gch_go_work *w,
		    struct gch_go_workbuf *b, bool wait)
{
	if (!raw_spin_trylock(&w->lock)) {
		if (!wait)
			return false;
		raw_spin_lock(&w->lock);
	}
	if (b->nr) {
		push(&w->full, b);
		atomic_inc(&h->mark.nr_full);
	} else {
		push(&w->empty, b);
		WRITE_ONCE(w->nr_empty, w->nr_empty + 1);
	}
	raw_spin_unlock(&w->lock);
	return true;
}

/* Puts a buffer on a list of this CPU, or of a CPU whose lock is free. */
static void put(struct gch_go_heap *h, struct gch_go_workbuf *b)
{
	unsigned int cpu;

	preempt_disable();
	for_each_cpu_wrap(cpu, cpu_possible_mask, smp_processor_id())
		if (try_put(h, work_of(h, cpu), b, false))
			break;
	if (cpu >= nr_cpu_ids)
		try_put(h, work_of(h, smp_processor_id()), b, true);
	preempt_enable();
}

/**
 * gch_go_buf_put_full - lists a buffer with work for all workers
 * @h: the heap
 * @b: the buffer; not empty
 *
 * Context: any but interrupts.
 */
void gch_go_buf_put_full(struct gch_go_heap *h, struct gch_go_workbuf *b)
{
	put(h, b);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_buf_put_full);

/**
 * gch_go_buf_put_empty - gives a spare work buffer back
 * @h: the heap
 * @b: the buffer
 *
 * Context: any but interrupts.
 */
void gch_go_buf_put_empty(struct gch_go_heap *h, struct gch_go_workbuf *b)
{
	b->nr = 0;
	put(h, b);
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_buf_put_empty);

/* Appends to the buffer that the CPU has listed last, if there is room. */
static bool try_append(struct gch_go_work *w, const unsigned long *refs,
		       unsigned int nr)
{
	struct gch_go_workbuf *b;
	bool room;

	if (!READ_ONCE(w->full) || !raw_spin_trylock(&w->lock))
		return false;
	b = w->full;
	room = b && b->nr + nr <= ARRAY_SIZE(b->ref);
	if (room) {
		memcpy(b->ref + b->nr, refs, nr * sizeof(*refs));
		b->nr += nr;
	}
	raw_spin_unlock(&w->lock);
	return room;
}

/**
 * gch_go_work_add - lists gray objects for all workers
 * @h: the heap
 * @refs: references to them
 * @nr: their number, at most %GCH_GO_WBBUF_MAX
 *
 * Context: in a section, or with preemption off.
 * Return: true; false if there is no spare buffer.
 */
bool gch_go_work_add(struct gch_go_heap *h, const unsigned long *refs,
		     unsigned int nr)
{
	struct gch_go_workbuf *b;

	BUILD_BUG_ON(ARRAY_SIZE(b->ref) < GCH_GO_WBBUF_MAX);
	if (try_append(work_of(h, smp_processor_id()), refs, nr))
		return true;
	b = gch_go_buf_take(h);
	if (!b)
		return false;
	memcpy(b->ref, refs, nr * sizeof(*refs));
	b->nr = nr;
	put(h, b);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_work_add);

static struct gch_go_workbuf *pop_full(struct gch_go_heap *h,
				       struct gch_go_work *w)
{
	struct gch_go_workbuf *b;

	if (!READ_ONCE(w->full) || !raw_spin_trylock(&w->lock))
		return NULL;
	b = pop(&w->full);
	if (b)
		atomic_dec(&h->mark.nr_full);
	raw_spin_unlock(&w->lock);
	return b;
}

/**
 * gch_go_buf_get_full - takes a buffer with work
 * @h: the heap
 *
 * Context: any but interrupts.
 * Return: the buffer; NULL if no list has one, or if the lock of the list is taken.
 */
struct gch_go_workbuf *gch_go_buf_get_full(struct gch_go_heap *h)
{
	struct gch_go_workbuf *b = NULL;
	unsigned int cpu;

	if (!atomic_read(&h->mark.nr_full))
		return NULL;
	preempt_disable();
	for_each_cpu_wrap(cpu, cpu_possible_mask, smp_processor_id()) {
		b = pop_full(h, work_of(h, cpu));
		if (b)
			break;
	}
	preempt_enable();
	return b;
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_buf_get_full);

/**
 * gch_go_work_left - does any CPU list work?
 * @h: the heap
 *
 * A section raises its CPU's count of shades before it takes a buffer, so it may move
 * one between lists concurrently: the caller reads the counts afterwards.
 *
 * Context: process context.
 * Return: true if one does.
 */
bool gch_go_work_left(struct gch_go_heap *h)
{
	struct gch_go_work *w;
	bool left = false;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		w = work_of(h, cpu);
		preempt_disable();
		raw_spin_lock(&w->lock);
		left |= !!w->full;
		raw_spin_unlock(&w->lock);
		preempt_enable();
	}
	return left;
}

/**
 * gch_go_bufs_fill - allocates spare work buffers for sections on this CPU
 * @h: the heap
 * @nr: number of spare buffers to reach
 *
 * Context: process context outside sections.
 */
void gch_go_bufs_fill(struct gch_go_heap *h, unsigned int nr)
{
	struct gch_go_workbuf *b;
	unsigned int i;

	/* At most @nr times: the task may migrate to another CPU. */
	for (i = 0; i < nr; i++) {
		if (READ_ONCE(raw_cpu_ptr(h->mcache)->work.nr_empty) >= nr)
			break;
		b = buf_new(h);
		if (!b)
			break;
		gch_go_buf_put_empty(h, b);
	}
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_bufs_fill);

/**
 * gch_go_bufs_init - allocates the work buffer that a heap always has
 * @h: the heap, which has its caches
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM.
 */
int gch_go_bufs_init(struct gch_go_heap *h)
{
	struct gch_go_workbuf *b = gch_memory_page(&h->base, GFP_KERNEL);
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		raw_spin_lock_init(&work_of(h, cpu)->lock);
	if (!b)
		return -ENOMEM;
	gch_go_buf_put_empty(h, b);
	return 0;
}

static void free_list(struct gch_go_heap *h, struct gch_go_workbuf *b)
{
	struct gch_go_workbuf *next;

	for (; b; b = next) {
		next = b->next;
		gch_memory_page_put(&h->base, b);
		cond_resched();
	}
}

/* Takes all buffers of a CPU. */
static void take_lists(struct gch_go_heap *h, struct gch_go_work *w,
		       struct gch_go_workbuf **empty,
		       struct gch_go_workbuf **full)
{
	preempt_disable();
	raw_spin_lock(&w->lock);
	*empty = w->empty;
	*full = w->full;
	WRITE_ONCE(w->empty, NULL);
	WRITE_ONCE(w->full, NULL);
	WRITE_ONCE(w->nr_empty, 0);
	raw_spin_unlock(&w->lock);
	preempt_enable();
}

/* Number of buffers for the collector, and for the workers of a large heap. */
static unsigned int nr_to_keep(struct gch_go_heap *h)
{
	u64 part = gch_held_by_engine(&h->base) / KEEP_PART / PAGE_SIZE;

	return clamp_t(u64, part, 1, GCH_GO_BUFS_FILL + 2 * num_online_cpus());
}

/**
 * gch_go_bufs_free - frees the work buffers
 * @h: the heap; no cycle marks
 * @keep: keep a few of them
 *
 * At the limit the next cycle may get no others. The collector works with a single
 * buffer, but the workers of a large heap would be idle.
 *
 * Context: process context, may sleep.
 */
void gch_go_bufs_free(struct gch_go_heap *h, bool keep)
{
	unsigned int cpu, nr = keep ? nr_to_keep(h) : 0;
	struct gch_go_workbuf *empty, *full, *b, *kept = NULL;

	for_each_possible_cpu(cpu) {
		take_lists(h, work_of(h, cpu), &empty, &full);
		for (; nr && empty; nr--) {
			b = pop(&empty);
			push(&kept, b);
		}
		free_list(h, empty);
		free_list(h, full);
	}
	atomic_set(&h->mark.nr_full, 0);
	while (kept) {
		b = pop(&kept);
		gch_go_buf_put_empty(h, b);
	}
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_bufs_free);
