// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots of one instant, with mutators that never pause
 *
 * Each thread has a token for each of several places: objects of all kinds, a root
 * table, its frame. A place has sixteen words. In each step the thread moves the
 * tokens one word on, place after place: it stores a token in the next word and then
 * clears the previous one. So at any instant a token is in one word or in two
 * neighbouring ones; at most one place has two; and the places before it are one word
 * ahead of those behind it. A snapshot read at different times violates this.
 *
 * The threads also move one shared token in turns, each after it has seen the move of
 * the other: a snapshot with different instants for the threads shows it far from its
 * word.
 *
 * With every step a new object replaces another one. Every object that a snapshot
 * lists is referenced by a root or a listed object, and all targets are listed.
 */
#include "tests.h"

#include <linux/bsearch.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <gcheap/engine.h>
#include <gcheap/snapshot.h>

#define THREADS		2U
#define SNAPSHOTS_MIN	5U
#define SNAPSHOTS_MAX	40U
/* Words of a place, per thread. */
#define WORDS		16U

/*
 * Places: objects of up to 512 bytes, larger ones, and large objects; a table; a
 * frame.
 */
enum { INLINE, HEADER, LARGE, TABLE, FRAME, PLACES };
#define HUBS		TABLE

/* References of each kind of object: those of the places, then one per thread. */
static const u32 hub_refs[HUBS] = { 40, 400, 6000 };
#define JUNK_WORD	(THREADS * WORDS)

/* First word, in the second object, of the token that both threads move in turns. */
#define BATON_WORD	100U

/* Entries of the table: the objects, the tokens, the words of the table. */
#define TOKENS		HUBS
#define TABLE_WORDS	(TOKENS + THREADS * PLACES)
#define ENTRIES		(TABLE_WORDS + THREADS * WORDS)

/* Slots of a thread. */
enum { TOKEN, HUB, JUNK, FIRST_WORD, SLOTS = FIRST_WORD + WORDS };

/* Objects that make a cycle last long enough. */
#define CROWD		5000U
/* Upper bound of objects and references. */
#define SEEN_MAX	BIT(15)
/* Frame slots that are recorded. */
#define SLOTS_MAX	256U

struct snap_test {
	struct gch_test_env *env;
	struct gch_roots *roots;
	struct gch_type *var;
	bool stop;
};

struct mover {
	struct snap_test *t;
	struct gch_mutator *m;
	unsigned int number;
	unsigned int baton;
	unsigned long steps;
	struct completion ready;
	struct completion done;
};

/**
 * struct seen - contents of a snapshot
 * @entry: objects of the table
 * @hub: targets of the words of places in objects
 * @baton: words that hold the shared token
 * @slot: slots of frames
 * @slot_obj: targets of these slots
 * @nr_slots: their number
 * @obj: all objects
 * @nr: their number
 * @target: targets of all references
 * @nr_targets: number of targets
 * @refs: number of references of objects
 * @roots: number of roots
 * @cur: the object whose references are being read
 * @whole: the last line has been read
 */
struct seen {
	u64 entry[ENTRIES];
	u64 hub[HUBS][THREADS * WORDS];
	unsigned long baton;
	unsigned int slot[SLOTS_MAX];
	u64 slot_obj[SLOTS_MAX];
	unsigned int nr_slots;
	u64 obj[SEEN_MAX];
	unsigned int nr;
	u64 target[SEEN_MAX];
	unsigned int nr_targets;
	u64 refs;
	u64 roots;
	u64 cur;
	bool whole;
};

static bool put(struct mover *v, unsigned int place, unsigned int word)
{
	struct gch_test_env *env = v->t->env;
	unsigned int w = v->number * WORDS + word;

	if (place == FRAME)
		return MUST(env, gch_copy(v->m, FIRST_WORD + word, TOKEN));
	if (place == TABLE)
		return MUST(env, gch_root_set(v->m, v->t->roots,
					      TABLE_WORDS + w, TOKEN));
	return MUST(env, gch_root_get(v->m, HUB, v->t->roots, place)) &&
	       MUST(env, gch_store(v->m, HUB, w, TOKEN));
}

