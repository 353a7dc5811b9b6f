// SPDX-License-Identifier: GPL-2.0
/*
 * Text and JSON from the same calls. JSON calls add to a tree of json-c objects; text
 * is printed at once. Numbers in JSON are bytes, nanoseconds, picoseconds and counts
 * as the kernel reports them.
 */
#include "out.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gcctl.h"
#include "sample.h"
#include "text.h"
#include "wait.h"

#define MAX_DEPTH	8
#define LINE_WIDTH	80
#define LABEL_WIDTH	28
#define PAIR_LABEL	25
#define PAIR_WIDTH	40
#define LINE_LABEL	18
#define TABLE_LABEL	25
#define TABLE_CELL	17

static bool as_json;
static bool as_lines;
static enum out_extent extent;
static int json_flags = JSON_C_TO_STRING_PLAIN;

/* The open containers; the document is at index 0. */
static struct json_object *open_at[MAX_DEPTH];
/* The container was opened by out_list(), so its items have no keys. */
static bool is_list[MAX_DEPTH];
/* The container has a heading, so its contents are indented. */
static bool has_heading[MAX_DEPTH];
static int depth;

/* out_next() has printed a part. */
static bool in_parts;

static const char *column_key[OUT_COLUMNS];
static int nr_columns;
/* Columns used on the current line of items. */
static size_t line_used;
/* Later lines of a group of items are indented. */
static bool line_is_second;

/* Facts are printed two per line; the first of two has been printed. */
static bool in_pairs;
static bool pair_is_open;

void out_init(bool json, bool pretty, enum out_extent how_much)
{
	as_json = json;
	as_lines = pretty;
	extent = how_much;
	if (pretty)
		json_flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	json_flags |= JSON_C_TO_STRING_NOSLASHESCAPE;
	json_c_set_serialization_double_format("%.4f", JSON_C_OPTION_GLOBAL);
}

/**
 * out_is_json() - is JSON wanted?
 *
 * Return: true for JSON, false for text.
 */
bool out_is_json(void)
{
	return as_json;
}

/**
 * out_is_pretty() - is JSON with line breaks wanted?
 *
 * Return: true for JSON with line breaks.
 */
bool out_is_pretty(void)
{
	return as_lines;
}

/**
 * out_json_text() - makes a JSON string
 * @text: any bytes
 *
 * Return: the string; bytes that are not UTF-8 become \xNN.
 */
struct json_object *out_json_text(const char *text)
{
	char *utf8 = text_utf8(text);
	struct json_object *o = json_object_new_string(utf8);

	free(utf8);
	return o;
}

/* Prints a document and a newline. */
static void put_json(FILE *to, struct json_object *doc)
{
	text_put_json(to, json_object_to_json_string_ext(doc, json_flags));
	putc('\n', to);
}

/**
 * out_version() - adds the version of the output format to a document
 * @doc: the document, an object
 */
void out_version(struct json_object *doc)
{
	json_object_object_add(doc, "output_version",
			       json_object_new_int(OUT_VERSION));
}

/**
 * out_is_brief() - is brief output wanted?
 *
 * Return: true for text with one line per object.
 */
bool out_is_brief(void)
{
	return extent == OUT_BRIEF && !as_json;
}

/**
 * out_hides() - should a value be left out in text?
 * @value: the value
 *
 * Return: true for 0, none and off, unless JSON or details are wanted.
 */
bool out_hides(const struct out_value *value)
{
	return extent != OUT_DETAILS && !as_json && value->kind != OUT_TEXT &&
	       !value->num && value->real == 0;
}

/* Adds a container to the innermost open one, and opens it. */
static void push(const char *key, struct json_object *obj)
{
	struct json_object *parent = depth ? open_at[depth - 1] : NULL;

	if (depth == MAX_DEPTH)
		abort();
	if (!parent)
		out_version(obj);
	else if (is_list[depth - 1])
		json_object_array_add(parent, obj);
	else
		json_object_object_add(parent, key, obj);
	open_at[depth] = obj;
	is_list[depth] = json_object_is_type(obj, json_type_array);
	has_heading[depth] = false;
	depth++;
}

/**
 * out_list() - opens a list of groups
 * @key: its name
 *
 * A document is never a list: without an open container, a document is opened first.
 */
