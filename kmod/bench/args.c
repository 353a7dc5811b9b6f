// SPDX-License-Identifier: GPL-2.0
/* Arguments of a benchmark: words KEY=VALUE with limits */
#include "bench.h"

#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/string.h>

/* In the order of enum gch_bench_on. */
static const char * const places[] = {
	"go", "python", "slab", "cache", "kmalloc", "plain", NULL
};

static const char * const graphs[] = {
	"tree24", "tree64", "graph64", "list24", "list64", "pairs24", "ring24",
	NULL
};

/* In the order of enum gcheap_marker. */
static const char * const markers[] = {
	"pipeline", "greentea", "classic", NULL
};

static const char * const patterns[] = { "lifo", "order", "random", NULL };

/* In the order of enum gcheap_barrier. */
static const char * const barriers[] = { "hybrid", "yuasa", "dijkstra", NULL };

/**
 * struct param - a parameter
 * @name: its key
 * @min: smallest value
 * @max: largest value
 * @def: default value
 * @words: names of the values, which are their indexes; NULL for numbers
 */
struct param {
	const char *name;
	u64 min;
	u64 max;
	u64 def;
	const char * const *words;
};

static const struct param params[GCH_BENCH_PARAMS] = {
	[GCH_BENCH_P_ON]	= { .name = "on", .words = places },
	[GCH_BENCH_P_SIZE]	= { "size", 8, SZ_64K, 64 },
	[GCH_BENCH_P_SCAN]	= { "scan", 0, 1, 1 },
	[GCH_BENCH_P_CPUS]	= { "cpus", 1, GCH_BENCH_CPUS, 1 },
	/* Objects at a time; check() limits them to a frame where that matters. */
	[GCH_BENCH_P_OBJECTS]	= { "objects", 1, SZ_4M, GCH_BENCH_HELD },
	/* MiB of live objects */
	[GCH_BENCH_P_LIVE]	= { "live", 1, 4096, 100 },
	[GCH_BENCH_P_GRAPH]	= { .name = "graph", .words = graphs },
	[GCH_BENCH_P_NODES]	= { "nodes", 16, SZ_4M, SZ_1M },
	[GCH_BENCH_P_WORKERS]	= { "workers", 1, GCH_BENCH_METRICS / 2, 1 },
	[GCH_BENCH_P_PATTERN]	= { .name = "pattern", .words = patterns },
	/* Least time of a repetition in milliseconds. */
	[GCH_BENCH_P_MS]	= { "ms", 1, 10000, 20 },
	[GCH_BENCH_P_REPS]	= { "reps", 1, GCH_BENCH_REPS, 5 },
	/* For the Go engine only. */
	[GCH_BENCH_P_BARRIER]	= {
		.name = "barrier", .words = barriers,
		.def = GCHEAP_BARRIER_DIJKSTRA,
	},
	[GCH_BENCH_P_MARKER]	= { .name = "marker", .words = markers },
};

/* Parameters of every benchmark. */
#define COMMON	(BIT(GCH_BENCH_P_ON) | BIT(GCH_BENCH_P_MS) | \
		 BIT(GCH_BENCH_P_REPS))

static int find_kind(struct gch_bench *b, const char *name)
{
	unsigned int i;

	for (i = 0; i < gch_bench_nr_kinds; i++) {
		if (strcmp(gch_bench_kinds[i]->name, name))
			continue;
		b->kind = gch_bench_kinds[i];
		return 0;
	}
	return gch_bench_fail(b, -EINVAL, "unknown benchmark %.32s", name);
}

static int find_param(const char *name)
{
	int i;

	for (i = 0; i < GCH_BENCH_PARAMS; i++)
		if (!strcmp(params[i].name, name))
			return i;
	return -ENOENT;
}

static int find_word(const char * const *words, const char *word)
{
	int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -ENOENT;
}

/* Returns the index of a word, or GCH_BENCH_OTHER with the engine of that name. */
static int find_place(struct gch_bench *b, const char *word)
{
	int place = find_word(places, word);
	int engine = place < 0 ? gch_engine_kind(word) : place;

	if (engine < 0)
		return engine;
	b->engine = engine;
	return place < 0 ? GCH_BENCH_OTHER : place;
}

