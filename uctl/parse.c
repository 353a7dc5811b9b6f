// SPDX-License-Identifier: GPL-2.0
/*
 * Words of the command line. A word may be abbreviated as long as it is unambiguous;
 * for an unknown word the message suggests the nearest name.
 */
#include "parse.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "out.h"

/* Longest word for which the nearest name is searched. */
#define MAX_WORD	32

/* Name @i of a table whose entries begin with a pointer to their name. */
static const char *name_at(const void *table, size_t i, size_t stride)
{
	const char *name;

	memcpy(&name, (const char *)table + i * stride, sizeof(name));
	return name;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edit distance: letters to insert, delete, replace or swap with a neighbour. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int d[3][MAX_WORD + 1];
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > MAX_WORD || lb > MAX_WORD)
		return MAX_WORD;
	for (j = 0; j <= lb; j++)
		d[0][j] = (unsigned int)j;
	for (i = 1; i <= la; i++) {
		unsigned int *row = d[i % 3], *above = d[(i + 2) % 3];
		const unsigned int *above2 = d[(i + 1) % 3];

		row[0] = (unsigned int)i;
		for (j = 1; j <= lb; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
	}
	return d[la % 3][lb];
}

static const char *nearest(const char *word, const void *table, size_t nr,
			   size_t stride)
{
	unsigned int best = MAX_WORD, limit = strlen(word) < 4 ? 1 : 2;
	const char *found = NULL;
	size_t i;

	for (i = 0; i < nr; i++) {
		const char *name = name_at(table, i, stride);
		unsigned int d = distance(word, name);

		if (d < best) {
			best = d;
			found = name;
		}
	}
	return best <= limit ? found : NULL;
}

/**
 * parse_match() - finds a word or an unambiguous abbreviation in a table
 * @word: the word
 * @table: entries that begin with a pointer to their name
 * @nr: their number
 * @stride: size of an entry
 *
 * Return: its index; -1 if none fits, -2 if several do.
 */
int parse_match(const char *word, const void *table, size_t nr, size_t stride)
{
	size_t len = strlen(word), i;
	int found = -1;

	for (i = 0; i < nr && len; i++) {
		const char *name = name_at(table, i, stride);

		if (!strcmp(word, name))
			return (int)i;
		if (!strncmp(word, name, len))
			found = found == -1 ? (int)i : -2;
	}
	return found;
}

/**
 * parse_word() - parse_match() that reports an error
 * @what: what the names denote, for the message
 * @word: the word
 * @table: entries that begin with a pointer to their name
 * @nr: their number
 * @stride: size of an entry
 *
 * Return: its index; negative after an error.
 */
int parse_word(const char *what, const char *word, const void *table,
	       size_t nr, size_t stride)
{
	int found = parse_match(word, table, nr, stride);
	char list[256] = "", hint[288];
	const char *near;
	size_t i, len = 0;

	if (found >= 0)
		return found;
	for (i = 0; i < nr; i++) {
		const char *name = name_at(table, i, stride);

		if (found == -2 && strncmp(word, name, strlen(word)))
			continue;
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len,
						"%s%s", len ? ", " : "", name);
	}
	if (found == -2) {
		out_error(STATUS_USAGE, 0, NULL,
			  "%s '%s' is ambiguous: %s", what, word, list);
		return found;
	}
	near = nearest(word, table, nr, stride);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
	else
		snprintf(hint, sizeof(hint), "known are %s", list);
	out_error(STATUS_USAGE, 0, hint, "unknown %s '%s'", what, word);
	return found;
}

