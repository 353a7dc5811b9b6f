/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics of a heap.
 */
#ifndef GCCTL_STATS_H
#define GCCTL_STATS_H

#include "nl.h"

/**
 * struct stats - statistics of a heap
 * @facts: its numbers, by GCHEAP_A_STATS_*
 * @pause: pauses of mutators, by GCHEAP_A_HIST_*
 * @assist: time of assists, by GCHEAP_A_HIST_*
 * @handshake: times of handshakes, by GCHEAP_A_HIST_*
 * @exclusive_wait: pauses because of a stop, by GCHEAP_A_HIST_*
 */
struct stats {
	struct gnl_facts facts;
	struct gnl_facts pause;
	struct gnl_facts assist;
	struct gnl_facts handshake;
	struct gnl_facts exclusive_wait;
};

int stats_get(const char *name, struct stats *stats);

/* A histogram, by GCHEAP_A_HIST_* or GCHEAP_LOAD_A_HIST_*: one line of text. */
void stats_times_head(const char *label);
void stats_times(const char *key, const char *label,
		 const struct gnl_facts *times);

#endif /* GCCTL_STATS_H */
