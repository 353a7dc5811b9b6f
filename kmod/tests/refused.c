// SPDX-License-Identifier: GPL-2.0
/*
 * Refusals of the API: every wrong argument, a heap at its limit, and explicit frees.
 */
#include "tests.h"

#include <linux/err.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#define NONE	GCH_TEST_SLOTS

static long refused_type(struct gch_heap *heap, const char *name, u32 bytes,
			 u32 nr_refs, const u16 *refs, u32 flags)
{
	struct gch_type_desc desc = {
		.name = name,
		.bytes = bytes,
		.nr_refs = nr_refs,
		.refs = refs,
		.flags = flags,
	};

	return PTR_ERR_OR_ZERO(gch_type_register(heap, &desc, NULL));
}

static void check_types(struct gch_test_env *env)
{
	static const u16 same[] = { 1, 1 }, far[] = { 0, 4 };
	struct gch_heap *heap = env->heap;

	REFUSED(env, refused_type(heap, NULL, 8, 0, NULL, 0), EINVAL);
	REFUSED(env, refused_type(heap, "", 8, 0, NULL, 0), EINVAL);
	REFUSED(env, refused_type(heap, "a-name-of-thirty-two-characters-", 8,
				  0, NULL, 0), EINVAL);
	REFUSED(env, refused_type(heap, "t", 0, 0, NULL, 0), ERANGE);
	REFUSED(env, refused_type(heap, "t", GCH_FIXED_MAX + 1, 0, NULL, 0),
		ERANGE);
	REFUSED(env, refused_type(heap, "t", 8, 2, NULL, 0), ERANGE);
	REFUSED(env, refused_type(heap, "t", 7, 1, NULL, 0), ERANGE);
	REFUSED(env, refused_type(heap, "t", 32, 2, same, 0), EINVAL);
	REFUSED(env, refused_type(heap, "t", 32, 2, far, 0), EINVAL);
	REFUSED(env, refused_type(heap, "t", 8, 0, NULL, BIT(20)), EINVAL);
	REFUSED(env, refused_type(heap, "t", 8, 0, NULL, GCH_TYPE_VAR), EINVAL);
	REFUSED(env, refused_type(heap, "t", 8, 1, NULL, GCH_TYPE_UNTRACKED),
		EINVAL);
	MUST(env, refused_type(heap, "t", 8, 1, NULL, 0));
	MUST(env, refused_type(heap, "t", 8, 1, NULL, 0));
	REFUSED(env, refused_type(heap, "t", 16, 1, NULL, 0), EEXIST);
}

static void check_calls(struct gch_test_env *env, struct gch_type *type,
			struct gch_type *var)
{
	struct gch_mutator *m = env->m;

	REFUSED(env, gch_alloc(m, NONE, type), EINVAL);
	REFUSED(env, gch_alloc(m, 0, var), EINVAL);
	REFUSED(env, gch_alloc_refs(m, NONE, type, 1, 1), EINVAL);
	REFUSED(env, gch_alloc_refs(m, 0, var, 1, 1), EINVAL);
	REFUSED(env, gch_alloc_refs(m, 0, type, NONE, 1), EINVAL);
	REFUSED(env, gch_alloc_refs(m, 0, type, NONE - 1, 2), EINVAL);
	REFUSED(env, gch_alloc_refs(m, 0, type, U32_MAX, 2), EINVAL);
	REFUSED(env, gch_alloc_refs(m, 0, type, 1, 0), EINVAL);
	REFUSED(env, gch_alloc_refs(m, 0, type, 1, GCH_REFS_MAX + 1), EINVAL);
	REFUSED(env, gch_alloc_refs(m, 0, type, 1, 3), ERANGE);
	REFUSED(env, gch_alloc_var(m, 0, type, 1, 8), EINVAL);
	REFUSED(env, gch_alloc_var(m, NONE, var, 1, 8), EINVAL);
	REFUSED(env, gch_alloc_var(m, 0, var, 0, GCH_OBJECT_MAX + 1), E2BIG);
	REFUSED(env, gch_alloc_var(m, 0, var, U32_MAX, U32_MAX), E2BIG);
	CHECK(env, gch_is_null(m, 0), "a refused allocation filled its slot");

