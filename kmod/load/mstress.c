// SPDX-License-Identifier: GPL-2.0
/*
 * mstress: items of very different sizes, made by one mutator, dropped by another
 *
 * After the stress test of mimalloc (Leijen, test-stress.c). A round makes a number
 * of items: some are dropped soon, others are kept until the round ends. Now and then
 * an item is exchanged with one in a transfer table that all mutators share. A
 * short-lived item has 1 to 16 words, a kept one up to 64; one in a hundred is 100
 * times as large, one in a thousand 1000 times. In each group of eight mutators, the
 * last has eight times the work of the first. After a round each mutator drops about
 * half of its share of the transfer table.
 *
 * The words of an item are derived from the first, its key, and are checked when it
 * is dropped. At the end, the number and the key sum of items made, less those
 * dropped, must match the transfer table.
 *
 * struct mstress.lock protects the counts; one of struct mstress.entry_lock protects
 * an entry of the transfer table. Locks of the heap are taken under them; they do not
 * nest. The last mutator to leave frees the items in the table.
 */
#include "load.h"

#include <linux/mm.h>
#include <linux/slab.h>

/* Entries of the transfer table. */
#define TRANSFERS	1000U
#define ENTRY_LOCKS	64U
/* Items in a round of the first mutator, per unit of &gch_load_args.scale. */
#define SCALE		100U
#define SIZES		5U
#define KEPT_SIZES	(SIZES + 2)
/* Most words of an item. */
#define WORDS_MAX	(1000U << (KEPT_SIZES - 1))
#define WORDS_BITS	20
#define OWNER_BITS	6
#define SERIAL_SHIFT	(WORDS_BITS + OWNER_BITS)

static_assert(WORDS_MAX * sizeof(u64) <= GCH_OBJECT_MAX);
static_assert(8 * SCALE * GCH_LOAD_SCALE_MAX * sizeof(void *) <=
	      GCH_OBJECT_MAX);
/* A key holds the number of words, the mutator, and the mutator's serial number. */
static_assert(!(WORDS_MAX >> WORDS_BITS));
static_assert(!((GCH_LOAD_MUTATORS_MAX - 1) >> OWNER_BITS));

enum {
	SLOT_ITEMS,
	SLOT_KEPT,
	SLOT_ITEM,
	SLOT_OTHER,
	NR_SLOTS,
};

/**
 * struct tally - items made less items dropped
 * @items: their number
 * @keys: sum of their keys
 */
struct tally {
	u64 items;
	u64 keys;
};

/**
 * struct mstress - a run
 * @array: type of arrays of items
 * @item: type of items
 * @lock: protects @users and @left
 * @users: mutators between enter() and leave()
 * @unsure: some items went unchecked
 * @left: tallies of the mutators that have left
 * @transfer: the transfer table
 * @entry_lock: protect the entries of @transfer
 */
struct mstress {
	struct gch_type *array;
	struct gch_type *item;
	struct mutex lock;	/* see above */
	unsigned int users;
	bool unsure;
	struct tally left;
	struct gch_roots *transfer;
	struct mutex entry_lock[ENTRY_LOCKS];	/* see above */
};

/**
 * struct worker - one mutator
 * @t: the mutator
 * @m: its access to the heap
 * @ms: the run
 * @tally: items it made less items it dropped
 * @serial: serial number of its last item
 * @handed_over: items that it got from others
 * @room: short-lived items of a round
 * @nr: short-lived items made in this round
 * @kept: kept items of this round
 */
struct worker {
	struct gch_load_thread *t;
	struct gch_mutator *m;
	struct mstress *ms;
	struct tally tally;
	u64 serial;
	u64 handed_over;
	u32 room;
	u32 nr;
	u32 kept;
};

/* True with this probability. */
static bool chance(struct worker *w, u32 percent)
{
	return prandom_u32_state(&w->t->rnd) % 100 < percent;
}

static u32 pick(struct worker *w, u32 n)
{
	return prandom_u32_state(&w->t->rnd) % n;
}

/* ---- items ---- */

static u32 words_of(u64 key)
{
	return key & (BIT(WORDS_BITS) - 1);
}

static unsigned int owner_of(u64 key)
{
	return key >> WORDS_BITS & (BIT(OWNER_BITS) - 1);
}

static int broken(struct worker *w, const char *what, u64 key)
{
	gch_load_fail(w->t->run, -EUCLEAN, "mstress: %s, item %llu of mutator %u",
		      what, key >> SERIAL_SHIFT, owner_of(key));
	return -EUCLEAN;
}

static u64 word_of(u64 key, u32 i)
{
	return key + i * 0x9e3779b97f4a7c15ULL;
}

static u32 random_words(struct worker *w, u32 sizes)
{
	u32 words = 1U << pick(w, sizes);

	if (!chance(w, 1))
		return words;
	return words * (chance(w, 10) ? 1000 : 100);
}

