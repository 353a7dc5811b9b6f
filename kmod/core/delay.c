// SPDX-License-Identifier: GPL-2.0
/*
 * Duration of delay points
 *
 * /sys/module/gcheap/parameters/delay_us is the time that each delay point spins, or
 * 0. The static key follows it, so a disabled point costs nothing.
 */
#include "core/delay.h"

#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

/* Delay points spin with preemption off, so the time is bounded. */
#define DELAY_MAX_US	1000U

static unsigned int delay_us;

#if defined(CONFIG_JUMP_LABEL) || defined(CONFIG_KASAN) || defined(CONFIG_KCSAN)
DEFINE_STATIC_KEY_FALSE(gch_delays);

/**
 * gch_delay_spin - spins at a delay point
 *
 * Context: any.
 */
void gch_delay_spin(void)
{
	udelay(READ_ONCE(delay_us));
}

/* The kernel's parameter lock serializes changes. */
static int set_delay(const char *text, const struct kernel_param *kp)
{
	int ret = param_set_uint_minmax(text, kp, 0, DELAY_MAX_US);

	if (ret)
		return ret;
	if (delay_us)
		static_branch_enable(&gch_delays);
	else
		static_branch_disable(&gch_delays);
	return 0;
}
#else
static int set_delay(const char *text, const struct kernel_param *kp)
{
	return -EOPNOTSUPP;
}
#endif

static const struct kernel_param_ops delay_ops = {
	.set	= set_delay,
	.get	= param_get_uint,
};

module_param_cb(delay_us, &delay_ops, &delay_us, 0644);
MODULE_PARM_DESC(delay_us, "microseconds to spin at each delay point, 0 to 1000, for tests");
