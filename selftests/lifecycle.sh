#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Heaps made, used and deleted many times on each engine, modules unloaded
# and loaded again, also under those who look: all pages come back, and nothing
# goes while it is in use.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 16

# Few where time is dear: a kernel that checks memory takes long to end a cache.
LIVES=15 RELOADS=6
! time_is_dear || LIVES=6 RELOADS=4
[ -z "${GCHEAP_LONG:-}" ] || LIVES=100 RELOADS=100
debug=/sys/kernel/debug/gcheap

# One life: a heap with all that a short workload leaves in it.
life()
{
	gcctl heap add t-life engine "$1" > /dev/null || return
	# shellcheck disable=SC2086 # a list of words
	gcctl run $2 heap t-life mutators 2 max-operations 300 > /dev/null &&
	gcctl heap del t-life
}

lives()
{
	n=0
	while [ "$n" -lt "$LIVES" ]; do
		case $((n % 3)) in
		0) load=lru ;;
		1) load="binary-trees depth 8" ;;
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
	log=$(dmesg) && [ -n "$log" ] || return
	if echo "$log" | grep -vE 'ommand line|gcheap_kept' | grep -E 'gcheap|heap t-' |
		grep -E 'kept|lost|leak'; then
		return 1
	fi
	load gcheap_load || return
	is "pages taken by a new module" "$(total pages-taken)" 0
}
check "unloaded and loaded again" reload

loaded()
{
	[ -d /sys/module/gcheap_load ] || load gcheap_load
}

# Whoever looks loads what he looks for: that counts as well.
unloaded()
{
	[ ! -d /sys/module/gcheap_load ] || rmmod gcheap_load
	[ ! -d /sys/module/gcheap ] || rmmod gcheap
}

# A view that is held open keeps the module, and no longer than that.
held_open()
{
	gcctl heap add t-held engine go > /dev/null || return
	exec 5< "$debug/t-held/stats" || return
	gcctl heap del t-held && rmmod gcheap_load || return
	if rmmod gcheap 2> /dev/null; then
		echo "unloaded under a reader"
		return 1
	fi
	cat <&5 > /dev/null 2>&1
	exec 5<&-
	within 10 rmmod gcheap && loaded
}
if [ -d "$debug" ]; then
	check "unloaded when a view is closed" held_open
else
	check "unloaded when a view is closed" missing "debugfs"
fi

# Who looks loads what is not there: half a second in between to unload both.
look()
{
	while [ -e "$tmp/lifecycle.go" ]; do
		sleep 0.5
		gcctl -j version
		gcctl heap
		gcctl stats t-life
		cat "$debug"/t-*/*
	done > /dev/null 2>&1
}

# Unloaded as soon as it can be, again and again.
reloads()
{
	n=0
	while [ "$n" -lt "$RELOADS" ]; do
		within 10 loaded && life go lru || return
		within 10 unloaded || {
			echo "not unloaded at time $n"
			return 1
		}
		n=$((n + 1))
	done
}

under_looks()
{
	touch "$tmp/lifecycle.go"
	look &
	looker=$!
	reloads
	looks_status=$?
	rm -f "$tmp/lifecycle.go"
	wait "$looker"
	within 10 loaded && return "$looks_status"
}
check "unloaded and loaded under those who look" under_looks
check "nothing is left of it" within 10 balanced
