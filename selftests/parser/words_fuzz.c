// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of gcctl under a fuzzer: the words of an input, cut at its
 * newlines, are read as sizes, numbers, times, names and lists of KEY VALUE. What is
 * read as a number is computed here a second time, in another way.
 */
#include "fuzz.h"

#include <linux/gcheap.h>

#include "gcctl.h"
#include "out.h"
#include "parse.h"

#define WORDS_MAX	40

static unsigned int errors;

/* Stands in for that of out.c: the message must fit into what is printed. */
int out_error(int status, int errnum, const char *hint, const char *fmt, ...)
{
	char msg[1024];
	va_list ap;

	(void)errnum;
	va_start(ap, fmt);
	MUST(vsnprintf(msg, sizeof(msg), fmt, ap) > 0);
	va_end(ap);
	MUST(!hint || *hint);
	errors++;
	return status;
}

static const char * const engines[] = { "go", "python", "slab" };

static const char * const modes[] = {
	"generational", "incremental", "concurrent", "gil", "gilded", "",
};

static const struct key keys[] = {
	{ "limit", KEY_SIZE, 1, "none", NULL, 0 },
	{ "arena-order", KEY_NUMBER, 2, NULL, NULL, 0 },
	{ "small-max", KEY_SMALL_SIZE, 3, NULL, NULL, 0 },
	{ "small", KEY_WIDE, 4, NULL, NULL, 0 },
	{ "verify", KEY_FLAG, 5, NULL, NULL, 0 },
	{ "engine", KEY_CHOICE, 6, NULL, engines, ARRAY_SIZE(engines) },
	{ "mode", KEY_CHOICE, 7, "off", modes, ARRAY_SIZE(modes) },
	{ "name", KEY_TEXT, 8, NULL, NULL, 0 },
	{ "gogc", KEY_NUMBER, 9, "off", NULL, 0 },
	{ "assist-us", KEY_US, 10, "off", NULL, 0 },
	{ "period-ms", KEY_MS, 11, "off", NULL, 0 },
	{ "seconds", KEY_SECONDS, 12, NULL, NULL, 0 },
};

/* A size by long arithmetic: 128 bits are enough for what may be right. */
static bool size_of(const char *text, uint64_t max, uint64_t *num)
{
	static const char letters[] = "KMGT";
	__uint128_t n = 0;
	const char *at;
	size_t digits = strspn(text, "0123456789");
	size_t zeros = strspn(text, "0"), i;

	if (!digits || digits - (zeros < digits ? zeros : digits) > 20)
		return false;
	for (i = 0; i < digits; i++)
		n = n * 10 + (unsigned int)(text[i] - '0');
	text += digits;
	if (*text) {
		at = strchr(letters, *text & ~0x20);
		if (!at || !*at || (*text & 0x80))
			return false;
		n <<= 10 * (unsigned int)(at - letters + 1);
		text++;
		if (!strcmp(text, "iB"))
			text += 2;
	}
	if (*text || n > max)
		return false;
	*num = (uint64_t)n;
	return true;
}

static const struct {
	const char *name;
	uint64_t ns;
	size_t digits;	/* that it may have behind the point */
} suffixes[] = {
	{ "ns", 1, 0 }, { "us", 1000, 3 }, { "ms", 1000000, 6 },
	{ "s", 1000000000, 9 }, { "m", 60000000000, 10 },
	{ "min", 60000000000, 10 }, { "h", 3600000000000, 11 },
	{ "d", 86400000000000, 11 },
};