static int make_item(struct worker *w, u32 sizes)
{
	u32 i, words = random_words(w, sizes);
	u64 *data, key;
	int err;

	err = gch_alloc_var(w->m, SLOT_ITEM, w->ms->item, 0,
			    words * sizeof(*data));
	if (err)
		return err;
	data = gch_data(w->m, SLOT_ITEM, NULL);
	key = ++w->serial << SERIAL_SHIFT |
	      (u64)w->t->index << WORDS_BITS | words;
	for (i = 0; i < words; i++)
		data[i] = word_of(key, i);
	w->tally.items++;
	w->tally.keys += key;
	return 0;
}

/* Checks the whole item. */
static int check_item(struct worker *w)
{
	size_t bytes;
	const u64 *data = gch_data(w->m, SLOT_ITEM, &bytes);
	u32 i, words;
	u64 key;

	if (!data || bytes < sizeof(*data))
		return broken(w, "item without key", 0);
	key = data[0];
	words = words_of(key);
	if (!words || words > WORDS_MAX || bytes / sizeof(*data) < words)
		return broken(w, "too small", key);
	for (i = 1; i < words; i++)
		if (data[i] != word_of(key, i))
			return broken(w, "wrong contents", key);
	w->tally.items--;
	w->tally.keys -= key;
	return 0;
}

/* Checks and drops the item in SLOT_ITEM, if there is one. */
static int drop_item(struct worker *w)
{
	if (gch_is_null(w->m, SLOT_ITEM))
		return 0;
	return check_item(w) ? : gch_load_drop(w->t, SLOT_ITEM);
}

static int drop_from(struct worker *w, unsigned int array, u32 i)
{
	int err;

	err = gch_load(w->m, SLOT_ITEM, array, i);
	if (err || gch_is_null(w->m, SLOT_ITEM))
		return err;
	return gch_store_null(w->m, array, i) ? : drop_item(w);
}

/* ---- the transfer table ---- */

/* Exchanges SLOT_ITEM with an entry. */
static int transfer(struct worker *w, u32 entry)
{
	struct mutex *lock = &w->ms->entry_lock[entry % ENTRY_LOCKS];
	int err;

	gch_load_lock(w->t, lock);
	err = gch_root_get(w->m, SLOT_OTHER, w->ms->transfer, entry) ? :
	      gch_root_set(w->m, w->ms->transfer, entry, SLOT_ITEM);
	mutex_unlock(lock);
	return err ? : gch_copy(w->m, SLOT_ITEM, SLOT_OTHER) ? :
		       gch_clear(w->m, SLOT_OTHER);
}

static void count_handed_over(struct worker *w)
{
	const u64 *key = gch_data(w->m, SLOT_ITEM, NULL);

	if (key && owner_of(*key) != w->t->index)
		w->handed_over++;
}

static int exchange(struct worker *w)
{
	u32 i = pick(w, w->nr);
	int err;

	err = gch_load(w->m, SLOT_ITEM, SLOT_ITEMS, i) ? :
	      transfer(w, pick(w, TRANSFERS)) ? :
	      gch_store(w->m, SLOT_ITEMS, i, SLOT_ITEM);
	if (err)
		return err;
	count_handed_over(w);
	return gch_clear(w->m, SLOT_ITEM);
}

/* Empties an entry. */
static int drop_transfer(struct worker *w, u32 entry)
{
	return gch_clear(w->m, SLOT_ITEM) ? : transfer(w, entry) ? :
	       drop_item(w);
}

static int drop_transfers(struct worker *w)
{
	u32 i;
	int err = 0;

	for (i = w->t->index; i < TRANSFERS && !err;
	     i += w->t->run->args.mutators) {
		cond_resched();
		if (chance(w, 50))
			err = drop_transfer(w, i);
	}
	return err;
}

/* ---- a round ---- */

static int keep(struct worker *w)
{
	return make_item(w, KEPT_SIZES) ? :
	       gch_store(w->m, SLOT_KEPT, w->kept++, SLOT_ITEM) ? :
	       gch_clear(w->m, SLOT_ITEM);
}

static int add(struct worker *w)
{
	return make_item(w, SIZES) ? :
	       gch_store(w->m, SLOT_ITEMS, w->nr++, SLOT_ITEM) ? :
	       gch_clear(w->m, SLOT_ITEM);
}

/* A round keeps half as many items as it drops soon. */
static int step(struct worker *w)
{
	bool full = w->kept == w->room / 2;
	int err;

	if (full || (w->nr < w->room && chance(w, 50)))
		err = add(w);
	else
		err = keep(w);
	if (!err && w->nr && chance(w, 66))
		err = drop_from(w, SLOT_ITEMS, pick(w, w->nr));
	if (!err && w->nr && chance(w, 25))
		err = exchange(w);
	gch_load_did(w->t, 1);
	return err;
}

static int drop_array(struct worker *w, unsigned int array, u32 nr)
{
	int err = 0;
	u32 i;

	for (i = 0; i < nr && !err; i++) {
		if (!(i & 63))
			cond_resched();
		err = drop_from(w, array, i);
	}
	return err ? : gch_load_drop(w->t, array);
}

