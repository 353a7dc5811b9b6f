/* SPDX-License-Identifier: GPL-2.0 */
/* Text from outside, made safe for a terminal and for JSON. */
#ifndef GCCTL_TEXT_H
#define GCCTL_TEXT_H

#include <stddef.h>
#include <stdio.h>

char *text_clean(const char *text);
char *text_utf8(const char *text);
void text_copy(char *buf, size_t size, const char *text);
void text_put_json(FILE *to, const char *json);

#endif /* GCCTL_TEXT_H */
