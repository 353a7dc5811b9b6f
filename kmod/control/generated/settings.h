/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
static const struct {
	u16 attr;
	bool wide;
} setting_attrs[GCH_KEY_NR] = {
	[GCH_KEY_LIMIT] = { GCHEAP_A_HEAP_LIMIT, true },
	[GCH_KEY_ARENA_ORDER] = { GCHEAP_A_HEAP_ARENA_ORDER, false },
	[GCH_KEY_VERIFY] = { GCHEAP_A_HEAP_VERIFY, false },
	[GCH_KEY_POISON] = { GCHEAP_A_HEAP_POISON, false },
	[GCH_KEY_INTERVAL_MS] = { GCHEAP_A_HEAP_INTERVAL_MS, false },
	[GCH_KEY_GOGC] = { GCHEAP_A_HEAP_GOGC, false },
	[GCH_KEY_MEMORY_LIMIT] = { GCHEAP_A_HEAP_MEMORY_LIMIT, true },
	[GCH_KEY_ASSIST_US] = { GCHEAP_A_HEAP_ASSIST_US, false },
	[GCH_KEY_PERIOD_MS] = { GCHEAP_A_HEAP_PERIOD_MS, false },
	[GCH_KEY_SMALL_MAX] = { GCHEAP_A_HEAP_SMALL_MAX, false },
	[GCH_KEY_POOL_SIZE] = { GCHEAP_A_HEAP_POOL_SIZE, false },
	[GCH_KEY_THRESHOLD0] = { GCHEAP_A_HEAP_THRESHOLD0, false },
	[GCH_KEY_THRESHOLD1] = { GCHEAP_A_HEAP_THRESHOLD1, false },
	[GCH_KEY_THRESHOLD2] = { GCHEAP_A_HEAP_THRESHOLD2, false },
	[GCH_KEY_SWITCH_US] = { GCHEAP_A_HEAP_SWITCH_US, false },
	[GCH_KEY_WORKERS] = { GCHEAP_A_HEAP_WORKERS, false },
	[GCH_KEY_GCTRACE] = { GCHEAP_A_HEAP_GCTRACE, false },
	[GCH_KEY_BARRIER] = { GCHEAP_A_HEAP_BARRIER, false },
	[GCH_KEY_STW] = { GCHEAP_A_HEAP_STW, false },
	[GCH_KEY_GC_PERCENT_CPU] = { GCHEAP_A_HEAP_GC_PERCENT_CPU, false },
	[GCH_KEY_MARKER] = { GCHEAP_A_HEAP_MARKER, false },
	[GCH_KEY_OWN + 0] = { GCHEAP_A_HEAP_OWN0, true },
	[GCH_KEY_OWN + 1] = { GCHEAP_A_HEAP_OWN1, true },
	[GCH_KEY_OWN + 2] = { GCHEAP_A_HEAP_OWN2, true },
	[GCH_KEY_OWN + 3] = { GCHEAP_A_HEAP_OWN3, true },
	[GCH_KEY_OWN + 4] = { GCHEAP_A_HEAP_OWN4, true },
	[GCH_KEY_OWN + 5] = { GCHEAP_A_HEAP_OWN5, true },
	[GCH_KEY_OWN + 6] = { GCHEAP_A_HEAP_OWN6, true },
	[GCH_KEY_OWN + 7] = { GCHEAP_A_HEAP_OWN7, true },
};
