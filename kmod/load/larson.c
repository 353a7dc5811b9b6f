// SPDX-License-Identifier: GPL-2.0
/*
 * larson: a server whose threads hand their objects to each other
 *
 * After the program of Larson and Krishnan ("Memory allocation for long-running
 * server applications", 1998). A mutator has an array of blocks of random sizes and
 * replaces random blocks. After a number of rounds, each of as many operations as
 * there are blocks, it swaps its array with the one in a box, so most blocks are
 * freed by another mutator than allocated them. A mutator that finds the box empty
 * makes a new array: there is one array more than mutators.
 *
 * The expected contents of an array are kept outside the heap, on a shelf that is
 * handed over with it: a random number per block, which determines its size and
 * contents. A block is checked when it is replaced, and all at the end.
 *
 * struct larson.lock protects the box; locks of the heap are taken under it. The last
 * mutator to leave frees the array in the box.
 */
#include "load.h"

#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

enum {
	SLOT_ARRAY,
	SLOT_BLOCK,
	SLOT_OTHER,
	NR_SLOTS,
};

/**
 * struct shelf - expected contents of an array
 * @id: number of the array, also stored in it
 * @owner: last mutator that had it
 * @stamp: random number of each block; 0 for none
 */
struct shelf {
	u32 id;
	u32 owner;
	u32 stamp[];
};

/**
 * struct larson - a run
 * @array: type of arrays
 * @block: type of blocks
 * @lock: protects @users, @box, @boxed and @last_id
 * @users: mutators between enter() and leave()
 * @box: root table of one entry: an array, or null
 * @boxed: its shelf
 * @last_id: number of the last array
 */
struct larson {
	struct gch_type *array;
	struct gch_type *block;
	struct mutex lock;	/* see above */
	unsigned int users;
	struct gch_roots *box;
	struct shelf *boxed;
	u32 last_id;
};

/**
 * struct hand - one mutator
 * @t: the mutator
 * @m: its access to the heap
 * @larson: the run
 * @shelf: expected contents of its array
 * @blocks: blocks per array
 */
struct hand {
	struct gch_load_thread *t;
	struct gch_mutator *m;
	struct larson *larson;
	struct shelf *shelf;
	u32 blocks;
};

/* ---- blocks ---- */

static int broken(struct hand *h, const char *what, u32 i)
{
	gch_load_fail(h->t->run, -EUCLEAN, "larson: %s, block %u of array %u",
		      what, i, h->shelf->id);
	return -EUCLEAN;
}

static u32 size_of(const struct hand *h, u32 stamp)
{
	const struct gch_load_args *args = &h->t->run->args;
	u64 sizes = args->max_size - args->min_size + 1;

	return args->min_size + (u32)(stamp * sizes >> 32);
}

/* The first eight bytes of a block, and the last byte, identify it. */
static u64 name_of(const struct hand *h, u32 i)
{
	return (u64)h->shelf->stamp[i] << 32 | i;
}

static int fill_block(struct hand *h, u32 i)
{
	u32 size = size_of(h, h->shelf->stamp[i]);
	u8 *data = gch_data(h->m, SLOT_BLOCK, NULL);

	if (!data)
		return broken(h, "missing", i);
	*(u64 *)data = name_of(h, i);
	if (size > sizeof(u64))
		data[size - 1] = (u8)h->shelf->stamp[i];
	return 0;
}

static int check_block(struct hand *h, u32 i)
{
	u32 size = size_of(h, h->shelf->stamp[i]);
	size_t bytes;
	const u8 *data = gch_data(h->m, SLOT_BLOCK, &bytes);

	if (!data || bytes < size)
		return broken(h, "missing or too small", i);
	if (*(u64 *)data != name_of(h, i) ||
	    (size > sizeof(u64) && data[size - 1] != (u8)h->shelf->stamp[i]))
		return broken(h, "wrong contents", i);
	return 0;
}

static int make_block(struct hand *h, u32 i)
{
	u32 stamp = prandom_u32_state(&h->t->rnd) | 1;
	int err;

	err = gch_alloc_var(h->m, SLOT_BLOCK, h->larson->block, 0,
			    size_of(h, stamp));
	if (err)
		return err;
	h->shelf->stamp[i] = stamp;
	return fill_block(h, i) ? : gch_store(h->m, SLOT_ARRAY, i, SLOT_BLOCK);
}

