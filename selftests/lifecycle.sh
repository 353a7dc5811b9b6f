#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Heaps made, used and deleted a hundred times on each engine, modules unloaded
# and loaded again: all pages come back, and nothing goes while it is in use.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 13

LIVES=100

# One life: a heap with all that a short workload leaves in it.
life()
{
	gcctl heap add t-life engine "$1" > /dev/null &&
	gcctl run "$2" heap t-life mutators 2 max-operations 300 > /dev/null &&
	gcctl heap del t-life
}

lives()
{
	n=0
	while [ "$n" -lt "$LIVES" ]; do
		case $((n % 3)) in
		0) load=lru ;;
		1) load=binary-trees ;;
		2) load=cycles ;;
		esac
		life "$1" "$load" || {
			echo "life $n with $load"
			return 1
		}
		n=$((n + 1))
	done
}

balanced()
{
	[ "$(total heaps)" = 0 ] || {
		echo "$(total heaps) heaps exist"
		return 1
	}
	is "pages returned" "$(total pages-returned)" "$(total pages-taken)"
}

clean
for engine in go python slab; do
	check "$LIVES lives on $engine" lives "$engine"
	check "all pages came back from $engine" within 10 balanced
done
taken=$(total pages-taken)
check "pages were counted at all" [ "${taken:-0}" -gt 0 ]

gcctl heap add t-stay engine go > /dev/null
refused "a taken name" 2 "t-stay" gcctl heap add t-stay engine python
rmmod gcheap_load 2> /dev/null
refused "unloading with a heap in it" 1 "" rmmod gcheap
check "the heap is still there" gcctl heap show t-stay
load gcheap_load
gcctl run lru heap t-stay seconds 20 > /dev/null 2>&1 &
run=$!
within 10 eval '! idle t-stay'
refused "deleting a heap in use" 2 "in use" gcctl heap del t-stay
kill -KILL "$run"
wait "$run" 2> /dev/null
check "deleting it when the run is over" within 10 gcctl heap del t-stay

# Unloaded, the module says nothing to the kernel log about pages it lost.
reload()
{
	rmmod gcheap_load gcheap || return
	if dmesg | grep -E 'gcheap|heap t-' | grep -E 'kept|lost|leak'; then
		return 1
	fi
	load gcheap_load || return
	is "pages taken by a new module" "$(total pages-taken)" 0
}
check "unloaded and loaded again" reload
