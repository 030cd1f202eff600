#!/usr/bin/env bash
# Checks the whole tree: the test peers, vet, staticcheck, govulncheck, cross
# builds, the library and the tools under the race detector, the C library's
# programs under AddressSanitizer, and at last all tests.
# A check that fails does not stop the later ones; the exit status is 1.
set -u
cd "$(dirname "$0")/.."
peers=$PWD/.peers
npm_zeromq=zeromq@6.8.0 # libzmq 4.3.5 with draft sockets
failed=()

step() { printf '== %s\n' "$*"; }

check() { # check NAME COMMAND...
	local name=$1
	shift
	step "$name"
	"$@" || failed+=("$name")
}

# as_root runs a command as root if that needs no password.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# The Debian packages that tests need, and what for.
debian=(
	libzmq3-dev # libzmq 4.3.4 and its headers
	python3-zmq # the peer of the interop tests
	python3-prometheus-client # its parser reads the metrics of zproxy
	tmux # a terminal for the tools that draw in one
	libczmq-dev # writes and reads certificates, runs on our C library
	cppzmq-dev libzmq-ffi-perl ruby-ffi-rzmq python3-aiozmq python3-msgpack python3-uvloop # so do these
	libglib2.0-dev pkg-config # GLib's main loop does
	chromium    # a browser, for ws
	iproute2    # network namespaces for multicast
	krb5-kdc krb5-admin-server krb5-user # Kerberos for GSSAPI
)

debian_peers() {
	local missing=() name
	for name in "${debian[@]}"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
	done
	[ ${#missing[@]} -eq 0 ] && return
	if ! command -v apt-get >/dev/null; then
		echo "missing: ${missing[*]} (no apt-get here); the tests that need them are skipped"
	elif ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$peers/apt.log" 2>&1; then
		echo "missing: ${missing[*]} (no root or no network, see .peers/apt.log); the tests that need them are skipped"
	fi
}

npm_peers() {
	[ -d "$peers/node_modules/zeromq" ] && return
	if ! command -v npm >/dev/null; then
		echo "missing: npm package zeromq (no npm here); tests against libzmq 4.3.5 are skipped"
	elif ! npm install --no-audit --no-fund --prefix "$peers" "$npm_zeromq" >"$peers/npm.log" 2>&1; then
		echo "missing: npm package zeromq (no network, see .peers/npm.log); tests against libzmq 4.3.5 are skipped"
	fi
}

# The checkers live in a module of their own; a checker that cannot be fetched
# is named and left out.
checkers() {
	go -C scripts/tools build -o "$peers/bin/" tool 2>"$peers/tools.log" && return
	echo "missing: staticcheck and govulncheck (not fetched, see .peers/tools.log); left out"
	return 1
}

vulnerabilities() {
	local text status
	text=$("$peers/bin/govulncheck" ./... 2>&1)
	status=$?
	case $status in
	0) ;;
	3) echo "$text"; return 1 ;; # something was found
	*) echo "govulncheck cannot work here, left out: ${text##*$'\n'}" ;;
	esac
}

cross() {
	local os arch status=0
	for os in linux darwin windows freebsd; do
		for arch in amd64 arm64; do
			CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build ./... || { echo "fails on $os/$arch"; status=1; }
		done
	done
	return $status
}

# The programs of make compare: ./... leaves testdata out.
compared() {
	local list
	list=$(printf './testdata/peers/%s ' compare ours peer rawgo)
	go vet $list && go test $list
}

# Nothing runs at the same time in the tests of how the tree is written; those of
# zbench measure, and would take longer than all the other tools' together.
race() { go test -race $(go list ./lib/... ./cmd/... | grep -v -e /lib/internal/house -e /cmd/zbench); }

# What assembly does is done without it, too.
purego() { go test -short -tags purego ./lib/internal/salsa ./lib/internal/poly1305 ./lib/internal/security; }

mkdir -p "$peers"
step peers
debian_peers
npm_peers
check vet go vet ./...
if checkers; then
	check staticcheck "$peers/bin/staticcheck" ./...
	check govulncheck vulnerabilities
fi
check 'cross builds' cross
check 'programs of make compare' compared
check race race
check purego purego
check 'C under AddressSanitizer' env ZTOOLS_ASAN=1 go test -count=1 -run TestPrograms ./lib/libzmq
if [ ${#failed[@]} -gt 0 ]; then
	step "failed up to here: ${failed[*]}"
fi
step 'go test ./...'
go test ./... && [ ${#failed[@]} -eq 0 ]
