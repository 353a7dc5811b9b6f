// SPDX-License-Identifier: GPL-2.0
/*
 * Root tables and weak tables
 *
 * A table is a directory of chunks, each one page. It only grows. table.growing is
 * held while it grows; within it, once all memory is there, gch_heap.lock, which a
 * collector holds while it walks the chunks. Sections find an entry through the
 * directory without a lock. An old directory is freed after an RCU grace period; a
 * section is an RCU reader, since preemption is off.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "compat.h"
#include "heap.h"
#include "mutator.h"

struct dir {
	struct rcu_head rcu;
	u32 nr_chunks;
	void *chunk[];
};

struct table {
	struct gch_heap *heap;
	struct list_head node;
	struct mutex growing;	/* see above */
	struct dir __rcu *dir;
	u32 nr;
	u32 per_chunk;
	u32 entry_bytes;
	bool weak;
	struct module *pinned;	/* for gch_heap_unuse() */
};

struct gch_roots {
	struct table t;
};

struct gch_weaks {
	struct table t;
};

static struct dir *dir_locked(struct table *t)
{
	return rcu_dereference_protected(t->dir,
					 lockdep_is_held(&t->heap->lock));
}

/* In a section: entry @i, which must be below the table's size. */
static __always_inline void *entry(struct table *t, u32 i)
{
	struct dir *dir = rcu_dereference_sched(t->dir);

	return dir->chunk[i / t->per_chunk] +
	       (size_t)(i % t->per_chunk) * t->entry_bytes;
}

static size_t dir_bytes(u32 nr_chunks)
{
	struct dir *dir = NULL;

	return struct_size(dir, chunk, nr_chunks);
}

static struct dir *dir_enlarge(struct gch_heap *heap, struct dir *old,
			       u32 nr_chunks)
{
	u32 i = old ? old->nr_chunks : 0;
	struct dir *dir;

	dir = gch_memory_get(heap, dir_bytes(nr_chunks));
	if (!dir)
		return NULL;
	dir->nr_chunks = nr_chunks;
	if (old)
		memcpy(dir->chunk, old->chunk, i * sizeof(old->chunk[0]));
	for (; i < nr_chunks; i++) {
		dir->chunk[i] = gch_memory_page(heap, GFP_KERNEL | __GFP_ZERO);
		if (!dir->chunk[i])
			goto err;
		cond_resched();
	}
	return dir;
err:
	while (i-- > (old ? old->nr_chunks : 0)) {
		gch_memory_page_put(heap, dir->chunk[i]);
		cond_resched();
	}
	gch_memory_put(heap, dir, dir_bytes(nr_chunks));
	return NULL;
}

/* Replaces @old by @dir, if that is set; the entries stay where they are. */
static void enlarge(struct table *t, struct dir *old, struct dir *dir, u32 nr)
{
	lockdep_assert_held(&t->growing);
	mutex_lock(&t->heap->lock);
	if (dir)
		rcu_assign_pointer(t->dir, dir);
	if (nr > t->nr)
		/* Pairs with the acquire in is_entry(), for the directory. */
		gch_store_release(&t->nr, nr);
	mutex_unlock(&t->heap->lock);
	if (!dir || !old)
		return;
	gch_memory_uncount(t->heap, old, dir_bytes(old->nr_chunks));
	kvfree_rcu(old, rcu);
}

/* The memory may take long, so gch_heap.lock is not held: collections need it. */
static int try_grow(struct table *t, u32 nr)
{
	u32 nr_chunks = DIV_ROUND_UP(nr, t->per_chunk);
	struct dir *old, *dir = NULL;
	int ret = 0;

	mutex_lock(&t->growing);
	old = rcu_dereference_protected(t->dir, lockdep_is_held(&t->growing));
	if (!old || nr_chunks > old->nr_chunks) {
		dir = dir_enlarge(t->heap, old, nr_chunks);
		if (!dir)
			ret = -ENOMEM;
	}
	if (!ret)
		enlarge(t, old, dir, nr);
	mutex_unlock(&t->growing);
	return ret;
}

