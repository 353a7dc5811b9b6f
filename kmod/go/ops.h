/* SPDX-License-Identifier: GPL-2.0 */
/* Functions of this engine that are called directly: see core/builtin.h. */
#ifndef _GCH_GO_OPS_H
#define _GCH_GO_OPS_H

#include "core/builtin.h"

GCH_DECLARE_ENGINE(go);

int gch_go_alloc_fixed(struct gch_mutator *m, void **place,
		       struct gch_type *type);
int gch_go_alloc_refs(struct gch_mutator *m, void **place,
		      struct gch_type *type, void **from, u32 nr);
int gch_go_load(struct gch_mutator *m, void **place, void *obj, u32 i);
int gch_go_load_refs(struct gch_mutator *m, void **places, void **src, u32 i,
		     u32 nr);
int gch_go_store(struct gch_mutator *m, void *obj, u32 i, void *ref);

#endif /* _GCH_GO_OPS_H */
