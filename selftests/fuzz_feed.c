// SPDX-License-Identifier: GPL-2.0
/*
 * Traces made up at random, fed to replays past gcctl. One that is right has
 * all its deaths worked out here, by counting and by a cycle search of the plain
 * sort: each engine must come to the same, at each record and at the end. One
 * that had bytes changed must end, as failed if anything, and say why. After
 * each the heap is empty.
 */
#include "fuzz.h"
#include "fuzz_end.h"

#define HEAP		FUZZ_PREFIX "-feed"
#define LIMIT		(96ULL << 20)
#define OBJECTS		300
#define SLOTS		24
#define TYPES		8
#define TRACE_BYTES	(512 * 1024)
#define RECORD_BYTES	300
#define OLDEST		2

/**
 * struct object - one that is alive in the program made up
 * @id: its number
 * @nr: its slots
 * @ref: what they refer to: places among the objects, or -1
 * @held: the program holds it
 * @counted: references from objects and the program
 * @inner: of them those from objects of the generations being collected
 * @age: generation
 * @reached: by the search under way
 */
struct object {
	uint32_t id;
	unsigned int nr;
	int ref[SLOTS];
	bool held;
	unsigned int counted;
	unsigned int inner;
	unsigned int age;
	bool reached;
};

/* The trace in the making, and the program that it is of. */
static struct {
	struct object obj[OBJECTS];
	unsigned int live;
	unsigned int types;
	bool has_refs[TYPES];
	uint32_t last_id;
	uint64_t lines;
	uint8_t data[TRACE_BYTES];
	size_t len;
	/* Where a chunk may end. */
	size_t cuts[TRACE_BYTES];
	unsigned int nr_cuts;
} t;

static const uint32_t engines[] = {
	GCHEAP_ENGINE_GO, GCHEAP_ENGINE_PYTHON, GCHEAP_ENGINE_SLAB,
};

static const char * const engine_names[] = { "go", "python", "slab" };

/* ---- records ---- */

