//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"ztools/lib/zmq"
)

// Large bodies change hands without a copy:
//
//	C to Go   a reference to C's zt_content is held until the body was written to
//	          the network, and then dropped by the releaser
//	Go to C   the body is pinned, and kept under a number until the last message
//	          that refers to it is closed
//	C to C    over inproc: the reference passes to the message that is received

// byReference is the size from which that pays.
const byReference = 16 << 10

// constant owns memory that lasts for ever.
type constant struct{}

// lend takes a reference to what C sends; what it returns has it dropped, and is its
// owner for who receives it. nil if the memory is the program's own and may change at
// once.
func lend(from *C.struct_zt_part, released *releaser) (free func(), owner any) {
	content := from.content
	switch {
	case content != nil:
		atomic.AddInt32((*int32)(unsafe.Pointer(&content.refs)), 1)
		return func() { released.add(content) }, content
	case bool(from.constant):
		return func() {}, constant{}
	}
	return nil, nil
}

// releaser drops references to the bodies that a context's sockets had, on a
// goroutine of its own, since the last one calls a function of the program, which
// may call the library again. The end of another context waits for none of them.
type releaser struct {
	mu      sync.Mutex // guards the fields below
	list    []*C.struct_zt_content
	running bool
	idle    sync.Cond
}

func (r *releaser) init() { r.idle.L = &r.mu }

// add has a reference dropped soon.
func (r *releaser) add(content *C.struct_zt_content) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, content)
	if !r.running {
		r.running = true
		go r.run()
	}
}

// run drops all and ends. Whoever ends the context waits for it.
func (r *releaser) run() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.list) > 0 {
		list := r.list
		r.list = nil
		r.mu.Unlock()
		for _, content := range list {
			C.zt_content_release(content)
		}
		r.mu.Lock()
	}
	r.running = false
	r.idle.Broadcast()
}

// wait returns when nothing is left to be dropped.
func (r *releaser) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.running {
		r.idle.Wait()
	}
}

// lent is a body that C has.
type lent struct {
	part zmq.Part
	pin  runtime.Pinner
}

// lentBodies are those that C has, by number.
type lentBodies struct {
	mu   sync.Mutex // guards the fields below
	last uintptr
	all  map[uintptr]*lent
}

var lentOut = lentBodies{all: map[uintptr]*lent{}}

// contentOf is a received body as C has it; nil if there is no memory. The part is
// C's now, or released.
func contentOf(part *zmq.Part) *C.struct_zt_content {
	size := C.size_t(len(part.Body))
	switch owner := part.Owner.(type) {
	case *C.struct_zt_content:
		part.Keep()
		return owner
	case constant:
		part.Keep()
		return C.zt_content_of(unsafe.Pointer(&part.Body[0]), size, nil, nil)
	}
	if size < byReference {
		content := C.zt_content_new(size)
		if content != nil {
			copy(unsafe.Slice((*byte)(content.data), size), part.Body)
			part.Release()
		}
		return content
	}
	l := &lent{part: *part}
	l.pin.Pin(&l.part.Body[0])
	b := &lentOut
	b.mu.Lock()
	b.last++
	number := b.last
	b.all[number] = l
	b.mu.Unlock()
	content := C.zt_content_lent(unsafe.Pointer(&l.part.Body[0]), size, C.uintptr_t(number))
	if content == nil {
		b.take(number).pin.Unpin()
	}
	return content
}

// take is the body of a number, which has none from then on.
func (b *lentBodies) take(number uintptr) *lent {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.all[number]
	delete(b.all, number)
	return l
}

//export ztGiveBack
func ztGiveBack(number C.uintptr_t) {
	var result C.long
	defer guard(&result)
	l := lentOut.take(uintptr(number))
	l.pin.Unpin()
	l.part.Release()
}