static bool clear(struct mover *v, unsigned int place, unsigned int word)
{
	struct gch_test_env *env = v->t->env;
	unsigned int w = v->number * WORDS + word;

	if (place == FRAME)
		return MUST(env, gch_clear(v->m, FIRST_WORD + word));
	if (place == TABLE)
		return MUST(env, gch_root_clear(v->m, v->t->roots,
						TABLE_WORDS + w));
	return MUST(env, gch_root_get(v->m, HUB, v->t->roots, place)) &&
	       MUST(env, gch_store_null(v->m, HUB, w));
}

static bool take_token(struct mover *v, unsigned int place)
{
	return MUST(v->t->env, gch_root_get(v->m, TOKEN, v->t->roots,
					    TOKENS + v->number * PLACES +
					    place));
}

/* If it is this thread's turn, moves the shared token. */
static bool pass_baton(struct mover *v)
{
	unsigned int to = (v->baton + 1) % WORDS;
	unsigned int from = (v->baton + WORDS - 1) % WORDS;
	struct gch_test_env *env = v->t->env;
	bool mine;

	if (!MUST(env, gch_root_get(v->m, HUB, v->t->roots, HEADER)) ||
	    !MUST(env, gch_load(v->m, JUNK, HUB, BATON_WORD + from)))
		return false;
	mine = gch_is_null(v->m, JUNK);
	if (!MUST(env, gch_load(v->m, JUNK, HUB, BATON_WORD + v->baton)))
		return false;
	if (!mine || gch_is_null(v->m, JUNK))
		return MUST(env, gch_clear(v->m, JUNK));
	if (!MUST(env, gch_store(v->m, HUB, BATON_WORD + to, JUNK)) ||
	    !MUST(env, gch_store_null(v->m, HUB, BATON_WORD + v->baton)))
		return false;
	v->baton = (v->baton + THREADS) % WORDS;
	return MUST(env, gch_clear(v->m, JUNK));
}

/* Stores a new object of some kind in an old one; its predecessor becomes garbage. */
static bool renew_junk(struct mover *v)
{
	struct gch_test_env *env = v->t->env;
	unsigned int hub = v->steps % HUBS;
	u32 refs = 1, bytes = 24;

	switch (v->steps % 64) {
	case 0:
		bytes = SZ_32K + SZ_4K;
		break;
	case 1 ... 8:
		bytes = 600;
		break;
	case 9 ... 16:
		refs = 0;
		bytes = 8;
		break;
	case 17 ... 24:
		bytes = 0;
		break;
	}
	if (!MUST(env, gch_alloc_var(v->m, JUNK, v->t->var, refs, bytes)))
		return false;
	if (refs && !MUST(env, gch_store(v->m, JUNK, 0, TOKEN)))
		return false;
	return MUST(env, gch_root_get(v->m, HUB, v->t->roots, hub)) &&
	       MUST(env, gch_store(v->m, HUB, JUNK_WORD + v->number, JUNK)) &&
	       MUST(env, gch_clear(v->m, JUNK));
}

static bool step(struct mover *v)
{
	unsigned int from = v->steps % WORDS, to = (v->steps + 1) % WORDS;
	unsigned int place;

	for (place = 0; place < PLACES; place++)
		if (!take_token(v, place) || !put(v, place, to) ||
		    !clear(v, place, from) || !pass_baton(v))
			return false;
	v->steps++;
	return renew_junk(v);
}

static bool start(struct mover *v)
{
	unsigned int place;

	for (place = 0; place < PLACES; place++)
		if (!take_token(v, place) || !put(v, place, 0))
			return false;
	return true;
}

static int mover_main(void *arg)
{
	struct mover *v = arg;
	bool good = start(v);

	complete(&v->ready);
	while (good && !READ_ONCE(v->t->stop)) {
		good = step(v);
		cond_resched();
	}
	gch_mutator_detach(v->m);
	kthread_complete_and_exit(&v->done, 0);
}

static void see_root(struct gch_test_env *env, struct seen *s, const char *line)
{
	unsigned int who, i;
	char kind[16];
	u64 obj;

	if (!CHECK(env, sscanf(line, "R %15s %u %u %llu", kind, &who, &i,
			       &obj) == 4, "no root: %s", line))
		return;
	s->roots++;
	if (s->nr_targets < SEEN_MAX)
		s->target[s->nr_targets++] = obj;
	if (!strcmp(kind, "table") && i < ENTRIES) {
		s->entry[i] = obj;
	} else if (!strcmp(kind, "frame") && s->nr_slots < SLOTS_MAX) {
		s->slot[s->nr_slots] = i;
		s->slot_obj[s->nr_slots++] = obj;
	}
}

