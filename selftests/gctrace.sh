#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A line a collection: its form, field by field that of Go's gctrace, and its
# numbers, which must be those of the heap's statistics. Times have two digits
# that count, so a sum of them may be a tenth less than it should be.

# shellcheck disable=SC2016 # programs of awk
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 14

events=/sys/kernel/tracing/events/gcheap/gcheap_cycle_end
cpus=$(grep -c ^processor /proc/cpuinfo)

# Times are 0, or have three places, two, or one and less than 10, or none.
time='(0|0\.0[0-9][0-9]|0\.[0-9][0-9]|[0-9]\.[0-9]|[1-9][0-9]+)'
form="^gc [0-9]+ @[0-9]+\.[0-9]{3}s [0-9]+%: $time\+$time\+$time ms clock, "
form="$form$time\+$time/$time/$time\+$time ms cpu, [0-9]+->[0-9]+->[0-9]+ MB, "
form="${form}[0-9]+ MB goal, [0-9]+ MB stacks, [0-9]+ MB globals, "
form="${form}[0-9]+ P( \(forced\))?\$"

# The lines of a file as numbers: cycle, begin, percent, three times of the clock,
# five of processors, live at the begin, at the end, marked, goal, stacks, globals,
# processors, forced.
fields()
{
	sed -E 's/ \(forced\)/ 1/; t; s/$/ 0/' "$1" |
		sed 's/[^0-9.]/ /g; s/  */ /g; s/^ //'
}

# compute FILE PROGRAM [-v NAME=VALUE]...: the program says what is wrong.
compute()
{
	compute_file=$1 compute_program=$2
	shift 2
	wrong=$(fields "$compute_file" | awk "$@" "$compute_program")
	[ -z "$wrong" ] || {
		echo "$wrong"
		cat "$compute_file"
		return 1
	}
}

# until_listening: a line for each collection, as soon as monitor listens.
until_listening()
{
	within 10 one_more
}

one_more()
{
	gcctl collect t-trace > /dev/null
	[ -s "$tmp/heard" ]
}

lines_are_heard()
{
	until_listening || return
	gcctl run churn heap t-trace live 24M mutators 2 seconds 3600 \
		> "$tmp/run" 2>&1 &
	run=$!
	sleep 2
	within 60 all_live
	lived=$?
	kill -TERM "$run"
	# It was stopped, and all was well until then.
	wait "$run" || lived=1
	idle_soon t-trace || return
	[ "$lived" -eq 0 ] || {
		cat "$tmp/run" "$tmp/heard"
		return 1
	}
	# The work of a collection that was asked for unasked may go on.
	gcctl collect t-trace || return
	gcctl collect t-trace || return
	within 10 heard_all
}

# A cycle has found all that the run has live at a time.
all_live()
{
	grep -Eq -e '->(2[4-9]|[3-9][0-9]|[0-9]{3,}) MB, ' "$tmp/heard"
}

heard_all()
{
	cycles=$(stat_of t-trace cycles)
	tail -n 1 "$tmp/heard" | grep -q "^gc $cycles @"
}

form_is_go()
{
	grep -Evn "$form" "$tmp/heard" && return 1
	[ "$(grep -c . "$tmp/heard")" -ge 4 ]
}

one_a_cycle()
{
	compute "$tmp/heard" '
		NR > 1 && $1 != last + 1 { print "after " last " came " $1 }
		$2 < at { print $1 " began before the last" }
		$3 > 100 { print $1 " says " $3 "%" }
		$18 != cpus { print $1 " says " $18 " P" }
		NF != 19 { print $1 " has " NF " numbers" }
		{ last = $1; at = $2 }' -v cpus="$cpus"
}

# All of the heap's time is that of lines but for the first few, unheard.
clock_is_that_of_stats()
{
	compute "$tmp/heard" '
		{ wall += $4 + $5 + $6 }
		END {
			if (wall > cycle / 1e6)
				print wall " ms of " cycle / 1e6
			if (first == 1 && wall * 1.12 + NR * 0.01 < mark / 1e6)
				print wall " ms, " mark / 1e6 " of marking"
		}' -v cycle="$(stat_of t-trace cycle-ns)" \
		-v mark="$(stat_of t-trace mark-ns)" \
		-v first="$(sed -n '1s/gc \([0-9]*\).*/\1/p' "$tmp/heard")"
}

