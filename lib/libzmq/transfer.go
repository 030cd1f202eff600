//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"ztools/lib/zmq"
)

// ztSend sends one part, or tells C to wait until that may be possible.
//
//export ztSend
func ztSend(p unsafe.Pointer, from *C.struct_zt_part, w *C.struct_zt_wait) (result C.long) {
	defer guard(&result)
	if w.id != 0 {
		return resend(p, w)
	}
	s := socketOf(p)
	if s == nil {
		return -C.ENOTSOCK
	}
	if from.data == nil && from.size > 0 {
		return -C.EFAULT
	}
	part := zmq.Part{Body: unsafe.Slice((*byte)(from.data), from.size), More: bool(from.more), RoutingID: uint32(from.routing_id)}
	if from.group != nil {
		part.Group = C.GoString(from.group)
	}
	if from.size >= byReference {
		part.Free, part.Owner = lend(from, &s.context.released)
	}
	err := s.TrySendPart(&part)
	if err == nil && from.size < laneMax && !bool(from.more) {
		s.lanes.lend(p)
	}
	if err != zmq.EAGAIN || bool(from.dontwait) {
		part.Release()
		s.idle.after(err)
		return number(err)
	}
	return waitToSend(s, part, w)
}

// waitToSend tells C to wait for a socket that had no room for a part.
func waitToSend(s *socketHandle, part zmq.Part, w *C.struct_zt_wait) C.long {
	x, err := beginWait(s, zmq.SndTimeo, w)
	if err != nil {
		part.Release()
		return number(err)
	}
	x.part = part
	x.watch(s.Socket)
	return trySend(s, x, w)
}

// resend is ztSend after a wait.
func resend(p unsafe.Pointer, w *C.struct_zt_wait) C.long {
	x := waiters.get(w)
	s := socketOf(p)
	if s == nil {
		waiters.end(w)
		return -C.ENOTSOCK
	}
	return trySend(s, x, w)
}

func trySend(s *socketHandle, x *waiter, w *C.struct_zt_wait) C.long {
	err := s.TrySendPart(&x.part)
	if err == zmq.EAGAIN {
		return C.ZT_WAIT
	}
	waiters.end(w)
	return number(err)
}

// beginWait gives a call a waiter. The error is EAGAIN if the socket's option
// says that it must not wait.
func beginWait(s *socketHandle, timeout zmq.Option, w *C.struct_zt_wait) (*waiter, error) {
	ms, err := s.Get(timeout)
	if err != nil {
		return nil, err
	}
	if ms == 0 {
		return nil, zmq.EAGAIN
	}
	return waiters.begin(w, ms.(int))
}

// ztRecv receives one part, or tells C to wait for it. It returns the size.
//
//export ztRecv
func ztRecv(p unsafe.Pointer, to *C.struct_zt_part, w *C.struct_zt_wait) (result C.long) {
	defer guard(&result)
	x := waiters.get(w)
	s := socketOf(p)
	if s == nil {
		waiters.end(w)
		return -C.ENOTSOCK
	}
	var part zmq.Part
	var room []byte
	if to.data != nil {
		room = unsafe.Slice((*byte)(to.data), min(to.room, C.ZT_ROOM))
	}
	if bool(w.heard) {
		x.unwatch() // this call is about to read, of which nobody need tell it
	}
	err := s.tryRecv(&part, room, w, bool(to.dontwait))
	if err == zmq.EAGAIN && !bool(to.dontwait) && (x == nil || len(x.watched) == 0) {
		if x == nil {
			if x, err = beginWait(s, zmq.RcvTimeo, w); err != nil {
				return number(err)
			}
		}
		x.watch(s.Socket)
		err = s.tryRecv(&part, room, w, false)
	}
	if w.id != 0 {
		if err == zmq.EAGAIN {
			return C.ZT_WAIT
		}
		waiters.end(w)
	}
	if err != nil {
		s.idle.after(err)
		return number(err)
	}
	if len(part.Body) < laneMax && !part.More {
		s.lanes.lay(p)
	}
	return s.deliver(&part, to)
}

