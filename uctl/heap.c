// SPDX-License-Identifier: GPL-2.0
/* Heaps: their keys, and requests that make, read and delete them. */
#include "heap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "out.h"
#include "wait.h"

/* Attempts to delete a heap in use. */
#define DELETE_TRIES	200
/* Attempts to see that no heap is being freed: some seconds. */
#define FREED_TRIES	300

const char *const heap_engines[HEAP_ENGINES] = {
	[GCHEAP_ENGINE_GO] = "go",
	[GCHEAP_ENGINE_PYTHON] = "python",
	[GCHEAP_ENGINE_SLAB] = "slab",
};

static const char *const barriers[] = {
	[GCHEAP_BARRIER_HYBRID] = "hybrid",
	[GCHEAP_BARRIER_YUASA] = "yuasa",
	[GCHEAP_BARRIER_DIJKSTRA] = "dijkstra",
};

static const char *const stops[] = {
	[GCHEAP_STW_OFF] = "off",
	[GCHEAP_STW_ON] = "on",
	[GCHEAP_STW_ALL] = "all",
};

const char *const heap_markers[HEAP_MARKERS] = {
	[GCHEAP_MARKER_PIPELINE] = "pipeline",
	[GCHEAP_MARKER_GREENTEA] = "greentea",
	[GCHEAP_MARKER_CLASSIC] = "classic",
};

const struct key heap_keys[HEAP_KEYS] = {
	{ "engine", KEY_CHOICE, GCHEAP_A_HEAP_ENGINE, NULL,
	  heap_engines, HEAP_ENGINES },
	{ "limit", KEY_SIZE, GCHEAP_A_HEAP_LIMIT, "none", NULL, 0 },
	{ "arena-order", KEY_NUMBER, GCHEAP_A_HEAP_ARENA_ORDER, NULL, NULL, 0 },
	{ "gogc", KEY_NUMBER, GCHEAP_A_HEAP_GOGC, "off", NULL, 0 },
	{ "memory-limit", KEY_SIZE, GCHEAP_A_HEAP_MEMORY_LIMIT, "none",
	  NULL, 0 },
	{ "assist-us", KEY_US, GCHEAP_A_HEAP_ASSIST_US, "off", NULL, 0 },
	{ "period-ms", KEY_MS, GCHEAP_A_HEAP_PERIOD_MS, "off", NULL, 0 },
	{ "small-max", KEY_SMALL_SIZE, GCHEAP_A_HEAP_SMALL_MAX, NULL, NULL, 0 },
	{ "pool-size", KEY_SMALL_SIZE, GCHEAP_A_HEAP_POOL_SIZE, NULL, NULL, 0 },
	{ "threshold0", KEY_NUMBER, GCHEAP_A_HEAP_THRESHOLD0, "off", NULL, 0 },
	{ "threshold1", KEY_NUMBER, GCHEAP_A_HEAP_THRESHOLD1, NULL, NULL, 0 },
	{ "threshold2", KEY_NUMBER, GCHEAP_A_HEAP_THRESHOLD2, NULL, NULL, 0 },
	{ "switch-us", KEY_US, GCHEAP_A_HEAP_SWITCH_US, NULL, NULL, 0 },
	{ "workers", KEY_NUMBER, GCHEAP_A_HEAP_WORKERS, "all", NULL, 0 },
	{ "trace", KEY_FLAG, GCHEAP_A_HEAP_TRACE, NULL, NULL, 0 },
	{ "barrier", KEY_CHOICE, GCHEAP_A_HEAP_BARRIER, NULL,
	  barriers, ARRAY_SIZE(barriers) },
	{ "stw", KEY_CHOICE, GCHEAP_A_HEAP_STW, NULL,
	  stops, ARRAY_SIZE(stops) },
	{ "gc-percent-cpu", KEY_NUMBER, GCHEAP_A_HEAP_GC_PERCENT_CPU, NULL,
	  NULL, 0 },
	{ "marker", KEY_CHOICE, GCHEAP_A_HEAP_MARKER, NULL,
	  heap_markers, HEAP_MARKERS },
	{ "interval-ms", KEY_MS, GCHEAP_A_HEAP_INTERVAL_MS, "off",
	  NULL, 0 },
	{ "verify", KEY_FLAG, GCHEAP_A_HEAP_VERIFY, NULL, NULL, 0 },
	{ "poison", KEY_FLAG, GCHEAP_A_HEAP_POISON, NULL, NULL, 0 },
};

const char *heap_engine_name(uint64_t engine)
{
	return engine < HEAP_ENGINES ? heap_engines[engine] : "unknown";
}

/* Sets of engines. */
enum {
	GO = 1 << GCHEAP_ENGINE_GO,
	PYTHON = 1 << GCHEAP_ENGINE_PYTHON,
	ALL = (1 << HEAP_ENGINES) - 1,
};

