#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Exit statuses and messages of gcctl: 1 for wrong words, 2 for what the kernel
# refuses, 3 when a module is missing; as text and as JSON.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 59

marker_is()
{
	is marker "$(gcctl -j heap show t-use | tr ',{}' '\n' |
		sed -n 's/^"marker":"\(.*\)"/\1/p')" "$1"
}

short_engine()
{
	gcctl heap add t-short engine sl | grep -q "engine slab" &&
		gcctl heap del t-short
}

gcctl heap add t-use engine python > /dev/null

refused "no words" 1 "no command" gcctl
refused "unknown object" 1 "heaps" gcctl heaps
refused "unknown verb" 1 "unknown verb" gcctl heap frob
refused "no engine" 1 "engine" gcctl heap add t-x
refused "unknown engine" 2 "perl: no engine" gcctl heap add t-x engine perl
check "an engine made short" short_engine
refused "unknown key" 1 "unknown" gcctl heap add t-x engine go speed 9
refused "unknown key of an unknown engine" 1 "modprobe gcheap-engine-perl" \
	gcctl heap add t-x engine perl speed 9
refused "unknown key of a heap" 1 "unknown key" gcctl heap set t-use speed 9
refused "engine that is not loaded" 2 "modprobe gcheap-engine-perl" \
	gcctl engine show perl
refused "keys of none" 2 "no such heap" gcctl heap keys t-none
refused "comparison of one engine" 1 "2 at least" gcctl compare lru engines go
refused "comparison of an engine twice" 1 "twice" gcctl compare lru engines go,go
refused "comparison with an unknown engine" 1 "perl is not loaded" \
	gcctl compare lru engines go,perl
refused "comparison with a key that no engine has" 1 "threshold0" \
	gcctl compare lru engines go,slab threshold0 1
refused "key without value" 1 "gogc" gcctl heap add t-x engine go gogc
refused "value that is no number" 1 "fast" \
	gcctl heap add t-x engine go gogc fast
refused "name of 32 characters" 1 "31" \
	gcctl heap add t-34567890123456789012345678901-x engine go
refused "name with a blank" 1 "letters" gcctl heap add "t-x y" engine go
refused "name that begins with a point" 1 "letters" gcctl stats .t-x
refused "name with a bar, of a run" 1 "letters" gcctl run lru heap t/x
refused "name of 32 characters, of a replay" 1 "31" \
	gcctl replay - heap t-34567890123456789012345678901-x
refused "run without a heap" 1 "heap" gcctl run lru
refused "unknown workload" 1 "unknown workload" gcctl run sleep heap t-use

refused "heap that does not exist" 2 "no such heap" gcctl heap show t-none
refused "statistics of none" 2 "no such heap" gcctl stats t-none
refused "collection of none" 2 "no such heap" gcctl collect t-none
refused "monitor without a heap" 1 "name" gcctl monitor
refused "monitor of none" 2 "no such heap" gcctl monitor t-none
gcctl heap add t-quiet engine slab > /dev/null
refused "monitor of another engine" 2 "engine is slab" gcctl monitor t-quiet
gcctl heap del t-quiet
gcctl heap add t-quiet engine go > /dev/null
refused "monitor of a heap that is silent" 2 "gctrace on" gcctl monitor t-quiet
gcctl heap del t-quiet
refused "run on none" 2 "t-none: no such heap" gcctl run lru heap t-none
refused "name that is taken" 2 "t-use" gcctl heap add t-use engine go
refused "key of another engine" 2 "gogc does not apply" \
	gcctl heap add t-x engine slab gogc 50
refused "value out of bounds" 2 "threshold1" \
	gcctl heap set t-use threshold1 4294967295
refused "key fixed when created" 2 "pool-size is fixed" \
	gcctl heap set t-use pool-size 4096
refused "error as JSON" 2 '"status":2' gcctl -j heap show t-none
check "one word made short" gcctl st t-use

gcctl heap del t-use

# What is one of some words is given and shown as a word.
gcctl heap add t-use engine go marker greentea > /dev/null
check "marker as it was given" marker_is greentea
gcctl heap set t-use marker classic
check "marker as it was changed" marker_is classic
refused "unknown marker" 1 "sepia" gcctl heap set t-use marker sepia
gcctl heap del t-use

