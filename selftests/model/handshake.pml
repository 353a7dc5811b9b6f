// SPDX-License-Identifier: GPL-2.0
/*
 * Model of the handshake itself (kmod/core/section.c): two CPUs whose stores wait in
 * a buffer before others see them, and sections that mark themselves by plain
 * stores of a sequence.
 *
 * Shown: after the handshake no section goes on that has read the old phase, and
 * what such sections wrote is seen. The other models take that for granted.
 *
 * NO_IPI leaves out the barrier that the interrupt is, NO_RELEASE the order in which
 * a section ends.
 */
#define SECTIONS	2

#define SEQ	0
#define DATA	1

bool phase;
byte seq[2];
bool old[2];			/* in a section that has read the old phase */
chan buffer0 = [6] of { bit, byte };
chan buffer1 = [6] of { bit, byte };
byte written[2];		/* by sections in the old phase */
byte seen[2];			/* of these, by others */

/* A store leaves the buffer at any time. */
proctype drain(byte c; chan buffer) {
	byte value;

end:
	do
	:: atomic {
		buffer?SEQ(value) -> seq[c] = value; value = 0
	   }
	:: atomic {
		buffer?DATA(value) -> seen[c] = seen[c] + value; value = 0
	   }
	od
}

proctype cpu(byte c; chan buffer) {
	byte n = 0;
	bool p;

	do
	:: n == 2 * SECTIONS -> break
	:: n < 2 * SECTIONS ->
		n++;
		buffer!SEQ(n);
		atomic { p = phase; old[c] = !p };
#ifdef NO_RELEASE
		n++;
		buffer!SEQ(n);
		atomic { buffer!DATA(!p); written[c] = written[c] + !p };
		old[c] = 0
#else
		atomic { buffer!DATA(!p); written[c] = written[c] + !p };
		n++;
		atomic { buffer!SEQ(n); old[c] = 0 }
#endif
	od
}

inline wait_outside(c) {
	was = seq[c];
	if
	:: was & 1 -> seq[c] != was
	:: else
	fi
}

proctype collector() {
	byte was;

	phase = 1;
#ifndef NO_IPI
	len(buffer0) == 0;
	len(buffer1) == 0;
#endif
	wait_outside(0);
	wait_outside(1);
	assert(!old[0] && !old[1]);
	assert(seen[0] == written[0] && seen[1] == written[1])
}

init {
	atomic {
		run collector();
		run drain(0, buffer0);
		run drain(1, buffer1);
		run cpu(0, buffer0);
		run cpu(1, buffer1)
	}
}
