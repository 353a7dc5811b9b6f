/* SPDX-License-Identifier: GPL-2.0 */
/* Steps of a cycle that takes a snapshot; see snapshot.c. */
#ifndef _GCH_GO_SNAPSHOT_H
#define _GCH_GO_SNAPSHOT_H

struct gch_go_heap;

void gch_go_snap_begin(struct gch_go_heap *h);
void gch_go_snap_roots(struct gch_go_heap *h);
void gch_go_snap_objects(struct gch_go_heap *h);

#endif /* _GCH_GO_SNAPSHOT_H */
