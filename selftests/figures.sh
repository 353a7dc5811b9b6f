#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What gcctl shows of a heap and of a run means what it says: what is live is told
# from what waits to be freed, peaks are the run's own, what nobody measured is no
# 0, each document has its version, and all of it fits a screen.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 29

out=/tmp/figures.json

# inside GROUP KEY: of the JSON in $out.
inside()
{
	sed -n "s/.*\"$1\":{\([^}]*\)}.*/,\1,/p" $out |
		sed -n "s/.*,\"$2\":\([^,]*\),.*/\1/p"
}

churn()
{
	gcctl -j run churn heap "$@" > $out || {
		cat $out
		return 1
	}
}

at_least()
{
	[ "$2" -ge "$3" ] && return 0
	echo "$1 is $2, less than $3"
	return 1
}

at_most()
{
	[ "$2" -le "$3" ] && return 0
	echo "$1 is $2, more than $3"
	return 1
}

# A large run, then a small one on the same heap: each has peaks of its own.
own_peaks()
{
	gcctl heap add t-peak engine slab > /dev/null || return
	churn t-peak live 8M max-operations 10 || return
	at_least "peak of the large run" "$(number peak-held-bytes < $out)" \
		8000000 || return
	churn t-peak live 128K max-operations 10 || return
	at_most "peak of the small run" "$(number peak-held-bytes < $out)" \
		2000000 || return
	at_most "live bytes of the small run" \
		"$(number peak-live-bytes < $out)" 2000000 || return
	at_least "peak of the heap's life" "$(stat_of t-peak peak-held-bytes)" \
		8000000 || return
	gcctl heap del t-peak
}

# parts ENGINE [WORD]...: all of what is held is in one part, and the trees, which
# are 1048320 bytes, can be reached. The last young collection of python comes
# while they are built.
parts()
{
	engine=$1
	shift
	gcctl heap add t-part engine "$engine" "$@" > /dev/null || return
	churn t-part live 1M max-operations 20000 || return
	reachable=$(inside memory reachable-bytes)
	is "held" "$(inside memory held-bytes)" \
		$((reachable + $(inside memory waiting-bytes) + \
		$(inside memory fragmentation-bytes))) || return
	at_least reachable "$reachable" 800000 || return
	[ "$engine" != go ] || of_go || return
	gcctl heap del t-part
}

# The heap is stopped while it is marked: nothing is born then. What was live at
# most is several times what could be reached.
of_go()
{
	at_most reachable "$reachable" 1200000 || return
	at_least "live at most" "$(number peak-live-bytes < $out)" 2500000 &&
		at_least waiting "$(inside memory waiting-bytes)" 1000000
}

check "peaks of a run, not of its heap" own_peaks
check "reachable and waiting on go" parts go stw all
check "reachable on python" parts python
check "reachable on slab" parts slab

# ---- what is not known is not 0 ----

gcctl heap add t-new engine go > /dev/null

unknown()
{
	gcctl -j stats t-new > $out
	is "p50 of no pause" "$(inside pause p50-ns)" null &&
		is "longest of no pause" "$(inside pause max-ns)" null &&
		is "pauses" "$(inside pause count)" 0 &&
		is reachable "$(inside memory reachable-bytes)" null &&
		is waiting "$(inside memory waiting-bytes)" null
}

# After a collection it is known; there is nothing.
known()
{
	gcctl collect t-new > /dev/null
	gcctl -j stats t-new > $out
	is reachable "$(inside memory reachable-bytes)" 0 &&
		is waiting "$(inside memory waiting-bytes)" 0
}

none_is_null()
{
	gcctl heap set t-new gogc off limit none workers all || return
	gcctl -j heap show t-new > $out
	for key in gogc limit workers memory-limit interval-ms; do
		grep -q "\"$key\":null" $out || {
			echo "$key is not null"
			cat $out
			return 1
		}
	done
}

# An interrupted run has no rate and no quantile of nothing.
no_zero_times()
{
	gcctl -d stats t-new > $out || return
	! grep -E '^  (mutator pauses|assists|exclusive wait|handshakes) .* 0 ns' $out
}

check "a quantile of nothing is null" unknown
check "what is reachable is known after a collection" known
check "no times of 0 ns" no_zero_times
check "none, off and all are null" none_is_null

# ---- one vocabulary ----

# A collection is a cycle, and has one number.
cycle_number()
{
	gcctl heap set t-new gogc 100 || return
	gcctl -j collect t-new > $out || return
	cycles=$(number cycles < $out)
	is "cycles of heap show" "$(setting_of t-new cycles)" "$cycles" &&
		is "cycles of stats" "$(stat_of t-new cycles)" "$cycles" &&
		! grep -q ticket $out
}

# Every key that is a time or a size says in what.
units()
{
	churn t-new live 128K max-operations 500 || return
	gcctl -j stats t-new >> $out
	keys < $out | grep -E '"(p[0-9]+|max|sum|largest|elapsed|held|peak)":' &&
		return 1
	for key in p50-ns p9999-ns max-ns sum-ns; do
		grep -q "\"$key\":" $out || {
			echo "there is no $key"
			return 1
		}
	done
}

