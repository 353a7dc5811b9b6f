// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a file that may be compressed.
 *
 * A file that begins with the two magic bytes of gzip is a series of members, which
 * are read as one, as gzip does. The whole file must consist of members: other data
 * behind a member is an error, and so is a truncated member. zlib's gzread() silently
 * ignores both.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define RAW_BYTES	65536
/* Largest window, and gzip headers. */
#define GZIP_WINDOW	(15 + 16)
#define MAGIC_BYTES	2

/**
 * struct input - an open file
 * @fd: the file
 * @bytes: its length, 0 if unknown
 * @taken: bytes read from it
 * @ended: end of file was reached
 * @sniffed: the magic bytes have been checked
 * @gzip: it is compressed
 * @inside: inside a member
 * @members: complete members
 * @z: zlib's state; its input is the unused part of @raw
 * @error: error message, or ""
 * @raw: data of the file
 */
struct input {
	int fd;
	uint64_t bytes;
	uint64_t taken;
	bool ended;
	bool sniffed;
	bool gzip;
	bool inside;
	unsigned long members;
	z_stream z;
	char error[256];
	uint8_t raw[RAW_BYTES];
};

static ssize_t fail(struct input *in, const char *what, const char *why)
{
	snprintf(in->error, sizeof(in->error), "%s%s%s", what,
		 why ? ": " : "", why ? why : "");
	return -1;
}

/*
 * Reads until @raw has @want bytes or the file ends; z.avail_in is their number.
 * Returns false on an error.
 */
static bool have(struct input *in, size_t want)
{
	memmove(in->raw, in->z.next_in, in->z.avail_in);
	in->z.next_in = in->raw;
	while (in->z.avail_in < want && !in->ended) {
		ssize_t n = read(in->fd, in->raw + in->z.avail_in,
				 sizeof(in->raw) - in->z.avail_in);

		if (n < 0) {
			fail(in, "read error", strerror(errno));
			return false;
		}
		in->ended = !n;
		in->z.avail_in += (unsigned int)n;
		in->taken += (uint64_t)n;
	}
	return true;
}

static bool at_magic(const struct input *in)
{
	return in->z.avail_in >= MAGIC_BYTES && in->raw[0] == 0x1f &&
	       in->raw[1] == 0x8b;
}

static bool sniff(struct input *in)
{
	if (!have(in, MAGIC_BYTES))
		return false;
	in->gzip = at_magic(in);
	if (in->gzip && inflateInit2(&in->z, GZIP_WINDOW) != Z_OK) {
		in->gzip = false;
		fail(in, "out of memory", NULL);
		return false;
	}
	in->sniffed = true;
	return true;
}

/* Returns 1 if another member begins, 0 at the end of the file, -1 on an error. */
static int next_member(struct input *in)
{
	if (!have(in, MAGIC_BYTES))
		return -1;
	if (!in->z.avail_in)
		return 0;
	if (in->z.avail_in < MAGIC_BYTES && in->raw[0] == 0x1f)
		return (int)fail(in, "the compressed file is truncated", NULL);
	if (!at_magic(in))
		return (int)fail(in, "trailing data after the compressed data",
				 NULL);
	if (in->members && inflateReset(&in->z) != Z_OK)
		return (int)fail(in, "out of memory", NULL);
	in->inside = true;
	return 1;
}

/* Decompresses more of the current member; returns false on an error. */
static bool inflate_some(struct input *in)
{
	if (!in->z.avail_in && !have(in, 1))
		return false;
	if (!in->z.avail_in) {
		fail(in, "the compressed file is truncated", NULL);
		return false;
	}
	switch (inflate(&in->z, Z_NO_FLUSH)) {
	case Z_OK:
	case Z_BUF_ERROR:
		return true;
	case Z_STREAM_END:
		in->inside = false;
		in->members++;
		return true;
	case Z_MEM_ERROR:
		fail(in, "out of memory", NULL);
		return false;
	default:
		fail(in, "the compressed file is damaged",
		     in->z.msg ? in->z.msg : "it requires a dictionary");
		return false;
	}
}

static ssize_t read_members(struct input *in, void *buf, size_t size)
{
	in->z.next_out = buf;
	in->z.avail_out = (unsigned int)size;
	while (in->z.avail_out == size) {
		int more = in->inside ? 1 : next_member(in);

		if (more <= 0)
			return more;
		if (!inflate_some(in))
			break;
	}
	/* Return the data before an error first. */
	if (in->z.avail_out == size)
		return -1;
	return (ssize_t)(size - in->z.avail_out);
}