static void see_refs(struct seen *s, char *text)
{
	unsigned int word, hub;
	char *pair;
	u64 target;

	while ((pair = strsep(&text, "\n "))) {
		if (sscanf(pair, "%u:%llu", &word, &target) != 2)
			continue;
		s->refs++;
		if (s->nr_targets < SEEN_MAX)
			s->target[s->nr_targets++] = target;
		for (hub = 0; hub < HUBS; hub++)
			if (s->cur == s->entry[hub] && word < THREADS * WORDS)
				s->hub[hub][word] = target;
		if (s->cur == s->entry[HEADER] && word >= BATON_WORD &&
		    word < BATON_WORD + WORDS)
			s->baton |= BIT(word - BATON_WORD);
	}
}

static void see_object(struct gch_test_env *env, struct seen *s, char *line)
{
	char type[16];
	u64 bytes;
	int at = 0;

	if (!CHECK(env, sscanf(line, "O %llu %llu %15s%n", &s->cur, &bytes,
			       type, &at) == 3, "no object: %s", line))
		return;
	if (s->nr < SEEN_MAX)
		s->obj[s->nr++] = s->cur;
	see_refs(s, line + at);
}

static void see_end(struct gch_test_env *env, struct seen *s, const char *line)
{
	u64 nr, bytes, refs, roots;

	s->whole = true;
	if (CHECK(env, sscanf(line, "E %llu %llu %llu %llu", &nr, &bytes, &refs,
			      &roots) == 4, "no end: %s", line))
		CHECK(env, nr == s->nr && refs == s->refs && roots == s->roots,
		      "%u objects, %llu references, %llu roots, but %s", s->nr,
		      s->refs, s->roots, line);
}

static void see_line(struct gch_test_env *env, struct seen *s, char *line)
{
	switch (line[0]) {
	case 'R':
		see_root(env, s, line);
		break;
	case 'O':
		see_object(env, s, line);
		break;
	case '+':
		see_refs(s, line + 1);
		break;
	case 'E':
		see_end(env, s, line);
		break;
	case 'T':
		break;
	default:
		CHECK(env, !s->nr && !s->roots && !strncmp(line, "gcs 1\nH ", 8),
		      "an unknown line: %s", line);
	}
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static bool is_in(u64 obj, const u64 *all, unsigned int nr)
{
	return bsearch(&obj, all, nr, sizeof(*all), compare);
}

static void check_closed(struct gch_test_env *env, struct seen *s)
{
	unsigned int i, lost = 0, extra = 0, twice = 0;

	if (!CHECK(env, s->whole && s->nr < SEEN_MAX && s->nr_targets < SEEN_MAX,
		   "cut off after %u objects", s->nr))
		return;
	sort(s->obj, s->nr, sizeof(s->obj[0]), compare, NULL);
	sort(s->target, s->nr_targets, sizeof(s->target[0]), compare, NULL);
	for (i = 0; i < s->nr_targets; i++)
		lost += !is_in(s->target[i], s->obj, s->nr);
	for (i = 0; i < s->nr; i++) {
		extra += !is_in(s->obj[i], s->target, s->nr_targets);
		twice += i && s->obj[i] == s->obj[i - 1];
	}
	CHECK(env, !lost, "%u references lead to what is not listed", lost);
	CHECK(env, !extra, "%u objects are listed that nothing refers to",
	      extra);
	CHECK(env, !twice, "%u objects are listed twice", twice);
}

/* The words of a place that hold its token. */
static unsigned long words_of(const struct seen *s, unsigned int thread,
			      unsigned int place)
{
	u64 token = s->entry[TOKENS + thread * PLACES + place];
	unsigned long words = 0;
	unsigned int i;

	for (i = 0; place < HUBS && i < WORDS; i++)
		if (s->hub[place][thread * WORDS + i] == token)
			words |= BIT(i);
	for (i = 0; place == TABLE && i < WORDS; i++)
		if (s->entry[TABLE_WORDS + thread * WORDS + i] == token)
			words |= BIT(i);
	for (i = 0; place == FRAME && i < s->nr_slots; i++)
		if (s->slot_obj[i] == token && s->slot[i] >= FIRST_WORD)
			words |= BIT(s->slot[i] - FIRST_WORD);
	return words;
}

/* The foremost of one word or two neighbouring words; -1 for anything else. */
static int lead_of(unsigned long words)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (words == BIT(i) ||
		    words == (BIT(i) | BIT((i + WORDS - 1) % WORDS)))
			return i;
	return -1;
}

