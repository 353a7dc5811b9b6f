// SPDX-License-Identifier: GPL-2.0
/*
 * The test is that of Mann and Whitney: how many of all ways to deal the values
 * out to two samples of these sizes part them at least as far as they are parted?
 * It supposes nothing of how the values spread. Few values are counted out, ties
 * included; for many the sum of ranks is as good as normal.
 */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values of both samples together that are counted out. */
#define EXACT_MAX	40
/* Ranks are counted in halves, for ties. */
#define EXACT_SUM	(EXACT_MAX * (EXACT_MAX + 1))

static int compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/**
 * sample_add() - one more value
 * @s: the sample; what it has no room for is forgotten
 * @value: the value
 */
void sample_add(struct sample *s, double value)
{
	if (s->nr < SAMPLE_MAX)
		s->value[s->nr++] = value;
}

/**
 * sample_median() - middle value
 * @s: the sample
 *
 * Return: the median, 0 without values.
 */
double sample_median(const struct sample *s)
{
	double sorted[SAMPLE_MAX];

	if (!s->nr)
		return 0;
	memcpy(sorted, s->value, s->nr * sizeof(*sorted));
	qsort(sorted, s->nr, sizeof(*sorted), compare_values);
	if (s->nr % 2)
		return sorted[s->nr / 2];
	return (sorted[s->nr / 2 - 1] + sorted[s->nr / 2]) / 2;
}

/**
 * sample_range() - least and largest value
 * @s: the sample
 * @min: receives the least, 0 without values
 * @max: receives the largest
 */
void sample_range(const struct sample *s, double *min, double *max)
{
	size_t i;

	*min = *max = s->nr ? s->value[0] : 0;
	for (i = 1; i < s->nr; i++) {
		*min = fmin(*min, s->value[i]);
		*max = fmax(*max, s->value[i]);
	}
}

/* ---- Mann and Whitney ---- */

/**
 * struct ranks - two samples in one order
 * @value: all values, sorted
 * @twice: twice the rank of each, the mean of those that are equal
 * @nr: their number
 */
struct ranks {
	double value[2 * SAMPLE_MAX];
	unsigned int twice[2 * SAMPLE_MAX];
	size_t nr;
};

static void rank(struct ranks *r, const struct sample *a,
		 const struct sample *b)
{
	size_t i, j, k;

	memcpy(r->value, a->value, a->nr * sizeof(*r->value));
	memcpy(r->value + a->nr, b->value, b->nr * sizeof(*r->value));
	r->nr = a->nr + b->nr;
	qsort(r->value, r->nr, sizeof(*r->value), compare_values);
	for (i = 0; i < r->nr; i = j) {
		for (j = i; j < r->nr && r->value[j] == r->value[i]; j++)
			;
		/* Ranks begin with 1. */
		for (k = i; k < j; k++)
			r->twice[k] = (unsigned int)(i + j + 1);
	}
}

static unsigned int rank_of(const struct ranks *r, double value)
{
	size_t i;

	for (i = 0; r->value[i] != value; i++)
		;
	return r->twice[i];
}

static unsigned int rank_sum(const struct ranks *r, const struct sample *s)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < s->nr; i++)
		sum += rank_of(r, s->value[i]);
	return sum;
}

/* Of all choices of @nr values, the part with a sum as far from the mean. */
static double exact(const struct ranks *r, size_t nr, unsigned int sum)
{
	static double ways[EXACT_MAX + 1][EXACT_SUM + 1];
	unsigned int mean = (unsigned int)(nr * (r->nr + 1)), s;
	unsigned int far = sum > mean ? sum - mean : mean - sum;
	double all = 0, extreme = 0;
	size_t i, k;

	memset(ways, 0, sizeof(ways));
	ways[0][0] = 1;
	for (i = 0; i < r->nr; i++)
		for (k = nr; k-- > 0;)
			for (s = 0; s + r->twice[i] <= EXACT_SUM; s++)
				ways[k + 1][s + r->twice[i]] += ways[k][s];
	for (s = 0; s <= EXACT_SUM; s++) {
		all += ways[nr][s];
		if ((s > mean ? s - mean : mean - s) >= far)
			extreme += ways[nr][s];
	}
	return extreme / all;
}

static double normal(const struct ranks *r, size_t na, size_t nb,
		     unsigned int sum)
{
	double n = (double)r->nr, ties = 0, variance, off;
	size_t i, j;

	for (i = 0; i < r->nr; i = j) {
		for (j = i; j < r->nr && r->twice[j] == r->twice[i]; j++)
			;
		ties += pow((double)(j - i), 3) - (double)(j - i);
	}
	variance = (double)na * (double)nb / 12 *
		   (n + 1 - ties / (n * (n - 1)));
	off = fabs((double)sum / 2 - (double)na * (n + 1) / 2);
	return variance > 0 ? erfc(off / sqrt(2 * variance)) : 1;
}

/**
 * sample_p() - could it be chance that two samples differ?
 * @a: the one
 * @b: the other
 *
 * Return: how often samples of one origin would differ as much, 0 to 1; 1 if one
 * of them is empty.
 */
double sample_p(const struct sample *a, const struct sample *b)
{
	struct ranks r;

	if (!a->nr || !b->nr)
		return 1;
	rank(&r, a, b);
	if (r.nr <= EXACT_MAX)
		return exact(&r, a->nr, rank_sum(&r, a));
	return normal(&r, a->nr, b->nr, rank_sum(&r, a));
}

/* The least that sample_p() can be for so many values: all of one come first. */
static double least_p(size_t na, size_t nb)
{
	double ways = 1;
	size_t i;

	for (i = 1; i <= na; i++)
		ways *= (double)(nb + i) / (double)i;
	return 2 / ways;
}

/**
 * sample_compare() - does a figure differ in two samples?
 * @a: the one
 * @b: the other
 *
 * Return: the verdict, at the level %SAMPLE_LEVEL.
 */
enum sample_verdict sample_compare(const struct sample *a,
				   const struct sample *b)
{
	struct ranks r;

	if (!a->nr || !b->nr || least_p(a->nr, b->nr) > SAMPLE_LEVEL)
		return SAMPLE_TOO_FEW;
	if (sample_p(a, b) > SAMPLE_LEVEL)
		return SAMPLE_ALIKE;
	rank(&r, a, b);
	return rank_sum(&r, a) < a->nr * (r.nr + 1) ? SAMPLE_MORE : SAMPLE_LESS;
}
