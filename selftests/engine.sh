#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# An engine of another module: epsilon, which never frees. Its module is loaded with the
# first heap and stays while there is one; its own key is set and shown; workloads,
# replays, a comparison and the tests of the kernel API run on it.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 29

results=/sys/kernel/debug/gcheap_selftest/results
[ -d /sys/kernel/debug/gcheap ] ||
	mount -t debugfs none /sys/kernel/debug 2> /dev/null
[ -d /sys/kernel/debug/gcheap ] || lacks "debugfs"
rmmod gcheap_epsilon 2> /dev/null
# The kernel loads it by its alias, so it must be installed.
modprobe -q gcheap-engine-epsilon || lacks "gcheap_epsilon"
rmmod gcheap_epsilon
taken=$(total pages-taken) returned=$(total pages-returned)

# text KEY: the first text of that name in the JSON on stdin.
text()
{
	keys | sed -n "s/^\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

# ---- the module ----

loaded_on_demand()
{
	[ ! -d /sys/module/gcheap_epsilon ] || {
		echo "it is loaded already"
		return 1
	}
	gcctl heap add t-eps engine epsilon limit 64M > "$tmp/out" || return
	is "engine" "$(gcctl -j heap show t-eps | text engine)" epsilon &&
		grep -q "engine epsilon" "$tmp/out" && [ -d /sys/module/gcheap_epsilon ]
}

listed()
{
	gcctl -br engine show > "$tmp/out" || return
	grep -q '^epsilon  *gcheap_epsilon  *never  *chunks  *off$' "$tmp/out" &&
		grep -q '^go  *gcheap  *tracing  *spans  *on$' "$tmp/out" && return
	cat "$tmp/out"
	return 1
}

# In JSON the setting of epsilon alone; the others are those of all engines.
described()
{
	gcctl -j engine show epsilon > "$tmp/out" || return
	is keys "$(keys < "$tmp/out" | grep -c '^"attribute":')" 5 || return
	sed 's/.*"name":"chunk-size"/{/' "$tmp/out" > "$tmp/key"
	is unit "$(text unit < "$tmp/key")" bytes &&
		is least "$(number min-value < "$tmp/key")" 65536 &&
		is most "$(number max-value < "$tmp/key")" 4194304 &&
		is default "$(number default < "$tmp/key")" 65536 &&
		grep -q '"live":true,"power-of-two":true,"choice":\[\]' "$tmp/key" ||
		return
	gcctl engine show epsilon > "$tmp/out" &&
		grep -q '^chunk-size  *bytes  *64 KiB  *yes  *64 KiB to 4 MiB, power of two$' \
			"$tmp/out" && grep -q '^    Size of the blocks' "$tmp/out"
}

refused "its key while it is not loaded" 1 "modprobe gcheap-engine-epsilon" \
	gcctl heap add t-eps engine epsilon chunk-size 128K
check "loaded with the first heap" loaded_on_demand
check "listed" listed
check "described with its settings" described
refused "not unloaded while there is a heap" 1 "" rmmod gcheap_epsilon

# ---- its own key ----

# chunk_is BYTES SHOWN: as heap show, heap keys and JSON have it.
chunk_is()
{
	is chunk-size "$(setting_of t-eps chunk-size)" "$1" || return
	gcctl heap show t-eps | grep -q "chunk-size $2" &&
		gcctl heap keys t-eps | grep -q "^chunk-size .*$2  *yes" || return
	is current "$(gcctl -j heap keys t-eps | sed 's/.*"name":"chunk-size"//' |
		number current)" "$1"
}

check "its key has its default" chunk_is 65536 "64 KiB"
refused "its key with a bad value" 2 "chunk-size must be 65536 to 4194304" \
	gcctl heap set t-eps chunk-size 1K
refused "its key with no power of two" 2 "chunk-size must be a power of two" \
	gcctl heap set t-eps chunk-size 100000
