// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody else's module: a list on a heap of its own, which is garbage at the end.
 * It is built from what make install leaves, to see that this is enough.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/module.h>
#include <gcheap/gcheap.h>

static const struct gch_type_desc node = {
	.name = "node",
	.bytes = 32,
	.nr_refs = 1,
};

/* Slot 1 has the new node, slot 0 the list. */
static int fill(struct gch_mutator *m, struct gch_type *type)
{
	int i, ret = 0;

	for (i = 0; i < 1000 && !ret; i++) {
		ret = gch_alloc(m, 1, type);
		if (!ret)
			ret = gch_store(m, 1, 0, 0);
		if (!ret)
			ret = gch_copy(m, 0, 1);
	}
	return ret;
}

static int use(struct gch_heap *heap)
{
	struct gch_mutator *m;
	struct gch_type *type;
	int ret;

	type = gch_type_register(heap, &node, NULL);
	if (IS_ERR(type))
		return PTR_ERR(type);
	m = gch_mutator_attach(heap, 2);
	if (IS_ERR(m))
		return PTR_ERR(m);
	ret = fill(m, type);
	gch_mutator_detach(m);
	return ret;
}

static int __init client_init(void)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_GO };
	struct gch_heap *heap;
	int ret;

	heap = gch_heap_create("client", &cfg, NULL);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	ret = use(heap);
	gch_heap_delete(heap, NULL);
	gch_heap_put(heap);
	return ret;
}

static void __exit client_exit(void)
{
}

module_init(client_init);
module_exit(client_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A list on a garbage-collected heap");
