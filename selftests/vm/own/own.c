// SPDX-License-Identifier: GPL-2.0
/*
 * A module of one's own, for the test of run --module: it uses a heap, and warns
 * when it is told to.
 */

#include <linux/err.h>
#include <linux/module.h>

#include <gcheap/gcheap.h>

static int own_warn(const char *value, const struct kernel_param *param)
{
	WARN(1, "own: told to warn\n");
	return 0;
}

static const struct kernel_param_ops own_warn_ops = {
	.set = own_warn,
};

module_param_cb(warn, &own_warn_ops, NULL, 0200);
MODULE_PARM_DESC(warn, "Warn now");

static int __init own_init(void)
{
	struct gch_heap *heap = gch_heap_find("own");

	if (!heap)
		return 0;
	gch_heap_put(heap);
	return -EEXIST;
}
module_init(own_init);

static void __exit own_exit(void)
{
}
module_exit(own_exit);

MODULE_DESCRIPTION("gcheap: a module for the test of run --module");
MODULE_LICENSE("GPL");