static ssize_t read_plain(struct input *in, void *buf, size_t size)
{
	if (!in->z.avail_in && !have(in, 1))
		return -1;
	if (size > in->z.avail_in)
		size = in->z.avail_in;
	memcpy(buf, in->z.next_in, size);
	in->z.next_in += size;
	in->z.avail_in -= (unsigned int)size;
	return (ssize_t)size;
}

/**
 * input_read() - reads the next bytes
 * @in: the file
 * @buf: receives the bytes, uncompressed
 * @size: bytes of @buf, not 0 and below 4 GiB
 *
 * Return: the number of bytes; 0 at the end of the file; -1 on an error that
 * input_error() explains.
 */
ssize_t input_read(struct input *in, void *buf, size_t size)
{
	if (in->error[0] || (!in->sniffed && !sniff(in)))
		return -1;
	return in->gzip ? read_members(in, buf, size) :
			  read_plain(in, buf, size);
}

/**
 * input_error() - the error of a file
 * @in: the file
 *
 * Return: the message, without the name of the file; "" without an error.
 */
const char *input_error(const struct input *in)
{
	return in->error;
}

/**
 * input_part_read() - the part of a file that has been read, for progress
 * @in: the file
 *
 * Return: from 0 to 1; negative if its length is unknown.
 */
double input_part_read(const struct input *in)
{
	double part;

	if (!in->bytes)
		return -1;
	part = (double)(in->taken - in->z.avail_in) / (double)in->bytes;
	/* The file may have grown. */
	return part < 1 ? part : 1;
}

static int open_path(const char *path)
{
	return strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) :
				   fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
}

/**
 * input_open() - opens a file to read it once
 * @path: its name, or "-" for the standard input
 *
 * Return: the file, or NULL with errno set.
 */
struct input *input_open(const char *path)
{
	struct input *in = calloc(1, sizeof(*in));
	struct stat st;

	if (!in)
		return NULL;
	in->fd = open_path(path);
	if (in->fd < 0) {
		int err = errno;

		free(in);
		errno = err;
		return NULL;
	}
	in->z.next_in = in->raw;
	if (!fstat(in->fd, &st) && S_ISREG(st.st_mode))
		in->bytes = (uint64_t)st.st_size;
	return in;
}

void input_close(struct input *in)
{
	if (in->gzip)
		inflateEnd(&in->z);
	close(in->fd);
	free(in);
}

/* ---- files that can be read only once ---- */

static enum input_spooled copy(int from, int to)
{
	static uint8_t buf[RAW_BYTES];

	for (;;) {
		ssize_t n = read(from, buf, sizeof(buf)), done = 0;

		if (n <= 0)
			return n ? INPUT_UNREADABLE : INPUT_SPOOLED;
		while (done < n) {
			ssize_t put = write(to, buf + done, (size_t)(n - done));

			if (put < 0)
				return INPUT_NO_ROOM;
			done += put;
		}
	}
}

/* A file without a name, which the last close deletes. */
static int open_nameless(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	snprintf(path, sizeof(path), "%s/gcctl-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/**
 * input_spool() - makes a file that can be opened repeatedly
 * @path: its name, or "-" for the standard input
 * @spooled: receives its name
 * @size: bytes of @spooled
 *
 * A regular file is used as it is; others, such as pipes, are copied to a temporary
 * file. A signal ends that.
 *
 * Return: %INPUT_SPOOLED, or the failed step with errno set.
 */
enum input_spooled input_spool(const char *path, char *spooled, size_t size)
{
	enum input_spooled ret = INPUT_SPOOLED;
	int from = open_path(path), to = -1, err;
	struct stat st;

	if (from < 0 || fstat(from, &st)) {
		ret = INPUT_UNREADABLE;
	} else if (S_ISREG(st.st_mode) && strcmp(path, "-")) {
		snprintf(spooled, size, "%s", path);
	} else {
		to = open_nameless();
		ret = to < 0 ? INPUT_NO_ROOM : copy(from, to);
		/* Stays open until the program ends, because it has no other name. */
		snprintf(spooled, size, "/proc/self/fd/%d", to);
	}
	err = errno;
	if (from >= 0)
		close(from);
	if (ret && to >= 0)
		close(to);
	errno = err;
	return ret;
}
