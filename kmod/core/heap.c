// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of heaps
 *
 * registry_lock protects the list, the ids and the generation. Every request for any
 * heap takes it, so no task waits for a heap under it. A heap stays on the list until
 * it is deleted and its views are gone, and exists until its last reference is put.
 * Each heap pins this module and its engine's.
 *
 * The module that made a heap must delete it, at the latest in its exit. The heap
 * does not pin that module, but mutators and tables of other modules do, so they are
 * gone by then. If the module exits without deleting the heap, none of its functions
 * is called any more, and the heap can be deleted by name.
 */
#include <gcheap/engine.h>

#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "delay.h"
#include "engine.h"
#include "heap.h"
#include "observer.h"
#include "worker.h"

static DEFINE_MUTEX(registry_lock);
static LIST_HEAD(registry);
static unsigned int nr_heaps;
static u32 last_id;
static u32 generation = 1;
static atomic_t nr_ending = ATOMIC_INIT(0);

/**
 * gch_name_check - is this a valid heap name?
 * @name: the name; names appear as directories and in tables
 * @extack: error message; may be NULL
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int gch_name_check(const char *name, struct netlink_ext_ack *extack)
{
	size_t i, len = strnlen(name, GCH_NAME_SIZE);

	if (!len || len == GCH_NAME_SIZE) {
		NL_SET_ERR_MSG_FMT(extack, "the name must have 1 to %u characters",
				   GCH_NAME_SIZE - 1);
		return -EINVAL;
	}
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("-_.", name[i])))
			goto bad;
	if (name[0] != '.')
		return 0;
bad:
	NL_SET_ERR_MSG(extack,
		       "the name may have letters, digits, '-', '_' and '.', and must not begin with '.'");
	return -EINVAL;
}

/* Includes heaps being deleted: a name is free once the heap's views are gone. */
static struct gch_heap *find_name(const char *name)
{
	struct gch_heap *heap;

	lockdep_assert_held(&registry_lock);
	list_for_each_entry(heap, &registry, node)
		if (!strcmp(heap->name, name))
			return heap;
	return NULL;
}

static struct gch_heap *find_locked(const char *name)
{
	struct gch_heap *heap = find_name(name);

	return heap && !READ_ONCE(heap->dying) ? heap : NULL;
}

static void heap_free(struct gch_heap *heap)
{
	mem_cgroup_put(heap->memcg);
	free_cpumask_var(heap->cpus_hand);
	free_cpumask_var(heap->cpus_before);
	free_cpumask_var(heap->cpus);
	free_percpu(heap->items);
	free_percpu(heap->cpu);
	kvfree(heap);
}

static bool alloc_cpus(struct gch_heap *heap)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;

	return zalloc_cpumask_var(&heap->cpus, gfp) &&
	       zalloc_cpumask_var(&heap->cpus_before, gfp) &&
	       zalloc_cpumask_var(&heap->cpus_hand, gfp);
}

static struct gch_heap *heap_new(const struct gch_engine_ops *ops)
{
	struct gch_heap *heap;

	heap = kvzalloc(ops->heap_bytes, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!heap)
		return NULL;
	heap->ops = ops;
	kref_init(&heap->ref);
	INIT_LIST_HEAD(&heap->node);
	mutex_init(&heap->lock);
	mutex_init(&heap->set_lock);
	mutex_init(&heap->checks_lock);
	INIT_LIST_HEAD(&heap->mutators);
	INIT_LIST_HEAD(&heap->tables);
	INIT_LIST_HEAD(&heap->types);
	gch_owner_init(heap);
	spin_lock_init(&heap->peaks_lock);
	gch_over_init(heap);
	INIT_LIST_HEAD(&heap->watchers);
	heap->reachable = GCH_UNKNOWN;
	mutex_init(&heap->type_lock);
	gch_hash_init(&heap->by_name, heap);
	gch_cycle_init(heap);
	heap->memcg = get_mem_cgroup_from_mm(current->mm);
	heap->cpu = alloc_percpu_gfp(struct gch_cpu_stats,
				     GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	heap->items = alloc_percpu_gfp(struct gch_worker_item,
				       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!heap->cpu || !heap->items || !alloc_cpus(heap)) {
		heap_free(heap);
		return NULL;
	}
	gch_items_init(heap);
	return heap;
}

static int enlist(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&registry_lock);
	if (find_name(heap->name)) {
		NL_SET_ERR_MSG_FMT(extack, "heap %s already exists", heap->name);
		ret = -EEXIST;
	} else if (nr_heaps == GCH_HEAPS_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "too many heaps: the maximum is %u",
				   GCH_HEAPS_MAX);
		ret = -ENOSPC;
	} else {
		heap->id = ++last_id;
		kref_get(&heap->ref);
		list_add_tail(&heap->node, &registry);
		nr_heaps++;
		generation += 1 + (generation == U32_MAX);
		gch_observe_added(heap);
	}
	mutex_unlock(&registry_lock);
	return ret;
}

