/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
static const struct {
	const char *name;
	enum gcheap_unit unit;
	bool wide;
} common_keys[GCH_KEY_OWN] = {
	[GCH_KEY_LIMIT] = { "limit", GCHEAP_UNIT_BYTES, true },
	[GCH_KEY_ARENA_ORDER] = { "arena-order", GCHEAP_UNIT_ORDER, false },
	[GCH_KEY_VERIFY] = { "verify", GCHEAP_UNIT_FLAG, false },
	[GCH_KEY_POISON] = { "poison", GCHEAP_UNIT_FLAG, false },
	[GCH_KEY_INTERVAL_MS] = { "interval-ms", GCHEAP_UNIT_MS, false },
	[GCH_KEY_GOGC] = { "gogc", GCHEAP_UNIT_PERCENT, false },
	[GCH_KEY_MEMORY_LIMIT] = { "memory-limit", GCHEAP_UNIT_BYTES, true },
	[GCH_KEY_ASSIST_US] = { "assist-us", GCHEAP_UNIT_US, false },
	[GCH_KEY_PERIOD_MS] = { "period-ms", GCHEAP_UNIT_MS, false },
	[GCH_KEY_SMALL_MAX] = { "small-max", GCHEAP_UNIT_BYTES, false },
	[GCH_KEY_POOL_SIZE] = { "pool-size", GCHEAP_UNIT_BYTES, false },
	[GCH_KEY_THRESHOLD0] = { "threshold0", GCHEAP_UNIT_COUNT, false },
	[GCH_KEY_THRESHOLD1] = { "threshold1", GCHEAP_UNIT_COUNT, false },
	[GCH_KEY_THRESHOLD2] = { "threshold2", GCHEAP_UNIT_COUNT, false },
	[GCH_KEY_SWITCH_US] = { "switch-us", GCHEAP_UNIT_US, false },
	[GCH_KEY_WORKERS] = { "workers", GCHEAP_UNIT_COUNT, false },
	[GCH_KEY_GCTRACE] = { "gctrace", GCHEAP_UNIT_FLAG, false },
	[GCH_KEY_BARRIER] = { "barrier", GCHEAP_UNIT_CHOICE, false },
	[GCH_KEY_STW] = { "stw", GCHEAP_UNIT_CHOICE, false },
	[GCH_KEY_GC_PERCENT_CPU] = { "gc-percent-cpu", GCHEAP_UNIT_PERCENT, false },
	[GCH_KEY_MARKER] = { "marker", GCHEAP_UNIT_CHOICE, false },
};
