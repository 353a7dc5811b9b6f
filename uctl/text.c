// SPDX-License-Identifier: GPL-2.0
/*
 * Text from outside. File names, type names, notes and words of the command line may
 * contain any bytes: a terminal would act on some of them, and JSON must be UTF-8.
 * Other bytes become \xNN.
 */
#include "text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the longest character, and of an escape. */
#define CHAR_MAX_BYTES	4
#define ESCAPE_BYTES	4

/* Number of continuation bytes; -1 if @first does not begin a character. */
static int followers(unsigned char first)
{
	if (first < 0x80)
		return 0;
	if (first < 0xc2)
		return -1;
	return first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
}

/* Reads a character. Returns its length in bytes, 0 if it is not UTF-8. */
static size_t read_char(const char *text, unsigned int *c)
{
	static const unsigned int least[CHAR_MAX_BYTES] = { 0, 0x80, 0x800,
							    0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	int i, nr = followers(*p);

	if (nr < 0)
		return 0;
	*c = nr ? *p & (0x3f >> nr) : *p;
	for (i = 1; i <= nr; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	if (*c < least[nr] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return (size_t)nr + 1;
}

/* Terminals act on C0 and C1 controls, also if these are encoded as UTF-8. */
static bool is_control(unsigned int c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static char *rewrite(const char *text, bool keep_controls)
{
	char *new = malloc(strlen(text) * ESCAPE_BYTES + 1), *out = new;
	unsigned int c;
	size_t len;

	if (!new)
		abort();
	for (; *text; text += len) {
		len = read_char(text, &c);
		if (len && (keep_controls || !is_control(c))) {
			memcpy(out, text, len);
			out += len;
			continue;
		}
		/* Each byte separately, so that the original can be recovered. */
		out += sprintf(out, "\\x%02x", (unsigned char)*text);
		if (len < 2)
			len = 1;
		else
			out += sprintf(out, "\\x%02x", (unsigned char)text[1]);
	}
	*out = '\0';
	return new;
}

/**
 * text_clean() - makes a text safe for a terminal
 * @text: any bytes
 *
 * Return: printable UTF-8, for free().
 */
char *text_clean(const char *text)
{
	return rewrite(text, false);
}

/**
 * text_utf8() - makes a text valid for JSON
 * @text: any bytes
 *
 * Control characters stay, because JSON can escape them.
 *
 * Return: UTF-8, for free().
 */
char *text_utf8(const char *text)
{
	return rewrite(text, true);
}

/**
 * text_copy() - text_clean() into a buffer
 * @buf: receives the characters that fit
 * @size: size of @buf
 * @text: any bytes
 */
void text_copy(char *buf, size_t size, const char *text)
{
	char *clean = text_clean(text);
	size_t len = 0, more;
	unsigned int c;

	while (clean[len]) {
		more = read_char(clean + len, &c);
		if (len + more >= size)
			break;
		len += more;
	}
	memcpy(buf, clean, len);
	buf[len] = '\0';
	free(clean);
}

/**
 * text_put_json() - writes JSON that is safe for a terminal
 * @to: the file to write to
 * @json: UTF-8 with C0 controls already escaped
 */
void text_put_json(FILE *to, const char *json)
{
	const char *from = json;
	unsigned int c;
	size_t len;

	for (; *json; json += len) {
		len = read_char(json, &c);
		if (!len) {
			len = 1;
		} else if (c >= 0x7f && is_control(c)) {
			fwrite(from, 1, (size_t)(json - from), to);
			fprintf(to, "\\u%04x", c);
			from = json + len;
		}
	}
	fwrite(from, 1, (size_t)(json - from), to);
}
