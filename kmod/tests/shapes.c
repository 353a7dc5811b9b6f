// SPDX-License-Identifier: GPL-2.0
/*
 * References in every word and every size of object: a collector that misreads an
 * object's map frees objects that only that reference keeps alive.
 */
#include "tests.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sched.h>

enum { PARENT, CHILD };

/* Children are numbered in the order of allocation. */
struct family {
	struct gch_test_env *env;
	struct gch_type *child;
	u64 next;
};

static bool bear(struct family *f, u32 word)
{
	struct gch_test_env *env = f->env;

	if (!MUST(env, gch_alloc(env->m, CHILD, f->child)))
		return false;
	gch_test_payload_set(env->m, CHILD, 0, f->next++);
	return MUST(env, gch_store(env->m, PARENT, word, CHILD)) &&
	       MUST(env, gch_clear(env->m, CHILD));
}

static bool meet(struct family *f, u32 word, u64 number)
{
	struct gch_test_env *env = f->env;
	bool met;

	if (!MUST(env, gch_load(env->m, CHILD, PARENT, word)))
		return false;
	met = CHECK(env, gch_test_payload_is(env->m, CHILD, 0, number),
		    "word %u: the child is not what it was", word);
	return MUST(env, gch_clear(env->m, CHILD)) && met;
}

/* Every child survives two collections; after it is dropped, none. */
static bool raise(struct family *f, const u16 *refs, u32 nr)
{
	struct gch_test_env *env = f->env;
	u64 first = f->next;
	unsigned int i, pass;

	for (i = 0; i < nr; i++)
		if (!bear(f, refs ? refs[i] : i))
			return false;
	for (pass = 0; pass < 2; pass++) {
		if (!MUST(env, gch_collect(env->heap, 2)))
			return false;
		for (i = 0; i < nr; i++)
			if (!meet(f, refs ? refs[i] : i, first + i))
				return false;
		cond_resched();
	}
	REFUSED(env, gch_load(env->m, CHILD, PARENT,
			      refs ? refs[nr - 1] + 1 : nr), ERANGE);
	return MUST(env, gch_clear(env->m, PARENT));
}

/* References in the first and the last word, and in every seventh between. */
static bool scattered(struct family *f, u32 bytes)
{
	u16 refs[32], words = bytes / sizeof(void *), word = 0;
	struct gch_test_env *env = f->env;
	struct gch_type_desc desc = {
		.bytes = bytes,
		.refs = refs,
	};
	char name[GCH_NAME_SIZE];
	struct gch_type *type;

	snprintf(name, sizeof(name), "refs-in-%u", bytes);
	desc.name = name;
	while (word < words - 1 && desc.nr_refs < ARRAY_SIZE(refs) - 1) {
		refs[desc.nr_refs++] = word;
		word += 7;
	}
	refs[desc.nr_refs++] = words - 1;
	type = gch_type_register(env->heap, &desc, NULL);
	if (IS_ERR(type)) {
		gch_test_fail(env, "%s: %ld", name, PTR_ERR(type));
		return false;
	}
	return MUST(env, gch_alloc(env->m, PARENT, type)) &&
	       raise(f, refs, desc.nr_refs);
}

static bool variable(struct family *f, struct gch_type *type, u32 refs,
		     u32 bytes)
{
	struct gch_test_env *env = f->env;

	return MUST(env, gch_alloc_var(env->m, PARENT, type, refs, bytes)) &&
	       raise(f, NULL, refs);
}

/**
 * gch_test_shapes - maps of references in objects of all sizes
 * @env: the test
 */
void gch_test_shapes(struct gch_test_env *env)
{
	static const u32 fixed[] = { 16, 24, 64, 504, 512, 520, 1024, 4096,
				     8192, 32760, 32768 };
	static const u32 refs[] = { 1, 2, 3, 31, 62, 63, 64, 65, 127, 128, 129,
				    1000, 4095, 4096, 4097, 16384, 16385,
				    40000 };
	struct family f = { .env = env };
	struct gch_type *type;
	unsigned int i;

	if (!gch_test_open(env, NULL))
		return;
	f.child = gch_test_type(env, "child", 16, 0, 0);
	type = gch_test_type(env, "variable", 0, 0, GCH_TYPE_VAR);
	if (!f.child || !type)
		return;
	for (i = 0; i < ARRAY_SIZE(fixed); i++)
		if (!scattered(&f, fixed[i]))
			gch_test_fail(env, "in an object of %u bytes",
				      fixed[i]);
	for (i = 0; i < ARRAY_SIZE(refs); i++)
		if (!variable(&f, type, refs[i], 0) ||
		    !variable(&f, type, refs[i], 100))
			gch_test_fail(env, "in an object of %u references",
				      refs[i]);
}
