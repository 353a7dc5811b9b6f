// SPDX-License-Identifier: GPL-2.0
/*
 * gcheap_list.ko: a linked list on a garbage-collected heap
 *
 * The module builds the list, drops it, collects, and logs what the collection freed.
 * Documentation/api.rst shows what is between the includes and module_init().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <gcheap/gcheap.h>

/* 32 bytes, of which the first word is a reference: the next node. */
static const struct gch_type_desc node = {
	.name = "node",
	.bytes = 32,
	.nr_refs = 1,
};

static int build_list(struct gch_mutator *m, struct gch_type *type)
{
	int i, ret = 0;

	for (i = 0; i < 1000 && !ret; i++) {
		ret = gch_alloc(m, 1, type);		/* slot 1: new node */
		if (!ret)
			ret = gch_store(m, 1, 0, 0);	/* its word 0: the list */
		if (!ret)
			ret = gch_copy(m, 0, 1);	/* slot 0: the list */
	}
	return ret;
}

static int use_heap(struct gch_heap *heap)
{
	struct gch_mutator *m;
	struct gch_type *type;
	int ret;

	type = gch_type_register(heap, &node, NULL);
	if (IS_ERR(type))
		return PTR_ERR(type);
	m = gch_mutator_attach(heap, 2);	/* two slots */
	if (IS_ERR(m))
		return PTR_ERR(m);		/* the type goes with the heap */
	ret = build_list(m, type);
	gch_mutator_detach(m);			/* the list is garbage now */
	return ret ?: gch_collect(heap, 2);
}

static void report(struct gch_heap *heap)
{
	struct gch_stats stats;

	gch_heap_stats(heap, &stats);
	pr_info("%llu nodes allocated, %llu collected, %llu left\n",
		stats.allocs, stats.freed_cycle, stats.live_objects);
}

static int __init list_init(void)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_GO };
	struct gch_heap *heap;
	int ret;

	heap = gch_heap_create("list", &cfg, NULL);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	ret = use_heap(heap);
	if (!ret)
		report(heap);
	gch_heap_delete(heap, NULL);	/* no mutator is left: it cannot fail */
	gch_heap_put(heap);
	return ret;
}
module_init(list_init);

/* Without an exit the module could not be unloaded. */
static void __exit list_exit(void)
{
}
module_exit(list_exit);

MODULE_DESCRIPTION("A linked list on a garbage-collected heap");
MODULE_LICENSE("GPL");