/* Reads digits; the caller handles the rest. */
static bool parse_digits(const char **text, uint64_t *num)
{
	const char *p = *text;
	uint64_t n = 0;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		unsigned int digit = (unsigned int)(*p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*text = p;
	*num = n;
	return true;
}

/**
 * parse_number() - reads a decimal number
 * @text: the number and nothing else
 * @max: largest valid value
 * @num: receives it
 *
 * Return: true if the text is a valid number.
 */
bool parse_number(const char *text, uint64_t max, uint64_t *num)
{
	return parse_digits(&text, num) && !*text && *num <= max;
}

/**
 * parse_size() - reads a number of bytes, with K, M, G or T (KiB, MiB, GiB, TiB)
 * @text: the size and nothing else
 * @max: largest valid value
 * @num: receives the bytes
 *
 * Return: true if the text is a valid size.
 */
bool parse_size(const char *text, uint64_t max, uint64_t *num)
{
	static const char letters[] = "KMGT";
	unsigned int shift = 0;
	const char *letter;

	if (!parse_digits(&text, num))
		return false;
	letter = *text ? strchr(letters, toupper((unsigned char)*text)) : NULL;
	if (letter) {
		shift = 10 * (unsigned int)(letter - letters + 1);
		text++;
		if (text[0] == 'i' && text[1] == 'B')
			text += 2;
	}
	if (*text || *num > max >> shift)
		return false;
	*num <<= shift;
	return true;
}

static const struct {
	const char *name;
	uint64_t ns;
} times[] = {
	{ "ns", 1 },
	{ "us", UINT64_C(1000) },
	{ "ms", UINT64_C(1000000) },
	{ "s", UINT64_C(1000000000) },
	{ "m", UINT64_C(60000000000) },
	{ "min", UINT64_C(60000000000) },
	{ "h", UINT64_C(3600000000000) },
	{ "d", UINT64_C(86400000000000) },
};

/* Reads decimals as a part of @unit; false if the result is not whole. */
static bool parse_fraction(const char **text, uint64_t unit, uint64_t *part)
{
	const char *p = *text;

	*part = 0;
	if (*p != '.')
		return true;
	if (!isdigit((unsigned char)*++p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		unsigned int digit = (unsigned int)(*p - '0');

		if (digit && (!unit || unit % 10))
			return false;
		unit /= 10;
		*part += digit * unit;
	}
	*text = p;
	return true;
}

/**
 * parse_time() - reads a time: 500, 500ms, 1.5s, 2m
 * @text: the time and nothing else
 * @unit: unit of a number without suffix, and of @num, in nanoseconds
 * @max: largest valid value
 * @num: receives the time
 *
 * Return: true if the text is a valid time and a multiple of the unit.
 */
bool parse_time(const char *text, uint64_t unit, uint64_t max, uint64_t *num)
{
	const char *suffix = text + strspn(text, "0123456789.");
	uint64_t ns = *suffix ? 0 : unit, whole, part;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++)
		if (!strcmp(suffix, times[i].name))
			ns = times[i].ns;
	if (!ns || !parse_digits(&text, &whole) ||
	    !parse_fraction(&text, ns, &part) || text != suffix)
		return false;
	if (whole > (UINT64_MAX - part) / ns)
		return false;
	whole = whole * ns + part;
	if (whole % unit || whole / unit > max)
		return false;
	*num = whole / unit;
	return true;
}

/* "on" and "off" have synonyms. */
static bool parse_flag(const char *text, uint64_t *num)
{
	static const char *const words[] = {
		"off", "on", "0", "1", "no", "yes", "false", "true",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]))
			continue;
		*num = i % 2;
		return true;
	}
	return false;
}

static int parse_choice(const struct key *key, const char *text, uint64_t *num)
{
	int i;

	if (parse_number(text, key->nr_choices - 1, num))
		return STATUS_OK;
	/* A key with "off", "on" and further words also takes the synonyms. */
	if (!strcmp(key->choices[0], "off") && parse_flag(text, num))
		return STATUS_OK;
	i = parse_word(key->name, text, key->choices, key->nr_choices,
		       sizeof(*key->choices));
	if (i < 0)
		return STATUS_USAGE;
	*num = (uint64_t)i;
	return STATUS_OK;
}

