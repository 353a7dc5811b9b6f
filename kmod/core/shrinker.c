// SPDX-License-Identifier: GPL-2.0
/*
 * The shrinker: reclaims memory of heaps under memory pressure
 *
 * There is one for all heaps. It may run in any task that waits for memory, including
 * tasks that hold locks of a heap, so it only tries locks.
 */
#include <gcheap/engine.h>

#include <linux/shrinker.h>

#include "compat.h"
#include "heap.h"

static struct shrinker *shrinker;

static unsigned long count(struct shrinker *s, struct shrink_control *sc)
{
	return gch_heaps_shrink_count() ?: SHRINK_EMPTY;
}

static unsigned long scan(struct shrinker *s, struct shrink_control *sc)
{
	return gch_heaps_shrink(sc->nr_to_scan) ?: SHRINK_STOP;
}

/**
 * gch_shrinker_init - registers the shrinker
 *
 * Context: module init.
 * Return: 0 or a negative error.
 */
int gch_shrinker_init(void)
{
	int ret;

	shrinker = gch_compat_shrinker_alloc();
	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
	ret = gch_compat_shrinker_register(shrinker);
	if (ret)
		shrinker_free(shrinker);
	return ret;
}

/**
 * gch_shrinker_exit - unregisters the shrinker
 *
 * Context: module exit, may sleep.
 */
void gch_shrinker_exit(void)
{
	shrinker_free(shrinker);
}
