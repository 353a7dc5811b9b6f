// SPDX-License-Identifier: GPL-2.0
/* Results of benchmarks as tables: ratios first, then the measured values. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "out.h"

#define LABEL	44
#define CELL	10

static const char *number(char *buf, size_t size, enum bench_unit unit,
			  double value)
{
	struct out_value v = { 0 };

	if (unit == BENCH_GBS) {
		snprintf(buf, size, "%.2f GB/s", value);
		return buf;
	}
	switch (unit) {
	case BENCH_NS:
		v = out_num(OUT_PS, (uint64_t)(value * 1000 + 0.5));
		break;
	case BENCH_BYTES:
		v = out_num(OUT_BYTES, (uint64_t)value);
		break;
	case BENCH_RATE:
		v = value < 100 ? out_real(OUT_RATIO, value) :
				  out_num(OUT_COUNT, (uint64_t)value);
		break;
	default:
		v = out_real(OUT_PERCENT, value);
		break;
	}
	return out_format(buf, size, &v);
}

static void cell(enum bench_unit unit, double value)
{
	char buf[48];

	printf(" %*s", CELL, number(buf, sizeof(buf), unit, value));
}

static void ratio(double a, double b)
{
	if (a && b && isfinite(a / b))
		printf(" %*.2f", CELL, a / b);
	else
		printf(" %*s", CELL, "-");
}

static void cell_or_none(enum bench_unit unit, double value)
{
	if (value)
		cell(unit, value);
	else
		printf(" %*s", CELL, "-");
}

static const char legend[] =
	"\"vs kernel\": ratio to the kernel's allocator, or to plain C, in this run.";

/**
 * bench_show_head() - prints machine and parameters of a set
 * @set: the results
 */
void bench_show_head(const struct bench_set *set)
{
	struct out_value memory = out_num(OUT_BYTES, set->memory);
	char buf[48];

	printf("%s  %s, %llu CPU%s, %s\n", set->date, set->cpu,
	       (unsigned long long)set->cpus, set->cpus > 1 ? "s" : "",
	       out_format(buf, sizeof(buf), &memory));
	printf("Linux %s %s  medians of %llu repetitions, scale %llu %%",
	       set->release, set->machine, (unsigned long long)set->reps,
	       (unsigned long long)set->scale);
	if (set->note[0])
		printf("  %s", set->note);
	printf("\n%s%s\n", set->partial ? "Partial results.\n" : "",
	       legend);
}

static void show_result(const struct bench_set *set, const struct bench_result *r)
{
	const struct bench_result *base = bench_find(set, r->base);
	double median = bench_median(r), min, max;
	double kernel = base ? bench_median(base) : 0;

	sample_range(&r->sample, &min, &max);
	printf("%-*s", LABEL, r->label);
	ratio(median, kernel);
	cell(r->unit, median);
	cell(r->unit, min);
	cell(r->unit, max);
	cell_or_none(r->unit, kernel);
	putchar('\n');
}

/**
 * bench_show_group() - prints the results of one benchmark
 * @set: the results
 * @group: name of the benchmark
 * @heading: what it measures
 */
void bench_show_group(const struct bench_set *set, const char *group,
		      const char *heading)
{
	bool first = true;
	size_t i;

	for (i = 0; i < set->nr; i++) {
		if (strcmp(set->result[i].group, group))
			continue;
		if (first)
			printf("\n%s: %s\n%-*s %*s %*s %*s %*s %*s\n",
			       group, heading, LABEL, "", CELL, "vs kernel",
			       CELL, "median", CELL, "min", CELL, "max", CELL,
			       "kernel");
		first = false;
		show_result(set, &set->result[i]);
	}
}

/* ---- two sets ---- */

/* Counts over all rows, for the summary. */
struct tally {
	size_t rows;
	size_t judged;
	size_t better;
	size_t worse;
};

static const char *verdict(const struct bench_result *a,
			   const struct bench_result *b, struct tally *tally)
{
	bool more = b->unit == BENCH_GBS || b->unit == BENCH_RATE ||
		    b->unit == BENCH_PERCENT;
	enum sample_verdict v = sample_compare(&a->sample, &b->sample);

	tally->rows++;
	if (v == SAMPLE_TOO_FEW)
		return "too few";
	tally->judged++;
	if (v == SAMPLE_ALIKE)
		return "same";
	if (v == (more ? SAMPLE_MORE : SAMPLE_LESS)) {
		tally->better++;
		return "better";
	}
	tally->worse++;
	return "worse";
}

