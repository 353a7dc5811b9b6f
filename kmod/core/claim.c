// SPDX-License-Identifier: GPL-2.0
/*
 * Exclusive use of a heap
 *
 * A replay that compares each death with a record must keep others from changing a
 * setting, collecting, or attaching a mutator. gch_heap.lock protects the claim.
 * Forbidden operations test it under that lock, or under gch_heap.cycle_lock;
 * gch_claimed_wait() takes the latter once to make the claim visible. Collections for
 * lack of memory still run: gch_cycles_started() counts them.
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
 * @extack: set to a message that names the claimant; may be NULL
 *
 * Context: process context; under &gch_heap.lock.
 * Return: 0 or -EBUSY.
 */
int gch_claim_refuses(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&heap->lock);
	if (!heap->claimed)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "heap %s is in exclusive use by %s",
			   heap->name, heap->claimant);
	return -EBUSY;
}

/**
 * gch_heap_claim - claims a heap for exclusive use
 * @heap: the heap
 * @who: name of the claimant in messages ("is in exclusive use by @who"); at most 47
 *	characters are kept
 * @nr_mutators: number of mutators that the caller has attached
 * @extack: error message; may be NULL
 *
 * Until gch_heap_unclaim(), gch_heap_tune(), gch_collect(), gch_mutator_attach() and
 * snapshots fail with -EBUSY, and gch_cycle_request() requests nothing.
 * %GCH_KEY_INTERVAL_MS and %GCH_KEY_PERIOD_MS are suspended. gch_claimed_wait() waits
 * for collections that were requested before.
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
		NL_SET_ERR_MSG_FMT(extack, "heap %s is in use: %u mutators attached",
				   heap->name, heap->nr_mutators);
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
 * gch_heap_unclaim - ends the exclusive use of a heap
 * @heap: the heap, claimed by the caller
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
