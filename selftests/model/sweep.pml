// SPDX-License-Identifier: GPL-2.0
/*
 * Model of the Go engine's sweep: spans, their lists by generation, the caches of
 * CPUs and the change of generation (kmod/go/mcache.c, mcentral.c, sweep.c), for
 * two cycles, one right after the other.
 *
 * Marking is one step here, since phases.pml shows that it marks what can be
 * reached; the barrier still sets mark bits, as late as a section in an old
 * phase would. A mutator has one slot, there is one root, objects refer to
 * nothing.
 *
 * Shown: nothing that can be reached is freed or handed out again; after a cycle
 * every span has been swept once, on the right list, without a mark bit that the
 * next cycle would mistake for its own; garbage survives no cycle that began after
 * it.
 *
 * The collector adapts the caches of the CPUs after the change of generation, unless
 * they have done so in a section of their own; a lock for each cache lets one do it.
 *
 * ASSIST lets mutators sweep as well, in sections of their own.
 * ONE_WORKER lets one worker alone sweep the lists, as "workers" may have it; START
 * chooses how full which cache is at the beginning.
 *
 * NO_* and others leave a part of the protocol out: see selftests/model/run.
 */
#ifndef OPS
#define OPS	3
#endif
#ifndef CYCLES
#define CYCLES	2
#endif
#ifndef START
#define START	0
#endif
#define SPANS	2
#define ELEMS	2
#define NIL	15

#define OFF	0
#define SYNC	1
#define MARK	2
#define TERM	3
#define CLEAR	4
#define FLUSH	5

/* Where a span is: nowhere, with an owner, or on a list of a parity. */
#define FREE	0
#define OWNED	1
#define PARTIAL	2
#define FULL	4

#define BIT(x)		(1 << (x))
#define HAS(s, x)	(((s) >> (x)) & 1)
#define OBJECTS(s)	(3 << ((s) * ELEMS))
#define IS_FULL(s)	((allocated & OBJECTS(s)) == OBJECTS(s))

byte phase;
byte gen;
byte where[SPANS];
byte swept[SPANS];		/* generation */
byte allocated, marked;
byte cache[2];			/* the span of each CPU */
byte cgen[2];			/* the generation that it adapted to */
bool locked[2];			/* it is being adapted */
byte at[3];			/* two slots and a root */
byte held[2];
bool inside[2];
bool job[2];
byte garbage;

hidden byte r, k;

inline reach() {
	r = 0;
	if :: at[0] != NIL -> r = r | BIT(at[0]) :: else fi;
	if :: at[1] != NIL -> r = r | BIT(at[1]) :: else fi;
	if :: at[2] != NIL -> r = r | BIT(at[2]) :: else fi;
	if :: held[0] != NIL -> r = r | BIT(held[0]) :: else fi;
	if :: held[1] != NIL -> r = r | BIT(held[1]) :: else fi
}

/* Owned by who calls it. */
inline sweep_span(s, g) {
	d_step {
		reach();
		assert(!(r & allocated & OBJECTS(s) & ~marked));
		printf("span %d swept for %d\n", s, g);
		allocated = allocated & (marked | ~OBJECTS(s));
		garbage = garbage & (marked | ~OBJECTS(s));
		marked = marked & ~OBJECTS(s);
		swept[s] = g
	}
}

inline put(s, g) {
	d_step {
		if
		:: !(allocated & OBJECTS(s)) -> where[s] = FREE
		:: else ->
			where[s] = (IS_FULL(s) -> FULL : PARTIAL) + (g & 1);
			printf("span %d on list %d\n", s, where[s])
		fi
	}
}

/* A span of the generation before, on its list of then. */
inline put_unswept(s, g) {
	d_step {
		assert(swept[s] != g);
		where[s] = (IS_FULL(s) -> FULL : PARTIAL) + !(g & 1);
		printf("span %d, not swept, on list %d\n", s, where[s])
	}
}

