// SPDX-License-Identifier: GPL-2.0
/* Runs benchmarks of gcheap_bench.ko through its files in debugfs. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "gcctl.h"
#include "out.h"
#include "wait.h"

#define DEBUG_DIR	"/sys/kernel/debug/"
#define BENCH_DIR	DEBUG_DIR "gcheap_bench/"
#define MODULE		"gcheap_bench"

static struct bench_samples *find_metric(struct bench_metrics *m,
					 const char *name)
{
	size_t i;

	for (i = 0; i < m->nr; i++)
		if (!strcmp(m->metric[i].name, name))
			return &m->metric[i];
	if (m->nr == BENCH_METRICS)
		return NULL;
	snprintf(m->metric[m->nr].name, sizeof(m->metric[0].name), "%s", name);
	return &m->metric[m->nr++];
}

static void read_line(struct bench_metrics *out, const char *line, char *message,
		      size_t size)
{
	struct bench_samples *s;
	char name[24], unit[8];
	double value;

	if (line[0] == '#') {
		snprintf(message, size, "%.*s", (int)strcspn(line, "\n") - 2,
			 line + 2);
		return;
	}
	if (sscanf(line, "%23s %lf %7s", name, &value, unit) != 3)
		return;
	s = find_metric(out, name);
	if (s && s->nr < BENCH_REPS_MAX)
		s->value[s->nr++] = strcmp(unit, "ps") ? value : value / 1000;
}

static int read_results(struct bench_metrics *out, char *message, size_t size)
{
	FILE *f = fopen(BENCH_DIR "results", "r");
	char line[256];

	message[0] = '\0';
	memset(out, 0, sizeof(*out));
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		read_line(out, line, message, size);
	fclose(f);
	return 0;
}

/* Retries a run that was interrupted, but not by a signal that ends gcctl. */
static int write_run(int fd, const char *command)
{
	while (write(fd, command, strlen(command)) < 0)
		if (errno != EINTR || wait_interrupted())
			return -errno;
	return 0;
}

/*
 * The lock keeps other gcctl processes from starting a run before the results of this
 * one are read.
 */
static int run_and_read(const char *command, struct bench_metrics *out,
			char *message, size_t size)
{
	int fd = open(BENCH_DIR "run", O_WRONLY | O_CLOEXEC), err, unread;

	if (fd < 0)
		return -errno;
	/* A kernel may lack file locks. */
	err = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK ? -EBUSY :
	      write_run(fd, command);
	if (err != -EBUSY && err != -EINTR) {
		unread = read_results(out, message, size);
		err = err ? err : unread;
	}
	close(fd);
	return err;
}

/**
 * bench_kernel() - runs a benchmark of the kernel module
 * @set: repetitions and their length
 * @out: receives its metrics; picoseconds converted to nanoseconds
 * @fmt: its name and KEY=VALUE...
 *
 * Return: an exit status, after it has reported an error.
 */
int bench_kernel(const struct bench_set *set, struct bench_metrics *out,
		 const char *fmt, ...)
{
	char command[256], message[128] = "another benchmark is running";
	va_list ap;
	int err, len;

	va_start(ap, fmt);
	len = vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	progress("%s", command);
	snprintf(command + len, sizeof(command) - (size_t)len, " reps=%u ms=%u",
		 (unsigned int)set->reps, (unsigned int)set->ms);
	err = wait_interrupted() ? -EINTR :
	      run_and_read(command, out, message, sizeof(message));
	if (err == -EINTR)
		return STATUS_SIGNAL;
	if (err)
		return out_error(STATUS_REFUSED, -err, NULL, "benchmark %s: %s",
				 command, message[0] ? message : strerror(-err));
	return STATUS_OK;
}

static int modprobe(void)
{
	int status, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("modprobe", "modprobe", "-q", MODULE, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		return -1;
	/* The child ends soon, so wait for it in spite of signals. */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

/**
 * bench_find_module() - loads the module unless it is loaded
 *
 * Return: an exit status, after it has reported an error.
 */
int bench_find_module(void)
{
	if (geteuid())
		return out_error(STATUS_REFUSED, EPERM, NULL,
				 "bench requires root");
	if (!access(BENCH_DIR "run", W_OK) ||
	    (!modprobe() && !access(BENCH_DIR "run", W_OK)))
		return STATUS_OK;
	if (wait_interrupted())
		return STATUS_SIGNAL;
	if (!access("/sys/module/" MODULE, F_OK))
		return out_error(STATUS_REFUSED, 0,
				 "mount -t debugfs none " DEBUG_DIR,
				 "module " MODULE " is loaded, but " BENCH_DIR
				 " is not accessible");
	return out_error(STATUS_MISSING, 0, "modprobe " MODULE,
			 "module " MODULE " is not loaded");
}
