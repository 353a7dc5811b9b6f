// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading of gcheap.ko. */
#include <gcheap/engine.h>

#include <linux/module.h>
#include <linux/notifier.h>

#include "control/control.h"
#include "core/dispatch.h"
#include "core/engine.h"
#include "core/heap.h"
#include "core/observer.h"
#include "core/worker.h"

static const struct gch_observer control = {
	.added		= gch_dbg_heap_add,
	.removed	= gch_dbg_heap_del,
	.reported	= gch_nl_report,
};

static void unregister_all(void)
{
	const struct gch_engine_ops *ops;
	unsigned int i;

	for (i = 0; (ops = gch_engine_builtin(i)); i++)
		gch_engine_remove(ops);
}

static int __init register_all(void)
{
	const struct gch_engine_ops *ops;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && (ops = gch_engine_builtin(i)); i++)
		ret = gch_engine_add(ops);
	if (ret)
		unregister_all();
	return ret;
}

/* The module's exit was called, or its init failed; its memory still exists. */
static int module_event(struct notifier_block *nb, unsigned long event,
			void *module)
{
	if (event == MODULE_STATE_GOING) {
		gch_heaps_orphan(module);
		gch_finals_forget(module);
	}
	return NOTIFY_DONE;
}

static struct notifier_block module_notifier = {
	.notifier_call = module_event,
};

static void wq_exit(void)
{
	if (gch_final_wq)
		destroy_workqueue(gch_final_wq);
	/* Work on gcheap_final queues work on gcheap: this one goes last. */
	if (gch_wq)
		destroy_workqueue(gch_wq);
}

static int __init wq_init(void)
{
	gch_wq = alloc_workqueue("gcheap", WQ_UNBOUND, 0);
	/* Client functions may sleep for long; one work item per heap runs them. */
	gch_final_wq = alloc_workqueue("gcheap_final", WQ_UNBOUND,
				       WQ_MAX_ACTIVE);
	if (gch_wq && gch_final_wq)
		return 0;
	wq_exit();
	return -ENOMEM;
}

static int __init gch_init(void)
{
	int ret;

	ret = wq_init();
	if (ret)
		return ret;
	ret = gch_workers_init();
	if (ret)
		goto err_wq;
	ret = register_all();
	if (ret)
		goto err_workers;
	ret = gch_shrinker_init();
	if (ret)
		goto err_engines;
	gch_dbg_init();
	gch_observe(&control);
	ret = register_module_notifier(&module_notifier);
	if (ret)
		goto err_dbg;
	ret = gch_nl_init();
	if (ret)
		goto err_notifier;
	return 0;

err_notifier:
	unregister_module_notifier(&module_notifier);
err_dbg:
	gch_dbg_exit();
	gch_shrinker_exit();
err_engines:
	unregister_all();
err_workers:
	gch_workers_exit();
err_wq:
	wq_exit();
	return ret;
}

static void __exit gch_exit(void)
{
	gch_nl_exit();
	unregister_module_notifier(&module_notifier);
	gch_dbg_exit();
	gch_shrinker_exit();
	unregister_all();
	gch_workers_exit();
	/* Old table directories are freed by kfree_rcu(). */
	rcu_barrier();
	wq_exit();
}

module_init(gch_init);
module_exit(gch_exit);
MODULE_DESCRIPTION("Garbage-collected heaps like those of Go and CPython");
MODULE_VERSION(GCH_VERSION);
MODULE_LICENSE("GPL");
