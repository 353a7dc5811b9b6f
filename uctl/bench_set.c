// SPDX-License-Identifier: GPL-2.0
/*
 * The results of one run of the benchmarks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Below this scale only some sizes are measured. */
#define SMALL_RUN	10

/* In the order of enum bench_unit. */
static const char *const units[BENCH_UNITS] = {
	"ns", "GB/s", "1/s", "percent", "percent-spent", "bytes"
};

/**
 * bench_unit_name() - name of a unit in files and JSON
 * @unit: the unit
 *
 * Return: its name.
 */
const char *bench_unit_name(enum bench_unit unit)
{
	return units[unit];
}

/**
 * bench_median() - median of a result
 * @r: the result
 *
 * Return: the median, 0 without values.
 */
double bench_median(const struct bench_result *r)
{
	return sample_median(&r->sample);
}

/**
 * bench_find() - finds a result by its key
 * @set: the results
 * @key: the key
 *
 * Return: the result or NULL.
 */
const struct bench_result *bench_find(const struct bench_set *set,
				      const char *key)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		if (!strcmp(set->result[i].key, key))
			return &set->result[i];
	return NULL;
}

/**
 * bench_add() - adds a result without values
 * @set: the results
 * @group: its benchmark
 * @unit: unit of its values
 * @key_fmt: its key, also its label unless bench_label() sets another
 *
 * Return: the result, valid until the next one is added.
 */
struct bench_result *bench_add(struct bench_set *set, const char *group,
			       enum bench_unit unit, const char *key_fmt, ...)
{
	struct bench_result *r;
	va_list ap;

	if (set->nr == set->room) {
		set->room = set->room ? 2 * set->room : 256;
		set->result = realloc(set->result,
				      set->room * sizeof(*set->result));
		if (!set->result)
			abort();
	}
	r = &set->result[set->nr++];
	memset(r, 0, sizeof(*r));
	va_start(ap, key_fmt);
	vsnprintf(r->key, sizeof(r->key), key_fmt, ap);
	va_end(ap);
	snprintf(r->label, sizeof(r->label), "%.*s", BENCH_LABEL - 1, r->key);
	snprintf(r->group, sizeof(r->group), "%s", group);
	r->unit = unit;
	return r;
}

/**
 * bench_drop_empty() - removes results without values
 * @set: the results
 */
void bench_drop_empty(struct bench_set *set)
{
	size_t i, nr = 0;

	for (i = 0; i < set->nr; i++)
		if (set->result[i].sample.nr)
			set->result[nr++] = set->result[i];
	set->nr = nr;
}

/**
 * bench_label() - sets the label of a result
 * @r: the result
 * @fmt: the label
 */
void bench_label(struct bench_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->label, sizeof(r->label), fmt, ap);
	va_end(ap);
}

/**
 * bench_take() - adds a metric of the kernel module
 * @set: the results
 * @group: its benchmark
 * @m: the metrics of a run
 * @metric: name of the metric
 * @key: key of the result
 *
 * Return: the result, or NULL if there is no such metric.
 */
struct bench_result *bench_take(struct bench_set *set, const char *group,
				const struct bench_metrics *m,
				const char *metric, const char *key)
{
	struct bench_result *r;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		const struct bench_samples *s = &m->metric[i];

		if (strcmp(s->name, metric))
			continue;
		r = bench_add(set, group, BENCH_NS, "%s", key);
		memcpy(r->sample.value, s->value, s->nr * sizeof(*s->value));
		r->sample.nr = s->nr;
		return r;
	}
	return NULL;
}

/**
 * bench_based() - sets the counterpart that a result is divided by
 * @r: the result, or NULL
 * @key: key of the kernel's counterpart
 */
void bench_based(struct bench_result *r, const char *key)
{
	if (r)
		snprintf(r->base, sizeof(r->base), "%s", key);
}

/**
 * bench_scaled() - scales a size
 * @set: the run
 * @full: full size
 * @least: smallest useful size
 *
 * Return: the size.
 */
uint64_t bench_scaled(const struct bench_set *set, uint64_t full, uint64_t least)
{
	uint64_t size = full * set->scale / 100;

	return size > least ? size : least;
}

/**
 * bench_is_small() - is this only a functional test?
 * @set: the run
 */
bool bench_is_small(const struct bench_set *set)
{
	return set->scale < SMALL_RUN;
}

/**
 * bench_wants() - should one of many sizes be measured?
 * @set: the run
 * @i: its index
 * @nr: their number
 *
 * Return: true, but in a small run only for the first, a middle one and the last.
 */
bool bench_wants(const struct bench_set *set, size_t i, size_t nr)
{
	return !bench_is_small(set) || !i || i == nr / 2 || i == nr - 1;
}

/**
 * bench_free() - frees results
 * @set: the results
 */
void bench_free(struct bench_set *set)
{
	free(set->result);
	set->result = NULL;
	set->nr = 0;
	set->room = 0;
}