/* Like a server, frees the old block before it allocates the new one. */
static int replace_block(struct hand *h, u32 i)
{
	int err;

	err = gch_load(h->m, SLOT_BLOCK, SLOT_ARRAY, i) ? : check_block(h, i);
	if (!err && gch_load_frees(h->t->run))
		err = gch_free(h->m, SLOT_BLOCK);
	if (err)
		return err;
	h->shelf->stamp[i] = 0;
	err = make_block(h, i);
	/* The old block is freed, so nothing may refer to it. */
	if (err == -ENOMEM)
		gch_store_null(h->m, SLOT_ARRAY, i);
	return err;
}

/* ---- arrays ---- */

static int make_array(struct hand *h)
{
	struct larson *larson = h->larson;
	u64 *data;
	int err;
	u32 i;

	h->shelf = gch_load_own_get(h->t->run, 0,
				    struct_size(h->shelf, stamp, h->blocks));
	if (!h->shelf)
		return -ENOMEM;
	gch_load_lock(h->t, &larson->lock);
	h->shelf->id = ++larson->last_id;
	mutex_unlock(&larson->lock);
	h->shelf->owner = h->t->index;

	err = gch_alloc_var(h->m, SLOT_ARRAY, larson->array, h->blocks,
			    sizeof(*data));
	if (err)
		return err;
	data = gch_data(h->m, SLOT_ARRAY, NULL);
	data[h->blocks] = h->shelf->id;
	for (i = 0; i < h->blocks && !err; i++) {
		if (!(i & 63) && gch_load_stopped(h->t))
			return -ECANCELED;
		err = make_block(h, i);
	}
	return err;
}

/* The array from the box must match its shelf. */
static int check_array(struct hand *h)
{
	const u64 *data = gch_data(h->m, SLOT_ARRAY, NULL);

	if (data && data[h->blocks] == h->shelf->id)
		return 0;
	gch_load_fail(h->t->run, -EUCLEAN, "larson: array %u was replaced by another",
		      h->shelf->id);
	return -EUCLEAN;
}

static int check_blocks(struct hand *h)
{
	int err = 0;
	u32 i;

	for (i = 0; i < h->blocks && !err; i++) {
		if (!(i & 63) && gch_load_stopped(h->t))
			return -ECANCELED;
		err = gch_load(h->m, SLOT_BLOCK, SLOT_ARRAY, i) ? :
		      check_block(h, i);
	}
	return err ? : gch_load_found(h->t->run, h->blocks, i);
}

static void free_array(struct hand *h)
{
	u32 i;

	for (i = 0; i < h->blocks; i++) {
		if (h->shelf->stamp[i]) {
			if (gch_load(h->m, SLOT_BLOCK, SLOT_ARRAY, i))
				return;
			gch_free(h->m, SLOT_BLOCK);
		}
		if (!(i & 63))
			cond_resched();
	}
	gch_free(h->m, SLOT_ARRAY);
}

/* Drops the array, and checks it first if no error has occurred. */
static int drop_array(struct hand *h, int err)
{
	if (!h->shelf)
		return err;
	if (!err && !gch_load_stopped(h->t))
		err = check_array(h) ? : check_blocks(h);
	/* A corrupt array is not walked; its memory is freed with the heap. */
	if (gch_load_frees(h->t->run) && err != -EUCLEAN &&
	    !gch_is_null(h->m, SLOT_ARRAY))
		free_array(h);
	gch_clear(h->m, SLOT_BLOCK);
	gch_clear(h->m, SLOT_ARRAY);
	gch_load_own_put(h->shelf, struct_size(h->shelf, stamp, h->blocks));
	h->shelf = NULL;
	return err;
}

/* ---- handing over ---- */

static int exchange(struct hand *h)
{
	struct larson *larson = h->larson;
	int err;

	gch_load_lock(h->t, &larson->lock);
	err = gch_root_get(h->m, SLOT_OTHER, larson->box, 0) ? :
	      gch_root_set(h->m, larson->box, 0, SLOT_ARRAY);
	if (!err)
		swap(larson->boxed, h->shelf);
	mutex_unlock(&larson->lock);
	return err ? : gch_copy(h->m, SLOT_ARRAY, SLOT_OTHER) ? :
		       gch_clear(h->m, SLOT_OTHER);
}

