// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of heaps, and their settings
 *
 * registry_lock protects the list, the ids and the generation; it is the
 * outermost lock. A heap is on the list until it is deleted and its views are
 * gone, and lives until the last reference is put. It pins the module, so that the
 * module cannot go while a heap exists.
 */
#include <gcheap/engine.h>

#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "control/control.h"
#include "heap.h"
#include "worker.h"

static DEFINE_MUTEX(registry_lock);
static LIST_HEAD(registry);
static unsigned int nr_heaps;
static u32 last_id;
static u32 generation = 1;

static const char * const key_names[GCH_KEY_NR] = {
	[GCH_KEY_LIMIT]		= "limit",
	[GCH_KEY_ARENA_ORDER]	= "arena-order",
	[GCH_KEY_VERIFY]	= "verify",
	[GCH_KEY_POISON]	= "poison",
	[GCH_KEY_INTERVAL_MS]	= "interval-ms",
	[GCH_KEY_GOGC]		= "gogc",
	[GCH_KEY_MEMORY_LIMIT]	= "memory-limit",
	[GCH_KEY_ASSIST_US]	= "assist-us",
	[GCH_KEY_PERIOD_MS]	= "period-ms",
	[GCH_KEY_SMALL_MAX]	= "small-max",
	[GCH_KEY_POOL_SIZE]	= "pool-size",
	[GCH_KEY_THRESHOLD0]	= "threshold0",
	[GCH_KEY_THRESHOLD1]	= "threshold1",
	[GCH_KEY_THRESHOLD2]	= "threshold2",
	[GCH_KEY_SWITCH_US]	= "switch-us",
	[GCH_KEY_WORKERS]	= "workers",
	[GCH_KEY_TRACE]		= "trace",
	[GCH_KEY_BARRIER]	= "barrier",
	[GCH_KEY_STW]		= "stw",
	[GCH_KEY_GC_PERCENT_CPU] = "gc-percent-cpu",
	[GCH_KEY_MARKER]	= "marker",
};

static const struct gch_tunable core_tunables[] = {
	{ GCH_KEY_LIMIT, .max = SZ_1T, .live = true },
	{ GCH_KEY_VERIFY, .max = 1, .live = true },
	{ GCH_KEY_POISON, .max = 1 },
	{ GCH_KEY_INTERVAL_MS, .max = 3600 * 1000, .live = true },
};

static const struct gch_tunable *find_tunable(const struct gch_engine_ops *ops,
					      enum gch_key key)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(core_tunables); i++)
		if (core_tunables[i].key == key)
			return &core_tunables[i];
	for (i = 0; i < ops->nr_tunables; i++)
		if (ops->tunables[i].key == key)
			return &ops->tunables[i];
	return NULL;
}

static int check_value(const struct gch_engine_ops *ops, enum gch_key key,
		       u64 value, bool live, struct netlink_ext_ack *extack)
{
	const struct gch_tunable *t = find_tunable(ops, key);

	if (!t) {
		NL_SET_ERR_MSG_FMT(extack, "%s does not apply to the %s engine",
				   key_names[key], ops->name);
		return -EOPNOTSUPP;
	}
	if (live && !t->live) {
		NL_SET_ERR_MSG_FMT(extack, "%s is fixed when a heap is created",
				   key_names[key]);
		return -EBUSY;
	}
	if (value < t->min || value > t->max) {
		NL_SET_ERR_MSG_FMT(extack, "%s must be %llu to %llu",
				   key_names[key], t->min, t->max);
		return -ERANGE;
	}
	if (t->pow2 && !is_power_of_2(value)) {
		NL_SET_ERR_MSG_FMT(extack, "%s must be a power of two",
				   key_names[key]);
		return -EINVAL;
	}
	return 0;
}

static int configure(struct gch_heap *heap, const struct gch_config *cfg,
		     struct netlink_ext_ack *extack)
{
	enum gch_key key;
	int ret;

	for (key = 0; key < GCH_KEY_NR; key++) {
		const struct gch_tunable *t = find_tunable(heap->ops, key);

		if (t)
			heap->val[key] = t->def;
		if (!(cfg->set & BIT(key)))
			continue;
		ret = check_value(heap->ops, key, cfg->val[key], false, extack);
		if (ret)
			return ret;
		heap->val[key] = cfg->val[key];
	}
	/* No heap takes all memory unless it was told that it may. */
	if (!(cfg->set & BIT(GCH_KEY_LIMIT)))
		heap->val[GCH_KEY_LIMIT] = (u64)totalram_pages() * PAGE_SIZE / 2;
	return 0;
}

