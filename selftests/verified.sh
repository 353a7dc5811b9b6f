#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Replays that check each death: what would disturb one is refused, and says why;
# a heap that has to collect for want of memory is accused of nothing; what a
# check costs grows with the trace, not with the square of it.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 18

BUSY="in exclusive use by a verifying replay"
fifo=$tmp/verified.fifo
out=$tmp/verified.out

# cyclic OBJECTS: dead ones that only a collection finds, which the trace has later.
cyclic()
{
	awk -v n="$1" 'BEGIN {
		print "gct 1\nT 0 n 1"
		for (i = 1; i <= n; i++)
			print "A", i, 0, 64, 2 "\nS", i, 0, i "\nU", i
	}'
}

buried()
{
	awk -v n="$1" 'BEGIN {
		print "C 2"
		for (i = 1; i <= n; i++)
			print "X", i
	}'
}

# A run is listed once it has claimed its heap; its mutators are attached before.
looked_at()
{
	gcctl run show | grep -q t-ver
}

# start WORD...: half of a trace is replayed, and waits for the other half.
start()
{
	rm -f "$fifo"
	mkfifo "$fifo" || return
	gcctl -j replay "$fifo" heap t-ver "$@" > "$out" 2>&1 &
	replay=$!
	exec 9> "$fifo"
	cyclic 1000 >&9
	within 10 looked_at
}

# end: the other half follows, and all is well.
end()
{
	buried 1000 >&9
	exec 9>&-
	wait "$replay"
	status=$?
	cat "$out"
	is "exit status of the replay" "$status" 0 &&
		is mismatches "$(keys < "$out" | number mismatches)" 0
}

kept()
{
	is threshold0 "$(setting_of t-ver threshold0)" 77 &&
		is interval-ms "$(setting_of t-ver interval-ms)" 10
}

gcctl heap add t-ver engine python threshold0 77 interval-ms 10 > /dev/null
# Not by check, which runs its command in a shell of its own.
start
result $? "a replay under way"
refused "heap set" 2 "$BUSY" gcctl heap set t-ver threshold1 5
refused "heap set of a limit" 2 "$BUSY" gcctl heap set t-ver limit 100M
refused "collect" 2 "$BUSY" gcctl collect t-ver
refused "another run" 2 "requires exclusive use" \
	gcctl run lru heap t-ver max-operations 100
end > "$fifo.end"
end_status=$?
[ "$end_status" -eq 0 ] || say "$(cat "$fifo.end")"
result "$end_status" "the replay ends well"
check "settings are as before" kept
check "then they can be changed" gcctl heap set t-ver threshold1 5
check "and the heap be collected" gcctl collect t-ver

disturbed()
{
	start "$@" && gcctl heap set t-ver limit 100M &&
		gcctl collect t-ver > /dev/null && end
}
check "who does not check does not refuse" disturbed verify off
gcctl heap del t-ver

# What only follows collections takes them as they come.
gcctl heap add t-ver engine go > /dev/null
check "nor does a replay on go" disturbed verify on
gcctl heap del t-ver

# claims_nothing TEXT: the replay fails and says so; it says nothing of deaths.
claims_nothing()
{
	gcctl -j replay "$fifo.gct" heap t-ver > "$out" 2>&1
	status=$?
	cat "$out"
	is "exit status" "$status" 2 && grep -q "$1" "$out" &&
		! grep -q '"mismatches":\|"live-found":\|"kind":' "$out"
}

# The heap's limit makes it collect what the trace still has.
gcctl heap add t-ver engine python limit 4M > /dev/null
pressed()
{
	{ cyclic 60000; buried 60000; } > "$fifo.gct"
	claims_nothing "collected because it ran out of memory"
}
check "a limit that forces a collection" pressed

# And in the end there is none for it.
starved()
{
	awk 'BEGIN { print "gct 1\nT 0 n 0"
		for (i = 1; i < 10000; i++) print "A", i, 0, 1024, 0 }' > "$fifo.gct"
	claims_nothing "line [0-9]*: the heap reached its limit of 4.00 MiB"
}
check "a limit that the trace does not fit in" starved
idle_soon t-ver
gcctl heap del t-ver