static void check_instant(struct gch_test_env *env, const struct seen *s,
			  unsigned int thread)
{
	unsigned int place, behind, before = 0;
	int lead, first = lead_of(words_of(s, thread, 0));
	bool two, between = false;
	unsigned long words;

	for (place = 0; place < PLACES; place++) {
		words = words_of(s, thread, place);
		lead = lead_of(words);
		behind = (first - lead + WORDS) % WORDS;
		two = hweight_long(words) == 2;
		if (!CHECK(env, lead >= 0 && first >= 0 && behind >= before &&
			   behind <= 1 && !(between && !behind) &&
			   !(two && behind),
			   "thread %u: a token in words %lx of place %u, that of the first in word %d, %u behind before",
			   thread, words, place, first, before))
			return;
		before = behind;
		between |= two;
	}
}

static void check_snapshot(struct snap_test *t, struct seen *s, char *buf)
{
	struct seq_file seq = { .buf = buf, .size = PAGE_SIZE };
	struct gch_snapshot *sn;
	unsigned int i;
	loff_t at = 0;

	sn = gch_snapshot_take(t->env->heap, true);
	if (!CHECK(t->env, !IS_ERR(sn), "no snapshot: %ld", PTR_ERR(sn)))
		return;
	memset(s, 0, sizeof(*s));
	for (; gch_snapshot_is_at(sn, at); at = gch_snapshot_next(sn)) {
		seq.count = 0;
		gch_snapshot_show(sn, &seq);
		CHECK(t->env, seq.count < seq.size, "a line is too long");
		buf[min_t(size_t, seq.count, seq.size - 1)] = '\0';
		see_line(t->env, s, buf);
		cond_resched();
	}
	gch_snapshot_free(sn);
	check_closed(t->env, s);
	CHECK(t->env, lead_of(s->baton) >= 0,
	      "the token of both threads is in words %lx", s->baton);
	for (i = 0; i < THREADS; i++)
		check_instant(t->env, s, i);
}

static bool set_root(struct snap_test *t, unsigned int i, u32 refs)
{
	struct gch_test_env *env = t->env;

	return MUST(env, gch_alloc_var(env->m, 1, t->var, refs, 16)) &&
	       MUST(env, gch_root_set(env->m, t->roots, i, 1)) &&
	       MUST(env, gch_clear(env->m, 1));
}

static bool build(struct snap_test *t)
{
	struct gch_test_env *env = t->env;
	unsigned int i;

	for (i = 0; i < HUBS; i++)
		if (!set_root(t, i, hub_refs[i]))
			return false;
	for (i = 0; i < THREADS * PLACES; i++)
		if (!set_root(t, TOKENS + i, i % 2))
			return false;
	if (!MUST(env, gch_root_get(env->m, 0, t->roots, HEADER)) ||
	    !MUST(env, gch_root_get(env->m, 1, t->roots, TOKENS)) ||
	    !MUST(env, gch_store(env->m, 0, BATON_WORD, 1)) ||
	    !MUST(env, gch_clear(env->m, 0)))
		return false;
	for (i = 0; i < CROWD; i++)
		if (!MUST(env, gch_alloc_var(env->m, 1, t->var, 2, i % 40)) ||
		    !MUST(env, gch_store(env->m, 1, 1, 0)) ||
		    !MUST(env, gch_copy(env->m, 0, 1)))
			return false;
	return MUST(env, gch_clear(env->m, 1));
}

static bool mover_start(struct snap_test *t, struct mover *v, unsigned int n)
{
	struct task_struct *task;

	v->t = t;
	v->number = n;
	v->baton = n;
	init_completion(&v->ready);
	init_completion(&v->done);
	v->m = gch_mutator_attach(t->env->heap, SLOTS);
	if (!CHECK(t->env, !IS_ERR(v->m), "no mutator: %ld", PTR_ERR(v->m)))
		return false;
	task = kthread_run(mover_main, v, "gch_test_snap/%u", n);
	if (CHECK(t->env, !IS_ERR(task), "no thread: %ld", PTR_ERR(task)))
		return true;
	gch_mutator_detach(v->m);
	return false;
}

