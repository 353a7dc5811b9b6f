// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl heap snapshot: the objects of a heap, from its file in debugfs. Text is the
 * kernel's, line by line; JSON is converted from those lines. There may be more of
 * them than memory, so each is printed as soon as it is read.
 */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "heap.h"
#include "out.h"
#include "text.h"

#define DEBUGFS	"/sys/kernel/debug"
#define PATH_BYTES	(sizeof(DEBUGFS "/gcheap//snapshot") + GCHEAP_NAME_MAX)

/*
 * JSON has types, roots, objects and totals in this order; the file mixes roots with
 * objects. So the file is read twice, and nothing is kept: the first pass skips the
 * objects, the second everything else.
 */
enum pass {
	PASS_ROOTS,
	PASS_OBJECTS,
};

/**
 * struct stream - state of the conversion to JSON
 * @pass: the current pass
 * @head: the line with the name has been read
 * @list: the open list, or NULL
 * @filled: the list has an item
 * @object: references of an object may follow
 * @refs: the object has references
 * @whole: the last line has been read
 */
struct stream {
	enum pass pass;
	bool head;
	const char *list;
	bool filled;
	bool object;
	bool refs;
	bool whole;
};

static void close_list(struct stream *s)
{
	if (s->list)
		fputs(out_is_pretty() && s->filled ? "\n  ]" : "]", stdout);
	s->list = NULL;
}

static void open_list(struct stream *s, const char *name)
{
	if (s->list && !strcmp(s->list, name))
		return;
	close_list(s);
	printf(out_is_pretty() ? ",\n  \"%s\": [" : ",\"%s\":[", name);
	s->list = name;
	s->filled = false;
}

/* Begins the next item of the list. */
static void next_item(struct stream *s)
{
	if (s->filled)
		putchar(',');
	s->filled = true;
	if (out_is_pretty())
		fputs("\n    ", stdout);
}

static void put_text(const char *text)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *o = out_json_text(text);

	text_put_json(stdout, json_object_to_json_string_ext(o, flags));
	json_object_put(o);
}

static bool read_head(struct stream *s, const char *line)
{
	char name[GCHEAP_NAME_MAX + 1];
	uint64_t id;

	/* The name has at most 31 characters. */
	if (s->head || sscanf(line, "H %31s %" SCNu64, name, &id) != 2)
		return false;
	s->head = true;
	if (s->pass != PASS_ROOTS)
		return true;
	printf(out_is_pretty() ? "{\n  \"output_version\": %d,\n  \"name\": " :
				 "{\"output_version\":%d,\"name\":", OUT_VERSION);
	put_text(name);
	printf(out_is_pretty() ? ",\n  \"id\": %" PRIu64 :
				 ",\"id\":%" PRIu64, id);
	open_list(s, "types");
	return true;
}

static bool read_type(struct stream *s, const char *line)
{
	uint64_t id, bytes, refs;
	int at = 0;

	if (sscanf(line, "T %" SCNu64 " %" SCNu64 " %" SCNu64 " %n", &id, &bytes,
		   &refs, &at) != 3 || !at)
		return false;
	if (s->pass != PASS_ROOTS)
		return true;
	/* Types precede everything else. */
	if (!s->list || strcmp(s->list, "types"))
		return false;
	next_item(s);
	printf("{\"id\":%" PRIu64 ",\"name\":", id);
	put_text(line + at);
	printf(",\"bytes\":%" PRIu64 ",\"refs\":%" PRIu64 "}", bytes, refs);
	return true;
}

static bool read_root(struct stream *s, const char *line)
{
	uint64_t who, i, object;
	char kind[16];

	if (sscanf(line, "R %15s %" SCNu64 " %" SCNu64 " %" SCNu64, kind, &who,
		   &i, &object) != 4)
		return false;
	s->object = false;
	if (s->pass != PASS_ROOTS)
		return true;
	open_list(s, "roots");
	next_item(s);
	fputs("{\"kind\":", stdout);
	put_text(kind);
	printf(",\"owner\":%" PRIu64 ",\"index\":%" PRIu64 ",\"object\":%" PRIu64 "}",
	       who, i, object);
	return true;
}

/* Pairs of a word and an object, each a list of two. */
static bool read_refs(struct stream *s, const char *text)
{
	uint64_t word, target;
	int at;

	for (; *text; text += at) {
		at = 0;
		if (sscanf(text, " %" SCNu64 ":%" SCNu64 "%n", &word, &target,
			   &at) != 2 || !at)
			return false;
		if (s->pass == PASS_OBJECTS)
			printf("%s[%" PRIu64 ",%" PRIu64 "]",
			       s->refs ? "," : "", word, target);
		s->refs = true;
	}
	return true;
}

/* Further lines may continue the references of an object. */
static void end_object(struct stream *s)
{
	if (s->object && s->pass == PASS_OBJECTS)
		fputs("]}", stdout);
	s->object = false;
}

