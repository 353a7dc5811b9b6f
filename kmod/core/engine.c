// SPDX-License-Identifier: GPL-2.0
/*
 * Registered engines: those of this module and those of other modules
 *
 * engines_lock protects the list, whose order is that of the numbers. A number is never
 * used twice, so it cannot name the wrong engine. A reference to an engine is one to its
 * module: an engine that is being unregistered has none, and its module's exit has begun,
 * so no reference can be taken.
 */
#include "engine.h"

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <gcheap/engine.h>

#include "heap.h"

struct engine {
	struct list_head node;
	const struct gch_engine_ops *ops;
};

static LIST_HEAD(engines);
static DEFINE_MUTEX(engines_lock);
/* The next number for an engine of another module. */
static u32 next_kind = GCHEAP_ENGINE_SLAB + 1;

/* Words of a choice, and characters of a description; see REPLY_BYTES of control. */
#define WORDS_MAX	8
#define DOC_MAX		200U

/* Views of every heap in debugfs; page_groups names another. */
static const char * const views[] = { "arenas", "pauses", "snapshot", "stats" };

#define MUST_HAVE(member) { offsetof(struct gch_engine_ops, member), #member }

static const struct {
	size_t offset;
	const char *name;
} must_have[] = {
	MUST_HAVE(name), MUST_HAVE(page_groups), MUST_HAVE(heap_init),
	MUST_HAVE(heap_exit), MUST_HAVE(mutator_init), MUST_HAVE(mutator_exit),
	MUST_HAVE(alloc), MUST_HAVE(alloc_refs), MUST_HAVE(assign), MUST_HAVE(fetch),
	MUST_HAVE(ref), MUST_HAVE(data), MUST_HAVE(free), MUST_HAVE(weak_set), MUST_HAVE(weak_get),
	MUST_HAVE(weak_alive), MUST_HAVE(settle), MUST_HAVE(wait),
	MUST_HAVE(collect), MUST_HAVE(stats), MUST_HAVE(validate), MUST_HAVE(show),
};

#define refuse(ops, fmt, ...) ({						\
	pr_err("engine %s: " fmt "\n", (ops)->name ?: "(no name)", ##__VA_ARGS__); \
	-EINVAL;								\
})

static int check_members(const struct gch_engine_ops *ops)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(must_have); i++)
		if (!*(void * const *)((const void *)ops + must_have[i].offset))
			return refuse(ops, "%s is missing", must_have[i].name);
	if (!ops->shrink != !ops->shrink_count)
		return refuse(ops, "shrink and shrink_count go together");
	if (ops->heap_bytes < sizeof(struct gch_heap))
		return refuse(ops, "heap_bytes is less than a struct gch_heap");
	if (ops->mutator_bytes < sizeof(struct gch_mutator))
		return refuse(ops, "mutator_bytes is less than a struct gch_mutator");
	if (ops->reclaim > GCHEAP_RECLAIM_NEVER)
		return refuse(ops, "reclaim is %u, unknown", ops->reclaim);
	return 0;
}

/* Has one of the settings before setting @nr its key or name? */
static bool is_double(const struct gch_engine_ops *ops, unsigned int nr)
{
	const struct gch_setting *s = &ops->settings[nr];
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (ops->settings[i].key == s->key ||
		    !strcmp(ops->settings[i].name, s->name))
			return true;
	return false;
}

/* User space takes the largest value as the index of the last word. */
static bool bad_words(const struct gch_setting *s)
{
	unsigned int nr = 0;

	if (s->unit == GCHEAP_UNIT_FLAG)
		return s->words || s->min || s->max != 1;
	if (s->unit != GCHEAP_UNIT_CHOICE)
		return s->words;
	for (; s->words && s->words[nr]; nr++)
		if (nr == WORDS_MAX || gch_name_check(s->words[nr], NULL))
			return true;
	return !nr || s->min || s->max != nr - 1;
}

/* All settings go into one message of netlink. */
static bool too_long(const struct gch_setting *s)
{
	return strnlen(s->doc, DOC_MAX + 1) > DOC_MAX ||
	       (s->zero && gch_name_check(s->zero, NULL));
}

