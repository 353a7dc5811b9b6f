// SPDX-License-Identifier: GPL-2.0
/*
 * The marker
 *
 * Work is kept in buffers of one page, as in Go's mgcwork.go: a worker fills and
 * empties one of its own, last in, first out, and exchanges whole ones with the
 * heap's list. Between the two and the scan stands a short queue: what is in it
 * has been prefetched, mark bits and object, when it comes to its end.
 *
 * When no buffer can be had, a reference's object is marked where it was found and
 * the heap's overflow is set: the collector then scans every marked object once
 * more. Each such round has marked something, so there is a last one: marking
 * needs memory to be quick but not to be right.
 *
 * work_lock protects the lists of buffers.
 */
#include "object.h"

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/prefetch.h>

/* Objects on their way through the cache. */
#define FIFO_DEPTH	16U
/* Objects between looks at whether others are idle, and the clock. */
#define CHECK_EVERY	512U
/* How long a worker rests, at least, while it may not mark. */
#define REST_US		100U
/* Objects between looks at the clock where a mutator marks. */
#define ASSIST_CHECK	16U
/* References of an object that are left to the workers if there are more. */
#define REFS_BRIEF	4096U

/* The buffer is a stack from @base up to @limit, the next reference to @sp. */
struct marker {
	struct gch_go_heap *h;
	struct gch_go_workbuf *buf;
	unsigned long *sp;
	unsigned long *base;
	unsigned long *limit;
	u64 objects;
	u64 bytes;
};

static struct gch_go_workbuf *pop_buf(struct gch_go_workbuf **list)
{
	struct gch_go_workbuf *b = *list;

	if (b)
		*list = b->next;
	return b;
}

/**
 * gch_go_buf_get - takes an empty work buffer
 * @h: the heap
 *
 * Context: any but interrupts; preemption may be on.
 * Return: the buffer, or NULL; a caller that loses gray objects sets overflow.
 */
struct gch_go_workbuf *gch_go_buf_get(struct gch_go_heap *h)
{
	struct gch_go_workbuf *b;

	preempt_disable();
	raw_spin_lock(&h->work_lock);
	b = pop_buf(&h->empty_bufs);
	raw_spin_unlock(&h->work_lock);
	preempt_enable();
	if (!b)
		b = (void *)__get_free_page(GFP_NOWAIT | __GFP_NOWARN);
	if (b)
		b->nr = 0;
	return b;
}

/**
 * gch_go_buf_put_full - offers a buffer with work to all workers
 * @h: the heap
 * @b: the buffer
 *
 * Context: any but interrupts.
 */
void gch_go_buf_put_full(struct gch_go_heap *h, struct gch_go_workbuf *b)
{
	preempt_disable();
	raw_spin_lock(&h->work_lock);
	b->next = h->full_bufs;
	h->full_bufs = b;
	atomic_inc(&h->nr_full);
	raw_spin_unlock(&h->work_lock);
	preempt_enable();
}

static void put_empty(struct gch_go_heap *h, struct gch_go_workbuf *b)
{
	preempt_disable();
	raw_spin_lock(&h->work_lock);
	b->next = h->empty_bufs;
	h->empty_bufs = b;
	raw_spin_unlock(&h->work_lock);
	preempt_enable();
}

/**
 * gch_go_bufs_init - gives a heap the work buffer that it always has
 * @h: the heap
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM.
 */
int gch_go_bufs_init(struct gch_go_heap *h)
{
	struct gch_go_workbuf *b = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);

	if (!b)
		return -ENOMEM;
	put_empty(h, b);
	return 0;
}

static struct gch_go_workbuf *get_full(struct gch_go_heap *h)
{
	struct gch_go_workbuf *b;

	if (!atomic_read(&h->nr_full))
		return NULL;
	preempt_disable();
	raw_spin_lock(&h->work_lock);
	b = pop_buf(&h->full_bufs);
	if (b)
		atomic_dec(&h->nr_full);
	raw_spin_unlock(&h->work_lock);
	preempt_enable();
	return b;
}

