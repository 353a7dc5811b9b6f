// SPDX-License-Identifier: GPL-2.0
/*
 * Model of the Go engine's phases: a collection from SYNC to OFF against mutators
 * (kmod/go/cycle.c, barrier.c, mark.c, kmod/core/mutator.c).
 *
 * One process is the collector with its workers, one is each mutator, on a CPU of
 * its own. What others can see of a call, step by step, is a step here: the value
 * read, the state read, the value that is overwritten read, each shade, the write.
 * What is shaded goes to the CPU's buffer, marked or not. At any shade the buffer may
 * be full: then it is emptied in steps (count; marks; work). What is a call's own is
 * taken together.
 * A call writes one place: a slot of a frame, the entry of a root table, the
 * reference of an object, the weak entry, or the root that a finalizer finds its
 * object in.
 *
 * Simpler than the engine: the workers are one, which empties the CPUs' queues and
 * then marks; sweeping is one step, as sweep.pml has the rest; a handshake is that
 * each CPU has been seen outside a section, as handshake.pml has the rest.
 *
 * Shown: when marking has ended all that can be reached is marked, from places and
 * from the hands of calls that go on. Nothing of it is freed; what is written is
 * allocated. A weak entry reads as cleared, and is cleared, only if its object
 * cannot be reached. Garbage survives no cycle that began after it. What has a
 * finalizer lives on with all that it refers to, and is not to be had by its weak
 * entry any more. No mark and no gray object is left for the next cycle. Every
 * cycle ends.
 *
 *	OPS0, OPS1	calls of each mutator	CYCLES	collections
 *	NS0, NS1	slots of its frame	N	objects
 *	START		what refers to what at the beginning, see init
 *	WEAK		with a weak entry
 *	FINAL		its object has a finalizer, and refers to the first one
 *	ATTACH		the second mutator comes and goes
 *	HOTPLUG		the second CPU goes and comes
 *	VERIFY		with a stop after marking (verify=1)
 *	ASSIST		mutators mark as well: an assist is a section of its own
 *	STW		with stops instead of SYNC and of TERM to FLUSH (stw on)
 *	YUASA		shade the new value in SYNC only, and what is read weakly
 *	DIJKSTRA	do not shade the old value
 *	NEVER_FULL	buffers are emptied by workers only
 *
 * Without either of the two the barrier is hybrid: both values are shaded.
 *
 * NO_* and others leave a part of the protocol out: see selftests/model/run.
 */
#ifndef CYCLES
#define CYCLES	1
#endif
#ifndef START
#define START	0
#endif
#ifndef N
#define N	3
#endif
#ifndef OPS0
#define OPS0	2
#endif
#ifndef OPS1
#define OPS1	2
#endif
#ifndef NS0
#define NS0	2
#endif
#ifndef NS1
#define NS1	1
#endif
#define ROOT	(NS0 + NS1)
#ifdef FINAL
#define QUEUE	(ROOT + 1)		/* the object whose finalizer is to run */
#define HEAP	(ROOT + 2)
#else
#define HEAP	(ROOT + 1)
#endif
#define PLACES	(HEAP + N)
#define NIL	255
#define NEW	254
#define NAMED	253

#define OFF	0
#define SYNC	1
#define MARK	2
#define TERM	3
#define CLEAR	4
#define FLUSH	5
#define STOP	6

#define BIT(x)		(1 << (x))
#define HAS(s, x)	(((s) >> (x)) & 1)

byte at[PLACES];		/* what each place refers to */
byte weak = NIL;
#ifdef FINAL
byte final = NIL;		/* the object that has a finalizer */
byte revived = NIL;		/* in this cycle */
#endif
byte phase;

/* Sets of objects. */
byte allocated, marked;
byte queue[2];			/* shaded by a CPU: gray unless marked already */
byte gray, found;		/* work: marked, and perhaps not */
byte garbage;			/* when the cycle began */

