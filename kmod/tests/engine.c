// SPDX-License-Identifier: GPL-2.0
/* Registration of engines: an engine with a missing operation is refused. */
#include "tests.h"

#include <linux/slab.h>
#include <linux/stddef.h>
#include <gcheap/engine.h>

#define OP(name) { offsetof(struct gch_engine_ops, name), #name }

static const struct {
	size_t offset;
	const char *name;
} needed[] = {
	OP(name), OP(units), OP(heap_bytes), OP(mutator_bytes), OP(heap_init),
	OP(heap_exit), OP(mutator_init), OP(mutator_exit), OP(alloc),
	OP(assign), OP(fetch), OP(ref), OP(data), OP(free), OP(weak_set), OP(weak_get),
	OP(weak_alive), OP(settle), OP(wait), OP(collect), OP(stats),
	OP(validate), OP(show),
};

/**
 * gch_test_engine - registers engines with missing operations
 * @env: the test
 */
void gch_test_engine(struct gch_test_env *env)
{
	const struct gch_engine_ops *ops = gch_engine_find(env->engine);
	struct gch_engine_ops *copy;
	unsigned int i;
	int ret;

	if (!CHECK(env, ops, "the engine is not registered"))
		return;
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		copy = kmemdup(ops, sizeof(*ops), GFP_KERNEL);
		if (!CHECK(env, copy, "no memory"))
			return;
		memset((void *)copy + needed[i].offset, 0, sizeof(void *));
		ret = gch_engine_register(copy);
		CHECK(env, ret == -EINVAL, "without %s: %d", needed[i].name,
		      ret);
		kfree(copy);
	}
	REFUSED(env, gch_engine_register(ops), EEXIST);
	CHECK(env, gch_engine_find(env->engine) == ops,
	      "the engine is another now");
}
