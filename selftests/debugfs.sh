#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The views of a heap in debugfs: there while it is, for root alone, the same
# counters as in netlink, and safe to have open when the heap goes.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
debug=/sys/kernel/debug/gcheap
[ -d "$debug" ] || mount -t debugfs none /sys/kernel/debug 2> /dev/null
begin 14
[ -d "$debug" ] || lacks "debugfs"

# shown ENGINE UNITS
shown()
{
	ok=0
	for view in stats arenas "$2" pauses; do
		mode=$(stat -c %a "$debug/t-debug/$view") || ok=1
		is "mode of $view" "$mode" 400 || ok=1
		cat "$debug/t-debug/$view" > /dev/null || ok=1
	done
	[ -n "$(cat "$debug/t-debug/pauses")" ] || ok=1
	return "$ok"
}

counters()
{
	ok=0
	for key in allocs freed-cycle live-objects held-bytes arenas stores; do
		is "$key" "$(sed -n "s/^$key: //p" "$debug/t-debug/stats")" \
			"$(stat_of t-debug "$key")" || ok=1
	done
	return "$ok"
}

# Of a heap at rest: what a class has is what it has allocated and not freed, and all
# classes and the large objects are the heap.
classes_add_up()
{
	large=$(stat_of t-debug large-objects)
	bytes=$(awk 'NR > 1 { b += $6 * $2 } END { print b + 0 }' \
		"$debug/t-debug/spans")
	sums=$(awk 'NR > 1 { if ($6 != $8 - $9 || $6 > $7) bad++
			     o += $6; a += $8; s += $5; n++ }
		END { print a + 0, o + 0, s + 0, (n > 1), bad + 0 }' \
		"$debug/t-debug/spans")
	is "classes: allocs, objects, spans, more than one, bad" "$sums" \
		"$(($(stat_of t-debug allocs) - $(stat_of t-debug large-allocs)))\
 $(($(stat_of t-debug live-objects) - large)) $(stat_of t-debug page-groups) 1 0" || return
	is "bytes beside large objects" \
		"$((bytes + large * 32768 <= $(stat_of t-debug live-bytes)))" 1 ||
		return
	[ "$large" -gt 0 ] || is "bytes" "$bytes" "$(stat_of t-debug live-bytes)"
}

# An open file outlives the heap: reading it then gives an error or the end.
open_over_end()
{
	exec 5< "$debug/t-debug/$1" || return
	gcctl heap del t-debug || return
	cat <&5 > /dev/null 2>&1
	exec 5<&-
	[ ! -e "$debug/t-debug" ]
}

# Readers that never rest, heaps that come and go.
LIVES=20
! time_is_dear || LIVES=5
lives()
{
	n=0
	while [ "$n" -lt "$LIVES" ]; do
		gcctl heap add t-debug engine "$1" > /dev/null &&
		gcctl run cycles heap t-debug entries 100 max-operations 100 \
			> /dev/null &&
		gcctl heap del t-debug || return
		n=$((n + 1))
	done
}

readers()
{
	touch "$tmp/debugfs.go"
	while [ -e "$tmp/debugfs.go" ]; do
		cat "$debug"/t-*/* 2> /dev/null
	done > /dev/null &
	lives "$1"
	status=$?
	rm -f "$tmp/debugfs.go"
	wait
	return "$status"
}

for engine in go python slab; do
	case $engine in
	go) units=spans ;;
	python) units=pools ;;
	slab) units=objects ;;
	esac
	gcctl heap add t-debug engine "$engine" > /dev/null
	gcctl run lru heap t-debug max-operations 20000 > /dev/null
	check "views of $engine" shown "$engine" "$units"
	check "counters of $engine" counters
	[ "$engine" != go ] || check "size classes add up" classes_add_up
	check "a view held open on $engine" open_over_end "$units"
	check "read all the time on $engine" readers "$engine"
done
check "no folder is left" [ -z "$(ls "$debug")" ]
