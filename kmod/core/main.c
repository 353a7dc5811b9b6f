// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading of gcheap.ko. */
#include <gcheap/engine.h>

#include <linux/module.h>

#include "control/control.h"
#include "heap.h"
#include "worker.h"

static void unregister_all(void)
{
	const struct gch_engine_ops *ops;
	unsigned int i;

	for (i = 0; (ops = gch_engine_builtin(i)); i++)
		gch_engine_unregister(ops);
}

static int __init register_all(void)
{
	const struct gch_engine_ops *ops;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && (ops = gch_engine_builtin(i)); i++)
		ret = gch_engine_register(ops);
	if (ret)
		unregister_all();
	return ret;
}

static int __init gch_init(void)
{
	int ret;

	gch_wq = alloc_workqueue("gcheap", WQ_UNBOUND, 0);
	if (!gch_wq)
		return -ENOMEM;
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
	ret = gch_nl_init();
	if (ret)
		goto err_dbg;
	return 0;

err_dbg:
	gch_dbg_exit();
	gch_shrinker_exit();
err_engines:
	unregister_all();
err_workers:
	gch_workers_exit();
err_wq:
	destroy_workqueue(gch_wq);
	return ret;
}

static void __exit gch_exit(void)
{
	gch_nl_exit();
	gch_dbg_exit();
	gch_shrinker_exit();
	unregister_all();
	gch_workers_exit();
	/* Tables replaced by larger ones wait for it. */
	rcu_barrier();
	destroy_workqueue(gch_wq);
}

module_init(gch_init);
module_exit(gch_exit);
MODULE_DESCRIPTION("Garbage-collected heaps, as Go's and CPython's runtimes have them");
MODULE_VERSION(GCH_VERSION);
MODULE_LICENSE("GPL");
