// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that runs use outside their heaps, for the expected contents
 *
 * It does not count against a heap's limit, but is charged to the heap's memory
 * cgroup. All runs together may use a quarter of the memory.
 */
#include "load.h"

#include <linux/mm.h>
#include <linux/slab.h>

/* Limit for all runs together, as a fraction of the memory. */
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
 * gch_load_own_get - allocates memory of a run outside its heap
 * @run: the run; it fails without memory
 * @line: line of the trace; 0 without a trace
 * @bytes: size
 *
 * Context: a thread of the run; may sleep.
 * Return: zeroed memory, to be freed by gch_load_own_put(), or NULL.
 */
void *gch_load_own_get(struct gch_load_run *run, u64 line, size_t bytes)
{
	void *mem;

	if (!may_have(bytes)) {
		fail(run, line,
		     "run data outside heaps would exceed a quarter of memory");
		return NULL;
	}
	mem = kvzalloc(bytes, GCH_LOAD_GFP);
	if (!mem) {
		atomic_long_sub(bytes, &all_bytes);
		fail(run, line, "out of memory for run data");
	}
	return mem;
}

/**
 * gch_load_own_put - frees such memory
 * @mem: the memory, or NULL
 * @bytes: its size
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
