// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a recorded trace, text or gzip, line by line, checks that each record is
 * consistent with those before it, and encodes it for the kernel. It keeps one line,
 * the types, and the objects without a death record: memory grows with the live
 * objects of the recorded program, not with the length of the trace.
 *
 * It does not check whether an object with a death record could have died; the replay
 * does.
 */
#include "trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/gcheap_load.h>

#include "input.h"

#define LINE_MAX_BYTES	65536
#define FIELDS_MAX	6
#define OBJECT_LAST	(UINT32_MAX - 1)
#define TYPES_MAX	4096
#define TYPE_NAME_MAX	255
/* Layout of an object: a header, slots, and other data. */
#define HEADER_BYTES	16
#define SLOT_BYTES	8
#define SIZE_LAST	(4 * 1024 * 1024 - 4096)
#define GENERATION_LAST	2
/* Smallest size of the table of objects; a power of two. */
#define TABLE_MIN	1024

/**
 * struct object - an object without a death record
 * @id: its number; 0 marks a free entry
 * @slots: reference slots
 * @held: the program holds it
 */
struct object {
	uint32_t id;
	uint32_t slots : 31;
	uint32_t held : 1;
};

/* Open addressing with linear probing, never more than three quarters full. */
struct table {
	struct object *entries;
	size_t size;
	size_t used;
};

struct trace {
	struct input *input;
	const char *name;
	struct trace_counts counts;
	uint64_t encoded_line;	/* line of the record encoded last */

	struct table objects;
	uint32_t last_object;
	bool collected;		/* only deaths since the last C */

	/* Bit per type: may its objects hold references? */
	uint8_t has_refs[TYPES_MAX / 8];
	uint32_t nr_types;

	/* The current line, and data read beyond it. */
	char buf[LINE_MAX_BYTES + 1];
	size_t begin, end;

	char error[512];
};

/* The current record. */
struct record {
	struct trace *t;
	char *field[FIELDS_MAX];
	unsigned int nr;
	uint8_t *out;
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static void set_error(struct trace *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->counts.lines)
		n = snprintf(t->error, sizeof(t->error), "%s:%llu: ", t->name,
			     (unsigned long long)t->counts.lines);
	else
		n = snprintf(t->error, sizeof(t->error), "%s: ", t->name);
	if (n < 0 || (size_t)n >= sizeof(t->error))
		n = 0;
	va_start(ap, fmt);
	vsnprintf(t->error + n, sizeof(t->error) - (size_t)n, fmt, ap);
	va_end(ap);
}

/* Yields false, visibly for the compiler. */
#define bad(t, ...)	(set_error(t, __VA_ARGS__), false)

/* ---- objects ---- */

static size_t hash(uint32_t id)
{
	uint64_t h = id * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 32);
}

static struct object *lookup(const struct table *tab, uint32_t id)
{
	size_t i = hash(id) & (tab->size - 1);

	while (tab->entries[i].id && tab->entries[i].id != id)
		i = (i + 1) & (tab->size - 1);
	return &tab->entries[i];
}

static bool resize(struct table *tab, size_t size)
{
	struct table new = { .size = size, .used = tab->used };
	size_t i;

	new.entries = calloc(size, sizeof(*new.entries));
	if (!new.entries)
		return false;
	for (i = 0; i < tab->size; i++)
		if (tab->entries[i].id)
			*lookup(&new, tab->entries[i].id) = tab->entries[i];
	free(tab->entries);
	*tab = new;
	return true;
}

static bool insert(struct table *tab, struct object obj)
{
	if (tab->used >= tab->size / 4 * 3 && !resize(tab, tab->size * 2))
		return false;
	*lookup(tab, obj.id) = obj;
	tab->used++;
	return true;
}

/* Closes the gap, because a search ends at a free entry. */
static void erase(struct table *tab, const struct object *obj)
{
	size_t mask = tab->size - 1;
	size_t hole = (size_t)(obj - tab->entries), i = hole;

	for (;;) {
		size_t home;

		i = (i + 1) & mask;
		if (!tab->entries[i].id)
			break;
		home = hash(tab->entries[i].id) & mask;
		/* If its home is cyclically in (hole, i], it stays. */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		tab->entries[hole] = tab->entries[i];
		hole = i;
	}
	tab->entries[hole].id = 0;
	tab->used--;
	/* A failure to shrink without memory is no error. */
	if (tab->size > TABLE_MIN && tab->used < tab->size / 8)
		resize(tab, tab->size / 2);
}

/* ---- encoding ---- */