/* Checks and drops the items that the round left; a stop skips only the checks. */
static int end_round(struct worker *w)
{
	int err;

	if (READ_ONCE(w->t->run->stop) && !gch_load_frees(w->t->run)) {
		WRITE_ONCE(w->ms->unsure, true);
		err = gch_clear(w->m, SLOT_ITEMS) ? :
		      gch_clear(w->m, SLOT_KEPT);
	} else {
		err = drop_array(w, SLOT_ITEMS, w->nr) ? :
		      drop_array(w, SLOT_KEPT, w->kept);
	}
	w->nr = 0;
	w->kept = 0;
	return err;
}

static int begin_round(struct worker *w)
{
	return gch_alloc_var(w->m, SLOT_ITEMS, w->ms->array, w->room, 0) ? :
	       gch_alloc_var(w->m, SLOT_KEPT, w->ms->array,
			     max(w->room / 2, 1U), 0);
}

/* Even after an error, intact items are dropped. */
static int one_round(struct worker *w)
{
	int ended, err;

	err = begin_round(w);
	while (!err && (w->nr < w->room || w->kept < w->room / 2) &&
	       gch_load_more_often(w->t))
		err = step(w);
	if (err == -EUCLEAN)
		return err;
	ended = end_round(w);
	return err ? : ended ? : drop_transfers(w);
}

/* ---- the run ---- */

static int enter(struct worker *w)
{
	struct mstress *ms = w->ms;
	struct gch_roots *transfer;
	int err = 0;

	gch_load_lock(w->t, &ms->lock);
	if (READ_ONCE(w->t->run->stop)) {
		err = -ECANCELED;
	} else if (!ms->users) {
		transfer = gch_roots_create(w->t->run->heap, TRANSFERS);
		err = PTR_ERR_OR_ZERO(transfer);
		if (!err)
			ms->transfer = transfer;
	}
	ms->users += !err;
	mutex_unlock(&ms->lock);
	return err;
}

/* The items made and not dropped must be in the transfer table. */
static int check_transfers(struct worker *w)
{
	struct tally must = w->ms->left;
	int err = 0;
	u32 i;

	w->tally = (struct tally){};
	for (i = 0; i < TRANSFERS && !err; i++) {
		cond_resched();
		err = drop_transfer(w, i);
	}
	if (err || w->ms->unsure)
		return err;
	err = gch_load_found(w->t->run, must.items, -w->tally.items);
	if (!err && must.keys != -w->tally.keys)
		return broken(w, "the items left differ from those created", 0);
	return err;
}

static int leave(struct worker *w, int err)
{
	struct mstress *ms = w->ms;
	bool last;

	gch_load_lock(w->t, &ms->lock);
	ms->left.items += w->tally.items;
	ms->left.keys += w->tally.keys;
	if (err)
		ms->unsure = true;
	last = !--ms->users;
	mutex_unlock(&ms->lock);

	mutex_lock(&w->t->run->lock);
	w->t->run->handed_over += w->handed_over;
	mutex_unlock(&w->t->run->lock);
	if (!last)
		return err;
	/* Corrupt items are not touched; their memory is freed with the heap. */
	if (err != -EUCLEAN)
		err = check_transfers(w) ? : err;
	gch_roots_destroy(w->m, ms->transfer);
	ms->transfer = NULL;
	return err;
}

static int mstress_thread(struct gch_load_thread *t)
{
	struct worker w = {
		.t = t,
		.m = t->m,
		.ms = t->run->priv,
		.room = SCALE * t->run->args.scale * (t->index % 8 + 1),
	};
	u64 start;
	int err;

	err = enter(&w);
	if (err)
		return err;
	err = gch_load_ready(t);
	start = ktime_get_ns();
	while (!err && gch_load_more(t))
		err = one_round(&w);
	WRITE_ONCE(t->work_ns, ktime_get_ns() - start);
	return leave(&w, err);
}

static int mstress_init(struct gch_load_run *run,
			struct netlink_ext_ack *extack)
{
	static const struct gch_type_desc array = {
		.name = "mstress-array",
		.flags = GCH_TYPE_VAR,
	};
	static const struct gch_type_desc item = {
		.name = "mstress-item",
		.flags = GCH_TYPE_VAR | GCH_TYPE_UNTRACKED,
	};
	struct mstress *ms;
	unsigned int i;

	ms = kzalloc(sizeof(*ms), GFP_KERNEL_ACCOUNT);
	if (!ms)
		return -ENOMEM;
	mutex_init(&ms->lock);
	for (i = 0; i < ENTRY_LOCKS; i++)
		mutex_init(&ms->entry_lock[i]);
	run->priv = ms;
	ms->array = gch_type_register(run->heap, &array, extack);
	if (IS_ERR(ms->array))
		return PTR_ERR(ms->array);
	ms->item = gch_type_register(run->heap, &item, extack);
	return PTR_ERR_OR_ZERO(ms->item);
}

static void mstress_exit(struct gch_load_run *run)
{
	kfree(run->priv);
}

const struct gch_load_workload gch_load_mstress = {
	.slots = NR_SLOTS,
	.max_mutators = GCH_LOAD_MUTATORS_MAX,
	.init = mstress_init,
	.thread = mstress_thread,
	.exit = mstress_exit,
};
