#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The workloads that hand objects from thread to thread or time each operation:
# churn, larson and mstress, on every engine. They check themselves; here is
# looked at what they report, that nothing of them stays in the heap, whatever
# ended them, and what they refuse.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# What is stopped goes the same way in each of them.
stopped="churn larson mstress" results=39
if [ -n "${GCHEAP_BRIEF:-}" ] || time_is_dear; then
	stopped=churn results=33
fi
begin "$results"

out=/tmp/workloads.out
# Of each mutator, in the short form.
OPERATIONS=1000
if [ -n "${GCHEAP_LONG:-}" ]; then
	span="seconds 10"
else
	span="max-operations $OPERATIONS"
fi

# words WORKLOAD: small enough for a slow guest.
words()
{
	case $1 in
	churn) echo "live 512K" ;;
	larson) echo "blocks 200 rounds 2" ;;
	mstress) echo "scale 2" ;;
	esac
}

# empty ENGINE: what is garbage goes, and nothing else is left. The last sweep
# may end after its cycle.
nothing_left()
{
	[ "$(stat_of t-work live-objects)" = 0 ]
}

empty()
{
	idle_soon t-work || return
	[ "$1" = slab ] || gcctl collect t-work > /dev/null || return
	within 10 nothing_left || {
		echo "$(stat_of t-work live-objects) objects are left"
		return 1
	}
}

# heap ENGINE [WORD]...
heap()
{
	engine=$1
	shift
	gcctl heap add t-work engine "$engine" poison on "$@" > /dev/null
}

ascending()
{
	last=0
	for value in "$@"; do
		if [ "${value:--1}" -lt "$last" ]; then
			echo "not ascending: $*"
			return 1
		fi
		last=$value
	done
}

# latency OPERATIONS MUTATORS: each was timed, and the quantiles are in their
# order. A millisecond has a utilisation if a mutator ran for so long.
latency()
{
	is "operations timed" "$(number count < $out)" "$1" || return
	ascending "$(number p50-ns < $out)" "$(number p99-ns < $out)" \
		"$(number p999-ns < $out)" "$(number p9999-ns < $out)" \
		"$(number max-ns < $out)" || return
	[ "$(number work-ns < $out)" -lt $(($2 * 1000000)) ] ||
		[ -n "$(number mmu1-percent < $out)" ] || {
		echo "no utilisation"
		return 1
	}
}

# shared: a mutator got what another had made.
shared()
{
	[ "$(number handed-over < $out)" -gt 0 ] || {
		echo "nothing was handed over"
		return 1
	}
}

# report WORKLOAD MUTATORS: what a run has printed is right.
report()
{
	is "live objects found" "$(number live-found < $out)" \
		"$(number live-expected < $out)" || return
	operations=$(number operations < $out)
	[ -n "${GCHEAP_LONG:-}" ] ||
		is operations "$operations" $((OPERATIONS * $2)) || return
	[ "$(number peak-held-bytes < $out)" -gt 0 ] || return
	case $1:$2 in
	churn:*)
		trees=$((524288 / $2 / 960))
		is nodes "$(number live-found < $out)" $((trees * $2 * 15)) ||
			return
		latency "$operations" "$2"
		;;
	*:2)
		shared
		;;
	esac
}

# run ENGINE WORKLOAD: to its end, with one mutator and with two, while cycles
# are forced and all are verified.
run()
{
	heap "$1" verify on interval-ms 50 || return
	for mutators in 1 2; do
		# shellcheck disable=SC2046,SC2086 # lists of words
		gcctl -j run "$2" heap t-work mutators $mutators $span \
			$(words "$2") > $out.json || {
			cat $out.json
			return 1
		}
		keys < $out.json > $out
		grep -q '"state":"done"' $out || return
		report "$2" $mutators || {
			cat $out.json
			return 1
		}
		empty "$1" || return
	done
	is "verification errors" "$(stat_of t-work verify-errors)" 0 || return
	gcctl heap del t-work
}

busy()
{
	[ "$(setting_of t-work mutators)" -gt 0 ]
}

# stop ENGINE WORKLOAD: half way, and right after its start.
stop()
{
	heap "$1" verify on || return
	for delay in 0 0.2; do
		gcctl -j run "$2" heap t-work mutators 2 seconds 60 \
			> $out.json 2>&1 &
		victim=$!
		within 10 busy || return
		sleep $delay
		kill -INT $victim
		wait $victim || {
			cat $out.json
			return 1
		}
		grep -q '"state":"stopped"' $out.json || return
		empty "$1" || return
	done
	is "verification errors" "$(stat_of t-work verify-errors)" 0 || return
	gcctl heap del t-work
}

