/* SPDX-License-Identifier: GPL-2.0 */
/* Requirements on the kernel; the build fails on others. */
#ifndef _GCHEAP_LAYOUT_H
#define _GCHEAP_LAYOUT_H

#include <asm/byteorder.h>
#include <asm/page.h>

#ifndef CONFIG_64BIT
#error "gcheap needs a 64-bit kernel: marks and maps of references are words of 64 bits"
#endif

#ifdef __BIG_ENDIAN
#error "gcheap needs a little-endian kernel: mark bytes are counted in words"
#endif

#if PAGE_SHIFT != 12 && PAGE_SHIFT != 14 && PAGE_SHIFT != 16
#error "gcheap needs a kernel with pages of 4, 16 or 64 KiB"
#endif

#endif /* _GCHEAP_LAYOUT_H */
