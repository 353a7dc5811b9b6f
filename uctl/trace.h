/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recorded traces: reads and checks text, and returns chunks of records for the
 * kernel. Independent of netlink and the command line.
 */
#ifndef GCCTL_TRACE_H
#define GCCTL_TRACE_H

#include <stddef.h>
#include <stdint.h>

/* Most bytes of one encoded record. */
#define TRACE_RECORD_MAX	320

enum trace_result {
	TRACE_MORE,	/* the chunk is full, more will follow */
	TRACE_END,	/* the chunk is the last one */
	TRACE_BAD,	/* trace_error() has the reason */
};

/**
 * struct trace_counts - counts of a trace so far
 * @lines: lines, comments included
 * @records: lines that are records
 * @allocs: allocations
 * @stores: references written
 * @collects: collections
 * @deaths: deaths by count
 * @cyclic: deaths by collection
 * @live: objects without a death record
 */
struct trace_counts {
	uint64_t lines;
	uint64_t records;
	uint64_t allocs;
	uint64_t stores;
	uint64_t collects;
	uint64_t deaths;
	uint64_t cyclic;
	uint64_t live;
};

struct trace;

struct trace *trace_open(const char *path, const char *name);
void trace_close(struct trace *t);
enum trace_result trace_fill(struct trace *t, uint8_t *buf, size_t size,
			     size_t *len);
const char *trace_error(const struct trace *t);
const struct trace_counts *trace_counts(const struct trace *t);
double trace_part_read(const struct trace *t);

#endif /* GCCTL_TRACE_H */