bool dirty;			/* counted since the collector last summed up */
bool unswept;			/* nothing is allocated white now */
bool lock;			/* gch_heap.lock, against attaching */
bool there;			/* the second mutator is attached */
bool stopped;
bool online = 1;		/* the second CPU */
#ifdef CHANGE
bool changed;			/* the barrier, from yuasa to dijkstra */
#endif
bool inside[2];			/* a section is on the CPU */
byte held[2];			/* what a call has read and may write */

/* Not part of the state: used within a step. */
hidden byte r, k;

#ifndef WEAK_NULL
#define WEAK_NULL
#endif

inline reach() {
	r = 0;
	k = 0;
	do
	:: k < HEAP ->
		if
		:: at[k] != NIL -> r = r | BIT(at[k])
		:: else
		fi;
		k++
	:: else -> break
	od;
	if :: held[0] != NIL -> r = r | BIT(held[0]) :: else fi;
	if :: held[1] != NIL -> r = r | BIT(held[1]) :: else fi;
	close()
}

inline close() {
	k = 0;
	do
	:: k < N * N ->
		if
		:: HAS(r, k % N) && at[HEAP + k % N] != NIL -> r = r | BIT(at[HEAP + k % N])
		:: else
		fi;
		k++
	:: else -> break
	od;
	k = 0
}

#define IS_FRAME(d)	(d < ROOT)
#define BARRIER(p)	(p >= SYNC && p <= TERM)

#define TO_FRAME	(d < ROOT && s != NAMED)
#define TO_ROOT		(d == ROOT)
#define TO_HEAP		(d >= HEAP)
#define FROM_WEAK	(s == NAMED)

/* Reads the state: the phase, and with it the barrier. */
#ifdef CHANGE
#define look()	p = phase; new = changed
#else
#define look()	p = phase
#endif

#if defined(CHANGE)
#define OLD(d)	(!new)
#elif defined(DIJKSTRA)
#define OLD(d)	false
#elif defined(NO_OLD)
#define OLD(d)	(!(NO_OLD))
#else
#define OLD(d)	true
#endif

#if defined(CHANGE)
#define NEWV(d)	(new || p == SYNC || s == NAMED)
#elif defined(YUASA)
#define NEWV(d)	((p == SYNC || s == NAMED) YNEW)
#else
#define NEWV(d)	true
#endif
#ifndef YNEW
#define YNEW
#endif
#ifdef NO_NEW
#define SNEW(d)	(NEWV(d) && !(NO_NEW))
#else
#define SNEW(d)	NEWV(d)
#endif

#define UNMARKED(c)	(queue[c] & ~marked)

/*
 * That an object is in a buffer means nothing once it is marked, but in the next
 * cycle: left out where there is none to be misled, for fewer states.
 */
#ifdef NO_DROP
#define KEPT(x)
#define TIDY	skip
#else
#define KEPT(x)	&& !HAS(marked, x)
#define TIDY	queue[0] = UNMARKED(0); queue[1] = UNMARKED(1)
#endif

/* What a section marks is noticed: the count first. */
#ifdef COUNT_LATE
#define COUNT_BEFORE	skip
#define COUNT_AFTER	dirty = 1
#else
#define COUNT_BEFORE	dirty = 1
#define COUNT_AFTER	skip
#endif

#define EMPTY() \
	if \
	:: UNMARKED(CPU) -> \
		COUNT_BEFORE; \
		d_step { \
			fresh = UNMARKED(CPU); \
			assert(!(fresh & ~allocated)); \
			marked = marked | fresh; \
			TIDY; \
			printf("mutator %d marks set %d\n", m, fresh) \
		}; \
		d_step { \
			gray = gray | fresh; \
			fresh = 0; \
			queue[CPU] = 0 \
		}; \
		COUNT_AFTER \
	:: else -> queue[CPU] = 0 \
	fi

#ifdef NEVER_FULL
#define IF_FULL()	skip
#else
#define IF_FULL() \
	if \
	:: EMPTY() \
	:: skip \
	fi
#endif

#define SHADE(x) \
	if \
	:: x != NIL KEPT(x) -> \
		queue[CPU] = queue[CPU] | BIT(x); \
		IF_FULL() \
	:: else \
	fi