static int check_setting(const struct gch_engine_ops *ops, unsigned int i,
			 bool foreign)
{
	const struct gch_setting *s = &ops->settings[i];

	if (s->key >= GCH_KEY_NR || !s->name || !s->doc)
		return refuse(ops, "setting %u lacks a key, a name or a description", i);
	if (gch_setting_clashes(s) || is_double(ops, i))
		return refuse(ops, "setting %s exists already", s->name);
	if (s->min > s->max || s->def < s->min || s->def > s->max)
		return refuse(ops, "setting %s has a bad range or default", s->name);
	if (gch_name_check(s->name, NULL) || s->unit > GCHEAP_UNIT_US)
		return refuse(ops, "setting %s has a bad name or unit", s->name);
	if (bad_words(s))
		return refuse(ops, "setting %s: its words do not match its range", s->name);
	if (too_long(s))
		return refuse(ops, "setting %s: a text is longer than %u", s->name, DOC_MAX);
	if (foreign && !gch_setting_is_common(s))
		return refuse(ops, "setting %s differs from that of gcheap", s->name);
	if (s->pow2 && !is_power_of_2(s->def))
		return refuse(ops, "setting %s: the default is no power of two", s->name);
	return 0;
}

/* @foreign: it is an engine of another module. */
static int check(const struct gch_engine_ops *ops, bool foreign)
{
	unsigned int i;
	int ret;

	ret = check_members(ops);
	if (!ret && gch_name_check(ops->name, NULL))
		ret = refuse(ops, "the name is not one that a heap can have");
	if (!ret && (gch_name_check(ops->page_groups, NULL) ||
		     match_string(views, ARRAY_SIZE(views), ops->page_groups) >= 0))
		ret = refuse(ops, "page_groups is no name for a view");
	if (!ret && ops->nr_settings && !ops->settings)
		ret = refuse(ops, "settings is missing");
	for (i = 0; !ret && i < ops->nr_settings; i++)
		ret = check_setting(ops, i, foreign);
	return ret;
}

static struct engine *find(const char *name)
{
	struct engine *e;

	lockdep_assert_held(&engines_lock);
	list_for_each_entry(e, &engines, node)
		if (!strcmp(e->ops->name, name))
			return e;
	return NULL;
}

static int enlist(const struct gch_engine_ops *ops)
{
	struct engine *e;

	lockdep_assert_held(&engines_lock);
	if (find(ops->name)) {
		refuse(ops, "there is another of this name");
		return -EEXIST;
	}
	e = kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	e->ops = ops;
	list_add_tail(&e->node, &engines);
	return 0;
}

/* Runs the init of a listed engine, which must not run for one that is refused. */
static int init(const struct gch_engine_ops *ops)
{
	int ret = ops->init ? ops->init() : 0;

	if (ret)
		gch_engine_remove(ops);
	return ret;
}

/**
 * gch_engine_add - adds an engine of this module
 * @ops: the engine
 *
 * Context: module init.
 * Return: 0; -EINVAL if the contract is incomplete; -ENOMEM; or the error of
 * &gch_engine_ops.init.
 */
int gch_engine_add(const struct gch_engine_ops *ops)
{
	int ret = check(ops, false);

	if (ret)
		return ret;
	mutex_lock(&engines_lock);
	ret = enlist(ops);
	mutex_unlock(&engines_lock);
	return ret ? : init(ops);
}

/**
 * gch_engine_remove - removes an engine
 * @ops: the engine; nothing happens if it is not registered
 *
 * Context: process context, may sleep; no heap uses the engine.
 */
void gch_engine_remove(const struct gch_engine_ops *ops)
{
	struct engine *e;

	mutex_lock(&engines_lock);
	e = find(ops->name);
	if (e && e->ops == ops) {
		list_del(&e->node);
		kfree(e);
	}
	mutex_unlock(&engines_lock);
}

/**
 * __gch_engine_register - makes an engine of another module available to heaps
 * @ops: the engine; &gch_engine_ops.kind and &gch_engine_ops.owner are set
 * @owner: the module, which cannot be unloaded while a heap of the engine exists
 *
 * Call gch_engine_register(), which supplies @owner. A user names the engine by
 * &gch_engine_ops.name; a module with the alias gcheap-engine-NAME is loaded on demand.
 *
 * Context: module init, may sleep.
 * Return: 0; -EINVAL if the contract is incomplete or wrong, the kernel log says where;
 * -EEXIST if another engine has the name; -ENOMEM; or the error of
 * &gch_engine_ops.init.
 */
