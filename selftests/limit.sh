#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A heap at its limit: the run that hit it fails and says so, the hits are
# counted, no page is held beyond it, and the heap is good for the next run.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 20

LIMIT=8388608

# Far more than fits: 100,000 entries of 1 KiB.
too_much()
{
	gcctl run lru heap t-limit entries 100000 size 1024 seconds 60
}

counted()
{
	ok=0
	[ "$(stat_of t-limit limit-hits)" -gt 0 ] || ok=1
	[ "$(stat_of t-limit alloc-failures)" -gt 0 ] || ok=1
	held=$(stat_of t-limit peak-held-bytes)
	[ "$held" -le "$LIMIT" ] || ok=1
	[ "$ok" -eq 0 ] || gcctl stats t-limit
	return "$ok"
}

usable()
{
	idle_soon t-limit || return
	gcctl run binary-trees heap t-limit depth 8 max-operations 20 || return
	gcctl run lru heap t-limit entries 1000 size 64 max-operations 5000
}

raised()
{
	gcctl heap set t-limit limit 512M || return
	gcctl run lru heap t-limit entries 20000 size 1024 max-operations 40000
}

# Nothing is alive but what has 600,000 bytes; the heap may hold 1.5 MiB.
cat > "$tmp/limit.gct" <<'END'
gct 1
T 0 n 1
A 1 0 32 2
U 1
D 1
A 2 0 600000 0
U 2
D 2
END

emptied()
{
	gcctl heap add t-emptied engine "$engine" limit 1536K > /dev/null || return
	gcctl replay "$tmp/limit.gct" heap t-emptied
	ok=$?
	within 10 gcctl heap del t-emptied > /dev/null
	return "$ok"
}

for engine in go python slab; do
	gcctl heap add t-limit engine "$engine" limit "$LIMIT" poison on \
		> /dev/null
	refused "beyond the limit on $engine" 2 "reached its limit of 8.00 MiB" too_much
	check "hits are counted on $engine" counted
	check "usable afterwards on $engine" usable
	check "more fits under a higher limit on $engine" raised
	check "deleted on $engine" within 10 gcctl heap del t-limit
	check "an empty arena makes room on $engine" emptied
done

# What runs know of their caches is as large as nothing else bounds it.
much_of_its_own()
{
	gcctl run lru heap t-own entries 1000000 mutators 64 seconds 60
}
gcctl heap add t-own engine slab > /dev/null
refused "more of its own than a quarter of the memory" 2 \
	"would exceed a quarter of memory" much_of_its_own
within 10 idle t-own
check "and the heap is as good as before" gcctl run lru heap t-own \
	entries 1000 max-operations 5000
gcctl heap del t-own
rm -f "$tmp/limit.gct"