static void put_number(uint64_t v)
{
	do {
		t.data[t.len++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		v >>= 7;
	} while (v);
}

static void put_head(int kind)
{
	unsigned int lines = fuzz_chance(95) ? 1 : fuzz_below(1000);

	t.cuts[t.nr_cuts++] = t.len;
	t.data[t.len++] = (uint8_t)kind;
	put_number(lines);
	t.lines += lines;
}

static void put_type(void)
{
	unsigned int n = fuzz_chance(90) ? fuzz_below(9) : fuzz_below(256);
	bool refs = !t.types || fuzz_chance(70);

	put_head(GCHEAP_LOAD_REC_TYPE);
	put_number(refs);
	put_number(n);
	memset(t.data + t.len, 'n', n);
	t.len += n;
	t.has_refs[t.types++] = refs;
}

static void put_death(int kind, const struct object *obj)
{
	put_head(kind);
	put_number(obj->id);
}

/* ---- the program ---- */

static struct object *some_object(void)
{
	unsigned int i = fuzz_below(OBJECTS), n;

	for (n = 0; n < OBJECTS; n++, i = (i + 1) % OBJECTS)
		if (t.obj[i].id)
			return &t.obj[i];
	return NULL;
}

/* Whoever is referred to no more dies, and what only it referred to. */
static void release(struct object *obj, int kind)
{
	unsigned int i;

	if (--obj->counted)
		return;
	put_death(kind, obj);
	obj->id = 0;
	t.live--;
	for (i = 0; i < obj->nr; i++)
		if (obj->ref[i] >= 0)
			release(&t.obj[obj->ref[i]], kind);
}

static void make_object(void)
{
	struct object *obj = t.obj;
	unsigned int type = fuzz_below(t.types), i;
	uint32_t step = fuzz_chance(95) ? 1 : 1 + fuzz_below(5000);
	uint32_t more = fuzz_chance(90) ? fuzz_below(200) :
			fuzz_chance(90) ? fuzz_below(5000) : fuzz_below(90000);

	while (obj->id)
		obj++;
	memset(obj, 0, sizeof(*obj));
	obj->id = t.last_id += step;
	if (t.has_refs[type])
		obj->nr = fuzz_chance(90) ? fuzz_below(6) : fuzz_below(SLOTS);
	for (i = 0; i < SLOTS; i++)
		obj->ref[i] = -1;
	obj->held = true;
	obj->counted = 1;
	t.live++;
	put_head(GCHEAP_LOAD_REC_ALLOC);
	put_number(step);
	put_number(type);
	put_number(16 + 8 * obj->nr + more);
	put_number(obj->nr);
}

static void store(struct object *obj, struct object *target)
{
	unsigned int slot = fuzz_below(obj->nr);
	int old = obj->ref[slot];

	put_head(GCHEAP_LOAD_REC_STORE);
	put_number(obj->id);
	put_number(slot);
	put_number(target ? target->id : 0);
	obj->ref[slot] = target ? (int)(target - t.obj) : -1;
	if (target)
		target->counted++;
	if (old >= 0)
		release(&t.obj[old], GCHEAP_LOAD_REC_DEAD);
}

static void reach(struct object *obj, unsigned int age)
{
	unsigned int i;

	if (obj->reached || obj->age > age)
		return;
	obj->reached = true;
	for (i = 0; i < obj->nr; i++)
		if (obj->ref[i] >= 0)
			reach(&t.obj[obj->ref[i]], age);
}

/* Frees what was found unreachable, and what dies with it. */
static void free_unreached(unsigned int age)
{
	struct object *obj;
	unsigned int i;

	/* All of them at once: held for the moment, so that none goes twice. */
	for (obj = t.obj; obj < t.obj + OBJECTS; obj++)
		if (obj->id && obj->age <= age && !obj->reached)
			obj->counted++;
	for (obj = t.obj; obj < t.obj + OBJECTS; obj++) {
		if (!obj->id || obj->age > age || obj->reached)
			continue;
		for (i = 0; i < obj->nr; i++) {
			int ref = obj->ref[i];

			obj->ref[i] = -1;
			if (ref >= 0)
				release(&t.obj[ref], GCHEAP_LOAD_REC_CYCLIC);
		}
	}
	for (obj = t.obj; obj < t.obj + OBJECTS; obj++)
		if (obj->id && obj->age <= age && !obj->reached)
			release(obj, GCHEAP_LOAD_REC_CYCLIC);
}

static void collect(unsigned int age)
{
	struct object *obj;
	unsigned int i;

	put_head(GCHEAP_LOAD_REC_COLLECT);
	put_number(age);
	for (obj = t.obj; obj < t.obj + OBJECTS; obj++) {
		obj->inner = 0;
		obj->reached = false;
	}
	for (obj = t.obj; obj < t.obj + OBJECTS; obj++)
		for (i = 0; obj->id && obj->age <= age && i < obj->nr; i++)
			if (obj->ref[i] >= 0)
				t.obj[obj->ref[i]].inner++;
	for (obj = t.obj; obj < t.obj + OBJECTS; obj++)
		if (obj->id && obj->age <= age && obj->counted > obj->inner)
			reach(obj, age);
	free_unreached(age);
	for (obj = t.obj; obj < t.obj + OBJECTS; obj++)
		if (obj->id && obj->age <= age && obj->age < OLDEST)
			obj->age = age < OLDEST ? age + 1 : OLDEST;
}

static void change_hold(struct object *obj)
{
	put_head(obj->held ? GCHEAP_LOAD_REC_DROP : GCHEAP_LOAD_REC_HOLD);
	put_number(obj->id);
	obj->held = !obj->held;
	if (obj->held)
		obj->counted++;
	else
		release(obj, GCHEAP_LOAD_REC_DEAD);
}

static void make_step(void)
{
	struct object *obj = some_object();
	uint32_t n = fuzz_below(1000);

	if (t.types < TYPES && n < 20)
		put_type();
	else if (!obj || (n < 400 && t.live < OBJECTS - 1))
		make_object();
	else if (n < 800 && obj->nr)
		store(obj, fuzz_chance(85) ? some_object() : NULL);
	else if (n < 990)
		change_hold(obj);
	else
		collect(fuzz_below(OLDEST + 1));
}

static void make_trace(unsigned int steps)
{
	memset(t.obj, 0, sizeof(t.obj));
	t.live = 0;
	t.types = 0;
	t.last_id = 0;
	t.lines = 0;
	t.len = 0;
	t.nr_cuts = 0;
	put_type();
	while (steps-- && t.len < TRACE_BYTES - 2 * OBJECTS * RECORD_BYTES)
		make_step();
	collect(OLDEST);
}

/* ---- replays ---- */

static int new_replay(bool verify)
{
	genl_begin(&fuzz_req, fuzz_load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
	genl_put_str(&fuzz_req, R(HEAP), HEAP);
	genl_put_u32(&fuzz_req, R(WORKLOAD), GCHEAP_LOAD_WORKLOAD_REPLAY);
	genl_put_u32(&fuzz_req, R(MUTATORS), 1 + fuzz_below(8));
	genl_put_u32(&fuzz_req, R(VERIFY), verify);
	genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
	if (fuzz_rep.err) {
		ksft_print_msg("run-new: %d %s\n", fuzz_rep.err, fuzz_rep.text);
		return -1;
	}
	return (int)genl_num(&fuzz_rep, R(ID));
}

static int feed(int id, size_t from, size_t to, bool last)
{
	int i;

	for (i = 0; i < 5000; i++) {
		genl_begin(&fuzz_req, fuzz_load, GCHEAP_LOAD_CMD_RUN_FEED, 0);
		genl_put_u32(&fuzz_req, R(ID), (uint32_t)id);
		genl_put(&fuzz_req, R(CHUNK), t.data + from, to - from);
		if (last)
			genl_put(&fuzz_req, R(LAST), NULL, 0);
		genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
		if (fuzz_rep.err != EAGAIN)
			break;
		usleep(1000);
	}
	return fuzz_rep.err;
}

/* In chunks of any length, cut between records or, if @anywhere, in them. */
static int feed_all(int id, bool anywhere)
{
	size_t from = 0, to, step;
	unsigned int cut = 0;
	int err = 0;

	do {
		step = fuzz_chance(50) ? GCHEAP_LOAD_CHUNK_MAX :
		       1 + fuzz_below(GCHEAP_LOAD_CHUNK_MAX);
		to = from + step;
		if (!anywhere) {
			while (cut < t.nr_cuts && t.cuts[cut] <= to)
				cut++;
			to = cut < t.nr_cuts ? t.cuts[cut - 1] : t.len;
			/* A record is longer than the step was. */
			if (to <= from)
				to = t.cuts[cut] > from ? t.cuts[cut] : t.len;
		}
		if (to > t.len)
			to = t.len;
		err = feed(id, from, to, to == t.len);
		from = to;
	} while (!err && from < t.len);
	return err;
}

static const char *message(void)
{
	const char *text = genl_data(&fuzz_rep, R(MESSAGE));

	return text ? text : "";
}

static bool replay_is_right(uint32_t engine)
{
	int id = new_replay(true), err;
	uint32_t state;
	bool good;

	if (id < 0)
		return false;
	err = feed_all(id, false);
	state = fuzz_wait_run((uint32_t)id);
	good = !err && state == GCHEAP_LOAD_STATE_DONE &&
	       genl_num(&fuzz_rep, R(MISMATCHES)) == 0 &&
	       genl_num(&fuzz_rep, R(LINES)) == t.lines &&
	       genl_num(&fuzz_rep, R(LIVE_FOUND)) == t.live;
	if (!good) {
		ksft_print_msg("feed %d, state %u, \"%s\", %llu mismatches\n",
			       err, state, message(),
			       (unsigned long long)genl_num(&fuzz_rep, R(MISMATCHES)));
		ksft_print_msg("line %llu of %llu, live %llu of %u\n",
			       (unsigned long long)genl_num(&fuzz_rep, R(LINES)),
			       (unsigned long long)t.lines,
			       (unsigned long long)genl_num(&fuzz_rep, R(LIVE_FOUND)),
			       t.live);
	}
	fuzz_del_run((uint32_t)id);
	return good;
}

static void damage(void)
{
	unsigned int n = 1 + fuzz_below(fuzz_chance(70) ? 3 : 60);
	size_t at, len;

	while (n--) {
		at = fuzz_below((uint32_t)t.len);
		len = 1 + fuzz_below(fuzz_chance(80) ? 8 : 2000);
		if (at + len > t.len)
			len = t.len - at;
		switch (fuzz_below(6)) {
		case 0:
			memmove(t.data + at, t.data + at + len,
				t.len - at - len);
			t.len -= len;
			break;
		case 1:
			if (t.len + len > TRACE_BYTES)
				break;
			memmove(t.data + at + len, t.data + at, t.len - at);
			t.len += len;
			break;
		case 2:
			memset(t.data + at, (int)fuzz_next(), len);
			break;
		case 3:
			t.data[at] = (uint8_t)fuzz_below(10);
			break;
		default:
			t.data[at] ^= (uint8_t)(1 << fuzz_below(8));
		}
		if (t.len < 2)
			return;
	}
}

static void make_junk(void)
{
	unsigned int few = fuzz_chance(50) ? 10 : 256;
	size_t i;

	t.len = 1 + fuzz_below(4000);
	for (i = 0; i < t.len; i++)
		t.data[i] = (uint8_t)fuzz_below(fuzz_chance(90) ? few : 256);
}

/* It ends, and what has gone wrong is said. */
static bool replay_ends(void)
{
	int id = new_replay(fuzz_chance(70)), err;
	uint32_t state;
	bool good;

	if (id < 0)
		return false;
	err = feed_all(id, fuzz_chance(30));
	if (fuzz_chance(10))
		feed(id, 0, 1, fuzz_chance(50));
	if (fuzz_chance(10))
		fuzz_run_request(fuzz_chance(50) ? GCHEAP_LOAD_CMD_RUN_STOP :
				 GCHEAP_LOAD_CMD_RUN_DEL, (uint32_t)id);
	state = fuzz_wait_run((uint32_t)id);
	if (fuzz_rep.err == ENOENT)
		return true;
	good = (!err || err == ESHUTDOWN || err == EINVAL) &&
	       state != GCHEAP_LOAD_STATE_RUNNING;
	if (state == GCHEAP_LOAD_STATE_FAILED &&
	    !genl_num(&fuzz_rep, R(MISMATCHES)))
		good = message()[0] && genl_num(&fuzz_rep, R(ERROR)) != ~0ULL &&
		       good;
	if (!good)
		ksft_print_msg("feed %d, state %u, \"%s\"\n", err, state,
			       message());
	fuzz_del_run((uint32_t)id);
	return good;
}

static bool is_empty(uint32_t engine)
{
	uint64_t live, errors;

	if (engine != GCHEAP_ENGINE_SLAB && !fuzz_collect(HEAP))
		return false;
	live = fuzz_stat(HEAP, GCHEAP_A_STATS_LIVE_OBJECTS);
	errors = fuzz_stat(HEAP, GCHEAP_A_STATS_VERIFY_ERRORS);
	if (live || errors)
		ksft_print_msg("%llu objects live, %llu errors found\n",
			       (unsigned long long)live,
			       (unsigned long long)errors);
	return !live && !errors;
}

static void test_right(uint32_t engine)
{
	unsigned int i, rounds = fuzz_rounds(20, 2);
	uint64_t seed = 0;
	bool good = true;

	for (i = 0; i < rounds && good && !fuzz_is_late(); i++) {
		seed = fuzz_state;
		make_trace(fuzz_chance(50) ? 300 : 3000);
		good = replay_is_right(engine) && is_empty(engine);
	}
	if (!good)
		ksft_print_msg("trace %u, from seed %llu\n", i,
			       (unsigned long long)seed);
	ksft_test_result(good, "%u traces made up are right on %s\n", i,
			 engine_names[engine]);
}

static void test_damaged(uint32_t engine)
{
	unsigned int i, rounds = fuzz_rounds(45, 2);
	bool good = true;

	for (i = 0; i < rounds && good && !fuzz_is_late(); i++) {
		if (fuzz_chance(15)) {
			make_junk();
		} else {
			make_trace(fuzz_chance(80) ? 300 : 3000);
			damage();
		}
		good = replay_ends() && (i % 10 || is_empty(engine));
	}
	ksft_test_result(good && is_empty(engine),
			 "%u damaged traces come to an end on %s\n", i,
			 engine_names[engine]);
}

int main(void)
{
	struct fuzz_totals before;
	unsigned int i;

	fuzz_begin(2 * ARRAY_SIZE(engines) + FUZZ_END_TESTS, &before);
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		if (fuzz_new_heap(HEAP, engines[i], LIMIT))
			ksft_exit_fail_msg("heap not created: %d %s\n",
					   fuzz_rep.err, fuzz_rep.text);
		test_right(engines[i]);
		test_damaged(engines[i]);
		fuzz_heap_request(GCHEAP_CMD_HEAP_DEL, HEAP);
	}
	fuzz_end(&before);
}