static int parse_value(struct gch_bench *b, int i, const char *text)
{
	const struct param *p = &params[i];
	int word;

	if (p->words) {
		word = i == GCH_BENCH_P_ON ? find_place(b, text) :
					     find_word(p->words, text);
		if (word < 0)
			return gch_bench_fail(b, -EINVAL, "%s has the invalid value %.32s",
					      p->name, text);
		b->arg[i] = word;
		return 0;
	}
	if (kstrtou64(text, 10, &b->arg[i]))
		return gch_bench_fail(b, -EINVAL, "%s must be a number",
				      p->name);
	if (b->arg[i] < p->min || b->arg[i] > p->max)
		return gch_bench_fail(b, -ERANGE, "%s must be %llu to %llu",
				      p->name, p->min, p->max);
	return 0;
}

static int parse_word(struct gch_bench *b, char *word)
{
	char *name = strsep(&word, "=");
	int i = find_param(name);

	if (i < 0 || !(BIT(i) & (b->kind->params | COMMON)))
		return gch_bench_fail(b, -EINVAL, "%s does not take %.32s",
				      b->kind->name, name);
	if (!word)
		return gch_bench_fail(b, -EINVAL, "%s needs a value", name);
	return parse_value(b, i, word);
}

static int check(struct gch_bench *b)
{
	u64 bytes = b->arg[GCH_BENCH_P_OBJECTS] * b->arg[GCH_BENCH_P_SIZE];
	u64 on = b->arg[GCH_BENCH_P_ON];

	u32 mask = on == GCH_BENCH_OTHER ? GCH_BENCH_HEAPS : BIT(on);

	if ((b->kind->on & mask) != mask)
		return gch_bench_fail(b, -EOPNOTSUPP, "%s does not run on %s",
				      b->kind->name, on == GCH_BENCH_OTHER ?
				      "engines of other modules" : places[on]);
	if (bytes > SZ_256M)
		return gch_bench_fail(b, -E2BIG, "objects have %llu bytes, more than %u",
				      bytes, SZ_256M);
	return 0;
}

/**
 * gch_bench_parse - parses a command
 * @b: receives the benchmark and its arguments, or the error message
 * @words: name of a benchmark and KEY=VALUE...; modified
 *
 * Context: any.
 * Return: 0 or a negative error.
 */
int gch_bench_parse(struct gch_bench *b, char *words)
{
	char *word;
	int i, err;

	words = strim(words);
	err = find_kind(b, strsep(&words, " "));
	if (err)
		return err;
	for (i = 0; i < GCH_BENCH_PARAMS; i++)
		b->arg[i] = params[i].def;
	b->arg[GCH_BENCH_P_ON] = __ffs(b->kind->on);
	b->engine = b->arg[GCH_BENCH_P_ON];
	while (words) {
		word = strsep(&words, " ");
		if (!*word)
			continue;
		err = parse_word(b, word);
		if (err)
			return err;
	}
	return check(b);
}

static void list_param(struct seq_file *seq, const struct param *p, u32 mask)
{
	const char *between = "=";
	int i;

	seq_printf(seq, " %s", p->name);
	if (!p->words)
		seq_printf(seq, "=%llu..%llu", p->min, p->max);
	for (i = 0; p->words && p->words[i]; i++) {
		if (!(mask & BIT(i)))
			continue;
		seq_printf(seq, "%s%s", between, p->words[i]);
		between = "|";
	}
}

/**
 * gch_bench_list - lists the benchmarks, one per line
 * @seq: the file to print to
 *
 * Context: any.
 */
void gch_bench_list(struct seq_file *seq)
{
	unsigned int i, p;

	for (i = 0; i < gch_bench_nr_kinds; i++) {
		const struct gch_bench_kind *kind = gch_bench_kinds[i];

		seq_puts(seq, kind->name);
		for (p = 0; p < GCH_BENCH_PARAMS; p++)
			if (BIT(p) & (kind->params | COMMON))
				list_param(seq, &params[p],
					   p == GCH_BENCH_P_ON ? kind->on : ~0U);
		seq_putc(seq, '\n');
	}
}