# The pauses beside a utilisation are of the same time: without those of the
# collections that came while the trees were built.
one_span()
{
	gcctl heap add t-span engine python > /dev/null || return
	churn t-span live 512K max-operations 500 || return
	grep -q '"utilisation":' $out || return
	measured=$(inside pause count)
	gcctl -j stats t-span > $out
	at_least "pauses of the heap" "$(inside pause count)" 3 &&
		at_least "pauses beside those measured" \
			"$(($(inside pause count) - measured))" 3 || return
	gcctl heap del t-span
}

# versioned COMMAND...: the document on either output has its version.
versioned()
{
	"$@" > $out 2>&1
	is "documents" "$(grep -c '^{' $out)" 1 &&
		is "output_version" "$(number output_version < $out)" 2
}

check "one number of cycles" cycle_number
check "units in names" units
check "pauses and utilisation of one span" one_span

all_versioned()
{
	for words in version heap "heap show t-new" stats "stats t-new" \
		"collect t-new" "run show" help "heap show t-none" "run x" \
		"heap snapshot t-new"; do
		# shellcheck disable=SC2086 # a list of words
		versioned gcctl -j $words || {
			echo "gcctl -j $words:"
			cat $out
			return 1
		}
	done
}
check "each document has its version" all_versioned

# ---- one screen ----

fits()
{
	at_most "lines of $1" "$(wc -l < $out)" 24 || {
		cat $out
		return 1
	}
	at_most "width of $1" "$(awk '{ if (length > n) n = length } END { print n }' $out)" 80
}

screen()
{
	gcctl heap add t-screen engine "$1" > /dev/null || return
	churn t-screen live 512K max-operations 2000 mutators 2 || return
	gcctl stats t-screen > $out || return
	fits "statistics of $1" || return
	gcctl -d stats t-screen > $out.all
	at_least "lines with details" "$(wc -l < $out.all)" "$(wc -l < $out)" ||
		return
	gcctl heap del t-screen
}

a_line_each()
{
	gcctl heap add t-more engine python > /dev/null
	heaps=$(gcctl -j heap | keys | grep -c '"engine":')
	for words in "-br stats" "-br heap show" "-brief heap"; do
		# shellcheck disable=SC2086 # a list of words
		gcctl $words > $out || return
		is "lines of $words" "$(wc -l < $out)" $((heaps + 1)) || return
		fits "$words" || return
	done
	is "lines for one heap" "$(gcctl -br stats t-more | wc -l)" 2
}

hidden()
{
	! gcctl heap show t-new | grep -q memory-limit &&
		gcctl -a heap show t-new | grep -q "memory-limit none" &&
		gcctl -details heap show t-new | grep -q "memory-limit none"
}

check "statistics of go on one screen" screen go
check "statistics of python on one screen" screen python
check "statistics of slab on one screen" screen slab
check "a line for each heap" a_line_each
check "what is off is shown with details" hidden

# go has no generations, so it counts all collections in the oldest.
generations_of_go()
{
	gcctl heap add t-gen engine go > /dev/null || return
	gcctl collect t-gen generation 0 > /dev/null || return
	is "of generation 0" "$(stat_of t-gen cycles-gen0)" 0 &&
		is "of generation 2" "$(stat_of t-gen cycles-gen2)" 1 &&
		gcctl heap del t-gen
}
check "a collection of generation 0 on go" generations_of_go

# ---- what is held, and what is charged ----

cgroup=/sys/fs/cgroup/t-figures

# heap_charged WORD...: its memory is that of who made it; with much in it.
heap_charged()
{
	sh -c 'echo 0 > "$1/cgroup.procs" && shift &&
		exec gcctl heap add t-charge "$@" > /dev/null' \
		charged "$cgroup" "$@" || return
	base=$(cat "$cgroup/memory.current")
	gcctl run lru heap t-charge seconds 120 entries 60000 size 1024 \
		> /dev/null &
	runner=$!
}

charge_ends()
{
	kill -INT "$runner"
	wait "$runner"
	within 10 idle t-charge && within 10 gcctl heap del t-charge
}

# All that the heap takes counts: within 2 percent, of which the cgroup has one ahead.
as_charged()
{
	held=$(stat_of t-charge held-bytes)
	charge=$(($(cat "$cgroup/memory.current") - base))
	[ "$held" -gt 60000000 ] &&
		[ $((charge - held)) -lt $((held / 50)) ] &&
		[ $((held - charge)) -lt $((held / 50)) ]
}

held_is_charged()
{
	heap_charged engine go || return
	within 60 as_charged || {
		echo "$held bytes are held, $charge are charged"
		return 1
	}
	charge_ends
}

full()
{
	[ "$(stat_of t-charge large-objects)" -ge 60000 ]
}

