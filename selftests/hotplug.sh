#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# CPUs that come and go while mutators run and cycles follow each other: every
# handshake ends, no cached span or pool is lost, and the workload's own result
# is right. Also while a trace is replayed, whose deaths are compared, and while
# heaps are made and deleted.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

SECONDS_EACH=1
LIVES=5
[ -z "${GCHEAP_LONG:-}" ] || { SECONDS_EACH=30 LIVES=100; }

begin 8
online=/sys/devices/system/cpu/cpu1/online
[ -w "$online" ] || skip_all "no CPU can be taken away"
keep "$online"

# plugging COMMAND...: a CPU comes and goes while it runs. How often depends on
# the machine: once is enough.
plugging()
{
	"$@" > "$tmp/plug.out" 2>&1 &
	run=$!
	n=0
	while kill -0 "$run" 2> /dev/null; do
		echo 0 > "$online" || break
		sleep 0.1
		echo 1 > "$online" || break
		sleep 0.1
		n=$((n + 1))
	done
	echo 1 > "$online"
	wait "$run" || {
		cat "$tmp/plug.out"
		return 1
	}
	[ "$n" -gt 0 ] || {
		echo "it never did"
		return 1
	}
}

# Nothing is left in the heap, and nothing was wrong with it.
clean_end()
{
	is "verification errors" "$(stat_of t-plug verify-errors)" 0 || return
	[ "$1" = slab ] || gcctl collect t-plug > /dev/null || return
	is "objects left" "$(stat_of t-plug live-objects)" 0 &&
		gcctl heap del t-plug
}

toggled()
{
	gcctl heap add t-plug engine "$1" interval-ms 5 verify on > /dev/null
	plugging gcctl run lru heap t-plug mutators 2 \
		seconds "$SECONDS_EACH" || return
	clean_end "$1"
}

# Workers that have had their share rest; a CPU goes while its own does.
rested()
{
	gcctl heap add t-plug engine go gc-percent-cpu 10 interval-ms 5 \
		verify on > /dev/null
	plugging gcctl run binary-trees heap t-plug mutators 2 depth 12 \
		seconds "$SECONDS_EACH" || return
	[ "$(stat_of t-plug mark-fraction-ns)" -gt 0 ] || {
		echo "no worker has had a fraction of a CPU"
		return 1
	}
	clean_end go
}

replayed()
{
	gcctl heap add t-plug engine "$1" verify on > /dev/null
	plugging gcctl replay "$traces/cpython-asyncio.gct.gz" heap t-plug \
		mutators 2 || return
	clean_end "$1"
}

# Whole lives of heaps, each with all that a short workload leaves in it.
lives()
{
	l=0
	while [ "$l" -lt "$LIVES" ]; do
		for engine in go python; do
			gcctl heap add t-life engine "$engine" interval-ms 1 \
				verify on > /dev/null &&
			gcctl run cycles heap t-life mutators 2 \
				max-operations 100 > /dev/null &&
			gcctl collect t-life > /dev/null &&
			is "errors" "$(stat_of t-life verify-errors)" 0 &&
			gcctl heap del t-life || return
		done
		l=$((l + 1))
	done
}

for engine in go python slab; do
	check "a CPU comes and goes on $engine" toggled "$engine"
done
check "a CPU comes and goes while workers rest" rested
for engine in go python; do
	check "a CPU comes and goes in a replay on $engine" replayed "$engine"
done
check "a CPU comes and goes while heaps do" plugging lives
balanced()
{
	is "pages returned" "$(total pages-returned)" "$(total pages-taken)"
}
check "all pages came back" within 10 balanced
