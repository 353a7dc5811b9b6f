// SPDX-License-Identifier: GPL-2.0
/*
 * What runs keep beside their heaps, to know what must be in them
 *
 * It counts against no heap's limit, since it is not the heap's, but it is charged
 * to the heap's memory cgroup, and all runs together may have a quarter of the memory.
 */
#include "load.h"

#include <linux/mm.h>
#include <linux/slab.h>

/* What all runs together may take for themselves, as a part of the memory. */
#define MEMORY_PART	4

static atomic_long_t all_bytes;

static bool may_have(size_t bytes)
{
	unsigned long max = (u64)totalram_pages() * PAGE_SIZE / MEMORY_PART;
	long all = atomic_long_read(&all_bytes);

	do {
		if (bytes > max - min_t(unsigned long, all, max))
			return false;
	} while (!atomic_long_try_cmpxchg(&all_bytes, &all, all + bytes));
	return true;
}

static void fail(struct gch_load_run *run, u64 line, const char *why)
{
	if (line)
		gch_load_fail(run, -ENOMEM, "line %llu: %s", line, why);
	else
		gch_load_fail(run, -ENOMEM, "%s", why);
}

/**
 * gch_load_own_get - takes memory for what a run keeps beside its heap
 * @run: the run; fails if there is none
 * @line: of the trace that wants it; 0 without a trace
 * @bytes: how much
 *
 * Context: a thread of the run; may sleep.
 * Return: the memory, zeroed, for gch_load_own_put(), or NULL.
 */
void *gch_load_own_get(struct gch_load_run *run, u64 line, size_t bytes)
{
	void *mem;

	if (!may_have(bytes)) {
		fail(run, line,
		     "runs have a quarter of the memory for their own data");
		return NULL;
	}
	mem = kvzalloc(bytes, GCH_LOAD_GFP);
	if (!mem) {
		atomic_long_sub(bytes, &all_bytes);
		fail(run, line, "there was no memory for the run's own data");
	}
	return mem;
}

/**
 * gch_load_own_put - gives such memory back
 * @mem: the memory; NULL is nothing
 * @bytes: how much was taken
 *
 * Context: may sleep.
 */
void gch_load_own_put(void *mem, size_t bytes)
{
	if (!mem)
		return;
	kvfree(mem);
	atomic_long_sub(bytes, &all_bytes);
}