static void put_number(struct record *r, uint64_t n)
{
	do {
		uint8_t byte = n & 0x7f;

		n >>= 7;
		r->out[r->len++] = n ? byte | 0x80 : byte;
	} while (n);
}

static void put_head(struct record *r, enum gcheap_load_rec rec)
{
	struct trace *t = r->t;

	r->out[r->len++] = (uint8_t)rec;
	put_number(r, t->counts.lines - t->encoded_line);
	t->encoded_line = t->counts.lines;
	t->counts.records++;
}

/* ---- fields ---- */

/* Reads field @i, a decimal number of at most @max. */
static bool read_number(struct record *r, unsigned int i, const char *what,
			uint64_t max, uint64_t *num)
{
	const char *p = r->field[i];
	uint64_t n = 0;

	do {
		unsigned int digit = (unsigned int)(*p - '0');

		if (digit > 9)
			return bad(r->t, "%s is not a number: '%.40s'",
				   what, r->field[i]);
		if (n > (UINT64_MAX - digit) / 10)
			n = UINT64_MAX;
		else
			n = n * 10 + digit;
	} while (*++p);
	if (n > max)
		return bad(r->t, "%s is %.40s, but must be at most %llu",
			   what, r->field[i], (unsigned long long)max);
	*num = n;
	return true;
}

/* Reads field @i, the number of an object without a death record. */
static bool known_object(struct record *r, unsigned int i, const char *action,
			 struct object **obj)
{
	uint64_t id;

	if (!read_number(r, i, "the object", OBJECT_LAST, &id))
		return false;
	*obj = id ? lookup(&r->t->objects, (uint32_t)id) : NULL;
	if (!id || !(*obj)->id)
		return bad(r->t, "%s unknown object %llu", action,
			   (unsigned long long)id);
	return true;
}

/* ---- records ---- */

static bool read_type(struct record *r)
{
	struct trace *t = r->t;
	const char *name = r->field[2];
	size_t len = strlen(name);
	uint64_t type, gc;

	if (!read_number(r, 1, "the type", TYPES_MAX - 1, &type) ||
	    !read_number(r, 3, "gc", 1, &gc))
		return false;
	if (type != t->nr_types)
		return bad(t, "type %llu is out of order: expected %u",
			   (unsigned long long)type, t->nr_types);
	if (len > TYPE_NAME_MAX)
		return bad(t, "the name of type %llu has %zu bytes, but must have at most %d",
			   (unsigned long long)type, len, TYPE_NAME_MAX);
	if (gc)
		t->has_refs[type / 8] |= (uint8_t)(1 << type % 8);
	t->nr_types++;
	put_head(r, GCHEAP_LOAD_REC_TYPE);
	put_number(r, gc);
	put_number(r, len);
	memcpy(r->out + r->len, name, len);
	r->len += len;
	return true;
}

static bool read_alloc(struct record *r)
{
	struct trace *t = r->t;
	uint64_t id, type, size, slots;
	struct object obj = { .held = 1 };

	if (!read_number(r, 1, "the object", OBJECT_LAST, &id) ||
	    !read_number(r, 2, "the type", TYPES_MAX - 1, &type) ||
	    !read_number(r, 3, "the size", SIZE_LAST, &size) ||
	    !read_number(r, 4, "the number of slots", SIZE_LAST / SLOT_BYTES,
		    &slots))
		return false;
	if (id <= t->last_object)
		return bad(t, "object %llu is out of order: the previous one is %u",
			   (unsigned long long)id, t->last_object);
	if (type >= t->nr_types)
		return bad(t, "object %llu has unknown type %llu",
			   (unsigned long long)id, (unsigned long long)type);
	if (size < HEADER_BYTES + slots * SLOT_BYTES)
		return bad(t, "object %llu has %llu bytes, too few for the header and %llu slots",
			   (unsigned long long)id, (unsigned long long)size,
			   (unsigned long long)slots);
	if (slots && !(t->has_refs[type / 8] & 1 << type % 8))
		return bad(t, "object %llu has slots, but its type has no references",
			   (unsigned long long)id);
	obj.id = (uint32_t)id;
	obj.slots = (uint32_t)slots & 0x7fffffff;
	if (!insert(&t->objects, obj))
		return bad(t, "out of memory");
	put_head(r, GCHEAP_LOAD_REC_ALLOC);
	put_number(r, id - t->last_object);
	put_number(r, type);
	put_number(r, size);
	put_number(r, slots);
	t->last_object = (uint32_t)id;
	t->collected = false;
	t->counts.allocs++;
	return true;
}