/* The engines that have a key. */
static unsigned int key_engines(int attr)
{
	switch (attr) {
	case GCHEAP_A_HEAP_ARENA_ORDER:
	case GCHEAP_A_HEAP_TRACE:
		return GO | PYTHON;
	case GCHEAP_A_HEAP_GOGC:
	case GCHEAP_A_HEAP_WORKERS:
	case GCHEAP_A_HEAP_BARRIER:
	case GCHEAP_A_HEAP_STW:
	case GCHEAP_A_HEAP_GC_PERCENT_CPU:
	case GCHEAP_A_HEAP_MARKER:
	case GCHEAP_A_HEAP_PERIOD_MS:
	case GCHEAP_A_HEAP_MEMORY_LIMIT:
	case GCHEAP_A_HEAP_ASSIST_US:
		return GO;
	case GCHEAP_A_HEAP_SMALL_MAX:
	case GCHEAP_A_HEAP_POOL_SIZE:
	case GCHEAP_A_HEAP_THRESHOLD0:
	case GCHEAP_A_HEAP_THRESHOLD1:
	case GCHEAP_A_HEAP_THRESHOLD2:
	case GCHEAP_A_HEAP_SWITCH_US:
		return PYTHON;
	}
	return ALL;
}

/**
 * heap_key_knows() - does an engine have a key?
 * @attr: the key's attribute
 * @engine: the engine
 */
bool heap_key_knows(int attr, int engine)
{
	return key_engines(attr) >> engine & 1;
}

/**
 * heap_read() - reads the settings of a heap from a reply
 * @reply: the reply
 * @arg: struct gnl_facts that receives them
 */
void heap_read(struct gnl_reply *reply, void *arg)
{
	gnl_read(reply, GCHEAP_A_HEAP_NAME, arg);
}

/**
 * heap_put_keys() - adds settings to a request
 * @msg: the request
 * @values: the values of %heap_keys
 */
void heap_put_keys(struct nl_msg *msg, const struct value *values)
{
	size_t i;

	for (i = 0; i < HEAP_KEYS; i++) {
		if (!values[i].given)
			continue;
		if (heap_keys[i].kind == KEY_SIZE)
			gnl_put_wide(msg, heap_keys[i].attr, values[i].num);
		else
			gnl_put_u32(msg, heap_keys[i].attr,
				    (uint32_t)values[i].num);
	}
}

static int create(const char *name, const struct value values[HEAP_KEYS],
		  bool own, struct gnl_facts *facts)
{
	struct nl_msg *msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_HEAP_NEW,
				    HEAP_REQUEST_BYTES);

	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, name);
	heap_put_keys(msg, values);
	if (own)
		gnl_put_data(msg, GCHEAP_A_HEAP_OWNED, NULL, 0);
	memset(facts, 0, sizeof(*facts));
	return gnl_do(msg, heap_read, facts);
}

/**
 * heap_create() - makes a heap
 * @name: its name
 * @values: its settings
 * @facts: receives the resulting settings
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int heap_create(const char *name, const struct value values[HEAP_KEYS],
		struct gnl_facts *facts)
{
	return create(name, values, false, facts);
}

/**
 * heap_create_own() - makes a heap that the kernel deletes when gcctl ends
 * @name: its name
 * @values: its settings
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int heap_create_own(const char *name, const struct value values[HEAP_KEYS])
{
	struct gnl_facts facts;

	return create(name, values, true, &facts);
}

static void read_ending(struct gnl_reply *reply, void *arg)
{
	gnl_read(reply, GCHEAP_A_MODULE_VERSION, arg);
}

/*
 * Waits until no heap is being freed, with a limit. Then the next measurement has the
 * machine to itself, and the module can be unloaded.
 */
static void wait_freed(void)
{
	struct backoff wait = BACKOFF_INIT(10000);
	int i;

	for (i = 0; i < FREED_TRIES && !wait_interrupted(); i++) {
		struct gnl_facts f = { 0 };

		if (gnl_do(gnl_new(GNL_GCHEAP, GCHEAP_CMD_MODULE_GET, 0),
			   read_ending, &f) ||
		    !f.num[GCHEAP_A_MODULE_HEAPS_ENDING])
			break;
		backoff_sleep(&wait);
	}
}

/**
 * heap_try_delete() - deletes a heap, which the kernel frees in the background
 * @name: its name
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int heap_try_delete(const char *name)
{
	struct nl_msg *msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_HEAP_DEL,
				     HEAP_REQUEST_BYTES);
	int err;

	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, name);
	err = gnl_do(msg, NULL, NULL);
	if (!err)
		wait_freed();
	return err;
}

/**
 * heap_delete() - deletes a heap, with retries while it is in use
 * @name: its name
 *
 * The mutators of a run that has ended may not be detached yet.
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int heap_delete(const char *name)
{
	struct backoff wait = BACKOFF_INIT(10000);
	int err = -EBUSY, i;

	for (i = 0; i < DELETE_TRIES && err == -EBUSY; i++) {
		if (i)
			backoff_sleep(&wait);
		err = heap_try_delete(name);
	}
	return err;
}

/**
 * heap_get() - reads the settings of a heap
 * @name: its name
 * @facts: receives them
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int heap_get(const char *name, struct gnl_facts *facts)
{
	struct nl_msg *msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_HEAP_GET,
				    HEAP_REQUEST_BYTES);

	memset(facts, 0, sizeof(*facts));
	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, name);
	return gnl_do(msg, heap_read, facts);
}
