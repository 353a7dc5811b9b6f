// SPDX-License-Identifier: GPL-2.0
/* Formats values as text: three significant digits and a unit. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gcctl.h"
#include "out.h"

/* Number of decimals for three significant digits. */
static int decimals(double v)
{
	/* A value that rounds up to a power of ten has one more integer digit. */
	return v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
}

/* Three significant digits. */
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

	/* A value that would round to 1024 of a unit takes the next unit. */
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

	/* A value that would round to 1000 of a unit takes the next unit. */
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

/* An integer from 100 on, otherwise three significant digits. */
static void format_rate(char *buf, size_t size, double v)
{
	int digits = decimals(v);
	double least;

	if (v >= 99.95) {
		/* Larger rates are impossible; @v is a double for the small ones. */
		format_count(buf, size, v < 1e18 ? (uint64_t)(v + 0.5) :
						   UINT64_MAX);
		return;
	}
	/* Leading zeros are not significant. */
	for (least = 0.995; v < least && digits < 9; least /= 10)
		digits++;
	if (v == (double)(uint64_t)v)
		digits = 0;
	snprintf(buf, size, "%.*f", digits, v);
}

/**
 * out_format() - formats a value as text
 * @buf: buffer for the text
 * @size: size of @buf
 * @v: the value
 *
 * Return: the text, which may be in @buf.
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