static bool read_store(struct record *r)
{
	struct object *obj, *target;
	uint64_t slot, to;

	if (!known_object(r, 1, "store into", &obj) ||
	    !read_number(r, 2, "the slot", UINT32_MAX, &slot) ||
	    !read_number(r, 3, "the target", OBJECT_LAST, &to))
		return false;
	if (slot >= obj->slots)
		return bad(r->t, "store into slot %llu of object %u, which has %u slots",
			   (unsigned long long)slot, obj->id, obj->slots);
	if (to && !known_object(r, 3, "store of", &target))
		return false;
	put_head(r, GCHEAP_LOAD_REC_STORE);
	put_number(r, obj->id);
	put_number(r, slot);
	put_number(r, to);
	r->t->collected = false;
	r->t->counts.stores++;
	return true;
}

static bool read_hold(struct record *r)
{
	struct object *obj;

	if (!known_object(r, 1, "hold of", &obj))
		return false;
	if (obj->held)
		return bad(r->t, "object %u is already held", obj->id);
	obj->held = 1;
	put_head(r, GCHEAP_LOAD_REC_HOLD);
	put_number(r, obj->id);
	r->t->collected = false;
	return true;
}

static bool read_drop(struct record *r)
{
	struct object *obj;

	if (!known_object(r, 1, "drop of", &obj))
		return false;
	if (!obj->held)
		return bad(r->t, "object %u is not held", obj->id);
	obj->held = 0;
	put_head(r, GCHEAP_LOAD_REC_DROP);
	put_number(r, obj->id);
	r->t->collected = false;
	return true;
}

static bool read_collect(struct record *r)
{
	uint64_t generation;

	if (!read_number(r, 1, "the generation", GENERATION_LAST, &generation))
		return false;
	put_head(r, GCHEAP_LOAD_REC_COLLECT);
	put_number(r, generation);
	r->t->collected = true;
	r->t->counts.collects++;
	return true;
}

static bool read_dead(struct record *r)
{
	struct object *obj;

	if (!known_object(r, 1, "death of", &obj))
		return false;
	put_head(r, GCHEAP_LOAD_REC_DEAD);
	put_number(r, obj->id);
	erase(&r->t->objects, obj);
	r->t->counts.deaths++;
	return true;
}

static bool read_cyclic(struct record *r)
{
	struct object *obj;

	if (!known_object(r, 1, "death of", &obj))
		return false;
	if (!r->t->collected)
		return bad(r->t, "death of object %u by a collection, with no preceding collection",
			   obj->id);
	put_head(r, GCHEAP_LOAD_REC_CYCLIC);
	put_number(r, obj->id);
	erase(&r->t->objects, obj);
	r->t->counts.cyclic++;
	return true;
}

static const struct {
	char letter;
	unsigned int fields;
	const char *form;
	bool (*read)(struct record *r);
} records[] = {
	{ 'T', 4, "T TYPE NAME GC", read_type },
	{ 'A', 5, "A OBJECT TYPE SIZE SLOTS", read_alloc },
	{ 'S', 4, "S OBJECT SLOT TARGET", read_store },
	{ 'R', 2, "R OBJECT", read_hold },
	{ 'U', 2, "U OBJECT", read_drop },
	{ 'C', 2, "C GENERATION", read_collect },
	{ 'D', 2, "D OBJECT", read_dead },
	{ 'X', 2, "X OBJECT", read_cyclic },
};

/* ---- lines ---- */

/* Splits a line at its blanks; fields beyond FIELDS_MAX are counted as one. */
static void split(struct record *r, char *line)
{
	r->nr = 0;
	while (r->nr < FIELDS_MAX) {
		line += strspn(line, " \t");
		if (!*line)
			break;
		r->field[r->nr++] = line;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
}

static bool read_record(struct record *r, char *line)
{
	size_t i;

	split(r, line);
	if (!r->nr)
		return bad(r->t, "empty line");
	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (r->field[0][0] != records[i].letter || r->field[0][1])
			continue;
		if (r->nr != records[i].fields)
			return bad(r->t, "%s: %s", r->nr < records[i].fields ?
				   "too few fields" : "too many fields",
				   records[i].form);
		return records[i].read(r);
	}
	return bad(r->t, "unknown record '%.40s'", r->field[0]);
}