/* All digits are one number, which is then divided by a power of ten. */
static bool time_of(const char *text, uint64_t unit, uint64_t max, uint64_t *num)
{
	const char *end = text + strspn(text, "0123456789.");
	__uint128_t n = 0, ns = 0, whole;
	size_t behind = 0, left = 0, i;
	bool point = false;
	const char *p;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (*end ? strcmp(end, suffixes[i].name) :
			   suffixes[i].ns != unit)
			continue;
		ns = suffixes[i].ns;
		left = suffixes[i].digits;
	}
	if (!ns || text == end || *text == '.' || end[-1] == '.')
		return false;
	for (p = text; p < end; p++) {
		if (*p == '.') {
			if (point)
				return false;
			point = true;
			continue;
		}
		if (point && behind == left && *p != '0')
			return false;
		if (point && behind == left)
			continue;
		behind += point;
		n = n * 10 + (unsigned int)(*p - '0');
		/* So that the next digit does not overflow. */
		if (n > ~(__uint128_t)0 / 16)
			return false;
		whole = n;
		for (i = 0; i < behind; i++)
			whole /= 10;
		if (whole * ns > UINT64_MAX)
			return false;
	}
	for (i = 0; i < behind; i++) {
		if (n % 10 && ns % 10)
			return false;
		if (ns % 10)
			n /= 10;
		else
			ns /= 10;
	}
	if (n * ns > UINT64_MAX || n * ns % unit || n * ns / unit > max)
		return false;
	*num = (uint64_t)(n * ns / unit);
	return true;
}

static void check_time(const char *word, uint64_t unit)
{
	uint64_t got = 0, want = 0;
	bool good = parse_time(word, unit, UINT32_MAX, &got);

	MUST(good == time_of(word, unit, UINT32_MAX, &want));
	MUST(!good || got == want);
}

static void check_number(const char *word, uint64_t max)
{
	uint64_t got = 0, want = 0;
	bool good = parse_size(word, max, &got);

	MUST(good == size_of(word, max, &want));
	MUST(!good || got == want);
	good = parse_number(word, max, &got);
	MUST(good == (size_of(word, max, &want) &&
		      !word[strspn(word, "0123456789")]));
	MUST(!good || got == want);
}

static void check_word(const char *word)
{
	unsigned int before = errors;
	int found = parse_match(word, keys, ARRAY_SIZE(keys), sizeof(*keys));

	MUST(found >= -2 && found < (int)ARRAY_SIZE(keys));
	if (found >= 0)
		MUST(!strncmp(word, keys[found].name, strlen(word)));
	MUST(parse_word("key", word, keys, ARRAY_SIZE(keys), sizeof(*keys)) ==
	     found);
	MUST((errors != before) == (found < 0));
	parse_word("engine", word, engines, ARRAY_SIZE(engines),
		   sizeof(*engines));
	parse_word("mode", word, modes, ARRAY_SIZE(modes), sizeof(*modes));
	before = errors;
	MUST((parse_heap_name(word) == STATUS_OK) == (errors == before));
}

static void check_keys(int argc, char **argv)
{
	struct value values[ARRAY_SIZE(keys)] = { 0 };
	unsigned int before = errors, given = 0;
	size_t i;
	int ret;

	ret = parse_keys(argc, argv, keys, ARRAY_SIZE(keys), values);
	MUST((ret == STATUS_OK) == (errors == before));
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		given += values[i].given;
		if (values[i].given && (keys[i].kind == KEY_NUMBER ||
					keys[i].kind == KEY_US ||
					keys[i].kind == KEY_MS ||
					keys[i].kind == KEY_SECONDS ||
					keys[i].kind == KEY_SMALL_SIZE))
			MUST(values[i].num <= UINT32_MAX);
	}
	MUST(ret != STATUS_OK || 2 * given == (unsigned int)argc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t limits[] = { 0, 1, 1023, UINT32_MAX,
					   UINT64_MAX - 1, UINT64_MAX };
	char *copy = malloc(size + 1), *word, *words[WORDS_MAX];
	int nr = 0;
	size_t i;

	MUST(copy);
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (word = copy; word && nr < WORDS_MAX; nr++)
		words[nr] = strsep(&word, "\n");
	for (i = 0; i < (size_t)nr; i++) {
		size_t k;

		for (k = 0; k < ARRAY_SIZE(limits); k++)
			check_number(words[i], limits[k]);
		check_time(words[i], 1000);
		check_time(words[i], 1000000);
		check_time(words[i], 1000000000);
		check_word(words[i]);
	}
	check_keys(nr, words);
	free(copy);
	return 0;
}