processors_are_those_of_stats()
{
	compute "$tmp/heard" '
		$7 != $4 || $11 != $6 { print $1 ": nobody was stopped" }
		$10 != 0 { print $1 ": idle workers" }
		{ assist += $8; work += $9 }
		END {
			if (work > cpu / 1e6)
				print work " ms of " cpu / 1e6
			if (assist > helped / 1e6)
				print assist " ms of " helped / 1e6
		}' -v cpu="$(stat_of t-trace cpu-ns)" -v helped="$(gcctl -j \
		stats t-trace | sed 's/.*"assist":{//' | number sum-ns)"
}

# Live bytes are counted with what CPUs have to allocate from.
heap_sizes_fit()
{
	compute "$tmp/heard" '
		$14 > $13 + 1 { print $1 ": more marked than was live" }
		$12 > $13 { print $1 ": less live at the end" }
		$14 > most { most = $14 }
		END {
			if (most < 24 || most > 60)
				print most " MB were marked at most"
			if ($14 != 0)
				print "the last left " $14 " MB"
		}'
}

# gogc is 100: twice what was marked, 4 MB at least, or what had become live.
goals_follow()
{
	compute "$tmp/heard" '
		NR > 1 {
			want = 2 * marked < 4 ? 4 : 2 * marked
			if ($15 < want)
				print $1 ": goal " $15 " after " marked " MB"
			if ($15 > want + 2 + $16 + $17 && $15 > $12 + 1)
				print $1 ": goal " $15 " after " marked " MB"
		}
		{ marked = $14 }'
}

goal_is_that_of_stats()
{
	goal=$(stat_of t-trace goal-bytes)
	gcctl collect t-trace > /dev/null || return
	within 10 heard_all || return
	is goal "$(tail -n 1 "$tmp/heard" | sed 's/.* \([0-9]*\) MB goal.*/\1/')" \
		"$((goal >> 20))"
}

forced_are_those_asked_for()
{
	head -n 1 "$tmp/heard" | grep -q "(forced)$" || return
	tail -n 2 "$tmp/heard" | grep -vn "(forced)$" && return 1
	grep -q "P$" "$tmp/heard"
}

off_is_silent()
{
	gcctl heap set t-trace gctrace off || return
	lines=$(grep -c . "$tmp/heard")
	gcctl collect t-trace || return
	gcctl heap set t-trace gctrace 1 || return
	gcctl collect t-trace || return
	within 10 heard_all || return
	is lines "$(grep -c . "$tmp/heard")" $((lines + 1))
}

ends_with_the_heap()
{
	gcctl heap del t-trace || return
	within 10 gone
}

gone()
{
	[ -z "$(cat "/proc/$monitor/cmdline" 2> /dev/null)" ]
}

# hear NAME: in text and as documents, until both have two.
hear()
{
	rm -f "$tmp/text" "$tmp/json"
	gcctl monitor "$1" count 2 > "$tmp/text" 2>&1 &
	for_text=$!
	gcctl -j monitor "$1" count 2 > "$tmp/json" 2>&1 &
	for_json=$!
	hear_tries=0
	until within 1 have_two; do
		hear_tries=$((hear_tries + 1))
		[ "$hear_tries" -lt 30 ] || break
		gcctl collect "$1" > /dev/null
	done
	both_end have_two
}

# both_end COMMAND...: those who listen have, if it succeeds, and are ended otherwise.
both_end()
{
	"$@"
	both_status=$?
	[ "$both_status" -eq 0 ] || {
		cat "$tmp/text" "$tmp/json"
		kill "$for_text" "$for_json" 2> /dev/null
	}
	wait "$for_text" "$for_json"
	return "$both_status"
}

have_two()
{
	[ "$(grep -c . "$tmp/text")" -ge 2 ] && [ "$(grep -c . "$tmp/json")" -ge 2 ]
}

# of KEY: its value in the last document.
of()
{
	tail -n 1 "$tmp/json" | number "$1"
}

# The line is made of the fields: who listened first has heard one before.
typed()
{
	hear t-trace || return
	grep -Ev "$form" "$tmp/text" && return 1
	grep '"line"' "$tmp/json" && return 1
	same=$(grep "^gc $(of cycle) @" "$tmp/text" || grep "^gc $((
		$(of cycle) - 1)) @" "$tmp/text")
	is "cycles heard by both" "${same:+1}" 1 || return
	is generation "$(of generation)" 2 || return
	is processors "$(of cpus)" "$cpus" || return
	tail -n 1 "$tmp/json" | grep -q '"forced":true' || {
		cat "$tmp/json"
		return 1
	}
	is duration "$(of duration-ns)" "$(($(of sync-ns) + $(of mark-ns) +
		$(of term-ns)))" || return
	gcctl heap set t-trace gogc off limit none || return
	hear t-trace || return
	tail -n 1 "$tmp/json" | grep -q '"goal-bytes":null' || {
		cat "$tmp/json"
		return 1
	}
}

