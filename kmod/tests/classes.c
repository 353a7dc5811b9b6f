// SPDX-License-Identifier: GPL-2.0
/*
 * Properties of allocations of every size: the class that the published rules give,
 * its alignment, zeroed memory, and no byte shared by two objects.
 */
#include "tests.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

/* Objects of each size and kind. */
#define COPIES		3U
/* Every size up to this is tried; above it, those around a class boundary. */
#define DENSE_MAX	1024U
/* From this size on, an object with references has its type in a header word. */
#define GO_HEADER_MIN	512U
/* Header of an object: its count and its type. */
#define PYTHON_HEADER	16U

/* The size classes of Go's runtime. */
static const u16 go_classes[] = {
	8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224,
	240, 256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768,
	896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200,
	3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728,
	10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760,
	24576, 27264, 28672, 32768,
};

/**
 * struct sample - a size to try, with or without a reference
 * @type: its type
 * @bytes: the size
 * @refs: 0 or 1
 * @cost: increase of the heap's byte counter
 */
struct sample {
	struct gch_type *type;
	u32 bytes;
	u32 refs;
	u64 cost;
};

struct samples {
	struct gch_roots *roots;
	unsigned int nr;
	struct sample s[];
};

static u32 go_class(u32 bytes)
{
	unsigned int i = 0;

	while (i < ARRAY_SIZE(go_classes) && go_classes[i] < bytes)
		i++;
	return i < ARRAY_SIZE(go_classes) ? go_classes[i] : 0;
}

static u32 next_size(u32 bytes)
{
	u32 class;

	if (bytes < DENSE_MAX)
		return bytes + 1;
	class = go_class(bytes);
	if (bytes < class - 1)
		return class - 1;
	return bytes + 1;
}

static bool add(struct gch_test_env *env, struct samples *all, u32 bytes,
		u32 refs)
{
	struct sample *s = &all->s[all->nr];
	char name[GCH_NAME_SIZE];

	snprintf(name, sizeof(name), "%s%u", refs ? "scan" : "noscan", bytes);
	s->bytes = bytes;
	s->refs = refs;
	s->type = gch_test_type(env, name, bytes, refs, 0);
	all->nr++;
	return s->type;
}

static struct samples *make_samples(struct gch_test_env *env)
{
	unsigned int nr = 2 * (DENSE_MAX + 3 * ARRAY_SIZE(go_classes));
	struct samples *all = vzalloc(struct_size(all, s, nr));
	u32 bytes;

	if (!all) {
		gch_test_fail(env, "no memory");
		return NULL;
	}
	for (bytes = 1; bytes <= GCH_FIXED_MAX; bytes = next_size(bytes)) {
		if (!add(env, all, bytes, 0) ||
		    (bytes >= sizeof(void *) && !add(env, all, bytes, 1)))
			goto err;
		cond_resched();
	}
	all->roots = gch_roots_create(env->heap, all->nr * COPIES);
	if (!IS_ERR(all->roots))
		return all;
	gch_test_fail(env, "no root table: %ld", PTR_ERR(all->roots));
err:
	vfree(all);
	return NULL;
}

/* The bytes of an object that are not references. */
static u8 *own_bytes(struct gch_test_env *env, const struct sample *s,
		     size_t *len)
{
	size_t usable;
	u8 *data = gch_data(env->m, 0, &usable);
	u32 refs = s->refs * sizeof(void *);

	if (!CHECK(env, data && usable >= s->bytes,
		   "%u bytes asked for, %zu usable", s->bytes, usable))
		return NULL;
	*len = s->bytes - refs;
	return data + refs;
}

static void check_address(struct gch_test_env *env, const struct sample *s)
{
	unsigned long addr = (unsigned long)gch_data(env->m, 0, NULL);
	u32 small_max = gch_heap_tunable(env->heap, GCH_KEY_SMALL_MAX);
	u32 class = go_class(s->bytes), align;

	switch (env->engine) {
	case GCHEAP_ENGINE_GO:
		if (s->refs)
			align = sizeof(void *);
		else if (s->bytes < 16)
			align = 1U << __ffs(s->bytes | 8);
		else
			align = min_t(u32, 1U << __ffs(class), SZ_8K);
		break;
	case GCHEAP_ENGINE_PYTHON:
		/* The address tells an object without a pool. */
		align = s->bytes + PYTHON_HEADER <= small_max ? 16 : 8;
		break;
	default:
		align = sizeof(void *);
	}
	CHECK(env, IS_ALIGNED(addr, align), "%u bytes at an odd multiple of %lu",
	      s->bytes, 1UL << __ffs(addr));
}

