/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
#define MIN_LIMIT	0
#define MAX_LIMIT	SZ_1T
#define MIN_INTERVAL_MS	0
#define MAX_INTERVAL_MS	3600000

static const struct gch_setting settings[] = {
	{
		.key = GCH_KEY_LIMIT,
		.name = "limit",
		.doc = "Hard limit of the memory that the heap holds.",
		.unit = GCHEAP_UNIT_BYTES,
		.def = 0,
		.min = MIN_LIMIT,
		.max = MAX_LIMIT,
		.zero = "none",
		.live = true,
	},
	{
		.key = GCH_KEY_VERIFY,
		.name = "verify",
		.doc = "Checks every collection by a second, exclusive mark, then "
			"the invariants; checks calls for misuse.",
		.unit = GCHEAP_UNIT_FLAG,
		.def = 0,
		.min = 0,
		.max = 1,
		.live = true,
	},
	{
		.key = GCH_KEY_POISON,
		.name = "poison",
		.doc = "Overwrites freed memory.",
		.unit = GCHEAP_UNIT_FLAG,
		.def = 0,
		.min = 0,
		.max = 1,
	},
	{
		.key = GCH_KEY_INTERVAL_MS,
		.name = "interval-ms",
		.doc = "Time from the end of one forced full collection to the start"
			" of the next.",
		.unit = GCHEAP_UNIT_MS,
		.def = 0,
		.min = MIN_INTERVAL_MS,
		.max = MAX_INTERVAL_MS,
		.zero = "off",
		.live = true,
	},
};