	REFUSED(env, gch_load(m, 1, 0, 0), EFAULT);
	REFUSED(env, gch_store(m, 0, 0, 1), EFAULT);
	REFUSED(env, gch_store_null(m, 0, 0), EFAULT);
	REFUSED(env, gch_free(m, 0), EFAULT);
	CHECK(env, !gch_data(m, 0, NULL) && !gch_data(m, NONE, NULL),
	      "an empty slot has data");

	if (!MUST(env, gch_alloc(m, 0, type)))
		return;
	REFUSED(env, gch_load(m, 1, 0, 2), ERANGE);
	REFUSED(env, gch_load(m, 1, 0, U32_MAX), ERANGE);
	REFUSED(env, gch_store(m, 0, 2, 0), ERANGE);
	REFUSED(env, gch_store_null(m, 0, U32_MAX), ERANGE);
	REFUSED(env, gch_load(m, NONE, 0, 0), EINVAL);
	REFUSED(env, gch_load_refs(m, 1, 0, 1, 2), ERANGE);
	REFUSED(env, gch_load_refs(m, 1, 0, U32_MAX, 2), ERANGE);
	REFUSED(env, gch_load_refs(m, 1, 0, 64, 1), ERANGE);
	REFUSED(env, gch_load_refs(m, 1, 2, 0, 1), EFAULT);
	REFUSED(env, gch_load_refs(m, 1, NONE, 0, 1), EINVAL);
	REFUSED(env, gch_load_refs(m, NONE - 1, 0, 0, 2), EINVAL);
	REFUSED(env, gch_load_refs(m, U32_MAX, 0, 0, 2), EINVAL);
	REFUSED(env, gch_load_refs(m, 1, 0, 0, 0), EINVAL);
	REFUSED(env, gch_load_refs(m, 1, 0, 0, GCH_REFS_MAX + 1), EINVAL);
	CHECK(env, gch_is_null(m, 1), "a refused load filled its slot");
	REFUSED(env, gch_load(m, 1, NONE, 0), EINVAL);
	REFUSED(env, gch_store(m, NONE, 0, 0), EINVAL);
	REFUSED(env, gch_store(m, 0, 0, NONE), EINVAL);
	REFUSED(env, gch_copy(m, NONE, 0), EINVAL);
	REFUSED(env, gch_copy(m, 0, NONE), EINVAL);
	REFUSED(env, gch_clear(m, NONE), EINVAL);
	REFUSED(env, gch_free(m, NONE), EINVAL);
	MUST(env, gch_free(m, 0));
	CHECK(env, gch_is_null(m, 0), "the slot is not empty");
}

static void check_tables(struct gch_test_env *env)
{
	struct gch_roots *roots = gch_roots_create(env->heap, 3);
	struct gch_weaks *weaks = gch_weaks_create(env->heap, 3);

	REFUSED(env, PTR_ERR_OR_ZERO(gch_roots_create(env->heap, 0)), EINVAL);
	REFUSED(env, PTR_ERR_OR_ZERO(gch_weaks_create(env->heap,
						      GCH_TABLE_MAX + 1)),
		EINVAL);
	if (IS_ERR(roots) || IS_ERR(weaks)) {
		gch_test_fail(env, "no tables");
		return;
	}
	REFUSED(env, gch_root_get(env->m, 0, roots, 3), EINVAL);
	REFUSED(env, gch_root_set(env->m, roots, 3, 0), EINVAL);
	REFUSED(env, gch_root_set(env->m, roots, 0, NONE), EINVAL);
	REFUSED(env, gch_root_clear(env->m, roots, U32_MAX), EINVAL);
	REFUSED(env, gch_weak_get(env->m, 0, weaks, 3), EINVAL);
	REFUSED(env, gch_weak_set(env->m, weaks, 3, 0), EINVAL);
	REFUSED(env, gch_weak_alive(env->m, weaks, 3), EINVAL);
	REFUSED(env, gch_roots_grow(roots, GCH_TABLE_MAX + 1), EINVAL);
	MUST(env, gch_roots_grow(roots, 5000));
	MUST(env, gch_root_set(env->m, roots, 4999, 0));
	MUST(env, gch_weaks_grow(weaks, 5000));
	MUST(env, gch_weak_clear(env->m, weaks, 4999));
	/* Like a mutator, a table keeps its heap in use. */
	REFUSED(env, gch_heap_delete(env->heap, NULL), EBUSY);
	gch_weaks_destroy(env->m, weaks);
	gch_roots_destroy(env->m, roots);
}

