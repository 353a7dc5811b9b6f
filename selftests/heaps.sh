#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tests of gcheap_selftest.ko, which use the heaps as kernel code does: size
# classes, maps of references, weak tables, cycles, limits, refusals, and many
# moves behind the back of the marker.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
results=/sys/kernel/debug/gcheap_selftest/results
[ -d /sys/kernel/debug/gcheap ] ||
	mount -t debugfs none /sys/kernel/debug 2> /dev/null
checks=8
[ -z "${GCHEAP_LONG:-}" ] || checks=9
begin "$checks"
[ -d /sys/kernel/debug/gcheap ] || lacks "debugfs"

# Its own results are KTAP: shown within this test's, indented; as notes where
# there are several for one, or one that is skipped as it is.
shown='s/^/  /' named=

# selftest ENGINE [WORD]...
selftest()
{
	engine=$1
	shift
	rmmod gcheap_selftest 2> /dev/null
	load gcheap_selftest engine="$engine" \
		${GCHEAP_ROUNDS:+rounds=$GCHEAP_ROUNDS} "$@" || return
	cat "$results" > "$tmp/heaps.out"
	rmmod gcheap_selftest || return
	sed "$shown" "$tmp/heaps.out" >&3
	plan=$(sed -n 's/^1\.\.//p' "$tmp/heaps.out")
	is "results" "$(grep -c '^ok ' "$tmp/heaps.out")" "$plan" || return
	[ -z "$named" ] || kernel_results "$tmp/heaps.out"
}

exec 3>&1
for engine in go python slab; do
	check "$engine" selftest "$engine"
done

# What depends on how a heap marks; where that is seen better elsewhere, a part.
shown='s/^/# /' named=1
marking="shapes rings deep large assist barrier"
bare="classes weak limit finalizers"
! time_is_dear || marking="shapes large barrier"
[ -z "${GCHEAP_BRIEF:-}" ] || marking="large barrier"
[ -z "${GCHEAP_BRIEF:-}" ] || time_is_dear || marking=barrier bare=classes
marked()
{
	for test in $marking; do
		selftest go marker="$1" test="$test" || return
	done
}

for marker in greentea classic; do
	check "go, marker $marker" marked "$marker"
done

# Without poison what is allocated has been zeroed before, many objects at once, and
# is not looked at.
bare()
{
	for test in $bare $marking; do
		selftest go poison=0 test="$test" || return
	done
}

check "go, without poison" bare

# Heaps that are not verified refuse misuse where all are checked; the log says why.
param=/sys/module/gcheap/parameters/checks
checked()
{
	echo 1 > "$param" && selftest go test=misuse checked=1 &&
		dmesg | grep -q 'heap selftest: .* called a mutator in a context that cannot sleep'
	ret=$?
	echo 0 > "$param"
	return "$ret"
}

keep "$param"
check "go, all calls checked" checked
restore

# The interpreter lock is lost in the delay, by a task that is killed.
killed_in_between()
{
	delay_set 300 || return
	selftest python test=killed
	ret=$?
	delay_set 0
	return "$ret"
}

if delay_set 0; then
	check "python, killed between two waits" killed_in_between
else
	check "python, killed between two waits" cannot "no delay points"
fi
[ -z "${GCHEAP_LONG:-}" ] ||
	check "go, as many cleanups as there may be" selftest go test=final-many
