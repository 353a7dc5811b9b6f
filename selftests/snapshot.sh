#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Snapshots of a heap, in debugfs and by gcctl: whole, while mutators run or not, for
# several readers, read in part or not at all, and no matter what becomes of the heap.
# What they show is held against the objects of a known heap by gcheap_selftest.ko.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
debug=/sys/kernel/debug/gcheap
[ -d "$debug" ] || mount -t debugfs none /sys/kernel/debug 2> /dev/null
begin 18
[ -d "$debug" ] || lacks "debugfs"
heap=t-snapshot
file=$debug/$heap/snapshot
new=$tmp/snapshot.new

make()
{
	gcctl heap add "$heap" engine go verify on > /dev/null
}

has_objects()
{
	[ "$(stat_of "$heap" live-objects)" -gt "$1" ]
}

# start OBJECTS WORKLOAD [KEY VALUE]...: in the background, until the heap has them.
start()
{
	least=$1
	shift
	gcctl run "$@" heap "$heap" mutators 2 seconds 60 > /dev/null 2>&1 &
	run=$!
	within 20 has_objects "$least"
}

end_run()
{
	kill -TERM "$run" 2> /dev/null
	wait "$run" 2> /dev/null
	idle_soon "$heap"
}

# A heap that has objects and is at rest: a trace is replayed whose end does not come.
rest()
{
	rm -f "$new.fifo"
	mkfifo "$new.fifo" || return
	gcctl replay - heap "$heap" verify off < "$new.fifo" > /dev/null 2>&1 &
	run=$!
	exec 8> "$new.fifo"
	awk 'BEGIN {
		print "gct 1\nT 0 node 1"
		for (i = 1; i < 12000; i++) {
			print "A " i " 0 48 4"
			if (i > 1) print "S " i " " i % 4 " " i - 1 "\nU " i - 1
		}
	}' >&8
	within 20 has_objects 10000 && within 20 still
}

still()
{
	before=$(stat_of "$heap" allocs)
	sleep 0.2
	[ "$(stat_of "$heap" allocs)" = "$before" ]
}

end_rest()
{
	exec 8>&-
	wait "$run" 2> /dev/null
	idle_soon "$heap"
}

# whole FILE: all lines have the form they should, what is referred to is listed, what
# is listed is referred to, and the last line has the numbers of all.
whole()
{
	awk '
	function bad(why) { print FNR ": " why ": " $0; failed = 1; exit }
	function refer(to) { if (!(to in wanted)) { wanted[to]; nr_wanted++ } refs++ }
	ended { bad("after the end") }
	FNR == 1 { if ($0 != "gcs 1") bad("no format"); next }
	FNR == 2 { if ($1 != "H" || NF != 3) bad("no head"); next }
	$1 == "T" { if (NF != 5 || $2 in type) bad("type"); type[$2]; next }
	$1 == "R" {
		if (NF != 5 || $2 !~ /^(frame|table|finalizer)$/) bad("root")
		refer($5); refs--; roots++
		next
	}
	$1 == "O" {
		if ($2 in listed) bad("twice")
		listed[$2]
		objects++
		bytes += $3
		if ($4 != "-" && !($4 in type)) bad("type")
		for (i = 5; i <= NF; i++) {
			if ($i !~ /^[0-9]+:[0-9]+$/) bad("reference")
			split($i, pair, ":")
			refer(pair[2])
		}
		next
	}
	$1 == "+" {
		if (NF > 65) bad("long")
		for (i = 2; i <= NF; i++) { split($i, pair, ":"); refer(pair[2]) }
		next
	}
	$1 == "E" {
		if ($2 != objects + 0 || $3 != bytes + 0 || $4 != refs + 0 ||
		    $5 != roots + 0)
			bad(objects " " bytes " " refs " " roots " seen")
		ended = 1
		next
	}
	{ bad("unknown") }
	END {
		if (failed) exit 1
		if (!ended) { print "no end"; exit 1 }
		for (o in wanted) if (!(o in listed)) { print o " is missing"; exit 1 }
		for (o in listed) if (!(o in wanted)) { print o " is loose"; exit 1 }
	}' "$1"
}

# snapshot: a whole one, in $new
snapshot()
{
	cat "$file" > "$new" && whole "$new"
}

empty()
{
	snapshot && is "objects" "$(tail -n 1 "$new")" "E 0 0 0 0"
}

busy()
{
	ok=0 n=0
	while [ "$n" -lt 2 ]; do
		snapshot || ok=1
		[ "$(grep -c '^O' "$new")" -gt 100 ] || ok=1
		n=$((n + 1))
	done
	kill -0 "$run" || ok=1
	return "$ok"
}