#ifdef HOTPLUG
#define CPU	cpu
#else
#define CPU	m
#endif

#define leave()	held[m] = NIL; inside[CPU] = 0

#define SLOT(var) \
	if \
	:: var = first \
	:: slots > 1 -> var = first + 1 \
	fi

/* The first member of a set. */
inline pick(set, var) {
	var = 0;
	do
	:: HAS(set, var) -> break
	:: else -> var++
	od
}

/*
 * Takes what is listed, or what the CPU has shaded; marks one object; gives back
 * what it has then.
 */
inline assist() {
	atomic {
		!inside[m] -> inside[m] = 1;
		left--;
		p = phase
	};
	if
	:: p == MARK && !gray && !found && queue[m] -> EMPTY()
	:: else
	fi;
	if
	:: p == MARK && (gray || found) ->
#ifndef NO_ASSIST_COUNT
		dirty = 1;
#endif
		d_step { work = gray; refs = found; gray = 0; found = 0 };
		if
		:: d_step {
			!work && refs ->
			pick(refs, o);
			refs = refs & ~BIT(o);
			if
			:: !HAS(marked, o) -> marked = marked | BIT(o); work = BIT(o); TIDY
			:: else
			fi;
			o = 0
		}
		:: else
		fi;
		if
		:: d_step {
			work ->
			pick(work, o);
			work = work & ~BIT(o);
			o = at[HEAP + o];
			if
			:: o != NIL -> refs = refs | BIT(o)
			:: else
			fi;
			printf("mutator %d assists\n", m);
			o = 0
		}
		:: else
		fi;
#ifdef ASSIST_KEEPS
		d_step { inside[m] = 0; p = 0 };
#endif
		d_step { gray = gray | work; found = found | refs; work = 0; refs = 0 }
	:: else
	fi;
	d_step { inside[m] = 0; p = 0 }
}