/* A mutator of another heap cannot destroy a table; it keeps its contents. */
static void check_other_tables(struct gch_test_env *env, struct gch_heap *other)
{
	struct gch_mutator *m = gch_mutator_attach(other, 1);
	struct gch_roots *roots = gch_roots_create(env->heap, 1);
	struct gch_weaks *weaks = gch_weaks_create(env->heap, 1);

	if (!CHECK(env, !IS_ERR(m) && !IS_ERR(roots) && !IS_ERR(weaks),
		   "no mutator or tables"))
		return;
	REFUSED(env, gch_root_get(m, 0, roots, 0), EINVAL);
	REFUSED(env, gch_weak_alive(m, weaks, 0), EINVAL);
	REFUSED(env, gch_roots_destroy(m, roots), EINVAL);
	REFUSED(env, gch_weaks_destroy(m, weaks), EINVAL);
	MUST(env, gch_root_get(env->m, 0, roots, 0));
	MUST(env, gch_roots_destroy(env->m, roots));
	MUST(env, gch_weaks_destroy(env->m, weaks));
	gch_mutator_detach(m);
}

static void check_other_heap(struct gch_test_env *env)
{
	struct gch_config cfg = { .engine = env->engine };
	struct gch_type_desc desc = { .name = "foreign", .bytes = 8 };
	struct gch_heap *other;
	struct gch_type *type;

	REFUSED(env, PTR_ERR_OR_ZERO(gch_heap_create("selftest", &cfg, NULL)),
		EEXIST);
	REFUSED(env, PTR_ERR_OR_ZERO(gch_heap_create("a/b", &cfg, NULL)),
		EINVAL);
	REFUSED(env, PTR_ERR_OR_ZERO(gch_heap_create("", &cfg, NULL)), EINVAL);
	other = gch_heap_create("selftest-2", &cfg, NULL);
	if (!CHECK(env, !IS_ERR(other), "no second heap"))
		return;
	type = gch_type_register(other, &desc, NULL);
	if (CHECK(env, !IS_ERR(type), "no type in the second heap"))
		REFUSED(env, gch_alloc(env->m, 0, type), EINVAL);
	check_other_tables(env, other);
	MUST(env, gch_heap_delete(other, NULL));
	REFUSED(env, gch_heap_delete(other, NULL), ENOENT);
	REFUSED(env, PTR_ERR_OR_ZERO(gch_mutator_attach(other, 1)), ENODEV);
	REFUSED(env, PTR_ERR_OR_ZERO(gch_roots_create(other, 1)), ENODEV);
	CHECK(env, !gch_heap_find("selftest-2"), "a deleted heap was found");
	gch_heap_put(other);
}

/**
 * gch_test_refused - wrong arguments are refused and change nothing
 * @env: the test
 */
void gch_test_refused(struct gch_test_env *env)
{
	struct gch_type *type, *var;

	if (!gch_test_open(env, NULL))
		return;
	REFUSED(env, PTR_ERR_OR_ZERO(gch_mutator_attach(env->heap, 0)), EINVAL);
	REFUSED(env, PTR_ERR_OR_ZERO(gch_mutator_attach(env->heap,
							GCH_FRAME_MAX + 1)),
		EINVAL);
	REFUSED(env, gch_collect(env->heap, 3), EINVAL);
	CHECK(env, gch_cycle_request(env->heap, 3) == 0,
	      "generation 3 was asked for");
	REFUSED(env, gch_heap_delete(env->heap, NULL), EBUSY);
	check_types(env);
	type = gch_test_type(env, "two", 24, 2, 0);
	var = gch_test_type(env, "var", 0, 0, GCH_TYPE_VAR);
	if (type && var)
		check_calls(env, type, var);
	check_tables(env);
	check_other_heap(env);
}

