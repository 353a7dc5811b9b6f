/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
#define MIN_ARENA_ORDER	0
#define MAX_ARENA_ORDER	GCH_ORDER(SZ_4M)
#define MIN_SMALL_MAX	256
#define MAX_SMALL_MAX	512
#define MIN_POOL_SIZE	SZ_4K
#define MAX_POOL_SIZE	SZ_16K
#define MIN_THRESHOLD0	0
#define MAX_THRESHOLD0	2147483647
#define MIN_THRESHOLD1	0
#define MAX_THRESHOLD1	2147483647
#define MIN_THRESHOLD2	0
#define MAX_THRESHOLD2	2147483647
#define MIN_SWITCH_US	100
#define MAX_SWITCH_US	1000000

static const struct gch_setting settings[] = {
	{
		.key = GCH_KEY_ARENA_ORDER,
		.name = "arena-order",
		.doc = "Pages of an arena, as a power of two.",
		.unit = GCHEAP_UNIT_ORDER,
		.def = GCH_ORDER(SZ_1M),
		.min = MIN_ARENA_ORDER,
		.max = MAX_ARENA_ORDER,
	},
	{
		.key = GCH_KEY_SMALL_MAX,
		.name = "small-max",
		.doc = "Largest request that pools serve.",
		.unit = GCHEAP_UNIT_BYTES,
		.def = 512,
		.min = MIN_SMALL_MAX,
		.max = MAX_SMALL_MAX,
	},
	{
		.key = GCH_KEY_POOL_SIZE,
		.name = "pool-size",
		.doc = "Size of a pool.",
		.unit = GCHEAP_UNIT_BYTES,
		.def = SZ_16K,
		.min = MIN_POOL_SIZE,
		.max = MAX_POOL_SIZE,
		.pow2 = true,
	},
	{
		.key = GCH_KEY_THRESHOLD0,
		.name = "threshold0",
		.doc = "Allocations minus deaths of tracked objects that start a "
			"young collection.",
		.unit = GCHEAP_UNIT_COUNT,
		.def = 2000,
		.min = MIN_THRESHOLD0,
		.max = MAX_THRESHOLD0,
		.zero = "off",
		.live = true,
	},
	{
		.key = GCH_KEY_THRESHOLD1,
		.name = "threshold1",
		.doc = "Young collections before one of generation 1.",
		.unit = GCHEAP_UNIT_COUNT,
		.def = 10,
		.min = MIN_THRESHOLD1,
		.max = MAX_THRESHOLD1,
		.live = true,
	},
	{
		.key = GCH_KEY_THRESHOLD2,
		.name = "threshold2",
		.doc = "Collections of generation 1 before a full one.",
		.unit = GCHEAP_UNIT_COUNT,
		.def = 10,
		.min = MIN_THRESHOLD2,
		.max = MAX_THRESHOLD2,
		.live = true,
	},
	{
		.key = GCH_KEY_SWITCH_US,
		.name = "switch-us",
		.doc = "Time for which a mutator may keep the interpreter lock while"
			" another waits for it.",
		.unit = GCHEAP_UNIT_US,
		.def = 5000,
		.min = MIN_SWITCH_US,
		.max = MAX_SWITCH_US,
		.live = true,
	},
	{
		.key = GCH_KEY_GCTRACE,
		.name = "gctrace",
		.doc = "Reports every collection to netlink listeners.",
		.unit = GCHEAP_UNIT_FLAG,
		.def = 0,
		.min = 0,
		.max = 1,
		.live = true,
	},
};