# accepted KEY VALUE SHOWN: in JSON.
accepted()
{
	gcctl heap set t-use "$1" "$2" || return
	is "$1 $2" "$(gcctl -j heap show t-use | tr ',{}' '\n' |
		sed -n "s/^\"$1\"://p")" "$3"
}

# each KEY SHOWN VALUE...
each()
{
	each_key=$1 shown=$2
	shift 2
	for value in "$@"; do
		accepted "$each_key" "$value" "$shown" || return
	done
}

# Booleans, sizes and times have the same forms wherever there are any.
all_booleans()
{
	each verify true on 1 yes true && each verify false off 0 no false &&
	each gctrace true on 1 yes true && each gctrace false off 0 no false
}

all_sizes()
{
	each limit 1099511627776 1T 1TiB 1024G 1048576MiB 1099511627776 &&
	each memory-limit 65536 64K 64k 64KiB 65536 &&
	each limit null none
}

all_times()
{
	each interval-ms 1500 1500 1500ms 1.5s 0.025m 1500000us &&
	each period-ms 120000 2m 120s 2min 120000 &&
	each assist-us 20 20 20us 0.02ms && each interval-ms null off 0 0s
}

gcctl heap add t-use engine go > /dev/null
check "booleans" all_booleans
check "sizes" all_sizes
check "times" all_times
gcctl heap del t-use
refused "half a boolean" 1 "must be on or off" \
	gcctl heap add t-x engine go gctrace maybe
refused "size without a form" 1 "64MiB" \
	gcctl heap add t-x engine go limit 64MB
refused "time without a unit that is known" 1 "1.5s" \
	gcctl heap add t-x engine go period-ms 2w
refused "time that is not whole" 1 "whole milliseconds" \
	gcctl heap add t-x engine go interval-ms 1.5
refused "seconds that are not whole" 1 "whole seconds" \
	gcctl run lru heap t-x seconds 500ms
refused "time that is too long" 1 "2^32" \
	gcctl heap add t-x engine go period-ms 50d

refused "a value for an option" 1 "option '--json=1'" gcctl --json=1 version
refused "a number below 0" 1 "generation is '-1'" \
	gcctl collect t-use generation -1
refused "monitor of no lines" 1 "count must be 1 or more" timeout 10 gcctl monitor t-x count 0
refused "a trace with a key of workloads" 1 "seconds does not apply to the trace" \
	gcctl compare "$traces/cpython-asyncio.gct.gz" repeat 1 seconds 1

# What not all engines know goes to those that do.
check "comparison with keys of two engines" gcctl compare lru entries 10 \
	max-operations 10 repeat 1 arena-order 8 gctrace on

# A value like any where nothing is off.
zero_shown()
{
	gcctl heap add t-use engine python arena-order 0 pool-size 4K \
		threshold1 0 threshold0 off > "$zero_out" || return
	gcctl heap show t-use >> "$zero_out" && gcctl heap del t-use || return
	is "orders of 0" "$(grep -c 'arena-order 0' "$zero_out")" 2 &&
		is "thresholds of 0" "$(grep -c 'threshold1 0' "$zero_out")" 2 &&
		is "what is off" "$(grep -c threshold0 "$zero_out")" 0
}
zero_out=$tmp/usage.out
check "a 0 that is not off" zero_shown
rm -f "$zero_out"

# Of a program that needs no descriptors itself: without a socket there is a reason.
no_socket()
{
	# shellcheck disable=SC3045 # busybox and bash have it
	no_out=$( (ulimit -n 3 && exec gcctl version) 2>&1)
	no_status=$?
	case $no_status:$no_out in
	2:*"cannot open a netlink socket"*) ;;
	127:*"shared libraries"*) echo "gcctl is linked dynamically" ;;
	*)
		echo "status $no_status: $no_out"
		return 1
		;;
	esac
}
check "no socket" no_socket

# The kernel loads what a family's name stands for, unless it is kept from it.
keep /proc/sys/kernel/modprobe
echo /bin/false > /proc/sys/kernel/modprobe
rmmod gcheap_load
refused "no module for runs" 3 "gcheap_load" gcctl run lru heap t-use
rmmod gcheap
refused "no module" 3 "gcheap" gcctl heap show
restore
load gcheap_load
