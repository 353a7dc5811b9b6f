/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
#ifndef _GCHEAP_KEY_H
#define _GCHEAP_KEY_H

/* Settings that the engine of another module may have of its own. */
#define GCH_OWN_KEYS	8

/**
 * enum gch_key - settings of a heap
 * @GCH_KEY_LIMIT: Hard limit of the memory that the heap holds.
 * @GCH_KEY_ARENA_ORDER: Pages of an arena, as a power of two. (go, python)
 * @GCH_KEY_VERIFY: Checks every collection by a second, exclusive mark, then
 *	the invariants; checks calls for misuse.
 * @GCH_KEY_POISON: Overwrites freed memory.
 * @GCH_KEY_INTERVAL_MS: Time from the end of one forced full collection to the
 *	start of the next.
 * @GCH_KEY_GOGC: Growth of live bytes that starts a collection. (go)
 * @GCH_KEY_MEMORY_LIMIT: Soft limit of the memory held. Collections start early
 *	enough to stay below it, unless they would take half of the processor time.
 *	(go)
 * @GCH_KEY_ASSIST_US: Longest time that a mutator marks or sweeps at once to
 *	pay for its allocations. (go)
 * @GCH_KEY_PERIOD_MS: Time after a collection when the next one starts at the
 *	latest. (go)
 * @GCH_KEY_SMALL_MAX: Largest request that pools serve. (python)
 * @GCH_KEY_POOL_SIZE: Size of a pool. (python)
 * @GCH_KEY_THRESHOLD0: Allocations minus deaths of tracked objects that start a
 *	young collection. (python)
 * @GCH_KEY_THRESHOLD1: Young collections before one of generation 1. (python)
 * @GCH_KEY_THRESHOLD2: Collections of generation 1 before a full one. (python)
 * @GCH_KEY_SWITCH_US: Time for which a mutator may keep the interpreter lock
 *	while another waits for it. (python)
 * @GCH_KEY_WORKERS: Maximum number of concurrent mark workers; all is one for
 *	each CPU. (go)
 * @GCH_KEY_GCTRACE: Reports every collection to netlink listeners. (go, python)
 * @GCH_KEY_BARRIER: Write barrier, from the next collection on. (go)
 * @GCH_KEY_STW: When collections stop mutators, from the next collection on.
 *	(go)
 * @GCH_KEY_GC_PERCENT_CPU: Part of all CPUs that marking may take from
 *	mutators. (go)
 * @GCH_KEY_MARKER: Marking algorithm of mark workers. (go)
 * @GCH_KEY_OWN: first of the engine's own settings
 * @GCH_KEY_NR: number of keys
 */
enum gch_key {
	GCH_KEY_LIMIT,
	GCH_KEY_ARENA_ORDER,
	GCH_KEY_VERIFY,
	GCH_KEY_POISON,
	GCH_KEY_INTERVAL_MS,
	GCH_KEY_GOGC,
	GCH_KEY_MEMORY_LIMIT,
	GCH_KEY_ASSIST_US,
	GCH_KEY_PERIOD_MS,
	GCH_KEY_SMALL_MAX,
	GCH_KEY_POOL_SIZE,
	GCH_KEY_THRESHOLD0,
	GCH_KEY_THRESHOLD1,
	GCH_KEY_THRESHOLD2,
	GCH_KEY_SWITCH_US,
	GCH_KEY_WORKERS,
	GCH_KEY_GCTRACE,
	GCH_KEY_BARRIER,
	GCH_KEY_STW,
	GCH_KEY_GC_PERCENT_CPU,
	GCH_KEY_MARKER,
	GCH_KEY_OWN,
	GCH_KEY_NR = GCH_KEY_OWN + GCH_OWN_KEYS
};

#endif /* _GCHEAP_KEY_H */
