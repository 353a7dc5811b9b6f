// SPDX-License-Identifier: GPL-2.0
/* Settings of heaps: changed under gch_heap.lock, read at any time. */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/string.h>

#include "compat.h"
#include "generated/common_keys.h"
#include "generated/settings.h"
#include "heap.h"

/* A heap that lacks the setting cannot name it. */
static const char *key_name(enum gch_key key)
{
	return key < GCH_KEY_OWN ? common_keys[key].name : "this setting";
}

/**
 * gch_setting_find - looks up a setting of an engine's heaps
 * @ops: the engine
 * @key: the setting
 *
 * Context: any.
 * Return: the setting, or NULL if heaps of the engine do not have it.
 */
const struct gch_setting *gch_setting_find(const struct gch_engine_ops *ops,
					   enum gch_key key)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].key == key)
			return &settings[i];
	for (i = 0; i < ops->nr_settings; i++)
		if (ops->settings[i].key == key)
			return &ops->settings[i];
	return NULL;
}

/* Other facts of a heap, which the user interface shows beside its settings. */
static const char * const facts[] = { "id", "name", "engine", "mutators", "cycles" };

/**
 * gch_setting_clashes - does an engine's setting have the key or name of another?
 * @setting: the setting
 *
 * Context: any.
 * Return: true if all engines have the setting, or if its name is that of another key or
 * of another fact of a heap.
 */
bool gch_setting_clashes(const struct gch_setting *setting)
{
	enum gch_key key;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].key == setting->key)
			return true;
	for (key = 0; key < GCH_KEY_OWN; key++)
		if (strcmp(common_keys[key].name, setting->name) ?
		    key == setting->key : key != setting->key)
			return true;
	return match_string(facts, ARRAY_SIZE(facts), setting->name) >= 0;
}

/**
 * gch_setting_default - the value of a heap that is created without one
 * @setting: the setting
 *
 * Context: any.
 * Return: the value.
 */
u64 gch_setting_default(const struct gch_setting *setting)
{
	/* A heap may take half of the machine's memory. */
	if (setting->key == GCH_KEY_LIMIT)
		return (u64)totalram_pages() * PAGE_SIZE / 2;
	return setting->def;
}

/**
 * gch_setting_is_common - can netlink and gcctl take an engine's form of a common setting?
 * @setting: a setting of an engine of another module
 *
 * Context: any.
 * Return: true if unit and width are those of the common setting, and it has no words; or
 * if the engine alone has the setting.
 */
bool gch_setting_is_common(const struct gch_setting *setting)
{
	enum gch_key key = setting->key;

	if (key >= GCH_KEY_OWN)
		return true;
	return setting->unit == common_keys[key].unit &&
	       setting->unit != GCHEAP_UNIT_CHOICE &&
	       (common_keys[key].wide || setting->max <= U32_MAX);
}

static int refuse_range(const struct gch_setting *s,
			struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG_FMT(extack, "%s must be %llu to %llu", s->name, s->min,
			   s->max);
	return -ERANGE;
}

static int check_value(const struct gch_engine_ops *ops, enum gch_key key,
		       u64 value, bool live, struct netlink_ext_ack *extack)
{
	const struct gch_setting *s = gch_setting_find(ops, key);

	if (!s) {
		NL_SET_ERR_MSG_FMT(extack, "%s does not apply to the %s engine",
				   key_name(key), ops->name);
		return -EOPNOTSUPP;
	}
	if (live && !s->live) {
		NL_SET_ERR_MSG_FMT(extack, "%s is fixed when a heap is created",
				   s->name);
		return -EBUSY;
	}
	if (value < s->min || value > s->max)
		return refuse_range(s, extack);
	if (s->pow2 && !is_power_of_2(value)) {
		NL_SET_ERR_MSG_FMT(extack, "%s must be a power of two", s->name);
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
		const struct gch_setting *s = gch_setting_find(heap->ops, key);

		if (s)
			heap->val[key] = gch_setting_default(s);
		if (!(cfg->set & BIT(key)))
			continue;
		ret = check_value(heap->ops, key, cfg->val[key], false, extack);
		if (ret)
			return ret;
		heap->val[key] = cfg->val[key];
	}
	return 0;
}

static int tune(struct gch_heap *heap, enum gch_key key, u64 value,
		struct netlink_ext_ack *extack)
{
	unsigned int period;
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
	period = heap->period_ms;
	if (heap->ops->tuned)
		heap->ops->tuned(heap, key);
	if (key == GCH_KEY_INTERVAL_MS || heap->period_ms != period)
		gch_cycle_retime(heap);
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
 * gch_config_check - is a setting valid for a new heap?
 * @ops: the engine
 * @key: the setting
 * @value: the value
 * @extack: error message; may be NULL
 *
 * Context: any.
 * Return: 0, or the error that gch_heap_create() would return.
 */
int gch_config_check(const struct gch_engine_ops *ops, enum gch_key key, u64 value,
		     struct netlink_ext_ack *extack)
{
	if (key >= GCH_KEY_NR)
		return -EOPNOTSUPP;
	return check_value(ops, key, value, false, extack);
}