static void free_list(struct gch_go_workbuf *b)
{
	struct gch_go_workbuf *next;

	for (; b; b = next) {
		next = b->next;
		free_page((unsigned long)b);
		cond_resched();
	}
}

/**
 * gch_go_bufs_free - frees the work buffers
 * @h: the heap; no cycle marks
 * @keep: all but one
 *
 * With one alone the marker still gets on well.
 *
 * Context: process context, may sleep.
 */
void gch_go_bufs_free(struct gch_go_heap *h, bool keep)
{
	struct gch_go_workbuf *empty, *full;

	preempt_disable();
	raw_spin_lock(&h->work_lock);
	empty = h->empty_bufs;
	full = h->full_bufs;
	h->empty_bufs = NULL;
	h->full_bufs = NULL;
	atomic_set(&h->nr_full, 0);
	raw_spin_unlock(&h->work_lock);
	preempt_enable();
	if (keep && empty) {
		struct gch_go_workbuf *rest = empty->next;

		put_empty(h, empty);
		empty = rest;
	}
	free_list(empty);
	free_list(full);
}

/* Makes a buffer the worker's own. */
static void use_buf(struct marker *k, struct gch_go_workbuf *b)
{
	k->buf = b;
	k->base = b ? b->ref : NULL;
	k->limit = b ? b->ref + ARRAY_SIZE(b->ref) : NULL;
	k->sp = b ? b->ref + b->nr : NULL;
}

static void count(struct marker *k, unsigned long ref)
{
	k->objects++;
	k->bytes += gch_go_object_size(ref);
}

/* There is no buffer: gray without being listed, until all is scanned again. */
static void mark_unlisted(struct marker *k, unsigned long ref)
{
	if (!gch_go_mark(ref))
		return;
	count(k, ref);
	atomic_set(&k->h->overflow, 1);
}

/* Hands the older half of what this worker has to all, if there is a buffer. */
static bool give_half(struct marker *k)
{
	struct gch_go_workbuf *half = gch_go_buf_get(k->h);
	unsigned long n = (k->sp - k->base) / 2;

	if (!half)
		return false;
	memcpy(half->ref, k->base, n * sizeof(*k->base));
	k->sp -= n;
	memmove(k->base, k->base + n, (k->sp - k->base) * sizeof(*k->base));
	half->nr = n;
	gch_go_buf_put_full(k->h, half);
	return true;
}

/* The worker's buffer is full, or it has none. */
static noinline void push_slow(struct marker *k, unsigned long ref)
{
	bool room;

	if (!k->buf) {
		use_buf(k, gch_go_buf_get(k->h));
		room = k->buf;
	} else {
		room = give_half(k);
	}
	if (room)
		*k->sp++ = ref;
	else
		mark_unlisted(k, ref);
}

static void push(struct marker *k, unsigned long ref)
{
	if (unlikely(k->sp == k->limit))
		push_slow(k, ref);
	else
		*k->sp++ = ref;
}

static void push_edge(void *arg, unsigned long ref)
{
	push(arg, ref);
}

/* The worker's buffer is empty, or it has none; false if there is no work. */
static noinline bool pop_slow(struct marker *k)
{
	struct gch_go_workbuf *b = get_full(k->h);

	if (!b)
		return false;
	if (k->buf)
		put_empty(k->h, k->buf);
	use_buf(k, b);
	return true;
}

/*
 * What is needed of an object when its turn comes. A tail's line is good for all
 * objects of a page, but it is not the one with the marks.
 */
static __always_inline void fetch(unsigned long ref)
{
	if (is_inline_ref(ref)) {
		prefetchw(mark_byte(ref));
		prefetch(tail_of(ref));
	}
	prefetch((void *)ref_addr(ref));
}

