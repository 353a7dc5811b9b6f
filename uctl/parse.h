/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Words of the command line: names that may be abbreviated, numbers with suffixes,
 * and lists of KEY VALUE.
 */
#ifndef GCCTL_PARSE_H
#define GCCTL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_kind {
	KEY_NUMBER,	/* 32 bits */
	KEY_WIDE,	/* 64 bits */
	KEY_SIZE,	/* bytes, 64 bits, with K, M, G or T */
	KEY_SMALL_SIZE,	/* bytes, 32 bits, with K, M or G */
	KEY_US,		/* a time, 32 bits, in microseconds */
	KEY_MS,		/* in milliseconds */
	KEY_SECONDS,	/* in seconds */
	KEY_FLAG,	/* on or off */
	KEY_CHOICE,	/* one of several words, or its index, which is the number */
	KEY_TEXT,
};

/**
 * struct key - a word that takes a value
 * @name: the word; first, for parse_word()
 * @kind: form of the value
 * @attr: netlink attribute that carries it, or 0
 * @zero: word for 0, or NULL
 * @choices: the words of %KEY_CHOICE
 * @nr_choices: their number
 */
struct key {
	const char *name;
	enum key_kind kind;
	int attr;
	const char *zero;
	const char *const *choices;
	size_t nr_choices;
};

/**
 * struct value - the value of a key
 * @given: the key was given
 * @num: the number, for all kinds but %KEY_TEXT
 * @text: the word as written
 */
struct value {
	bool given;
	uint64_t num;
	const char *text;
};

int parse_word(const char *what, const char *word, const void *table,
	       size_t nr, size_t stride);
int parse_match(const char *word, const void *table, size_t nr, size_t stride);
bool parse_number(const char *text, uint64_t max, uint64_t *num);
bool parse_size(const char *text, uint64_t max, uint64_t *num);
bool parse_time(const char *text, uint64_t unit, uint64_t max, uint64_t *num);
int parse_keys(int argc, char **argv, const struct key *keys, size_t nr,
	       struct value *values);
int parse_heap_name(const char *name);

#endif /* GCCTL_PARSE_H */
