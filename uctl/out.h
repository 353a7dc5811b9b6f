/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output: the same calls print text for people or build one JSON document, so
 * that the two cannot say different things. The document is printed whole by
 * out_finish(). Errors go to stderr, in the same form as the output.
 */
#ifndef GCCTL_OUT_H
#define GCCTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUT_COLUMNS	3
/* Of what JSON looks like: in every document, and raised when a name goes. */
#define OUT_VERSION	1

enum out_kind {
	OUT_NONE,	/* nothing to say: "-" or null */
	OUT_TEXT,
	OUT_FLAG,	/* on, off */
	OUT_COUNT,
	OUT_PLAIN,	/* a setting: a number as the user writes it */
	OUT_BYTES,
	OUT_NS,
	OUT_PS,		/* a mean: shown in nanoseconds and parts of them */
	OUT_RATE,	/* a second; may be less than one */
	OUT_PERCENT,
	OUT_RATIO,
};

struct sample;

/**
 * struct out_value - one value, whatever its form
 * @kind: what it is
 * @num: value of the kinds that are integers
 * @real: value of the kinds that are not: %OUT_RATE, %OUT_PERCENT, %OUT_RATIO
 * @text: value of %OUT_TEXT; for others the word for 0 in text, or NULL: then 0 is
 *	no number, and null in JSON
 * @sample: what it is the median of, or NULL
 * @all: the same with a place for each repetition, NAN where there was none
 */
struct out_value {
	enum out_kind kind;
	uint64_t num;
	double real;
	const char *text;
	const struct sample *sample;
	const struct sample *all;
};

static inline bool out_is_real(enum out_kind kind)
{
	return kind == OUT_RATE || kind == OUT_PERCENT || kind == OUT_RATIO;
}

static inline struct out_value out_num(enum out_kind kind, uint64_t num)
{
	return (struct out_value){ .kind = kind, .num = num };
}

static inline struct out_value out_real(enum out_kind kind, double real)
{
	return (struct out_value){ .kind = kind, .real = real };
}

static inline struct out_value out_text(const char *text)
{
	return (struct out_value){ .kind = OUT_TEXT, .text = text };
}

/**
 * struct out_field - one of several values on a line of a table
 * @key: its name in JSON
 * @label: heading of its column in text
 * @value: the value
 */
struct out_field {
	const char *key;
	const char *label;
	struct out_value value;
};

/* A column of a line that JSON has not: a count, or bytes, of which it has all. */
static inline struct out_field out_column(const char *label,
					  struct out_value value)
{
	return (struct out_field){ .label = label, .value = value };
}

/* How much of what there is text shows; JSON has all of it. */
enum out_extent {
	OUT_USUAL,	/* what is not 0, not off, not none */
	OUT_BRIEF,	/* a line each */
	OUT_DETAILS,	/* all */
};

struct json_object;

void out_init(bool json, bool pretty, enum out_extent extent);
bool out_is_json(void);
bool out_is_pretty(void);
struct json_object *out_json_text(const char *text);
void out_direct(void);
bool out_is_brief(void);
bool out_hides(const struct out_value *value);
void out_version(struct json_object *doc);
void out_document(struct json_object *doc);
void out_next(void);
int out_finish(int status);

void out_list(const char *key);
void out_group(const char *key, const char *heading);
void out_end(void);

void out_item(const char *key, const char *label, struct out_value value);
void out_break(void);
void out_fact(const char *key, const char *label, struct out_value value);
void out_pairs(bool on);

void out_line_head(const char *label, const struct out_field *fields, size_t nr);
void out_line(const char *key, const char *label,
	      const struct out_field *fields, size_t nr);

void out_columns(const char *const names[OUT_COLUMNS]);
void out_row(const char *key, const char *label,
	     const struct out_value values[OUT_COLUMNS]);

const char *out_format(char *buf, size_t size, const struct out_value *v);
void out_usage(const char *text);

__attribute__((format(printf, 4, 5)))
int out_error(int status, int errnum, const char *hint, const char *fmt, ...);
__attribute__((format(printf, 1, 2)))
void out_warn(const char *fmt, ...);

#endif /* GCCTL_OUT_H */
