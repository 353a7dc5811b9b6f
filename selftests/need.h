/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test needs and whoever runs it has to bring, such as the modules: where it
 * is missing the test is skipped, or fails with GCHEAP_STRICT=1, as in guests, which
 * have it all. What a kernel cannot do is a skip everywhere.
 */
#ifndef NEED_H
#define NEED_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"

static inline bool need_is_strict(void)
{
	const char *text = getenv("GCHEAP_STRICT");

	return text && *text && strcmp(text, "0");
}

/* For all of a program, before its plan. */
static inline void need(bool met, const char *what)
{
	if (met)
		return;
	if (need_is_strict())
		ksft_exit_fail_msg("%s\n", what);
	ksft_exit_skip("%s\n", what);
}

/* For one result; false if that is given. */
static inline bool need_here(bool met, const char *what, const char *name)
{
	if (met)
		return true;
	if (need_is_strict())
		ksft_test_result_fail("%s: %s\n", name, what);
	else
		ksft_test_result_skip("%s: %s\n", name, what);
	return false;
}

#endif /* NEED_H */
