/* SPDX-License-Identifier: GPL-2.0 */
/* Workers of a heap (core/worker.c). */
#ifndef _GCHEAP_WORKER_H
#define _GCHEAP_WORKER_H

#include <linux/limits.h>
#include <linux/types.h>

struct gch_heap;

/* CPU number of a turn that the job's submitter takes without a worker. */
#define GCH_CPU_NONE	UINT_MAX

/* Sleep of a worker between two turns when it rests, or when it waits for work. */
#define GCH_REST_US	100U
#define GCH_IDLE_US	20U

/**
 * enum gch_turn - what a worker does after a turn
 * @GCH_TURN_DONE: stops; the job ends when all running turns have ended
 * @GCH_TURN_IDLE: takes another turn soon; this one found no work
 * @GCH_TURN_REST: takes another turn after other tasks have had the CPU
 * @GCH_TURN_HELD: as %GCH_TURN_REST; this turn did nothing, and the worker may do
 *	nothing until other tasks leave the CPU
 */
enum gch_turn {
	GCH_TURN_DONE,
	GCH_TURN_IDLE,
	GCH_TURN_REST,
	GCH_TURN_HELD,
};

/**
 * typedef gch_worker_fn - takes one turn of a job
 * @arg: the caller's argument
 * @cpu: the CPU that the worker is bound to, or %GCH_CPU_NONE
 *
 * A turn hands back all of its work, so another worker can continue. It ends soon
 * after gch_worker_wanted() returns true.
 *
 * Context: process context, may sleep; a kthread bound to @cpu, unless that is
 * %GCH_CPU_NONE.
 * Return: see &enum gch_turn.
 */
typedef enum gch_turn (*gch_worker_fn)(void *arg, unsigned int cpu);

bool gch_worker_wanted(unsigned int cpu, u64 since);
void gch_workers_run(struct gch_heap *heap, gch_worker_fn fn, void *arg);

#endif /* _GCHEAP_WORKER_H */
