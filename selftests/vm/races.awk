# SPDX-License-Identifier: GPL-2.0
# Takes the kernel's log and prints its reports of data races that name a
# function of the modules: each pair of places once, and how often it came.

function line()
{
	sub(/^\[ *[0-9.]+\](\[ *[TC][0-9]+\])? ?/, "")
}

/BUG: KCSAN: / {
	line()
	title = $0
	sub(/\+0x[0-9a-f]+\/0x[0-9a-f]+/, "", title)
	report = ""
	inside = 1
}

inside {
	line()
	# Lines of equals signs begin and end a report.
	if (/^=====/) {
		inside = 0
		if (report ~ /\[gcheap/ && !times[title]++) {
			order[++n] = title
			first[title] = report
		}
		next
	}
	report = report "    " $0 "\n"
}

END {
	for (i = 1; i <= n; i++)
		printf "%d times:\n%s\n", times[order[i]], first[order[i]]
}
