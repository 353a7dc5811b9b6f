// SPDX-License-Identifier: GPL-2.0
/*
 * Size classes compared with Go's: the table published in runtime/sizeclasses.go, and
 * the rules of mksizeclasses.go, implemented differently from the engine: this file
 * decides for each size whether it is a class.
 */
#include "kunit.h"

#include <linux/kernel.h>
#include <linux/log2.h>

#include "go/go.h"
#include "go/object.h"

struct class {
	u32 size;
	u32 pages;
};

static const struct class published[GCH_GO_CLASSES] = {
	{ 0, 0 },
	{ 8, 1 }, { 16, 1 }, { 24, 1 }, { 32, 1 }, { 48, 1 }, { 64, 1 },
	{ 80, 1 }, { 96, 1 }, { 112, 1 }, { 128, 1 }, { 144, 1 }, { 160, 1 },
	{ 176, 1 }, { 192, 1 }, { 208, 1 }, { 224, 1 }, { 240, 1 },
	{ 256, 1 }, { 288, 1 }, { 320, 1 }, { 352, 1 }, { 384, 1 },
	{ 416, 1 }, { 448, 1 }, { 480, 1 }, { 512, 1 }, { 576, 1 },
	{ 640, 1 }, { 704, 1 }, { 768, 1 }, { 896, 1 }, { 1024, 1 },
	{ 1152, 1 }, { 1280, 1 }, { 1408, 2 }, { 1536, 1 }, { 1792, 2 },
	{ 2048, 1 }, { 2304, 2 }, { 2688, 1 }, { 3072, 3 }, { 3200, 2 },
	{ 3456, 3 }, { 4096, 1 }, { 4864, 3 }, { 5376, 2 }, { 6144, 3 },
	{ 6528, 4 }, { 6784, 5 }, { 6912, 6 }, { 8192, 1 }, { 9472, 7 },
	{ 9728, 6 }, { 10240, 5 }, { 10880, 4 }, { 12288, 3 }, { 13568, 5 },
	{ 14336, 7 }, { 16384, 2 }, { 18432, 9 }, { 19072, 7 }, { 20480, 5 },
	{ 21760, 8 }, { 24576, 3 }, { 27264, 10 }, { 28672, 7 }, { 32768, 4 },
};

static u32 span_of(const struct class *c)
{
	return c->pages * 8192;
}

static void test_published(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < GCH_GO_CLASSES; i++) {
		KUNIT_EXPECT_EQ_MSG(test, gch_go_class_size[i],
				    published[i].size, "class %u", i);
		KUNIT_EXPECT_EQ_MSG(test, gch_go_class_pages[i],
				    published[i].pages, "class %u", i);
	}
}

/* Distance of the candidates above a size, which is also their alignment. */
static u32 step_above(u32 size)
{
	u32 octave = rounddown_pow_of_two(size);

	if (octave < 32)
		return 8;
	if (octave < 128)
		return 16;
	return min(octave / 8, 256U);
}

static u32 pages_for(u32 size)
{
	u32 pages;

	for (pages = 1; pages * 8192 % size * 8 > pages * 8192; pages++)
		;
	return pages;
}

/* Does a larger size need the same number of pages for the same number of objects? */
static bool is_replaced(u32 size)
{
	u32 next = size + step_above(size), pages = pages_for(size);

	return next <= 32768 && pages_for(next) == pages &&
	       pages * 8192 / next == pages * 8192 / size;
}

static u32 enlarged(u32 size)
{
	u32 bytes = pages_for(size) * 8192, nr = bytes / size, larger;

	larger = round_down(bytes / nr, 128);
	return max(size, larger);
}

static void test_rules(struct kunit *test)
{
	unsigned int nr = 1;
	u32 size;

	for (size = 8; size <= 32768; size += step_above(size)) {
		if (is_replaced(size))
			continue;
		if (!GCH_EXPECT(test, nr < GCH_GO_CLASSES,
				"the rules give a class of %u bytes more", size))
			return;
		KUNIT_EXPECT_EQ_MSG(test, gch_go_class_size[nr], enlarged(size),
				    "class %u", nr);
		KUNIT_EXPECT_EQ_MSG(test, gch_go_class_pages[nr],
				    pages_for(size), "class %u", nr);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, GCH_GO_CLASSES);
}