static bool read_object(struct stream *s, const char *line)
{
	uint64_t id, bytes;
	char type[16];
	int at = 0;

	if (sscanf(line, "O %" SCNu64 " %" SCNu64 " %15s%n", &id, &bytes, type,
		   &at) != 3 || !at)
		return false;
	s->object = true;
	s->refs = false;
	if (s->pass == PASS_OBJECTS) {
		next_item(s);
		printf("{\"id\":%" PRIu64 ",\"bytes\":%" PRIu64, id, bytes);
		if (strcmp(type, "-"))
			printf(",\"type\":%" PRIu64,
			       (uint64_t)strtoull(type, NULL, 10));
		else
			fputs(",\"type\":null", stdout);
		fputs(",\"refs\":[", stdout);
	}
	return read_refs(s, line + at);
}

static bool read_end(struct stream *s, const char *line)
{
	uint64_t objects, bytes, refs, roots;

	if (sscanf(line, "E %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &objects, &bytes, &refs, &roots) != 4)
		return false;
	s->whole = true;
	if (s->pass != PASS_OBJECTS)
		return true;
	close_list(s);
	fputs(out_is_pretty() ? ",\n  \"totals\": " : ",\"totals\":", stdout);
	printf("{\"objects\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"refs\":%" PRIu64
	       ",\"roots\":%" PRIu64 "}", objects, bytes, refs, roots);
	return true;
}

static bool read_line(struct stream *s, const char *line)
{
	if (*line != 'g' && *line != 'H' && !s->head)
		return false;
	if (*line != '+')
		end_object(s);
	switch (*line) {
	case 'g':
		return !strcmp(line, "gcs 1");
	case 'H':
		return read_head(s, line);
	case 'T':
		return read_type(s, line);
	case 'R':
		return read_root(s, line);
	case 'O':
		return read_object(s, line);
	case '+':
		return s->object && read_refs(s, line + 1);
	case 'E':
		return read_end(s, line);
	}
	return false;
}

/* Text is the kernel's, cleaned for a terminal. */
static bool put_line(struct stream *s, const char *line)
{
	char *clean = text_clean(line);

	s->whole = *line == 'E';
	puts(clean);
	free(clean);
	return true;
}

static bool read_pass(struct stream *s, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	bool good = true;

	while (good && !ferror(stdout) && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		good = out_is_json() ? read_line(s, line) : put_line(s, line);
	}
	free(line);
	return good && s->whole && !ferror(file);
}

static bool read_all(FILE *file)
{
	struct stream s = { .pass = PASS_ROOTS };

	if (!read_pass(&s, file))
		return false;
	if (!out_is_json())
		return true;
	open_list(&s, "roots");
	open_list(&s, "objects");
	s = (struct stream){ .pass = PASS_OBJECTS, .list = s.list };
	rewind(file);
	if (!read_pass(&s, file))
		return false;
	puts(out_is_pretty() ? "\n}" : "}");
	return true;
}

static int take(FILE *file, const char *name)
{
	bool whole;

	out_direct();
	errno = 0;
	whole = read_all(file);
	/* out_finish() reports the error. */
	if (ferror(stdout))
		return STATUS_OK;
	if (whole)
		return STATUS_OK;
	/* The document is incomplete, so a JSON parser reports an error. */
	if (out_is_json())
		putchar('\n');
	return out_error(STATUS_REFUSED, ferror(file) ? errno : 0, NULL,
			 "the snapshot of heap %s is incomplete", name);
}

/* Engines without snapshots have no such file, but others beside. */
static bool lacks_snapshots(const char *path)
{
	char other[PATH_BYTES];

	snprintf(other, sizeof(other), "%.*s/stats",
		 (int)(strrchr(path, '/') - path), path);
	return access(path, F_OK) && !access(other, F_OK);
}

static int open_error(const struct gnl_facts *heap, const char *path, int err)
{
	const char *name = heap->name;

	if (err == ENOENT && lacks_snapshots(path))
		return out_error(STATUS_REFUSED, EOPNOTSUPP, NULL,
				 "heap %s does not support snapshots: its engine is %s",
				 name, heap->engine);
	switch (err) {
	case ENOENT:
		return out_error(STATUS_REFUSED, err,
				 "mount -t debugfs none " DEBUGFS,
				 "no snapshot file of heap %s in debugfs",
				 name);
	case ENOMEM:
		return out_error(STATUS_REFUSED, err, NULL,
				 "not enough memory for a snapshot of heap %s",
				 name);
	}
	return out_error(STATUS_REFUSED, err, NULL,
			 "cannot take a snapshot of heap %s: %s", name, strerror(err));
}

/**
 * heap_snapshot() - gcctl heap snapshot
 * @argc: number of words
 * @argv: the words after "heap snapshot"
 *
 * Return: an exit status.
 */
int heap_snapshot(int argc, char **argv)
{
	char path[PATH_BYTES];
	struct gnl_facts facts;
	int err, status;
	FILE *file;

	if (argc != 1)
		return out_error(STATUS_USAGE, 0, "gcctl heap snapshot NAME",
				 "heap snapshot takes one heap name");
	if (parse_heap_name(argv[0]))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	/* This also reports a bad name. */
	err = heap_get(argv[0], &facts);
	if (err)
		return gnl_fail(err);
	snprintf(path, sizeof(path), DEBUGFS "/gcheap/%s/snapshot", argv[0]);
	file = fopen(path, "re");
	if (!file)
		return open_error(&facts, path, errno);
	status = take(file, argv[0]);
	fclose(file);
	return status;
}
