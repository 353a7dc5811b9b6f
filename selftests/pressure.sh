#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Heaps that collect while memory is short: because nearly all of it is taken and a
# hungry process keeps asking for more, and because the heap's cgroup may not have
# any. A run comes to its end or says that there was no memory; nobody
# is killed for it; the heap is sound, works again when there is memory, and
# gives all of it back.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# As long as a slow kernel takes to fill what little there is.
SECONDS_EACH=${GCHEAP_PATIENCE:-1}
[ -z "${GCHEAP_LONG:-}" ] || SECONDS_EACH=15
# MiB that the hungry one leaves, and how much of that the heap may take: the
# rest is for those who run the test.
LEFT=256
LIMIT=96M
# A kernel that checks memory holds back part of what was freed, and of pages.
! grep -q ' kasan_quarantine_put$' /proc/kallsyms || LEFT=384
cgroup=/sys/fs/cgroup/t-pressure

begin 16

kills()
{
	sed -n 's/^oom_kill //p' /proc/vmstat
}
killed_before=$(kills)

available()
{
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

little_left()
{
	[ $(($(available) / 1024)) -le "$hog_left" ]
}

# Files in memory that nothing can be written out of.
hog=$tmp/pressure.hog
let_go()
{
	[ ! -d "$hog" ] || { umount "$hog"; rmdir "$hog"; }
}
trap 'let_go; finish' EXIT

hog()
{
	[ "$1" -gt 0 ] || return 0
	hog_left=$(($(available) / 1024 - $1 + 64))
	mkdir -p "$hog" && mount -t tmpfs -o size="$1M" hog "$hog" &&
		fallocate -l "$1M" "$hog/all" && within 30 little_left
}

# One that takes and gives back all the time.
nibble()
{
	echo 1000 > /proc/self/oom_score_adj
	while [ -e "$tmp/pressure.go" ]; do
		dd if=/dev/zero of=/dev/null bs=32M count=2 2> /dev/null
	done
}

# Ended well, or for want of memory and said so.
ended()
{
	run_out=$("$@" 2>&1)
	run_status=$?
	case $run_status:$run_out in
	0:*) ;;
	2:*"out of memory for"*|2:*"reached its limit of"*) ;;
	2:*"annot allocate memory"*|2:*"out of memory"*) ;;
	*)
		echo "exit status $run_status: $run_out"
		return 1
		;;
	esac
}

run()
{
	ended gcctl run "$@" heap t-press mutators 2 seconds "$SECONDS_EACH"
}

# More than there is, in small objects, and garbage.
hungry_runs()
{
	run lru entries 400000 size 512 && run cycles entries 1000 size 256 ||
		return
	[ -z "${GCHEAP_LONG:-}" ] || run binary-trees depth 14
}

# And in large ones.
large_run()
{
	run lru entries 8000 size 65536
}

# collected ENGINE: and nothing found wrong.
sound()
{
	idle_soon t-press || return
	[ "$1" = slab ] || gcctl collect t-press > /dev/null || return
	is "objects left" "$(stat_of t-press live-objects)" 0 &&
	is "verification errors" "$(stat_of t-press verify-errors)" 0 &&
	is "processes killed" "$(kills)" "$killed_before"
}

usable()
{
	gcctl run binary-trees heap t-press depth 8 max-operations 50 &&
	gcctl run lru heap t-press entries 1000 max-operations 5000 &&
	sound "$1" && within 10 gcctl heap del t-press
}

short()
{
	touch "$tmp/pressure.go"
	nibble &
	nibbler=$!
	hungry_runs && large_run
	short_status=$?
	rm -f "$tmp/pressure.go"
	wait "$nibbler"
	return "$short_status"
}

check "nearly all memory is taken" hog $(($(available) / 1024 - LEFT))
say "$(($(available) / 1024)) MiB left"
for engine in go python slab; do
	gcctl heap add t-press engine "$engine" limit "$LIMIT" interval-ms 20 \
		verify on > /dev/null
	check "with little memory on $engine" short
	check "sound and usable on $engine" usable "$engine"
done
let_go

# heap_in_cgroup ENGINE: memory of a heap is that of who made it.
heap_in_cgroup()
{
	sh -c 'echo 0 > "$1/cgroup.procs" &&
		gcctl heap add t-press engine "$2" interval-ms 20 verify on \
			> /dev/null' cgroup "$cgroup" "$1"
}

in_cgroup()
{
	heap_in_cgroup "$1" && hungry_runs || return
	[ -z "${GCHEAP_LONG:-}" ] || large_run || return
	# It had to do without, and was not killed for it.
	[ "$(sed -n 's/^max //p' "$cgroup/memory.events")" -gt 0 ] || {
		cat "$cgroup/memory.events"
		return 1
	}
	# Nor was anybody else looked for who could be.
	is "times that somebody had to be killed" \
		"$(sed -n 's/^oom //p' "$cgroup/memory.events")" 0
}

if ! mkdir "$cgroup" 2> /dev/null ||
   ! { [ -e "$cgroup/memory.max" ] ||
       echo +memory > "$cgroup/../cgroup.subtree_control"; } 2> /dev/null ||
   ! echo 24M > "$cgroup/memory.max"; then
	for engine in go python slab; do
		check "in a cgroup of 24 MiB on $engine" cannot "no memory cgroups"
		check "sound and usable on $engine" cannot "no memory cgroups"
	done
else
	for engine in go python slab; do
		check "in a cgroup of 24 MiB on $engine" in_cgroup "$engine"
		check "sound and usable on $engine" usable "$engine"
	done
fi
rmdir "$cgroup" 2> /dev/null

balanced()
{
	is "pages returned" "$(total pages-returned)" "$(total pages-taken)"
}
# What others say when they go without, such as the kernel's own checks, is no
# killing.
log_is_good()
{
	log=$(dmesg) && [ -n "$log" ] &&
		! echo "$log" | grep -E "oom-killer|ut of memory: Killed|no killable"
}
check "all pages came back" within 10 balanced
check "nobody was killed" is "processes killed" "$(kills)" "$killed_before"
check "the log says nothing of it" log_is_good
