// SPDX-License-Identifier: GPL-2.0
/* gcctl engine and gcctl heap keys: engines, and the settings that their heaps have. */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gcctl.h"
#include "nl.h"
#include "out.h"
#include "text.h"

#define LINE_WIDTH	80
#define DOC_INDENT	4

static const char *const units[] = {
	[GCHEAP_UNIT_COUNT] = "count",
	[GCHEAP_UNIT_FLAG] = "flag",
	[GCHEAP_UNIT_CHOICE] = "choice",
	[GCHEAP_UNIT_BYTES] = "bytes",
	[GCHEAP_UNIT_ORDER] = "order",
	[GCHEAP_UNIT_PERCENT] = "percent",
	[GCHEAP_UNIT_MS] = "ms",
	[GCHEAP_UNIT_US] = "us",
};

static const char *unit_of(const struct setting *s)
{
	return s->unit < ARRAY_SIZE(units) ? units[s->unit] : "unknown";
}

/* ---- the table of settings ---- */

static void put_setting(const struct setting *s)
{
	size_t i;

	out_group(NULL, NULL);
	out_item("name", NULL, out_text(s->key.name));
	out_item("attribute", NULL, out_num(OUT_PLAIN, (uint64_t)s->key.attr));
	out_item("unit", NULL, out_text(unit_of(s)));
	out_item("min-value", NULL, out_num(OUT_PLAIN, s->min));
	out_item("max-value", NULL, out_num(OUT_PLAIN, s->max));
	out_item("default", NULL, engine_value(&s->key, s->def));
	if (s->has_now)
		out_item("current", NULL, engine_value(&s->key, s->now));
	out_item("zero", NULL, s->key.zero ? out_text(s->key.zero) :
					     out_num(OUT_NONE, 0));
	out_item("live", NULL, out_num(OUT_FLAG, s->live));
	out_item("power-of-two", NULL, out_num(OUT_FLAG, s->pow2));
	out_list("choice");
	for (i = 0; i < s->key.nr_choices; i++)
		out_item(NULL, NULL, out_text(s->key.choices[i]));
	out_end();
	out_item("doc", NULL, out_text(s->doc ? s->doc : ""));
	out_end();
}

/* A left-aligned column. */
static void cell(int width, const char *text)
{
	char *clean = text_clean(text);

	printf("%-*s  ", width, clean);
	free(clean);
}

static void value_cell(int width, const struct setting *s, uint64_t num)
{
	const struct out_value v = engine_value(&s->key, num);
	char buf[48];

	cell(width, out_format(buf, sizeof(buf), &v));
}

/* What the setting may be, in words or as a range. */
static void put_values(const struct setting *s)
{
	bool zero = s->key.zero && !s->min;
	struct key plain = s->key;
	char min[48], max[48];
	struct out_value v;
	size_t i;

	for (i = 0; i < s->key.nr_choices; i++)
		printf("%s%s", i ? ", " : "", s->key.choices[i]);
	if (s->key.nr_choices)
		return;
	if (s->key.kind == KEY_FLAG) {
		fputs("off, on", stdout);
		return;
	}
	/* The word for 0 stands for it. */
	plain.zero = zero ? plain.zero : NULL;
	v = engine_value(&plain, s->min);
	fputs(out_format(min, sizeof(min), &v), stdout);
	plain.zero = NULL;
	v = engine_value(&plain, s->max);
	printf("%s to %s%s", zero ? "," : "", out_format(max, sizeof(max), &v),
	       s->pow2 ? ", power of two" : "");
}

/* Words of a text, in indented lines. */
static void put_doc(const char *doc)
{
	char *clean = text_clean(doc ? doc : ""), *rest = clean, *word;
	size_t used = 0, len;

	while ((word = strsep(&rest, " "))) {
		len = strlen(word);
		if (used && used + 1 + len > LINE_WIDTH) {
			putchar('\n');
			used = 0;
		}
		used += used ? 1 + len : DOC_INDENT + len;
		printf("%*s%s", used == DOC_INDENT + len ? DOC_INDENT : 1, "",
		       word);
	}
	putchar('\n');
	free(clean);
}

enum { WIDE = 16, UNIT = 7, VALUE = 10, CHANGE = 6 };

static void show_setting(const struct setting *s)
{
	cell(WIDE, s->key.name);
	cell(UNIT, unit_of(s));
	value_cell(VALUE, s, s->def);
	if (s->has_now)
		value_cell(VALUE, s, s->now);
	cell(CHANGE, s->live ? "yes" : "no");
	put_values(s);
	putchar('\n');
	put_doc(s->doc);
}

