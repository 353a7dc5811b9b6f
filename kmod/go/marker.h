/* SPDX-License-Identifier: GPL-2.0 */
/* The markers; GCH_KEY_MARKER selects one. */
#ifndef _GCH_GO_MARKER_H
#define _GCH_GO_MARKER_H

#include <linux/types.h>

struct gch_go_marker;

/*
 * Each marker: drain marks until it finds no work or has to rest; brief marks some
 * objects for a mutator, and returns false if there are none that suit one.
 */
void gch_go_pipeline_drain(struct gch_go_marker *k);
bool gch_go_pipeline_brief(struct gch_go_marker *k);
void gch_go_greentea_drain(struct gch_go_marker *k);
bool gch_go_greentea_brief(struct gch_go_marker *k);
void gch_go_classic_drain(struct gch_go_marker *k);
bool gch_go_classic_brief(struct gch_go_marker *k);

#endif /* _GCH_GO_MARKER_H */