// tryRecv is one attempt of a call, which says how it will wait: perhaps for what the
// only peer sends, to read that itself.
func (s *socketHandle) tryRecv(part *zmq.Part, room []byte, w *C.struct_zt_wait, dontwait bool) error {
	if dontwait || w.id != 0 && w.timeout >= 0 {
		return s.TryRecvPart(part, room)
	}
	fd, err := s.AwaitPart(part, room, bool(w.heard))
	w.peer, w.heard = C.int(fd), false
	return err
}

// deliver puts what was received where C wants it.
func (s *socketHandle) deliver(part *zmq.Part, to *C.struct_zt_part) C.long {
	size := len(part.Body)
	to.size, to.more = C.size_t(size), C.bool(part.More)
	inRoom := size == 0 || to.data != nil && unsafe.Pointer(&part.Body[0]) == to.data
	if bool(to.whole) {
		if !inRoom && to.data != nil {
			copy(unsafe.Slice((*byte)(to.data), min(to.room, C.size_t(size))), part.Body)
		}
		part.Release()
		return C.long(size)
	}
	to.large = nil
	if !inRoom {
		to.large = unsafe.Pointer(contentOf(part))
		if to.large == nil {
			part.Release()
			return -C.ENOMEM
		}
	} else {
		part.Release()
	}
	s.describe(part, to)
	return C.long(size)
}

// describe tells C what is known about a part besides its body.
func (s *socketHandle) describe(part *zmq.Part, to *C.struct_zt_part) {
	to.routing_id, to.group, to.properties = C.uint32_t(part.RoutingID), nil, nil
	if part.Group != "" {
		room := unsafe.Slice((*byte)(unsafe.Pointer(&to.group_room)), len(to.group_room))
		room[copy(room[:len(room)-1], part.Group)] = 0
		to.group = &to.group_room[0]
	}
	if part.Properties != nil {
		to.properties = s.properties.get(part.Properties)
	}
}

// properties are those of a socket's connections as C has them: made once per
// connection, and shared by its messages.
type properties struct {
	mu   sync.Mutex      // guards the fields below
	last *zmq.Properties // the one that was asked for last
	of   *C.struct_zt_properties
	all  map[*zmq.Properties]*C.struct_zt_properties
}

// remembered is how many connections a socket's properties are kept for; with
// more that send in turn, they are made again now and then.
const remembered = 64

// get is a new reference to the properties; nil if there is no memory.
func (p *properties) get(of *zmq.Properties) *C.struct_zt_properties {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != of {
		c := p.all[of]
		if c == nil {
			if len(p.all) >= remembered {
				p.dropLocked()
			}
			if c = newProperties(of); c == nil {
				return nil
			}
			if p.all == nil {
				p.all = map[*zmq.Properties]*C.struct_zt_properties{}
			}
			p.all[of] = c
		}
		p.last, p.of = of, c
	}
	atomic.AddInt32((*int32)(unsafe.Pointer(&p.of.refs)), 1)
	return p.of
}

// drop forgets all; what messages refer to lives on with them.
func (p *properties) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropLocked()
}

func (p *properties) dropLocked() {
	for _, c := range p.all {
		C.zt_properties_release(c)
	}
	p.last, p.of, p.all = nil, nil, nil
}

// newProperties writes the properties as C reads them.
func newProperties(of *zmq.Properties) *C.struct_zt_properties {
	var text []byte
	add := func(name, value string) {
		for _, s := range [...]string{name, value} {
			s, _, _ = strings.Cut(s, "\x00") // C sees no more of it
			text = append(append(text, s...), 0)
		}
	}
	for name, value := range of.Properties {
		add(name, value)
		if name == "Identity" {
			add("Routing-Id", value)
		}
	}
	if fd, ok := of.Get("__fd"); ok { // zmq_msg_get takes SRCFD from it
		add("__fd", fd)
	}
	c := C.zt_properties_new(C.int(len(text)))
	if c != nil {
		at := unsafe.Add(unsafe.Pointer(c), unsafe.Sizeof(*c))
		copy(unsafe.Slice((*byte)(at), len(text)), text)
	}
	return c
}
