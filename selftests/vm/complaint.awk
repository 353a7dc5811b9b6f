# SPDX-License-Identifier: GPL-2.0
# From the messages of a kernel, the first by which it complains and the trace
# that belongs to it. Data races are races.awk's.

{
	text = $0
	sub(/^\[ *[0-9.]+\](\[[^]]*\])? */, "", text)
}

lines == 0 && text !~ /^BUG: KCSAN: / &&
(text ~ /^(WARNING: |BUG: |Oops|INFO: task |Kernel panic|UBSAN: |kernel BUG at )/ ||
 text ~ /^(general protection fault|Unable to handle kernel|Internal error: )/ ||
 text ~ /^(watchdog: BUG: |rcu:.* stall)/) {
	lines = 1
}

lines > 0 {
	print
	# A report of KASAN ends with a line of its own, as it begins.
	if (++lines > 80 || text ~ /^---\[ end trace/ || lines > 3 && text ~ /^=====/)
		exit
}
