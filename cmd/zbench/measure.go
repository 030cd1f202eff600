package main

import (
	"context"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"ztools/lib/zmq"
)

// warmUpShare is how much of a measurement goes before it and is left out: a
// tenth.
const warmUpShare = 10

// Where --duration counts, the clock is looked at after so many messages, or
// after so many bytes if that is sooner.
const (
	checkMessages = 64
	checkBytes    = 64 << 10
)

// Round-trip times are kept from 1 ns to a minute with three digits.
const (
	longest = int64(time.Minute)
	digits  = 3
)

// sample is what one run measured.
type sample struct {
	messages int64 // or round trips
	elapsed  time.Duration
	rtt      *hdrhistogram.Histogram // nanoseconds; nil for throughput
}

// rate is messages per second.
func (s sample) rate() float64 { return float64(s.messages) / s.elapsed.Seconds() }

// measure makes one run in fresh sockets.
func (c *config) measure(ctx context.Context, transport string, size int) (s sample, err error) {
	x, err := c.open(ctx, transport, size)
	if err == nil {
		defer x.close()
		if c.kind == "thr" {
			s, err = c.throughput(x, size)
		} else {
			s, err = c.latency(x, size)
		}
	}
	if ctx.Err() != nil {
		return s, context.Cause(ctx)
	}
	return s, err
}

// throughput counts at the receiver. The sender never waits for anything but
// room, and ends when its socket is closed.
func (c *config) throughput(x *cell, size int) (sample, error) {
	body := make([]byte, size)
	x.peer.Go(func() {
		for x.joined.Send(context.Background(), body) == nil {
		}
	})
	var m zmq.Message
	step := func() error { return x.bound.RecvMessage(context.Background(), &m) }
	every := int64(min(checkMessages, max(1, checkBytes/max(1, size))))
	if _, err := repeat(step, c.count/warmUpShare, c.duration/warmUpShare, every); err != nil {
		return sample{}, err
	}
	return repeat(step, c.count, c.duration, every)
}

// latency times each round trip.
func (c *config) latency(x *cell, size int) (sample, error) {
	x.peer.Go(func() {
		var m zmq.Message
		for x.bound.RecvMessage(context.Background(), &m) == nil && x.bound.SendMessage(context.Background(), &m) == nil {
		}
	})
	body := make([]byte, size)
	var m zmq.Message
	step := func() error {
		if err := x.joined.Send(context.Background(), body); err != nil {
			return err
		}
		return x.joined.RecvMessage(context.Background(), &m)
	}
	if _, err := repeat(step, c.count/warmUpShare, c.duration/warmUpShare, 1); err != nil {
		return sample{}, err
	}
	rtt := hdrhistogram.New(1, longest, digits)
	last := time.Now()
	s, err := repeat(func() error {
		if err := step(); err != nil {
			return err
		}
		now := time.Now()
		took := int64(now.Sub(last))
		last = now
		return rtt.RecordValue(min(max(took, 1), longest))
	}, c.count, c.duration, 1)
	s.rtt = rtt
	return s, err
}

// repeat makes count steps, or as many as duration allows if that is not 0,
// looking at the clock every so many steps.
func repeat(step func() error, count int64, duration time.Duration, every int64) (s sample, err error) {
	start := time.Now()
	for duration > 0 || s.messages < count {
		if err := step(); err != nil {
			return s, err
		}
		s.messages++
		if duration > 0 && s.messages%every == 0 && time.Since(start) >= duration {
			break
		}
	}
	s.elapsed = max(time.Since(start), 1)
	return s, nil
}
