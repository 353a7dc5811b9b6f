// SPDX-License-Identifier: GPL-2.0
/* Freed memory is clobbered, and later writes to it are detected. */
#include "tests.h"

#include <linux/err.h>
#include <linux/string.h>

#define NODE_BYTES	64U
/* Enough allocations to reuse the memory of any object. */
#define OBJECTS		1000U
/* An engine may keep data at the beginning of free memory. */
#define HEAD_BYTES	16U

static u64 errors(struct gch_test_env *env)
{
	struct gch_stats stats;

	gch_heap_stats(env->heap, &stats);
	return stats.verify_errors;
}

static void use_again(struct gch_test_env *env, struct gch_type *type,
		      struct gch_roots *roots)
{
	u32 i;

	for (i = 0; i < OBJECTS && !errors(env); i++)
		if (!MUST(env, gch_alloc(env->m, 1, type)) ||
		    !MUST(env, gch_root_set(env->m, roots, i, 1)))
			return;
	CHECK(env, errors(env) == 1, "%llu writes to freed memory were noticed",
	      errors(env));
}

/* The other object keeps the memory in the heap. */
static void write_to_freed(struct gch_test_env *env, struct gch_type *type,
			   struct gch_roots *roots)
{
	size_t bytes;
	u8 *data;

	if (!MUST(env, gch_alloc(env->m, 0, type)) ||
	    !MUST(env, gch_alloc(env->m, 1, type)))
		return;
	data = gch_data(env->m, 1, &bytes);
	memset(data, 0, NODE_BYTES);
	MUST(env, gch_clear(env->m, 1));
	MUST(env, gch_collect(env->heap, 2));
	CHECK(env, data[HEAD_BYTES] &&
	      !memchr_inv(data + HEAD_BYTES, data[HEAD_BYTES],
			  NODE_BYTES - HEAD_BYTES), "it was not clobbered");
	CHECK(env, !errors(env), "%llu errors before there was one",
	      errors(env));
	WRITE_ONCE(data[NODE_BYTES / 2], ~data[NODE_BYTES / 2]);
	use_again(env, type, roots);
}

/* As gch_test_close(), but errors are expected. */
static void close(struct gch_test_env *env)
{
	gch_mutator_detach(env->m);
	env->m = NULL;
	MUST(env, gch_heap_delete(env->heap, NULL));
	gch_heap_put(env->heap);
	env->heap = NULL;
}

/**
 * gch_test_poison - freed memory is clobbered, and writes to it are detected
 * @env: the test
 */
void gch_test_poison(struct gch_test_env *env)
{
	struct gch_roots *roots;
	struct gch_type *type;

	if (!gch_test_open(env, NULL))
		return;
	type = gch_test_type(env, "node", NODE_BYTES, 0, 0);
	roots = gch_roots_create(env->heap, OBJECTS);
	if (!type || IS_ERR(roots)) {
		gch_test_fail(env, "no type or table");
		return;
	}
	write_to_freed(env, type, roots);
	gch_roots_destroy(env->m, roots);
	close(env);
}