static int hand_over(struct hand *h)
{
	struct gch_load_run *run = h->t->run;
	int err;

	err = exchange(h);
	if (err)
		return err;
	if (!h->shelf)
		return make_array(h);
	if (h->shelf->owner != h->t->index) {
		mutex_lock(&run->lock);
		run->handed_over++;
		mutex_unlock(&run->lock);
	}
	h->shelf->owner = h->t->index;
	return check_array(h);
}

/* ---- the run ---- */

static int operate(struct hand *h)
{
	struct gch_load_thread *t = h->t;
	u64 each = (u64)t->run->args.rounds * h->blocks, left = each;
	u64 start = ktime_get_ns();
	int err = 0;

	while (!err && gch_load_more_often(t)) {
		err = replace_block(h, prandom_u32_state(&t->rnd) % h->blocks);
		gch_load_did(t, 1);
		if (!err && !--left) {
			err = hand_over(h);
			left = each;
		}
	}
	WRITE_ONCE(t->work_ns, ktime_get_ns() - start);
	return err;
}

/* A mutator that enters after a stop does nothing and need not leave. */
static int enter(struct hand *h)
{
	struct larson *larson = h->larson;
	struct gch_roots *box;
	int err = 0;

	gch_load_lock(h->t, &larson->lock);
	if (READ_ONCE(h->t->run->stop)) {
		err = -ECANCELED;
	} else if (!larson->users) {
		box = gch_roots_create(h->t->run->heap, 1);
		err = PTR_ERR_OR_ZERO(box);
		if (!err)
			larson->box = box;
	}
	larson->users += !err;
	mutex_unlock(&larson->lock);
	return err;
}

static int leave(struct hand *h, int err)
{
	struct larson *larson = h->larson;
	bool last;

	gch_load_lock(h->t, &larson->lock);
	last = !--larson->users;
	mutex_unlock(&larson->lock);
	if (!last)
		return err;
	swap(h->shelf, larson->boxed);
	if (h->shelf && !gch_root_get(h->m, SLOT_ARRAY, larson->box, 0))
		err = drop_array(h, err);
	gch_roots_destroy(h->m, larson->box);
	larson->box = NULL;
	return err;
}

static int larson_thread(struct gch_load_thread *t)
{
	struct hand h = {
		.t = t,
		.m = t->m,
		.larson = t->run->priv,
		.blocks = t->run->args.blocks,
	};
	int err;

	err = enter(&h);
	if (err)
		return err;
	err = make_array(&h) ? : gch_load_ready(t) ? : operate(&h);
	err = drop_array(&h, err);
	return leave(&h, err);
}

static int larson_init(struct gch_load_run *run,
		       struct netlink_ext_ack *extack)
{
	static const struct gch_type_desc array = {
		.name = "larson-array",
		.flags = GCH_TYPE_VAR,
	};
	static const struct gch_type_desc block = {
		.name = "larson-block",
		.flags = GCH_TYPE_VAR | GCH_TYPE_UNTRACKED,
	};
	struct larson *larson;

	larson = kzalloc(sizeof(*larson), GFP_KERNEL_ACCOUNT);
	if (!larson)
		return -ENOMEM;
	mutex_init(&larson->lock);
	run->priv = larson;
	larson->array = gch_type_register(run->heap, &array, extack);
	if (IS_ERR(larson->array))
		return PTR_ERR(larson->array);
	larson->block = gch_type_register(run->heap, &block, extack);
	return PTR_ERR_OR_ZERO(larson->block);
}

static void larson_exit(struct gch_load_run *run)
{
	struct larson *larson = run->priv;

	if (!larson)
		return;
	gch_load_own_put(larson->boxed, struct_size(larson->boxed, stamp,
						    run->args.blocks));
	kfree(larson);
}

const struct gch_load_workload gch_load_larson = {
	.slots = NR_SLOTS,
	.max_mutators = GCH_LOAD_MUTATORS_MAX,
	.init = larson_init,
	.thread = larson_thread,
	.exit = larson_exit,
};
