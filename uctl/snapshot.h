/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots of heaps.
 */
#ifndef GCCTL_SNAPSHOT_H
#define GCCTL_SNAPSHOT_H

int heap_snapshot(int argc, char **argv);

#endif /* GCCTL_SNAPSHOT_H */
