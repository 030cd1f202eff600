//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"slices"
	"sync"
	"unsafe"

	"ztools/lib/zmq"
)

// waiter is one call of C that has to wait. It has a descriptor of its own, so
// that threads that wait for the same socket do not take each other's wake-ups.
type waiter struct {
	id      int // constant
	signal  *zmq.Signal
	watched []*zmq.Socket
	part    zmq.Part // what is being sent
}

// pool keeps the waiters for the next calls: as many as ever waited at once.
type pool struct {
	mu   sync.Mutex // guards the fields below
	all  []*waiter
	free []*waiter
}

// waiters is the one pool of the process; C refers to a waiter by its number.
var waiters pool

// begin gives w a waiter; timeout is in milliseconds, -1 for none. The error is
// that of the system, if it has no descriptor left.
func (p *pool) begin(w *C.struct_zt_wait, timeout int) (*waiter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) == 0 {
		signal, err := zmq.NewSignal()
		if err != nil {
			return nil, err
		}
		x := &waiter{id: len(p.all) + 1, signal: signal}
		p.all = append(p.all, x)
		p.free = append(p.free, x)
	}
	x := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	w.id, w.fd, w.peer, w.timeout = C.int(x.id), C.int(x.signal.FD()), -1, C.long(timeout)
	return x, nil
}

// get is the waiter of a call that was told to wait before, ready for the next
// wait; nil for a call that was not.
func (p *pool) get(w *C.struct_zt_wait) *waiter {
	if w.id == 0 {
		return nil
	}
	p.mu.Lock()
	x := p.all[w.id-1]
	p.mu.Unlock()
	x.signal.Clear()
	return x
}

// end gives the waiter of a call back, if it has one.
func (p *pool) end(w *C.struct_zt_wait) {
	x := p.get(w)
	if x == nil {
		return
	}
	w.id = 0
	x.unwatch()
	x.part.Release()
	x.part = zmq.Part{}
	x.signal.Clear()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, x)
}

// watch has the waiter woken by a socket.
func (x *waiter) watch(s *zmq.Socket) {
	s.Watch(x.signal)
	x.watched = append(x.watched, s)
}

// unwatch has it woken no more.
func (x *waiter) unwatch() {
	for _, s := range x.watched {
		s.Unwatch(x.signal)
	}
	clear(x.watched)
	x.watched = x.watched[:0]
}

//export ztWaitEnd
func ztWaitEnd(w *C.struct_zt_wait) {
	var result C.long
	defer guard(&result)
	waiters.end(w)
}

// ztBell has a waiter that is kept between calls woken by a socket, or not any
// more. The first call makes it.
//
//export ztBell
func ztBell(p unsafe.Pointer, w *C.struct_zt_wait, on C.bool) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	if s == nil {
		return -C.ENOTSOCK
	}
	x := waiters.get(w)
	if x == nil {
		var err error
		if x, err = waiters.begin(w, -1); err != nil {
			return number(err)
		}
	}
	x.signal.Set() // there may be something already
	if bool(on) {
		x.watch(s.Socket)
	} else if i := slices.Index(x.watched, s.Socket); i >= 0 {
		s.Unwatch(x.signal)
		x.watched = slices.Delete(x.watched, i, i+1)
	}
	return 0
}

//export ztBellClear
func ztBellClear(w *C.struct_zt_wait) {
	var result C.long
	defer guard(&result)
	waiters.get(w)
}
