#!/bin/sh
# Installs what build-lib.sh made: install-lib.sh FROM LIBDIR INCLUDEDIR, with
# DESTDIR in front. It never replaces a libzmq that is not ours.
set -e
from=$1 lib=$2 include=$3
old=$DESTDIR$lib/libzmq.so.5
if [ -e "$old" ] && ! grep -qa ztools/lib/libzmq "$old"; then
	echo "$old is another libzmq; choose another place by LIBDIR=" >&2
	exit 1
fi
install -d "$DESTDIR$lib/pkgconfig" "$DESTDIR$include"
install -m 755 "$from/libzmq.so.5" "$DESTDIR$lib/"
ln -sf libzmq.so.5 "$DESTDIR$lib/libzmq.so"
install -m 644 "$from/zmq.h" "$from/zmq_utils.h" "$DESTDIR$include/"
sed -e "s|@libdir@|$lib|" -e "s|@includedir@|$include|" "$(dirname "$0")/../lib/libzmq/libzmq.pc.in" >"$DESTDIR$lib/pkgconfig/libzmq.pc"
