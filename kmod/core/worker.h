/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _GCH_CORE_WORKER_H
#define _GCH_CORE_WORKER_H

#include <linux/list.h>

struct gch_job;

/**
 * struct gch_worker_item - one job in one worker's queue
 * @node: in the queue
 * @job: the job
 */
struct gch_worker_item {
	struct list_head node;
	struct gch_job *job;
};

int gch_workers_init(void);
void gch_workers_exit(void);

#endif /* _GCH_CORE_WORKER_H */
