// SPDX-License-Identifier: GPL-2.0
/* Registration of engines: what is incomplete or wrong is refused. */
#include "tests.h"

#include <linux/slab.h>
#include <linux/stddef.h>
#include <gcheap/engine.h>

#define OP(name) { offsetof(struct gch_engine_ops, name), #name }

static const struct {
	size_t offset;
	const char *name;
} needed[] = {
	OP(name), OP(page_groups), OP(heap_bytes), OP(mutator_bytes), OP(heap_init),
	OP(heap_exit), OP(mutator_init), OP(mutator_exit), OP(alloc), OP(alloc_refs),
	OP(assign), OP(fetch), OP(ref), OP(data), OP(free), OP(weak_set), OP(weak_get),
	OP(weak_alive), OP(settle), OP(wait), OP(collect), OP(stats),
	OP(validate), OP(show),
};

static const char * const words[] = { "one", "two", NULL };

static const struct gch_setting wrong[] = {
	{ .key = GCH_KEY_NR, .name = "beyond", .doc = "Unknown." },
	{ .key = GCH_KEY_OWN, .name = "no-doc" },
	{ .key = GCH_KEY_OWN, .doc = "No name." },
	{ .key = GCH_KEY_OWN, .name = "gogc", .doc = "A name of another." },
	{ .key = GCH_KEY_GOGC, .name = "growth", .doc = "Another name." },
	{ .key = GCH_KEY_LIMIT, .name = "limit", .doc = "One of all engines." },
	{ .key = GCH_KEY_OWN, .name = "range", .doc = "No range.", .min = 2, .max = 1 },
	{ .key = GCH_KEY_OWN, .name = "default", .doc = "Outside.", .def = 3, .max = 2 },
	{ .key = GCH_KEY_GOGC, .name = "gogc", .doc = "Another unit.",
	  .unit = GCHEAP_UNIT_MS },
	{ .key = GCH_KEY_GOGC, .name = "gogc", .doc = "Wider than its attribute.",
	  .unit = GCHEAP_UNIT_PERCENT, .max = BIT_ULL(32) },
	{ .key = GCH_KEY_OWN, .name = "word", .doc = "No words.",
	  .unit = GCHEAP_UNIT_CHOICE },
	{ .key = GCH_KEY_OWN, .name = "words", .doc = "Not that many words.",
	  .unit = GCHEAP_UNIT_CHOICE, .max = 2, .words = words },
	{ .key = GCH_KEY_OWN, .name = "number", .doc = "Words of a number.",
	  .max = 1, .words = words },
	{ .key = GCH_KEY_OWN, .name = "flag", .doc = "No flag.",
	  .unit = GCHEAP_UNIT_FLAG, .max = 2 },
	{ .key = GCH_KEY_OWN, .name = "a name", .doc = "With a blank." },
	{ .key = GCH_KEY_OWN, .name = "engine", .doc = "A word of gcctl." },
	{ .key = GCH_KEY_OWN, .name = "unit", .doc = "Unknown.",
	  .unit = GCHEAP_UNIT_US + 1 },
	{ .key = GCH_KEY_OWN, .name = "power", .doc = "None of two.",
	  .def = 3, .max = 4, .pow2 = true },
};

static void refuse(struct gch_test_env *env, struct gch_engine_ops *ops,
		   const char *what)
{
	int ret = gch_engine_register(ops);

	if (CHECK(env, ret == -EINVAL, "%s: %d", what, ret))
		return;
	if (!ret)
		gch_engine_unregister(ops);
}

/* A whole engine under another name, without settings, to make one thing wrong of. */
static struct gch_engine_ops *fresh(const struct gch_engine_ops *ops,
				    struct gch_engine_ops *copy)
{
	*copy = *ops;
	copy->name = "selftest";
	copy->init = NULL;
	copy->settings = NULL;
	copy->nr_settings = 0;
	return copy;
}

static bool inited;

static int init(void)
{
	inited = true;
	return 0;
}

/* The init of an engine whose name is taken does not run: it could change tables. */
static void refuse_double(struct gch_test_env *env, const struct gch_engine_ops *ops,
			  struct gch_engine_ops *copy)
{
	fresh(ops, copy)->name = ops->name;
	copy->init = init;
	inited = false;
	REFUSED(env, gch_engine_register(copy), EEXIST);
	CHECK(env, !inited, "a refused engine was set up");
}

static void refuse_all(struct gch_test_env *env, const struct gch_engine_ops *ops,
		       struct gch_engine_ops *copy)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		memset((void *)fresh(ops, copy) + needed[i].offset, 0,
		       sizeof(void *));
		refuse(env, copy, needed[i].name);
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		fresh(ops, copy)->settings = &wrong[i];
		copy->nr_settings = 1;
		refuse(env, copy, wrong[i].name ?: "no name");
	}
	fresh(ops, copy)->name = "bad/name";
	refuse(env, copy, copy->name);
	fresh(ops, copy)->page_groups = "stats";
	refuse(env, copy, "page_groups");
	fresh(ops, copy)->shrink = NULL;
	copy->shrink_count = (void *)copy->collect;
	refuse(env, copy, "shrink");
}

/*
 * Two registrations of one engine have two numbers. No heap can have the engine of a
 * module that is still being loaded, as this one is: its init may fail.
 */
static void register_twice(struct gch_test_env *env, struct gch_engine_ops *copy)
{
	struct gch_config cfg = {};
	struct gch_heap *heap;
	u32 first;

	if (!MUST(env, gch_engine_register(copy)))
		return;
	first = copy->kind;
	REFUSED(env, gch_engine_register(copy), EEXIST);
	CHECK(env, copy->kind == first, "its number has changed");
	gch_engine_unregister(copy);
	if (!MUST(env, gch_engine_register(copy)))
		return;
	CHECK(env, copy->kind != first, "its number was used twice");
	CHECK(env, gch_engine_kind("selftest") == -ENOENT, "it is found");
	cfg.engine = copy->kind;
	heap = gch_heap_create("selftest-two", &cfg, NULL);
	CHECK(env, heap == ERR_PTR(-EOPNOTSUPP), "a heap of it: %ld", PTR_ERR(heap));
	gch_engine_unregister(copy);
}

/**
 * gch_test_engine - registers engines that are incomplete or wrong
 * @env: the test
 */
void gch_test_engine(struct gch_test_env *env)
{
	const struct gch_engine_ops *ops;
	struct gch_engine_ops *copy;

	if (!gch_test_open(env, NULL))
		return;
	ops = gch_mutator_heap(env->m)->ops;
	copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	if (!CHECK(env, copy, "no memory"))
		return;
	refuse_all(env, ops, copy);
	refuse_double(env, ops, copy);
	register_twice(env, fresh(ops, copy));
	kfree(copy);
	CHECK(env, gch_engine_kind(ops->name) == env->engine,
	      "the engine is another now");
}
