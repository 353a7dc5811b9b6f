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

/* One line per heap. */
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
		/* For other keys 0 is an ordinary value. */
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
	/* All keys except the engine. */
	if (parse_heap_name(argv[0]) ||
	    parse_keys(argc - 1, argv + 1, heap_keys + 1, HEAP_KEYS - 1,
		       values + 1))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_HEAP_SET, HEAP_REQUEST_BYTES);
	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, argv[0]);
	heap_put_keys(msg, values);
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
