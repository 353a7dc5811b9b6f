#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Collections go on while a real-time task keeps for itself a CPU that no mutator
# uses, and nothing keeps the task from it. A CPU goes down while its worker marks,
# and does not wait until all is marked.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

begin 2
[ -d /sys/devices/system/cpu/cpu1 ] || skip_all "there is one CPU"
throttle=/proc/sys/kernel/sched_rt_runtime_us
[ -w "$throttle" ] || skip_all "real-time tasks are throttled"
[ -d /sys/kernel/debug/gcheap ] ||
	mount -t debugfs none /sys/kernel/debug 2> /dev/null
keep "$throttle"

# selftest TEST
selftest()
{
	rmmod gcheap_selftest 2> /dev/null
	load gcheap_selftest engine=go test="$1" || return
	cat /sys/kernel/debug/gcheap_selftest/results > "$tmp/results"
	grep "go.$1" "$tmp/results" && kernel_results "$tmp/results"
}

echo -1 > "$throttle"
check "collections while a task has a CPU for itself" selftest hog
restore

# Each 512 objects take a millisecond: what is to be marked takes 0.2 s.
delay_set 1000 || say "this kernel has no delay points"
check "a CPU goes down while it marks" selftest unplug
delay_set 0
rmmod gcheap_selftest 2> /dev/null
