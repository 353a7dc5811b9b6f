// SPDX-License-Identifier: GPL-2.0
/*
 * Mutators: the calls by which a task uses a heap
 *
 * One task uses a mutator. Collectors read its frame at any time; only its own calls
 * write the frame, inside sections. gch_heap.lock protects the list of mutators.
 *
 * Every call checks the slots, enters a section, finds the addresses and calls the
 * engine. It repeats the section if the engine had to wait.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "heap.h"
#include "mutator.h"

/**
 * gch_mutator_move - points a mutator to the data of its current CPU
 * @m: the mutator
 * @cpu: the CPU
 *
 * Context: preemption is off.
 * Return: false if the heap is checked and the call is a misuse.
 */
bool gch_mutator_move(struct gch_mutator *m, unsigned int cpu)
{
	unsigned int mark = 0;

	if (READ_ONCE(m->heap->checked)) {
		if (!gch_check(m))
			return false;
		mark = GCH_CPU_CHECKED;
		/* Same CPU: only the check was due. */
		if (READ_ONCE(m->cpu) == (cpu | mark))
			return true;
	}
	m->seq = per_cpu_ptr(&gch_section_seq, cpu);
	m->stats = per_cpu_ptr(m->heap->cpu, cpu);
	if (m->heap->cache)
		m->cache = per_cpu_ptr(m->heap->cache, cpu);
	gch_cpus_add(m, cpu, mark);
	return true;
}

/*
 * Completes the pending work of a finished operation, step by step. If the task was
 * killed, the rest is left to its next call or to the detach.
 */
static void settle(struct gch_mutator *m)
{
	struct gch_stay stay;
	int ret, error = 0;

	while (m->pending) {
		if (!gch_mutator_enter(m, &stay))
			break;
		ret = m->ops->settle(m);
		gch_mutator_leave(m, stay);
		if (m->wait != GCH_WAIT_NONE)
			error = m->ops->wait(m);
		m->wait = GCH_WAIT_NONE;
		if (ret > 0 || error)
			break;
		cond_resched();
	}
}

/**
 * gch_again - does the work that a call could not do inside its section
 * @m: the mutator
 * @ret: in: result of the section; out: result of the call, if it is not repeated
 *
 * Context: process context outside sections, may sleep.
 * Return: true if the call must be repeated.
 */
bool gch_again(struct gch_mutator *m, int *ret)
{
	bool again = false, held = false;
	u64 start, end;

	might_sleep();
	/* A failed call is not a pause. */
	if (*ret != -EAGAIN && !m->pending)
		return false;
	start = ktime_get_ns();
	if (*ret == -EAGAIN) {
		held = m->wait == GCH_WAIT_EXCLUSIVE;
		*ret = m->ops->wait(m);
		m->wait = GCH_WAIT_NONE;
		again = !*ret;
	}
	if (m->pending)
		settle(m);
	end = ktime_get_ns();
	gch_hist_add(&m->heap->pause, end - start);
	if (held)
		gch_hist_add(&m->heap->exclusive_wait, end - start);
	if (m->on_pause)
		m->on_pause(m->on_pause_arg, start, end);
	return again;
}

static size_t memory_of(const struct gch_heap *heap, unsigned int nr_slots)
{
	return heap->ops->mutator_bytes + nr_slots * sizeof(void *);
}

static void free_memory(struct gch_heap *heap, struct gch_mutator *m,
			unsigned int nr_slots)
{
	gch_memory_put(heap, m->frame, nr_slots * sizeof(*m->frame));
	gch_memory_put(heap, m, heap->ops->mutator_bytes);
}

/**
 * gch_mutator_new - allocates a mutator
 * @heap: the heap
 * @nr_slots: number of slots in its frame, all empty
 *
 * Context: process context, may sleep.
 * Return: the mutator, which is on no list yet; NULL without memory.
 */
