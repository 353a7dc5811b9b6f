#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What gcctl prints and writes, whatever it is given: JSON that is UTF-8, names that
# no terminal acts on, values at the edges of units, files that are opened before the
# work and keep what was measured, standard descriptors that are closed.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
debug=/sys/kernel/debug
[ -d $debug/gcheap ] || mount -t debugfs none $debug 2> /dev/null
begin 27

esc=$(printf '\033')
csi=$(printf '\302\233')
bad=$(printf '\377')
high=$(printf '\303\251')

# high_bytes: how many of stdin are not ASCII.
high_bytes()
{
	LC_ALL=C tr -cd '\200-\377' | wc -c | tr -d ' '
}

# The names of heaps and words are echoed by refusals.
no_escape()
{
	gcctl heap show "t-${esc}[31m$csi" > "$tmp/out" 2>&1
	! grep -q "$esc" "$tmp/out" || return
	is "bytes past ASCII" "$(high_bytes < "$tmp/out")" 0 || return
	grep -q 't-\\x1b\[31m\\xc2\\x9b' "$tmp/out"
}

no_escape_in_json()
{
	gcctl -j heap frob "$esc$csi" > "$tmp/out" 2>&1
	gcctl -j heap "f$esc$csi" >> "$tmp/out" 2>&1
	! grep -q "$esc" "$tmp/out" || return
	is "bytes past ASCII" "$(high_bytes < "$tmp/out")" 0 || return
	grep -q 'f\\u001b\\u009b' "$tmp/out"
}

utf8_in_errors()
{
	gcctl -j heap "f$bad$high" > "$tmp/out" 2>&1
	is "bytes past ASCII" "$(high_bytes < "$tmp/out")" 2 || return
	grep -q "f\\\\\\\\xff$high" "$tmp/out"
}

utf8_in_file_names()
{
	printf 'gct 1\nT 0 n%s 1\nA 1 0 32 2\n' "$bad" > "$tmp/a$bad"
	gcctl heap add t-out engine go > /dev/null || return
	gcctl -j replay "$tmp/a$bad" heap t-out > "$tmp/out" 2>&1 || return
	is "bytes past ASCII" "$(high_bytes < "$tmp/out")" 0 || return
	grep -q '/a\\\\xff"' "$tmp/out"
}

# What bench keeps is shown later, on another's terminal.
file_of_bench()
{
	cat > "$tmp/$1" <<-END
	{ "date": "now", "note": "$2", "machine": { "cpu": "c" },
	  "settings": { "reps": 1 }, "results": [
	  { "key": "k", "benchmark": "harness", "label": "l$2", "unit": "ns",
	    "values": [ $3 ] } ] }
	END
}

no_escape_in_tables()
{
	file_of_bench table "\\u001b[31m" 5
	gcctl bench show "$tmp/table" > "$tmp/out" || return
	! grep -q "$esc" "$tmp/out" || return
	grep -q 'l\\x1b\[31m' "$tmp/out"
}

# JSON has no Infinity, though what reads it may make one of its numbers.
only_numbers()
{
	file_of_bench large n 1e999
	file_of_bench small n 5
	gcctl -j bench show "$tmp/large" > "$tmp/out" &&
	gcctl -j bench compare "$tmp/large" "$tmp/small" >> "$tmp/out" || return
	! grep -i 'inf\|nan' "$tmp/out"
}

# What is no number from 0 to 10^15 is no value, and said to be left out.
only_values()
{
	file_of_bench odd n '1e308, 1.7e308, -5, null, "7", true, 4'
	gcctl bench show "$tmp/odd" > "$tmp/out" 2> "$tmp/err" &&
	gcctl -j bench show "$tmp/odd" >> "$tmp/out" || return
	grep -q "^ln  *-  *4 ns  *4 ns  *4 ns " "$tmp/out" &&
		grep -q '"values":\[4\.0000\]' "$tmp/out" &&
		grep -q "ignored 6 values" "$tmp/err" && return
	cat "$tmp/out" "$tmp/err"
	return 1
}

# shows_json FILE
shows_json()
{
	gcctl bench show "$tmp/$1" > "$tmp/out" 2>&1
}

only_blanks_behind()
{
	file_of_bench blanks n 5
	printf ' \t\n\n' >> "$tmp/blanks"
	shows_json blanks || return
	echo '{}' >> "$tmp/blanks"
	shows_json blanks
	is "exit status" $? 1 && grep -q "trailing data" "$tmp/out" || return
	head -c 60 "$tmp/odd" > "$tmp/short"
	shows_json short
	is "exit status" $? 1 && grep -q "truncated" "$tmp/out"
}

# Results that differ in their rows and in what they were measured on.
other_rows()
{
	file_of_bench one n 5
	file_of_bench two n 5
	sed -i 's/"key": "k"/"key": "k2"/; s/"cpu": "c"/"cpu": "d"/
		s/"date"/"partial": true, "date"/' "$tmp/two"
	gcctl bench compare "$tmp/one" "$tmp/two" > "$tmp/out" || return
	is "rows" "$(grep -c 'only [AB]$' "$tmp/out")" 2 || return
	gcctl -j bench compare "$tmp/one" "$tmp/two" > "$tmp/out" || return
	grep -q '"a":{[^}]*"cpu":"c",[^}]*"partial":false}' "$tmp/out" &&
		grep -q '"b":{[^}]*"cpu":"d",[^}]*"partial":true}' "$tmp/out" &&
		grep -q '"only-in-a":\["k"\],"only-in-b":\["k2"\]' "$tmp/out"
}

