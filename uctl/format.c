// SPDX-License-Identifier: GPL-2.0
/*
 * Values as text for people: three digits that mean something, and a unit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gcctl.h"
#include "out.h"

/* How many decimals make three digits. */
static int decimals(double v)
{
	/* What rounds up to the next power has a digit more before them. */
	return v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
}

/* Three digits that mean something. */
static void format_scaled(char *buf, size_t size, double v, const char *unit)
{
	int digits = v == (double)(uint64_t)v ? 0 : decimals(v);

	snprintf(buf, size, "%.*f %s", digits, v, unit);
}

static void format_bytes(char *buf, size_t size, uint64_t n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB",
					     "PiB", "EiB" };
	double v = (double)n;
	unsigned int i = 0;

	/* What would be rounded to 1024 of a unit is one of the next. */
	while (v >= (i ? 1023.5 : 1024) && i < ARRAY_SIZE(units) - 1) {
		v /= 1024;
		i++;
	}
	format_scaled(buf, size, v, units[i]);
}

static void format_ns(char *buf, size_t size, double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	unsigned int i = 0;

	/* What would be rounded to 1000 of a unit is one of the next. */
	while (ns >= 999.5 && i < ARRAY_SIZE(units) - 1) {
		ns /= 1000;
		i++;
	}
	format_scaled(buf, size, ns, units[i]);
}

/* 1234567 as 1,234,567 */
static void format_count(char *buf, size_t size, uint64_t n)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	size_t i, o = 0;

	for (i = 0; i < len && o + 2 < size; i++) {
		if (i && (len - i) % 3 == 0)
			buf[o++] = ',';
		buf[o++] = digits[i];
	}
	buf[o] = '\0';
}

/* A count from 100 on; three digits of what is less. */
static void format_rate(char *buf, size_t size, double v)
{
	int digits = decimals(v);
	double least;

	if (v >= 99.95) {
		/* No clock is so fast; it is a double for the sake of the small. */
		format_count(buf, size, v < 1e18 ? (uint64_t)(v + 0.5) :
						   UINT64_MAX);
		return;
	}
	/* Zeros before the first of them do not count. */
	for (least = 0.995; v < least && digits < 9; least /= 10)
		digits++;
	if (v == (double)(uint64_t)v)
		digits = 0;
	snprintf(buf, size, "%.*f", digits, v);
}

/**
 * out_format() - a value as text for people
 * @buf: room for it
 * @size: of @buf
 * @v: the value
 *
 * Return: the text, in @buf or elsewhere.
 */
const char *out_format(char *buf, size_t size, const struct out_value *v)
{
	size_t len;

	buf[0] = '\0';
	if (v->kind != OUT_TEXT && v->text && !v->num)
		return v->text;
	switch (v->kind) {
	case OUT_NONE:
		return "-";
	case OUT_TEXT:
		return v->text;
	case OUT_FLAG:
		return v->num ? "on" : "off";
	case OUT_COUNT:
		format_count(buf, size, v->num);
		break;
	case OUT_PLAIN:
		snprintf(buf, size, "%" PRIu64, v->num);
		break;
	case OUT_BYTES:
		format_bytes(buf, size, v->num);
		break;
	case OUT_NS:
		format_ns(buf, size, (double)v->num);
		break;
	case OUT_PS:
		format_ns(buf, size, (double)v->num / 1e3);
		break;
	case OUT_RATE:
		format_rate(buf, size, v->real);
		len = strlen(buf);
		snprintf(buf + len, size - len, "/s");
		break;
	case OUT_PERCENT:
		snprintf(buf, size, "%.2f %%", v->real);
		break;
	case OUT_RATIO:
		snprintf(buf, size, "%.2f", v->real);
		break;
	}
	return buf;
}