refused "its key with no size" 1 "size in bytes" gcctl heap set t-eps chunk-size many
refused "a key that it lacks" 2 "gogc does not apply" gcctl heap set t-eps gogc 50
gcctl heap set t-eps chunk-size 256K verify on
check "its key is changed" chunk_is 262144 "256 KiB"
check "deleted" gcctl heap del t-eps
check "made with its key" gcctl heap add t-eps engine epsilon chunk-size 1M
check "its key has the value" chunk_is 1048576 "1 MiB"
gcctl heap del t-eps

# ---- work ----

# on_heap WORD...: a command with its heap, which ends as done, and the heap is sound.
on_heap()
{
	gcctl heap add t-eps engine epsilon limit 300M verify on > /dev/null || return
	gcctl -j "$@" > "$tmp/out" 2>&1 || {
		cat "$tmp/out"
		return 1
	}
	is state "$(text state < "$tmp/out")" "done" &&
		is mismatches "$(number mismatches < "$tmp/out")" "${found-}" &&
		gcctl collect t-eps > /dev/null &&
		is "verification errors" "$(stat_of t-eps verify-errors)" 0 &&
		[ "$(stat_of t-eps live-objects)" -gt 0 ] && idle_soon t-eps &&
		gcctl heap del t-eps
}

# work WORKLOAD [WORD]...
work()
{
	workload=$1
	shift
	on_heap run "$workload" heap t-eps mutators 2 seconds 1 "$@" &&
		[ "$(number operations < "$tmp/out")" -gt 0 ]
}

check "binary-trees" work binary-trees depth 6 max-operations 10
check "lru" work lru entries 100 max-operations 2000
check "cycles" work cycles entries 10 max-operations 1000
check "alloc" work alloc max-operations 100
check "churn" work churn live 128K max-operations 500
check "larson" work larson blocks 50 rounds 10 max-operations 2000
check "mstress" work mstress scale 1 max-operations 2

# Nothing dies, so nothing is compared; the objects of the trace are there.
replay()
{
	on_heap replay "$1" heap t-eps verify "$2" mutators 2 &&
		is "live objects" "$(number live-found < "$tmp/out")" \
			"$(number live-expected < "$tmp/out")"
}

found=0
for trace in cpython-asyncio cpython-docutils; do
	for verify in off on; do
		check "$trace, verify $verify" replay "$traces/$trace.gct.gz" "$verify"
	done
done

compared()
{
	gcctl -j compare "$traces/cpython-asyncio.gct.gz" engines go,epsilon repeat 1 \
		limit 300M gogc 50 chunk-size 128K > "$tmp/out" || return
	for row in '"state":{"go":"done","epsilon":"done"}' \
		'"method":{"go":"spans","epsilon":"chunks"}' \
		'"method":{"go":"tracing","epsilon":"never"}'; do
		grep -qF "$row" "$tmp/out" || {
			echo "there is no $row"
			return 1
		}
	done
}
check "compared with go" compared

# ---- the kernel API, and the end ----

api()
{
	rmmod gcheap_selftest 2> /dev/null
	load gcheap_selftest engine=epsilon rounds="${GCHEAP_ROUNDS:-1000}" || return
	cat "$results" > "$tmp/out"
	rmmod gcheap_selftest || return
	plan=$(sed -n 's/^1\.\.//p' "$tmp/out")
	[ "${plan:-0}" -gt 5 ] && kernel_results "$tmp/out" &&
		is results "$(grep -c '^ok ' "$tmp/out")" "$plan"
}

unloaded()
{
	rmmod gcheap_epsilon && [ ! -d /sys/module/gcheap_epsilon ] &&
		gcctl engine show > "$tmp/out" && grep -q '^python ' "$tmp/out" &&
		! grep epsilon "$tmp/out"
}

balanced()
{
	is heaps "$(total heaps)" 0 &&
		is "pages returned" "$(($(total pages-returned) - returned))" \
			"$(($(total pages-taken) - taken))"
}

check "the kernel API" api
check "unloaded" within 10 unloaded
check "all pages came back" within 10 balanced
