package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"ztools/lib/zmq"
)

// PUB and SUB over multicast, as c/multicast.c does it.
const (
	mcastRate     = 400_000 // kbit/s
	mcastRecovery = 200     // ms
	mcastLead     = 300 * time.Millisecond
)

func (l library) multicast(mode, endpoint, sizeText, countText string) error {
	time.AfterFunc(time.Minute, func() { os.Exit(1) })
	size, err := strconv.Atoi(sizeText)
	if err != nil {
		return err
	}
	ms, err := strconv.Atoi(countText)
	if err != nil {
		return err
	}
	d := time.Duration(ms) * time.Millisecond
	if mode == "mcast-send" {
		return l.sendFor(endpoint, make([]byte, size), d+mcastLead)
	}
	return l.receiveFor(endpoint, d)
}

func (l library) member(t zmq.Type, endpoint string) (*zmq.Socket, error) {
	s, err := l.ctx.NewSocket(t)
	if err != nil {
		return nil, err
	}
	err = errors.Join(s.Set(zmq.Rate, mcastRate), s.Set(zmq.RecoveryIvl, mcastRecovery))
	if t == zmq.XPub {
		err = errors.Join(err, s.Set(zmq.XPubNoDrop, true))
	} else {
		err = errors.Join(err, s.Subscribe(""))
	}
	return s, errors.Join(err, s.Connect(endpoint))
}

func (l library) sendFor(endpoint string, body []byte, d time.Duration) error {
	s, err := l.member(zmq.XPub, endpoint)
	if err != nil {
		return err
	}
	ctx := context.Background()
	for end := time.Now().Add(d); time.Now().Before(end); {
		for range 100 {
			if err := s.Send(ctx, body); err != nil {
				return err
			}
		}
	}
	io.Copy(io.Discard, os.Stdin)
	return nil
}

func (l library) receiveFor(endpoint string, d time.Duration) error {
	s, err := l.member(zmq.Sub, endpoint)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if err := s.Set(zmq.RcvTimeo, 2000); err != nil {
		return err
	}
	ctx := context.Background()
	var m zmq.Message
	if err := s.RecvMessage(ctx, &m); err != nil {
		return err
	}
	start, n, bytes := time.Now(), 1, m.Size()
	for ; time.Since(start) < d; n++ {
		if s.RecvMessage(ctx, &m) != nil {
			break
		}
		bytes += m.Size()
	}
	_, err = fmt.Printf("%d %d %.9f\n", n, bytes, time.Since(start).Seconds())
	return err
}
