#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The benchmarks, each in its smallest form: what they hand over is complete and
# of the right form, whatever the figures are. And what gcheap_bench.ko refuses,
# and how it ends when it is interrupted.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
debug=/sys/kernel/debug
bench=$debug/gcheap_bench
[ -d $debug/gcheap ] || mount -t debugfs none $debug 2> /dev/null
# Where time is dear, one of those that go the same way through the modules.
dear=
! time_is_dear || dear=1
begin $((dear ? 34 : 39))
[ -d $debug/gcheap ] || lacks "debugfs"
[ -d /sys/module/gcheap_bench ] || load gcheap_bench ||
	lacks "gcheap_bench"

out=$tmp/bench.json
# The beginning of each trace is enough; that it is not packed does not matter.
mkdir "$tmp/bench.traces"
for trace in cpython-asyncio cpython-docutils; do
	zcat "$traces/$trace.gct.gz" 2> /dev/null | head -n 60000 \
		> "$tmp/bench.traces/$trace.gct.gz"
done

# sound FILE REPS LEAST: every result of a file has its values and makes sense,
# and there are as many as there should be at least.
sound()
{
	awk -v reps="$2" -v least="$3" '
	function value(line) {
		sub(/^[^:]*: */, "", line)
		gsub(/[",]/, "", line)
		return line
	}
	function wrong(text) {
		print key ": " text
		bad = 1
	}
	/"key":/ {
		key = value($0)
		if (seen[key]++)
			wrong("is there twice")
		n++
		unit = label = ""
		values = -1
	}
	/"label":/ { label = value($0) }
	/"unit":/ { unit = value($0) }
	/"base":/ { base[key] = value($0) }
	/"median":/ { median = value($0) + 0 }
	/"min":/ { min = value($0) + 0 }
	/"max":/ { max = value($0) + 0 }
	/"values":/ { values = 0; next }
	values >= 0 && /^ *[-0-9]/ {
		v = value($0) + 0
		if (v < min || v > max)
			wrong(v " is not within " min " and " max)
		if (v <= 0 && unit ~ /^(ns|1\/s|bytes)$/)
			wrong("a value of " v " " unit)
		values++
	}
	values >= 0 && /\]/ {
		# What a heap remembers comes once for all, or not at all.
		if (values != reps && key !~ /pause|handshake|mmu/)
			wrong(values " values, not " reps)
		if (median < min || median > max)
			wrong("median " median " of " min " to " max)
		if (label == "" || unit == "")
			wrong("without label or unit")
		values = -1
	}
	END {
		for (key in base)
			if (!(base[key] in seen))
				wrong("compared with " base[key] ", which is not there")
		if (n < least)
			wrong(n " results, not " least)
		exit bad
	}' "$1"
}

# measured NAME REPS LEAST
measured()
{
	gcctl bench "$1" reps "$2" scale 1 traces "$tmp/bench.traces" note t \
		file "$out.$1" > "$tmp/bench.txt" || return
	sound "$out.$1" "$2" "$3" || return
	is "lines of the table" \
		"$(gcctl bench show "$out.$1" | tail -n +7 | wc -l)" \
		"$(grep -c '"key":' "$out.$1")"
}

check "harness" measured harness 5 3
check "mark" measured mark 2 35
check "store" measured store 1 10
check "python" measured python 1 25
check "larson" measured larson 1 6
[ -n "$dear" ] || {
	check "alloc" measured alloc 1 45
	check "pattern" measured pattern 1 48
	check "churn" measured churn 1 40
	check "trees" measured trees 1 12
	check "mstress" measured mstress 1 6
}
check "replay" measured replay 1 12

# The same file twice: nothing has changed.
unchanged()
{
	gcctl bench compare "$out.mark" "$out.mark" > "$tmp/bench.txt" || return
	is "lines" "$(grep -c ' 1\.00 ' "$tmp/bench.txt")" \
		"$(grep -c '"key":' "$out.mark")" || return
	! grep -E '(better|worse)$' "$tmp/bench.txt"
}

# all VALUES: the file with these in the place of each value, of which there are two
all()
{
	sed '/"values"/,/\]/s/[0-9][0-9]*\.[0-9]*/'"$1"'/' "$out.mark"
}

# Values that lie wholly apart, but so few that this would often be by chance.
few()
{
	all 10.0 > "$out.once"
	all 20.0 > "$out.twice"
	gcctl bench compare "$out.once" "$out.twice" > "$tmp/bench.txt" || return
	is "verdicts" "$(grep -cE '(better|worse)$' "$tmp/bench.txt")" 0 &&
		is "too few" "$(grep -c 'too few$' "$tmp/bench.txt")" \
			"$(grep -c '"key":' "$out.mark")"
}

# Ten and ten that overlap: a rank test sees it where their ranges do not.
overlapping()
{
	all "10.0, 11.0, 12.0, 13.0, 19.0" > "$out.once"
	all "20.0, 21.0, 22.0, 23.0, 14.0" > "$out.twice"
	gcctl bench compare "$out.once" "$out.twice" > "$tmp/bench.txt" || return
	is "verdicts" "$(grep -cE '(better|worse)$' "$tmp/bench.txt")" \
		"$(grep -c '"key":' "$out.mark")"
}

# One in which all is twice as much: bad of times, good of speed.
doubled()
{
	all "10.0, 10.0, 10.0" > "$out.once"
	all "20.0, 20.0, 20.0" > "$out.twice"
	gcctl bench compare "$out.once" "$out.twice" > "$tmp/bench.txt" || return
	is "changes" "$(grep -cE '(better|worse)$' "$tmp/bench.txt")" \
		"$(grep -c '"key":' "$out.mark")" || return
	is "better for being more" "$(grep -c 'better$' "$tmp/bench.txt")" \
		"$(grep -c '"unit":"GB/s"' "$out.mark")"
}

check "compare, unchanged" unchanged
check "compare, doubled" doubled
check "compare, too few repetitions" few
check "compare, spreads that meet" overlapping
refused "compare with what is no result" 1 "cannot read" \
	gcctl bench compare "$out.mark" /proc/version
echo '{"results":[]}' > "$out.bad"
refused "show what is none" 1 "not a results file" gcctl bench show "$out.bad"
refused "an unknown benchmark" 1 "unknown benchmark" gcctl bench marx
refused "no repetitions" 1 "reps must be 1" gcctl bench mark reps 0

# run WORDS: hands them to the module; its message is printed.
run()
{
	if echo "$*" > $bench/run; then
		return 0
	fi 2> /dev/null
	sed -n 's/^# //p' $bench/results
	return 2
}

refused "the module: no such benchmark" 2 "unknown benchmark" run nothing
refused "the module: a bad word" 2 "does not take" run "mark size=16"
refused "the module: too small" 2 "must be 16 to" run "mark nodes=1"
refused "the module: too large" 2 "must be 16 to" run "mark nodes=999999999"
refused "the module: no number" 2 "must be a number" run "mark nodes=many"
refused "the module: no value" 2 "needs a value" run "mark nodes"
refused "the module: another word" 2 "invalid value" run "mark graph=tree"
refused "the module: not there" 2 "does not run on" run "mark on=slab"
refused "the module: not for other engines" 2 "engines of other modules" \
	run "mark on=epsilon"
refused "the module: no such engine" 2 "on has the invalid value nothing" \
	run "path on=nothing"
refused "the module: too many CPUs" 2 "cpus must be at most" run "path cpus=64"
refused "the module: too many bytes" 2 "more than" \
	run "path size=65536 objects=4194304"

other_engine()
{
	run "path on=epsilon objects=4096 ms=1 reps=1" &&
		run "store on=epsilon nodes=1000 ms=1 reps=1" &&
		run "count on=epsilon nodes=1000 ms=1 reps=1"
}

check "the module: an engine of another module" other_engine

modes()
{
	is "mode of run" "$(stat -c %a $bench/run)" 200 &&
		is "mode of list" "$(stat -c %a $bench/list)" 400 &&
		is "mode of results" "$(stat -c %a $bench/results)" 400 &&
		is "benchmarks" "$(grep -c '.* on=.* reps=' $bench/list)" 12
}

no_bench_heap()
{
	heaps=$(gcctl -j heap) && ! echo "$heaps" | keys | grep -q '"name":"bench'
}

threads()
{
	grep -ql '^Name:.gch_bench' /proc/[0-9]*/status 2> /dev/null
}

no_threads()
{
	! threads
}

# Long enough to be met: one runs at a time, a signal ends it, nothing stays.
interrupted()
{
	(exec sh -c "echo $1 > $bench/run") 2> /dev/null &
	pid=$!
	within 10 threads || {
		echo "it does not run"
		return 1
	}
	if echo loop > $bench/run; then
		echo "two at a time"
		return 1
	fi 2> /dev/null
	kill -INT "$pid" && kill -TERM "$pid"
	wait "$pid"
	is "what it says" "$(grep '^#' $bench/results)" "# interrupted" &&
		no_threads && no_bench_heap
}

check "the files of the module" modes
check "interrupted in a collection" \
	interrupted "mark graph=graph64 nodes=500000 reps=100"
check "interrupted while two allocate" \
	interrupted "steady cpus=2 live=20 reps=100 ms=10000"
check "nothing is left" no_bench_heap

# long_run WORDS: one that takes long, in the background.
long_run()
{
	(exec sh -c "echo '$1' > $bench/run") 2> /dev/null &
	pid=$!
	within 10 threads
}

end_run()
{
	kill -INT "$pid"
	kill -TERM "$pid"
	wait "$pid" 2> /dev/null
}

reader_gone()
{
	[ ! -d "/proc/$reader" ] || grep -q '^State:.Z' "/proc/$reader/status"
}

# Who reads what the last one found waits for the one that runs, but can be killed.
reader_killed()
{
	long_run "loop reps=100 ms=10000" || return
	cat "$bench/results" > /dev/null &
	reader=$!
	sleep 0.2
	kill -KILL "$reader"
	within 10 reader_gone
	killed=$?
	end_run
	wait "$reader" 2> /dev/null
	return "$killed"
}

# A stop of the process is no end of the benchmark.
stopped()
{
	gcctl bench alloc reps 1 scale 1 file "$out.stopped" > "$tmp/bench.txt" 2>&1 &
	pid=$!
	within 10 threads || return
	kill -STOP "$pid" && sleep 0.2 && kill -CONT "$pid" || return
	wait "$pid"
	is "exit status" $? 0 && sound "$out.stopped" 1 45
}

# Another mutator than the benchmark's is attached.
has_user()
{
	[ "$(setting_of bench mutators)" -gt 1 ]
}

# What another still uses of its heap does not stay for good.
heap_in_use()
{
	long_run "steady live=20 reps=100 ms=10000" && within 10 eval '! no_bench_heap' || return
	gcctl run lru heap bench seconds 60 > /dev/null 2>&1 &
	user=$!
	within 10 has_user
	end_run
	if echo "mark graph=tree24 nodes=100 reps=1" > "$bench/run"; then
		echo "two heaps of one name"
		return 1
	fi 2> /dev/null
	is "what it says" "$(grep '^#' "$bench/results")" "# heap bench is in use" || return
	kill -KILL "$user"
	wait "$user" 2> /dev/null
	idle_soon bench &&
		echo "mark graph=tree24 nodes=100 reps=1" > "$bench/run" && no_bench_heap
}

check "a reader of results is killed" reader_killed
check "gcctl is stopped and goes on" stopped
check "its heap is in use by another" heap_in_use
# Loaded, it keeps gcheap from being unloaded by the tests that follow.
rmmod gcheap_bench
