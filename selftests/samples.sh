#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The samples of kmod/samples: they load, log the numbers expected, leave no heap, and
# can be unloaded and loaded again.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 4

mark="samples.sh $$"
list="gcheap_list: 1000 nodes allocated, 1000 collected, 0 left"

# log: what the kernel has said since the sample was loaded.
log()
{
	dmesg | sed 's/^\[[^]]*\] //' | awk -v mark="$mark $loads" '
		$0 == mark { found = 1; next } found'
}

# logs MODULE LINE: loaded, it logs that line, once, and no other.
logs()
{
	echo "$mark $loads" > /dev/kmsg
	load "$1" || return
	is "the log of $1" "$(log | grep "^$1: ")" "$2"
}

# heaps_are NUMBER
heaps_are()
{
	is "the number of heaps" "$(total heaps)" "$1"
}

# unloads MODULE
unloads()
{
	rmmod "$1" && [ ! -d "/sys/module/$1" ]
}

again()
{
	logs gcheap_list "$list" && heaps_are "$heaps" && unloads gcheap_list
}

rmmod gcheap_list 2> /dev/null
load gcheap_list || lacks "gcheap_list, or it does not load"
rmmod gcheap_list
heaps=$(total heaps)
loads=1
check "list: loaded, it logs what was allocated and collected" logs gcheap_list "$list"
check "list: its heap is gone" heaps_are "$heaps"
check "list: unloaded" unloads gcheap_list
loads=2
check "list: the same once more" again