int __gch_engine_register(struct gch_engine_ops *ops, struct module *owner)
{
	int ret = check(ops, true);

	if (ret)
		return ret;
	mutex_lock(&engines_lock);
	/* One that is registered already keeps its number and owner. */
	ret = enlist(ops);
	if (!ret) {
		ops->kind = next_kind++;
		ops->owner = owner;
	}
	mutex_unlock(&engines_lock);
	return ret ? : init(ops);
}
EXPORT_SYMBOL_GPL(__gch_engine_register);

/**
 * gch_engine_unregister - takes back an engine of another module
 * @ops: the registered engine
 *
 * Context: the module's exit or failing init, may sleep. No heap of the engine exists
 * then, since each holds a reference to the module.
 */
void gch_engine_unregister(struct gch_engine_ops *ops)
{
	gch_engine_remove(ops);
}
EXPORT_SYMBOL_GPL(gch_engine_unregister);

/*
 * A reference prevents unloading, but a module whose init fails is freed despite it. So
 * an engine cannot be used before its module's init has succeeded.
 */
static const struct gch_engine_ops *get(struct engine *e)
{
	struct module *owner = e->ops->owner;

	if (owner && READ_ONCE(owner->state) == MODULE_STATE_COMING)
		return NULL;
	return try_module_get(owner) ? e->ops : NULL;
}

/**
 * gch_engine_get - looks up an engine
 * @kind: its number
 *
 * Context: process context, may sleep.
 * Return: the engine, with a reference for gch_engine_put(), or NULL.
 */
const struct gch_engine_ops *gch_engine_get(u32 kind)
{
	const struct gch_engine_ops *ops = NULL;
	struct engine *e;

	mutex_lock(&engines_lock);
	list_for_each_entry(e, &engines, node)
		if (e->ops->kind == kind)
			ops = get(e);
	mutex_unlock(&engines_lock);
	return ops;
}

/**
 * gch_engine_get_next - walks the engines in the order of their numbers
 * @from: smallest number to return
 *
 * Context: process context, may sleep.
 * Return: the engine, with a reference for gch_engine_put(), or NULL at the end.
 */
const struct gch_engine_ops *gch_engine_get_next(u32 from)
{
	const struct gch_engine_ops *ops = NULL;
	struct engine *e;

	mutex_lock(&engines_lock);
	list_for_each_entry(e, &engines, node) {
		if (e->ops->kind >= from)
			ops = get(e);
		if (ops)
			break;
	}
	mutex_unlock(&engines_lock);
	return ops;
}

/**
 * gch_engine_put - puts a reference to an engine
 * @ops: the engine, or NULL
 *
 * Context: any.
 */
void gch_engine_put(const struct gch_engine_ops *ops)
{
	if (ops)
		module_put(ops->owner);
}

/**
 * gch_engine_get_named - looks up an engine by name
 * @name: its name
 *
 * Context: process context, may sleep.
 * Return: the engine, with a reference for gch_engine_put(), or NULL.
 */
const struct gch_engine_ops *gch_engine_get_named(const char *name)
{
	const struct gch_engine_ops *ops = NULL;
	struct engine *e;

	mutex_lock(&engines_lock);
	e = find(name);
	if (e)
		ops = get(e);
	mutex_unlock(&engines_lock);
	return ops;
}

static int kind_of(const char *name)
{
	const struct gch_engine_ops *ops = gch_engine_get_named(name);
	int kind = ops ? ops->kind : -ENOENT;

	gch_engine_put(ops);
	return kind;
}

/**
 * gch_engine_kind - returns the number of an engine, loading its module if necessary
 * @name: its name
 *
 * The module that is loaded must register no generic netlink family, since netlink waits
 * for this function.
 *
 * Context: process context, may sleep.
 * Return: the number, for &gch_config.engine; -ENOENT if there is no such engine.
 */
int gch_engine_kind(const char *name)
{
	int kind = kind_of(name);

	if (kind != -ENOENT || gch_name_check(name, NULL))
		return kind;
	request_module("gcheap-engine-%s", name);
	return kind_of(name);
}
EXPORT_SYMBOL_GPL(gch_engine_kind);
