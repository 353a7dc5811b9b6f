// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl heap: makes, shows, changes and deletes heaps.
 */
#include "heap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "out.h"
#include "wait.h"

/* A name and all keys, with room to spare. */
#define REQUEST_BYTES	512
/* How long a heap that is in use is waited for before it is given up. */
#define DELETE_TRIES	200
/* How long one is waited for that is being freed: some seconds. */
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

struct heap_list {
	struct gnl_facts *heaps;
	size_t nr;
	size_t room;
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

/* The engines that know a key. */
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
 * heap_key_knows() - whether an engine knows a key
 * @attr: the key's attribute
 * @engine: the engine
 */
bool heap_key_knows(int attr, int engine)
{
	return key_engines(attr) >> engine & 1;
}

static void read_heap(struct gnl_reply *reply, void *arg)
{
	gnl_read(reply, GCHEAP_A_HEAP_NAME, arg);
}

static void put_keys(struct nl_msg *msg, const struct value *values)
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
				    REQUEST_BYTES);

	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, name);
	put_keys(msg, values);
	if (own)
		gnl_put_data(msg, GCHEAP_A_HEAP_OWNED, NULL, 0);
	memset(facts, 0, sizeof(*facts));
	return gnl_do(msg, read_heap, facts);
}

/**
 * heap_create() - makes a heap
 * @name: its name
 * @values: its settings
 * @facts: receives what the kernel made of them
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int heap_create(const char *name, const struct value values[HEAP_KEYS],
		struct gnl_facts *facts)
{
	return create(name, values, false, facts);
}

/**
 * heap_create_own() - makes a heap that goes when gcctl does, however it ends
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
 * Waits for a while until no heap is being freed: what is measured next has the machine
 * for itself then, and the module can be unloaded.
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

/* Deletes a heap; the kernel frees it in the background. */
static int try_delete(const char *name)
{
	struct nl_msg *msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_HEAP_DEL,
				     REQUEST_BYTES);
	int err;

	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, name);
	err = gnl_do(msg, NULL, NULL);
	if (!err)
		wait_freed();
	return err;
}

/**
 * heap_delete() - deletes a heap, waiting for a while if it is in use
 * @name: its name
 *
 * A mutator that has just ended may still be on its way out.
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
		err = try_delete(name);
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
				    REQUEST_BYTES);

	memset(facts, 0, sizeof(*facts));
	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, name);
	return gnl_do(msg, read_heap, facts);
}

static struct out_value key_value(const struct key *key, uint64_t num)
{
	struct out_value v = out_num(OUT_PLAIN, num);

	if (key->kind == KEY_CHOICE)
		return out_text(num < key->nr_choices ? key->choices[num] :
							"unknown");
	if (key->kind == KEY_FLAG)
		v.kind = OUT_FLAG;
	else if (key->kind == KEY_SIZE || key->kind == KEY_SMALL_SIZE)
		v.kind = OUT_BYTES;
	v.text = key->zero;
	return v;
}

enum { BRIEF = 5 };

static struct out_value number(const struct gnl_facts *f, int attr)
{
	return out_num(OUT_COUNT, f->num[attr]);
}

/* A heap on a line. */
static void show_brief(const struct gnl_facts *f, bool first)
{
	const char *engine = heap_engine_name(f->num[GCHEAP_A_HEAP_ENGINE]);
	struct out_value limit = out_num(OUT_BYTES, f->num[GCHEAP_A_HEAP_LIMIT]);
	const struct out_field fields[BRIEF] = {
		out_column("id", number(f, GCHEAP_A_HEAP_ID)),
		out_column("engine", out_text(engine)),
		out_column("mutators", number(f, GCHEAP_A_HEAP_MUTATORS)),
		out_column("cycles", number(f, GCHEAP_A_HEAP_CYCLES)),
		out_column("limit", limit.num ? limit : out_text("none")),
	};

	if (first)
		out_line_head("heap", fields, BRIEF);
	out_line(NULL, f->name, fields, BRIEF);
}

static void show(const struct gnl_facts *f)
{
	struct out_value v;
	bool can_be_off;
	size_t i;

	out_group(NULL, NULL);
	out_item("name", NULL, out_text(f->name));
	out_item("id", "id", out_num(OUT_PLAIN, f->num[GCHEAP_A_HEAP_ID]));
	out_item("engine", "engine",
		 out_text(heap_engine_name(f->num[GCHEAP_A_HEAP_ENGINE])));
	if (gnl_has(f, GCHEAP_A_HEAP_MUTATORS))
		out_item("mutators", "mutators",
			 out_num(OUT_COUNT, f->num[GCHEAP_A_HEAP_MUTATORS]));
	if (gnl_has(f, GCHEAP_A_HEAP_CYCLES))
		out_item("cycles", "cycles",
			 out_num(OUT_COUNT,
				 f->num[GCHEAP_A_HEAP_CYCLES]));
	out_break();
	for (i = 1; i < HEAP_KEYS; i++) {
		const struct key *key = &heap_keys[i];

		if (!gnl_has(f, key->attr))
			continue;
		v = key_value(key, f->num[key->attr]);
		/* Of others 0 is a value like any. */
		can_be_off = key->zero || key->kind == KEY_FLAG;
		if (!can_be_off || !out_hides(&v))
			out_item(key->name, key->name, v);
	}
	out_end();
}

