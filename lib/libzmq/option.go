//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"encoding/binary"
	"unsafe"

	"ztools/lib/internal/option"
	"ztools/lib/z85"
	"ztools/lib/zmq"
)

// An option's value is as many bytes as C's type has: the table of options says
// which type that is, and here is how it is read and written.

const intSize = 4

// fit says which sizes of the caller's memory are right for a value.
type fit bool

const (
	exactly fit = true  // numbers
	atLeast fit = false // texts; what was needed is told
)

// put writes a value into the caller's memory.
func put(to unsafe.Pointer, size *C.size_t, f fit, value []byte) C.long {
	n := C.size_t(len(value))
	if *size < n || f == exactly && *size != n {
		return -C.EINVAL
	}
	room := unsafe.Slice((*byte)(to), *size)
	clear(room[copy(room, value):])
	*size = n
	return 0
}

// bytesOf is a value as C has it; a text ends in a NUL.
func bytesOf(v any) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return bytesOf(1)
		}
		return bytesOf(0)
	case int:
		return binary.NativeEndian.AppendUint32(nil, uint32(int32(v)))
	case int64:
		return binary.NativeEndian.AppendUint64(nil, uint64(v))
	case uint64:
		return binary.NativeEndian.AppendUint64(nil, v)
	case string:
		return append([]byte(v), 0)
	case []byte:
		return v
	}
	return nil
}

// valueOf reads a value of a kind; nil if the size is wrong.
func valueOf(kind option.Kind, from unsafe.Pointer, size C.size_t) any {
	switch kind {
	case option.KindInt, option.KindBool:
		if size == intSize {
			return int(*(*int32)(from))
		}
	case option.KindInt64:
		if size == 8 {
			return *(*int64)(from)
		}
	case option.KindUint64:
		if size == 8 {
			return *(*uint64)(from)
		}
	default:
		return C.GoBytes(from, C.int(min(size, maxOption)))
	}
	return nil
}

// maxOption is the longest value that is read; no option takes more than 2 GiB.
const maxOption = 1<<31 - 1

//export ztSet
func ztSet(p unsafe.Pointer, id C.int, value unsafe.Pointer, size C.size_t) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	if s == nil {
		return -C.ENOTSOCK
	}
	row := option.Lookup(zmq.Option(id))
	if row == nil || value == nil && size > 0 {
		return -C.EINVAL
	}
	if value == nil { // takes back what was set, where that is possible
		return number(s.Set(row.ID, nil))
	}
	v := valueOf(row.Kind, value, size)
	if v == nil {
		return -C.EINVAL
	}
	return number(s.Set(row.ID, v))
}

//export ztGet
func ztGet(p unsafe.Pointer, id C.int, value unsafe.Pointer, size *C.size_t) (result C.long) {
	defer guard(&result)
	s := socketOf(p)
	if s == nil {
		return -C.ENOTSOCK
	}
	row := option.Lookup(zmq.Option(id))
	if row == nil || value == nil || size == nil {
		return -C.EINVAL
	}
	v, err := s.Get(row.ID)
	if err != nil {
		return number(err)
	}
	if row.ID == zmq.Events && v.(int)&C.ZMQ_POLLIN == 0 {
		s.idle.after(zmq.EAGAIN)
	}
	if row.Kind == option.KindKey {
		return putKey(value, size, v.([]byte))
	}
	return put(value, size, fitOf(row), bytesOf(v))
}

// fitOf is how libzmq's getters differ: numbers that it keeps with the options
// want memory of just their size, what the socket itself answers wants enough.
func fitOf(row *option.Row) fit {
	switch {
	case row.Kind == option.KindBytes || row.Kind == option.KindString:
		return atLeast
	case row.Owner != option.InOptions:
		return atLeast
	}
	return exactly
}

// putKey writes a key as text if there is room for just that, else its bytes.
func putKey(to unsafe.Pointer, size *C.size_t, key []byte) C.long {
	if *size == 41 {
		text, err := z85.Encode(key)
		if err != nil {
			return number(err)
		}
		return put(to, size, exactly, bytesOf(text))
	}
	return put(to, size, exactly, key)
}
