// SPDX-License-Identifier: GPL-2.0
/*
 * The test of Mann and Whitney: of all ways to split the pooled values into two
 * samples of these sizes, what share separates them at least as far? It assumes no
 * distribution of the values. For few values the share is exact, ties included; for
 * many the rank sum is approximated by a normal distribution.
 */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Most values of both samples for the exact test. */
#define EXACT_MAX	40
/* Rank sums are counted in halves, because of ties. */
#define EXACT_SUM	(EXACT_MAX * (EXACT_MAX + 1))

static int compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/**
 * sample_add() - adds a value
 * @s: the sample; a full one drops the value
 * @value: the value
 */
void sample_add(struct sample *s, double value)
{
	if (s->nr < SAMPLE_MAX)
		s->value[s->nr++] = value;
}

/**
 * sample_median() - median of a sample
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
 * sample_range() - smallest and largest value
 * @s: the sample
 * @min: receives the smallest, 0 without values
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
 * struct ranks - the pooled values of two samples
 * @value: all values, sorted
 * @twice: twice the rank of each; equal values share their mean rank
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
		/* Ranks are 1-based. */
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

/* Share of all choices of @nr values whose rank sum is as far from the mean. */
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
 * sample_p() - probability that two samples differ by chance
 * @a: first sample
 * @b: second sample
 *
 * Return: how often samples of one distribution differ as much, 0 to 1; 1 if one of
 * them is empty.
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

/*
 * Smallest result of sample_p() for these sizes: all values of one sample are
 * smaller.
 */
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
 * @a: first sample
 * @b: second sample
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