static void test_lookup(struct kunit *test)
{
	unsigned int class = 1;
	u32 bytes;

	for (bytes = 1; bytes <= 32768; bytes++) {
		while (published[class].size < bytes)
			class++;
		if (!GCH_EXPECT(test, gch_go_size_class(bytes) == class,
				"%u bytes are served by class %u, not %u",
				bytes, gch_go_size_class(bytes), class))
			return;
	}
	KUNIT_EXPECT_EQ(test, gch_go_size_class(0), 1);
}

/* Alignment and waste as published: an eighth at the end, 26.6 % in total. */
static void test_waste(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < GCH_GO_CLASSES; i++) {
		u32 size = gch_go_class_size[i];
		u32 bytes = gch_go_class_pages[i] * 8192, nr = bytes / size;
		u32 least = gch_go_class_size[i - 1] + 1;

		GCH_EXPECT(test, (bytes - nr * size) * 8 <= bytes,
			   "class %u wastes %u of %u bytes at its end", i,
			   bytes - nr * size, bytes);
		GCH_EXPECT(test, size <= 128 ||
			   (bytes - nr * least) * 1000 <= bytes * 266,
			   "class %u wastes up to %u of %u bytes", i,
			   bytes - nr * least, bytes);
		GCH_EXPECT(test, IS_ALIGNED(size, 8) &&
			   (size < 32 || IS_ALIGNED(size, 16)) &&
			   (size <= 1024 || IS_ALIGNED(size, 128)),
			   "class %u has %u bytes", i, size);
	}
}

/*
 * A multiplication replaces the division by the size, for the first byte of every
 * object.
 */
static void test_index(struct kunit *test)
{
	unsigned int class, i;

	for (class = 1; class < GCH_GO_CLASSES; class++) {
		const struct class *c = &published[class];

		for (i = 0; i < span_of(c) / c->size; i++)
			if (!GCH_EXPECT(test, gch_go_index(class, i * c->size) == i,
					"object %u of class %u is taken for %u",
					i, class,
					gch_go_index(class, i * c->size)))
				return;
	}
}

/* From an object to its mark and back, on a page that is not accessed. */
static bool mark_is_right(struct kunit *test, unsigned int class)
{
	u32 size = published[class].size, room = 8192 - 64, i;
	unsigned long page = 0xffff888012346000UL, ref, first;
	struct gch_go_tail tail = { .size = size, .class = 2 * class };
	unsigned int byte, last = 0;

	first = page | (size < 64 ? SPAN_INLINE16 : SPAN_INLINE64);
	room -= 8192 / (size < 64 ? 16 : 64);
	for (i = 0; (i + 1) * size <= room; i++) {
		ref = first + i * size;
		byte = mark_byte(ref) - tail_marks(first);
		if (!GCH_EXPECT(test, (!i || byte > last) &&
				gch_go_object_at(&tail, first, byte) == ref &&
				gch_go_object_at(&tail, ref, byte) == ref,
				"object %u of %u bytes: mark %u is that of %lx",
				i, size, byte,
				gch_go_object_at(&tail, first, byte) - page))
			return false;
		last = byte;
	}
	return GCH_EXPECT(test, page + room == (unsigned long)
			  (tail_marks(first)) && last < 8192 - 64 - room,
			  "objects of %u bytes: marks out of place", size);
}

static void test_marks(struct kunit *test)
{
	unsigned int class;

	for (class = 1; class < GCH_GO_CLASSES; class++)
		if (published[class].size >= 16 &&
		    published[class].size <= 512 &&
		    !mark_is_right(test, class))
			return;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_marks),
	KUNIT_CASE(test_published),
	KUNIT_CASE(test_rules),
	KUNIT_CASE(test_lookup),
	KUNIT_CASE(test_waste),
	KUNIT_CASE(test_index),
	{}
};

struct kunit_suite gch_kunit_sizeclass = {
	.name = "gcheap_sizeclass",
	.test_cases = cases,
};