/* Anything but an inline object. */
static noinline void step_other(struct marker *k, unsigned long ref)
{
	if (!(ref & REF_GRAY)) {
		if (gch_go_is_marked(ref))
			return;
		if (!gch_go_mark(ref)) {
			/* It has no references, or somebody else was first. */
			count(k, ref);
			return;
		}
	}
	count(k, ref);
	gch_go_scan(ref, push_edge, k);
}

/* What is kept in registers. */
struct hot {
	unsigned long *sp;
	u64 objects;
	u64 bytes;
};

static __always_inline void step(struct marker *k, struct hot *r,
				 unsigned long ref)
{
	unsigned long *words = (unsigned long *)ref_addr(ref), child;
	struct gch_go_tail *tail;
	u8 *mark;
	u64 bits;

	if (unlikely(!is_inline_ref(ref))) {
		k->sp = r->sp;
		step_other(k, ref);
		r->sp = k->sp;
		return;
	}
	mark = mark_byte(ref);
	if (READ_ONCE(*mark) && !(ref & REF_GRAY))
		return;
	WRITE_ONCE(*mark, 1);
	tail = tail_of(ref);
	r->objects++;
	r->bytes += tail->size;
	if (tail->class & 1)
		return;
	for (bits = gch_go_inline_bits(ref, tail); bits; bits &= bits - 1) {
		child = READ_ONCE(words[__ffs64(bits)]);
		if (!child)
			continue;
		if (unlikely(r->sp == k->limit)) {
			k->sp = r->sp;
			push_slow(k, child);
			r->sp = k->sp;
		} else {
			*r->sp++ = child;
		}
	}
}

/* What was in registers becomes the marker's. */
static __always_inline void keep(struct marker *k, struct hot *r)
{
	k->sp = r->sp;
	k->objects += r->objects;
	k->bytes += r->bytes;
	r->objects = 0;
	r->bytes = 0;
}

/* Half of what this worker has, for those who have nothing. */
static void offer(struct marker *k)
{
	if (k->sp - k->base < 8 || atomic_read(&k->h->nr_full) ||
	    (!atomic_read(&k->h->idle) && !READ_ONCE(k->h->hungry)))
		return;
	WRITE_ONCE(k->h->hungry, false);
	give_half(k);
}

/* What was marked, for the pacer, the mutators and the statistics. */
static void report(struct marker *k, bool credit)
{
	struct gch_go_heap *h = k->h;

	atomic64_add(k->bytes, &h->marked_bytes);
	if (credit)
		atomic64_add(k->bytes, &h->credit);
	preempt_disable();
	gch_count(h->base.cpu->marked, k->objects);
	preempt_enable();
	k->bytes = 0;
	k->objects = 0;
}

/*
 * Marks until there is nothing left, or until @share says that others need the
 * CPU more: then some is, in the marker's buffer or in the heap's.
 */
static void drain(struct marker *k, struct gch_go_share *share)
{
	unsigned long fifo[FIFO_DEPTH], ref;
	struct hot r = { .sp = k->sp };
	unsigned int head = 0, tail = 0;
	bool rest = false;

	for (;;) {
		while (tail - head < FIFO_DEPTH && !rest) {
			if (r.sp == k->base) {
				if (!atomic_read(&k->h->nr_full))
					break;
				k->sp = r.sp;
				if (!pop_slow(k))
					break;
				r.sp = k->sp;
			}
			ref = *--r.sp;
			fetch(ref);
			fifo[tail++ % FIFO_DEPTH] = ref;
		}
		if (head == tail)
			break;
		step(k, &r, fifo[head++ % FIFO_DEPTH]);
		if (unlikely(head % CHECK_EVERY == 0)) {
			keep(k, &r);
			offer(k);
			report(k, true);
			r.sp = k->sp;
			if (!share)
				cond_resched();
			else if (!rest)
				rest = !gch_go_share_next(k->h, share);
		}
	}
	keep(k, &r);
}

