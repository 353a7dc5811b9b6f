/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Release and acquire, for hot paths
 *
 * User-mode Linux uses the generic versions, which are full fences, although the x86
 * host processor reorders neither stores with stores nor loads with loads. A fence
 * costs as much as the rest of a call.
 */
#ifndef _GCHEAP_ORDERING_H
#define _GCHEAP_ORDERING_H

#include <asm/barrier.h>
#include <linux/compiler.h>

#ifdef CONFIG_UML_X86
#define gch_store_release(p, v) do {					\
	barrier();							\
	WRITE_ONCE(*(p), v);						\
} while (0)

#define gch_load_acquire(p) ({						\
	__auto_type __value = READ_ONCE(*(p));				\
									\
	barrier();							\
	__value;							\
})
#else
/* Callers document the pairing. */
#define gch_store_release(p, v)	smp_store_release(p, v)
/* Callers document the pairing. */
#define gch_load_acquire(p)	smp_load_acquire(p)
#endif

#endif /* _GCHEAP_ORDERING_H */