proctype mutator(byte m, first, slots, left) {
	byte p, s, d, old = NIL, v = NIL, fresh;
	bool repeat;
#ifdef ASSIST
	byte work, refs, o;		/* gray objects and references, taken */
#endif
#ifdef HOTPLUG
	byte cpu;
#endif
#ifdef CHANGE
	bool new;
#endif
#ifdef ATTACH
	byte stale = NIL;

	if
	:: m == 1 ->
#ifdef STALE_ATTACH
		stale = phase;
#endif
		d_step { !lock -> there = 1 }
	:: else
	fi;
#endif

	do
#ifdef ATTACH
	:: !left && m == 1 && at[first] != NIL ->
		s = NIL; d = first;
		goto again
	:: !left && m == 1 && at[first] == NIL ->
		d_step { !lock -> there = 0 };
		break
	:: !left && m == 0 -> break
#else
	:: !left -> break
#endif
#ifdef ASSIST
	:: left > 0 -> assist()
#endif
	:: left > 0 ->
		atomic {
			left--;
			/* any slot, and one that is not empty */
			SLOT(d);
			if
			:: at[first] != NIL -> s = first
			:: slots > 1 && at[first + 1] != NIL -> s = first + 1
			:: else -> s = NIL
			fi;
			if
			:: s = NEW				/* alloc */
			:: s = ROOT				/* root_get */
			:: d = ROOT				/* root_set, root_clear */
			:: d = ROOT; s = NIL			/* root_clear */
			:: s != NIL && s != d			/* copy */
			:: s != NIL -> s = HEAP + at[s]		/* load */
			:: s != NIL -> d = s; s = NIL		/* clear */
			:: s != NIL ->				/* store_null */
				d = HEAP + at[s];
				s = NIL
			:: s != NIL && at[d] != NIL ->		/* store */
				d = HEAP + at[d]
#ifdef WEAK
			:: s = NAMED				/* weak_get */
			:: s != NIL -> d = NAMED		/* weak_set */
			:: d = NAMED; s = NIL			/* weak_clear */
#endif
#ifdef FINAL
			:: at[QUEUE] != NIL -> s = QUEUE	/* a finalizer begins */
			:: at[QUEUE] != NIL -> d = QUEUE; s = NIL
#endif
			fi
		};
again:
		atomic {
#ifdef HOTPLUG
			!(inside[0] && (m == 0 || !online));
			!(inside[1] && m == 1 && online);
			cpu = (m == 1 && online -> 1 : 0);
			inside[cpu] = 1;
#else
			inside[m] = 1;
#endif
			if
#ifdef VALUE_FIRST
			:: s >= ROOT && s < PLACES -> v = at[s]; held[m] = v
#else
			:: s >= ROOT && s < PLACES -> look()
#endif
			:: s < ROOT -> v = at[s]; look()
#ifdef WEAK_EARLY
			:: s == NAMED -> v = weak
			:: s == NIL || s == NEW -> v = NIL; look()
#else
			:: else -> v = NIL; look()
#endif
			fi
		};
		if
#ifdef VALUE_FIRST
		:: d_step { s >= ROOT && s < PLACES -> look() }
#else
		:: d_step { s >= ROOT && s < PLACES -> v = at[s]; held[m] = v }
#endif
#ifdef WEAK_EARLY
		:: s == NAMED -> look()
#endif
		:: else
		fi;
#ifdef ATTACH
		d_step {
			if
			:: stale != NIL -> p = stale; stale = NIL
			:: else
			fi
		};
#endif
#if defined(VERIFY) || defined(STW)
		if
		:: p == STOP ->
			d_step { leave(); p = 0; v = NIL };
			phase != TERM && phase != STOP;
			goto again
		:: else
		fi;
#endif
		/* now p */
		if
		:: s == NEW ->
			d_step {
				k = 0;
				do
				:: k < N && HAS(allocated, k) -> k++
				:: else -> break
				od;
				if
				:: k < N && !(p == OFF && unswept) ->
					v = k;
					held[m] = v;
					allocated = allocated | BIT(v);
					at[HEAP + v] = NIL;
#ifndef WHITE
					if
					:: p != OFF -> marked = marked | BIT(v)
					:: else
					fi
#endif
				:: else -> v = at[d]
				fi;
				k = 0
			}
		:: s == NAMED ->
#if defined(FINAL) && !defined(WEAK_EARLY)
			v = weak;
#endif
			d_step {
#if !defined(FINAL) && !defined(WEAK_EARLY)
				v = weak;
#endif
				repeat = 0;
				if
				:: v == NIL
#ifndef NO_WEAK_TERM
				:: v != NIL && p == TERM && !HAS(marked, v) -> repeat = 1; v = NIL
#endif
				:: v != NIL && (p == CLEAR WEAK_NULL) && !HAS(marked, v) ->
					reach(); assert(!HAS(r, v));
					v = NIL
				:: else ->
#ifdef FINAL
					assert(p != CLEAR || v != revived);
#endif
					held[m] = v
				fi
			};
			if
			:: repeat ->
				d_step { leave(); repeat = 0; p = 0 };
				phase != TERM && phase != STOP;
				goto again
			:: else
			fi
		:: else
		fi;
		if
		:: BARRIER(p) && d != NAMED ->
			if
			:: OLD(d) ->
				old = at[d];
				SHADE(old);
				old = NIL
			:: else
			fi;
			if
			:: SNEW(d) -> SHADE(v)
			:: else
			fi
		:: else
		fi;
		d_step {
			assert(!stopped);
			assert(v == NIL || HAS(allocated, v));
			if
			:: d == NAMED ->
				weak = v;
#ifdef FINAL
				/* To be had again, if it is that. */
				revived = NIL
#endif
			:: else -> at[d] = v
			fi;
			printf("mutator %d, in phase %d: place %d = %d, from %d\n", m, p, d, v, s);
			leave();
			p = 0; s = 0; d = 0; v = NIL
		}
	od
}

inline handshake() {
	!inside[0]; !inside[1]
}

inline scan(place) {
	d_step {
		if
		:: at[place] != NIL && !HAS(marked, at[place]) ->
			printf("place %d: found %d\n", place, at[place]);
			found = found | BIT(at[place])
		:: else
		fi
	}
}