# edge BYTES TEXT
edge()
{
	gcctl heap set t-out limit "$1" || return
	gcctl heap show t-out | grep -o 'limit [0-9.]* [A-Za-z]*' > "$tmp/out"
	is "$1 bytes" "$(head -n 1 "$tmp/out")" "limit $2"
}

edges_of_sizes()
{
	edge 1073741823 "1.00 GiB" && edge 1073217536 "1.00 GiB" &&
		edge 1073217535 "1023 MiB" && edge 10480518 "10.0 MiB" &&
		edge 1048576 "1 MiB"
}

# edge_of NS TEXT
edge_of()
{
	file_of_bench edge n "$1"
	gcctl bench show "$tmp/edge" > "$tmp/out" || return
	grep -q "^ln  *-  *$2 " "$tmp/out" && return
	cat "$tmp/out"
	return 1
}

edges_of_times()
{
	edge_of 999.6 "1.00 us" && edge_of 999.4 "999 ns" &&
		edge_of 999999 "1.00 ms" && edge_of 9999 "10.0 us"
}

# A socket that gets the number of stdin would be read as the trace.
stdin_closed()
{
	refused_out=$(timeout 10 gcctl replay - heap t-out 2>&1 <&-)
	is "exit status" $? 1 || return
	case $refused_out in
	*descriptor*) ;;
	*) echo "$refused_out"; return 1 ;;
	esac
}

stdout_closed()
{
	gcctl heap show t-out 2> "$tmp/out" >&-
	is "exit status" $? 2 || return
	grep -q "cannot write" "$tmp/out" || return
	gcctl heap set t-out limit none >&- || return
	gcctl run lru heap t-out max-operations 10 seconds 5 \
		> /dev/full 2> "$tmp/out"
	is "exit status" $? 2
}

# The message is nobody's; what was asked for is done, and no more than that.
stderr_closed()
{
	gcctl heap show t-none > "$tmp/out" 2>&-
	is "exit status" $? 2 || return
	gcctl heap show t-out > "$tmp/out" 2>&- <&- || return
	grep -q "^t-out" "$tmp/out"
}

# Before the modules are asked for anything.
bench_file_first()
{
	gcctl bench reps 1 scale 1 file "$tmp/none/x" > "$tmp/out" 2>&1
	is "exit status" $? 1 || return
	is "lines" "$(wc -l < "$tmp/out" | tr -d ' ')" 1
}

bench_file_is_folder()
{
	mkdir "$tmp/folder"
	gcctl bench reps 1 scale 1 file "$tmp/folder" > "$tmp/folder.out" 2>&1
	is "exit status" $? 1 &&
		is "files beside it" "$(ls -d "$tmp"/folder.*)" "$tmp/folder.out"
}

# bench_names FILE: what a folder holds of it, temporary files too.
bench_names()
{
	find "$tmp" -name "$1*" | sed 's:.*/::' | sort | tr '\n' ' '
}

bench_kept()
{
	echo old > "$tmp/kept"
	chmod 640 "$tmp/kept"
	gcctl -j bench harness reps 1 scale 1 note "n$bad" file "$tmp/kept" \
		> "$tmp/out" || return
	is "files" "$(bench_names kept)" "kept " || return
	is "mode" "$(stat -c %a "$tmp/kept")" 640 || return
	grep -q '"partial": *false' "$tmp/kept" || return
	is "bytes past ASCII" "$(cat "$tmp/kept" "$tmp/out" | high_bytes)" 0 ||
		return
	gcctl bench show "$tmp/kept" > "$tmp/out"
}

bench_link()
{
	echo old > "$tmp/target"
	ln -s target "$tmp/link"
	ln -s nothing "$tmp/dangling"
	gcctl bench harness reps 1 scale 1 file "$tmp/link" > /dev/null &&
	gcctl bench harness reps 1 scale 1 file "$tmp/dangling" > /dev/null ||
		return
	[ -L "$tmp/link" ] && [ -L "$tmp/dangling" ] &&
		grep -q '"results"' "$tmp/target" "$tmp/nothing"
}

bench_device()
{
	gcctl bench harness reps 1 scale 1 file /dev/null > /dev/null &&
		[ -c /dev/null ]
}

# Nothing is measured for a file without a name.
bench_nameless()
{
	gcctl bench harness reps 1 scale 1 file "" > "$tmp/out" 2>&1
	is "exit status" $? 1 || return
	is "lines" "$(wc -l < "$tmp/out" | tr -d ' ')" 1
}

