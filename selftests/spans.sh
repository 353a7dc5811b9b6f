#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Spans that come into use while the heap is walked, with delay points between what
# is written first and what is written last: see kmod/tests/spans.c.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
results=/sys/kernel/debug/gcheap_selftest/results
[ -d /sys/kernel/debug/gcheap ] ||
	mount -t debugfs none /sys/kernel/debug 2> /dev/null
begin 2
[ -d /sys/kernel/debug/gcheap ] || lacks "debugfs"

walk()
{
	rmmod gcheap_selftest 2> /dev/null
	load gcheap_selftest test=spans rounds="${GCHEAP_ROUNDS:-100000}" || return
	cat "$results" > "$tmp/spans.out"
	rmmod gcheap_selftest || return
	grep '^#' "$tmp/spans.out" >&3
	kernel_results "$tmp/spans.out"
}

exec 3>&1
check "as it is" walk
if delay_set 20; then
	check "with delays" walk
else
	check "with delays" cannot "the kernel has no delay points"
fi
