/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
#include "keys.h"

#include <stddef.h>
#include <linux/gcheap.h>

static const char *const barrier_words[] = {
	"hybrid",
	"yuasa",
	"dijkstra",
};

static const char *const stw_words[] = {
	"off",
	"on",
	"all",
};

static const char *const marker_words[] = {
	"pipeline",
	"greentea",
	"classic",
};

const struct key heap_keys[HEAP_KEYS] = {
	{ "engine", KEY_TEXT, GCHEAP_A_HEAP_ENGINE_NAME, NULL, NULL, 0 },
	{ "limit", KEY_SIZE, GCHEAP_A_HEAP_LIMIT,
	  "none", NULL, 0 },
	{ "arena-order", KEY_NUMBER, GCHEAP_A_HEAP_ARENA_ORDER,
	  NULL, NULL, 0 },
	{ "verify", KEY_FLAG, GCHEAP_A_HEAP_VERIFY,
	  NULL, NULL, 0 },
	{ "poison", KEY_FLAG, GCHEAP_A_HEAP_POISON,
	  NULL, NULL, 0 },
	{ "interval-ms", KEY_MS, GCHEAP_A_HEAP_INTERVAL_MS,
	  "off", NULL, 0 },
	{ "gogc", KEY_NUMBER, GCHEAP_A_HEAP_GOGC,
	  "off", NULL, 0 },
	{ "memory-limit", KEY_SIZE, GCHEAP_A_HEAP_MEMORY_LIMIT,
	  "none", NULL, 0 },
	{ "assist-us", KEY_US, GCHEAP_A_HEAP_ASSIST_US,
	  "off", NULL, 0 },
	{ "period-ms", KEY_MS, GCHEAP_A_HEAP_PERIOD_MS,
	  "off", NULL, 0 },
	{ "small-max", KEY_SMALL_SIZE, GCHEAP_A_HEAP_SMALL_MAX,
	  NULL, NULL, 0 },
	{ "pool-size", KEY_SMALL_SIZE, GCHEAP_A_HEAP_POOL_SIZE,
	  NULL, NULL, 0 },
	{ "threshold0", KEY_NUMBER, GCHEAP_A_HEAP_THRESHOLD0,
	  "off", NULL, 0 },
	{ "threshold1", KEY_NUMBER, GCHEAP_A_HEAP_THRESHOLD1,
	  NULL, NULL, 0 },
	{ "threshold2", KEY_NUMBER, GCHEAP_A_HEAP_THRESHOLD2,
	  NULL, NULL, 0 },
	{ "switch-us", KEY_US, GCHEAP_A_HEAP_SWITCH_US,
	  NULL, NULL, 0 },
	{ "workers", KEY_NUMBER, GCHEAP_A_HEAP_WORKERS,
	  "all", NULL, 0 },
	{ "gctrace", KEY_FLAG, GCHEAP_A_HEAP_GCTRACE,
	  NULL, NULL, 0 },
	{ "barrier", KEY_CHOICE, GCHEAP_A_HEAP_BARRIER,
	  NULL, barrier_words, 3 },
	{ "stw", KEY_CHOICE, GCHEAP_A_HEAP_STW,
	  NULL, stw_words, 3 },
	{ "gc-percent-cpu", KEY_NUMBER, GCHEAP_A_HEAP_GC_PERCENT_CPU,
	  NULL, NULL, 0 },
	{ "marker", KEY_CHOICE, GCHEAP_A_HEAP_MARKER,
	  NULL, marker_words, 3 },
};

const char heap_key_help[] =
	"Keys of all engines:\n"
	"  limit {SIZE|none}       hard limit of the memory that the heap holds\n"
	"  verify {off|on}         checks every collection by a second, exclusive mark,\n"
	"                          then the invariants\n"
	"  poison {off|on}         overwrites freed memory\n"
	"  interval-ms {TIME|off}  time from the end of one forced full collection to the\n"
	"                          start of the next\n"
	"Keys of go and python:\n"
	"  arena-order N           pages of an arena, as a power of two\n"
	"  gctrace {off|on}        reports every collection to netlink listeners\n"
	"Keys of go:\n"
	"  gogc {N|off}            growth of live bytes that starts a collection\n"
	"  memory-limit {SIZE|none}\n"
	"                          soft limit of the memory held\n"
	"  assist-us {TIME|off}    longest time that a mutator marks or sweeps at once to\n"
	"                          pay for its allocations\n"
	"  period-ms {TIME|off}    time after a collection when the next one starts at\n"
	"                          the latest\n"
	"  workers {N|all}         maximum number of concurrent mark workers\n"
	"  barrier {hybrid|yuasa|dijkstra}\n"
	"                          write barrier, from the next collection on\n"
	"  stw {off|on|all}        when collections stop mutators, from the next\n"
	"                          collection on\n"
	"  gc-percent-cpu N        part of all CPUs that marking may take from mutators\n"
	"  marker {pipeline|greentea|classic}\n"
	"                          marking algorithm of mark workers\n"
	"Keys of python:\n"
	"  small-max SIZE          largest request that pools serve\n"
	"  pool-size SIZE          size of a pool\n"
	"  threshold0 {N|off}      allocations minus deaths of tracked objects that start\n"
	"                          a young collection\n"
	"  threshold1 N            young collections before one of generation 1\n"
	"  threshold2 N            collections of generation 1 before a full one\n"
	"  switch-us TIME          time for which a mutator may keep the interpreter lock\n"
	"                          while another waits for it\n";