static bool place(struct gch_test_env *env, struct samples *all,
		  unsigned int nr, unsigned int copy)
{
	struct sample *s = &all->s[nr];
	unsigned int id = nr * COPIES + copy;
	struct gch_stats before, after;
	size_t len;
	u8 *data;

	gch_heap_stats(env->heap, &before);
	if (!MUST(env, gch_alloc(env->m, 0, s->type)))
		return false;
	gch_heap_stats(env->heap, &after);
	s->cost = after.alloc_bytes - before.alloc_bytes;
	CHECK(env, after.allocs == before.allocs + 1, "%llu allocations, not 1",
	      after.allocs - before.allocs);
	check_address(env, s);

	data = own_bytes(env, s, &len);
	if (!data)
		return false;
	CHECK(env, !memchr_inv(data, 0, len), "%u bytes not zeroed", s->bytes);
	memset(data, (u8)(id * 37 + 1), len);
	return MUST(env, gch_root_set(env->m, all->roots, id, 0));
}

static void check_contents(struct gch_test_env *env, struct samples *all,
			   unsigned int from, unsigned int step)
{
	unsigned int id;
	size_t len;
	u8 *data;

	for (id = from; id < all->nr * COPIES; id += step) {
		const struct sample *s = &all->s[id / COPIES];

		if (!MUST(env, gch_root_get(env->m, 0, all->roots, id)))
			return;
		data = own_bytes(env, s, &len);
		if (!data)
			return;
		CHECK(env, !memchr_inv(data, (u8)(id * 37 + 1), len),
		      "object %u of %u bytes was written by another", id,
		      s->bytes);
		cond_resched();
	}
}

static void check_go_costs(struct gch_test_env *env, struct samples *all)
{
	unsigned int i;

	for (i = 0; i < all->nr; i++) {
		const struct sample *s = &all->s[i];
		u32 bytes = s->bytes;

		if (!s->refs && bytes < 16)
			continue;
		if (s->refs && bytes > GO_HEADER_MIN)
			bytes += sizeof(void *);
		if (go_class(bytes))
			CHECK(env, s->cost == go_class(bytes),
			      "%u bytes, %u references: counted as %llu, class %u",
			      s->bytes, s->refs, s->cost, go_class(bytes));
		else
			CHECK(env, s->cost >= s->bytes,
			      "%u bytes counted as %llu", s->bytes, s->cost);
	}
}

/*
 * Blocks come in steps of 16 bytes, with any header that is the same for all objects
 * of a kind.
 */
static bool costs_fit(struct samples *all, u32 refs, u32 before, u32 small_max)
{
	unsigned int i;

	for (i = 0; i < all->nr; i++) {
		const struct sample *s = &all->s[i];

		if (s->refs != refs || s->bytes + before > small_max)
			continue;
		if (s->cost != round_up(s->bytes + before, 16))
			return false;
	}
	return true;
}

static void check_python_costs(struct gch_test_env *env, struct samples *all)
{
	u32 small_max = gch_heap_tunable(env->heap, GCH_KEY_SMALL_MAX);
	u32 refs, before;

	for (refs = 0; refs < 2; refs++) {
		for (before = 0; before <= 48; before += 8)
			if (costs_fit(all, refs, before, small_max))
				break;
		CHECK(env, before <= 48,
		      "objects with %u references are not in steps of 16 bytes",
		      refs);
	}
}

static void free_sample(struct gch_test_env *env, struct samples *all,
			unsigned int id)
{
	if (gch_root_get(env->m, 0, all->roots, id) ||
	    gch_root_clear(env->m, all->roots, id) || gch_free(env->m, 0))
		gch_test_fail(env, "object %u not let go of", id);
}

/**
 * gch_test_classes - allocates every size, with and without a reference
 * @env: the test
 *
 * Then it drops every second object and reuses the memory.
 */
void gch_test_classes(struct gch_test_env *env)
{
	struct samples *all;
	unsigned int i, id;

	if (!gch_test_open(env, NULL))
		return;
	all = make_samples(env);
	if (!all)
		return;
	for (id = 0; id < all->nr * COPIES; id++) {
		if (!place(env, all, id / COPIES, id % COPIES))
			goto out;
		cond_resched();
	}
	check_contents(env, all, 0, 1);
	if (env->engine == GCHEAP_ENGINE_GO)
		check_go_costs(env, all);
	if (env->engine == GCHEAP_ENGINE_PYTHON)
		check_python_costs(env, all);

	for (i = 0; i < 2; i++) {
		for (id = 0; id < all->nr * COPIES; id += 2)
			free_sample(env, all, id);
		MUST(env, gch_collect(env->heap, 2));
		check_contents(env, all, 1, 2);
		for (id = 0; id < all->nr * COPIES; id += 2)
			if (!place(env, all, id / COPIES, id % COPIES))
				goto out;
		check_contents(env, all, 0, 1);
	}
out:
	for (id = 0; gch_test_reclaims(env, GCHEAP_RECLAIM_EXPLICIT) &&
	     id < all->nr * COPIES; id++)
		free_sample(env, all, id);
	gch_roots_destroy(env->m, all->roots);
	vfree(all);
}
