# SPDX-License-Identifier: GPL-2.0
# Passes KTAP through and writes "PASSED FAILED SKIPPED" to the file in the
# variable counts. Counted are the innermost results. A plan that is not
# fulfilled or missing, or a program that fails though none of its own results
# did, counts as a failure too; so does a skip that the expression in the variable
# may_skip does not match, if that is given.

function trouble(what)
{
	failed++
	bad[d + 1]++
	print "# " what
}

{
	print
	fflush()
	line = $0
	match(line, /^ */)
	d = int(RLENGTH / 2)
	line = substr(line, RLENGTH + 1)
	sub(/\r$/, "", line)
}

line ~ /^1\.\.[0-9]+/ {
	planned[d] = substr(line, 4) + 0
	has_plan[d] = 1
	next
}

line ~ /^(not )?ok( |$)/ {
	c = d + 1
	ok = line ~ /^ok/
	skip = line ~ /# *[Ss][Kk][Ii][Pp]/
	before = failed
	if (skip && may_skip != "" && line !~ may_skip) {
		trouble("skipped, which this guest need not: " line)
	} else if (skip && !seen[c]) {
		# Skipped as a whole, be it after its plan.
		skipped++
	} else if (seen[c] || has_plan[c] && planned[c]) {
		if (!has_plan[c])
			trouble("no plan in: " line)
		else if (seen[c] != planned[c])
			trouble("of " planned[c] " planned results came " seen[c] + 0 ": " line)
		else if (!ok && !bad[c])
			trouble("failed as a whole: " line)
	} else if (has_plan[c] && ok) {
		trouble("planned no tests: " line)
	} else if (ok) {
		passed++
	} else {
		failed++
	}
	seen[d]++
	if (bad[c] || failed > before)
		bad[d]++
	seen[c] = has_plan[c] = planned[c] = bad[c] = 0
}

END {
	d = -1
	if (!has_plan[0])
		trouble("no plan: the tests did not begin")
	else if (seen[0] != planned[0])
		trouble("of " planned[0] " planned programs ended " seen[0] + 0)
	print passed + 0, failed + 0, skipped + 0 > counts
}
