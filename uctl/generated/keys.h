/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
#ifndef GCCTL_KEYS_H
#define GCCTL_KEYS_H

#include "parse.h"

#define HEAP_KEYS	22

/* Names of their attributes: initializers. */
#define HEAP_KEY_ATTRS \
	[GCHEAP_A_HEAP_LIMIT] = "limit", \
	[GCHEAP_A_HEAP_ARENA_ORDER] = "arena-order", \
	[GCHEAP_A_HEAP_VERIFY] = "verify", \
	[GCHEAP_A_HEAP_POISON] = "poison", \
	[GCHEAP_A_HEAP_INTERVAL_MS] = "interval-ms", \
	[GCHEAP_A_HEAP_GOGC] = "gogc", \
	[GCHEAP_A_HEAP_MEMORY_LIMIT] = "memory-limit", \
	[GCHEAP_A_HEAP_ASSIST_US] = "assist-us", \
	[GCHEAP_A_HEAP_PERIOD_MS] = "period-ms", \
	[GCHEAP_A_HEAP_SMALL_MAX] = "small-max", \
	[GCHEAP_A_HEAP_POOL_SIZE] = "pool-size", \
	[GCHEAP_A_HEAP_THRESHOLD0] = "threshold0", \
	[GCHEAP_A_HEAP_THRESHOLD1] = "threshold1", \
	[GCHEAP_A_HEAP_THRESHOLD2] = "threshold2", \
	[GCHEAP_A_HEAP_SWITCH_US] = "switch-us", \
	[GCHEAP_A_HEAP_WORKERS] = "workers", \
	[GCHEAP_A_HEAP_GCTRACE] = "gctrace", \
	[GCHEAP_A_HEAP_BARRIER] = "barrier", \
	[GCHEAP_A_HEAP_STW] = "stw", \
	[GCHEAP_A_HEAP_GC_PERCENT_CPU] = "gc-percent-cpu", \
	[GCHEAP_A_HEAP_MARKER] = "marker"

/* The engine is first: only a new heap takes it. */
extern const struct key heap_keys[HEAP_KEYS];

/* What gcctl help heap says of them. */
extern const char heap_key_help[];

#endif /* GCCTL_KEYS_H */