/**
 * __gch_heap_create - creates a heap
 * @name: its name, of letters, digits, '-', '_' and '.'
 * @cfg: engine and settings
 * @extack: error message; may be NULL
 * @maker: the calling module, which deletes the heap before it goes
 *
 * Call gch_heap_create(), which supplies @maker. The heap's memory is charged to the
 * memory cgroup of the calling task.
 *
 * Context: process context, may sleep.
 * Return: the heap, with a reference for gch_heap_put(); it exists until
 * gch_heap_delete(). Or an error: -EINVAL for a bad name or value, -EEXIST for a
 * taken name, -EOPNOTSUPP for an unknown engine or a setting that it lacks, -ERANGE
 * for a value out of bounds, -ENOSPC for too many heaps, -ENODEV if this module is
 * being unloaded, -ENOMEM.
 */
struct gch_heap *__gch_heap_create(const char *name,
				   const struct gch_config *cfg,
				   struct netlink_ext_ack *extack,
				   struct module *maker)
{
	const struct gch_engine_ops *ops;
	struct gch_heap *heap;
	int ret;

	ret = gch_name_check(name, extack);
	if (ret)
		return ERR_PTR(ret);
	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	ops = gch_engine_get(cfg->engine);
	if (!ops) {
		NL_SET_ERR_MSG(extack, "no such engine");
		ret = -EOPNOTSUPP;
		goto err_module;
	}
	heap = heap_new(ops);
	ret = -ENOMEM;
	if (!heap)
		goto err_engine;
	strscpy(heap->name, name, sizeof(heap->name));
	heap->maker = maker;
	heap->born = ktime_get_ns();
	ret = gch_heap_configure(heap, cfg, extack);
	if (ret)
		goto err_free;
	ret = ops->heap_init(heap, extack);
	if (ret)
		goto err_free;
	gch_checks_init(heap);
	ret = enlist(heap, extack);
	if (ret)
		goto err_exit;
	/* A change of the checks before enlist() has missed this heap. */
	gch_checks_update(heap);
	gch_cycle_retime(heap);
	return heap;

err_exit:
	ops->heap_exit(heap);
err_free:
	heap_free(heap);
err_engine:
	gch_engine_put(ops);
err_module:
	module_put(THIS_MODULE);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(__gch_heap_create);

static void release(struct kref *ref)
{
	struct gch_heap *heap = container_of(ref, struct gch_heap, ref);
	const struct gch_engine_ops *ops = heap->ops;

	/* Tests check that nothing waits for this. */
	gch_delay();
	gch_cycle_stop(heap);
	gch_finals_exit(heap);
	ops->heap_exit(heap);
	gch_type_free_all(heap);
	if (atomic64_read(&heap->held))
		pr_err("heap %s leaked %lld bytes of pages\n", heap->name,
		       atomic64_read(&heap->held));
	heap_free(heap);
	gch_engine_put(ops);
	module_put(THIS_MODULE);
}

/**
 * gch_heap_put - puts a reference to a heap
 * @heap: the heap, or NULL
 *
 * Context: process context, may sleep: the last reference frees the heap.
 */
void gch_heap_put(struct gch_heap *heap)
{
	if (heap)
		kref_put(&heap->ref, release);
}
EXPORT_SYMBOL_GPL(gch_heap_put);

/*
 * A reference to a module prevents unloading, but a module whose init fails is freed
 * despite it. So modules that are still loading are not pinned.
 */
static bool pin(struct module *mod)
{
	return !mod || (READ_ONCE(mod->state) != MODULE_STATE_COMING &&
			try_module_get(mod));
}

/**
 * gch_heap_use - begins the use of a heap by a mutator or a table
 * @heap: the heap
 * @user: the module that owns the mutator or table
 * @pinned: set to the pinned module, for gch_heap_unuse()
 *
 * Context: process context; under &gch_heap.lock.
 * Return: 0, with a reference to the heap; -ENODEV if it is deleted, or if its maker
 * is being loaded or unloaded.
 */
int gch_heap_use(struct gch_heap *heap, struct module *user,
		 struct module **pinned)
{
	struct module *maker = heap->maker != user ? heap->maker : NULL;

