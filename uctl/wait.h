/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting: increasing sleeps, a clock, progress on a terminal, and signals that end a
 * wait instead of the program.
 */
#ifndef GCCTL_WAIT_H
#define GCCTL_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct backoff - intervals of a polling loop
 * @us: next interval
 * @max_us: longest interval
 */
struct backoff {
	unsigned int us;
	unsigned int max_us;
};

#define BACKOFF_INIT(max)	{ .us = 200, .max_us = (max) }

void backoff_sleep(struct backoff *b);

uint64_t clock_ns(void);

void wait_catch_signals(void);
bool wait_interrupted(void);
int wait_signal(void);
bool wait_pipe_closed(void);
int wait_resignal(void);

__attribute__((format(printf, 1, 2)))
void progress(const char *fmt, ...);
void progress_end(void);

#endif /* GCCTL_WAIT_H */