struct gch_mutator *gch_mutator_new(struct gch_heap *heap,
				    unsigned int nr_slots)
{
	struct gch_mutator *m;

	m = gch_memory_get(heap, heap->ops->mutator_bytes);
	if (!m)
		return NULL;
	m->frame = gch_memory_get(heap, nr_slots * sizeof(*m->frame));
	if (!m->frame)
		goto err_free;
	m->ops = heap->ops;
	m->kind = heap->ops->kind;
	m->heap = heap;
	m->nr_slots = nr_slots;
	/* No CPU yet: the first call sets it. */
	m->cpu = UINT_MAX;
	if (!m->ops->mutator_init(m))
		return m;
err_free:
	free_memory(heap, m, nr_slots);
	return NULL;
}

/**
 * gch_mutator_free - frees a mutator
 * @m: the mutator; its frame is empty, and it is on no list
 *
 * Context: process context, may sleep.
 */
void gch_mutator_free(struct gch_mutator *m)
{
	m->ops->mutator_exit(m);
	free_memory(m->heap, m, m->nr_slots);
}

/**
 * __gch_mutator_attach - begins a task's access to a heap
 * @heap: the heap
 * @nr_slots: number of slots in its frame, all empty
 * @user: the module that owns the mutator
 *
 * Call gch_mutator_attach(), which supplies @user. The heap's maker cannot be
 * unloaded before the detach, unless @user is the maker.
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: the mutator, or an error: -EINVAL for a bad number of slots; -ENODEV if the
 * heap is deleted, or if its maker is being loaded or unloaded; -EBUSY if the heap is
 * claimed; -ENOSPC for too many mutators; -ENOMEM; -EINTR if the task was killed.
 */
struct gch_mutator *__gch_mutator_attach(struct gch_heap *heap,
					 unsigned int nr_slots,
					 struct module *user)
{
	unsigned int tries = 0;
	struct gch_mutator *m;
	int ret;

	if (!nr_slots || nr_slots > GCH_FRAME_MAX)
		return ERR_PTR(-EINVAL);
	/* Avoids collecting a claimed heap for this; tested again under the lock. */
	if (READ_ONCE(heap->claimed))
		return ERR_PTR(-EBUSY);
	do {
		m = gch_mutator_new(heap, nr_slots);
	} while (!m && gch_memory_room(heap, memory_of(heap, nr_slots), &tries));
	if (!m)
		return ERR_PTR(gch_memory_error());

