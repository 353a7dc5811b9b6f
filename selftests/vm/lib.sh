# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts of this folder share: where things are kept, messages,
# locks, and access to Debian suites the machine does not itself follow.

die()
{
	echo "${0##*/}: $*" >&2
	exit 125
}

# fit PATH WHAT: make, the compiler and the guests take apart a path that has a blank
# or a sign that means something to one of them.
SIGNS=$'$,:;&#%*?!|<>(){}[]"\'`\\'
fit()
{
	if [[ $1 == *["$SIGNS"]* || $1 == *[[:space:][:cntrl:]]* ]]; then
		die "$2 contains a blank or a special character, which builds do not support: $1"
	fi
}

# The checkout, and a cache outside of it: nothing fetched or built for a guest
# is written into the source tree.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CACHE=${GCHEAP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/gcheap}
fit "$CACHE" "the path of the cache (GCHEAP_CACHE)"
mkdir -p "$CACHE" || die "cannot create the cache: $CACHE"
# Unpacked headers name their place: no symlinks.
CACHE=$(cd "$CACHE" && pwd -P) || die "cannot enter the cache: $CACHE"
fit "$CACHE" "the path of the cache (GCHEAP_CACHE)"
fit "${TMPDIR:-/tmp}" "the path of temporary files (TMPDIR)"

# Progress goes to stderr, so that stdout holds only what was asked for.
say()
{
	[ -n "${GCHEAP_QUIET:-}" ] || echo "  $*" >&2
}

# The build folder of this checkout: two checkouts do not meet in it.
build_dir()
{
	echo "$CACHE/build/$(printf '%s' "$TOP" | sha256sum | cut -c1-12)"
}

# with_lock NAME COMMAND...: one at a time among all processes that use this
# cache. The descriptor is closed for the command's children by flock -o, so a
# daemon left behind by one could not hold the lock.
with_lock()
{
	local name=$1

	shift
	mkdir -p "$CACHE/lock"
	flock -o "$CACHE/lock/$name" "$@"
}

# is_uml SERIES: a User-mode Linux kernel, not one in qemu.
is_uml()
{
	case $1 in
	uml|uml-debug|uml-gcov) return 0 ;;
	*) return 1 ;;
	esac
}

# is_built SERIES: a kernel that is built here, not a stock one.
is_built()
{
	is_uml "$1" && return
	case $1 in
	7.2|7.2-rt|7.2-clang|7.2-arm64-64k|kcsan) return 0 ;;
	*) return 1 ;;
	esac
}

# known SERIES: there is such a kernel, or all ends here.
known()
{
	is_built "$1" || suite_of "$1" > /dev/null
}

# arch_of SERIES: what it runs on, in Kbuild's words.
arch_of()
{
	case $1 in
	uml|uml-*) echo um ;;
	*-arm64|*-arm64-*) echo arm64 ;;
	*) echo x86_64 ;;
	esac
}

# kernel_of GUEST: the kernel that it runs. A guest of four processors is
# another guest with the kernel of the one that has two.
kernel_of()
{
	echo "${1%-4cpu}"
}

# make_words SERIES: what make has to be told to build for this kernel, a word
# a line.
make_words()
{
	case $(arch_of "$1") in
	um) echo ARCH=um ;;
	arm64) printf '%s\n' ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- ;;
	esac
	[ "$1" != 7.2-clang ] || echo LLVM=-19
}

# dep_groups SERIES: the groups of packages that it needs, as deps takes them.
dep_groups()
{
	if is_built "$1"; then
		echo build-kernel
	else
		echo guest
	fi
	[ "$(arch_of "$1")" != arm64 ] || echo arm64
	[ "$1" != 7.2-clang ] || echo clang
}

# suite_of SERIES: the Debian suite that ships this stock kernel.
suite_of()
{
	case $1 in
	6.1|6.1-rt|6.1-arm64) echo bookworm ;;
	6.12|6.12-rt|6.12-arm64|6.12-arm64-16k) echo bookworm-backports ;;
	*) die "unknown guest $1 (see run --help)" ;;
	esac
}

# flavour_of SERIES: what Debian calls this kind of stock kernel.
flavour_of()
{
	case $1 in
	*-rt) echo rt-amd64 ;;
	*-arm64) echo cloud-arm64 ;;
	*-arm64-16k) echo arm64-16k ;;
	*) echo cloud-amd64 ;;
	esac
}

