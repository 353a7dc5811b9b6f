#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A Go heap and its soft limit: what it holds stays within it while what is alive fits,
# and whatever is held beyond it is counted; where it does not fit, the limiter lets the
# mutators go on.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 9

LIMIT=16777216
# A piece of memory that each of two mutators may take beyond it.
BOUND=$((2 * 262144))

operations=100000
! time_is_dear || operations=20000

soft()
{
	gcctl heap add t-soft engine go gogc off memory-limit "$LIMIT" > /dev/null
}

gone()
{
	idle_soon t-soft && within 10 gcctl heap del t-soft > /dev/null
}

# What was held beyond the limit is what the statistics say.
counted()
{
	over=$(($(stat_of t-soft peak-held-bytes) - LIMIT))
	if [ "$over" -le 0 ]; then
		is over-limit "$(stat_of t-soft over-limit)" 0 &&
			is over-limit-ns "$(stat_of t-soft over-limit-ns)" 0 &&
			is over-limit-max-bytes \
				"$(stat_of t-soft over-limit-max-bytes)" 0
		return
	fi
	is over-limit-max-bytes "$(stat_of t-soft over-limit-max-bytes)" \
		"$over" || return
	[ "$(stat_of t-soft over-limit)" -gt 0 ] &&
		[ "$(stat_of t-soft over-limit-ns)" -gt 0 ]
}

# Nor is it held without a reason.
within_bound()
{
	[ "$over" -le "$BOUND" ] || [ "$(stat_of t-soft limiter-on)" -gt 0 ]
}

# kept WORKLOAD ARGUMENTS...
kept()
{
	workload=$1
	shift
	soft || return
	gcctl run "$workload" heap t-soft mutators 2 "$@" > /dev/null &&
		counted && within_bound
	ok=$?
	[ "$ok" -eq 0 ] || gcctl stats t-soft
	gone
	return "$ok"
}

# More is to be alive than fits: each run goes on to its end.
until_limited()
{
	turns=100
	until [ "$(stat_of t-soft limiter-on)" -gt 0 ]; do
		turns=$((turns - 1))
		[ "$turns" -gt 0 ] || return
		gcctl run churn heap t-soft mutators 2 live 20M \
			max-operations 20000 > /dev/null || return
	done
}

limited()
{
	soft || return
	until_limited && counted && [ "$over" -gt "$BOUND" ] &&
		[ "$(stat_of t-soft limit-waits)" -gt 0 ] &&
		[ "$(stat_of t-soft limiter-ns)" -gt 0 ]
	ok=$?
	[ "$ok" -eq 0 ] || gcctl stats t-soft
	return "$ok"
}

is_below()
{
	[ "$(stat_of t-soft held-bytes)" -le "$1" ]
}

# What is beyond the limit goes when it is garbage, and no time is counted then.
comes_back()
{
	idle_soon t-soft && gcctl collect t-soft > /dev/null &&
		within 10 is_below "$LIMIT" || return
	ns=$(stat_of t-soft over-limit-ns)
	is over-limit-ns "$(stat_of t-soft over-limit-ns)" "$ns"
}

# Nobody allocates any more; the new limit alone collects.
lowered()
{
	gcctl heap add t-soft engine go gogc off > /dev/null &&
		gcctl run churn heap t-soft live 8M max-operations 20000 \
			> /dev/null || return
	[ "$(stat_of t-soft held-bytes)" -gt "$LIMIT" ] || return
	is cycles "$(stat_of t-soft cycles)" 0 || return
	gcctl heap set t-soft memory-limit "$LIMIT" > /dev/null &&
		within 60 is_below "$LIMIT"
	ok=$?
	[ "$ok" -eq 0 ] || gcctl stats t-soft
	gone
	return "$ok"
}

check "kept by churn" kept churn live 4M max-operations "$operations"
check "kept by churn near the limit" kept churn live 10M \
	max-operations "$operations"
check "kept by larson" kept larson blocks 5000 max-operations $((operations * 4))
check "kept by large blocks" kept larson blocks 20 min-size 40000 \
	max-size 65536 max-operations $((operations / 40))
check "kept by binary-trees" kept binary-trees depth 10 \
	max-operations $((operations / 100))
check "what does not fit is let in, and counted" limited
check "and comes back" comes_back
check "a heap without mutators" gone
check "a limit that is lowered collects" lowered
