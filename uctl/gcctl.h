/* SPDX-License-Identifier: GPL-2.0 */
/* Exit statuses and entry points of the commands of gcctl. */
#ifndef GCCTL_GCCTL_H
#define GCCTL_GCCTL_H

#include <stddef.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum status {
	STATUS_OK = 0,
	STATUS_USAGE = 1,	/* bad command line or bad input */
	STATUS_REFUSED = 2,	/* refused by the kernel, or the run failed */
	STATUS_MISSING = 3,	/* a module is missing or too old */
	STATUS_SIGNAL = 128,	/* main() raises the caught signal */
};

/* Each takes the words after its own name and returns an exit status. */
int heap_cmd(int argc, char **argv);
int engine_cmd(int argc, char **argv);
int collect_cmd(int argc, char **argv);
int stats_cmd(int argc, char **argv);
int monitor_cmd(int argc, char **argv);
int run_cmd(int argc, char **argv);
int replay_cmd(int argc, char **argv);
int compare_cmd(int argc, char **argv);
int bench_cmd(int argc, char **argv);

#endif /* GCCTL_GCCTL_H */
