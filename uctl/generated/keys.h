/* SPDX-License-Identifier: GPL-2.0 */
/* Do not edit: made from Documentation/netlink/specs/gcheap.yaml by selftests/style/settings. */
#ifndef GCCTL_KEYS_H
#define GCCTL_KEYS_H

#include "parse.h"

#define HEAP_KEYS	22

/* The engine is first: only a new heap takes it. */
extern const struct key heap_keys[HEAP_KEYS];

/* What gcctl help heap says of them. */
extern const char heap_key_help[];

#endif /* GCCTL_KEYS_H */
