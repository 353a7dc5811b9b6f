// SPDX-License-Identifier: GPL-2.0
/*
 * Decodes the records of a chunk
 *
 * Chunks come from user space and are not trusted. This file checks that bytes form a
 * record; replay_exec.c checks that the record makes sense. A record does not cross a
 * chunk boundary.
 */
#include "replay.h"

static int read_number(struct gch_load_cursor *cursor, u32 *value,
		       const char **what)
{
	unsigned int shift;
	u64 sum = 0;
	u8 byte;

	for (shift = 0; shift < 35; shift += 7) {
		if (cursor->p == cursor->end) {
			*what = "record truncated by the end of its chunk";
			return -EINVAL;
		}
		byte = *cursor->p++;
		sum |= (u64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	if (shift >= 35 || sum > U32_MAX) {
		*what = "number exceeds 32 bits";
		return -EINVAL;
	}
	*value = sum;
	return 0;
}

/* Skips the name, which is only for people who read the trace. */
static int type_name(struct gch_load_cursor *cursor, const char **what)
{
	u32 length;
	int err;

	err = read_number(cursor, &length, what);
	if (err)
		return err;
	if (length > REPLAY_TYPE_NAME_MAX) {
		*what = "type name exceeds 255 bytes";
		return -EINVAL;
	}
	if (length > cursor->end - cursor->p) {
		*what = "record truncated by the end of its chunk";
		return -EINVAL;
	}
	cursor->p += length;
	return 0;
}

/**
 * gch_load_decode - read the next record of a chunk
 * @cursor: read position; moved past the record
 * @rec: the record
 * @what: set to the error message
 *
 * Context: any.
 * Return: 1 with a record, 0 at the end of the chunk, -EINVAL with @what.
 */
int gch_load_decode(struct gch_load_cursor *cursor,
		    struct gch_load_record *rec, const char **what)
{
	int err;

	if (cursor->p == cursor->end)
		return 0;
	rec->kind = *cursor->p++;
	rec->line = 0;
	if (rec->kind < GCHEAP_LOAD_REC_TYPE ||
	    rec->kind > GCHEAP_LOAD_REC_CYCLIC) {
		*what = "unknown record";
		return -EINVAL;
	}
	err = read_number(cursor, &rec->line, what);
	if (err)
		return err;

	switch (rec->kind) {
	case GCHEAP_LOAD_REC_TYPE:
		err = read_number(cursor, &rec->gc, what) ? :
		      type_name(cursor, what);
		break;
	case GCHEAP_LOAD_REC_ALLOC:
		err = read_number(cursor, &rec->object, what) ? :
		      read_number(cursor, &rec->type, what) ? :
		      read_number(cursor, &rec->size, what) ? :
		      read_number(cursor, &rec->slots, what);
		break;
	case GCHEAP_LOAD_REC_STORE:
		err = read_number(cursor, &rec->object, what) ? :
		      read_number(cursor, &rec->slot, what) ? :
		      read_number(cursor, &rec->target, what);
		break;
	case GCHEAP_LOAD_REC_COLLECT:
		err = read_number(cursor, &rec->generation, what);
		break;
	default:
		err = read_number(cursor, &rec->object, what);
		break;
	}
	return err ? : 1;
}
