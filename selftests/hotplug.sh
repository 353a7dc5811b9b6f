#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# CPUs that come and go while mutators run and cycles follow each other: every
# handshake ends, no cached span or pool is lost, and the workload's own result
# is right.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 3
online=/sys/devices/system/cpu/cpu1/online
[ -w "$online" ] || skip_all "no CPU can be taken away"
trap 'echo 1 > "$online"; finish' EXIT

toggled()
{
	gcctl heap add t-plug engine "$1" interval-ms 5 verify on > /dev/null
	gcctl -j run lru heap t-plug mutators 2 seconds 6 > /tmp/plug.out 2>&1 &
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
		cat /tmp/plug.out
		return 1
	}
	[ "$n" -ge 5 ] || {
		echo "only $n times"
		return 1
	}
	is "verification errors" "$(stat_of t-plug verify-errors)" 0 &&
		gcctl collect t-plug > /dev/null &&
		is "objects left" "$(stat_of t-plug live-objects)" 0 &&
		gcctl heap del t-plug
}

for engine in go python; do
	check "a CPU comes and goes on $engine" toggled "$engine"
done
balanced()
{
	is "pages returned" "$(total pages-returned)" "$(total pages-taken)"
}
check "all pages came back" within 10 balanced
