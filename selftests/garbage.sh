#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Far more garbage than a heap may hold goes through it, of small objects and of large
# ones: no allocation fails, the limit is kept, and no more stays after the second half
# than after the first. GCHEAP_LONG=1: 8 GiB through 256 MiB; GCHEAP_GARBAGE=MIB: as
# much as that.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 5
heap=t-garbage
MIB=1048576
limit=$((16 * MIB)) total=$((256 * MIB))
[ -z "${GCHEAP_LONG:-}" ] || {
	limit=$((256 * MIB))
	total=$((${GCHEAP_GARBAGE:-8192} * MIB))
}
# What may be held more at the end than at half time, with nothing alive: two arenas and
# their descriptors.
slack=$((5 * MIB))

allocated()
{
	[ $(($(stat_of "$heap" alloc-bytes) - from)) -ge "$1" ]
}

over_or_allocated()
{
	! kill -0 "$run" 2> /dev/null || allocated "$1"
}

# run_for BYTES WORKLOAD [KEY VALUE]...: until that much has been allocated.
run_for()
{
	end=$1
	shift
	from=$(stat_of "$heap" alloc-bytes)
	gcctl run "$@" heap "$heap" mutators 2 seconds 10000 > "$tmp/garbage.run" 2>&1 &
	run=$!
	within 10000 over_or_allocated "$end"
	kill -TERM "$run" 2> /dev/null
	wait "$run"
	status=$?
	# It was stopped, and what it had allocated was as it should be.
	is "exit status" "$status" 0 || {
		cat "$tmp/garbage.run"
		return 1
	}
	idle_soon "$heap" && gcctl collect "$heap" && allocated "$end"
}

holds_at_most()
{
	[ "$(stat_of "$heap" held-bytes)" -le "$1" ]
}

# through BYTES WORKLOAD [KEY VALUE]...: in two halves.
through()
{
	bytes=$1
	shift
	run_for $((bytes / 2)) "$@" || return
	before=$(stat_of "$heap" held-bytes)
	run_for $((bytes / 2)) "$@" || return
	say "$(($(stat_of "$heap" alloc-bytes) / MIB)) MiB by now" \
		"with $(stat_of "$heap" cycles) collections," \
		"$((before / MIB)) MiB held at half time," \
		"now $(($(stat_of "$heap" held-bytes) / MIB))" >&3
	# What is empty is given back in the background.
	within 20 holds_at_most $((before + slack)) || {
		echo "$(stat_of "$heap" held-bytes) bytes are held, before it was $before"
		return 1
	}
}

kept()
{
	is "failures" "$(stat_of "$heap" alloc-failures)" 0 || return
	peak=$(stat_of "$heap" peak-held-bytes)
	[ "$peak" -le "$limit" ] || {
		echo "$peak bytes were held, of $limit"
		return 1
	}
}

# What is over is given back but for what is kept ready.
at_end()
{
	idle_soon "$heap" && gcctl collect "$heap" || return
	is "live objects" "$(stat_of "$heap" live-objects)" 0
}

exec 3>&1
gcctl heap add "$heap" engine go limit "$limit" > /dev/null
check "small objects" through $((total * 3 / 4)) churn live $((limit / 8))
check "objects of up to 48 KiB" through $((total / 4)) \
	larson min-size 8 max-size 48K blocks $((limit / MIB))
check "all of it" [ "$(stat_of "$heap" alloc-bytes)" -ge "$total" ]
check "the limit is kept, and nothing failed" kept
check "nothing stays" at_end
rm -f "$tmp/garbage.run"