/**
 * gch_name_check - could a heap be called this?
 * @name: the name; names appear as directories and in tables
 * @extack: says why not; may be NULL
 *
 * Context: any.
 * Return: 0, -EINVAL.
 */
int gch_name_check(const char *name, struct netlink_ext_ack *extack)
{
	size_t i, len = strnlen(name, GCH_NAME_SIZE);

	if (!len || len == GCH_NAME_SIZE) {
		NL_SET_ERR_MSG_FMT(extack, "a name has 1 to %u characters",
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
		       "a name has letters, digits, '-', '_' and '.', and does not begin with '.'");
	return -EINVAL;
}

/* Also one that is being deleted: its name is free when its views are gone. */
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

	return heap && !heap->dying ? heap : NULL;
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
	INIT_LIST_HEAD(&heap->mutators);
	INIT_LIST_HEAD(&heap->tables);
	INIT_LIST_HEAD(&heap->types);
	gch_owner_init(heap);
	spin_lock_init(&heap->peaks_lock);
	INIT_LIST_HEAD(&heap->watchers);
	heap->reachable = GCH_UNKNOWN;
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
		NL_SET_ERR_MSG_FMT(extack, "heap %s exists", heap->name);
		ret = -EEXIST;
	} else if (nr_heaps == GCH_HEAPS_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "there are %u heaps, the most there can be",
				   GCH_HEAPS_MAX);
		ret = -ENOSPC;
	} else {
		heap->id = ++last_id;
		kref_get(&heap->ref);
		list_add_tail(&heap->node, &registry);
		nr_heaps++;
		generation += 1 + (generation == U32_MAX);
		gch_dbg_heap_add(heap);
	}
	mutex_unlock(&registry_lock);
	return ret;
}

/**
 * gch_heap_create - creates a heap
 * @name: its name, of letters, digits, '-', '_' and '.'
 * @cfg: engine and settings
 * @extack: says why not; may be NULL
 *
 * The heap's memory is charged to the memory cgroup of the calling task.
 *
 * Context: process context, may sleep.
 * Return: the heap, with a reference for gch_heap_put(); it exists until
 * gch_heap_delete(). Or an error: -EINVAL for a bad name, -EEXIST for a taken
 * one, -EOPNOTSUPP for an unknown engine or a setting that it lacks, -ERANGE for
 * a value out of bounds, -ENOSPC for too many heaps, -ENOMEM.
 */
struct gch_heap *gch_heap_create(const char *name, const struct gch_config *cfg,
				 struct netlink_ext_ack *extack)
{
	const struct gch_engine_ops *ops = gch_engine_find(cfg->engine);
	struct gch_heap *heap;
	int ret;

	ret = gch_name_check(name, extack);
	if (ret)
		return ERR_PTR(ret);
	if (!ops) {
		NL_SET_ERR_MSG(extack, "no such engine");
		return ERR_PTR(-EOPNOTSUPP);
	}
	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	heap = heap_new(ops);
	ret = -ENOMEM;
	if (!heap)
		goto err_module;
	strscpy(heap->name, name, sizeof(heap->name));
	ret = configure(heap, cfg, extack);
	if (ret)
		goto err_free;
	ret = ops->heap_init(heap, extack);
	if (ret)
		goto err_free;
	ret = enlist(heap, extack);
	if (ret)
		goto err_exit;
	gch_cycle_retime(heap);
	return heap;

err_exit:
	ops->heap_exit(heap);
err_free:
	heap_free(heap);
err_module:
	module_put(THIS_MODULE);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(gch_heap_create);

static void release(struct kref *ref)
{
	struct gch_heap *heap = container_of(ref, struct gch_heap, ref);

	gch_finals_stop(heap);
	gch_cycle_stop(heap);
	gch_finals_exit(heap);
	heap->ops->heap_exit(heap);
	gch_type_free_all(heap);
	if (atomic64_read(&heap->held))
		pr_err("heap %s kept %lld bytes of pages\n", heap->name,
		       atomic64_read(&heap->held));
	heap_free(heap);
	module_put(THIS_MODULE);
}

/**
 * gch_heap_put - puts a reference of a heap
 * @heap: the heap; NULL is nothing
 *
 * Context: process context, may sleep: the last one frees the heap.
 */
void gch_heap_put(struct gch_heap *heap)
{
	if (heap)
		kref_put(&heap->ref, release);
}
EXPORT_SYMBOL_GPL(gch_heap_put);

static int make_dying(struct gch_heap *heap, struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&heap->lock);
	if (heap->nr_mutators || !list_empty(&heap->tables)) {
		NL_SET_ERR_MSG_FMT(extack, "heap %s is in use, mutators attached: %u",
				   heap->name, heap->nr_mutators);
		ret = -EBUSY;
	} else {
		heap->dying = true;
	}
	mutex_unlock(&heap->lock);
	return ret;
}

