// SPDX-License-Identifier: GPL-2.0
/*
 * A heap for one user alone
 *
 * Who compares each death with a record cannot have others change a setting,
 * collect, or attach a mutator. gch_heap.lock protects the claim; what a claim
 * forbids looks at it there, or under gch_heap.cycle_lock, which gch_claimed_wait()
 * takes once when the claim is to be seen. Collections for want of memory go on:
 * gch_cycles_started() tells of them.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/netlink.h>
#include <linux/string.h>

#include "compat.h"
#include "heap.h"

/**
 * gch_claim_refuses - is a heap claimed?
 * @heap: the heap
 * @extack: says by whom; may be NULL
 *
 * Context: process context; under &gch_heap.lock.
 * Return: 0, -EBUSY.
 */
int gch_claim_refuses(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&heap->lock);
	if (!heap->claimed)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "the heap is in use by %s, until it ends",
			   heap->claimant);
	return -EBUSY;
}

/**
 * gch_heap_claim - takes a heap for oneself
 * @heap: the heap
 * @who: for people, as in "is in use by @who"; at most 47 characters are kept
 * @nr_mutators: how many mutators the caller has attached
 * @extack: says why not; may be NULL
 *
 * Until gch_heap_unclaim() others are refused with -EBUSY: gch_heap_tune(),
 * gch_collect(), gch_mutator_attach() and snapshots; gch_cycle_request() asks for
 * nothing. %GCH_KEY_INTERVAL_MS and %GCH_KEY_PERIOD_MS are at rest. Collections
 * that have been asked for before are waited for by gch_claimed_wait().
 *
 * Context: process context, may sleep.
 * Return: 0; -EBUSY if the heap is claimed or has other mutators; -ENODEV for a
 * deleted heap.
 */
int gch_heap_claim(struct gch_heap *heap, const char *who,
		   unsigned int nr_mutators, struct netlink_ext_ack *extack)
{
	int ret;

	mutex_lock(&heap->lock);
	ret = gch_claim_refuses(heap, extack);
	if (!ret && (heap->dying || READ_ONCE(heap->orphan))) {
		NL_SET_ERR_MSG_FMT(extack, "heap %s has been deleted", heap->name);
		ret = -ENODEV;
	}
	if (!ret && heap->nr_mutators != nr_mutators) {
		NL_SET_ERR_MSG_FMT(extack, "the heap is in use, mutators attached: %u",
				   heap->nr_mutators);
		ret = -EBUSY;
	}
	if (!ret) {
		strscpy(heap->claimant, who, sizeof(heap->claimant));
		WRITE_ONCE(heap->claimed, true);
	}
	mutex_unlock(&heap->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_heap_claim);

/**
 * gch_heap_unclaim - lets others use a heap again
 * @heap: the heap, which the caller has claimed
 *
 * Context: process context, may sleep.
 */
void gch_heap_unclaim(struct gch_heap *heap)
{
	mutex_lock(&heap->lock);
	WRITE_ONCE(heap->claimed, false);
	if (!heap->dying)
		gch_cycle_retime(heap);
	mutex_unlock(&heap->lock);
}
EXPORT_SYMBOL_GPL(gch_heap_unclaim);