/* Memory needed to grow to @nr entries. */
static size_t more_bytes(const struct table *t, u32 nr)
{
	u32 have = DIV_ROUND_UP(READ_ONCE(t->nr), t->per_chunk);
	u32 want = DIV_ROUND_UP(nr, t->per_chunk);

	return want > have ? dir_bytes(want) + (want - have) * PAGE_SIZE : 0;
}

static int grow(struct table *t, u32 nr)
{
	unsigned int tries = 0;
	int ret;

	if (!nr || nr > GCH_TABLE_MAX)
		return -EINVAL;
	do {
		ret = try_grow(t, nr);
	} while (ret == -ENOMEM &&
		 gch_memory_room(t->heap, more_bytes(t, nr), &tries));
	return ret == -ENOMEM ? gch_memory_error() : ret;
}

static void table_free(struct table *t)
{
	struct dir *dir = rcu_dereference_protected(t->dir, true);
	struct gch_heap *heap = t->heap;
	u32 i;

	for (i = 0; dir && i < dir->nr_chunks; i++) {
		gch_memory_page_put(heap, dir->chunk[i]);
		cond_resched();
	}
	if (dir)
		gch_memory_put(heap, dir, dir_bytes(dir->nr_chunks));
	gch_memory_put(heap, t, sizeof(*t));
}

static void *create(struct gch_heap *heap, u32 nr, bool weak,
		    struct module *user)
{
	struct table *t;
	int ret;

	t = gch_memory_get(heap, sizeof(*t));
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->heap = heap;
	mutex_init(&t->growing);
	t->weak = weak;
	t->entry_bytes = weak ? sizeof(struct gch_weak) : sizeof(void *);
	t->per_chunk = weak ? GCH_WEAKS_PER_CHUNK : GCH_ROOTS_PER_CHUNK;
	ret = grow(t, nr);
	if (ret) {
		table_free(t);
		return ERR_PTR(ret);
	}
	mutex_lock(&heap->lock);
	ret = gch_heap_use(heap, user, &t->pinned);
	if (!ret)
		list_add_tail(&t->node, &heap->tables);
	mutex_unlock(&heap->lock);
	if (ret) {
		table_free(t);
		return ERR_PTR(ret);
	}
	return t;
}

static void unlist_and_free(struct table *t)
{
	struct module *pinned = t->pinned;
	struct gch_heap *heap = t->heap;

	mutex_lock(&heap->lock);
	list_del(&t->node);
	gch_owner_check(heap);
	mutex_unlock(&heap->lock);
	table_free(t);
	gch_heap_unuse(heap, pinned);
}

static bool is_entry(struct table *t, const struct gch_mutator *m, u32 i)
{
	/* Pairs with the release in enlarge(). */
	return likely(i < gch_load_acquire(&t->nr) && t->heap == m->heap);
}

/**
 * __gch_roots_create - creates a root table
 * @heap: the heap that its entries refer to
 * @nr: number of entries, all empty
 * @user: the module that owns the table
 *
 * Call gch_roots_create(), which supplies @user. The heap's maker cannot be unloaded
 * before the table is destroyed, unless @user is the maker.
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: the table, or an error: -EINVAL for no entries or more than %GCH_TABLE_MAX;
 * -ENODEV if the heap is deleted, or if its maker is being loaded or unloaded;
 * -ENOMEM; -EINTR if the task was killed.
 */
struct gch_roots *__gch_roots_create(struct gch_heap *heap, u32 nr,
				     struct module *user)
{
	return create(heap, nr, false, user);
}
EXPORT_SYMBOL_GPL(__gch_roots_create);

/**
 * gch_roots_grow - enlarges a root table
 * @roots: the table
 * @nr: minimum number of entries afterwards
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: 0; -EINVAL, -ENOMEM or -EINTR as gch_roots_create().
 */
