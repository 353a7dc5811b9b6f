// SPDX-License-Identifier: GPL-2.0
/*
 * gcheap_load: workloads and trace replay on the heaps of gcheap
 */
#include "compat.h"
#include "load.h"

#include <linux/genetlink.h>
#include <linux/init.h>
#include <linux/module.h>

#include "generated/netlink.h"

static int __init load_init(void)
{
	int err;

	err = gch_load_runs_init();
	if (err)
		return err;

	/* Heaps belong to the host, so containers do not see the family. */
	gcheap_load_nl_family.netnsok = false;
	err = genl_register_family(&gcheap_load_nl_family);
	if (err)
		gch_load_runs_exit();
	return err;
}

static void __exit load_exit(void)
{
	genl_unregister_family(&gcheap_load_nl_family);
	gch_load_runs_exit();
}

module_init(load_init);
module_exit(load_exit);

MODULE_DESCRIPTION("Workloads and trace replay on the heaps of gcheap");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(GCHEAP_LOAD_FAMILY_NAME);
