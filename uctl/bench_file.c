// SPDX-License-Identifier: GPL-2.0
/*
 * Results of benchmarks as JSON, written and read.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gcctl.h"
#include "out.h"
#include "text.h"

/* In the order of enum bench_unit. */
static const char *const units[BENCH_UNITS] = {
	"ns", "GB/s", "1/s", "percent", "percent-spent", "bytes"
};

/**
 * bench_unit_name() - a unit as files and JSON have it
 * @unit: the unit
 *
 * Return: its name.
 */
const char *bench_unit_name(enum bench_unit unit)
{
	return units[unit];
}

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, out_json_text(text));
}

static void put_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

static void put_real(struct json_object *o, const char *key, double v)
{
	json_object_object_add(o, key, json_object_new_double(v));
}

static struct json_object *put_object(struct json_object *parent, const char *key)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(parent, key, o);
	return o;
}

static void put_base(struct json_object *o, const struct bench_set *set,
		     const struct bench_result *r)
{
	const struct bench_result *base = bench_find(set, r->base);

	if (!base)
		return;
	put_text(o, "base", r->base);
	if (bench_median(base))
		put_real(o, "to-base", bench_median(r) / bench_median(base));
}

static void put_other(struct json_object *o, const struct bench_set *set,
		      const struct bench_result *r)
{
	double value = bench_elsewhere(set, r);
	struct json_object *other;

	if (!value)
		return;
	other = put_object(o, "elsewhere");
	put_text(other, "source", r->source);
	put_real(other, "value", value);
	put_real(other, "ratio", bench_median(r) / value);
}

static void put_value(struct json_object *values, double v)
{
	json_object_array_add(values, json_object_new_double(v));
}

static struct json_object *write_result(const struct bench_set *set,
					const struct bench_result *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *values = json_object_new_array();
	double min, max;
	size_t i;

	sample_range(&r->sample, &min, &max);
	put_text(o, "key", r->key);
	put_text(o, "benchmark", r->group);
	put_text(o, "label", r->label);
	put_text(o, "unit", units[r->unit]);
	put_base(o, set, r);
	put_other(o, set, r);
	put_real(o, "median", bench_median(r));
	put_real(o, "min", min);
	put_real(o, "max", max);
	for (i = 0; i < r->sample.nr; i++)
		put_value(values, r->sample.value[i]);
	json_object_object_add(o, "values", values);
	return o;
}

static struct json_object *write_set(const struct bench_set *set)
{
	struct json_object *doc = json_object_new_object(), *o;
	size_t i;

	put_text(doc, "date", set->date);
	put_text(doc, "note", set->note);
	put_text(doc, "gcctl", GCCTL_VERSION);
	json_object_object_add(doc, "partial",
			       json_object_new_boolean(set->partial));
	o = put_object(doc, "machine");
	put_text(o, "kernel", set->release);
	put_text(o, "architecture", set->machine);
	put_text(o, "cpu", set->cpu);
	put_number(o, "cpus", set->cpus);
	put_number(o, "memory-bytes", set->memory);
	o = put_object(doc, "settings");
	put_number(o, "reps", set->reps);
	put_number(o, "scale-percent", set->scale);
	put_number(o, "repetition-ms", set->ms);
	put_number(o, "live-mib", set->live);
	put_number(o, "workload-seconds", set->seconds);
	o = json_object_new_array();
	json_object_object_add(doc, "results", o);
	for (i = 0; i < set->nr; i++)
		json_object_array_add(o, write_result(set, &set->result[i]));
	return doc;
}

/**
 * bench_write() - makes results the output
 * @set: the results
 */
void bench_write(const struct bench_set *set)
{
	out_document(write_set(set));
}

/* A file that a user makes is readable by others as the user has it. */
static void set_mode(int fd, const struct stat *old)
{
	mode_t mask = umask(0);

	umask(mask);
	/* Without these rights it stays as it is: more private, not less. */
	if (fchmod(fd, old ? old->st_mode & 07777 : 0666 & ~mask) ||
	    (old && fchown(fd, old->st_uid, old->st_gid)))
		return;
}

/* A file beside the one that it replaces in the end. */
static bool open_temp(struct bench_file *file)
{
	struct stat st;
	bool old = !stat(file->name, &st);

	/* A device, a pipe, what may not be written, a link to nothing. */
	if (old ? !S_ISREG(st.st_mode) || access(file->name, W_OK) :
		  !lstat(file->name, &st))
		return false;
	file->path = old ? realpath(file->name, NULL) : strdup(file->name);
	if (!file->path || asprintf(&file->temp, "%s.XXXXXX", file->path) < 0)
		abort();
	file->fd = mkostemp(file->temp, O_CLOEXEC);
	if (file->fd >= 0) {
		set_mode(file->fd, old ? &st : NULL);
		return true;
	}
	free(file->path);
	free(file->temp);
	file->path = NULL;
	file->temp = NULL;
	return false;
}

/**
 * bench_open() - opens the file that results will be kept in
 * @file: receives it
 * @name: its name
 *
 * What is there already stays until the results are.
 *
 * Return: an exit status.
 */
int bench_open(struct bench_file *file, const char *name)
{
	file->name = name;
	if (open_temp(file))
		return STATUS_OK;
	file->fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	if (file->fd < 0)
		return out_error(STATUS_USAGE, errno, NULL,
				 "cannot write %s: %s", name, strerror(errno));
	return STATUS_OK;
}