#ifdef HOTPLUG
#define ONLINE(c)	&& (c == 0 || online)
#else
#define ONLINE(c)
#endif

/* The order in which places are scanned: frames, then tables. */
#ifdef ROOT_FIRST
#define ORDER(i)	(HEAP - 1 - (i))
#else
#define ORDER(i)	(i)
#endif
#ifdef NO_FINAL_ROOT
#define SCANNED	QUEUE
#else
#define SCANNED	HEAP
#endif

/* Before a worker drains: nobody need notice. */
#define HAND_IN(c) \
	assert(!(UNMARKED(c) & ~allocated)); \
	gray = gray | UNMARKED(c); \
	marked = marked | queue[c]; \
	queue[c] = 0

inline flush(cpu) {
	d_step { !inside[cpu] ONLINE(cpu) -> HAND_IN(cpu) }
}

/* Is anything gray in the CPUs' buffers, and then: has anything been noticed? */
#ifdef COUNT_FIRST
#define SEE_BEFORE	d_step { more = dirty; dirty = 0 }
#define SEE_AFTER	skip
#else
#define SEE_BEFORE	skip
#define SEE_AFTER	d_step { more = more || dirty; dirty = 0 }
#endif

inline see(work) {
	SEE_BEFORE;
#ifndef NO_QUEUE_CHECK
	more = more || UNMARKED(0);
	more = more || UNMARKED(1);
#endif
	more = more || work;
	SEE_AFTER
}

inline drain() {
	do
	:: d_step {
		gray ->
		k = 0;
		do
		:: HAS(gray, k) -> break
		:: else -> k++
		od;
		gray = gray & ~BIT(k);
		scan(HEAP + k);
		k = 0
	}
	:: d_step {
		found && !gray ->
		k = 0;
		do
		:: HAS(found, k) -> break
		:: else -> k++
		od;
		found = found & ~BIT(k);
		if
		:: !HAS(marked, k) -> marked = marked | BIT(k); gray = gray | BIT(k); TIDY
		:: else
		fi;
		k = 0
	}
	:: else -> break
	od
}

inline clear_weak() {
#ifdef WEAK
	d_step {
		c = weak;
		if
		:: c != NIL && HAS(marked, c) -> c = NIL
		:: else
		fi
	};
	d_step {
		if
		:: c != NIL && weak == c ->
			reach();
			assert(!HAS(r, c));
			weak = NIL
		:: else
		fi;
		c = NIL
	}
#else
	skip
#endif
}

/* What is dead and has a finalizer lives on. */
inline finalize() {
#ifdef FINAL
	if
	:: final != NIL && !HAS(marked, final) ->
#if !defined(NO_HS_FINAL) && !defined(STW)
		handshake();
#endif
		d_step {
			marked = marked | BIT(final);
			at[QUEUE] = final;
			revived = final;
			final = NIL;
			printf("finalizer of %d\n", revived)
		}
	:: else
	fi
#else
	skip
#endif
}

/* What is still shaded is marked. */
#ifdef NO_DROP
#define DROP	skip
#else
#define DROP	d_step { assert(!UNMARKED(0) && !UNMARKED(1)); queue[0] = 0; queue[1] = 0 }
#endif

#ifdef HOTPLUG
proctype plug() {
	d_step { !inside[1] -> online = 0 };
	online = 1
}
#endif