static void forget_heaps(void *arg)
{
	struct heap_list *list = arg;

	list->nr = 0;
}

static void append_heap(struct gnl_reply *reply, void *arg)
{
	struct heap_list *list = arg;

	if (list->nr == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		struct gnl_facts *heaps = realloc(list->heaps,
						 room * sizeof(*heaps));

		if (!heaps)
			abort();
		list->heaps = heaps;
		list->room = room;
	}
	read_heap(reply, &list->heaps[list->nr++]);
}

static void show_list(const struct heap_list *list)
{
	size_t i;

	out_list("heaps");
	for (i = 0; i < list->nr; i++)
		if (out_is_brief())
			show_brief(&list->heaps[i], !i);
		else
			show(&list->heaps[i]);
	out_end();
}

static int show_all(void)
{
	struct heap_list list = { 0 };
	int err;

	err = gnl_dump(GNL_GCHEAP, GCHEAP_CMD_HEAP_GET, forget_heaps,
		       append_heap, &list);
	if (!err)
		show_list(&list);
	free(list.heaps);
	return err ? gnl_fail(err) : STATUS_OK;
}

static int heap_show(int argc, char **argv)
{
	struct gnl_facts facts;
	struct heap_list one = { .heaps = &facts, .nr = 1 };
	int err;

	if (argc > 1)
		return out_error(STATUS_USAGE, 0, NULL,
				 "heap show takes one name at most");
	if (argc && parse_heap_name(argv[0]))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	if (!argc)
		return show_all();
	err = heap_get(argv[0], &facts);
	if (err)
		return gnl_fail(err);
	show_list(&one);
	return STATUS_OK;
}

static int heap_add(int argc, char **argv)
{
	struct value values[HEAP_KEYS] = { 0 };
	struct gnl_facts facts;
	int err;

	if (!argc)
		return out_error(STATUS_USAGE, 0,
				 "gcctl heap add NAME engine {go|python|slab} [KEY VALUE]...",
				 "heap add needs a name");
	if (parse_heap_name(argv[0]) ||
	    parse_keys(argc - 1, argv + 1, heap_keys, HEAP_KEYS, values))
		return STATUS_USAGE;
	if (!values[0].given)
		return out_error(STATUS_USAGE, 0,
				 "engine go, engine python or engine slab",
				 "heap add needs an engine");
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = heap_create(argv[0], values, &facts);
	if (err)
		return gnl_fail(err);
	out_list("heaps");
	show(&facts);
	out_end();
	return STATUS_OK;
}

static int heap_set(int argc, char **argv)
{
	struct value values[HEAP_KEYS] = { 0 };
	struct nl_msg *msg;
	int err;

	if (argc < 2)
		return out_error(STATUS_USAGE, 0,
				 "gcctl heap set NAME KEY VALUE...",
				 "heap set needs a name and a key");
	/* All keys but the engine. */
	if (parse_heap_name(argv[0]) ||
	    parse_keys(argc - 1, argv + 1, heap_keys + 1, HEAP_KEYS - 1,
		       values + 1))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_HEAP_SET, REQUEST_BYTES);
	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, argv[0]);
	put_keys(msg, values);
	err = gnl_do(msg, NULL, NULL);
	return err ? gnl_fail(err) : STATUS_OK;
}

static int heap_del(int argc, char **argv)
{
	int err;

	if (argc != 1)
		return out_error(STATUS_USAGE, 0, "gcctl heap del NAME",
				 "heap del takes one name");
	if (parse_heap_name(argv[0]))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = try_delete(argv[0]);
	return err ? gnl_fail(err) : STATUS_OK;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "add", heap_add },
	{ "show", heap_show },
	{ "set", heap_set },
	{ "del", heap_del },
	{ "snapshot", heap_snapshot },
};

int heap_cmd(int argc, char **argv)
{
	int i;

	if (!argc)
		return heap_show(0, NULL);
	i = parse_word("verb", argv[0], verbs, ARRAY_SIZE(verbs),
		       sizeof(verbs[0]));
	if (i < 0)
		return STATUS_USAGE;
	return verbs[i].run(argc - 1, argv + 1);
}
