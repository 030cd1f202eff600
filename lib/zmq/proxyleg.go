package zmq

import (
	"context"
	"errors"
	"sync/atomic"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pattern"
	"ztools/lib/internal/pipe"
)

// One direction of a proxy. Its loop, run by one goroutine:
//
//	1 room      wait until the receiving side can take messages
//	2 load      wait until there are some; take as many, into one batch
//	3 capture   send a copy
//	4 deliver   send them; only a peer that left meanwhile makes this wait
//
// A batch is frames as pipes hold them, so small messages are copied twice and
// large ones not at all, and each socket's lock is taken once a batch. Patterns that
// can (pattern.Taker, pattern.Putter) move whole runs of messages into it and out of
// it, without looking at more than their headers.
//
// With Inspect, or between sockets whose messages have more than parts (groups,
// routing ids), 2 to 4 handle one Message at a time.

// A batch has at most so many messages, and no more are added beyond so many
// bytes.
const (
	batchMessages = 1000
	batchBytes    = 256 << 10
)

// eagerBytes is how large a batch may be for the leg to write it by itself: so small a
// one takes less time to write than somebody else to be woken for it
// (make compare CELL=proxy/queue/16).
const eagerBytes = 16 << 10

// The errors of await that are no failures.
var (
	errPaused  = errors.New("proxy is paused")
	errDrained = errors.New("nothing is left")
	errStopped = errors.New("proxy has ended")
)

// leg is one direction.
type leg struct {
	// Constant. The functions are made once, so that a call allocates nothing.
	proxy    *Proxy
	from, to *Socket
	whole    bool // one Message at a time
	room     func() error
	load     func() error
	capture  func() error
	deliver  func() error
	taker    pattern.Taker  // from's pattern, if it is that, or nil
	putter   pattern.Putter // to's pattern, if it is that, or nil

	received, sent traffic
	dropped, lost  atomic.Uint64

	// Owned by run.
	batch   pipe.Batch
	loaded  ProxyTraffic // what is in batch or message
	drained bool         // nothing was left behind
	most    int          // so many messages may be loaded
	next    pipe.Cursor  // the frame to deliver next
	copied  pipe.Cursor  // the frame to capture next
	frame   msg.Msg
	message Message
}

func (l *leg) open(p *Proxy, from, to *Socket) {
	l.proxy, l.from, l.to = p, from, to
	l.whole = p.Inspect != nil || from.typ >= Server || to.typ >= Server
	l.room, l.load, l.capture, l.deliver = l.roomLocked, l.loadLocked, l.captureLocked, l.deliverLocked
	l.taker, l.putter = pattern.TakerOf(from.pattern), pattern.PutterOf(to.pattern)
	if l.whole {
		l.load, l.capture, l.deliver = l.loadMessageLocked, l.captureMessageLocked, l.deliverMessageLocked
	}
}

// run passes messages on until the proxy ends. It is owned by Proxy.Run.
func (l *leg) run() error {
	defer l.discard()
	for {
		switch err := l.step(); err {
		case nil:
		case errPaused:
			l.proxy.awaitResume()
		case errDrained, errStopped:
			return nil
		default:
			return err
		}
	}
}

// step passes one batch on.
func (l *leg) step() error {
	if l.proxy.now() == draining {
		in, _, err := l.from.Ready()
		switch {
		case err != nil:
			return err
		case !in:
			return errDrained
		}
	}
	if err := l.await(l.to, finding, l.room); err != nil {
		return err
	}
	if err := l.await(l.from, loading, l.load); err != nil {
		return err
	}
	l.received.add(l.loaded)
	if inspect := l.proxy.Inspect; inspect != nil && !inspect(l.to, &l.message) {
		l.dropped.Add(1)
		return nil
	}
	if c := l.proxy.Capture; c != nil {
		if err := l.await(c, delivering, l.capture); err != nil {
			return l.lose(err)
		}
	}
	return l.lose(l.await(l.to, delivering, l.deliver))
}