/* Deletes the heap that is called @name, if it is @this or that is NULL. */
static int delete(const char *name, const struct gch_heap *this,
		  struct netlink_ext_ack *extack)
{
	struct gch_heap *heap;
	int ret = -ENOENT;

	mutex_lock(&registry_lock);
	heap = find_locked(name);
	if (!heap || (this && heap != this))
		NL_SET_ERR_MSG(extack, "no such heap");
	else
		ret = make_dying(heap, extack);
	mutex_unlock(&registry_lock);
	if (ret)
		return ret;
	gch_owner_forget(heap);
	/* Waits for readers, who may want the registry. */
	gch_dbg_heap_del(heap);
	mutex_lock(&registry_lock);
	list_del_init(&heap->node);
	nr_heaps--;
	generation += 1 + (generation == U32_MAX);
	mutex_unlock(&registry_lock);
	gch_heap_put(heap);
	return 0;
}

/**
 * gch_heap_delete - deletes a heap
 * @name: its name
 * @extack: says why not; may be NULL
 *
 * Its objects and pages are freed when the last reference has been put.
 *
 * Context: process context, may sleep.
 * Return: 0; -ENOENT; -EBUSY while mutators are attached or tables exist.
 */
int gch_heap_delete(const char *name, struct netlink_ext_ack *extack)
{
	return delete(name, NULL, extack);
}
EXPORT_SYMBOL_GPL(gch_heap_delete);

/**
 * gch_heap_delete_this - deletes a heap, and no other that has taken its name
 * @heap: the heap, with a reference that stays the caller's
 *
 * Context: process context, may sleep.
 * Return: as gch_heap_delete().
 */