together()
{
	readers=
	for i in 1 2 3; do
		cat "$file" > "$new.$i" &
		readers="$readers $!"
	done
	for reader in $readers; do
		wait "$reader" || return
	done
	whole "$new.1" && whole "$new.2" && whole "$new.3"
}

# Killed while it takes one, it takes nothing along.
killed()
{
	n=0
	while [ "$n" -lt 6 ]; do
		cat "$file" > /dev/null &
		reader=$!
		[ $((n % 2)) -eq 0 ] || sleep 0.01
		kill -KILL "$reader"
		wait "$reader" 2> /dev/null
		n=$((n + 1))
	done
	snapshot
}

# Collections go on, and all that they need.
unread()
{
	exec 5< "$file" 6< "$file" 7< "$file" || return
	gcctl collect "$heap" && gcctl collect "$heap" && snapshot
	status=$?
	exec 5<&- 6<&- 7<&-
	return "$status"
}

# Some of it, another, and then the rest.
in_parts()
{
	exec 5< "$file" || return
	dd bs=1000 count=3 <&5 > "$new.1" 2> /dev/null
	snapshot || return
	cat <&5 >> "$new.1"
	exec 5<&-
	whole "$new.1"
}

# As long as nothing happens.
same()
{
	snapshot || return
	gcctl heap snapshot "$heap" > "$new.1" || return
	grep -q "^H $heap [0-9]*$" "$new.1" || return
	[ "$(grep -c '^O' "$new")" -gt 1000 ] || return
	cmp "$new" "$new.1"
}

count_in_json()
{
	sed "s/.*\"$1\":\[//;s/\],\"[a-z]*\":\[*{.*//" "$new.1" | grep -o '{' | wc -l
}

as_json()
{
	snapshot && gcctl -j heap snapshot "$heap" > "$new.1" || return
	is "types" "$(count_in_json types)" "$(grep -c '^T' "$new")" &&
		is "roots" "$(count_in_json roots)" "$(grep -c '^R' "$new")" &&
		is "objects" "$(count_in_json objects)" "$(grep -c '^O' "$new")"
}

# The last line too, and of each object that its type is not known, if it is not.
all_in_json()
{
	snapshot && gcctl -j heap snapshot "$heap" > "$new.1" || return
	is "totals" "$(sed 's/.*"totals":{\(.*\)}}/\1/' "$new.1")" \
		"$(sed -n 's/^E \([0-9]*\) \([0-9]*\) \([0-9]*\) \([0-9]*\)$/"objects":\1,"bytes":\2,"refs":\3,"roots":\4/p' "$new")" &&
		is "objects of no known type" \
			"$(grep -o '"type":null' "$new.1" | wc -l)" \
			"$(grep -c '^O [0-9]* [0-9]* -' "$new")"
}

# In less memory than all objects would take: what was read is printed and forgotten.
in_little_memory()
{
	gcctl -j heap snapshot "$heap" > "$new.1" || return
	# shellcheck disable=SC3045 # busybox and bash have it
	(ulimit -v 8192 && gcctl -j heap snapshot "$heap") > "$new.2" || return
	cmp "$new.1" "$new.2" || return
	gcctl -p heap snapshot "$heap" | tr -d ' \n' > "$new.2"
	echo >> "$new.2"
	cmp "$new.1" "$new.2"
}

# The file that is open can be read no more; with what error, debugfs says.
deleted()
{
	exec 5< "$file" || return
	dd bs=100 count=1 <&5 > /dev/null 2>&1
	within 10 gcctl heap del "$heap" || return
	cat <&5 > /dev/null 2>&1
	exec 5<&-
	[ ! -e "$file" ]
}

# none ENGINE
none()
{
	gcctl heap add t-other engine "$1" > /dev/null || return
	[ -d "$debug/t-other" ] && [ ! -e "$debug/t-other/snapshot" ]
}

make
check "of an empty heap" empty
start 500 lru entries 300 size 40
check "of a cache in use" busy
check "read in parts" in_parts
check "by several readers" together
check "of a reader that is killed" killed
check "opened and not read" unread
end_run
start 3000 churn live 512K
check "of many objects" snapshot
end_run
check "nothing is left" empty
rest
check "the same again" same
check "as JSON" as_json
check "all of it as JSON" all_in_json
check "as JSON in little memory" in_little_memory
end_rest
for engine in python slab; do
	check "none of $engine" none "$engine"
	refused "gcctl says so of $engine" 2 "its engine is $engine" \
		gcctl heap snapshot t-other
	gcctl heap del t-other
done
refused "of no heap" 2 "no such heap" gcctl heap snapshot t-none
check "of a heap that goes" deleted
rm -f "$new" "$new".*
