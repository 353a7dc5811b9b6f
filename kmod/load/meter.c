// SPDX-License-Identifier: GPL-2.0
/*
 * Meters: operation times of a mutator, and its minimum utilisation
 *
 * The minimum mutator utilisation (MMU; Cheng and Blelloch, "A parallel, real-time
 * garbage collector", 2001) for a width is the smallest share of any window of that
 * width in which the mutator runs, over all windows within the measured time. In the
 * rest of a window it is in pauses, as the heap records them.
 *
 * It suffices to look at the windows that end with a pause, and at the very first
 * window. Any other window can be moved, later while a pause covers its end, else
 * earlier, and never loses pause time on the way. So each pause is the occasion to
 * look at one window per width; a ring holds the pauses still within it.
 *
 * The ring is bounded because pauses closer than 1/256 of the width are joined. For a
 * joined pause that begins before the window, as much of it as possible is assumed
 * inside. So the result is exact if none was joined; otherwise it is never too high,
 * and at most 0.4 percentage points too low.
 */
#include "meter.h"

#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>

#define PPM	1000000U

static const u64 widths[GCH_LOAD_WINDOWS] = {
	NSEC_PER_MSEC, 10 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC,
};

static struct gch_load_pause *pause_at(struct gch_load_window *w,
				       unsigned int i)
{
	return &w->pause[(w->first + i) % GCH_LOAD_PAUSES];
}

/* Removes the pauses that ended before @ns. */
static void window_leave(struct gch_load_window *w, u64 ns)
{
	while (w->nr && pause_at(w, 0)->end_ns <= ns) {
		w->sum_ns -= pause_at(w, 0)->ns;
		w->first = (w->first + 1) % GCH_LOAD_PAUSES;
		w->nr--;
	}
}

static void window_enter(struct gch_load_window *w, u64 start_ns, u64 end_ns)
{
	struct gch_load_pause *last;

	if (!w->nr || (w->nr < GCH_LOAD_PAUSES &&
		       end_ns - w->start_ns >= w->width_ns / GCH_LOAD_GRAINS)) {
		w->start_ns = start_ns;
		pause_at(w, w->nr++)->ns = 0;
	}
	last = pause_at(w, w->nr - 1);
	last->end_ns = end_ns;
	last->ns += end_ns - start_ns;
	w->sum_ns += end_ns - start_ns;
}

static void window_add(struct gch_load_window *w, u64 begin_ns, u64 start_ns,
		       u64 end_ns)
{
	const struct gch_load_pause *first;
	u64 left = max(end_ns - min(end_ns, w->width_ns), begin_ns);

	window_leave(w, left);
	window_enter(w, start_ns, end_ns);
	first = pause_at(w, 0);
	w->worst_ns = max(w->worst_ns,
			  w->sum_ns - first->ns +
			  min(first->ns, first->end_ns - left));
}

static void on_pause(void *arg, u64 start_ns, u64 end_ns)
{
	struct gch_load_meter *meter = arg;
	unsigned int i;

	gch_load_times_add(&meter->pause, end_ns - start_ns);
	for (i = 0; i < GCH_LOAD_WINDOWS; i++)
		window_add(&meter->window[i], meter->begin_ns, start_ns,
			   end_ns);
}

/**
 * gch_load_meter_begin - starts to measure a mutator
 * @m: the mutator
 *
 * Context: may sleep; in the task that owns @m.
 * Return: its meter, or NULL without memory.
 */
struct gch_load_meter *gch_load_meter_begin(struct gch_mutator *m)
{
	struct gch_load_meter *meter = kvzalloc(sizeof(*meter), GCH_LOAD_GFP);
	unsigned int i;

	if (!meter)
		return NULL;
	for (i = 0; i < GCH_LOAD_WINDOWS; i++)
		meter->window[i].width_ns = widths[i];
	meter->begin_ns = ktime_get_ns();
	gch_mutator_on_pause(m, on_pause, meter);
	return meter;
}

static u32 utilisation(const struct gch_load_window *w)
{
	return div64_u64((w->width_ns - w->worst_ns) * PPM, w->width_ns);
}

static void add_times(struct gch_hist *hist, const struct gch_load_times *times)
{
	unsigned int i;

	for (i = 0; i < GCH_HIST_BUCKETS; i++)
		atomic64_add(times->bucket[i], &hist->bucket[i]);
	atomic64_add(times->sum_ns, &hist->sum);
	if (times->max_ns > atomic64_read(&hist->max))
		atomic64_set(&hist->max, times->max_ns);
}

/**
 * gch_load_meter_end - stops measuring and frees the meter
 * @m: the mutator
 * @meter: its meter
 * @total: adds its results to this
 *
 * Context: may sleep; in the task that owns @m.
 * Return: the measured time in nanoseconds.
 */
u64 gch_load_meter_end(struct gch_mutator *m, struct gch_load_meter *meter,
		       struct gch_load_total *total)
{
	u64 ns = ktime_get_ns() - meter->begin_ns;
	unsigned int i;

	gch_mutator_on_pause(m, NULL, NULL);
	mutex_lock(&total->lock);
	add_times(&total->latency, &meter->latency);
	add_times(&total->pause, &meter->pause);
	for (i = 0; i < GCH_LOAD_WINDOWS; i++)
		if (ns >= meter->window[i].width_ns)
			total->mmu[i] = min(total->mmu[i],
					    utilisation(&meter->window[i]));
	mutex_unlock(&total->lock);
	kvfree(meter);
	return ns;
}

/**
 * gch_load_total_init - sets up a zeroed total
 * @total: the total
 *
 * Context: any.
 */
void gch_load_total_init(struct gch_load_total *total)
{
	unsigned int i;

	mutex_init(&total->lock);
	for (i = 0; i < GCH_LOAD_WINDOWS; i++)
		total->mmu[i] = U32_MAX;
}
