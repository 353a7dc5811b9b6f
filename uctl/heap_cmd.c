// SPDX-License-Identifier: GPL-2.0
/* gcctl heap: makes, shows, changes and deletes heaps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "heap.h"
#include "out.h"
#include "snapshot.h"

struct heap_list {
	struct gnl_facts *heaps;
	size_t nr;
	size_t room;
};

enum { BRIEF = 5 };

static struct out_value number(const struct gnl_facts *f, int attr)
{
	return out_num(OUT_COUNT, f->num[attr]);
}

/* One line per heap. */
static void show_brief(const struct gnl_facts *f, bool first)
{
	struct out_value limit = out_num(OUT_BYTES, f->num[GCHEAP_A_HEAP_LIMIT]);
	const struct out_field fields[BRIEF] = {
		out_column("id", number(f, GCHEAP_A_HEAP_ID)),
		out_column("engine", out_text(f->engine)),
		out_column("mutators", number(f, GCHEAP_A_HEAP_MUTATORS)),
		out_column("cycles", number(f, GCHEAP_A_HEAP_CYCLES)),
		out_column("limit", limit.num ? limit : out_text("none")),
	};

	if (first)
		out_line_head("heap", fields, BRIEF);
	out_line(NULL, f->name, fields, BRIEF);
}

static void show_setting(const struct key *key, const struct gnl_facts *f)
{
	struct out_value v = engine_value(key, f->num[key->attr]);
	/* For other keys 0 is an ordinary value. */
	bool can_be_off = key->zero || key->kind == KEY_FLAG;

	if (gnl_has(f, key->attr) && (!can_be_off || !out_hides(&v)))
		out_item(key->name, key->name, v);
}

static bool has_own(const struct gnl_facts *f)
{
	int attr;

	for (attr = GCHEAP_A_HEAP_OWN0; attr <= GCHEAP_A_HEAP_OWN7; attr++)
		if (gnl_has(f, attr))
			return true;
	return false;
}

/* Only the kernel knows their names. The heap may have been deleted since. */
static void show_own(const struct gnl_facts *f)
{
	struct engine e;
	size_t i;

	if (!has_own(f) || engine_of_heap(f->name, &e))
		return;
	for (i = 0; i < e.nr_settings; i++)
		if (engine_own_key(e.settings[i].key.attr))
			show_setting(&e.settings[i].key, f);
	engine_free(&e);
}

