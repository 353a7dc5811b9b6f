#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Replays of the recorded traces, with their own death records as the oracle:
# the Python engine exactly, the Go engine under forced cycles, slab as told.
# And traces that lie: the oracle must catch them.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The larger trace in full where time is not dear, and otherwise the one variant of
# each engine that has most in it; not at all where a kernel is emulated.
list="cpython-asyncio cpython-docutils" replays=18
! time_is_dear || replays=8
[ -z "${GCHEAP_BRIEF:-}" ] || list=cpython-asyncio replays=4
[ -z "${GCHEAP_BRIEF:-}" ] || ! time_is_dear || replays=5
begin $((replays + 8))

# Milliseconds between forced cycles: as many as leave time for the replay.
INTERVAL=${GCHEAP_INTERVAL:-10}

# replay NAME ENGINE TRACE CYCLES [WORD]... [-- WORD]...: a heap of ENGINE with
# the first words, a replay with the second; at least CYCLES collections.
replay()
{
	name=t-replay engine=$1 file=$2 cycles=$3
	shift 3
	words=
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		words="$words $1"
		shift
	done
	[ $# -eq 0 ] || shift
	# shellcheck disable=SC2086 # a list of words
	gcctl heap add "$name" engine "$engine" poison on $words > /dev/null ||
		return
	out=$(gcctl -j replay "$file" heap "$name" "$@" 2>&1)
	status=$?
	out=$(echo "$out" | keys)
	ok=0
	is "exit status" "$status" 0 || ok=1
	is mismatches "$(echo "$out" | number mismatches)" 0 || ok=1
	is "live objects found" "$(echo "$out" | number live-found)" \
		"$(echo "$out" | number live-expected)" || ok=1
	# Between two samples a trace may go on with what its program could not
	# reach for a moment: a forced cycle may have freed it then.
	[ "$(echo "$out" | number skipped)" -gt 0 ] ||
		is "live objects expected" \
			"$(echo "$out" | number live-expected)" \
			"$(echo "$out" | number live)" || ok=1
	is "records replayed" "$(echo "$out" | number operations)" \
		"$(echo "$out" | number records)" || ok=1
	is "verification errors" "$(stat_of "$name" verify-errors)" 0 || ok=1
	[ "$(stat_of "$name" cycles)" -ge "$cycles" ] || {
		echo "only $(stat_of "$name" cycles) collections"
		ok=1
	}
	[ "$ok" -eq 0 ] || echo "$out" | grep '"' | head -n 40
	idle_soon "$name" || ok=1
	gcctl heap del "$name" || ok=1
	return "$ok"
}

for trace in $list; do
	file=$traces/$trace.gct.gz
	check "$trace on python" replay python "$file" 5 verify on
	check "$trace on go, forced cycles, 2 mutators" replay go "$file" 10 \
		interval-ms "$INTERVAL" verify on -- mutators 2
	[ "$trace" = cpython-asyncio ] || ! time_is_dear || continue
	check "$trace on python, 4 mutators" replay python "$file" 5 \
		-- mutators 4
	# Where a kernel looks at each of its objects, that takes longer than the rest.
	time_is_dear || check "$trace on slab" replay slab "$file" 0
	[ -z "${GCHEAP_BRIEF:-}" ] || time_is_dear || continue
	for marker in greentea classic; do
		check "$trace on go, marker $marker" replay go "$file" 10 \
			interval-ms "$INTERVAL" verify on marker "$marker" -- mutators 2
	done
	[ -z "${GCHEAP_BRIEF:-}" ] || continue
	check "$trace on python, small pools" replay python "$file" 5 \
		pool-size 4096 small-max 256
	! time_is_dear || continue
	check "$trace on go" replay go "$file" 1 verify on
	check "$trace on go, forced cycles" replay go "$file" 10 \
		interval-ms "$INTERVAL" verify on
done

# Traces that lie. An object of 32 bytes has two slots.
lie()
{
	engine=$1 kind=$2 records=$3
	gcctl heap add t-lie engine "$engine" > /dev/null || return
	out=$(printf 'gct 1\nT 0 node 1\n%b' "$records" |
		gcctl -j replay - heap t-lie 2>&1)
	status=$?
	ok=0
	is "exit status" "$status" 2 || ok=1
	case $out in
	*"\"kind\":\"$kind\""*) ;;
	*)
		echo "no mismatch of kind $kind: $out"
		ok=1
		;;
	esac
	idle_soon t-lie || ok=1
	gcctl heap del t-lie || ok=1
	return "$ok"
}

check "said to be dead, but held" lie python late \
	'A 1 0 32 2\nD 1\n'
check "let go of, but not said to be dead" lie python early \
	'A 1 0 32 2\nU 1\n'
check "cyclic, but said to die by count" lie python late \
	'A 1 0 32 2\nS 1 0 1\nU 1\nD 1\n'
check "freed by a collection that is not said to" lie python extra \
	'A 1 0 32 2\nS 1 0 1\nU 1\nC 2\nA 2 0 32 2\n'
check "freed by a collection of too young a generation" lie python late \
	'A 1 0 32 2\nC 0\nS 1 0 1\nU 1\nC 0\nX 1\n'
check "reachable, but said to be dead, on go" lie go late \
	'A 1 0 32 2\nA 2 0 32 2\nS 1 0 2\nU 2\nD 2\n'

# Each engine reads the trace, and a pipe can be read only once.
piped()
{
	out=$(printf 'gct 1\nT 0 node 1\nA 1 0 32 2\nU 1\nD 1\n' | gzip |
		gcctl -j compare "$1" 2>&1) || {
		echo "$out"
		return 1
	}
	# An object of all engines, and in each is the median of what one run said.
	deaths=$(echo "$out" | sed -n \
		's/.*"deaths-recorded":\({\([^{}]*{[^{}]*}\)*[^{}]*}\).*/\1/p')
	for engine in go python slab; do
		is "deaths recorded, on $engine" \
			"$(echo "${deaths#*\""$engine"\":}" | number median)" 1 ||
			return
	done
}
check "comparison of what a pipe gives" piped -
check "comparison of a pipe" piped /dev/stdin
