#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Modules that use heaps and are unloaded: no function of them is called afterwards,
# whoever made the heap, whoever deletes it, and whatever they forget; what a module's
# heap takes is charged to who loaded it. See kmod/tests/client.c.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 15

called=/sys/module/gcheap_client/parameters/called
cgroup=/sys/fs/cgroup/t-clients

# has_called: its finalizer has begun.
has_called()
{
	[ "$(cat "$called")" -gt 0 ]
}

# stays NAME: it cannot be unloaded.
stays()
{
	! rmmod gcheap_client 2> /dev/null || {
		echo "unloaded $1"
		return 1
	}
}

# A finalizer in the heap of another is called before its module can go.
foreign()
{
	gcctl heap add t-foreign engine go > /dev/null || return
	load gcheap_client heap=t-foreign || return
	stays "with a finalizer in another's heap" || return
	gcctl collect t-foreign || return
	within 10 rmmod gcheap_client || return
	is "finalizers run" "$(stat_of t-foreign finalizers-run)" 1
}

# Deleted with the heap, it does not keep the module.
foreign_dropped()
{
	load gcheap_client heap=t-foreign || return
	gcctl heap del t-foreign || return
	rmmod gcheap_client
}

# One that runs does, and nobody waits for it with netlink's locks.
foreign_runs()
{
	gcctl heap add t-foreign engine go > /dev/null || return
	load gcheap_client heap=t-foreign takes_ms=2000 || return
	gcctl collect t-foreign || return
	within 10 has_called || return
	gcctl heap del t-foreign || return
	stays "while its finalizer runs" || return
	within 10 rmmod gcheap_client
}

# Its own finalizer is waited for, with others looking at the heap.
own()
{
	load gcheap_client takes_ms=2000 || return
	n=0
	while [ "$n" -lt 2 ]; do
		while gcctl stats t-client; do :; done > /dev/null 2>&1 &
		n=$((n + 1))
	done
	gcctl collect t-client || return
	within 10 has_called || return
	rmmod gcheap_client || return
	wait
	log=$(dmesg) && ! echo "$log" | grep "unloaded while a finalizer runs"
}

own_in_use()
{
	load gcheap_client || return
	gcctl run lru heap t-client seconds 20 > /dev/null 2>&1 &
	run=$!
	within 10 eval '! idle t-client' || return
	stays "with another's mutators in its heap" || return
	kill -KILL "$run"
	wait "$run" 2> /dev/null
	within 10 rmmod gcheap_client
}

# What it has forgotten can be seen and deleted, and calls nothing.
forgotten()
{
	load gcheap_client forget=1 || return
	rmmod gcheap_client || return
	dmesg | grep -q "heap t-client outlives module gcheap_client" || {
		echo "not a word of it"
		return 1
	}
	gcctl collect t-client || return
	is "finalizers run" "$(stat_of t-client finalizers-run)" 0 || return
	gcctl heap del t-client
}

# fails [PARAMETER]...: its init does. insmod may try twice, so a heap that is left is
# there already; to modprobe that would be success.
fails()
{
	! insmod "$(client)" "$@" 2> /dev/null || {
		echo "loaded"
		rmmod gcheap_client
		return 1
	}
}

# What a module leaves in the heap of another is not called once its init has failed.
failed()
{
	gcctl heap add t-foreign engine go > /dev/null || return
	fails heap=t-foreign fail=1 || return
	gcctl collect t-foreign || return
	gcctl collect t-foreign || return
	is "finalizers run" "$(stat_of t-foreign finalizers-run)" 0
}

# One that runs is waited for.
failed_runs()
{
	fails heap=t-foreign fail=2 takes_ms=1000 || return
	[ "$(stat_of t-foreign finalizers-run)" -gt 0 ] || {
		echo "no finalizer has run"
		return 1
	}
	gcctl heap del t-foreign || return
	fails fail=2 takes_ms=1000 forget=1 || return
	gcctl heap del t-client
}

# It is also waited for when something else of the queue ends before it.
failed_stops()
{
	gcctl heap add t-foreign engine go > /dev/null || return
	fails heap=t-foreign fail=2 takes_ms=500 stops=1 || return
	log=$(dmesg) && ! echo "$log" | grep "no cleanup to stop" || return
	[ "$(stat_of t-foreign cleanups-queued)" -gt 0 ] || {
		echo "no cleanup was queued"
		return 1
	}
	is "finalizers run" "$(stat_of t-foreign finalizers-run)" \
		"$(stat_of t-foreign cleanups-queued)" || return
	gcctl heap del t-foreign
}

