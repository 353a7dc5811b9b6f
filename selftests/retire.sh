#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory that mutators of the Python engine retire in sections, large objects and
# arenas, is freed by collections at the same time: no access comes after it. Delay
# points make the window wide, and KASAN sees what falls into it.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 3
heap=t-retire

# retired WORKLOAD [KEY VALUE]...: runs beside collections that follow each other.
retired()
{
	gcctl run "$@" heap "$heap" mutators 2 seconds 2 || return
	idle_soon "$heap" && gcctl collect "$heap" &&
	is "objects" "$(stat_of "$heap" live-objects)" 0
}

gcctl heap add "$heap" engine python interval-ms 1 arena-order 0 pool-size 4K \
	> /dev/null
delay_set 20 || say "no delay points in this kernel"
check "large objects" retired larson min-size 600 max-size 4096 blocks 500
check "arenas" retired binary-trees depth 7
delay_set 0 || :
check "deleted" within 10 gcctl heap del "$heap"