static void show(const struct gnl_facts *f)
{
	size_t i;

	out_group(NULL, NULL);
	out_item("name", NULL, out_text(f->name));
	out_item("id", "id", out_num(OUT_PLAIN, f->num[GCHEAP_A_HEAP_ID]));
	out_item("engine", "engine", out_text(f->engine));
	if (gnl_has(f, GCHEAP_A_HEAP_MUTATORS))
		out_item("mutators", "mutators",
			 out_num(OUT_COUNT, f->num[GCHEAP_A_HEAP_MUTATORS]));
	if (gnl_has(f, GCHEAP_A_HEAP_CYCLES))
		out_item("cycles", "cycles",
			 out_num(OUT_COUNT,
				 f->num[GCHEAP_A_HEAP_CYCLES]));
	out_break();
	for (i = 1; i < HEAP_KEYS; i++)
		show_setting(&heap_keys[i], f);
	show_own(f);
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
	heap_read(reply, &list->heaps[list->nr++]);
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

/* The engine among the words of heap add, or NULL. */
static const char *engine_given(int argc, char **argv)
{
	int i;

	for (i = 0; i + 1 < argc; i += 2)
		if (!parse_match(argv[i], heap_keys, HEAP_KEYS,
				 sizeof(*heap_keys)))
			return argv[i + 1];
	return NULL;
}

/* Are all keys whole names of gcctl's own table? */
static bool all_common(int argc, char **argv)
{
	int i, k;

	for (i = 0; i < argc; i += 2) {
		k = parse_match(argv[i], heap_keys, HEAP_KEYS,
				sizeof(*heap_keys));
		if (k < 0 || strcmp(argv[i], heap_keys[k].name))
			return false;
	}
	return true;
}

/* The kernel loads the engine when it makes the heap, but only then. */
static int check_unloaded(const char *engine, int argc, char **argv)
{
	char hint[64];
	int i;

	snprintf(hint, sizeof(hint), "modprobe gcheap-engine-%s", engine);
	for (i = 0; i < argc; i += 2)
		if (parse_match(argv[i], heap_keys, HEAP_KEYS,
				sizeof(*heap_keys)) == -1)
			return out_error(STATUS_USAGE, 0, hint,
					 "unknown key '%s': engine %s is not loaded, so its own keys are not known",
					 argv[i], engine);
	return STATUS_OK;
}

/* Finds the keys of an engine that is not one of the gcheap module. */
static int find_engine(const char *engine, int argc, char **argv, struct engine *e)
{
	int err;

	/* Its name is not, either. */
	if (strlen(engine) > GCHEAP_NAME_MAX)
		return out_error(STATUS_USAGE, 0, NULL,
				 "'%s' is longer than the %d characters that the name of an engine may have",
				 engine, GCHEAP_NAME_MAX);
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = heap_engine_find(engine, e);
	if (err == -ENOENT)
		return check_unloaded(engine, argc, argv);
	return err ? gnl_fail(err) : STATUS_OK;
}

static int parse_config(int argc, char **argv, const struct key *keys, size_t nr,
			struct config *c)
{
	c->keys = keys;
	c->nr = nr;
	c->values = calloc(nr, sizeof(*c->values));
	if (!c->values)
		return out_error(STATUS_REFUSED, ENOMEM, NULL, "out of memory");
	return parse_keys(argc, argv, keys, nr, c->values);
}

static int create(const char *name, const struct config *c)
{
	struct gnl_facts facts;
	int err;

	if (!c->values[0].given)
		return out_error(STATUS_USAGE, 0,
				 "engine go, engine python or engine slab",
				 "heap add needs an engine");
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = heap_create(name, c, &facts);
	if (err)
		return gnl_fail(err);
	out_list("heaps");
	show(&facts);
	out_end();
	return STATUS_OK;
}

static int heap_add(int argc, char **argv)
{
	const char *engine = engine_given(argc - 1, argv + 1);
	struct engine e = { 0 };
	struct config c = { 0 };
	struct key *keys = NULL;
	size_t nr = HEAP_KEYS;
	int status = STATUS_OK;

	if (!argc)
		return out_error(STATUS_USAGE, 0,
				 "gcctl heap add NAME engine ENGINE [KEY VALUE]...",
				 "heap add needs a name");
	if (parse_heap_name(argv[0]))
		return STATUS_USAGE;
	if (engine && !heap_engine_known(engine))
		status = find_engine(engine, argc - 1, argv + 1, &e);
	if (!status && e.nr_settings)
		keys = engine_keys(&e, &nr);
	if (!status)
		status = parse_config(argc - 1, argv + 1, keys ? keys : heap_keys,
				      nr, &c);
	/* It may have been abbreviated. */
	if (!status && e.nr_settings)
		c.values[0].text = e.name;
	if (!status)
		status = create(argv[0], &c);
	free(c.values);
	free(keys);
	engine_free(&e);
	return status;
}

static int set(const char *name, const struct config *c)
{
	struct nl_msg *msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_HEAP_SET,
				    HEAP_REQUEST_BYTES);
	int err;

	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, name);
	heap_put_keys(msg, c);
	err = gnl_do(msg, NULL, NULL);
	return err ? gnl_fail(err) : STATUS_OK;
}

/* The kernel knows the keys that are not in gcctl's own table. */
static int set_by_engine(int argc, char **argv)
{
	struct config c = { 0 };
	struct engine e;
	struct key *keys;
	size_t nr;
	int status, err = engine_of_heap(argv[0], &e);

	if (err)
		return gnl_fail(err);
	/* All keys except the engine. */
	keys = engine_keys(&e, &nr);
	status = parse_config(argc - 1, argv + 1, keys + 1, nr - 1, &c);
	if (!status)
		status = set(argv[0], &c);
	free(c.values);
	free(keys);
	engine_free(&e);
	return status;
}

static int heap_set(int argc, char **argv)
{
	struct value values[HEAP_KEYS] = { 0 };
	const struct config c = { heap_keys + 1, values, HEAP_KEYS - 1 };
	int err;

	if (argc < 2)
		return out_error(STATUS_USAGE, 0,
				 "gcctl heap set NAME KEY VALUE...",
				 "heap set needs a name and a key");
	if (parse_heap_name(argv[0]))
		return STATUS_USAGE;
	if (!all_common(argc - 1, argv + 1)) {
		err = gnl_open(GNL_GCHEAP);
		return err ? err : set_by_engine(argc, argv);
	}
	if (parse_keys(argc - 1, argv + 1, c.keys, c.nr, values))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	return err ? err : set(argv[0], &c);
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
	err = heap_try_delete(argv[0]);
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
	{ "keys", heap_list_keys },
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