# No other file can take the place of one that is mounted.
bench_mounted()
{
	echo old > "$tmp/mounted"
	mount -o bind "$tmp/mounted" "$tmp/mounted" || return
	gcctl bench harness reps 1 scale 1 file "$tmp/mounted" > "$tmp/out" 2>&1
	mounted_status=$?
	umount "$tmp/mounted"
	is "exit status" "$mounted_status" 0 || {
		cat "$tmp/out"
		return 1
	}
	is "files" "$(bench_names mounted)" "mounted " || return
	gcctl bench show "$tmp/mounted" > "$tmp/out" && has_harness
}

# Nor that of a folder which came meanwhile: then the results say where they are.
bench_displaced()
{
	: > "$tmp/out"
	gcctl bench reps 1 scale 1 file "$tmp/displaced" > "$tmp/out" \
		2> "$tmp/err" &
	job=$!
	within 60 has_harness || return
	mkdir "$tmp/displaced" && kill -INT "$job" || return
	wait "$job" 2> /dev/null
	is "exit status" $? 130 || return
	left=$(sed -n 's/.*the results are in //p' "$tmp/err")
	gcctl bench show "$left" > "$tmp/out" && has_harness
}

# A pipe that is open for nobody to read: what was measured is kept all the same.
bench_unread()
{
	echo old > "$tmp/unread"
	# shellcheck disable=SC2094 # nothing is read
	mkfifo "$tmp/fifo" && exec 3<> "$tmp/fifo" 4> "$tmp/fifo" 3>&- || return
	gcctl bench harness store reps 1 scale 1 file "$tmp/unread" >&4 \
		2> "$tmp/err"
	is "exit status" $? 141 || return
	exec 4>&-
	is "files" "$(bench_names unread)" "unread " || return
	grep -q '"partial": *true' "$tmp/unread" || return
	gcctl bench show "$tmp/unread" > "$tmp/out" && has_harness
}

has_harness()
{
	grep -q '^harness' "$tmp/out"
}

# interrupted FORM SIGNAL: after the first of all benchmarks.
interrupted()
{
	echo old > "$tmp/$2"
	# The background job opens it later: has_harness would look at an earlier one.
	: > "$tmp/out"
	gcctl bench reps 1 scale 1 file "$tmp/$2" > "$tmp/out" 2> "$tmp/err" &
	job=$!
	within 60 has_harness || return
	is "the file meanwhile" "$(cat "$tmp/$2")" old || return
	kill -"$1" "$job"
	wait "$job" 2> /dev/null
	is "exit status" $? $((128 + $3)) || return
	is "files" "$(bench_names "$2")" "$2 " || return
	grep -q "partial" "$tmp/err" || return
	grep -q '"partial": *true' "$tmp/$2" || return
	gcctl bench show "$tmp/$2" > "$tmp/out" || return
	grep -q "^Partial" "$tmp/out" && grep -q "^harness" "$tmp/out"
}

# compared_once: the heap of a second repetition is there.
compared_once()
{
	case $(gcctl -j heap show) in
	*\"compare-slab-*)
		slab=1
		return 1
		;;
	*\"compare-go-*) [ "$slab" ] ;;
	*) return 1 ;;
	esac
}

# What a comparison has repeated before it is interrupted stands.
compare_kept()
{
	slab=
	gcctl -j compare cycles entries 10 max-operations 10 repeat 50 \
		> "$tmp/out" 2> "$tmp/err" &
	job=$!
	within 60 compared_once || return
	kill -INT "$job"
	wait "$job" 2> /dev/null
	is "exit status" $? 130 || return
	grep -q "partial" "$tmp/err" && grep -q '"partial": *true' "$tmp/out"
}

# That there is no room for a copy is no fault of the trace.
no_copy()
{
	printf 'gct 1\n' | TMPDIR=$tmp/none gcctl compare - > "$tmp/out" 2>&1
	is "exit status" $? 2 || return
	grep -q "cannot copy - to a temporary file" "$tmp/out"
}

check "a name with an escape sequence" no_escape
check "the same in JSON" no_escape_in_json
check "an error with bytes that are no UTF-8" utf8_in_errors
check "a file name that is no UTF-8" utf8_in_file_names
check "escape sequences in kept results" no_escape_in_tables
check "numbers that are none" only_numbers
check "values that are none" only_values
check "what stands behind results" only_blanks_behind
check "rows of one file alone" other_rows
check "sizes at the edge of a unit" edges_of_sizes
check "times at the edge of a unit" edges_of_times
check "standard input closed" stdin_closed
check "standard output closed" stdout_closed
check "standard error closed" stderr_closed
gcctl heap del t-out
check "a comparison interrupted" compare_kept
check "a trace that cannot be copied" no_copy
check "a file in no folder" bench_file_first
check "a file without a name" bench_nameless
check "a file that is a folder" bench_file_is_folder
[ -d /sys/module/gcheap_bench ] || load gcheap_bench
check "results kept" bench_kept
check "results kept by a link" bench_link
check "results into a device" bench_device
check "results into what is mounted" bench_mounted
check "results displaced" bench_displaced
check "results of which the output is closed" bench_unread
check "interrupted: kept so far" interrupted INT int 2
check "ended: kept so far" interrupted TERM term 15
# Others unload what it uses.
rmmod gcheap_bench