static bool write_file(const struct bench_set *set, struct bench_file *file)
{
	struct json_object *doc = write_set(set);
	struct stat st;
	bool good;

	out_version(doc);

	/* It may be a pipe, or hold what was longer. */
	good = fstat(file->fd, &st) || !S_ISREG(st.st_mode) ||
	       !ftruncate(file->fd, 0);
	if (good)
		good = !json_object_to_fd(file->fd, doc,
					  JSON_C_TO_STRING_PRETTY |
					  JSON_C_TO_STRING_NOSLASHESCAPE) &&
		       write(file->fd, "\n", 1) == 1;
	json_object_put(doc);
	return good;
}

/**
 * bench_save() - writes results into a file and closes it
 * @set: the results
 * @file: the file
 *
 * Return: an exit status.
 */
int bench_save(const struct bench_set *set, struct bench_file *file)
{
	bool good = write_file(set, file);
	int fd = file->fd;

	file->fd = -1;
	if (close(fd))
		good = false;
	if (good && (!file->path || !rename(file->temp, file->path))) {
		free(file->temp);
		file->temp = NULL;
		return STATUS_OK;
	}
	return out_error(STATUS_REFUSED, errno, NULL, "cannot write %s: %s",
			 file->name, strerror(errno));
}

/**
 * bench_discard() - leaves nothing behind of a file that was not written
 * @file: the file
 */
void bench_discard(struct bench_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->temp)
		unlink(file->temp);
	free(file->temp);
	free(file->path);
	*file = (struct bench_file)BENCH_NO_FILE;
}

/* ---- reading ---- */

static struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(o, key, &value);
	return value;
}

static void get_text(struct json_object *o, const char *key, char *buf,
		     size_t size)
{
	const char *text = json_object_get_string(get(o, key));

	text_copy(buf, size, text ? text : "");
}

static uint64_t get_number(struct json_object *o, const char *key)
{
	return json_object_get_uint64(get(o, key));
}

static double get_double(struct json_object *array, size_t i)
{
	return json_object_get_double(json_object_array_get_idx(array, i));
}

static enum bench_unit get_unit(struct json_object *o)
{
	const char *text = json_object_get_string(get(o, "unit"));
	int i;

	for (i = 0; text && i < BENCH_UNITS; i++)
		if (!strcmp(text, units[i]))
			return (enum bench_unit)i;
	return BENCH_NS;
}

static void read_result(struct bench_set *set, struct json_object *o)
{
	struct json_object *values = get(o, "values"), *elsewhere;
	struct bench_result *r;
	size_t i, nr;

	r = bench_add(set, "", get_unit(o), "%s", "");
	get_text(o, "key", r->key, sizeof(r->key));
	get_text(o, "benchmark", r->group, sizeof(r->group));
	get_text(o, "label", r->label, sizeof(r->label));
	get_text(o, "base", r->base, sizeof(r->base));
	elsewhere = get(o, "elsewhere");
	if (elsewhere) {
		r->other = json_object_get_double(get(elsewhere, "value"));
		get_text(elsewhere, "source", r->source, sizeof(r->source));
	}
	nr = json_object_is_type(values, json_type_array) ?
		json_object_array_length(values) : 0;
	for (i = 0; i < nr; i++) {
		double v = get_double(values, i);

		/* Of 1e999 nothing can be said, nor can JSON say it. */
		if (isfinite(v))
			sample_add(&r->sample, v);
	}
}

static void read_set(struct bench_set *set, struct json_object *doc)
{
	struct json_object *o, *results = get(doc, "results");
	size_t i;

	get_text(doc, "date", set->date, sizeof(set->date));
	get_text(doc, "note", set->note, sizeof(set->note));
	set->partial = json_object_get_boolean(get(doc, "partial"));
	o = get(doc, "machine");
	get_text(o, "kernel", set->release, sizeof(set->release));
	get_text(o, "architecture", set->machine, sizeof(set->machine));
	get_text(o, "cpu", set->cpu, sizeof(set->cpu));
	set->cpus = get_number(o, "cpus");
	set->memory = get_number(o, "memory-bytes");
	o = get(doc, "settings");
	set->reps = get_number(o, "reps");
	set->scale = get_number(o, "scale-percent");
	set->ms = get_number(o, "repetition-ms");
	set->live = get_number(o, "live-mib");
	set->seconds = get_number(o, "workload-seconds");
	for (i = 0; i < json_object_array_length(results); i++)
		read_result(set, json_object_array_get_idx(results, i));
}

/**
 * bench_load() - reads results from a file
 * @set: receives them
 * @file: its name
 *
 * Return: an exit status.
 */
int bench_load(struct bench_set *set, const char *file)
{
	struct json_object *doc = json_object_from_file(file);
	int status = STATUS_OK;

	if (!doc)
		return out_error(STATUS_USAGE, 0, NULL, "cannot read %s: %s", file,
				 json_util_get_last_err());
	if (json_object_is_type(get(doc, "results"), json_type_array) &&
	    json_object_is_type(get(doc, "machine"), json_type_object) &&
	    json_object_is_type(get(doc, "settings"), json_type_object))
		read_set(set, doc);
	else
		status = out_error(STATUS_USAGE, 0, NULL,
				   "%s has no results of gcctl bench", file);
	json_object_put(doc);
	return status;
}

/**
 * bench_free() - forgets results
 * @set: the results
 */
void bench_free(struct bench_set *set)
{
	free(set->result);
	set->result = NULL;
	set->nr = 0;
	set->room = 0;
}
