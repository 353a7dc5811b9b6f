#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Where the memory of a CPU's node is not to be had, a Go heap uses that of others, and
# no more of it than elsewhere: see kmod/tests/nodes.c.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
results=/sys/kernel/debug/gcheap_selftest/results
nodes=/sys/devices/system/node
begin 3
case $(cat $nodes/online 2> /dev/null) in
*[-,]*)	;;
*)	skip_all "there is one NUMA node" ;;
esac
[ -d /sys/kernel/debug/gcheap ] ||
	mount -t debugfs none /sys/kernel/debug 2> /dev/null
[ -d /sys/kernel/debug/gcheap ] || lacks "debugfs"

node_test()
{
	rmmod gcheap_selftest 2> /dev/null
	load gcheap_selftest test="$1" engine=go || return
	cat "$results" > "$tmp/numa.out"
	rmmod gcheap_selftest || return
	grep '^#' "$tmp/numa.out" >&3
	kernel_results "$tmp/numa.out"
}

# A cpuset with the CPUs of the second node and the memory of the first.
crossed()
{
	first=$(sed 's/[-,].*//' $nodes/online)
	second=$(sed 's/.*[-,]//' $nodes/online)
	mount -t cgroup2 none "$group" &&
	echo +cpuset > "$group/cgroup.subtree_control" &&
	mkdir "$group/crossed" &&
	cat "$nodes/node$second/cpulist" > "$group/crossed/cpuset.cpus" &&
	echo "$first" > "$group/crossed/cpuset.mems"
}

in_crossed()
(
	# Of the subshell, which is what loads the module.
	read -r pid _ < /proc/self/stat
	echo "$pid" > "$group/crossed/cgroup.procs" && node_test other-node
)

# Not among the files of the test, for what is in it is not to be removed.
group=$(mktemp -d) || lacks "folder for files"
trap 'umount "$group" 2> /dev/null; rmdir "$group"; finish' EXIT

exec 3>&1
check "on the CPU's node" node_test nodes
check "a full node" node_test full-node
if crossed 2> /dev/null; then
	check "a cpuset with memory of another node" in_crossed
	rmdir "$group/crossed"
else
	check "a cpuset with memory of another node" cannot "there are no cpusets"
fi
