// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl heap snapshot: the objects of a heap, from its file in debugfs. Text is what
 * the kernel says, line by line; JSON is made of those lines.
 */
#include "heap.h"

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
#include "out.h"

#define DEBUGFS	"/sys/kernel/debug"

/* What the lines become; @object is the one whose references follow. */
struct doc {
	struct json_object *all;
	struct json_object *types;
	struct json_object *roots;
	struct json_object *objects;
	struct json_object *object_refs;
	bool whole;
};

static struct json_object *new_list(struct json_object *all, const char *key)
{
	struct json_object *list = json_object_new_array();

	json_object_object_add(all, key, list);
	return list;
}

static void add_number(struct json_object *to, const char *key, uint64_t n)
{
	json_object_object_add(to, key, json_object_new_uint64(n));
}

static bool read_head(struct doc *d, const char *line)
{
	char name[GCHEAP_NAME_MAX + 1];
	uint64_t id;

	/* The name has at most 31 characters. */
	if (sscanf(line, "H %31s %" SCNu64, name, &id) != 2)
		return false;
	json_object_object_add(d->all, "name", json_object_new_string(name));
	add_number(d->all, "id", id);
	d->types = new_list(d->all, "types");
	d->roots = new_list(d->all, "roots");
	d->objects = new_list(d->all, "objects");
	return true;
}

static bool read_type(struct doc *d, const char *line)
{
	struct json_object *type = json_object_new_object();
	uint64_t id, bytes, refs;
	int at = 0;

	json_object_array_add(d->types, type);
	if (sscanf(line, "T %" SCNu64 " %" SCNu64 " %" SCNu64 " %n", &id, &bytes,
		   &refs, &at) != 3 || !at)
		return false;
	add_number(type, "id", id);
	json_object_object_add(type, "name", json_object_new_string(line + at));
	add_number(type, "bytes", bytes);
	add_number(type, "refs", refs);
	return true;
}

static bool read_root(struct doc *d, const char *line)
{
	struct json_object *root = json_object_new_object();
	uint64_t who, i, object;
	char kind[16];

	json_object_array_add(d->roots, root);
	if (sscanf(line, "R %15s %" SCNu64 " %" SCNu64 " %" SCNu64, kind, &who,
		   &i, &object) != 4)
		return false;
	json_object_object_add(root, "kind", json_object_new_string(kind));
	add_number(root, "owner", who);
	add_number(root, "index", i);
	add_number(root, "object", object);
	return true;
}

/* Pairs of a word and an object, each a list of two. */
static bool read_refs(struct doc *d, const char *text)
{
	uint64_t word, target;
	int at;

	for (; *text; text += at) {
		struct json_object *pair = json_object_new_array();

		json_object_array_add(d->object_refs, pair);
		at = 0;
		if (sscanf(text, " %" SCNu64 ":%" SCNu64 "%n", &word, &target,
			   &at) != 2 || !at)
			return false;
		json_object_array_add(pair, json_object_new_uint64(word));
		json_object_array_add(pair, json_object_new_uint64(target));
	}
	return true;
}

static bool read_object(struct doc *d, const char *line)
{
	struct json_object *object = json_object_new_object();
	uint64_t id, bytes;
	char type[16];
	int at = 0;

	json_object_array_add(d->objects, object);
	if (sscanf(line, "O %" SCNu64 " %" SCNu64 " %15s%n", &id, &bytes, type,
		   &at) != 3 || !at)
		return false;
	add_number(object, "id", id);
	add_number(object, "bytes", bytes);
	if (strcmp(type, "-"))
		add_number(object, "type", strtoull(type, NULL, 10));
	d->object_refs = new_list(object, "refs");
	return read_refs(d, line + at);
}

static bool read_line(struct doc *d, const char *line)
{
	if (*line != 'g' && *line != 'H' && !d->types)
		return false;
	switch (*line) {
	case 'g':
		return !strcmp(line, "gcs 1");
	case 'H':
		return !d->types && read_head(d, line);
	case 'T':
		return read_type(d, line);
	case 'R':
		return read_root(d, line);
	case 'O':
		return read_object(d, line);
	case '+':
		return d->object_refs && read_refs(d, line + 1);
	case 'E':
		d->whole = true;
		return true;
	}
	return false;
}

static int take(FILE *file, const char *name)
{
	struct doc d = { .all = out_is_json() ? json_object_new_object() : NULL };
	char *line = NULL;
	size_t room = 0;
	bool good = true;
	ssize_t len;

	while (good && (len = getline(&line, &room, file)) > 0) {
		if (!out_is_json()) {
			d.whole = *line == 'E';
			good = fwrite(line, len, 1, stdout) == 1;
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		good = read_line(&d, line);
	}
	free(line);
	if (ferror(stdout)) {
		/* out_finish() says so. */
		return STATUS_OK;
	}
	if (!good || !d.whole) {
		json_object_put(d.all);
		return out_error(STATUS_REFUSED, ferror(file) ? errno : 0, NULL,
				 "the snapshot of heap %s is not whole", name);
	}
	if (d.all)
		out_document(d.all);
	return STATUS_OK;
}

static int open_error(const char *name, uint64_t engine, int err)
{
	if (engine != GCHEAP_ENGINE_GO)
		return out_error(STATUS_REFUSED, EOPNOTSUPP, NULL,
				 "heap %s has no snapshots: its engine is %s",
				 name, heap_engine_name(engine));
	switch (err) {
	case ENOENT:
		return out_error(STATUS_REFUSED, err,
				 "mount -t debugfs none " DEBUGFS,
				 "there is no file with snapshots of heap %s",
				 name);
	case ENOMEM:
		return out_error(STATUS_REFUSED, err, NULL,
				 "a snapshot of heap %s needs more memory than there is for it",
				 name);
	}
	return out_error(STATUS_REFUSED, err, NULL,
			 "no snapshot of heap %s: %s", name, strerror(err));
}

/**
 * heap_snapshot() - gcctl heap snapshot
 * @argc: words after it
 * @argv: they
 *
 * Return: an exit status.
 */
int heap_snapshot(int argc, char **argv)
{
	char path[sizeof(DEBUGFS "/gcheap//snapshot") + GCHEAP_NAME_MAX];
	struct gnl_facts facts;
	int err, status;
	FILE *file;

	if (argc != 1)
		return out_error(STATUS_USAGE, 0, "gcctl heap snapshot NAME",
				 "heap snapshot takes one name");
	if (parse_heap_name(argv[0]))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	/* Says what is wrong with the name, too. */
	err = heap_get(argv[0], &facts);
	if (err)
		return gnl_fail(err);
	snprintf(path, sizeof(path), DEBUGFS "/gcheap/%s/snapshot", argv[0]);
	file = fopen(path, "re");
	if (!file)
		return open_error(argv[0], facts.num[GCHEAP_A_HEAP_ENGINE],
				  errno);
	status = take(file, argv[0]);
	fclose(file);
	return status;
}