# A list with a young collection each 100 objects: each object may be looked up
# when it dies, and at the end.
linear()
{
	awk 'BEGIN { print "gct 1\nT 0 n 1"
		for (i = 1; i <= 20000; i++) {
			print "A", i, 0, 24, 1
			if (i > 1)
				print "S", i, 0, i - 1 "\nU", i - 1
			if (i % 100 == 0)
				print "C 0"
		} }' > "$fifo.gct"
	gcctl -j replay "$fifo.gct" heap t-ver > "$out" 2>&1 || {
		cat "$out"
		return 1
	}
	looked_up=$(keys < "$out" | number checks)
	[ "$looked_up" -le 60000 ] || {
		echo "$looked_up objects were looked up"
		return 1
	}
}
gcctl heap add t-ver engine python > /dev/null
check "young collections of an old heap" linear
gcctl run cycles heap t-ver max-operations 50 > /dev/null
check "with garbage from before" linear
gcctl heap del t-ver
rm -f "$fifo" "$fifo.gct" "$fifo.end"

# One tree takes longer than there is time.
gcctl heap add t-ver engine go limit none > /dev/null
idle_run()
{
	gcctl run binary-trees heap t-ver depth 24 seconds 1 > "$out" 2>&1 || {
		cat "$out"
		return 1
	}
	grep -q "no operation completed within 1 s" "$out" || {
		cat "$out"
		return 1
	}
}
check "a run that did nothing says so" idle_run
idle_soon t-ver
gcctl heap del t-ver

# heap_in CGROUP: its memory is that of who made it, and so is what a replay takes.
cgroup=/sys/fs/cgroup/t-verified
heap_in()
{
	sh -c 'echo 0 > "$1/cgroup.procs" &&
		gcctl heap add t-ver engine go > /dev/null' cgroup "$1"
}
plain()
{
	awk -v n="$1" 'BEGIN { print "gct 1\nT 0 n 0"
		for (i = 1; i <= n; i++) print "A", i, 0, 16, 0 }'
}
all_allocated()
{
	[ "$(stat_of t-ver allocs)" -ge 100000 ]
}
charged()
{
	echo 512M > "$cgroup/memory.max" && heap_in "$cgroup" || return
	rm -f "$fifo"
	mkfifo "$fifo" || return
	gcctl -j replay "$fifo" heap t-ver verify off > "$out" 2>&1 &
	replay=$!
	exec 9> "$fifo"
	# The last chunk stays with gcctl until it is full.
	plain 110000 >&9
	within 30 all_allocated || return
	current=$(cat "$cgroup/memory.current")
	held=$(stat_of t-ver held-bytes)
	exec 9>&-
	wait "$replay" || return
	own=$(keys < "$out" | number own-bytes)
	echo "$current bytes charged, $held held, $own beside"
	[ "$current" -ge $((held + own)) ]
}
uncharged()
{
	echo 24M > "$cgroup/memory.max" || return
	plain 400000 | gcctl -j replay - heap t-ver verify off > "$out" 2>&1
	status=$?
	cat "$out" "$cgroup/memory.events"
	is "exit status" "$status" 2 &&
		grep -q "line [0-9]*: out of memory for" "$out" &&
		is "times that somebody had to be killed" \
			"$(sed -n 's/^oom //p' "$cgroup/memory.events")" 0 ||
		return
	idle_soon t-ver && gcctl heap del t-ver
}
if ! mkdir "$cgroup" 2> /dev/null ||
   ! { [ -e "$cgroup/memory.max" ] ||
       echo +memory > "$cgroup/../cgroup.subtree_control"; } 2> /dev/null; then
	check "a replay's own memory is charged" cannot "no memory cgroups"
	check "there is none for it" cannot "no memory cgroups"
else
	check "a replay's own memory is charged" charged
	check "there is none for it" uncharged
fi
rmdir "$cgroup" 2> /dev/null
