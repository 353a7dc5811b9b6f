// SPDX-License-Identifier: GPL-2.0
/*
 * cycles: rings of objects, made and dropped
 *
 * Reference counting alone frees none of them. An operation makes, walks and drops
 * one ring.
 */
#include "load.h"

enum {
	SLOT_FIRST,
	SLOT_LAST,
	SLOT_NEW,
	NR_SLOTS,
};

/* An object as gch_data() shows it; do not access the reference. */
struct link {
	void *next;
	u64 number;
	u8 rest[];
};

static u32 data_bytes(const struct gch_load_thread *t)
{
	return max_t(u32, t->run->args.size, sizeof(u64));
}

static int set_number(struct gch_load_thread *t, unsigned int slot, u64 number)
{
	struct link *link = gch_data(t->m, slot, NULL);

	if (!link)
		return -EUCLEAN;
	link->number = number;
	return 0;
}

static int add_link(struct gch_load_thread *t, u32 number)
{
	return gch_alloc_var(t->m, SLOT_NEW, t->run->priv, 1, data_bytes(t)) ? :
	       set_number(t, SLOT_NEW, number) ? :
	       gch_store(t->m, SLOT_NEW, 0, SLOT_FIRST) ? :
	       gch_store(t->m, SLOT_LAST, 0, SLOT_NEW) ? :
	       gch_copy(t->m, SLOT_LAST, SLOT_NEW);
}

static int clear_slots(struct gch_load_thread *t)
{
	unsigned int slot;
	int err = 0;

	for (slot = 0; slot < NR_SLOTS && !err; slot++)
		err = gch_clear(t->m, slot);
	return err;
}

/* Closes the ring after each link, so that it can be dropped at any time. */
static int make_ring(struct gch_load_thread *t)
{
	u32 i, entries = t->run->args.entries;
	int err;

	err = gch_alloc_var(t->m, SLOT_FIRST, t->run->priv, 1,
			    data_bytes(t)) ? :
	      set_number(t, SLOT_FIRST, 0) ? :
	      gch_store(t->m, SLOT_FIRST, 0, SLOT_FIRST) ? :
	      gch_copy(t->m, SLOT_LAST, SLOT_FIRST);
	for (i = 1; i < entries && !err; i++) {
		err = add_link(t, i);
		if (!err && !(i & 255) && gch_load_break(t))
			err = -ECANCELED;
	}
	return err;
}

static int check_ring(struct gch_load_thread *t)
{
	u32 number = 0, entries = t->run->args.entries;
	const struct link *link;
	int err;

	err = gch_copy(t->m, SLOT_LAST, SLOT_FIRST);
	while (!err) {
		link = gch_data(t->m, SLOT_LAST, NULL);
		if (!link || link->number != number++)
			goto broken;
		err = gch_load(t->m, SLOT_LAST, SLOT_LAST, 0);
		if (err || gch_same(t->m, SLOT_LAST, SLOT_FIRST))
			break;
		if (number == entries)
			goto broken;
		if (!(number & 255) && gch_load_break(t))
			err = -ECANCELED;
	}
	if (err || number == entries)
		return err;
broken:
	gch_load_fail(t->run, -EUCLEAN, "ring of %u objects broken at %u",
		      entries, number);
	return -EUCLEAN;
}

static void free_ring(struct gch_load_thread *t)
{
	unsigned int i = 0;
	bool last = false;

	if (gch_is_null(t->m, SLOT_FIRST) ||
	    gch_load(t->m, SLOT_LAST, SLOT_FIRST, 0))
		return;
	while (!last && !gch_is_null(t->m, SLOT_LAST)) {
		last = gch_same(t->m, SLOT_LAST, SLOT_FIRST);
		if (!last && gch_load(t->m, SLOT_NEW, SLOT_LAST, 0))
			return;
		gch_free(t->m, SLOT_LAST);
		if (!last)
			gch_copy(t->m, SLOT_LAST, SLOT_NEW);
		if (!(++i & 255))
			cond_resched();
	}
}

static int one_ring(struct gch_load_thread *t)
{
	int err;

	err = make_ring(t) ? : check_ring(t);
	if (gch_load_frees(t->run))
		free_ring(t);
	return err ? : clear_slots(t);
}

static int cycles_thread(struct gch_load_thread *t)
{
	int err = 0;

	while (!err && gch_load_more(t)) {
		err = one_ring(t);
		if (!err)
			gch_load_did(t, 1);
	}
	return err;
}

static int cycles_init(struct gch_load_run *run,
		       struct netlink_ext_ack *extack)
{
	static const struct gch_type_desc desc = {
		.name = "ring",
		.flags = GCH_TYPE_VAR,
	};

	run->priv = gch_type_register(run->heap, &desc, extack);
	return PTR_ERR_OR_ZERO(run->priv);
}

const struct gch_load_workload gch_load_cycles = {
	.slots = NR_SLOTS,
	.max_mutators = 64,
	.init = cycles_init,
	.thread = cycles_thread,
};