/*
 * Waits until there is work that this worker may do, or all who run are idle. Who
 * begins late finds nothing, and who ends late has found all others idle: nothing
 * is left then. Nobody waits for a worker whose CPU goes down.
 */
static bool wait_for_work(struct gch_go_heap *h, struct gch_go_share *share)
{
	bool work;

	atomic_inc(&h->idle);
	for (;;) {
		work = atomic_read(&h->nr_full);
		if (!work && atomic_read(&h->idle) >= atomic_read(&h->running))
			return false;
		if (work && gch_go_share_allows(h, share))
			break;
		if (kthread_should_park()) {
			atomic_dec(&h->idle);
			atomic_dec(&h->running);
			return false;
		}
		if (work)
			usleep_range(REST_US, 2 * REST_US);
		else
			usleep_range(10, 50);
	}
	atomic_dec(&h->idle);
	return true;
}

/* Leaves nothing in the marker's hands. */
static void hand_over(struct marker *k)
{
	struct gch_go_heap *h = k->h;

	if (!k->buf)
		return;
	k->buf->nr = k->sp - k->base;
	if (k->buf->nr)
		gch_go_buf_put_full(h, k->buf);
	else
		put_empty(h, k->buf);
	use_buf(k, NULL);
}

static void marker_end(struct marker *k, bool credit)
{
	hand_over(k);
	report(k, credit);
}

static void mark_on_cpu(void *arg, unsigned int cpu)
{
	struct gch_go_heap *h = arg;
	struct marker k = { .h = h };
	struct gch_go_share share;
	unsigned int *seq;

	atomic_inc(&h->running);
	seq = gch_section_enter();
	gch_go_shaded_flush(h, this_cpu_ptr(h->mcache));
	gch_section_leave(seq);
	if (!gch_worker_settle(&h->base)) {
		atomic_dec(&h->running);
		return;
	}
	gch_go_share_join(h, &share);
	do {
		drain(&k, &share);
		gch_go_share_end(h, &share);
		marker_end(&k, true);
	} while (wait_for_work(h, &share));
}

static void mark_places(void *arg, void **places, unsigned int nr)
{
	struct marker *k = arg;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		unsigned long ref = (unsigned long)READ_ONCE(places[i]);

		if (ref && !gch_go_is_marked(ref))
			push(k, ref);
	}
}

/* What a finalizer's object refers to is kept, itself it is not. */
static void mark_children(void *arg, void *ref, bool finalizer)
{
	struct marker *k = arg;

	if (finalizer && !gch_go_is_marked((unsigned long)ref))
		gch_go_scan((unsigned long)ref, push_edge, k);
}

/**
 * gch_go_mark_roots - makes the marker's first work of all frames and tables
 * @h: the heap
 *
 * And of finalizers. Whoever gets one later has its object in a slot.
 *
 * Context: process context, may sleep; takes &gch_heap.lock.
 */
void gch_go_mark_roots(struct gch_go_heap *h)
{
	struct marker k = { .h = h };

	mutex_lock(&h->base.lock);
	gch_visit_frames(&h->base, mark_places, &k);
	gch_visit_roots(&h->base, mark_places, &k);
	mutex_unlock(&h->base.lock);
	gch_visit_finals(&h->base, mark_children, &k);
	gch_visit_finalizing(&h->base, mark_places, &k);
	marker_end(&k, true);
}

static void rescan(void *arg, unsigned long ref)
{
	struct marker *k = arg;

	gch_go_scan(ref, push_edge, k);
	drain(k, NULL);
}

/* What a CPU had shaded when it went down. */
static void flush_offline(struct gch_go_heap *h)
{
	unsigned int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		if (cpu_online(cpu))
			continue;
		preempt_disable();
		gch_go_shaded_flush(h, per_cpu_ptr(h->mcache, cpu));
		preempt_enable();
	}
	cpus_read_unlock();
}

