//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"ztools/lib/zmq"
)

// A handle that C holds is the address of a slot in C's zt_slots. What is behind
// it stands here, under the slot's number: C may ask about any address at any
// time, and gets an answer without that address ever being read.

// handle is what a handle stands for: a context or a socket.
type handle struct {
	context *contextHandle
	socket  *socketHandle
}

const (
	chunkSize = 1024
	chunks    = C.ZT_SLOTS / chunkSize
	// rest is how many other handles are closed before a closed one is used
	// again, so that a program that uses one too long is told.
	rest = 4096
)

// table is all handles.
type table struct {
	chunks [chunks]atomic.Pointer[[chunkSize]atomic.Pointer[handle]]

	mu   sync.Mutex // guards the fields below, and writes to the chunks
	used int        // slots that were ever used
	free []int      // closed ones, the oldest first
}

// handles is the one table of the process: C has nothing but addresses to refer
// to it by.
var handles table

// base is the address of the first slot.
var base = uintptr(unsafe.Pointer(&C.zt_slots[0]))

const slotSize = unsafe.Sizeof(C.struct_zt_slot{})

// find is what is behind a handle; nil for an address that is none.
func (t *table) find(p unsafe.Pointer) *handle {
	at := uintptr(p) - base
	i := at / slotSize
	if i >= C.ZT_SLOTS || at%slotSize != 0 {
		return nil
	}
	chunk := t.chunks[i/chunkSize].Load()
	if chunk == nil {
		return nil
	}
	return chunk[i%chunkSize].Load()
}

// socketOf is the socket behind a handle, nil if there is none.
func socketOf(p unsafe.Pointer) *socketHandle {
	if h := handles.find(p); h != nil {
		return h.socket
	}
	return nil
}

// contextOf is the context behind a handle, nil if there is none.
func contextOf(p unsafe.Pointer) *contextHandle {
	if h := handles.find(p); h != nil {
		return h.context
	}
	return nil
}

// add makes a handle for h; EMFILE if there are too many.
func (t *table) add(h *handle) (unsafe.Pointer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var i int
	switch {
	case len(t.free) > rest || len(t.free) > 0 && t.used == C.ZT_SLOTS:
		i = t.free[0]
		t.free = t.free[1:]
	case t.used < C.ZT_SLOTS:
		i = t.used
		t.used++
	default:
		return nil, zmq.EMFILE
	}
	chunk := t.chunks[i/chunkSize].Load()
	if chunk == nil {
		chunk = new([chunkSize]atomic.Pointer[handle])
		t.chunks[i/chunkSize].Store(chunk)
	}
	chunk[i%chunkSize].Store(h)
	return unsafe.Pointer(&C.zt_slots[i]), nil
}

// remove takes the handle away. It reports false if somebody else did.
func (t *table) remove(p unsafe.Pointer, h *handle) bool {
	i := (uintptr(p) - base) / slotSize
	if !t.chunks[i/chunkSize].Load()[i%chunkSize].CompareAndSwap(h, nil) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, int(i))
	return true
}