void out_list(const char *key)
{
	if (!depth)
		push(NULL, json_object_new_object());
	push(key, json_object_new_array());
}

static void end_pair(void)
{
	if (pair_is_open)
		putchar('\n');
	pair_is_open = false;
}

static int indent(void)
{
	int i, n = 0;

	for (i = 0; i < depth; i++)
		n += has_heading[i] ? 2 : 0;
	return n;
}

/**
 * out_group() - opens a group of facts
 * @key: its name, NULL for the document itself or in a list
 * @heading: a line above it in text, or NULL
 */
void out_group(const char *key, const char *heading)
{
	end_pair();
	if (!as_json && heading)
		printf("%*s%s\n", indent(), "", heading);
	push(key, json_object_new_object());
	has_heading[depth - 1] = heading;
	line_is_second = false;
}

/**
 * out_end() - closes the innermost container, unless it is the document
 */
void out_end(void)
{
	end_pair();
	if (line_used)
		out_break();
	if (depth > 1)
		depth--;
	else
		has_heading[0] = false;
}

/**
 * out_document() - sets the document
 * @doc: the document; it is printed and freed
 */
void out_document(struct json_object *doc)
{
	out_version(doc);
	open_at[0] = doc;
	depth = 1;
}

/**
 * out_direct() - the caller prints the document itself, as it is too large
 */
void out_direct(void)
{
	in_parts = true;
}

/**
 * out_next() - prints the document at once; others may follow
 */
void out_next(void)
{
	if (as_json)
		put_json(stdout, open_at[0]);
	json_object_put(open_at[0]);
	open_at[0] = NULL;
	depth = 0;
	in_parts = true;
	fflush(stdout);
}

/**
 * out_finish() - prints the document
 * @status: exit status so far
 *
 * A command that failed without output prints no document.
 *
 * Return: @status, or %STATUS_REFUSED if the output could not be written, or
 * %STATUS_SIGNAL if it is a closed pipe.
 */
int out_finish(int status)
{
	struct json_object *doc = open_at[0];

	if (as_json && !doc && !status && !in_parts) {
		doc = json_object_new_object();
		out_version(doc);
	}
	if (as_json && doc)
		put_json(stdout, doc);
	json_object_put(doc);
	open_at[0] = NULL;
	depth = 0;
	if (fflush(stdout) || ferror(stdout))
		return wait_pipe_closed() ? STATUS_SIGNAL :
		       out_error(STATUS_REFUSED, errno, NULL,
				 "cannot write the output: %s",
				 strerror(errno));
	return status;
}

static struct json_object *plain_json(const struct out_value *v)
{
	if (v->kind != OUT_TEXT && v->text && !v->num)
		return NULL;
	switch (v->kind) {
	case OUT_NONE:
		return NULL;
	case OUT_TEXT:
		return out_json_text(v->text);
	case OUT_FLAG:
		return json_object_new_boolean(v->num != 0);
	case OUT_RATE:
	case OUT_PERCENT:
	case OUT_RATIO:
		/* JSON cannot represent NaN and infinity. */
		return isfinite(v->real) ? json_object_new_double(v->real) :
					   NULL;
	default:
		return json_object_new_uint64(v->num);
	}
}

/* As out_format(), safe for a terminal; for free(). */
static char *printable(const struct out_value *v)
{
	char buf[48];

	return text_clean(out_format(buf, sizeof(buf), v));
}

/* A number of the same kind as @v; NULL if it is not finite. */
static struct json_object *number_json(const struct out_value *v, double number)
{
	struct out_value other = { .kind = v->kind, .real = number };

	if (!isfinite(number))
		return NULL;
	if (!out_is_real(v->kind))
		other.num = (uint64_t)number;
	return plain_json(&other);
}

static struct json_object *to_json(const struct out_value *v)
{
	const struct sample *all = v->all ? v->all : v->sample;
	struct json_object *o, *values;
	double min, max;
	size_t i;