# 16 bytes for each large object, and an eighth more.
check_is_charged()
{
	[ -e "$cgroup/memory.peak" ] || return 0
	heap_charged engine python || return
	within 60 full || return
	before=$(cat "$cgroup/memory.peak")
	gcctl heap set t-charge verify on &&
		gcctl collect t-charge > /dev/null || return
	after=$(cat "$cgroup/memory.peak")
	is "errors" "$(stat_of t-charge verify-errors)" 0 && charge_ends &&
		at_least "charged for a check" $((after - before)) 800000
}

if have_memcg "$cgroup"; then
	check "what is held is what is charged" held_is_charged
	check "and what a check of the heap takes" check_is_charged
	rmdir "$cgroup"
else
	result 0 "what is held is what is charged # SKIP no cgroups"
	result 0 "and what a check of the heap takes # SKIP no cgroups"
fi

# Runs of others are seen, by number too.
runs()
{
	gcctl run lru heap t-more seconds 60 > /dev/null &
	runner=$!
	within 10 seen || return
	id=$(gcctl -j run show | number id)
	gcctl run show "$id" | grep -q "state running" || return
	is "of another number" "$(gcctl run show 999999 2>&1 |
		grep -c 'no such run')" 1 || return
	kill -INT $runner
	wait $runner
}

seen()
{
	gcctl run show | grep -q '^t-more .* lru .* running'
}

check "runs are shown" runs

# ---- what is less than one, what is wide ----

# Not rounded down: what takes seconds has a rate as well.
exact_rate()
{
	gcctl -j run binary-trees heap t-more depth 12 max-operations 3 > $out ||
		return
	rate=$(sed -n 's/.*"operations-per-second":\([0-9.]*\).*/\1/p' $out)
	awk -v rate="$rate" -v n="$(number operations < $out)" \
		-v ns="$(number elapsed-ns < $out)" 'BEGIN {
		want = n * 1e9 / ns
		if (rate == "" || rate - want > 0.001 || want - rate > 0.001) {
			print "rate is " rate ", not " want
			exit 1
		}
	}'
}

# The longest name of a workload fills its column.
apart()
{
	gcctl run binary-trees heap t-more seconds 60 > /dev/null &
	runner=$!
	within 10 seen_apart
	apart_status=$?
	gcctl run show
	kill -INT $runner
	wait $runner
	return $apart_status
}

seen_apart()
{
	gcctl run show | grep -q '^t-more  *[0-9][0-9]*  *binary-trees  *running'
}

check "a rate is exact" exact_rate
check "columns do not touch" apart

# ---- runs that failed in a comparison ----

# of_all ROW VALUE: what a row has on each engine.
of_all()
{
	grep -qF "\"$1\":{\"go\":$2,\"python\":$2,\"slab\":$2}" $out && return
	echo "$1 is not $2 on each engine:"
	cat $out
	return 1
}

# compare_fails WORD...: with JSON in $out and what was said in $out.all
compare_fails()
{
	gcctl -j compare "$@" > $out 2> $out.all
	is "exit status" $? 2
}

# What they did before has no figures, and decides nothing.
failed_work()
{
	compare_fails lru entries 1000000 limit 64K arena-order 1 pool-size 4K \
		max-operations 10 || return
	of_all state '"failed"' && of_all operations-per-second null &&
		of_all elapsed-ns null && of_all peak-held-bytes null || return
	grep -q '"verdict":{.*"operations-per-second":null' $out &&
		! grep -q '"verdict":{.*"peak-held-bytes":"' $out || return
	is "reasons" "$(grep -c 'lru on compare-' $out.all)" 9
}

failed_replay()
{
	compare_fails "$traces/cpython-asyncio.gct.gz" repeat 1 limit 64K \
		arena-order 1 pool-size 4K || return
	of_all state '"failed"' && of_all deaths-recorded null
}

# A small run that can be done, and then no room for what an allocation costs.
failed_micro()
{
	compare_fails lru entries 4 size 0 max-operations 4 repeat 1 limit 1M \
		arena-order 1 pool-size 4K || {
		cat $out
		return 1
	}
	of_all state '"done"' && of_all small-alloc-ps null &&
		is "reasons" "$(grep -c 'alloc on compare-' $out.all)" 3
}

# Also where all is well each row has the same form.
mismatches_form()
{
	printf 'gct 1\nT 0 n 1\nA 1 0 32 2\nU 1\nD 1\n' > $out.gct
	gcctl -j compare $out.gct repeat 2 > $out || return
	of_all mismatches '{"median":0,"min":0,"max":0,"values":[0,0]}' || return
	gcctl compare $out.gct repeat 2 > $out || return
	grep -q '^  mismatches  *0  *0  *0$' $out
}

check "failed runs have no figures" failed_work
check "failed replays have no figures" failed_replay
check "a failed measurement of an allocation" failed_micro
check "mismatches have the form of a row" mismatches_form
refused "a run by no number" 1 "not a run ID" gcctl run show x
refused "an option that there is not" 1 "unknown option" gcctl -x stats
within 10 idle t-more
rm -f $out $out.all $out.gct
