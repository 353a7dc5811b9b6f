#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Random programs beside a shadow of what they should make of the heap: see
# kmod/tests/mirror.h. GCHEAP_SEED= repeats one; GCHEAP_LONG=1 goes on for
# minutes.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
results=/sys/kernel/debug/gcheap_selftest/results
[ -d /sys/kernel/debug/gcheap ] ||
	mount -t debugfs none /sys/kernel/debug 2> /dev/null
begin 6
[ -d /sys/kernel/debug/gcheap ] || lacks "debugfs"

rounds=$((${GCHEAP_ROUNDS:-100000} * 2))
[ "${GCHEAP_LONG:-0}" = 0 ] || rounds=$((rounds * 40))

# mirror TEST ENGINE: the seed is shown also when all is well.
mirror()
{
	rmmod gcheap_selftest 2> /dev/null
	load gcheap_selftest test="$1" engine="$2" rounds="$rounds" \
		seed="${GCHEAP_SEED:-0}" || return
	cat "$results" > "$tmp/mirror.out"
	rmmod gcheap_selftest || return
	grep '^#' "$tmp/mirror.out" >&3
	kernel_results "$tmp/mirror.out"
}

exec 3>&1
for engine in go python slab; do
	check "$engine" mirror mirror "$engine"
	check "$engine, several mutators" mirror mirror-crowd "$engine"
done