// phase is what a leg waits for.
type phase int

const (
	finding    phase = iota // room at the receiving side
	loading                 // something to receive
	delivering              // room that was there and is gone
)

// await tries until it does not meet EAGAIN, or the state of the proxy forbids to
// wait. What was received is tried to be sent in any state.
func (l *leg) await(s *Socket, ph phase, try func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := patience{ctx: context.Background(), limit: -1}
	for waited := false; ; waited = true {
		if err := l.forbidden(ph, false); err != nil {
			return err
		}
		err := s.aliveLocked()
		if err == nil {
			err = try()
		}
		if err != EAGAIN {
			return err
		}
		if err = l.forbidden(ph, true); err != nil {
			return err
		}
		lender := (*engine.Engine)(nil)
		if ph == loading {
			l.restLocked(waited)
			lender = s.lenderLocked(&wait)
		}
		if err := s.waitOrReadLocked(&wait, lender); err != nil {
			return err
		}
	}
}

// forbidden is why not to try, or not to wait.
func (l *leg) forbidden(ph phase, toWait bool) error {
	switch state := l.proxy.now(); {
	case state == stopped && (toWait || ph != delivering):
		return errStopped
	case state == paused && ph != delivering:
		return errPaused
	case state == draining && ph == loading && toWait:
		return errDrained
	}
	return nil
}

// restLocked notes, as Recv does, that the socket waits for messages. A leg at
// rest holds no memory.
func (l *leg) restLocked(again bool) {
	s := l.from
	s.waited = true
	s.dropOnly() // the next Send is eager
	if !again {
		s.waits++
		l.batch.Drop(&s.ctx.pool)
	}
}

// lose counts what the end of the proxy found on its way.
func (l *leg) lose(err error) error {
	if err == nil {
		return nil
	}
	left := uint64(1)
	if !l.whole {
		left = 0
		for c := l.next; !c.Done(&l.batch); {
			if c.Next(&l.batch, &l.frame); !l.frame.HasMore() {
				left++
			}
		}
	}
	l.lost.Add(left)
	return err
}

// discard gives the memory of messages back that were not delivered.
func (l *leg) discard() {
	pool := &l.from.ctx.pool
	for i := int(l.next.Ext); i < len(l.batch.Ext); i++ {
		pool.Put(l.batch.Ext[i].Buf)
	}
	l.batch.Reset()
	l.batch.Drop(pool)
	l.message.Reset()
}

// roomLocked finds out how many messages to load. It is called with the lock of
// the receiving side.
func (l *leg) roomLocked() error {
	if l.most = l.to.roomLocked(batchMessages); l.most == 0 {
		return EAGAIN
	}
	return nil
}

// loadLocked fills the batch. It is called with the lock of the giving side.
func (l *leg) loadLocked() error {
	l.batch.Reset()
	l.next, l.copied, l.loaded, l.drained = pipe.Cursor{}, pipe.Cursor{}, ProxyTraffic{}, false
	for l.batch.Msgs < l.most && l.loaded.Bytes < batchBytes {
		if l.takeLocked() {
			continue
		}
		err := l.loadOneLocked()
		if err == EAGAIN && l.batch.Msgs > 0 {
			l.drained = true
			break
		}
		if err != nil {
			return err
		}
	}
	l.loaded.Messages = uint64(l.batch.Msgs)
	return nil
}

// takeLocked adds a run of messages to the batch; false if that must go one by one.
func (l *leg) takeLocked() bool {
	if l.taker == nil {
		return false
	}
	t := l.taker.Take(&l.batch, l.most-l.batch.Msgs, batchBytes-int(l.loaded.Bytes))
	l.loaded.Parts += uint64(t.Parts)
	l.loaded.Bytes += uint64(t.Bytes)
	return t.Msgs > 0
}

