/* SPDX-License-Identifier: GPL-2.0 */
/* Workers of a heap (core/worker.c). */
#ifndef _GCHEAP_WORKER_H
#define _GCHEAP_WORKER_H

#include <linux/limits.h>
#include <linux/types.h>

struct gch_heap;

/* As the CPU of a turn that no worker takes. */
#define GCH_CPU_NONE	UINT_MAX

/* How long a worker rests, or waits for work of others, between two turns. */
#define GCH_REST_US	100U
#define GCH_IDLE_US	20U

/**
 * enum gch_turn - what comes after a turn
 * @GCH_TURN_DONE: nothing; the job is over when all turns that go on have ended
 * @GCH_TURN_IDLE: another one soon; there was nothing to do
 * @GCH_TURN_REST: another one, when others have had the CPU
 * @GCH_TURN_HELD: likewise; nothing was done, nor may the worker do anything before
 *	others leave the CPU
 */
enum gch_turn {
	GCH_TURN_DONE,
	GCH_TURN_IDLE,
	GCH_TURN_REST,
	GCH_TURN_HELD,
};

/**
 * typedef gch_worker_fn - a turn of a job
 * @arg: the caller's
 * @cpu: the CPU that the calling worker is bound to, or %GCH_CPU_NONE
 *
 * A turn leaves nothing in its caller's hands: another worker can go on. It ends soon
 * after gch_worker_wanted() has said so.
 *
 * Context: process context, may sleep; a kthread bound to @cpu, unless that is
 * %GCH_CPU_NONE.
 * Return: see &enum gch_turn.
 */
typedef enum gch_turn (*gch_worker_fn)(void *arg, unsigned int cpu);

bool gch_worker_wanted(unsigned int cpu, u64 since);
void gch_workers_run(struct gch_heap *heap, gch_worker_fn fn, void *arg);

#endif /* _GCHEAP_WORKER_H */
