// SPDX-License-Identifier: GPL-2.0
/* Requests for engines and for the settings that their heaps have. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "gcctl.h"
#include "generated/keys.h"
#include "nl.h"

/* A request with one name. */
#define REQUEST_BYTES	128

/* ---- reading ---- */

static void *grow(void *array, size_t nr, size_t size)
{
	array = reallocarray(array, nr, size);
	if (!array)
		abort();
	return array;
}

/* Returns NULL without the attribute. */
static char *text_of(struct nlattr *attr)
{
	char *text;

	if (!attr)
		return NULL;
	text = strndup(nla_data(attr), (size_t)nla_len(attr));
	if (!text)
		abort();
	return text;
}

static void read_choices(struct nlattr *nest, struct key *key)
{
	const char **words = NULL;
	struct nlattr *attr;
	size_t nr = 0;
	int left;

	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) != GCHEAP_A_KEY_CHOICE)
			continue;
		words = grow(words, nr + 1, sizeof(*words));
		words[nr++] = text_of(attr);
	}
	key->choices = words;
	key->nr_choices = nr;
}

/* gcctl's own table says how wide the attribute of a key is. */
static enum key_kind kind_of(const struct setting *s)
{
	size_t i;

	for (i = 0; i < HEAP_KEYS; i++)
		if (heap_keys[i].attr == s->key.attr)
			return heap_keys[i].kind;
	switch (s->unit) {
	case GCHEAP_UNIT_FLAG:
		return KEY_FLAG;
	case GCHEAP_UNIT_CHOICE:
		return s->key.nr_choices ? KEY_CHOICE : KEY_WIDE;
	case GCHEAP_UNIT_BYTES:
		return KEY_SIZE;
	case GCHEAP_UNIT_MS:
		return KEY_MS;
	case GCHEAP_UNIT_US:
		return KEY_US;
	}
	return KEY_WIDE;
}

static void read_setting(struct nlattr *nest, struct setting *s)
{
	struct nlattr *attrs[GCHEAP_A_KEY_MAX + 1] = { 0 };
	struct gnl_facts f;

	memset(s, 0, sizeof(*s));
	gnl_read_nested(nest, &f);
	nla_parse_nested(attrs, GCHEAP_A_KEY_MAX, nest, NULL);
	s->key.name = attrs[GCHEAP_A_KEY_NAME] ?
		      text_of(attrs[GCHEAP_A_KEY_NAME]) : strdup("");
	s->key.attr = (int)f.num[GCHEAP_A_KEY_ATTRIBUTE];
	s->key.zero = text_of(attrs[GCHEAP_A_KEY_ZERO]);
	s->doc = text_of(attrs[GCHEAP_A_KEY_DOC]);
	s->unit = f.num[GCHEAP_A_KEY_UNIT];
	s->min = f.num[GCHEAP_A_KEY_MIN_VALUE];
	s->max = f.num[GCHEAP_A_KEY_MAX_VALUE];
	s->def = f.num[GCHEAP_A_KEY_DEFAULT];
	s->now = f.num[GCHEAP_A_KEY_CURRENT];
	s->has_now = gnl_has(&f, GCHEAP_A_KEY_CURRENT);
	s->live = attrs[GCHEAP_A_KEY_LIVE];
	s->pow2 = attrs[GCHEAP_A_KEY_POWER_OF_TWO];
	read_choices(nest, &s->key);
	s->key.kind = kind_of(s);
}

static void read_engine(struct gnl_reply *reply, void *arg)
{
	struct engine *e = arg;
	struct nlattr *attr;
	struct gnl_facts f;
	int left;

	memset(e, 0, sizeof(*e));
	gnl_read(reply, GCHEAP_A_ENGINE_NAME, &f);
	gnl_read_text(reply, GCHEAP_A_ENGINE_NAME, e->name, sizeof(e->name));
	gnl_read_text(reply, GCHEAP_A_ENGINE_MODULE, e->module,
		      sizeof(e->module));
	gnl_read_text(reply, GCHEAP_A_ENGINE_PAGE_GROUPS, e->page_groups,
		      sizeof(e->page_groups));
	e->reclaim = f.num[GCHEAP_A_ENGINE_RECLAIM];
	e->finalizers = reply->attrs[GCHEAP_A_ENGINE_FINALIZERS];
	nla_for_each_attr(attr, reply->head, reply->len, left) {
		if (nla_type(attr) != GCHEAP_A_ENGINE_KEY)
			continue;
		e->settings = grow(e->settings, e->nr_settings + 1,
				   sizeof(*e->settings));
		read_setting(attr, &e->settings[e->nr_settings++]);
	}
}

