package main

import (
	"context"
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"time"

	"ztools/lib/zmq"
)

const (
	byReference = 4 << 10 // bytes from which bodies are sent without a copy
	checkCount  = 64      // messages between two looks at a clock or a common counter
	checkBytes  = 64 << 10
	flushLook   = time.Millisecond
	longestNap  = 100 * time.Millisecond // after which a sender that waits looks whether it should stop
)

// checkEvery is after how many messages of a size an end tells how far it is.
func checkEvery(size int) int64 { return int64(min(checkCount, max(1, checkBytes/max(1, size)))) }

// sender sends numbered messages on one socket. It belongs to one goroutine.
type sender struct {
	socket *zmq.Socket
	bodies bodies
	pace   *pace // nil: as fast as the socket takes them
	limit  int64 // messages; 0: until stop
	gauge  *gauge
}

// run sends until stop, the limit or an error. It stops after a whole batch, since
// the receiver counts in batches, too. With a limit the last messages count only
// when everything is handed to the system.
func (s *sender) run(stop *atomic.Bool) error {
	every := checkEvery(s.bodies.size)
	if s.pace != nil {
		every = 1
		defer s.pace.sleep.close()
	}
	n, told := int64(0), int64(0)
	defer func() { s.gauge.add(n - told) }()
	for !stop.Load() && (s.limit == 0 || n < s.limit) {
		if s.pace != nil && !s.pace.await(stop) {
			break
		}
		batch := every
		if s.limit > 0 {
			batch = min(batch, s.limit-n)
		}
		var err error
		if n, err = s.bodies.send(s.socket, n, n+batch); err != nil {
			return err
		}
		if n != s.limit {
			s.gauge.add(batch)
			told = n
		}
	}
	if n == s.limit {
		s.flush(stop)
	}
	return nil
}

// flush waits until nothing is queued any more.
func (s *sender) flush(stop *atomic.Bool) {
	for s.socket.Unsent() > 0 && !stop.Load() {
		time.Sleep(flushLook)
	}
}

// bodies are the messages of one sender. Short ones are the same bytes with another
// number each time, and copied by Send. Long ones go by reference, so they may never
// change: there are a few of them, whose numbers begin again after the last.
type bodies struct {
	size     int
	origin   origin
	constant []byte
	short    []byte
	number   []byte // where it stands in short; nil if that has no room for it
	long     [][]byte
	m        zmq.Message
}

const (
	longBytes = 1 << 20 // in all long bodies of a sender, if these are at least leastLong
	leastLong = 8
	mostLong  = 256
)

// bodies are those of sender i.
func (p plan) bodies(i int) bodies {
	b := bodies{size: p.Size, origin: origin{run: uint64(p.Run), sender: uint64(i), bits: 64}}
	if p.Size < byReference {
		b.short = make([]byte, p.Size)
		if p.Size >= stampSize {
			stamp{extra: b.origin.extra()}.put(b.short)
			b.number = b.short[stampSize-8 : stampSize]
		}
		return b
	}
	n := min(max(longBytes/p.Size, leastLong), mostLong)
	b.origin.bits = uint64(bits.Len(uint(n)) - 1)
	for i := range 1 << b.origin.bits {
		body := make([]byte, p.Size)
		stamp{b.origin.extra(), uint64(i)}.put(body)
		b.long = append(b.long, body)
	}
	return b
}

// constantBodies are the same message again and again, without a number.
func constantBodies(body []byte) bodies { return bodies{size: len(body), constant: body} }

// send sends messages n to end-1, and tells with which it would go on.
func (b *bodies) send(s *zmq.Socket, n, end int64) (int64, error) {
	ctx := context.Background()
	if b.number != nil {
		return b.sendNumbered(ctx, s, n, end)
	}
	for ; n < end; n++ {
		if err := b.sendOther(ctx, s, n); err != nil {
			return n, err
		}
	}
	return n, nil
}

// sendNumbered is send for short messages with a number in them.
func (b *bodies) sendNumbered(ctx context.Context, s *zmq.Socket, n, end int64) (int64, error) {
	body, number := b.short, (*[8]byte)(b.number)
	for ; n < end; n++ {
		binary.LittleEndian.PutUint64(number[:], uint64(n))
		if err := s.Send(ctx, body); err != nil {
			return n, err
		}
	}
	return n, nil
}

// sendOther sends message n if it is not short with a number in it.
func (b *bodies) sendOther(ctx context.Context, s *zmq.Socket, n int64) error {
	switch {
	case b.constant != nil:
		return s.Send(ctx, b.constant)
	case b.long != nil:
		b.m.Append(b.long[n%int64(len(b.long))])
		return s.SendMessage(ctx, &b.m)
	}
	return s.Send(ctx, b.short)
}
