#!/bin/sh
# Installs what build-lib.sh made: install-lib.sh FROM LIBDIR INCLUDEDIR, with
# DESTDIR in front. Without FROM (-) it removes that again. It never touches a file
# that is not ours.
set -e
from=$1 lib=$2 include=$3
to=$DESTDIR$lib headers=$DESTDIR$include
IFS='
'
files=$(printf '%s\n' "$to/libzmq.so.5" "$to/libzmq.so" "$to/pkgconfig/libzmq.pc" "$headers/zmq.h" "$headers/zmq_utils.h")
for f in $files; do
	if [ -e "$f" ] && ! grep -qa ztools "$f"; then
		echo "$f is another libzmq's; choose another place by LIBDIR= and INCLUDEDIR=" >&2
		exit 1
	fi
done
if [ "$from" = - ]; then
	rm -f $files
	rmdir "$to/pkgconfig" "$to" "$headers" 2>/dev/null || true
	exit
fi
install -d "$to/pkgconfig" "$headers"
install -m 755 "$from/libzmq.so.5" "$to/"
ln -sf libzmq.so.5 "$to/libzmq.so"
install -m 644 "$from/zmq.h" "$from/zmq_utils.h" "$headers/"
sed -e "s|@libdir@|$lib|" -e "s|@includedir@|$include|" "$(dirname "$0")/../lib/libzmq/libzmq.pc.in" >"$to/pkgconfig/libzmq.pc"
