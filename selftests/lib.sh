# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the shell tests share: results in TAP, numbers out of gcctl's JSON, and
# modules that come and go. Sourced; runs in any POSIX shell.
#
# GCHEAP_MODULES names the folder of the modules where they are not installed.
# GCHEAP_STRICT=1 makes a failure of what is a skip otherwise: that something is not
# there which whoever runs the tests has to bring (see lacks).

KSFT_SKIP=4
dir=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # for those who source this
traces=$dir/traces
planned=0
ran=0
failed=0
kept=
# For files of the test: its own, and gone when it ends.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# begin N: N results will follow. Heaps of tests are called t-something, so
# that they can be told from others and cleaned away.
begin()
{
	planned=$1
	echo "TAP version 13"
	echo "1..$1"
	command -v gcctl > /dev/null || lacks "gcctl"
	[ -d /sys/module/gcheap_load ] || load gcheap_load ||
		lacks "gcheap_load, or it does not load"
	trap finish EXIT
	trap 'exit 1' INT TERM
}

# skip_all REASON: this kernel or machine cannot do what is tested.
skip_all()
{
	echo "# SKIP $*"
	leave
	exit "$KSFT_SKIP"
}

# lacks WHAT: it is for who runs the tests to bring.
lacks()
{
	[ "${GCHEAP_STRICT:-0}" != 0 ] || skip_all "there is no $*"
	echo "# there is no $*"
	leave
	exit 1
}

# keep FILE...: each is a setting of the kernel, of one word or none, which is to have
# the value that it has now after restore, and at the end of the test.
keep()
{
	for keep_file in "$@"; do
		kept="$keep_file=$(cat "$keep_file") $kept"
	done
}

restore()
{
	for keep_file in $kept; do
		echo "${keep_file#*=}" > "${keep_file%%=*}"
	done
	kept=
}

# leave: nothing of the test stays that is not a heap.
leave()
{
	trap - EXIT
	restore
	rm -rf "$tmp"
}

# At the end of a test, whatever the end: it must have come to all results.
finish()
{
	trap - EXIT
	# In a substitution not every shell knows of its jobs.
	jobs -p > "$tmp/jobs"
	while read -r job; do
		kill -KILL "$job" 2> /dev/null
	done < "$tmp/jobs"
	leave
	delay_set 0 || :
	clean
	if [ "$ran" -ne "$planned" ]; then
		echo "# planned $planned results, came to $ran"
		exit 1
	fi
	[ "$failed" -eq 0 ] || exit 1
	exit 0
}

# clean: delete the heaps of tests, which may take a moment to come free.
clean()
{
	for name in $(gcctl -j heap | tr ',' '\n' |
		sed -n 's/.*"name":"\(t-[^"]*\)".*/\1/p'); do
		within 10 gcctl heap del "$name" > /dev/null 2>&1
	done
}

# have_memcg FOLDER: cgroups count memory; FOLDER is one, below /sys/fs/cgroup.
have_memcg()
{
	grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts ||
		mount -t cgroup2 none /sys/fs/cgroup 2> /dev/null
	grep -q memory /sys/fs/cgroup/cgroup.controllers 2> /dev/null || return
	echo +memory > /sys/fs/cgroup/cgroup.subtree_control &&
		mkdir -p "$1" 2> /dev/null
}

# within SECONDS COMMAND...: until it succeeds.
within()
{
	tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# say TEXT: a line that is no result.
say()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# result STATUS NAME [REASON]: a status of KSFT_SKIP is a skip, with a reason.
result()
{
	ran=$((ran + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $ran $2"
	elif [ "$1" -eq "$KSFT_SKIP" ]; then
		echo "ok $ran $2 # SKIP ${3:-}"
	else
		failed=$((failed + 1))
		echo "not ok $ran $2"
	fi
}

# check NAME COMMAND...: what it prints is shown if it fails; cannot makes a skip.
# COMMAND is run in a shell of its own: variables that it sets are lost.
check()
{
	check_name=$1
	shift
	check_out=$("$@" 2>&1)
	check_status=$?
	case $check_status:$check_out in
	0:*)
		result 0 "$check_name"
		;;
	"$KSFT_SKIP":*"cannot: "*)
		result "$KSFT_SKIP" "$check_name" "${check_out##*cannot: }"
		;;
	*)
		say "$check_out"
		result 1 "$check_name"
		;;
	esac
}

# cannot REASON: what check runs ends with this where the kernel or the machine
# cannot do what is looked at.
cannot()
{
	echo "cannot: $*"
	exit "$KSFT_SKIP"
}

# missing WHAT: one result's lacks.
missing()
{
	[ "${GCHEAP_STRICT:-0}" != 0 ] || cannot "there is no $*"
	echo "there is no $*"
	return 1
}

# kernel_results FILE: a module's own results of a test that was named, in FILE: good,
# or skipped as a whole.
kernel_results()
{
	if ! grep -q '^ok ' "$1" || grep -q '^not ok ' "$1"; then
		cat "$1"
		return 1
	fi
	grep '^ok ' "$1" | grep -qv '# SKIP' ||
		cannot "$(sed -n 's/^ok .*# SKIP //p' "$1" | head -n 1)"
}

# refused NAME STATUS TEXT COMMAND...: it must end with STATUS and say TEXT.
refused()
{
	refused_name=$1 want=$2 text=$3
	shift 3
	refused_out=$("$@" 2>&1)
	status=$?
	case $status:$refused_out in
	"$want":*"$text"*)
		result 0 "$refused_name"
		;;
	*)
		say "exit status $status, not $want with '$text': $refused_out"
		result 1 "$refused_name"
		;;
	esac
}

# number KEY: the first number of that name in the JSON on stdin. One program,
# for starting one is slow in guests that check much.
number()
{
	sed -n "/\"$1\":/{s/\"$1\":/\n/;s/.*\n\([0-9]*\).*/\1/p;q;}"
}

# keys: JSON from stdin with a key a line.
keys()
{
	sed 's/[,{]/\n/g'
}

# stat HEAP KEY
stat_of()
{
	gcctl -j stats "$1" | number "$2"
}

# setting HEAP KEY
setting_of()
{
	gcctl -j heap show "$1" | number "$2"
}

# total KEY: of the module.
total()
{
	gcctl -j version | number "$1"
}

# is WHAT VALUE EXPECTED
is()
{
	[ "$2" = "$3" ] && return 0
	echo "$1 is ${2:-missing}, not $3"
	return 1
}

# time_is_dear: this kernel checks so much that there are fewer rounds of all.
time_is_dear()
{
	[ "${GCHEAP_ROUNDS:-100000}" -lt 50000 ]
}

# load MODULE [PARAMETER]...
load()
{
	if [ -z "${GCHEAP_MODULES:-}" ]; then
		modprobe -q "$@"
		return
	fi
	module=$1
	shift
	[ "$module" = gcheap ] || [ -d /sys/module/gcheap ] ||
		insmod "$GCHEAP_MODULES/gcheap.ko" || return
	insmod "$GCHEAP_MODULES/$module.ko" "$@"
}

idle()
{
	[ "$(setting_of "$1" mutators)" = 0 ]
}

# idle_soon HEAP: nobody uses it, or will not in a moment.
idle_soon()
{
	within 10 idle "$1" || {
		echo "heap $1 still has $(setting_of "$1" mutators) mutators"
		return 1
	}
}

# delay_set US: how long each delay point of the modules spins, 0 for not at all; 1
# where the kernel has none.
delay_set()
{
	{ echo "$1" > /sys/module/gcheap/parameters/delay_us; } 2> /dev/null
}
