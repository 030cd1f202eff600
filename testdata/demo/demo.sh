#!/usr/bin/env bash
# demo.sh ZCAT: sends real messages with zcat, to zcat and to libzmq, shows them
# and compares them with what was sent. Exit status 1 if anything is missing.
#
# Each scene starts one side with a wildcard port, reads from it the endpoint
# that it got, starts the other side there, and waits for both.
set -u
zcat=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
tmp=$(mktemp -d /tmp/zdemo.XXXXXX)
export TMPDIR=$tmp # where ipc://* makes its file
failures=0 scenes=0
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$tmp"' EXIT

title() { printf '\n\033[1m%s\033[0m\n' "$1" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }
show() { printf '  $ %s\n' "$1"; }

# zc runs zcat with a bound on the whole run.
zc() { "$zcat" "$@" --timeout 20s; }

# serve COMMAND...: starts a side that binds, with its output in $tmp/out, and
# sets endpoint to where it is. zcat tells that on stderr when it chose the port.
serve() {
	: >"$tmp/out"
	rm -f "$tmp/told"
	mkfifo "$tmp/told"
	"$@" <&0 2>"$tmp/told" >"$tmp/out" &
	server=$!
	exec 3<"$tmp/told"
	endpoint=
	local line
	while read -r -t 20 line <&3; do
		if [[ $line =~ (tcp|ipc)://[^[:space:]]+ ]]; then
			endpoint=${BASH_REMATCH[0]}
			break
		fi
	done
	cat <&3 >>"$tmp/log" & # the rest of what it tells
	exec 3<&-
	[ -n "$endpoint" ] || echo "  no endpoint was told"
}

# peer starts the libzmq side; its first line, the endpoint, goes to stderr.
peer() { /usr/bin/python3 "$here/libzmq.py" "$@" | { read -r line; echo "$line" >&2; cat; }; }

# expect FILE TEXT: shows what arrived and compares it.
expect() {
	scenes=$((scenes + 1))
	sed 's/^/    /' "$1"
	if [ "$(cat "$1")" = "$2" ]; then
		echo "  ok"
	else
		printf '  FAILED: expected\n%s\n' "$(sed 's/^/    /' <<<"$2")"
		sed 's/^/  said: /' "$tmp/log" 2>/dev/null
		failures=$((failures + 1))
	fi
}

push_pull() { # push_pull ENDPOINT
	show "zcat pull '$1' -n 3"
	serve zc pull "$1" -n 3
	show "seq 3 | zcat push $endpoint"
	seq 3 | zc push "$endpoint" 2>>"$tmp/log"
	wait "$server"
	expect "$tmp/out" $'1\n2\n3'
}

title "zcat to zcat over tcp"
push_pull 'tcp://127.0.0.1:*'

title "zcat to zcat over ipc"
push_pull 'ipc://*'

title "publish and subscribe: only what was asked for arrives"
show "zcat pub 'tcp://127.0.0.1:*' < feed"
printf 'weather.oslo rain\nsports.oslo 2:1\nweather.rome sun\n' >"$tmp/feed"
serve zc pub 'tcp://127.0.0.1:*' <"$tmp/feed"
show "zcat sub $endpoint -s weather. -n 2"
zc sub "$endpoint" -s weather. -n 2 >"$tmp/in" 2>>"$tmp/log"
wait "$server"
expect "$tmp/in" $'weather.oslo rain\nweather.rome sun'

title "request and reply"
show "zcat rep 'tcp://127.0.0.1:*' --exec 'tr a-z A-Z' -n 1"
serve zc rep 'tcp://127.0.0.1:*' --exec 'tr a-z A-Z' -n 1
show "echo ping | zcat req $endpoint"
echo ping | zc req "$endpoint" >"$tmp/in" 2>>"$tmp/log"
wait "$server"
expect "$tmp/in" PING

if /usr/bin/python3 -c 'import zmq' 2>/dev/null; then
	version=$(/usr/bin/python3 -c 'import zmq; print(zmq.zmq_version())')

	title "zcat to libzmq $version"
	show "seq 3 | zcat push (libzmq's PULL)"
	serve peer pull 3
	seq 3 | zc push "$endpoint" 2>>"$tmp/log"
	wait "$server"
	expect "$tmp/out" $'1\n2\n3'

	title "libzmq $version to zcat"
	show "zcat pull 'tcp://127.0.0.1:*' -n 2"
	serve zc pull 'tcp://127.0.0.1:*' -n 2
	/usr/bin/python3 "$here/libzmq.py" push "$endpoint" 'hello from libzmq' 'and good-bye' 2>>"$tmp/log"
	wait "$server"
	expect "$tmp/out" $'hello from libzmq\nand good-bye'

	title "libzmq $version publishes, zcat subscribes"
	serve peer pub 'weather.oslo rain' 'sports.oslo 2:1' 'weather.rome sun'
	show "zcat sub $endpoint -s weather. -n 2"
	zc sub "$endpoint" -s weather. -n 2 >"$tmp/in" 2>>"$tmp/log"
	wait "$server"
	expect "$tmp/in" $'weather.oslo rain\nweather.rome sun'

	title "zcat asks, libzmq $version answers"
	serve peer rep 1
	show "echo ping | zcat req $endpoint"
	echo ping | zc req "$endpoint" >"$tmp/in" 2>>"$tmp/log"
	wait "$server"
	expect "$tmp/in" PING
else
	title "libzmq is not installed here (make test installs it): those scenes are left out"
fi

echo
if [ "$failures" -gt 0 ]; then
	echo "$failures of $scenes scenes failed"
	exit 1
fi
echo "all $scenes scenes went through"