# full ENGINE: a heap that has no room for a workload, which must say so and
# leave it empty.
full()
{
	heap "$1" limit 4M || return
	for words in "churn live 16M" "larson blocks 20000" \
		"mstress scale 100"; do
		# shellcheck disable=SC2086 # a list of words
		gcctl run $words heap t-work mutators 2 seconds 30 > $out 2>&1
		is "exit status of $words" $? 2 || return
		grep -q "reached its limit of 4.00 MiB" $out || {
			cat $out
			return 1
		}
		empty "$1" || return
	done
	gcctl heap del t-work
}

for engine in go python slab; do
	for workload in churn larson mstress; do
		check "$workload on $engine" run $engine $workload
		case $stopped in
		*$workload*)
			check "$workload on $engine, stopped" \
				stop $engine $workload ;;
		esac
	done
	check "a heap too small, on $engine" full $engine
done

# limits NAME TEXT WORD...: refused by the kernel, which names the limit.
limits()
{
	limits_name=$1 limits_text=$2
	shift 2
	refused "$limits_name" 2 "$limits_text" gcctl run "$@" heap t-work
}

heap go
limits "too little to churn" "live must be 65536 to 2147483648" churn live 65535
limits "too much to churn" "live must be 65536 to 2147483648" churn live 2147483649
limits "no blocks" "blocks must be 1 to 100000" larson blocks 0
limits "too many blocks" "blocks must be 1 to 100000" larson blocks 100001
limits "blocks too small" "min-size must be 8 to 65536" larson min-size 7
limits "blocks too large" "max-size must be 8 to 65536" larson max-size 65537
limits "smallest above largest" "min-size (1001) must not exceed max-size" \
	larson min-size 1001
limits "largest below smallest" "must not exceed max-size (8)" \
	larson min-size 9 max-size 8
limits "no rounds" "rounds must be 1 to 100000" larson rounds 0
limits "too many rounds" "rounds must be 1 to 100000" larson rounds 100001
limits "no scale" "scale must be 1 to 500" mstress scale 0
limits "too large a scale" "scale must be 1 to 500" mstress scale 501
limits "too many mutators" "mutators must be 1 to 64" churn mutators 65
limits "key of another workload" "live applies only to churn" larson live 1M
gcctl heap del t-work

# row_of ROW: cut off behind the row.
row_of()
{
	sed "s/.*\"$1\":{/{/; s/\"slab\":{\([^}]*\)}}.*/\"slab\":{\1}}/; \
		s/\"slab\":\([^,}{]*\)}.*/\"slab\":\1}/" $out.json
}

# cell ROW ENGINE: its values, or the one word or number there is.
cell()
{
	row_of "$1" | sed "s/.*\"$2\":\({[^}]*}\|[^,}]*\).*/\1/"
}

# Each figure once a repetition, with its spread, and null where there is none.
compared()
{
	gcctl -j compare churn live 128K max-operations "$OPERATIONS" \
		> $out.json || return
	is repetitions "$(number repetitions < $out.json)" 3 || return
	for row in operations-per-second p9999-ns peak-held-bytes; do
		for engine in go python slab; do
			is "values of $row on $engine" \
				"$(cell $row $engine | sed 's/.*\[//' |
					tr ',' '\n' | grep -c '[0-9]')" 3 ||
				return
		done
	done
	is "time slab collects for" "$(cell cycle-ns slab)" null &&
		is "what slab found dead" "$(cell garbage-max-bytes slab)" null &&
		is "mismatches in what is no replay" \
			"$(grep -c mismatches $out.json)" 0 &&
		grep -q '"verdict":{.*"operations-per-second":".*\(go\|slab\)' \
			$out.json
}

# One repetition says nothing of who is faster.
undecided()
{
	gcctl -j compare churn live 128K max-operations 100 repeat 1 \
		> $out.json || return
	grep -q '"verdict":{.*"operations-per-second":null' $out.json
}
check "churn compared" compared
check "one repetition decides nothing" undecided
refused "no repetitions" 1 "repeat must be 1 to" gcctl compare churn repeat 0

returned()
{
	[ "$(total pages-returned)" = "$(total pages-taken)" ]
}

all_returned()
{
	within 10 returned || {
		echo "$(total pages-taken) pages taken, $(total pages-returned) returned"
		return 1
	}
}
check "all pages came back" all_returned
rm -f $out $out.json
