// SPDX-License-Identifier: GPL-2.0
/*
 * Registration of engines. Engines register while the module loads and unregister
 * while it unloads. No heap exists then, so the table needs no lock.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/kernel.h>

#define ENGINES	(GCHEAP_ENGINE_SLAB + 1)

static const struct gch_engine_ops *engines[ENGINES];

static bool is_complete(const struct gch_engine_ops *ops)
{
	return ops->name && ops->units &&
	       ops->heap_bytes >= sizeof(struct gch_heap) &&
	       ops->mutator_bytes >= sizeof(struct gch_mutator) &&
	       (ops->tunables || !ops->nr_tunables) &&
	       ops->heap_init && ops->heap_exit &&
	       ops->mutator_init && ops->mutator_exit &&
	       ops->alloc && ops->assign && ops->fetch && ops->ref &&
	       ops->data && ops->free && ops->weak_set && ops->weak_get &&
	       ops->weak_alive && ops->settle && ops->wait &&
	       ops->collect && ops->stats && ops->validate && ops->show;
}

/**
 * gch_engine_register - makes an engine available to heaps
 * @ops: the engine; all mandatory functions must be set
 *
 * Context: module init.
 * Return: 0; -EINVAL if a mandatory member is missing; -EEXIST if the kind is taken;
 * or the error of &gch_engine_ops.init.
 */
int gch_engine_register(const struct gch_engine_ops *ops)
{
	if (ops->kind >= ENGINES || !is_complete(ops)) {
		pr_err("engine %s is incomplete\n", ops->name ?: "(no name)");
		return -EINVAL;
	}
	if (engines[ops->kind])
		return -EEXIST;
	if (ops->init) {
		int ret = ops->init();

		if (ret)
			return ret;
	}
	engines[ops->kind] = ops;
	return 0;
}
EXPORT_SYMBOL_GPL(gch_engine_register);

/**
 * gch_engine_unregister - removes an engine
 * @ops: the registered engine
 *
 * Context: module init or exit; no heap uses it.
 */
void gch_engine_unregister(const struct gch_engine_ops *ops)
{
	if (ops->kind < ENGINES && engines[ops->kind] == ops)
		engines[ops->kind] = NULL;
}

/**
 * gch_engine_find - looks up an engine
 * @kind: the kind
 *
 * Context: any.
 * Return: the engine, or NULL.
 */
const struct gch_engine_ops *gch_engine_find(enum gcheap_engine kind)
{
	return kind < ENGINES ? engines[kind] : NULL;
}
EXPORT_SYMBOL_GPL(gch_engine_find);