/* What a section on a CPU does when it sees another generation, or the collector. */
inline adapt(c, g) {
	if
	:: cgen[c] != g ->
#ifndef NO_LOCK
		d_step { !locked[c] -> locked[c] = 1 };
#endif
		if
		:: cgen[c] != g && cache[c] != NIL ->
			put_unswept(cache[c], g);
			d_step { cache[c] = NIL; cgen[c] = g }
		:: cgen[c] != g && cache[c] == NIL -> cgen[c] = g
		:: else
		fi;
		locked[c] = 0
	:: else
	fi
}

/* Takes the first span on any of the lists given. */
inline pop(a, b, var) {
	var = NIL;
	k = 0;
	do
	:: k < SPANS && (where[k] == (a) || where[k] == (b)) ->
		var = k;
		where[k] = OWNED;
		break
	:: k < SPANS && !(where[k] == (a) || where[k] == (b)) -> k++
	:: k == SPANS -> break
	od;
	k = 0
}

#define SHADE(x) \
	if \
	:: d_step { x != NIL && !HAS(marked, x) -> marked = marked | BIT(x); \
		    printf("mutator %d marks %d\n", m, x) } \
	:: else \
	fi

#define leave()	held[m] = NIL; inside[m] = 0

/* Sweeps a span in proportion to allocation. */
inline assist() {
	atomic {
		!inside[m];
		left--;
		inside[m] = 1;
		p = phase;
		g = gen
	};
	d_step {
		if
#ifndef NO_STALE_ASSIST
		:: gen != g
#endif
		:: else ->
			if
			:: p == OFF -> pop(PARTIAL + !(g & 1), FULL + !(g & 1), s)
			:: else
			fi
		fi
	};
	if
	:: s != NIL ->
		sweep_span(s, g);
		put(s, g);
		s = NIL
	:: else
	fi;
	d_step { leave(); p = 0; g = 0 }
}

proctype mutator(byte m) {
	byte left = OPS;
	byte p, g, s = NIL, v = NIL, old = NIL, src, dst;
	bool clean;

	do
	:: left == 0 -> break
#ifdef ASSIST
	:: left > 0 -> assist()
#endif
	:: left > 0 ->
		atomic {
			!inside[m];
			left--;
			inside[m] = 1;
			p = phase;
			g = gen;
			if
			:: src = 3; dst = m			/* alloc */
			:: at[m] != NIL -> src = NIL; dst = m	/* clear */
			:: src = 2; dst = m			/* root_get */
			:: src = m; dst = 2			/* root_set */
			fi
		};
		if
		:: src == 3 ->
allocate:
#ifndef NO_ADAPT
			adapt(m, g);
#endif
			if
			:: cache[m] != NIL && !IS_FULL(cache[m]) ->
				d_step {
					v = cache[m] * ELEMS;
					if :: HAS(allocated, v) -> v++ :: else fi;
					held[m] = v;
					allocated = allocated | BIT(v);
					printf("mutator %d, in phase %d, gen %d: allocated %d\n", m, p, g, v);
#ifndef WHITE
					if
					:: p != OFF -> marked = marked | BIT(v)
					:: else
					fi
#endif
				}
			:: else ->
				/* refill */
				if
				:: cache[m] != NIL ->
					put(cache[m], g);
					cache[m] = NIL
				:: else
				fi;
again:
				skip;
				d_step {
					if
#ifndef NO_STALE
					:: gen != g -> s = NIL; p = phase; g = gen
#endif
					:: else ->
						clean = 1;
						pop(PARTIAL + (g & 1), PARTIAL + (g & 1), s);
						if
						:: s == NIL ->
							clean = 0;
							pop(PARTIAL + !(g & 1), FULL + !(g & 1), s)
						:: else
						fi;
						if
						:: s == NIL ->
							/* the page heap */
							clean = 1;
							pop(FREE, FREE, s);
							if
							:: s != NIL -> swept[s] = g
							:: else -> s = NIL - 1
							fi
						:: else
						fi
					fi
				};
				if
				:: s == NIL -> goto allocate		/* stale */
				:: s == NIL - 1 ->
					/* no room */
					s = NIL;
					v = at[m]
				:: s < SPANS && !clean ->
					sweep_span(s, g);
					if
					:: IS_FULL(s) ->
						put(s, g);
						s = NIL;
						goto again
					:: else ->
						d_step { cache[m] = s; s = NIL };
						goto allocate
					fi
				:: s < SPANS && clean ->
					d_step { cache[m] = s; s = NIL };
					goto allocate
				fi
			fi
		:: src == NIL
		:: else -> d_step { v = at[src]; held[m] = v }
		fi;
		if
		:: p >= SYNC && p <= TERM ->
			old = at[dst];
			SHADE(old);
			old = NIL;
			SHADE(v)
		:: else
		fi;
		d_step {
			assert(v == NIL || HAS(allocated, v));
			at[dst] = v;
			printf("mutator %d, in phase %d, gen %d: place %d = %d\n", m, p, g, dst, v);
			leave();
			v = NIL; src = 0; dst = 0; p = 0; g = 0; clean = 0
		}
	od
}

