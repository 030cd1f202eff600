#!/bin/sh
# Builds the C library: build-lib.sh DIR [go build flags] makes libzmq.so.5, the
# link libzmq.so, zmq.h and zmq_utils.h in DIR. It needs Linux and gcc.
set -e
dir=$1
shift
cd "$(dirname "$0")/.."
flags="-Wl,-soname,libzmq.so.5 -Wl,--version-script=$PWD/lib/libzmq/libzmq.map"
mkdir -p "$dir"
CGO_ENABLED=1 go build -trimpath -buildmode=c-shared -ldflags "-extldflags '$flags'" "$@" -o "$dir/libzmq.so.5" ./lib/libzmq
rm -f "$dir/libzmq.so.h" # Go's own header, of no use to anybody
ln -sf libzmq.so.5 "$dir/libzmq.so"
cp lib/libzmq/zmq.h lib/libzmq/zmq_utils.h "$dir/"
