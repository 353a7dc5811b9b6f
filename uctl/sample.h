/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Samples: the values of a figure in several repetitions, and tests on them.
 * Independent of output and kernel.
 */
#ifndef GCCTL_SAMPLE_H
#define GCCTL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#define SAMPLE_MAX	100
/* Probability of a false difference. */
#define SAMPLE_LEVEL	0.01

/**
 * struct sample - values of one figure
 * @value: one value per repetition
 * @nr: their number
 */
struct sample {
	double value[SAMPLE_MAX];
	size_t nr;
};

enum sample_verdict {
	SAMPLE_TOO_FEW,		/* too few values to tell them apart */
	SAMPLE_ALIKE,
	SAMPLE_LESS,		/* the second is less than the first */
	SAMPLE_MORE,
};

void sample_add(struct sample *s, double value);
double sample_median(const struct sample *s);
void sample_range(const struct sample *s, double *min, double *max);
double sample_p(const struct sample *a, const struct sample *b);
enum sample_verdict sample_compare(const struct sample *a,
				   const struct sample *b);

#endif /* GCCTL_SAMPLE_H */