inline handshake() {
	!inside[0]; !inside[1]
}

/* On a CPU's own worker: no section is on that CPU in any step. */
inline sweep_lists(c) {
	do
	:: d_step {
		!inside[c] ->
		inside[c] = 1;
		pop(PARTIAL + !(gen & 1), FULL + !(gen & 1), s)
	   };
		if
		:: s == NIL -> break
		:: else ->
			sweep_span(s, gen);
			put(s, gen);
			d_step { s = NIL; inside[c] = 0 }
		fi
	od;
	inside[c] = 0
}

proctype worker(byte c) {
	byte s = NIL;

end:
	do
	:: job[c] ->
#ifdef ONE_WORKER
		if
		:: c == 0 -> sweep_lists(c)
		:: else
		fi;
#else
		sweep_lists(c);
#endif
		job[c] = 0
	od
}

proctype collector() {
	byte n = 0;

	do
	:: n == CYCLES -> break
	:: n < CYCLES ->
		d_step { n++; phase = SYNC; reach(); garbage = allocated & ~r };
		handshake();
		d_step { phase = MARK; reach(); marked = marked | r };
		phase = TERM;
		handshake();
		d_step { phase = CLEAR; reach(); assert(!(r & ~marked)) };
		phase = FLUSH;
#ifndef NO_HS_FLUSH
		handshake();
#endif
		d_step { gen = gen + 1; phase = OFF; printf("phase OFF\n") };
#ifndef NO_HS_OFF
		handshake();
#endif
		adapt(0, gen);
		adapt(1, gen);
		d_step { job[0] = 1; job[1] = 1 };
		!job[0] && !job[1];
#ifndef NO_HS_SWEPT
		handshake();
#endif
		d_step {
			printf("swept\n");
			assert(!garbage);
			assert(!marked);
			k = 0;
			do
			:: k < SPANS ->
				assert(where[k] == FREE || swept[k] == gen);
				assert(where[k] < PARTIAL || (where[k] & 1) == (gen & 1));
				k++
			:: else -> break
			od;
			garbage = 0
		}
	od
}

init {
	atomic {
		at[0] = NIL; at[1] = NIL; at[2] = 0;
		held[0] = NIL; held[1] = NIL;
		where[0] = OWNED;
#if START == 0
		/* One span, half full, in the first cache. */
		allocated = BIT(0);
		cache[0] = 0;
		cache[1] = NIL;
#else
		/* One span, full, in the second. */
		allocated = BIT(0) | BIT(1);
		at[1] = 1;
		cache[0] = NIL;
		cache[1] = 0;
#endif
		run collector();
		run worker(0);
		run worker(1);
		run mutator(0);
		run mutator(1)
	}
}
