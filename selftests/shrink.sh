#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory pressure: a heap that keeps memory for its next cycle gives it back, and
# what is garbage is collected, so that the system has it. Dropping the caches
# calls every shrinker, until none gives much.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 4
[ -w /proc/sys/vm/drop_caches ] || lacks "way to drop caches"

KEPT=33554432

mem_free()
{
	sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

pressed()
{
	sync
	echo 2 > /proc/sys/vm/drop_caches
}

# No cycle starts by itself, so that garbage stays.
filled()
{
	gcctl heap add t-shrink engine go gogc off period-ms off || return
	gcctl run binary-trees heap t-shrink depth 12 max-operations 20000 \
		seconds 60 || return
	idle_soon t-shrink || return
	[ "$(stat_of t-shrink held-bytes)" -ge "$KEPT" ] || {
		echo "only $(stat_of t-shrink held-bytes) bytes held"
		return 1
	}
}

given_back()
{
	pressed
	[ "$(stat_of t-shrink held-bytes)" -le $((held / 10)) ]
}

collected()
{
	within 20 given_back || {
		echo "$(stat_of t-shrink held-bytes) of $held bytes still held"
		return 1
	}
	[ "$(stat_of t-shrink cycles)" -gt 0 ] || {
		echo "not collected"
		return 1
	}
}

# What others take meanwhile is far less, and they have given before what they would.
visible()
{
	[ "$held" -ge "$KEPT" ] && [ "$free" -gt 0 ] || return
	gain=$((($(mem_free) - free) * 1024))
	[ "$gain" -ge $((held / 2)) ] || {
		echo "$gain bytes more are free, of $held"
		return 1
	}
	[ "$(stat_of t-shrink returned-bytes)" -ge $((held / 2)) ]
}

usable()
{
	gcctl run lru heap t-shrink entries 1000 max-operations 20000
}

pressed
check "filled with garbage" filled
held=$(stat_of t-shrink held-bytes)
free=$(mem_free)
check "collected and given back" collected
check "visible in MemFree" visible
check "usable afterwards" usable