static bool read_first(struct trace *t, char *line)
{
	struct record r = { .t = t };
	uint64_t version;

	split(&r, line);
	if (r.nr != 2 || strcmp(r.field[0], "gct"))
		return bad(t, "not a trace: the first line must be 'gct 1'");
	if (!read_number(&r, 1, "the version", UINT32_MAX, &version))
		return false;
	if (version != 1)
		return bad(t, "unsupported format version %llu, only version 1 is supported",
			   (unsigned long long)version);
	return true;
}

/* Control characters other than tab mean that the file is damaged. */
static bool is_text(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* Reads more of the file behind the unused data; false at its end. */
static bool refill(struct trace *t, bool *failed)
{
	ssize_t n;

	memmove(t->buf, t->buf + t->begin, t->end - t->begin);
	t->end -= t->begin;
	t->begin = 0;
	n = input_read(t->input, t->buf + t->end, LINE_MAX_BYTES - t->end);
	if (n > 0) {
		t->end += (size_t)n;
		return true;
	}
	if (!n)
		return false;
	*failed = true;
	return bad(t, "%s", input_error(t->input));
}

/*
 * Finds the next line and terminates it with a NUL. Returns NULL at the end of the
 * file, and after an error.
 */
static char *next_line(struct trace *t, bool *failed)
{
	size_t seen = 0;

	for (;;) {
		char *line = t->buf + t->begin;
		char *nl = memchr(line + seen, '\n', t->end - t->begin - seen);

		if (nl) {
			t->begin = (size_t)(nl - t->buf) + 1;
			t->counts.lines++;
			if (!is_text(line, (size_t)(nl - line))) {
				*failed = true;
				set_error(t, "control character in the line");
				return NULL;
			}
			*nl = '\0';
			return line;
		}
		seen = t->end - t->begin;
		if (seen == LINE_MAX_BYTES) {
			*failed = true;
			t->counts.lines++;
			set_error(t, "the line exceeds %d bytes",
				  LINE_MAX_BYTES - 1);
			return NULL;
		}
		if (!refill(t, failed))
			break;
	}
	if (!*failed && seen) {
		*failed = true;
		t->counts.lines++;
		set_error(t, "the last line is incomplete: the file is truncated");
	}
	return NULL;
}

/**
 * trace_fill() - reads records into a chunk
 * @t: the trace
 * @buf: the chunk
 * @size: its size, at least %TRACE_RECORD_MAX
 * @len: receives the bytes written
 *
 * Return: %TRACE_MORE, %TRACE_END, or %TRACE_BAD with unusable contents.
 */
enum trace_result trace_fill(struct trace *t, uint8_t *buf, size_t size,
			     size_t *len)
{
	struct record r = { .t = t, .out = buf };
	bool failed = false;
	char *line;

	while (r.len + TRACE_RECORD_MAX <= size) {
		line = next_line(t, &failed);
		if (!line && !failed && !t->counts.lines)
			failed = !bad(t, "the file is empty");
		if (failed)
			return TRACE_BAD;
		if (!line) {
			*len = r.len;
			return TRACE_END;
		}
		if (t->counts.lines == 1) {
			if (!read_first(t, line))
				return TRACE_BAD;
		} else if (line[0] != '#' && !read_record(&r, line)) {
			return TRACE_BAD;
		}
		t->counts.live = t->objects.used;
	}
	*len = r.len;
	return TRACE_MORE;
}

/**
 * trace_open() - opens a trace
 * @path: its file, compressed or not, or "-" for the standard input
 * @name: its name in messages; must stay valid
 *
 * Return: the trace, or NULL with errno set.
 */
struct trace *trace_open(const char *path, const char *name)
{
	struct trace *t = calloc(1, sizeof(*t));
	int err = ENOMEM;

	if (!t || !resize(&t->objects, TABLE_MIN))
		goto err_free;
	t->name = name;
	t->input = input_open(path);
	if (t->input)
		return t;
	err = errno;
	free(t->objects.entries);
err_free:
	free(t);
	errno = err;
	return NULL;
}

void trace_close(struct trace *t)
{
	input_close(t->input);
	free(t->objects.entries);
	free(t);
}

/**
 * trace_error() - the error of a trace
 * @t: the trace
 *
 * Return: file, line and reason.
 */
const char *trace_error(const struct trace *t)
{
	return t->error;
}

const struct trace_counts *trace_counts(const struct trace *t)
{
	return &t->counts;
}

/**
 * trace_part_read() - the part of a trace that has been read, for progress
 * @t: the trace
 *
 * Return: from 0 to 1; negative if its length is unknown.
 */
double trace_part_read(const struct trace *t)
{
	return input_part_read(t->input);
}