static int ask(int cmd, int attr, const char *name, struct engine *e)
{
	struct nl_msg *msg = gnl_new(GNL_GCHEAP, cmd, REQUEST_BYTES);

	memset(e, 0, sizeof(*e));
	gnl_put_name(msg, attr, name);
	return gnl_do(msg, read_engine, e);
}

/**
 * engine_get() - reads an engine and the settings of its heaps
 * @name: its name, of at most %GCHEAP_NAME_MAX characters
 * @e: receives it, for engine_free()
 *
 * Return: 0, -ENOENT if it is not loaded, or another negative errno that gnl_fail() can
 * explain.
 */
int engine_get(const char *name, struct engine *e)
{
	return ask(GCHEAP_CMD_ENGINE_GET, GCHEAP_A_ENGINE_NAME, name, e);
}

/**
 * engine_of_heap() - reads the settings of a heap, with their values
 * @heap: the heap
 * @e: receives the name of its engine and the settings, for engine_free()
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int engine_of_heap(const char *heap, struct engine *e)
{
	return ask(GCHEAP_CMD_KEY_GET, GCHEAP_A_ENGINE_HEAP, heap, e);
}

static void forget(void *arg)
{
	struct engine_list *list = arg;

	list->nr = 0;
}

static void append(struct gnl_reply *reply, void *arg)
{
	struct engine_list *list = arg;

	list->engines = grow(list->engines, list->nr + 1,
			     sizeof(*list->engines));
	read_engine(reply, &list->engines[list->nr++]);
}

/**
 * engine_dump() - reads all engines
 * @list: empty list that receives them; free its @engines
 *
 * Return: 0, or a negative errno that gnl_fail() can explain.
 */
int engine_dump(struct engine_list *list)
{
	return gnl_dump(GNL_GCHEAP, GCHEAP_CMD_ENGINE_GET, forget, append, list);
}

/* Texts of a key here are on the heap, whatever the type of the pointer. */
static void drop(const void *text)
{
	free((void *)(uintptr_t)text);
}

/**
 * engine_free() - frees what an engine refers to
 * @e: the engine
 */
void engine_free(struct engine *e)
{
	size_t i, j;

	for (i = 0; i < e->nr_settings; i++) {
		struct setting *s = &e->settings[i];

		for (j = 0; j < s->key.nr_choices; j++)
			drop(s->key.choices[j]);
		drop(s->key.choices);
		drop(s->key.zero);
		drop(s->key.name);
		free(s->doc);
	}
	free(e->settings);
	memset(e, 0, sizeof(*e));
}

/* ---- use ---- */

/**
 * engine_setting() - looks up a setting of an engine
 * @e: the engine
 * @attr: the attribute of heaps that has the value
 *
 * Return: the setting, or NULL.
 */
const struct setting *engine_setting(const struct engine *e, int attr)
{
	size_t i;

	for (i = 0; i < e->nr_settings; i++)
		if (e->settings[i].key.attr == attr)
			return &e->settings[i];
	return NULL;
}

/**
 * engine_keys() - makes a table of keys for a heap of an engine
 * @e: the engine
 * @nr: receives the number of keys
 *
 * The kernel refuses the keys of other engines, with a better message than an unknown
 * key would get. So they are in the table too.
 *
 * Return: the table, in which the engine is first, for free(). Its texts are those of
 * @e.
 */
struct key *engine_keys(const struct engine *e, size_t *nr)
{
	struct key *keys = grow(NULL, HEAP_KEYS + e->nr_settings, sizeof(*keys));
	size_t i, n = 0;

	keys[n++] = heap_keys[0];
	for (i = 0; i < e->nr_settings; i++)
		keys[n++] = e->settings[i].key;
	for (i = 1; i < HEAP_KEYS; i++)
		if (!engine_setting(e, heap_keys[i].attr))
			keys[n++] = heap_keys[i];
	*nr = n;
	return keys;
}

/**
 * engine_own_key() - is an attribute of heaps one whose meaning only the engine knows?
 * @attr: the attribute
 */
bool engine_own_key(int attr)
{
	return attr >= GCHEAP_A_HEAP_OWN0 && attr <= GCHEAP_A_HEAP_OWN7;
}

/**
 * engine_reclaim() - a word for how an engine frees objects
 * @e: the engine
 */
const char *engine_reclaim(const struct engine *e)
{
	static const char *const words[] = {
		[GCHEAP_RECLAIM_TRACING] = "tracing",
		[GCHEAP_RECLAIM_COUNTING] = "counting",
		[GCHEAP_RECLAIM_EXPLICIT] = "explicit",
		[GCHEAP_RECLAIM_NEVER] = "never",
	};

	return e->reclaim < ARRAY_SIZE(words) ? words[e->reclaim] : "unknown";
}

/**
 * engine_value() - the value of a setting, for output
 * @key: its key
 * @num: its number
 */
struct out_value engine_value(const struct key *key, uint64_t num)
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