static void take_snapshots(struct snap_test *t, struct mover *movers)
{
	struct seen *seen = kvzalloc(sizeof(*seen), GFP_KERNEL);
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	unsigned int i, n, nr = clamp_t(unsigned long, t->env->rounds / 25000, SNAPSHOTS_MIN,
				      SNAPSHOTS_MAX);

	for (n = 0; n < THREADS && mover_start(t, &movers[n], n); n++)
		gch_test_wait(&movers[n].ready);
	CHECK(t->env, seen && buf, "no memory");
	for (i = 0; i < nr && n == THREADS && seen && buf; i++)
		if (!t->env->failures)
			check_snapshot(t, seen, buf);
	WRITE_ONCE(t->stop, true);
	for (i = 0; i < n; i++)
		gch_test_wait(&movers[i].done);
	kfree(buf);
	kvfree(seen);
}

static void snapshots(struct gch_test_env *env)
{
	struct mover movers[THREADS] = {};
	struct snap_test t = { .env = env };

	t.var = gch_test_type(env, "any", 0, 0, GCH_TYPE_VAR);
	t.roots = gch_roots_create(env->heap, ENTRIES);
	if (!CHECK(env, t.var && !IS_ERR(t.roots), "no table"))
		return;
	if (build(&t))
		take_snapshots(&t, movers);
	gch_test_note(env, "%lu and %lu steps", movers[0].steps,
		      movers[1].steps);
	gch_roots_destroy(env->m, t.roots);
	MUST(env, gch_clear(env->m, 0));
}

/**
 * gch_test_snapshot - snapshots of one instant
 * @env: the test
 */
void gch_test_snapshot(struct gch_test_env *env)
{
	if (gch_test_open(env, NULL))
		snapshots(env);
}

/* ---- many overwritten words ---- */

/* Words that a thread overwrites: more than the initial spare pages can record. */
#define MUCH		20000U
#define MUCH_ROUNDS	3U

struct much {
	struct gch_test_env *env;
	struct gch_mutator *m;
	struct completion done;
	unsigned long stores;
	bool stop;
};

static int much_main(void *arg)
{
	struct much *t = arg;
	bool good = true;
	u32 i;

	while (good && !READ_ONCE(t->stop)) {
		for (i = 0; i < MUCH && good; i++)
			good = MUST(t->env, gch_store(t->m, 0, i, 1));
		t->stores += i;
		cond_resched();
	}
	complete(&t->done);
	return 0;
}

static bool much_build(struct much *t, struct gch_type *var)
{
	u32 i;

	if (!MUST(t->env, gch_alloc_var(t->m, 0, var, MUCH, 0)))
		return false;
	for (i = 0; i < MUCH; i++)
		if (!MUST(t->env, gch_alloc_var(t->m, 1, var, 1, 8)) ||
		    !MUST(t->env, gch_store(t->m, 0, i, 1)))
			return false;
	/* From now on the thread owns the mutator. */
	gch_mutator_yield(t->m);
	return true;
}

static void much_take(struct much *t)
{
	struct gch_snapshot *sn;
	struct task_struct *task;
	unsigned int i;

	init_completion(&t->done);
	task = kthread_run(much_main, t, "gch_test_much");
	if (!CHECK(t->env, !IS_ERR(task), "no thread: %ld", PTR_ERR(task)))
		return;
	for (i = 0; i < MUCH_ROUNDS; i++) {
		sn = gch_snapshot_take(t->env->heap, true);
		if (CHECK(t->env, !IS_ERR(sn), "no snapshot: %ld", PTR_ERR(sn)))
			gch_snapshot_free(sn);
	}
	WRITE_ONCE(t->stop, true);
	gch_test_wait(&t->done);
	gch_test_note(t->env, "%lu stores", t->stores);
}

/**
 * gch_test_snapshot_much - snapshots with many overwritten words
 * @env: the test
 *
 * Sections that record words take no memory; used pages are replaced after them.
 */
void gch_test_snapshot_much(struct gch_test_env *env)
{
	struct much t = { .env = env };
	struct gch_type *var;

	if (!gch_test_open(env, NULL))
		return;
	var = gch_test_type(env, "any", 0, 0, GCH_TYPE_VAR);
	if (!var)
		return;
	t.m = gch_mutator_attach(env->heap, 2);
	if (!CHECK(env, !IS_ERR(t.m), "no mutator: %ld", PTR_ERR(t.m)))
		return;
	if (much_build(&t, var))
		much_take(&t);
	gch_mutator_detach(t.m);
}
