// SPDX-License-Identifier: GPL-2.0
/* Settings of heaps: changed under gch_heap.lock, read at any time. */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/netlink.h>

#include "compat.h"
#include "heap.h"

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

/**
 * gch_heap_configure - initializes the settings of a heap
 * @heap: the heap, not yet set up
 * @cfg: settings that differ from the engine's defaults
 * @extack: error message; may be NULL
 *
 * Context: any.
 * Return: 0, or an error of gch_config_check().
 */
int gch_heap_configure(struct gch_heap *heap, const struct gch_config *cfg,
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
	/* By default a heap may take half of the machine's memory. */
	if (!(cfg->set & BIT(GCH_KEY_LIMIT)))
		heap->val[GCH_KEY_LIMIT] = (u64)totalram_pages() * PAGE_SIZE / 2;
	return 0;
}

static int tune(struct gch_heap *heap, enum gch_key key, u64 value,
		struct netlink_ext_ack *extack)
{
	int ret;

	lockdep_assert_held(&heap->lock);
	ret = check_value(heap->ops, key, value, true, extack);
	if (ret)
		return ret;
	if (heap->dying) {
		NL_SET_ERR_MSG_FMT(extack, "heap %s has been deleted", heap->name);
		return -ENODEV;
	}
	WRITE_ONCE(heap->val[key], value);
	if (key == GCH_KEY_INTERVAL_MS || key == GCH_KEY_PERIOD_MS)
		gch_cycle_retime(heap);
	if (key == GCH_KEY_MEMORY_LIMIT)
		gch_over_moved(heap);
	if (heap->ops->tuned)
		heap->ops->tuned(heap, key);
	return 0;
}

/**
 * gch_heap_tune - changes a setting
 * @heap: the heap
 * @key: the setting
 * @value: the new value
 * @extack: error message; may be NULL
 *
 * Context: process context, may sleep.
 * Return: 0; -EOPNOTSUPP if the engine lacks the setting; -EBUSY if it is fixed at
 * creation or the heap is claimed; -ERANGE or -EINVAL for a bad value; -EINVAL for an
 * unknown key; -ENODEV for a deleted heap.
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
	if (!ret && key == GCH_KEY_VERIFY)
		gch_checks_update(heap);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_heap_tune);

/**
 * gch_claimed_tune - changes a setting of a claimed heap
 * @heap: the heap, claimed by the caller
 * @key: the setting
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
	if (!ret && key == GCH_KEY_VERIFY)
		gch_checks_update(heap);
	return ret;
}
EXPORT_SYMBOL_GPL(gch_claimed_tune);

/**
 * gch_heap_tunable - reads a setting
 * @heap: the heap
 * @key: the setting
 *
 * Context: any.
 * Return: its value; 0 for a setting that the engine lacks.
 */
u64 gch_heap_tunable(const struct gch_heap *heap, enum gch_key key)
{
	return key < GCH_KEY_NR ? gch_val(heap, key) : 0;
}
EXPORT_SYMBOL_GPL(gch_heap_tunable);

/**
 * gch_heap_accepts - does a heap have a setting?
 * @heap: the heap
 * @key: the setting
 *
 * Context: any.
 * Return: true if its engine or the core has @key.
 */
bool gch_heap_accepts(const struct gch_heap *heap, enum gch_key key)
{
	return key < GCH_KEY_NR && find_tunable(heap->ops, key);
}

/**
 * gch_config_check - is a setting valid for a new heap?
 * @engine: the engine
 * @key: the setting
 * @value: the value
 * @extack: error message; may be NULL
 *
 * Context: any.
 * Return: 0, or the error that gch_heap_create() would return.
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
