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

// socketHandle is a socket that C has a handle of.
type socketHandle struct {
	*zmq.Socket
	self       *handle
	context    *contextHandle
	lanes      lanes
	idle       idle
	properties properties
}

//export ztSocketNew
func ztSocketNew(context unsafe.Pointer, kind C.int, out *unsafe.Pointer) (result C.long) {
	defer guard(&result)
	c := contextOf(context)
	if c == nil {
		return -C.EFAULT
	}
	z, err := c.NewSocket(zmq.Type(kind))
	if err != nil {
		return number(err)
	}
	z.TakeLent()
	s := &socketHandle{Socket: z, context: c}
	s.self = &handle{socket: s}
	s.lanes.init(s)
	p, err := handles.add(s.self)
	if err != nil {
		z.Close()
		return number(err)
	}
	*out = p
	return 0
}

//export ztSocketClose
func ztSocketClose(p unsafe.Pointer) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	if s == nil || !handles.remove(p, s.self) {
		return -C.ENOTSOCK
	}
	result = number(s.Close())
	s.lanes.end(p)
	s.properties.drop()
	return result
}

//export ztEndpoint
func ztEndpoint(p unsafe.Pointer, what C.int, text *C.char) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	switch {
	case s == nil:
		return -C.ENOTSOCK
	case text == nil:
		return -C.EINVAL
	}
	calls := [...]func(string) error{C.ZT_BIND: s.Bind, C.ZT_CONNECT: s.Connect, C.ZT_UNBIND: s.Unbind, C.ZT_DISCONNECT: s.Disconnect}
	return number(calls[what](C.GoString(text)))
}

//export ztGroup
func ztGroup(p unsafe.Pointer, join C.int, name *C.char) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	switch {
	case s == nil:
		return -C.ENOTSOCK
	case name == nil:
		return -C.EINVAL
	case join != 0:
		return number(s.Join(C.GoString(name)))
	}
	return number(s.Leave(C.GoString(name)))
}

//export ztConnectPeer
func ztConnectPeer(p unsafe.Pointer, text *C.char, id *C.uint32_t) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	switch {
	case s == nil:
		return -C.ENOTSOCK
	case text == nil:
		return -C.EINVAL
	}
	n, err := s.ConnectPeer(C.GoString(text))
	*id = C.uint32_t(n)
	return number(err)
}

//export ztDisconnectPeer
func ztDisconnectPeer(p unsafe.Pointer, id C.uint32_t) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	if s == nil {
		return -C.ENOTSOCK
	}
	return number(s.DisconnectPeer(uint32(id)))
}

//export ztPeerState
func ztPeerState(p, id unsafe.Pointer, size C.size_t) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	switch {
	case s == nil:
		return -C.ENOTSOCK
	case id == nil && size > 0:
		return -C.EINVAL
	}
	ready, err := s.PeerReady(unsafe.Slice((*byte)(id), size))
	if err != nil {
		return number(err)
	}
	return C.long(events(false, ready))
}

//export ztMonitor
func ztMonitor(p unsafe.Pointer, endpoint *C.char, mask C.uint64_t, version, kind C.int) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	switch {
	case s == nil:
		return -C.ENOTSOCK
	case endpoint == nil:
		return number(s.StopMonitor())
	}
	return number(s.MonitorVersioned(C.GoString(endpoint), zmq.EventKind(mask), int(version), zmq.Type(kind)))
}

//export ztMonitorPipes
func ztMonitorPipes(p unsafe.Pointer) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	if s == nil {
		return -C.ENOTSOCK
	}
	return number(s.MonitorPipes())
}
