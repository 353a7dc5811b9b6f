/* SPDX-License-Identifier: GPL-2.0 */
/* Delay points: tests use them to widen race windows. */
#ifndef _GCH_CORE_DELAY_H
#define _GCH_CORE_DELAY_H

#include <linux/jump_label.h>

/*
 * Compiled in where a disabled point is a nop, or where the kernel checks every
 * access anyway.
 */
#if defined(CONFIG_JUMP_LABEL) || defined(CONFIG_KASAN) || defined(CONFIG_KCSAN)
DECLARE_STATIC_KEY_FALSE(gch_delays);

void gch_delay_spin(void);

/*
 * Placed between the two halves of each publish, handover and retire. Spins for the
 * module parameter delay_us, 0 by default.
 */
static __always_inline void gch_delay(void)
{
	if (static_branch_unlikely(&gch_delays))
		gch_delay_spin();
}
#else
static __always_inline void gch_delay(void)
{
}
#endif

#endif /* _GCH_CORE_DELAY_H */
