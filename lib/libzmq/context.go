//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"strconv"
	"sync"
	"unsafe"

	"ztools/lib/zmq"
)

// contextHandle is a context that C has a handle of.
type contextHandle struct {
	*zmq.Context
	self     *handle
	released releaser

	mu      sync.Mutex // guards the fields below
	ended   chan struct{}
	waiting map[int]*waiter // calls of zmq_ctx_term
}

//export ztContextNew
func ztContextNew(out *unsafe.Pointer) (result C.long) {
	defer guard(&result)
	c := &contextHandle{Context: zmq.NewContext(), waiting: map[int]*waiter{}}
	c.released.init()
	c.self = &handle{context: c}
	p, err := handles.add(c.self)
	if err != nil {
		return number(err)
	}
	*out = p
	return 0
}

//export ztContextShutdown
func ztContextShutdown(p unsafe.Pointer) (result C.long) {
	defer guard(&result)
	c := contextOf(p)
	if c == nil {
		return -C.EFAULT
	}
	c.Shutdown()
	return 0
}

// ztContextTerm begins to end the context, and tells C to wait as long as there
// are sockets. After EINTR the program calls again.
//
//export ztContextTerm
func ztContextTerm(p unsafe.Pointer, w *C.struct_zt_wait) (result C.long) {
	defer guard(&result)
	x := waiters.get(w)
	c := contextOf(p)
	if c == nil {
		waiters.end(w)
		return -C.EFAULT
	}
	c.end()
	if x == nil {
		var err error
		if x, err = waiters.begin(w, -1); err != nil {
			return number(err)
		}
	}
	if c.waitEnd(x) {
		return C.ZT_WAIT
	}
	waiters.end(w)
	handles.remove(p, c.self)
	return 0
}

// end begins to end the context, once. The goroutine ends with the context and
// wakes those who wait for that.
func (c *contextHandle) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return
	}
	c.ended = make(chan struct{})
	go func() {
		c.Close()
		c.released.wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		close(c.ended)
		for _, x := range c.waiting {
			x.signal.Set()
		}
	}()
}

// waitEnd has x woken when the context has ended; false if it has.
func (c *contextHandle) waitEnd(x *waiter) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.ended:
		return false
	default:
		c.waiting[x.id] = x
		return true
	}
}

//export ztContextSet
func ztContextSet(p unsafe.Pointer, option C.int, value unsafe.Pointer, size C.size_t) (result C.long) {
	defer guard(&result)
	c := contextOf(p)
	switch {
	case c == nil:
		return -C.EFAULT
	case value == nil:
		return -C.EINVAL
	case zmq.Option(option) == zmq.ThreadNamePrefix:
		return c.setPrefix(value, size)
	case size != intSize:
		return -C.EINVAL
	}
	return number(c.Set(zmq.Option(option), int(*(*int32)(value))))
}

//export ztContextGet
func ztContextGet(p unsafe.Pointer, option C.int, value unsafe.Pointer, size *C.size_t) (result C.long) {
	defer guard(&result)
	c := contextOf(p)
	switch {
	case c == nil:
		return -C.EFAULT
	case value == nil || size == nil:
		return -C.EINVAL
	case zmq.Option(option) == zmq.ThreadNamePrefix:
		return c.getPrefix(value, size)
	}
	v, err := c.Get(zmq.Option(option))
	if err != nil {
		return number(err)
	}
	return put(value, size, exactly, bytesOf(v))
}

// setPrefix takes a text, or a number in its place.
func (c *contextHandle) setPrefix(value unsafe.Pointer, size C.size_t) C.long {
	text := ""
	if size == intSize {
		text = strconv.Itoa(int(*(*int32)(value)))
	} else if size <= 16 {
		text = string(unsafe.Slice((*byte)(value), size))
	}
	return number(c.Set(zmq.ThreadNamePrefix, text))
}

// getPrefix gives the text, or the number that it is.
func (c *contextHandle) getPrefix(value unsafe.Pointer, size *C.size_t) C.long {
	v, err := c.Get(zmq.ThreadNamePrefix)
	if err != nil {
		return number(err)
	}
	text := v.(string)
	if *size != intSize {
		return put(value, size, atLeast, []byte(text))
	}
	n, _ := strconv.Atoi(text) // 0 for a text
	return put(value, size, exactly, bytesOf(n))
}
