// SPDX-License-Identifier: GPL-2.0
/*
 * Size classes
 *
 * They are computed when the module is loaded, by the rules of Go's mksizeclasses.go:
 * steps of an eighth of the size; spans of as many pages as keep the waste at their end
 * below an eighth; sizes enlarged as far as the number of objects per span allows.
 */
#include "sizeclass.h"

#include <linux/kernel.h>
#include <linux/log2.h>

#include "compat.h"
#include "go.h"

u16 gch_go_class_size[GCH_GO_CLASSES] __ro_after_init;
EXPORT_SYMBOL_IF_KUNIT(gch_go_class_size);
u8 gch_go_class_pages[GCH_GO_CLASSES] __ro_after_init;
EXPORT_SYMBOL_IF_KUNIT(gch_go_class_pages);
u32 gch_go_class_magic[GCH_GO_CLASSES] __ro_after_init;
EXPORT_SYMBOL_IF_KUNIT(gch_go_class_magic);

u8 gch_go_fine_class[GCH_GO_FINE_MAX / GCH_GO_FINE_UNIT + 1] __ro_after_init;
#define COARSE_UNIT	128U
static u8 coarse[(GCH_GO_MAX_SMALL - GCH_GO_FINE_MAX) / COARSE_UNIT + 1] __ro_after_init;

static u32 step_at(u32 size)
{
	if (size >= 2048)
		return 256;
	if (size >= 128)
		return size / 8;
	return size >= 32 ? 16 : 8;
}

static u32 span_bytes(u32 size)
{
	u32 bytes = GCH_GO_PAGE_SIZE;

	while (bytes % size > bytes / 8)
		bytes += GCH_GO_PAGE_SIZE;
	return bytes;
}

static void add_class(unsigned int *nr, u32 size)
{
	u32 pages = span_bytes(size) >> GCH_GO_PAGE_SHIFT;
	u32 objects = (pages << GCH_GO_PAGE_SHIFT) / size, prev;

	/*
	 * A larger class with as many pages and objects as the previous one replaces
	 * it.
	 */
	if (*nr > 1) {
		prev = *nr - 1;
		if (pages == gch_go_class_pages[prev] &&
		    objects == (pages << GCH_GO_PAGE_SHIFT) /
			       gch_go_class_size[prev])
			*nr = prev;
	}
	if (*nr < GCH_GO_CLASSES) {
		gch_go_class_size[*nr] = size;
		gch_go_class_pages[*nr] = pages;
	}
	(*nr)++;
}

static void enlarge(void)
{
	unsigned int i;

	for (i = 1; i < GCH_GO_CLASSES; i++) {
		u32 bytes = gch_go_class_pages[i] << GCH_GO_PAGE_SHIFT;
		u32 size = gch_go_class_size[i];
		u32 larger = bytes / (bytes / size) / COARSE_UNIT * COARSE_UNIT;

		if (larger > size)
			gch_go_class_size[i] = larger;
		gch_go_class_magic[i] = U32_MAX / gch_go_class_size[i] + 1;
	}
}

static void fill_lookup(void)
{
	unsigned int class = 1, i;

	for (i = 0; i < ARRAY_SIZE(gch_go_fine_class); i++) {
		while (gch_go_class_size[class] < i * GCH_GO_FINE_UNIT)
			class++;
		gch_go_fine_class[i] = class;
	}
	for (i = 0; i < ARRAY_SIZE(coarse); i++) {
		while (gch_go_class_size[class] < GCH_GO_FINE_MAX + i * COARSE_UNIT)
			class++;
		coarse[i] = class;
	}
}

/**
 * gch_go_classes_init - computes the size classes
 *
 * Context: module init.
 * Return: 0; -EINVAL if that does not give Go's 68 classes.
 */
int gch_go_classes_init(void)
{
	unsigned int nr = 1;
	u32 size, align = 8;

	for (size = align; size <= GCH_GO_MAX_SMALL; size += align) {
		if (is_power_of_2(size))
			align = step_at(size);
		add_class(&nr, size);
	}
	if (nr != GCH_GO_CLASSES) {
		pr_err("%u size classes, expected %u\n", nr, GCH_GO_CLASSES);
		return -EINVAL;
	}
	enlarge();
	fill_lookup();
	return 0;
}

/**
 * gch_go_size_class - finds the size class of a size
 * @bytes: the size, at most %GCH_GO_MAX_SMALL
 *
 * Context: any.
 * Return: the size class, from 1.
 */
unsigned int gch_go_size_class(u32 bytes)
{
	if (bytes <= GCH_GO_FINE_MAX)
		return gch_go_fine(bytes);
	return coarse[DIV_ROUND_UP(bytes - GCH_GO_FINE_MAX, COARSE_UNIT)];
}
EXPORT_SYMBOL_IF_KUNIT(gch_go_size_class);