	mutex_lock(&heap->lock);
	if (heap->claimed)
		ret = -EBUSY;
	else if (heap->nr_mutators == GCH_MUTATORS_MAX)
		ret = -ENOSPC;
	else
		ret = gch_heap_use(heap, user, &m->pinned);
	if (!ret) {
		list_add_tail(&m->node, &heap->mutators);
		WRITE_ONCE(heap->nr_mutators, heap->nr_mutators + 1);
	}
	mutex_unlock(&heap->lock);
	if (!ret)
		return m;
	gch_mutator_free(m);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(__gch_mutator_attach);

/**
 * gch_frame_clear - empties all slots of a mutator
 * @m: the mutator
 *
 * Context: process context, may sleep; completes even if the task was killed.
 */
void gch_frame_clear(struct gch_mutator *m)
{
	unsigned int i;

	m->patient = true;
	for (i = 0; i < m->nr_slots; i++)
		if (m->frame[i])
			gch_clear(m, i);
	m->patient = false;
}

/**
 * gch_mutator_detach - ends a task's access to a heap
 * @m: the mutator, or NULL
 *
 * Any task may call it once no other task uses the mutator. It empties the slots, so
 * it waits where gch_clear() does, even if the task was killed.
 *
 * Context: process context, may sleep: at most for a collection.
 */
void gch_mutator_detach(struct gch_mutator *m)
{
	struct gch_heap *heap;
	struct module *pinned;

	if (!m)
		return;
	if (gch_check_detach(m, _RET_IP_))
		return;
	heap = m->heap;
	pinned = m->pinned;
	gch_frame_clear(m);
	mutex_lock(&heap->lock);
	list_del(&m->node);
	WRITE_ONCE(heap->nr_mutators, heap->nr_mutators - 1);
	gch_owner_check(heap);
	mutex_unlock(&heap->lock);
	gch_mutator_free(m);
	gch_heap_unuse(heap, pinned);
}
EXPORT_SYMBOL_GPL(gch_mutator_detach);

/**
 * gch_mutator_yield - announces that a mutator will be idle
 * @m: the mutator, which will make no call for a while
 *
 * Where only one mutator may run at a time, others need not wait for the switch
 * interval. On other engines it costs nothing. The next call may come from another
 * task.
 *
 * Context: process context, may sleep.
 */
void gch_mutator_yield(struct gch_mutator *m)
{
	if (gch_check_call(m, _RET_IP_))
		return;
	if (m->ops->yield)
		m->ops->yield(m);
	gch_check_forget(m);
}
EXPORT_SYMBOL_GPL(gch_mutator_yield);

/**
 * gch_mutator_on_pause - sets a function to call after each pause of a mutator
 * @m: the mutator
 * @fn: the function; NULL for none
 * @arg: argument of @fn
 *
 * The pauses are those in &gch_stats.pause.
 *
 * Context: process context; the task that owns @m.
 */
void gch_mutator_on_pause(struct gch_mutator *m, gch_pause_fn fn, void *arg)
{
	m->on_pause_arg = arg;
	m->on_pause = fn;
}
EXPORT_SYMBOL_GPL(gch_mutator_on_pause);

/**
 * gch_mutator_heap - returns the heap of a mutator
 * @m: the mutator
 *
 * Context: any.
 * Return: the heap, without a reference.
 */
struct gch_heap *gch_mutator_heap(const struct gch_mutator *m)
{
	return m->heap;
}
EXPORT_SYMBOL_GPL(gch_mutator_heap);

/**
 * gch_alloc - allocates an object of a fixed type
 * @m: the mutator
 * @dst: slot that receives the reference
 * @type: its type
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: 0; -EINVAL for a bad slot or type; -ENOMEM; -EINTR if the task was killed
 * while it waited. On a checked heap also -EINVAL if the task cannot sleep, -EPERM if
 * another task uses the mutator. The slot is unchanged on error.
 */
int gch_alloc(struct gch_mutator *m, unsigned int dst, struct gch_type *type)
{
	int ret;

	if (!gch_is_slot(m, dst) || type->heap != m->heap ||
	    (type->flags & GCH_TYPE_VAR))
		return -EINVAL;
	gch_in_section(m, ret,
		       ret = gch_call(m, alloc_fixed, &m->frame[dst], type));
	if (unlikely(m->tries))
		m->tries = 0;
	return ret;
}
EXPORT_SYMBOL_GPL(gch_alloc);

/* Are @nr slots from @first on valid, and no more than one call takes? */
static __always_inline bool are_slots(const struct gch_mutator *m,
				      unsigned int first, unsigned int nr)
{
	return likely(nr - 1 < GCH_REFS_MAX && nr <= m->nr_slots &&
		      first <= m->nr_slots - nr);
}

/**
 * gch_alloc_refs - allocates an object of a fixed type and sets its references
 * @m: the mutator
 * @dst: slot that receives the reference; may be one of the source slots
 * @type: its type
 * @src: first source slot of the references
 * @nr: number of references, 1 to %GCH_REFS_MAX: the first @nr references of the type
 *	are set, in order; the others are empty
 *
 * Equals gch_alloc() and a gch_store() for each reference, but in one section: no
 * other task sees the object without its references.
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: 0; -EINVAL for a bad slot, type or number; -ERANGE if the type has fewer
 * references; other errors as gch_alloc(). @dst is unchanged on error.
 */
int gch_alloc_refs(struct gch_mutator *m, unsigned int dst,
		   struct gch_type *type, unsigned int src, unsigned int nr)
{
	int ret;

	if (!gch_is_slot(m, dst) || !are_slots(m, src, nr) ||
	    type->heap != m->heap || (type->flags & GCH_TYPE_VAR))
		return -EINVAL;
	if (nr > type->nr_refs)
		return -ERANGE;
	gch_in_section(m, ret,
		       ret = gch_call(m, alloc_refs, &m->frame[dst], type,
				      &m->frame[src], nr));
	if (unlikely(m->tries))
		m->tries = 0;
	return ret;
}
EXPORT_SYMBOL_GPL(gch_alloc_refs);

/**
 * gch_alloc_var - allocates an object of a variable type
 * @m: the mutator
 * @dst: slot that receives the reference
 * @type: its type
 * @nr_refs: number of reference words at its start
 * @bytes: bytes of data after them
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: 0; -EINVAL for a bad slot or type, or references in an untracked type;
 * -E2BIG above %GCH_OBJECT_MAX; other errors as gch_alloc(). The slot is unchanged on
 * error.
 */
int gch_alloc_var(struct gch_mutator *m, unsigned int dst,
		  struct gch_type *type, u32 nr_refs, u32 bytes)
{
	u64 total = (u64)nr_refs * sizeof(void *) + bytes;
	int ret;

