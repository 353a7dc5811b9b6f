// SPDX-License-Identifier: GPL-2.0
/*
 * alloc: measures the cost of one allocation and one store
 *
 * Loops are timed in batches. The objects of a batch are dropped, or freed on slab,
 * outside the timed part. Each mutator reports the median of its batches, because
 * interrupts and collections hit only a few of them. An operation is an allocation.
 */
#include "load.h"

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#define SMALL_BATCH	512
#define LARGE_BYTES	SZ_64K
#define LARGE_BATCH	16
#define STORE_BATCH	512
/* Batches remembered; later ones overwrite the oldest. */
#define SAMPLES		1024

enum {
	FIGURE_SMALL,
	FIGURE_LARGE,
	FIGURE_STORE,
};

enum {
	SLOT_BATCH,
	SLOT_OWNER = SLOT_BATCH + SMALL_BATCH,
	SLOT_READ,
	NR_SLOTS,
};

/* A small object as gch_data() shows it; do not access the references. */
struct small {
	void *refs[2];
	u64 stamp;
	u64 rest;
};

struct types {
	struct gch_type *small;
	struct gch_type *large;
};

struct samples {
	u64 ps[GCH_LOAD_FIGURES][SAMPLES];
	u64 batches;
};

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 median(u64 *value, unsigned int nr)
{
	if (!nr)
		return 0;
	sort(value, nr, sizeof(*value), compare, NULL);
	return value[nr / 2];
}

static int drop_batch(struct gch_load_thread *t, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = gch_load_drop(t, SLOT_BATCH + i);
	return err;
}

static int time_small(struct gch_load_thread *t, u64 *ps)
{
	const struct types *types = t->run->priv;
	u64 start = ktime_get_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; i < SMALL_BATCH && !err; i++)
		err = gch_alloc(t->m, SLOT_BATCH + i, types->small);
	*ps = (ktime_get_ns() - start) * 1000 / SMALL_BATCH;
	return err;
}

static int time_large(struct gch_load_thread *t, u64 *ps)
{
	const struct types *types = t->run->priv;
	u64 start = ktime_get_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; i < LARGE_BATCH && !err; i++)
		err = gch_alloc_var(t->m, SLOT_BATCH + i, types->large, 0,
				    LARGE_BYTES);
	*ps = (ktime_get_ns() - start) * 1000 / LARGE_BATCH;
	return err;
}

static int time_store(struct gch_load_thread *t, u64 *ps)
{
	u64 start = ktime_get_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; i < STORE_BATCH && !err; i++)
		err = gch_store(t->m, SLOT_OWNER, 0, SLOT_BATCH + i);
	*ps = (ktime_get_ns() - start) * 1000 / STORE_BATCH;
	return err;
}

/* The objects of a batch must be new, empty and distinct. */
static int check_small(struct gch_load_thread *t)
{
	struct small *small;
	unsigned int i;
	size_t bytes;

	for (i = 0; i < SMALL_BATCH; i++) {
		small = gch_data(t->m, SLOT_BATCH + i, &bytes);
		if (!small || bytes < sizeof(*small) || small->stamp ||
		    small->rest)
			goto wrong;
		small->stamp = i + 1;
	}
	for (i = 0; i < SMALL_BATCH; i++) {
		small = gch_data(t->m, SLOT_BATCH + i, NULL);
		if (small->stamp != i + 1)
			goto wrong;
		small->stamp = 0;
	}
	return 0;
wrong:
	gch_load_fail(t->run, -EUCLEAN,
		      "object %u of a batch is not zeroed, or not new", i);
	return -EUCLEAN;
}

/* A load must return the last store of a batch. */
static int check_store(struct gch_load_thread *t)
{
	int err;

	err = gch_load(t->m, SLOT_READ, SLOT_OWNER, 0);
	if (err)
		return err;
	if (!gch_same(t->m, SLOT_READ, SLOT_BATCH + STORE_BATCH - 1)) {
		gch_load_fail(t->run, -EUCLEAN, "a load did not return the last store");
		return -EUCLEAN;
	}
	return gch_store_null(t->m, SLOT_OWNER, 0) ? :
	       gch_clear(t->m, SLOT_READ);
}

/* One batch of each; the object that the stores write to exists already. */
static int one_batch(struct gch_load_thread *t, struct samples *s)
{
	unsigned int i = s->batches % SAMPLES;
	int err;

	err = time_small(t, &s->ps[FIGURE_SMALL][i]) ? : check_small(t) ? :
	      time_store(t, &s->ps[FIGURE_STORE][i]) ? : check_store(t);
	err = drop_batch(t, SMALL_BATCH) ? : err;
	if (!err)
		err = time_large(t, &s->ps[FIGURE_LARGE][i]);
	err = drop_batch(t, LARGE_BATCH) ? : err;
	if (err)
		return err;
	s->batches++;
	gch_load_did(t, SMALL_BATCH + LARGE_BATCH);
	return 0;
}

static int alloc_thread(struct gch_load_thread *t)
{
	const struct types *types = t->run->priv;
	struct samples *s;
	unsigned int i, nr;
	int err;

	s = kvzalloc(sizeof(*s), GCH_LOAD_GFP);
	if (!s)
		return -ENOMEM;
	err = gch_alloc(t->m, SLOT_OWNER, types->small);
	while (!err && gch_load_more(t))
		err = one_batch(t, s);
	gch_load_drop(t, SLOT_OWNER);

	nr = min_t(u64, s->batches, SAMPLES);
	for (i = 0; i < GCH_LOAD_FIGURES; i++)
		t->figure[i] = median(s->ps[i], nr);
	kvfree(s);
	return err;
}

/* The median of the mutators' medians, over those that had batches. */
static void alloc_finish(struct gch_load_run *run)
{
	unsigned int figure, i, nr;
	u64 value[64];

	for (figure = 0; figure < GCH_LOAD_FIGURES; figure++) {
		for (nr = 0, i = 0; i < run->args.mutators; i++)
			if (run->thread[i].figure[figure])
				value[nr++] = run->thread[i].figure[figure];
		run->figure[figure] = median(value, nr);
	}
}

static int alloc_init(struct gch_load_run *run, struct netlink_ext_ack *extack)
{
	static const struct gch_type_desc small = {
		.name = "alloc-small",
		.bytes = sizeof(struct small),
		.nr_refs = 2,
	};
	static const struct gch_type_desc large = {
		.name = "alloc-large",
		.flags = GCH_TYPE_VAR | GCH_TYPE_UNTRACKED,
	};
	struct types *types;

	types = kmalloc(sizeof(*types), GFP_KERNEL_ACCOUNT);
	if (!types)
		return -ENOMEM;
	run->priv = types;
	types->small = gch_type_register(run->heap, &small, extack);
	if (IS_ERR(types->small))
		return PTR_ERR(types->small);
	types->large = gch_type_register(run->heap, &large, extack);
	return PTR_ERR_OR_ZERO(types->large);
}

static void alloc_exit(struct gch_load_run *run)
{
	kfree(run->priv);
}

const struct gch_load_workload gch_load_alloc = {
	.slots = NR_SLOTS,
	.max_mutators = 64,
	.init = alloc_init,
	.thread = alloc_thread,
	.finish = alloc_finish,
	.exit = alloc_exit,
};
