//go:build linux

package main

/*
#include "abi.h"
*/
import "C"

import (
	"unsafe"

	"ztools/lib/curve"
	"ztools/lib/z85"
	"ztools/lib/zmq"
)

// write puts a text and a NUL into C's memory, which has room for them.
func write(to *C.char, text string) {
	room := unsafe.Slice((*byte)(unsafe.Pointer(to)), len(text)+1)
	room[copy(room, text)] = 0
}

//export ztZ85Encode
func ztZ85Encode(to *C.char, data *C.uint8_t, size C.size_t) (result C.long) {
	defer guard(&result)
	if to == nil || data == nil && size > 0 {
		return -C.EFAULT
	}
	text, err := z85.Encode(unsafe.Slice((*byte)(data), size))
	if err != nil {
		return -C.EINVAL
	}
	write(to, text)
	return 0
}

//export ztZ85Decode
func ztZ85Decode(to *C.uint8_t, text *C.char) (result C.long) {
	defer guard(&result)
	if to == nil || text == nil {
		return -C.EFAULT
	}
	data, err := z85.Decode(C.GoString(text))
	if err != nil || len(data) == 0 {
		return -C.EINVAL
	}
	copy(unsafe.Slice((*byte)(to), len(data)), data)
	return 0
}

//export ztCurvePair
func ztCurvePair(public, secret *C.char) (result C.long) {
	defer guard(&result)
	if public == nil || secret == nil {
		return -C.EFAULT
	}
	pair := curve.Generate()
	defer pair.Wipe()
	write(public, pair.Public.Text())
	write(secret, pair.Secret.Text())
	return 0
}

//export ztCurvePublic
func ztCurvePublic(public, secret *C.char) (result C.long) {
	defer guard(&result)
	if public == nil || secret == nil {
		return -C.EFAULT
	}
	key, err := curve.ParseKey(C.GoString(secret))
	if err != nil {
		return -C.EINVAL
	}
	defer key.Wipe()
	write(public, curve.Public(key).Text())
	return 0
}

//export ztHas
func ztHas(name *C.char) (result C.long) {
	defer guard(&result)
	if zmq.Has(C.GoString(name)) {
		return 1
	}
	return 0
}