int gch_heap_delete_this(struct gch_heap *heap)
{
	return delete(heap->name, heap, NULL);
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
 * @after: id of the one before, 0 to begin
 *
 * Context: process context, may sleep.
 * Return: the heap, with a reference for gch_heap_put(), or NULL at the end.
 */
struct gch_heap *gch_heap_next(u32 after)
{
	struct gch_heap *heap, *found = NULL;

	mutex_lock(&registry_lock);
	list_for_each_entry(heap, &registry, node) {
		if (heap->id > after && !heap->dying) {
			kref_get(&heap->ref);
			found = heap;
			break;
		}
	}
	mutex_unlock(&registry_lock);
	return found;
}
EXPORT_SYMBOL_GPL(gch_heap_next);

static int tune(struct gch_heap *heap, enum gch_key key, u64 value,
		struct netlink_ext_ack *extack)
{
	int ret;

	lockdep_assert_held(&heap->lock);
	ret = check_value(heap->ops, key, value, true, extack);
	if (!ret && heap->dying)
		ret = -ENODEV;
	if (ret)
		return ret;
	WRITE_ONCE(heap->val[key], value);
	if (key == GCH_KEY_INTERVAL_MS || key == GCH_KEY_PERIOD_MS)
		gch_cycle_retime(heap);
	if (heap->ops->tuned)
		heap->ops->tuned(heap, key);
	return 0;
}

/**
 * gch_heap_tune - changes a setting
 * @heap: the heap
 * @key: which
 * @value: the new value
 * @extack: says why not; may be NULL
 *
 * Context: process context, may sleep.
 * Return: 0; -EOPNOTSUPP if the engine lacks it, -EBUSY if it is fixed when a
 * heap is created or the heap is claimed, -ERANGE or -EINVAL for a bad value.
 */
int gch_heap_tune(struct gch_heap *heap, enum gch_key key, u64 value,
		  struct netlink_ext_ack *extack)
{
	int ret;

	if (key >= GCH_KEY_NR)
		return -EINVAL;
	mutex_lock(&heap->lock);
	ret = gch_claim_refuses(heap, extack) ? :
	      tune(heap, key, value, extack);
	mutex_unlock(&heap->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_heap_tune);

/**
 * gch_claimed_tune - changes a setting of a heap that the caller has claimed
 * @heap: the heap
 * @key: which
 * @value: the new value
 *
 * Context: process context, may sleep.
 * Return: as gch_heap_tune().
 */
int gch_claimed_tune(struct gch_heap *heap, enum gch_key key, u64 value)
{
	int ret;

	if (key >= GCH_KEY_NR)
		return -EINVAL;
	mutex_lock(&heap->lock);
	ret = tune(heap, key, value, NULL);
	mutex_unlock(&heap->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_claimed_tune);

/**
 * gch_heap_tunable - reads a setting
 * @heap: the heap
 * @key: which
 *
 * Context: any.
 * Return: its value; 0 for one that the engine lacks.
 */
u64 gch_heap_tunable(const struct gch_heap *heap, enum gch_key key)
{
	return key < GCH_KEY_NR ? gch_val(heap, key) : 0;
}
EXPORT_SYMBOL_GPL(gch_heap_tunable);

/**
 * gch_heap_accepts - does a heap have a setting?
 * @heap: the heap
 * @key: which
 *
 * Context: any.
 * Return: whether its engine or the core knows @key.
 */
bool gch_heap_accepts(const struct gch_heap *heap, enum gch_key key)
{
	return key < GCH_KEY_NR && find_tunable(heap->ops, key);
}

/**
 * gch_config_check - would a heap to be created take a setting?
 * @engine: its engine
 * @key: which setting
 * @value: the value
 * @extack: says why not; may be NULL
 *
 * Context: any.
 * Return: 0, or the error that gch_heap_create() would return for it.
 */
int gch_config_check(enum gcheap_engine engine, enum gch_key key, u64 value,
		     struct netlink_ext_ack *extack)
{
	const struct gch_engine_ops *ops = gch_engine_find(engine);

	if (!ops || key >= GCH_KEY_NR) {
		NL_SET_ERR_MSG(extack, "no such engine");
		return -EOPNOTSUPP;
	}
	return check_value(ops, key, value, false, extack);
}

/**
 * gch_heap_name - a heap's name
 * @heap: the heap
 *
 * Context: any.
 * Return: the name; it lives as long as the heap.
 */
const char *gch_heap_name(const struct gch_heap *heap)
{
	return heap->name;
}
EXPORT_SYMBOL_GPL(gch_heap_name);

/**
 * gch_heap_id - a heap's id
 * @heap: the heap
 *
 * Context: any.
 * Return: the id: never 0, never used twice.
 */
u32 gch_heap_id(const struct gch_heap *heap)
{
	return heap->id;
}
EXPORT_SYMBOL_GPL(gch_heap_id);

/**
 * gch_heap_engine - a heap's engine
 * @heap: the heap
 *
 * Context: any.
 * Return: its kind.
 */
enum gcheap_engine gch_heap_engine(const struct gch_heap *heap)
{
	return heap->ops->kind;
}
EXPORT_SYMBOL_GPL(gch_heap_engine);

/**
 * gch_heap_validate - walks every invariant of a heap
 * @heap: the heap
 *
 * Violations are printed to the kernel log.
 *
 * Context: process context outside sections, may sleep for long.
 * Return: how many there are, or a negative error.
 */
int gch_heap_validate(struct gch_heap *heap)
{
	int ret;

	mutex_lock(&heap->cycle_lock);
	ret = heap->ops->validate(heap);
	mutex_unlock(&heap->cycle_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_heap_validate);

/**
 * gch_heaps_shrink_count - what memory pressure could get out of all heaps
 *
 * Context: process context; waits for no lock, since who calls it may hold one.
 * Return: pages; 0 while heaps come or go.
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
 * gch_heaps_shrink - gives back what heaps do not need
 * @pages: how much is wanted
 *
 * Heaps are asked in the order of their age: what the first has to give is gone
 * when it is asked again.
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
 * gch_heap_count - how many heaps there are
 *
 * Context: any.
 * Return: their number.
 */
u32 gch_heap_count(void)
{
	return READ_ONCE(nr_heaps);
}

/**
 * gch_heap_generation - changes with every heap added or deleted
 *
 * Context: any.
 * Return: a number that is never 0.
 */
u32 gch_heap_generation(void)
{
	return READ_ONCE(generation);
}

/**
 * gch_heap_mutators - how many mutators are attached
 * @heap: the heap
 *
 * Context: any.
 * Return: their number.
 */
unsigned int gch_heap_mutators(struct gch_heap *heap)
{
	return READ_ONCE(heap->nr_mutators);
}
