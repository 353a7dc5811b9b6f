/* SPDX-License-Identifier: GPL-2.0 */
/* Benchmarks: measuring, saving and showing results. */
#ifndef GCCTL_BENCH_H
#define GCCTL_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample.h"

/* MiB of live objects at full size. */
#define BENCH_LIVE	100
#define BENCH_KEY	64
#define BENCH_LABEL	48
#define BENCH_REPS_MAX	SAMPLE_MAX

/* Units of values, in the order of the words in bench_set.c. */
enum bench_unit {
	BENCH_NS,
	BENCH_GBS,	/* GB/s; more is better */
	BENCH_RATE,	/* per second; more is better */
	BENCH_PERCENT,
	BENCH_SHARE,	/* percent; less is better */
	BENCH_BYTES,
	BENCH_UNITS
};

/**
 * struct bench_result - one line of the table
 * @key: identifies the result, the same in every run
 * @group: its benchmark
 * @label: description for the user
 * @unit: unit of the values
 * @sample: its values, one per repetition
 * @base: key of the kernel's own counterpart, or ""
 */
struct bench_result {
	char key[BENCH_KEY];
	char group[16];
	char label[BENCH_LABEL];
	enum bench_unit unit;
	struct sample sample;
	char base[BENCH_KEY];
};

/**
 * struct bench_set - the results of one run of the benchmarks
 * @release: release of the kernel
 * @machine: architecture of the kernel
 * @cpu: model of the CPU
 * @date: date of the run
 * @note: the user's note
 * @cpus: online CPUs
 * @memory: bytes of memory
 * @reps: repetitions
 * @scale: percent of full size
 * @ms: least time of a repetition in milliseconds
 * @live: MiB of live objects in benchmarks with collections
 * @seconds: duration of a workload, all repetitions together
 * @partial: it ended before all benchmarks had run
 * @traces: directory of recorded traces, or NULL
 * @result: the results
 * @nr: their number
 * @room: allocated results
 */
struct bench_set {
	char release[72];
	char machine[72];
	char cpu[80];
	char date[32];
	char note[64];
	uint64_t cpus;
	uint64_t memory;
	uint64_t reps;
	uint64_t scale;
	uint64_t ms;
	uint64_t live;
	uint64_t seconds;
	bool partial;
	const char *traces;
	struct bench_result *result;
	size_t nr;
	size_t room;
};

/**
 * struct bench_samples - one metric of a benchmark of the kernel module
 * @name: name of the metric
 * @value: its values from the module, one per repetition
 * @nr: their number
 */
struct bench_samples {
	char name[24];
	double value[BENCH_REPS_MAX];
	size_t nr;
};

#define BENCH_METRICS	8

struct bench_metrics {
	struct bench_samples metric[BENCH_METRICS];
	size_t nr;
};

/* bench_kernel.c */
int bench_find_module(void);
int bench_kernel(const struct bench_set *set, struct bench_metrics *out,
		 const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* bench_set.c */
const char *bench_unit_name(enum bench_unit unit);
void bench_free(struct bench_set *set);
bool bench_is_small(const struct bench_set *set);
bool bench_wants(const struct bench_set *set, size_t i, size_t nr);
uint64_t bench_scaled(const struct bench_set *set, uint64_t full, uint64_t least);
struct bench_result *bench_add(struct bench_set *set, const char *group,
			       enum bench_unit unit, const char *key_fmt, ...)
	__attribute__((format(printf, 4, 5)));
void bench_drop_empty(struct bench_set *set);
void bench_label(struct bench_result *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const struct bench_result *bench_find(const struct bench_set *set,
				      const char *key);
double bench_median(const struct bench_result *r);

struct bench_result *bench_take(struct bench_set *set, const char *group,
				const struct bench_metrics *m,
				const char *metric, const char *key);
void bench_based(struct bench_result *r, const char *key);

/* bench_micro.c: each function runs one benchmark and returns an exit status */
int bench_harness(struct bench_set *set);
int bench_alloc(struct bench_set *set);
int bench_mark(struct bench_set *set);
int bench_store(struct bench_set *set);

/* bench_python.c: the same */
int bench_python(struct bench_set *set);
int bench_pattern(struct bench_set *set);

/* bench_load.c: the same */
int bench_churn(struct bench_set *set);
int bench_trees(struct bench_set *set);
int bench_larson(struct bench_set *set);
int bench_mstress(struct bench_set *set);
int bench_replay(struct bench_set *set);

/**
 * struct bench_file - a file for results
 * @name: name of the file, as the user wrote it
 * @path: final path of @temp, for free(); NULL if the file itself is open
 * @temp: temporary file in the same directory, for free()
 * @fd: open descriptor, or -1
 */
struct bench_file {
	const char *name;
	char *path;
	char *temp;
	int fd;
};

#define BENCH_NO_FILE	{ .fd = -1 }

/* bench_file.c */
void bench_write(const struct bench_set *set);
int bench_open(struct bench_file *file, const char *name);
int bench_save(const struct bench_set *set, struct bench_file *file);
void bench_discard(struct bench_file *file);
int bench_load(struct bench_set *set, const char *file);

/* bench_table.c */
void bench_show_head(const struct bench_set *set);
void bench_show_group(const struct bench_set *set, const char *group,
		      const char *heading);
void bench_compare(const struct bench_set *a, const struct bench_set *b);

#endif /* GCCTL_BENCH_H */