// loadOneLocked adds one message to the batch.
func (l *leg) loadOneLocked() error {
	for f, more := &l.frame, true; more; more = f.HasMore() {
		if err := l.from.pattern.Recv(f); err != nil {
			return err
		}
		l.loaded.Parts++
		l.loaded.Bytes += uint64(len(f.Body))
		l.batch.Add(f, &l.from.ctx.pool)
	}
	return nil
}

// captureLocked sends a copy of the batch. Large bodies are shared, so they are
// left to the garbage collector.
func (l *leg) captureLocked() error {
	for i := range l.batch.Ext {
		l.batch.Ext[i].Buf = nil
	}
	for !l.copied.Done(&l.batch) {
		if _, err := l.sendOneLocked(l.proxy.Capture, &l.copied); err != nil {
			return err
		}
	}
	return nil
}

// deliverLocked sends what is left of the batch. Where all of it goes to one peer and
// no more is there, the leg writes it by itself before it waits. Else a single
// message is taken for an answer that somebody waits for.
func (l *leg) deliverLocked() (err error) {
	s := l.to
	switch {
	case l.putter != nil && len(s.pipes) == 1:
		s.eager.Store(l.drained && l.loaded.Bytes < eagerBytes)
	case l.batch.Msgs == 1:
		err = s.startSendLocked()
	}
	s.waited = false
	var sum ProxyTraffic
	for err == nil && !l.next.Done(&l.batch) {
		var some ProxyTraffic
		if some, err = l.sendSomeLocked(); err == EHOSTUNREACH {
			l.skip()
			err = nil
		}
		sum.Messages += some.Messages
		sum.Parts += some.Parts
		sum.Bytes += some.Bytes
	}
	s.eager.Store(false)
	l.sent.add(sum)
	return err
}

// sendSomeLocked sends a run of messages, or one if that is not possible.
func (l *leg) sendSomeLocked() (ProxyTraffic, error) {
	if l.putter != nil {
		if t := l.putter.Put(&l.batch, &l.next); t.Msgs > 0 {
			return ProxyTraffic{uint64(t.Msgs), uint64(t.Parts), uint64(t.Bytes)}, nil
		}
	}
	return l.sendOneLocked(l.to, &l.next)
}

// sendOneLocked sends the message at the cursor and moves behind it. An error
// leaves the cursor where it is.
func (l *leg) sendOneLocked(s *Socket, at *pipe.Cursor) (ProxyTraffic, error) {
	sum := ProxyTraffic{Messages: 1}
	start := *at
	for f, more := &l.frame, true; more; {
		at.Next(&l.batch, f)
		sum.Parts++
		sum.Bytes += uint64(len(f.Body))
		more = f.HasMore()
		if err := s.pattern.Send(f); err != nil {
			*at = start
			return ProxyTraffic{}, err
		}
	}
	return sum, nil
}

// skip drops the message at the cursor, whose peer has left.
func (l *leg) skip() {
	for f, more := &l.frame, true; more; more = f.HasMore() {
		l.next.Next(&l.batch, f)
		l.to.ctx.pool.Put(f.Buf)
	}
	l.dropped.Add(1)
}

// loadMessageLocked is loadLocked for one Message.
func (l *leg) loadMessageLocked() error {
	l.message.Reset()
	l.message.pool = &l.from.ctx.pool
	err := l.from.recvLocked(&l.message)
	l.loaded = trafficOf(&l.message)
	return err
}

// trafficOf counts one message.
func trafficOf(m *Message) ProxyTraffic {
	return ProxyTraffic{Messages: 1, Parts: uint64(m.Len()), Bytes: uint64(m.Size())}
}

// captureMessageLocked sends a copy of the Message.
func (l *leg) captureMessageLocked() error {
	return l.proxy.Capture.sendMessageLocked(l.message.Clone())
}

// deliverMessageLocked sends the Message.
func (l *leg) deliverMessageLocked() error {
	sum := trafficOf(&l.message)
	err := l.to.sendMessageLocked(&l.message)
	switch err {
	case nil:
		l.sent.add(sum)
	case EHOSTUNREACH:
		l.dropped.Add(1)
		return nil
	}
	return err
}