/**
 * gch_go_mark_drain - marks until the workers find nothing more
 * @h: the heap
 *
 * Every CPU hands in what it has shaded before its worker begins, unless it
 * comes or goes just then: gch_go_is_shaded() tells.
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_mark_drain(struct gch_go_heap *h)
{
	struct marker k = { .h = h };

	atomic_set(&h->running, 0);
	atomic_set(&h->idle, 0);
	atomic_set(&h->joined, 0);
	gch_workers_run(&h->base, mark_on_cpu, h);
	flush_offline(h);
	while (atomic_xchg(&h->overflow, 0)) {
		gch_go_visit_marked(h, rescan, &k);
		drain(&k, NULL);
	}
	marker_end(&k, true);
}

/**
 * gch_go_mark_more - is there work left?
 * @h: the heap
 *
 * A mutator that has taken work, and so emptied the list or its CPU's cache, has
 * raised its CPU's count of shades before: the caller reads that afterwards.
 *
 * Context: process context.
 * Return: whether there is.
 */
bool gch_go_mark_more(struct gch_go_heap *h)
{
	bool more;

	if (gch_go_is_shaded(h))
		return true;
	/* Pairs with the one in gch_go_mark_some(). */
	smp_rmb();
	preempt_disable();
	raw_spin_lock(&h->work_lock);
	more = h->full_bufs;
	raw_spin_unlock(&h->work_lock);
	preempt_enable();
	return more || atomic_read(&h->overflow);
}

/* Does an object take too long for a mutator to mark? */
static bool is_long(unsigned long ref)
{
	struct gch_go_large *l;

	if ((ref & TAG_MASK) != SPAN_LARGE)
		return false;
	l = page_meta(ref_addr(ref));
	return max(l->nr_refs, l->type->nr_refs) > REFS_BRIEF;
}

/*
 * Marks a few objects that have been prefetched together, or one of those that
 * take a while; false if there is none for a mutator.
 */
static bool step_briefly(struct marker *k)
{
	unsigned long ref[ASSIST_CHECK];
	unsigned int i, n = 0;
	struct hot r = {};

	if (k->sp == k->base && !pop_slow(k))
		return false;
	while (n < ASSIST_CHECK && k->sp != k->base && !is_long(k->sp[-1])) {
		ref[n] = *--k->sp;
		fetch(ref[n]);
		if (!is_inline_ref(ref[n++]))
			break;
	}
	r.sp = k->sp;
	for (i = 0; i < n; i++)
		step(k, &r, ref[i]);
	keep(k, &r);
	return n;
}

/**
 * gch_go_mark_some - marks for a while, for a mutator
 * @h: the heap
 * @work: bytes to mark, or a little more
 * @deadline: of ktime_get_ns(), when to stop
 *
 * Takes work that others have listed, or that this CPU has shaded. It goes back
 * before the section ends, and the CPU's count of shades is raised before it is
 * taken, so the end of marking is not found while a section has some.
 *
 * Context: in a section that has read phase MARK.
 * Return: bytes marked; 0 if there was nothing to do.
 */
u64 gch_go_mark_some(struct gch_go_heap *h, u64 work, u64 deadline)
{
	struct gch_go_mcache *c = this_cpu_ptr(h->mcache);
	struct marker k = { .h = h };
	u64 done;

	if (!atomic_read(&h->nr_full) && !c->nr_shaded) {
		WRITE_ONCE(h->hungry, true);
		return 0;
	}
	WRITE_ONCE(c->shades, c->shades + 1);
	/* The count before the cache and the list: see gch_go_mark_more(). */
	smp_wmb();
	if (!atomic_read(&h->nr_full))
		gch_go_shaded_flush(h, c);
	while (k.bytes < work && step_briefly(&k) && ktime_get_ns() < deadline)
		;
	done = k.bytes;
	marker_end(&k, false);
	return done;
}