	if (!gch_is_slot(m, dst) || type->heap != m->heap ||
	    !(type->flags & GCH_TYPE_VAR) ||
	    (nr_refs && (type->flags & GCH_TYPE_UNTRACKED)))
		return -EINVAL;
	if (total > GCH_OBJECT_MAX)
		return -E2BIG;
	gch_in_section(m, ret,
		       ret = gch_call(m, alloc, &m->frame[dst], type, nr_refs,
				      max_t(u32, total, 1)));
	if (unlikely(m->tries))
		m->tries = 0;
	return ret;
}
EXPORT_SYMBOL_GPL(gch_alloc_var);

static __always_inline int load(struct gch_mutator *m, unsigned int dst,
				unsigned int src, u32 i)
{
	void *obj = m->frame[src];

	if (unlikely(!obj))
		return -EFAULT;
	return gch_call(m, load, &m->frame[dst], obj, i);
}

/**
 * gch_load - reads a reference of an object
 * @m: the mutator
 * @dst: slot that receives it
 * @src: slot that refers to the object
 * @i: word number in the object
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot; -EFAULT if @src is empty; -ERANGE if word @i is
 * no reference; -EINTR if the task was killed while it waited. On a checked heap also
 * -EINVAL and -EPERM as gch_alloc().
 */
int gch_load(struct gch_mutator *m, unsigned int dst, unsigned int src, u32 i)
{
	int ret;

	if (!gch_is_slot(m, dst) || !gch_is_slot(m, src))
		return -EINVAL;
	gch_in_section(m, ret, ret = load(m, dst, src, i));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_load);

static __always_inline int load_refs(struct gch_mutator *m, unsigned int dst,
				     unsigned int src, u32 i, unsigned int nr)
{
	if (unlikely(!m->frame[src]))
		return -EFAULT;
	return gch_call(m, load_refs, &m->frame[dst], &m->frame[src], i, nr);
}

/**
 * gch_load_refs - reads adjacent references of an object
 * @m: the mutator
 * @dst: first of the slots that receive them; @src may be one of these
 * @src: slot that refers to the object
 * @i: first word number in the object
 * @nr: number of words, 1 to %GCH_REFS_MAX, each a reference
 *
 * Equals a gch_load() for each, in one section.
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot or number; -EFAULT if @src is empty; -ERANGE if
 * one of the words is no reference: no slot has changed then; -EINTR if the task was
 * killed while it waited: some slots may have been written then; on a checked heap as
 * gch_load().
 */
int gch_load_refs(struct gch_mutator *m, unsigned int dst, unsigned int src,
		  u32 i, unsigned int nr)
{
	int ret;

	if (!gch_is_slot(m, src) || !are_slots(m, dst, nr))
		return -EINVAL;
	gch_in_section(m, ret, ret = load_refs(m, dst, src, i, nr));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_load_refs);

static __always_inline int store(struct gch_mutator *m, unsigned int dst, u32 i,
				 void *ref)
{
	void *obj = m->frame[dst];

	if (unlikely(!obj))
		return -EFAULT;
	return gch_call(m, store, obj, i, ref);
}

/**
 * gch_store - writes a reference of an object
 * @m: the mutator
 * @dst: slot that refers to the object
 * @i: word number in the object
 * @src: slot that holds the new reference
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot; -EFAULT if @dst is empty; -ERANGE if word @i is
 * no reference; -EINTR if the task was killed while it waited; on a checked heap as
 * gch_load().
 */
int gch_store(struct gch_mutator *m, unsigned int dst, u32 i, unsigned int src)
{
	int ret;

	if (!gch_is_slot(m, dst) || !gch_is_slot(m, src))
		return -EINVAL;
	gch_in_section(m, ret, ret = store(m, dst, i, m->frame[src]));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_store);

/**
 * gch_store_null - clears a reference of an object
 * @m: the mutator
 * @dst: slot that refers to the object
 * @i: word number in the object
 *
 * Context: process context, may sleep.
 * Return: as gch_store().
 */
int gch_store_null(struct gch_mutator *m, unsigned int dst, u32 i)
{
	int ret;

	if (!gch_is_slot(m, dst))
		return -EINVAL;
	gch_in_section(m, ret, ret = store(m, dst, i, NULL));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_store_null);

/**
 * gch_copy - copies a slot
 * @m: the mutator
 * @dst: destination slot
 * @src: source slot
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot; -EINTR if the task was killed while it waited;
 * on a checked heap as gch_load().
 */
int gch_copy(struct gch_mutator *m, unsigned int dst, unsigned int src)
{
	int ret;

	if (!gch_is_slot(m, dst) || !gch_is_slot(m, src))
		return -EINVAL;
	gch_in_section(m, ret, ret = gch_assign(m, &m->frame[dst], m->frame[src]));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_copy);

/**
 * gch_clear - empties a slot
 * @m: the mutator
 * @dst: the slot
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot; -EINTR if the task was killed while it waited;
 * on a checked heap as gch_load().
 */
int gch_clear(struct gch_mutator *m, unsigned int dst)
{
	int ret;

	if (!gch_is_slot(m, dst))
		return -EINVAL;
	gch_in_section(m, ret, ret = gch_assign(m, &m->frame[dst], NULL));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_clear);

/**
 * gch_free - frees an object explicitly, on engines that need it
 * @m: the mutator
 * @src: slot that refers to the object; empty afterwards
 *
 * On an engine that collects, it only empties the slot. On other engines, no other
 * reference to the object may be used afterwards.
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for a bad slot; -EFAULT if @src is empty; -EINTR if the task was
 * killed while it waited; on a checked heap as gch_load().
 */
int gch_free(struct gch_mutator *m, unsigned int src)
{
	int ret;

	if (!gch_is_slot(m, src))
		return -EINVAL;
	if (!m->frame[src])
		return -EFAULT;
	gch_in_section(m, ret, ret = gch_call(m, free, &m->frame[src]));
	return ret;
}
EXPORT_SYMBOL_GPL(gch_free);

/**
 * gch_is_null - is a slot empty?
 * @m: the mutator
 * @src: the slot
 *
 * Context: process context.
 * Return: true if the slot is empty or does not exist.
 */
bool gch_is_null(const struct gch_mutator *m, unsigned int src)
{
	return !gch_is_slot(m, src) || !m->frame[src];
}
EXPORT_SYMBOL_GPL(gch_is_null);

/**
 * gch_same - do two slots refer to the same object?
 * @m: the mutator
 * @a: one slot
 * @b: the other
 *
 * Context: process context.
 * Return: true if they do, or if both are empty; false for a bad slot.
 */
bool gch_same(const struct gch_mutator *m, unsigned int a, unsigned int b)
{
	return gch_is_slot(m, a) && gch_is_slot(m, b) && m->frame[a] == m->frame[b];
}
EXPORT_SYMBOL_GPL(gch_same);

/**
 * gch_data - returns the address of an object's data
 * @m: the mutator
 * @src: slot that refers to the object
 * @bytes: set to its usable size, at least the requested size; may be NULL
 *
 * The caller must not touch words that are references. The pointer is valid while a
 * slot of @m refers to the object.
 *
 * Context: process context.
 * Return: the first byte; NULL if the slot is empty or does not exist, or if the call
 * is a misuse.
 */
void *gch_data(struct gch_mutator *m, unsigned int src, size_t *bytes)
{
	struct gch_stay stay;
	size_t size;
	void *data;

	if (!gch_is_slot(m, src) || !m->frame[src])
		return NULL;
	if (unlikely(!gch_mutator_enter(m, &stay))) {
		gch_mutator_misuse(m, _RET_IP_);
		return NULL;
	}
	data = gch_call(m, data, m->frame[src], &size);
	gch_mutator_leave(m, stay);
	if (bytes)
		*bytes = size;
	return data;
}
EXPORT_SYMBOL_GPL(gch_data);
