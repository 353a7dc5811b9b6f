/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
#define MIN_ARENA_ORDER	GCH_ORDER(SZ_8K)
#define MAX_ARENA_ORDER	GCH_ORDER(SZ_4M)
#define MIN_GOGC	0
#define MAX_GOGC	100000
#define MIN_MEMORY_LIMIT	0
#define MAX_MEMORY_LIMIT	SZ_1T
#define MIN_ASSIST_US	0
#define MAX_ASSIST_US	10000
#define MIN_PERIOD_MS	0
#define MAX_PERIOD_MS	86400000
#define MIN_WORKERS	0
#define MAX_WORKERS	65536
#define MIN_GC_PERCENT_CPU	1
#define MAX_GC_PERCENT_CPU	100

static const char * const words_barrier[] = {
	"hybrid",
	"yuasa",
	"dijkstra",
	NULL
};

static const char * const words_stw[] = {
	"off",
	"on",
	"all",
	NULL
};

static const char * const words_marker[] = {
	"pipeline",
	"greentea",
	"classic",
	NULL
};

static const struct gch_setting settings[] = {
	{
		.key = GCH_KEY_ARENA_ORDER,
		.name = "arena-order",
		.doc = "Pages of an arena, as a power of two.",
		.unit = GCHEAP_UNIT_ORDER,
		.def = GCH_ORDER(SZ_2M),
		.min = MIN_ARENA_ORDER,
		.max = MAX_ARENA_ORDER,
	},
	{
		.key = GCH_KEY_GOGC,
		.name = "gogc",
		.doc = "Growth of live bytes that starts a collection.",
		.unit = GCHEAP_UNIT_PERCENT,
		.def = 100,
		.min = MIN_GOGC,
		.max = MAX_GOGC,
		.zero = "off",
		.live = true,
	},
	{
		.key = GCH_KEY_MEMORY_LIMIT,
		.name = "memory-limit",
		.doc = "Soft limit of the memory held. Collections start early "
			"enough to stay below it, unless they would take half of the "
			"processor time.",
		.unit = GCHEAP_UNIT_BYTES,
		.def = 0,
		.min = MIN_MEMORY_LIMIT,
		.max = MAX_MEMORY_LIMIT,
		.zero = "none",
		.live = true,
	},
	{
		.key = GCH_KEY_ASSIST_US,
		.name = "assist-us",
		.doc = "Longest time that a mutator marks or sweeps at once to pay "
			"for its allocations.",
		.unit = GCHEAP_UNIT_US,
		.def = 50,
		.min = MIN_ASSIST_US,
		.max = MAX_ASSIST_US,
		.zero = "off",
		.live = true,
	},
	{
		.key = GCH_KEY_PERIOD_MS,
		.name = "period-ms",
		.doc = "Time after a collection when the next one starts at the "
			"latest.",
		.unit = GCHEAP_UNIT_MS,
		.def = 120000,
		.min = MIN_PERIOD_MS,
		.max = MAX_PERIOD_MS,
		.zero = "off",
		.live = true,
	},
	{
		.key = GCH_KEY_WORKERS,
		.name = "workers",
		.doc = "Maximum number of concurrent mark workers; all is one for "
			"each CPU.",
		.unit = GCHEAP_UNIT_COUNT,
		.def = 0,
		.min = MIN_WORKERS,
		.max = MAX_WORKERS,
		.zero = "all",
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
	{
		.key = GCH_KEY_BARRIER,
		.name = "barrier",
		.doc = "Write barrier, from the next collection on.",
		.unit = GCHEAP_UNIT_CHOICE,
		.def = 2,
		.min = 0,
		.max = 2,
		.words = words_barrier,
		.live = true,
	},
	{
		.key = GCH_KEY_STW,
		.name = "stw",
		.doc = "When collections stop mutators, from the next collection on.",
		.unit = GCHEAP_UNIT_CHOICE,
		.def = 0,
		.min = 0,
		.max = 2,
		.words = words_stw,
		.live = true,
	},
	{
		.key = GCH_KEY_GC_PERCENT_CPU,
		.name = "gc-percent-cpu",
		.doc = "Part of all CPUs that marking may take from mutators.",
		.unit = GCHEAP_UNIT_PERCENT,
		.def = 25,
		.min = MIN_GC_PERCENT_CPU,
		.max = MAX_GC_PERCENT_CPU,
		.live = true,
	},
	{
		.key = GCH_KEY_MARKER,
		.name = "marker",
		.doc = "Marking algorithm of mark workers.",
		.unit = GCHEAP_UNIT_CHOICE,
		.def = 0,
		.min = 0,
		.max = 2,
		.words = words_marker,
		.live = true,
	},
};
