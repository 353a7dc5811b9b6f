// SPDX-License-Identifier: GPL-2.0
/*
 * A cycle in a line, as Go's gctrace=1 has it (runtime/mgc.go, gcMarkTermination):
 *
 *	gc 7 @0.512s 3%: 0.031+1.4+0.044 ms clock, 0.031+0.052/1.9/0+0.044 ms cpu,
 *	5->6->2 MB, 6 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)
 *
 * Where Go stops the world, before and after it marks, mutators go on here: the
 * first and the last time are those of SYNC and of TERM to OFF, on the one CPU that
 * changes the phases. Frames are stacks, root tables are globals.
 */
#include "go.h"

#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/math64.h>

struct line {
	char text[GCH_TRACE_SIZE];
	size_t len;
};

static __printf(2, 3) void put(struct line *l, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	l->len += vscnprintf(l->text + l->len, sizeof(l->text) - l->len, fmt,
			     args);
	va_end(args);
}

/* Milliseconds with two digits that count, three behind the point at most. */
static void put_ms(struct line *l, u64 ns)
{
	u32 us;

	if (ns >= 10 * NSEC_PER_MSEC) {
		put(l, "%llu", div_u64(ns, NSEC_PER_MSEC));
		return;
	}
	us = div_u64(ns, NSEC_PER_USEC);
	if (!us)
		put(l, "0");
	else if (us < 100)
		put(l, "0.%03u", us);
	else if (us < 1000)
		put(l, "0.%02u", us / 10);
	else
		put(l, "%u.%u", us / 1000, us / 100 % 10);
}

static void put_wall(struct line *l, const struct gch_go_times *t)
{
	put_ms(l, t->mark - t->start);
	put(l, "+");
	put_ms(l, t->term - t->mark);
	put(l, "+");
	put_ms(l, t->end - t->term);
	put(l, " ms clock, ");
}

static void put_time(struct line *l, const struct gch_go_times *t,
		     unsigned int cpus)
{
	put_ms(l, t->mark - t->start);
	put(l, "+");
	put_ms(l, t->assist);
	put(l, "/");
	put_ms(l, t->gc - t->assist);
	/* Workers do not run because a CPU is idle. */
	put(l, "/0+");
	put_ms(l, t->end - t->term + t->stopped * (cpus - 1));
	put(l, " ms cpu, ");
}

/* How much of all processor time collecting has taken since the heap was made. */
static unsigned int percent(struct gch_go_heap *h, u64 now, unsigned int cpus)
{
	return gch_go_scale(gch_go_time(h), 100, (now - h->born) * cpus);
}

static u64 stopped(struct gch_go_heap *h)
{
	return atomic64_read(&h->base.stopped_ns);
}

static u64 assisted(struct gch_go_heap *h)
{
	return atomic64_read(&h->base.assist.sum);
}

/**
 * gch_go_trace_begin - a cycle begins
 * @h: the heap
 * @t: filled in
 *
 * Context: process context; under &gch_heap.cycle_lock.
 */
void gch_go_trace_begin(struct gch_go_heap *h, struct gch_go_times *t)
{
	t->start = ktime_get_ns();
	t->gc = gch_go_time(h);
	t->assist = assisted(h);
	t->stopped = stopped(h);
}

/**
 * gch_go_trace_end - a cycle has marked: reports it if that is asked for
 * @h: the heap, paced
 * @t: when its phases began; what else is in it is replaced
 *
 * Context: process context, may sleep; under &gch_heap.cycle_lock.
 */
void gch_go_trace_end(struct gch_go_heap *h, struct gch_go_times *t)
{
	unsigned int cpus = num_online_cpus();
	struct line l = {};
	u64 at;

	if (!gch_val(&h->base, GCH_KEY_TRACE))
		return;
	t->gc = gch_go_time(h) - t->gc;
	t->assist = assisted(h) - t->assist;
	t->stopped = stopped(h) - t->stopped;
	at = div_u64(t->start - h->born, NSEC_PER_MSEC);
	put(&l, "gc %lld @%llu.%03llus %u%%: ",
	    atomic64_read(&h->base.cycles_started), at / MSEC_PER_SEC,
	    at % MSEC_PER_SEC, percent(h, t->end, cpus));
	put_wall(&l, t);
	put_time(&l, t, cpus);
	put(&l, "%llu->%llu->%llu MB, %llu MB goal, ",
	    h->pacer.triggered >> 20, h->last_live >> 20,
	    h->pacer.marked >> 20, h->last_goal >> 20);
	put(&l, "%llu MB stacks, %llu MB globals, %u P%s",
	    h->frame_bytes >> 20, (h->pacer.roots - h->frame_bytes) >> 20,
	    cpus, h->base.forced ? " (forced)" : "");
	gch_trace_line(&h->base, l.text);
}