#define LIMIT		SZ_8M
/* With any engine's header at most 1 KiB, which is a size of every engine. */
#define OBJECT		960U

static u32 fill(struct gch_test_env *env, struct gch_type *type,
		struct gch_roots *roots, u32 nr, int *err)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		*err = gch_alloc(env->m, 0, type);
		if (*err)
			break;
		gch_test_payload_set(env->m, 0, 0, i);
		if (!MUST(env, gch_root_set(env->m, roots, i, 0)))
			break;
		cond_resched();
	}
	return i;
}

static void empty(struct gch_test_env *env, struct gch_roots *roots, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!MUST(env, gch_root_get(env->m, 0, roots, i)) ||
		    !CHECK(env, gch_test_payload_is(env->m, 0, 0, i),
			   "object %u is not what it was", i) ||
		    !MUST(env, gch_root_clear(env->m, roots, i)) ||
		    !MUST(env, gch_free(env->m, 0)))
			return;
		cond_resched();
	}
}

/*
 * Fills the heap, is refused, empties it, and fills it again to about the same point;
 * not at all if the heap never frees.
 */
static void meet_limit(struct gch_test_env *env, struct gch_roots *roots)
{
	struct gch_type *type = gch_test_type(env, "kilobyte", OBJECT, 0, 0);
	u32 most = LIMIT / OBJECT + 1, first, second;
	struct gch_stats stats;
	int err = 0;

	if (!type)
		return;
	first = fill(env, type, roots, most, &err);
	CHECK(env, err == -ENOMEM, "%d at the limit", err);
	CHECK(env, first >= most / 2, "only %u KiB of %u fit", first, most);
	gch_heap_stats(env->heap, &stats);
	CHECK(env, stats.limit_hits, "no hit of the limit was counted");
	CHECK(env, stats.alloc_failures, "no failure was counted");
	CHECK(env, stats.peak_held_bytes <= LIMIT,
	      "%llu bytes of pages held, the limit is %u",
	      stats.peak_held_bytes, LIMIT);
	MUST(env, gch_clear(env->m, 0));
	empty(env, roots, first);

	second = fill(env, type, roots, most, &err);
	CHECK(env, gch_test_reclaims(env, GCHEAP_RECLAIM_NEVER) ?
	      !second : second >= first - first / 8,
	      "%u objects fit at first, %u later", first, second);
	MUST(env, gch_clear(env->m, 0));
	empty(env, roots, second);
}

/**
 * gch_test_limit - a heap at its limit refuses allocations, and recovers
 * @env: the test
 */
void gch_test_limit(struct gch_test_env *env)
{
	struct gch_config cfg = { .set = BIT(GCH_KEY_LIMIT) };
	struct gch_roots *roots;

	cfg.val[GCH_KEY_LIMIT] = LIMIT;
	if (!gch_test_open(env, &cfg))
		return;
	roots = gch_roots_create(env->heap, LIMIT / OBJECT + 1);
	if (!CHECK(env, !IS_ERR(roots), "no root table"))
		return;
	meet_limit(env, roots);
	gch_roots_destroy(env->m, roots);
}

/**
 * gch_test_explicit - an engine without a collector frees explicitly
 * @env: the test
 */
void gch_test_explicit(struct gch_test_env *env)
{
	struct gch_stats stats;
	struct gch_type *type;
	unsigned int i;

	if (!gch_test_open(env, NULL))
		return;
	type = gch_test_type(env, "node", 64, 2, 0);
	if (!type)
		return;
	for (i = 0; i < 1000; i++)
		if (!MUST(env, gch_alloc(env->m, i % 64, type)) ||
		    !MUST(env, gch_free(env->m, i % 64)))
			return;
	gch_heap_stats(env->heap, &stats);
	CHECK(env, stats.allocs == 1000 && stats.freed_explicit == 1000,
	      "%llu allocated, %llu freed", stats.allocs,
	      stats.freed_explicit);
	CHECK(env, !stats.live_objects && !stats.live_bytes,
	      "%llu objects of %llu bytes are left", stats.live_objects,
	      stats.live_bytes);
}
