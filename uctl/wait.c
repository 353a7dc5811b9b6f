// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for the kernel. Progress goes to stderr, if that is a terminal; it
 * overwrites itself and is erased before any other output.
 */
#include "wait.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC	UINT64_C(1000000000)
/* Shortest interval between two updates of progress. */
#define PROGRESS_NS	(NS_PER_SEC / 10)
/* Shorter operations show no progress. */
#define QUIET_NS	(NS_PER_SEC / 4)

/* Lock-free, as a signal handler requires. */
static atomic_int caught;
static atomic_int pipe_closed;

static uint64_t progress_first, progress_last;
static bool progress_shown;

/**
 * backoff_sleep() - sleeps, a little longer each time
 * @b: the intervals
 *
 * A caught signal ends the sleep.
 */
void backoff_sleep(struct backoff *b)
{
	struct timespec ts = {
		.tv_sec = b->us / 1000000,
		.tv_nsec = b->us % 1000000 * 1000L,
	};

	nanosleep(&ts, NULL);
	b->us += b->us / 2;
	if (b->us > b->max_us)
		b->us = b->max_us;
}

uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void on_signal(int sig)
{
	caught = sig;
}

static void on_pipe(int sig)
{
	pipe_closed = sig;
}

/**
 * wait_catch_signals() - from now on SIGINT, SIGTERM and SIGHUP only end waiting
 *
 * SIGPIPE does not end the program, because results may still go to a file. See
 * wait_pipe_closed().
 */
void wait_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct sigaction old;

	sigemptyset(&sa.sa_mask);
	/*
	 * A shell without job control starts background commands with SIGINT ignored,
	 * but a script may send it to end a run. An ignored SIGHUP (nohup) stays
	 * ignored.
	 */
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGPIPE, NULL, &old);
	sa.sa_handler = on_pipe;
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGPIPE, &sa, NULL);
}

bool wait_interrupted(void)
{
	return caught != 0;
}

/**
 * wait_signal() - the signal that will end the program
 *
 * Return: its number, 0 for none.
 */
int wait_signal(void)
{
	return caught;
}

/**
 * wait_pipe_closed() - is the output a pipe without a reader?
 *
 * If so, SIGPIPE will end the program, unless another signal was caught before.
 *
 * Return: true if SIGPIPE was caught.
 */
bool wait_pipe_closed(void)
{
	if (pipe_closed && !caught)
		caught = pipe_closed;
	return pipe_closed != 0;
}

/**
 * wait_resignal() - ends the program by the caught signal
 *
 * So the parent process sees the signal.
 *
 * Return: an exit status, if the signal is blocked.
 */
int wait_resignal(void)
{
	signal(caught, SIG_DFL);
	raise(caught);
	return 128 + caught;
}

/**
 * progress() - shows progress, at limited intervals
 * @fmt: one line, without a newline
 */
void progress(const char *fmt, ...)
{
	uint64_t now = clock_ns();
	va_list ap;

	if (!progress_first)
		progress_first = now;
	if (now - progress_first < QUIET_NS ||
	    now - progress_last < PROGRESS_NS || !isatty(STDERR_FILENO))
		return;
	progress_last = now;
	progress_shown = true;
	fputc('\r', stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\033[K", stderr);
	fflush(stderr);
}

/**
 * progress_end() - erases the line of progress
 */
void progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
	progress_first = 0;
}