# apt_entries: one line "URI SUITE OPTIONS" for each binary entry of the
# machine's own apt configuration, whichever of its two formats it is in.
apt_entries()
{
	local dir=/etc/apt/sources.list.d

	# deb822: stanzas separated by blank lines, values on the field's line
	# or on folded lines that follow it.
	find "$dir" -maxdepth 1 -name '*.sources' -exec cat {} \; -exec echo \; \
		2>/dev/null | awk '
	function flush(i, j, nu, ns, u, s) {
		if (f["types"] ~ /(^| )deb( |$)/ && f["enabled"] !~ /^ *no/) {
			nu = split(f["uris"], u, " ")
			ns = split(f["suites"], s, " ")
			for (i = 1; i <= nu; i++)
				for (j = 1; j <= ns; j++)
					print u[i], s[j], f["signed-by"]
		}
		split("", f)
	}
	/^#/ { next }
	/^[ \t]*$/ { flush(); next }
	/^[ \t]/ { f[k] = f[k] " " $0; next }
	{
		k = tolower(substr($0, 1, index($0, ":") - 1))
		f[k] = substr($0, index($0, ":") + 1)
		gsub(/^[ \t]+/, "", f[k])
	}
	END { flush() }'

	# One-line style: deb [options] URI SUITE COMPONENTS
	find /etc/apt/sources.list "$dir" -maxdepth 1 -name '*.list' \
		-exec cat {} + 2>/dev/null | awk '
	$1 == "deb" {
		sub(/^[ \t]*deb[ \t]+/, "")
		key = ""
		if (match($0, /^\[[^]]*\]/)) {
			opt = substr($0, 2, RLENGTH - 2)
			$0 = substr($0, RLENGTH + 1)
			if (match(opt, /signed-by=[^ ]+/))
				key = substr(opt, RSTART + 10, RLENGTH - 10)
		}
		print $1, $2, key
	}'
}

# suite_sources SUITE: sources lines for SUITE and its security suite, taken
# from wherever this machine gets Debian itself.
suite_sources()
{
	local suite=$1 base=${1%-backports} codename uri sec key

	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	[ -n "$codename" ] || codename=$base

	# The archive is what serves the machine's own release.
	uri=$(apt_entries | awk -v c="$codename" '$2 == c { print $1; exit }')
	[ -n "$uri" ] || uri=$(apt_entries |
		awk '$2 == "stable" || $2 == "testing" || $2 == "unstable" ||
		     $2 == "sid" { print $1; exit }')
	[ -n "$uri" ] || die "apt is not configured for a Debian archive"
	sec=$(apt_entries | awk '$2 ~ /-security$/ { print $1; exit }')

	for key in /usr/share/keyrings/debian-archive-keyring.gpg \
		   /usr/share/keyrings/debian-archive-keyring.pgp; do
		[ -e "$key" ] && break
	done
	[ -e "$key" ] || die "no Debian archive keyring: apt-get install debian-archive-keyring"

	echo "deb [signed-by=$key] $uri $suite main"
	# What is not released has no security suite.
	if [ "$suite" = "$base" ] && [ "$suite" != sid ] && [ -n "$sec" ]; then
		echo "deb [signed-by=$key] $sec $base-security main"
	fi
}

# suite_apt SUITE[:ARCH] PROGRAM...: apt against another suite, and for another
# architecture than the machine's. The machine's lists, status and sources stay as
# they are, and no file that is kept names a host. Two of apt do not go together.
suite_apt()
(
	suite=${1%%:*} state=$CACHE/apt/${1/:/-} arch=''

	[ "$suite" = "$1" ] || arch=${1#*:}
	mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/parts"
	[ -f "$state/status" ] || : > "$state/status"
	tmp=$(mktemp -d) || exit 125
	trap 'rm -rf "$tmp"' EXIT
	suite_sources "$suite" > "$tmp/sources.list" || exit 125
	with_lock "apt-${1/:/-}" "${@:2}" \
		${arch:+-o "APT::Architecture=$arch" -o "APT::Architectures=$arch"} \
		-o Dir::Etc::sourcelist="$tmp/sources.list" \
		-o Dir::Etc::sourceparts="$state/parts" \
		-o Dir::Etc::preferencesparts="$state/parts" \
		-o Dir::State::lists="$state/lists" \
		-o Dir::State::status="$state/status" \
		-o Dir::Cache="$state" -o APT::Sandbox::User="$(id -un)" \
		-o APT::Get::List-Cleanup=0
)

# fetch_debs SUITE[:ARCH] DIR PACKAGE...: download, checked by apt, and unpack into
# DIR. Nothing is installed and no maintainer script runs.
fetch_debs()
{
	local suite=$1 dir=$2 deb

	shift 2
	mkdir -p "$dir/deb"
	(cd "$dir/deb" && suite_apt "$suite" apt-get download -qq "$@") >&2 ||
		die "cannot download $* ($suite)"
	for deb in "$dir"/deb/*.deb; do
		dpkg -x "$deb" "$dir"
	done
	rm -rf "$dir/deb"
}
