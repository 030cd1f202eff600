//go:build linux

// Package main is libzmq.so.5: the C interface of libzmq 4.3.5 on top of lib/zmq,
// built with -buildmode=c-shared (make lib). A program that was linked with
// libzmq loads it instead, unchanged. man/ztools-libzmq.7 says what differs.
//
// Follow one call:
//
//	1 zmq_send, zmq_recv, ...   C (socket.c): checks, and calls
//	2 ztSend, ztRecv, ...       Go: finds what is behind the handle, calls lib/zmq, and
//	                            comes back at once, perhaps with "wait first"
//	3 zt_await                  C (wait.c): polls the descriptor of a waiter, and that of
//	                            the only peer's connection; a signal ends the wait with
//	                            EINTR; then 2 again, which may read by itself
//	4 errno                     C, last: on the caller's thread
//
// So no thread of the program ever sleeps inside Go. Many short messages from or to
// one peer do without 2: they pass through memory that both sides know (lane.c).
// Messages (message.c), polling, timers, counters and threads are C alone.
//
// # Memory
//
// Short bodies are copied, into the caller's memory or C's. Large ones change hands
// by reference (lend.go): what C sends to the network is C's until it was written,
// and what C receives is Go's memory, pinned until zmq_msg_close; over inproc C gets
// C's. No other pointer of one side is kept by the other. Handles are addresses of
// slots that are never unmapped (handle.go), so a closed socket is ENOTSOCK and not a
// crash. A panic in Go ends in the call, as EFAULT.
package main

/*
#include "abi.h"
*/
import "C"

import "ztools/lib/zmq"

func main() {}

// guard ends a panic, which must not reach C.
func guard(result *C.long) {
	if recover() != nil {
		*result = -C.EFAULT
	}
}

// number is what a Go function returns to C for an error: 0, or the negative
// errno.
func number(err error) C.long {
	switch err {
	case nil:
		return 0
	case zmq.EAGAIN: // the commonest, without a search
		return -C.EAGAIN
	}
	return -C.long(zmq.NumberOf(err))
}