static void show_change(const struct bench_result *a,
			const struct bench_result *b, struct tally *tally)
{
	const char *text = verdict(a, b, tally);
	double before = bench_median(a), after = bench_median(b);

	if (!out_is_json()) {
		printf("%-*s", LABEL, b->label);
		ratio(after, before);
		cell(a->unit, before);
		cell(b->unit, after);
		if (strcmp(text, "same"))
			printf("  %s", text);
		putchar('\n');
		return;
	}
	out_group(NULL, NULL);
	out_item("key", NULL, out_text(b->key));
	out_item("unit", NULL, out_text(bench_unit_name(b->unit)));
	out_item("ratio", NULL, before ? out_real(OUT_RATIO, after / before) :
					 out_num(OUT_NONE, 0));
	out_item("a", NULL, out_real(OUT_RATIO, before));
	out_item("b", NULL, out_real(OUT_RATIO, after));
	out_item("p", NULL, out_real(OUT_RATIO,
				     sample_p(&a->sample, &b->sample)));
	out_item("verdict", NULL, out_text(text));
	out_end();
}

/* A row of only one of the sets. */
static void show_single(const struct bench_result *r, bool in_a)
{
	printf("%-*s", LABEL, r->label);
	ratio(0, 0);
	cell_or_none(r->unit, in_a ? bench_median(r) : 0);
	cell_or_none(r->unit, in_a ? 0 : bench_median(r));
	printf("  only %s\n", in_a ? "A" : "B");
}

static void show_tally(const struct tally *t)
{
	printf("\n%zu rows, %zu with enough repetitions: %zu better, %zu worse.\n",
	       t->rows, t->judged, t->better, t->worse);
	printf("Expected by chance for equal builds: about %.0f.\n",
	       (double)t->judged * SAMPLE_LEVEL);
	if (t->judged < t->rows)
		printf("\"too few\": too few repetitions for a verdict; 5 per file are enough.\n");
}

static void show_compare_head(const struct bench_set *a,
			      const struct bench_set *b)
{
	printf("A: %s  %s, Linux %s  %s\n", a->date, a->cpu, a->release,
	       a->note);
	printf("B: %s  %s, Linux %s  %s\n", b->date, b->cpu, b->release,
	       b->note);
	if (a->partial || b->partial)
		printf("%s partial.\n",
		       !b->partial ? "A is" : a->partial ? "Both are" : "B is");
	if (strcmp(a->cpu, b->cpu) || a->cpus != b->cpus)
		printf("Different processors.\n");
	if (a->scale != b->scale || a->live != b->live)
		printf("Different sizes: scale %llu and %llu %%, %llu and %llu MiB live.\n",
		       (unsigned long long)a->scale,
		       (unsigned long long)b->scale,
		       (unsigned long long)a->live,
		       (unsigned long long)b->live);
	printf("\"better\" and \"worse\": p below %.0f %% in a rank test (Mann-Whitney).\n\n",
	       100 * SAMPLE_LEVEL);
	printf("%-*s %*s %*s %*s\n", LABEL, "", CELL, "B / A", CELL, "A", CELL,
	       "B");
}

/* What may cause a difference, in JSON; text has it in the heading. */
static void put_set(const char *key, const struct bench_set *set)
{
	out_group(key, NULL);
	out_item("date", NULL, out_text(set->date));
	out_item("note", NULL, out_text(set->note));
	out_item("kernel", NULL, out_text(set->release));
	out_item("cpu", NULL, out_text(set->cpu));
	out_item("cpus", NULL, out_num(OUT_COUNT, set->cpus));
	out_item("reps", NULL, out_num(OUT_COUNT, set->reps));
	out_item("scale-percent", NULL, out_num(OUT_COUNT, set->scale));
	out_item("live-mib", NULL, out_num(OUT_COUNT, set->live));
	out_item("partial", NULL, out_num(OUT_FLAG, set->partial));
	out_end();
}

/* Rows of only one of the sets. */
static void show_only(const struct bench_set *in, const struct bench_set *other,
		      bool is_a)
{
	size_t i;

	if (out_is_json())
		out_list(is_a ? "only-in-a" : "only-in-b");
	for (i = 0; i < in->nr; i++) {
		if (bench_find(other, in->result[i].key))
			continue;
		if (out_is_json())
			out_item(NULL, NULL, out_text(in->result[i].key));
		else
			show_single(&in->result[i], is_a);
	}
	if (out_is_json())
		out_end();
}

static void show_changes(const struct bench_set *a, const struct bench_set *b,
			 struct tally *tally)
{
	size_t i;

	if (out_is_json())
		out_list("changes");
	for (i = 0; i < b->nr; i++) {
		const struct bench_result *r = &b->result[i];
		const struct bench_result *before = bench_find(a, r->key);

		if (before)
			show_change(before, r, tally);
	}
	if (out_is_json())
		out_end();
}

/**
 * bench_compare() - compares two sets
 * @a: first set
 * @b: second set
 */
void bench_compare(const struct bench_set *a, const struct bench_set *b)
{
	struct tally tally = { 0 };

	if (out_is_json()) {
		out_group(NULL, NULL);
		put_set("a", a);
		put_set("b", b);
	} else {
		show_compare_head(a, b);
	}
	show_changes(a, b, &tally);
	show_only(a, b, true);
	show_only(b, a, false);
	if (out_is_json())
		out_end();
	else
		show_tally(&tally);
}