	if (!v->sample || v->kind == OUT_NONE || v->kind == OUT_TEXT)
		return plain_json(v);
	o = json_object_new_object();
	values = json_object_new_array();
	sample_range(v->sample, &min, &max);
	json_object_object_add(o, "median",
			       number_json(v, sample_median(v->sample)));
	json_object_object_add(o, "min", number_json(v, min));
	json_object_object_add(o, "max", number_json(v, max));
	for (i = 0; i < all->nr; i++)
		json_object_array_add(values, number_json(v, all->value[i]));
	json_object_object_add(o, "values", values);
	return o;
}

static void add(const char *key, const struct out_value *v)
{
	struct json_object *to = open_at[depth - 1];

	if (is_list[depth - 1])
		json_object_array_add(to, to_json(v));
	else
		json_object_object_add(to, key, to_json(v));
}

/**
 * out_item() - prints one of several values on a line
 * @key: its name in JSON, NULL in a list
 * @label: the word before it in text, or NULL
 * @value: the value
 */
void out_item(const char *key, const char *label, struct out_value value)
{
	char *text;
	size_t len;

	if (as_json) {
		add(key, &value);
		return;
	}
	text = printable(&value);
	len = 2 + (label ? strlen(label) + 1 : 0) + strlen(text);
	if (line_used && line_used + len > LINE_WIDTH)
		out_break();
	if (line_used)
		fputs("  ", stdout);
	else if (line_is_second)
		line_used = (size_t)printf("    ");
	line_used += len;
	printf("%s%s%s", label ? label : "", label ? " " : "", text);
	free(text);
}

/**
 * out_break() - ends a line of items
 */
void out_break(void)
{
	if (as_json)
		return;
	putchar('\n');
	line_used = 0;
	line_is_second = true;
}

/**
 * out_fact() - prints a value on its own line
 * @key: its name in JSON
 * @label: its name in text
 * @value: the value
 */
void out_fact(const char *key, const char *label, struct out_value value)
{
	char *text;

	if (as_json) {
		add(key, &value);
		return;
	}
	text = printable(&value);
	if (!in_pairs) {
		printf("%*s%-*s %s\n", indent(), "", LABEL_WIDTH - 1, label,
		       text);
	} else if (pair_is_open) {
		printf("%-*s%s", PAIR_LABEL, label, text);
		end_pair();
	} else {
		/* Keeps a blank between a long value and the next. */
		printf("%*s%-*s%-*s ", indent(), "", PAIR_LABEL, label,
		       PAIR_WIDTH - PAIR_LABEL - indent() - 1, text);
		pair_is_open = true;
	}
	free(text);
}

/**
 * out_pairs() - switches between one and two facts per line of text
 * @on: true for two
 */
void out_pairs(bool on)
{
	end_pair();
	in_pairs = on;
}

/* Excludes the preceding blank. */
static int field_width(size_t nr)
{
	return (LINE_WIDTH - LINE_LABEL) / (int)nr - 1;
}

/**
 * out_line_head() - prints headings for out_line()
 * @label: label of the heading line
 * @fields: fields of a line; their values are ignored
 * @nr: their number
 */
void out_line_head(const char *label, const struct out_field *fields, size_t nr)
{
	size_t i;

	if (as_json)
		return;
	printf("%-*s", LINE_LABEL, label);
	for (i = 0; i < nr; i++)
		printf(" %*s", field_width(nr), fields[i].label);
	putchar('\n');
}

/**
 * out_line() - prints several values on one line; in JSON a group
 * @key: its name, NULL in a list
 * @label: its name in text
 * @fields: the values
 * @nr: their number
 */
void out_line(const char *key, const char *label,
	      const struct out_field *fields, size_t nr)
{
	size_t i;

	if (as_json) {
		push(key, json_object_new_object());
		for (i = 0; i < nr; i++)
			add(fields[i].key, &fields[i].value);
		depth--;
		return;
	}
	printf("%*s%-*s", indent(), "", LINE_LABEL - indent(), label);
	for (i = 0; i < nr; i++) {
		char *text = printable(&fields[i].value);

		printf(" %*s", field_width(nr), text);
		free(text);
	}
	putchar('\n');
}

/**
 * out_columns() - sets the columns for out_row()
 * @names: the names, which must stay valid
 * @nr: their number, %OUT_COLUMNS at most
 */
