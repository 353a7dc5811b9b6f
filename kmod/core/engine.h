/* SPDX-License-Identifier: GPL-2.0 */
/* The registered engines. */
#ifndef _GCH_CORE_ENGINE_H
#define _GCH_CORE_ENGINE_H

#include <linux/types.h>

struct gch_engine_ops;

int gch_engine_add(const struct gch_engine_ops *ops);
void gch_engine_remove(const struct gch_engine_ops *ops);
const struct gch_engine_ops *gch_engine_get(u32 kind);
const struct gch_engine_ops *gch_engine_get_named(const char *name);
const struct gch_engine_ops *gch_engine_get_next(u32 from);
void gch_engine_put(const struct gch_engine_ops *ops);

#endif /* _GCH_CORE_ENGINE_H */
