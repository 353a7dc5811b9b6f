/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output: the same calls print text or build one JSON document, so the two cannot
 * differ. out_finish() prints the document. Errors go to stderr, in the format of the
 * output.
 */
#ifndef GCCTL_OUT_H
#define GCCTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most columns of a table. */
#define OUT_COLUMNS	6
/* Version of the JSON format, in every document; raised when a name is removed. */
#define OUT_VERSION	2

enum out_kind {
	OUT_NONE,	/* no value: "-" or null */
	OUT_TEXT,
	OUT_FLAG,	/* on, off */
	OUT_COUNT,
	OUT_PLAIN,	/* a setting: a number in the user's notation */
	OUT_BYTES,
	OUT_NS,
	OUT_PS,		/* a mean: shown in nanoseconds with decimals */
	OUT_RATE,	/* per second; may be less than one */
	OUT_PERCENT,
	OUT_RATIO,
};

struct sample;

/**
 * struct out_value - a value of any kind
 * @kind: its kind
 * @num: value of integer kinds
 * @real: value of the other kinds: %OUT_RATE, %OUT_PERCENT, %OUT_RATIO
 * @text: value of %OUT_TEXT; for other kinds, a word for 0 in text, which is null in
 *	JSON; or NULL
 * @sample: the sample whose median it is, or NULL
 * @all: values of all repetitions, NAN for none
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

/* A text-only column, of a count or bytes that JSON has anyway. */
static inline struct out_field out_column(const char *label,
					  struct out_value value)
{
	return (struct out_field){ .label = label, .value = value };
}

/* How much text shows; JSON has everything. */
enum out_extent {
	OUT_USUAL,	/* values that are not 0, off or none */
	OUT_BRIEF,	/* one line per object */
	OUT_DETAILS,	/* everything */
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

void out_columns(const char *const *names, int nr);
void out_row(const char *key, const char *label,
	     const struct out_value values[OUT_COLUMNS]);

const char *out_format(char *buf, size_t size, const struct out_value *v);
void out_usage(const char *text);

__attribute__((format(printf, 4, 5)))
int out_error(int status, int errnum, const char *hint, const char *fmt, ...);
__attribute__((format(printf, 1, 2)))
void out_warn(const char *fmt, ...);

#endif /* GCCTL_OUT_H */
