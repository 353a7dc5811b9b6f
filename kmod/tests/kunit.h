/* SPDX-License-Identifier: GPL-2.0 */
/* Declarations shared by the suites of gcheap_kunit.ko. */
#ifndef _GCHEAP_KUNIT_H
#define _GCHEAP_KUNIT_H

#include <kunit/test.h>
#include <linux/types.h>
#include <gcheap/gcheap.h>

/**
 * struct gch_kunit_random - a reproducible random number generator
 * @seed: its seed
 * @state: its current state
 */
struct gch_kunit_random {
	u64 seed;
	u64 state;
};

void gch_kunit_seed(struct kunit *test, struct gch_kunit_random *r);
u64 gch_kunit_random(struct gch_kunit_random *r);
unsigned int gch_kunit_rounds(unsigned int usual);

/* A number below @n. */
static inline u32 gch_kunit_below(struct gch_kunit_random *r, u32 n)
{
	return (u32)gch_kunit_random(r) * (u64)n >> 32;
}

struct gch_heap *gch_kunit_heap(struct kunit *test,
				const struct gch_config *cfg);
void gch_kunit_heap_end(struct kunit *test, struct gch_heap *heap);
struct gch_mutator *gch_kunit_mutator(struct kunit *test,
				      struct gch_heap *heap, unsigned int slots);

/*
 * Fails the test with a message unless the condition holds; yields the condition.
 * KUnit does not indent such messages itself.
 */
#define GCH_EXPECT(test, cond, fmt, args...) ({				\
	bool __ok = (cond);						\
									\
	if (!__ok)							\
		KUNIT_FAIL(test, "    " fmt "\n", ##args);		\
	__ok;								\
})

/* A call that must return 0. */
#define GCH_MUST(test, call) ({						\
	int __ret = (call);						\
									\
	if (__ret)							\
		KUNIT_FAIL(test, "    %s returned %d\n", #call, __ret);\
	!__ret;								\
})

extern struct kunit_suite gch_kunit_sizeclass;
extern struct kunit_suite gch_kunit_hist;
extern struct kunit_suite gch_kunit_pacer;
extern struct kunit_suite gch_kunit_pages;
extern struct kunit_suite gch_kunit_span;
extern struct kunit_suite gch_kunit_cache;
extern struct kunit_suite gch_kunit_pool;
extern struct kunit_suite gch_kunit_graph;
extern struct kunit_suite gch_kunit_young;
extern struct kunit_suite gch_kunit_death;
extern struct kunit_suite gch_kunit_core;
extern struct kunit_suite gch_kunit_word;
extern struct kunit_suite gch_kunit_kept;
extern struct kunit_suite gch_kunit_pace;
extern struct kunit_suite gch_kunit_worker;
extern struct kunit_suite gch_kunit_final;
extern struct kunit_suite gch_kunit_work;

#endif /* _GCHEAP_KUNIT_H */