int gch_roots_grow(struct gch_roots *roots, u32 nr)
{
	return grow(&roots->t, nr);
}
EXPORT_SYMBOL_GPL(gch_roots_grow);

static void root_drop(struct gch_mutator *m, void **place)
{
	int ret;

	gch_in_section(m, ret, ret = gch_assign(m, place, NULL));
}

static void clear_roots(struct gch_mutator *m, struct table *t)
{
	struct dir *dir = rcu_dereference_protected(t->dir, true);
	u32 i, j;

	for (i = 0; i < dir->nr_chunks; i++) {
		void **places = dir->chunk[i];

		for (j = 0; j < GCH_ROOTS_PER_CHUNK; j++)
			if (places[j])
				root_drop(m, &places[j]);
		cond_resched();
	}
}

/**
 * gch_roots_destroy - clears all entries and frees a root table
 * @m: a mutator of the heap
 * @roots: the table, which has no other users, or NULL
 *
 * Waits for collections even if the task was killed.
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL if the table belongs to another heap; on a checked heap also
 * -EINVAL and -EPERM as gch_alloc(). The table is unchanged on error.
 */
int gch_roots_destroy(struct gch_mutator *m, struct gch_roots *roots)
{
	int ret;

	if (!roots)
		return 0;
	if (roots->t.heap != m->heap)
		return -EINVAL;
	ret = gch_check_call(m, _RET_IP_);
	if (ret)
		return ret;
	m->patient = true;
	clear_roots(m, &roots->t);
	m->patient = false;
	unlist_and_free(&roots->t);
	return 0;
}
EXPORT_SYMBOL_GPL(gch_roots_destroy);

/**
 * gch_root_set - writes an entry of a root table
 * @m: the mutator
 * @roots: the table
 * @i: the entry
 * @src: slot that holds the new reference
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot, entry or heap; -EINTR if the task was killed
 * while it waited.
 */
int gch_root_set(struct gch_mutator *m, struct gch_roots *roots, u32 i,
		 unsigned int src)
{
	int ret;

	if (!gch_is_slot(m, src) || !is_entry(&roots->t, m, i))
		return -EINVAL;
	gch_in_section(m, ret,
		       ret = gch_assign(m, entry(&roots->t, i), m->frame[src]));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_root_set);

/**
 * gch_root_clear - empties an entry of a root table
 * @m: the mutator
 * @roots: the table
 * @i: the entry
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad entry or heap; -EINTR if the task was killed
 * while it waited.
 */
int gch_root_clear(struct gch_mutator *m, struct gch_roots *roots, u32 i)
{
	int ret;

	if (!is_entry(&roots->t, m, i))
		return -EINVAL;
	gch_in_section(m, ret, ret = gch_assign(m, entry(&roots->t, i), NULL));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_root_clear);

/**
 * gch_root_get - reads an entry of a root table
 * @m: the mutator
 * @dst: slot that receives it
 * @roots: the table
 * @i: the entry
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot, entry or heap; -EINTR if the task was killed
 * while it waited.
 */
int gch_root_get(struct gch_mutator *m, unsigned int dst,
		 struct gch_roots *roots, u32 i)
{
	int ret;

	if (!gch_is_slot(m, dst) || !is_entry(&roots->t, m, i))
		return -EINVAL;
	gch_in_section(m, ret,
		       ret = gch_fetch(m, &m->frame[dst], entry(&roots->t, i)));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_root_get);

/**
 * __gch_weaks_create - creates a weak table
 * @heap: the heap of the objects that its entries name
 * @nr: number of entries, all empty
 * @user: the module that owns the table
 *
 * Call gch_weaks_create(), which supplies @user. Entries may only name objects of
 * types with %GCH_TYPE_WEAK. One mutator at a time may use an entry; the collector
 * clears it when its object dies.
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: as __gch_roots_create().
 */
struct gch_weaks *__gch_weaks_create(struct gch_heap *heap, u32 nr,
				     struct module *user)
{
	return create(heap, nr, true, user);
}
EXPORT_SYMBOL_GPL(__gch_weaks_create);

