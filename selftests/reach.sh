#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# How gcctl reaches the modules where that is made hard: with socket buffers that are
# too small for an answer or a chunk of a trace, with and without rights, and from a
# network namespace that does not see them.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 13
chmod 755 "$tmp"
core=/proc/sys/net/core

# The least that the kernel takes.
small_buffers()
{
	keep "$core/rmem_max" "$core/rmem_default" "$core/wmem_max" "$core/wmem_default"
	for name in rmem wmem; do
		least=$(cat "$core/${name}_max")
		while [ "$least" -gt 256 ] &&
		      echo $((least / 2)) 2> /dev/null > "$core/${name}_max"; do
			least=$((least / 2))
		done
		while echo $((least - 256)) 2> /dev/null > "$core/${name}_max"; do
			least=$((least - 256))
		done
		echo "$least" > "$core/${name}_default"
	done
}

# as_anyone COMMAND...: as a user without rights.
as_anyone()
{
	su -s /bin/sh nobody -c "$*"
}

# All that is shown to all, twice: what one answer left behind does not disturb
# the next.
shown_to_all()
{
	for command in version "heap show" "heap show t-reach" "stats t-reach" \
		"-j heap show" "-j stats t-reach"; do
		# shellcheck disable=SC2086 # words
		gcctl $command > "$tmp/want" || return
		as_anyone gcctl "$command" > "$tmp/got" 2>&1 || {
			echo "$command:"
			cat "$tmp/got"
			return 1
		}
		is "lines of $command" "$(wc -l < "$tmp/got")" \
			"$(wc -l < "$tmp/want")" || return
	done
}

lists()
{
	n=0
	while [ "$n" -lt 40 ]; do
		gcctl heap add "t-reach-$n" engine python > /dev/null || return
		n=$((n + 1))
	done
	as_anyone gcctl heap show > "$tmp/got" 2>&1
	is "heaps" "$(grep -c '^t-reach-' "$tmp/got")" 40
	status=$?
	clean
	return "$status"
}

followed()
{
	gcctl heap add t-reach engine go > /dev/null || return
	gcctl heap set t-reach gctrace 1 || return
	as_anyone timeout 20 gcctl monitor t-reach count 3 > "$tmp/got" 2>&1 &
	job=$!
	n=0
	while kill -0 "$job" 2> /dev/null && [ "$n" -lt 200 ]; do
		gcctl collect t-reach > /dev/null || return
		n=$((n + 1))
	done
	wait "$job"
	is "lines" "$(grep -c '^gc ' "$tmp/got")" 3
}

replayed()
{
	gcctl replay "$traces/cpython-asyncio.gct.gz" heap t-reach verify off \
		> "$tmp/got" && grep -q "state done" "$tmp/got"
}

hidden()
{
	unshare -n gcctl "$@"
}

refused_hidden()
{
	refused "$1 from another network namespace" 2 "initial network namespace" \
		hidden "$@"
}

# In JSON that it is hidden does not look as if it were not loaded.
json_hidden()
{
	hidden -j version > "$tmp/got" || return
	grep -q '"module":null,"module-state":"hidden","load":"hidden"' "$tmp/got"
}

version_hidden()
{
	hidden version > "$tmp/got" || return
	is "states" "$(grep -c 'hidden' "$tmp/got")" 2
}

gcctl heap add t-reach engine go > /dev/null
small_buffers || say "buffers stay as they are"
say "buffers: $(cat $core/rmem_max) to receive, $(cat $core/wmem_max) to send"
check "small buffers: what is shown to all" shown_to_all
check "small buffers: a trace" replayed
check "small buffers: a run" gcctl run lru heap t-reach max-operations 100
gcctl heap del t-reach
check "small buffers: a long list" lists
check "small buffers: collections as they come" followed
gcctl heap del t-reach
restore

if unshare -n true 2> /dev/null; then
	refused_hidden heap
	refused_hidden stats t-reach
	refused_hidden run lru heap t-reach
	refused_hidden replay "$traces/cpython-asyncio.gct.gz" heap t-reach
	check "version says so" version_hidden
	check "version says so in JSON" json_hidden
	rmmod gcheap_load
	# Only the one that is missing is said to be.
	keep /proc/sys/kernel/modprobe
	echo /bin/false > /proc/sys/kernel/modprobe
	refused "a module that is not there" 3 "gcheap_load is not loaded" \
		hidden run lru heap t-reach
	restore
	load gcheap_load
	check "and the first namespace still sees it" gcctl heap show
else
	n=0
	while [ "$n" -lt 8 ]; do
		n=$((n + 1))
		check "from another network namespace" cannot "none can be made"
	done
fi
