/* SPDX-License-Identifier: GPL-2.0 */
/* Declarations shared by the suites of the Go engine's page heap and spans. */
#ifndef _GCHEAP_KUNIT_SPAN_H
#define _GCHEAP_KUNIT_SPAN_H

#include "kunit.h"

#include "go/go.h"
#include "go/mpagealloc.h"

static inline u32 gch_kunit_gen(const struct gch_go_heap *h)
{
	return STATE_GEN(h->state);
}

static inline unsigned int gch_kunit_class(struct gch_kunit_random *r)
{
	return 2 + gch_kunit_below(r, GCH_GO_SPAN_CLASSES - 2);
}

struct gch_heap *gch_kunit_open(struct kunit *test, u64 arena_order,
				u64 poison);
struct gch_go_span *gch_kunit_span_alloc(struct gch_go_heap *h,
					 unsigned int class);
void gch_kunit_span_free(struct gch_go_heap *h, struct gch_go_span *s);
struct gch_go_span *gch_kunit_span_get(struct kunit *test,
				       struct gch_go_heap *h,
				       unsigned int class);

#endif /* _GCHEAP_KUNIT_SPAN_H */
