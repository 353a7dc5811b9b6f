/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _GCH_CORE_ARENA_H
#define _GCH_CORE_ARENA_H

#include <linux/types.h>

void gch_pages_total(u64 *taken, u64 *returned);

#endif /* _GCH_CORE_ARENA_H */
