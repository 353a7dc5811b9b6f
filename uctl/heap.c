// SPDX-License-Identifier: GPL-2.0
/* Heaps: their engines, and requests that make, read and delete them. */
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

/**
 * heap_engine_known() - is an engine one of the gcheap module, which are always there?
 * @name: its name
 */
bool heap_engine_known(const char *name)
{
	size_t i;

	for (i = 0; i < HEAP_ENGINES; i++)
		if (!strcmp(name, heap_engines[i]))
			return true;
	return false;
}

/**
 * heap_engine_find() - looks up an engine that a user names
 * @word: its name; one of the gcheap module may be abbreviated
 * @e: receives the engine, for engine_free()
 *
 * Return: 0, -ENOENT if it is not loaded, or another negative errno that gnl_fail() can
 * explain.
 */
int heap_engine_find(const char *word, struct engine *e)
{
	int err = engine_get(word, e), i;

	if (err != -ENOENT)
		return err;
	i = parse_match(word, heap_engines, HEAP_ENGINES,
			sizeof(*heap_engines));
	return i < 0 ? err : engine_get(heap_engines[i], e);
}

/**
 * heap_read() - reads the settings of a heap from a reply
 * @reply: the reply
 * @arg: struct gnl_facts that receives them
 */
void heap_read(struct gnl_reply *reply, void *arg)
{
	struct gnl_facts *facts = arg;

	gnl_read(reply, GCHEAP_A_HEAP_NAME, facts);
	gnl_read_text(reply, GCHEAP_A_HEAP_ENGINE_NAME, facts->engine,
		      sizeof(facts->engine));
}

static void put_key(struct nl_msg *msg, const struct key *key,
		    const struct value *value)
{
	if (key->kind == KEY_TEXT)
		gnl_put_name(msg, key->attr, value->text);
	else if (key->kind == KEY_SIZE || engine_own_key(key->attr))
		gnl_put_wide(msg, key->attr, value->num);
	else
		gnl_put_u32(msg, key->attr, (uint32_t)value->num);
}

/**
 * heap_put_keys() - adds settings to a request
 * @msg: the request
 * @c: the settings
 */
void heap_put_keys(struct nl_msg *msg, const struct config *c)
{
	size_t i;

	for (i = 0; i < c->nr; i++)
		if (c->values[i].given)
			put_key(msg, &c->keys[i], &c->values[i]);
}

static int create(const char *name, const struct config *c, bool own,
		  struct gnl_facts *facts)
{
	struct nl_msg *msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_HEAP_NEW,
				    HEAP_REQUEST_BYTES);

	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, name);
	heap_put_keys(msg, c);
	if (own)
		gnl_put_data(msg, GCHEAP_A_HEAP_OWNED, NULL, 0);
	memset(facts, 0, sizeof(*facts));
	return gnl_do(msg, heap_read, facts);
}

/**
 * heap_create() - makes a heap
 * @name: its name
 * @c: its settings
 * @facts: receives the resulting settings
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int heap_create(const char *name, const struct config *c, struct gnl_facts *facts)
{
	return create(name, c, false, facts);
}

/**
 * heap_create_own() - makes a heap that the kernel deletes when gcctl ends
 * @name: its name
 * @c: its settings
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int heap_create_own(const char *name, const struct config *c)
{
	struct gnl_facts facts;

	return create(name, c, true, &facts);
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