	lockdep_assert_held(&heap->lock);
	/* An orphan with tables accepts mutators: destroying the tables takes one. */
	if (heap->dying ||
	    (READ_ONCE(heap->orphan) && list_empty(&heap->tables)) ||
	    !pin(maker))
		return -ENODEV;
	*pinned = maker;
	kref_get(&heap->ref);
	return 0;
}

/**
 * gch_heap_unuse - ends the use of a heap by a mutator or a table
 * @heap: the heap
 * @pinned: from gch_heap_use()
 *
 * Context: process context, may sleep.
 */
void gch_heap_unuse(struct gch_heap *heap, struct module *pinned)
{
	module_put(pinned);
	gch_heap_put(heap);
}

static void release_now(struct work_struct *work)
{
	release(&container_of(work, struct gch_heap, release_work)->ref);
	/* Unloading may begin now: it waits for this work item. */
	atomic_dec(&nr_ending);
}

static void release_later(struct kref *ref)
{
	struct gch_heap *heap = container_of(ref, struct gch_heap, ref);

	atomic_inc(&nr_ending);
	INIT_WORK(&heap->release_work, release_now);
	queue_work(gch_wq, &heap->release_work);
}

/**
 * gch_heap_put_later - puts a reference to a heap; frees the heap in a work item
 * @heap: the heap
 *
 * Context: any but NMI. If the reference is the last, a work item frees the heap, and
 * gch_heaps_ending() counts it until then.
 */
void gch_heap_put_later(struct gch_heap *heap)
{
	kref_put(&heap->ref, release_later);
}
EXPORT_SYMBOL_GPL(gch_heap_put_later);

/* None of its functions will run any more: the maker may be unloaded. */
static void forget_maker(struct gch_heap *heap)
{
	mutex_lock(&heap->lock);
	heap->maker = NULL;
	mutex_unlock(&heap->lock);
}

/*
 * The heap stays in the registry until it is unlisted. A task that finds it there
 * sees that it is dying, or is refused under gch_heap.lock.
 */
static int make_dying(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&heap->lock);
	if (heap->dying) {
		NL_SET_ERR_MSG_FMT(extack, "heap %s has been deleted",
				   heap->name);
		ret = -ENOENT;
	} else if (heap->nr_mutators || !list_empty(&heap->tables)) {
		NL_SET_ERR_MSG_FMT(extack, "heap %s is in use: %u mutators attached",
				   heap->name, heap->nr_mutators);
		ret = -EBUSY;
	} else {
		WRITE_ONCE(heap->dying, true);
	}
	mutex_unlock(&heap->lock);
	return ret;
}

static void unlist(struct gch_heap *heap)
{
	gch_owner_forget(heap);
	/* Waits for readers, which may want the registry. */
	gch_observe_removed(heap);
	mutex_lock(&registry_lock);
	list_del_init(&heap->node);
	nr_heaps--;
	generation += 1 + (generation == U32_MAX);
	mutex_unlock(&registry_lock);
	gch_heap_put(heap);
}

/**
 * gch_heap_delete - deletes a heap
 * @heap: the heap; the caller has a reference, and keeps it
 * @extack: error message; may be NULL
 *
 * After return, no finalizer or cleanup of the heap runs or will run, even if the
 * return value is -ENOENT: the call waits for the running one. The last put of a
 * reference frees the heap's objects and pages.
 *
 * Context: process context, may sleep as long as the running finalizer takes.
 * Return: 0; -ENOENT if the heap has been deleted; -EBUSY while mutators are attached
 * or tables exist; -EDEADLK if a finalizer or cleanup of the heap calls it.
 */
