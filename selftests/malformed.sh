#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Traces with each kind of record broken in each way, and files that are no
# traces: gcctl says what is wrong in which line and ends with status 1, the
# heap stays as it was. (What the kernel itself refuses is in feed.c.)

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

count=$(grep -c '^bad ' "$0")
begin $((count + 17))

gcctl heap add t-bad engine python > /dev/null
file=$tmp/malformed.gct

# bad WHAT LINE TEXT RECORDS: object 1 has two slots, object 2 is of a type
# without references; both are held.
bad()
{
	printf 'gct 1\nT 0 node 1\nT 1 text 0\nA 1 0 32 2\nA 2 1 16 0\n%b' \
		"$4" > "$file"
	refused_in "$1" "$2" "$3"
}

refused_in()
{
	out=$(gcctl replay "$file" heap t-bad 2>&1)
	status=$?
	case $status:$out in
	1:*"$file:$2: "*"$3"*)
		result 0 "$1"
		;;
	*)
		say "status $status, line $2 and '$3' wanted: $out"
		result 1 "$1"
		;;
	esac
}

bad "unknown record" 6 "unknown record" 'Z 1\n'
bad "record in small letters" 6 "unknown record" 'a 3 0 32 2\n'
bad "empty line" 6 "empty line" '\n'
bad "control character" 6 "control character" 'U\0001 1\n'

bad "T: too few fields" 6 "too few" 'T 2 name\n'
bad "T: too many fields" 6 "too many" 'T 2 name 1 1\n'
bad "T: out of turn" 6 "out of order" 'T 3 name 1\n'
bad "T: declared twice" 6 "out of order" 'T 1 name 1\n'
bad "T: number with letters" 6 "not a number" 'T 2x name 1\n'
bad "T: gc is 2" 6 "at most" 'T 2 name 2\n'
bad "T: gc is negative" 6 "not a number" 'T 2 name -1\n'

bad "A: too few fields" 6 "too few" 'A 3 0 32\n'
bad "A: too many fields" 6 "too many" 'A 3 0 32 2 9\n'
bad "A: object 0" 6 "out of order" 'A 0 0 32 2\n'
bad "A: object known" 6 "out of order" 'A 1 0 32 2\n'
bad "A: object of 33 bits" 6 "at most" 'A 4294967296 0 32 2\n'
bad "A: unknown type" 6 "unknown type" 'A 3 2 32 2\n'
bad "A: no room for a header" 6 "too few" 'A 3 0 15 0\n'
bad "A: no room for slots" 6 "too few" 'A 3 0 31 2\n'
bad "A: slots without references" 6 "no references" 'A 3 1 32 2\n'
bad "A: size of 33 bits" 6 "at most" 'A 3 0 4294967296 0\n'
bad "A: size beyond all numbers" 6 "at most" 'A 3 0 99999999999999999999 0\n'
bad "A: size missing its digits" 6 "not a number" 'A 3 0 x 0\n'

bad "S: too few fields" 6 "too few" 'S 1 0\n'
bad "S: too many fields" 6 "too many" 'S 1 0 2 2\n'
bad "S: unknown object" 6 "unknown object 9" 'S 9 0 2\n'
bad "S: object 0" 6 "unknown object 0" 'S 0 0 2\n'
bad "S: unknown target" 6 "unknown object 9" 'S 1 0 9\n'
bad "S: slot of too high a number" 6 "which has 2 slots" 'S 1 2 2\n'
bad "S: object without slots" 6 "which has 0 slots" 'S 2 0 1\n'
bad "S: into the dead" 8 "object 2" 'U 2\nD 2\nS 2 0 1\n'
bad "S: of the dead" 8 "object 2" 'U 2\nD 2\nS 1 0 2\n'