/**
 * gch_weaks_grow - enlarges a weak table
 * @weaks: the table
 * @nr: minimum number of entries afterwards
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: as gch_roots_grow().
 */
int gch_weaks_grow(struct gch_weaks *weaks, u32 nr)
{
	return grow(&weaks->t, nr);
}
EXPORT_SYMBOL_GPL(gch_weaks_grow);

static int weak_set(struct gch_mutator *m, struct gch_weak *w, void *ref)
{
	int ret;

	gch_in_section(m, ret, ret = gch_call(m, weak_set, w, ref));
	return ret;
}

static void clear_weaks(struct gch_mutator *m, struct table *t)
{
	struct dir *dir = rcu_dereference_protected(t->dir, true);
	u32 i, j;

	for (i = 0; i < dir->nr_chunks; i++) {
		struct gch_weak *entries = dir->chunk[i];

		for (j = 0; j < GCH_WEAKS_PER_CHUNK; j++)
			if (entries[j].ref)
				weak_set(m, &entries[j], NULL);
		cond_resched();
	}
}

/**
 * gch_weaks_destroy - clears all entries and frees a weak table
 * @m: a mutator of the heap
 * @weaks: the table, which has no other users, or NULL
 *
 * Waits for collections even if the task was killed.
 *
 * Context: process context, may sleep.
 * Return: as gch_roots_destroy().
 */
int gch_weaks_destroy(struct gch_mutator *m, struct gch_weaks *weaks)
{
	int ret;

	if (!weaks)
		return 0;
	if (weaks->t.heap != m->heap)
		return -EINVAL;
	ret = gch_check_call(m, _RET_IP_);
	if (ret)
		return ret;
	m->patient = true;
	clear_weaks(m, &weaks->t);
	m->patient = false;
	unlist_and_free(&weaks->t);
	return 0;
}
EXPORT_SYMBOL_GPL(gch_weaks_destroy);

/**
 * gch_weak_set - makes an entry of a weak table name an object
 * @m: the mutator
 * @weaks: the table
 * @i: the entry
 * @src: slot that refers to the object; if it is empty, the entry names nothing
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot, entry or heap, or if the engine needs
 * %GCH_TYPE_WEAK and the object's type lacks it; -EINTR if the task was killed while
 * it waited.
 */
int gch_weak_set(struct gch_mutator *m, struct gch_weaks *weaks, u32 i,
		 unsigned int src)
{
	int ret;

	if (!gch_is_slot(m, src) || !is_entry(&weaks->t, m, i))
		return -EINVAL;
	gch_in_section(m, ret,
		       ret = gch_call(m, weak_set, entry(&weaks->t, i),
				      m->frame[src]));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_weak_set);

/**
 * gch_weak_clear - makes an entry of a weak table name nothing
 * @m: the mutator
 * @weaks: the table
 * @i: the entry
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad entry or heap; -EINTR if the task was killed
 * while it waited.
 */
int gch_weak_clear(struct gch_mutator *m, struct gch_weaks *weaks, u32 i)
{
	int ret;

	if (!is_entry(&weaks->t, m, i))
		return -EINVAL;
	gch_in_section(m, ret,
		       ret = gch_call(m, weak_set, entry(&weaks->t, i), NULL));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_weak_clear);

/**
 * gch_weak_get - reads the object that an entry of a weak table names
 * @m: the mutator
 * @dst: slot that receives the reference; empty if the object is dead
 * @weaks: the table
 * @i: the entry
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot, entry or heap; -EINTR if the task was killed
 * while it waited.
 */
int gch_weak_get(struct gch_mutator *m, unsigned int dst,
		 struct gch_weaks *weaks, u32 i)
{
	int ret;

	if (!gch_is_slot(m, dst) || !is_entry(&weaks->t, m, i))
		return -EINVAL;
	gch_in_section(m, ret,
		       ret = gch_call(m, weak_get, &m->frame[dst],
				      entry(&weaks->t, i)));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_weak_get);

