// SPDX-License-Identifier: GPL-2.0
/*
 * The trace parser of gcctl under a fuzzer. It must not only survive: what it
 * lets pass is checked here once more, written down as text from the records
 * and read again, which must give the same records; and it must not matter how
 * large the chunks are or whether the file is compressed.
 *
 * Inputs are files, compressed or not. Mutations know of both, and of lines.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <linux/gcheap_load.h>

#include "trace.h"

#define TEXT_MAX	(256 * 1024)
#define RECORDS_MAX	(1024 * 1024)
#define TYPES_MAX	4096
#define SIZE_LAST	(4 * 1024 * 1024 - 4096)

/* What reading a file came to. */
struct reading {
	enum trace_result result;
	struct trace_counts counts;
	char error[512];
	size_t len;
	uint8_t records[RECORDS_MAX];
};

/* An object of the trace, as the records have it. */
struct object {
	uint32_t id;
	uint32_t slots;
	bool alive;
	bool held;
};

static struct reading plain, other;

/* ---- files ---- */

static const char *as_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("trace", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	MUST(fd >= 0 && !ftruncate(fd, 0));
	MUST(pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

static void read_file(const char *path, size_t chunk, struct reading *r)
{
	static uint8_t buf[GCHEAP_LOAD_CHUNK_MAX];
	struct trace *t = trace_open(path, path);
	double part;
	size_t len;

	MUST(t);
	r->len = 0;
	do {
		len = 0;
		r->result = trace_fill(t, buf, chunk, &len);
		if (r->result == TRACE_BAD)
			break;
		MUST(len <= chunk && r->len + len <= sizeof(r->records));
		memcpy(r->records + r->len, buf, len);
		r->len += len;
		part = trace_part_read(t);
		MUST(part <= 1);
	} while (r->result == TRACE_MORE);
	r->counts = *trace_counts(t);
	snprintf(r->error, sizeof(r->error), "%s", trace_error(t));
	MUST((r->result == TRACE_BAD) == !!r->error[0]);
	trace_close(t);
}

static bool is_gzip(const uint8_t *data, size_t size)
{
	return size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

/* Neither can fail for want of anything but room. */
static size_t pack(const uint8_t *text, size_t len, uint8_t *out, size_t max)
{
	z_stream z = { .next_in = (uint8_t *)text, .avail_in = (unsigned int)len,
		       .next_out = out, .avail_out = (unsigned int)max };
	int ret;

	MUST(deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	ret = deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return ret == Z_STREAM_END ? z.total_out : 0;
}

static size_t unpack(const uint8_t *data, size_t len, uint8_t *out, size_t max)
{
	z_stream z = { .next_in = (uint8_t *)data, .avail_in = (unsigned int)len,
		       .next_out = out, .avail_out = (unsigned int)max };

	MUST(inflateInit2(&z, 31) == Z_OK);
	inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	return z.total_out;
}

/* ---- records ---- */

struct decoder {
	const uint8_t *p, *end;
	char *text;
	size_t len;
	uint64_t line;		/* of the text */
	uint64_t record_line;
	struct object *objects;
	size_t nr_objects;
	uint32_t nr_types;
	bool has_refs[TYPES_MAX];
	bool collected;
	struct trace_counts counts;
};

static uint64_t number(struct decoder *d)
{
	uint64_t v = 0;
	int shift = 0;
	uint8_t byte;

	do {
		MUST(d->p < d->end && shift < 35);
		byte = *d->p++;
		v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	MUST(v <= UINT32_MAX);
	return v;
}

static struct object *find(struct decoder *d, uint64_t id)
{
	size_t low = 0, high = d->nr_objects;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (d->objects[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	MUST(low < d->nr_objects && d->objects[low].id == id);
	MUST(d->objects[low].alive);
	return &d->objects[low];
}

__attribute__((format(printf, 2, 3)))
static void say(struct decoder *d, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(d->text + d->len, TEXT_MAX * 4 - d->len, fmt, ap);
	va_end(ap);
	MUST(n > 0 && d->len + (size_t)n < TEXT_MAX * 4);
	d->len += (size_t)n;
	d->line++;
}

static void type(struct decoder *d)
{
	uint64_t gc = number(d), len = number(d);

	MUST(gc <= 1 && len && len <= 255 && d->nr_types < TYPES_MAX);
	MUST((size_t)(d->end - d->p) >= len);
	MUST(!memchr(d->p, ' ', len) && !memchr(d->p, '\n', len));
	say(d, "T %u %.*s %u\n", d->nr_types, (int)len, (const char *)d->p,
	    (unsigned int)gc);
	d->has_refs[d->nr_types++] = gc;
	d->p += len;
}

static void alloc(struct decoder *d)
{
	uint64_t last = d->nr_objects ? d->objects[d->nr_objects - 1].id : 0;
	uint64_t step = number(d), of = number(d), size = number(d);
	uint64_t slots = number(d);

	MUST(step && last + step < UINT32_MAX && of < d->nr_types);
	MUST(size <= SIZE_LAST && size >= 16 + 8 * slots);
	MUST(!slots || d->has_refs[of]);
	d->objects[d->nr_objects++] = (struct object){
		.id = (uint32_t)(last + step), .slots = (uint32_t)slots,
		.alive = true, .held = true,
	};
	d->counts.allocs++;
	d->counts.live++;
	say(d, "A %llu %llu %llu %llu\n", (unsigned long long)(last + step),
	    (unsigned long long)of, (unsigned long long)size,
	    (unsigned long long)slots);
}

static void store(struct decoder *d)
{
	struct object *obj = find(d, number(d));
	uint64_t slot = number(d), target = number(d);

	MUST(slot < obj->slots);
	if (target)
		find(d, target);
	d->counts.stores++;
	say(d, "S %u %llu %llu\n", obj->id, (unsigned long long)slot,
	    (unsigned long long)target);
}

static void death(struct decoder *d, bool cyclic)
{
	struct object *obj = find(d, number(d));

	obj->alive = false;
	d->counts.live--;
	if (cyclic)
		d->counts.cyclic++;
	else
		d->counts.deaths++;
	say(d, "%c %u\n", cyclic ? 'X' : 'D', obj->id);
}

static void hold(struct decoder *d, bool held)
{
	struct object *obj = find(d, number(d));

	MUST(obj->held != held);
	obj->held = held;
	say(d, "%c %u\n", held ? 'R' : 'U', obj->id);
}

static void next_record(struct decoder *d)
{
	uint8_t kind = *d->p++;
	uint64_t lines = number(d);

	MUST(lines);
	d->record_line += lines;
	while (d->line + 1 < d->record_line)
		say(d, "#\n");
	d->counts.records++;
	switch (kind) {
	case GCHEAP_LOAD_REC_TYPE:
		type(d);
		return;
	case GCHEAP_LOAD_REC_ALLOC:
		alloc(d);
		break;
	case GCHEAP_LOAD_REC_STORE:
		store(d);
		break;
	case GCHEAP_LOAD_REC_HOLD:
		hold(d, true);
		break;
	case GCHEAP_LOAD_REC_DROP:
		hold(d, false);
		break;
	case GCHEAP_LOAD_REC_COLLECT:
		lines = number(d);
		MUST(lines <= 2);
		d->counts.collects++;
		say(d, "C %u\n", (unsigned int)lines);
		d->collected = true;
		return;
	case GCHEAP_LOAD_REC_DEAD:
		death(d, false);
		return;
	case GCHEAP_LOAD_REC_CYCLIC:
		MUST(d->collected);
		death(d, true);
		return;
	default:
		MUST(!"a record of another kind");
	}
	d->collected = false;
}

static bool same_records(const struct reading *a, const struct reading *b)
{
	return a->result == b->result && a->len == b->len &&
	       !memcmp(a->records, b->records, a->len);
}

/* Records make sense, and as text they are read as the same records. */
static void check_records(const struct reading *r)
{
	static struct object objects[RECORDS_MAX / 6];
	static char text[TEXT_MAX * 4];
	static struct decoder d;
	const struct trace_counts *c = &d.counts;

	memset(&d, 0, sizeof(d));
	d.p = r->records;
	d.end = d.p + r->len;
	d.text = text;
	d.objects = objects;
	say(&d, "gct 1\n");
	while (d.p < d.end)
		next_record(&d);
	MUST(d.line <= r->counts.lines);
	MUST(c->records == r->counts.records && c->allocs == r->counts.allocs &&
	     c->stores == r->counts.stores && c->live == r->counts.live &&
	     c->collects == r->counts.collects &&
	     c->deaths == r->counts.deaths && c->cyclic == r->counts.cyclic);
	read_file(as_file((uint8_t *)text, d.len), GCHEAP_LOAD_CHUNK_MAX,
		  &other);
	MUST(same_records(r, &other));
}

/* An object that was refused as unknown has no line of its own, or is dead. */
static void check_unknown(const uint8_t *text, size_t len, const char *error)
{
	const char *what = strstr(error, "unknown object ");
	const char *colon = strchr(error, ':');
	unsigned long long id, n, line;
	size_t at = 0, i;
	bool alive = false;
	char word[64], c;

	if (!what || !colon)
		return;
	id = strtoull(what + strlen("unknown object "), NULL, 10);
	for (line = strtoull(colon + 1, NULL, 10); line > 1 && at < len; line--) {
		for (i = 0; at < len && text[at] != '\n'; at++)
			if (i < sizeof(word) - 1)
				word[i++] = (char)text[at];
		at++;
		word[i] = '\0';
		if (sscanf(word, " %c %llu", &c, &n) != 2 || n != id)
			continue;
		if (c == 'A')
			alive = true;
		else if (c == 'D' || c == 'X')
			alive = false;
	}
	MUST(!alive);
}

/* Compressed in two members, it is the same; in whole ones only. */
static void check_members(const uint8_t *data, size_t size)
{
	static uint8_t packed[TEXT_MAX];
	size_t half = size / 4 + size % 3, len;

	len = pack(data, half, packed, sizeof(packed));
	len += pack(data + half, size - half, packed + len, sizeof(packed) - len);
	read_file(as_file(packed, len), GCHEAP_LOAD_CHUNK_MAX, &other);
	MUST(!strcmp(plain.error, other.error));
	MUST(same_records(&plain, &other));
	if (plain.result != TRACE_END)
		return;
	read_file(as_file(packed, len - 1 - size % 20), GCHEAP_LOAD_CHUNK_MAX,
		  &other);
	MUST(other.result == TRACE_BAD);
	/* It begins as a trace does: that is no member. */
	memcpy(packed + len, data, 1 + size % 20);
	read_file(as_file(packed, len + 1 + size % 20), GCHEAP_LOAD_CHUNK_MAX,
		  &other);
	MUST(other.result == TRACE_BAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packed[TEXT_MAX];
	size_t len;

	if (size > TEXT_MAX / 2)
		return 0;
	read_file(as_file(data, size), GCHEAP_LOAD_CHUNK_MAX, &plain);
	read_file(as_file(data, size), TRACE_RECORD_MAX + size % 100, &other);
	/* A bad trace may have filled one more of the small chunks. */
	MUST(!strcmp(plain.error, other.error));
	MUST(plain.result == TRACE_BAD || same_records(&plain, &other));
	if (size && !is_gzip(data, size) && size % 4 == 0) {
		len = pack(data, size, packed, sizeof(packed));
		read_file(as_file(packed, len), GCHEAP_LOAD_CHUNK_MAX, &other);
		MUST(!strcmp(plain.error, other.error));
		MUST(same_records(&plain, &other));
	}
	if (size > 20 && !is_gzip(data, size) && size % 4 == 2)
		check_members(data, size);
	if (plain.result == TRACE_END)
		check_records(&plain);
	else if (!is_gzip(data, size))
		check_unknown(data, size, plain.error);
	return 0;
}

/* ---- mutations ---- */

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(((random_state >> 33) * n) >> 31);
}

/* The line that holds @at: where it begins, and where the next one does. */
static void line_at(const uint8_t *text, size_t len, size_t at, size_t *from,
		    size_t *to)
{
	for (*from = at; *from && text[*from - 1] != '\n'; (*from)--)
		;
	for (*to = at; *to < len && text[*to] != '\n'; (*to)++)
		;
	if (*to < len)
		(*to)++;
}

static size_t insert(uint8_t *text, size_t len, size_t max, size_t at,
		     const void *what, size_t n)
{
	static uint8_t copy[TEXT_MAX];

	if (len + n > max || n > sizeof(copy))
		return len;
	memcpy(copy, what, n);
	memmove(text + at + n, text + at, len - at);
	memcpy(text + at, copy, n);
	return len + n;
}

static int number_text(char *buf, size_t size)
{
	static const char * const odd[] = {
		"0", "1", "2", "3", "255", "256", "4095", "4096", "65535",
		"4190208", "4190209", "4294967294", "4294967295", "4294967296",
		"18446744073709551615", "18446744073709551616", "-1", "x",
		"99999999999999999999999999999999",
	};

	if (below(4))
		return snprintf(buf, size, "%u", below(8));
	return snprintf(buf, size, "%s", odd[below(sizeof(odd) /
						   sizeof(odd[0]))]);
}

static size_t add_record(uint8_t *text, size_t len, size_t max, size_t at)
{
	static const struct {
		char letter;
		int numbers;
	} kinds[] = { { 'A', 4 }, { 'A', 4 }, { 'S', 3 }, { 'R', 1 },
		      { 'U', 1 }, { 'C', 1 }, { 'D', 1 }, { 'X', 1 },
		      { 'T', 0 } };
	char line[300], word[48];
	int k = (int)below(9), n = 0, i;

	n = snprintf(line, sizeof(line), "%c", kinds[k].letter);
	if (kinds[k].letter == 'T')
		n += snprintf(line + n, sizeof(line) - (size_t)n, " %u n%u %u",
			      below(3), below(9), below(2));
	for (i = 0; i < kinds[k].numbers; i++) {
		number_text(word, sizeof(word));
		n += snprintf(line + n, sizeof(line) - (size_t)n, " %s",
			      kinds[k].letter == 'A' && i == 2 && below(5) ?
			      "64" : word);
	}
	line[n++] = '\n';
	return insert(text, len, max, at, line, (size_t)n);
}

static size_t change_number(uint8_t *text, size_t len, size_t max, size_t at)
{
	size_t end = at;
	char word[48];

	while (at < len && (text[at] < '0' || text[at] > '9'))
		at++;
	for (end = at; end < len && text[end] >= '0' && text[end] <= '9'; end++)
		;
	memmove(text + at, text + end, len - end);
	len -= end - at;
	return insert(text, len, max, at, word,
		      (size_t)number_text(word, sizeof(word)));
}

static size_t mutate_lines(uint8_t *text, size_t len, size_t max)
{
	size_t from, to, at = len ? below((uint32_t)len) : 0, other_from,
	       other_to;

	line_at(text, len, at, &from, &to);
	switch (below(5)) {
	case 0:
		memmove(text + from, text + to, len - to);
		return len - (to - from);
	case 1:
		line_at(text, len, len ? below((uint32_t)len) : 0, &other_from,
			&other_to);
		return insert(text, len, max, from, text + other_from,
			      other_to - other_from);
	case 2:
		return change_number(text, len, max, at);
	default:
		return add_record(text, len, max, below(2) ? from : len);
	}
}

static size_t mutate_text(uint8_t *text, size_t len, size_t max)
{
	unsigned int n = 1 + below(4);

	if (!below(3))
		return LLVMFuzzerMutate(text, len, max);
	while (n--)
		len = mutate_lines(text, len, max);
	return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	static uint8_t text[TEXT_MAX], packed[TEXT_MAX];
	bool gzip = is_gzip(data, size);
	size_t len, n;

	random_state = seed;
	if (gzip ? !below(4) : below(50) != 0)
		return gzip ? LLVMFuzzerMutate(data, size, max) :
			      mutate_text(data, size, max);
	if (gzip) {
		len = unpack(data, size, text, TEXT_MAX / 2);
		len = mutate_text(text, len, TEXT_MAX / 2);
	} else {
		len = size;
		memcpy(text, data, len);
	}
	n = pack(text, len, packed, sizeof(packed));
	if (!n || n > max)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(data, packed, n);
	return n;
}