void out_columns(const char *const *names, int nr)
{
	int i;

	nr_columns = nr;
	for (i = 0; i < nr; i++)
		column_key[i] = names[i];
	if (as_json)
		return;
	printf("%-*s", TABLE_LABEL, "");
	for (i = 0; i < nr; i++)
		printf(" %*s", TABLE_CELL, names[i]);
	putchar('\n');
}

/* Half the range, in percent of the median. */
static void add_spread(char *buf, size_t size, const struct out_value *v)
{
	double min, max, median, percent;
	size_t len = strlen(buf);

	if (!v->sample || v->kind == OUT_TEXT || v->kind == OUT_NONE)
		return;
	sample_range(v->sample, &min, &max);
	median = sample_median(v->sample);
	if (max <= min || median <= 0)
		return;
	percent = 50 * (max - min) / median;
	if (percent < 1)
		snprintf(buf + len, size - len, " \u00b1<1%%");
	else
		snprintf(buf + len, size - len, " \u00b1%.0f%%", percent);
}

/* Counts characters, not bytes. */
static int width(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static void print_cell(const struct out_value *v)
{
	char buf[64];
	const char *text = out_format(buf, sizeof(buf), v);
	int left;

	if (text == buf)
		add_spread(buf, sizeof(buf), v);
	left = TABLE_CELL - width(text);
	printf(" %*s%s", left > 0 ? left : 0, "", text);
}

/**
 * out_row() - prints a fact with a value per column
 * @key: its name in JSON
 * @label: its name in text
 * @values: the values, one for each column
 */
void out_row(const char *key, const char *label,
	     const struct out_value values[OUT_COLUMNS])
{
	int i;

	if (as_json) {
		push(key, json_object_new_object());
		for (i = 0; i < nr_columns; i++)
			add(column_key[i], &values[i]);
		depth--;
		return;
	}
	printf("%*s%-*s", indent(), "", TABLE_LABEL - indent(), label);
	for (i = 0; i < nr_columns; i++)
		print_cell(&values[i]);
	putchar('\n');
}

/**
 * out_usage() - prints help; in JSON a list of its lines
 * @text: the lines
 */
void out_usage(const char *text)
{
	struct json_object *lines;
	const char *end;

	if (!as_json) {
		fputs(text, stdout);
		return;
	}
	out_group(NULL, NULL);
	lines = json_object_new_array();
	for (; *text; text = end + (*end == '\n')) {
		struct json_object *line;

		end = strchrnul(text, '\n');
		line = json_object_new_string_len(text, (int)(end - text));
		json_object_array_add(lines, line);
	}
	json_object_object_add(open_at[0], "usage", lines);
}

/* Prints a line on stderr, after the output so far. */
static void put_line(const char *head, const char *text)
{
	char *line = text_clean(text);

	fprintf(stderr, "%s: %s\n", head, line);
	free(line);
}

/**
 * out_error() - reports an error
 * @status: the exit status
 * @errnum: errno, or 0 without one
 * @hint: advice, or NULL
 * @fmt: the message
 *
 * Return: @status.
 */
int out_error(int status, int errnum, const char *hint, const char *fmt, ...)
{
	struct json_object *o;
	char msg[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);

	progress_end();
	fflush(stdout);
	if (!as_json) {
		put_line("Error", msg);
		if (hint)
			put_line("Hint", hint);
		return status;
	}
	o = json_object_new_object();
	out_version(o);
	json_object_object_add(o, "error", out_json_text(msg));
	if (errnum)
		json_object_object_add(o, "errno", json_object_new_int(errnum));
	if (hint)
		json_object_object_add(o, "hint", out_json_text(hint));
	/* The status by which a shell reports a death by a signal. */
	json_object_object_add(o, "status",
			       json_object_new_int(status == STATUS_SIGNAL ?
						   status + wait_signal() :
						   status));
	put_json(stderr, o);
	json_object_put(o);
	return status;
}

/**
 * out_warn() - prints the kernel's warning about a successful request
 * @fmt: the message
 */
void out_warn(const char *fmt, ...)
{
	struct json_object *o;
	char msg[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);

	progress_end();
	if (!as_json) {
		put_line("Warning", msg);
		return;
	}
	o = json_object_new_object();
	out_version(o);
	json_object_object_add(o, "warning", out_json_text(msg));
	put_json(stderr, o);
	json_object_put(o);
}
