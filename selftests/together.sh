#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Two gcctl at once, on one heap and over the same name: exactly one wins where
# one must, each says how it fared, and nothing of either is left.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ROUNDS=10
[ -z "${GCHEAP_LONG:-}" ] || ROUNDS=300

begin 24

# both COMMAND -- COMMAND: at the same time; their statuses are in one and two.
both()
{
	first=
	while [ "$1" != -- ]; do
		first="$first '$1'"
		shift
	done
	shift
	eval "$first" > "$tmp/one" 2>&1 &
	other=$!
	"$@" > "$tmp/two" 2>&1
	two=$?
	wait "$other"
	one=$?
}

# One of both has won, and the other was told TEXT.
one_won()
{
	case $one:$two in
	0:2) grep -q "$1" "$tmp/two" && return ;;
	2:0) grep -q "$1" "$tmp/one" && return ;;
	esac
	echo "exit statuses $one and $two"
	cat "$tmp/one" "$tmp/two"
	return 1
}

same_name()
{
	n=0
	while [ "$n" -lt "$ROUNDS" ]; do
		both gcctl heap add t-both engine go -- \
			gcctl heap add t-both engine python
		one_won "exists" || return
		both gcctl heap del t-both -- gcctl heap del t-both
		one_won "no such heap\|has been deleted" || return
		n=$((n + 1))
	done
}

# forever COMMAND...: until the file is gone; it must succeed each time.
forever()
{
	while [ -e "$tmp/go" ]; do
		"$@" > "$tmp/forever.$1" 2>&1 && continue
		{
			echo "$*:"
			cat "$tmp/forever.$1"
		} >> "$tmp/failed"
		break
	done
}

setter()
{
	gcctl heap set t-both verify on interval-ms 1 &&
	gcctl heap set t-both limit 512M interval-ms 0 verify off
}

looker()
{
	gcctl -j stats t-both && gcctl heap show t-both && gcctl heap &&
	gcctl -j version
}

collector()
{
	gcctl collect t-both
}

runner()
{
	gcctl run "$1" heap t-both mutators 2 max-operations 400
}

# All of it at once, for a while.
everything()
{
	rm -f "$tmp/failed"
	touch "$tmp/go"
	forever setter &
	forever looker &
	[ "$1" = slab ] || forever collector &
	forever runner cycles &
	n=0
	while [ "$n" -lt $((ROUNDS / 5)) ]; do
		runner lru > "$tmp/runner" 2>&1 || {
			cat "$tmp/runner" >> "$tmp/failed"
			break
		}
		n=$((n + 1))
	done
	rm -f "$tmp/go"
	wait
	[ ! -e "$tmp/failed" ] || {
		cat "$tmp/failed"
		return 1
	}
	idle_soon t-both || return
	[ "$1" = slab ] || gcctl collect t-both > /dev/null || return
	is "objects left" "$(stat_of t-both live-objects)" 0 &&
	is "verification errors" "$(stat_of t-both verify-errors)" 0
}

# Deleted, over and over, under those who use it: whoever it is takes it well.
deleter()
{
	while [ -e "$tmp/go" ]; do
		gcctl heap del t-both > "$tmp/del" 2>&1
		case $?:$(cat "$tmp/del") in
		0:*)
			gcctl heap add t-both engine "$1" > /dev/null ||
				echo "not made again" >> "$tmp/failed"
			echo x >> "$tmp/deleted"
			;;
		2:*"in use"*|2:*"no such heap"*) ;;
		*) cat "$tmp/del" >> "$tmp/failed" ;;
		esac
	done
}

under_deletion()
{
	rm -f "$tmp/failed" "$tmp/deleted"
	touch "$tmp/go"
	deleter "$1" &
	n=0
	while [ "$n" -lt "$ROUNDS" ]; do
		case $((n % 5)) in
		0) set -- "$1" run cycles heap t-both max-operations 20 ;;
		1) set -- "$1" stats t-both ;;
		2) set -- "$1" heap set t-both interval-ms 1 ;;
		3) set -- "$1" run lru heap t-both mutators 2 max-operations 50 ;;
		4) set -- "$1" heap show t-both ;;
		esac
		engine=$1
		shift
		gcctl "$@" > "$tmp/used" 2>&1
		case $?:$(cat "$tmp/used") in
		0:*|2:*Error:\ ?*) ;;
		*)
			{
				echo "gcctl $*:"
				cat "$tmp/used"
			} >> "$tmp/failed"
			;;
		esac
		set -- "$engine"
		n=$((n + 1))
	done
	rm -f "$tmp/go"
	wait
	[ ! -e "$tmp/failed" ] || {
		cat "$tmp/failed"
		return 1
	}
	[ -e "$tmp/deleted" ] || {
		echo "it was never deleted"
		return 1
	}
}

# Lists, while what they list comes and goes.
lister()
{
	gcctl heap && gcctl -j heap show
}

listed()
{
	rm -f "$tmp/failed"
	touch "$tmp/go"
	forever lister &
	n=0
	while [ "$n" -lt "$ROUNDS" ]; do
		gcctl heap add "t-list-$n" engine slab > /dev/null || return
		gcctl heap add t-list engine go > /dev/null || return
		gcctl heap del t-list || return
		n=$((n + 1))
	done
	while [ "$n" -gt 0 ]; do
		n=$((n - 1))
		gcctl heap del "t-list-$n" || return
	done
	rm -f "$tmp/go"
	wait
	[ ! -e "$tmp/failed" ] || {
		cat "$tmp/failed"
		return 1
	}
}

# A trace that does not end by itself.
endless()
{
	zcat "$traces/cpython-asyncio.gct.gz" | head -n 2000
	sleep 60
}

busy()
{
	! idle t-both
}

# A thread of a run or a replay is there.
runs()
{
	grep -sq "^gch_load/" /proc/[0-9]*/comm
}

# Only one of those who want a heap alone, or one who does and others.
alone()
{
	mkfifo "$tmp/fifo"
	endless > "$tmp/fifo" 2> /dev/null &
	feeder=$!
	gcctl replay "$tmp/fifo" heap t-both > "$tmp/replay" 2>&1 &
	replay=$!
	within 10 busy
	check "a run is seen on $1" runs
	refused "a second replay on $1" 2 "exclusive use" \
		gcctl replay "$traces/cpython-asyncio.gct.gz" heap t-both
	refused "a run beside a replay on $1" 2 "exclusive use" \
		gcctl run lru heap t-both max-operations 10
	kill -INT "$replay"
	wait "$replay" 2> /dev/null
	kill "$feeder" 2> /dev/null
	wait "$feeder" 2> /dev/null
	rm -f "$tmp/fifo"
}

check "one name for two" same_name
for engine in go python slab; do
	gcctl heap add t-both engine "$engine" > /dev/null
	check "everything at once on $engine" everything "$engine"
	alone "$engine"
	check "deleted all the time on $engine" under_deletion "$engine"
	check "deleted at last on $engine" within 10 gcctl heap del t-both
done
check "lists of what comes and goes" listed

both gcctl compare binary-trees depth 6 max-operations 20 repeat 1 -- \
	gcctl compare lru entries 100 max-operations 2000 repeat 1
check "two comparisons" is "exit statuses" "$one $two" "0 0"
check "no heap of theirs is left" is "heaps" "$(total heaps)" 0
balanced()
{
	is "pages returned" "$(total pages-returned)" "$(total pages-taken)"
}
check "all pages came back" within 10 balanced
no_run()
{
	! runs
}
check "no run is left" within 10 no_run
