//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"ztools/lib/zmq"
)

// lanes are what a socket's short messages go by without a call, once there are many
// (lane.c).
type lanes struct {
	socket *socketHandle                    // constant
	tell   func(*zmq.Lane, *zmq.Properties) // constant: is describe
	able   [C.ZT_WAYS]bool                  // constant: the type may have one
	short  [C.ZT_WAYS]atomic.Uint32         // calls, until there is a lane

	mu     sync.Mutex           // guards the fields below
	memory [C.ZT_WAYS]*zmq.Lane // C's; nil until it is needed
	closed bool
}

// lendables are the types that do nothing but send, or receive, as long as they have
// one peer.
var lendables = [C.ZT_WAYS][]zmq.Type{
	C.ZT_OUT: {zmq.Push, zmq.Dealer, zmq.Pair, zmq.Client, zmq.Scatter, zmq.Channel},
	C.ZT_IN:  {zmq.Pull, zmq.Dealer, zmq.Pair, zmq.Client, zmq.Gather, zmq.Channel},
}

const (
	laneMax   = 256 // bodies of that size and more take no lane
	laneAfter = 64  // calls that it takes until a socket gets one
)

func (l *lanes) init(s *socketHandle) {
	l.socket, l.tell = s, l.describe
	for way, types := range lendables {
		l.able[way] = slices.Contains(types, s.Type())
	}
}

// lend has the next short messages of a socket that sends many go without a call.
func (l *lanes) lend(p unsafe.Pointer) {
	if lane := l.get(p, C.ZT_OUT); lane != nil {
		l.socket.Lend(lane)
	}
}

// lay is lend for those that come.
func (l *lanes) lay(p unsafe.Pointer) {
	if lane := l.get(p, C.ZT_IN); lane != nil {
		l.socket.Lay(lane, l.tell)
	}
}

// get is the lane of one way; nil if there is none.
func (l *lanes) get(p unsafe.Pointer, way int) *zmq.Lane {
	if !l.able[way] || l.short[way].Load() < laneAfter && l.short[way].Add(1) < laneAfter {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.memory[way] == nil && !l.closed {
		l.memory[way] = (*zmq.Lane)(unsafe.Pointer(C.zt_lane_take((*C.struct_zt_slot)(p), C.int(way))))
	}
	return l.memory[way]
}

// end gives all memory back. The socket is closed.
func (l *lanes) end(p unsafe.Pointer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for way, lane := range l.memory {
		if lane != nil {
			C.zt_lane_give((*C.struct_zt_slot)(p), C.int(way), (*C.struct_zt_lane)(unsafe.Pointer(lane)))
			l.memory[way] = nil
		}
	}
}

// describe says whose the messages in a lane are. It is called with the socket's lock
// held.
func (l *lanes) describe(lane *zmq.Lane, of *zmq.Properties) {
	c := (*C.struct_zt_lane)(unsafe.Pointer(lane))
	var properties *C.struct_zt_properties
	if of != nil {
		properties = l.socket.properties.get(of)
	}
	if properties == nil || properties != c.properties {
		C.zt_lane_share(c, properties)
	} else {
		atomic.AddInt32((*int32)(unsafe.Pointer(&properties.refs)), -1) // the lane has one
	}
}
