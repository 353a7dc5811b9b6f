/* SPDX-License-Identifier: GPL-2.0 */
/* Snapshots (core/snapshot.c): for engines, which write them, and for readers. */
#ifndef _GCHEAP_SNAPSHOT_H
#define _GCHEAP_SNAPSHOT_H

#include <linux/types.h>

struct gch_heap;
struct gch_snapshot;
struct gch_type;
struct seq_file;

/**
 * enum gch_snap_root - kind of a root in a snapshot
 * @GCH_SNAP_FRAME: a slot of a mutator
 * @GCH_SNAP_TABLE: an entry of a root table
 * @GCH_SNAP_FINALIZER: an object queued for its finalizer
 */
enum gch_snap_root {
	GCH_SNAP_FRAME,
	GCH_SNAP_TABLE,
	GCH_SNAP_FINALIZER,
};

void gch_snap_types(struct gch_snapshot *sn, struct gch_heap *heap);
void gch_snap_root(struct gch_snapshot *sn, enum gch_snap_root kind, u32 who,
		   u32 i, u64 obj);
void gch_snap_object(struct gch_snapshot *sn, u64 obj, u32 bytes,
		     const struct gch_type *type);
void gch_snap_ref(struct gch_snapshot *sn, u32 word, u64 target);
int gch_snap_error(struct gch_snapshot *sn);
void gch_snap_fail(struct gch_snapshot *sn, int error);
unsigned long gch_snap_pages_used(void);
void *gch_snap_memory(size_t bytes);
void gch_snap_memory_free(void *addr, size_t bytes);
void *gch_snap_page(void);
void gch_snap_page_free(void *page);

/* For readers. */
struct gch_snapshot *gch_snapshot_take(struct gch_heap *heap, bool wait);
void gch_snapshot_free(struct gch_snapshot *sn);
void gch_snapshot_show(struct gch_snapshot *sn, struct seq_file *seq);
void gch_snapshot_rewind(struct gch_snapshot *sn);
loff_t gch_snapshot_next(struct gch_snapshot *sn);
bool gch_snapshot_is_at(const struct gch_snapshot *sn, loff_t index);

#endif /* _GCHEAP_SNAPSHOT_H */
