/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fails allocations, and where: in the calling task, in threads of the kernel,
 * by number or at random. And modules that are loaded and unloaded by bare system
 * calls, so that what they allocate is the caller's.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kselftest.h"

#define DEBUG		"/sys/kernel/debug"
/* Threads of the kernel that are hit. */
#define THREADS_MAX	64

static int self_nth = -1;
static int module_file;
static const char *module_args = "";

/* ---- files ---- */

static inline bool put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (file < 0)
		return false;
	ok = write(file, text, strlen(text)) == (ssize_t)strlen(text);
	close(file);
	return ok;
}

static inline long get_number(const char *path)
{
	char text[32] = "";
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return -1;
	if (read(file, text, sizeof(text) - 1) <= 0)
		text[0] = 0;
	close(file);
	return strtol(text, NULL, 10);
}

/* ---- faults ---- */

static const char * const sources[] = { "failslab", "fail_page_alloc" };

static inline void set_source(const char *source, const char *name,
			      const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUG "/%s/%s", source, name);
	put(path, value);
}

/* All allocations may fail, those that could wait for memory too, and quietly. */
static inline void prepare_sources(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		set_source(sources[i], "ignore-gfp-wait", "N");
		set_source(sources[i], "ignore-gfp-highmem", "N");
		set_source(sources[i], "cache-filter", "N");
		set_source(sources[i], "min-order", "0");
		set_source(sources[i], "task-filter", "N");
		set_source(sources[i], "probability", "0");
		set_source(sources[i], "interval", "1");
		set_source(sources[i], "space", "0");
		set_source(sources[i], "times", "-1");
		set_source(sources[i], "verbose", "0");
	}
}

static inline void restore_sources(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		set_source(sources[i], "probability", "0");
		set_source(sources[i], "task-filter", "N");
		set_source(sources[i], "ignore-gfp-wait", "Y");
		set_source(sources[i], "ignore-gfp-highmem", "Y");
		set_source(sources[i], "min-order", "1");
		set_source(sources[i], "verbose", "2");
	}
}

static inline void arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(self_nth, text, (size_t)len, 0) != len)
		ksft_exit_fail_msg("fail-nth cannot be written\n");
}

/* How many allocations the fault was still ahead; 0 if it has struck. */
static inline unsigned int disarm(void)
{
	char text[16] = "";

	if (pread(self_nth, text, sizeof(text) - 1, 0) <= 0)
		ksft_exit_fail_msg("fail-nth cannot be read\n");
	arm(0);
	return (unsigned int)strtoul(text, NULL, 10);
}

/* ---- threads of the kernel ---- */

/**
 * struct threads - threads of the kernel
 * @pid: their numbers
 * @nr: how many
 */
struct threads {
	int pid[THREADS_MAX];
	unsigned int nr;
};

/* Those whose names begin so. */
static inline void find_threads(struct threads *t, const char *prefix)
{
	char path[300], name[64];
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int file;
	ssize_t len;

	while (dir && (entry = readdir(dir)) && t->nr < THREADS_MAX) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0)
			continue;
		len = read(file, name, sizeof(name) - 1);
		close(file);
		if (len > 0 && !strncmp(name, prefix, strlen(prefix)))
			t->pid[t->nr++] = atoi(entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* Sets a number of the fault injection for each; or sums it up. */
static inline long each_thread(const struct threads *t, const char *name,
			       const char *value)
{
	char path[64];
	unsigned int i;
	long sum = 0;

	for (i = 0; i < t->nr; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", t->pid[i], name);
		if (value)
			put(path, value);
		else
			sum += get_number(path) != 0;
	}
	return sum;
}

/* ---- modules ---- */

/* Where a module is: in the folder that is named, or where the tree says. */
static inline int open_module(const char *name)
{
	char path[1024], line[512];
	struct utsname uts;
	FILE *list;
	int file = -1;

	if (getenv("GCHEAP_MODULES")) {
		snprintf(path, sizeof(path), "%s/%s.ko",
			 getenv("GCHEAP_MODULES"), name);
		return open(path, O_RDONLY | O_CLOEXEC);
	}
	uname(&uts);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep",
		 uts.release);
	list = fopen(path, "r");
	while (list && file < 0 && fgets(line, sizeof(line), list)) {
		char *colon = strchr(line, ':'), *base;

		if (!colon)
			continue;
		*colon = 0;
		base = strrchr(line, '/');
		base = base ? base + 1 : line;
		if (strncmp(base, name, strlen(name)) ||
		    strcmp(base + strlen(name), ".ko"))
			continue;
		snprintf(path, sizeof(path), "%s%s%s%s",
			 line[0] == '/' ? "" : "/lib/modules/",
			 line[0] == '/' ? "" : uts.release,
			 line[0] == '/' ? "" : "/", line);
		file = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (list)
		fclose(list);
	return file;
}

static inline int insert(void)
{
	return syscall(SYS_finit_module, module_file, module_args, 0) ? errno : 0;
}

static inline int unload(const char *name)
{
	int i;

	/* Memory that RCU frees, and reapers, hold it for a moment. */
	for (i = 0; i < 200; i++) {
		if (!syscall(SYS_delete_module, name, O_NONBLOCK))
			return 0;
		if (errno != EAGAIN && errno != EBUSY && errno != EWOULDBLOCK)
			break;
		usleep(10000);
	}
	return errno;
}

#endif /* FAULTS_H */