static void show_settings(const struct engine *e)
{
	size_t i;

	if (out_is_json()) {
		out_list("keys");
		for (i = 0; i < e->nr_settings; i++)
			put_setting(&e->settings[i]);
		out_end();
		return;
	}
	cell(WIDE, "key");
	cell(UNIT, "unit");
	cell(VALUE, "default");
	if (e->nr_settings && e->settings[0].has_now)
		cell(VALUE, "value");
	cell(CHANGE, "change");
	fputs("values\n", stdout);
	for (i = 0; i < e->nr_settings; i++)
		show_setting(&e->settings[i]);
}

/* ---- engines ---- */

enum { BRIEF = 4 };

static void show_brief(const struct engine *e, bool first)
{
	const struct out_field fields[BRIEF] = {
		out_column("module", out_text(e->module)),
		out_column("reclaim", out_text(engine_reclaim(e))),
		out_column("page groups", out_text(e->page_groups)),
		out_column("finalizers", out_num(OUT_FLAG, e->finalizers)),
	};

	if (first)
		out_line_head("engine", fields, BRIEF);
	out_line(NULL, e->name, fields, BRIEF);
}

/* With its settings, if the kernel was asked for them. */
static void show(const struct engine *e)
{
	out_group(NULL, NULL);
	out_item("name", NULL, out_text(e->name));
	out_item("module", "module", out_text(e->module));
	out_item("reclaim", "reclaim", out_text(engine_reclaim(e)));
	out_item("page-groups", "page-groups", out_text(e->page_groups));
	out_item("finalizers", "finalizers", out_num(OUT_FLAG, e->finalizers));
	if (!e->nr_settings) {
		out_end();
		return;
	}
	out_break();
	show_settings(e);
	out_end();
}

static void show_list(const struct engine_list *list)
{
	size_t i;

	out_list("engines");
	for (i = 0; i < list->nr; i++)
		if (out_is_brief())
			show_brief(&list->engines[i], !i);
		else
			show(&list->engines[i]);
	out_end();
}

static int show_all(void)
{
	struct engine_list list = { 0 };
	int err = engine_dump(&list);

	if (!err)
		show_list(&list);
	free(list.engines);
	return err ? gnl_fail(err) : STATUS_OK;
}

static int show_one(const char *name)
{
	struct engine e;
	struct engine_list one = { .engines = &e, .nr = 1 };
	int err = engine_get(name, &e);
	char hint[64];

	if (err == -ENOENT) {
		snprintf(hint, sizeof(hint), "modprobe gcheap-engine-%s", name);
		return out_error(STATUS_REFUSED, ENOENT, hint,
				 "engine %s is not loaded", name);
	}
	if (err)
		return gnl_fail(err);
	show_list(&one);
	engine_free(&e);
	return STATUS_OK;
}

static int engine_show(int argc, char **argv)
{
	int err;

	if (argc > 1)
		return out_error(STATUS_USAGE, 0, "gcctl engine show [NAME]",
				 "engine show takes one name at most");
	if (argc && strlen(argv[0]) > GCHEAP_NAME_MAX)
		return out_error(STATUS_USAGE, 0, NULL,
				 "'%s' is longer than the %d characters that the name of an engine may have",
				 argv[0], GCHEAP_NAME_MAX);
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	return argc ? show_one(argv[0]) : show_all();
}

static const char *const verbs[] = { "show" };

int engine_cmd(int argc, char **argv)
{
	if (!argc)
		return engine_show(0, NULL);
	if (parse_word("verb", argv[0], verbs, ARRAY_SIZE(verbs),
		       sizeof(verbs[0])) < 0)
		return STATUS_USAGE;
	return engine_show(argc - 1, argv + 1);
}

/**
 * heap_list_keys() - gcctl heap keys
 * @argc: number of words
 * @argv: the words after "heap keys"
 *
 * Return: an exit status.
 */
int heap_list_keys(int argc, char **argv)
{
	struct engine e;
	int err;

	if (argc != 1)
		return out_error(STATUS_USAGE, 0, "gcctl heap keys NAME",
				 "heap keys takes one name");
	if (parse_heap_name(argv[0]))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	err = engine_of_heap(argv[0], &e);
	if (err)
		return gnl_fail(err);
	out_group(NULL, NULL);
	out_item("name", NULL, out_text(argv[0]));
	out_item("engine", "engine", out_text(e.name));
	out_break();
	show_settings(&e);
	out_end();
	engine_free(&e);
	return STATUS_OK;
}
