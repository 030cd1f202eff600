//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"unsafe"

	"ztools/lib/zmq"
)

// ztPoll fills revents of the items that are sockets, and returns how many of
// them are ready. If none is and C wants to wait, it gets a waiter, which the
// sockets wake from then on.
//
//export ztPoll
func ztPoll(first *C.zmq_pollitem_t, count C.int, wait C.bool, w *C.struct_zt_wait) (result C.long) {
	defer guard(&result)
	waiters.get(w)
	items := unsafe.Slice(first, count)
	n := look(items)
	if n == 0 && !bool(wait) {
		restFor(items)
	}
	if n != 0 || !bool(wait) || w.id != 0 {
		return n
	}
	x, err := waiters.begin(w, -1)
	if err != nil {
		return number(err)
	}
	for i := range items {
		if s := socketOf(items[i].socket); s != nil {
			x.watch(s.Socket)
		}
	}
	return look(items)
}

// restFor has others take their turn, if nothing is found again and again.
func restFor(items []C.zmq_pollitem_t) {
	for i := range items {
		if s := socketOf(items[i].socket); s != nil {
			s.idle.after(zmq.EAGAIN)
			return
		}
	}
}

// look asks each socket what it can do now.
func look(items []C.zmq_pollitem_t) (ready C.long) {
	for i := range items {
		it := &items[i]
		if it.socket == nil {
			continue
		}
		s := socketOf(it.socket)
		if s == nil {
			return -C.ENOTSOCK
		}
		in, out, err := s.Ready()
		if err != nil {
			return number(err)
		}
		it.revents = it.events & events(in, out)
		if it.revents != 0 {
			ready++
		}
	}
	return ready
}

func events(in, out bool) (e C.short) {
	if in {
		e |= C.ZMQ_POLLIN
	}
	if out {
		e |= C.ZMQ_POLLOUT
	}
	return e
}

// ztSocketCheck says whether a handle is a socket's: 1 if its type is safe for
// use by many threads, else 0.
//
//export ztSocketCheck
func ztSocketCheck(p unsafe.Pointer) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	if s == nil {
		return -C.ENOTSOCK
	}
	if v, err := s.Get(zmq.ThreadSafe); err == nil && v == true {
		return 1
	}
	return 0
}
