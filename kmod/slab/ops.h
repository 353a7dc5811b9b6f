/* SPDX-License-Identifier: GPL-2.0 */
/* Functions of this engine that the core calls directly: see core/builtin.h. */
#ifndef _GCH_SLAB_OPS_H
#define _GCH_SLAB_OPS_H

#include "core/builtin.h"

GCH_DECLARE_ENGINE(slab);

int gch_slab_alloc_refs(struct gch_mutator *m, void **place,
			struct gch_type *type, void **from, u32 nr);

GCH_ENGINE_IN_STEPS(slab)

#endif /* _GCH_SLAB_OPS_H */
