/* SPDX-License-Identifier: GPL-2.0 */
/* Go's size classes, and the mapping from sizes to them. */
#ifndef _GCH_GO_SIZECLASS_H
#define _GCH_GO_SIZECLASS_H

#include <linux/math.h>
#include <linux/types.h>

#define GCH_GO_CLASSES		68
#define GCH_GO_SPAN_CLASSES	(GCH_GO_CLASSES * 2)
#define GCH_GO_MAX_SMALL	32768U

extern u16 gch_go_class_size[GCH_GO_CLASSES];
extern u8 gch_go_class_pages[GCH_GO_CLASSES];
extern u32 gch_go_class_magic[GCH_GO_CLASSES];
extern u8 gch_go_fine_class[];
int gch_go_classes_init(void);
unsigned int gch_go_size_class(u32 bytes);

/* Sizes up to 1024 are looked up in units of 8 bytes. */
#define GCH_GO_FINE_MAX		1024U
#define GCH_GO_FINE_UNIT	8U

static __always_inline unsigned int gch_go_fine(u32 bytes)
{
	return gch_go_fine_class[DIV_ROUND_UP(bytes, GCH_GO_FINE_UNIT)];
}

/* The number of the object that begins @offset bytes into its span. */
static __always_inline unsigned int gch_go_index(unsigned int class, u32 offset)
{
	return ((u64)offset * gch_go_class_magic[class]) >> 32;
}

#endif /* _GCH_GO_SIZECLASS_H */
