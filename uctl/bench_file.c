// SPDX-License-Identifier: GPL-2.0
/* Writes and reads results of benchmarks as JSON. */
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
#include "wait.h"

/*
 * Largest value accepted from a file; no measurement of any unit is larger. Values
 * derived from it still fit their types.
 */
#define VALUE_MAX	1e15
#define READ_BYTES	65536

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, out_json_text(text));
}

static void put_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

/* JSON cannot represent NaN and infinity. */
static void put_real(struct json_object *o, const char *key, double v)
{
	json_object_object_add(o, key, isfinite(v) ? json_object_new_double(v) :
						     NULL);
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
	put_text(o, "unit", bench_unit_name(r->unit));
	put_base(o, set, r);
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
 * bench_write() - prints results as the JSON document
 * @set: the results
 */
void bench_write(const struct bench_set *set)
{
	out_document(write_set(set));
}

/* A new file gets the mode that the user's umask allows. */
static void set_mode(int fd, const struct stat *old)
{
	mode_t mask = umask(0);

	umask(mask);
	/* Without permission to change them the file stays more private, not less. */
	if (fchmod(fd, old ? old->st_mode & 07777 : 0666 & ~mask) ||
	    (old && fchown(fd, old->st_uid, old->st_gid)))
		return;
}

/* Opens a temporary file that replaces the named one at the end. */
static bool open_temp(struct bench_file *file)
{
	struct stat st;
	bool old = !stat(file->name, &st);

	/* A device, a pipe, a file that is not writable, or a dangling link. */
	if (old ? !S_ISREG(st.st_mode) || access(file->name, W_OK) :
		  !lstat(file->name, &st))
		return false;
	file->path = old ? realpath(file->name, NULL) : strdup(file->name);
	if (!file->path && old && errno != ENOMEM)
		return false;
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
 * bench_open() - opens a file for results
 * @file: receives it
 * @name: its name
 *
 * An existing file keeps its contents until bench_save().
 *
 * Return: an exit status.
 */
int bench_open(struct bench_file *file, const char *name)
{
	if (!*name)
		return out_error(STATUS_USAGE, 0, NULL,
				 "file must not be an empty name");
	file->name = name;
	if (open_temp(file))
		return STATUS_OK;
	file->fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	if (file->fd >= 0)
		return STATUS_OK;
	/* Opening a pipe waits for a reader. */
	if (wait_interrupted())
		return STATUS_SIGNAL;
	return out_error(STATUS_USAGE, errno, NULL, "cannot write %s: %s", name,
			 strerror(errno));
}

/* Writes to @fd and closes it. Returns 0 or a positive errno. */
static int write_file(const struct bench_set *set, int fd)
{
	struct json_object *doc = write_set(set);
	struct stat st;
	int err = 0;

	out_version(doc);
	errno = EIO;
	/* The file may be a pipe, or may be longer than the new contents. */
	if ((!fstat(fd, &st) && S_ISREG(st.st_mode) && ftruncate(fd, 0)) ||
	    json_object_to_fd(fd, doc, JSON_C_TO_STRING_PRETTY |
			      JSON_C_TO_STRING_NOSLASHESCAPE) ||
	    write(fd, "\n", 1) != 1)
		err = errno;
	if (close(fd) && !err)
		err = errno;
	json_object_put(doc);
	return err;
}

/*
 * The temporary file cannot be renamed: the name is a mount point, or belongs to
 * another user in a sticky directory such as /tmp. Overwriting its contents may still
 * work; otherwise the temporary file stays.
 */
static int write_over(const struct bench_set *set, struct bench_file *file)
{
	int fd = open(file->name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	int err = fd < 0 ? errno : write_file(set, fd);
	char *temp = file->temp;

	if (!err)
		return STATUS_OK;
	/* bench_discard() must not remove it. */
	file->temp = NULL;
	out_error(STATUS_REFUSED, err, NULL,
		  "cannot write %s: %s; the results are in %s", file->name,
		  strerror(err), temp);
	free(temp);
	return STATUS_REFUSED;
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
	int err = write_file(set, file->fd);

	file->fd = -1;
	if (err)
		return out_error(STATUS_REFUSED, err, NULL,
				 "cannot write %s: %s", file->name,
				 strerror(err));
	if (!file->path)
		return STATUS_OK;
	if (rename(file->temp, file->path))
		return write_over(set, file);
	free(file->temp);
	file->temp = NULL;
	return STATUS_OK;
}

/**
 * bench_discard() - closes and removes a file that was not saved
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

static bool get_double(struct json_object *o, double *v)
{
	if (!json_object_is_type(o, json_type_double) &&
	    !json_object_is_type(o, json_type_int))
		return false;
	*v = json_object_get_double(o);
	return *v >= 0 && *v <= VALUE_MAX;
}

static enum bench_unit get_unit(struct json_object *o)
{
	const char *text = json_object_get_string(get(o, "unit"));
	int i;

	for (i = 0; text && i < BENCH_UNITS; i++)
		if (!strcmp(text, bench_unit_name((enum bench_unit)i)))
			return (enum bench_unit)i;
	return BENCH_NS;
}

/* Returns the number of values that are no numbers and were left out. */
static size_t read_result(struct bench_set *set, struct json_object *o)
{
	struct json_object *values = get(o, "values");
	struct bench_result *r;
	size_t i, nr, bad = 0;
	double v;

	r = bench_add(set, "", get_unit(o), "%s", "");
	get_text(o, "key", r->key, sizeof(r->key));
	get_text(o, "benchmark", r->group, sizeof(r->group));
	get_text(o, "label", r->label, sizeof(r->label));
	get_text(o, "base", r->base, sizeof(r->base));
	nr = json_object_is_type(values, json_type_array) ?
		json_object_array_length(values) : 0;
	for (i = 0; i < nr; i++) {
		if (get_double(json_object_array_get_idx(values, i), &v))
			sample_add(&r->sample, v);
		else
			bad++;
	}
	return bad;
}

static void read_set(struct bench_set *set, struct json_object *doc,
		     const char *file)
{
	struct json_object *o, *results = get(doc, "results");
	size_t i, bad = 0;

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
		bad += read_result(set, json_object_array_get_idx(results, i));
	bench_drop_empty(set);
	if (bad)
		out_warn("%s: ignored %zu value%s that %s not a number from 0 to %.0e",
			 file, bad, bad == 1 ? "" : "s",
			 bad == 1 ? "is" : "are", VALUE_MAX);
}

/*
 * Parses the next part of a document. Returns false on an error, or if text follows
 * the document.
 */
static bool parse_some(struct json_tokener *tok, struct json_object **doc,
		       const char *text, size_t len)
{
	size_t at = 0;

	if (!*doc) {
		*doc = json_tokener_parse_ex(tok, text, (int)len);
		if (!*doc)
			return json_tokener_get_error(tok) ==
			       json_tokener_continue;
		at = json_tokener_get_parse_end(tok);
	}
	while (at < len && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	return at == len;
}

/* Returns why a file cannot be read, or NULL if it can. */
static const char *parse_file(FILE *f, struct json_object **doc)
{
	struct json_tokener *tok = json_tokener_new();
	static char text[READ_BYTES];
	const char *wrong = NULL;
	size_t len;

	if (!tok)
		abort();
	while (!wrong && (len = fread(text, 1, sizeof(text), f))) {
		enum json_tokener_error err;

		if (parse_some(tok, doc, text, len))
			continue;
		err = json_tokener_get_error(tok);
		wrong = *doc ? "trailing data after the JSON document" :
			err == json_tokener_success ? "the JSON document is null" :
						      json_tokener_error_desc(err);
	}
	if (!wrong && ferror(f))
		wrong = strerror(errno);
	if (!wrong && !*doc)
		wrong = "the JSON document is truncated";
	json_tokener_free(tok);
	return wrong;
}

static int read_document(const char *file, struct json_object **doc)
{
	FILE *f = fopen(file, "re");
	const char *wrong = f ? parse_file(f, doc) : strerror(errno);

	if (f)
		fclose(f);
	if (!wrong)
		return STATUS_OK;
	json_object_put(*doc);
	return out_error(STATUS_USAGE, 0, NULL, "cannot read %s: %s", file,
			 wrong);
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
	struct json_object *doc = NULL;
	int status = read_document(file, &doc);

	if (status)
		return status;
	if (json_object_is_type(get(doc, "results"), json_type_array) &&
	    json_object_is_type(get(doc, "machine"), json_type_object) &&
	    json_object_is_type(get(doc, "settings"), json_type_object))
		read_set(set, doc, file);
	else
		status = out_error(STATUS_USAGE, 0, NULL,
				   "%s is not a results file of gcctl bench", file);
	json_object_put(doc);
	return status;
}
