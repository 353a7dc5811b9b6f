#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit suites of gcheap_kunit.ko, each a result of this test: size classes,
# histograms, the pacer, words that hold several things, types, tables, arenas,
# pages, spans, pools, work buffers, workers, finalizers, what snapshots keep, deaths,
# and collections of small graphs. GCHEAP_SEED repeats a run, GCHEAP_LONG runs each suite
# twenty times: no single test may take a minute, or the kernel takes who waits for it
# to hang.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
suites="sizeclass hist pacer word core pages span cache pool graph work young death
	kept pace worker final"
kunit=/sys/kernel/debug/kunit
out=$tmp/kunit.out

# shellcheck disable=SC2086 # words are counted
set -- $suites
begin $#
[ -d /sys/kernel/debug/gcheap ] ||
	mount -t debugfs none /sys/kernel/debug 2> /dev/null
[ -d /sys/module/kunit ] || modprobe -q kunit enable=1 autorun=1 2> /dev/null ||
	skip_all "the kernel has no KUnit"
if [ -n "${GCHEAP_MODULES:-}" ]; then
	[ -e "$GCHEAP_MODULES/gcheap_kunit.ko" ]
else
	modprobe -D gcheap_kunit > /dev/null 2>&1
fi || lacks "gcheap_kunit.ko"

# log: what the kernel has said since the module was loaded.
log()
{
	dmesg | sed 's/^\[[^]]*\] //' | awk -v mark="$mark" '
		index($0, mark) { found = 1; next } found'
}

# from_log SUITE: its lines, where the kernel has no debugfs for them.
from_log()
{
	log | awk -v suite="$1" '
		$1 == "#" && $2 == "Subtest:" { on = $3 == suite }
		on
		on && /^(not )?ok / { exit }'
}

# collect SUITE: its results, after a run of its own where it has not run when
# the module was loaded (kunit.autorun=0).
collect()
{
	if [ ! -e "$kunit/$1/results" ]; then
		from_log "$1" > "$out"
		return
	fi
	if ! grep -qE '^ +(not )?ok ' "$kunit/$1/results" &&
		[ -e "$kunit/$1/run" ]; then
		echo run > "$kunit/$1/run"
	fi
	# In newer kernels the suite is within a document of its own.
	sed '/^KTAP version/d; /^1\.\.1$/d' "$kunit/$1/results" > "$out"
}

# sound SUITE: as many results as were planned, all of them good.
sound()
{
	plan=$(sed -n 's/^ *1\.\.//p' "$out" | head -n 1)
	[ "${plan:-0}" -gt 0 ] || {
		echo "no results of $1"
		return 1
	}
	! grep -q 'not ok ' "$out" || {
		echo "a test of $1 failed"
		return 1
	}
	is "results" "$(grep -cE '^ +ok ' "$out")" "$plan" &&
	grep -qE "^ok [0-9]+ (- )?$1\$" "$out"
}

# passed SUITE: it did, this time and every other. What is shown is the last one.
passed()
{
	collect "$1"
	left=${GCHEAP_LONG:+19}
	while [ "${left:-0}" -gt 0 ] && [ -e "$kunit/$1/run" ] &&
		sound "$1" > /dev/null; do
		left=$((left - 1))
		echo run > "$kunit/$1/run"
		collect "$1"
	done
	# The suite's own result is this test's.
	sed -n 's/^    /  /p' "$out" >&3
	sound "$1"
}

set --
[ -z "${GCHEAP_SEED:-}" ] || set -- "$@" seed="$GCHEAP_SEED"
mark="kunit.sh $$"
echo "$mark" > /dev/kmsg
rmmod gcheap_kunit 2> /dev/null
if ! load gcheap_kunit "$@"; then
	say "gcheap_kunit.ko does not load"
	exit 1
fi
if [ ! -d "$kunit" ] && log | grep -q 'kunit: disabled'; then
	rmmod gcheap_kunit
	skip_all "KUnit is disabled (kunit.enable)"
fi

exec 3>&1
for suite in $suites; do
	check "$suite" passed "gcheap_$suite"
done
rm -f "$out"
rmmod gcheap_kunit || exit 1
