#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What two mechanisms do with the same program: each recorded trace on a heap
# as Go's runtime has it, on one as CPython has it, and on kmalloc.

dir=$(cd "$(dirname "$0")" && pwd)
total=0
all=0

headline()
{
	echo
	echo "== $1"
	echo
	shift
	printf '%s\n' "$@"
	echo
}

compare()
{
	if ! gcctl compare "$dir/traces/$1.gct.gz" | tee /tmp/demo.out; then
		all=1
	fi
	for n in $(sed -n 's/^ *mismatches[^0-9-]*//p' /tmp/demo.out |
		tr -d ','); do
		[ "$n" = - ] || total=$((total + n))
	done
}

[ -d /sys/module/gcheap_load ] || modprobe gcheap_load || exit
gcctl version

headline "asyncio: a queue of jobs, every message in a reference cycle" \
	"225,000 objects, most of them dead within moments; one in eight can only" \
	"be freed by a collector. Look at what was freed by count and what by" \
	"collection, at the pauses, and at the memory held to get there."
compare cpython-asyncio

headline "docutils: two documents parsed into trees with links to parents" \
	"337,000 objects that live longer: the trees are cyclic garbage when they" \
	"die, all at once. Look at the peak of live bytes and at what a full" \
	"collection costs."
compare cpython-docutils

rm -f /tmp/demo.out
echo
if [ "$all" -eq 0 ] && [ "$total" -eq 0 ]; then
	echo "Both traces ran on all three, and every death was the one recorded: 0 mismatches."
else
	echo "FAILED: $total mismatches with the recorded deaths, or a replay that did not end."
	exit 1
fi
