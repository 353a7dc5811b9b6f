/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics of a heap.
 */
#ifndef GCCTL_STATS_H
#define GCCTL_STATS_H

#include "nl.h"

/**
 * struct stats - what the kernel tells of a heap
 * @facts: its numbers, by GCHEAP_A_STATS_*
 * @pause: what mutators were held up for, by GCHEAP_A_HIST_*
 * @assist: what they spent on helping the collector, by GCHEAP_A_HIST_*
 * @handshake: what handshakes took, by GCHEAP_A_HIST_*
 * @hold: pauses because of a stop, by GCHEAP_A_HIST_*
 */
struct stats {
	struct gnl_facts facts;
	struct gnl_facts pause;
	struct gnl_facts assist;
	struct gnl_facts handshake;
	struct gnl_facts hold;
};

int stats_get(const char *name, struct stats *stats);

#endif /* GCCTL_STATS_H */