proctype collector() {
	byte i = 0, c = NIL, n = 0;
	bool more;

cycle:
	n++;
	d_step {
#ifdef STW
		phase = STOP;
#else
		phase = SYNC;
#endif
		printf("phase %d\n", phase);
		reach();
		if
		:: weak != NIL -> r = r | BIT(weak); close()
		:: else
		fi;
#ifdef FINAL
		if
		:: final != NIL -> r = r | BIT(final); close()
		:: else
		fi;
		revived = NIL;
#endif
		garbage = allocated & ~r
	};
#ifndef NO_HS_SYNC
	handshake();
#endif
	phase = MARK;
	printf("phase MARK\n");
#ifdef CHANGE
	changed = 1;
#endif
#ifdef ATTACH
	lock = 1;
#endif
	do
#ifdef ATTACH
	:: i < ROOT && i >= NS0 && !there -> i++
	:: i < SCANNED && (i < NS0 || i >= ROOT || there) -> scan(i); i++
#else
	:: i < SCANNED -> scan(ORDER(i)); i++
#endif
	:: i == SCANNED -> i = 0; break
	od;
#if defined(FINAL) && !defined(NO_FINAL_CHILDREN)
	if
	:: final != NIL -> scan(HEAP + final)
	:: else
	fi;
#endif
#ifdef ATTACH
	lock = 0;
#endif
round:
	dirty = 0;
mark_more:
	flush(0);
#ifdef HOTPLUG
	if
	:: flush(1)
	:: !online
	fi;
#ifndef NO_FLUSH_OFFLINE
	d_step {
		if
		:: !online -> HAND_IN(1)
		:: else
		fi
	};
#endif
#else
	flush(1);
#endif
	drain();
#ifdef NO_HS_MARK
	skip;
#else
	handshake();
#endif
	see(gray || found);
	if
	:: more -> more = 0; goto mark_more
	:: else
	fi;
#ifdef STW
	phase = STOP;
	printf("phase STOP\n");
#else
	phase = TERM;
	printf("phase TERM\n");
#endif
#ifdef EARLY_CLEAR
	clear_weak();
#endif
#ifndef NO_HS_TERM
	handshake();
#endif
#ifndef NO_RECHECK
	see(false);
	if
	:: more -> more = 0; phase = MARK; goto round
	:: else
	fi;
#endif
	d_step {
#ifdef STW
		stopped = 1;
#else
		phase = CLEAR;
		printf("phase CLEAR\n");
#endif
		reach();
		assert(!(r & ~marked))
	};
#ifdef VERIFY
	phase = STOP;
	printf("phase STOP\n");
	handshake();
	d_step { reach(); assert(!(r & ~marked)); stopped = 1 };
	d_step { stopped = 0; phase = CLEAR };
#endif
#ifdef FINAL_FIRST
	finalize();
#endif
#ifndef EARLY_CLEAR
	clear_weak();
#endif
#ifndef FINAL_FIRST
	finalize();
#endif
#ifdef STW
	DROP;
	d_step { stopped = 0; phase = OFF; printf("phase OFF\n"); unswept = 1 };
#else
	phase = FLUSH;
	printf("phase FLUSH\n");
#ifndef NO_HS_FLUSH
	handshake();
#endif
	DROP;
	d_step { phase = OFF; printf("phase OFF\n"); unswept = 1 };
	handshake();
#endif
	d_step {
		reach();
		assert(!(r & allocated & ~marked));
		allocated = allocated & marked;
		marked = 0;
		unswept = 0;
		assert(!(garbage & allocated));
		assert(!gray && !found);
#ifndef NO_DROP
		assert(!queue[0] && !queue[1]);
#endif
		garbage = 0;
		dirty = 0
	};
	if
	:: n < CYCLES -> goto cycle
	:: else
	fi
}

init {
	byte i;
	atomic {
		i = 0;
		do :: i < PLACES -> at[i] = NIL; i++ :: else -> break od;
		held[0] = NIL; held[1] = NIL;
		allocated = BIT(0) | BIT(1);
		/* The second object is referred to by the first, or weakly. */
#ifdef WEAK
		weak = 1;
#else
		at[HEAP] = 1;
#endif
#ifdef FINAL
		final = 1;
		at[HEAP + 1] = 0;
#endif
#if START == 0
		at[ROOT] = 0;
#elif START == 1
		at[NS0 - 1] = 0;
		at[NS0] = 0;
#else
		at[NS0 - 1] = 0;
#endif
		i = 0;
		run collector();
#ifdef HOTPLUG
		run plug();
#endif
		run mutator(0, 0, NS0, OPS0);
		run mutator(1, NS0, NS1, OPS1)
	}
}