/* Reads the value of one key. Returns NULL, or the expected form. */
static const char *read_value(const struct key *key, const char *text,
			      uint64_t *num)
{
	switch (key->kind) {
	case KEY_NUMBER:
		return parse_number(text, UINT32_MAX, num) ? NULL :
			"a number up to 4294967295";
	case KEY_WIDE:
		return parse_number(text, UINT64_MAX, num) ? NULL : "a number";
	case KEY_SIZE:
		return parse_size(text, UINT64_MAX, num) ? NULL :
			"a size in bytes or with K, M, G or T, as 64M or 64MiB";
	case KEY_SMALL_SIZE:
		return parse_size(text, UINT32_MAX, num) ? NULL :
			"a size below 4G, in bytes or with K, M or G, as 16K or 16KiB";
	case KEY_US:
		return parse_time(text, 1000, UINT32_MAX, num) ? NULL :
			"a time in whole microseconds below 2^32, as 500, 500us or 1.5ms";
	case KEY_MS:
		return parse_time(text, 1000000, UINT32_MAX, num) ? NULL :
			"a time in whole milliseconds below 2^32, as 500, 500ms, 1.5s or 2m";
	case KEY_SECONDS:
		return parse_time(text, 1000000000, UINT32_MAX, num) ? NULL :
			"a time in whole seconds below 2^32, as 90, 90s or 1.5m";
	case KEY_FLAG:
		return parse_flag(text, num) ? NULL : "on or off";
	case KEY_CHOICE:
	case KEY_TEXT:
		break;
	}
	return NULL;
}

static int parse_value(const struct key *key, const char *text,
		       struct value *value)
{
	const char *form;

	value->text = text;
	value->num = 0;
	if (key->zero && !strcmp(text, key->zero))
		return STATUS_OK;
	if (key->kind == KEY_CHOICE)
		return parse_choice(key, text, &value->num);
	form = read_value(key, text, &value->num);
	if (form)
		return out_error(STATUS_USAGE, 0, NULL,
				 "%s is '%s', but must be %s%s%s", key->name,
				 text, form, key->zero ? ", or " : "",
				 key->zero ? key->zero : "");
	return STATUS_OK;
}

/**
 * parse_keys() - reads a list of KEY VALUE
 * @argc: number of words
 * @argv: the words
 * @keys: the known keys
 * @nr: their number
 * @values: receives their values, one per key
 *
 * Return: %STATUS_OK, or %STATUS_USAGE with the reason printed.
 */
int parse_keys(int argc, char **argv, const struct key *keys, size_t nr,
	       struct value *values)
{
	int i, k, ret;

	for (i = 0; i < argc; i += 2) {
		k = parse_word("key", argv[i], keys, nr, sizeof(*keys));
		if (k < 0)
			return STATUS_USAGE;
		if (i + 1 == argc)
			return out_error(STATUS_USAGE, 0, NULL,
					 "%s needs a value", keys[k].name);
		if (values[k].given)
			return out_error(STATUS_USAGE, 0, NULL,
					 "%s is given twice", keys[k].name);
		ret = parse_value(&keys[k], argv[i + 1], &values[k]);
		if (ret)
			return ret;
		values[k].given = true;
	}
	return STATUS_OK;
}

/**
 * parse_heap_name() - checks the name of a heap
 * @name: the name
 *
 * Return: %STATUS_OK, or %STATUS_USAGE with the reason printed.
 */
int parse_heap_name(const char *name)
{
	const char *c = name;

	if (!*name)
		return out_error(STATUS_USAGE, 0, NULL,
				 "the name of a heap is not empty");
	if (strlen(name) > GCHEAP_NAME_MAX)
		return out_error(STATUS_USAGE, 0, NULL,
				 "'%s' is longer than the %d characters that the name of a heap may have",
				 name, GCHEAP_NAME_MAX);
	/* In the C locale these are ASCII letters and digits only. */
	while (isalnum((unsigned char)*c) || (*c && strchr("-_.", *c)))
		c++;
	if (*name == '.' || *c)
		return out_error(STATUS_USAGE, 0, NULL,
				 "'%s' is no name of a heap: it has letters, digits, '-', '_' and '.', and does not begin with '.'",
				 name);
	return STATUS_OK;
}
