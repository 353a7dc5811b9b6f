/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _GCH_CORE_WORKER_H
#define _GCH_CORE_WORKER_H

#include <linux/list.h>
#include <linux/types.h>

struct gch_heap;
struct gch_job;

/**
 * struct gch_worker_item - one job in one worker's queue
 * @node: link in the queue, except during a turn
 * @job: the job
 * @until: end of its rest, by ktime_get_ns()
 */
struct gch_worker_item {
	struct list_head node;
	struct gch_job *job;
	u64 until;
};

void gch_items_init(struct gch_heap *heap);

int gch_workers_init(void);
void gch_workers_exit(void);

#endif /* _GCH_CORE_WORKER_H */