int gch_heap_delete(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	int ret;

	if (gch_finals_calls(heap)) {
		NL_SET_ERR_MSG_FMT(extack, "heap %s cannot be deleted by its own finalizer",
				   heap->name);
		return -EDEADLK;
	}
	ret = make_dying(heap, extack);
	if (ret == -EBUSY)
		return ret;
	gch_finals_stop(heap);
	if (!ret) {
		forget_maker(heap);
		unlist(heap);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(gch_heap_delete);

static bool is_foreign(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	bool foreign;

	mutex_lock(&heap->lock);
	foreign = heap->maker && heap->maker != THIS_MODULE;
	if (foreign)
		NL_SET_ERR_MSG_FMT(extack, "heap %s belongs to module %s",
				   heap->name, module_name(heap->maker));
	mutex_unlock(&heap->lock);
	return foreign;
}

/**
 * gch_heap_remove - deletes a heap on a user's request
 * @heap: the heap; the caller has a reference, and keeps it
 * @extack: error message; may be NULL
 *
 * Does not wait for a running finalizer, since the caller may hold locks of netlink.
 * The finalizer pins its module.
 *
 * Context: process context, may sleep.
 * Return: as gch_heap_delete(), without -EDEADLK; -EPERM if another module made the
 * heap.
 */
int gch_heap_remove(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	int ret;

	if (is_foreign(heap, extack))
		return -EPERM;
	ret = make_dying(heap, extack);
	if (ret)
		return ret;
	gch_finals_drop(heap);
	forget_maker(heap);
	unlist(heap);
	return 0;
}

static struct gch_heap *find_made(struct module *maker)
{
	struct gch_heap *heap, *found = NULL;

	mutex_lock(&registry_lock);
	list_for_each_entry(heap, &registry, node) {
		if (heap->maker == maker) {
			kref_get(&heap->ref);
			found = heap;
			break;
		}
	}
	mutex_unlock(&registry_lock);
	return found;
}

/**
 * gch_heaps_orphan - stops all calls of a departing module's functions
 * @maker: the module
 *
 * Context: process context, may sleep; after the module's exit and before its memory
 * is freed.
 */
void gch_heaps_orphan(struct module *maker)
{
	struct gch_heap *heap;

	while ((heap = find_made(maker))) {
		mutex_lock(&heap->lock);
		heap->maker = NULL;
		mutex_unlock(&heap->lock);
		gch_finals_stop(heap);
		if (!READ_ONCE(heap->dying))
			pr_err("heap %s outlives module %s, which created it\n",
			       heap->name, module_name(maker));
		gch_heap_put(heap);
	}
}

/**
 * gch_heap_find - looks up a heap
 * @name: its name
 *
 * Context: process context, may sleep.
 * Return: the heap, with a reference for gch_heap_put(), or NULL.
 */
struct gch_heap *gch_heap_find(const char *name)
{
	struct gch_heap *heap;

	mutex_lock(&registry_lock);
	heap = find_locked(name);
	if (heap)
		kref_get(&heap->ref);
	mutex_unlock(&registry_lock);
	return heap;
}
EXPORT_SYMBOL_GPL(gch_heap_find);

/**
 * gch_heap_next - walks the heaps in the order of their ids
 * @after: id of the previous heap, 0 for the first
 *
 * Context: process context, may sleep.
 * Return: the heap, with a reference for gch_heap_put(), or NULL at the end.
 */
struct gch_heap *gch_heap_next(u32 after)
{
	struct gch_heap *heap, *found = NULL;

	mutex_lock(&registry_lock);
	list_for_each_entry(heap, &registry, node) {
		if (heap->id > after && !READ_ONCE(heap->dying)) {
			kref_get(&heap->ref);
			found = heap;
			break;
		}
	}
	mutex_unlock(&registry_lock);
	return found;
}
EXPORT_SYMBOL_GPL(gch_heap_next);

/**
 * gch_heap_name - returns a heap's name
 * @heap: the heap
 *
 * Context: any.
 * Return: the name, which exists as long as the heap.
 */
const char *gch_heap_name(const struct gch_heap *heap)
{
	return heap->name;
}
EXPORT_SYMBOL_GPL(gch_heap_name);

/**
 * gch_heap_id - returns a heap's id
 * @heap: the heap
 *
 * Context: any.
 * Return: the id: never 0, never reused.
 */
u32 gch_heap_id(const struct gch_heap *heap)
{
	return heap->id;
}
EXPORT_SYMBOL_GPL(gch_heap_id);

/**
 * gch_heap_engine - returns the kind of a heap's engine
 * @heap: the heap
 *
 * Context: any.
 * Return: the number, &enum gcheap_engine for an engine of this module.
 */
u32 gch_heap_engine(const struct gch_heap *heap)
{
	return heap->ops->kind;
}
EXPORT_SYMBOL_GPL(gch_heap_engine);

/**
 * gch_heap_reclaim - returns how a heap's engine frees objects
 * @heap: the heap
 *
 * Context: any.
 * Return: the way.
 */
enum gcheap_reclaim gch_heap_reclaim(const struct gch_heap *heap)
{
	return heap->ops->reclaim;
}
EXPORT_SYMBOL_GPL(gch_heap_reclaim);

/**
 * gch_heap_validate - checks every invariant of a heap
 * @heap: the heap
 *
 * Prints violations to the kernel log.
 *
 * Context: process context outside sections, may sleep for long.
 * Return: the number of violations, or a negative error: -EINTR if the task was
 * killed while it waited for a collection.
 */
int gch_heap_validate(struct gch_heap *heap)
{
	int ret = mutex_lock_killable(&heap->cycle_lock);

	if (ret)
		return ret;
	ret = heap->ops->validate(heap);
	mutex_unlock(&heap->cycle_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_heap_validate);

/**
 * gch_heaps_shrink_count - counts pages that memory pressure could reclaim
 *
 * Context: process context; waits for no lock, since the caller may hold one.
 * Return: pages of all heaps; 0 if the registry is locked.
 */
u64 gch_heaps_shrink_count(void)
{
	struct gch_heap *heap;
	u64 pages = 0;

	if (!mutex_trylock(&registry_lock))
		return 0;
	list_for_each_entry(heap, &registry, node)
		if (heap->ops->shrink_count)
			pages += heap->ops->shrink_count(heap);
	mutex_unlock(&registry_lock);
	return pages;
}

/**
 * gch_heaps_shrink - gives back memory that heaps do not need
 * @pages: number of pages wanted
 *
 * Asks heaps in the order of their age. The first has nothing left to give when it is
 * asked again.
 *
 * Context: as gch_heaps_shrink_count().
 * Return: pages given back.
 */
u64 gch_heaps_shrink(u64 pages)
{
	struct gch_heap *heap;
	u64 freed = 0;

	if (!mutex_trylock(&registry_lock))
		return 0;
	list_for_each_entry(heap, &registry, node) {
		if (freed >= pages)
			break;
		if (heap->ops->shrink && heap->ops->shrink_count(heap))
			freed += heap->ops->shrink(heap, pages - freed);
	}
	mutex_unlock(&registry_lock);
	return freed;
}

/**
 * gch_heap_count - counts heaps
 *
 * Context: any.
 * Return: number of heaps.
 */
u32 gch_heap_count(void)
{
	return READ_ONCE(nr_heaps);
}

/**
 * gch_heaps_ending - counts heaps that are being freed in the background
 *
 * Context: any.
 * Return: number of such heaps.
 */
u32 gch_heaps_ending(void)
{
	return atomic_read(&nr_ending);
}

/**
 * gch_heap_generation - returns the generation of the registry
 *
 * Context: any.
 * Return: a number, never 0, that changes with every heap added or deleted.
 */
u32 gch_heap_generation(void)
{
	return READ_ONCE(generation);
}

/**
 * gch_heap_mutators - counts attached mutators
 * @heap: the heap
 *
 * Context: any.
 * Return: number of mutators.
 */
unsigned int gch_heap_mutators(struct gch_heap *heap)
{
	return READ_ONCE(heap->nr_mutators);
}