/**
 * gch_weak_alive - does an entry of a weak table name a live object?
 * @m: the mutator
 * @weaks: the table
 * @i: the entry
 *
 * Unlike gch_weak_get(), it does not keep the object alive.
 *
 * Context: process context, may sleep.
 * Return: 1 if it does, else 0; -EINVAL for a bad entry or heap; -EINTR if the task
 * was killed while it waited.
 */
int gch_weak_alive(struct gch_mutator *m, struct gch_weaks *weaks, u32 i)
{
	int alive, ret;

	if (!is_entry(&weaks->t, m, i))
		return -EINVAL;
	gch_in_section(m, ret,
		       alive = gch_call(m, weak_alive, entry(&weaks->t, i));
		       ret = min(alive, 0));
	return ret ?: alive;
}
EXPORT_SYMBOL_GPL(gch_weak_alive);

/**
 * gch_visit_frames - visits the frames of all mutators
 * @heap: the heap
 * @fn: called once per frame
 * @arg: first argument of @fn
 *
 * Context: process context, may sleep; under &gch_heap.lock.
 */
void gch_visit_frames(struct gch_heap *heap, gch_roots_fn fn, void *arg)
{
	struct gch_mutator *m;

	lockdep_assert_held(&heap->lock);
	list_for_each_entry(m, &heap->mutators, node) {
		fn(arg, m->frame, m->nr_slots);
		cond_resched();
	}
}
EXPORT_SYMBOL_GPL(gch_visit_frames);

/**
 * gch_visit_roots - visits the entries of all root tables
 * @heap: the heap
 * @fn: called once per chunk of entries
 * @arg: first argument of @fn
 *
 * Context: process context, may sleep; under &gch_heap.lock.
 */
void gch_visit_roots(struct gch_heap *heap, gch_roots_fn fn, void *arg)
{
	struct table *t;
	u32 i;

	lockdep_assert_held(&heap->lock);
	list_for_each_entry(t, &heap->tables, node) {
		struct dir *dir = dir_locked(t);

		for (i = 0; !t->weak && i < dir->nr_chunks; i++) {
			fn(arg, dir->chunk[i], t->per_chunk);
			cond_resched();
		}
	}
}
EXPORT_SYMBOL_GPL(gch_visit_roots);

/**
 * gch_visit_tables - visits the entries of all root tables, with their numbers
 * @heap: the heap
 * @fn: called once per chunk of entries
 * @arg: first argument of @fn
 *
 * Context: process context, may sleep; under &gch_heap.lock.
 */
void gch_visit_tables(struct gch_heap *heap, gch_tables_fn fn, void *arg)
{
	struct table *t;
	u32 i, n = 0;

	lockdep_assert_held(&heap->lock);
	list_for_each_entry(t, &heap->tables, node) {
		struct dir *dir = dir_locked(t);

		if (t->weak)
			continue;
		for (i = 0; i < dir->nr_chunks; i++) {
			fn(arg, n, i * t->per_chunk, dir->chunk[i],
			   t->per_chunk);
			cond_resched();
		}
		n++;
	}
}
EXPORT_SYMBOL_GPL(gch_visit_tables);

/**
 * gch_visit_weaks - visits the entries of all weak tables
 * @heap: the heap
 * @fn: called once per chunk of entries
 * @arg: first argument of @fn
 *
 * Context: process context, may sleep; under &gch_heap.lock.
 */
void gch_visit_weaks(struct gch_heap *heap, gch_weaks_fn fn, void *arg)
{
	struct table *t;
	u32 i;

	lockdep_assert_held(&heap->lock);
	list_for_each_entry(t, &heap->tables, node) {
		struct dir *dir = dir_locked(t);

		for (i = 0; t->weak && i < dir->nr_chunks; i++) {
			fn(arg, dir->chunk[i], t->per_chunk);
			cond_resched();
		}
	}
}
EXPORT_SYMBOL_GPL(gch_visit_weaks);
