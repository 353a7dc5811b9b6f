/* SPDX-License-Identifier: GPL-2.0 */
/* Files that may be compressed, read once from beginning to end. */
#ifndef GCCTL_INPUT_H
#define GCCTL_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input;

enum input_spooled {
	INPUT_SPOOLED,
	INPUT_UNREADABLE,	/* errno has the reason, also below */
	INPUT_NO_ROOM,		/* no room for the temporary file */
};

struct input *input_open(const char *path);
void input_close(struct input *in);
ssize_t input_read(struct input *in, void *buf, size_t size);
const char *input_error(const struct input *in);
double input_part_read(const struct input *in);
enum input_spooled input_spool(const char *path, char *spooled, size_t size);

#endif /* GCCTL_INPUT_H */
