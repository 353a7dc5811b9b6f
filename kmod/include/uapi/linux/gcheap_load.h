/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/gcheap_load.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_GCHEAP_LOAD_H
#define _UAPI_LINUX_GCHEAP_LOAD_H

#define GCHEAP_LOAD_FAMILY_NAME		"gcheap-load"
#define GCHEAP_LOAD_FAMILY_VERSION	1

/**
 * enum gcheap_load_workload - What a run does.
 * @GCHEAP_LOAD_WORKLOAD_REPLAY: A recorded trace, fed in chunks.
 * @GCHEAP_LOAD_WORKLOAD_ALLOC: Cost of one allocation, small and large, and of
 *   one store.
 */
enum gcheap_load_workload {
	GCHEAP_LOAD_WORKLOAD_REPLAY,
	GCHEAP_LOAD_WORKLOAD_BINARY_TREES,
	GCHEAP_LOAD_WORKLOAD_LRU,
	GCHEAP_LOAD_WORKLOAD_CYCLES,
	GCHEAP_LOAD_WORKLOAD_ALLOC,
};

/**
 * enum gcheap_load_state
 * @GCHEAP_LOAD_STATE_DONE: Ended, and its result is right.
 * @GCHEAP_LOAD_STATE_STOPPED: Ended before its time, on request.
 * @GCHEAP_LOAD_STATE_FAILED: Ended by an error, or with a wrong result.
 */
enum gcheap_load_state {
	GCHEAP_LOAD_STATE_RUNNING,
	GCHEAP_LOAD_STATE_DONE,
	GCHEAP_LOAD_STATE_STOPPED,
	GCHEAP_LOAD_STATE_FAILED,
};

/**
 * enum gcheap_load_mismatch_kind
 * @GCHEAP_LOAD_MISMATCH_KIND_EARLY: Freed while the program could still reach
 *   it.
 * @GCHEAP_LOAD_MISMATCH_KIND_LATE: Alive after its death record.
 * @GCHEAP_LOAD_MISMATCH_KIND_EXTRA: Freed by a collection that should not
 *   have.
 * @GCHEAP_LOAD_MISMATCH_KIND_LIVE: Wrong live set.
 */
enum gcheap_load_mismatch_kind {
	GCHEAP_LOAD_MISMATCH_KIND_EARLY,
	GCHEAP_LOAD_MISMATCH_KIND_LATE,
	GCHEAP_LOAD_MISMATCH_KIND_EXTRA,
	GCHEAP_LOAD_MISMATCH_KIND_LIVE,
};

/**
 * enum gcheap_load_rec - Records of a replay chunk. A record is this byte,
 *   then its numbers as unsigned LEB128. Line counts the lines of the text
 *   since the record before.
 * @GCHEAP_LOAD_REC_TYPE: line, gc (0 or 1), length, then the name's bytes.
 * @GCHEAP_LOAD_REC_ALLOC: line, object less the last object allocated, type,
 *   size, slots.
 * @GCHEAP_LOAD_REC_STORE: line, object, slot, target.
 * @GCHEAP_LOAD_REC_HOLD: line, object.
 * @GCHEAP_LOAD_REC_DROP: line, object.
 * @GCHEAP_LOAD_REC_COLLECT: line, generation.
 * @GCHEAP_LOAD_REC_DEAD: line, object.
 * @GCHEAP_LOAD_REC_CYCLIC: line, object.
 */
enum gcheap_load_rec {
	GCHEAP_LOAD_REC_TYPE = 1,
	GCHEAP_LOAD_REC_ALLOC,
	GCHEAP_LOAD_REC_STORE,
	GCHEAP_LOAD_REC_HOLD,
	GCHEAP_LOAD_REC_DROP,
	GCHEAP_LOAD_REC_COLLECT,
	GCHEAP_LOAD_REC_DEAD,
	GCHEAP_LOAD_REC_CYCLIC,
};

#define GCHEAP_LOAD_CHUNK_MAX	32768

enum {
	GCHEAP_LOAD_A_RUN_ID = 1,
	GCHEAP_LOAD_A_RUN_HEAP,
	GCHEAP_LOAD_A_RUN_WORKLOAD,
	GCHEAP_LOAD_A_RUN_STATE,
	GCHEAP_LOAD_A_RUN_MUTATORS,
	GCHEAP_LOAD_A_RUN_SECONDS,
	GCHEAP_LOAD_A_RUN_MAX_OPERATIONS,
	GCHEAP_LOAD_A_RUN_OPERATIONS,
	GCHEAP_LOAD_A_RUN_DEPTH,
	GCHEAP_LOAD_A_RUN_ENTRIES,
	GCHEAP_LOAD_A_RUN_SIZE,
	GCHEAP_LOAD_A_RUN_VERIFY,
	GCHEAP_LOAD_A_RUN_ERROR,
	GCHEAP_LOAD_A_RUN_MESSAGE,
	GCHEAP_LOAD_A_RUN_ELAPSED_NS,
	GCHEAP_LOAD_A_RUN_LINES,
	GCHEAP_LOAD_A_RUN_MISMATCHES,
	GCHEAP_LOAD_A_RUN_MISMATCH,
	GCHEAP_LOAD_A_RUN_LIVE_EXPECTED,
	GCHEAP_LOAD_A_RUN_LIVE_FOUND,
	GCHEAP_LOAD_A_RUN_SKIPPED,
	GCHEAP_LOAD_A_RUN_SMALL_ALLOC_PS,
	GCHEAP_LOAD_A_RUN_LARGE_ALLOC_PS,
	GCHEAP_LOAD_A_RUN_STORE_PS,
	GCHEAP_LOAD_A_RUN_WORK_NS,
	GCHEAP_LOAD_A_RUN_CHUNK,
	GCHEAP_LOAD_A_RUN_LAST,

	__GCHEAP_LOAD_A_RUN_MAX,
	GCHEAP_LOAD_A_RUN_MAX = (__GCHEAP_LOAD_A_RUN_MAX - 1)
};

enum {
	GCHEAP_LOAD_A_MISMATCH_KIND = 1,
	GCHEAP_LOAD_A_MISMATCH_LINE,
	GCHEAP_LOAD_A_MISMATCH_OBJECT,

	__GCHEAP_LOAD_A_MISMATCH_MAX,
	GCHEAP_LOAD_A_MISMATCH_MAX = (__GCHEAP_LOAD_A_MISMATCH_MAX - 1)
};

enum {
	GCHEAP_LOAD_CMD_RUN_NEW = 1,
	GCHEAP_LOAD_CMD_RUN_GET,
	GCHEAP_LOAD_CMD_RUN_STOP,
	GCHEAP_LOAD_CMD_RUN_DEL,
	GCHEAP_LOAD_CMD_RUN_FEED,

	__GCHEAP_LOAD_CMD_MAX,
	GCHEAP_LOAD_CMD_MAX = (__GCHEAP_LOAD_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_GCHEAP_LOAD_H */
