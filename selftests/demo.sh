#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What two mechanisms do with the same program: each recorded trace on a heap
# as Go's runtime has it, on one as CPython has it, and on kmalloc.

dir=$(cd "$(dirname "$0")" && pwd)
total=0
all=0
out=$(mktemp) || exit
trap 'rm -f "$out"' EXIT
trap 'exit 1' INT TERM

headline()
{
	echo
	echo "== $1"
	echo
	shift
	printf '%s\n' "$@"
	echo
}

# compare TRACE: three columns, and in each the number of mismatches.
compare()
{
	gcctl compare "$dir/traces/$1.gct.gz" > "$out" || all=1
	cat "$out"
	n=0
	for count in $(sed -n 's/^ *mismatches //p' "$out" | tr -d ','); do
		# A dash: there is no number, for the replay did not come to one.
		case $count in
		*[!0-9]*) all=1 ;;
		*) total=$((total + count)) ;;
		esac
		n=$((n + 1))
	done
	[ "$n" -eq 3 ] || all=1
}

[ -d /sys/module/gcheap_load ] || modprobe gcheap_load || exit
gcctl version

headline "asyncio: a queue of jobs, every message in a reference cycle" \
	"225,000 objects, most of them short-lived. One in eight is cyclic garbage," \
	"which only a collector can free. Compare the objects freed immediately and" \
	"by the collector, the pauses, and the held memory."
compare cpython-asyncio

headline "docutils: two documents parsed into trees with links to parents" \
	"337,000 objects that live longer. The trees become cyclic garbage, each of" \
	"them at once. Compare the reachable and the held memory, and the GC cycle time."
compare cpython-docutils

echo
if [ "$all" -eq 0 ] && [ "$total" -eq 0 ]; then
	echo "Both traces were replayed to their end on all three heaps: 0 mismatches with the recorded deaths."
else
	echo "FAILED: $total mismatches with the recorded deaths, or a replay that failed."
	exit 1
fi
