// SPDX-License-Identifier: GPL-2.0
/*
 * Assists: a mutator marks in proportion to what it allocates
 *
 * While a cycle marks, a mutator that takes a span or a large object incurs a debt. The
 * pacer sets the amount. The mutator pays after the call, in a separate section: first
 * from the credit of the mark workers, then by marking. Go does so since 1.5 (design
 * 13504). Unlike in Go, no payment takes longer than GCH_KEY_ASSIST_US, however large
 * the debt is. The rest stays a debt. A mutator with a large debt pays in every call.
 * If there is nothing to mark although the heap is a tenth past its goal, the mutator
 * naps in every call until the cycle ends, so that the workers get the CPU.
 *
 * There are no debts while the limiter is on: collecting has had half of the processor
 * time.
 *
 * Sweeping is owed in the same way, by the heap as a whole. A mutator that takes memory
 * while sweeping is behind sweeps for up to the same time.
 *
 * A debt belongs to its mutator. The credit of the workers is an atomic.
 */
#include "assist.h"

#include <linux/delay.h>
#include <linux/ktime.h>

#include "go.h"

/* Bytes that a payment marks at least, so that few payments are needed. */
#define OVERPAY		SZ_64K
/* A mutator with a larger debt pays in every call, not only at each refill. */
#define DEBT_LARGE	SZ_256K
/* The longest nap that leaves the CPU to the workers. */
#define NAP_MAX_US	50U

static u64 mark(struct gch_go_heap *h, struct gch_go_mutator *gm, u64 us)
{
	u64 start = ktime_get_ns(), done;

	done = gch_go_mark_some(h, &gm->base, max_t(s64, gm->debt, OVERPAY),
				start + us * NSEC_PER_USEC);
	gm->debt -= done;
	if (!done)
		return 0;
	gch_tally(gm->base.stats->assist_bytes, done);
	gch_hist_add(&h->base.assist, ktime_get_ns() - start);
	return done;
}

static void sweep(struct gch_go_heap *h, u32 state, u64 us)
{
	u64 start = ktime_get_ns();

	if (!gch_go_sweep_owed(h, atomic64_read(&h->live)))
		return;
	gch_go_sweep_some(h, STATE_GEN(state), start + us * NSEC_PER_USEC);
	gch_hist_add(&h->base.assist, ktime_get_ns() - start);
}

/* Pays all or part of the mutator's debt; false if it could do nothing. */
static bool pay(struct gch_go_heap *h, struct gch_go_mutator *gm, u32 state,
		u64 us)
{
	if (gm->debt_gen != STATE_GEN(state) || gm->debt <= 0)
		return false;
	gm->debt -= gch_go_take_credit(h, gm->debt);
	return gm->debt <= 0 || mark(h, gm, us);
}

/**
 * gch_go_assist - pays all or part of a mutator's debt
 * @h: the heap
 * @m: the mutator
 * @state: the heap's state as the section has read it
 *
 * Clears &gch_mutator.pending, or sets it if the next call has to pay too. Sets
 * &gch_mutator.wait to %GCH_WAIT_WORKERS if the heap is late and nothing was marked.
 *
 * Context: in a section.
 * Return: 0; 1 if the mutator's next call has to pay too.
 */
int gch_go_assist(struct gch_go_heap *h, struct gch_mutator *m, u32 state)
{
	u64 us = gch_val(&h->base, GCH_KEY_ASSIST_US);
	struct gch_go_mutator *gm = to_go_mutator(m);
	bool marked = false;

	m->pending = false;
	if (!us)
		return 0;
	if (STATE_PHASE(state) == PHASE_OFF)
		sweep(h, state, us);
	else if (STATE_PHASE(state) == PHASE_MARK)
		marked = pay(h, gm, state, us);
	if (marked) {
		m->pending = gm->debt > DEBT_LARGE;
	} else if (gch_go_is_late(h, state, atomic64_read(&h->live))) {
		m->wait = GCH_WAIT_WORKERS;
		m->pending = true;
	}
	return m->pending;
}

/**
 * gch_go_nap - leaves the CPU to the mark workers for a moment
 * @h: the heap
 *
 * The limiter counts a nap only while the heap is below its GOGC trigger. Past that
 * trigger GOGC asks for the cycle, and the heap has to stay near its goal even if the
 * collector waits long for a CPU.
 *
 * Context: process context outside sections, may sleep.
 */
void gch_go_nap(struct gch_go_heap *h)
{
	unsigned int us = gch_val(&h->base, GCH_KEY_ASSIST_US);
	u64 start = ktime_get_ns();

	us = clamp(us, 1U, NAP_MAX_US);
	usleep_range(us / 2, us);
	if (atomic64_read(&h->live) < READ_ONCE(h->gcc.pacer.gogc_trigger))
		gch_go_stalled(h, ktime_get_ns() - start);
}
