# SPDX-License-Identifier: GPL-2.0
# The chart of Documentation/performance.rst, for selftests/bench/page.
# Arguments: the data, the file to write, the name of the result.
# A line of the data: place, name, ratio of go and its text, the same of python; 1 and
# "none" without a ratio, since gnuplot 5.4 crashes if a plot has only NaN as labels.

go = "#0060a8"
python = "#d07000"
# Half of the thickness of a bar.
half = 0.2

set datafile separator "\t"
stats ARG1 using 1 nooutput name "PLACE"
stats ARG1 using 3 nooutput name "GO"
stats ARG1 using 5 nooutput name "PYTHON"
min = GO_min < PYTHON_min ? GO_min : PYTHON_min
max = GO_max > PYTHON_max ? GO_max : PYTHON_max

set terminal svg size 800, 150 + 26 * PLACE_max font "sans-serif,12" \
	background "#ffffff" noenhanced
set output ARG2

set title "Cost relative to the kernel's own allocator\n".ARG3 offset -12, 0
set xlabel "ratio (logarithmic scale); above 1 is slower, or more memory" offset -12, 0
set key outside top center horizontal
set border 1
set logscale x
# Room for the numbers, and for 1 in any case.
set xrange [(min < 1 ? min : 1) / 1.7 : (max > 1 ? max : 1) * 1.7]
set yrange [PLACE_max + 0.8 : 0.2]
set xtics nomirror format "%g"
set ytics scale 0
set grid xtics lt 1 lc rgb "#d8d8d8"
set arrow from 1, graph 0 to 1, graph 1 nohead lw 1.5 lc rgb "#000000" front

# A bar extends from 1 to the ratio; the number is behind its end.
low(x) = x < 1 ? x : 1
high(x) = x < 1 ? 1 : x
left(x, text) = x < 1 ? text : " "
right(x, text) = x < 1 || text eq "none" ? " " : text
# The columns 3 and 5 are above and below the place.
middle(i) = (i - 4) * half

plot ARG1 using (1):1:ytic(2) with dots lc rgb "#000000" notitle, \
	"" using 3:($1 - half):(low($3)):(high($3)):($1 - 2 * half):1 \
		with boxxyerror fs solid lc rgb go title "go", \
	"" using 5:($1 + half):(low($5)):(high($5)):1:($1 + 2 * half) \
		with boxxyerror fs solid lc rgb python title "python", \
	for [i = 3:5:2] "" using (low(column(i))):($1 + middle(i)): \
			(left(column(i), stringcolumn(i + 1))) \
		with labels right offset -0.4, 0 font ",9" notitle, \
	for [i = 3:5:2] "" using (high(column(i))):($1 + middle(i)): \
			(right(column(i), stringcolumn(i + 1))) \
		with labels left offset 0.4, 0 font ",9" notitle
