// SPDX-License-Identifier: GPL-2.0
/*
 * Assists: what a mutator owes the cycle for what it allocates
 *
 * A mutator's debt grows when it takes a span to allocate from, or a large
 * object, while a cycle marks; by how much is the pacer's to say. It is paid
 * after the call, in a section of its own: first with what the mark workers have
 * done beyond what was owed, then by marking. As Go's since 1.5 (design 13504),
 * but for one thing: no payment takes longer than GCH_KEY_ASSIST_US, however much
 * is owed. The rest stays a debt; one that is large is paid off in every call of
 * the mutator. Where there is nothing to mark although the heap is a tenth past
 * its goal, the mutator makes room for the workers for a moment in every call,
 * until the cycle has ended.
 *
 * While the collector has had half of the processor time there are no debts.
 *
 * Sweeping is owed in the same way, by the heap as a whole: whoever takes memory
 * while less is swept than should be makes up for it, for as long at most.
 *
 * A debt is the mutator's own. The credit of the workers is an atomic.
 */
#include "assist.h"

#include <linux/delay.h>
#include <linux/ktime.h>

#include "go.h"

/* What a payment marks at least, so that few are needed. */
#define OVERPAY		SZ_64K
/* A debt that more is done for than at each refill. */
#define DEBT_LARGE	SZ_256K
/* How long the workers are made room for. */
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

/* Pays the mutator's debt, or some of it; false if nothing could be done. */
static bool pay(struct gch_go_heap *h, struct gch_go_mutator *gm, u32 state,
		u64 us)
{
	if (gm->debt_gen != STATE_GEN(state) || gm->debt <= 0)
		return false;
	gm->debt -= gch_go_take_credit(h, gm->debt);
	return gm->debt <= 0 || mark(h, gm, us);
}

/**
 * gch_go_assist - pays what a mutator owes, or some of it
 * @h: the heap
 * @m: the mutator
 * @state: the heap's state as the section has read it
 *
 * Context: in a section.
 * Return: 0; 1 to go on in the mutator's next call, after what
 * &gch_mutator.wait says.
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
 * gch_go_nap - makes room for the mark workers
 * @h: the heap
 *
 * Where gogc asks for the cycle this is no time that the limiter looks at: the heap is to
 * stay near its goal however long the collector is kept from a CPU.
 *
 * Context: process context outside sections, may sleep.
 */
void gch_go_nap(struct gch_go_heap *h)
{
	unsigned int us = gch_val(&h->base, GCH_KEY_ASSIST_US);
	u64 start = ktime_get_ns();

	us = clamp(us, 1U, NAP_MAX_US);
	usleep_range(us / 2, us);
	if (atomic64_read(&h->live) < READ_ONCE(h->pace.pacer.gogc_trigger))
		gch_go_stalled(h, ktime_get_ns() - start);
}
