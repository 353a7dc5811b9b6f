#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gcctl killed while its run or replay is under way, at any moment, and stopped
# half way: the kernel ends what it had begun, and the heap is free again.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 19

# A trace that does not end by itself, so that no replay is over too early.
endless()
{
	zcat "$traces/cpython-asyncio.gct.gz" | head -n "$1"
	sleep 30
}

# after SIGNAL DELAY COMMAND...: started, and sent SIGNAL after DELAY seconds.
# It reads from $input: a shell does not let go of its own for what it leaves
# in the background.
input=/dev/null
after()
{
	signal=$1 delay=$2
	shift 2
	"$@" < "$input" > "$tmp/kill.out" 2>&1 &
	victim=$!
	sleep "$delay"
	kill "-$signal" "$victim" || return
	wait "$victim" 2> /dev/null
	return 0
}

# Nobody uses the heap, and nothing is left in it.
settled()
{
	idle_soon t-kill || return
	case $1 in
	go|python) gcctl collect t-kill > /dev/null || return ;;
	esac
	is "objects left" "$(stat_of t-kill live-objects)" 0
}

# Of all pairs of a delay and a workload every third: each of both is in one.
delays="0 0.03 0.2" step=3
[ -z "${GCHEAP_LONG:-}" ] || delays="0 0.01 0.02 0.05 0.1 0.2 0.3 0.5" step=1
killed_runs()
{
	pair=0
	for delay in $delays; do
		for load in lru binary-trees cycles alloc; do
			pair=$((pair + 1))
			[ $((pair % step)) -eq 0 ] || continue
			after KILL "$delay" gcctl run "$load" heap t-kill \
				mutators 2 seconds 60 || return
			idle_soon t-kill || return
		done
	done
	settled "$1"
}

killed_replays()
{
	for lines in 0 10 10000 50000; do
		mkfifo "$tmp/kill.fifo"
		endless "$lines" > "$tmp/kill.fifo" 2> /dev/null &
		feeder=$!
		input="$tmp/kill.fifo"
		after KILL 0.3 gcctl replay - heap t-kill mutators 2 || return
		kill "$feeder" 2> /dev/null
		rm -f "$tmp/kill.fifo"
		settled "$1" || return
	done
}

# A run that is asked to stop says how far it came.
stopped_run()
{
	after INT 0.5 gcctl -j run lru heap t-kill mutators 2 seconds 60 ||
		return
	case $(cat "$tmp/kill.out") in
	*'"state":"stopped"'*) ;;
	*)
		cat "$tmp/kill.out"
		return 1
		;;
	esac
	[ "$(keys < "$tmp/kill.out" | number operations)" -gt 0 ] || return
	settled "$1"
}

# Half way through a trace: all that it had allocated goes.
stopped_replay()
{
	mkfifo "$tmp/kill.fifo"
	endless 100000 > "$tmp/kill.fifo" 2> /dev/null &
	feeder=$!
	input="$tmp/kill.fifo"
	after TERM 1 gcctl replay - heap t-kill || return
	kill "$feeder" 2> /dev/null
	rm -f "$tmp/kill.fifo"
	settled "$1"
}

for engine in go python slab; do
	gcctl heap add t-kill engine "$engine" verify on > /dev/null
	check "runs killed on $engine" killed_runs "$engine"
	check "replays killed on $engine" killed_replays "$engine"
	check "run stopped on $engine" stopped_run "$engine"
	check "replay stopped on $engine" stopped_replay "$engine"
	check "heap deleted on $engine" gcctl heap del t-kill
done

# made_by COMMAND: heaps that it made for itself and has not deleted.
made_by()
{
	made=$(gcctl -j heap) && echo "$made" | keys | grep -c "\"name\":\"$1-"
}
none_made_by()
{
	is "heaps of $1 left" "$(made_by "$1")" 0
}
some_made_by()
{
	[ "$(made_by "$1")" -gt 0 ]
}

# takes_along COMMAND WORD...: killed, it takes its heap along, with a run on it.
takes_along()
{
	gcctl "$@" > "$tmp/kill.out" 2>&1 &
	victim=$!
	within 10 some_made_by "$1" || {
		cat "$tmp/kill.out"
		return 1
	}
	kill -KILL "$victim" || return
	wait "$victim" 2> /dev/null
	within 10 none_made_by "$1"
}
# A pipe that nobody opens for writing: a signal ends that too, and is what it ends by.
# One that comes a moment before the pipe is opened is none for it, so it comes again.
ends_again()
{
	kill -TERM "$victim" 2> /dev/null
	gone
}
# It may be that the shell has not looked at its end yet.
gone()
{
	[ ! -d "/proc/$victim" ] ||
		grep -q '^State:.Z' "/proc/$victim/status" 2> /dev/null
}
unopened()
{
	mkfifo "$tmp/kill.fifo"
	gcctl heap add t-kill engine go > /dev/null
	gcctl replay "$tmp/kill.fifo" heap t-kill > "$tmp/kill.out" 2>&1 &
	victim=$!
	sleep 0.3
	within 10 ends_again || kill -KILL "$victim"
	wait "$victim" 2> /dev/null
	is "exit status" $? 143
	unopened_status=$?
	rm -f "$tmp/kill.fifo"
	gcctl heap del t-kill
	return "$unopened_status"
}
check "replay of what nobody writes" unopened

check "comparison killed" takes_along compare lru seconds 30
check "benchmark killed" takes_along bench trees
# Others unload what it uses.
rmmod gcheap_bench 2> /dev/null
balanced()
{
	is "pages returned" "$(total pages-returned)" "$(total pages-taken)"
}
check "all pages came back" within 10 balanced