bad "R: too few fields" 6 "too few" 'R\n'
bad "R: too many fields" 6 "too many" 'R 1 1\n'
bad "R: unknown object" 6 "unknown object 9" 'R 9\n'
bad "R: held already" 6 "already held" 'R 1\n'
bad "R: the dead" 8 "object 2" 'U 2\nD 2\nR 2\n'
bad "U: too few fields" 6 "too few" 'U\n'
bad "U: unknown object" 6 "unknown object 9" 'U 9\n'
bad "U: not held" 7 "not held" 'U 1\nU 1\n'

bad "C: too few fields" 6 "too few" 'C\n'
bad "C: generation 3" 6 "at most 2" 'C 3\n'
bad "C: no number" 6 "not a number" 'C full\n'
bad "D: too few fields" 6 "too few" 'D\n'
bad "D: unknown object" 6 "unknown object 9" 'D 9\n'
bad "D: twice" 8 "object 2" 'U 2\nD 2\nD 2\n'
bad "X: too many fields" 6 "too many" 'X 1 1\n'
bad "X: unknown object" 7 "unknown object 9" 'C 2\nX 9\n'
bad "X: before any collection" 6 "no preceding collection" 'X 1\n'

# Files.
printf 'gct 2\n' > "$file"
refused_in "version 2" 1 "version 2"
printf 'gct\n' > "$file"
refused_in "no version" 1 "gct 1"
printf 'A 1 0 32 2\n' > "$file"
refused_in "no first line" 1 "gct 1"
printf 'gct 1\nT 0 node 1\nA 1 0 32 2' > "$file"
refused_in "last line without end" 3 "truncated"
: > "$file"
refused "empty file" 1 "empty" gcctl replay "$file" heap t-bad
refused "missing file" 1 "No such file" gcctl replay /tmp/none heap t-bad
refused "folder" 1 "Is a directory" gcctl replay /tmp heap t-bad

head -c 100000 "$traces/cpython-asyncio.gct.gz" > "$file.gz"
refused "compressed file cut short" 1 "is truncated" \
	gcctl replay "$file.gz" heap t-bad
{
	head -c 50000 "$traces/cpython-asyncio.gct.gz"
	head -c 1000 /dev/zero
	tail -c +51001 "$traces/cpython-asyncio.gct.gz"
} > "$file.gz"
# What comes out is noticed before its checksum is.
refused "compressed file damaged" 1 "$file.gz:" gcctl replay "$file.gz" heap t-bad

# All of a compressed file is members of gzip; they are read as one.
printf 'gct 1\nT 0 node 0\nA 1 0 32 0\n' | gzip > "$file.1"
printf 'U 1\nD 1\n' > "$file.2"
gzip < "$file.2" > "$file.3"
members()
{
	cat "$file.1" "$file.3" > "$file.gz"
	out=$(gcctl -j replay "$file.gz" heap t-bad) || return
	is records "$(echo "$out" | keys | number records)" 4 &&
		is deaths "$(echo "$out" | keys | number deaths-by-count)" 1
}
check "compressed in two members" members
{ head -c $(($(wc -c < "$file.1") - 8)) "$file.1"; head -c 8 /dev/zero; } > "$file.gz"
refused "a checksum that is wrong" 1 "is damaged" gcctl replay "$file.gz" heap t-bad
cat "$file.1" "$file.2" > "$file.gz"
refused "text behind a member" 1 "trailing data" gcctl replay "$file.gz" heap t-bad
{ cat "$file.1"; head -c 512 /dev/zero; } > "$file.gz"
refused "zeros behind a member" 1 "trailing data" gcctl replay "$file.gz" heap t-bad
for bytes in 1 5 20; do
	{ cat "$file.1"; head -c "$bytes" "$file.3"; } > "$file.gz"
	refused "second member cut after $bytes bytes" 1 "is truncated" \
		gcctl replay "$file.gz" heap t-bad
done
rm -f "$file.1" "$file.2" "$file.3"
rm -f "$file" "$file.gz"

untouched()
{
	idle_soon t-bad && gcctl collect t-bad > /dev/null || return
	is "objects left" "$(stat_of t-bad live-objects)" 0 &&
		gcctl heap del t-bad
}
check "the heap is as before" untouched