found()
{
	[ -s "$tmp/json" ] && [ "$(grep -c . "$tmp/text")" -ge 2 ]
}

found_young()
{
	[ ! -s "$tmp/json" ] || return 0
	gcctl run cycles heap t-pytrace mutators 1 entries 10 \
		max-operations 100 > /dev/null
	gcctl collect t-pytrace generation 1 > /dev/null
	[ -s "$tmp/json" ]
}

found_all()
{
	gcctl collect t-pytrace > /dev/null
	found
}

# A heap of another engine: what its collector looked at, and what of that went.
python_reports()
{
	gcctl heap add t-pytrace engine python gctrace 1 threshold0 0 > /dev/null ||
		return
	gcctl run cycles heap t-pytrace mutators 1 entries 10 \
		max-operations 100 > /dev/null || return
	idle_soon t-pytrace || return
	rm -f "$tmp/text" "$tmp/json"
	gcctl monitor t-pytrace count 2 > "$tmp/text" 2>&1 &
	for_text=$!
	gcctl -j monitor t-pytrace count 1 > "$tmp/json" 2>&1 &
	for_json=$!
	# Both listen, or one hears what was found when there is something to find.
	within 20 found_young
	within 20 found_all
	both_end found
	found=$?
	gcctl heap del t-pytrace || return
	[ "$found" -eq 0 ] || return
	if [ "$(of collected)" = 0 ] ||
		[ "$(of candidates)" -lt "$(of collected)" ]; then
		cat "$tmp/json"
		return 1
	fi
	is uncollectable "$(of uncollectable)" 0 || return
	grep -Evn "^gc [0-9]+ @[0-9.]+s generation [012]: [0-9]+ candidates, \
[0-9]+ collected, 0 uncollectable, $time ms, $time ms stopped( \(forced\))?\$" \
		"$tmp/text" && return 1
	return 0
}

# The kernel's tracing, in a buffer of its own; gctrace is off.
traced()
{
	buffer=/sys/kernel/tracing/instances/gcheap-test
	mkdir "$buffer" || return
	for event in begin end; do
		echo 1 > "$buffer/events/gcheap/gcheap_cycle_$event/enable"
	done
	for engine in go python; do
		gcctl heap add t-traced engine "$engine" > /dev/null
		gcctl collect t-traced > /dev/null
		gcctl heap del t-traced
	done
	cat "$buffer/trace" > "$tmp/traced"
	rmdir "$buffer"
	for event in begin end; do
		is "events at the $event of cycles" "$(grep -c \
			"gcheap_cycle_$event: heap=t-traced .*cycle=1 generation=2 forced=1" \
			"$tmp/traced")" 2 || {
			cat "$tmp/traced"
			return 1
		}
	done
	grep -Eq 'duration_ns=[1-9][0-9]* .*goal_bytes=[0-9]+ ' "$tmp/traced"
}

gcctl heap add t-trace engine go gctrace 1 > /dev/null
gcctl monitor t-trace > "$tmp/heard" 2>&1 &
monitor=$!

check "a line a collection is heard" lines_are_heard
check "lines have the form of gctrace" form_is_go
check "one line a cycle, in order" one_a_cycle
check "wall times are those of the statistics" clock_is_that_of_stats
check "processor times are those of the statistics" \
	processors_are_those_of_stats
check "live before, after and marked" heap_sizes_fit
check "goals follow what was marked" goals_follow
check "the goal of the statistics is that of the next line" \
	goal_is_that_of_stats
check "forced is what was asked for" forced_are_those_asked_for
check "off is silent" off_is_silent
check "typed fields in JSON, of which the line is made" typed
check "a python heap reports candidates and what of them went" python_reports
check "monitor ends with the heap" ends_with_the_heap
if [ -e "$events" ]; then
	check "the kernel's tracing has each cycle, gctrace or not" traced
else
	check "the kernel's tracing has each cycle, gctrace or not" cannot "no tracing"
fi