# Nothing of others can pin a module that may yet fail.
coming()
{
	fails fail=1 init_ms=3000 &
	within 10 eval 'gcctl heap show t-client > /dev/null 2>&1' || return
	if gcctl run lru heap t-client max-operations 10 > /dev/null 2>&1; then
		echo "others use the heap of a module that is being loaded"
		return 1
	fi
	wait "$!" || return
	! gcctl heap show t-client > /dev/null 2>&1 || {
		echo "its heap is still there"
		return 1
	}
}

# Another module deletes its heap, while its finalizer runs and the module goes. It must
# not go before the finalizer has ended.
own_deleted()
{
	load gcheap_client takes_ms=3000 forget=1 || return
	gcctl collect t-client > /dev/null || return
	within 10 has_called || return
	load gcheap_selftest test=final-foreign &
	deleter=$!
	# Until it waits.
	sleep 0.5
	rmmod gcheap_client || return
	# Its text is gone: a finalizer that still sleeps returns to nowhere.
	sleep 4
	wait "$deleter"
	grep -q "^ok .*final-foreign" \
		/sys/kernel/debug/gcheap_selftest/results
	ret=$?
	rmmod gcheap_selftest
	return "$ret"
}

compared()
{
	owned=$(gcctl -j heap | keys | sed -n 's/.*"name":"\(compare-[^"]*\)".*/\1/p' |
		head -n 1)
	[ -n "$owned" ]
}

gone()
{
	! gcctl heap show "$1" > /dev/null 2>&1
}

# The socket that a heap belonged to is closed. The module still has a table in it, and
# no mutator.
orphan()
{
	gcctl compare churn live 4M seconds 60 > /dev/null 2>&1 &
	comparer=$!
	within 20 compared || return
	load gcheap_client heap="$owned" entries=100 leave=1 || return
	kill -KILL "$comparer"
	wait "$comparer" 2> /dev/null
	within 10 idle "$owned" || return
	rmmod gcheap_client || return
	within 10 gone "$owned" || {
		echo "heap $owned stays"
		return 1
	}
}

# in_cgroup COMMAND...
in_cgroup()
{
	sh -c 'echo 0 > "$1/cgroup.procs" && shift && exec "$@"' cgroup \
		"$cgroup" "$@"
}

# A table of 16 MiB, made by a kthread.
charged()
{
	echo max > "$cgroup/memory.max"
	before=$(cat "$cgroup/memory.current")
	in_cgroup insmod "$(client)" entries=2000000 || return
	after=$(cat "$cgroup/memory.current")
	rmmod gcheap_client || return
	[ $((after - before)) -gt 15000000 ] || {
		echo "$((after - before)) bytes were charged"
		return 1
	}
}

# It fails where the cgroup has no room, and no task is killed for it.
refused_by_cgroup()
{
	echo 8M > "$cgroup/memory.max"
	if in_cgroup insmod "$(client)" entries=2000000 2> /dev/null; then
		echo "a table of twice the cgroup's limit"
		rmmod gcheap_client
		return 1
	fi
	is "tasks killed" "$(sed -n 's/^oom_kill //p' "$cgroup/memory.events")" 0
}

# Where the module is.
client()
{
	if [ -n "${GCHEAP_MODULES:-}" ]; then
		echo "$GCHEAP_MODULES/gcheap_client.ko"
	else
		find /lib/modules/"$(uname -r)" -name 'gcheap_client.ko*'
	fi
}

check "a finalizer in another's heap keeps its module" foreign
check "not when the heap has been deleted" foreign_dropped
check "while it runs it does" foreign_runs
check "its own heap's finalizer is waited for" own
load gcheap_client
refused "deleting a module's heap" 2 "belongs to module" \
	gcctl heap del t-client
rmmod gcheap_client
check "mutators in its heap keep a module" own_in_use
check "a heap that its module has forgotten" forgotten
check "a module whose init fails: its finalizers are not called" failed
check "the one that runs is waited for" failed_runs
check "even if what is queued behind it is stopped" failed_stops
check "nobody else uses its heap before its init has succeeded" coming
check "another deletes its heap while its finalizer runs" own_deleted
check "a table in a heap whose socket was closed" orphan
if have_memcg "$cgroup"; then
	check "a kthread's table is charged to who made the heap" charged
	check "and refused by the cgroup" refused_by_cgroup
	rmdir "$cgroup"
else
	check "a kthread's table is charged to who made the heap" cannot "no cgroups"
	check "and refused by the cgroup" cannot "no cgroups"
fi
